//! What somebody asks for, read from their words: phrases, what must not be there, days, and the words that are left. Pure.
//!
//! "What did Priya decide about hiring in March?" looks for Priya, decide and hiring in the sessions of March. Words that only ask
//! are left out unless nothing else is there.

use chrono::NaiveDate;

use super::{
    days::{self, Days},
    words::{self, Word},
};

/// At most this many words are looked for, and at most this many phrases and exclusions are kept.
const MOST_WORDS: usize = 32;
const MOST_PHRASES: usize = 8;

/// A query in its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Any of these may be there: the more, the better.
    pub(super) words: Vec<Word>,
    /// Each must be there as it is.
    pub(super) phrases: Vec<Vec<Word>>,
    /// None of these may be there.
    pub(super) without: Vec<Vec<Word>>,
    /// What is looked for by meaning; empty for nothing.
    pub(super) meaning: String,
    /// The days that the words name.
    pub(super) days: Option<Days>,
}

/// Reads a query. Days are read from its words if `today` is given.
pub(super) fn read(text: &str, today: Option<NaiveDate>) -> Asked {
    let mut asked = Asked::default();
    let mut free = String::new();
    for part in parts(text) {
        let found = words::of(part.text);
        if found.is_empty() {
            continue;
        }
        match part.kind {
            Kind::Free => free.push_str(part.text),
            Kind::Phrase => {
                // Its words count as well, and it means something.
                free.push_str(part.text);
                if asked.phrases.len() < MOST_PHRASES {
                    asked.phrases.push(found);
                }
            }
            Kind::Without if asked.without.len() < MOST_PHRASES => asked.without.push(found),
            Kind::Without => {}
        }
        free.push(' ');
    }
    // A phrase that looks like a day is a phrase.
    if let Some(today) = today.filter(|_| asked.phrases.is_empty())
        && let Some((days, rest)) = days::find(&free, today)
    {
        asked.days = Some(days);
        free = rest;
    }
    asked.words = words::of(&free);
    asked.words.retain(|word| !word.is_said_before() || word.exact.chars().count() > 1);
    if asked.words.is_empty() {
        asked.words = words::of(&free);
    }
    let mut seen = std::collections::HashSet::new();
    asked.words.retain(|word| seen.insert(word.exact.clone()));
    asked.words.truncate(MOST_WORDS);
    asked.meaning = free.split_whitespace().collect::<Vec<_>>().join(" ");
    if !asked.meaning.chars().any(char::is_alphanumeric) {
        asked.meaning.clear();
    }
    asked
}

/// Leaves the words that only ask out, in the language that has most of them. `is_name` says which words are somebody's name:
/// they stay.
pub(super) fn without_asking(words: &mut Vec<Word>, is_name: impl Fn(&Word) -> bool) {
    let asks = |list: &[&str], word: &Word| list.contains(&word.exact.as_str()) && !is_name(word);
    let count = |list: &[&str]| words.iter().filter(|word| asks(list, word)).count();
    let Some(list) = ASKING.iter().max_by_key(|list| count(list)) else { return };
    if words.iter().any(|word| !asks(list, word)) {
        words.retain(|word| !asks(list, word));
    }
}

/// A part of a query.
struct Part<'a> {
    kind: Kind,
    text: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Free,
    Phrase,
    Without,
}

/// Cuts a query at its quotes, and at words that begin with a minus.
fn parts(text: &str) -> Vec<Part<'_>> {
    let is_quote = |c: char| matches!(c, '"' | '“' | '”' | '„' | '«' | '»' | '‟');
    let is_minus = |c: char| matches!(c, '-' | '−' | '–');
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let begins = rest.trim_start();
        let bare = begins.trim_start_matches(is_minus);
        let is_without = bare.len() < begins.len();
        if let Some(inside) = bare.strip_prefix(is_quote) {
            // A quote that isn't closed says nothing.
            if let Some((phrase, after)) = inside.split_once(is_quote) {
                found.push(Part { kind: if is_without { Kind::Without } else { Kind::Phrase }, text: phrase });
                rest = after;
                continue;
            }
            rest = inside;
            continue;
        }
        let end = bare.find(|c: char| c.is_whitespace() || is_quote(c)).unwrap_or(bare.len());
        let (word, after) = bare.split_at(end);
        // "or" is what two words mean anyway.
        if !word.eq_ignore_ascii_case("or") {
            found.push(Part { kind: if is_without { Kind::Without } else { Kind::Free }, text: word });
        }
        rest = after;
    }
    found
}

