//! What a sentence needs to be understood: the previous sentence, or nothing.

use std::sync::LazyLock;

use regex::Regex;

use super::{cues, speech::Sentence};

/// Whether the sentence itself expresses a win, a difficulty or an insight.
pub(super) fn has_cue(sentence: &Sentence) -> bool {
    let cues =
        [&cues::ACHIEVED, &cues::DID, &cues::IT_IS_DONE, &cues::HARD, &cues::NOT_DONE, &cues::CANNOT, &cues::INSIGHT];
    cues.iter().any(|cue| cue.is_in(&sentence.own))
}

/// Whether a sentence needs the previous one: it begins with a word that refers back.
pub(super) fn leans_back(sentence: &Sentence) -> bool {
    static BACK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:(?:and|but|so|well|then|yeah|um),? )*(?:it|that|this|which|because|he|she|they|to|in case)\b")
            .expect("a constant pattern")
    });
    sentence.words < 12 && BACK.is_match(&sentence.own)
}

/// Whether the sentence reports something done that is no progress in itself.
pub(super) fn only_moved(sentence: &Sentence) -> bool {
    let own = &sentence.own;
    let counts = [&cues::ACHIEVED, &cues::DID, &cues::IT_IS_DONE, &cues::GOOD].iter().any(|cue| cue.is_in(own));
    cues::MOVED.is_in(own) && !counts
}

/// Whether `sentence` is about someone whom only the previous sentence names ("The meeting with Robert is on Friday.
/// I'll ask him for two.").
pub(super) fn names_whom(before: &Sentence, sentence: &Sentence) -> bool {
    static WHOM: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\b(?:he|she|him|her|them)\b").expect("a constant pattern"));
    // Not the first word, which is capitalised anyway.
    static NAME: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[\p{Ll},;]['\u{2019}\p{Ll}]* (\p{Lu}\p{Ll}{2,})").expect("a constant pattern"));
    static DAY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:\w+day|January|February|March|April|May|June|July|August|September|October|November|December)$",
        )
        .expect("a constant pattern")
    });
    let names = |text: &str| NAME.captures_iter(text).any(|found| !DAY.is_match(&found[1]));
    WHOM.is_match(&sentence.own) && !names(&sentence.text) && names(&before.text)
}
