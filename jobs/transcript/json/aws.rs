//! Amazon Transcribe: `results.items[]`, words and punctuation. Newer files have the speaker on each word; in older
//! ones it's looked up by time in `speaker_labels`, or in `channel_labels`.

use std::collections::HashMap;

use super::{JsonSource, book::Book, tree::Json, turns::Turns};
use crate::format::Format;

pub(super) const SOURCE: JsonSource = JsonSource {
    name: "aws_transcribe",
    knows,
    read,
    repeats: &["transcripts", "audio_segments", "channel_labels", "segments"],
};

fn knows(json: &Json<'_>) -> Option<&'static str> {
    let results = json.get("results");
    let items = results.get("items");
    let worded = items.each_has(&["alternatives", "type"]);
    // A recording in which nobody speaks.
    let silent = items.is_list() && items.items().is_empty() && results.has(&["transcripts"]);
    (worded || silent).then_some("results.items with alternatives and types")
}

fn read(json: &Json<'_>, book: &mut Book<'_>) -> Format {
    let results = json.get("results");
    let items = results.get("items").items();
    let speakers = Speakers::of(results, book);
    let mut channels: Vec<(Option<String>, Vec<&Json<'_>>)> = Vec::new();
    let (mut numbers, mut last) = (HashMap::new(), None);
    for item in items {
        let channel = speakers.channel(item, book);
        // Punctuation has no times; it belongs to the channel of the previous word, unless it names one itself.
        let punctuation = item.get("type").text() == Some("punctuation");
        let at = match last {
            Some(last) if punctuation && channel.is_none() => last,
            _ => *numbers.entry(channel.clone()).or_insert_with(|| {
                channels.push((channel, Vec::new()));
                channels.len() - 1
            }),
        };
        channels[at].1.push(item);
        last = Some(at);
    }
    let mut turns = Turns::default();
    for (channel, items) in &channels {
        channel_turns(items, channel.as_deref(), &speakers, &mut turns, book);
    }
    // Within one channel the order of the file is the order of speech.
    if channels.len() > 1 {
        turns.by_time();
    }
    turns.speak(book);
    Format::Aws
}

fn channel_turns<'j>(
    items: &[&'j Json<'j>],
    channel: Option<&str>,
    speakers: &Speakers,
    turns: &mut Turns<'j>,
    book: &mut Book<'_>,
) {
    for item in items {
        let content = item.get("alternatives").first().get("content");
        if content.text().is_none() {
            book.warn(item, "an item without words");
            continue;
        }
        if item.get("type").text() == Some("punctuation") {
            let label = book.label(item.get("speaker_label")).or_else(|| channel.map(str::to_owned));
            turns.mark(book, label.as_deref(), content);
        } else {
            let label = speakers.label(item, book).or_else(|| channel.map(str::to_owned));
            let (start, end) = (item.get("start_time").seconds(), item.get("end_time").seconds());
            turns.word(book, label.as_deref(), start, end, content);
        }
    }
    turns.cut();
}

/// Who speaks when, as given in older files.
struct Speakers {
    /// By start and end of a word.
    words: HashMap<(i64, i64), String>,
    /// Start, end and speaker of segments, in order.
    segments: Vec<(i64, i64, String)>,
    /// By start and end and the word itself: two channels may speak at the same time.
    channels: HashMap<(i64, i64, String), String>,
}

fn times(item: &Json<'_>) -> Option<(i64, i64)> {
    Some((item.get("start_time").seconds()?, item.get("end_time").seconds()?))
}

fn content<'j>(item: &'j Json<'j>) -> &'j str {
    item.get("alternatives").first().get("content").text().unwrap_or("")
}

impl Speakers {
    fn of(results: &Json<'_>, book: &mut Book<'_>) -> Self {
        let mut speakers = Self { words: HashMap::new(), segments: Vec::new(), channels: HashMap::new() };
        for segment in results.get("speaker_labels").get("segments").items() {
            let label = book.label(segment.get("speaker_label"));
            for item in segment.get("items").items() {
                let label = book.label(item.get("speaker_label")).or_else(|| label.clone());
                if let (Some(times), Some(label)) = (times(item), label) {
                    speakers.words.insert(times, label);
                }
            }
            if let (Some((start, end)), Some(label)) = (times(segment), label) {
                speakers.segments.push((start, end, label));
            }
        }
        speakers.segments.sort();
        for channel in results.get("channel_labels").get("channels").items() {
            let Some(label) = book.channel(channel.get("channel_label")) else { continue };
            for item in channel.get("items").items() {
                if let Some((start, end)) = times(item) {
                    speakers.channels.insert((start, end, content(item).to_owned()), label.clone());
                }
            }
        }
        speakers
    }

    fn label(&self, item: &Json<'_>, book: &mut Book<'_>) -> Option<String> {
        if let Some(label) = book.label(item.get("speaker_label")) {
            return Some(label);
        }
        let (start, end) = times(item)?;
        if let Some(label) = self.words.get(&(start, end)) {
            return Some(label.clone());
        }
        let after = self.segments.partition_point(|(from, ..)| *from <= start);
        let (_, to, label) = self.segments.get(after.checked_sub(1)?)?;
        (end <= *to).then(|| label.clone())
    }

    fn channel(&self, item: &Json<'_>, book: &mut Book<'_>) -> Option<String> {
        book.channel(item.get("channel_label")).or_else(|| {
            let (start, end) = times(item)?;
            self.channels.get(&(start, end, content(item).to_owned())).cloned()
        })
    }
}
