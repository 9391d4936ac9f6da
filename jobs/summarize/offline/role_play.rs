//! Words said while coach and client play roles aren't their own.

use std::sync::LazyLock;

use regex::Regex;

use super::{super::input::Speaker, cues, speech::Speech};

/// Marks what is said while coach and client play roles ("I'm Lena, I've got a train to catch").
pub(super) fn mark(speech: &mut Speech, coach: &str) {
    /// A role play that nobody ends is over after this many turns.
    const LONGEST: usize = 14;
    static AS_SOMEBODY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\bI['\u{2019}]m (\p{Lu}\p{Ll}+)[.,!]|\bme being (\p{Lu}\p{Ll}+)").expect("a constant pattern")
    });
    static STOP: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:(?:and|okay|ok|right|all right|sorry|no|wait),? )*(?:stop|cut)(?:[.,!]|$)")
            .expect("a constant pattern")
    });
    let mut since: Option<usize> = None;
    for sentence in &mut speech.sentences {
        // Either may say stop.
        if since.is_some() && STOP.is_match(&sentence.own) {
            since = None;
        } else if sentence.speaker == Speaker::Coach {
            let named = AS_SOMEBODY.captures(&sentence.text).and_then(|found| found.get(1).or(found.get(2)));
            let as_other = named.is_some_and(|name| !coach.split_whitespace().any(|own| own == name.as_str()));
            if as_other || cues::ROLE_ON.is_in(&sentence.own) {
                since = Some(sentence.turn);
            } else if cues::ROLE_OFF.is_in(&sentence.own) {
                since = None;
            }
        }
        sentence.in_role |= since.is_some_and(|from| sentence.turn <= from + LONGEST);
    }
}
