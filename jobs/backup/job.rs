//! The jobs `backup.run` and `backup.prove`, which run every night where a place for backups is set.
//!
//! A backup that another process is writing is waited for. A run that was interrupted left no catalogue, and the next one
//! writes another backup; a proof that was interrupted left a scratch database, which the next one drops.

use std::time::Duration;

use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{BackupError, Settings, Vault, Wanted, prove, retain, run_and_record};
use crate::{
    bucket::Bucket,
    queue::{
        Context, Finished, Job, JobArgs, JobError, Policy, enqueue,
        schedule::{Missed, Schedule, job},
    },
};

/// Every night at 01:15 UTC.
pub const SCHEDULE: Schedule =
    Schedule::new("backup", "0 15 1 * * *", chrono_tz::UTC, Missed::Once, |tx, _| job(tx, RunBackup {}));

/// How long somebody else's run is waited for at a time.
const BUSY: Duration = Duration::from_secs(120);

const POLICY: Policy =
    Policy { timeout: Duration::from_secs(6 * 3600), concurrency: 1, priority: 10, max_attempts: 3, ..Policy::DEFAULT };

/// What these jobs need of the process.
#[derive(Debug)]
pub struct Needs {
    /// Where the transcripts are.
    pub bucket: Bucket,
    /// Where backups go; `None` if no place is set.
    pub vault: Option<Vault>,
    /// How long they stay, and where they are proved.
    pub settings: Settings,
}

/// Makes a backup of everything, and removes the old ones.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunBackup {}

/// Proves that the newest backup can be restored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ProveBackup {
    /// The backup; the newest one if `None`.
    #[serde(default)]
    pub backup: Option<String>,
}

impl JobArgs for RunBackup {
    const KIND: &'static str = "backup.run";
    const POLICY: Policy = POLICY;

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl JobArgs for ProveBackup {
    const KIND: &'static str = "backup.prove";
    const POLICY: Policy = POLICY;

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

/// How an attempt ends that failed so: what another one would find as well is final, and is in the records.
fn failure(error: BackupError) -> JobError {
    match error {
        BackupError::Busy => JobError::Snooze(BUSY),
        BackupError::Database(error) => error.into(),
        BackupError::Bucket(error) => error.into(),
        error @ (BackupError::Io(_) | BackupError::Migrate(_)) => JobError::retry(error),
        error => JobError::abort(error),
    }
}

impl Job for RunBackup {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let Some(vault) = &ctx.vault else {
            return ctx.finish(ctx.system_tx().await?, json!({ "outcome": "no place for backups is set" })).await;
        };
        let made = run_and_record(&ctx.db, &ctx.bucket, vault, Wanted::default(), &|_, _, _| ()).await;
        let made = made.map_err(failure)?;
        let removed = retain(&ctx.db, vault, ctx.settings.keep_days, Utc::now()).await.map_err(failure)?;
        for (id, problem) in &removed.unreadable {
            tracing::warn!(target: "backup", { backup.id = id }, "a backup can't be read, and stays for you to look at: {problem}");
        }
        let mut tx = ctx.system_tx().await?;
        enqueue(&mut tx, &ProveBackup { backup: Some(made.id.clone()) }, Uuid::now_v7()).await?;
        let output = json!({
            "backup": made.id, "rows": made.rows(), "transcripts": made.transcripts(), "missing": made.missing(),
            "removed": removed.backups.len(),
        });
        ctx.finish(tx, output).await
    }
}

impl Job for ProveBackup {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let Some(vault) = &ctx.vault else {
            return ctx.finish(ctx.system_tx().await?, json!({ "outcome": "no place for backups is set" })).await;
        };
        let id = match &self.backup {
            Some(id) => id.clone(),
            None => vault.newest().await.map_err(failure)?,
        };
        let proof = prove(&ctx.db, vault, &id, &ctx.settings.scratch_url, &|_, _, _| ()).await.map_err(failure)?;
        let output = json!({ "backup": id, "rows": proof.restored.rows, "seconds": proof.seconds });
        ctx.finish(ctx.system_tx().await?, output).await
    }
}
