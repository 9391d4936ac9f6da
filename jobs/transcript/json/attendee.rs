//! Attendee: utterances of a meeting's participants, with `timestamp_ms` (since the recording began, or since 1970) and
//! `duration_ms`.

use super::{
    JsonSource,
    book::{Book, EPOCH_MS},
    people::{NAMESAKES, apart, id},
    tree::Json,
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "attendee", knows, read, repeats: &["words"] };

fn utterances<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    if json.is_list() { json } else { json.any(&["transcript", "utterances", "results"]) }
}

fn text<'j>(utterance: &'j Json<'j>) -> &'j Json<'j> {
    let own = utterance.get("transcription");
    if own.is_object() { own.any(&["transcript", "text"]) } else { own }
}

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let keys = ["speaker_name", "speaker_uuid", "timestamp_ms", "transcription"];
    utterances(json).each_has(&keys).then_some("speaker_uuid and timestamp_ms with a transcription")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let all = utterances(json).items();
    let start = |utterance: &Json<'_>| utterance.get("timestamp_ms").millis();
    let moments = all.iter().filter_map(start).filter(|start| *start > EPOCH_MS);
    let began = book.begin(moments).unwrap_or(0);
    let speakers: Vec<_> = all
        .iter()
        .map(|said| {
            let name = book.label(said.get("speaker_name")).or_else(|| book.label(said.get("speaker_uuid")));
            (name, id(said.get("speaker_uuid")))
        })
        .collect();
    let (labels, namesakes) = apart(&speakers);
    if namesakes {
        book.draft.warn(0, NAMESAKES);
    }
    for (said, label) in all.iter().zip(&labels) {
        let words = text(said);
        if words.text().is_none() {
            book.warn(said, "an utterance without text");
        }
        let start = start(said).map(|start| if start > EPOCH_MS { start - began } else { start });
        let end = start.zip(said.get("duration_ms").millis()).map(|(start, long)| start + long);
        book.say(label.as_deref(), start, end, words);
    }
    Format::Attendee
}
