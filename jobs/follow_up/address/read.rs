//! Reads a sentence into words, quoted words, names and pronouns. Pure.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{Gender, People};
use crate::{
    follow_up::english::{is_one_of, plain},
    text::fold,
};

/// The kind of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Word,
    /// Words in quotation marks, including the marks.
    Quoted,
    Client {
        possessive: bool,
    },
    Coach {
        possessive: bool,
    },
    /// A name that both people have.
    Either,
    Pronoun(Gender, Case),
}

/// The form of a pronoun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Subject,
    Object,
    /// `his`, `their`.
    Possessive,
    /// `her`, which can be object or possessive.
    Her,
    /// `hers`, `theirs`.
    Hers,
    Reflexive,
}

/// A word, a name of one or more words, or a quotation, with the text before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'t> {
    pub(super) before: &'t str,
    pub(super) text: &'t str,
    pub(super) what: What,
}

static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[\"\u{201c}\u{201e}][^\"\u{201c}\u{201d}\u{201e}]*[\"\u{201d}\u{201c}]").expect("a constant pattern")
});
/// A word with its apostrophes and hyphens; the tail of a contraction is a separate word.
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[\\p{L}\\p{N}\\p{M}]+(?:['\u{2019}\u{2018}\u{2bc}-][\\p{L}\\p{N}\\p{M}]+)*")
        .expect("a constant pattern")
});
/// Titles before a name.
const TITLES: &str = "dr prof mr mrs ms miss";
/// Lower-case particles between parts of a name.
const PARTICLES: &str = "van von der den de del da di du le la el al bin ibn zu dos";
/// Names that are also ordinary words: ambiguous at the start of a sentence.
const ORDINARY: &str = "will mark may grace hope joy rose bill art pat dean drew chase hunter faith june april sue frank rich \
    guy jack sky summer dawn ray lance victor miles max grant ward reed brook";

/// The items of a text, and the text after the last one.
pub(super) fn read<'t>(text: &'t str, people: &People) -> (Vec<Item<'t>>, &'t str) {
    let words = words(text);
    let (mut items, mut end, mut at) = (Vec::new(), 0, 0);
    while let Some((range, quoted)) = words.get(at).cloned() {
        let before = &text[end..range.start];
        if quoted {
            items.push(Item { before, text: &text[range.clone()], what: What::Quoted });
            (end, at) = (range.end, at + 1);
            continue;
        }
        if let Some((range, what, used)) = name(text, &words[at..], people) {
            let alone = used == 1 && is_one_of(ORDINARY, &fold(&text[range.clone()]));
            let begins = items.is_empty() || before.contains(['.', '!', '?', ':', ';']);
            let what = if alone && begins { What::Either } else { what };
            items.push(Item { before, text: &text[range.clone()], what });
            (end, at) = (range.end, at + used);
            continue;
        }
        let whole = &text[range.clone()];
        let head =
            whole.find(['\'', '\u{2019}', '\u{2018}', '\u{2bc}']).map_or(whole, |apostrophe| &whole[..apostrophe]);
        match pronoun(&plain(head)).filter(|_| !plain(whole).contains("n't")) {
            Some((gender, case)) => {
                items.push(Item { before, text: head, what: What::Pronoun(gender, case) });
                if head.len() < whole.len() {
                    items.push(Item { before: "", text: &whole[head.len()..], what: What::Word });
                }
            }
            None => items.push(Item { before, text: whole, what: What::Word }),
        }
        (end, at) = (range.end, at + 1);
    }
    (items, &text[end..])
}

/// The words of a text, with each quotation as one word.
fn words(text: &str) -> Vec<(Range<usize>, bool)> {
    let quoted: Vec<Range<usize>> = QUOTED.find_iter(text).map(|found| found.range()).collect();
    let outside = |word: &Range<usize>| !quoted.iter().any(|quote| quote.start <= word.start && word.start < quote.end);
    let plain = WORD.find_iter(text).map(|found| found.range()).filter(outside).map(|range| (range, false));
    let mut all: Vec<(Range<usize>, bool)> = plain.chain(quoted.iter().cloned().map(|range| (range, true))).collect();
    all.sort_by_key(|(range, _)| range.start);
    all
}

/// A name at the start of `words`: its position, whose it is, and its number of words.
fn name(text: &str, words: &[(Range<usize>, bool)], people: &People) -> Option<(Range<usize>, What, usize)> {
    let bare = |range: &Range<usize>| {
        let whole = &text[range.clone()];
        let apostrophe = whole.find(['\'', '\u{2019}', '\u{2018}', '\u{2bc}']);
        apostrophe.map_or((whole, ""), |at| (&whole[..at], &whole[at..]))
    };
    let (mut used, mut owners) = (0, Vec::new());
    let (mut end, mut possessive) = (0, false);
    for (at, (range, quoted)) in words.iter().enumerate() {
        let between = if at == 0 { "" } else { &text[words[at - 1].0.end..range.start] };
        if *quoted || !(between.trim().is_empty() || between.trim() == "." && owners.is_empty()) {
            break;
        }
        let (word, tail) = bare(range);
        let folded = fold(word);
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        let owner = if people.client.contains(&folded) {
            Some(Owner::Client)
        } else if people.coach.contains(&folded) {
            Some(Owner::Coach)
        } else {
            people.either.contains(&folded).then_some(Owner::Either)
        };
        match owner.filter(|_| capital) {
            Some(owner) => {
                if owners.iter().any(|other| *other != owner && *other != Owner::Either && owner != Owner::Either) {
                    break;
                }
                owners.push(owner);
                (used, end) = (at + 1, range.start + word.len());
                if !tail.is_empty() {
                    // "Priya'll" is neither a possessive nor a name to turn.
                    possessive = plain(tail) == "'s";
                    end = range.end;
                    break;
                }
            }
            None if owners.is_empty() && is_one_of(TITLES, &folded) => {}
            None if !owners.is_empty() && is_one_of(PARTICLES, &folded) && tail.is_empty() => {}
            None => break,
        }
    }
    if owners.is_empty() {
        return None;
    }
    let start = words.first()?.0.start;
    // "James' plan"
    let rest = &text[end..];
    let apostrophe = rest.chars().next().filter(|c| matches!(c, '\'' | '\u{2019}'));
    if let Some(apostrophe) =
        apostrophe.filter(|c| !possessive && text[..end].ends_with('s') && rest[c.len_utf8()..].starts_with(' '))
    {
        (possessive, end) = (true, end + apostrophe.len_utf8());
    }
    let what = match owners.iter().find(|owner| **owner != Owner::Either) {
        Some(Owner::Client) => What::Client { possessive },
        Some(Owner::Coach) => What::Coach { possessive },
        _ => What::Either,
    };
    Some((start..end, what, used))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Client,
    Coach,
    Either,
}

fn pronoun(word: &str) -> Option<(Gender, Case)> {
    Some(match word {
        "he" => (Gender::He, Case::Subject),
        "him" => (Gender::He, Case::Object),
        "his" => (Gender::He, Case::Possessive),
        "himself" => (Gender::He, Case::Reflexive),
        "she" => (Gender::She, Case::Subject),
        "her" => (Gender::She, Case::Her),
        "hers" => (Gender::She, Case::Hers),
        "herself" => (Gender::She, Case::Reflexive),
        "they" => (Gender::They, Case::Subject),
        "them" => (Gender::They, Case::Object),
        "their" => (Gender::They, Case::Possessive),
        "theirs" => (Gender::They, Case::Hers),
        "themself" | "themselves" => (Gender::They, Case::Reflexive),
        _ => return None,
    })
}
