//! The voice profile: how a coach wants summaries worded. Rules apply to all clients of the coach; examples contain
//! words from one client's summary, and are used only for that client.
//!
//! ```text
//! store   the rules and examples of a coach: listed, added, turned on or off, removed
//! learn   what an approved version teaches
//! ```
//!
//! A profile changes only the wording: every claim is verified by the same rules, whatever the profile says.

mod learn;
mod store;

use std::sync::LazyLock;

use regex::Regex;

pub(crate) use learn::{learn, unlearn};
pub(crate) use store::for_client;
pub use store::{Example, Kind, NewRule, Profile, Rule, VoiceError, add, forget, profile, remove, switch};

/// A coach's profile for one client: all that prompts and the offline writer know of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voice {
    /// Rules in words, for a language model.
    pub rules: Vec<String>,
    /// Words, and their replacements.
    pub replacements: Vec<(String, String)>,
    /// Sentences from this client's earlier summaries, and the coach's versions of them.
    pub examples: Vec<(String, String)>,
}

/// Quoted text.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[\"\u{201c}\u{201e}\u{ab}][^\"\u{201c}\u{201d}\u{201e}\u{ab}\u{bb}]*[\"\u{201d}\u{201c}\u{bb}]")
        .expect("a constant pattern")
});

impl Voice {
    /// The rules as lines of a prompt. They contain nothing about any client.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let replace = self.replacements.iter().map(|(from, to)| format!("Write \"{to}\" and not \"{from}\"."));
        self.rules.iter().cloned().chain(replace).collect()
    }

    /// `text` with the replacements applied, except in quotes: those words were actually said.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        if self.replacements.is_empty() {
            return text.to_owned();
        }
        let (mut out, mut end) = (String::with_capacity(text.len()), 0);
        for quoted in QUOTED.find_iter(text) {
            out.push_str(&self.replace(&text[end..quoted.start()]));
            out.push_str(quoted.as_str());
            end = quoted.end();
        }
        out.push_str(&self.replace(&text[end..]));
        out
    }

    fn replace(&self, text: &str) -> String {
        self.replacements.iter().fold(text.to_owned(), |text, (from, to)| {
            let Ok(pattern) = Regex::new(&format!(r"(?i)\b{}\b", regex::escape(from))) else { return text };
            let with = |found: &regex::Captures<'_>| {
                let capital = found[0].chars().next().is_some_and(char::is_uppercase);
                if capital && from.chars().next().is_some_and(char::is_lowercase) {
                    capitalized(to)
                } else {
                    to.clone()
                }
            };
            pattern.replace_all(&text, with).into_owned()
        })
    }
}

fn capitalized(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_replaced_outside_quotes_alone() {
        let voice = Voice {
            replacements: vec![("said".into(), "told me".into()), ("issues".into(), "questions".into())],
            ..Voice::default()
        };
        assert_eq!(
            voice.apply("Priya said: \u{201c}I said it.\u{201d} Issues she said of: \"issues\""),
            "Priya told me: \u{201c}I said it.\u{201d} Questions she told me of: \"issues\""
        );
        assert_eq!(voice.apply("It is unsaid."), "It is unsaid.", "a part of a word is another word");
    }
}
