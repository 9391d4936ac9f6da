//! Amazon Bedrock Data Automation: `audio_segments[]` with a text, a speaker and milliseconds.

use super::{JsonSource, book::Book, tree::Json};
use crate::format::Format;

pub(super) const SOURCE: JsonSource =
    JsonSource { name: "aws_bedrock", knows, read, repeats: &["audio_items", "transcript", "representation"] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let segments = json.get("audio_segments");
    segments.each_has(&["text", "start_timestamp_millis"]).then_some("audio_segments with start_timestamp_millis")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    for segment in json.get("audio_segments").items() {
        let speaker = book.label(segment.get("speaker").get("speaker_label"));
        let label = speaker.or_else(|| book.channel(segment.get("channel").get("channel_label")));
        let start = segment.get("start_timestamp_millis").millis();
        let end = segment.get("end_timestamp_millis").millis();
        if segment.get("text").text().is_none() {
            book.warn(segment, "a segment without text");
        }
        book.say(label.as_deref(), start, end, segment.get("text"));
    }
    Format::Bedrock
}
