//! When a held letter goes: a person sends it now, or at another time. Writes the email's time and its job's; giving the same
//! time again changes nothing.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    path::SendFollowUp,
    queue::reschedule,
};

/// A letter waits at most this many days.
const MOST_DAYS: i64 = 60;

/// Why a letter's time can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum LaterError {
    /// No letter of this summary is held.
    #[error("no letter of this summary is held: it was sent, is on its way or was never approved")]
    NotHeld,
    /// The time is too far away.
    #[error("a letter waits at most {MOST_DAYS} days")]
    TooLate,
    /// The time is past.
    #[error("the time is past; to send the letter now, send `null`")]
    Past,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Has the held letter of a summary sent at `at`, or now. Returns the time.
///
/// # Errors
/// See [`LaterError`].
pub async fn send_at(
    tx: &mut TenantTx,
    summary_id: Uuid,
    at: Option<DateTime<Utc>>,
) -> Result<DateTime<Utc>, LaterError> {
    // By the database's clock, which the sending compares it with.
    let now = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(tx.conn()).await?;
    // Clocks differ by a little; hours are a mistake.
    if at.is_some_and(|at| at < now - Duration::minutes(1)) {
        return Err(LaterError::Past);
    }
    let at = at.unwrap_or(now).max(now);
    if at > now + Duration::days(MOST_DAYS) {
        return Err(LaterError::TooLate);
    }
    let held = sqlx::query_scalar!(
        "update mails set due_at = $2 where kind = 'follow_up' and subject_id = $1 and state = 'queued' returning id",
        summary_id,
        at
    );
    let mail_id = held.fetch_optional(tx.conn()).await?.ok_or(LaterError::NotHeld)?;
    reschedule(tx, &SendFollowUp { summary_id, mail_id }, at).await?;
    Ok(at)
}
