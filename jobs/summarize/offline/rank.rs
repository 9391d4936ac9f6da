//! Ranks the sentences that represent a session or answer a query: relevance, similarity, and selection with little
//! repetition.
//!
//! The offline summariser uses it to choose the sentences of each section, after its cues; [`Ranking::extract`] uses
//! nothing else, works on any talk, and is what the evaluation measures. If there is a local model, sentences are
//! compared by its vectors and by their words; otherwise by their words.

use std::collections::{BTreeSet, HashMap};

use super::stems::{all_stems, is_negated};
use crate::text;

/// Weights of relevance, in standard deviations of the talk's sentences. Tuned on one half of the corpora (see
/// docs/SUMMARIES.md), by hand and in round numbers.
const CENTRALITY: f32 = 0.3;
const TURN: f32 = 0.3;
const ASKS: f32 = 0.5;
const FIGURES: f32 = 0.5;
const SHORT: f32 = 1.0;
const WORDS: f32 = 3.0;
const MEANING: f32 = 2.0;
const NEIGHBOURS: f32 = 2.0;
/// A shorter sentence says little by itself.
const SHORT_WORDS: usize = 6;
/// How many surrounding sentences add to a sentence's score for a query.
const NEAR: usize = 12;

/// A sentence that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The words, as said.
    pub text: String,
    /// The index of its turn.
    pub turn: usize,
}

/// The sentences of turns, given as their texts. Sentences without letters are dropped.
pub fn passages<'a>(turns: impl IntoIterator<Item = &'a str>) -> Vec<Passage> {
    let split = |(turn, words): (usize, &str)| {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let sentences = text::sentences(&words).into_iter().map(|range| words[range].to_owned());
        sentences
            .filter(|text| text.chars().any(char::is_alphanumeric))
            .map(|text| Passage { text, turn })
            .collect::<Vec<_>>()
    };
    turns.into_iter().enumerate().flat_map(split).collect()
}

/// A sparse unit vector: weights by the number of the stem.
type Sparse = Vec<(usize, f32)>;

/// The ranking of a talk's sentences.
#[derive(Debug)]
pub struct Ranking {
    sparse: Vec<Sparse>,
    /// Unit vectors, if there is a model; empty for a sentence that wasn't embedded.
    dense: Option<Vec<Vec<f32>>>,
    negated: Vec<bool>,
    words: Vec<usize>,
    relevance: Vec<f32>,
    numbers: HashMap<String, usize>,
    rarity: Vec<f32>,
}

impl Ranking {
    /// Ranks `passages`, the sentences of a talk in order. `vectors` are their embeddings by the local model, in the
    /// same order.
    #[must_use]
    pub fn new(passages: &[Passage], vectors: Option<Vec<Vec<f32>>>) -> Self {
        let stems: Vec<Vec<String>> = passages.iter().map(|it| all_stems(&it.text)).collect();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let (mut found_in, mut said) = (Vec::new(), Vec::new());
        let mut sets: Vec<BTreeSet<usize>> = Vec::with_capacity(stems.len());
        for sentence in stems {
            let mut set = BTreeSet::new();
            for stem in sentence {
                let next = numbers.len();
                let number = *numbers.entry(stem).or_insert(next);
                if number == next {
                    found_in.push(0_usize);
                    said.push(0_usize);
                }
                said[number] += 1;
                if set.insert(number) {
                    found_in[number] += 1;
                }
            }
            sets.push(set);
        }
        let count = passages.len() as f32;
        let rarity: Vec<f32> =
            found_in.iter().map(|found| ((1.0 + count) / (1.0 + *found as f32)).ln() + 0.1).collect();
        let sparse: Vec<Sparse> =
            sets.iter().map(|set| unit(set.iter().map(|number| (*number, rarity[*number])).collect())).collect();
        // How much a sentence carries of the words that the talk repeats but few sentences contain.
        let carries = |set: &BTreeSet<usize>| -> f32 {
            set.iter().map(|number| (1.0 + said[*number] as f32).ln() * rarity[*number]).sum::<f32>().sqrt()
        };
        let carried = sets.iter().map(carries).collect();
        let mut ranking = Self {
            sparse,
            dense: vectors.filter(|vectors| vectors.len() == passages.len()),
            negated: passages.iter().map(|it| is_negated(&it.text)).collect(),
            words: passages.iter().map(|it| text::words(&it.text).len()).collect(),
            relevance: Vec::new(),
            numbers,
            rarity,
        };
        ranking.relevance = ranking.relevance_of(passages, carried);
        ranking
    }

    /// The relevance of each sentence to the talk as a whole, whatever its length; about 0 on average.
    fn relevance_of(&self, passages: &[Passage], carried: Vec<f32>) -> Vec<f32> {
        let mut in_turn: HashMap<usize, f32> = HashMap::new();
        for (passage, words) in passages.iter().zip(&self.words) {
            *in_turn.entry(passage.turn).or_default() += *words as f32;
        }
        let turns = standard(passages.iter().map(|it| in_turn[&it.turn].ln_1p()).collect());
        let central = standard(self.centrality());
        let carried = standard(carried);
        passages
            .iter()
            .enumerate()
            .map(|(at, passage)| {
                let mut worth = carried[at] + CENTRALITY * central[at] + TURN * turns[at];
                if text::asks(&passage.text) {
                    worth -= ASKS;
                }
                if passage.text.chars().any(|c| c.is_ascii_digit()) {
                    worth += FIGURES;
                }
                worth
            })
            .collect()
    }

