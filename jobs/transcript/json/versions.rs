//! Entries that are versions of an utterance: messages of live captions, whose text grows, and interim results. Only
//! the last version of each is kept.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{
    book::Book,
    entry::Entry,
    generic::{INTERIM_RESULT, retain},
    people::id,
    tree::Json,
};
use crate::live::{self, Doubts, Evidence, GROWS, HEARD_OTHERWISE, SAMPLE, Version};

/// Keys that identify the message.
#[rustfmt::skip]
const MESSAGE: &[&str] = &[
    "message_id", "messageId", "msg_id", "msgId", "utterance_id", "utteranceId", "caption_id", "captionId", "segment_id",
    "segmentId", "result_id", "resultId", "ResultId", "turn_id", "turnId", "turn_order", "block_id", "blockId", "id", "uuid", "uid",
];
/// How many of the following final results may contain the words of an interim one.
const FINALS: usize = 3;
/// With fewer words, it doesn't matter whether a final result contains them.
const FEW_WORDS: usize = 3;

type Times = (Option<i64>, Option<i64>);

/// Keeps the last version of each utterance; `entries`, `labels` and `times` are parallel.
pub(super) fn keep_last(
    entries: &mut Vec<Entry<'_>>,
    labels: &mut Vec<Option<String>>,
    times: &mut Vec<Times>,
    book: &mut Book<'_>,
) {
    let mut keep = vec![true; entries.len()];
    let unreplaced = set_interims_aside(entries, labels, times, &mut keep, book);
    retain(entries, labels, times, &keep);
    let mut doubts = Doubts::default();
    let messages = messages(entries);
    let versions: Vec<Version<'_>> = (0..entries.len())
        .map(|at| Version {
            who: Cow::Borrowed(labels[at].as_deref().unwrap_or("")),
            text: Cow::Borrowed(entries[at].text.text().unwrap_or("")),
            start_ms: times[at].0,
            end_ms: times[at].1,
            message: Cow::Borrowed(messages.get(at).and_then(Option::as_deref).unwrap_or("")),
        })
        .collect();
    let evidence = live::evidence(&versions[..versions.len().min(SAMPLE)]);
    let evidence = if unreplaced { Evidence::File } else { evidence };
    let mut keep = vec![true; entries.len()];
    for chain in live::chains(&versions, evidence, true) {
        let members = || chain.earlier.iter().map(|(at, _)| *at).chain([chain.last]);
        let start = members().find_map(|at| times[at].0);
        let label = labels[chain.last].clone().or_else(|| members().find_map(|at| labels[at].clone()));
        let end = members().filter_map(|at| times[at].1).max();
        for (at, begins) in &chain.earlier {
            let text = entries[*at].text;
            doubts.note(book.line(text), text.text().unwrap_or(""), *begins, evidence);
            book.set_aside(text, if *begins { GROWS } else { HEARD_OTHERWISE });
            keep[*at] = false;
        }
        times[chain.last] = (start, end);
        labels[chain.last] = label;
    }
    doubts.warn(&mut book.draft);
    retain(entries, labels, times, &keep);
}

