//! ElevenLabs Scribe: `words[]` of words, the spaces between them and sounds, with `speaker_id`, in seconds; with
//! several channels, one transcript each, and as segments a list of them with their words.

use super::{
    JsonSource,
    book::{Book, SOUND},
    tree::Json,
    turns::{Spaces, Turns},
};
use crate::format::Format;

pub(super) const SOURCE: JsonSource =
    JsonSource { name: "elevenlabs", knows, read, repeats: &["text", "content", "additional_formats", "characters"] };

fn parts<'j>(json: &'j Json<'j>) -> &'j [Json<'j>] {
    let several = json.any(&["transcripts", "segments"]).items();
    if json.get("words").is_list() || several.is_empty() { std::slice::from_ref(json) } else { several }
}

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let typed = |word: &Json<'_>| {
        matches!(word.get("type").text(), Some("word" | "spacing" | "audio_event")) && word.has(&["text"])
    };
    let own = |part: &Json<'_>| part.get("words").items().iter().take(20).any(typed);
    parts(json).iter().take(20).any(own).then_some("words with the types word and spacing")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let parts = parts(json);
    let channels = parts.len() > 1 && parts.iter().any(|part| part.has(&["channel_index"]));
    let mut turns = Turns::default();
    for part in parts {
        let words = part.get("words").items();
        // Spaces are separate entries; if there are none, words are separated as usual.
        let spaced = words.iter().any(|word| word.get("type").text() == Some("spacing"));
        turns.spaces = if spaced { Spaces::Pieces } else { Spaces::Between };
        for word in words {
            let (kind, text) = (word.get("type").text(), word.get("text"));
            let mut label = book.label(word.get("speaker_id"));
            if channels {
                let index = word.any(&["channel_index"]);
                label = book.channel(if index.is_there() { index } else { part.get("channel_index") });
            }
            let (start, end) = (word.get("start").seconds(), word.get("end").seconds());
            match kind {
                Some("audio_event") => {
                    book.set_aside(text, SOUND);
                    turns.space();
                }
                // It doesn't matter whose the space is.
                Some("spacing") => turns.space(),
                _ if text.text().is_none() => book.warn(word, "a word without text"),
                _ => turns.word(book, label.as_deref(), start, end, text),
            }
        }
        turns.cut();
    }
    if parts.len() > 1 {
        turns.by_time();
    }
    turns.speak(book);
    Format::ElevenLabs
}
