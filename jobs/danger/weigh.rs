//! Weighs a sentence: which kind of danger its words and meanings express, learned from labelled sentences.
//!
//! A linear model over words, their prefixes, pairs of words, meanings (`concepts`) and pairs of meanings; as meanings
//! are the same in all languages, what is learned in one helps the others. It's trained on first use, from the
//! sentences of `fixtures/danger`, in the same order each time: there is no file of weights that could be out of date.

use std::{collections::HashSet, sync::LazyLock};

use debrief_learn::{Linear, feature};

use super::{
    Kind,
    concepts::{CONCEPTS, ConceptMatch},
    labelled,
    language::Languages,
    words::plain,
};

/// No danger, or one of the kinds.
const CLASSES: usize = 1 + Kind::ALL.len();
/// The number of training passes over all examples.
const ROUNDS: usize = 6;
/// What is known of words that were never seen.
const EVEN: [f32; CLASSES] = [1.0 / CLASSES as f32; CLASSES];
/// Two meanings are close to each other within this many words.
const NEAR: usize = 6;
/// How likely the content words must indicate danger without the small ones.
const SPEAKS: f32 = 0.6;
/// Longer words also count by their prefix.
const STEM: usize = 4;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Feature {
    /// A hash of the kind of feature and its one or two words.
    hash: u64,
    /// Whether it can indicate danger. Small words ("I", "only", "please") and who or when only contribute.
    grave: bool,
}

pub(super) struct Weights(Linear<CLASSES>);

pub(super) static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| Weights::learn(&examples()));

/// The weight of a sentence.
pub(super) struct Weighed {
    /// How likely it indicates danger, from 0 to 1.
    pub(super) danger: f32,
    /// How likely each kind is, in the order of `Kind::ALL`; they add up to `danger`.
    kinds: [f32; Kind::ALL.len()],
    /// Whether the content words indicate danger without the small ones ("I", "only", "please"), which may add to it
    /// but never decide.
    pub(super) speaks: bool,
    /// The number of distinct content words.
    pub(super) content: usize,
}

impl Weighed {
    pub(super) fn of(&self, kind: Kind) -> f32 {
        Kind::ALL.iter().zip(self.kinds).find(|(it, _)| **it == kind).map_or(0.0, |(_, share)| share)
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::ALL.into_iter().max_by(|a, b| self.of(*a).total_cmp(&self.of(*b))).unwrap_or(Kind::Suicide)
    }
}

struct Example {
    class: usize,
    features: Vec<Feature>,
}

impl Weights {
    pub(super) fn weigh(&self, words: &[&str], languages: Languages) -> Weighed {
        let features = features(words, languages);
        let of = |least: bool| self.shares(features.iter().filter(|it| it.grave || !least));
        let content = words.iter().filter(|word| !small(word)).collect::<HashSet<_>>().len();
        let [none, kinds @ ..] = of(false).unwrap_or(EVEN);
        let speaks = of(true).is_some_and(|[none, ..]| 1.0 - none >= SPEAKS);
        Weighed { danger: 1.0 - none, kinds, speaks, content }
    }

    fn shares<'a>(&self, features: impl Iterator<Item = &'a Feature>) -> Option<[f32; CLASSES]> {
        self.0.shares(features.map(|it| it.hash))
    }

    fn learn(examples: &[Example]) -> Self {
        let hashes: Vec<(usize, Vec<u64>)> =
            examples.iter().map(|it| (it.class, it.features.iter().map(|it| it.hash).collect())).collect();
        Self(Linear::learn(&hashes, ROUNDS))
    }
}

fn examples() -> Vec<Example> {
    labelled::all().iter().map(|(kind, text)| example(*kind, text)).collect()
}

