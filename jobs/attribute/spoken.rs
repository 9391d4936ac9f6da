//! The names of the people behind labels, from what is said: who says their own name, and who is addressed by whom.
//! Pure.
//!
//! `Hi, Priya` names someone other than its speaker; between two it names the other. Among more it names who spoke just
//! before (thanks, farewells) or speaks next (greetings, questions), and a single case proves nothing.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    address::{self, KnownNames},
    roles::Utterance,
};
use words::titled;
pub(super) use words::{Word, split};

/// A person's name as used in a session.
#[derive(Clone, Debug, PartialEq)]
pub struct SpokenName {
    /// The name as first written.
    pub name: String,
    /// The same, folded, for comparison.
    pub(super) key: String,
    /// Whether it's only a title and a surname, which a family shares.
    pub(super) by_surname: bool,
    /// From 0 to 1.
    pub confidence: f32,
    /// The reason, as a sentence.
    pub reason: String,
}

/// What was found for one label.
#[derive(Clone, Debug, PartialEq)]
pub enum Called {
    /// This name.
    Name(SpokenName),
    /// Two names: possibly two people at one microphone.
    Several(String, String),
    /// No name refers to this label.
    Nothing,
}

/// A position at which a label is named.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mention {
    /// The index of the label that is named.
    pub(super) label: usize,
    /// The index of the utterance that contains the name.
    pub(super) at: usize,
    /// The name, folded.
    pub(super) key: String,
    /// As written.
    pub(super) name: String,
    /// Whether it's a title and a surname, which a family shares.
    pub(super) by_surname: bool,
    /// Whether the speakers name themselves, rather than being named by someone else.
    pub(super) introduces: bool,
    /// The weight of this evidence; see [`Kind::weight`].
    pub(super) weight: f32,
}