    /// How close each sentence is to the centre of all, by its words: by vectors, the centre is what is said in every
    /// talk ("so let us go on").
    fn centrality(&self) -> Vec<f32> {
        let mut centre = vec![0.0_f32; self.rarity.len()];
        for (number, weight) in self.sparse.iter().flatten() {
            centre[*number] += weight;
        }
        let norm = centre.iter().map(|weight| weight * weight).sum::<f32>().sqrt().max(f32::EPSILON);
        let nearness = |it: &Sparse| it.iter().map(|(number, weight)| weight * centre[*number]).sum::<f32>() / norm;
        self.sparse.iter().map(nearness).collect()
    }

    /// The worth of the sentence at `at` in a summary of sentences of about `longest` words; ten extra words cost
    /// `crowding`.
    pub(super) fn worth(&self, at: usize, longest: usize, crowding: f32) -> f32 {
        let words = self.words[at];
        let short = if words < SHORT_WORDS { SHORT } else { 0.0 };
        self.relevance[at] - short - crowding * words.saturating_sub(longest) as f32 / 10.0
    }

    /// The similarity of two sentences, from 0 to 1. A denial isn't similar to what it denies.
    pub(super) fn likeness(&self, a: usize, b: usize) -> f32 {
        let by_words = cosine(&self.sparse[a], &self.sparse[b]);
        let likeness = match &self.dense {
            Some(dense) => f32::midpoint(by_words, dot(&dense[a], &dense[b]).max(0.0)),
            None => by_words,
        };
        if self.negated[a] == self.negated[b] { likeness } else { likeness / 2.0 }
    }

    /// How close each sentence is to a query, by its words and its vector, and to sentences that are.
    fn answers(&self, query: &str, vector: Option<&[f32]>) -> Vec<f32> {
        let wanted: BTreeSet<usize> =
            all_stems(query).iter().filter_map(|stem| self.numbers.get(stem).copied()).collect();
        let by_words = |sparse: &Sparse| -> f32 {
            sparse.iter().filter(|(number, _)| wanted.contains(number)).map(|(number, _)| self.rarity[*number]).sum()
        };
        let mut near = standard(self.sparse.iter().map(by_words).collect());
        near.iter_mut().for_each(|it| *it *= WORDS);
        if let (Some(dense), Some(vector)) = (&self.dense, vector) {
            let by_meaning = standard(dense.iter().map(|it| dot(it, vector)).collect());
            near.iter_mut().zip(by_meaning).for_each(|(near, it)| *near += MEANING * it);
        }
        // A question is seldom answered in one sentence: those around it count, the nearest most.
        let around = |at: usize| -> f32 {
            let from = at.saturating_sub(NEAR);
            let others = near.iter().enumerate().take(at + NEAR + 1).skip(from).filter(|(other, _)| *other != at);
            others.map(|(other, it)| it * (-(other.abs_diff(at) as f32) / 4.0).exp()).sum()
        };
        let around = standard((0..near.len()).map(around).collect());
        near.iter().zip(around).map(|(near, around)| near + NEIGHBOURS * around).collect()
    }

    /// Chooses sentences for a summary of `words` words, best first: of the whole talk, or in answer to a query (with
    /// its vector from the local model). Returns a few more than needed, so that the caller may cut.
    #[must_use]
    pub fn extract(&self, words: usize, query: Option<(&str, Option<&[f32]>)>) -> Vec<usize> {
        // A summary of fewer than about six sentences omits too much.
        let longest = (words / 6).clamp(16, 32);
        // A summary of much of the talk has room for long sentences as well.
        let share = words as f32 / self.words.iter().sum::<usize>().max(1) as f32;
        let crowding = (0.02 / share.max(f32::EPSILON)).clamp(0.1, 1.0);
        let answers = query.map(|(query, vector)| self.answers(query, vector));
        let candidates = (0..self.words.len()).map(|at| {
            let answers = answers.as_ref().map_or(0.0, |answers| answers[at]);
            Candidate { sentence: at, score: self.worth(at, longest, crowding) + answers }
        });
        // The answer to a query is in one place; what represents the talk is all over it.
        let (weight, spread) = if query.is_some() { (1.0, 0.0) } else { (2.0, 2.0) };
        let reach = 0.06 * self.words.len() as f32;
        let penalty = |a: usize, b: usize| {
            weight * (self.likeness(a, b) + spread * (-(a.abs_diff(b) as f32) / reach.max(1.0)).exp())
        };
        let mut left = words + longest;
        choose(
            candidates.collect(),
            penalty,
            |_| true,
            |at| {
                let goes_on = left > 0;
                left = left.saturating_sub(self.words[at]);
                goes_on
            },
        )
    }

