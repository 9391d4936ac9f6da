//! Recall.ai: a list of turns, each with a participant and the words, whose times are both relative to the recording
//! and absolute; in its first version, a speaker by name and seconds.

use super::{
    JsonSource,
    book::Book,
    people::{NAMESAKES, apart, id},
    tree::Json,
    turns::Turns,
};
use crate::{format::Format, transcript::Attendee};

pub(super) const SOURCE: JsonSource = JsonSource { name: "recall", knows, read, repeats: &[] };

fn turns<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    if json.is_list() { json } else { json.get("transcript") }
}

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let turn = |turn: &Json<'_>| {
        let timed = turn.get("words").each_has(&["text", "start_timestamp"]);
        timed && (turn.get("participant").is_object() || turn.has(&["speaker"]))
    };
    turns(json).items().iter().take(20).any(turn).then_some("participants with words and start_timestamp")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let all = turns(json).items();
    let mut speakers = Vec::with_capacity(all.len());
    for turn in all {
        let participant = turn.get("participant");
        let (name, number) = (participant.get("name"), participant.get("id"));
        let name = if name.filled() { book.label(name) } else { None };
        let name = name.or_else(|| book.label(turn.get("speaker"))).or_else(|| book.label(number));
        speakers.push((name, id(number).or_else(|| id(turn.get("speaker_id")))));
    }
    let (labels, namesakes) = apart(&speakers);
    if namesakes {
        book.draft.warn(0, NAMESAKES);
    }
    let mut said = Turns::default();
    for (turn, label) in all.iter().zip(&labels) {
        if let (Some(label), Some(email)) = (label, turn.get("participant").get("email").text()) {
            let (label, email) = (Some(label.clone()), Some(email.to_owned()));
            book.draft.attends(Attendee { name: label.clone(), email, label, was_there: true, ..Attendee::default() });
        }
        for word in turn.get("words").items() {
            let (start, end) = (relative(word.get("start_timestamp")), relative(word.get("end_timestamp")));
            if word.get("text").text().is_none() {
                book.warn(word, "a word without text");
            }
            said.word(book, label.as_deref(), start, end, word.get("text"));
        }
        said.cut();
    }
    said.speak(book);
    Format::Recall
}

/// Seconds since the recording began.
fn relative(json: &Json<'_>) -> Option<i64> {
    if json.is_object() { json.get("relative").seconds() } else { json.seconds() }
}
