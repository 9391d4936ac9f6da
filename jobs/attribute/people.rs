//! Everyone that a coach's sessions know, and their names: what labels are compared with.
//!
//! Pure; `store` fills it.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use uuid::Uuid;

use super::{address::KnownNames, attendees::Attended, occasion::Occasion};
use crate::names::{self, nicknames};

/// Somebody in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The coach who owns the session.
    Coach,
    /// One of the coach's clients.
    Client(Uuid),
    /// Neither, according to the coach.
    Guest,
    /// Several people, according to the coach: a room, a shared device. The words belong to nobody.
    Shared,
}

/// Somebody a label may refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The coach or a client.
    pub who: Who,
    /// The full name.
    pub name: String,
    /// The email address, in lower case.
    pub(crate) email: Option<String>,
    /// The words of the name, normalised.
    pub(crate) words: Vec<String>,
    /// Other names of this person, or of each of the people who share the entry.
    pub(crate) also: Vec<OtherName>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherName {
    /// Normalised; with the entry's surname, if it has one.
    pub(crate) words: Vec<String>,
    /// As in the roster, with the surname; `None` for one of the people who share an entry.
    pub(crate) alias: Option<String>,
}

impl Person {
    /// Creates a person with this name and email.
    #[must_use]
    pub fn new(who: Who, name: String, email: Option<&str>) -> Self {
        let member = |words| OtherName { words, alias: None };
        let also = names::members(&name).into_iter().map(member).collect();
        Self { who, words: names::name_words(&name), email: email.map(str::to_lowercase), name, also }
    }

    /// All of the person's names, as words: that of the entry first.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = &[String]> {
        std::iter::once(self.words.as_slice()).chain(self.also.iter().map(|other| other.words.as_slice()))
    }

    /// The words by which the person is addressed.
    pub(crate) fn given_names(&self) -> impl Iterator<Item = &String> {
        self.all_names().filter_map(<[String]>::first)
    }

    /// Whether several people share the entry.
    pub(crate) fn is_shared(&self) -> bool {
        self.also.iter().any(|other| other.alias.is_none())
    }

    /// Which of the people who share this entry a label means.
    pub(crate) fn member(&self, label: &str) -> Option<usize> {
        let forms = names::forms(label);
        let is_meant = |other: &OtherName| forms.iter().any(|form| form.words.first() == other.words.first());
        let mut meant = self.also.iter().enumerate().filter(|(_, other)| other.alias.is_none() && is_meant(other));
        meant.next().filter(|_| meant.next().is_none()).map(|(at, _)| at)
    }

    /// Adds another name of this person if it's one by which people are addressed: "Greta", "Misaki Tanaka".
    fn learn(&mut self, alias: &str) {
        const NO_NAMES: [&str; 12] =
            ["the", "die", "der", "das", "la", "le", "les", "el", "los", "las", "familie", "family"];
        let forms = names::forms(alias);
        let Some(form) = forms.first().filter(|form| form.without == names::Without::Nothing && forms.len() == 1)
        else {
            return;
        };
        let is_word = |word: &String| word.chars().all(char::is_alphabetic);
        let first = form.words.first().map_or("", String::as_str);
        if form.words.len() > 4
            || first.chars().count() < 2
            || !form.words.iter().all(is_word)
            || NO_NAMES.contains(&first)
            || names::is_title(first)
            || names::generic::is_generic(alias)
            || form.words.iter().all(|word| self.words.contains(word))
        {
            return;
        }
        let surname = self.words.last().filter(|_| form.words.len() == 1 && self.words.len() > 1);
        let written = surname.and_then(|_| self.name.split_whitespace().last());
        let words: Vec<String> = form.words.iter().chain(surname).cloned().collect();
        if self.all_names().all(|known| known != words) {
            let alias = [Some(alias.trim()), written].into_iter().flatten().collect::<Vec<_>>().join(" ");
            self.also.push(OtherName { words, alias: Some(alias) });
        }
    }

    /// Whether a label is exactly this person's own name or email.
    #[must_use]
    pub(crate) fn is_named(&self, label: &str) -> bool {
        let is_name = |form: &names::Form| form.without == names::Without::Nothing && form.words == self.words;
        self.words.len() >= 2 && names::forms(label).iter().any(is_name)
            || self.email.as_ref().is_some_and(|email| names::emails(label).contains(email))
    }

    /// Whether this is the person's address; `email` must be in lower case.
    pub(crate) fn has_email(&self, email: &str) -> bool {
        self.email.as_deref() == Some(email)
    }
}

/// A name by which somebody is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The person it means.
    pub who: Who,
    /// The name as it was written.
    pub written: String,
    /// True if it comes from the coach's correction, false if from a roster.
    pub by_correction: bool,
}

/// All the people and names that one coach's sessions know.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// The coach and the clients.
    pub people: Vec<Person>,
    /// By alias key.
    pub aliases: HashMap<String, Alias>,
    /// The coach's answers about labels of this very session.
    pub named: HashMap<String, Who>,
    /// Who attended this session, according to its files.
    pub attended: Vec<Attended>,
    /// Who labels were in other sessions, if a person or a file said so, by alias key.
    pub met: HashMap<String, Vec<Who>>,
    /// Labels of this very session whose guess the coach took back.
    pub refused: HashSet<String>,
    /// The context of this session.
    pub occasion: Occasion,
}

