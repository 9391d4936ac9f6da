//! The second half of a promise that leans on the first: "I'll send the draft by Friday and call Anders on Monday".

use std::{ops::Range, sync::LazyLock};

use chrono::NaiveDate;
use debrief_transcript::words;
use regex::Regex;

use super::{super::due, cues, owes};

/// The parts of a sentence that undertakes several things, each with a day of its own; the whole where it does not.
pub(super) fn promises(sentence: &str) -> Vec<Range<usize>> {
    static JOINS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)(?:[,;]\s*|\s+)(?:and|then|and then|but)\s+").expect("a constant pattern"));
    // What makes the first half a condition, a doubt or a refusal may be meant of the second as well.
    static BOTH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:if|unless|once|when|whether|depending|provided|as long as|not|never|\w+n't)\b")
            .expect("a constant pattern")
    });
    let own = sentence.to_lowercase().replace('\u{2019}', "'");
    if !cues::WILL.is_in(&own) || BOTH.is_match(&own) || owes::is_hedged(&own) {
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
