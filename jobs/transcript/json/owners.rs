//! Lists that belong to one person each: under the person's name, or in an object with that name.
//!
//! Pure.

use std::borrow::Cow;

use super::{
    book::is_notes,
    lists::List,
    tree::{Json, Value},
};
use crate::keys::{Meaning, meaning};

/// Keys of people, channels or tracks. Run together and in lower case.
const PEOPLE: &[&str] = &[
    "speakers",
    "channels",
    "participants",
    "people",
    "persons",
    "voices",
    "tracks",
    "streams",
    "attendees",
    "members",
    "users",
    "parties",
    "sprecher",
    "teilnehmer",
];
/// A talk of more people has no list for each.
const MOST: usize = 30;

/// Whether the object around a list is one of several people, so that its name is a speaker's.
pub(super) fn are_people(list: &List<'_>) -> bool {
    let [Some(owner), Some(Json { value: Value::Object(fields), .. }), _] = list.around else { return false };
    let holds = |value: &Json<'_>| value.items().iter().take(MOST).any(|item| std::ptr::eq(item, owner));
    fields.iter().any(|(key, value)| {
        let key: String = key.chars().filter(|letter| letter.is_alphanumeric()).collect();
        PEOPLE.contains(&key.to_lowercase().as_str()) && holds(value)
    })
}

/// Whether each list of an object is under a name: several lists, each with texts and times and without names.
pub(super) fn by_person(fields: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    let of_objects = || fields.iter().filter(|(_, value)| value.first().is_object());
    let count = of_objects().take(MOST + 1).count();
    (2..=MOST).contains(&count) && of_objects().all(|(key, value)| is_name(key) && is_said(value))
}

fn is_name(key: &str) -> bool {
    let begins = key.chars().next().is_some_and(|letter| letter.is_alphabetic() && !letter.is_lowercase());
    let numbered = key.ends_with(|letter: char| letter.is_ascii_digit())
        && ["speaker", "spk", "person", "voice", "channel"].iter().any(|word| key.to_lowercase().starts_with(word));
    (begins || numbered) && key.len() <= 60 && meaning(key).is_none() && !is_notes(key)
}

fn is_said(list: &Json<'_>) -> bool {
    let Value::Object(fields) = &list.first().value else { return false };
    let means = |wanted: Meaning| fields.iter().find(|(key, _)| meaning(key).is_some_and(|key| key.meaning == wanted));
    means(Meaning::Text).is_some_and(|(_, text)| text.filled())
        && means(Meaning::Start).is_some_and(|(_, start)| start.raw().is_there())
        && means(Meaning::Speaker).is_none()
}
