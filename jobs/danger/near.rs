//! Similarity to examples: a second check, for English, if there is a local model.
//!
//! A sentence is a sign if its meaning is close to that of a danger in the development half, and no closer to a near
//! miss. `docs/SUMMARIES.md` shows what this adds. CPU-bound: don't call it in a transaction or on a thread of the
//! async runtime.

use std::{collections::HashSet, ops::Range};

use super::{
    Indicator, Kind, Sign, SpokenText,
    asked::question,
    words::{plain, sentences},
};
use crate::embed::{Local, LocalError};

/// The labelled sentences: language, kind or `-`, words.
const EXAMPLES: &str = include_str!("../../fixtures/danger/development.tsv");
/// The minimum cosine similarity to a danger, …
const NEAR: f32 = 0.55;
/// … and by how much it must exceed the similarity to the closest near miss.
const NEARER: f32 = 0.0;
/// Fewer words say too little.
const SHORTEST: usize = 4;
/// Longer sessions are checked by the lexicon alone: about a hundred sentences are compared per second.
const MOST: usize = 4_000;

/// An example. The kind is `None` for a near miss.
struct Example {
    why: Option<Indicator>,
    text: &'static str,
}

/// The signs that the lexicon missed.
///
/// # Errors
/// If the model can't be used.
pub fn near(local: &Local, said: &[SpokenText<'_>], known: &[Sign]) -> Result<Vec<Sign>, LocalError> {
    let known: HashSet<usize> = known.iter().map(|sign| sign.utterance).collect();
    let unknown = |at: &usize| !known.contains(at);
    let places: Vec<(usize, Range<usize>)> = (0..said.len())
        .filter(unknown)
        .flat_map(|at| sentences(said[at].text).into_iter().map(move |range| (at, range)))
        .filter(|(at, range)| {
            let text = &said[*at].text[range.clone()];
            plain(text).len() >= SHORTEST && question(text).is_none()
        })
        .collect();
    if places.is_empty() || places.len() > MOST {
        return Ok(Vec::new());
    }
    let examples = examples();
    let near = local.embed(&examples.iter().map(|example| example.text).collect::<Vec<_>>())?;
    let texts: Vec<&str> = places.iter().map(|(at, range)| &said[*at].text[range.clone()]).collect();
    let vectors = local.embed(&texts)?;
    let sign = |((utterance, sentence), vector): ((usize, Range<usize>), Vec<f32>)| {
        let (mut danger, mut miss): (Option<(f32, Indicator)>, f32) = (None, 0.0);
        for (example, other) in examples.iter().zip(&near) {
            let cosine: f32 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
            match example.why {
                Some(why) if danger.is_none_or(|(best, _)| cosine > best) => danger = Some((cosine, why)),
                Some(_) => {}
                None => miss = miss.max(cosine),
            }
        }
        let (cosine, why) = danger?;
        (cosine >= NEAR && cosine - miss >= NEARER).then_some(Sign { utterance, sentence, why })
    };
    Ok(places.into_iter().zip(vectors).filter_map(sign).collect())
}

/// The English examples that consist of one utterance.
fn examples() -> Vec<Example> {
    let example = |line: &'static str| {
        let mut fields = line.split('\t');
        let (language, kind, text) = (fields.next()?, fields.next()?, fields.next()?);
        let why = Kind::parse(kind).map(|kind| match kind {
            Kind::Suicide => Indicator::Thoughts,
            Kind::SelfHarm => Indicator::SelfHarm,
            Kind::Abuse => Indicator::Hurt,
            Kind::Violence => Indicator::Violence,
            Kind::Emergency => Indicator::Emergency,
        });
        (language == "en" && !text.contains(" | ")).then_some(Example { why, text })
    };
    EXAMPLES.lines().filter_map(example).collect()
}
