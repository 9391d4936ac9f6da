//! What the offline summariser is compared with: the first sentences, any sentences, LexRank and TextRank. Each gives the
//! sentences in the order in which it would take them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::{corpora::Talk, rouge::tokens};

/// A way to choose sentences; a query is for those that can use it.
pub(crate) type Peer = fn(&Talk, Option<&str>) -> Vec<usize>;

/// The peers that know nothing of the query, and the two graphs with the query's words as the surfer's aim.
pub(crate) const PEERS: [(&str, Peer); 6] = [
    ("Lead", lead),
    ("Random", random),
    ("LexRank", |talk, _| best_first(&lexrank(talk, None))),
    ("TextRank", |talk, _| best_first(&textrank(talk, None))),
    ("LexRank, biased", |talk, query| best_first(&lexrank(talk, query))),
    ("TextRank, biased", |talk, query| best_first(&textrank(talk, query))),
];

/// The graphs' damping.
const DAMPING: f64 = 0.85;
/// LexRank's threshold for a likeness to count.
const THRESHOLD: f64 = 0.1;

fn lead(talk: &Talk, _: Option<&str>) -> Vec<usize> {
    (0..talk.sentences.len()).collect()
}

/// Shuffled, by a generator of our own so that it is the same everywhere (SplitMix64).
fn random(talk: &Talk, _: Option<&str>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..talk.sentences.len()).collect();
    let mut state = talk
        .name
        .bytes()
        .fold(0x9e37_79b9_7f4a_7c15_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    for last in (1..order.len()).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        order.swap(last, usize::try_from((mixed ^ (mixed >> 31)) % (last as u64 + 1)).unwrap_or_default());
    }
    order
}

/// Erkan and Radev 2004: a graph of sentences whose tf-idf cosine reaches a threshold, by PageRank. Words are stemmed.
/// With a query, the surfer jumps to sentences like it (Otterbacher and others 2005).
fn lexrank(talk: &Talk, query: Option<&str>) -> Vec<f64> {
    let words: Vec<Vec<String>> = talk.sentences.iter().map(|it| tokens(&it.text)).collect();
    let mut found_in: HashMap<&str, f64> = HashMap::new();
    for sentence in &words {
        for word in sentence.iter().map(String::as_str).collect::<BTreeSet<_>>() {
            *found_in.entry(word).or_default() += 1.0;
        }
    }
    let vector = |words: &[String]| -> BTreeMap<String, f64> {
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        words.iter().for_each(|word| *counts.entry(word.clone()).or_default() += 1.0);
        for (word, weight) in &mut counts {
            *weight *= (talk.sentences.len() as f64 / found_in.get(word.as_str()).copied().unwrap_or(1.0)).ln();
        }
        let norm = counts.values().map(|weight| weight * weight).sum::<f64>().sqrt().max(1e-12);
        counts.values_mut().for_each(|weight| *weight /= norm);
        counts
    };
    let vectors: Vec<_> = words.iter().map(|words| vector(words)).collect();
    let cosine = |a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>| -> f64 {
        let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
        few.iter().filter_map(|(word, weight)| Some(weight * many.get(word)?)).sum()
    };
    let edges = symmetric(vectors.len(), |i, j| if cosine(&vectors[i], &vectors[j]) > THRESHOLD { 1.0 } else { 0.0 });
    let aim = query.map(|query| {
        let query = vector(&tokens(query));
        vectors.iter().map(|vector| cosine(vector, &query)).collect()
    });
    page_rank(&edges, aim)
}

/// Mihalcea and Tarau 2004: a graph of sentences by the words that two have in common, over the logarithms of their
/// lengths, by PageRank. Words are stemmed. With a query, the surfer jumps to sentences that have words of it.
fn textrank(talk: &Talk, query: Option<&str>) -> Vec<f64> {
    let all: Vec<Vec<String>> = talk.sentences.iter().map(|it| tokens(&it.text)).collect();
    let sets: Vec<BTreeSet<&str>> = all.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
    let length = |words: usize| (words.max(1) as f64).ln();
    let likeness = |a: &BTreeSet<&str>, b: &BTreeSet<&str>, size: f64| {
        let common = a.intersection(b).count() as f64;
        if size > 0.0 { common / size } else { 0.0 }
    };
    let edges = symmetric(all.len(), |i, j| {
        if i == j { 0.0 } else { likeness(&sets[i], &sets[j], length(all[i].len()) + length(all[j].len())) }
    });
    let query = query.map(tokens);
    let aim = query.as_ref().map(|query| {
        let words: BTreeSet<&str> = query.iter().map(String::as_str).collect();
        let size = |at: usize| length(all[at].len()) + length(query.len());
        sets.iter().enumerate().map(|(at, set)| likeness(set, &words, size(at))).collect()
    });
    page_rank(&edges, aim)
}

fn symmetric(size: usize, weight: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
    let mut edges = vec![vec![0.0; size]; size];
    for i in 0..size {
        for j in i..size {
            let weight = weight(i, j);
            (edges[i][j], edges[j][i]) = (weight, weight);
        }
    }
    edges
}

/// Weighted PageRank by power iteration. Who has no edge passes its rank on to all.
fn page_rank(edges: &[Vec<f64>], aim: Option<Vec<f64>>) -> Vec<f64> {
    let size = edges.len();
    let even = 1.0 / size.max(1) as f64;
    let aim = aim.filter(|aim| aim.iter().sum::<f64>() > 0.0).map_or_else(
        || vec![even; size],
        |aim| {
            let total: f64 = aim.iter().sum();
            aim.iter().map(|weight| weight / total).collect()
        },
    );
    let totals: Vec<f64> = edges.iter().map(|row| row.iter().sum()).collect();
    let mut ranks = vec![even; size];
    for _ in 0..100 {
        let mut next: Vec<f64> = aim.iter().map(|aim| (1.0 - DAMPING) * aim).collect();
        for (from, row) in edges.iter().enumerate() {
            if totals[from] > 0.0 {
                let share = DAMPING * ranks[from] / totals[from];
                row.iter().zip(&mut next).for_each(|(weight, rank)| *rank += share * weight);
            } else {
                next.iter_mut().for_each(|rank| *rank += DAMPING * ranks[from] * even);
            }
        }
        let change: f64 = next.iter().zip(&ranks).map(|(a, b)| (a - b).abs()).sum();
        ranks = next;
        if change < 1e-9 {
            break;
        }
    }
    ranks
}

/// The sentences by falling score; of equals the earlier first.
fn best_first(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    order
}
