//! Sentences that contain several: two promises of which the second depends on the first ("I'll send the draft by
//! Friday and call Anders on Monday"), and a promise taken back together with its replacement.

use std::{ops::Range, sync::LazyLock};

use chrono::NaiveDate;
use debrief_transcript::words;
use regex::Regex;

use super::{super::due, cues, owes, promise};

/// The parts of a sentence that corrects itself: "forget that, let me write to her instead" has two, and so has "I'll
/// ring her, no, I'll write to her". The whole sentence if it doesn't.
pub(super) fn corrections(sentence: &str) -> Vec<Range<usize>> {
    static FORGET: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^\W*(?:(?:oh|no|wait|hm+|um+|actually|okay|ok|well|sorry|hang on|hold on|you know what|so|and|but|yeah)[,;.…–—-]*\s+)*(?:forget (?:it|that|(?:about )?[\w']+(?: [\w']+){0,2}|what i(?: just)? said|i said that)|scratch that|strike that|never ?mind(?: that)?|i take (?:that|it) back|i(?:['’]ve)? changed my mind|on second thoughts?)\s*(?:[,;:–—-]+|\band\b|\bbut\b)\s*")
            .expect("a constant pattern")
    });
    static RATHER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\w[,;…–—-]+\s*((?:(?:actually|no|wait|sorry|hang on|hold on|scratch that|forget that|or rather|or better|on second thoughts?)[,;…–—-]*\s+)+(?:i['’]ll|i will|let me|i['’]m going to)\b)")
            .expect("a constant pattern")
    });
    let split = FORGET.find(sentence).map(|found| found.end());
    let rather = RATHER.captures(sentence).and_then(|found| found.get(1)).map(|found| found.start());
    match split.or(rather).filter(|at| words::count(&sentence[*at..]) >= 3) {
        Some(at) => vec![0..at, at..sentence.len()],
        None => std::iter::once(0..sentence.len()).collect(),
    }
}

/// The parts of a sentence that undertakes several things, each with its own day; the whole sentence if it doesn't.
pub(super) fn promises(sentence: &str) -> Vec<Range<usize>> {
    static JOINS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:[,;]\s*|\s+)(?:and then|and|then|but)\s+|,\s+").expect("a constant pattern")
    });
    // A deed must follow: "by Monday, at the latest" has none.
    static DEED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(&format!(r"(?i)^(?:{})\b", promise::DEED)).expect("a constant pattern"));
    // What makes the first half a condition, a doubt or a refusal may apply to the second as well.
    static BOTH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:if|unless|once|when|whether|depending|provided|as long as|not|never|\w+n't)\b")
            .expect("a constant pattern")
    });
    let own = sentence.to_lowercase().replace('\u{2019}', "'");
    if !cues::WILL.is_in(&own) || BOTH.is_match(&own) || owes::is_hedged(&own) {
        return std::iter::once(0..sentence.len()).collect();
    }
    // It doesn't matter which day it is, only that it's one.
    let days = due::places(sentence, NaiveDate::default());
    let mut parts = Vec::new();
    let mut from = 0;
    for pair in days.windows(2) {
        let Some(join) = sentence.get(pair[0].end..pair[1].start).and_then(|between| JOINS.find(between)) else {
            continue;
        };
        // "By Friday and Monday" is one promise: for two, there must be words between the conjunction and the second
        // day, or after it.
        let start = pair[0].end + join.start();
        let said = &sentence[pair[0].end + join.end()..];
        // "And all nine will have their plan by Wednesday" has its own subject.
        if (DEED.is_match(said) || begins_anew(said)) && words::count(said) >= 3 {
            parts.push(from..start);
            from = pair[0].end + join.end();
        }
    }
    parts.push(from..sentence.len());
    parts
}

/// Whether the words begin with their own undertaking: "I'll call Anders on Monday".
fn begins_anew(said: &str) -> bool {
    cues::WILL.place(&said.to_lowercase().replace('\u{2019}', "'")) == Some(0)
}
