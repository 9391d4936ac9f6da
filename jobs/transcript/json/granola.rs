//! Granola: segments with moments and a `source`. The microphone belongs to the owner of the notes; what comes from the
//! system may be anyone else, and is named if Granola knows who it was.

use super::{
    JsonSource,
    book::Book,
    speaker_labels::{MICROPHONE, SYSTEM},
    tree::Json,
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "granola", knows, read, repeats: &[] };

const START: &[&str] = &["start_timestamp", "start_time"];
const END: &[&str] = &["end_timestamp", "end_time"];

fn segments<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    if json.is_list() { json } else { json.any(&["transcript", "segments", "transcripts"]) }
}

fn source<'j>(segment: &'j Json<'j>) -> &'j Json<'j> {
    let own = segment.get("source");
    if own.is_there() { own } else { segment.get("speaker").get("source") }
}

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let segment = |segment: &Json<'_>| {
        let heard = matches!(source(segment).text(), Some("microphone" | "system" | "speaker"));
        heard && segment.has(&["text"]) && segment.any(START).moment().is_some()
    };
    segments(json)
        .items()
        .iter()
        .take(20)
        .any(segment)
        .then_some("segments of the microphone or the system, with moments")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    book.title(json.get("title"));
    let segments = segments(json).items();
    let began = book.begin(segments.iter().filter_map(|segment| segment.any(START).moment())).unwrap_or(0);
    let some_final = segments.iter().any(|segment| segment.has(&["is_final"]) && !segment.get("is_final").is_false());
    for segment in segments {
        let text = segment.get("text");
        if some_final && segment.get("is_final").is_false() {
            book.set_aside(text, "an interim result, which a final one replaces");
            continue;
        }
        if book.is_sound(text) {
            continue;
        }
        if text.text().is_none() {
            book.warn(segment, "a segment without text");
        }
        let detected = segment.any(&["detectedSpeaker", "speaker"]);
        let names = [
            segment.any(&["detected_speaker_name", "speaker_name"]),
            detected.any(&["participantName", "name"]),
            detected,
        ];
        let named = names.into_iter().find(|name| name.filled()).and_then(|name| book.label(name));
        book.structure(source(segment));
        let label = named.or_else(|| {
            let label = match source(segment).text()? {
                "microphone" => MICROPHONE,
                _ => SYSTEM,
            };
            Some(label.to_owned())
        });
        let offset = |json: &Json<'_>| json.moment().map(|moment| moment - began);
        book.say(label.as_deref(), offset(segment.any(START)), offset(segment.any(END)), text);
    }
    Format::Granola
}