/// Sets interim results aside if a final one contains their words; returns whether others are left, whose last versions
/// are then all that the file has of these words.
fn set_interims_aside(
    entries: &[Entry<'_>],
    labels: &[Option<String>],
    times: &mut [Times],
    keep: &mut [bool],
    book: &mut Book<'_>,
) -> bool {
    let mut finals: HashMap<Option<&str>, Vec<(usize, HashSet<String>)>> = HashMap::new();
    let mut left = None;
    for (at, entry) in entries.iter().enumerate().rev() {
        let words: Vec<String> = said(entry.text).collect();
        let of_speaker = finals.entry(labels[at].as_deref()).or_default();
        if !entry.interim {
            of_speaker.push((at, words.into_iter().collect()));
            continue;
        }
        let next = of_speaker.len().saturating_sub(FINALS);
        let known = |word: &&String| of_speaker[next..].iter().any(|(_, said)| said.contains(*word));
        let few = words.len() < FEW_WORDS && !of_speaker.is_empty();
        if few || (!words.is_empty() && words.iter().filter(known).count() * 2 >= words.len()) {
            keep[at] = false;
            // The final result comes once everything has been said; its words began with the first of the interim ones.
            if let Some((next, _)) = of_speaker.last()
                && times[at].0.is_some_and(|start| times[*next].0.is_some_and(|end| start < end))
            {
                times[*next].0 = times[at].0;
            }
        } else {
            left = Some(entry.text);
        }
    }
    for (entry, _) in entries.iter().zip(&*keep).filter(|(_, keep)| !**keep) {
        book.set_aside(entry.text, INTERIM_RESULT);
    }
    if let Some(first) = left {
        book.warn(first, "an interim result that no final one replaces; its last version is read, here and below");
    }
    left.is_some()
}

/// The words of a text, in lower case.
fn said<'j>(text: &'j Json<'_>) -> impl Iterator<Item = String> + 'j {
    let words = text.text().unwrap_or("").split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// For each entry, the message that it's a version of, if messages recur; otherwise none.
fn messages(entries: &[Entry<'_>]) -> Vec<Option<String>> {
    for key in MESSAGE {
        let ids: Vec<Option<String>> = entries.iter().map(|entry| id(entry.json.get(key))).collect();
        let filled = ids.iter().flatten().count();
        let distinct = ids.iter().flatten().collect::<HashSet<_>>().len();
        // Every entry has one, and several share one.
        if filled * 10 >= entries.len() * 9 && distinct >= 2 && distinct < filled {
            return ids;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::parse;

    const TALK: [(&str, &[&str], &str); 4] = [
        ("Dana", &["welcome back", "welcome back how has the weak"], "Welcome back, how has the week been?"),
        ("Tom", &["it was long", "it was long but I did"], "It was long, but I did talk to Ines."),
        ("Dana", &["and what", "and what did she say"], "And what did she say?"),
        ("Tom", &["I will write", "I will write to her"], "I will write to her on Monday."),
    ];

    /// Reads the talk with one entry per version; versions for which `entry` returns `None` are left out.
    fn read(entry: impl Fn(usize, &str, &str, bool, usize) -> Option<Value>) -> (Vec<String>, Vec<String>) {
        let mut lines = Vec::new();
        for (turn, (name, earlier, last)) in TALK.iter().enumerate() {
            for (at, text) in earlier.iter().chain([last]).enumerate() {
                let begin = turn * 10 + at;
                lines.extend(entry(turn, name, text, at == earlier.len(), begin).map(|entry| entry.to_string()));
            }
        }
        let read = parse(lines.join("\n").as_bytes()).expect("captions");
        assert!(read.account.balances(), "{:?}", read.account);
        let said = read.utterances.iter().map(|said| {
            format!("{}|{}|{}", said.start_ms.unwrap_or(-1), said.label.as_deref().unwrap_or(""), said.text)
        });
        (said.collect(), read.warnings.into_iter().map(|warning| warning.message).collect())
    }

    fn wanted() -> Vec<String> {
        TALK.iter().enumerate().map(|(turn, (name, _, last))| format!("{}|{name}|{last}", turn * 10_000)).collect()
    }

    #[test]
    fn the_last_version_of_a_message_is_read() {
        let (said, warnings) = read(|turn, name, text, _, at| {
            Some(json!({"message_id": format!("m{turn}"), "speaker": name, "text": text, "start": at, "end": at + 1}))
        });
        assert_eq!(said, wanted());
        assert!(warnings.iter().any(|warning| warning.contains("“welcome back how has the weak”")), "{warnings:?}");
        let (said, _) =
            read(|_, name, text, _, at| Some(json!({"speaker": name, "caption": text, "start": at, "end": at + 1})));
        assert_eq!(said, wanted());
    }

    #[test]
    fn an_interim_result_that_nothing_replaces_is_read() {
        let entry = |name: &str, text: &str, last: bool, at: usize| json!({"speaker": name, "text": text, "is_final": last, "start": at, "end": at + 1});
        let (said, warnings) =
            read(|turn, name, text, last, at| (turn < 3 || !last).then(|| entry(name, text, last, at)));
        assert_eq!(said.len(), 4);
        assert_eq!(said[3], "30000|Tom|I will write to her");
        assert!(warnings.iter().any(|warning| warning.contains("no final one replaces")), "{warnings:?}");
    }
}
