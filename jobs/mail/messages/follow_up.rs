//! The letter to the client. Pure.

use chrono::NaiveDate;
use serde::Serialize;

use super::day;

/// To the client: what came out of the session. Uses only claims whose audience is the client.
#[derive(Clone, Debug, Serialize)]
pub struct FollowUp {
    /// The client's name.
    pub client: String,
    /// How the client is addressed.
    pub greeting_name: String,
    /// The coach's name.
    pub coach: String,
    /// The organization's name.
    pub organization: String,
    /// The session's date; `None` if it is only estimated, since a letter must not state an estimate as fact.
    pub date: Option<NaiveDate>,
    /// What went well.
    pub wins: Vec<String>,
    /// What has been difficult.
    pub challenges: Vec<String>,
    /// Who does what, and by when.
    pub action_items: Vec<FollowUpItem>,
    /// What the coach recommends.
    pub recommendations: Vec<String>,
    /// The client's own words that are worth keeping, in quotes.
    pub key_quotes: Vec<String>,
}

/// An action item of a follow-up.
#[derive(Clone, Debug, Serialize)]
pub struct FollowUpItem {
    /// The sentence.
    pub text: String,
    /// Whether it is the coach's task, not the client's.
    pub coach_does_it: bool,
    /// Whether the session left open which of the two does it.
    pub owner_is_unclear: bool,
    /// The due date, if one was said.
    pub due: Option<NaiveDate>,
    /// The due date in the speaker's words, if no date can be derived from them and the sentence omits them.
    pub due_words: Option<String>,
}

impl FollowUp {
    /// The kind as stored.
    pub const KIND: &str = "follow_up";

    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        let item = |text: &str, coach_does_it, due| FollowUpItem {
            text: text.into(),
            coach_does_it,
            owner_is_unclear: false,
            due,
            due_words: None,
        };
        Self {
            client: "Priya Raman".into(),
            greeting_name: "Priya".into(),
            coach: "Maya Okafor".into(),
            organization: "Northlight Coaching".into(),
            date: Some(day(2026, 11, 3)),
            wins: vec![
                "You ran the planning meeting yourself and kept it to half an hour.".into(),
                "You said no to the second project, and your manager agreed.".into(),
            ],
            challenges: vec!["Handing work to Jonas still feels slower than doing it yourself.".into()],
            action_items: vec![
                item("Hand the release notes to Jonas and let the first draft stand.", false, Some(day(2026, 11, 10))),
                item("Write down three decisions that you took without asking.", false, None),
                item("Send the article on delegation.", true, Some(day(2026, 11, 5))),
            ],
            recommendations: vec!["Keep Friday mornings free of meetings until the end of the month.".into()],
            key_quotes: vec!["\u{201c}I don't have to be the one who knows.\u{201d}".into()],
        }
    }
}
