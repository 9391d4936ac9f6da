//! The offline summarizer's competitors: first sentences, random sentences, LexRank and TextRank. Each returns the
//! sentences in the order in which it would take them.

use std::collections::{BTreeMap, HashMap};

use crate::{corpora::Talk, rouge::tokens};

/// The systems. The "biased" ones use the query; the others serve every task.
pub(crate) const PEERS: [&str; 6] = ["Lead", "Random", "LexRank", "TextRank", "LexRank, biased", "TextRank, biased"];

/// The graphs' damping.
const DAMPING: f64 = 0.85;
/// LexRank's similarity threshold.
const THRESHOLD: f64 = 0.1;

/// A sentence as word indexes with weights.
type Row = BTreeMap<usize, f64>;

/// What the systems know about a talk.
pub(crate) struct Peers<'a> {
    talk: &'a Talk,
    numbers: HashMap<String, usize>,
    /// In how many sentences each word occurs.
    found_in: Vec<f64>,
    lexrank: (Vec<Row>, Graph),
    textrank: (Vec<Row>, Graph),
    /// The logarithm of each sentence's length.
    lengths: Vec<f64>,
}

/// Weighted edges, by source sentence.
type Graph = Vec<Vec<(usize, f64)>>;

impl<'a> Peers<'a> {
    /// LexRank (Erkan and Radev 2004): a graph of sentences whose tf-idf cosine reaches a threshold. TextRank (Mihalcea
    /// and Tarau 2004): a graph of sentences by their common words, over the logarithms of their lengths. Stemmed.
    pub(crate) fn new(talk: &'a Talk) -> Self {
        let words: Vec<Vec<String>> = talk.sentences.iter().map(|it| tokens(&it.text)).collect();
        let mut peers = Self {
            talk,
            numbers: HashMap::new(),
            found_in: Vec::new(),
            lexrank: Default::default(),
            textrank: Default::default(),
            lengths: words.iter().map(|words| (words.len().max(1) as f64).ln()).collect(),
        };
        for word in words.iter().flatten() {
            let next = peers.numbers.len();
            peers.numbers.entry(word.clone()).or_insert(next);
        }
        peers.found_in = vec![0.0; peers.numbers.len()];
        let sets: Vec<Row> = words.iter().map(|words| peers.counts(words)).collect();
        for number in sets.iter().flat_map(BTreeMap::keys) {
            peers.found_in[*number] += 1.0;
        }
        let vectors: Vec<Row> = sets.iter().map(|counts| peers.tf_idf(counts)).collect();
        let sets: Vec<Row> = sets.iter().map(|set| set.keys().map(|number| (*number, 1.0)).collect()).collect();
        let edges = graph(&vectors, peers.numbers.len(), |_, _, cosine| f64::from(cosine > THRESHOLD));
        peers.lexrank = (vectors, edges);
        let lengths = &peers.lengths;
        let edges = graph(&sets, peers.numbers.len(), |i, j, common| {
            if i == j || lengths[i] + lengths[j] == 0.0 { 0.0 } else { common / (lengths[i] + lengths[j]) }
        });
        peers.textrank = (sets, edges);
        peers
    }

    /// The sentences in the order in which the system would take them. If it is biased, the random surfer jumps to
    /// sentences like the query (for LexRank as in Otterbacher and others 2005).
    pub(crate) fn order(&self, system: &str, query: Option<&str>) -> Vec<usize> {
        let query = query.filter(|_| system.ends_with("biased")).map(|query| self.counts(&tokens(query)));
        match system.split(',').next() {
            Some("LexRank") => {
                let (rows, edges) = &self.lexrank;
                let aim = query.map(|query| self.tf_idf(&query));
                let aim = aim.map(|aim| rows.iter().map(|row| dot(row, &aim)).collect());
                best_first(&page_rank(edges, aim))
            }
            Some("TextRank") => {
                let (rows, edges) = &self.textrank;
                let aim = query.map(|query| {
                    let length = (query.values().sum::<f64>().max(1.0)).ln();
                    let likeness = |(row, own): (&Row, &f64)| {
                        let common = row.keys().filter(|number| query.contains_key(number)).count() as f64;
                        if own + length > 0.0 { common / (own + length) } else { 0.0 }
                    };
                    rows.iter().zip(&self.lengths).map(likeness).collect()
                });
                best_first(&page_rank(edges, aim))
            }
            Some("Random") => self.random(),
            _ => (0..self.talk.sentences.len()).collect(),
        }
    }

    /// How often each word occurs; words that aren't in the talk are left out.
    fn counts(&self, words: &[String]) -> Row {
        let mut counts = Row::new();
        for number in words.iter().filter_map(|word| self.numbers.get(word)) {
            *counts.entry(*number).or_default() += 1.0;
        }
        counts
    }

    fn tf_idf(&self, counts: &Row) -> Row {
        let count = self.talk.sentences.len() as f64;
        let mut row: Row =
            counts.iter().map(|(number, times)| (*number, times * (count / self.found_in[*number]).ln())).collect();
        let norm = row.values().map(|weight| weight * weight).sum::<f64>().sqrt().max(1e-12);
        row.values_mut().for_each(|weight| *weight /= norm);
        row
    }

    /// Shuffled with our own generator, to be the same everywhere (SplitMix64).
    fn random(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.talk.sentences.len()).collect();
        let mut state = self
            .talk
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
}

fn dot(a: &Row, b: &Row) -> f64 {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    few.iter().filter_map(|(number, weight)| Some(weight * many.get(number)?)).sum()
}

/// The edges between sentences with common words; `weight` computes the weight from their dot product.
fn graph(rows: &[Row], words: usize, weight: impl Fn(usize, usize, f64) -> f64) -> Graph {
    let mut sentences_of: Vec<Vec<(usize, f64)>> = vec![Vec::new(); words];
    for (at, row) in rows.iter().enumerate() {
        row.iter().for_each(|(number, value)| sentences_of[*number].push((at, *value)));
    }
    let edges = |(at, row): (usize, &Row)| {
        let mut products = vec![0.0; rows.len()];
        for (number, value) in row {
            sentences_of[*number].iter().for_each(|(other, theirs)| products[*other] += value * theirs);
        }
        let found = products.iter().enumerate().filter(|(_, product)| **product > 0.0);
        found.map(|(other, product)| (other, weight(at, other, *product))).filter(|(_, it)| *it > 0.0).collect()
    };
    rows.iter().enumerate().map(edges).collect()
}

/// Weighted PageRank by power iteration. A sentence without edges passes its rank on to all.
fn page_rank(edges: &Graph, aim: Option<Vec<f64>>) -> Vec<f64> {
    let size = edges.len();
    let even = 1.0 / size.max(1) as f64;
    let aim = aim.filter(|aim| aim.iter().sum::<f64>() > 0.0).map_or_else(
        || vec![even; size],
        |aim| {
            let total: f64 = aim.iter().sum();
            aim.iter().map(|weight| weight / total).collect()
        },
    );
    let totals: Vec<f64> = edges.iter().map(|row| row.iter().map(|(_, weight)| weight).sum()).collect();
    let mut ranks = vec![even; size];
    for _ in 0..100 {
        let mut next: Vec<f64> = aim.iter().map(|aim| (1.0 - DAMPING) * aim).collect();
        for (from, row) in edges.iter().enumerate() {
            if totals[from] > 0.0 {
                let share = DAMPING * ranks[from] / totals[from];
                row.iter().for_each(|(to, weight)| next[*to] += share * weight);
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

/// The sentences by decreasing score; ties go to the earlier one.
fn best_first(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    order
}
