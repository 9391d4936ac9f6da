//! YouTube's `json3`: `events[].segs[]`. Automatic captions roll: their pieces are words with an offset each, and their
//! durations say how long a line is shown, so they have no real end. Captions made by people are complete.

use super::{JsonSource, book::Book, tree::Json, turns::Turns};
use crate::{account::words, format::Format, markup};

pub(super) const SOURCE: JsonSource = JsonSource { name: "youtube", knows, read, repeats: &[] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let events = json.get("events");
    (events.each_has(&["tStartMs"]) && (events.each_has(&["segs"]) || json.has(&["wireMagic"])))
        .then_some("events with tStartMs and segs")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let events = json.get("events").items();
    let rolling = events.iter().any(|event| event.get("segs").each_has(&["tOffsetMs"]) || event.has(&["aAppend"]));
    let mut turns = Turns::default();
    for event in events {
        let start = event.get("tStartMs").millis();
        let end = start.zip(event.get("dDurationMs").millis()).map(|(start, long)| start + long);
        for piece in event.get("segs").items() {
            if book.is_sound(piece.get("utf8")) {
                continue;
            }
            let begins = start.map(|start| start + piece.get("tOffsetMs").millis().unwrap_or(0));
            let times = (begins, if rolling { None } else { end });
            let written = book.take(piece.get("utf8"));
            // What people upload is often escaped twice.
            let text = markup::references(written);
            book.draft.markup(words(written), words(&text));
            for line in text.lines() {
                // An arrow or a dash in captions means that someone else continues.
                let said = line.trim_start().trim_start_matches(">>");
                let said = if rolling { said } else { after_dash(said) };
                if said.len() < line.trim_start().len() {
                    turns.cut();
                }
                turns.piece(None, times, said, piece);
            }
        }
        if !rolling {
            turns.cut();
        }
    }
    turns.speak(book);
    Format::YouTube
}

/// What follows the dash at the start of a line; a minus sign stays.
fn after_dash(line: &str) -> &str {
    line.strip_prefix('-').filter(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit())).unwrap_or(line)
}
