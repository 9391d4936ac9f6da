//! Resolves the numbers and identifiers of speakers in a file: its tables of speakers, participants or parties,
//! wherever they are and whatever they are called. Two people with the same name stay two.

use std::collections::{HashMap, HashSet};

use super::{
    book::Book,
    parts::{GIVEN, INNER_NAMES, SURNAMES},
    tree::{Json, Value},
};
use crate::{
    account::is_email,
    keys::{Meaning, meaning},
    transcript::Attendee,
};

/// Words in the key of a table of people or their names.
#[rustfmt::skip]
const TABLES: &[&str] = &[
    "speaker", "participant", "partic", "parties", "people", "person", "attendee", "user", "member", "names", "invitee",
    "contact", "voices", "callers", "teilnehmer", "sprecher", "agent", "contributor", "cast", "actors", "author", "talker",
    "locuteur", "interlocut", "персон", "участник",
];
/// More people than any meeting has.
const MOST: usize = 2_000;
/// The maximum length of a name, in characters.
const LONGEST: usize = 100;
/// Additional keys of a name in a list of people.
const MORE_NAMES: &[&str] = &["title", "value"];
const EMAILS: &[&str] = &["email", "emailAddress", "email_address", "user_email", "userEmail", "mail"];
/// Objects in which tools store a participant's account.
const ACCOUNTS: &[&str] = &[
    "signedinUser",
    "anonymousUser",
    "phoneUser",
    "user",
    "speaker",
    "participant",
    "person",
    "contact",
    "persName",
    "profile",
    "account",
    "name",
];

#[derive(Clone, Copy, Debug)]
struct Person<'j> {
    name: &'j Json<'j>,
    /// If given name and surname are separate.
    surname: Option<&'j Json<'j>>,
    email: Option<&'j Json<'j>>,
}

/// The people that the identifiers refer to.
#[derive(Debug, Default)]
pub(super) struct People {
    labels: HashMap<String, String>,
}

