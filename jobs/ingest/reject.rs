//! Rejecting a transcript: the mark that the coach is told by.

use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    model::session::{self, State},
};

/// Marks a transcript, and its session, as rejected for `reason`, which the coach reads as it is.
///
/// # Errors
/// When the database does not answer, or there is no such transcript.
pub async fn rejected(tx: &mut TenantTx, transcript_id: Uuid, reason: &str) -> Result<(), sqlx::Error> {
    let session_id = sqlx::query_scalar!(
        "update transcripts set rejected_reason = $2 where id = $1 returning session_id",
        transcript_id,
        reason
    )
    .fetch_one(tx.conn())
    .await?;
    session::set_state(tx, session_id, State::Rejected).await
}
