//! The embedder that needs nothing: hashed words, word prefixes, word pairs and letter trigrams. Pure and deterministic
//! on every machine and in every version: its vectors are stored, so a change here needs a new model name.

use std::collections::HashMap;

/// The dimensions of a vector.
pub(super) const DIMENSIONS: usize = 512;
/// The name under which its vectors are stored.
pub(super) const MODEL: &str = "hashed-512";

// The kinds of feature: the same letters of different kinds are different features.
const WORD: u8 = 0;
const PAIR: u8 = 1;
const TRIPLE: u8 = 2;
const BEGINNING: u8 = 3;

/// The vector of `text`, of length 1; all zeros if it contains no word.
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
        let weight = weight(word);
        add(WORD, word, weight);
        let letters: Vec<char> = word.chars().collect();
        // Forms of one word share a prefix. Trigrams alone wouldn't do: most long words share their endings.
        for (length, share) in [(4, 0.5), (5, 1.0), (6, 1.0)] {
            if length <= letters.len() {
                add(BEGINNING, &letters[..length].iter().collect::<String>(), share * weight);
            }
        }
        // The trigrams match misspellings; the bars mark the ends of the word.
        let marked: Vec<char> = format!("|{word}|").chars().collect();
        for triple in marked.windows(3) {
            add(TRIPLE, &triple.iter().collect::<String>(), 0.15 * weight);
        }
    }
    for pair in words.windows(2) {
        add(PAIR, &pair.join(" "), 0.5 * weight(&pair[0]).min(weight(&pair[1])));
    }

    // Summed in a fixed order: floating-point addition in another order gives another sum.
    let mut features: Vec<_> = features.into_iter().collect();
    features.sort_unstable_by_key(|(hash, _)| *hash);
    let mut vector = vec![0.0_f32; DIMENSIONS];
    for (hash, (weight, count)) in features {
        #[expect(clippy::cast_precision_loss, reason = "a chunk has far fewer than 2^24 words")]
        let value = weight * (1.0 + (count as f32).ln());
        // In four places, with ten bits of the hash each: in a short text, one chance collision must not look like
        // similarity.
        for bits in [hash, hash >> 10, hash >> 20, hash >> 30] {
            #[expect(clippy::cast_possible_truncation, reason = "the rest of a division by 512 fits")]
            let slot = (bits % DIMENSIONS as u64) as usize;
            vector[slot] += if bits & 512 == 0 { value } else { -value };
        }
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

/// Short words (the, and, you) say little in any language; long ones distinguish texts.
fn weight(word: &str) -> f32 {
    match word.chars().count() {
        0..=2 => 0.05,
        3 => 0.1,
        4 => 0.3,
        5 => 0.6,
        6 => 0.8,
        7 => 1.0,
        8 => 1.2,
        _ => 1.4,
    }
}

/// FNV-1a with a final mix, so that all bits are independent.
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
    fn another_form_of_a_word_is_found_in_a_whole_chunk() {
        let chunk = "Maya Okafor: So what happened with the report since we last met?\n\
            Priya Raman: Honestly, I kept procrastinating. Every evening I opened the document, read the first page \
            again, and then found something else that seemed more urgent, like the invoices or the kitchen.\n\
            Maya Okafor: And how did that feel, on the evenings when you closed it again?\n\
            Priya Raman: Heavy. I know that it takes two hours at most once I begin. On Thursday my manager asked, \
            and I finished the whole thing before lunch. It was fine. Nobody wanted the perfect version anyway.\n\
            Maya Okafor: What would you tell yourself on Monday, knowing that?";
        for (query, found) in [("procrastination", true), ("volcano", false), ("inheritance taxes", false)] {
            let similarity = similarity(query, chunk);
            assert_eq!(similarity > 0.1, found, "{query}: {similarity}");
        }
    }

    #[test]
    fn a_vector_has_length_one_and_no_words_give_zeros() {
        let length: f32 = embed("Delegate the Thursday report").iter().map(|value| value * value).sum();
        assert!((length - 1.0).abs() < 1e-5);
        assert!(embed(" … ").iter().all(|value| *value == 0.0));
    }

    #[test]
    fn stored_vectors_stay_comparable() {
        // If this value changes, it is a new model: rename MODEL, since old vectors are stored under the old name.
        let heaviest =
            embed("delegation").iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map(|it| it.0);
        assert_eq!(heaviest, Some(507));
    }
}
