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

/// Whether a sentence begins with somebody or something that only what comes before it names.
pub(super) fn refers_back(sentence: &Sentence) -> bool {
    static REFERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:(?:and|but|so|or|well|then|yeah|yes|no|um|uh|oh|okay|because|'cause|cause|also|like|i mean|you know|which means),? )*(?:it|its|it's|it'll|it'd|that|that's|that'll|this|these|those|which|he|he's|he'll|he'd|she|she's|she'll|she'd|they|they're|they'll|they'd|they've|them|the other|the one|the same|one of|the first one|the second)\b")
            .expect("a constant pattern")
    });
    // "It was the best week of my year" says it all.
    let tells_of_it = sentence.own.starts_with("it was ") || sentence.own.starts_with("it's been ");
    REFERS.is_match(&sentence.own) && !tells_of_it
}

/// Whether what a sentence is about is only named elsewhere: "I'll do that", "that I can do".
pub(super) fn points_back(sentence: &Sentence) -> bool {
    static POINTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:do|did|does|doing|done|try|have|take) (?:it|that|this|so|them|those|one|that one)\b|^(?:(?:and|but|so|well|yeah|yes|okay|ok),? )*(?:that|this|it|those)\b")
            .expect("a constant pattern")
    });
    POINTS.is_match(&sentence.own)
}

/// Whether a sentence breaks off.
pub(super) fn breaks_off(sentence: &Sentence) -> bool {
    static BREAKS_OFF: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:and|but|or|because|the|a|an|if|when|my|your|i|i'm|i'll|it's|that's|he's|she's|they're|which|who|gonna|you know)[.,…\u{2014}\u{2013} -]*$|[,\u{2014}\u{2013}-]$")
            .expect("a constant pattern")
    });
    BREAKS_OFF.is_match(sentence.own.trim_end())
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
