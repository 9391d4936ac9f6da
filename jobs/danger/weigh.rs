//! Weighing a sentence: which kind of danger its words and meanings speak of, learnt from labelled sentences.
//!
//! A linear model over words, their beginnings, pairs of words, meanings (`concepts`) and pairs of meanings; as meanings
//! are the same in all languages, what is learnt in one serves the others. It is learnt at first use, from the sentences
//! of `fixtures/danger`, in the same order each time: there is no file of weights that could be out of date.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use super::{
    Kind,
    concepts::{CONCEPTS, Meant},
    language::Languages,
    words::{plain, sentences},
};

/// What is learnt from: language, kind or `-`, words; the blind rounds begin with their round.
const LABELLED: [&str; 4] = [
    include_str!("../../fixtures/danger/development.tsv"),
    include_str!("../../fixtures/danger/held_out.tsv"),
    include_str!("../../fixtures/danger/blind.tsv"),
    include_str!("../../fixtures/danger/examples.tsv"),
];
/// Talk without danger.
const ORDINARY: &str = include_str!("../../fixtures/danger/ordinary.txt");

/// No danger, or one of the kinds.
const CLASSES: usize = 1 + Kind::ALL.len();
/// So often all examples are gone through.
const ROUNDS: usize = 6;
const STEP: f32 = 0.3;
const SHRINK: f32 = 1e-4;
/// Two meanings stand near each other within so many words.
const NEAR: usize = 6;
/// Longer words count by their beginning as well.
const STEM: usize = 4;
/// Ordinary talk is learnt from in pieces of so many words as well.
const PIECE: usize = 6;

/// A kind of feature and its one or two words, hashed.
type Feature = u64;
type ByFeature<T> = HashMap<Feature, T, BuildHasherDefault<DefaultHasher>>;

pub(super) struct Weights {
    places: ByFeature<u32>,
    weights: Vec<[f32; CLASSES]>,
}

pub(super) static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| Weights::learn(&examples()));

struct Example {
    class: usize,
    features: Vec<Feature>,
}

impl Weights {
    /// How likely plain words speak of danger, from 0 to 1, and of which kind rather than another.
    pub(super) fn weigh(&self, words: &[&str], languages: Languages) -> (f32, Kind) {
        let features = features(words, languages);
        let places: Vec<u32> = features.iter().filter_map(|feature| self.places.get(feature).copied()).collect();
        let shares = shares(&self.weights, &places);
        let most = (1..CLASSES).max_by(|a, b| shares[*a].total_cmp(&shares[*b])).unwrap_or(1);
        (1.0 - shares[0], Kind::ALL[most - 1])
    }

    fn learn(examples: &[Example]) -> Self {
        let mut places = ByFeature::default();
        let known: Vec<(usize, Vec<u32>)> = examples
            .iter()
            .map(|example| {
                let place = |feature: &Feature| {
                    let next = places.len() as u32;
                    *places.entry(*feature).or_insert(next)
                };
                (example.class, example.features.iter().map(place).collect())
            })
            .collect();
        let weights = descend(&known, places.len());
        Self { places, weights }
    }
}

/// Gradient descent, with steps that become smaller for each weight on its own.
fn descend(examples: &[(usize, Vec<u32>)], features: usize) -> Vec<[f32; CLASSES]> {
    let mut weights = vec![[0.0_f32; CLASSES]; features];
    let mut moved = vec![[1e-4_f32; CLASSES]; features];
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = 1_u64;
    for _ in 0..ROUNDS {
        for at in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(at, (random >> 33) as usize % (at + 1));
        }
        for (class, features) in order.iter().map(|at| &examples[*at]) {
            let shares = shares(&weights, features);
            let scale = scale(features.len());
            for place in features {
                let (weight, moved) = (&mut weights[*place as usize], &mut moved[*place as usize]);
                for (k, share) in shares.iter().enumerate() {
                    let off = share - f32::from(u8::from(k == *class));
                    let slope = off * scale + SHRINK * weight[k];
                    moved[k] += slope * slope;
                    weight[k] -= STEP * slope / moved[k].sqrt();
                }
            }
        }
    }
    weights
}

/// Long sentences have more features, and no more to say for it.
fn scale(features: usize) -> f32 {
    1.0 / (features.max(1) as f32).sqrt()
}

/// What each class is worth, in sum 1.
fn shares(weights: &[[f32; CLASSES]], features: &[u32]) -> [f32; CLASSES] {
    let mut sums = [0.0_f32; CLASSES];
    for place in features {
        for (sum, weight) in sums.iter_mut().zip(&weights[*place as usize]) {
            *sum += weight;
        }
    }
    let scale = scale(features.len());
    let most = sums.iter().copied().fold(f32::MIN, f32::max);
    let mut whole = 0.0;
    for sum in &mut sums {
        *sum = ((*sum - most) * scale).exp();
        whole += *sum;
    }
    sums.map(|sum| sum / whole)
}

