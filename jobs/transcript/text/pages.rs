//! What a page has around the talk: a header of keys and values, and lines that recur at page breaks, with their
//! numbers. Nobody says them.
//!
//! Pages break at form feeds, at "Page 2 of 9", and where line numbers start over; without any of these, a line that
//! recurs after about the same number of lines reveals them.

use std::collections::HashMap;

use super::sight::unnumbered;
use crate::label;

/// The maximum length of a header or footer, in bytes.
const LONGEST: usize = 160;
/// How many lines next to a break may be headers and footers.
const BESIDE: usize = 4;
/// The minimum number of lines on a page.
const PAGE: usize = 20;
/// A longer text isn't a document of pages without a mark.
const MOST_LINES: usize = 200_000;
/// Words for a page, before its number. Lower case.
const PAGE_WORDS: &[&str] =
    &["page", "pg", "seite", "sida", "side", "página", "pagina", "blad", "strona", "oldal", "sivu", "страница", "стр."];
/// What is between the number of a page and their total.
const OF: &[&str] = &["of", "von", "av", "af", "de", "sur", "di", "van", "z", "из", "/"];

/// The indices of lines that are headers, footers and page numbers, in order.
pub(super) fn furniture(lines: &[&str], numbered: bool) -> Vec<usize> {
    let filled: Vec<usize> = (0..lines.len()).filter(|at| !lines[*at].trim().is_empty()).collect();
    let mut found = Vec::new();
    let mut breaks = if numbered { gaps(lines, &filled, &mut found) } else { Vec::new() };
    breaks.extend((0..lines.len()).filter(|at| lines[*at].contains('\u{c}')));
    let marks = page_marks(lines, &filled);
    // They are at the end of a page or at its beginning.
    breaks.extend(marks.iter().flat_map(|at| [*at, at + 1]));
    found.extend(&marks);
    found.sort_unstable();
    if breaks.is_empty() {
        found.extend(regular(lines));
    } else {
        breaks.sort_unstable();
        again_at_breaks(lines, &filled, &breaks, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Where line numbers start over: the unnumbered lines in between aren't speech.
fn gaps(lines: &[&str], filled: &[usize], found: &mut Vec<usize>) -> Vec<usize> {
    let number = |at: usize| unnumbered(lines[at]).0.trim().parse::<u64>().ok();
    let (mut breaks, mut between, mut last) = (Vec::new(), Vec::new(), None);
    for at in filled.iter().copied() {
        match number(at) {
            None => between.push(at),
            Some(number) => {
                if number == 1 && last.is_some_and(|last| last > 1) {
                    breaks.push(at);
                    found.append(&mut between);
                }
                between.clear();
                last = Some(number);
            }
        }
    }
    if !breaks.is_empty() {
        // Those before the first number and after the last, if the same lines are at a break.
        let forms: Vec<String> = found.iter().map(|at| form(lines[*at])).collect();
        let outside = filled.iter().take(BESIDE).chain(filled.iter().rev().take(BESIDE)).copied();
        found.extend(
            outside.filter(|at| number(*at).is_none() && forms.contains(&form(lines[*at]))).collect::<Vec<_>>(),
        );
    }
    breaks
}

/// A line in lower case, with single spaces and without its numbers.
fn form(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for word in line.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for letter in word.chars().flat_map(char::to_lowercase) {
            if !letter.is_ascii_digit() {
                out.push(letter);
            } else if !out.ends_with('#') {
                out.push('#');
            }
        }
    }
    out
}

/// The number of a page, their total, and whether a line contains nothing else.
type Mark = (u32, Option<u32>, bool);

/// The page number at the end of a line, "Page 3 of 9", the total, and whether the line contains nothing else.
fn page_mark(line: &str) -> Option<Mark> {
    let line = line.trim().trim_matches(['-', '–', '—', '|', '(', ')', '[', ']', ' ']);
    if line.len() > LONGEST || !line.ends_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let spaced = line.replace('/', " / ").to_lowercase();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let number = |back: usize| words.get(words.len().checked_sub(back)?)?.parse::<u32>().ok();
    let word = |back: usize| words.len().checked_sub(back).and_then(|at| words.get(at)).copied().unwrap_or("");
    let of_several = number(3).zip(number(1)).filter(|_| OF.contains(&word(2)));
    let (page, all, width) = match of_several {
        Some((page, all)) => (page, Some(all), 3),
        None => (number(1)?, None, 1),
    };
    let worded = PAGE_WORDS.contains(&word(width + 1));
    let fits = page > 0 && all.is_none_or(|all| page <= all && all < 5_000);
    (fits && worded).then_some((page, all, words.len() == width + 1))
}

/// The lines with page numbers: "Page 3 of 9" on its own line, or a form that increases each time it occurs.
fn page_marks(lines: &[&str], filled: &[usize]) -> Vec<usize> {
    let marked: Vec<(usize, Mark)> = filled.iter().filter_map(|at| Some((*at, page_mark(lines[*at])?))).collect();
    let counts_on = |one: &(usize, Mark), other: &(usize, Mark)| {
        other.1.0 == one.1.0 + 1 && one.1.1 == other.1.1 && form(lines[one.0]) == form(lines[other.0])
    };
    let in_order = |nth: usize| {
        let (before, after) = (nth.checked_sub(1).and_then(|nth| marked.get(nth)), marked.get(nth + 1));
        before.is_some_and(|before| counts_on(before, &marked[nth]))
            || after.is_some_and(|after| counts_on(&marked[nth], after))
    };
    let sure = |nth: usize| matches!(marked[nth].1, (_, Some(_), true)) || in_order(nth);
    (0..marked.len()).filter(|nth| sure(*nth)).map(|nth| marked[nth].0).collect()
}

/// Adds the lines next to the breaks, and at the ends of the text, that recur there and hardly anywhere else.
fn again_at_breaks(lines: &[&str], filled: &[usize], breaks: &[usize], found: &mut Vec<usize>) {
    let near = (filled.len() / (breaks.len() + 1) / 4).clamp(1, BESIDE);
    let mut beside: Vec<usize> = Vec::new();
    for at in breaks {
        let place = filled.partition_point(|line| line < at);
        beside.extend(&filled[place.saturating_sub(near)..filled.len().min(place + near)]);
    }
    beside.extend(filled.iter().take(near).chain(filled.iter().rev().take(near)));
    beside.sort_unstable();
    beside.dedup();
    let mut forms: HashMap<String, Vec<usize>> = HashMap::new();
    for at in beside.into_iter().filter(|at| lines[*at].len() <= LONGEST && found.binary_search(at).is_err()) {
        forms.entry(form(lines[at])).or_default().push(at);
    }
    forms.retain(|form, places| places.len() >= 2 && may_be_furniture(form, places, lines));
    if forms.is_empty() {
        return;
    }
    let mut all: HashMap<&str, usize> = forms.keys().map(|form| (form.as_str(), 0)).collect();
    let mut labels: HashMap<&str, usize> = HashMap::new();
    for line in filled.iter().map(|at| lines[*at]) {
        if let Some(count) = all.get_mut(form(&line[..line.floor_char_boundary(LONGEST + 1)]).as_str()) {
            *count += 1;
        } else if let Some(found) = label::candidate(line) {
            *labels.entry(found.label).or_default() += 1;
        }
    }
    for (form, places) in &forms {
        let named = |at: &usize| {
            label::candidate(lines[*at]).is_some_and(|found| {
                labels.contains_key(found.label)
                    || label::reads_like_a_name(found.label) && !label::is_structure(found.label)
            })
        };
        if places.len() == all[form.as_str()] && !places.iter().any(named) {
            found.extend(places);
        }
    }
}

/// Whether lines of this form may be around pages: at least two words, or an increasing number.
fn may_be_furniture(form: &str, places: &[usize], lines: &[&str]) -> bool {
    if form.chars().any(char::is_alphabetic) {
        // A name with or without a time may be above each turn.
        let name = label::reads_like_a_name(lines[places[0]].trim()) && form.split(' ').nth(3).is_none();
        let often = places.len() >= 3 || !name;
        let timed = form.contains("#:#") || form.ends_with(':');
        return often && !timed && form.contains(' ') && form.len() >= 8 && !form.ends_with(['?', '!', ',']);
    }
    let number = |at: &usize| {
        let bare = lines[*at].trim().trim_matches(['-', '–', '—', '|', ' ']);
        bare.parse::<u32>().ok()
    };
    let numbers: Vec<Option<u32>> = places.iter().map(number).collect();
    numbers.windows(2).all(|pair| pair[0].zip(pair[1]).is_some_and(|(one, other)| other == one + 1))
}

/// Lines without speech that recur after about the same number of lines each time.
fn regular(lines: &[&str]) -> Vec<usize> {
    if lines.len() < 2 * PAGE || lines.len() > MOST_LINES {
        return Vec::new();
    }
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        let line = line.trim();
        let alone = |near: Option<usize>| near.and_then(|at| lines.get(at)).is_none_or(|line| line.trim().is_empty());
        let may = (12..=LONGEST).contains(&line.len())
            && line.contains(' ')
            && line.contains(char::is_alphabetic)
            && !line.ends_with(['.', '?', '!', ',', '…', ':'])
            && (alone(at.checked_sub(1)) || alone(Some(at + 1)));
        if may {
            places.entry(line).or_default().push(at);
        }
    }
    let page = |(line, places): &(&str, Vec<usize>)| {
        let distances = || places.windows(2).map(|pair| pair[1] - pair[0]);
        let (least, most) = (distances().min().unwrap_or(0), distances().max().unwrap_or(0));
        places.len() >= 3
            && least >= PAGE
            && most * 5 <= least * 7
            && label::candidate(line).is_none()
            && !label::reads_like_a_name(line)
    };
    places.into_iter().filter(page).flat_map(|(_, places)| places).collect()
}

/// How many lines at the beginning may be a header.
const HEAD: usize = 12;
/// The maximum number of words in a header's value.
const WORDS_OF_VALUE: usize = 8;

/// The key-value pairs on a line: `Client: Ana   Coach: Tom   Date: 9 November 2026`.
pub(super) fn pairs(line: &str) -> impl Iterator<Item = &str> {
    line.split(['\t', '|', ';', '·', '•'])
        .flat_map(|part| part.split("  "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// The key of a header's pair.
fn key(pair: &str) -> Option<&str> {
    let (key, value) = pair.split_once([':', '：'])?;
    let (key, value) = (key.trim().trim_matches(['*', '_']), value.trim().trim_matches(['*', '_']));
    let short = value.split_whitespace().nth(WORDS_OF_VALUE).is_none() && !value.ends_with(['?', '!', '.', '…']);
    (short && !value.is_empty() && (label::is_structure(key) || label::is_person(key))).then_some(key)
}

/// The lines at the beginning that are a header of keys and values: several on a line, or a block of one each, of which
/// at least one is a known header key. A key that speaks later on isn't one.
pub(super) fn heads(lines: &[&str]) -> Vec<usize> {
    let filled: Vec<usize> = (0..lines.len()).filter(|at| !lines[*at].trim().is_empty()).take(HEAD).collect();
    let mut found = Vec::new();
    let mut block: Vec<usize> = Vec::new();
    for at in filled {
        let keys: Option<Vec<&str>> = pairs(lines[at]).map(key).collect();
        let Some(keys) = keys.filter(|keys| !keys.is_empty()) else {
            // Here the talk begins.
            if label::candidate(lines[at]).is_some_and(|found| begins_again(lines, at, found.label)) {
                break;
            }
            block.clear();
            continue;
        };
        if keys.iter().any(|key| begins_again(lines, at, key)) {
            break;
        }
        block.push(at);
        let structure = |at: &usize| pairs(lines[*at]).filter_map(key).any(label::is_structure);
        if keys.len() >= 2 || block.iter().any(structure) {
            found.append(&mut block);
            block.push(at);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether another line begins with this key: it's then a speaker.
fn begins_again(lines: &[&str], own: usize, key: &str) -> bool {
    let begins = |line: &&str| {
        line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with([':', '：']))
    };
    lines.iter().enumerate().any(|(at, line)| at != own && begins(line))
}
