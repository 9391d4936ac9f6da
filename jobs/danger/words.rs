//! The form in which words are compared: one case, no diacritics, one space between words, no fillers, and English
//! contractions expanded, so that "I'm", "im" and "I am" are the same; and where sentences end.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A longer run of words without a full stop is split into pieces of this many words, which overlap by a third, so that
/// "film" at its start doesn't excuse its end.
const LONGEST: usize = 45;
const OVERLAP: usize = 15;

/// Any of these makes a text English enough that "um" and "er" are fillers: they are words in German.
const ENGLISH: [&str; 10] = ["the", "and", "to", "my", "you", "it", "of", "that", "have", "not"];
/// Words of which one makes it Dutch, in which "of" and "er" are words.
const DUTCH: [&str; 6] = ["ik", "het", "een", "niet", "dat", "je"];
/// Sounds, and adverbs that change nothing.
const FILLERS: [&str; 19] = [
    "uh",
    "uhm",
    "euhm",
    "ehm",
    "hm",
    "hmm",
    "mm",
    "mhm",
    "euh",
    "ahm",
    "aehm",
    "just",
    "really",
    "honestly",
    "actually",
    "literally",
    "basically",
    "simply",
    "even",
];
/// Words after which "'s" means "is".
const BEFORE_IS: [&str; 16] = [
    "he",
    "she",
    "it",
    "that",
    "there",
    "what",
    "who",
    "here",
    "let",
    "where",
    "how",
    "everyone",
    "everybody",
    "nobody",
    "someone",
    "somebody",
];
/// Words that take "n't", with or without the apostrophe.
const BEFORE_NOT: [&str; 13] =
    ["do", "did", "does", "is", "was", "are", "were", "have", "has", "had", "could", "would", "should"];
/// Words after which "'d" means "would".
const BEFORE_WOULD: [&str; 9] = ["i", "you", "he", "she", "we", "they", "it", "there", "who"];

/// The sentences of a text, as byte ranges; long runs of words in pieces.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let ends = c == '\n' || (matches!(c, '.' | '?' | '!' | '…' | ';') && next.is_none_or(char::is_whitespace));
        if ends {
            push(&mut found, text, start..at + c.len_utf8());
            start = at + c.len_utf8();
        }
    }
    push(&mut found, text, start..text.len());
    found
}

fn push(found: &mut Vec<Range<usize>>, text: &str, range: Range<usize>) {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    if !text[start..end].contains(char::is_alphanumeric) {
        return;
    }
    let starts: Vec<usize> = word_starts(&text[start..end]).map(|at| start + at).collect();
    if starts.len() <= LONGEST {
        found.push(start..end);
        return;
    }
    for from in (0..starts.len()).step_by(LONGEST - OVERLAP) {
        let to = starts.get(from + LONGEST).copied().unwrap_or(end);
        found.push(starts[from]..to);
        if to == end {
            break;
        }
    }
}

fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let mut inside = false;
    text.char_indices().filter_map(move |(at, c)| {
        let was = std::mem::replace(&mut inside, !c.is_whitespace());
        (!was && inside).then_some(at)
    })
}

/// The words of a text in their plain form.
pub(super) fn plain(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for token in tokens(&folded(text)) {
        match token {
            "'k" => words.push("ik".to_owned()),
            "'t" => words.push("het".to_owned()),
            _ => write_out(token.trim_matches('\''), &mut words),
        }
    }
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.as_str()));
    let english = has(&ENGLISH) && !has(&DUTCH);
    let is_filler = |word: &str| FILLERS.contains(&word) || (english && matches!(word, "um" | "er" | "erm"));
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        if is_filler(&word) {
            continue;
        }
        match kept.last_mut() {
            // Some recognisers write "my self".
            Some(last) if word == "self" && matches!(last.as_str(), "my" | "him" | "her" | "your" | "them") => {
                last.push_str("self");
                continue;
            }
            // British English writes it as two words: the patterns have it as one.
            Some(last) if word == "more" && last == "any" => {
                last.push_str("more");
                continue;
            }
            _ => kept.push(word),
        }
        drop_repetition(&mut kept);
    }
    kept
}

/// Drops immediate repetitions: "I can't, I can't" is said once.
fn drop_repetition(words: &mut Vec<String>) {
    for run in [3, 2, 1] {
        let n = words.len();
        if n >= 2 * run && words[n - run..] == words[n - 2 * run..n - run] {
            words.truncate(n - run);
            return;
        }
    }
}

/// Lower case without diacritics, with one kind of apostrophe.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            '\u{2019}' | '\u{2018}' | '\u{02bc}' | '`' | '\u{00b4}' => out.push('\''),
            'ß' => out.push_str("ss"),
            'ø' => out.push('o'),
            'œ' => out.push_str("oe"),
            'æ' => out.push_str("ae"),
            other => out.push(other),
        }
    }
    out
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|token| token.contains(char::is_alphanumeric))
}

/// Adds a word: English contractions are expanded, others split at their apostrophe ("j'ai").
fn write_out(token: &str, words: &mut Vec<String>) {
    let two: &[&str] = match token {
        "cannot" | "can't" | "cant" => &["can", "not"],
        "won't" | "wont" => &["will", "not"],
        "ain't" => &["is", "not"],
        "gonna" => &["going", "to"],
        "wanna" => &["want", "to"],
        "gotta" => &["got", "to"],
        "im" => &["i", "am"],
        "ive" => &["i", "have"],
        "youre" => &["you", "are"],
        "theyre" => &["they", "are"],
        "thats" => &["that", "is"],
        "shes" => &["she", "is"],
        "hes" => &["he", "is"],
        "m'n" | "mn" => &["mijn"],
        "z'n" | "zn" => &["zijn"],
        "d'r" => &["haar"],
        _ => &[],
    };
    if !two.is_empty() {
        words.extend(two.iter().map(|word| (*word).to_owned()));
        return;
    }
    let negated = token.strip_suffix("n't").or_else(|| token.strip_suffix("nt").filter(|it| BEFORE_NOT.contains(it)));
    if let Some(verb) = negated.filter(|verb| !verb.is_empty()) {
        words.extend([verb.to_owned(), "not".to_owned()]);
        return;
    }
    let Some((word, ending)) = token.split_once('\'') else {
        words.push(token.to_owned());
        return;
    };
    let written = match ending {
        "m" if word == "i" => "am",
        "ve" => "have",
        "ll" => "will",
        "re" => "are",
        "d" if BEFORE_WOULD.contains(&word) => "would",
        "s" if BEFORE_IS.contains(&word) => "is",
        other => other,
    };
    words.push(word.to_owned());
    words.extend(written.split('\'').filter(|part| !part.is_empty()).map(str::to_owned));
}