fn examples() -> Vec<Example> {
    let labelled = LABELLED.iter().flat_map(|file| file.lines()).filter_map(|line| {
        let mut fields: Vec<&str> = line.split('\t').collect();
        if fields.len() == 4 {
            fields.remove(0);
        }
        let [_, kind, text] = fields[..] else { return None };
        let kind = Kind::parse(kind);
        let class = kind.and_then(|kind| Kind::ALL.iter().position(|it| *it == kind)).map_or(0, |at| at + 1);
        let said: Vec<&str> = text.split(" | ").map(|part| part.strip_prefix("coach: ").unwrap_or(part)).collect();
        Some(example(class, &said.join(" ")))
    });
    let ordinary: Vec<&str> =
        ORDINARY.lines().flat_map(|line| sentences(line).into_iter().map(|range| &line[range])).collect();
    let pairs = ordinary.windows(2).map(|pair| pair.join(" "));
    let ordinary = ordinary.iter().flat_map(|sentence| pieces(sentence)).chain(pairs);
    labelled.chain(ordinary.map(|piece| example(0, &piece))).collect()
}

/// A sentence, and what is left of it where it is cut off: talk is full of beginnings.
fn pieces(sentence: &str) -> Vec<String> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let mut pieces = vec![sentence.to_owned()];
    if words.len() > PIECE {
        pieces.extend(words.chunks(PIECE).map(|piece| piece.join(" ")));
    }
    pieces
}

fn example(class: usize, text: &str) -> Example {
    let words = plain(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Example { class, features: features(&words, Languages::of(words.iter().copied())) }
}

/// Words that fill a pause, and pairs of them.
const FILLERS: [&str; 28] = [
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
];
const FILLER_PAIRS: [(&str, &str); 6] =
    [("i", "mean"), ("you", "know"), ("sort", "of"), ("kind", "of"), ("o", "sea"), ("du", "coup")];
/// After these "like" is no filler.
const BEFORE_LIKE: [&str; 14] = [
    "would", "feel", "feels", "felt", "feeling", "look", "looks", "looked", "sound", "sounds", "is", "not", "do", "who",
];

/// Words without those that people fill pauses with.
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

fn features(words: &[&str], languages: Languages) -> Vec<Feature> {
    let words = &meant_words(words)[..];
    let hash = |of: (u8, &str, &str)| {
        let mut hasher = DefaultHasher::new();
        of.hash(&mut hasher);
        hasher.finish()
    };
    let mut found = vec![hash((0, "", ""))];
    for word in words {
        found.push(hash((1, word, "")));
        if let Some((end, _)) = word.char_indices().nth(STEM) {
            found.push(hash((2, &word[..end], "")));
        }
    }
    found.extend(words.windows(2).map(|pair| hash((3, pair[0], pair[1]))));
    let meant = CONCEPTS.of(words, languages);
    let name = |concept: usize| CONCEPTS.names[concept].as_str();
    let mut concepts: Vec<usize> = meant.iter().map(|it| it.concept).collect();
    concepts.sort_unstable();
    concepts.dedup();
    for (at, one) in concepts.iter().enumerate() {
        found.push(hash((4, name(*one), "")));
        found.extend(concepts[at + 1..].iter().map(|other| hash((5, name(*one), name(*other)))));
    }
    for (at, Meant { concept, at: place }) in meant.iter().enumerate() {
        let next = meant[at + 1..].iter().take_while(|next| next.at <= place + NEAR).filter(|next| next.at > *place);
        found.extend(next.map(|next| hash((6, name(*concept), name(next.concept)))));
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of dangers that weigh at least so much, and of others.
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
        let blind = LABELLED[0].lines().count() + LABELLED[1].lines().count();
        let blind = blind..blind + LABELLED[2].lines().count();
        let mut all = examples();
        let mut weighed = Vec::new();
        // One quarter of the blind rounds, weighed by what the rest taught.
        let held: Vec<Example> =
            blind.clone().rev().filter(|at| at % FOLDS == 0).map(|at| all.swap_remove(at)).collect();
        let weights = Weights::learn(&all);
        for example in held {
            let places: Vec<u32> = example.features.iter().filter_map(|it| weights.places.get(it).copied()).collect();
            weighed.push((example.class != 0, 1.0 - shares(&weights.weights, &places)[0]));
        }
        let (dangers, others) = shares_above(&weighed, 0.35);
        eprintln!("unlearnt: {} sentences, {dangers:.3} of dangers, {others:.3} of others", weighed.len());
        assert!(dangers >= 0.8, "{dangers:.3}");
        assert!(others <= 0.15, "{others:.3}");
    }
}
