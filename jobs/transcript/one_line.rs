//! Splits a talk whose turns follow each other on one line, as it comes out of a form or a cell, into one line per
//! turn.
//!
//! Pure: no word changes, only spaces become line breaks.

use std::collections::HashMap;

use super::{label, time};

/// A file with more lines has its turns on separate lines.
const MOST_LINES: usize = 8;
/// With shorter lines, each is already a turn.
const LONG: usize = 300;
/// The maximum length of a label, in bytes.
const REACH: usize = 80;

/// The text with one line per turn; `None` if it already has lines, or no names recur within them.
pub(super) fn parted(text: &str) -> Option<String> {
    let filled = text.lines().filter(|line| !line.trim().is_empty()).take(MOST_LINES + 1).count();
    if filled == 0 || filled > MOST_LINES || text.len() < filled * LONG {
        return None;
    }
    let places = places(text);
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (_, label) in &places {
        *counts.entry(label).or_default() += 1;
    }
    let again = |label: &str| counts.get(label).is_some_and(|count| *count >= 2);
    let turns = places.iter().filter(|(_, label)| again(label)).count();
    if turns < 3 || turns * 4 < places.len() * 3 {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in places {
        out.push_str(text[from..at].trim_end_matches(' '));
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        from = at;
    }
    out.push_str(&text[from..]);
    Some(out)
}

/// Where a turn may begin, with its label; empty if a time in brackets begins it.
fn places(text: &str) -> Vec<(usize, &str)> {
    let mut places: Vec<(usize, &str)> = Vec::new();
    for at in memchr::memchr2_iter(b':', b'[', text.as_bytes()) {
        let place = if text[at..].starts_with('[') { timed(text, at) } else { named(text, at) };
        // A name after a time doesn't begin another turn.
        let begun = places.last().is_some_and(|(last, label)| label.is_empty() && at - last <= 2 * REACH);
        places.extend(place.filter(|(_, label)| label.is_empty() || !begun));
    }
    places
}

/// A time in brackets.
fn timed(text: &str, at: usize) -> Option<(usize, &str)> {
    let (inside, _) = text[at + 1..text.floor_char_boundary(at + 24)].split_once(']')?;
    let apart = at == 0 || text[..at].ends_with(char::is_whitespace);
    (apart && time::whole(inside).is_some()).then_some((at, ""))
}

/// The label before a colon, after the end of a sentence.
fn named(text: &str, colon: usize) -> Option<(usize, &str)> {
    if !text[colon + 1..].starts_with(' ') {
        return None;
    }
    let reach = text.floor_char_boundary(colon.saturating_sub(REACH));
    let before = &text[reach..colon];
    let ends = |letter: char| matches!(letter, '.' | '?' | '!' | '…' | '"' | '”' | '»' | '—' | '\n' | ']');
    let sentence = before.char_indices().rev().filter(|(_, letter)| ends(*letter));
    let mut begins = sentence.map(|(at, letter)| at + letter.len_utf8()).chain((reach == 0).then_some(0));
    // "Dr. Ana Ruiz": a full stop within a label doesn't end a sentence.
    begins.find_map(|begin| {
        let label = before[begin..].trim_start();
        let spaced = begin == 0 || before[begin..].starts_with(char::is_whitespace) || before[..begin].ends_with('\n');
        let at = colon - label.len();
        (spaced && label::may_be_label(label) && label::reads_like_a_name(label)).then(|| (at, &text[at..colon]))
    })
}

#[cfg(test)]
mod tests {
    use super::parted;

    #[test]
    fn turns_on_one_line_are_lines() {
        let turn = "Ana Ruiz: Where did we stop, at the end of last week? Tom Berg: At the letter; it was never sent. ";
        assert_eq!(parted(&turn.repeat(4)).map(|text| text.lines().count()), Some(8));
        let timed =
            "[00:01] Ana Ruiz: Where did we stop, last week? [00:05] Tom Berg: At the letter; I never wrote it. ";
        let text = parted(&timed.repeat(4)).unwrap_or_default();
        assert!(text.lines().count() == 8 && text.lines().all(|line| line.starts_with('[')), "{text}");
        let prose = "There are three things to say: the first is this. Note: it rained. Then we left: it was late. ";
        assert_eq!(parted(&prose.repeat(8)), None);
    }
}
