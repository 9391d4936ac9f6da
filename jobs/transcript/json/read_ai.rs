//! Read.ai: turns with `speaker.name`, with times in milliseconds since 1970. They become offsets from the meeting's
//! start if the file has one, otherwise from the first turn.

use super::{
    JsonSource,
    book::{Book, EPOCH_MS},
    tree::Json,
};
use crate::{format::Format, transcript::Attendee};

pub(super) const SOURCE: JsonSource =
    JsonSource { name: "read_ai", knows, read, repeats: &["full_text", "transcript_text"] };

const START: &[&str] = &["start_time_ms", "start_time"];
const END: &[&str] = &["end_time_ms", "end_time"];

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let turns = turns(json);
    let named = turns.items().iter().take(20).any(|turn| turn.get("speaker").has(&["name"]));
    let timed = START.iter().any(|key| turns.each_has(&[key]));
    let worded = turns.each_has(&["text"]) || turns.each_has(&["words"]);
    // Others have the same keys in seconds: here they are moments, or are declared as milliseconds.
    let moments = turns.items().iter().take(20).any(|turn| turn.any(START).millis() > Some(EPOCH_MS));
    let millis = turns.each_has(&["start_time_ms"]) || json.has(&["speaker_blocks"]);
    (named && timed && worded && (moments || millis)).then_some("turns with speaker.name and start_time")
}

fn turns<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    if json.is_list() {
        return json;
    }
    let inner = json.get("transcript");
    let turns = json.any(&["turns", "speaker_blocks"]);
    if turns.is_there() { turns } else { inner.any(&["turns", "speaker_blocks"]) }
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    book.title(json.get("title"));
    for participant in json.get("participants").items() {
        book.attends(Attendee { was_there: true, ..Attendee::default() }, participant);
    }
    let turns = turns(json).items();
    let first = turns.iter().filter_map(|turn| turn.any(START).millis()).min();
    let meeting = json.any(START).millis().or_else(|| json.any(START).moment());
    // A meeting that starts after its first turn, or a day before, isn't the start of the recording.
    let start = first.map(|first| meeting.filter(|start| (0..DAY_MS).contains(&(first - start))).unwrap_or(first));
    let base = start.filter(|start| *start > EPOCH_MS).unwrap_or(0);
    book.day(json.any(&["start_time", "start_time_ms", "date"]));
    if base > 0 && book.draft.session_date.is_none() {
        book.moment(base);
    }
    for turn in turns {
        let label = book.label(turn.get("speaker").get("name"));
        let text = turn.any(&["text", "words"]);
        if text.text().is_none() {
            book.warn(turn, "a turn without text");
        }
        let offset = |json: &Json<'_>| json.millis().map(|time| time - base);
        book.say(label.as_deref(), offset(turn.any(START)), offset(turn.any(END)), text);
    }
    Format::ReadAi
}

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
