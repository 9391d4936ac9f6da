//! The session that a file begins, or belongs to because an earlier one came under the same key.
//!
//! Writes `sessions`, in the transaction that settles the file. A rerun finds the file settled.

use chrono_tz::Tz;
use uuid::Uuid;

use super::ledger::Coach;
use crate::{
    bucket::ObjectInfo,
    db::{TenantTx, Tx},
    meeting::key::TranscriptKey,
    model::SessionState,
    webhook::{self, Event},
};

/// Makes the session, or finds the one that came under the same key before. One without words goes back to the
/// beginning; one that has words keeps its state until the new transcript is parsed and takes their place (which it
/// does not when it is none, or when people read a summary of the old one already). When the file is `rejected`, a new
/// session shows the reason, and one that is there stays as it is. Gives its id and correlation id.
pub(super) async fn receive_session(
    tx: &mut TenantTx,
    object: &ObjectInfo,
    key: &TranscriptKey,
    title: &str,
    coach: Coach,
    rejected: Option<&str>,
) -> Result<(Uuid, Uuid), sqlx::Error> {
    let (date, date_source) = key.date(object.modified, coach_zone(tx, coach.id).await?);
    let row = sqlx::query!(
        r#"insert into sessions (id, organization_id, coach_id, title, type, session_date, date_source, object_key,
            correlation_id, state, failed_stage, failed_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $10::text is null then 'received' else 'rejected' end,
            case when $10 is not null then 'ingest' end, $10)
         on conflict (organization_id, coach_id, object_key) do update
         set state = case when $10 is not null
                               or exists (select from utterances where session_id = sessions.id and replaced_at is null)
                          then sessions.state else 'received' end,
             failed_stage = case when $10 is not null then sessions.failed_stage end,
             failed_reason = case when $10 is not null then sessions.failed_reason end, updated_at = now()
         returning id, correlation_id, state as "state: SessionState",
             -- As it was before this statement.
             (select state from sessions before where before.id = sessions.id) as "before: SessionState""#,
        Uuid::now_v7(),
        coach.organization,
        coach.id,
        title,
        key.session_type(),
        date,
        date_source.as_str(),
        object.key,
        Uuid::now_v7(),
        rejected
    )
    .fetch_one(tx.conn())
    .await?;
    if row.before != Some(row.state) {
        webhook::emit(tx, &Event::session(row.id, row.state)).await?;
    }
    Ok((row.id, row.correlation_id))
}

/// The coach's time zone, in which a session has its date.
async fn coach_zone(tx: &mut TenantTx, coach_id: Uuid) -> Result<Tz, sqlx::Error> {
    let zone =
        sqlx::query_scalar!("select time_zone from coaches where id = $1", coach_id).fetch_one(tx.conn()).await?;
    Ok(zone.parse().unwrap_or(Tz::UTC))
}
