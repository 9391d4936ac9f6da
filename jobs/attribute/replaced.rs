//! Another transcript takes the place of a session's words after they were summarised.
//!
//! Writes the state of the session's summaries, which are written again, and what the coach said of labels whose words are
//! others now. All in the caller's transaction, under the session's lock. What earlier versions cite stays with them.

use chrono_tz::Tz;
use uuid::Uuid;

use super::touched;
use crate::{
    db::{TenantTx, Tx},
    path::session,
};

/// To be called before other words take the place of those that were summarised. Every summary is written again once it is
/// known who speaks.
///
/// # Errors
/// When the database does not answer.
pub async fn words_replaced(tx: &mut TenantTx, session_id: Uuid, correlation_id: Uuid) -> Result<(), sqlx::Error> {
    let (at, zone) = session::mark_replaced(tx, session_id).await?;
    let day = at.with_timezone(&zone.parse().unwrap_or(Tz::UTC)).format("%-d %B %Y");
    let reason =
        format!("The transcript was replaced on {day}, so this summary was written again. Earlier versions are kept.");
    for summary in touched::lock(tx, session_id).await? {
        touched::forget(tx, session_id, summary.client_id).await?;
        super::threads::look_again(tx, summary.id, correlation_id).await?;
        touched::rewrite(tx, summary.id, &reason).await?;
    }
    Ok(())
}

/// To be called when the new words are there and those before are still marked: what the coach said of `Speaker 1` holds if
/// its words are there again, as when half a transcript is completed. Of other words it may be somebody else. The last
/// utterance of a half is often cut off, so it does not count.
///
/// # Errors
/// When the database does not answer.
pub async fn forget_names(tx: &mut TenantTx, session_id: Uuid) -> Result<(), sqlx::Error> {
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
