//! The email that tells a coach that a follow-up was sent with someone else's words.

use chrono::NaiveDate;
use serde::Serialize;

use super::day;

/// To the coach: follow-ups were sent before some of their words turned out to be someone else's.
#[derive(Clone, Debug, Serialize)]
pub struct WrongWords {
    /// The coach's name.
    pub coach: String,
    /// The session's title.
    pub title: String,
    /// The session's date.
    pub date: NaiveDate,
    /// One entry per letter.
    pub letters: Vec<WrongLetter>,
    /// The review link.
    pub link: String,
    /// The last day the link works, in the coach's time zone.
    pub expires: NaiveDate,
}

/// A follow-up that contains someone else's words.
#[derive(Clone, Debug, Serialize)]
pub struct WrongLetter {
    /// Who received it.
    pub client: String,
    /// The address it was sent to.
    pub recipient: String,
    /// Whether it was certainly sent; otherwise it may have been.
    pub certain: bool,
    /// The sentences based on what someone else said.
    pub sentences: Vec<String>,
}

impl WrongWords {
    /// A realistic example.
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
