//! Fathom: `transcript[]` with `speaker.display_name` and a start time each, and no ends.

use super::{JsonSource, book::Book, tree::Json};
use crate::{format::Format, transcript::Attendee};

pub(super) const SOURCE: JsonSource =
    JsonSource { name: "fathom", knows, read, repeats: &["transcript_plaintext", "transcript_text"] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let turns = turns(json);
    let named = turns.items().iter().take(20).any(|turn| turn.get("speaker").has(&["display_name"]));
    (named && turns.each_has(&["text"])).then_some("turns with speaker.display_name")
}

fn turns<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    if json.is_list() { json } else { json.get("transcript") }
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    book.title(json.any(&["meeting_title", "title"]));
    book.day(json.any(&["recording_start_time", "scheduled_start_time", "created_at"]));
    for invitee in json.get("calendar_invitees").items() {
        book.attends(Attendee::default(), invitee);
    }
    for turn in turns(json).items() {
        let speaker = turn.get("speaker");
        let label = book.label(speaker.get("display_name"));
        if let (Some(label), Some(email)) = (&label, speaker.get("matched_calendar_invitee_email").text()) {
            let (label, email) = (Some(label.clone()), Some(email.to_owned()));
            book.draft.attends(Attendee { name: label.clone(), email, label, was_there: true, ..Attendee::default() });
        }
        let start = turn.any(&["timestamp", "start_time"]);
        let start_ms = start.seconds();
        if start_ms.is_none() && start.is_there() {
            book.warn(start, "a time that cannot be read; the words are kept without a time");
        }
        if turn.get("text").text().is_none() {
            book.warn(turn, "a turn without text");
        }
        book.say(label.as_deref(), start_ms, None, turn.get("text"));
    }
    Format::Fathom
}