/// Words that only ask, or only hold a question together, by language; folded.
#[rustfmt::skip]
const ASKING: [&[&str]; 9] = [
    &["what", "whats", "when", "where", "who", "whom", "whose", "which", "why", "how", "did", "do", "does", "done", "is", "are", "was", "were",
      "be", "been", "has", "have", "had", "can", "could", "would", "should", "will", "shall", "may", "might", "the", "a", "an", "and", "or",
      "of", "to", "in", "on", "at", "for", "with", "by", "from", "about", "as", "it", "its", "that", "this", "these", "those", "there",
      "i", "me", "my", "we", "us", "our", "you", "your", "he", "him", "his", "she", "her", "they", "them", "their", "any", "ever", "say",
      "said", "tell", "told", "show", "find", "please"],
    &["was", "wann", "wo", "wer", "wen", "wem", "wessen", "welche", "welcher", "welches", "warum", "wieso", "wie", "hat", "habe", "haben",
      "hatte", "ist", "sind", "war", "waren", "wird", "wurde", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem",
      "einer", "und", "oder", "zu", "zum", "zur", "in", "im", "an", "am", "auf", "fur", "mit", "von", "vom", "uber", "als", "es", "dass",
      "ich", "mir", "mich", "mein", "wir", "uns", "du", "dir", "er", "sie", "ihr", "ihm", "ihn", "sich", "gesagt", "sagte", "zeige"],
    &["vad", "nar", "var", "vem", "vilka", "vilken", "vilket", "varfor", "hur", "har", "hade", "ar", "den", "det", "de", "en", "ett", "och",
      "eller", "att", "i", "pa", "for", "med", "av", "fran", "om", "som", "jag", "mig", "vi", "oss", "du", "dig", "han", "hon", "sa"],
    &["que", "quoi", "qui", "quand", "ou", "pourquoi", "comment", "quel", "quelle", "quels", "quelles", "est", "a", "ont", "etait", "le", "la",
      "les", "un", "une", "des", "du", "de", "et", "au", "aux", "en", "dans", "sur", "pour", "avec", "par", "ce", "cette", "ces", "je",
      "me", "nous", "tu", "vous", "il", "elle", "ils", "elles", "on", "se", "dit"],
    &["que", "cuando", "donde", "quien", "quienes", "por", "como", "cual", "cuales", "es", "son", "fue", "ha", "han", "el", "la", "los", "las",
      "un", "una", "unos", "unas", "y", "o", "de", "del", "a", "al", "en", "sobre", "para", "con", "se", "su", "sus", "yo", "me", "mi",
      "nos", "tu", "ella", "ellos", "dijo"],
    &["che", "cosa", "quando", "dove", "chi", "perche", "come", "quale", "quali", "e", "ha", "hanno", "era", "il", "lo", "la", "i", "gli",
      "le", "un", "una", "uno", "di", "del", "della", "a", "al", "in", "nel", "su", "per", "con", "da", "si", "suo", "ho", "mi", "detto"],
    &["o", "que", "quando", "onde", "quem", "por", "porque", "como", "qual", "quais", "e", "foi", "tem", "os", "a", "as", "um", "uma", "de",
      "do", "da", "no", "na", "em", "sobre", "para", "com", "se", "seu", "sua", "eu", "me", "disse"],
    &["wat", "wanneer", "waar", "wie", "welke", "waarom", "hoe", "heeft", "hebben", "had", "is", "zijn", "was", "de", "het", "een", "en", "of",
      "te", "in", "op", "aan", "voor", "met", "van", "over", "als", "dat", "die", "ik", "mij", "we", "ons", "je", "hij", "zij", "ze", "zei"],
    &["hvad", "hva", "hvornar", "nar", "hvor", "hvem", "hvilken", "hvilke", "hvorfor", "hvordan", "har", "havde", "hadde", "er", "var", "den",
      "det", "de", "en", "et", "og", "eller", "at", "a", "i", "pa", "for", "med", "af", "av", "fra", "om", "som", "jeg", "mig", "meg", "vi",
      "os", "oss", "du", "han", "hun", "sagde", "sa"],
];

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(words: &[Word]) -> Vec<&str> {
        words.iter().map(|word| word.exact.as_str()).collect()
    }

    fn asked(text: &str) -> Asked {
        let mut asked = read(text, NaiveDate::from_ymd_opt(2026, 5, 20));
        without_asking(&mut asked.words, |word| word.exact == "will");
        asked
    }

    #[test]
    fn what_only_asks_is_left_out() {
        for (text, left) in [
            ("What did Priya decide about hiring?", ["priya", "decide", "hiring"].as_slice()),
            ("Was hat Jürgen über die Beförderung gesagt?", &["jurgen", "beforderung"]),
            ("Vad sa Åsa om budgeten?", &["asa", "budgeten"]),
            ("What did Will say to the team?", &["will", "team"]),
            ("what was it", &["what", "was", "it"]),
            ("die Entscheidung", &["entscheidung"]),
            ("how did the dog die", &["dog", "die"]),
        ] {
            assert_eq!(exact(&asked(text).words), left, "{text}");
        }
    }

    #[test]
    fn phrases_must_be_there_and_exclusions_must_not() {
        let read = asked("report \"Quarterly Report\" -draft -\"first version\" or well-known -- \"open");
        assert_eq!(exact(&read.words), ["report", "quarterly", "well", "known", "open"]);
        assert_eq!(read.phrases.iter().map(|phrase| exact(phrase)).collect::<Vec<_>>(), [["quarterly", "report"]]);
        assert_eq!(
            read.without.iter().map(|phrase| exact(phrase)).collect::<Vec<_>>(),
            [vec!["draft"], vec!["first", "version"]]
        );
        assert_eq!(read.meaning, "report Quarterly Report well-known open");
        let german = asked("„guter Plan“ –Anna");
        assert_eq!((exact(&german.phrases[0]), exact(&german.without[0])), (vec!["guter", "plan"], vec!["anna"]));
        assert_eq!(asked(" … -- \"\" ").meaning, "");
    }

    #[test]
    fn days_are_no_words() {
        let read = asked("what did Priya decide about hiring in March?");
        let days = read.days.expect("days");
        assert_eq!((days.from.to_string(), days.to.to_string()), ("2026-03-01".into(), "2026-03-31".into()));
        assert_eq!((days.words.as_str(), read.meaning.as_str()), ("in March", "what did Priya decide about hiring?"));
        assert_eq!(asked("\"in March\"").days, None, "a phrase is a phrase");
        assert_eq!(super::read("hiring in March", None).days, None);
    }
}
