//! Streams of events, as bots and services send them while people talk, one message per line: people who join or leave,
//! chat messages, and among them speech, usually an object or two deeper than the kind of event:
//! `{"event": "transcript.data", "data": {"data": {"words": […], "participant": {…}}}}`. Speech is lifted out; the
//! other events don't belong to the talk.
//!
//! Pure.

use std::borrow::Cow;

use super::{
    columns::same,
    tree::{Json, Value},
};
use crate::keys::{Meaning, meaning};

/// Keys with the kind of event.
const KINDS: &[&str] = &[
    "event",
    "event_type",
    "eventType",
    "trigger",
    "type",
    "kind",
    "message_type",
    "msg_type",
    "message",
    "action",
    "topic",
];
/// Keys with the subject of an event.
const ENVELOPES: &[&str] = &[
    "data",
    "payload",
    "body",
    "event",
    "detail",
    "params",
    "content",
    "message",
    "utterance",
    "transcript",
    "segment",
    "result",
    "channel",
    "alternatives",
];
/// The maximum number of nested envelopes.
const DEEPEST: usize = 4;
/// The number of the messages in Zoom's stream that contain speech; others have different numbers.
const ZOOM_TRANSCRIPT: i64 = 17;
/// Words in the kind of an event that contains speech.
const SPOKEN: &[&str] = &[
    "transcript",
    "transcripts",
    "transcription",
    "caption",
    "captions",
    "utterance",
    "speech",
    "recognized",
    "recognizing",
    "recognition",
    "results",
    "result",
    "turn",
    "segment",
    "segments",
    "sentence",
    "final",
    "partial",
    "interim",
];
/// Words in the kind of an event without speech, whatever else it says.
const UNSPOKEN: &[&str] = &[
    "chat",
    "join",
    "joined",
    "leave",
    "left",
    "status",
    "started",
    "stopped",
    "ended",
    "begin",
    "termination",
    "metadata",
    "error",
    "warning",
    "info",
    "reaction",
    "translation",
    "failed",
    "ready",
];
/// Words in the kind of an event whose words may still change.
const UNSURE: &[&str] = &["partial", "interim", "mutable", "recognizing", "hypothesis", "tentative"];
/// Keys that say whether an entry's words may still change.
const DECIDED: &[&str] =
    &["is_final", "isFinal", "final", "is_partial", "isPartial", "IsPartial", "partial", "interim", "is_interim"];

/// Whether a list is a stream of events, some of which contain speech.
pub(super) fn is_stream(root: &Json<'_>) -> bool {
    let Some(key) = key_of_kinds(root.items()) else { return false };
    root.items().iter().any(|item| is_spoken(item.get(key)))
}

/// The speech of a stream of events, as a list of entries; `None` if it isn't a stream, or its entries are flat.
pub(super) fn spoken<'j>(root: &'j Json<'j>) -> Option<Json<'j>> {
    let items = root.items();
    let key = key_of_kinds(items)?;
    let by_name = items.iter().any(|item| is_spoken(item.get(key)));
    let wanted = |kind: &Json<'_>| match kind.millis() {
        Some(number) => number == ZOOM_TRANSCRIPT,
        None if by_name => is_spoken(kind),
        None => !is_unspoken(kind),
    };
    let formatted = items.iter().any(|item| item.get("turn_is_formatted").is_true());
    let mut deep = false;
    let mut events: Vec<(bool, Json<'j>)> = Vec::new();
    for item in items.iter().filter(|item| wanted(item.get(key))) {
        let (mut event, lifted) = opened(item, key);
        if !holds_speech(&event) {
            continue;
        }
        deep |= lifted;
        // A finished turn is sent again, with its punctuation.
        let unfinished = item.get("end_of_turn").is_false() || formatted && item.get("turn_is_formatted").is_false();
        let unsure = unfinished || has_word(item.get(key), UNSURE);
        if let Value::Object(fields) = &mut event.value
            && fields.iter().all(|(name, _)| !DECIDED.contains(&name.as_ref()))
        {
            deep |= unsure;
            fields.push((Cow::Borrowed("is_final"), Json { at: item.at, value: Value::Bool(!unsure) }));
        }
        events.push((unsure, event));
    }
    if !deep || events.is_empty() {
        return None;
    }
    // With words alone we can't tell the last version: the final ones are used, and any open ones after the last of
    // them.
    let last_final = events.iter().rposition(|(unsure, _)| !unsure);
    let last = events.len() - 1;
    let kept = events.into_iter().enumerate().filter(|(at, (unsure, event))| {
        !unsure || has_text(event) || *at == last && last_final.is_none_or(|sure| *at > sure)
    });
    Some(Json { at: root.at, value: Value::List(kept.map(|(_, (_, event))| event).collect()) })
}

