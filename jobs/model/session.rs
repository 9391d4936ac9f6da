//! Sessions in the database: the moves between their states, and the marks of a dead stage.

use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// Where a session's date comes from, as stored, if its files don't say it: the object's time. It is an estimate.
pub const DATE_OF_UPLOAD: &str = "object_time";

/// The state of a session. The table in `docs/ARCHITECTURE.md` says who moves it where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A transcript is there; parse is next.
    Received,
    /// Not a transcript, damaged, or of an unknown coach.
    Rejected,
    /// Utterances are there; attribute is next.
    Parsed,
    /// A person must name the speakers.
    WaitingForSpeakers,
    /// Participants are known; a summary a client is next.
    Attributed,
    /// No summary is still due; the review request is next.
    Summarized,
    /// A person reviews.
    InReview,
    /// Every summary is approved (and its follow-up gone or not to be sent) or dismissed.
    Closed,
}

impl State {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Rejected => "rejected",
            Self::Parsed => "parsed",
            Self::WaitingForSpeakers => "waiting_for_speakers",
            Self::Attributed => "attributed",
            Self::Summarized => "summarized",
            Self::InReview => "in_review",
            Self::Closed => "closed",
        }
    }
}

/// Moves a session to `state` and clears the mark of a dead stage.
///
/// # Errors
/// When the database does not answer.
pub async fn set_state(tx: &mut TenantTx, session_id: Uuid, state: State) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set state = $2, failed_stage = null, failed_reason = null, updated_at = now(),
            closed_at = case when $2 = 'closed' then now() end
         where id = $1",
        session_id,
        state.as_str()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
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

/// Locks the session's row until the transaction ends (what refers to it can still be added meanwhile), and gives its state as stored and its correlation id; none
/// where there is no such session.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<(String, Uuid)>, sqlx::Error> {
    let row = sqlx::query!("select state, correlation_id from sessions where id = $1 for no key update", session_id)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(|row| (row.state, row.correlation_id)))
}
