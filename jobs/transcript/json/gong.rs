//! Gong: `callTranscripts[].transcript[]`, one monologue per entry with a `speakerId` and its `sentences[]`, in
//! milliseconds. The names are in the `parties` of the call, if they were requested.

use std::collections::HashSet;

use super::{
    JsonSource,
    book::Book,
    people::{People, id},
    tree::Json,
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "gong", knows, read, repeats: &[] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    calls(json).iter().take(20).any(is_call).then_some("monologues with speakerId and sentences")
}

fn is_call(call: &Json<'_>) -> bool {
    let monologues = call.get("transcript");
    monologues.each_has(&["speakerId", "sentences"])
}

fn calls<'j>(json: &'j Json<'j>) -> &'j [Json<'j>] {
    let calls = json.get("callTranscripts");
    if calls.is_list() { calls.items() } else { std::slice::from_ref(json) }
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    book.title(json.any(&["title", "metaData"]).any(&["title"]));
    let mut calls = calls(json).iter().filter(|call| is_call(call));
    let Some(call) = calls.next() else { return Format::Gong };
    let ids: HashSet<String> =
        call.get("transcript").items().iter().filter_map(|said| id(said.get("speakerId"))).collect();
    let people = People::find(book.root, "speakerId", &ids, book);
    for monologue in call.get("transcript").items() {
        let speaker = monologue.get("speakerId");
        let label = people.label(speaker).or_else(|| book.label(speaker));
        for sentence in monologue.get("sentences").items() {
            if sentence.get("text").text().is_none() {
                book.warn(sentence, "a sentence without text");
            }
            let (start, end) = (sentence.get("start").millis(), sentence.get("end").millis());
            book.say(label.as_deref(), start, end, sentence.get("text"));
        }
    }
    for other in calls {
        book.warn(
            other,
            "another call begins here; only the first is read, so please upload each as a file of its own",
        );
        book.set_aside(other, "another call in the same file");
    }
    Format::Gong
}
