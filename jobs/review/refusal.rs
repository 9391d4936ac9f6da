//! Why an action of a coach is refused, in words for the coach. Pure.

use uuid::Uuid;

use super::actions::FRESH_LINKS_AN_HOUR;
use crate::{mail::Recipient, model::SummaryState};

/// Why an action was refused; nothing of it happened once the transaction is dropped.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The session has no such summary, or the organization no such session.
    #[error("there is no such summary in this session")]
    NotFound,
    /// What was shown is no longer current: someone saved a newer version.
    #[error("this summary has changed: version {newest} is now the latest")]
    Conflict {
        /// The latest version.
        newest: i32,
    },
    /// This isn't possible for the summary: it is approved, dismissed, or not written.
    #[error("this summary is {state}, so that isn’t possible")]
    NotOpen {
        /// Its state, in words.
        state: &'static str,
    },
    /// The session isn't waiting for its speakers.
    #[error("this session isn’t waiting for its speakers any more: they’ve been named")]
    NotWaiting,
    /// The letter's recipient isn't the one shown.
    #[error("{}", recipient_changed(.0))]
    RecipientChanged(Box<NewRecipient>),
    /// Some sentences speak about the client, while the letter speaks to the client.
    #[error("{}", speaks_about(.client, .sentences.len()))]
    SpeaksAbout {
        /// The client's name.
        client: String,
        /// The claims.
        sentences: Vec<Uuid>,
    },
    /// Nothing remains that the client may read.
    #[error("nothing in this summary is for the client: add a sentence, or choose not to send it")]
    NothingForClient,
    /// The follow-up is being sent or was sent.
    #[error("the follow-up is already on its way and can no longer be stopped")]
    TooLate,
    /// The session can't have been on that day.
    #[error("{0}")]
    ImplausibleDate(&'static str),
    /// A letter that uses the date was sent, or the upload was rejected.
    #[error("{0}")]
    DateIsFixed(String),
    /// A refinement of the summary is in progress.
    #[error("this summary is already being refined: wait until that’s done")]
    Busy,
    /// The latest version is the summarizer's.
    #[error("there’s nothing to undo: nothing has been changed since it was written")]
    NothingToUndo,
    /// What was typed is not saved, and would be lost.
    #[error("you have unsaved changes: save them first, or reload the page to discard them")]
    Unsaved,
    /// Some of what was typed is invalid.
    #[error("some of what you typed can’t be saved")]
    Invalid(Vec<Problem>),
    /// New links were requested too often; one more may be after so many seconds.
    #[error(
        "{FRESH_LINKS_AN_HOUR} links were emailed within the last hour; look for them in your inbox, or try again later"
    )]
    TooMany(i32),
    /// The query failed or the database can't be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// An email could not be put on the ledger.
    #[error("an email couldn’t be prepared: {0}")]
    Mail(String),
}

impl ActionError {
    /// For a summary in a state in which this isn't possible.
    #[must_use]
    pub fn not_open(state: SummaryState) -> Self {
        let state = match state {
            SummaryState::Due => "still being written",
            SummaryState::Done => "waiting for your review",
            SummaryState::Failed => "not written yet",
            SummaryState::Approved => "approved",
            SummaryState::Dismissed => "one that you chose not to send",
        };
        Self::NotOpen { state }
    }
}

/// The recipient shown, and the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRecipient {
    /// The client's current name.
    pub client: String,
    /// The recipient shown.
    pub shown: Option<Recipient>,
    /// The current recipient.
    pub now: Option<Recipient>,
}

fn recipient_changed(change: &NewRecipient) -> String {
    let client = &change.client;
    let what = match (&change.shown, &change.now) {
        (Some(shown), Some(now)) if shown.name != now.name => {
            format!("the recipient changed from {} ({}) to {} ({})", shown.name, shown.email, now.name, now.email)
        }
        (Some(shown), Some(now)) => format!("{client}’s address changed from {} to {}", shown.email, now.email),
        (Some(shown), None) => format!("{client}’s address, {}, was removed", shown.email),
        (None, Some(now)) => format!("{client} was given the address {}", now.email),
        (None, None) => format!("{client}’s address changed"),
    };
    format!("{what} since this page was loaded: check it and approve again")
}

fn speaks_about(client: &str, sentences: usize) -> String {
    let what = match sentences {
        1 => "one sentence talks".to_owned(),
        some => format!("{some} sentences talk"),
    };
    format!("{what} about {client} instead of saying “you”: change it, or confirm that it goes as it is")
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's name in the form: `text.{claim}`, `add.{section}`, `speaker.{n}`.
    pub field: String,
    /// What is wrong and what to do.
    pub problem: String,
}
