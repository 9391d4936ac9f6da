//! Deepgram: `results.utterances[]` if they were requested, otherwise the words of each channel.

use super::{JsonSource, book::Book, tree::Json, turns::Turns};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource {
    name: "deepgram",
    knows,
    read,
    repeats: &["words", "word", "punctuated_word", "transcript", "paragraphs", "channels", "search"],
};

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let results = json.get("results");
    let channels = results.get("channels").each_has(&["alternatives"]);
    let utterances = results.get("utterances").each_has(&["transcript", "start"]);
    (channels || utterances).then_some("results with channels or utterances")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    book.day(json.get("metadata").get("created"));
    let results = json.get("results");
    let channels = results.get("channels").items();
    let utterances = results.get("utterances").items();
    if utterances.is_empty() {
        by_words(channels, book);
        return Format::Deepgram;
    }
    let several = channels.len() > 1 || utterances.iter().any(|utterance| utterance.get("channel").millis() > Some(0));
    for utterance in utterances {
        let mut label = book.label(utterance.get("speaker"));
        if several {
            // Speakers are counted from zero in every channel.
            label = both(book.channel(utterance.get("channel")), label);
        }
        let text = utterance.get("transcript");
        if text.text().is_none() {
            book.warn(utterance, "an utterance without text");
        }
        book.say(label.as_deref(), utterance.get("start").seconds(), utterance.get("end").seconds(), text);
    }
    Format::Deepgram
}

fn by_words(channels: &[Json<'_>], book: &mut Book<'_>) {
    let mut turns = Turns::default();
    for (number, channel) in channels.iter().enumerate() {
        for other in channel.get("alternatives").items().iter().skip(1) {
            book.set_aside(other, "another hearing of the same words");
        }
        let best = channel.get("alternatives").first();
        let channel = (channels.len() > 1).then(|| format!("Channel {number}"));
        let words = best.get("words").items();
        if words.is_empty() && best.get("transcript").filled() {
            turns.whole(book, channel.as_deref(), None, None, best.get("transcript"));
        }
        for word in words {
            let label = both(channel.clone(), book.label(word.get("speaker")));
            let text = [word.get("punctuated_word"), word.get("word")].into_iter().find(|text| text.filled());
            match text {
                Some(text) => {
                    let (start, end) = (word.get("start").seconds(), word.get("end").seconds());
                    turns.word(book, label.as_deref(), start, end, text);
                }
                None => book.warn(word, "a word without text"),
            }
        }
        turns.cut();
    }
    if channels.len() > 1 {
        turns.by_time();
    }
    turns.speak(book);
}

/// Combines a channel and a speaker in it in one label.
fn both(channel: Option<String>, speaker: Option<String>) -> Option<String> {
    match (channel, speaker) {
        (Some(channel), Some(speaker)) => Some(format!("{channel} {}", speaker.to_lowercase())),
        (channel, speaker) => speaker.or(channel),
    }
}
