//! The second head: the vector of a sentence corrects what its words alone suggest.
//!
//! A linear layer on the local model's vectors (all-MiniLM-L6-v2), added to the logits of the words. Its weights are a
//! file that `cargo run --release --example kinds -- train` writes; the file names the sentences that it was trained on.

use std::sync::LazyLock;

use debrief_learn::Linear;
use sha2::{Digest, Sha256};

use super::{Example, KINDS, Kinds, Spoken, by_words, learn, weigh};

/// The dimensions of a vector.
const DIMENSIONS: usize = 384;
/// The first bytes of the file: a hash of what it was trained on.
const DIGEST: usize = 32;
/// The words' models that judge sentences which they haven't seen.
const FOLDS: usize = 8;
const ROUNDS: usize = 300;
const STEP: f32 = 4.0;
const SHRINK: f32 = 2e-4;

static FILE: &[u8] = include_bytes!("../../../fixtures/kinds/meaning.bin");

/// How much the words count, and by kind how much each dimension of the vector does; the last weight stands alone.
struct Layer {
    words: f32,
    weights: Vec<[f32; DIMENSIONS + 1]>,
}

impl Layer {
    /// `None` if the file isn't one.
    fn read(file: &[u8]) -> Option<Self> {
        let numbers: Vec<f32> = file
            .get(DIGEST..)?
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes(four.try_into().unwrap_or_default()))
            .collect();
        let (words, weights) = numbers.split_first()?;
        let weights: Vec<[f32; DIMENSIONS + 1]> =
            weights.chunks_exact(DIMENSIONS + 1).map(|of| of.try_into().unwrap_or([0.0; DIMENSIONS + 1])).collect();
        (weights.len() == KINDS).then_some(Self { words: *words, weights })
    }

    fn write(&self, digest: &[u8]) -> Vec<u8> {
        let numbers = std::iter::once(&self.words).chain(self.weights.iter().flatten());
        digest.iter().copied().chain(numbers.flat_map(|number| number.to_le_bytes())).collect()
    }

    fn shares(&self, words: &Kinds, vector: &[f32]) -> [f32; KINDS] {
        let mut sums = [0.0; KINDS];
        for ((sum, share), weights) in sums.iter_mut().zip(words.0).zip(&self.weights) {
            let meant: f32 = weights.iter().zip(vector).map(|(weight, it)| weight * it).sum();
            *sum = self.words * share.max(1e-6).ln() + meant + weights[DIMENSIONS];
        }
        let most = sums.iter().copied().fold(f32::MIN, f32::max);
        let grown = sums.map(|sum| (sum - most).exp());
        let whole: f32 = grown.iter().sum();
        grown.map(|it| it / whole)
    }
}

/// The kinds of a sentence by its words and its vector.
#[must_use]
pub fn by_meaning(spoken: Spoken<'_>, vector: &[f32]) -> Kinds {
    static LAYER: LazyLock<Option<Layer>> = LazyLock::new(|| Layer::read(FILE));
    let words = by_words(spoken);
    match &*LAYER {
        Some(layer) if vector.len() == DIMENSIONS => Kinds(layer.shares(&words, vector)),
        _ => words,
    }
}

/// A hash of the sentences, by which the file says what it was trained on.
fn digest(examples: &[Example]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for Example { kind, spoken } in examples {
        hash.update([*kind as u8, u8::from(spoken.by_coach)]);
        hash.update(spoken.before);
        hash.update([0]);
        hash.update(spoken.text);
        hash.update([0]);
    }
    hash.finalize().to_vec()
}

/// Trains the layer on sentences with their vectors, and returns its file.
#[must_use]
pub fn train(examples: &[Example], vectors: &[Vec<f32>]) -> Vec<u8> {
    trained(examples, vectors).write(&digest(examples))
}

/// How sentences are judged that neither head has seen: for each, by words and by meaning.
#[must_use]
pub fn judged(known: &[Example], vectors: &[Vec<f32>], unseen: &[(Example, Vec<f32>)]) -> Vec<(Kinds, Kinds)> {
    let (learned, layer) = (learn(known), trained(known, vectors));
    let judge = |(example, vector): &(Example, Vec<f32>)| {
        let words = weigh(&learned, example.spoken);
        (words, Kinds(layer.shares(&words, vector)))
    };
    unseen.iter().map(judge).collect()
}

fn trained(examples: &[Example], vectors: &[Vec<f32>]) -> Layer {
    let words = unseen_by_words(examples);
    let mut layer = Layer { words: 1.0, weights: vec![[0.0; DIMENSIONS + 1]; KINDS] };
    let count = examples.len().max(1) as f32;
    for _ in 0..ROUNDS {
        let mut slopes = vec![[0.0_f32; DIMENSIONS + 1]; KINDS];
        let mut slope_of_words = 0.0;
        for ((example, vector), words) in examples.iter().zip(vectors).zip(&words) {
            let shares = layer.shares(words, vector);
            for (kind, slopes) in slopes.iter_mut().enumerate() {
                let off = (shares[kind] - f32::from(u8::from(kind == example.kind as usize))) / count;
                slopes.iter_mut().zip(vector).for_each(|(slope, it)| *slope += off * it);
                slopes[DIMENSIONS] += off;
                slope_of_words += off * words.0[kind].max(1e-6).ln();
            }
        }
        layer.words -= 0.1 * slope_of_words;
        for (weights, slopes) in layer.weights.iter_mut().zip(&slopes) {
            weights.iter_mut().zip(slopes).for_each(|(weight, slope)| *weight -= STEP * (slope + SHRINK * *weight));
        }
    }
    layer
}

/// What words suggest of each example, by a model that was learned from others.
fn unseen_by_words(examples: &[Example]) -> Vec<Kinds> {
    let models: Vec<Linear<KINDS>> = (0..FOLDS)
        .map(|fold| {
            let others: Vec<Example> =
                examples.iter().enumerate().filter(|(at, _)| at % FOLDS != fold).map(|(_, it)| *it).collect();
            learn(&others)
        })
        .collect();
    examples.iter().enumerate().map(|(at, it)| weigh(&models[at % FOLDS], it.spoken)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_are_those_of_the_labelled_sentences() {
        assert!(Layer::read(FILE).is_some());
        assert!(
            FILE.starts_with(&digest(&super::super::examples())),
            "run `cargo run --release --example kinds -- train`"
        );
    }
}
