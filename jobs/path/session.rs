//! A session's row: its state, its lock, and the mark of a dead stage.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::SessionState,
};

/// The stored origin of a session's date if its files don't state it: the object's time. It is an estimate.
pub const DATE_OF_UPLOAD: &str = "object_time";

/// What moves a session out of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovedBy {
    /// A job, which is enqueued with the state.
    Job,
    /// A person on the review page; a later file or name may do it too.
    Person,
    /// Nothing: the path ends here.
    End,
}

/// Returns what moves a session out of a state.
#[must_use]
pub const fn moved_by(state: SessionState) -> MovedBy {
    match state {
        SessionState::Received | SessionState::Parsed | SessionState::Attributed | SessionState::Summarized => {
            MovedBy::Job
        }
        SessionState::WaitingForSpeakers | SessionState::InReview => MovedBy::Person,
        SessionState::Rejected | SessionState::Closed => MovedBy::End,
    }
}

/// Sets the state and clears a dead stage's mark; returns the previous state. A summary that could not be written stays
/// marked: the session continues without it.
pub(super) async fn set_state(
    tx: &mut TenantTx,
    session_id: Uuid,
    state: SessionState,
) -> Result<SessionState, sqlx::Error> {
    let unwritten = match state {
        SessionState::Attributed | SessionState::Summarized | SessionState::InReview => {
            unwritten(tx, session_id).await?
        }
        _ => None,
    };
    sqlx::query_scalar!(
        r#"update sessions set state = $2, failed_stage = case when $3::text is not null then 'summarize' end,
               failed_reason = $3::text, updated_at = now(),
               closed_at = case when $2 = 'closed' then now() end
           from (select id, state from sessions where id = $1 for no key update) before
           where sessions.id = before.id returning before.state as "state: SessionState""#,
        session_id,
        state as SessionState,
        unwritten
    )
    .fetch_one(tx.conn())
    .await
}

/// Whether a summary has a version of the session's present words: then its speakers stay, and words can only be
/// replaced.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn is_summarized(tx: &mut TenantTx, session_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
               select from summaries join sessions on sessions.id = session_id
               where session_id = $1 and version > 0
                 and (words_replaced_at is null or exists (
                     select from summary_versions
                     where summary_id = summaries.id and summary_versions.created_at > words_replaced_at))) as "there!""#,
        session_id
    )
    .fetch_one(tx.conn())
    .await
}

/// Records that the session gets other words; returns when, and its coach's time zone. Uses the clock, not the start of
/// this transaction, so that the time is later than any version written from the old words.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn mark_replaced(tx: &mut TenantTx, session_id: Uuid) -> Result<(DateTime<Utc>, String), sqlx::Error> {
    let row = sqlx::query!(
        r#"update sessions set words_replaced_at = clock_timestamp(), updated_at = now() from coaches
           where sessions.id = $1 and coaches.id = coach_id
           returning words_replaced_at as "at!", time_zone"#,
        session_id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.at, row.time_zone))
}

/// The session's message about summaries that could not be written; `None` if there are none.
async fn unwritten(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<String>, sqlx::Error> {
    let names = sqlx::query_scalar!(
        "select name from summaries join clients on clients.id = client_id
         where session_id = $1 and state = 'failed' order by name",
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let names = match names.as_slice() {
        [] => return Ok(None),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    };
    Ok(Some(format!(
        "We couldn’t write the summary for {names}. Nothing is lost: whoever runs Debrief for you can restart this step, and \
         we’ll email you when it’s written."
    )))
}

/// Marks a session if a summary could not be written, or clears the mark if there is none. Another stage's mark stays.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn mark_unwritten(tx: &mut TenantTx, session_id: Uuid) -> Result<(), sqlx::Error> {
    let reason = unwritten(tx, session_id).await?;
    sqlx::query!(
        "update sessions set failed_stage = case when $2::text is not null then 'summarize' end, failed_reason = $2::text,
             updated_at = now()
         where id = $1 and (failed_stage = 'summarize' or $2::text is not null and (failed_stage is null or failed_stage = any($3)))",
        session_id,
        reason,
        &BESIDE.map(str::to_owned)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stages off the path: the session continues without them.
const BESIDE: [&str; 2] = ["index", "mail"];

/// Marks a session as visibly failed in `stage`. Its state stays, so that a retried job continues from it. A stage off
/// the path doesn't hide that the path itself has stopped.
///
/// # Errors
/// Returns an error if the database can't be reached.
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

/// A session whose row is locked until the transaction ends, as found by [`lock`].
#[derive(Clone, Copy, Debug)]
pub struct Locked {
    /// The session.
    pub id: Uuid,
    /// The state when it was locked.
    pub state: SessionState,
    /// The correlation id of its jobs and emails.
    pub correlation_id: Uuid,
}

/// Locks the session's row until the transaction ends (references can still be added); `None` if there is no such
/// session.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn lock(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"select id, state as "state: SessionState", correlation_id from sessions where id = $1 for no key update"#,
        session_id
    )
    .fetch_optional(tx.conn())
    .await
}
