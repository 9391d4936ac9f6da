//! Whether the texts of a table are speech: a duty roster or a bank statement has names, times and texts too.
//!
//! Pure.

use std::collections::HashSet;

use csv::StringRecord;

use super::columns::{Columns, span};
use crate::{
    raw_time::Raw,
    spoken,
    units::{Row, letters},
};

/// The minimum average number of letters per row of speech.
const LETTERS: usize = 16;
/// Speakers mostly don't pause longer than this, in milliseconds.
const PAUSE: i64 = 90_000;
/// Letters per second: nobody speaks more slowly.
const SLOWEST: i64 = 10;

fn texts<'a>(rows: &'a [StringRecord], columns: &Columns) -> impl Iterator<Item = &'a str> {
    let at = columns.text;
    rows.iter().filter_map(move |row| row.get(at)).map(str::trim).filter(|text| !text.is_empty())
}

/// Whether many of the texts end like sentences.
pub(super) fn has_sentences(rows: &[StringRecord], columns: &Columns) -> bool {
    let ends = |text: &&str| {
        text.trim_end_matches(['"', '”', '»', ')']).ends_with(['.', '?', '!', '…', '。', '？', '！', '।', '؟'])
    };
    texts(rows, columns).filter(ends).count() * 5 >= texts(rows, columns).count() * 2
}

/// Whether the texts are as long as utterances, or are sentences, and not from a small set.
pub(super) fn is_one(rows: &[StringRecord], columns: &Columns) -> bool {
    let count = texts(rows, columns).count();
    let distinct = texts(rows, columns).collect::<HashSet<_>>().len();
    let long = texts(rows, columns).map(letters).sum::<usize>() >= count * LETTERS;
    let few = count >= 6 && distinct * 2 <= count && !has_sentences(rows, columns);
    (long && !few) || has_sentences(rows, columns)
}

/// Whether far more time passes from start to end than it takes to say the text.
pub(super) fn takes_too_long(rows: &[StringRecord], columns: &Columns) -> bool {
    let time = |row: &StringRecord, at: Option<usize>| at.and_then(|at| row.get(at)).map(|cell| span(cell).0);
    let lasts = |row: &&StringRecord| match (time(row, columns.start), time(row, columns.end)) {
        (Some(Raw::Millis(start)), Some(Raw::Millis(end))) => {
            let letters = i64::try_from(row.get(columns.text).map_or(0, letters)).unwrap_or(0);
            // A tenth of a letter per second.
            end.saturating_sub(start) > letters.saturating_mul(1_000 * SLOWEST)
        }
        _ => false,
    };
    !rows.is_empty() && rows.iter().filter(lasts).count() * 2 > rows.len()
}

/// Whether a table with the headings of a chat is speech after all: people take turns in it as quickly as they speak.
pub(super) fn as_chats(rows: &[StringRecord], columns: &Columns) -> bool {
    let cell = |row: &StringRecord, at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or("").trim().to_owned();
    let speakers: Vec<String> =
        rows.iter().map(|row| cell(row, columns.speaker)).filter(|speaker| !speaker.is_empty()).collect();
    let texts: Vec<&str> = rows.iter().map(|row| row.get(columns.text).unwrap_or("")).collect();
    let row = |row: &StringRecord| Row { start: span(&cell(row, columns.start)).0, ..Row::default() };
    spoken::in_turn(&speakers, &texts, &rows.iter().map(row).collect::<Vec<_>>())
}

/// Whether a few people take turns, clearly often enough, in sentences, and as quickly as people speak if there are
/// moments.
pub(super) fn in_turn(rows: &[StringRecord], columns: &Columns) -> bool {
    let cell = |row: &StringRecord, at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or("").trim().to_owned();
    let speakers: Vec<String> = rows.iter().map(|row| cell(row, columns.speaker)).collect();
    let distinct = speakers.iter().filter(|speaker| !speaker.is_empty()).collect::<HashSet<_>>().len();
    let changes = speakers.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let few = distinct >= 2 && rows.len() >= 8 && distinct * 2 <= rows.len() && changes * 4 >= rows.len();
    let times: Vec<i64> = rows
        .iter()
        .filter_map(|row| match span(&cell(row, columns.start)).0 {
            Raw::Moment(millis) | Raw::Millis(millis) => Some(millis),
            _ => None,
        })
        .collect();
    let mut gaps: Vec<i64> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    gaps.sort_unstable();
    let fast = gaps.get(gaps.len() / 2).map_or(columns.start.is_none(), |gap| (0..=PAUSE).contains(gap));
    few && fast && has_sentences(rows, columns)
}
