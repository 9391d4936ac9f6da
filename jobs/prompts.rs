//! The prompts for language models: the files of `templates/prompt/`, embedded in the binary, with their versions. Pure.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use sha2::{Digest, Sha256};

use crate::llm::Prompt;

/// A prompt before anything is inserted: two files of `templates/prompt/<name>/`.
#[derive(Clone, Copy, Debug)]
pub struct PromptTemplate {
    /// Its permanent name.
    pub name: &'static str,
    /// What it asks a model to do, in a sentence for operators.
    pub purpose: &'static str,
    /// Increases when the files change.
    revision: u32,
    /// `system.txt`: what stays the same from session to session.
    pub system: &'static str,
    /// `user.txt`: what is asked of this session.
    pub user: &'static str,
}

/// Embeds the two files of a prompt.
macro_rules! prompt {
    ($name:literal, $revision:literal, $purpose:literal) => {
        PromptTemplate {
            name: $name,
            purpose: $purpose,
            revision: $revision,
            system: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/prompt/", $name, "/system.txt")),
            user: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/prompt/", $name, "/user.txt")),
        }
    };
}

/// Summarizes a session, or a part of one, for a client.
pub const SUMMARIZE: PromptTemplate = prompt!("summarize", 5, "Summarize a session, or a part of one, for a client.");
/// Writes one section of a summary.
pub const SECTION: PromptTemplate =
    prompt!("section", 2, "Write one section of a summary, where the whole is too much.");
/// Words one passage of a summary.
pub const PASSAGE: PromptTemplate =
    prompt!("passage", 2, "Say in a sentence what a passage says, where the program chooses the passages.");
/// Joins the summaries of the parts of a session.
pub const REDUCE: PromptTemplate = prompt!("reduce", 3, "Choose from the summaries of the parts of a long session.");
/// Writes sentences again that their evidence doesn't support.
pub const REPAIR: PromptTemplate = prompt!("repair", 4, "Write sentences again that their quotes don’t support.");
/// Reads a sentence beside its evidence, as the second reader.
pub const CHECK: PromptTemplate =
    prompt!("check", 1, "Check, as a second reader, whether a quote supports its sentence.");
/// Changes a summary as the coach asks.
pub const REFINE: PromptTemplate = prompt!("refine", 2, "Change a summary as the coach asks.");

/// Every prompt.
pub const ALL: [PromptTemplate; 7] = [SUMMARIZE, SECTION, PASSAGE, REDUCE, REPAIR, CHECK, REFINE];

impl PromptTemplate {
    /// Its version: the name, the revision, and a hash of both files, so that no change goes unnoticed.
    #[must_use]
    pub fn version(&self) -> String {
        let hash = Sha256::new().chain_update(self.system).chain_update([0]).chain_update(self.user).finalize();
        let hash: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{}-{hash}", self.name, self.revision)
    }

    /// Inserts a context in either file. An undefined name is an error.
    ///
    /// # Errors
    /// If a file doesn't render: it's faulty.
    pub(crate) fn render(&self, system: impl Into<Value>, user: impl Into<Value>) -> Result<Prompt, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        Ok(Prompt {
            system: environment.render_str(self.system, system.into())?,
            user: environment.render_str(self.user, user.into())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;

    #[test]
    fn every_folder_of_prompts_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/prompt");
        let folders = std::fs::read_dir(folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"));
        let listed: BTreeSet<String> = ALL.iter().map(|prompt| prompt.name.to_owned()).collect();
        assert_eq!(folders.collect::<BTreeSet<_>>(), listed);
    }
}
