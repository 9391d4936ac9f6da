//! What was written of a session, where what it rests on has changed: it is locked, written again or set aside.
//!
//! Writes the state of the session's summaries, what search finds of them, and what the coach said of labels whose words are
//! others now. All in the caller's transaction, under the session's lock. Earlier versions and what they cite stay.

use chrono_tz::Tz;
use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::{self, Event, EventKind, Visitor},
    db::{TenantTx, Tx},
    path::{DropThreads, session},
    queue::enqueue,
    voice,
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

/// Locks the summaries of a session.
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

/// A search finds nothing any more of what was written, and nothing is learned of its words: they may be somebody
/// else's. The new version brings its own.
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

/// Makes a summary due again. What is written is kept as it is; `reason` stands with the version to come.
pub(crate) async fn rewrite(tx: &mut TenantTx, summary_id: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update summaries set state = 'due', failed_reason = null, withdrawn_reason = null, approved_version = null,
            approved_hash = null, approved_at = null, updated_at = now(),
            rewrite_reason = case when version > 0 then $2 end
         where id = $1",
        summary_id,
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Puts a summary aside for good, for a reason that the coach reads.
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
    let detail = json!({ "version": summary.version, "was": summary.state });
    let event = Event { summary_id: Some(summary.id), detail, ..Event::of(session_id, EventKind::Withdrawn) };
    audit::record(tx, &event, visitor).await
}

/// Puts aside what was written for clients who do not speak in the transcript that replaced the one before. `due` are the
/// summaries of those who do.
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

/// Lets the later summaries look again that tell of what this one left to do.
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

/// To be called before other words take the place of those that were summarised. Every summary is written again once it is
/// known who speaks.
///
/// # Errors
/// When the database does not answer.
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

/// To be called when the new words are there and those before are still marked: what the coach said of `Speaker 1` holds if
/// its words are there again, as when half a transcript is completed. Of other words it may be somebody else. The last
/// utterance of a half is often cut off, so it does not count.
///
/// # Errors
/// When the database does not answer.
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
