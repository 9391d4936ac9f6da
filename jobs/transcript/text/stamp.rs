//! Times in the lines of a text: in brackets of any kind or bare, alone or with their end, with full-width colons, with
//! AM or PM, written out, or as a mark of f4 (`#00:01:02-3#`).

use super::units;
use crate::time;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp<'a> {
    pub(super) written: &'a str,
    pub(super) start_ms: i64,
    pub(super) end_ms: Option<i64>,
    /// Whether it's in brackets or has hours: it's then hardly a time that somebody mentions.
    pub(super) marked: bool,
    /// Whether it has hours, so that it may be a time of day.
    pub(super) hours: bool,
    /// In words: "0 minutes 3 seconds".
    pub(super) written_out: bool,
}

/// Brackets around a time or a name.
const BRACKETS: [(char, char); 10] = [
    ('[', ']'),
    ('(', ')'),
    ('<', '>'),
    ('{', '}'),
    ('【', '】'),
    ('（', '）'),
    ('［', '］'),
    ('〔', '〕'),
    ('「', '」'),
    ('#', '#'),
];

/// Whether this character is an opening bracket.
pub(super) fn is_opening(letter: char) -> bool {
    matches!(letter, '[' | '(' | '<' | '{' | '#')
        || (letter >= '「' && BRACKETS.iter().any(|(opening, _)| *opening == letter))
}

/// The opening bracket at the start of `text`, and the closing one that matches it.
pub(super) fn closing(text: &str) -> Option<(char, char)> {
    let first = text.chars().next().filter(|first| is_opening(*first))?;
    BRACKETS.into_iter().find(|(opening, _)| *opening == first)
}

/// A stamp at the start of `text`, `[00:01:02]`, `(1:02)`, `00:01:02 - 00:01:05`, and what follows it.
pub(super) fn leading(text: &str) -> Option<(Stamp<'_>, &str)> {
    let bracket = closing(text);
    let inner = bracket.map_or(text, |(opening, _)| text[opening.len_utf8()..].trim_start());
    if !inner.starts_with(|letter: char| letter.is_ascii_digit() || is_wide_digit(letter) || letter == '@') {
        return None;
    }
    // On its own line: "3 seconds".
    let alone = || units::seconds(text).filter(|(_, rest)| rest.is_empty());
    if let Some((start_ms, rest)) = alone().filter(|_| bracket.is_none()) {
        let stamp = Stamp { written: text, start_ms, end_ms: None, marked: true, hours: false, written_out: true };
        return Some((stamp, rest));
    }
    let (times, rest) = times(inner, bracket.is_some_and(|(opening, _)| opening == '['))?;
    let rest = match bracket {
        Some(('#', _)) => f4(rest)?,
        Some((_, closing)) => rest.trim_start().strip_prefix(closing)?,
        // A table cell ends with a comma as well, but no space follows it.
        None if rest.is_empty()
            || rest.starts_with(|letter: char| letter.is_whitespace() || "|*_：:".contains(letter))
            || rest.starts_with([',', ';']) && rest[1..].starts_with(' ') =>
        {
            rest
        }
        None => return None,
    };
    let written = &text[..text.len() - rest.len()];
    let stamp = times.stamp(written, bracket.is_some());
    Some((stamp, rest))
}

/// The whole `text` as a stamp, as found within brackets.
pub(super) fn inside(text: &str, opening: char) -> Option<Stamp<'_>> {
    let (times, rest) = times(text.trim(), opening == '[')?;
    rest.trim().is_empty().then(|| times.stamp(text, true))
}

/// The whole `text` as a stamp without brackets.
pub(super) fn bare(text: &str) -> Option<Stamp<'_>> {
    let (times, rest) = times(text.trim(), false)?;
    rest.trim().is_empty().then(|| times.stamp(text, false))
}

struct Times {
    start_ms: i64,
    end_ms: Option<i64>,
    /// Whether it's written out, or has AM or PM: it can't mean anything else.
    telling: bool,
    hours: bool,
}

impl Times {
    fn stamp<'a>(&self, written: &'a str, bracketed: bool) -> Stamp<'a> {
        let marked = bracketed || self.end_ms.is_some() || self.hours || self.telling;
        Stamp {
            written,
            start_ms: self.start_ms,
            end_ms: self.end_ms,
            marked,
            hours: self.hours,
            written_out: self.telling && !self.hours && !bracketed,
        }
    }
}

