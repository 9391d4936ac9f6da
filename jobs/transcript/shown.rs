//! The text of a file as one reads it. What is hidden or struck through was taken out by somebody: it isn't speech, and
//! a person is told how much it was.

use super::{transcript::Warning, words};

/// A file's text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) text: String,
    /// How many words are hidden or struck through, and so not in the text.
    pub(super) unseen: usize,
}

impl Shown {
    /// Counts words that are hidden or struck through.
    pub(super) fn leave_out(&mut self, text: &str) {
        self.unseen += words::count(text);
    }

    /// The warning about what was left out.
    pub(super) fn doubt(&self) -> Option<Warning> {
        let message = match self.unseen {
            0 => return None,
            1 => "1 word is hidden or struck through in the file, and was left out".to_owned(),
            count => format!("{count} words are hidden or struck through in the file, and were left out"),
        };
        Some(Warning { line: 0, column: None, message })
    }
}
