//! The states of sessions, summaries, refinements and mails. They are stored as text, parsed where a row is read, and
//! matched exhaustively. The states of jobs are the queue's.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

/// The state of a session: the path in its order. `path::advance` moves a session from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SessionState {
    /// A transcript is there; parse is next.
    Received,
    /// Not a transcript, damaged, or of an unknown coach.
    Rejected,
    /// Utterances are there; attribute is next.
    Parsed,
    /// A person must name the speakers.
    WaitingForSpeakers,
    /// Participants are known; one summary per client is next.
    Attributed,
    /// No summary is still due; the review request is next.
    Summarized,
    /// A person reviews.
    InReview,
    /// Every summary is approved (and its follow-up is sent, or isn't to be sent) or dismissed.
    Closed,
}

impl SessionState {
    /// All of them, in the order of the path.
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

    /// Whether it is known who speaks, so that a correction concerns the session.
    #[must_use]
    pub const fn is_attributed(self) -> bool {
        matches!(self, Self::Attributed | Self::Summarized | Self::InReview | Self::Closed)
    }
}

/// The state of a session as lists show it. Of sessions in review, those that need nobody have their own.
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
    /// Somebody is needed: see [`SessionState::InReview`].
    InReview,
    /// In review, and its letters are held.
    Approved,
    /// In review, and a letter is on its way.
    Sending,
    /// See [`SessionState::Closed`].
    Closed,
}

impl SessionStatus {
    /// The names of all of them, as they are stored.
    pub const NAMES: &'static [&'static str] = <Self as VariantNames>::VARIANTS;
}

/// The state of a client's summary of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SummaryState {
    /// A job writes it.
    Due,
    /// It is written; the coach decides.
    Done,
    /// It could not be written.
    Failed,
    /// The coach approved a version.
    Approved,
    /// It is not to be sent: the coach said so, or it is withdrawn.
    Dismissed,
}

/// The state of a coach's request to refine a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum RefinementState {
    /// A job does it.
    Queued,
    /// It made a version.
    Done,
    /// It would have changed nothing.
    Unchanged,
    /// It could not be done.
    Failed,
}

/// The state of a mail on the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, Display, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum MailState {
    /// Not sent yet, and nobody has it.
    Queued,
    /// The server was about to get the message: it may have it.
    Sending,
    /// The server took it.
    Sent,
    /// The server refused it: nobody has it.
    Failed,
    /// Nobody knows whether it arrived; a person decides.
    Uncertain,
    /// It is not to be sent.
    Cancelled,
}

macro_rules! as_stored {
    ($($state:ident),*) => {
        $(impl $state {
            /// As it is stored, and as JSON and metrics have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.into()
            }
        })*
    };
}

as_stored!(SessionState, SessionStatus, SummaryState, RefinementState, MailState);
