//! Plain BM25 over words in lower case, as a textbook has it: what search by words is compared with. Pure.

use std::collections::HashMap;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// Texts, counted.
pub(crate) struct Bm25 {
    counts: Vec<HashMap<String, u32>>,
    lengths: Vec<f64>,
    average: f64,
    texts_with: HashMap<String, u32>,
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

impl Bm25 {
    pub(crate) fn of(texts: &[&str]) -> Self {
        let (mut counts, mut lengths, mut texts_with) = (Vec::new(), Vec::new(), HashMap::new());
        for text in texts {
            let mut count: HashMap<String, u32> = HashMap::new();
            for word in words(text) {
                *count.entry(word).or_default() += 1;
            }
            for word in count.keys() {
                *texts_with.entry(word.clone()).or_default() += 1;
            }
            lengths.push(f64::from(count.values().sum::<u32>()));
            counts.push(count);
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of texts")]
        let average = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        Self { counts, lengths, average, texts_with }
    }

    /// The texts that fit best, best first.
    pub(crate) fn best(&self, query: &str, limit: usize) -> Vec<usize> {
        #[expect(clippy::cast_precision_loss, reason = "a number of texts")]
        let all = self.counts.len() as f64;
        let words: Vec<String> = words(query).collect();
        let score = |at: usize| -> f64 {
            let of_word = |word: &String| {
                let count = f64::from(self.counts[at].get(word).copied().unwrap_or_default());
                let with = f64::from(self.texts_with.get(word).copied().unwrap_or_default());
                let weight = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
                weight * count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * self.lengths[at] / self.average))
            };
            words.iter().map(of_word).sum()
        };
        let mut scored: Vec<(f64, usize)> = (0..self.counts.len()).map(|at| (score(at), at)).collect();
        scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        scored.into_iter().filter(|(score, _)| *score > 0.0).take(limit).map(|(_, at)| at).collect()
    }
}
