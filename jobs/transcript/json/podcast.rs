//! The podcast namespace: `segments[]` with `startTime` and `body`. Many have one segment per word; those of one
//! speaker are joined like words.

use super::{JsonSource, book::Book, tree::Json, turns::Turns};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "podcast", knows, read, repeats: &[] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    json.get("segments").each_has(&["startTime", "body"]).then_some("segments with startTime and body")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    book.title(json.get("title"));
    let segments = json.get("segments").items();
    let one_word =
        |segment: &&Json<'_>| segment.get("body").text().is_some_and(|body| body.split_whitespace().count() <= 1);
    let by_words = segments.iter().filter(one_word).count() * 2 > segments.len();
    let mut turns = Turns::default();
    for segment in segments {
        let label = book.label(segment.get("speaker"));
        let (start, end) = (segment.get("startTime").seconds(), segment.get("endTime").seconds());
        let body = segment.get("body");
        match (body.text(), by_words) {
            (None, _) => book.warn(segment, "a segment without text"),
            (Some(_), _) if book.is_sound(body) => {}
            (Some(_), true) => turns.word(book, label.as_deref(), start, end, body),
            (Some(_), false) => turns.whole(book, label.as_deref(), start, end, body),
        }
    }
    turns.speak(book);
    Format::Podcast
}
