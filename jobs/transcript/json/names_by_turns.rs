//! Identifies speakers if no key does: a few names take turns under an unknown key.
//!
//! Pure.

use super::{
    lists::Place,
    parts::name_in,
    tree::{Json, Value},
};
use crate::{
    keys::{Key, Meaning, may_head_names},
    names_in_turn::are_names,
};

/// How such a key is described.
pub(super) const BY_TURNS: &str = "names that take turns";
/// How many entries, and keys of the first, are examined.
const SAMPLE: usize = 200;
const KEYS: usize = 80;

/// The key with the names; `None` if another says who speaks, or none contains names.
pub(super) fn find<'j>(place: &Place<'j>) -> Option<(&'j str, Key)> {
    if place.has_speakers() || place.keys(Meaning::Text).is_empty() {
        return None;
    }
    let first = place.lists.first().and_then(|list| list.entries.first())?;
    let Value::Object(fields) = &first.value else { return None };
    let entries = || place.lists.iter().flat_map(|list| list.entries).take(SAMPLE);
    let name = |entry: &'j Json<'j>, key: &str| {
        let value = entry.get(key);
        value.text().or_else(|| name_in(value).text()).unwrap_or("")
    };
    let mut unknown = fields.iter().take(KEYS).map(|(key, _)| key.as_ref()).filter(|key| may_head_names(key));
    let key = unknown.find(|key| are_names(entries().map(|entry| name(entry, key))))?;
    Some((key, Key { meaning: Meaning::Speaker, rank: usize::MAX, unit: None, known_as: BY_TURNS }))
}
