//! Whisper and compatible tools: `segments[]` in seconds (Whisper, `WhisperX`, the API), `transcription[]` with offsets
//! in milliseconds (whisper.cpp), `chunks[]` with a pair of times (Transformers).

use std::collections::HashSet;

use super::{JsonSource, book::Book, tree::Json, turns::Turns, whisper_silence};
use crate::{account::words, format::Format};

pub(super) const SOURCE: JsonSource = JsonSource {
    name: "whisper",
    knows,
    read,
    repeats: &["text", "words", "word_segments", "tokens", "word", "chunks", "segments"],
};

fn knows(json: &Json<'_>) -> Option<&'static str> {
    if json.get("transcription").each_has(&["offsets", "text"]) {
        return Some("transcription with offsets");
    }
    let segments = segments(json);
    // insanely-fast-whisper writes a list with speakers and one without.
    if segments.items().iter().take(20).any(|segment| segment.get("timestamp").is_list() && segment.has(&["text"])) {
        return Some("chunks with timestamps");
    }
    (segments.each_has(&["start", "end", "text"]) && is_own(json, segments))
        .then_some("segments with start, end and text, as Whisper writes them")
}

/// Whether lists next to the segments say who speaks when, as written by people who run their own diarization.
fn is_told_apart_beside(json: &Json<'_>) -> bool {
    let beside = ["diarization", "speakers", "speaker_segments", "speaker_turns", "turns", "speaker_labels"];
    beside.iter().any(|key| {
        let spans = json.get(key);
        spans.each_has(&["speaker", "start"]) && !spans.each_has(&["text"])
    })
}

/// Anyone may have segments with a start, an end and a text, in any unit: Whisper's have more.
fn is_own(json: &Json<'_>, segments: &Json<'_>) -> bool {
    if is_told_apart_beside(json) && !segments.each_has(&["speaker"]) {
        return false;
    }
    let beside = ["text", "language", "task", "word_segments", "language_probability", "usage"];
    let within = ["seek", "tokens", "avg_logprob", "no_speech_prob", "compression_ratio", "temperature"];
    let scored = |segment: &Json<'_>| {
        let words = segment.get("words");
        words.each_has(&["word", "score"]) || words.each_has(&["word", "probability"])
    };
    let named = |segment: &Json<'_>| {
        segment.get("speaker").text().is_some_and(|speaker| speaker.starts_with("SPEAKER_"))
            || segment.get("type").text() == Some("transcript.text.segment")
    };
    beside.iter().any(|key| json.has(&[key]))
        || within.iter().any(|key| segments.each_has(&[key]))
        || segments.items().iter().take(20).any(|segment| scored(segment) || named(segment))
}

fn segments<'j>(json: &'j Json<'j>) -> &'j Json<'j> {
    if json.is_list() {
        return json;
    }
    let candidates = ["segments", "transcription", "speakers", "chunks"].map(|key| json.get(key));
    let of_objects = candidates.into_iter().find(|list| list.first().has(&["text"]));
    of_objects.unwrap_or_else(|| json.get("segments"))
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let segments = segments(json).items();
    let mut turns = Turns::default();
    let mut differ = None;
    for segment in segments {
        let text = segment.get("text");
        let label = book.label(segment.get("speaker"));
        let words = segment.get("words").items();
        let kind = segment.get("type").text().and_then(|kind| kind.strip_prefix("transcript.text."));
        if kind.is_some_and(|kind| kind != "segment") {
            // During streaming, parts come first, and the whole last.
            book.set_aside(segment, "the same words again, in another shape");
            continue;
        }
        if text.text().is_none() {
            book.warn(segment, "a segment without text");
        } else if !book.is_sound(text) {
            let speakers = speakers(words);
            let other = label.as_deref().is_some_and(|own| !speakers.is_empty() && !speakers.contains(own));
            if other {
                differ.get_or_insert(segment);
            }
            if (speakers.len() > 1 || !speakers.is_empty() && (label.is_none() || other)) && whole(words, text) {
                by_words(words, &mut turns, book);
            } else {
                let (start, end) = times(segment);
                turns.whole(book, label.as_deref(), start, end, text);
            }
        }
    }
    if let Some(segment) = differ {
        let message = "a segment names one speaker and its words another, here and maybe below; the words are followed";
        book.warn(segment, message);
    }
    turns.speak(book);
    whisper_silence::warn(segments, book);
    Format::Whisper
}

fn times(segment: &Json<'_>) -> (Option<i64>, Option<i64>) {
    let (offsets, pair) = (segment.get("offsets"), segment.get("timestamp").items());
    if offsets.is_there() {
        return (offsets.get("from").millis(), offsets.get("to").millis());
    }
    if let [start, end] = pair {
        return (start.seconds(), end.seconds());
    }
    (segment.get("start").seconds(), segment.get("end").seconds())
}

/// The speakers given by the words.
fn speakers<'j>(words: &'j [Json<'j>]) -> HashSet<&'j str> {
    words.iter().filter_map(|word| word.get("speaker").text()).collect()
}

/// Whether the words cover the whole text.
fn whole(all: &[Json<'_>], text: &Json<'_>) -> bool {
    all.iter().map(|word| words(word.get("word").text().unwrap_or(""))).sum::<usize>()
        == words(text.text().unwrap_or(""))
}

/// A segment of several speakers. A word that wasn't aligned (often a number) has neither times nor a speaker: between
/// two words of one speaker it's theirs, between two speakers it's nobody's.
fn by_words<'j>(words: &'j [Json<'j>], turns: &mut Turns<'j>, book: &mut Book<'_>) {
    let own: Vec<Option<String>> = words.iter().map(|word| book.label(word.get("speaker"))).collect();
    let mut next: Vec<Option<&str>> = vec![None; own.len()];
    let mut following = None;
    for (at, label) in own.iter().enumerate().rev() {
        next[at] = following;
        following = label.as_deref().or(following);
    }
    let mut last = None;
    for (at, word) in words.iter().enumerate() {
        let around = if last.is_none() || next[at].is_none() {
            last.or(next[at])
        } else {
            last.filter(|last| next[at] == Some(*last))
        };
        let label = own[at].as_deref().or(around);
        last = own[at].as_deref().or(last);
        turns.word(book, label, word.get("start").seconds(), word.get("end").seconds(), word.get("word"));
    }
    turns.cut();
}
