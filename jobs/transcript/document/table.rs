//! A document that is a table: one row per turn, with a time first, then the speaker and the words, as in Word files
//! made from Amazon Transcribe.

use std::collections::HashSet;

use crate::{
    account::{Draft, words},
    format::Format,
    formats::{Confidence, Reader, Source},
    label, time,
};

pub(crate) const READER: Reader = Reader { name: "docx_table", detect, read };

/// A row: its cells, and its time if it has a valid one.
fn row(line: &str) -> Option<(Option<i64>, Vec<&str>)> {
    let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
    (cells.len() >= 3).then(|| (time::whole(cells[0]), cells))
}

/// The columns that contain the speaker and the words.
struct Columns<'a> {
    label: usize,
    text: usize,
    labels: HashSet<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(source: &Source<'a>) -> Option<Self> {
        let rows: Vec<Vec<&'a str>> = source
            .lines()
            .iter()
            .filter_map(|line| row(line))
            .filter(|(time, _)| time.is_some())
            .map(|(_, cells)| cells)
            .collect();
        let width = rows.iter().map(Vec::len).min().filter(|_| rows.len() >= 2)?;
        let length = |column: usize| rows.iter().map(|cells| cells[column].len()).sum::<usize>();
        let text = (1..width).max_by_key(|column| length(*column))?;
        // A few names, again and again.
        let names = |column: &usize| {
            let named: HashSet<&str> = rows.iter().map(|cells| cells[*column]).collect();
            *column != text && named.len() * 2 <= rows.len() + 1 && named.iter().all(|name| label::may_be_label(name))
        };
        let label = (1..width).find(names)?;
        Some(Self { label, text, labels: rows.iter().map(|cells| cells[label]).collect() })
    }
}

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    (source.document && Columns::of(source).is_some())
        .then_some((Confidence::Telling, "a table of times, names and words"))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let columns = Columns::of(source);
    for (at, line) in source.lines().iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let turn = row(line).zip(columns.as_ref()).and_then(|((time, cells), columns)| {
            let (label, text) = (*cells.get(columns.label)?, *cells.get(columns.text)?);
            columns.labels.contains(label).then_some((time, label, text))
        });
        let Some((start_ms, label, text)) = turn else {
            draft.set_aside(at + 1, "text outside of the table of what was said", line);
            continue;
        };
        if start_ms.is_none() {
            draft.warn(at + 1, "a time that cannot be read; the words are kept without it");
        }
        draft.clock(at + 1, start_ms);
        draft.markup(words(line), words(text));
        draft.say(Some(label), start_ms, None, text);
    }
    (Format::Docx, draft)
}
