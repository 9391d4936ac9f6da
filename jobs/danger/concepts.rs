//! Words grouped by meaning, whatever the language: what a sentence is about.
//!
//! `lexicon/concepts.txt` has a block per meaning, and in it a line per language. A meaning in round brackets (who,
//! when, a wish) only counts together with another one. `|` separates words or phrases; ` ~ ` matches up to three
//! words, `*` any ending. Diacritics and capitals don't matter.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    language::{LANGUAGES, Languages},
    words::plain,
};

const FILE: &str = include_str!("lexicon/concepts.txt");
/// How many words a gap may match.
const GAP: usize = 3;
/// The length of the shortest prefix that may end in `*`.
const SHORTEST_STEM: usize = 2;

/// The index of a meaning in the file.
pub(super) type Concept = usize;

/// A meaning found in a sentence, and the index of its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConceptMatch {
    pub(super) concept: Concept,
    pub(super) at: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Word(String),
    Stem(String),
    Gap,
}

impl Part {
    fn fits(&self, word: &str) -> bool {
        match self {
            Self::Word(this) => this == word,
            Self::Stem(stem) => word.starts_with(stem.as_str()),
            Self::Gap => false,
        }
    }
}

/// The phrases of a language, by their first word or its prefix.
#[derive(Default)]
struct Phrases {
    by_word: HashMap<String, Vec<(Vec<Part>, Concept)>>,
    by_stem: HashMap<String, Vec<(Vec<Part>, Concept)>>,
    /// In bytes: limits how much of a word of a million letters is looked up.
    longest_stem: usize,
}

pub(super) struct Concepts {
    pub(super) names: Vec<String>,
    /// Whether a meaning suggests harm by itself.
    pub(super) grave: Vec<bool>,
    languages: Vec<Phrases>,
}

pub(super) static CONCEPTS: LazyLock<Concepts> = LazyLock::new(Concepts::read);

impl Concepts {
    fn read() -> Self {
        let mut concepts = Self {
            names: Vec::new(),
            grave: Vec::new(),
            languages: LANGUAGES.iter().map(|_| Phrases::default()).collect(),
        };
        for line in FILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let within = |open, close| line.strip_prefix(open).and_then(|line| line.strip_suffix(close));
            if let Some(name) = within('[', ']').or_else(|| within('(', ')')) {
                concepts.names.push(name.to_owned());
                concepts.grave.push(line.starts_with('['));
                continue;
            }
            let at = |language| LANGUAGES.iter().position(|known| *known == language);
            let (place, phrases) = line
                .split_once(": ")
                .and_then(|(language, phrases)| Some((at(language)?, phrases)))
                .unwrap_or_else(|| panic!("concepts.txt: neither a meaning nor a language: {line}"));
            let concept = concepts.names.len() - 1;
            for phrase in phrases.split('|') {
                concepts.languages[place].add(phrase, concept);
            }
        }
        concepts
    }

    /// The meanings of plain words, in the order in which they occur.
    pub(super) fn of(&self, words: &[&str], languages: Languages) -> Vec<ConceptMatch> {
        let mut found: Vec<ConceptMatch> = Vec::new();
        for at in 0..words.len() {
            for place in languages.places() {
                self.languages[place].at(words, at, &mut |concept| {
                    let meant = ConceptMatch { concept, at };
                    if !found.iter().rev().take_while(|it| it.at == at).any(|it| *it == meant) {
                        found.push(meant);
                    }
                });
            }
        }
        found
    }
}

impl Phrases {
    fn add(&mut self, phrase: &str, concept: Concept) {
        let mut parts = Vec::new();
        for word in phrase.split_whitespace() {
            if word == "~" {
                parts.push(Part::Gap);
                continue;
            }
            let (stem, is_stem) = word.strip_suffix('*').map_or((word, false), |stem| (stem, true));
            let mut folded = plain(stem);
            let last = folded.pop();
            parts.extend(folded.into_iter().map(Part::Word));
            parts.extend(last.map(|last| if is_stem { Part::Stem(last) } else { Part::Word(last) }));
        }
        match parts.first() {
            Some(Part::Word(word)) => self.by_word.entry(word.clone()).or_default().push((parts, concept)),
            Some(Part::Stem(stem)) => {
                self.longest_stem = self.longest_stem.max(stem.len());
                self.by_stem.entry(stem.clone()).or_default().push((parts, concept));
            }
            _ => panic!("concepts.txt: a phrase that does not begin with a word: {phrase}"),
        }
    }

    fn at(&self, words: &[&str], at: usize, found: &mut impl FnMut(Concept)) {
        let word = words[at];
        let stems = (SHORTEST_STEM..=word.len().min(self.longest_stem))
            .filter_map(|end| self.by_stem.get(word.get(..end)?))
            .flatten();
        for (parts, concept) in self.by_word.get(word).into_iter().flatten().chain(stems) {
            if fits(&parts[1..], &words[at + 1..]) {
                found(*concept);
            }
        }
    }
}

/// Whether `words` begin with the parts of a phrase.
fn fits(parts: &[Part], words: &[&str]) -> bool {
    match parts {
        [] => true,
        [Part::Gap, rest @ ..] => (0..=GAP.min(words.len())).any(|skipped| fits(rest, &words[skipped..])),
        [part, rest @ ..] => words.first().is_some_and(|word| part.fits(word)) && fits(rest, &words[1..]),
    }
}