/// An identifier, written as a number or as a text.
pub(super) fn id(json: &Json<'_>) -> Option<String> {
    match &json.value {
        Value::Number(number) => Some(number.to_string()),
        Value::Large(number) => Some(number.to_string()),
        Value::Text(_, text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Whether it's a path rather than a name.
fn is_path(text: &str) -> bool {
    text.contains('/') && !text.contains(' ')
}

fn name(person: &Json<'_>) -> bool {
    person.text().is_some_and(|text| {
        (text.chars().any(char::is_alphabetic) || text.starts_with('+'))
            && text.chars().count() <= LONGEST
            && !is_path(text)
    })
}

fn person<'j>(json: &'j Json<'j>) -> Option<Person<'j>> {
    if let Value::Text(..) = json.value {
        return name(json).then_some(Person { name: json, surname: None, email: None });
    }
    let email = Some(json.any(EMAILS)).filter(|email| email.filled());
    let names = || INNER_NAMES.iter().chain(MORE_NAMES);
    let own = names().map(|key| json.get(key)).find(|json| name(json));
    if let Some(name) = own {
        return Some(Person { name, surname: None, email });
    }
    let (given, surname) = (json.any(GIVEN), json.any(SURNAMES));
    if name(given) {
        return Some(Person { name: given, surname: Some(surname).filter(|surname| surname.filled()), email });
    }
    let account = ACCOUNTS.iter().map(|key| json.get(key)).filter(|inner| inner.is_object()).find_map(|inner| {
        let given =
            || Some(inner.any(GIVEN)).filter(|given| name(given)).map(|given| (given, Some(inner.any(SURNAMES))));
        let own = names().map(|key| inner.get(key)).find(|json| name(json));
        let (name, surname) = own.map(|own| (own, None)).or_else(given)?;
        let email = email.or(Some(inner.any(EMAILS)).filter(|email| email.filled()));
        Some(Person { name, surname: surname.filter(|surname| surname.filled()), email })
    });
    account.or_else(|| email.map(|email| Person { name: email, surname: None, email: Some(email) }))
}

impl People {
    /// Looks up `ids`, the values of `key` in the utterances, in every table of the file.
    pub(super) fn find<'j>(root: &'j Json<'j>, key: &str, ids: &HashSet<String>, book: &mut Book<'_>) -> Self {
        let mut tables = Vec::new();
        // `#p1` refers to the element with the identifier p1.
        let bare = ids.iter().filter_map(|id| id.strip_prefix('#')).map(str::to_owned);
        let ids = &ids.iter().cloned().chain(bare).collect::<HashSet<_>>();
        if !ids.is_empty() {
            collect(root, "", ids, &mut tables);
        }
        // A bare number may identify a topic or a file; outside of tables of people the key must be the same.
        let telling = ids.iter().all(|id| id.len() > 4 || id.chars().any(char::is_alphabetic));
        tables.retain(|table| table.of_people || table.key == key || telling && !key.is_empty());
        // The table that knows the most of them; of two, the one that uses the same key.
        let best =
            tables.into_iter().max_by_key(|table: &Table<'_>| (table.people.len(), table.key == key, table.of_people));
        let mut people = Self::default();
        let Some(table) = best else { return people };
        let mut sorted: Vec<(String, Vec<Person<'_>>)> = table.people.into_iter().collect();
        sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut taken: HashMap<String, Option<String>> = HashMap::new();
        for (id, found) in sorted {
            let [first, others @ ..] = found.as_slice() else { continue };
            if others.iter().any(|other| other.name.text() != first.name.text()) {
                book.warn(first.name, "one identifier means several people; it is kept as the label");
                continue;
            }
            let Some(mut name) = book.label(first.name) else { continue };
            if let Some(surname) = first.surname.and_then(|surname| book.label(surname)) {
                name = format!("{name} {surname}");
            }
            let email = first.email.and_then(|email| email.text()).map(|email| email.trim().to_lowercase());
            let label = people.apart(&name, email.as_ref(), &mut taken, first, book);
            let address = email.filter(|email| is_email(email));
            let shown = Some(name).filter(|name| !is_email(name));
            let attendee = Attendee { name: shown, email: address, label: Some(label.clone()), ..Attendee::default() };
            book.draft.attends(Attendee { was_there: true, ..attendee });
            people.labels.insert(id, label);
        }
        people
    }

    /// The name; if someone else already has it, it's numbered.
    fn apart(
        &self,
        name: &str,
        email: Option<&String>,
        taken: &mut HashMap<String, Option<String>>,
        person: &Person<'_>,
        book: &mut Book<'_>,
    ) -> String {
        for number in 1..MOST {
            let label = if number == 1 { name.to_owned() } else { format!("{name} ({number})") };
            match taken.get(&label) {
                None => {
                    if number > 1 {
                        book.warn(
                            person.name,
                            "two speakers with different identifiers have this name; they are kept apart",
                        );
                    }
                    taken.insert(label.clone(), email.cloned());
                    return label;
                }
                Some(other) if email.is_some() && other.as_ref() == email => return label,
                Some(_) => {}
            }
        }
        name.to_owned()
    }

    /// The label for an identifier, if a table has it.
    pub(super) fn label(&self, json: &Json<'_>) -> Option<String> {
        let id = if self.labels.is_empty() { None } else { id(json) }?;
        self.labels.get(&id).or_else(|| self.labels.get(id.strip_prefix('#')?)).cloned()
    }
}

/// People, by the values of one key.
struct Table<'j> {
    key: &'j str,
    of_people: bool,
    people: HashMap<String, Vec<Person<'j>>>,
}

fn collect<'j>(json: &'j Json<'j>, under: &str, ids: &HashSet<String>, tables: &mut Vec<Table<'j>>) {
    let lower = under.to_lowercase();
    let of_people = TABLES.iter().any(|word| lower.contains(word));
    match &json.value {
        // Tables of people aren't inside utterances.
        Value::List(items) if items.first().is_some_and(is_speech) => {}
        Value::List(items) => {
            if items.len() <= MOST && items.first().is_some_and(Json::is_object) {
                by_keys(items, of_people, ids, tables);
            }
            items.iter().for_each(|item| collect(item, under, ids, tables));
        }
        Value::Object(fields) => {
            if of_people && fields.len() <= MOST {
                let known = fields.iter().filter(|(key, _)| ids.contains(key.as_ref()));
                let people: HashMap<_, _> =
                    known.filter_map(|(key, value)| Some((key.to_string(), vec![person(value)?]))).collect();
                if !people.is_empty() {
                    tables.push(Table { key: "", of_people, people });
                }
            }
            fields.iter().for_each(|(key, value)| collect(value, key, ids, tables));
        }
        _ => {}
    }
}

/// Whether an entry is an utterance, and so not part of a table.
fn is_speech(entry: &Json<'_>) -> bool {
    match &entry.value {
        Value::Object(fields) => fields.iter().any(|(key, value)| {
            let means_text = || meaning(key).is_some_and(|key| key.meaning == Meaning::Text);
            matches!(value.value, Value::Text(..) | Value::List(_)) && means_text()
        }),
        _ => false,
    }
}

/// One table per key whose values include some of the identifiers.
fn by_keys<'j>(items: &'j [Json<'j>], of_people: bool, ids: &HashSet<String>, tables: &mut Vec<Table<'j>>) {
    let mut found: HashMap<&str, HashMap<String, Vec<Person<'j>>>> = HashMap::new();
    for item in items {
        let (Value::Object(fields), Some(person)) = (&item.value, person(item)) else { continue };
        for (key, value) in fields.iter().take(60) {
            if let Some(id) = id(value).filter(|id| ids.contains(id))
                && !std::ptr::eq(value, person.name)
            {
                found.entry(key.as_ref()).or_default().entry(id).or_default().push(person);
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable_by_key(|(key, _)| *key);
    tables.extend(found.into_iter().map(|(key, people)| Table { key, of_people, people }));
}

/// Names speakers whose labels are meaningless, if a table of people in the file has them.
pub(super) fn name_speakers(book: &mut Book<'_>) {
    let bare = |label: &str| label.strip_prefix("Speaker ").unwrap_or(label).to_owned();
    let says_nothing = |label: &str| {
        let bare = bare(label);
        !bare.contains(' ')
            && bare.len() <= 40
            && (bare.len() <= 2 || bare.contains(|letter: char| letter.is_ascii_digit()))
    };
    let labels: HashSet<&str> = book.draft.utterances.iter().filter_map(|said| said.label.as_deref()).collect();
    let mute: HashMap<String, String> =
        labels.into_iter().filter(|label| says_nothing(label)).map(|label| (label.to_owned(), bare(label))).collect();
    if mute.is_empty() {
        return;
    }
    let ids: HashSet<String> = mute.iter().flat_map(|(label, bare)| [label.clone(), bare.clone()]).collect();
    let people = People::find(book.root, "", &ids, book);
    for said in &mut book.draft.utterances {
        let name = said.label.as_ref().and_then(|label| {
            let bare = mute.get(label)?;
            people.labels.get(label).or_else(|| people.labels.get(bare))
        });
        if let Some(name) = name {
            said.label = Some(name.clone());
        }
    }
}

/// The warning if two people with the same name were kept apart.
pub(super) const NAMESAKES: &str =
    "speakers with the same name but different identifiers take turns; a number after the name keeps them apart";

/// Labels of speakers on platforms that identify each participant: if two with the same name take turns, they are two
/// people; if one follows the other, the same person rejoined.
pub(super) fn apart(speakers: &[(Option<String>, Option<String>)]) -> (Vec<Option<String>>, bool) {
    let mut spans: HashMap<(&str, &str), (usize, usize)> = HashMap::new();
    for (at, (name, id)) in speakers.iter().enumerate() {
        if let (Some(name), Some(id)) = (name, id) {
            spans.entry((name, id)).or_insert((at, at)).1 = at;
        }
    }
    let mut by_name: HashMap<&str, Vec<(usize, usize, &str)>> = HashMap::new();
    for ((name, id), (first, last)) in &spans {
        by_name.entry(name).or_default().push((*first, *last, id));
    }
    let mut numbers: HashMap<(&str, &str), usize> = HashMap::new();
    for (name, spans) in &mut by_name {
        spans.sort_unstable();
        let (mut number, mut until) = (0, 0);
        for (first, last, id) in spans {
            if number == 0 || *first < until {
                number += 1;
            }
            until = until.max(*last);
            numbers.insert((*name, *id), number);
        }
    }
    let label = |(name, id): &(Option<String>, Option<String>)| {
        let name = name.as_deref()?;
        let number = id.as_deref().and_then(|id| numbers.get(&(name, id))).copied().unwrap_or(1);
        Some(if number > 1 { format!("{name} ({number})") } else { name.to_owned() })
    };
    (speakers.iter().map(label).collect(), numbers.values().any(|number| *number > 1))
}
