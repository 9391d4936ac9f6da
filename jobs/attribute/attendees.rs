//! Who attended according to the meeting's files: the strongest evidence about a label, apart from a person's word.
//! Pure.
//!
//! A tool may link a label to an address itself (Fathom); a list of participants links a name to an address or to
//! another name (`Pri (Priya Raman)`). An unknown address says nothing about a client. If two people have the name, or
//! the files disagree, nobody is identified.

use super::people::{People, Person, Who};
use crate::names::{self, Without, generic, nicknames};

/// Somebody who attended or was invited, according to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attended {
    /// The name as written, followed by other names it contains.
    pub names: Vec<String>,
    /// The email address, in lower case.
    pub email: Option<String>,
    /// The speaker label that the tool itself links to this person.
    pub label: Option<String>,
    /// Whether the file says that the person attended.
    pub was_there: bool,
    /// The kind of file, in words a coach understands.
    pub source: String,
}

/// Who a label is according to the files.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AttendeeMatch {
    pub(super) who: Who,
    pub(super) confidence: f32,
    /// The reason, as a sentence that a coach understands.
    pub(super) reason: String,
}

/// What the files say about a label.
///
/// # Errors
/// A sentence about the conflict, if they name two people.
pub(super) fn match_label(label: &str, people: &People) -> Result<Option<AttendeeMatch>, String> {
    let by_tool = |one: &&Attended| one.label.as_deref() == Some(label);
    let tied: Vec<&Attended> = people.attended.iter().filter(by_tool).collect();
    // Two people at one microphone aren't both the account's owner.
    if names::forms(label).iter().any(|form| form.without == Without::OtherPerson) {
        return Ok(None);
    }
    let key = names::alias_key(label);
    let called = |one: &&Attended| one.label.is_none() && one.names.iter().any(|name| names::alias_key(name) == key);
    let called: Vec<&Attended> = people.attended.iter().filter(called).collect();
    let mut found: Vec<AttendeeMatch> = Vec::new();
    for one in &tied {
        found.extend(by_email(one, people, 0.98, |person, email| {
            format!("{} gives {email}, {person}’s address, for this speaker.", names::capital(&one.source))
        }));
    }
    for one in &called {
        if one.email.is_some() && has_namesake(one, &called, label) {
            return Err(format!("According to {}, two people called “{label}” were there.", one.source));
        }
        let confidence = if one.was_there { 0.97 } else { 0.95 };
        let by_address = by_email(one, people, confidence, |person, email| {
            format!("In {}, “{label}” has {email}, which is {person}’s address.", one.source)
        });
        // A generic label needs an address; a name may stand for another name.
        let by_name = || if generic::is_generic(label) { None } else { by_other_name(one, &key, label, people) };
        found.extend(by_address.or_else(by_name));
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    match found.iter().find(|other| other.who != found[0].who) {
        Some(other) => Err(format!(
            "The files disagree on “{label}”: {} or {}?",
            people.name(found[0].who),
            people.name(other.who)
        )),
        None => Ok(found.into_iter().next()),
    }
}

/// An address that the files link to a speaker but that belongs to no client: the coach is asked who it is.
pub(super) fn stranger<'a>(label: &str, people: &'a People) -> Option<&'a str> {
    let key = names::alias_key(label);
    let is = |one: &&Attended| {
        one.label.as_deref() == Some(label) || one.names.first().is_some_and(|name| names::alias_key(name) == key)
    };
    let mut emails = people.attended.iter().filter(is).filter_map(|one| one.email.as_deref());
    emails.find(|email| !people.people.iter().any(|person| person.has_email(email)))
}

/// The clients who attended according to the files, but didn't speak.
pub(super) fn silent(spoke: &[Who], people: &People) -> Vec<Who> {
    let mut silent = Vec::new();
    for one in people.attended.iter().filter(|one| one.was_there) {
        let known = match &one.email {
            Some(email) => people.only(|person| person.has_email(email)),
            // By name only if it's a full name in exactly this form.
            None => people.only(|person| {
                let words = names::name_words(&person.name);
                words.len() > 1 && one.names.iter().any(|name| names::name_words(name) == words)
            }),
        };
        if let Ok(Some(person)) = known
            && matches!(person.who, Who::Client(_))
            && !spoke.contains(&person.who)
            && !silent.contains(&person.who)
        {
            silent.push(person.who);
        }
    }
    silent
}

