//! Speechmatics: `results[]` of words and punctuation with `alternatives[]`, which contain the speakers (`S1`; `UU` is
//! unknown), in seconds.

use super::{
    JsonSource,
    book::Book,
    tree::Json,
    turns::{Spaces, Turns},
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource =
    JsonSource { name: "speechmatics", knows, read, repeats: &["transcript", "translations"] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let result =
        |result: &Json<'_>| result.has(&["type", "alternatives"]) && result.get("alternatives").each_has(&["content"]);
    if json.items().iter().any(is_final) {
        return Some("messages AddTranscript with results");
    }
    if json.get("words").each_has(&["name", "time", "duration"]) {
        return Some("words with name, time and duration");
    }
    json.get("results").items().iter().take(20).any(result).then_some("results with types and alternatives")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    book.day(json.get("job").get("created_at"));
    // Languages without spaces are marked.
    let pack = json.get("metadata").get("language_pack_info");
    if json.is_list() {
        let said: Vec<&Json<'_>> = json
            .items()
            .iter()
            .filter(|message| is_final(message))
            .flat_map(|message| message.get("results").items())
            .collect();
        results(&said, Turns::default(), book);
        return Format::Speechmatics;
    }
    if !json.has(&["results"]) {
        first_version(json, book);
        return Format::Speechmatics;
    }
    let turns = Turns::with(if pack.get("word_delimiter").text() == Some("") { Spaces::None } else { Spaces::Between });
    results(&json.get("results").items().iter().collect::<Vec<_>>(), turns, book);
    Format::Speechmatics
}

/// Whether it's a message of the stream with words that won't change any more.
fn is_final(message: &Json<'_>) -> bool {
    message.get("message").text() == Some("AddTranscript") && message.get("results").is_list()
}

fn results<'j>(all: &[&'j Json<'j>], mut turns: Turns<'j>, book: &mut Book<'_>) {
    for result in all {
        let best = result.get("alternatives").first();
        for other in result.get("alternatives").items().iter().skip(1) {
            book.set_aside(other, "another hearing of the same words");
        }
        let content = best.get("content");
        let speaker =
            Some(best.any(&["speaker"])).filter(|speaker| speaker.is_there()).unwrap_or(result.get("speaker"));
        let known = book.label(speaker).filter(|label| label != "UU");
        let label = known.or_else(|| book.channel(result.get("channel")));
        if content.text().is_none() {
            if result.get("type").text() != Some("speaker_change") {
                book.warn(result, "a result without words");
            }
            continue;
        }
        let (start, end) = (result.get("start_time").seconds(), result.get("end_time").seconds());
        let before = result.get("attaches_to").text().is_none_or(|to| matches!(to, "previous" | "both"));
        if result.get("type").text() == Some("punctuation") && before {
            turns.mark(book, label.as_deref(), content);
        } else {
            turns.word(book, label.as_deref(), start, end, content);
        }
    }
    turns.speak(book);
}

/// Version 1: the words by key, and separately who speaks from when and for how long.
fn first_version(json: &Json<'_>, book: &mut Book<'_>) {
    let mut speakers: Vec<(i64, i64, Option<String>)> = Vec::new();
    for speaker in json.get("speakers").items() {
        let label = book.label(speaker.get("name")).filter(|label| label != "UU");
        if let (Some(start), Some(long)) = (speaker.get("time").seconds(), speaker.get("duration").seconds()) {
            speakers.push((start, start + long, label));
        }
    }
    speakers.sort_by_key(|(start, ..)| *start);
    let mut turns = Turns::default();
    for word in json.get("words").items() {
        let (start, text) = (word.get("time").seconds(), word.get("name"));
        let end = start.zip(word.get("duration").seconds()).map(|(start, long)| start + long);
        let label = start.and_then(|start| {
            let after = speakers.partition_point(|(from, ..)| *from <= start);
            let (_, to, label) = speakers.get(after.checked_sub(1)?)?;
            // The last word may begin a little late.
            label.as_deref().filter(|_| start <= *to + 300)
        });
        match text.text() {
            Some("." | "," | "?" | "!") => turns.mark(book, label, text),
            _ => turns.word(book, label, start, end, text),
        }
    }
    turns.speak(book);
}