/// The key under which nearly all entries of a list have their kind of event.
fn key_of_kinds(items: &[Json<'_>]) -> Option<&'static str> {
    let kind = |item: &Json<'_>, key| match &item.get(key).value {
        Value::Text(_, text) => !text.contains(char::is_whitespace) && text.len() <= 80,
        Value::Number(_) => key == "msg_type",
        _ => false,
    };
    if items.len() < 2 || !items.iter().take(50).all(Json::is_object) {
        return None;
    }
    KINDS.iter().copied().find(|key| {
        let said = items.iter().filter(|item| kind(item, key)).count();
        said * 10 >= items.len() * 9
    })
}

/// The words of a kind: `transcript.partial_data`, `AddPartialTranscript`.
fn words_of(kind: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for letter in kind.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() && small {
            words.push(String::new());
        }
        small = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

fn has_word(kind: &Json<'_>, wanted: &[&str]) -> bool {
    kind.text().is_some_and(|kind| words_of(kind).iter().any(|word| wanted.contains(&word.as_str())))
}

fn is_unspoken(kind: &Json<'_>) -> bool {
    has_word(kind, UNSPOKEN)
}

fn is_spoken(kind: &Json<'_>) -> bool {
    has_word(kind, SPOKEN) && !is_unspoken(kind)
}

/// An event with its subject's fields next to its own, and whether anything was nested.
fn opened<'j>(item: &'j Json<'j>, kind: &str) -> (Json<'j>, bool) {
    let mut fields: Vec<(&'j str, &'j Json<'j>)> = match &item.value {
        Value::Object(own) => own.iter().map(|(key, value)| (key.as_ref(), value)).collect(),
        _ => Vec::new(),
    };
    // The kind of event doesn't name anyone.
    fields.retain(|(key, value)| *key != kind || value.is_object());
    let mut deep = false;
    for _ in 0..DEEPEST {
        if fields.iter().any(|(key, value)| says(key, value)) {
            break;
        }
        let inner = ENVELOPES.iter().find_map(|envelope| {
            let at = fields.iter().position(|(key, _)| key == envelope)?;
            let value = fields[at].1;
            let value = if value.is_list() && *envelope == "alternatives" { value.first() } else { value };
            let Value::Object(inner) = &value.value else { return None };
            Some((at, inner))
        });
        let Some((at, inner)) = inner else { break };
        fields.remove(at);
        fields.retain(|(key, _)| inner.iter().all(|(name, _)| name != key));
        fields.extend(inner.iter().map(|(key, value)| (key.as_ref(), value)));
        deep = true;
    }
    let text_in_data = !fields.iter().any(|(key, value)| says(key, value));
    let name = |key: &'j str, value: &Json<'_>| {
        if text_in_data && key == "data" && value.filled() { "transcript" } else { key }
    };
    let fields = fields.into_iter().map(|(key, value)| (Cow::Borrowed(name(key, value)), same(value)));
    (Json { at: item.at, value: Value::Object(fields.collect()) }, deep)
}

fn says(key: &str, value: &Json<'_>) -> bool {
    value.filled() && meaning(key).is_some_and(|key| key.meaning == Meaning::Text)
}

fn has_text(event: &Json<'_>) -> bool {
    match &event.value {
        Value::Object(fields) => fields.iter().any(|(key, value)| says(key, value)),
        _ => false,
    }
}

/// Whether an event contains speech: a text, its words, or a list of these.
fn holds_speech(event: &Json<'_>) -> bool {
    let transcription = event.get("transcription");
    has_text(event)
        || transcription.is_object()
        || ["words", "segments", "utterances"].iter().any(|key| event.get(key).items().iter().any(Json::is_object))
}

#[cfg(test)]
mod tests;
