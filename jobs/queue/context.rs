//! What a running job has: the database, what its kind needs of the process, its own particulars, and the one way to
//! finish.

use std::{ops::Deref, sync::Arc};

use serde::Serialize;
use uuid::Uuid;

use super::JobError;
use crate::db::{Db, SystemTx, TenantTx, Tx};

/// A job's particulars in one attempt.
#[derive(Clone, Debug)]
pub struct JobInfo {
    /// The job's id.
    pub id: Uuid,
    /// Its kind.
    pub kind: &'static str,
    /// Its tenant; none for the installation's jobs.
    pub organization: Option<Uuid>,
    /// From 1.
    pub attempt: u16,
    /// The last attempt's number.
    pub max_attempts: u16,
    /// The fence of this attempt's lease.
    pub fence: i64,
    /// Goes through every log line and job of one session.
    pub correlation_id: Uuid,
}

/// What a running job has. Derefs to what its kind needs of the process ([`super::Job::Needs`]).
#[derive(Clone, Debug)]
pub struct Context<N> {
    needs: Arc<N>,
    /// The database.
    pub db: Db,
    /// The job's particulars.
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
    /// For the worker, which makes one an attempt.
    #[must_use]
    pub fn new(needs: Arc<N>, db: Db, job: JobInfo) -> Self {
        Self { needs, db, job }
    }

    /// The same job, with a part of what it needs: for what several kinds of job do.
    #[must_use]
    pub fn with<M>(&self, needs: M) -> Context<M> {
        Context { needs: Arc::new(needs), db: self.db.clone(), job: self.job.clone() }
    }

    /// A transaction of the job's organization.
    ///
    /// # Errors
    /// When no connection is to be had, or (aborting) when the job has no organization.
    pub async fn tenant_tx(&self) -> Result<TenantTx, JobError> {
        let organization = self
            .job
            .organization
            .ok_or_else(|| JobError::abort(format!("a {} job needs an organization", self.job.kind)))?;
        Ok(self.db.tenant(organization).await?)
    }

    /// A transaction of the installation.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn system_tx(&self) -> Result<SystemTx, JobError> {
        Ok(self.db.system().await?)
    }

    /// Says how far the job is (counts and ids, never what was said), for whoever looks at it meanwhile.
    ///
    /// # Errors
    /// [`JobError::Stale`] when another worker has taken the job over: there is no point in going on.
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

    /// Marks the job done, with `output` (counts and ids, never what was said), and commits `tx` with all that is in
    /// it. The transaction must be of the job's own organization.
    ///
    /// # Errors
    /// [`JobError::Stale`] when another worker has taken the job over: then nothing of the transaction happened.
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
