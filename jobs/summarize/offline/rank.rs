//! Which sentences speak for the session: centrality by TF-IDF over hashed words, and choice without repetition.

use std::{collections::BTreeSet, sync::LazyLock};

use super::super::text;

const DIMENSIONS: usize = 512;

/// Words that carry no topic.
const STOP: &str = "a about after again all also am an and any are as at be because been before but by can could cant did didnt \
    do does dont doing down for from get go going got had has have havent he her here him his how i id if ill im \
    in into is isnt it its ive just know last like lot me mean more my no not now of off oh okay on one only or \
    our out really right said say she so some something than that thats the their them then there they thing \
    things think this those to too uh um up us very want was wasnt we well were what when where which who will \
    with would yeah yes you your";

/// A sparse unit vector: hashed stems with their weights, by stem.
pub(super) type Vector = Vec<(usize, f32)>;

/// The content words of a text, cut to their stems.
pub(super) fn stems(text: &str) -> BTreeSet<String> {
    static STOPS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| STOP.split_whitespace().collect());
    text::words(text)
        .into_iter()
        .map(|word| word.normal)
        .filter(|word| word.chars().count() > 2 && !STOPS.contains(word.as_str()))
        .map(|word| stem(&word))
        .collect()
}

/// Cuts the commonest endings: enough to bring `sending` and `send` together.
fn stem(word: &str) -> String {
    for ending in ["ing", "edly", "ed", "ies", "es", "s"] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.chars().count() >= 3
        {
            return stem.to_owned();
        }
    }
    word.to_owned()
}

/// FNV-1a: the same on every machine and in every version, unlike the standard library's hasher.
fn bucket(stem: &str) -> usize {
    let hash = stem
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    usize::try_from(hash % DIMENSIONS as u64).unwrap_or_default()
}

/// The vectors of texts, given by their stems, and how near each is to what the texts are about as a whole (0 to 1).
pub(super) fn centrality<'a>(texts: impl Iterator<Item = &'a BTreeSet<String>>) -> (Vec<Vector>, Vec<f32>) {
    let buckets: Vec<BTreeSet<usize>> = texts.map(|stems| stems.iter().map(|stem| bucket(stem)).collect()).collect();
    let mut found_in = vec![0_usize; DIMENSIONS];
    for bucket in buckets.iter().flatten() {
        found_in[*bucket] += 1;
    }
    let count = buckets.len() as f32;
    let vectors: Vec<Vector> = buckets
        .iter()
        .map(|buckets| {
            unit(
                buckets
                    .iter()
                    .map(|bucket| (*bucket, ((1.0 + count) / (1.0 + found_in[*bucket] as f32)).ln() + 0.1))
                    .collect(),
            )
        })
        .collect();
    let mut centre = vec![0.0_f32; DIMENSIONS];
    for (bucket, weight) in vectors.iter().flatten() {
        centre[*bucket] += weight;
    }
    let norm = centre.iter().map(|weight| weight * weight).sum::<f32>().sqrt().max(f32::EPSILON);
    let central = vectors
        .iter()
        .map(|vector| vector.iter().map(|(bucket, weight)| weight * centre[*bucket]).sum::<f32>() / norm)
        .collect();
    (vectors, central)
}

fn unit(mut vector: Vector) -> Vector {
    let norm = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt().max(f32::EPSILON);
    for (_, weight) in &mut vector {
        *weight /= norm;
    }
    vector
}

/// The cosine of two vectors.
pub(super) fn cosine(a: &Vector, b: &Vector) -> f32 {
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

/// Something to choose, with its worth.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The sentence.
    pub(super) sentence: usize,
    /// How well it fits, from about 0 to 3.
    pub(super) score: f32,
}

/// Up to `limit` candidates by maximal marginal relevance, none nearer than `nearest` to a better one; in the order in
/// which they were said.
pub(super) fn choose(mut candidates: Vec<Candidate>, vectors: &[Vector], limit: usize, nearest: f32) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < limit && !candidates.is_empty() {
        let likeness =
            |at: usize| chosen.iter().map(|other| cosine(&vectors[at], &vectors[*other])).fold(0.0_f32, f32::max);
        candidates.retain(|candidate| likeness(candidate.sentence) < nearest);
        let best = candidates
            .iter()
            .enumerate()
            .map(|(at, candidate)| (at, candidate.score - likeness(candidate.sentence)))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((at, _)) = best else { break };
        chosen.push(candidates.swap_remove(at).sentence);
        // `swap_remove` disturbs the order that breaks ties; sorting restores it.
        candidates.sort_by_key(|candidate| candidate.sentence);
    }
    chosen.sort_unstable();
    chosen
}
