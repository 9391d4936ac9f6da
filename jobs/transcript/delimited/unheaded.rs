//! Tables without headings: what their columns are, by their contents.
//!
//! Pure.

use std::collections::HashSet;

use csv::StringRecord;

use super::{
    columns::{COLUMNS, Columns, OF_CHATS, OF_LEDGERS, SAMPLE, Table, counts, joined, reader, span},
    talk,
};
use crate::{label, raw_time::Raw};

/// Finds the columns of a table without headings: one or two of increasing times, one of text.
pub(super) fn by_content(whole: &str, delimiter: u8) -> Option<Table> {
    let text = whole.trim_start_matches('\u{feff}');
    let lead = whole.len() - text.len();
    // A one-row table is any line with a few commas.
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    if !first.as_bytes().contains(&delimiter) {
        return None;
    }
    let rows: Vec<StringRecord> =
        reader(text, delimiter, true).records().take(SAMPLE).collect::<Result<_, _>>().ok()?;
    let rows: Vec<&StringRecord> = rows.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
    let width = rows.first()?.len();
    let even = rows.iter().filter(|row| row.len() == width).count();
    if rows.len() < 2 || !(2..=COLUMNS).contains(&width) || even * 10 < rows.len() * 9 {
        return None;
    }
    let rows: Vec<StringRecord> = rows.into_iter().filter(|row| row.len() == width).cloned().collect();
    let column = |at: usize| rows.iter().map(move |row| row.get(at).unwrap_or("").trim());
    let timed = |at: &usize| {
        let times: Vec<f64> = column(*at).filter_map(|cell| value(span(cell).0)).collect();
        // The first row may contain headings.
        times.len() * 10 >= (rows.len() - 1) * 9
            && times.windows(2).all(|pair| pair[0] <= pair[1])
            && times.first() < times.last()
    };
    let mut times: Vec<usize> = (0..width).filter(timed).filter(|at| !counts(column(*at))).collect();
    // Next to times written as such, an increasing number is a row number.
    let written = |at: &usize| column(*at).any(|cell| cell.contains(':'));
    if times.iter().any(written) {
        times.retain(written);
    }
    // Row numbers increase too; times do so together, the end after its start.
    let (start, end) = match times.as_slice() {
        [one] => (*one, None),
        [.., start, end] => (*start, Some(*end)),
        [] => {
            return by_turns(&rows, width).map(|columns| Table {
                delimiter,
                begin: 0,
                columns,
                width,
                headed: false,
                doubt: None,
                people: Vec::new(),
            });
        }
    };
    let wordy = |at: usize| column(at).map(|cell| cell.split_whitespace().count()).sum::<usize>();
    let text_at = (0..width).filter(|at| !times.contains(at)).max_by_key(|at| wordy(*at))?;
    let columns = Columns { text: text_at, start: Some(start), end, ..Columns::default() };
    if wordy(text_at) < rows.len() * 2 || !talk::is_one(&rows, &columns) {
        return None;
    }
    // A first row without a time, above rows that all have one, contains unknown headings.
    let heads = rows.len() > 2 && !span(column(start).next()?).0.is_there();
    let begin = if heads { text.find('\n').map_or(0, |at| lead + at + 1) } else { 0 };
    let named = |at: &usize| {
        let cells = || column(*at).skip(usize::from(heads)).filter(|cell| !cell.is_empty());
        let distinct: HashSet<&str> = cells().collect();
        let short = cells().all(|cell| cell.len() <= 60 && cell.chars().any(char::is_alphabetic));
        short && is_mostly_filled(cells().count(), rows.len()) && distinct.len() * 2 <= rows.len().max(4)
    };
    let speaker = (0..width).filter(|at| *at != text_at && !times.contains(at)).find(named);
    let columns = Columns { speaker, ..columns };
    let other = |name: &String| OF_CHATS.contains(&name.as_str()) || OF_LEDGERS.contains(&name.as_str());
    let moments = || matches!(rows[1].get(start).map(|cell| span(cell).0), Some(Raw::Moment(_)));
    let unsure = || !talk::has_sentences(&rows[1..], &columns) || moments() && !talk::in_turn(&rows[1..], &columns);
    if heads && (rows[0].iter().map(joined).any(|name| other(&name)) || unsure()) {
        return None;
    }
    Some(Table { delimiter, begin, columns, width, headed: false, doubt: None, people: Vec::new() })
}

/// Finds the columns of a table without headings and times: one of a few names that take turns, one of sentences.
fn by_turns(rows: &[StringRecord], width: usize) -> Option<Columns> {
    let column = |at: usize| rows.iter().map(move |row| row.get(at).unwrap_or("").trim());
    let text = (0..width).max_by_key(|at| column(*at).map(|cell| cell.split_whitespace().count()).sum::<usize>())?;
    let is_name = |cell: &str| label::may_be_label(cell) && cell.len() <= 60;
    let named = |at: &usize| {
        let filled = || column(*at).filter(|cell| !cell.is_empty());
        filled().all(is_name) && is_mostly_filled(filled().count(), rows.len())
    };
    let speaker = (0..width).filter(|at| *at != text).find(named);
    let columns = Columns { text, speaker: Some(speaker?), ..Columns::default() };
    (talk::is_one(rows, &columns) && talk::in_turn(rows, &columns)).then_some(columns)
}

/// Whether so few cells are empty that a column may still be that of the speakers: names are left out.
const fn is_mostly_filled(filled: usize, rows: usize) -> bool {
    filled * 5 >= rows * 3
}

/// A time as a number that can be compared.
#[expect(clippy::cast_precision_loss, reason = "only the order matters")]
const fn value(raw: Raw) -> Option<f64> {
    match raw {
        Raw::None => None,
        Raw::Number(number) => Some(number),
        Raw::Millis(millis) | Raw::Moment(millis) => Some(millis as f64),
    }
}
