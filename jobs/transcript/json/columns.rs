//! Tables as JSON: rows with column names (`{"columns": […], "data": [[…]]}`), or one list per column
//! (`{"start": […], "text": […]}`, also with the row numbers as keys), or entries under numbers. They become a list of
//! entries.

use std::borrow::Cow;

use super::tree::{Json, Value};
use crate::keys::{Meaning, meaning};

/// The entries of a table; `None` if the JSON isn't a table. Its texts are those of the file and keep their numbers.
pub(super) fn entries<'j>(root: &'j Json<'j>) -> Option<Json<'j>> {
    let Some(rows) = of_rows(root).or_else(|| of_columns(root)) else { return of_numbers(root, 6) };
    let object = |fields| Json { at: root.at, value: Value::Object(fields) };
    Some(Json { at: root.at, value: Value::List(rows.into_iter().map(object).collect()) })
}

type Fields<'j> = Vec<(Cow<'j, str>, Json<'j>)>;

fn of_rows<'j>(root: &'j Json<'j>) -> Option<Vec<Fields<'j>>> {
    let names: Vec<&str> =
        root.any(&["columns", "headers", "header", "fields"]).items().iter().filter_map(Json::text).collect();
    let rows = root.any(&["data", "rows", "values", "records"]).items();
    if names.len() < 2 || !rows.iter().take(20).all(Json::is_list) {
        return None;
    }
    let row = |row: &'j Json<'j>| {
        names.iter().zip(row.items()).map(|(name, cell)| (Cow::Borrowed(*name), same(cell))).collect()
    };
    Some(rows.iter().map(row).collect())
}

fn of_columns<'j>(root: &'j Json<'j>) -> Option<Vec<Fields<'j>>> {
    let Value::Object(fields) = &root.value else { return None };
    let columns: Vec<(&str, Vec<&Json<'j>>)> = fields
        .iter()
        .filter(|(key, _)| meaning(key).is_some())
        .filter_map(|(key, value)| Some((key.as_ref(), cells(value)?)))
        .collect();
    let text = columns.iter().find(|(key, _)| meaning(key).is_some_and(|key| key.meaning == Meaning::Text))?;
    let count = text.1.len();
    let even = columns.iter().filter(|(_, cells)| cells.len() == count).count();
    (even >= 2 && count >= 2).then(|| {
        let row = |at: usize| {
            columns.iter().filter_map(move |(key, cells)| Some((Cow::Borrowed(*key), same(cells.get(at)?)))).collect()
        };
        (0..count).map(row).collect()
    })
}

/// Objects under numbers, `{"0": {…}, "1": {…}}`, at any depth: entries in the order of the file.
fn of_numbers<'j>(json: &'j Json<'j>, depth: usize) -> Option<Json<'j>> {
    let Value::Object(fields) = &json.value else { return None };
    let numbered = |(key, value): &(Cow<'_, str>, Json<'_>)| {
        value.is_object() && key.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse::<u64>().is_ok()
    };
    if fields.len() >= 3 && fields.iter().all(numbered) {
        let entries = fields.iter().map(|(_, value)| same(value)).collect();
        return Some(Json { at: json.at, value: Value::List(entries) });
    }
    fields
        .iter()
        .filter(|(_, value)| depth > 0 && value.is_object())
        .find_map(|(_, value)| of_numbers(value, depth - 1))
}

/// The cells of a column, in order.
fn cells<'j>(column: &'j Json<'j>) -> Option<Vec<&'j Json<'j>>> {
    let plain = |cell: &Json<'_>| !cell.is_object() && !cell.is_list();
    let cells: Vec<&Json<'j>> = match &column.value {
        Value::List(items) => items.iter().collect(),
        Value::Object(fields) if fields.iter().enumerate().all(|(at, (key, _))| key.parse() == Ok(at)) => {
            fields.iter().map(|(_, value)| value).collect()
        }
        _ => return None,
    };
    cells.iter().all(|cell| plain(cell)).then_some(cells)
}

/// A copy of a value: its texts keep the numbers by which they are accounted for.
pub(super) fn same<'j>(cell: &'j Json<'j>) -> Json<'j> {
    let value = match &cell.value {
        Value::Number(number) => Value::Number(*number),
        Value::Large(number) => Value::Large(*number),
        Value::Bool(value) => Value::Bool(*value),
        Value::Text(number, text) => Value::Text(*number, Cow::Borrowed(text)),
        Value::Null => Value::Null,
        Value::List(items) => Value::List(items.iter().map(same).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (Cow::Borrowed(key.as_ref()), same(value))).collect())
        }
    };
    Json { at: cell.at, value }
}
