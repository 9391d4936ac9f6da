//! Turns the third person into the second: to Priya, `Priya will call Lena about her plan` becomes `You will call Lena
//! about …`, and the coach who writes turns `Maya will send it` into `I will send it`. Pure, by rule, in English.
//!
//! Words in quotation marks are never touched. A name is turned if its role in the sentence is known (subject, object,
//! possessive), along with its verb; a pronoun only if it can't refer to anyone else. Anything uncertain is left as it
//! is and reported as doubtful: words must not be attributed to another person, nor half a sentence be turned.

use std::collections::BTreeSet;

use super::english::{Person, agreeing, is_english, is_group, is_one_of, is_person, plain};
use crate::text::{fold, name_words};

mod form;
mod read;

use read::{Case, Item, What, read};

/// A person's pronoun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gender {
    He,
    She,
    They,
}

/// The words of both names, folded.
#[derive(Clone, Debug)]
pub(super) struct People {
    client: BTreeSet<String>,
    coach: BTreeSet<String>,
    /// Words in both names: either person may be meant.
    either: BTreeSet<String>,
}

impl People {
    pub(super) fn new(client: &str, coach: &str) -> Self {
        let words = |name: &str| -> BTreeSet<String> {
            let short = name.split_whitespace().map(|word| fold(word.trim_matches(|c: char| !c.is_alphanumeric())));
            let given = short.filter(|word| word.chars().count() == 2 && !is_one_of(PARTS_OF_NAMES, word));
            let all = name_words([name].into_iter()).into_iter().chain(given);
            all.filter(|word| !is_one_of(TITLES, word)).collect()
        };
        let (client, coach) = (words(client), words(coach));
        let either: BTreeSet<String> = client.intersection(&coach).cloned().collect();
        Self { client: &client - &either, coach: &coach - &either, either }
    }
}

const PARTS_OF_NAMES: &str = "de da di du le la el al bin ibn van von der den zu dr mr ms";
const TITLES: &str = "dr prof mrs miss sir mba phd pcc mcc acc msc bsc van von der den del dos";
/// Words after which a clause starts.
const CLAUSE: &str =
    "that because if when while so how what where why whether though although once whenever which then";
/// Third-person pronouns in other languages that can start a sentence about the client.
const THIRD_ELSEWHERE: &str = "er elle il ella él lei lui hon han ela ele zij hij hun";

/// The kind of sentence.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kind {
    /// Whether it may be a request: then it needs no name for the person addressed.
    pub(super) asks: bool,
    /// Whether it is about what the coach does.
    pub(super) coachs: bool,
}

/// What became of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// It doesn't speak of the client in the third person (any more).
    Surely(String),
    /// It may still do so.
    InDoubt,
}

/// It is doubtful how to turn a sentence.
struct Doubt;

/// Turns a sentence. `gender` is the client's pronoun, if known.
pub(super) fn turn(text: &str, people: &People, gender: Option<Gender>, kind: Kind) -> Turned {
    let mut sentence = Sentence::new(text, people);
    match sentence.turn(gender, kind) {
        Ok(()) => Turned::Surely(sentence.text()),
        Err(Doubt) => Turned::InDoubt,
    }
}

/// The pronoun that a sentence uses for the client whom it names, if it can't refer to anyone else.
pub(super) fn pronoun_of_client(text: &str, people: &People) -> Option<Gender> {
    let sentence = Sentence::new(text, people);
    let all = 0..sentence.items.len();
    if !sentence.names_client() || all.clone().any(|at| sentence.another(at).is_some()) {
        return None;
    }
    let mut genders: Vec<Gender> = all.filter_map(|at| Some(sentence.pronoun(at)?.0)).collect();
    genders.dedup();
    if let [only @ (Gender::He | Gender::She)] = genders[..] { Some(only) } else { None }
}

/// A sentence in parts, with the replacements for some.
struct Sentence<'t> {
    items: Vec<Item<'t>>,
    tail: &'t str,
    new: Vec<Option<String>>,
}

impl<'t> Sentence<'t> {
    fn new(text: &'t str, people: &People) -> Self {
        let (items, tail) = read(text, people);
        let new = vec![None; items.len()];
        Self { items, tail, new }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (item, new) in self.items.iter().zip(&self.new) {
            text.push_str(item.before);
            text.push_str(new.as_deref().unwrap_or(item.text));
        }
        text.push_str(self.tail);
        text
    }

    /// The word at a position for lookup; empty if it is quoted, a person, or missing.
    fn word(&self, at: usize) -> String {
        self.items.get(at).filter(|item| item.what == What::Word).map(|item| plain(item.text)).unwrap_or_default()
    }

    fn pronoun(&self, at: usize) -> Option<(Gender, Case)> {
        match self.items[at].what {
            What::Pronoun(gender, case) => Some((gender, case)),
            _ => None,
        }
    }

    /// The text between the item at `at` and the one before.
    fn before(&self, at: usize) -> &str {
        self.items.get(at).map_or(self.tail, |item| item.before)
    }

    fn begins_sentence(&self, at: usize) -> bool {
        at == 0 || self.before(at).contains(['.', '!', '?', ';', ':', '\u{2013}', '\u{2014}', '\n'])
    }

    fn names_client(&self) -> bool {
        (0..self.items.len()).any(|at| matches!(self.items[at].what, What::Client { .. }) && !self.is_called(at))
    }

    fn says_you(&self) -> bool {
        (0..self.items.len()).any(|at| {
            let word = self.word(at);
            is_one_of("you your yours yourself you'll you're you've you'd", &word)
        })
    }

