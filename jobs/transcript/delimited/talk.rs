//! Whether the texts of a table are talk: a duty roster or a statement of a bank has names, times and texts too.
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

/// So many letters a row has on average where people speak.
const LETTERS: usize = 16;
/// Who speaks waits no longer, in milliseconds, mostly.
const PAUSE: i64 = 90_000;
/// Letters a second: nobody speaks so slowly.
const SLOWEST: i64 = 10;

fn texts<'a>(rows: &'a [StringRecord], columns: &Columns) -> impl Iterator<Item = &'a str> {
    let at = columns.text;
    rows.iter().filter_map(move |row| row.get(at)).map(str::trim).filter(|text| !text.is_empty())
}

/// Whether many of the texts end as sentences do.
pub(super) fn has_sentences(rows: &[StringRecord], columns: &Columns) -> bool {
    let ends = |text: &&str| {
        text.trim_end_matches(['"', '”', '»', ')']).ends_with(['.', '?', '!', '…', '。', '？', '！', '।', '؟'])
    };
    texts(rows, columns).filter(ends).count() * 5 >= texts(rows, columns).count() * 2
}

/// Whether the texts are as long as what people say, or are sentences, and are not taken out of a few.
pub(super) fn is_one(rows: &[StringRecord], columns: &Columns) -> bool {
    let count = texts(rows, columns).count();
    let distinct = texts(rows, columns).collect::<HashSet<_>>().len();
    let long = texts(rows, columns).map(letters).sum::<usize>() >= count * LETTERS;
    let few = count >= 6 && distinct * 2 <= count && !has_sentences(rows, columns);
    (long && !few) || has_sentences(rows, columns)
}

/// Whether from start to end far more time passes than it takes to say the text.
pub(super) fn takes_too_long(rows: &[StringRecord], columns: &Columns) -> bool {
    let time = |row: &StringRecord, at: Option<usize>| at.and_then(|at| row.get(at)).map(|cell| span(cell).0);
    let lasts = |row: &&StringRecord| match (time(row, columns.start), time(row, columns.end)) {
        (Some(Raw::Millis(start)), Some(Raw::Millis(end))) => {
            let letters = i64::try_from(row.get(columns.text).map_or(0, letters)).unwrap_or(0);
            // A tenth of a letter a second.
            end.saturating_sub(start) > letters.saturating_mul(1_000 * SLOWEST)
        }
        _ => false,
    };
    !rows.is_empty() && rows.iter().filter(lasts).count() * 2 > rows.len()
}

/// Whether a table with the headings of a chat is a talk all the same: people take turns in it as fast as they speak.
pub(super) fn as_chats(rows: &[StringRecord], columns: &Columns) -> bool {
    let cell = |row: &StringRecord, at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or("").trim().to_owned();
    let speakers: Vec<String> =
        rows.iter().map(|row| cell(row, columns.speaker)).filter(|speaker| !speaker.is_empty()).collect();
    let texts: Vec<&str> = rows.iter().map(|row| row.get(columns.text).unwrap_or("")).collect();
    let row = |row: &StringRecord| Row { start: span(&cell(row, columns.start)).0, ..Row::default() };
    spoken::in_turn(&speakers, &texts, &rows.iter().map(row).collect::<Vec<_>>())
}

/// Whether a few people take turns, so often that it shows, in sentences, and as fast as people speak where there are moments.
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
