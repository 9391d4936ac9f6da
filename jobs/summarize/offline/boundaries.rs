//! Where sentences end in speech that was written down without punctuation.
//!
//! Learned, when first needed, from talk that has its full stops, with these taken away: the words on both sides of a
//! gap tell whether a sentence ends there. What is unsure stays together: half a sentence may say the opposite. English.

use std::{ops::Range, sync::LazyLock};

use debrief_learn::{Linear, feature};

use super::super::kinds::shape;
use crate::text;

/// Talk with punctuation.
const TALK: &str = include_str!("../../../fixtures/danger/ordinary.txt");
/// So many lines of it are one turn.
const TURN: usize = 6;
const ROUNDS: usize = 8;
/// How sure a sentence must end.
const ENDS: f32 = 0.5;
/// No sentence is shorter.
const SHORTEST: usize = 3;
/// Words that begin a clause on which the next one depends.
const CONDITIONS: [&str; 12] =
    ["if", "when", "whenever", "unless", "once", "until", "because", "although", "though", "while", "since", "before"];
/// They stand among so many of a sentence's first words.
const OPENING: usize = 3;
/// A turn with fewer words is one sentence.
const SHORT_TURN: usize = 12;

/// The sentences of a turn that has no punctuation; `None` if it has some, or is too short to be cut.
pub(super) fn boundaries(turn: &str) -> Option<Vec<Range<usize>>> {
    if turn.contains(['.', '!', '?', '…', ';', ':', ',']) {
        return None;
    }
    let words = text::words(turn);
    if words.len() < SHORT_TURN {
        return None;
    }
    let normal: Vec<&str> = words.iter().map(|word| word.normal.as_str()).collect();
    let shapes: Vec<String> = normal.iter().map(|word| shape(word)).collect();
    let (mut sentences, mut first, mut from, mut depends) = (Vec::new(), 0, 0, false);
    for at in 0..words.len() - 1 {
        let long_enough = at + 1 - first >= SHORTEST && words.len() - at > SHORTEST;
        if long_enough && ends(&normal, &shapes, at, first) >= ENDS {
            // "And that I should not worry" goes on with what was said before.
            let next = &normal[at + 1..];
            if CONDITIONS.contains(&next[0])
                || next.iter().take(OPENING).any(|word| *word == "that" || *word == "which")
            {
                continue;
            }
            // "If he asks me again | I will tell him" is one sentence.
            if !depends && normal[first..(first + OPENING).min(at)].iter().any(|word| CONDITIONS.contains(word)) {
                depends = true;
                continue;
            }
            depends = false;
            sentences.push(from..words[at].range.end);
            from = words[at + 1].range.start;
            first = at + 1;
        }
    }
    sentences.push(from..turn.len());
    Some(sentences)
}

/// How likely a sentence that begins at the word `first` ends after the word `at`.
fn ends(words: &[&str], shapes: &[String], at: usize, first: usize) -> f32 {
    static LEARNED: LazyLock<Linear<2>> = LazyLock::new(learn);
    LEARNED.shares(features(words, shapes, at, first).into_iter()).map_or(0.0, |[_, ends]| ends)
}

fn features(words: &[&str], shapes: &[String], at: usize, first: usize) -> Vec<u64> {
    let shape = |place: Option<usize>| place.and_then(|place| shapes.get(place)).map_or("^", String::as_str);
    let (before, last, next, second, third) =
        (shape(at.checked_sub(1)), shape(Some(at)), shape(Some(at + 1)), shape(Some(at + 2)), shape(Some(at + 3)));
    vec![
        feature(("last", words[at])),
        feature(("next", words.get(at + 1))),
        feature(("before", before, last)),
        feature(("after", next, second)),
        feature(("after", next, second, third)),
        feature(("gap", last, next)),
        feature(("gap", last, next, second)),
        feature(("gap before", before, last, next)),
        feature(("length", ((at - first) / 3).min(8))),
        feature(("left", (words.len().saturating_sub(at + 2) / 2).min(3))),
    ]
}

fn learn() -> Linear<2> {
    let lines: Vec<&str> = TALK.lines().filter(|line| !line.is_empty()).collect();
    let mut examples = Vec::new();
    for turn in lines.chunks(TURN).map(|turn| turn.join(" ")) {
        let words = text::words(&turn);
        let ended: Vec<usize> = text::sentences(&turn).iter().map(|sentence| sentence.end).collect();
        let normal: Vec<&str> = words.iter().map(|word| word.normal.as_str()).collect();
        let shapes: Vec<String> = normal.iter().map(|word| shape(word)).collect();
        let mut first = 0;
        for at in 0..words.len().saturating_sub(1) {
            let gap = words[at].range.end..words[at + 1].range.start;
            let is_end = ended.iter().any(|end| gap.contains(end) || *end == gap.end);
            examples.push((usize::from(is_end), features(&normal, &shapes, at, first)));
            if is_end {
                first = at + 1;
            }
        }
    }
    Linear::learn(&examples, ROUNDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_without_full_stops_is_cut_where_sentences_end() {
        let cut =
            |turn: &str| boundaries(turn).map(|all| all.into_iter().map(|it| turn[it].to_owned()).collect::<Vec<_>>());
        let said = "yeah no i went to the gym twice last week and i felt really good about it i told my wife on sunday \
                    she was really proud of me";
        let sentences = cut(said).expect("it has no punctuation");
        assert!(sentences.len() >= 2, "{sentences:?}");
        assert_eq!(sentences.join(" "), said);
        assert_eq!(cut("I went to the gym, and I felt really good about it, and I told my wife on Sunday"), None);
        assert_eq!(cut("i dont think so"), None);
    }

    #[test]
    fn what_depends_on_the_words_before_is_not_cut_off() {
        for said in [
            "i dont think that i will call her on monday because she never picks up the phone anyway",
            "if he asks me about it one more time i will tell him that i am leaving",
            "she said that she will send it by friday and that i should not worry about the rest",
        ] {
            let sentences = boundaries(said).expect("it has no punctuation");
            assert_eq!(sentences.len(), 1, "{:?}", sentences.iter().map(|it| &said[it.clone()]).collect::<Vec<_>>());
        }
    }
}
