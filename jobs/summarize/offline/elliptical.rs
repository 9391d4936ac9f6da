//! Promises that lean on what was said before: "Will do." after "Can you send it by Friday?", and the second half of "I'll
//! send the draft by Friday and call Anders on Monday".

use std::{ops::Range, sync::LazyLock};

use chrono::NaiveDate;
use debrief_transcript::words;
use regex::Regex;

use super::{
    super::{due, input::Speaker},
    cues,
    speech::{Sentence, Speech},
};

/// Yes, and nothing else.
static AGREES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:(?:yes|yeah|yep|sure|okay|ok|absolutely|of course|definitely|certainly|happy to|right|good|great|fine),? ?)*(?:will do|i will(?: do)?|i(?:'ll| will) do (?:it|that|so)|i can(?: do (?:it|that))?|on it|consider it done|you(?:'ll| will) have it|you(?:'ve| have)? got it|it's a (?:deal|promise)|deal|i promise|sure thing|with pleasure)(?:,? (?:then|absolutely|definitely|for sure|gladly|maya|coach))?$",
    )
    .expect("a constant pattern")
});

/// What is asked of the other.
static REQUESTS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:can|could|will|would) you(?: please| also| just| maybe| perhaps)* (?:not )?\w+|^(?:so |and |then |okay,? )*please \w+|\bwould you be (?:willing|able|up for)\b|\bdo you (?:promise|commit)\b")
        .expect("a constant pattern")
});

/// A question about what can be, not a request.
static ONLY_ASKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:can|could|will|would) you (?:say|tell|imagine|hear|see|think|feel|repeat|explain|describe|remember|give me an example|believe|help me understand|be (?:happy|able))\b")
        .expect("a constant pattern")
});

/// The request that the sentence at `at` agrees to, where it does nothing else: the last sentence of the other's turn
/// before.
pub(super) fn request(speech: &Speech, at: usize) -> Option<&Sentence> {
    let sentence = &speech.sentences[at];
    let said = sentence.own.trim().trim_end_matches(['.', '!', ' ']);
    if sentence.words > 9 || !AGREES.is_match(said) || sentence.in_role {
        return None;
    }
    let turn = &speech.turns[sentence.turn];
    // What comes before it in the turn must be of the same kind: "Yes. Will do."
    let before = &speech.sentences[turn.sentences.start..at];
    if before.iter().any(|it| it.words > 3) {
        return None;
    }
    let asked = speech.turns.get(sentence.turn.checked_sub(1)?)?;
    let last = speech.sentences.get(asked.sentences.end.checked_sub(1)?)?;
    let request = REQUESTS.is_match(&last.own) && !ONLY_ASKS.is_match(&last.own);
    let other = matches!(
        (last.speaker, sentence.speaker),
        (Speaker::Coach, Speaker::Client) | (Speaker::Client, Speaker::Coach)
    );
    (request && other && !last.in_role && last.words >= 3).then_some(last)
}

/// The parts of a sentence that undertakes several things, each with a day of its own; the whole where it does not.
pub(super) fn promises(sentence: &str) -> Vec<Range<usize>> {
    static JOINS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)(?:[,;]\s*|\s+)(?:and|then|and then|but)\s+").expect("a constant pattern"));
    if !cues::WILL.is_in(&sentence.to_lowercase().replace('\u{2019}', "'")) {
        return std::iter::once(0..sentence.len()).collect();
    }
    // Which day it is does not matter here, only that it is one.
    let days = due::places(sentence, NaiveDate::default());
    let mut parts = Vec::new();
    let mut from = 0;
    for pair in days.windows(2) {
        let Some(join) = sentence.get(pair[0].end..pair[1].start).and_then(|between| JOINS.find(between)) else {
            continue;
        };
        // "By Friday and Monday" is one promise: something stands between the join and the second day, or after it.
        let start = pair[0].end + join.start();
        let said = &sentence[pair[0].end + join.end()..];
        if words::count(said) >= 3 {
            parts.push(from..start);
            from =
                start + join.as_str().chars().take_while(|c| !c.is_alphanumeric()).map(char::len_utf8).sum::<usize>();
        }
    }
    parts.push(from..sentence.len());
    parts
}
