//! What a coach is told of a roster. Pure.

use serde::Serialize;

/// To the coach: some of a roster could not be applied, or may have been misread.
#[derive(Clone, Debug, Serialize)]
pub struct RosterProblems {
    /// The coach's name.
    pub coach: String,
    /// The file's name.
    pub file: String,
    /// How many clients were taken from it.
    pub taken: usize,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
    /// How many more there are than are shown.
    pub more: usize,
    /// Names as they were read, where the letters may be wrong.
    pub names: Vec<String>,
}

impl RosterProblems {
    /// So many problems are shown.
    pub const MOST: usize = 50;

    /// A believable one.
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
