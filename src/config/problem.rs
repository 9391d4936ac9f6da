//! What is wrong with the settings, in words that never contain a value: any may be a secret, perhaps misplaced.

use std::path::Path;

use config::{ConfigError, Map, Value};
use toml::de::{DeTable, DeValue, Error};

use super::keys;

/// The settings file: its location and content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Written<'_> {
    /// What is wrong if it isn't valid TOML: the line, its key, and the problem.
    pub(super) fn unreadable(self, error: &Error) -> String {
        let at = error.span().map_or(0, |span| span.start);
        let start = self.text.get(..at).map_or(0, |before| before.rfind('\n').map_or(0, |at| at + 1));
        let key = self.text[start..].lines().next().and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
        // The text before a `=` may be part of a value that spans several lines.
        let key = key.filter(|key| keys::is_known_name(key)).map_or_else(String::new, |key| format!(", {key}"));
        let hint = if error.message().contains("quoted") { "; write it as \"…\"" } else { "" };
        format!("{}, line {}{key}: {}{hint}", self.path.display(), self.line(at), error.message())
    }

    fn line(self, at: usize) -> usize {
        1 + self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
    }

    /// The line on which a key is set, from 1.
    fn line_of(self, key: &str) -> Option<usize> {
        let document = DeTable::parse(self.text).ok()?;
        let (mut table, mut parts) = (document.get_ref(), key.split('.').peekable());
        loop {
            let part = parts.next()?;
            let (name, value) = table.iter().find(|(name, _)| name.get_ref() == part)?;
            match value.get_ref() {
                _ if parts.peek().is_none() => return Some(self.line(name.span().start)),
                DeValue::Table(inner) => table = inner,
                _ => return None,
            }
        }
    }
}

/// What is wrong with a value, and where it was set.
pub(super) fn of_value(error: &ConfigError, file: Written<'_>, environment: &Map<String, Value>) -> String {
    let (key, problem) = told(error);
    let Some(key) = key else { return problem };
    let place = if environment.keys().any(|set| set.eq_ignore_ascii_case(&key)) {
        format!(" (set in {})", keys::variable(&key))
    } else {
        file.line_of(&key).map(|line| format!(" ({}, line {line})", file.path.display())).unwrap_or_default()
    };
    format!("{key}: {problem}{place}")
}

fn told(error: &ConfigError) -> (Option<String>, String) {
    match error {
        ConfigError::Type { unexpected, expected, key, .. } => {
            (key.clone(), format!("it is {}, but must be {expected}", kind(&unexpected.to_string())))
        }
        ConfigError::At { error, key, .. } => {
            let (inner, problem) = told(error);
            (key.clone().or(inner), problem)
        }
        ConfigError::NotFound(key) => (Some(key.clone()), "it is missing".into()),
        ConfigError::Message(message) => (None, without_values(message)),
        // A file that was already read, or something that nothing here produces.
        _ => (None, "a value can't be used".into()),
    }
}

/// A type's error message, which may quote the value, without the value.
fn without_values(message: &str) -> String {
    if message.starts_with("enum ") {
        return "it isn't one of the values allowed".into();
    }
    message.split(['"', '`']).next().unwrap_or_default().trim_end_matches([' ', ':', ',']).to_owned()
}

/// The kind of a value, from the first word of the settings reader's description: its type isn't exposed.
fn kind(found: &str) -> &'static str {
    match found.split(' ').next().unwrap_or_default() {
        "boolean" => "true or false",
        "string" => "a text",
        "unit" => "nothing",
        "sequence" => "a list",
        "map" => "a section",
        _ => "a number",
    }
}
