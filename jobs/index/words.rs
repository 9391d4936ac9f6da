//! The words of a text as the full-text index holds them: folded, and stemmed in the language of the session. Pure.
//!
//! Case, accents and apostrophes are gone, so that a name is found however it is written. A word is kept in the form in which it
//! was said (weight A: phrases and exclusions look for that) and by its stem (weight D), in one place. Text without spaces is kept
//! by letter, and by pairs of letters in the place of stems: a dictionary would cut a query in other places than the text.

use std::{collections::BTreeMap, fmt::Write};

use debrief_transcript::words::{has_unspaced, is_unspaced};
use rust_stemmers::{Algorithm, Stemmer};

use crate::names::{fold, words};

/// Languages that have a stemmer, as stored.
pub(super) const LANGUAGES: [(&str, Algorithm); 18] = [
    ("arabic", Algorithm::Arabic),
    ("danish", Algorithm::Danish),
    ("dutch", Algorithm::Dutch),
    ("english", Algorithm::English),
    ("finnish", Algorithm::Finnish),
    ("french", Algorithm::French),
    ("german", Algorithm::German),
    ("greek", Algorithm::Greek),
    ("hungarian", Algorithm::Hungarian),
    ("italian", Algorithm::Italian),
    ("norwegian", Algorithm::Norwegian),
    ("portuguese", Algorithm::Portuguese),
    ("romanian", Algorithm::Romanian),
    ("russian", Algorithm::Russian),
    ("spanish", Algorithm::Spanish),
    ("swedish", Algorithm::Swedish),
    ("tamil", Algorithm::Tamil),
    ("turkish", Algorithm::Turkish),
];

/// Longer words are cut: Postgres takes 2046 bytes, and nobody looks for one.
const LONGEST_WORD: usize = 100;
/// Postgres' largest position: later words are found, but not in a phrase.
const LAST_POSITION: usize = 16_383;
/// Postgres keeps so many positions of a word.
const MOST_POSITIONS: usize = 255;

/// The language of a session, if it has a stemmer.
pub(super) fn language(said: &[impl AsRef<str>]) -> Option<&'static str> {
    let name = crate::language::of(said)?;
    LANGUAGES.iter().find(|(language, _)| *language == name).map(|(language, _)| *language)
}

/// A word: as it is, folded, and in the place of its stem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Folded.
    pub(super) exact: String,
    /// Of text without spaces: with the next letter.
    pair: Option<String>,
    /// Whether it is a letter of a text without spaces.
    unspaced: bool,
}

impl Word {
    /// Its stem in a language; the word itself where there is none.
    pub(super) fn stem(&self, language: Option<&str>) -> String {
        if self.unspaced {
            return self.pair.clone().unwrap_or_else(|| self.exact.clone());
        }
        let stemmer = LANGUAGES.iter().find(|(name, _)| Some(*name) == language);
        stemmer.map_or_else(|| self.exact.clone(), |(_, it)| Stemmer::create(*it).stem(&self.exact).into_owned())
    }

    /// Whether its pair with the next letter says it already: the last letter of a run.
    pub(super) fn is_said_before(&self) -> bool {
        self.unspaced && self.pair.is_none()
    }
}

/// The words of a text, in order.
pub(super) fn of(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    for mut word in words(&fold(text)) {
        if !has_unspaced(&word) {
            if let Some((end, _)) = word.char_indices().nth(LONGEST_WORD) {
                word.truncate(end);
            }
            found.push(Word { exact: word, pair: None, unspaced: false });
            continue;
        }
        // Letters of other scripts in such a run belong together.
        let mut parts: Vec<(String, bool)> = Vec::new();
        for letter in word.chars() {
            match parts.last_mut() {
                Some((part, false)) if !is_unspaced(letter) && part.chars().count() < LONGEST_WORD => part.push(letter),
                _ => parts.push((letter.to_string(), is_unspaced(letter))),
            }
        }
        for (at, (part, unspaced)) in parts.iter().enumerate() {
            let next = parts.get(at + 1).filter(|next| *unspaced && next.1);
            let pair = next.map(|(next, _)| format!("{part}{next}"));
            found.push(Word { exact: part.clone(), pair, unspaced: *unspaced });
        }
    }
    found
}

