//! Sonix: `transcript[]` next to the file's name; each entry has a speaker, a text and seconds.

use super::{JsonSource, book::Book, tree::Json};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "sonix", knows, read, repeats: &["words"] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let own = json.has(&["name"]) && !json.has(&["participants"]);
    let turns = json.get("transcript");
    (own && turns.each_has(&["speaker", "start_time", "end_time", "text"]))
        .then_some("transcript beside the name of the file")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    for turn in json.get("transcript").items() {
        let label = book.label(turn.get("speaker"));
        if turn.get("text").text().is_none() {
            book.warn(turn, "a turn without text");
        }
        book.say(label.as_deref(), turn.get("start_time").seconds(), turn.get("end_time").seconds(), turn.get("text"));
    }
    Format::Sonix
}
