//! The words of an utterance, with what separates them. Pure.

use std::collections::HashMap;

use crate::{attribute::address::KnownNames, names};

/// One word of an utterance, with what separates it from the next.
pub(in crate::attribute) struct Word {
    pub(in crate::attribute) written: String,
    pub(in crate::attribute) folded: String,
    /// The punctuation after it.
    pub(in crate::attribute) after: String,
    pub(in crate::attribute) begins_sentence: bool,
    /// Somebody else's words: a name in them is called by somebody who is not here.
    pub(in crate::attribute) is_quoted: bool,
    /// A title and a surname; `folded` is then the given name.
    pub(in crate::attribute) is_titled: bool,
}

impl Word {
    /// The given name that it stands for, folded.
    pub(in crate::attribute) fn key(&self) -> String {
        if self.is_titled { self.folded.clone() } else { names::alias_key(&self.written) }
    }
}

/// The words of an utterance.
pub(in crate::attribute) fn split(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    // Folding is the slowest part, and a long turn repeats its words.
    let mut keys: HashMap<&str, String> = HashMap::new();
    let (mut begins_sentence, mut is_quoted) = (true, false);
    for piece in text.split_whitespace() {
        let core = piece.trim_matches(|c: char| !c.is_alphanumeric());
        is_quoted |= piece.starts_with(['"', '“', '„', '«']);
        if core.is_empty() {
            // A punctuation mark by itself, as tokenised transcripts write it.
            if let Some(last) = words.last_mut() {
                last.after.push_str(piece);
                begins_sentence = last.after.contains(['.', '!', '?']);
            }
            continue;
        }
        let after: String = piece.chars().rev().take_while(|c| !c.is_alphanumeric()).collect();
        let folded = keys.entry(core).or_insert_with(|| names::alias_key(core).replace(' ', "")).clone();
        let ends = after.contains(['.', '!', '?']);
        words.push(Word { written: core.to_owned(), folded, after, begins_sentence, is_quoted, is_titled: false });
        is_quoted &= !piece.trim_end_matches(['.', ',', '!', '?']).ends_with(['"', '”', '»']);
        begins_sentence = ends;
    }
    words
}

/// Joins `Dr. Okafor` into one word, with the given name of the only Okafor who is known.
pub(in crate::attribute) fn titled(words: Vec<Word>, known: &KnownNames) -> Vec<Word> {
    let mut titled: Vec<Word> = Vec::with_capacity(words.len());
    for mut word in words {
        let is_title = |title: &Word| names::is_title(&title.folded) && matches!(&*title.after, "" | ".");
        if let Some(given) = known.surnames.get(&word.folded)
            && titled.last().is_some_and(is_title)
        {
            // "Frau Doktor Okafor" has two.
            while let Some(title) = titled.pop_if(|title| is_title(title)) {
                word.written = format!("{}{} {}", title.written, title.after, word.written);
                (word.begins_sentence, word.is_quoted) = (title.begins_sentence, title.is_quoted);
            }
            word.folded.clone_from(given);
            word.is_titled = true;
        }
        titled.push(word);
    }
    titled
}
