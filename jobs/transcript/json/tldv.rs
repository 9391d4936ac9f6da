//! tl;dv: `data[]` of the meeting with `meetingId`; each entry has a speaker and seconds.

use super::{JsonSource, book::Book, tree::Json};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "tldv", knows, read, repeats: &[] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let own = json.has(&["meetingId"]) || json.has(&["id", "data"]);
    (own && json.get("data").each_has(&["speaker", "text", "startTime"])).then_some("data of a meeting with startTime")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    for turn in json.get("data").items() {
        let label = book.label(turn.get("speaker"));
        if turn.get("text").text().is_none() {
            book.warn(turn, "a turn without text");
        }
        book.say(label.as_deref(), turn.get("startTime").seconds(), turn.get("endTime").seconds(), turn.get("text"));
    }
    Format::TlDvJson
}
