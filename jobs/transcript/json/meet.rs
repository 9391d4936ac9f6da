//! Google Meet's API: the entries of a conference record's transcript, with moments, and its participants if somebody
//! added them.

use std::collections::HashSet;

use super::{
    JsonSource,
    book::Book,
    people::{People, id},
    tree::Json,
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "meet_api", knows, read, repeats: &[] };

fn entries<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    if json.is_list() { json } else { json.any(&["transcriptEntries", "entries", "transcript_entries"]) }
}

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let entry = |entry: &Json<'_>| {
        let path = entry.any(&["name", "participant"]).text().unwrap_or("");
        path.starts_with("conferenceRecords/") && entry.has(&["text"])
    };
    entries(json).items().iter().take(20).any(entry).then_some("entries of a conference record")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let entries = entries(json).items();
    let start = |entry: &Json<'_>| entry.any(&["startTime", "start_time"]).moment();
    let began = book.begin(entries.iter().filter_map(start)).unwrap_or(0);
    let ids: HashSet<String> = entries.iter().filter_map(|entry| id(entry.get("participant"))).collect();
    let people = People::find(book.root, "participant", &ids, book);
    for entry in entries {
        let participant = entry.get("participant");
        let path = book.structure(participant);
        // Without a list of participants, the last part of the path still tells them apart.
        let number = path.rsplit('/').next().filter(|number| !number.is_empty());
        let label = people.label(participant).or_else(|| number.map(|number| format!("Participant {number}")));
        if entry.get("text").text().is_none() {
            book.warn(entry, "an entry without text");
        }
        let end = entry.any(&["endTime", "end_time"]).moment();
        let offset = |moment: Option<i64>| moment.map(|moment| moment - began);
        book.say(label.as_deref(), offset(start(entry)), offset(end), entry.get("text"));
    }
    Format::MeetApi
}
