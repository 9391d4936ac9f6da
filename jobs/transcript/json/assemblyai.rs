//! AssemblyAI: `utterances[]` with a letter for each speaker, in milliseconds; without speakers, the words.

use super::{JsonSource, book::Book, tree::Json, turns::Turns};
use crate::transcript::Format;

pub(super) const SOURCE: JsonSource =
    JsonSource { name: "assemblyai", knows, read, repeats: &["words", "text", "utterances", "auto_highlights_result"] };

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let utterances = json.get("utterances").each_has(&["speaker", "text", "start"]);
    // Others have words with a text and a start as well; only here do these stand beside.
    let own = ["audio_url", "acoustic_model", "audio_duration", "speech_model", "language_model"];
    let worded = json.has(&["text", "words"]) && own.iter().any(|key| json.has(&[key]));
    (utterances || worded).then_some("utterances with speakers, or words beside audio_url")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let utterances = json.get("utterances").items();
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
