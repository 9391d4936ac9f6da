//! The names of the settings: finds unknown names, and suggests the intended one.

use config::{Map, Value, ValueKind};
use debrief_jobs::{backup, desk, embed, export, ingest, llm, mail, queue, sign_in, webhook};
use serde::{Deserialize, Serialize};

use super::{Config, DEFAULTS, Http, Log, NOT_SETTINGS};

/// The sections and their keys; a `*` stands for a user-defined name.
pub(super) fn sections() -> Vec<(&'static str, &'static [&'static str])> {
    vec![
        ("", fields::<Config>()),
        ("http", fields::<Http>()),
        ("queue", fields::<queue::Settings>()),
        ("ingest", fields::<ingest::Settings>()),
        ("llm", fields::<llm::Settings>()),
        ("llm.tasks", fields::<llm::Tasks>()),
        ("llm.models.*", fields::<llm::ModelSettings>()),
        ("index", fields::<embed::Settings>()),
        ("mail", fields::<mail::Settings>()),
        ("review", fields::<desk::Settings>()),
        ("sign_in", fields::<sign_in::Settings>()),
        ("sign_in.providers.*", fields::<sign_in::ProviderSettings>()),
        ("export", fields::<export::Settings>()),
        ("backup", fields::<backup::Settings>()),
        ("webhooks", fields::<webhook::Settings>()),
        ("log", fields::<Log>()),
    ]
}

/// Every key that can be set.
fn known() -> Vec<String> {
    let sections = sections();
    let schedules = debrief_jobs::schedules();
    let keys = sections.iter().flat_map(|(section, keys)| keys.iter().map(move |key| join(section, key)));
    keys.filter(|key| !["llm.models", "queue.schedules", "sign_in.providers"].contains(&key.as_str()))
        .filter(|key| sections.iter().all(|(section, _)| section != key))
        .chain(schedules.iter().map(|schedule| join("queue.schedules", schedule.name)))
        .collect()
}

/// A setting that has its own name.
#[derive(Debug, Serialize)]
pub struct Setting {
    /// Its key in a settings file.
    pub key: String,
    /// The environment variable that sets it.
    pub variable: String,
    /// Its default; `None` if it has none.
    pub default: Option<toml::Value>,
}

/// Returns every setting; a `*` stands for a user-defined name.
///
/// # Errors
/// Never fails: the defaults are part of the program.
pub fn all() -> Result<Vec<Setting>, toml::de::Error> {
    let defaults: toml::Value = toml::from_str(DEFAULTS)?;
    let default = |key: &str| key.split('.').try_fold(&defaults, |value, part| value.get(part)).cloned();
    let setting = |key: String| Setting { variable: variable(&key), default: default(&key), key };
    Ok(known().into_iter().map(setting).collect())
}

/// Whether any key has this name, in whatever section.
pub(super) fn is_known_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    known().iter().any(|key| key.rsplit('.').next() == Some(last))
}

/// The environment variable that sets a key.
pub(super) fn variable(key: &str) -> String {
    Place::Environment.written(key)
}

fn join(section: &str, key: &str) -> String {
    if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") }
}

/// Where a key was set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    File,
    Environment,
}

impl Place {
    /// A key as written there.
    fn written(self, key: &str) -> String {
        match self {
            Self::File => key.to_owned(),
            Self::Environment => format!("DEBRIEF_{}", key.replace('.', "__").to_uppercase()),
        }
    }
}

/// Checks that every key of the settings file and the environment exists.
///
/// # Errors
/// Returns every unknown key, each with a suggestion.
pub(super) fn check(file: Map<String, Value>, environment: Map<String, Value>) -> Result<(), String> {
    let known = known();
    let mut given = Vec::new();
    for (place, values) in [(Place::File, file), (Place::Environment, environment)] {
        for (key, value) in values {
            // The environment's keys are dotted paths; a name in a file may itself contain a dot.
            let path = match place {
                Place::File => vec![key],
                Place::Environment => key.split('.').map(str::to_owned).collect(),
            };
            flatten(place, path, value, &mut given);
        }
    }
    given.sort_unstable_by(|one, other| one.1.cmp(&other.1));
    let complaints: Vec<String> = given
        .into_iter()
        .filter(|(_, key)| known.iter().all(|pattern| !fits(pattern, key)))
        .map(|(place, key)| complaint(place, &key.join("."), &known))
        .collect();
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("; ")) }
}

fn flatten(place: Place, path: Vec<String>, value: Value, given: &mut Vec<(Place, Vec<String>)>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (key, value) in table {
                flatten(place, [path.as_slice(), &[key]].concat(), value, given);
            }
        }
        _ => given.push((place, path)),
    }
}

fn fits(pattern: &str, key: &[String]) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    pattern.len() == key.len() && pattern.iter().zip(key).all(|(wanted, part)| *wanted == "*" || wanted == part)
}

