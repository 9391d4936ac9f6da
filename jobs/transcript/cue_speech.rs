//! From cues to utterances: who speaks in a cue, by voice tags, by cue ids, or by a prefix.

use std::collections::{HashMap, HashSet};

use super::{
    account::{Draft, words},
    label::Labels,
    markup::{self, Span},
    meet_captions,
    webvtt_cues::Cue,
};

/// How a file of cues says who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convention {
    /// Cue ids made of a GUID, as Teams writes them.
    Guids,
    /// Numbered cues, nearly each of them with a prefix, as Zoom writes them.
    NumberedPrefixes,
    /// `(Name)` before what is said, as in the captions of a Meet recording.
    Brackets,
    /// The speaker beside the payload, as in Webex's cue ids.
    Beside,
    /// None of those.
    Other,
}

/// The GUID of a Teams cue id, `2a6b…-…-…/32-0`.
pub(super) fn guid(id: &str) -> Option<&str> {
    let (guid, part) = id.trim().split_once('/')?;
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let shaped = guid.len() == 36 && guid.bytes().all(hex) && guid.bytes().filter(|byte| *byte == b'-').count() == 4;
    (shaped && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')).then_some(guid)
}

/// Adds the utterances of `cues` to the draft.
pub(super) fn speak(cues: &[Cue<'_>], draft: &mut Draft) -> Convention {
    let spans: Vec<Vec<Span>> = cues
        .iter()
        .map(|cue| {
            let raw = cue.payload.join("\n");
            let spans = markup::spans(&raw);
            let kept = spans.iter().map(|span| words(&span.text)).sum();
            draft.markup(words(&raw), kept);
            spans
        })
        .collect();
    let guids = cues.iter().filter(|cue| guid(cue.id).is_some()).count();
    if guids * 2 > cues.len() || spans.iter().flatten().any(|span| span.voice.is_some()) {
        by_voices(cues, &spans, draft);
        return if guids * 2 > cues.len() { Convention::Guids } else { Convention::Other };
    }
    if cues.iter().filter(|cue| cue.speaker.is_some()).count() * 2 > cues.len() {
        by_speakers(cues, &spans, draft);
        return Convention::Beside;
    }
    let texts: Vec<String> =
        spans.iter().map(|spans| spans.iter().map(|span| span.text.as_str()).collect::<String>()).collect();
    if meet_captions::speak(cues, &texts, draft) {
        return Convention::Brackets;
    }
    let labels = by_prefixes(cues, &texts, draft);
    let numbered = cues.iter().filter(|cue| !cue.id.is_empty() && cue.id.bytes().all(|byte| byte.is_ascii_digit()));
    if labels.nearly_every && labels.len() > 0 && numbered.count() * 10 >= cues.len() * 9 {
        Convention::NumberedPrefixes
    } else {
        Convention::Other
    }
}

/// Parts of one utterance are at most so many cues apart; others speak in between where voices overlap.
const NEAR: usize = 8;

/// One utterance a voice; the parts of one Teams utterance (cues with the same GUID and voice) are joined.
fn by_voices(cues: &[Cue<'_>], spans: &[Vec<Span>], draft: &mut Draft) {
    let guids: HashSet<&str> = cues.iter().filter_map(|cue| guid(cue.id)).collect();
    let guid_is_the_files = guids.len() == 1 && cues.len() > 4;
    // Of each utterance with a key: its index, and the cue that held its last part.
    let mut parts: HashMap<(&str, Option<&str>), (usize, usize)> = HashMap::new();
    for (position, (cue, spans)) in cues.iter().zip(spans).enumerate() {
        for span in spans {
            let (label, text) = (span.voice.as_deref(), one_line(&span.text));
            let key = joining_key(cue.id, guid_is_the_files).map(|guid| (guid, label));
            let earlier = key.and_then(|key| parts.get_mut(&key)).filter(|(_, last)| position - *last <= NEAR);
            if let Some((index, last)) = earlier {
                *last = position;
                let utterance = &mut draft.utterances[*index];
                utterance.text.push(' ');
                utterance.text.push_str(&text);
                utterance.end_ms = utterance.end_ms.max(cue.end_ms);
                continue;
            }
            let said = draft.utterances.len();
            say(draft, cue, label, &text);
            if draft.utterances.len() == said {
                continue;
            }
            if let Some(key) = key {
                parts.insert(key, (draft.utterances.len() - 1, position));
            }
        }
    }
}

/// What the parts of one utterance have in common: the GUID, unless the file has one GUID for everything; then the
/// number behind it.
fn joining_key(id: &str, guid_is_the_files: bool) -> Option<&str> {
    let guid = guid(id)?;
    if guid_is_the_files { id.rsplit_once('-').map(|(key, _)| key) } else { Some(guid) }
}

/// One utterance a cue, by whom its id or its element names.
fn by_speakers(cues: &[Cue<'_>], spans: &[Vec<Span>], draft: &mut Draft) {
    for (cue, spans) in cues.iter().zip(spans) {
        let text: String = spans.iter().map(|span| span.text.as_str()).collect();
        say(draft, cue, cue.speaker, &one_line(&text));
    }
}

/// One utterance a cue, or more where a later line of the cue begins with another label.
fn by_prefixes(cues: &[Cue<'_>], texts: &[String], draft: &mut Draft) -> Labels {
    let firsts = texts.iter().filter_map(|text| text.lines().find(|line| !line.trim().is_empty())).map(str::trim);
    let labels = Labels::of(firsts);
    let mut carried: Option<&str> = None;
    for (cue, text) in cues.iter().zip(texts) {
        let mut speaker = if labels.carried { carried } else { None };
        let mut said = String::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let rest = match labels.split(line) {
                Some((label, rest)) => {
                    draft.structure(label);
                    say(draft, cue, speaker, &said);
                    said.clear();
                    speaker = Some(label);
                    rest
                }
                None => line,
            };
            if !said.is_empty() {
                said.push(' ');
            }
            said.push_str(rest);
        }
        say(draft, cue, speaker, &said);
        carried = speaker;
    }
    labels
}

/// Adds what is said in a cue; what stands in brackets alone (`[Music]`, `(laughs)`) is nobody's words.
pub(super) fn say(draft: &mut Draft, cue: &Cue<'_>, label: Option<&str>, text: &str) {
    let text = text.trim();
    let enclosed = [('[', ']'), ('(', ')'), ('*', '*')].iter().any(|(opening, closing)| {
        let inner = text.strip_prefix(*opening).and_then(|rest| rest.strip_suffix(*closing));
        inner.is_some_and(|inner| inner.len() <= 60 && !inner.contains([*opening, *closing]))
    });
    if enclosed {
        draft.set_aside(cue.line, "a sound or a remark in brackets", text);
    } else {
        draft.say(label, cue.start_ms, cue.end_ms, text);
    }
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
