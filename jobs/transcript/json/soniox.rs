//! Soniox: `tokens[]`, parts of words that include their spaces, in milliseconds. Its translations are tokens too, but
//! nobody said them.

use super::{
    JsonSource,
    book::Book,
    tree::Json,
    turns::{Spaces, Turns},
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource { name: "soniox", knows, read, repeats: &["text"] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let tokens = json.any(&["tokens", "words"]);
    tokens.each_has(&["text", "start_ms"]).then_some("tokens with start_ms")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let tokens = json.any(&["tokens", "words"]).items();
    let some_final = tokens.iter().any(|token| token.has(&["is_final"]) && !token.get("is_final").is_false());
    let mut turns = Turns::with(if tokens.iter().any(is_led) { Spaces::Pieces } else { Spaces::Between });
    for token in tokens {
        let text = token.get("text");
        if token.get("translation_status").text() == Some("translation") {
            book.set_aside(text, "a translation of what was said");
        } else if some_final && token.get("is_final").is_false() {
            book.set_aside(text, "an interim result, which a final one replaces");
        } else if matches!(text.text(), Some("<end>" | "<fin>")) {
            book.structure(text);
        } else {
            let label = book.label(token.get("speaker"));
            let start = token.get("start_ms").millis();
            let length = || Some(start? + token.get("duration_ms").millis()?);
            let end = token.get("end_ms").millis().or_else(length);
            turns.word(book, label.as_deref(), start, end, text);
        }
    }
    turns.speak(book);
    Format::Soniox
}

fn is_led(token: &Json<'_>) -> bool {
    token.get("text").text().is_some_and(|text| text.starts_with(' '))
}
