//! A promise of an earlier session, as sentences are compared with it: its words without names and days. Pure; English.

use std::{collections::BTreeSet, sync::LazyLock};

use chrono::NaiveDate;
use regex::Regex;

use super::super::{
    super::{
        due,
        input::{OpenThread, SessionForClient},
    },
    lemmas::{is_verb, lemma},
    stems,
};
use crate::model::Owner;
use crate::text;

/// How much the words around a sentence count.
const AROUND: f32 = 0.7;

/// Words that say when, not what.
const WHEN: &str = "monday tuesday wednesday thursday friday saturday sunday january february march april june july august september \
    october november december today tomorrow tonight week weekend month year time session meeting next first last day \
    morning afternoon evening noon one two three four five six seven eight nine ten twelve fifteen twenty thirty forty fifty \
    hundred thousand percent";

/// Words that only add emphasis, by their stems.
const EMPHASIS: &str = "really definitely definit finally final actually actual promise promis finish again still just now soon also okay \
    properly surely certainly certain try tri already";

/// Words that say to whom, or make another verb of a verb ("write down"): all that a promise such as "I'll write to her" has
/// beside its verb.
const POINTERS: [&str; 13] =
    ["her", "him", "them", "it", "that", "this", "those", "down", "up", "off", "out", "over", "back"];

pub(super) struct Wanted {
    pub(super) lemmas: BTreeSet<String>,
    names: BTreeSet<String>,
    pub(super) owner: Owner,
    /// Its words of [`POINTERS`].
    pointers: BTreeSet<&'static str>,
    /// It undertakes two things: if one of them wasn't done, it wasn't met.
    pub(super) is_double: bool,
    /// It is about several things: "the three pages".
    pub(super) is_several: bool,
}

impl Wanted {
    pub(super) fn new(input: &SessionForClient, thread: &OpenThread) -> Self {
        Self::of([&input.client, &input.coach], &thread.text, thread.owner)
    }

    /// If it's a promise in reply to a request, the request says what: so all of the thread's sentence except the names
    /// of `two` and the days.
    pub(super) fn of(two: [&str; 2], text: &str, owner: Owner) -> Self {
        static NAME: LazyLock<Regex> =
            LazyLock::new(|| Regex::new(r"[\p{Ll}\d,;:] (\p{Lu}[\p{L}'\u{2019}-]+)").expect("a constant pattern"));
        let said = ["Asked ", "Told "].iter().find_map(|it| text.strip_prefix(it)).unwrap_or_else(|| quoted_in(text));
        let mut bare = said.to_owned();
        for day in due::places(said, NaiveDate::default()).into_iter().rev() {
            bare.replace_range(day, " ");
        }
        let mut lemmas = lemmas(&bare);
        let others = two.into_iter().chain(WHEN.split_whitespace()).flat_map(text::words);
        for word in others {
            lemmas.remove(&lemma(&word.normal).0);
        }
        let named = NAME.captures_iter(&bare).flat_map(|found| text::words(&found[1]));
        let names = named.map(|word| lemma(&word.normal).0).filter(|name| lemmas.contains(name)).collect();
        let is_double = said.to_lowercase().replace('\u{2019}', "'").matches("i'll ").count() > 1;
        static SEVERAL: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"(?i)\b(?:both|all|two|three|four|five|six|seven|eight|nine|ten|[2-9]|1\d) (?:[\w-]+ )?\w+s\b")
                .expect("a constant pattern")
        });
        Self { lemmas, names, owner, pointers: pointers(said), is_double, is_several: SEVERAL.is_match(&bare) }
    }

    /// Whether words may be about this promise where only its verb can tell: "I wrote that down" isn't about "I'll
    /// write to her".
    pub(super) fn may_be(&self, said: &str) -> bool {
        let only_verbs = self.lemmas.iter().all(|it| is_verb(it) && !self.names.contains(it));
        !only_verbs || self.pointers == pointers(said)
    }

    /// Whether this is the same promise, in whatever words: one contains the other, and hardly anything is left over.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let bare = |it: &Self| -> BTreeSet<String> {
            it.lemmas
                .iter()
                .filter(|word| !EMPHASIS.split_whitespace().any(|said| said == word.as_str()))
                .cloned()
                .collect()
        };
        let (one, two) = (bare(self), bare(other));
        let both = one.intersection(&two).count();
        let (small, large) = (one.len().min(two.len()), one.len().max(two.len()));
        let deeds = |it: &BTreeSet<String>| it.iter().any(|word| is_verb(word));
        let numbers = |it: &BTreeSet<String>| -> Vec<String> {
            it.iter().filter(|word| word.chars().any(|letter| letter.is_numeric())).cloned().collect()
        };
        let holds = both == small && small * 3 >= large * 2 || both * 5 >= (small + large - both) * 4;
        let shares_deed = one.intersection(&two).any(|word| is_verb(word)) || !deeds(&one) && !deeds(&two);
        let owners = self.owner == other.owner || [self.owner, other.owner].contains(&Owner::Unclear);
        both >= 2 && holds && shares_deed && owners && self.names == other.names && numbers(&one) == numbers(&two)
    }

    fn weight(&self, lemma: &str) -> f32 {
        if self.names.contains(lemma) { 2.0 } else { 1.0 }
    }

    fn is_thing(&self, lemma: &str) -> bool {
        !self.names.contains(lemma) && !is_verb(lemma)
    }

    /// How much of the thread is in `own` and in what surrounds it, from 0 to 1; 0 if the match is accidental. `asked`
    /// means that the other person asked about it, so that naming the person alone is enough.
    pub(super) fn nearness(&self, own: &BTreeSet<String>, around: &BTreeSet<String>, asked: bool) -> f32 {
        let mut found: Vec<&String> = self.lemmas.intersection(own).collect();
        let mut score: f32 = found.iter().map(|it| self.weight(it)).sum();
        for it in self.lemmas.intersection(around).filter(|it| !own.contains(*it)) {
            score += AROUND * self.weight(it);
            found.push(it);
        }
        let things = self.lemmas.iter().any(|it| self.is_thing(it));
        let names_thing = found.iter().any(|it| self.is_thing(it));
        let is_deed = |it: &String| is_verb(it) && !self.names.contains(it);
        let only_verbs = found.iter().all(|it| is_deed(it)) && !self.lemmas.iter().all(is_deed);
        if found.len() < self.lemmas.len().min(2) || only_verbs || (things && !names_thing && !asked) {
            return 0.0;
        }
        score / self.lemmas.iter().map(|it| self.weight(it)).sum::<f32>().max(1.0)
    }
}

/// The words of a thread that sentences are compared with: what it quotes, otherwise all of it.
pub(in crate::summarize::offline) fn quoted(thread: &OpenThread) -> &str {
    quoted_in(&thread.text)
}

fn quoted_in(text: &str) -> &str {
    text.rsplit_once(": \u{201c}").and_then(|(_, rest)| rest.rsplit_once('\u{201d}')).map_or(text, |it| it.0)
}

fn pointers(said: &str) -> BTreeSet<&'static str> {
    let words: BTreeSet<String> = text::words(said).into_iter().map(|word| word.normal).collect();
    POINTERS.into_iter().filter(|pointer| words.contains(*pointer)).collect()
}

pub(super) fn lemmas(said: &str) -> BTreeSet<String> {
    let words = text::words(said).into_iter().filter(|word| !stems::is_stop(&word.normal));
    words.map(|word| lemma(&word.normal).0).collect()
}
