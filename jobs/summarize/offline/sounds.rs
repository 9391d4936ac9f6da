//! Fillers before and within a sentence. They are removed from quotes: "um", a word that only answers or links, a
//! repeated word, and empty words between commas ("you know", "like"). Words that show how sure the speaker is ("I
//! think", "maybe", "sort of"), that correct ("I mean", "actually") or that refer elsewhere ("like I said") are no
//! fillers and stay.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What is always a filler.
static SOUND: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(?i)(?:u+[hm]+|er+m*|h+m+|m+(?:-?h+m+)?|a+h+|oh|ha)(?:[,.…!-]+\s*|\s+)"));
/// What answers or links if it stands apart: "So, I sent it", but not "so far" or "right after".
static APART: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?i)(?:yeah|yep|yes|okay|ok|right|sure|so|well|and|but|all right|alright|anyway|thank you|thanks|you know)[,.…!-]+\s*",
    )
});
/// The same without a comma, as recognisers write it, before a word that begins a sentence.
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?i)((?:yeah|yep|yes|okay|ok|right|so|well|and|but)\s+)(?:(?:i|we|he|she|they|it|you|that|there)(?:['\u{2019}]\w+)?|the|my|our|this|then|what|u+[hm]+|yeah|so)\b",
    )
});
/// A repeated word: "I, I sent it". Other words are repeated for emphasis ("very, very").
static TWICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?i)(i|we|he|she|they|it|the|a|and|but|so|my|to|in|that|this)(?:[,.…-]*\s+|[-…]+)(?:i|we|he|she|they|it|the|a|and|but|so|my|to|in|that|this)\b",
    )
});

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// `sentence` without leading fillers; empty if there is nothing else.
pub(super) fn without(sentence: &str) -> &str {
    let mut rest = sentence.trim_start();
    loop {
        let cut = [&SOUND, &APART].iter().find_map(|sounds| Some(sounds.find(rest)?.end()));
        let cut = cut.or_else(|| Some(LINK.captures(rest)?.get(1)?.end())).or_else(|| twice(rest));
        match cut {
            Some(end) if end > 0 => rest = &rest[end..],
            _ => return rest,
        }
    }
}

/// Whether a word, in its normal form, is nothing but a sound.
pub(crate) fn is_filler(word: &str) -> bool {
    static FILLER: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:u+[hm]+|er+m*|h+m+|m+(?:h*m+)?|a+h+)$"));
    FILLER.is_match(word)
}

/// A filler between commas.
static BETWEEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i),\s+(?:u+[hm]+|er+m+|uh+m+|h+mm+|m+hm+),(\s)"));
/// A filler between words, with what follows it.
static WITHIN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)([,…–—-]*)\s+(?:u+[hm]+|er+m+|uh+m+|h+mm+|m+hm+)\b(?:[,…–—-]+|\.{2,3})?(\s|[.!?]|$)")
});
/// A filler that begins a sentence within a quote, with the first letter of what follows.
static BEGINS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)([.!?])\s+(?:(?:u+[hm]+|er+m+|uh+m+|h+mm+|m+hm+)\b(?:[,…–—-]+|\.{1,3})?\s+)+(\p{L})")
});
/// Empty words between commas.
static ASIDE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i),\s+(?:you know|like|you see),(\s)"));
/// The same at the end.
static AT_END: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i),\s+you know([.!?]|$)"));
/// "I mean" is empty after a word that only links; elsewhere it may be a correction.
static MEAN: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(and|but|so|because),\s+i mean,(\s)"));

/// `quote` without the fillers and repeated words within it. The remaining words stay as they were said.
pub(crate) fn fluent(quote: &str) -> String {
    let begun = |found: &Captures<'_>| format!("{} {}", &found[1], found[2].to_uppercase());
    let mut text = BEGINS.replace_all(quote, begun).into_owned();
    for (sound, left) in
        [(&BETWEEN, "$1"), (&WITHIN, "$1$2"), (&ASIDE, "$1"), (&AT_END, "$1"), (&MEAN, "$1$2"), (&WITHIN, "$1$2")]
    {
        if sound.is_match(&text) {
            text = sound.replace_all(&text, left).into_owned();
        }
    }
    once(&text)
}

