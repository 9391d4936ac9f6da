//! From cues to utterances: who speaks in a cue, by voice tags, by cue ids, or by a prefix.

use std::{borrow::Cow, collections::HashMap};

use super::{
    account::{Draft, trimmed, words},
    cue_names,
    label::{self, Labels, Piece, Place},
    markup::{self, Span},
    meet_captions, text,
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
    let id = trimmed(id);
    // Asked of every line of a file: most are seen to be none at a glance.
    if id.as_bytes().get(36) != Some(&b'/') {
        return None;
    }
    let (guid, part) = id.split_once('/')?;
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let shaped = guid.len() == 36 && guid.bytes().all(hex) && guid.bytes().filter(|byte| *byte == b'-').count() == 4;
    (shaped && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')).then_some(guid)
}

/// Adds the utterances of `cues` to the draft; their payloads become plain text, unless voices are in them. `speaker` tells
/// whom a cue's id names as its speaker.
pub(super) fn speak<'a>(
    cues: &mut [Cue<'a>],
    speaker: impl Fn(&'a str) -> Option<&'a str>,
    draft: &mut Draft,
) -> Convention {
    let (mut guids, mut beside, mut numbered, mut voices) = (0, 0, 0, false);
    for cue in &mut *cues {
        draft.clock(cue.timing, cue.start_ms);
        cue.end_ms = draft.end(cue.timing, cue.start_ms, cue.end_ms);
        guids += usize::from(guid(cue.id).is_some());
        beside += usize::from(speaker(cue.id).is_some());
        numbered += usize::from(!cue.id.is_empty() && cue.id.bytes().all(|byte| byte.is_ascii_digit()));
        voices = voices || has_voice(&cue.payload);
    }
    if guids * 2 > cues.len() || voices {
        by_voices(cues, draft);
        return if guids * 2 > cues.len() { Convention::Guids } else { Convention::Other };
    }
    for cue in cues.iter_mut().filter(|cue| !markup::is_plain(&cue.payload)) {
        let spans = spans(filled(&cue.payload), draft);
        cue.payload = Cow::Owned(spans.into_iter().map(|span| span.text).collect());
    }
    if beside * 2 > cues.len() {
        by_speakers(cues, speaker, draft);
        return Convention::Beside;
    }
    if meet_captions::speak(cues, draft) {
        return Convention::Brackets;
    }
    let mut labels = Labels::of(pieces(cues));
    if !labels.nearly_every
        && let Some(speakers) = cue_names::speakers(cues)
    {
        by_ids(cues, &speakers, draft);
        return Convention::Other;
    }
    if !labels.nearly_every && cue_names::stand_above(cues) {
        by_first_lines(cues, draft);
        return Convention::Other;
    }
    if !labels.nearly_every {
        // [Name] text
        let bracketed = Labels::marked(pieces(cues), text::bracket);
        let (names, count) = bracketed.again();
        if names >= 2 && count > labels.again().1 && (bracketed.nearly_every || bracketed.carried) {
            labels = bracketed;
        }
    }
    by_prefixes(cues, &labels, draft);
    if labels.nearly_every && labels.len() > 0 && numbered * 10 >= cues.len() * 9 {
        Convention::NumberedPrefixes
    } else {
        Convention::Other
    }
}

/// A payload without blank lines above and below it.
fn filled(payload: &str) -> &str {
    let mut lines = payload;
    while let Some((_, rest)) = lines.split_once('\n').filter(|(first, _)| first.trim_start().is_empty()) {
        lines = rest;
    }
    while let Some((rest, _)) = lines.rsplit_once('\n').filter(|(_, last)| last.trim_start().is_empty()) {
        lines = rest;
    }
    lines
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

/// Parts of one utterance are at most so many cues apart; others speak in between where voices overlap.
const NEAR: usize = 8;
/// So many voices at once are told apart; a cue made of nothing but voices must not cost the square of its length.
const VOICES: usize = 64;

/// What the parts of one utterance have in common: a part of the cue's id, and the voice.
type Key<'a> = (&'a str, Option<Cow<'a, str>>);

/// One utterance a voice; the parts of one Teams utterance (cues with the same GUID and voice) are joined.
fn by_voices<'a>(cues: &'a [Cue<'_>], draft: &mut Draft) {
    let mut guids = cues.iter().filter_map(|cue| guid(cue.id));
    let first = guids.next();
    let guid_is_the_files = first.is_some() && guids.all(|guid| Some(guid) == first) && cues.len() > 4;
    // Of each utterance with a key that may go on: the key, its index, and the cue that held its last part.
    let mut parts: Vec<(Key<'a>, usize, usize)> = Vec::new();
    for (position, cue) in cues.iter().enumerate() {
        parts.retain(|(.., last)| position - last <= NEAR);
        for Span { voice, text } in spans(filled(&cue.payload), draft) {
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
fn by_speakers<'a>(cues: &[Cue<'a>], speaker: impl Fn(&'a str) -> Option<&'a str>, draft: &mut Draft) {
    for cue in cues {
        say(draft, cue, speaker(cue.id), &one_line(&cue.payload));
    }
}

/// One utterance a cue, by the name that its first line is; a cue of one line names nobody.
fn by_first_lines(cues: &[Cue<'_>], draft: &mut Draft) {
    let firsts: Vec<Option<&str>> = cues
        .iter()
        .map(|cue| cue.payload.split_once('\n').map(|(first, _)| trimmed(first)).filter(|first| label::has_form(first)))
        .collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in firsts.iter().flatten() {
        *counts.entry(name).or_default() += 1;
    }
    for (cue, first) in cues.iter().zip(&firsts) {
        // A sentence of two lines names nobody either.
        let name = first.filter(|name| counts[name] >= 2 || label::may_be_label(name));
        if let Some(name) = name.filter(|name| counts[name] == 1 && !label::reads_like_a_name(name)) {
            draft.warn(cue.line, label::doubt(name));
        }
        draft.structure(name.unwrap_or(""));
        let words = cue.payload.split_once('\n').filter(|_| name.is_some()).map_or(&*cue.payload, |(_, words)| words);
        say(draft, cue, name, &one_line(words));
    }
}

/// One utterance a cue, by the name that its id is.
fn by_ids(cues: &[Cue<'_>], speakers: &[Option<&str>], draft: &mut Draft) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in speakers.iter().flatten() {
        *counts.entry(name).or_default() += 1;
    }
    for (cue, speaker) in cues.iter().zip(speakers) {
        if let Some(name) = speaker.filter(|name| counts[name] == 1 && !label::reads_like_a_name(name)) {
            draft.warn(cue.timing, label::doubt(name));
        }
        let text = one_line(&cue.payload);
        // Some write the name before the words as well.
        let doubled = label::candidate(&text).filter(|found| speaker.is_some_and(|name| found.label == name));
        draft.structure(doubled.map_or("", |found| found.label));
        say(draft, cue, *speaker, doubled.map_or(&text, |found| found.rest));
    }
}

/// One utterance a cue, or more where a later line of the cue begins with another label. Turns begin at the first lines
/// of cues; a label that comes once there, or on a later line, is somebody's too ([`label`]).
fn by_prefixes(cues: &[Cue<'_>], labels: &Labels, draft: &mut Draft) {
    let mut carried: Option<&str> = None;
    for cue in cues {
        let mut speaker = if labels.carried { carried } else { None };
        let mut said = Cow::Borrowed("");
        let mut labelled = false;
        for (line, _) in parts(&cue.payload) {
            let dashed = line.starts_with(DASHES) && label::unlisted(line).len() < line.len();
            let rest = match labels.split(line) {
                Some((label, rest)) => {
                    labelled = !dashed;
                    if labels.doubtful(label) {
                        draft.warn(cue.line, label::doubt(label));
                    }
                    draft.structure(label);
                    say(draft, cue, speaker, &said);
                    said = Cow::Borrowed("");
                    speaker = Some(label);
                    rest
                }
                // Somebody else, and nobody says who.
                None if line.starts_with(">>") && labels.len() > 0 => {
                    say(draft, cue, speaker, &said);
                    said = Cow::Borrowed("");
                    speaker = None;
                    line.trim_start_matches('>').trim_start()
                }
                // Below the words of somebody who is named, a dash is an answer to them.
                None if dashed && labelled && labels.nearly_every => {
                    say(draft, cue, speaker, &said);
                    said = Cow::Borrowed("");
                    speaker = None;
                    label::unlisted(line)
                }
                None => {
                    if let Some(label) = labels.passed(line) {
                        draft.warn(cue.line, label::doubtful_speech(label));
                    }
                    line
                }
            };
            if !said.is_empty() {
                said += " ";
            }
            said += rest;
        }
        say(draft, cue, speaker, &said);
        carried = speaker;
    }
}

/// With these a line begins that answers another.
const DASHES: [char; 3] = ['-', '–', '—'];

/// The lines of all cues, and what may begin another's words within one.
fn pieces<'c>(cues: &'c [Cue<'_>]) -> impl Iterator<Item = Piece<'c>> + Clone {
    let all = cues.iter().flat_map(|cue| {
        let mut first = true;
        parts(&cue.payload).map(move |(part, within)| {
            let head = std::mem::take(&mut first);
            let place = if head { Place::Head } else { Place::Further };
            (part, if within { Place::Inside } else { place })
        })
    });
    let mut open = false;
    all.map(move |(text, place)| {
        let runs_on = std::mem::replace(&mut open, !label::ends_a_sentence(text));
        Piece { text, place, open: runs_on }
    })
}

/// Adds what is said in a cue; what stands in brackets alone (`[Music]`, `(laughs)`) is nobody's words.
pub(super) fn say(draft: &mut Draft, cue: &Cue<'_>, label: Option<&str>, text: &str) {
    let text = trimmed(text);
    let enclosed = matches!(text.as_bytes(), [b'[' | b'(' | b'*', ..])
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

/// The lines of a text with something on them, trimmed.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> + Clone {
    let mut rest = Some(text);
    let lines = std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr::memchr(b'\n', text.as_bytes());
        rest = end.map(|end| &text[end + 1..]);
        Some(trimmed(&text[..end.unwrap_or(text.len())]))
    });
    lines.filter(|line| !line.is_empty())
}

/// The lines of a text, and of each the parts that may begin another's words, which is then said: from `>>` on, and from
/// a name in front of a colon behind the end of a sentence.
fn parts(text: &str) -> impl Iterator<Item = (&str, bool)> + Clone {
    lines(text).flat_map(|line| {
        let (mut rest, mut within) = (line, false);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            // A title is no sentence: "Dr. Lee: yes".
            let own = label::split(rest).map_or(0, |(_, said)| rest.len() - said.len());
            let end = another_begins(&rest[own..]).map_or(rest.len(), |end| own + end);
            let part = (trimmed(&rest[..end]), std::mem::replace(&mut within, true));
            rest = trimmed(&rest[end..]);
            Some(part)
        })
    })
}

/// Where, within a line, another may begin to speak: the first place is looked for and no further, so that the time stays
/// in proportion.
fn another_begins(line: &str) -> Option<usize> {
    memchr::memchr2_iter(b':', b'>', line.as_bytes()).find_map(|at| {
        let (before, after) = line.split_at(at);
        if after.starts_with(">>") {
            return before.ends_with(' ').then_some(at);
        }
        if !after.starts_with(": ") {
            return None;
        }
        let from = line.floor_char_boundary(at.saturating_sub(LONGEST_NAME));
        let mut ends = line[from..at].match_indices(['.', '?', '!', '…']).map(|(end, mark)| from + end + mark.len());
        let begins = |end: &usize| {
            let name = line[*end..at].strip_prefix(' ').map(trimmed);
            name.is_some_and(label::reads_like_a_name) && !ends_in_a_title(&line[..*end])
        };
        ends.find(begins).map(|end| end + 1)
    })
}

fn ends_in_a_title(text: &str) -> bool {
    let last = text.rsplit(char::is_whitespace).next().unwrap_or("");
    matches!(last, "Dr." | "Mr." | "Mrs." | "Ms." | "St." | "Prof." | "Sr." | "Fr." | "Hr.")
}

/// No name within a line is longer, in bytes.
const LONGEST_NAME: usize = 80;

fn one_line(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\n', text.as_bytes()).is_none() {
        return Cow::Borrowed(trimmed(text));
    }
    lines(text).collect::<Vec<_>>().join(" ").into()
}

#[cfg(test)]
mod tests {
    use crate::parse;

    /// `label|text` of each utterance of captions with these payloads.
    fn said(payloads: &[&str]) -> Vec<String> {
        let cue =
            |(at, payload): (usize, &&str)| format!("{0}\n00:00:0{0},000 --> 00:00:0{0},900\n{payload}\n\n", at + 1);
        let file: String = payloads.iter().enumerate().map(cue).collect();
        let read = parse(file.as_bytes()).expect("a transcript");
        read.utterances.iter().map(|said| format!("{}|{}", said.label.as_deref().unwrap_or(""), said.text)).collect()
    }

    #[test]
    fn two_speakers_share_a_line_of_a_cue() {
        assert_eq!(
            said(&["ANA: What then? >> TOM: We sold it.", "ANA: And now? >> TOM: We wait. >> So do I."]),
            ["ANA|What then?", "TOM|We sold it.", "ANA|And now?", "TOM|We wait.", "|So do I."]
        );
        assert_eq!(
            said(&[
                "Ana Berg: What then? Dr. Tom Roe: We sold it.",
                "Ana Berg: And now? Dr. Tom Roe: I met Mr. Lee: he left."
            ]),
            [
                "Ana Berg|What then?",
                "Dr. Tom Roe|We sold it.",
                "Ana Berg|And now?",
                "Dr. Tom Roe|I met Mr. Lee: he left."
            ]
        );
        assert_eq!(
            said(&[
                "Ana: I saw this. London: cold.",
                "Tom: So it is.",
                "Ana: It is. Tom: Yes.",
                "Tom: It went so: well."
            ]),
            ["Ana|I saw this. London: cold.", "Tom|So it is.", "Ana|It is.", "Tom|Yes.", "Tom|It went so: well."]
        );
    }

    #[test]
    fn a_dash_below_somebodys_words_is_another() {
        assert_eq!(
            said(&["Ana: What then?\n- We sold it.", "Ana: And\nnow?\n– We wait.", "Ana: I see."]),
            ["Ana|What then?", "|We sold it.", "Ana|And now?", "|We wait.", "Ana|I see."]
        );
        assert_eq!(said(&["- Ana: What?\n- Tom: That.", "- Ana: So?\n- Tom: Yes."]).len(), 4);
    }
}