    /// Up to `limit` candidates with little repetition: none that is `nearest` or more like a better one. In the order
    /// in which they were said.
    pub(super) fn choose(&self, candidates: Vec<Candidate>, limit: usize, nearest: f32) -> Vec<usize> {
        let mut left = limit;
        let mut chosen = choose(
            candidates,
            |a, b| self.likeness(a, b),
            |penalty| penalty < nearest,
            |_| {
                let goes_on = left > 0;
                left = left.saturating_sub(1);
                goes_on
            },
        );
        chosen.sort_unstable();
        chosen
    }
}

#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) sentence: usize,
    pub(super) score: f32,
}

/// Candidates by maximal marginal relevance, best first: the score minus the greatest `penalty` that a better candidate
/// puts on it. Candidates whose penalty isn't `bearable` are dropped. Stops when `takes` refuses one.
fn choose(
    candidates: Vec<Candidate>,
    penalty: impl Fn(usize, usize) -> f32,
    bearable: impl Fn(f32) -> bool,
    mut takes: impl FnMut(usize) -> bool,
) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut left: Vec<(Candidate, f32)> = candidates.into_iter().map(|it| (it, 0.0)).collect();
    loop {
        let worth = |(candidate, penalty): &(Candidate, f32)| candidate.score - penalty;
        // Of equals, the earlier.
        let best = left.iter().enumerate().max_by(|a, b| worth(a.1).total_cmp(&worth(b.1)).then(b.0.cmp(&a.0)));
        let Some((at, _)) = best else { return chosen };
        let sentence = left.remove(at).0.sentence;
        if !takes(sentence) {
            return chosen;
        }
        chosen.push(sentence);
        left.retain_mut(|(candidate, worst)| {
            *worst = worst.max(penalty(candidate.sentence, sentence));
            bearable(*worst)
        });
    }
}

fn unit(mut vector: Sparse) -> Sparse {
    let norm = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt().max(f32::EPSILON);
    for (_, weight) in &mut vector {
        *weight /= norm;
    }
    vector
}

/// Standard scores; all 0 if the values don't differ.
fn standard(mut values: Vec<f32>) -> Vec<f32> {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count).sqrt();
    let scale = if deviation > 1e-6 { 1.0 / deviation } else { 0.0 };
    values.iter_mut().for_each(|value| *value = (*value - mean) * scale);
    values
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cosine(a: &Sparse, b: &Sparse) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < a.len() && j < b.len() {
        match a[i].0.cmp(&b[j].0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += a[i].1 * b[j].1;
                i += 1;
                j += 1;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: [&str; 6] = [
        "Good morning everybody. Shall we start?",
        "The launch of the driver app was moved to the second week of May. Oh.",
        "We found that the depot in Malmö has no network, so the driver app must work offline there.",
        "Okay. Right. And the budget for the launch?",
        "The budget for the launch is forty thousand, and half of it is for training the depots.",
        "Lovely. See you next week.",
    ];

    #[test]
    fn what_carries_the_talk_is_chosen_and_pleasantries_are_not() {
        let passages = passages(TALK);
        let ranking = Ranking::new(&passages, None);
        let chosen: Vec<&str> = ranking.extract(40, None).into_iter().map(|at| passages[at].text.as_str()).collect();
        assert!(chosen[0].contains("depot") || chosen[0].contains("budget"), "{chosen:?}");
        assert!(!chosen[..2].iter().any(|text| text.len() < 30), "{chosen:?}");
    }

    #[test]
    fn a_query_is_answered() {
        let passages = passages(TALK);
        let ranking = Ranking::new(&passages, None);
        let first = |query| passages[ranking.extract(16, Some((query, None)))[0]].text.clone();
        assert!(first("What was said about the network?").contains("Malmö"));
        assert!(first("How large is the budget?").contains("forty thousand"));
    }

    #[test]
    fn what_is_said_twice_is_chosen_once_and_its_denial_is_another_thing() {
        let passages = passages([
            "I sent the quarterly report to Lena on Thursday.",
            "So I sent the quarterly report to Lena, on Thursday.",
            "I did not send the quarterly report to Lena on Thursday.",
        ]);
        let ranking = Ranking::new(&passages, None);
        assert!(ranking.likeness(0, 1) > 0.9);
        assert!(ranking.likeness(0, 2) < 0.55);
        let all = (0..3).map(|sentence| Candidate { sentence, score: 1.0 }).collect();
        assert_eq!(ranking.choose(all, 3, 0.6), [0, 2]);
    }

    #[test]
    fn nothing_is_chosen_from_nothing() {
        assert!(Ranking::new(&[], None).extract(100, None).is_empty());
        assert!(passages(["…", " - "]).is_empty());
        let one = passages(["Hm."]);
        assert_eq!(Ranking::new(&one, Some(vec![vec![1.0]])).extract(100, Some(("Hm?", Some(&[1.0])))), [0]);
    }
}
