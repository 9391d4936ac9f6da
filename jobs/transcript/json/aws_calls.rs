//! Amazon Transcribe Call Analytics, and Contact Lens: `Transcript[]` of turns with `BeginOffsetMillis`.

use std::collections::HashMap;

use super::{JsonSource, book::Book, tree::Json};
use crate::format::Format;

pub(super) const SOURCE: JsonSource =
    JsonSource { name: "aws_call_analytics", knows, read, repeats: &["Items", "Redacted"] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    json.get("Transcript").each_has(&["Content", "BeginOffsetMillis"]).then_some("Transcript with BeginOffsetMillis")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    // Contact Lens gives the role with the participant, not on the turn.
    let roles: HashMap<&str, &Json<'_>> = json
        .get("Participants")
        .items()
        .iter()
        .filter_map(|person| Some((person.get("ParticipantId").text()?, person.get("ParticipantRole"))))
        .collect();
    for turn in json.get("Transcript").items() {
        let id = turn.get("ParticipantId");
        let role = turn.get("ParticipantRole");
        let role = if role.is_there() { Some(role) } else { id.text().and_then(|id| roles.get(id).copied()) };
        let label = role.and_then(|role| book.label(role)).or_else(|| book.label(id));
        let content = turn.get("Content");
        if content.text().is_none() {
            book.warn(turn, "a turn without text");
        }
        let (start, end) = (turn.get("BeginOffsetMillis").millis(), turn.get("EndOffsetMillis").millis());
        book.say(label.as_deref(), start, end, content);
    }
    Format::AwsCalls
}