/// One or two times at the start of `text`; also bare seconds, "12s", if they can't be a pause.
fn times(text: &str, seconds: bool) -> Option<(Times, &str)> {
    let text = text.strip_prefix('@').unwrap_or(text);
    if let Some((start_ms, rest)) = units::leading(text).or_else(|| seconds.then(|| units::seconds(text)).flatten()) {
        return Some((Times { start_ms, end_ms: None, telling: true, hours: false }, rest));
    }
    let (start_ms, rest) = clock(text)?;
    let hours = text[..text.len() - rest.len()].matches([':', '：']).count() >= 2;
    if let Some((start_ms, rest)) = of_day(text, start_ms, rest) {
        return Some((Times { start_ms, end_ms: None, telling: true, hours: true }, rest));
    }
    let second = rest.trim_start();
    let dashes = second.trim_start_matches(['-', '–', '—', '>', '→', '~', '～']).trim_start();
    let end = (dashes.len() < second.len()).then(|| clock(dashes)).flatten();
    let (end_ms, rest) = end.map_or((None, rest), |(end, rest)| (Some(end), rest));
    Some((Times { start_ms, end_ms, telling: false, hours }, rest))
}

/// A time followed by AM or PM, as a time of day.
fn of_day<'a>(text: &str, millis: i64, rest: &'a str) -> Option<(i64, &'a str)> {
    let word = rest.trim_start();
    let half = word.get(..2)?;
    let afternoon = half.eq_ignore_ascii_case("pm");
    let after = word[2..].strip_prefix('.').unwrap_or(&word[2..]);
    if !(afternoon || half.eq_ignore_ascii_case("am")) || after.starts_with(char::is_alphanumeric) {
        return None;
    }
    // "10:30 AM" has no seconds.
    let written = &text[..text.len() - rest.len()];
    let millis = if written.matches(':').count() == 1 { millis * 60 } else { millis };
    const HOUR: i64 = 3_600_000;
    let hour = millis / HOUR;
    let hour = (hour <= 12).then_some(hour % 12 + if afternoon { 12 } else { 0 })?;
    Some((hour * HOUR + millis % HOUR, after))
}

/// A time of digits and colons, possibly full-width, and what follows; frame numbers are dropped.
fn clock(text: &str) -> Option<(i64, &str)> {
    let head = &text[..text.floor_char_boundary(40)];
    if !head.is_ascii() && head.contains(|letter: char| letter == '：' || is_wide_digit(letter)) {
        return wide(text);
    }
    let (millis, rest) = time::lenient(text)?;
    let frames = |rest: &str| {
        let digits = rest.strip_prefix([':', ';']).map(|rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        digits.filter(|digits| (2..=3).contains(digits)).map(|digits| digits + 1)
    };
    let three = text[..text.len() - rest.len()].matches(':').count() == 2;
    Some((millis, frames(rest).filter(|_| three).map_or(rest, |frames| &rest[frames..])))
}

/// Digits of other scripts: full-width, Arabic, Persian, Indian, Thai.
pub(crate) fn figure(letter: char) -> Option<u32> {
    const ZEROS: [char; 7] = ['0', '０', '٠', '۰', '०', '০', '๐'];
    ZEROS.into_iter().find_map(|zero| (letter as u32).checked_sub(zero as u32).filter(|figure| *figure < 10))
}

fn is_wide_digit(letter: char) -> bool {
    letter > '\u{600}' && figure(letter).is_some()
}

/// Like [`clock`], for full-width colons or digits of another script.
fn wide(text: &str) -> Option<(i64, &str)> {
    let narrow = |letter: char| match letter {
        '：' => Some(':'),
        '．' => Some('.'),
        letter if is_wide_digit(letter) => char::from_digit(figure(letter)?, 10),
        letter if letter.is_ascii_digit() || matches!(letter, ':' | '.' | ',') => Some(letter),
        _ => None,
    };
    let written: String = text.chars().map_while(narrow).take(16).collect();
    let (millis, rest) = time::lenient(&written)?;
    let read = written.len() - rest.len();
    let bytes: usize = text.chars().take(read).map(char::len_utf8).sum();
    Some((millis, &text[bytes..]))
}

/// What follows the tenths and the closing mark of an f4 time, `-3#`.
fn f4(rest: &str) -> Option<&str> {
    let tenths =
        rest.strip_prefix('-').map_or(rest, |rest| rest.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    tenths.strip_prefix('#')
}

/// The time in brackets at the end of `text`, which is the end time, and the text before it.
pub(super) fn trailing(text: &str) -> Option<(&str, Stamp<'_>)> {
    let text = text.trim_end();
    let inner = text.strip_suffix(['#', ')', ']'])?;
    let from = inner.floor_char_boundary(inner.len().saturating_sub(20));
    let at = from + inner[from..].rfind(['#', '(', '['])?;
    let (stamp, rest) = leading(&text[at..])?;
    rest.is_empty().then(|| (&text[..at], stamp))
}