fn example(kind: Option<Kind>, text: &str) -> Example {
    let class = kind.and_then(|kind| Kind::ALL.iter().position(|it| *it == kind)).map_or(0, |at| at + 1);
    let words = plain(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Example { class, features: features(&words, Languages::of(words.iter().copied())) }
}

/// Words that fill a pause, and pairs of them.
const FILLERS: [&str; 31] = [
    "okay",
    "ok",
    "well",
    "yeah",
    "oh",
    "ah",
    "eh",
    "right",
    "liksom",
    "typ",
    "alltsa",
    "asso",
    "halt",
    "eben",
    "irgendwie",
    "bueno",
    "pues",
    "ben",
    "bah",
    "genre",
    "enfin",
    "cioe",
    "insomma",
    "tipo",
    "ne",
    "quoi",
    "anyway",
    "er",
    "nou",
    "gewoon",
    "eigenlijk",
];
const FILLER_PAIRS: [(&str, &str); 7] =
    [("i", "mean"), ("you", "know"), ("sort", "of"), ("kind", "of"), ("o", "sea"), ("du", "coup"), ("zeg", "maar")];
/// After these "like" is no filler.
const BEFORE_LIKE: [&str; 14] = [
    "would", "feel", "feels", "felt", "feeling", "look", "looks", "looked", "sound", "sounds", "is", "not", "do", "who",
];

/// Words without the fillers.
fn meant_words<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut kept: Vec<&str> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let (word, next) = (words[at], words.get(at + 1).copied().unwrap_or(""));
        let like = word == "like" && !kept.last().is_some_and(|last| BEFORE_LIKE.contains(last));
        if FILLER_PAIRS.contains(&(word, next)) {
            at += 2;
            continue;
        }
        if !like && !FILLERS.contains(&word) && kept.last() != Some(&word) {
            kept.push(word);
        }
        at += 1;
    }
    kept
}

/// Words that carry no meaning by themselves.
static SMALL: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let words = |line: &'static str| line.split_once(": ").map_or("", |(_, words)| words).split(' ');
    include_str!("lexicon/small.txt").lines().filter(|line| !line.starts_with('#')).flat_map(words).collect()
});

fn small(word: &str) -> bool {
    word.len() < 2 || SMALL.contains(word)
}

fn features(words: &[&str], languages: Languages) -> Vec<Feature> {
    let words = &meant_words(words)[..];
    let hash = |of: (u8, &str, &str)| feature(of);
    let mut found = vec![Feature { hash: hash((0, "", "")), grave: false }];
    let mut add = |of, grave| found.push(Feature { hash: hash(of), grave });
    for word in words {
        add((1, word, ""), !small(word));
        if let Some((end, _)) = word.char_indices().nth(STEM) {
            add((2, &word[..end], ""), !small(word));
        }
    }
    for pair in words.windows(2) {
        add((3, pair[0], pair[1]), !small(pair[0]) || !small(pair[1]));
    }
    let meant = CONCEPTS.of(words, languages);
    let name = |concept: usize| CONCEPTS.names[concept].as_str();
    let grave = |concept: usize| CONCEPTS.grave[concept];
    let mut concepts: Vec<usize> = meant.iter().map(|it| it.concept).collect();
    concepts.sort_unstable();
    concepts.dedup();
    for (at, one) in concepts.iter().enumerate() {
        add((4, name(*one), ""), grave(*one));
        for other in &concepts[at + 1..] {
            add((5, name(*one), name(*other)), grave(*one) || grave(*other));
        }
    }
    for (at, ConceptMatch { concept, at: place }) in meant.iter().enumerate() {
        let next = meant[at + 1..].iter().take_while(|next| next.at <= place + NEAR).filter(|next| next.at > *place);
        for next in next {
            add((6, name(*concept), name(next.concept)), grave(*concept) || grave(next.concept));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of dangers that weigh at least `least`, and the share of other sentences.
    fn shares_above(weighed: &[(bool, f32)], least: f32) -> (f64, f64) {
        let share = |danger: bool| {
            let of = weighed.iter().filter(|(is, _)| *is == danger);
            let above = of.clone().filter(|(_, weight)| *weight >= least).count();
            above as f64 / of.count().max(1) as f64
        };
        (share(true), share(false))
    }

    #[test]
    fn what_is_not_learnt_from_is_weighed_nearly_as_well() {
        const FOLDS: usize = 4;
        let mut all = examples();
        let mut weighed = Vec::new();
        // One quarter of the blind rounds, weighed by a model trained on the rest.
        let held: Vec<Example> =
            labelled::blind().rev().filter(|at| at % FOLDS == 0).map(|at| all.swap_remove(at)).collect();
        let weights = Weights::learn(&all);
        for example in held {
            let [none, ..] = weights.shares(example.features.iter()).unwrap_or(EVEN);
            weighed.push((example.class != 0, 1.0 - none));
        }
        let (dangers, others) = shares_above(&weighed, 0.35);
        eprintln!("unlearnt: {} sentences, {dangers:.3} of dangers, {others:.3} of others", weighed.len());
        assert!(dangers >= 0.8, "{dangers:.3}");
        assert!(others <= 0.15, "{others:.3}");
    }
}
