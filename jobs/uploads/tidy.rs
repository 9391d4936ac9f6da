//! What is left of uploads in parts: the objects of those that are complete, were ended, took too long, or were lost by a
//! process that died. Writes `uploads` and `upload_parts`. A rerun removes the rest.

use std::{collections::HashSet, time::Duration};

use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::prefix;
use crate::{
    bucket::{Bucket, ObjectInfo},
    db::Tx,
    queue::{
        Context, Finished, Job, JobArgs, JobError,
        schedule::{Missed, Schedule, job},
    },
    removal::Needs,
};

/// An object without an upload is from a process that died, unless it was written a moment ago.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// Removes the parts of an upload that is complete or ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveUpload {
    /// The upload.
    pub upload_id: Uuid,
}

impl JobArgs for RemoveUpload {
    const KIND: &'static str = "upload.remove";

    fn unique_key(&self) -> Option<String> {
        Some(self.upload_id.to_string())
    }
}

impl Job for RemoveUpload {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let organization = tx.tenant();
        // The upload is complete or ended, so no part of it is needed any more.
        sqlx::query!("delete from upload_parts where upload_id = $1", self.upload_id).execute(tx.conn()).await?;
        tx.commit().await?;
        let objects = remove(&ctx.bucket, &prefix(organization, Some(self.upload_id)), |_| true).await?;
        ctx.finish(ctx.tenant_tx().await?, json!({ "objects": objects })).await
    }
}

/// Removes the objects below a prefix that `should_go`.
async fn remove(bucket: &Bucket, prefix: &str, should_go: impl Fn(&ObjectInfo) -> bool) -> Result<usize, JobError> {
    let mut removed = 0;
    for object in bucket.list(prefix).await?.iter().filter(|object| should_go(object)) {
        bucket.delete(&object.key).await?;
        removed += 1;
    }
    Ok(removed)
}

/// Hourly.
pub const SCHEDULE: Schedule =
    Schedule::new("tidy_uploads", "0 47 * * * *", chrono_tz::UTC, Missed::Once, |tx, _| job(tx, TidyUploads {}));

/// Ends uploads that took too long, and removes objects that belong to none.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TidyUploads {}

impl JobArgs for TidyUploads {
    const KIND: &'static str = "upload.tidy";

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Job for TidyUploads {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let (mut uploads, mut objects) = (0, 0);
        for organization in ctx.db.organizations().await? {
            let mut tx = ctx.db.tenant(organization).await?;
            let ended: HashSet<String> = sqlx::query_scalar!(
                "delete from uploads where expires_at <= now() and coalesce(completing_until <= now(), true) returning id"
            )
            .fetch_all(tx.conn())
            .await?
            .iter()
            .map(Uuid::to_string)
            .collect();
            let open: HashSet<String> = sqlx::query_scalar!("select id from uploads where object_key is null")
                .fetch_all(tx.conn())
                .await?
                .iter()
                .map(Uuid::to_string)
                .collect();
            tx.commit().await?;
            let now = Utc::now();
            objects += remove(&ctx.bucket, &prefix(organization, None), |object| {
                let upload = object.key.split('/').nth(2).unwrap_or_default();
                let is_old = (now - object.modified).to_std().is_ok_and(|age| age > LEFT_BEHIND);
                ended.contains(upload) || is_old && !open.contains(upload)
            })
            .await?;
            uploads += ended.len();
        }
        ctx.finish(ctx.system_tx().await?, json!({ "uploads": uploads, "objects": objects })).await
    }
}
