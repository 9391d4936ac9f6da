//! Google Speech-to-Text: `results[].alternatives[]`. If speakers were requested, the last result of version 1 repeats
//! every word with its `speakerTag`; then it alone is read. Durations are `"0.5s"` or seconds and nanoseconds, keys in
//! camel case or with underscores.

use super::{JsonSource, book::Book, tree::Json, turns::Turns};
use crate::format::Format;

pub(super) const SOURCE: JsonSource =
    JsonSource { name: "google_speech", knows, read, repeats: &["words", "transcript"] };

const TAG: &[&str] = &["speakerTag", "speaker_tag", "speakerLabel", "speaker_label"];
const START: &[&str] = &["startTime", "start_time", "startOffset", "start_offset"];
const END: &[&str] = &["endTime", "end_time", "endOffset", "end_offset"];
const CHANNEL: &[&str] = &["channelTag", "channel_tag"];

fn knows(json: &Json<'_>) -> Option<&'static str> {
    // Watson has results as well, next to its speakers.
    if json.has(&["speaker_labels"]) || json.has(&["result_index"]) {
        return None;
    }
    let results = json.get("results");
    let alternative = |result: &Json<'_>| {
        let alternative = result.get("alternatives").first();
        let watson = alternative.get("timestamps").first().is_list();
        !watson && alternative.has(&["transcript"]) || alternative.get("words").each_has(&["word"])
    };
    results.items().iter().take(20).any(alternative).then_some("results with alternatives and their transcripts")
}

fn words<'j>(result: &'j Json<'j>) -> &'j [Json<'j>] {
    result.get("alternatives").first().get("words").items()
}

fn tag<'j>(word: &'j Json<'j>) -> Option<&'j Json<'j>> {
    Some(word.any(TAG)).filter(|tag| tag.is_there() && tag.number() != Some(0.0))
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let results = json.get("results").items();
    for result in results {
        for other in result.get("alternatives").items().iter().skip(1) {
            book.set_aside(other, "another hearing of the same words");
        }
    }
    let channels =
        results.iter().filter_map(|result| result.any(CHANNEL).millis()).collect::<std::collections::HashSet<_>>();
    let mut turns = Turns::default();
    for result in spoken(results) {
        let words = words(result);
        let channel = result.any(CHANNEL);
        let channel = if channels.len() > 1 { book.channel(channel) } else { None };
        if words.iter().any(|word| tag(word).is_some()) {
            for word in words {
                let label = tag(word).and_then(|tag| book.label(tag));
                let (start, end) = (word.any(START).seconds(), word.any(END).seconds());
                turns.word(book, label.as_deref(), start, end, word.get("word"));
            }
        } else {
            // The full text is a better guide than the words to spaces and punctuation.
            turns.cut();
            let transcript = result.get("alternatives").first().get("transcript");
            let start = words.first().and_then(|word| word.any(START).seconds());
            let ended = words.last().and_then(|word| word.any(END).seconds());
            let end = ended.or_else(|| result.any(&["resultEndTime", "result_end_time", "resultEndOffset"]).seconds());
            if transcript.filled() {
                turns.whole(book, channel.as_deref(), start, end, transcript);
            } else {
                for word in words {
                    let (start, end) = (word.any(START).seconds(), word.any(END).seconds());
                    turns.word(book, channel.as_deref(), start, end, word.get("word"));
                }
            }
        }
    }
    turns.speak(book);
    Format::Google
}

/// The results to read: all, or only the last if it repeats the words of all.
fn spoken<'j>(results: &'j [Json<'j>]) -> &'j [Json<'j>] {
    let Some((last, before)) = results.split_last() else { return results };
    let tagged = words(last).iter().any(|word| tag(word).is_some());
    let untagged_before = before.iter().all(|result| words(result).iter().all(|word| tag(word).is_none()));
    let spoken = |result: &Json<'_>| result.get("alternatives").first().get("transcript").text().map_or(0, said);
    let heard: usize = before.iter().map(|result| words(result).len().max(spoken(result))).sum();
    let repeats = tagged && words(last).len() >= heard && (untagged_before || same_beginning(before, last));
    if repeats { std::slice::from_ref(last) } else { results }
}

fn said(text: &str) -> usize {
    text.split_whitespace().count()
}

/// Whether the last result begins with the words of the first one, if the first has enough of them.
fn same_beginning(before: &[Json<'_>], last: &Json<'_>) -> bool {
    let heard = before.iter().flat_map(|result| words(result)).map(|word| word.get("word").text());
    let again = words(last).iter().map(|word| word.get("word").text());
    !before.is_empty() && heard.zip(again).take(50).all(|(one, other)| one == other)
}
