//! Gladia: `utterances[]` next to `full_transcript`, in seconds, speakers from 0. Its translations repeat the same.

use super::{JsonSource, book::Book, tree::Json};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource {
    name: "gladia",
    knows,
    read,
    repeats: &["full_transcript", "words", "subtitles", "sentences", "translation", "chapterization", "display_mode"],
};

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let spoken = json.get("utterances").each_has(&["text", "start"]) && json.has(&["full_transcript"]);
    // The first version of its API.
    let older = json.get("prediction").each_has(&["transcription", "time_begin"]);
    (spoken || older).then_some("utterances beside full_transcript")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let utterances = json.any(&["utterances", "prediction"]).items();
    let channels = utterances.iter().any(|utterance| utterance.get("channel").millis() > Some(0));
    for utterance in utterances {
        let text = utterance.any(&["text", "transcription"]);
        let speaker = Some(utterance.get("speaker")).filter(|speaker| speaker.text() != Some("speaker_not_activated"));
        let mut label = speaker.and_then(|speaker| book.label(speaker));
        if label.is_none() && channels {
            label = book.channel(utterance.get("channel"));
        }
        if text.text().is_none() {
            book.warn(utterance, "an utterance without text");
        }
        let (start, end) = (utterance.any(&["start", "time_begin"]), utterance.any(&["end", "time_end"]));
        book.say(label.as_deref(), start.seconds(), end.seconds(), text);
    }
    Format::Gladia
}
