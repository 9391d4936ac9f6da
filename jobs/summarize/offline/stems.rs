//! The content words of a sentence, and whether it denies something. Pure.

use std::{collections::BTreeSet, sync::LazyLock};

use debrief_transcript::words::has_unspaced;

use crate::text;

/// Words that carry no topic.
const STOP: &str = "a about after again all also am an and any are as at be because been before but by can could cant did didnt \
    do does dont doing down for from get go going got had has have havent he her here him his how i id if ill im \
    in into is isnt it its ive just know last like lot me mean more my no not now of off oh okay on one only or \
    our out really right said say she so some something than that thats the their them then there they thing \
    things think this those to too uh um up us very want was wasnt we well were what when where which who will \
    with would yeah yes you your";

/// The stems of a text's content words.
pub(in crate::summarize) fn stems(text: &str) -> BTreeSet<String> {
    all_stems(text).into_iter().collect()
}

pub(super) fn is_stop(word: &str) -> bool {
    static STOPS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| STOP.split_whitespace().collect());
    STOPS.contains(word)
}

/// The same with repetitions, in order.
pub(super) fn all_stems(text: &str) -> Vec<String> {
    text::words(text)
        .into_iter()
        .map(|word| word.normal)
        .filter(|word| says_something(word) && !is_stop(word))
        .map(|word| stem(&word))
        .collect()
}

/// In a script without spaces two letters are a word, elsewhere hardly ever.
fn says_something(word: &str) -> bool {
    word.chars().count() > if has_unspaced(word) { 1 } else { 2 }
}

/// The stem of an English word, by Snowball: "sending" and "sends" are "send".
pub(super) fn stem(word: &str) -> String {
    static ENGLISH: LazyLock<rust_stemmers::Stemmer> =
        LazyLock::new(|| rust_stemmers::Stemmer::create(rust_stemmers::Algorithm::English));
    ENGLISH.stem(word).into_owned()
}

pub(crate) fn is_negated(text: &str) -> bool {
    text::words(text).iter().any(|word| {
        let word = word.normal.as_str();
        matches!(word, "not" | "never" | "nobody" | "nothing" | "cannot" | "without")
            // "didnt": the normal form has no apostrophe.
            || word.ends_with("nt") && matches!(word, "dont" | "didnt" | "doesnt" | "wont" | "cant" | "isnt" | "wasnt"
                | "arent" | "werent" | "havent" | "hasnt" | "hadnt" | "couldnt" | "wouldnt" | "shouldnt")
    })
}