impl People {
    /// Whether somebody's name contains this folded word.
    pub(crate) fn has_name(&self, word: &str) -> bool {
        self.people.iter().any(|person| person.all_names().flatten().any(|name| name == word))
    }

    /// The person whose own name or address a label is, or whose alias in the coach's client list. What a coach once said
    /// of a label makes nobody its owner.
    pub(crate) fn owner(&self, label: &str) -> Option<Who> {
        let named = self.people.iter().find(|person| person.is_named(label)).map(|person| person.who);
        let listed = || self.aliases.get(&names::alias_key(label)).filter(|alias| !alias.by_correction);
        named.or_else(|| listed().map(|alias| alias.who))
    }

    /// Adds the names from the roster's aliases to each person.
    pub(crate) fn learn_names(&mut self) {
        let mut aliases: Vec<&Alias> = self.aliases.values().filter(|alias| !alias.by_correction).collect();
        aliases.sort_by(|one, other| one.written.cmp(&other.written));
        let places: HashMap<Who, usize> = self.people.iter().enumerate().map(|(at, one)| (one.who, at)).collect();
        for alias in aliases {
            if let Some(person) = places.get(&alias.who).and_then(|at| self.people.get_mut(*at)) {
                person.learn(&alias.written);
            }
        }
    }

    /// The only person for whom `fits` is true, if any.
    ///
    /// # Errors
    /// A sentence about the ambiguity, if several fit.
    pub(crate) fn only(&self, fits: impl Fn(&Person) -> bool) -> Result<Option<&Person>, String> {
        let mut fitting = self.people.iter().filter(|person| fits(person));
        match (fitting.next(), fitting.next()) {
            (first, None) => Ok(first),
            (Some(one), Some(other)) => Err(format!("This could be {} or {}.", one.name, other.name)),
            (None, Some(_)) => Ok(None),
        }
    }

    /// The only person with this given name, or a form of it.
    ///
    /// # Errors
    /// A sentence about the ambiguity, if several have it.
    pub(crate) fn called(&self, given: &str) -> Result<Option<&Person>, String> {
        self.only(|person| person.given_names().any(|word| nicknames::alike(word, given)))
    }

    /// Somebody other than `but` whose full name or address the label is; `key` is the label's alias key.
    pub(crate) fn called_in_full(&self, label: &str, key: &str, but: Who) -> Option<&Person> {
        let forms = names::forms(label);
        let emails = names::emails(label);
        let is_form = |person: &Person| {
            person.words.len() >= 2
                && forms.iter().any(|form| form.without == names::Without::Nothing && form.words == person.words)
        };
        let is_written =
            |person: &Person| names::alias_key(&person.name) == key && !names::holds_others(label, &person.name);
        let has_email = |person: &Person| person.email.as_ref().is_some_and(|email| emails.contains(email));
        let mut others = self.people.iter().filter(|person| person.who != but);
        others.find(|person| is_form(person) || has_email(person) || is_written(person))
    }

    /// Somebody other than `but` whose own given name or initials a label is: it was one of them once, and may be the other
    /// next time.
    pub(crate) fn called_too(&self, label: &str, but: Who) -> Option<&Person> {
        let forms = names::forms(label);
        let letters: String =
            label.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect();
        let is_initials = |person: &Person| {
            (2..=3).contains(&person.words.len())
                && person.words.iter().filter_map(|word| word.chars().next()).eq(letters.chars())
        };
        let is_given = |person: &Person| {
            let first = person.words.first();
            forms.iter().any(|form| matches!(form.words.as_slice(), [only] if first == Some(only)))
        };
        self.people.iter().find(|person| person.who != but && (is_given(person) || is_initials(person)))
    }

    /// The names by which people may be addressed.
    pub(crate) fn known_names(&self) -> KnownNames {
        let given = self.people.iter().flat_map(Person::given_names).cloned().collect();
        let mut surnames: BTreeMap<String, Option<String>> = BTreeMap::new();
        for person in self.people.iter().filter(|person| person.words.len() > 1) {
            let (Some(first), Some(last)) = (person.words.first(), person.words.last()) else { continue };
            let only = surnames.entry(last.clone()).or_insert_with(|| Some(first.clone()));
            // If two people have it, neither is meant with certainty.
            if only.as_ref() != Some(first)
                || self.people.iter().filter(|other| other.words.last() == Some(last)).count() > 1
            {
                *only = None;
            }
        }
        let surnames = surnames.into_iter().filter_map(|(last, first)| Some((last, first?))).collect();
        KnownNames { given, surnames }
    }

    /// The person's name as used in sentences.
    pub(crate) fn name(&self, who: Who) -> &str {
        match who {
            Who::Guest => "a guest",
            Who::Shared => "several people",
            who => self.people.iter().find(|person| person.who == who).map_or("a person you know", |found| &found.name),
        }
    }
}
