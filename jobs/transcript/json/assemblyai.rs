//! AssemblyAI: `utterances[]` with a letter per speaker, in milliseconds; without speakers, the words.

use super::{JsonSource, book::Book, tree::Json, turns::Turns};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource {
    name: "assemblyai",
    knows,
    read,
    repeats: &["words", "text", "utterances", "sentences", "paragraphs", "auto_highlights_result"],
};

/// Only AssemblyAI has these keys next to it.
const OWN: &[&str] = &[
    "audio_url",
    "acoustic_model",
    "audio_duration",
    "speech_model",
    "speech_models",
    "language_model",
    "punctuate",
    "format_text",
    "webhook_status_code",
];

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let own = OWN.iter().any(|key| json.has(&[key]));
    let utterances = json.get("utterances");
    // Others have the same keys in seconds, with fractions; milliseconds have none.
    let whole = |item: &Json<'_>| item.get("start").number().is_some_and(|start| start.fract() == 0.0);
    let in_millis = utterances.items().iter().take(50).all(whole) && !json.has(&["full_transcript"]);
    let spoken = utterances.each_has(&["speaker", "text", "start"]) && (own || in_millis);
    let parts = own && PARTS.iter().any(|key| json.get(key).each_has(&["text", "start", "end"]));
    let worded = own && json.has(&["text", "words"]);
    (spoken || parts || worded).then_some("utterances with speakers, or words beside audio_url")
}

/// What its other responses contain, in the order of lookup.
const PARTS: &[&str] = &["utterances", "sentences", "paragraphs"];

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let utterances = PARTS.iter().map(|key| json.get(key).items()).find(|items| !items.is_empty()).unwrap_or_default();
    for utterance in utterances {
        let label = book.label(utterance.get("speaker"));
        let (start, end) = (utterance.get("start").millis(), utterance.get("end").millis());
        if utterance.get("text").text().is_none() {
            book.warn(utterance, "an utterance without text");
        }
        book.say(label.as_deref(), start, end, utterance.get("text"));
    }
    if utterances.is_empty() {
        let mut turns = Turns::default();
        for word in json.get("words").items() {
            let label = book.label(word.get("speaker"));
            turns.word(book, label.as_deref(), word.get("start").millis(), word.get("end").millis(), word.get("text"));
        }
        if json.get("words").items().is_empty() {
            turns.whole(book, None, None, None, json.get("text"));
        }
        turns.speak(book);
    }
    Format::AssemblyAi
}
