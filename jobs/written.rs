//! A session's summaries after what they are based on has changed: locks, rewrites or withdraws them.
//!
//! Writes the state of the session's summaries, what search finds of them, and answers about labels whose words have
//! changed. All in the caller's transaction, under the session's lock. Earlier versions and what they cite stay.

use chrono_tz::Tz;
use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::{self, Event, EventKind, Visitor},
    db::{TenantTx, Tx},
    path::{DropThreads, session},
    queue::enqueue,
    voice,
    webhook::{self, EventType},
};

/// A summary, locked.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) id: Uuid,
    pub(crate) client_id: Uuid,
    pub(crate) client: String,
    state: String,
    pub(crate) version: i32,
    pub(crate) is_withdrawn: bool,
}

/// Locks a session's summaries.
pub(crate) async fn lock(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Summary>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select summaries.id, client_id, name, state, version, withdrawn_reason is not null as "is_withdrawn!"
           from summaries join clients on clients.id = client_id
           where session_id = $1 order by summaries.id for update of summaries"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let summaries = rows.into_iter().map(|row| Summary {
        id: row.id,
        client_id: row.client_id,
        client: row.name,
        state: row.state,
        version: row.version,
        is_withdrawn: row.is_withdrawn,
    });
    Ok(summaries.collect())
}

/// Removes what was written from search and learning: the words may be someone else's. The new version adds its own.
pub(crate) async fn forget(tx: &mut TenantTx, session_id: Uuid, client_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from chunks where session_id = $1 and client_id = $2 and source = 'summary'",
        session_id,
        client_id
    )
    .execute(tx.conn())
    .await?;
    voice::unlearn(tx, session_id, client_id).await
}

/// Makes a summary due again, whatever was decided about it: the decision was about other words. What is written stays;
/// `reason` is stored with the coming version.
pub(crate) async fn rewrite(tx: &mut TenantTx, summary_id: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let was_decided = sqlx::query_scalar!(
        r#"update summaries set state = 'due', failed_reason = null, withdrawn_reason = null, approved_version = null,
               approved_hash = null, approved_at = null, updated_at = now(),
               rewrite_reason = case when version > 0 then $2 end
           from (select id, state from summaries where id = $1 for update) before
           where summaries.id = before.id returning before.state in ('approved', 'dismissed') as "was_decided!""#,
        summary_id,
        reason
    )
    .fetch_optional(tx.conn())
    .await?;
    if was_decided == Some(true) {
        webhook::emit(tx, &webhook::Event::summary(EventType::SummaryReopened, summary_id)).await?;
    }
    Ok(())
}

/// Withdraws a summary for good, with a reason for the coach.
pub(crate) async fn set_aside(
    tx: &mut TenantTx,
    session_id: Uuid,
    summary: &Summary,
    reason: String,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update summaries set state = 'dismissed', failed_reason = null, withdrawn_reason = $2, approved_version = null,
            approved_hash = null, approved_at = null, updated_at = now() where id = $1",
        summary.id,
        reason
    )
    .execute(tx.conn())
    .await?;
    webhook::emit(tx, &webhook::Event::summary(EventType::SummaryDismissed, summary.id)).await?;
    let detail = json!({ "version": summary.version, "was": summary.state });
    let event = Event { summary_id: Some(summary.id), detail, ..Event::of(session_id, EventKind::Withdrawn) };
    audit::record(tx, &event, visitor).await
}

/// Withdraws what was written for clients who don't speak in the replacement transcript; `due` belongs to those who do.
pub(crate) async fn withdraw_others(tx: &mut TenantTx, session_id: Uuid, due: &[Uuid]) -> Result<(), sqlx::Error> {
    for summary in lock(tx, session_id).await? {
        if summary.is_withdrawn || due.contains(&summary.id) {
            continue;
        }
        let reason = format!(
            "{} doesn’t speak in the transcript that replaced the earlier one. The summary is withdrawn, and none of it is \
             sent.",
            summary.client
        );
        set_aside(tx, session_id, &summary, reason, &Visitor::default()).await?;
    }
    Ok(())
}

/// Makes later summaries check again if they mention what this one left to do.
pub(crate) async fn look_again(tx: &mut TenantTx, summary_id: Uuid, correlation_id: Uuid) -> Result<(), sqlx::Error> {
    let later = sqlx::query_scalar!(
        "select distinct later.id from threads
         join claims earlier on earlier.id = threads.earlier_claim_id
         join claims on claims.id = threads.claim_id
         join summaries later on later.id = claims.summary_id and later.version = claims.version
         where earlier.summary_id = $1 and later.state = 'done'",
        summary_id
    )
    .fetch_all(tx.conn())
    .await?;
    for summary_id in later {
        enqueue(tx, &DropThreads { summary_id }, correlation_id).await?;
    }
    Ok(())
}

/// Call before other words replace those that were summarized. Every summary is rewritten once the speakers are known.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub(crate) async fn words_replaced(
    tx: &mut TenantTx,
    session_id: Uuid,
    correlation_id: Uuid,
) -> Result<(), sqlx::Error> {
    let (at, zone) = session::mark_replaced(tx, session_id).await?;
    let day = at.with_timezone(&zone.parse().unwrap_or(Tz::UTC)).format("%-d %B %Y");
    let reason =
        format!("The transcript was replaced on {day}, so this summary was written again. Earlier versions are kept.");
    for summary in lock(tx, session_id).await? {
        forget(tx, session_id, summary.client_id).await?;
        look_again(tx, summary.id, correlation_id).await?;
        rewrite(tx, summary.id, &reason).await?;
    }
    Ok(())
}

/// Call when the new words are there and the old ones still marked. What the coach said about `Speaker 1` stays valid
/// if its words are there again, as when half a transcript is completed; other words may be someone else's. The last
/// utterance of a half is often cut off, so it doesn't count.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub(crate) async fn forget_names(tx: &mut TenantTx, session_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update attributions set by_coach = false
         where session_id = $1 and by_coach and label in (
             select earlier.speaker from utterances earlier
             where earlier.session_id = $1 and earlier.replaced_at is not null
               and (earlier.replaced_at, earlier.transcript_id, earlier.position) <> (
                   select last.replaced_at, last.transcript_id, last.position from utterances last
                   where last.session_id = $1 and last.replaced_at is not null
                   order by last.replaced_at desc, last.transcript_id desc, last.position desc limit 1)
               and earlier.replaced_at = (select max(newest.replaced_at) from utterances newest where newest.session_id = $1)
               and not exists (
                   select from utterances now where now.session_id = $1 and now.replaced_at is null
                     and now.speaker = earlier.speaker and now.text = earlier.text))",
        session_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