/// Who attended besides the coach, according to the files.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Listed {
    clients: Vec<Who>,
    has_strangers: bool,
}

impl Listed {
    /// The only client who attended, if nobody else did.
    pub(super) fn only_client(&self) -> Option<Who> {
        match self.clients.as_slice() {
            [only] if !self.has_strangers => Some(*only),
            _ => None,
        }
    }
}

/// Who attended besides the coach; `None` if no file says so.
pub(super) fn listed(people: &People) -> Option<Listed> {
    let mut listed = Listed::default();
    for one in people.attended.iter().filter(|one| !is_robot(one)) {
        let known = match &one.email {
            Some(email) => people.only(|person| person.has_email(email)).ok().flatten(),
            None => None,
        };
        let by_name = |name: &String| match names::name_words(name).as_slice() {
            [given] => people.called(given).ok().flatten(),
            _ => people.only(|person| person.is_named(name)).ok().flatten(),
        };
        match known.or_else(|| one.names.iter().find_map(by_name)).map(|person| person.who) {
            Some(Who::Coach) => {}
            Some(client) if listed.clients.contains(&client) => {}
            Some(client) => listed.clients.push(client),
            None => listed.has_strangers = true,
        }
    }
    (!people.attended.is_empty()).then_some(listed)
}

/// Whether it's a notetaker: they join meetings like people.
fn is_robot(one: &Attended) -> bool {
    const WORDS: [&str; 12] = [
        "notetaker",
        "bot",
        "recorder",
        "otter",
        "fireflies",
        "fathom",
        "fellow",
        "avoma",
        "gong",
        "grain",
        "tldv",
        "sembly",
    ];
    let is_word = |word: &String| WORDS.contains(&word.as_str());
    one.names.iter().any(|name| names::name_words(name).iter().any(is_word))
}

/// The kind of file that lists this person by full name or address, and nobody else with the label's given name.
pub(super) fn vouches<'a>(person: &Person, label: &str, people: &'a People) -> Option<&'a str> {
    let key = names::alias_key(label);
    let is_person = |one: &Attended| {
        one.email.as_deref().is_some_and(|email| person.has_email(email))
            || one.names.iter().any(|name| person.is_named(name))
    };
    let given = key.split(' ').next().unwrap_or_default();
    let is_namesake = |one: &Attended| {
        !is_person(one)
            && one.names.iter().any(|name| {
                names::alias_key(name) != key
                    && names::name_words(name).first().is_some_and(|word| nicknames::alike(word, given))
            })
    };
    let listing = people.attended.iter().find(|one| is_person(one))?;
    (!people.attended.iter().any(is_namesake)).then_some(&listing.source)
}

fn by_email(
    one: &Attended,
    people: &People,
    confidence: f32,
    reason: impl Fn(&str, &str) -> String,
) -> Option<AttendeeMatch> {
    let email = one.email.as_deref()?;
    let person = people.only(|person| person.has_email(email)).ok().flatten()?;
    Some(AttendeeMatch { who: person.who, confidence, reason: reason(&person.name, email) })
}

/// Another name that the file gives for the same person, if it's the name of the coach or a client.
fn by_other_name(one: &Attended, key: &str, label: &str, people: &People) -> Option<AttendeeMatch> {
    let others = one.names.iter().filter(|name| names::alias_key(name) != key);
    let mut found: Vec<&Person> = Vec::new();
    for name in others {
        let words = names::name_words(name);
        let is_named = |person: &Person| words.len() > 1 && names::name_words(&person.name) == words;
        found.extend(people.only(is_named).ok().flatten());
    }
    let person = found.first().filter(|first| found.iter().all(|other| other.who == first.who))?;
    let reason = format!("In {}, “{label}” is {}.", one.source, person.name);
    Some(AttendeeMatch { who: person.who, confidence: 0.93, reason })
}

