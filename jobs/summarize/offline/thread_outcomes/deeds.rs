//! How a deed is said to be done: by whom, and that it went. Patterns over a sentence in lower case; English.

use std::sync::LazyLock;

use regex::Regex;

/// What the speaker did.
pub(super) static I: LazyLock<Regex> = LazyLock::new(|| did("(?:i|we)"));
/// What the other person did.
pub(super) static YOU: LazyLock<Regex> = LazyLock::new(|| did("you"));

/// What was done with it, by anyone.
pub(super) static IT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:the|my|our|it|that|those|these|all) ?[\w' ]{0,30}?(?:was|were|is|are|got|has been|have been|'s been)(?: all| already| finally| now)* (\w+)")
        .expect("a constant pattern")
});
/// It was sent: "The pages went to Helen on Tuesday."
pub(super) static WENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:it|they|that|those|both|all|(?:the|my|our) [\w' ]{2,40}?) (?:went|has gone|have gone|is gone|are gone) (?:out|off|over|across|to|yesterday|on|last|this)\b")
        .expect("a constant pattern")
});

fn did(who: &str) -> Regex {
    let adverbs = "(?: (?:just|also|even|finally|already|actually|then|both))*";
    Regex::new(&format!(r"\b{who}(?:'ve| have|'d| had)?{adverbs} (\w+)")).expect("a constant pattern")
}
