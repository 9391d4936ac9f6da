//! Goals: what a client works towards, over many sessions.
//!
//! ```text
//! list    a page of them, or one
//! change  set, reworded, achieved, dropped, opened again, removed; and what becomes of them when their client goes
//! ```
//!
//! Reads and writes `goals`, and reads the claim that one was taken from. Each change has an audit entry and an event for
//! webhooks, in its transaction. Saying the same of a goal twice changes nothing.

mod change;
mod list;

pub use change::{GoalChange, NewGoal, change, create, hold, remove, settle};
pub(crate) use change::{drop_of, move_to};
pub use list::{Goal, WantedGoals, one, page};

use crate::model::told::ToldError;

/// A client has at most this many open goals.
pub const MOST_OPEN: i64 = 100;

/// Why a goal couldn't be set or changed.
#[derive(Debug, thiserror::Error)]
pub enum GoalError {
    /// There is no such client.
    #[error("there’s no such client")]
    NoClient,
    /// There is no such claim in a summary of the client.
    #[error("there’s no such sentence in a summary of this client")]
    NoClaim,
    /// The text is empty.
    #[error("say what the goal is")]
    NoText,
    /// The text is too long.
    #[error("a goal has at most 1,000 characters")]
    LongText,
    /// The text can't be shown.
    #[error("the goal contains characters that can’t be shown; type it again")]
    Unreadable,
    /// The due day isn't one.
    #[error("this isn’t a plausible day; give one from 2000 to 2199, or none")]
    Due,
    /// Nothing is given that could be changed.
    #[error("nothing to change; give a text or a due day")]
    NothingToChange,
    /// The client has too many open goals.
    #[error("this client has {MOST_OPEN} open goals, which is the most; achieve or drop some first")]
    TooMany,
    /// A goal is to be open again, and its client was removed.
    #[error("this client was removed, so no goal of theirs can be open; add the client again first")]
    ClientGone,
    /// What is said of it can't be kept.
    #[error(transparent)]
    Told(#[from] ToldError),
    /// A database error.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl GoalError {
    /// The field that it is about, if it is about one.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoClient => Some("client_id"),
            Self::NoClaim => Some("claim_id"),
            Self::NoText | Self::LongText | Self::Unreadable => Some("text"),
            Self::Due => Some("due_date"),
            Self::Told(error) => Some(error.field()),
            Self::NothingToChange | Self::TooMany | Self::ClientGone | Self::Database(_) => None,
        }
    }
}
