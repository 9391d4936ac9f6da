//! A document that is a table: a row a turn, with a time first, then who speaks and what is said, as the Word files
//! made from Amazon Transcribe have it.

use std::collections::HashSet;

use crate::parse::{
    account::{Draft, words},
    formats::{Confidence, Reader, Source},
    label, time,
    transcript::Format,
};

pub(in crate::parse) const READER: Reader = Reader { name: "docx_table", detect, read };

/// A row: its time and its cells.
fn row(line: &str) -> Option<(i64, Vec<&str>)> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    (cells.len() >= 3).then(|| Some((time::whole(cells[0])?, cells))).flatten()
}

/// Which cell of a row names the speaker, and which holds the words.
struct Columns {
    label: usize,
    text: usize,
}

impl Columns {
    fn of(source: &Source<'_>) -> Option<Self> {
        let rows: Vec<Vec<&str>> = source.lines.iter().filter_map(|line| row(line)).map(|(_, cells)| cells).collect();
        let width = rows.iter().map(Vec::len).min().filter(|_| rows.len() >= 2)?;
        let length = |column: usize| rows.iter().map(|cells| cells[column].len()).sum::<usize>();
        let text = (1..width).max_by_key(|column| length(*column))?;
        // Few names, again and again.
        let names = |column: &usize| {
            let named: HashSet<&str> = rows.iter().map(|cells| cells[*column]).collect();
            *column != text && named.len() * 2 <= rows.len() + 1 && named.iter().all(|name| label::may_be_label(name))
        };
        (1..width).find(names).map(|label| Self { label, text })
    }
}

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    (source.document && Columns::of(source).is_some())
        .then_some((Confidence::Telling, "a table of times, names and words"))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let columns = Columns::of(source);
    for (at, line) in source.lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match (row(line), &columns) {
            (Some((start_ms, cells)), Some(columns)) => {
                let text = cells[columns.text];
                draft.markup(words(line), words(text));
                draft.say(Some(cells[columns.label]), Some(start_ms), None, text);
            }
            _ => draft.set_aside(at + 1, "text outside of the table of what was said", line),
        }
    }
    (Format::Docx, draft)
}
