//! The mail that tells a coach that a follow-up went out with another's words.

use chrono::NaiveDate;
use serde::Serialize;

use super::day;

/// To the coach: follow-ups went out, and then it turned out that some of their words were another's.
#[derive(Clone, Debug, Serialize)]
pub struct WrongWords {
    /// The coach's name.
    pub coach: String,
    /// The session's title.
    pub title: String,
    /// The session's date.
    pub date: NaiveDate,
    /// A letter each.
    pub letters: Vec<WrongLetter>,
    /// The review link.
    pub link: String,
    /// The last day on which the link opens, in the coach's time zone.
    pub expires: NaiveDate,
}

/// A follow-up that holds another's words.
#[derive(Clone, Debug, Serialize)]
pub struct WrongLetter {
    /// Who has it.
    pub client: String,
    /// At which address.
    pub recipient: String,
    /// Whether it has certainly gone; else it may have.
    pub certain: bool,
    /// The sentences that rest on what somebody else said.
    pub sentences: Vec<String>,
}

impl WrongWords {
    /// A believable one.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            coach: "Maya Okafor".into(),
            title: "Team alignment, third session".into(),
            date: day(2026, 11, 3),
            letters: vec![WrongLetter {
                client: "Tom Becker".into(),
                recipient: "tom@becker.example".into(),
                certain: true,
                sentences: vec!["You said no to the second project, and your manager agreed.".into()],
            }],
            link: "https://debrief.example/r/rl_Zk3vQ0m1bYt8hXw2".into(),
            expires: day(2026, 11, 13),
        }
    }
}
