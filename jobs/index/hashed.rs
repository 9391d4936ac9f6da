//! The embedder that needs nothing: hashed words, word pairs and letter triples. Pure and deterministic, on every
//! machine and in every version: what it gives is stored, so a change here is a new model name.

use std::collections::HashMap;

/// The dimensions of a vector.
pub(super) const DIMENSIONS: usize = 512;
/// The name under which its vectors are stored.
pub(super) const MODEL: &str = "hashed-512";

/// The vector of `text`, of length 1; all zeros where there is no word in it.
pub(super) fn embed(text: &str) -> Vec<f32> {
    let mut features: HashMap<u64, (f32, u32)> = HashMap::new();
    let mut add = |kind: u8, name: &str, weight: f32| {
        features.entry(hash(kind, name)).or_insert((weight, 0)).1 += 1;
    };
    let words: Vec<String> = text
        .split(|character: char| !character.is_alphanumeric() && character != '\'')
        .map(|word| word.trim_matches('\'').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    for word in &words {
        add(0, word, weight(word));
        // The triples are what finds another form of the same word; the bars mark its ends.
        let letters: Vec<char> = format!("|{word}|").chars().collect();
        for triple in letters.windows(3) {
            add(2, &triple.iter().collect::<String>(), 0.5 * weight(word));
        }
    }
    for pair in words.windows(2) {
        add(1, &pair.join(" "), 0.5 * weight(&pair[0]).min(weight(&pair[1])));
    }

    // Summed in a fixed order: adding floating-point numbers in another order gives another sum.
    let mut features: Vec<_> = features.into_iter().collect();
    features.sort_unstable_by_key(|(hash, _)| *hash);
    let mut vector = vec![0.0_f32; DIMENSIONS];
    for (hash, (weight, count)) in features {
        let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
        #[expect(clippy::cast_possible_truncation, reason = "the rest of a division by 512 fits")]
        let slot = (hash % DIMENSIONS as u64) as usize;
        #[expect(clippy::cast_precision_loss, reason = "a chunk has far fewer than 2^24 words")]
        let times = count as f32;
        vector[slot] += sign * weight * (1.0 + times.ln());
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

/// Short words (the, and, you) say little in any language.
fn weight(word: &str) -> f32 {
    match word.chars().count() {
        0..=2 => 0.1,
        3 => 0.3,
        _ => 1.0,
    }
}

/// FNV-1a with a final mix, so that the low bits (the slot) and the high bit (the sign) are independent.
fn hash(kind: u8, name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in std::iter::once(kind).chain(name.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity(one: &str, other: &str) -> f32 {
        embed(one).iter().zip(embed(other)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn another_form_of_a_word_is_nearer_than_another_word() {
        assert!(similarity("procrastination", "I keep procrastinating on the draft") > 0.15);
        assert!(similarity("procrastination", "We walked along the river").abs() < 0.1);
    }

    #[test]
    fn a_vector_has_length_one_and_no_words_give_zeros() {
        let length: f32 = embed("Delegate the Thursday report").iter().map(|value| value * value).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert!(embed(" … ").iter().all(|value| *value == 0.0));
    }

    #[test]
    fn stored_vectors_stay_comparable() {
        // A change of this value is a new model: rename MODEL, since old vectors are stored under the old name.
        let heaviest =
            embed("delegation").iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map(|it| it.0);
        assert_eq!(heaviest, Some(258));
    }
}