/// Removes immediate repetitions of short words. One that may end a clause is said again by whoever begins the next: "I did it,
/// it was hard". So it counts as repeated only where a clause begins.
fn once(text: &str) -> String {
    const LITTLE: &str = "i we he she they it the a an and but so my to in of on at for with";
    const MAY_END: &str = "it so to in of on at for with";
    const LINKS: &str = "and but so or because if when while then that though although since unless until as than";
    let bare = |word: &str| word.trim_matches([',', '…', '-', '–', '—', '.']).to_lowercase().replace('\u{2019}', "'");
    let words: Vec<&str> = text.split(' ').collect();
    let is_again = |at: usize| {
        let (Some(word), Some(next)) = (words.get(at), words.get(at + 1)) else { return false };
        let (word, next) = (bare(word), bare(next));
        let ends = words[at].ends_with(['.', '!', '?']) && !words[at].ends_with("..");
        let is_one_of = |words: &str, word: &str| words.split(' ').any(|one| one == word);
        let begins = |before: &&str| {
            before.ends_with([',', '.', '!', '?', ';', ':', '…', '–', '—']) || is_one_of(LINKS, &bare(before))
        };
        let may_be_another = is_one_of(MAY_END, &word)
            && at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(|before| !begins(before));
        let short = word.split('\'').next().unwrap_or_default();
        let is_again = next == word && is_one_of(LITTLE, short)
            || is_one_of(LITTLE, &word) && next.starts_with(&format!("{word}'"));
        is_again && !ends && !may_be_another
    };
    let kept = words.iter().enumerate().filter(|(at, _)| !is_again(*at)).map(|(_, word)| *word);
    kept.collect::<Vec<_>>().join(" ")
}

/// Where the repetition of a word begins.
fn twice(rest: &str) -> Option<usize> {
    let found = TWICE.captures(rest)?;
    let (both, first) = (found.get(0)?, found.get(1)?);
    let second = both.as_str().get(both.len() - first.len()..)?;
    second.eq_ignore_ascii_case(first.as_str()).then(|| both.end() - first.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_cut_and_hedges_stay() {
        for (said, left) in [
            ("Um, yeah, so, I sent it.", "I sent it."),
            ("Yeah I sent it.", "I sent it."),
            ("And then the board agreed.", "then the board agreed."),
            ("Okay. Uh... we signed.", "we signed."),
            ("Mm-hm, I did.", "I did."),
            ("I, I sent it.", "I sent it."),
            ("So we, we signed it.", "we signed it."),
            ("You know, I sent it.", "I sent it."),
            ("Yes, and I sent Lena the numbers.", "I sent Lena the numbers."),
        ] {
            assert_eq!(without(said), left, "{said}");
        }
        for said in [
            "I think I'll call her.",
            "I think, I closed it.",
            "I guess I sent it.",
            "Maybe I will.",
            "Actually, I sent half of it.",
            "I mean, I tried.",
            "Probably we signed it.",
            "Sort of, I finished it.",
            "Like I said, I sent it.",
            "So far I have sent two.",
            "Right after lunch I called.",
            "Right now I am stuck.",
            "Well before Friday I sent it.",
            "Thanks to Anna I sent it.",
            "Yes and no.",
            "So much of it is done.",
            "But for Anna I would have left.",
            "No, I did not send it.",
            "Very, very good.",
            "It is done.",
            "Hardly anybody came.",
            "Another one is signed.",
            "Ahead of us is the launch.",
        ] {
            assert_eq!(without(said), said);
        }
        for (said, left) in [
            ("I will, um, call her.", "I will call her."),
            ("I will um call her.", "I will call her."),
            ("I'll, you know, sit down with him.", "I'll sit down with him."),
            ("It was, like, hard for me, you know.", "It was hard for me."),
            ("And, I mean, I'll I'll call the the school.", "And I'll call the school."),
            ("I, I'll send it to Anna.", "I'll send it to Anna."),
            ("I did it, and it, it was hard.", "I did it, and it was hard."),
            ("And it, it's done.", "And it's done."),
            ("I'll raise it to 850. Hmm, make that 900.", "I'll raise it to 850. Make that 900."),
        ] {
            assert_eq!(fluent(said), left, "{said}");
        }
        for said in [
            "On Friday, I mean, on Monday I'll call.",
            "I think I'll, maybe, call her.",
            "I sort of promised it, I guess.",
            "You know her, and I like her.",
            "I know you know, that is why.",
            "Very, very good.",
            "I did. I did it.",
            "I'm so happy I did it, it was hard.",
            "I'm so happy I did it it was hard.",
            "I've tried it, it doesn't work for me.",
            "I'm proud of it, it's good.",
            "The house I live in, in town, is cold.",
            "The umbrella is wet.",
        ] {
            assert_eq!(fluent(said), said);
        }
        assert_eq!(without("Well, maybe I sent it."), "maybe I sent it.");
        assert_eq!(without("Um."), "");
    }
}
