//! The features of a sentence: its words, how small words follow each other, how it begins, and what it answers.
//!
//! Small words ("I", "will", "usually") are kept as they are. In patterns, all others count by their ending alone:
//! what kind of sentence it is doesn't depend on what it's about.

use std::{collections::HashSet, sync::LazyLock};

use debrief_learn::feature;

use crate::text;

use super::{super::contractions, Spoken};

const SOUNDS: [&str; 9] = ["um", "uh", "er", "erm", "hmm", "mm", "ah", "oh", "mhm"];

/// The words that patterns keep.
const SMALL: &str = "i me my mine myself we us our you your yourself he him his she her they them their it its this that these \
    those who what which when where why how if then so and but or because though although unless until while after before since \
    than as of in on at by for with about into from to up out off over down back again not no never n't don't didn't doesn't won't \
    wouldn't can't couldn't shouldn't isn't wasn't aren't haven't hasn't hadn't do does did done have has had having be am is are \
    was were been being will would shall should can could may might must gonna going gotta got get gets getting let let's i'm i've \
    i'd i'll we're we've we'd we'll you're you've you'd you'll he's he'd he'll she's she'd she'll they're they've they'd they'll \
    it's it'd it'll that's that'll there's there what's who's a an the some any every each all both few more most other another such \
    only own same too very just really still already yet also even ever always usually often sometimes maybe perhaps probably \
    actually finally now today tomorrow tonight yesterday monday tuesday wednesday thursday friday saturday sunday week month day \
    night morning yes yeah yep okay ok sure well right like know think guess mean see say said says told tell tells ask asked want \
    wants wanted try trying tried hope hoping need needs used keep keeps kept stop stopped start started thing things something \
    anything nothing everything somebody anybody nobody everybody one two first last next time times good great bad hard difficult \
    worried afraid scared realise realised realize realized notice noticed promise could've would've should've might've";

/// Patterns of so many words.
const PATTERNS: std::ops::RangeInclusive<usize> = 2..=4;
/// How many words of what was said before count, from its end and from its beginning.
const BEFORE_END: usize = 12;
const BEFORE_START: usize = 4;
/// More words than these aren't looked at.
const MOST: usize = 60;

/// The features of a sentence, each once.
pub(super) fn features(spoken: Spoken<'_>) -> Vec<u64> {
    let words = words(spoken.text);
    let shapes: Vec<String> = words.iter().map(|word| shape(word)).collect();
    let mut found = vec![
        feature(("speaker", spoken.by_coach)),
        feature(("length", (words.len() / 3).min(8))),
        feature(("asks", text::asks(spoken.text), spoken.text.contains('!'))),
    ];
    found.extend(words.iter().map(|word| feature(("word", word))));
    found.extend(words.iter().take(4).map(|word| feature(("begins", word))));
    found.extend(bounded(&words).windows(2).map(|pair| feature(("pair", pair))));
    let bounded_shapes = bounded(&shapes);
    for length in PATTERNS {
        found.extend(bounded_shapes.windows(length).map(|run| feature(("pattern", run))));
    }
    before(spoken.before, words.first().map_or("", String::as_str), &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn before(before: &str, first: &str, found: &mut Vec<u64>) {
    if before.is_empty() {
        found.push(feature("goes on"));
        return;
    }
    let asked = before.contains('?');
    let shapes: Vec<String> = words(before).iter().map(|word| shape(word)).collect();
    let shapes = bounded(&shapes);
    let pair = |name: &'static str| move |pair: &[&str]| feature((name, pair));
    found.push(feature(("asked", asked)));
    found.push(feature(("answers", asked, first)));
    found.extend(shapes[shapes.len().saturating_sub(BEFORE_END)..].windows(2).map(pair("before")));
    found.extend(shapes[..shapes.len().min(BEFORE_START)].windows(2).map(pair("before begins")));
}

/// With a mark at each end.
fn bounded(words: &[String]) -> Vec<&str> {
    std::iter::once("^").chain(words.iter().map(String::as_str)).chain(std::iter::once("$")).collect()
}

/// The words in lower case, without sounds and stutters; numbers are all alike.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace(text::is_apostrophe, "'");
    let lower = contractions::restored(&lower);
    let mut words: Vec<String> = Vec::new();
    for word in lower.split(|c: char| !c.is_alphanumeric() && c != '\'') {
        let word = word.trim_matches('\'');
        let word = if word.starts_with(|c: char| c.is_ascii_digit()) { "#" } else { word };
        let repeats = words.last().is_some_and(|last| last == word);
        if !word.is_empty() && !SOUNDS.contains(&word) && !repeats {
            words.push(word.to_owned());
        }
    }
    words.truncate(MOST);
    words
}

/// A small word as it is, another by its ending.
pub(in crate::summarize) fn shape(word: &str) -> String {
    static KEPT: LazyLock<HashSet<&str>> = LazyLock::new(|| SMALL.split_whitespace().collect());
    if word == "#" || KEPT.contains(word) {
        return word.to_owned();
    }
    let ending = ["ing", "ed", "ly", "s"].into_iter().find(|end| word.ends_with(end) && word.len() > end.len() + 2);
    format!("*{}", ending.unwrap_or_default())
}
