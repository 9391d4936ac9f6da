//! Azure Speech: `recognizedPhrases[]` of a batch, in ticks of 100 ns, or `phrases[]` of a fast transcription, in
//! milliseconds. Without speaker diarization, multiple channels are the speakers.

use std::collections::HashSet;

use super::{JsonSource, book::Book, tree::Json};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource {
    name: "azure_speech",
    knows,
    read,
    repeats: &[
        "lexical",
        "itn",
        "maskedITN",
        "display",
        "words",
        "displayWords",
        "combinedRecognizedPhrases",
        "combinedPhrases",
    ],
};

fn knows(json: &Json<'_>) -> Option<&'static str> {
    if json.get("recognizedPhrases").each_has(&["nBest"]) {
        return Some("recognizedPhrases with nBest");
    }
    json.get("phrases").each_has(&["offsetMilliseconds", "text"]).then_some("phrases with offsetMilliseconds")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let phrases = json.any(&["recognizedPhrases", "phrases"]).items();
    let channels: HashSet<Option<i64>> = phrases.iter().map(|phrase| phrase.get("channel").millis()).collect();
    let mut order: Vec<_> = phrases.iter().map(|phrase| (times(phrase).0, phrase)).collect();
    // A file of two channels lists one after the other.
    if channels.len() > 1 && order.iter().all(|(start, _)| start.is_some()) {
        order.sort_by_key(|(start, _)| *start);
    }
    for (_, phrase) in order {
        for other in phrase.get("nBest").items().iter().skip(1) {
            book.set_aside(other, "another hearing of the same words");
        }
        let best = phrase.get("nBest").first();
        let text =
            [best.get("display"), phrase.get("text"), best.get("lexical")].into_iter().find(|text| text.filled());
        let Some(text) = text else { continue };
        let mut label = book.label(phrase.get("speaker"));
        if label.is_none() && channels.len() > 1 {
            label = book.channel(phrase.get("channel"));
        }
        let (start, end) = times(phrase);
        book.say(label.as_deref(), start, end, text);
    }
    Format::Azure
}

fn times(phrase: &Json<'_>) -> (Option<i64>, Option<i64>) {
    let ticks = phrase.get("offsetInTicks").ticks();
    let start = ticks.or_else(|| phrase.get("offsetMilliseconds").millis()).or_else(|| phrase.get("offset").seconds());
    let ticks = phrase.get("durationInTicks").ticks();
    let long =
        ticks.or_else(|| phrase.get("durationMilliseconds").millis()).or_else(|| phrase.get("duration").seconds());
    (start, start.zip(long).map(|(start, long)| start + long))
}