fn complaint(place: Place, key: &str, known: &[String]) -> String {
    let written = place.written(key);
    let within: Vec<String> = known
        .iter()
        .filter(|known| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
        .map(|known| place.written(known))
        .collect();
    if !within.is_empty() {
        return format!("{written} is a section; its settings are {}", within.join(", "));
    }
    match meant(place, key, known) {
        Some(meant) => format!("there is no setting {written}; did you mean {meant}?"),
        None => format!("there is no setting {written}; `debrief settings` lists them all"),
    }
}

/// The name that was probably intended.
fn meant(place: Place, key: &str, known: &[String]) -> Option<String> {
    // A model's name, or a provider's, is up to the user.
    let own = ["llm.models.", "sign_in.providers."].iter().find_map(|section| key.strip_prefix(section));
    let own = own.and_then(|rest| rest.split('.').next()).unwrap_or("NAME");
    let names = known.iter().map(|known| place.written(&known.replace('*', own)));
    let others = NOT_SETTINGS.iter().filter(|_| place == Place::Environment).map(|name| (*name).to_owned());
    let wanted = place.written(key);
    let last = |name: &str| name.to_lowercase().replace("__", ".").rsplit('.').next().map(str::to_owned);
    // All have the same prefix, so it says nothing.
    let length = bare(&wanted).len() - if place == Place::Environment { "debrief".len() } else { 0 };
    names
        .chain(others)
        .map(|name| (strsim::damerau_levenshtein(&bare(&name), &bare(&wanted)), name))
        // A few letters are wrong, or it is in the wrong section.
        .filter(|(distance, name)| distance * 3 <= length || last(name) == last(&wanted))
        .min_by_key(|(distance, name)| (last(name) != last(&wanted), *distance))
        .map(|(_, name)| name)
}

/// One or two underscores, a dot or none: these are easily confused.
fn bare(name: &str) -> String {
    name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A settings struct reveals its field names when it is deserialized, so no separate list has to be maintained.
fn fields<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut found: &'static [&'static str] = &[];
    let _ = T::deserialize(Fields(&mut found));
    found
}

/// Provides no values; only records which fields are requested.
struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> serde::Deserializer<'de> for Fields<'_> {
    type Error = serde::de::value::Error;
    fn deserialize_struct<V: serde::de::Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(serde::de::Error::custom("only the fields were asked for"))
    }
    fn deserialize_any<V: serde::de::Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("not a struct"))
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(file: &str, environment: &[(&str, &str)]) -> Result<(), String> {
        use config::Source;
        let file = config::File::from_str(file, config::FileFormat::Toml).collect().expect("a settings file");
        let value = |value: &&str| Value::new(None, ValueKind::String((*value).to_owned()));
        let environment = environment.iter().map(|(key, text)| ((*key).to_owned(), value(text))).collect();
        check(file, environment)
    }

    #[test]
    fn a_misspelt_name_is_found_wherever_it_stands_and_the_right_one_is_named() {
        for (file, environment, told) in [
            ("bukket = 'x'", "", "there is no setting bukket; did you mean bucket?"),
            ("[queue]\nconcurency = 3", "", "queue.concurency; did you mean queue.concurrency?"),
            ("[queue.schedules]\nexprot = 'off'", "", "queue.schedules.exprot; did you mean queue.schedules.export?"),
            ("[llm.models.cheap]\nmodell = 'm'", "", "llm.models.cheap.modell; did you mean llm.models.cheap.model?"),
            (
                "[sign_in.providers.acme]\nisuer = 'x'",
                "",
                "sign_in.providers.acme.isuer; did you mean sign_in.providers.acme.issuer?",
            ),
            ("[http]\nbase_url = 'http://x'", "", "http.base_url; did you mean review.base_url?"),
            ("log = 'debug'", "", "log is a section; its settings are log.filter, log.format"),
            ("", "http_listen", "DEBRIEF_HTTP_LISTEN; did you mean DEBRIEF_HTTP__LISTEN?"),
            ("", "mail.form", "DEBRIEF_MAIL__FORM; did you mean DEBRIEF_MAIL__FROM?"),
            ("", "mail_url", "DEBRIEF_MAIL_URL; did you mean DEBRIEF_MAIL__URL?"),
            ("", "datadir", "DEBRIEF_DATADIR; did you mean DEBRIEF_DATA_DIR?"),
            (
                "",
                "queue.schedules.rolup",
                "DEBRIEF_QUEUE__SCHEDULES__ROLUP; did you mean DEBRIEF_QUEUE__SCHEDULES__ROLLUP?",
            ),
            ("", "zebra", "DEBRIEF_ZEBRA; `debrief settings` lists them all"),
        ] {
            let environment: Vec<(&str, &str)> =
                if environment.is_empty() { Vec::new() } else { vec![(environment, "1")] };
            let complaint = said(file, &environment).expect_err("it is found");
            assert!(complaint.contains(told), "{complaint} does not say {told}");
        }
        let both = said("bukket = 'x'", &[("http_listen", "1")]).expect_err("both are found");
        assert!(both.contains("bukket") && both.contains("DEBRIEF_HTTP_LISTEN"), "{both}");
    }

    #[test]
    fn what_the_manual_names_is_known() {
        let file = "[llm.models.'gpt-4.1']\nmodel = 'm'\n[queue.schedules]\nexport = 'off'\n[llm]\nbudget = 5.0";
        let environment = [("http.listen", "x"), ("llm.models.big.api_key", "k"), ("export.csv_bom", "false")];
        assert_eq!(said(file, &environment), Ok(()));
    }
}
