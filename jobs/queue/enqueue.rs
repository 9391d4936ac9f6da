//! Enqueueing in the caller's transaction: the job exists if and only if the fact that calls for it does.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::JobArgs;
use crate::db::{TenantTx, Tx};

/// What may differ from the kind's policy.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Not before this time; immediately if `None`.
    pub run_at: Option<DateTime<Utc>>,
    /// The correlation id of its session; a new one if `None`.
    pub correlation_id: Option<Uuid>,
}

/// The result of enqueueing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// A new job, with its id.
    New(Uuid),
    /// An unfinished job has the same kind and key.
    AlreadyThere,
}

/// Enqueues `job` to run immediately, for the organization of the transaction.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn enqueue<J: JobArgs>(tx: &mut impl Tx, job: &J, correlation_id: Uuid) -> Result<Enqueued, sqlx::Error> {
    enqueue_with(tx, job, Options { correlation_id: Some(correlation_id), ..Options::default() }).await
}

/// Enqueues `job` with options, for the organization of the transaction.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn enqueue_with<J: JobArgs>(tx: &mut impl Tx, job: &J, options: Options) -> Result<Enqueued, sqlx::Error> {
    let args = serde_json::to_value(job).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let organization = tx.organization();
    let id = sqlx::query_scalar!(
        "insert into jobs (id, organization_id, kind, args, unique_key, priority, run_at, max_attempts, correlation_id)
         values ($1, $2, $3, $4, $5, $6, coalesce($7, now()), $8, $9)
         on conflict (organization_id, kind, unique_key) where unique_key is not null and state in ('due', 'running')
         do nothing returning id",
        Uuid::now_v7(),
        organization,
        J::KIND,
        args,
        job.unique_key(),
        J::POLICY.priority,
        options.run_at,
        i16::try_from(J::POLICY.max_attempts).unwrap_or(i16::MAX),
        options.correlation_id.unwrap_or_else(Uuid::now_v7),
    )
    .fetch_optional(tx.conn())
    .await?;
    // Polling finds a job scheduled for later when its time comes.
    if id.is_some() && options.run_at.is_none_or(|at| at <= Utc::now()) {
        tx.wake();
    }
    Ok(id.map_or(Enqueued::AlreadyThere, Enqueued::New))
}

/// Moves a waiting job to another time. One that is running or was tried stays as it is.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn reschedule<J: JobArgs>(tx: &mut TenantTx, job: &J, at: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update jobs set run_at = $4
         where organization_id = $1 and kind = $2 and unique_key = $3 and state = 'due' and attempt = 0",
        tx.tenant(),
        J::KIND,
        job.unique_key(),
        at
    )
    .execute(tx.conn())
    .await?;
    tx.wake();
    Ok(())
}

/// Makes a snoozing job run immediately, because what it waits for has arrived. A pause after a failure stays.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn hasten<J: JobArgs>(tx: &mut TenantTx, job: &J) -> Result<(), sqlx::Error> {
    let hastened = sqlx::query!(
        "update jobs set run_at = now()
         where organization_id = $1 and kind = $2 and unique_key = $3 and state = 'due' and attempt = 0 and run_at > now()",
        tx.tenant(),
        J::KIND,
        job.unique_key()
    )
    .execute(tx.conn())
    .await?;
    if hastened.rows_affected() > 0 {
        tx.wake();
    }
    Ok(())
}
