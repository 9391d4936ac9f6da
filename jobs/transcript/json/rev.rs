//! Rev: `monologues[].elements[]` of words and punctuation; human transcripts have clock times (`timestamp`), automatic
//! ones seconds (`ts`). Sounds and gaps such as `<laugh>` are set aside.

use std::collections::HashMap;

use super::{
    JsonSource,
    book::{Book, SOUND},
    tree::{Json, Value},
    turns::{Spaces, Turns},
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "rev", knows, read, repeats: &[] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    json.get("monologues").each_has(&["elements"]).then_some("monologues with elements")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let names = names(json, book);
    let mut turns = Turns::with(Spaces::Marks);
    for monologue in json.get("monologues").items() {
        let speaker = monologue.get("speaker");
        let named = book.label(monologue.get("speaker_info").any(&["display_name", "name"]));
        let label = named.or_else(|| names.get(&key(speaker)?).cloned()).or_else(|| book.label(speaker));
        for element in monologue.get("elements").items() {
            let value = element.get("value");
            match element.get("type").text() {
                Some("punct") => turns.mark(book, label.as_deref(), value),
                Some("text") => {
                    let start = element.any(&["ts", "timestamp"]).seconds();
                    let end = element.any(&["end_ts", "end_timestamp"]).seconds();
                    turns.word(book, label.as_deref(), start, end, value);
                }
                _ if value.text().is_some() => book.set_aside(value, SOUND),
                _ => book.warn(element, "an element without a value"),
            }
        }
        turns.cut();
    }
    turns.speak(book);
    Format::Rev
}

/// The names of the speakers, if somebody set them.
fn names(json: &Json<'_>, book: &mut Book<'_>) -> HashMap<String, String> {
    json.get("speakers")
        .items()
        .iter()
        .filter_map(|speaker| Some((key(speaker.get("id"))?, book.label(speaker.any(&["name", "display_name"]))?)))
        .collect()
}

/// The number of a speaker, written as a number or a string.
fn key(json: &Json<'_>) -> Option<String> {
    match &json.value {
        Value::Number(number) => Some(number.to_string()),
        Value::Text(_, text) => Some(text.to_string()),
        _ => None,
    }
}
