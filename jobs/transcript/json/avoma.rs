//! Avoma: `transcript[]` with a `speaker_id`, and a time in seconds for each word; the names are in `speakers[]`.

use std::collections::HashSet;

use super::{
    JsonSource,
    book::Book,
    people::{People, id},
    tree::Json,
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "avoma", knows, read, repeats: &[] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    json.get("transcript")
        .each_has(&["transcript", "speaker_id", "timestamps"])
        .then_some("transcript with timestamps of words")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let turns = json.get("transcript").items();
    let ids: HashSet<String> = turns.iter().filter_map(|turn| id(turn.get("speaker_id"))).collect();
    let people = People::find(book.root, "speaker_id", &ids, book);
    for turn in turns {
        let speaker = turn.get("speaker_id");
        let label = people.label(speaker).or_else(|| book.label(speaker));
        if turn.get("transcript").text().is_none() {
            book.warn(turn, "a turn without text");
        }
        // The start of the last word; its duration isn't given.
        let times = turn.get("timestamps").items();
        let end = times.last().filter(|_| times.len() > 1).and_then(Json::seconds);
        book.say(label.as_deref(), times.first().and_then(Json::seconds), end, turn.get("transcript"));
    }
    Format::Avoma
}
