//! Uploads in parts: what is known of one that isn't complete yet, and what is left of those that never will be.
//!
//! A part is an object in the bucket and a row that says where it belongs. The object is written first, under a name of its
//! own; the row is added only if the upload is still as long as the part's place says. So of two that send the same part at
//! once, one is taken; the other's object is left, like that of a process that died, and [`TidyUploads`] finds it. Writes
//! `uploads` and `upload_parts`. A rerun of a job removes the rest.

use std::{collections::HashSet, time::Duration};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    bucket::Bucket,
    db::{TenantTx, Tx},
    queue::{
        Context, Finished, Job, JobArgs, JobError, enqueue,
        schedule::{Missed, Schedule, job},
    },
    removal::Needs,
};

/// At most this many uploads that aren't complete, for a person or a key of the organization.
pub const MOST: i64 = 20;
/// How long an upload may take.
pub const HOURS: i32 = 24;
/// An object without an upload is from a process that died, unless it was written a moment ago.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// An upload that begins.
#[derive(Clone, Debug)]
pub struct NewUpload<'a> {
    /// The handle of the coach into whose inbox it goes.
    pub coach: &'a str,
    /// Who uploads: a person, or a key of the organization.
    pub account: Uuid,
    /// What the file is called.
    pub file_name: &'a str,
    /// The session's day, if it is said.
    pub date: Option<NaiveDate>,
    /// Whether it replaces a file of the same name.
    pub replaces: bool,
    /// Its size in bytes.
    pub size_bytes: i64,
}

/// An upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its id.
    pub id: Uuid,
    /// The handle of the coach into whose inbox it goes.
    pub coach: String,
    /// What the file is called.
    pub file_name: String,
    /// The session's day, if it was said.
    pub date: Option<NaiveDate>,
    /// Whether it replaces a file of the same name.
    pub replaces: bool,
    /// Its size in bytes.
    pub size_bytes: i64,
    /// How much of it is there.
    pub received_bytes: i64,
    /// Its key in the inbox, once it is complete.
    pub object_key: Option<String>,
    /// SHA-256 of its content, in hex, once it is complete.
    pub sha256: Option<String>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Begins an upload; `None` if the account has [`MOST`] that aren't complete.
///
/// # Errors
/// Returns an error if there is no such coach or the query fails.
pub async fn create(tx: &mut TenantTx, new: &NewUpload<'_>) -> Result<Option<Upload>, sqlx::Error> {
    // Two at once take turns, so that both are counted.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 2))", new.account.to_string())
        .execute(tx.conn())
        .await?;
    let open = sqlx::query_scalar!(
        r#"select count(*) as "count!" from uploads
           where account_id = $1 and object_key is null and expires_at > now()"#,
        new.account
    )
    .fetch_one(tx.conn())
    .await?;
    if open >= MOST {
        return Ok(None);
    }
    let (id, organization) = (Uuid::now_v7(), tx.tenant());
    sqlx::query!(
        "insert into uploads (id, organization_id, coach_id, account_id, file_name, session_date, replaces, size_bytes, expires_at)
         values ($1, $2, (select id from coaches where handle = $3), $4, $5, $6, $7, $8, now() + make_interval(hours => $9))",
        id,
        organization,
        new.coach,
        new.account,
        new.file_name,
        new.date,
        new.replaces,
        new.size_bytes,
        HOURS
    )
    .execute(tx.conn())
    .await?;
    find(tx, id).await
}

/// An upload that hasn't ended.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Option<Upload>, sqlx::Error> {
    sqlx::query_as!(
        Upload,
        "select uploads.id, handle as coach, file_name, session_date as date, replaces, size_bytes, received_bytes,
                object_key, sha256, expires_at
         from uploads join coaches on coaches.id = coach_id where uploads.id = $1 and expires_at > now()",
        id
    )
    .fetch_optional(tx.conn())
    .await
}

