//! What a coach is told about a roster. Pure.

use serde::Serialize;

/// To the coach: part of a roster could not be applied or may have been misread.
#[derive(Clone, Debug, Serialize)]
pub struct RosterProblems {
    /// The coach's name.
    pub coach: String,
    /// The file's name.
    pub file: String,
    /// How many clients were taken from it.
    pub taken: usize,
    /// What is wrong, in a sentence each.
    pub problems: Vec<String>,
    /// How many more problems there are than are shown.
    pub more: usize,
    /// Names as they were read, if letters may be wrong.
    pub names: Vec<String>,
}

impl RosterProblems {
    /// At most this many problems are shown.
    pub const MOST: usize = 50;

    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            coach: "Maya Okafor".into(),
            file: "roster.csv".into(),
            taken: 11,
            problems: vec![
                "line 1: the file doesn’t state its encoding; we read it as windows-1250".into(),
                "line 4: the email isn’t a valid address; the client is kept without a new one".into(),
            ],
            more: 2,
            names: vec!["Zoë Åström".into()],
        }
    }
}
