//! From cues to utterances: who speaks in a cue, by voice tags, by cue ids, or by a prefix.

use std::borrow::Cow;

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
    let id = id.trim();
    // Asked of every line of a file: most are seen to be none at a glance.
    if id.as_bytes().get(36) != Some(&b'/') {
        return None;
    }
    let (guid, part) = id.split_once('/')?;
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let shaped = guid.len() == 36 && guid.bytes().all(hex) && guid.bytes().filter(|byte| *byte == b'-').count() == 4;
    (shaped && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')).then_some(guid)
}

/// Adds the utterances of `cues` to the draft.
pub(super) fn speak(cues: &mut [Cue<'_>], draft: &mut Draft) -> Convention {
    for cue in &mut *cues {
        draft.clock(cue.timing, cue.start_ms);
        cue.end_ms = draft.end(cue.timing, cue.start_ms, cue.end_ms);
    }
    let cues = &*cues;
    let raws: Vec<Cow<'_, str>> = cues.iter().map(raw).collect();
    let guids = cues.iter().filter(|cue| guid(cue.id).is_some()).count();
    if guids * 2 > cues.len() || raws.iter().any(|raw| has_voice(raw)) {
        by_voices(cues, &raws, draft);
        return if guids * 2 > cues.len() { Convention::Guids } else { Convention::Other };
    }
    let texts: Vec<Cow<'_, str>> = raws.into_iter().map(|raw| plain(raw, draft)).collect();
    if cues.iter().filter(|cue| cue.speaker.is_some()).count() * 2 > cues.len() {
        by_speakers(cues, &texts, draft);
        return Convention::Beside;
    }
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

/// The payload of a cue in one piece; lent where it is one line, as most are.
fn raw<'a>(cue: &Cue<'a>) -> Cow<'a, str> {
    let filled = |line: &&str| !line.trim_start().is_empty();
    let from = cue.payload.iter().position(filled).unwrap_or(0);
    let to = cue.payload.iter().rposition(filled).map_or(from, |last| last + 1);
    match cue.payload[from..to] {
        [] => Cow::Borrowed(""),
        [line] => Cow::Borrowed(line),
        ref lines => Cow::Owned(lines.join("\n")),
    }
}

fn has_voice(raw: &str) -> bool {
    memchr::memchr(b'<', raw.as_bytes()).is_some() && markup::spans(raw).iter().any(|span| span.voice.is_some())
}

/// The spans of a payload; the words that went with the markup are accounted for.
fn spans<'a>(raw: &'a str, draft: &mut Draft) -> Vec<Span<'a>> {
    let spans = markup::spans(raw);
    draft.markup(words(raw), spans.iter().map(|span| words(&span.text)).sum());
    spans
}

/// The text of a payload, as [`spans`] has it.
fn plain<'a>(raw: Cow<'a, str>, draft: &mut Draft) -> Cow<'a, str> {
    if markup::is_plain(&raw) {
        return raw;
    }
    spans(&raw, draft).into_iter().map(|span| span.text).collect::<String>().into()
}

/// Parts of one utterance are at most so many cues apart; others speak in between where voices overlap.
const NEAR: usize = 8;
/// So many voices at once are told apart; a cue made of nothing but voices must not cost the square of its length.
const VOICES: usize = 64;

/// What the parts of one utterance have in common: a part of the cue's id, and the voice.
type Key<'a> = (&'a str, Option<Cow<'a, str>>);

/// One utterance a voice; the parts of one Teams utterance (cues with the same GUID and voice) are joined.
fn by_voices<'a>(cues: &'a [Cue<'_>], raws: &'a [Cow<'_, str>], draft: &mut Draft) {
    let mut guids = cues.iter().filter_map(|cue| guid(cue.id));
    let first = guids.next();
    let guid_is_the_files = first.is_some() && guids.all(|guid| Some(guid) == first) && cues.len() > 4;
    // Of each utterance with a key that may go on: the key, its index, and the cue that held its last part.
    let mut parts: Vec<(Key<'a>, usize, usize)> = Vec::new();
    for (position, (cue, raw)) in cues.iter().zip(raws).enumerate() {
        parts.retain(|(.., last)| position - last <= NEAR);
        for Span { voice, text } in spans(raw, draft) {
            let text = one_line(&text);
            let key = joining_key(cue.id, guid_is_the_files).map(|guid| (guid, voice.clone()));
            let earlier = key.as_ref().and_then(|key| parts.iter_mut().rev().take(VOICES).find(|(own, ..)| own == key));
            if let Some((_, index, last)) = earlier {
                *last = position;
                let utterance = &mut draft.utterances[*index];
                utterance.text.push(' ');
                utterance.text.push_str(&text);
                utterance.end_ms = utterance.end_ms.max(cue.end_ms);
                continue;
            }
            let said = draft.utterances.len();
            say(draft, cue, voice.as_deref(), &text);
            if draft.utterances.len() == said {
                continue;
            }
            if let Some(key) = key {
                parts.push((key, draft.utterances.len() - 1, position));
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
fn by_speakers(cues: &[Cue<'_>], texts: &[Cow<'_, str>], draft: &mut Draft) {
    for (cue, text) in cues.iter().zip(texts) {
        say(draft, cue, cue.speaker, &one_line(text));
    }
}

/// One utterance a cue, or more where a later line of the cue begins with another label.
fn by_prefixes(cues: &[Cue<'_>], texts: &[Cow<'_, str>], draft: &mut Draft) -> Labels {
    let firsts = texts.iter().map(|text| first_line_of(text)).filter(|line| !line.is_empty());
    let labels = Labels::of(firsts);
    let mut carried: Option<&str> = None;
    for (cue, text) in cues.iter().zip(texts) {
        let mut speaker = if labels.carried { carried } else { None };
        let mut said = Cow::Borrowed("");
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let rest = match labels.split(line) {
                Some((label, rest)) => {
                    draft.structure(label);
                    say(draft, cue, speaker, &said);
                    said = Cow::Borrowed("");
                    speaker = Some(label);
                    rest
                }
                None => line,
            };
            if !said.is_empty() {
                said += " ";
            }
            said += rest;
        }
        say(draft, cue, speaker, &said);
        carried = speaker;
    }
    labels
}

/// Adds what is said in a cue; what stands in brackets alone (`[Music]`, `(laughs)`) is nobody's words.
pub(super) fn say(draft: &mut Draft, cue: &Cue<'_>, label: Option<&str>, text: &str) {
    let text = text.trim();
    let enclosed = text.starts_with(['[', '(', '*'])
        && [('[', ']'), ('(', ')'), ('*', '*')].iter().any(|(opening, closing)| {
            let inner = text.strip_prefix(*opening).and_then(|rest| rest.strip_suffix(*closing));
            inner.is_some_and(|inner| inner.len() <= 60 && !inner.contains([*opening, *closing]))
        });
    if enclosed {
        draft.set_aside(cue.line, "a sound or a remark in brackets", text);
    } else {
        draft.say(label, cue.start_ms, cue.end_ms, text);
    }
}

/// The first line with something on it.
fn first_line_of(text: &str) -> &str {
    let text = text.trim();
    let end = memchr::memchr(b'\n', text.as_bytes()).unwrap_or(text.len());
    text[..end].trim_end()
}

fn one_line(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\n', text.as_bytes()).is_none() {
        return Cow::Borrowed(text.trim());
    }
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ").into()
}
