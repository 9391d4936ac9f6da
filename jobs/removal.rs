//! The job `bucket.remove`: removes from the bucket what a deleted session had there.
//!
//! [`add`] notes the objects in the transaction that deletes the session; the job removes them afterwards. An object that
//! another transcript relies on stays: copies are named by their content, so two sessions may share one. Reads
//! `transcripts`; writes `objects_to_remove`. A rerun removes the rest, and an object that is gone already
//! counts as removed.
//!
//! The same file may come again while its old copy is being removed. So a removal is marked and committed before the
//! bucket is asked, and [`claim`], which ingest calls before it relies on a copy that it wrote, either takes the removal
//! back or says that the copy may be gone: then the next scan writes it anew. Both hold the content ([`hold`]) from before
//! they look until they commit, so that of the two the later one sees what the other did.

use std::{collections::BTreeSet, time::Duration};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    bucket::Bucket,
    db::{TenantTx, Tx},
    queue::{Context, Finished, Job, JobArgs, JobError, Options, Policy, enqueue_with},
};

/// Removes what a deleted session had in the bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveObjects {
    /// The session that was deleted.
    pub session_id: Uuid,
}

impl JobArgs for RemoveObjects {
    const KIND: &'static str = "bucket.remove";
    /// What was promised to be gone must go: a bucket that refuses for hours is asked again.
    const POLICY: Policy = Policy { max_attempts: 20, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }
}

/// What this stage needs of the process.
#[derive(Debug)]
pub struct Needs {
    /// Where the objects are.
    pub bucket: Bucket,
}

/// Notes objects of a session that is deleted in this transaction, and enqueues their removal, to begin when nobody may
/// write them any more: after `written_for`.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn add(
    tx: &mut TenantTx,
    coach_id: Uuid,
    session_id: Uuid,
    keys: &[String],
    written_for: Duration,
    correlation_id: Uuid,
) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query!(
        "insert into objects_to_remove (organization_id, coach_id, session_id, object_key)
         select $1, $2, $3, key from unnest($4::text[]) as named (key) on conflict do nothing",
        organization,
        coach_id,
        session_id,
        keys
    )
    .execute(tx.conn())
    .await?;
    if !keys.is_empty() {
        let run_at = (!written_for.is_zero()).then(|| Utc::now() + written_for);
        let options = Options { run_at, correlation_id: Some(correlation_id) };
        enqueue_with(tx, &RemoveObjects { session_id }, options).await?;
    }
    Ok(())
}

/// Holds a content until the transaction ends: whoever decides whether something relies on its copy does it alone. Several
/// are held in the order of their hashes.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn hold(tx: &mut TenantTx, sha256: &str) -> Result<(), sqlx::Error> {
    let lock = format!("{}/{sha256}", tx.tenant());
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", lock).execute(tx.conn()).await?;
    Ok(())
}

/// Takes the removal of a copy back, because something relies on it from this transaction on, which holds its content; `age` is how long ago the
/// caller began to write it. False if it may have been removed since: then it must be written again first.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn claim(tx: &mut TenantTx, key: &str, age: Duration) -> Result<bool, sqlx::Error> {
    sqlx::query!("delete from objects_to_remove where object_key = $1 and begun_at is null", key)
        .execute(tx.conn())
        .await?;
    let is_removed = sqlx::query_scalar!(
        r#"select exists (select from objects_to_remove where object_key = $1
               and (removed_at is null or removed_at > clock_timestamp() - make_interval(secs => $2))) as "removed!""#,
        key,
        age.as_secs_f64()
    );
    Ok(!is_removed.fetch_one(tx.conn()).await?)
}

/// Takes the removal of objects back that somebody is about to write: a file was refused under a name whose session was
/// deleted. One that has begun goes on; the file in the inbox stays in any case.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn spare(tx: &mut TenantTx, keys: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from objects_to_remove where object_key = any($1) and begun_at is null", keys)
        .execute(tx.conn())
        .await?;
    Ok(())
}

impl Job for RemoveObjects {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let begun = self.begin(&mut tx).await?;
        tx.commit().await?;
        for key in &begun {
            // One that is gone already counts as removed.
            ctx.bucket.delete(key).await?;
        }
        let mut tx = ctx.tenant_tx().await?;
        // A copy's row stays a while for whoever began to write the same copy meanwhile; its key is a hash.
        sqlx::query!(
            "delete from objects_to_remove
             where session_id = $1 and not starts_with(object_key, 'transcripts/')
                or removed_at < now() - interval '1 hour'",
            self.session_id
        )
        .execute(tx.conn())
        .await?;
        sqlx::query!(
            "update objects_to_remove set removed_at = clock_timestamp() where session_id = $1 and removed_at is null",
            self.session_id
        )
        .execute(tx.conn())
        .await?;
        tracing::info!(target: "removal", { session.id = %self.session_id, objects = begun.len() },
            "the objects of a deleted session are removed");
        ctx.finish(tx, json!({ "objects": begun.len() })).await
    }

    async fn on_dead(&self, ctx: &Context<Needs>, error: &str) -> Result<(), JobError> {
        // Nothing is being removed any more: whoever writes a copy anew may rely on it.
        let mut tx = ctx.tenant_tx().await?;
        sqlx::query!(
            "update objects_to_remove set begun_at = null where session_id = $1 and removed_at is null",
            self.session_id
        )
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        // Nobody but the operator can do anything about it: the dead job is listed, and can be retried.
        tracing::error!(target: "removal", { session.id = %self.session_id, error },
            "what a deleted session had in the bucket could not be removed; look at the bucket, then retry the job");
        Ok(())
    }
}

impl RemoveObjects {
    /// Marks the objects that nothing relies on, and drops the others. Returns the keys of the marked ones.
    async fn begin(&self, tx: &mut TenantTx) -> Result<Vec<String>, sqlx::Error> {
        let keys = sqlx::query_scalar!(
            "select object_key from objects_to_remove where session_id = $1 and starts_with(object_key, 'transcripts/')",
            self.session_id
        )
        .fetch_all(tx.conn())
        .await?;
        let copies: BTreeSet<&str> = keys.iter().filter_map(|key| key.rsplit('/').next()).collect();
        for sha256 in copies {
            hold(tx, sha256).await?;
        }
        sqlx::query!(
            "delete from objects_to_remove removal where session_id = $1 and begun_at is null
               and exists (select from transcripts
                           where sha256 = split_part(removal.object_key, '/', 3) and stored_key = removal.object_key)",
            self.session_id
        )
        .execute(tx.conn())
        .await?;
        sqlx::query_scalar!(
            "update objects_to_remove set begun_at = coalesce(begun_at, now())
             where session_id = $1 and removed_at is null returning object_key",
            self.session_id
        )
        .fetch_all(tx.conn())
        .await
    }
}
