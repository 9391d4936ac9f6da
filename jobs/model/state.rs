//! The states of sessions, summaries, refinements and emails. They are stored as text, parsed when a row is read, and
//! matched exhaustively. The states of jobs are the queue's.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

/// The state of a session: the path in its order. `path::advance` moves a session from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SessionState {
    /// A transcript is there; parsing is next.
    Received,
    /// Not a transcript, damaged, or from an unknown coach.
    Rejected,
    /// Utterances are there; attribution is next.
    Parsed,
    /// A person must name the speakers.
    WaitingForSpeakers,
    /// Participants are known; one summary per client is next.
    Attributed,
    /// No summary is still due; the review request is next.
    Summarized,
    /// A person reviews.
    InReview,
    /// Every summary is dismissed, or approved with its follow-up sent or not to be sent.
    Closed,
}

impl SessionState {
    /// All of them, in path order.
    pub const ALL: [Self; 8] = [
        Self::Received,
        Self::Rejected,
        Self::Parsed,
        Self::WaitingForSpeakers,
        Self::Attributed,
        Self::Summarized,
        Self::InReview,
        Self::Closed,
    ];

    /// Whether the speakers are known, so that a correction affects the session.
    #[must_use]
    pub const fn is_attributed(self) -> bool {
        matches!(self, Self::Attributed | Self::Summarized | Self::InReview | Self::Closed)
    }
}

/// A session's state as lists show it. Sessions in review that need nobody have their own states.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    sqlx::Type,
    Display,
    IntoStaticStr,
    EnumString,
    VariantNames,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SessionStatus {
    /// See [`SessionState::Received`].
    Received,
    /// See [`SessionState::Rejected`].
    Rejected,
    /// See [`SessionState::Parsed`].
    Parsed,
    /// See [`SessionState::WaitingForSpeakers`].
    WaitingForSpeakers,
    /// See [`SessionState::Attributed`].
    Attributed,
    /// See [`SessionState::Summarized`].
    Summarized,
    /// Someone is needed: see [`SessionState::InReview`].
    InReview,
    /// In review, with its letters held.
    Approved,
    /// In review, with a letter being sent.
    Sending,
    /// See [`SessionState::Closed`].
    Closed,
}

impl SessionStatus {
    /// All names, as stored.
    pub const NAMES: &'static [&'static str] = <Self as VariantNames>::VARIANTS;
}

/// The state of a client's summary of one session.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, Display, IntoStaticStr, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SummaryState {
    /// A job will write it.
    Due,
    /// It is written; the coach decides.
    Done,
    /// It could not be written.
    Failed,
    /// The coach approved a version.
    Approved,
    /// It isn't to be sent: the coach dismissed it, or it was withdrawn.
    Dismissed,
}

/// How an action item stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    sqlx::Type,
    Display,
    IntoStaticStr,
    EnumString,
    VariantNames,
    schemars::JsonSchema,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ItemState {
    /// It is still to be done.
    Open,
    /// It was done: somebody ticked it off, or a later session says so.
    Done,
    /// It won't be done.
    Dropped,
}

impl ItemState {
    /// All names, as stored.
    pub const NAMES: &'static [&'static str] = <Self as VariantNames>::VARIANTS;
}

/// How a goal stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    sqlx::Type,
    Display,
    IntoStaticStr,
    EnumString,
    VariantNames,
    schemars::JsonSchema,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum GoalState {
    /// The client works towards it.
    Open,
    /// It was reached.
    Achieved,
    /// It isn't pursued any more.
    Dropped,
}

impl GoalState {
    /// All names, as stored.
    pub const NAMES: &'static [&'static str] = <Self as VariantNames>::VARIANTS;
}

/// Why a language model's draft of a summary can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, Display, IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Shortfall {
    /// It has no claims, or next to none, about a session full of words.
    Empty,
    /// It has claims, and too few of them rest on what was said.
    NothingHolds,
    /// It says the same again and again.
    GoesRound,
    /// It is in another language than the session.
    OtherLanguage,
    /// The answer doesn't have the requested form.
    Unreadable,
    /// The answer was cut off, however little it was asked about.
    CutOff,
}

/// The state of a coach's request to refine a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum RefinementState {
    /// A job will do it.
    Queued,
    /// It created a version.
    Done,
    /// It would have changed nothing.
    Unchanged,
    /// It could not be done.
    Failed,
}

/// The state of an email on the ledger.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, Display, IntoStaticStr, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum MailState {
    /// Not sent yet, and nobody has it.
    Queued,
    /// The server was about to receive the message and may have it.
    Sending,
    /// The server accepted it.
    Sent,
    /// The server refused it: nobody has it.
    Failed,
    /// It is unknown whether it arrived; a person decides.
    Uncertain,
    /// It isn't to be sent.
    Cancelled,
}

macro_rules! as_stored {
    ($($state:ident),*) => {
        $(impl $state {
            /// The name used in the database, JSON and metrics.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.into()
            }
        })*
    };
}

as_stored!(SessionState, SessionStatus, SummaryState, Shortfall, RefinementState, MailState);
