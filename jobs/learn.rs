//! A linear model over features of text, learned from labelled examples when it's first needed.
//!
//! Multinomial logistic regression by gradient descent, with a step size per weight (AdaGrad, Duchi et al. 2011). The
//! examples are learned in the same order each time, so there is no file of weights that could be out of date, and the
//! same words always get the same answer.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
};

const STEP: f32 = 0.3;
const SHRINK: f32 = 1e-4;

type ByFeature<T> = HashMap<u64, T, BuildHasherDefault<DefaultHasher>>;

/// A feature of a text, as a number.
pub(crate) fn feature(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A learned model that tells `CLASSES` apart.
pub(crate) struct Linear<const CLASSES: usize> {
    places: ByFeature<u32>,
    weights: Vec<[f32; CLASSES]>,
}

impl<const CLASSES: usize> Linear<CLASSES> {
    /// Learns from examples, each a class and its features, in `rounds` passes over all of them.
    pub(crate) fn learn<'a>(examples: impl Iterator<Item = (usize, &'a [u64])>, rounds: usize) -> Self {
        let mut places = ByFeature::default();
        let known: Vec<(usize, Vec<u32>)> = examples
            .map(|(class, features)| {
                let place = |feature: &u64| {
                    let next = places.len() as u32;
                    *places.entry(*feature).or_insert(next)
                };
                (class, features.iter().map(place).collect())
            })
            .collect();
        let weights = descend(&known, places.len(), rounds);
        Self { places, weights }
    }

    /// The probability of each class; they add up to 1. `None` if no feature is known.
    pub(crate) fn shares(&self, features: impl Iterator<Item = u64>) -> Option<[f32; CLASSES]> {
        let places: Vec<u32> = features.filter_map(|it| self.places.get(&it).copied()).collect();
        (!places.is_empty()).then(|| shares(&self.weights, &places))
    }
}

fn descend<const CLASSES: usize>(
    examples: &[(usize, Vec<u32>)],
    features: usize,
    rounds: usize,
) -> Vec<[f32; CLASSES]> {
    let mut weights = vec![[0.0_f32; CLASSES]; features];
    let mut moved = vec![[1e-4_f32; CLASSES]; features];
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = 1_u64;
    for _ in 0..rounds {
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

/// Long texts have more features, but aren't more certain for it.
fn scale(features: usize) -> f32 {
    1.0 / (features.max(1) as f32).sqrt()
}

fn shares<const CLASSES: usize>(weights: &[[f32; CLASSES]], features: &[u32]) -> [f32; CLASSES] {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_is_told_apart_and_unknown_words_are_no_answer() {
        let words = |text: &str| text.split(' ').map(feature).collect::<Vec<u64>>();
        let examples: Vec<(usize, Vec<u64>)> =
            [(0, "i will call"), (1, "she will call"), (0, "i will write"), (1, "she wrote")]
                .map(|(class, text)| (class, words(text)))
                .into();
        let model = Linear::<2>::learn(examples.iter().map(|(class, features)| (*class, features.as_slice())), 20);
        let of = |text: &str| model.shares(words(text).into_iter());
        assert!(of("i wrote").is_some_and(|shares| shares[0] > 0.5));
        assert!(of("she will").is_some_and(|shares| shares[1] > 0.7));
        assert_eq!(of("nobody knows"), None);
    }
}
