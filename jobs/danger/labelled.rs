//! The sentences that the weights are learned from: labelled ones, combinations of parts, and ordinary talk.

use super::{Kind, sentence::LONG, words::sentences};

/// Tab-separated language, kind or `-`, and words; lines of the blind rounds begin with their round.
const LABELLED: [&str; 4] = [
    include_str!("../../fixtures/danger/development.tsv"),
    include_str!("../../fixtures/danger/held_out.tsv"),
    include_str!("../../fixtures/danger/blind.tsv"),
    include_str!("../../fixtures/danger/examples.tsv"),
];
/// Sentences given as parts, of dangers and of everyday life.
const CROSSED: &str = include_str!("../../fixtures/danger/crossed.txt");
/// Talk without danger: sessions in English, and small talk in all the languages.
const ORDINARY: [&str; 2] =
    [include_str!("../../fixtures/danger/ordinary.txt"), include_str!("../../fixtures/danger/everyday.txt")];
/// Ordinary sentences as clients and coaches really say them, fears and failures among them.
const SPOKEN: &str = include_str!("../../fixtures/danger/spoken.txt");

/// How many variants of each crossed sentence are used for training.
const OF_CROSSED: usize = 8;
/// Ordinary talk is also used in pieces of this many words.
const PIECE: usize = 6;

/// Words, and the kind of danger that they express; `None` if there is none.
pub(super) type Labelled = (Option<Kind>, String);

/// The indices of the blind rounds in `all`.
#[cfg(test)]
pub(super) fn blind() -> std::ops::Range<usize> {
    let count = |file: &str| file.lines().filter_map(labelled).count();
    let before = count(LABELLED[0]) + count(LABELLED[1]);
    before..before + count(LABELLED[2])
}

/// All of them, in the same order each time.
pub(super) fn all() -> Vec<Labelled> {
    let mut all: Vec<Labelled> = LABELLED.iter().flat_map(|file| file.lines()).filter_map(labelled).collect();
    for (at, sentence) in crossed().into_iter().enumerate() {
        let count = sentence.crossings.len();
        let some = (0..OF_CROSSED.min(count)).map(|some| (at + some * count / OF_CROSSED.min(count)) % count);
        all.extend(some.map(|place| (sentence.kind, sentence.crossings[place].clone())));
    }
    let ordinary: Vec<&str> = ORDINARY
        .iter()
        .flat_map(|file| file.lines())
        .flat_map(|line| sentences(line).into_iter().map(|range| &line[range]))
        .collect();
    let pairs = ordinary.windows(2).map(|pair| pair.join(" "));
    all.extend(ordinary.iter().flat_map(|sentence| pieces(sentence)).chain(pairs).map(|piece| (None, piece)));
    // Long sentences are assessed in runs of their words.
    let as_heard =
        |line: &str| if line.split_whitespace().count() > LONG { pieces(line) } else { vec![line.to_owned()] };
    all.extend(SPOKEN.lines().flat_map(as_heard).map(|piece| (None, piece)));
    all
}

fn labelled(line: &str) -> Option<Labelled> {
    let mut fields = line.rsplit('\t');
    let (text, kind) = (fields.next()?, fields.next()?);
    let said: Vec<&str> = text.split(" | ").map(|part| part.strip_prefix("coach: ").unwrap_or(part)).collect();
    Some((Kind::parse(kind), said.join(" ")))
}

/// A sentence, and its truncated forms: talk is full of false starts.
fn pieces(sentence: &str) -> Vec<String> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let mut pieces = vec![sentence.to_owned()];
    if words.len() > PIECE {
        pieces.extend(words.chunks(PIECE).map(|piece| piece.join(" ")));
    }
    pieces
}

/// A sentence of `crossed.txt`, and for each part the words it allows.
pub(super) struct Crossed {
    pub(super) kind: Option<Kind>,
    pub(super) crossings: Vec<String>,
}

pub(super) fn crossed() -> Vec<Crossed> {
    let mut parts: Vec<(&str, &str)> = Vec::new();
    let mut found = Vec::new();
    for line in CROSSED.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('[') {
            parts.clear();
        } else if let Some(part) = line.split_once(" = ") {
            parts.push(part);
        } else if let Some((kind, sentence)) = line.split_once(": ") {
            let slot = |(name, words): &(&str, &'static str)| {
                let slot = format!("{{{name}}}");
                sentence.contains(&slot).then(|| words.split('|').map(|word| sentence.replace(&slot, word)).collect())
            };
            let crossings = parts.iter().find_map(slot).unwrap_or_else(|| vec![sentence.to_owned()]);
            found.push(Crossed { kind: Kind::parse(kind), crossings });
        }
    }
    found
}