/// Whether the same file names someone else with that name.
fn has_namesake(one: &Attended, called: &[&Attended], label: &str) -> bool {
    let single = generic::is_generic(label) || names::name_words(label).len() < 2;
    called.iter().any(|other| {
        other.source == one.source
            && match &other.email {
                Some(email) => Some(email) != one.email.as_ref(),
                // Someone who rejoins without signing in has no address: a full name is the same person's.
                None => single,
            }
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::attribute::{Label, Resolution, resolve};

    const PRIYA: Who = Who::Client(Uuid::from_u128(1));
    const TOM: Who = Who::Client(Uuid::from_u128(2));

    fn people(attended: Vec<Attended>) -> People {
        let person = |who, name: &str, email: &str| Person::new(who, name.to_owned(), Some(email));
        let people = vec![
            person(Who::Coach, "Maya Okafor", "maya@northlight.example"),
            person(PRIYA, "Priya Raman", "priya@raman.example"),
            person(TOM, "Tom Becker", "tom@becker.example"),
        ];
        People { people, attended, ..People::default() }
    }

    fn listed(names: &[&str], email: &str) -> Attended {
        Attended {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            email: Some(email.to_owned()).filter(|email| !email.is_empty()),
            label: None,
            was_there: true,
            source: "the participants file".to_owned(),
        }
    }

    fn tied(label: &str, email: &str) -> Attended {
        Attended { label: Some(label.to_owned()), source: "Fathom JSON".to_owned(), ..listed(&[label], email) }
    }

    fn one(label: &str, people: &People) -> Resolution {
        // Someone else attended too: the coach, or a client.
        let other = if label == "MO" { "Tom Becker" } else { "Maya Okafor" };
        let labels = [other, label].map(|label| Label { label: label.to_owned(), words: 100 });
        resolve(&labels, &[], people).pop().expect("a label that spoke is resolved")
    }

    #[test]
    fn an_address_says_who_it_is() {
        for (label, attended, who) in [
            ("PR phone", listed(&["PR phone"], "priya@raman.example"), PRIYA),
            ("iPhone", listed(&["iPhone"], "priya@raman.example"), PRIYA),
            ("Speaker 1", tied("Speaker 1", "tom@becker.example"), TOM),
            ("MO", listed(&["MO"], "maya@northlight.example"), Who::Coach),
            ("Pri", listed(&["Pri (Priya Raman)", "Pri", "Priya Raman"], ""), PRIYA),
        ] {
            let people = people(vec![attended]);
            let found = one(label, &people);
            assert_eq!(found.who, Some(who), "{label}: {found:?}");
        }
        let people = people(vec![tied("Speaker 1", "tom@becker.example")]);
        let found = one("Speaker 1", &people);
        assert_eq!(found.reason, "Fathom JSON gives tom@becker.example, Tom Becker’s address, for this speaker.");
    }

    #[test]
    fn what_is_not_clear_is_asked() {
        let priya = "priya@raman.example";
        for (label, attended) in [
            ("iPhone", vec![listed(&["iPhone"], priya), listed(&["iPhone"], "")]),
            ("Pri", vec![listed(&["Pri"], priya), listed(&["Pri"], "other@example.org")]),
            ("Tom Becker", vec![listed(&["Tom Becker"], priya)]),
            ("Tom Becker", vec![tied("Tom Becker", priya)]),
            ("MM", vec![tied("MM", priya), listed(&["MM"], "tom@becker.example")]),
            ("Priya & Tom", vec![listed(&["Priya & Tom"], priya)]),
            ("Ann", vec![listed(&["Ann"], "ann@elsewhere.example")]),
        ] {
            let people = people(attended);
            let found = one(label, &people);
            assert_eq!(found.who, None, "{label}: {found:?}");
        }
        let people = people(vec![listed(&["Ann"], "ann@elsewhere.example")]);
        assert!(one("Ann", &people).reason.contains("ann@elsewhere.example"), "whom to ask for");
    }

    #[test]
    fn the_coach_has_the_last_word() {
        let mut people = people(vec![tied("Speaker 1", "tom@becker.example")]);
        people.named.insert("Speaker 1".to_owned(), PRIYA);
        assert_eq!(one("Speaker 1", &people).who, Some(PRIYA));
    }

    #[test]
    fn who_was_there_without_a_word_is_known() {
        let invited = Attended { was_there: false, ..listed(&["Tom Becker"], "tom@becker.example") };
        assert_eq!(silent(&[Who::Coach], &people(vec![invited])), []);
        let people = people(vec![
            listed(&["Maya Okafor"], "maya@northlight.example"),
            listed(&["Tom"], "tom@becker.example"),
            listed(&["Tom"], "tom@becker.example"),
            listed(&["Priya Raman"], ""),
            listed(&["Ann"], "ann@elsewhere.example"),
        ]);
        assert_eq!(silent(&[Who::Coach], &people), [TOM, PRIYA]);
        assert_eq!(silent(&[Who::Coach, TOM], &people), [PRIYA]);
    }
}