    /// Whether the client is addressed by name: "Well done, Priya!", "Priya, you did it."
    fn is_called(&self, at: usize) -> bool {
        let after = self.before(at + 1).trim_start();
        let ends = after.starts_with(['.', '!', '?']) || at + 1 == self.items.len();
        !matches!(self.items[at].what, What::Client { possessive: true })
            && (at > 0 && self.before(at).contains(',') && ends
                || self.begins_sentence(at) && after.starts_with(',') && self.says_you())
    }

    /// Whether the item at `at` can refer to someone else; `Perhaps` for the coach, or for a word that may be
    /// capitalized only because it starts the sentence.
    fn another(&self, at: usize) -> Option<Other> {
        match self.items[at].what {
            What::Coach { .. } | What::Either => Some(Other::Perhaps),
            What::Word => {
                let word = self.word(at);
                let person = is_person(word.strip_suffix("'s").unwrap_or(&word));
                if person { Some(Other::Surely) } else { self.name_of_another(at) }
            }
            _ => None,
        }
    }

    fn name_of_another(&self, at: usize) -> Option<Other> {
        const NO_NAMES: &str = "monday tuesday wednesday thursday friday saturday sunday january february march april may \
            june july august september october november december english german french i i'll i'm i'd i've ok okay q1 q2 q3 q4";
        let text = self.items[at].text;
        let mut chars = text.chars();
        let capital = chars.next().is_some_and(char::is_uppercase) && chars.next().is_some_and(char::is_lowercase);
        let word = self.word(at);
        if !capital || is_one_of(NO_NAMES, &word) {
            return None;
        }
        if self.begins_sentence(at) {
            // A sentence starts with a capital anyway: a name is followed by a verb.
            let next = self.word(at + 1);
            let no_name = is_one_of(
                "the a an this that these those it there what who how when if after before by on in at your my our you we",
                &word,
            );
            let acts = agreeing(&next, Person::You).is_some() || is_one_of("and or", &next) || word.ends_with("'s");
            return (!no_name && acts).then_some(Other::Perhaps);
        }
        let article = at > 0 && is_one_of("the a an this that our your my her his their", &self.word(at - 1));
        (!article).then_some(Other::Surely)
    }

    fn turn(&mut self, gender: Option<Gender>, kind: Kind) -> Result<(), Doubt> {
        let words: Vec<String> = (0..self.items.len())
            .filter(|at| !matches!(self.items[*at].what, What::Quoted))
            .map(|at| plain(self.items[at].text))
            .collect();
        let english = is_english(&words);
        if self.items.iter().any(|item| item.what == What::Either) {
            return Err(Doubt);
        }
        let names = self.names_client();
        if names && (!english || self.says_you()) {
            return Err(Doubt);
        }
        if !english {
            let third = words.first().is_some_and(|first| is_one_of(THIRD_ELSEWHERE, first));
            return if third { Err(Doubt) } else { Ok(()) };
        }
        if !names && !self.says_you() && words.starts_with(&["the".to_owned(), "client".to_owned()]) {
            return Err(Doubt);
        }
        if !self.says_you() {
            for at in self.of_client(gender, names, kind)? {
                self.turn_client(at)?;
            }
        }
        for at in 0..self.items.len() {
            if let What::Coach { possessive } = self.items[at].what {
                self.turn_coach(at, possessive);
            }
        }
        Ok(())
    }

    /// The positions where the client is meant.
    fn of_client(&self, gender: Option<Gender>, names: bool, kind: Kind) -> Result<Vec<usize>, Doubt> {
        let (mut found, mut gender) = (Vec::new(), gender);
        let (mut another, mut several, mut known): (Option<Other>, bool, bool) = (None, false, names);
        for at in 0..self.items.len() {
            if matches!(self.items[at].what, What::Client { .. }) && !self.is_called(at) {
                found.push(at);
                continue;
            }
            another = another.max(self.another(at));
            several |= another.is_some() || is_group(&self.word(at));
            let Some((whose, case)) = self.pronoun(at) else { continue };
            if whose == Gender::They {
                let starts = self.begins_sentence(at);
                if !several && (names || starts) {
                    return Err(Doubt);
                }
                continue;
            }
            if gender.is_some_and(|gender| gender != whose) {
                another = Some(Other::Surely);
                continue;
            }
            if another.is_some() {
                // "She" after "Lena" is ambiguous once the client is mentioned as well.
                if known || another == Some(Other::Perhaps) {
                    return Err(Doubt);
                }
                continue;
            }
            if !known && (kind.coachs || !self.opens_with(at, case)) {
                // "Send her the notes" addresses the client, so "her" is someone else.
                if kind.asks && !kind.coachs {
                    another = Some(Other::Surely);
                    continue;
                }
                return Err(Doubt);
            }
            (gender, known) = (Some(whose), true);
            found.push(at);
        }
        Ok(found)
    }

    /// Whether a pronoun with no person before it is the subject of the sentence.
    fn opens_with(&self, at: usize, case: Case) -> bool {
        let prior = self.word(at.saturating_sub(1));
        let clause = at > 0
            && (self.before(at).contains(',')
                || is_one_of(CLAUSE, &prior)
                || is_one_of("after before since until as", &prior));
        match case {
            Case::Subject => self.begins_sentence(at) || clause,
            Case::Possessive | Case::Her => self.begins_sentence(at),
            _ => false,
        }
    }
}

/// Another person to whom a pronoun can refer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Other {
    Perhaps,
    Surely,
}

#[cfg(test)]
mod tests;
