//! JSON that contains a transcript as text: as a whole under one key, as a list of lines, with names as keys of single
//! entries, or as cells without headings. It's read as text or a table, as in a file of its own.
//!
//! Pure.

use crate::{account::words, time};

use super::{
    book::is_notes,
    tree::{Json, Value},
};

/// The maximum depth of a transcript.
const DEEPEST: usize = 8;
/// How many texts are tried, longest first.
const TRIED: usize = 3;
/// Fewer lines prove nothing.
const FEWEST: usize = 3;

/// Texts that may be a transcript, longest first.
pub(super) fn texts(root: &Json<'_>) -> Vec<String> {
    let mut found = Vec::new();
    look(root, 0, &mut found);
    found.sort_by_key(|text: &String| std::cmp::Reverse(text.len()));
    found.truncate(TRIED);
    found
}

/// The number of words in all texts.
pub(super) fn words_of(json: &Json<'_>) -> usize {
    match &json.value {
        Value::Text(_, text) => words(text),
        Value::List(items) => items.iter().map(words_of).sum(),
        Value::Object(fields) => fields.iter().map(|(_, value)| words_of(value)).sum(),
        _ => 0,
    }
}

fn look(json: &Json<'_>, depth: usize, found: &mut Vec<String>) {
    found.extend(whole(json));
    if depth == DEEPEST {
        return;
    }
    match &json.value {
        Value::List(items) => items.iter().for_each(|item| look(item, depth + 1, found)),
        Value::Object(fields) => {
            fields.iter().filter(|(key, _)| !is_notes(key)).for_each(|(_, value)| look(value, depth + 1, found));
        }
        _ => {}
    }
    // What is kept is bounded by the file: a list of lines isn't part of another.
    if found.len() > 16 * TRIED {
        found.sort_by_key(|text: &String| std::cmp::Reverse(text.len()));
        found.truncate(TRIED);
    }
}

/// The contents of a value, as lines.
fn whole(json: &Json<'_>) -> Option<String> {
    if let Some(text) = json.text() {
        let long = text.lines().take(FEWEST).count() == FEWEST || text.len() > 400;
        return long.then(|| text.to_owned());
    }
    let items = json.items();
    if items.len() < FEWEST {
        return None;
    }
    let all: Option<Vec<String>> = items.iter().map(line).collect();
    all.or_else(|| rows(items)).map(|lines| lines.join("\n"))
}

/// A line of a list: a text, a name with the words, or a heading with the words below.
fn line(item: &Json<'_>) -> Option<String> {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match &item.value {
        Value::Text(_, text) => Some(one_line(text)),
        Value::Object(fields) => match fields.as_slice() {
            [(name, said)] => Some(format!("{name}: {}", one_line(said.text()?))),
            [(_, head), (_, said)] => {
                let (head, said) = (head.text()?, said.text()?);
                // A comment has a name and a text as well, and so have the messages of a language model.
                let is_time = |word: &str| time::whole(word.trim_matches(['(', ')', '[', ']'])).is_some();
                head.split(char::is_whitespace)
                    .any(is_time)
                    .then(|| format!("{}\n{}\n", one_line(head), one_line(said)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Rows of cells, for a table without headings.
fn rows(items: &[Json<'_>]) -> Option<Vec<String>> {
    let cell = |cell: &Json<'_>| match &cell.value {
        Value::Text(_, text) => Some(format!("\"{}\"", text.replace('"', "\"\""))),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => Some(String::new()),
        _ => None,
    };
    let row = |row: &Json<'_>| {
        let cells: Option<Vec<String>> = row.items().iter().map(cell).collect();
        cells.filter(|cells| cells.len() >= 2).map(|cells| cells.join(","))
    };
    items.iter().map(row).collect()
}
