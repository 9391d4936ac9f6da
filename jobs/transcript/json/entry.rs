//! Parses an entry of a list of utterances by what its keys mean.

use super::{
    lists::Place,
    parts::{pair, times_of_words},
    tree::{Json, Value},
};
use crate::{
    keys::{Key, Meaning, PARTS},
    raw_time::Raw,
    units::{Row, letters},
};

/// An entry, its list, and the parts of it that are understood.
pub(super) struct Entry<'j> {
    pub(super) json: &'j Json<'j>,
    pub(super) list: usize,
    pub(super) text: &'j Json<'j>,
    pub(super) speaker: Option<&'j Json<'j>>,
    pub(super) speaker_id: Option<&'j Json<'j>>,
    pub(super) row: Row,
    /// Whether it declares that it isn't a final result.
    pub(super) interim: bool,
}

/// Parses an entry; `list` is the index of its list at that place.
pub(super) fn entry<'j>(place: &Place<'j>, list: usize, json: &'j Json<'j>, text: &'j Json<'j>) -> Entry<'j> {
    let there = |meaning| place.keys(meaning).iter().map(|(name, _)| json.get(name)).find(|value| value.is_there());
    let named = |value: &&'j Json<'j>| {
        value.is_list()
            || value.filled()
            || value.is_object()
            || matches!(value.value, Value::Number(_) | Value::Large(_))
    };
    let raw = |meaning| {
        let values = place.keys(meaning).iter().map(|(name, _)| json.get(name));
        values.map(|value| (value, value.raw())).find(|(_, raw)| raw.is_there())
    };
    let mut row = Row { letters: letters(text.text().unwrap_or("")), ..Row::default() };
    let span = there(Meaning::Start).and_then(pair);
    match span {
        Some((start, end)) => (row.start, row.end) = (start.raw(), end.raw()),
        None => {
            row.start = raw(Meaning::Start).map_or(Raw::None, |(_, raw)| raw);
            row.end = raw(Meaning::End).map_or(Raw::None, |(_, raw)| raw);
            row.long = raw(Meaning::Duration).map_or(Raw::None, |(_, raw)| raw);
        }
    }
    let inner =
        json.any(&["segment", "time", "times", "timestamp", "timestamps", "interval", "span", "range", "timing"]);
    if !row.start.is_there() && inner.is_object() {
        (row.start, row.end) = (inner.any(&["start", "from", "begin"]).raw(), inner.any(&["end", "to", "stop"]).raw());
    }
    if !row.start.is_there() {
        // Its first and last word have times.
        (row.start, row.end) = times_of_words(json);
    }
    let speakers = place.keys(Meaning::Speaker);
    let part = |key: &Key| PARTS.contains(&key.known_as);
    let says = |parts: bool| {
        let keys = speakers.iter().filter(move |(_, key)| part(key) == parts);
        keys.map(|(name, _)| json.get(name)).find(named)
    };
    let mut speaker = says(false);
    let mut speaker_id = there(Meaning::SpeakerId).filter(named);
    if speaker.is_none() && speaker_id.is_none() {
        let around = place.lists[list].around.iter().flatten();
        let mut owners =
            around.flat_map(|around| place.owners.iter().map(|(name, key)| (around.get(name), key.meaning)));
        match owners.find(|(value, _)| named(value)) {
            Some((value, Meaning::SpeakerId)) => speaker_id = Some(value),
            Some((value, Meaning::Speaker)) => speaker = Some(value),
            _ => speaker = says(true),
        }
    }
    Entry { json, list, text, speaker, speaker_id, row, interim: false }
}