/// A text's words in Postgres' form of a `tsvector`, and how many they are.
pub(super) fn tsvector(text: &str, language: Option<&str>) -> (String, usize) {
    let words = of(text);
    let stemmer = LANGUAGES.iter().find(|(name, _)| Some(*name) == language).map(|(_, it)| Stemmer::create(*it));
    let mut places: BTreeMap<String, Vec<(usize, char)>> = BTreeMap::new();
    for (at, word) in words.iter().enumerate() {
        let place = (at + 1).min(LAST_POSITION);
        let stem = match (&stemmer, word.unspaced) {
            (Some(stemmer), false) => stemmer.stem(&word.exact).into_owned(),
            _ => word.stem(None),
        };
        if stem != word.exact {
            places.entry(stem).or_default().push((place, 'D'));
        }
        places.entry(word.exact.clone()).or_default().push((place, 'A'));
    }
    let mut text = String::new();
    for (word, places) in &places {
        let places: Vec<String> =
            places.iter().take(MOST_POSITIONS).map(|(place, weight)| format!("{place}{weight}")).collect();
        let _ = write!(text, "'{word}':{} ", places.join(","));
    }
    (text, words.len())
}

/// The words of a phrase in Postgres' form of a `tsquery`: next to each other, as they were said.
pub(super) fn phrase(words: &[Word]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("'{}':A", word.exact)).collect();
    format!("({})", words.join(" <-> "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_kept_as_it_was_said_and_by_its_stem() {
        let (vector, length) = tsvector("Zoë O’Brien reports: REPORTING!", Some("english"));
        assert_eq!(vector.trim_end(), "'obrien':2A 'report':3D,4D 'reporting':4A 'reports':3A 'zoe':1A");
        assert_eq!(length, 4);
        assert_eq!(tsvector("Häuser", Some("german")).0, "'haus':1D 'hauser':1A ");
        assert_eq!(tsvector("Häuser", None).0, "'hauser':1A ");
        assert_eq!(tsvector(" … ", Some("english")), (String::new(), 0));
    }

    #[test]
    fn text_without_spaces_is_kept_by_letter_and_pair() {
        assert_eq!(tsvector("写信。", None).0, "'信':2A '写':1A '写信':1D ");
        let words = of("下周X光");
        let stems: Vec<String> = words.iter().map(|word| word.stem(Some("english"))).collect();
        assert_eq!(stems, ["下周", "周", "x", "光"]);
        assert_eq!(phrase(&words[..2]), "('下':A <-> '周':A)");
    }

    #[test]
    fn what_no_word_is_as_long_as_is_cut() {
        assert_eq!(of(&"a".repeat(5000))[0].exact.len(), LONGEST_WORD);
        let (vector, length) = tsvector(&"so ".repeat(20_000), None);
        assert_eq!(length, 20_000);
        assert_eq!(vector.matches(',').count(), MOST_POSITIONS - 1);
    }

    #[test]
    fn a_session_has_the_language_of_its_function_words() {
        let said = |text: &str| language(&[text]);
        assert_eq!(
            said("How was the week? I talked to Anna, and I will send her the plan by Friday."),
            Some("english")
        );
        assert_eq!(
            said("Wie war die Woche? Ich habe mit Anna gesprochen, und ich werde ihr bis Freitag den Plan schicken."),
            Some("german")
        );
        assert_eq!(said("Я поговорила с Анной и отправлю ей план в пятницу."), Some("russian"));
        assert_eq!(said("我下周五以前写信给经理。"), None);
        assert_eq!(said("Yes. Okay."), None);
    }
}
