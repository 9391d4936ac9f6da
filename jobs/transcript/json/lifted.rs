//! Entries whose text is one object deeper than the speaker and the time, as bots and queues write what they hear:
//! `{"ts": 1, "participant": {…}, "payload": {"text": "…"}}`. The nested fields are lifted to the others.

use std::borrow::Cow;

use super::{
    book::is_notes,
    columns::same,
    lists::is_no_speech,
    parts::spoken_in,
    tree::{Json, Value},
};
use crate::keys::{Meaning, meaning};

/// How many entries of a list are examined.
const SAMPLE: usize = 20;
/// The maximum depth of a list.
const DEEPEST: usize = 6;

/// The whole tree with nested fields lifted; `None` if there are none.
pub(super) fn entries<'j>(root: &'j Json<'j>) -> Option<Json<'j>> {
    has_deep_texts(root, DEEPEST).then(|| lifted(root, DEEPEST))
}

fn has_deep_texts(json: &Json<'_>, depth: usize) -> bool {
    match &json.value {
        Value::List(items) => {
            deep_key(items).is_some() || depth > 0 && items.iter().take(3).any(|item| has_deep_texts(item, depth - 1))
        }
        Value::Object(fields) => depth > 0 && fields.iter().any(|(_, value)| has_deep_texts(value, depth - 1)),
        _ => false,
    }
}

fn lifted<'j>(json: &'j Json<'j>, depth: usize) -> Json<'j> {
    let value = match &json.value {
        Value::List(items) => {
            let key = deep_key(items);
            let item = |item: &'j Json<'j>| match key {
                Some(key) => entry(item, key),
                None if depth > 0 => lifted(item, depth - 1),
                None => same(item),
            };
            Value::List(items.iter().map(item).collect())
        }
        Value::Object(fields) if depth > 0 => Value::Object(
            fields.iter().map(|(key, value)| (Cow::Borrowed(key.as_ref()), lifted(value, depth - 1))).collect(),
        ),
        _ => return same(json),
    };
    Json { at: json.at, value }
}

/// An entry with the fields of the object under `key` added to its own.
fn entry<'j>(json: &'j Json<'j>, key: &str) -> Json<'j> {
    let (Value::Object(own), Value::Object(inner)) = (&json.value, &json.get(key).value) else { return same(json) };
    let outer = own.iter().filter(|(name, _)| name != key);
    let deeper = inner.iter().filter(|(name, _)| own.iter().all(|(other, _)| other != name || other == key));
    let fields = outer.chain(deeper).map(|(name, value)| (Cow::Borrowed(name.as_ref()), same(value)));
    Json { at: json.at, value: Value::Object(fields.collect()) }
}

/// The key under which most entries have their text, if they have none themselves.
fn deep_key<'j>(items: &'j [Json<'j>]) -> Option<&'j str> {
    let sample = || items.iter().take(SAMPLE);
    if items.len() < 2
        || !sample().all(Json::is_object)
        || sample().filter(|item| says(item)).count() * 5 > sample().count()
    {
        return None;
    }
    let keys = items.iter().take(3).filter_map(|item| match &item.value {
        Value::Object(fields) => Some(fields),
        _ => None,
    });
    let holds = |key: &str| sample().filter(|item| item.get(key).is_object() && says(item.get(key))).count();
    let speaks = |key: &str| {
        !is_notes(key) && !is_no_speech(key) && meaning(key).is_none_or(|key| key.meaning != Meaning::Speaker)
    };
    let mut found = keys.flatten().map(|(key, _)| key.as_ref()).filter(|key| speaks(key));
    found.find(|key| holds(key) * 5 >= sample().count() * 4)
}

/// Whether an object has a text of its own.
fn says(json: &Json<'_>) -> bool {
    let Value::Object(fields) = &json.value else { return false };
    fields.iter().any(|(key, value)| {
        (value.filled() || spoken_in(value).is_some()) && meaning(key).is_some_and(|key| key.meaning == Meaning::Text)
    })
}
