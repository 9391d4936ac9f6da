//! From cues to utterances: determines who speaks in a cue, by voice tags, by cue ids, or by a prefix.

mod elsewhere;
mod prefixes;
#[cfg(test)]
mod tests;
mod voices;

use std::borrow::Cow;

use self::{
    elsewhere::{by_first_lines, by_ids, by_last_words, by_speakers},
    prefixes::{DASHED_TURNS, Habits, by_prefixes, have_dashes},
    voices::by_voices,
};
use super::{
    account::{Draft, trimmed, words},
    cue_marks, cue_names, cue_tags,
    label::{self, Labels, Piece, Place},
    live::DisplayStyle,
    markup::{self, Span},
    meet_captions, text,
    webvtt_cues::Cue,
};

/// How a file of cues identifies speakers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convention {
    /// Cue ids that contain a GUID, as in Teams.
    Guids,
    /// Numbered cues, nearly all with a prefix, as in Zoom.
    NumberedPrefixes,
    /// `(Name)` before the words, as in the captions of a Meet recording.
    Brackets,
    /// The speaker is outside the payload, as in Webex's cue ids.
    Beside,
    /// Any other file.
    Other,
}

/// The GUID of a Teams cue id, `2a6b…-…-…/32-0`.
pub(super) fn guid(id: &str) -> Option<&str> {
    let id = trimmed(id);
    // Called for every line of a file: most are ruled out at a glance.
    if id.as_bytes().get(36) != Some(&b'/') {
        return None;
    }
    let (guid, part) = id.split_once('/')?;
    let hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let shaped = guid.len() == 36 && guid.bytes().all(hex) && guid.bytes().filter(|byte| *byte == b'-').count() == 4;
    (shaped && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')).then_some(guid)
}

/// Adds the utterances of `cues` to the draft; their payloads become plain text, unless they contain voices. `speaker`
/// extracts the speaker from a cue's id.
pub(super) fn speak<'a>(
    cues: &mut [Cue<'a>],
    speaker: impl Fn(&'a str) -> Option<&'a str>,
    shown: DisplayStyle,
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
        by_voices(cues, shown, draft);
        return if guids * 2 > cues.len() { Convention::Guids } else { Convention::Other };
    }
    cue_tags::write_as_labels(cues, draft);
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
    if !labels.nearly_every
        && let Some(above) = cue_names::stand_above(cues)
    {
        by_first_lines(cues, above, draft);
        return Convention::Other;
    }
    let mut marked = false;
    if !labels.nearly_every {
        if let Some(before) = cue_marks::before(cues, &labels) {
            (labels, marked) = (before, true);
        } else if let Some(behind) = cue_marks::behind(cues) {
            by_last_words(cues, &behind, draft);
            return Convention::Other;
        }
    }
    let dashes = have_dashes(cues);
    if labels.len() == 0 && (dashes || cues.iter().any(|cue| cue.payload.trim_start().starts_with(">>"))) {
        draft.warn(0, if dashes { DASHED_TURNS } else { text::UNNAMED_TURNS });
    }
    let habits = Habits { carried: labels.carried || shown.rolls, marked, dashes };
    by_prefixes(cues, &labels, habits, draft);
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

/// The spans of a payload; words removed with the markup are accounted for.
fn spans<'a>(raw: &'a str, draft: &mut Draft) -> Vec<Span<'a>> {
    let spans = markup::spans(raw);
    draft.markup(words(raw), spans.iter().map(|span| words(&span.text)).sum());
    spans
}

/// The lines of all cues, and the parts within them where someone else's words may begin.
pub(super) fn pieces<'c>(cues: &'c [Cue<'_>]) -> impl Iterator<Item = Piece<'c>> + Clone {
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

/// Adds the words of a cue; what is only in brackets (`[Music]`, `(laughs)`) isn't anyone's words.
pub(super) fn say(draft: &mut Draft, cue: &Cue<'_>, label: Option<&str>, text: &str) {
    let text = trimmed(text);
    let enclosed = matches!(text.as_bytes(), [b'[' | b'(' | b'*', ..])
        && [('[', ']'), ('(', ')'), ('*', '*')].iter().any(|(opening, closing)| {
            let inner = text.strip_prefix(*opening).and_then(|rest| rest.strip_suffix(*closing));
            inner.is_some_and(|inner| inner.len() <= 60 && !inner.contains([*opening, *closing]) && !is_said(inner))
        });
    if enclosed {
        draft.set_aside(cue.line, "a sound or a remark in brackets", text);
    } else {
        draft.say(label, cue.start_ms, cue.end_ms, text);
    }
}

/// Whether words in brackets are speech, said aside: a sound or a remark is short, and nobody says "I" in it.
fn is_said(inner: &str) -> bool {
    const MOST: usize = 7;
    const OWN: [&str; 22] = [
        "i", "im", "ive", "my", "me", "we", "our", "you", "your", "ich", "mein", "meine", "wir", "du", "je", "mon",
        "ma", "nous", "yo", "mi", "eu", "io",
    ];
    let words = || inner.split_whitespace().map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric()));
    let is_own = |word: &str| OWN.contains(&word.replace(['\'', '’'], "").to_lowercase().as_str());
    words().count() > MOST || words().count() > 2 && words().any(is_own)
}

/// The non-empty lines of a text, trimmed.
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

/// The lines of a text, each split into parts that may begin someone else's words (then `true`): from `>>` on, and from
/// a name before a colon after the end of a sentence.
fn parts(text: &str) -> impl Iterator<Item = (&str, bool)> + Clone {
    lines(text).flat_map(|line| {
        let (mut rest, mut within) = (line, false);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            // A title doesn't end a sentence: "Dr. Lee: yes".
            let own = label::split(rest).map_or(0, |(_, said)| rest.len() - said.len());
            let end = another_begins(&rest[own..]).map_or(rest.len(), |end| own + end);
            let part = (trimmed(&rest[..end]), std::mem::replace(&mut within, true));
            rest = trimmed(&rest[end..]);
            Some(part)
        })
    })
}

/// Where in a line someone else may begin to speak: only the first position is returned, so that the time stays linear.
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

/// The maximum length of a name within a line, in bytes.
const LONGEST_NAME: usize = 80;

pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\n', text.as_bytes()).is_none() {
        return Cow::Borrowed(trimmed(text));
    }
    lines(text).collect::<Vec<_>>().join(" ").into()
}
