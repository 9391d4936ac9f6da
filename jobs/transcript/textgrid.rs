//! Praat's TextGrids, long or short: one tier per speaker, each with intervals. As in Praat, only free-standing numbers
//! and quoted strings count; everything in between is decoration.

use super::{
    account::{Draft, words},
    format::Format,
    formats::{Confidence, Reader, Source},
    markup,
};

pub(super) const READER: Reader = Reader { name: "textgrid", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let mut first = source.lines().iter().map(|line| line.trim()).filter(|line| !line.is_empty());
    let praat = first.next().is_some_and(|line| line.contains("ooTextFile"));
    (praat && first.next().is_some_and(|line| line.contains("TextGrid")))
        .then_some((Confidence::Signature, "begins with ooTextFile and TextGrid"))
}

/// What the next string is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// `ooTextFile`, `TextGrid`, or the class of a tier.
    Class,
    /// The name of a tier.
    Name,
    /// The words of an interval.
    Text,
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let (mut next, mut label, mut points) = (Next::Class, None::<String>, false);
    let mut line = 1;
    let mut rest = source.text;
    while !rest.is_empty() {
        let quote = rest.find('"').unwrap_or(rest.len());
        let (between, after) = rest.split_at(quote);
        draft.structure(between);
        line += between.bytes().filter(|byte| *byte == b'\n').count();
        let Some(after) = after.strip_prefix('"') else { break };
        let (string, closed, behind) = string(after);
        rest = behind;
        match string {
            "IntervalTier" | "TextTier" => {
                draft.structure(string);
                points = string == "TextTier";
                next = Next::Name;
            }
            _ if next == Next::Name => {
                draft.structure(string);
                label = Some(string.replace("\"\"", "\"").trim().to_owned()).filter(|name| !name.is_empty());
                next = Next::Text;
            }
            _ if next == Next::Class => draft.structure(string),
            _ => {
                let times = times(between);
                match label.as_deref() {
                    _ if string.trim().is_empty() => {}
                    _ if points => draft.set_aside(line, "a tier of points in time, not of speech", string),
                    Some(name) if is_sounds(name) => draft.set_aside(line, "a tier of sounds, not of words", string),
                    label => interval(&mut draft, line, label, times, string),
                }
            }
        }
        if !closed {
            draft.warn(line, "the file ends within a text");
        }
        line += string.bytes().filter(|byte| *byte == b'\n').count();
    }
    draft.utterances.sort_by_key(|utterance| utterance.start_ms);
    (Format::TextGrid, draft)
}

/// The string up to its closing quote (doubled quotes are one), whether it's closed, and what follows.
fn string(text: &str) -> (&str, bool, &str) {
    let mut from = 0;
    while let Some(quote) = text[from..].find('"') {
        let at = from + quote;
        if !text[at + 1..].starts_with('"') {
            return (&text[..at], true, &text[at + 1..]);
        }
        from = at + 2;
    }
    (text, false, "")
}

/// The free-standing times before a text, in milliseconds: the last two.
fn times(between: &str) -> Option<(i64, i64)> {
    let numbers: Vec<i64> = between.split_whitespace().filter_map(seconds).collect();
    match numbers[..] {
        [.., start, end] => Some((start, end)),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn seconds(text: &str) -> Option<i64> {
    let number = text.starts_with(|letter: char| letter.is_ascii_digit());
    let value: f64 = text.parse().ok().filter(|_| number)?;
    (value.is_finite() && value < 1e9).then(|| (value * 1000.0).round() as i64)
}

fn interval(draft: &mut Draft, line: usize, label: Option<&str>, times: Option<(i64, i64)>, raw: &str) {
    let spans = markup::spans(raw);
    let text = spans.into_iter().map(|span| span.text).collect::<String>().replace("\"\"", "\"");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words(&text) == 0 {
        return draft.set_aside(line, "a mark of the transcriber, without words", raw);
    }
    draft.markup(words(raw), words(&text));
    if times.is_none() {
        draft.warn(line, "an interval without times; its words are kept without a time");
    }
    let (start, end) = (times.map(|(start, _)| start), times.map(|(_, end)| end));
    let end = draft.end(line, start, end);
    draft.say(label, start, end, &text);
}

/// Whether it's one of the tiers of sounds that aligners add to the words.
fn is_sounds(label: &str) -> bool {
    let lower = label.to_lowercase();
    ["phones", "phone", "phonemes", "phoneme", "segments", "mau"]
        .iter()
        .any(|end| lower.strip_suffix(end).is_some_and(|before| !before.ends_with(char::is_alphanumeric)))
}
