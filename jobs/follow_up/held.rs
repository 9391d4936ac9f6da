//! Finds letters that are approved and still held. Only reads.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// A letter that is sent unless someone stops it.
#[derive(Clone, Debug, Serialize)]
pub struct HeldLetter {
    /// The session that it is about.
    pub session_id: Uuid,
    /// The summary it is made from.
    pub summary_id: Uuid,
    /// The client's name.
    pub client: String,
    /// When it is sent; a time in the past means now.
    pub goes_at: DateTime<Utc>,
}

/// The letters still held for a session, or for all sessions of a coach; the first to go comes first.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn held(
    tx: &mut TenantTx,
    session: Option<Uuid>,
    coach: Option<Uuid>,
) -> Result<Vec<HeldLetter>, sqlx::Error> {
    sqlx::query_as!(
        HeldLetter,
        r#"select sessions.id as session_id, summaries.id as summary_id, clients.name as client,
                  coalesce(mails.due_at, mails.created_at) as "goes_at!"
           from mails join summaries on summaries.id = mails.subject_id join sessions on sessions.id = summaries.session_id
           join clients on clients.id = summaries.client_id
           where mails.kind = 'follow_up' and mails.state = 'queued'
             and ($1::uuid is null or sessions.id = $1) and ($2::uuid is null or sessions.coach_id = $2)
           order by 4, mails.id"#,
        session,
        coach
    )
    .fetch_all(tx.conn())
    .await
}
