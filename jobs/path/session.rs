//! A session's row: its state, its lock, and the mark of a dead stage.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::SessionState,
};

/// Where a session's date comes from, as stored, if its files don't say it: the object's time. It is an estimate.
pub const DATE_OF_UPLOAD: &str = "object_time";

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

/// What takes a session out of a state.
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

/// Sets the state and clears the mark of a dead stage; returns the state before. A summary that could not be written stays
/// marked: the session goes on without it.
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

/// Whether a summary has a version of the words that the session has now: from then on its speakers stay, and other words
/// come only in place of these.
///
/// # Errors
/// When the database does not answer.
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

/// Notes that the session gets other words; returns when, and the time zone of its coach. By the clock and not by the
/// beginning of this transaction: it is later than every version that was written from the words before.
///
/// # Errors
/// When the database does not answer.
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

/// What a session says of summaries that could not be written; `None` if there is none.
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

/// Marks a session of which a summary could not be written, and takes the mark away once there is none any more. Another
/// stage's mark stays.
///
/// # Errors
/// When the database does not answer.
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

/// A session whose row is locked until the transaction ends, as [`lock`] found it.
#[derive(Clone, Copy, Debug)]
pub struct Locked {
    /// The session.
    pub id: Uuid,
    /// The state in which it was found.
    pub state: SessionState,
    /// What its jobs and mails are known by together.
    pub correlation_id: Uuid,
}

/// Locks the session's row until the transaction ends (what refers to it can still be added meanwhile); `None` if there is
/// no such session.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"select id, state as "state: SessionState", correlation_id from sessions where id = $1 for no key update"#,
        session_id
    )
    .fetch_optional(tx.conn())
    .await
}
