//! What a running job has: the database, its kind's needs, its own details, and the only way to finish.

use std::{ops::Deref, sync::Arc};

use serde::Serialize;
use uuid::Uuid;

use super::JobError;
use crate::db::{Db, SystemTx, TenantTx, Tx};

/// The details of one attempt at a job.
#[derive(Clone, Debug)]
pub struct JobInfo {
    /// The job's id.
    pub id: Uuid,
    /// Its kind.
    pub kind: &'static str,
    /// Its tenant; `None` for the installation's own jobs.
    pub organization: Option<Uuid>,
    /// The attempt's number, from 1.
    pub attempt: u16,
    /// The last attempt's number.
    pub max_attempts: u16,
    /// The fencing token of this attempt's lease.
    pub fence: i64,
    /// Shared by all log lines and jobs of one session.
    pub correlation_id: Uuid,
}

/// What a running job has. Derefs to its kind's needs ([`super::Job::Needs`]).
#[derive(Clone, Debug)]
pub struct Context<N> {
    needs: Arc<N>,
    /// The database.
    pub db: Db,
    /// The job's details.
    pub job: JobInfo,
}

/// Proof that the job's effect and its "done" were committed together.
#[derive(Debug)]
pub struct Finished(());

impl<N> Deref for Context<N> {
    type Target = N;
    fn deref(&self) -> &N {
        &self.needs
    }
}

impl<N> Context<N> {
    /// For the worker, which creates one per attempt.
    #[must_use]
    pub fn new(needs: Arc<N>, db: Db, job: JobInfo) -> Self {
        Self { needs, db, job }
    }

    /// The same job with a part of its needs, for code that several kinds share.
    #[must_use]
    pub fn with<M>(&self, needs: M) -> Context<M> {
        Context { needs: Arc::new(needs), db: self.db.clone(), job: self.job.clone() }
    }

    /// Starts a transaction of the job's organization.
    ///
    /// # Errors
    /// Returns an error if no connection is available, or an aborting one if the job has no organization.
    pub async fn tenant_tx(&self) -> Result<TenantTx, JobError> {
        let organization = self
            .job
            .organization
            .ok_or_else(|| JobError::abort(format!("a {} job needs an organization", self.job.kind)))?;
        Ok(self.db.tenant(organization).await?)
    }

    /// Starts a transaction of the installation.
    ///
    /// # Errors
    /// Returns an error if no connection is available.
    pub async fn system_tx(&self) -> Result<SystemTx, JobError> {
        Ok(self.db.system().await?)
    }

    /// Whether this attempt still holds the job. One that doesn't must start no call: whoever holds it may be in the middle
    /// of it.
    ///
    /// # Errors
    /// Returns an error if the query fails.
    pub async fn is_ours(&self, tx: &mut impl Tx) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select exists (select from jobs where id = $1 and fence = $2 and state = 'running') as "ours!""#,
            self.job.id,
            self.job.fence
        )
        .fetch_one(tx.conn())
        .await
    }

    /// Reports the job's progress (counts and ids, never what was said).
    ///
    /// # Errors
    /// [`JobError::Stale`] if another worker has taken over the job: there is no point in going on.
    pub async fn progress(&self, progress: impl Serialize) -> Result<(), JobError> {
        let progress = serde_json::to_value(progress)?;
        match self.job.organization {
            Some(_) => self.note_progress(self.tenant_tx().await?, progress).await,
            None => self.note_progress(self.system_tx().await?, progress).await,
        }
    }

    async fn note_progress(&self, mut tx: impl Tx, progress: serde_json::Value) -> Result<(), JobError> {
        let noted = sqlx::query!(
            "update jobs set progress = $3 where id = $1 and fence = $2 and state = 'running'",
            self.job.id,
            self.job.fence,
            progress
        )
        .execute(tx.conn())
        .await?;
        if noted.rows_affected() == 0 {
            return Err(JobError::Stale);
        }
        Ok(tx.commit().await?)
    }

    /// Marks the job done with `output` (counts and ids, never what was said), and commits `tx` with everything in it.
    /// The transaction must belong to the job's organization.
    ///
    /// # Errors
    /// [`JobError::Stale`] if another worker has taken over the job: then the transaction is rolled back.
    pub async fn finish(&self, mut tx: impl Tx, output: impl Serialize) -> Result<Finished, JobError> {
        let output = serde_json::to_value(output)?;
        let done = sqlx::query!(
            "update jobs set state = 'done', output = $3, finished_at = now(), leased_until = null, leased_by = null
             where id = $1 and fence = $2 and state = 'running'",
            self.job.id,
            self.job.fence,
            output
        )
        .execute(tx.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(JobError::Stale);
        }
        tx.commit().await?;
        Ok(Finished(()))
    }
}
