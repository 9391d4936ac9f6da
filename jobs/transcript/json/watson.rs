//! IBM Watson: `results[].alternatives[]` whose words are in `timestamps[]` (word, start, end), with the speakers
//! separate in `speaker_labels[]`, matched by the same times.

use std::collections::HashMap;

use super::{
    JsonSource,
    book::{Book, SOUND},
    tree::Json,
    turns::Turns,
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource {
    name: "watson",
    knows,
    read,
    repeats: &["transcript", "timestamps", "word_confidence", "word_alternatives", "keywords_result"],
};

fn knows(json: &Json<'_>) -> Option<&'static str> {
    if let Some(first) = json.items().first() {
        return knows(first);
    }
    let results = json.get("results").items();
    let timed = |result: &Json<'_>| result.get("alternatives").first().get("timestamps").first().is_list();
    let spoken = results.iter().take(20).any(|result| result.get("alternatives").first().has(&["transcript"]));
    let beside = json.get("speaker_labels").each_has(&["from", "speaker"]);
    let numbered = json.has(&["result_index"]) && results.iter().take(20).any(|result| result.has(&["final"]));
    (results.iter().take(20).any(timed) || spoken && (beside || numbered)).then_some("results with timestamps of words")
}

/// A single response, or the messages of a stream.
fn messages<'j>(json: &'j Json<'j>) -> &'j [Json<'j>] {
    if json.is_list() { json.items() } else { std::slice::from_ref(json) }
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    // The latest label of a word counts: while it listens, Watson revises them.
    let speakers: HashMap<i64, &Json<'_>> = messages(json)
        .iter()
        .flat_map(|message| message.get("speaker_labels").items())
        .filter_map(|label| Some((label.get("from").seconds()?, label.get("speaker"))))
        .collect();
    let results = || messages(json).iter().flat_map(|message| message.get("results").items());
    let some_final = results().any(|result| result.has(&["final"]) && !result.get("final").is_false());
    let mut turns = Turns::default();
    for result in results() {
        if some_final && result.get("final").is_false() {
            book.set_aside(result, "an interim result, which a final one replaces");
            continue;
        }
        for other in result.get("alternatives").items().iter().skip(1) {
            book.set_aside(other, "another hearing of the same words");
        }
        let best = result.get("alternatives").first();
        let words = best.get("timestamps").items();
        let speaks = |word: &Json<'_>| {
            word.items().get(1).and_then(Json::seconds).and_then(|start| speakers.get(&start).copied())
        };
        let hesitates = words.iter().any(|word| word.items().first().is_some_and(is_hesitation));
        if hesitates || words.iter().any(|word| speaks(word).is_some()) {
            for word in words {
                let [text, start, end] = word.items() else {
                    book.warn(word, "a word without its two times");
                    continue;
                };
                let label = speaks(word).and_then(|speaker| book.label(speaker));
                if is_hesitation(text) {
                    book.set_aside(text, SOUND);
                    continue;
                }
                turns.word(book, label.as_deref(), start.seconds(), end.seconds(), text);
            }
            turns.cut();
        } else {
            let time = |word: Option<&Json<'_>>, at: usize| word.and_then(|word| word.items().get(at)?.seconds());
            turns.whole(book, None, time(words.first(), 1), time(words.last(), 2), best.get("transcript"));
        }
    }
    turns.speak(book);
    Format::Watson
}

/// `%HESITATION`, which Watson writes for "uh".
fn is_hesitation(text: &Json<'_>) -> bool {
    text.text().is_some_and(|text| text.starts_with('%'))
}
