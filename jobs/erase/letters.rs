//! The emails of a deleted session: what waits is stopped, and of each, only the record that it existed stays.

use uuid::Uuid;

use super::EraseError;
use crate::{
    db::{TenantTx, Tx},
    model::MailState,
};

/// Locks the session's emails. A letter to a client that is being sent can't be called back, and what became of it must be
/// known before it's forgotten.
pub(super) async fn hold(tx: &mut TenantTx, session_id: Uuid) -> Result<(), EraseError> {
    let mails = sqlx::query!(
        r#"select kind, state as "state: MailState" from mails where session_id = $1 order by id for update"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await?;
    let is_sending = mails.iter().any(|mail| mail.kind == "follow_up" && mail.state == MailState::Sending);
    if is_sending { Err(EraseError::Sending) } else { Ok(()) }
}

/// Stops what waits, and wipes what was written: subject, text and the client's name. Kind, state, times, address and the
/// hash of the message stay on the ledger. An email to the coach that is on its way may arrive; nobody needs to know.
/// Returns how many were stopped, and how many there are.
pub(super) async fn erase(tx: &mut TenantTx, session_id: Uuid) -> Result<(usize, usize), sqlx::Error> {
    let stopped = sqlx::query!(
        "update mails set state = 'cancelled', error = 'the session was deleted'
         where session_id = $1 and state = 'queued'",
        session_id
    )
    .execute(tx.conn())
    .await?;
    let kept = sqlx::query!(
        "update mails set subject = '', message = null, recipient_name = null, session_id = null, erased_at = now(),
            error = case when state = 'cancelled' then error end,
            state = case when state = 'sending' then 'uncertain' else state end
         where session_id = $1",
        session_id
    )
    .execute(tx.conn())
    .await?;
    let count = |done: u64| usize::try_from(done).unwrap_or_default();
    Ok((count(stopped.rows_affected()), count(kept.rows_affected())))
}