/// Every position at which one of the speakers is named, in the order of the session.
pub(super) fn mentions(said: &[Utterance<'_>], known: &KnownNames) -> Vec<Mention> {
    let speaking: BTreeSet<usize> = said.iter().map(|one| one.label).collect();
    let is_pair = speaking.len() == 2;
    let mention = |cue: Cue| Mention {
        label: cue.label,
        at: cue.at,
        key: cue.key,
        by_surname: cue.by_surname,
        introduces: cue.kind == Kind::Introduces,
        weight: cue.kind.weight(is_pair),
        name: cue.word,
    };
    cues(said, known, &speaking).into_iter().map(mention).collect()
}

/// One case in which a label is named.
struct Cue {
    label: usize,
    /// The index of the utterance.
    at: usize,
    /// As written.
    word: String,
    /// The given name that it stands for, folded.
    key: String,
    by_surname: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// `I'm Priya`.
    Introduces,
    /// `Hi, Priya`.
    Greets,
    /// `Thanks, Priya`.
    Thanks,
    /// `What do you think, Priya?`
    Addresses,
}

impl Kind {
    const fn weight(self, is_pair: bool) -> f32 {
        match (self, is_pair) {
            (Self::Introduces, _) => 2.5,
            (Self::Greets, true) => 2.0,
            (Self::Thanks, true) => 1.5,
            (Self::Addresses | Self::Greets | Self::Thanks, _) => 1.0,
        }
    }
}

/// The name of each label. `known` are the names of people who may be in the session: their given names are also found
/// in lower case and in less typical positions, and their surnames after a title.
#[must_use]
pub fn names_in_speech(labels: usize, said: &[Utterance<'_>], known: &KnownNames) -> Vec<Called> {
    let speaking: BTreeSet<usize> = said.iter().map(|one| one.label).collect();
    let is_pair = speaking.len() == 2;
    let cues = cues(said, known, &speaking);
    (0..labels).map(|label| called(label, &cues, is_pair)).collect()
}

fn called(label: usize, cues: &[Cue], is_pair: bool) -> Called {
    let mut votes: BTreeMap<String, (f32, Vec<&Cue>)> = BTreeMap::new();
    for cue in cues.iter().filter(|cue| cue.label == label) {
        let (weight, said) = votes.entry(cue.key.clone()).or_default();
        *weight += cue.kind.weight(is_pair);
        said.push(cue);
    }
    let mut ranked: Vec<_> = votes.into_iter().collect();
    ranked.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
    let Some((key, (weight, said))) = ranked.first() else { return Called::Nothing };
    if let Some((_, (second, other))) = ranked.get(1)
        && *second * 3.0 > *weight
    {
        return Called::Several(said[0].word.clone(), other[0].word.clone());
    }
    // A name used for two labels identifies neither, unless it's used far more often for one.
    let elsewhere: f32 =
        cues.iter().filter(|cue| cue.label != label && cue.key == *key).map(|cue| cue.kind.weight(is_pair)).sum();
    let introduces = said.iter().any(|cue| cue.kind == Kind::Introduces);
    let confidence = match weight {
        _ if elsewhere * 3.0 > *weight => 0.4,
        _ if introduces && said.len() > 1 => 0.92,
        _ if introduces => 0.85,
        weight if is_pair && *weight >= 2.0 => 0.88,
        weight if is_pair && *weight >= 1.5 => 0.8,
        weight if !is_pair && *weight >= 4.0 => 0.8,
        weight if !is_pair && *weight >= 3.0 => 0.76,
        _ => 0.55,
    };
    let by_surname = said.iter().all(|cue| cue.by_surname);
    // A wife and a father share it too: enough for a suggestion, but not to decide.
    let confidence = if by_surname { f32::min(confidence, 0.7) } else { confidence };
    let name = said[0].word.clone();
    let how = if introduces {
        format!("introduces themselves as “{name}”")
    } else {
        format!("is addressed as “{name}”")
    };
    let times = if said.len() > 1 && !introduces { format!(" {} times", said.len()) } else { String::new() };
    Called::Name(SpokenName {
        key: key.clone(),
        by_surname,
        confidence,
        reason: format!("This speaker {how}{times}."),
        name,
    })
}

fn cues(said: &[Utterance<'_>], known: &KnownNames, speaking: &BTreeSet<usize>) -> Vec<Cue> {
    let is_pair = speaking.len() == 2;
    let mut cues = Vec::new();
    let mut turns_of: BTreeMap<usize, u32> = BTreeMap::new();
    for (at, one) in said.iter().enumerate() {
        if at == 0 || said[at - 1].label != one.label {
            *turns_of.entry(one.label).or_default() += 1;
        }
        let words = titled(split(one.text), known);
        let is_early = turns_of[&one.label] <= 4;
        let before = said[..at].iter().rev().find(|other| other.label != one.label);
        let is_asked = is_early && before.is_some_and(|other| address::asks_name(other.text));
        for (place, word) in words.iter().enumerate() {
            let kind = if is_asked && gives_name(&words, place, known) {
                Some(Kind::Introduces)
            } else {
                cue_at(&words, place, &known.given, is_early)
            };
            let Some(kind) = kind else { continue };
            let others = |other: &&Utterance<'_>| other.label != one.label;
            let label = match kind {
                Kind::Introduces => Some(one.label),
                _ if is_pair => speaking.iter().copied().find(|label| *label != one.label),
                // Who spoke just before, if it was within the last few utterances.
                Kind::Thanks => said[at.saturating_sub(4)..at].iter().rev().find(others).map(|other| other.label),
                Kind::Greets | Kind::Addresses => said[at..].iter().take(4).find(others).map(|other| other.label),
            };
            cues.extend(label.map(|label| Cue {
                label,
                at,
                word: word.written.clone(),
                key: word.key(),
                by_surname: word.is_titled,
                kind,
            }));
        }
    }
    cues
}

/// Whether someone who was asked for a name gives it here: a sentence that is just a known name.
fn gives_name(words: &[Word], place: usize, known: &KnownNames) -> bool {
    let word = &words[place];
    let ends = |place: usize| {
        words
            .get(place)
            .is_some_and(|word| place + 1 == words.len() || word.after.contains([',', '.', '!', '…', '—', '-']))
    };
    let has_surname = words.get(place + 1).is_some_and(|next| known.surnames.contains_key(&next.folded));
    known.given.contains(&word.folded)
        && (word.begins_sentence || place > 0 && words[place - 1].after.contains(','))
        && !word.is_quoted
        && (ends(place) || has_surname && ends(place + 1))
}

/// How the word at this position names somebody, if it does.
fn cue_at(words: &[Word], place: usize, known: &BTreeSet<String>, is_early: bool) -> Option<Kind> {
    let word = &words[place];
    if word.is_quoted {
        return None;
    }
    let is_known = known.contains(&word.folded);
    let is_capital = word.written.chars().next().is_some_and(char::is_uppercase);
    if !is_known
        && (!is_capital
            || NO_NAMES.split_whitespace().any(|other| other == word.folded)
            || word.folded.chars().count() < 3)
    {
        return None;
    }
    let before = |back: usize| place.checked_sub(back).map_or("", |at| words[at].folded.as_str());
    let sticks = |back: usize| place.checked_sub(back).is_some_and(|at| !words[at].after.contains(['.', '!', '?']));
    let next = words.get(place + 1).map_or("", |next| next.folded.as_str());
    let ends = word.after.contains([',', '.', '!', '?', '…', '—', '-']) || place + 1 == words.len();
    // `Hi, Priya's manager` and `thanks to Priya` refer to someone absent.
    let says_name =
        before(1) == "is" && before(2) == "name" && before(3) == "my" || before(1) == "names" && before(2) == "my";
    let says_am = is_known && is_early && (before(1) == "im" || before(1) == "am" && before(2) == "i");
    // The preceding words of the sentence; in languages other than English a few of them are enough.
    let mut from = place;
    while from > 0 && place - from < 4 && !words[from - 1].after.contains(['.', '!', '?']) {
        from -= 1;
    }
    let said_before: Vec<&str> = words[from..place].iter().map(|word| word.folded.as_str()).collect();
    let gives_name = is_capital && address::gives_name(&said_before);
    let says_who = is_known && is_early && address::says_who_it_is(&said_before) && (ends || address::goes_on(next));
    let introduces = (says_name || says_am || gives_name || says_who) && sticks(1);
    let after_next = words.get(place + 2).map_or("", |next| next.folded.as_str());
    let next_ends = words.get(place + 1).is_some_and(|next| !next.after.is_empty() || place + 2 == words.len());
    let here =
        is_early && is_known && address::is_speaking(next, next_ends, after_next) && word.after.trim().is_empty();
    // `It's me, Priya`: the whole sentence up to here.
    let says_it_is = is_known
        && is_early
        && from_sentence(words, place)
        && (ends || address::goes_on(next) || matches!(next, "here" | "from" | "again" | "calling" | "speaking"))
        && address::says_it_is(&said_before);
    let introduces = introduces || says_it_is;
    if (introduces && !wrong_after_intro(next, word)) || here {
        return Some(Kind::Introduces);
    }
    if matches!(before(1), "to" | "for" | "from" | "with" | "of" | "and" | "the" | "a" | "my" | "about")
        || address::is_of_somebody(before(1))
    {
        return None;
    }
    let greeting = sticks(1)
        && (matches!(before(1), "hi" | "hey" | "hello" | "welcome" | "hiya")
            || before(1) == "there" && matches!(before(2), "hi" | "hey" | "hello")
            || matches!(before(1), "morning" | "afternoon" | "evening") && before(2) == "good"
            || matches!(before(1), "you" | "back") && matches!(before(2), "see" | "meet" | "welcome" | "seeing")
            || is_known && address::greets(&said_before));
    if greeting {
        return Some(Kind::Greets);
    }
    let thanks = sticks(1)
        && (matches!(before(1), "thanks" | "bye" | "goodbye" | "cheers" | "congratulations" | "congrats")
            || before(1) == "you" && before(2) == "thank"
            || before(1) == "much" && matches!(before(2), "so" | "very")
            || before(1) == "lot" && before(2) == "a"
            || is_known && address::thanks(&said_before));
    if thanks && (is_known || ends) {
        return Some(Kind::Thanks);
    }
    let after_comma = place > 0 && words[place - 1].after.contains(',');
    let asked = after_comma && word.after.contains('?');
    let enclosed = is_known
        && (after_comma || word.begins_sentence || is_opener(before(1)))
        && ends
        && !is_listed(words, place, known);
    (asked || enclosed).then_some(Kind::Addresses)
}

/// Whether the few words before a position reach back to the beginning of the sentence.
fn from_sentence(words: &[Word], place: usize) -> bool {
    let from = (0..place).rev().find(|at| words[*at].after.contains(['.', '!', '?'])).map_or(0, |at| at + 1);
    place - from <= 4
}

fn wrong_after_intro(next: &str, word: &Word) -> bool {
    // "I'm Priya's sister".
    next == "s" || word.written.ends_with("'s") || word.written.ends_with("’s")
}

fn is_opener(word: &str) -> bool {
    matches!(word, "so" | "okay" | "ok" | "well" | "yeah" | "yes" | "alright" | "right" | "now" | "oh" | "and")
        || address::opens(word)
}

/// `Tom, Priya, and Anna`: people who are mentioned.
fn is_listed(words: &[Word], place: usize, known: &BTreeSet<String>) -> bool {
    let is_name = |at: Option<usize>| at.and_then(|at| words.get(at)).is_some_and(|word| known.contains(&word.folded));
    is_name(place.checked_sub(1))
        || is_name(Some(place + 1))
        || words.get(place + 1).is_some_and(|next| next.folded == "and")
}

/// Capitalised words that aren't names, though they occur where names do.
const NO_NAMES: &str = "all everyone everybody guys folks team there again you so for to both sir madam maam doctor doc coach god \
    goodness and but how what its the this that yes yeah okay well ladies gentlemen friends lord world america \
    mister miss mrs thank thanks bye now then right sorry sure great good nice very much too just are was can \
    could did does not let lets from yep";

#[cfg(test)]
mod tests;
