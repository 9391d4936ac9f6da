//! A session's row: its state, its lock, and the mark of a dead stage.

use serde::Serialize;
use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// Where a session's date comes from, as stored, if its files don't say it: the object's time. It is an estimate.
pub const DATE_OF_UPLOAD: &str = "object_time";

/// The state of a session: the path in its order. [`super::advance`] moves a session from one to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum State {
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
    /// Every summary is approved (and its follow-up gone or not to be sent) or dismissed.
    Closed,
}

/// What takes a session out of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovedBy {
    /// A job, which is enqueued with the state.
    Job,
    /// A person on the review page; a file or a name that comes later may do it too.
    Person,
    /// Nothing has to: the path ends here.
    End,
}

impl State {
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

    /// What takes a session out of this state.
    #[must_use]
    pub const fn moved_by(self) -> MovedBy {
        match self {
            Self::Received | Self::Parsed | Self::Attributed | Self::Summarized => MovedBy::Job,
            Self::WaitingForSpeakers | Self::InReview => MovedBy::Person,
            Self::Rejected | Self::Closed => MovedBy::End,
        }
    }
}

/// Sets the state and clears the mark of a dead stage; returns the state before.
pub(super) async fn set_state(tx: &mut TenantTx, session_id: Uuid, state: State) -> Result<State, sqlx::Error> {
    sqlx::query_scalar!(
        r#"update sessions set state = $2, failed_stage = null, failed_reason = null, updated_at = now(),
               closed_at = case when $2 = 'closed' then now() end
           from (select id, state from sessions where id = $1 for no key update) before
           where sessions.id = before.id returning before.state as "state: State""#,
        session_id,
        state as State
    )
    .fetch_one(tx.conn())
    .await
}

/// Stages beside the path: the session goes on without them.
const BESIDE: [&str; 2] = ["index", "mail"];

/// Marks a session as failed in `stage`, for everybody to see; its state stays, so that a retried job goes on from it.
/// A stage beside the path does not hide that the path itself has stopped.
///
/// # Errors
/// When the database does not answer.
pub async fn mark_failed(tx: &mut TenantTx, session_id: Uuid, stage: &str, reason: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set failed_stage = $2, failed_reason = $3, updated_at = now()
         where id = $1 and (failed_stage is null or failed_stage = any($4) or not $5)",
        session_id,
        stage,
        reason,
        &BESIDE.map(str::to_owned),
        BESIDE.contains(&stage)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Locks the session's row until the transaction ends (what refers to it can still be added meanwhile) and returns its
/// state and its correlation id; `None` if there is no such session.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<(State, Uuid)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select state as "state: State", correlation_id from sessions where id = $1 for no key update"#,
        session_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| (row.state, row.correlation_id)))
}
