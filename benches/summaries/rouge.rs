//! ROUGE-1, ROUGE-2 and ROUGE-Lsum with stemming, as computed by the package `rouge_score`; `rouge_score.json` has that
//! package's results for some texts.

use std::collections::{BTreeSet, HashMap};

use crate::porter;

/// The F-measures of one text, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rouge {
    pub(crate) one: f64,
    pub(crate) two: f64,
    pub(crate) lsum: f64,
}

/// Lower-case letters and digits; words of more than three letters are stemmed.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit())
        .filter(|word| !word.is_empty())
        .map(|word| if word.len() > 3 { porter::stem(word) } else { word.to_owned() })
        .collect()
}

/// Compares the sentences of a summary with those of its reference.
pub(crate) fn rouge(reference: &[String], summary: &[String]) -> Rouge {
    let lines = |sentences: &[String]| -> Vec<Vec<String>> { sentences.iter().map(|it| tokens(it)).collect() };
    let (reference, summary) = (lines(reference), lines(summary));
    let (all_reference, all_summary) = (reference.concat(), summary.concat());
    Rouge {
        one: of_ngrams(&all_reference, &all_summary, 1),
        two: of_ngrams(&all_reference, &all_summary, 2),
        lsum: of_subsequences(&reference, &summary),
    }
}

/// The harmonic mean of the shares of `hits` in the reference and the summary, in percent.
fn f_measure(hits: usize, reference: usize, summary: usize) -> f64 {
    if hits == 0 { 0.0 } else { 200.0 * hits as f64 / (reference + summary) as f64 }
}

fn of_ngrams(reference: &[String], summary: &[String], n: usize) -> f64 {
    let count = |tokens: &[String]| {
        let mut counts: HashMap<Vec<String>, usize> = HashMap::new();
        tokens.windows(n).for_each(|ngram| *counts.entry(ngram.to_vec()).or_default() += 1);
        counts
    };
    let (reference, summary) = (count(reference), count(summary));
    let hits = reference.iter().map(|(ngram, count)| (*count).min(summary.get(ngram).copied().unwrap_or(0))).sum();
    f_measure(hits, reference.values().sum(), summary.values().sum())
}

fn of_subsequences(reference: &[Vec<String>], summary: &[Vec<String>]) -> f64 {
    fn count(sentences: &[Vec<String>]) -> HashMap<&str, usize> {
        let mut counts = HashMap::new();
        sentences.iter().flatten().for_each(|token| *counts.entry(token.as_str()).or_default() += 1);
        counts
    }
    let (mut left_reference, mut left_summary) = (count(reference), count(summary));
    let mut hits = 0;
    for sentence in reference {
        let common: BTreeSet<usize> = summary.iter().flat_map(|other| subsequence(sentence, other)).collect();
        for at in common {
            let token = sentence[at].as_str();
            // Each token of the summary supports one token of the reference, as in ROUGE 1.5.5.
            if let (Some(there), Some(here)) = (left_summary.get_mut(token), left_reference.get_mut(token))
                && *there > 0
                && *here > 0
            {
                *there -= 1;
                *here -= 1;
                hits += 1;
            }
        }
    }
    let size = |sentences: &[Vec<String>]| sentences.iter().map(Vec::len).sum();
    f_measure(hits, size(reference), size(summary))
}

/// The positions in `reference` of one longest common subsequence: the one that `rouge_score` picks.
fn subsequence(reference: &[String], summary: &[String]) -> Vec<usize> {
    let (rows, columns) = (reference.len(), summary.len());
    let mut table = vec![vec![0_usize; columns + 1]; rows + 1];
    for i in 1..=rows {
        for j in 1..=columns {
            table[i][j] = if reference[i - 1] == summary[j - 1] {
                table[i - 1][j - 1] + 1
            } else {
                table[i - 1][j].max(table[i][j - 1])
            };
        }
    }
    let (mut i, mut j, mut places) = (rows, columns, Vec::new());
    while i > 0 && j > 0 {
        if reference[i - 1] == summary[j - 1] {
            i -= 1;
            j -= 1;
            places.push(i);
        } else if table[i][j - 1] > table[i - 1][j] {
            j -= 1;
        } else {
            i -= 1;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Known {
        stems: HashMap<String, String>,
        pairs: Vec<Pair>,
    }

    #[derive(Deserialize)]
    struct Pair {
        reference: Vec<String>,
        summary: Vec<String>,
        rouge: [f64; 3],
    }

    #[test]
    fn the_figures_are_those_of_rouge_score() {
        let known: Known = serde_json::from_str(include_str!("rouge_score.json")).expect("the fixture");
        for (word, stem) in &known.stems {
            assert_eq!(&porter::stem(word), stem, "{word}");
        }
        for pair in &known.pairs {
            let got = rouge(&pair.reference, &pair.summary);
            for (got, wanted) in [got.one, got.two, got.lsum].into_iter().zip(pair.rouge) {
                assert!((got - wanted).abs() < 0.01, "{got} is not {wanted}: {:?}", pair.summary);
            }
        }
        assert!(known.pairs.len() > 20 && known.stems.len() > 500);
    }
}
