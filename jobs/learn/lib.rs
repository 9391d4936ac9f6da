//! A linear model over features of text, learned from labelled examples when it's first needed.
//!
//! Multinomial logistic regression by gradient descent, with a step size per weight (AdaGrad, Duchi et al. 2011). The
//! examples are learned in the same order each time, so there is no file of weights that could be out of date, and the
//! same words always get the same answer. A package of its own, so that development builds optimize it: learning takes many
//! millions of steps. Pure.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher},
    ops::Range,
};

const STEP: f32 = 0.3;
const SHRINK: f32 = 1e-4;

type ByFeature<T> = HashMap<u64, T, BuildHasherDefault<DefaultHasher>>;

/// A feature of a text, as a number.
pub fn feature(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A learned model that tells `CLASSES` apart.
#[derive(Debug)]
pub struct Linear<const CLASSES: usize>(Model);

impl<const CLASSES: usize> Linear<CLASSES> {
    /// Learns from examples, each a class and its features, in `rounds` passes over all of them.
    #[must_use]
    pub fn learn(examples: &[(usize, Vec<u64>)], rounds: usize) -> Self {
        Self(Model::learn(CLASSES, examples, rounds))
    }

    /// The probability of each class; they add up to 1. `None` if no feature is known.
    pub fn shares(&self, features: impl Iterator<Item = u64>) -> Option<[f32; CLASSES]> {
        self.0.shares(&features.collect::<Vec<_>>())?.try_into().ok()
    }
}

/// The same for any number of classes. Nothing of it is generic: it would be compiled by whoever uses it, as that is.
#[derive(Debug)]
struct Model {
    classes: usize,
    /// The place of each feature, of which the weights are `classes` numbers in a row.
    places: ByFeature<u32>,
    weights: Vec<f32>,
}

impl Model {
    fn learn(classes: usize, examples: &[(usize, Vec<u64>)], rounds: usize) -> Self {
        let mut places = ByFeature::default();
        let mut known: Vec<(usize, Vec<u32>)> = Vec::with_capacity(examples.len());
        for (class, features) in examples {
            let place = |feature: &u64| {
                let next = places.len() as u32;
                *places.entry(*feature).or_insert(next)
            };
            known.push((*class, features.iter().map(place).collect()));
        }
        let mut model = Self { classes, weights: vec![0.0; places.len() * classes], places };
        model.descend(&known, rounds);
        model
    }

    fn descend(&mut self, examples: &[(usize, Vec<u32>)], rounds: usize) {
        let mut moved = vec![1e-4_f32; self.weights.len()];
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut random = 1_u64;
        for _ in 0..rounds {
            for at in (1..order.len()).rev() {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                order.swap(at, (random >> 33) as usize % (at + 1));
            }
            for (class, features) in order.iter().map(|at| &examples[*at]) {
                self.step(*class, features, &mut moved);
            }
        }
    }

    /// Moves the weights of an example's features towards its class.
    fn step(&mut self, class: usize, features: &[u32], moved: &mut [f32]) {
        let mut slopes = self.shares_at(features);
        slopes[class] -= 1.0;
        let scale = scale(features.len());
        slopes.iter_mut().for_each(|off| *off *= scale);
        for place in features {
            let own = self.weights_of(*place);
            for ((weight, moved), slope) in self.weights[own.clone()].iter_mut().zip(&mut moved[own]).zip(&slopes) {
                let slope = slope + SHRINK * *weight;
                *moved += slope * slope;
                *weight -= STEP * slope / moved.sqrt();
            }
        }
    }

    fn weights_of(&self, place: u32) -> Range<usize> {
        let from = place as usize * self.classes;
        from..from + self.classes
    }

    fn shares(&self, features: &[u64]) -> Option<Vec<f32>> {
        let places: Vec<u32> = features.iter().filter_map(|it| self.places.get(it).copied()).collect();
        (!places.is_empty()).then(|| self.shares_at(&places))
    }

    fn shares_at(&self, places: &[u32]) -> Vec<f32> {
        let mut sums = vec![0.0_f32; self.classes];
        for place in places {
            for (sum, weight) in sums.iter_mut().zip(&self.weights[self.weights_of(*place)]) {
                *sum += weight;
            }
        }
        let scale = scale(places.len());
        let most = sums.iter().copied().fold(f32::MIN, f32::max);
        let mut whole = 0.0;
        for sum in &mut sums {
            *sum = ((*sum - most) * scale).exp();
            whole += *sum;
        }
        sums.iter_mut().for_each(|sum| *sum /= whole);
        sums
    }
}

/// Long texts have more features, but aren't more certain for it.
fn scale(features: usize) -> f32 {
    1.0 / (features.max(1) as f32).sqrt()
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
        let model = Linear::<2>::learn(&examples, 20);
        let of = |text: &str| model.shares(words(text).into_iter());
        assert!(of("i wrote").is_some_and(|shares| shares[0] > 0.5));
        assert!(of("she will").is_some_and(|shares| shares[1] > 0.7));
        assert_eq!(of("nobody knows"), None);
    }
}