/// A key for a part that begins there; nothing has it yet.
#[must_use]
pub fn part_key(organization: Uuid, upload: Uuid, from: i64) -> String {
    format!("{}{from:015}-{}", prefix(organization, Some(upload)), Uuid::now_v7().simple())
}

fn prefix(organization: Uuid, upload: Option<Uuid>) -> String {
    let upload = upload.map(|upload| format!("{upload}/")).unwrap_or_default();
    format!("uploads/{organization}/{upload}")
}

/// Adds a part that is in the bucket. False, and nothing is added, if the upload isn't as long as `from`, would become too
/// long, or is over.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn add_part(
    tx: &mut TenantTx,
    upload: Uuid,
    from: i64,
    size_bytes: i64,
    object_key: &str,
) -> Result<bool, sqlx::Error> {
    let grown = sqlx::query!(
        "update uploads set received_bytes = received_bytes + $3
         where id = $1 and received_bytes = $2 and received_bytes + $3 <= size_bytes and expires_at > now()",
        upload,
        from,
        size_bytes
    )
    .execute(tx.conn())
    .await?;
    if grown.rows_affected() == 0 {
        return Ok(false);
    }
    let organization = tx.tenant();
    sqlx::query!(
        "insert into upload_parts (organization_id, upload_id, from_byte, object_key) values ($1, $2, $3, $4)",
        organization,
        upload,
        from,
        object_key
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// The keys of an upload's parts, in order.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn parts(tx: &mut TenantTx, upload: Uuid) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select object_key from upload_parts where upload_id = $1 order by from_byte", upload)
        .fetch_all(tx.conn())
        .await
}

/// Notes that a complete upload is in the inbox; a job removes its parts. Doing it again changes nothing.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn finish(tx: &mut TenantTx, upload: Uuid, object_key: &str, sha256: &str) -> Result<(), sqlx::Error> {
    let finished = sqlx::query!(
        "update uploads set object_key = $2, sha256 = $3 where id = $1 and object_key is null",
        upload,
        object_key,
        sha256
    );
    if finished.execute(tx.conn()).await?.rows_affected() > 0 {
        enqueue(tx, &RemoveUpload { upload_id: upload }, upload).await?;
    }
    Ok(())
}

/// Ends an upload; a job removes its parts. False if there is none.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn discard(tx: &mut TenantTx, upload: Uuid) -> Result<bool, sqlx::Error> {
    let gone = sqlx::query!("delete from uploads where id = $1", upload).execute(tx.conn()).await?.rows_affected() > 0;
    if gone {
        enqueue(tx, &RemoveUpload { upload_id: upload }, upload).await?;
    }
    Ok(gone)
}

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
        // No new object of it is relied on: its rows are complete or gone.
        sqlx::query!("delete from upload_parts where upload_id = $1", self.upload_id).execute(tx.conn()).await?;
        tx.commit().await?;
        let objects = remove(&ctx.bucket, &prefix(organization, Some(self.upload_id)), |_| true).await?;
        ctx.finish(ctx.tenant_tx().await?, json!({ "objects": objects })).await
    }
}

/// Removes the objects below a prefix that are `left`.
async fn remove(
    bucket: &Bucket,
    prefix: &str,
    left: impl Fn(&crate::bucket::ObjectInfo) -> bool,
) -> Result<usize, JobError> {
    let mut removed = 0;
    for object in bucket.list(prefix).await?.iter().filter(|object| left(object)) {
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
        let (mut ended, mut objects) = (0, 0);
        for organization in ctx.db.organizations().await? {
            let mut tx = ctx.db.tenant(organization).await?;
            let over: HashSet<String> =
                sqlx::query_scalar!("delete from uploads where expires_at <= now() returning id")
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
                over.contains(upload) || is_old && !open.contains(upload)
            })
            .await?;
            ended += over.len();
        }
        ctx.finish(ctx.system_tx().await?, json!({ "uploads": ended, "objects": objects })).await
    }
}
