//! Uploads in parts: what is known of one that isn't complete yet, and what is left of those that never will be.
//!
//! A part is an object in the bucket and a row that says where it belongs. The object is written first, under a name of its
//! own; the row is added only if the upload is still as long as the part's place says. So of two that send the same part at
//! once, one is taken; the other's object is left, like that of a process that died, and [`TidyUploads`] finds it. The last
//! part is none: it counts once the whole file is in the inbox ([`begin_completion`], then [`finish`]), so that nobody takes
//! an upload for complete whose file may still get lost. Writes `uploads` and `upload_parts`. Doing the same again
//! changes nothing.

mod tidy;

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    queue::enqueue,
};
pub use tidy::{RemoveUpload, SCHEDULE, TidyUploads};

/// At most this many uploads that aren't complete, for a person or a key of the organization.
pub const MOST: i64 = 20;
/// How long an upload may take.
pub const HOURS: i32 = 24;
/// At most this many parts; however small, all of them are read in the end.
pub const MOST_PARTS: i64 = 2000;
/// How long somebody may take to put the whole file into the inbox.
pub const COMPLETION: Duration = Duration::from_secs(40);

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
    /// What the client said of it, in its own form: at most 4096 characters.
    pub metadata: Option<&'a str>,
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
    /// How much of it is there: all of it only if it is in the inbox.
    pub received_bytes: i64,
    /// Its key in the inbox, once it is complete.
    pub object_key: Option<String>,
    /// SHA-256 of its content, in hex, once it is complete.
    pub sha256: Option<String>,
    /// What the client said of it, in its own form.
    pub metadata: Option<String>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

/// Begins an upload; `None` if the account has [`MOST`] that aren't complete.
///
/// # Errors
/// Returns an error if there is no such coach or the query fails.
pub async fn create(tx: &mut TenantTx, new: &NewUpload<'_>) -> Result<Option<Upload>, sqlx::Error> {
    // Two at once take turns, so that both are counted.
    let lock = format!("uploads/{}", new.account);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 2))", lock).execute(tx.conn()).await?;
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
        "insert into uploads (id, organization_id, coach_id, account_id, file_name, session_date, replaces, size_bytes, metadata,
             expires_at)
         values ($1, $2, (select id from coaches where handle = $3), $4, $5, $6, $7, $8, $9,
             now() + make_interval(hours => $10))",
        id,
        organization,
        new.coach,
        new.account,
        new.file_name,
        new.date,
        new.replaces,
        new.size_bytes,
        new.metadata,
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
                object_key, sha256, metadata, expires_at
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

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It belongs to the upload.
    Yes,
    /// The upload isn't as long as the part's place says, would be complete or too long with it, is being completed, or has
    /// ended.
    NotThere,
    /// The upload has [`MOST_PARTS`].
    TooMany,
}

/// Adds a part that is in the bucket and isn't the last.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn add_part(
    tx: &mut TenantTx,
    upload: Uuid,
    from: i64,
    size_bytes: i64,
    object_key: &str,
) -> Result<Added, sqlx::Error> {
    let grown = sqlx::query!(
        "update uploads set received_bytes = received_bytes + $3
         where id = $1 and received_bytes = $2 and received_bytes + $3 < size_bytes and expires_at > now()
           and coalesce(completing_until <= now(), true)",
        upload,
        from,
        size_bytes
    )
    .execute(tx.conn())
    .await?;
    if grown.rows_affected() == 0 {
        return Ok(Added::NotThere);
    }
    let organization = tx.tenant();
    let added = sqlx::query!(
        "insert into upload_parts (organization_id, upload_id, from_byte, object_key) select $1, $2, $3, $4
         where (select count(*) from upload_parts where upload_id = $2) < $5",
        organization,
        upload,
        from,
        object_key,
        MOST_PARTS
    )
    .execute(tx.conn())
    .await?;
    Ok(if added.rows_affected() > 0 { Added::Yes } else { Added::TooMany })
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

/// Begins to complete an upload of which `from` bytes are there and the rest is at hand: for [`COMPLETION`] nobody else adds
/// to it, completes it or ends it. Returns until when; `None` if it isn't that long, or somebody else is at it.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn begin_completion(
    tx: &mut TenantTx,
    upload: Uuid,
    from: i64,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    // It doesn't expire while its file is on the way.
    let begun = sqlx::query_scalar!(
        r#"update uploads set completing_until = now() + make_interval(secs => $3),
               expires_at = greatest(expires_at, now() + make_interval(secs => 2 * $3))
           where id = $1 and received_bytes = $2 and object_key is null and expires_at > now()
             and coalesce(completing_until <= now(), true)
           returning completing_until as "until!""#,
        upload,
        from,
        COMPLETION.as_secs_f64()
    );
    begun.fetch_optional(tx.conn()).await
}

/// Gives the completion up that was to last `until` then, since it failed: what was at hand has to be sent again. If somebody
/// else has begun one since, that one goes on.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn give_up(tx: &mut TenantTx, upload: Uuid, until: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("update uploads set completing_until = null where id = $1 and completing_until = $2", upload, until)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes that all of an upload is in the inbox; a job removes its parts. Doing it again changes nothing.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn finish(tx: &mut TenantTx, upload: Uuid, object_key: &str, sha256: &str) -> Result<(), sqlx::Error> {
    let finished = sqlx::query!(
        "update uploads set received_bytes = size_bytes, completing_until = null, object_key = $2, sha256 = $3
         where id = $1 and object_key is null",
        upload,
        object_key,
        sha256
    );
    if finished.execute(tx.conn()).await?.rows_affected() > 0 {
        enqueue(tx, &RemoveUpload { upload_id: upload }, upload).await?;
    }
    Ok(())
}

/// Whether an upload was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discarded {
    /// It is.
    Yes,
    /// It is being completed: its file may be in the inbox already.
    Completing,
    /// There is none.
    NotThere,
}

/// Ends an upload; a job removes its parts.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn discard(tx: &mut TenantTx, upload: Uuid) -> Result<Discarded, sqlx::Error> {
    let completing = sqlx::query_scalar!(
        r#"select coalesce(completing_until > now(), false) as "completing!" from uploads where id = $1 for update"#,
        upload
    );
    match completing.fetch_optional(tx.conn()).await? {
        None => return Ok(Discarded::NotThere),
        Some(true) => return Ok(Discarded::Completing),
        Some(false) => {}
    }
    sqlx::query!("delete from uploads where id = $1", upload).execute(tx.conn()).await?;
    enqueue(tx, &RemoveUpload { upload_id: upload }, upload).await?;
    Ok(Discarded::Yes)
}
