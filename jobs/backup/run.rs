//! Makes a backup: reads every table in one snapshot to local files, uploads them, copies the transcripts that no earlier
//! backup has, and writes the catalogue.
//!
//! The program's role sees one organization at a time, so each is read in a transaction of its own; all of them share one
//! exported snapshot. No transaction is open while something is uploaded.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use chrono::Utc;
use sqlx::{PgConnection, Postgres, pool::PoolConnection};
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    BackupError, Catalogue, Kind, Part, Step, Table, Tell, Transcript, Vault, catalogue, copy, record,
    tables::{MISSED, TABLES},
    transcripts::{self, Way},
};
use crate::{
    bucket::Bucket,
    db::{CopyTx, Db, Snapshot, Tx, newest_migration},
};

/// How long one table may take to be read.
const LIMIT: Duration = Duration::from_secs(4 * 3600);
/// Held by whoever writes backups or removes some, so that no transcript is removed that another relies on.
const ALONE: i64 = 7_267_331;

/// What is to be backed up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// One organization; all of them if `None`.
    pub organization: Option<Uuid>,
    /// Whether transcripts are copied again that the place has already.
    pub full: bool,
}

/// Makes a backup.
///
/// # Errors
/// See [`BackupError`].
pub async fn run(
    db: &Db,
    bucket: &Bucket,
    vault: &Vault,
    wanted: Wanted,
    tell: Tell<'_>,
) -> Result<Catalogue, BackupError> {
    let alone = alone(db).await?;
    let files = TempDir::new()?;
    let mut read = read(db, wanted.organization, &files, tell).await?;
    let id = catalogue::new_id(read.snapshot_at);
    upload(vault, &id, &mut read.parts, tell).await?;
    let there = if wanted.full { BTreeMap::new() } else { vault.sizes(catalogue::TRANSCRIPTS).await? };
    let there: BTreeMap<String, u64> = there.into_iter().map(|(key, (size, _))| (key, size)).collect();
    let mut parts = Vec::new();
    for Read { mut part, transcripts, .. } in read.parts {
        let way = Way { bucket, vault, organization: part.id };
        let lacks = way.copy(&transcripts, &there, tell).await?;
        let lacking: BTreeSet<&str> = lacks.iter().map(|missing| missing.key.as_str()).collect();
        let copied: Vec<&Transcript> =
            transcripts.iter().filter(|transcript| !lacking.contains(transcript.key.as_str())).collect();
        if !copied.is_empty() {
            let list = files.path().join("transcripts.jsonl");
            transcripts::write_list(&copied, &list)?;
            part.transcript_count = copied.len() as u64;
            let key = format!("{}transcripts.jsonl", catalogue::folder(&id, part.id));
            part.transcripts = Some(vault.upload(key, &list).await?);
        }
        part.missing = still_needed(db, part.id, lacks).await?;
        parts.push(part);
    }
    let made = Catalogue {
        format: catalogue::FORMAT,
        id,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version: read.schema_version,
        snapshot_at: read.snapshot_at,
        finished_at: Utc::now(),
        is_whole: wanted.organization.is_none(),
        organizations: parts,
        left_out: read.left_out,
    };
    vault.publish(&made).await?;
    drop(alone);
    Ok(made)
}

/// Makes a backup, and records what became of it.
///
/// # Errors
/// See [`BackupError`].
pub async fn run_and_record(
    db: &Db,
    bucket: &Bucket,
    vault: &Vault,
    wanted: Wanted,
    tell: Tell<'_>,
) -> Result<Catalogue, BackupError> {
    let begun = Utc::now();
    let made = run(db, bucket, vault, wanted, tell).await;
    let noted = match &made {
        Ok(made) => {
            let detail = match made.missing() {
                0 => String::new(),
                lacks => {
                    format!("{lacks} transcripts are not in it, because the bucket doesn’t have them as they came")
                }
            };
            record::note(db, Kind::Run, begun, Some(made), true, &detail).await
        }
        // Whoever is at it notes it.
        Err(BackupError::Busy) => Ok(()),
        Err(error) => record::note(db, Kind::Run, begun, None, false, &error.to_string()).await,
    };
    let made = made?;
    noted?;
    tracing::info!(target: "backup", { backup.id = made.id, backup.rows = made.rows(), backup.bytes = made.bytes(),
        backup.transcripts = made.transcripts(), backup.missing = made.missing() }, "a backup is made");
    Ok(made)
}

/// Keeps others from writing backups and removing them, until it is dropped.
pub(super) async fn alone(db: &Db) -> Result<PgConnection, BackupError> {
    let connection: PoolConnection<Postgres> = db.pool().acquire().await?;
    // The lock is the connection's, which therefore doesn't go back to the pool.
    let mut connection = connection.detach();
    let taken: bool =
        sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(ALONE).fetch_one(&mut connection).await?;
    if taken { Ok(connection) } else { Err(BackupError::Busy) }
}

/// What was read of all organizations.
struct AllRead {
    parts: Vec<Read>,
    snapshot_at: chrono::DateTime<Utc>,
    schema_version: i64,
    left_out: BTreeMap<String, u64>,
}

/// What was read of an organization.
struct Read {
    part: Part,
    /// The local file of each table that has rows.
    files: Vec<Option<PathBuf>>,
    transcripts: Vec<Transcript>,
}

async fn read(db: &Db, organization: Option<Uuid>, files: &TempDir, tell: Tell<'_>) -> Result<AllRead, BackupError> {
    let (mut holder, snapshot) = db.shared_snapshot(LIMIT).await?;
    let at = sqlx::query!(
        r#"select now() as "at!", (select max(version) from _sqlx_migrations where success) as "version!""#
    )
    .fetch_one(holder.conn())
    .await?;
    let organizations = match organization {
        Some(organization) => vec![organization],
        None => {
            sqlx::query_scalar!(r#"select id as "id!" from organization_ids() as id order by id"#)
                .fetch_all(holder.conn())
                .await?
        }
    };
    // One may well be made before an update's migration.
    let is_older = at.version < newest_migration();
    let (mut parts, mut left_out) = (Vec::new(), BTreeMap::new());
    let all = (organizations.len() * TABLES.len()) as u64;
    for organization in organizations {
        let done = (parts.len() * TABLES.len()) as u64;
        let tell = |step, table, _| tell(step, done + table, all);
        parts.push(read_one(db, organization, (&snapshot, is_older), files, &mut left_out, &tell).await?);
    }
    holder.commit().await?;
    Ok(AllRead { parts, snapshot_at: at.at, schema_version: at.version, left_out })
}

async fn read_one(
    db: &Db,
    organization: Uuid,
    (snapshot, is_older): (&Snapshot, bool),
    files: &TempDir,
    left_out: &mut BTreeMap<String, u64>,
    tell: Tell<'_>,
) -> Result<Read, BackupError> {
    let mut tx = db.copying(organization, Some(snapshot), LIMIT).await?;
    let handle = sqlx::query_scalar!("select handle from organizations where id = $1", organization)
        .fetch_optional(tx.conn())
        .await?;
    let handle = handle.ok_or_else(|| BackupError::unreadable(format!("the organization {organization} is gone")))?;
    let folder = files.path().join(organization.to_string());
    std::fs::create_dir_all(&folder)?;
    let (mut tables, mut local) = (Vec::new(), Vec::new());
    for (at, table) in (1..).zip(TABLES) {
        let path = folder.join(table.name);
        let Some((columns, tally)) = copy::out(&mut tx, table, &path, is_older).await? else { continue };
        let (rows, digest) = (tally.rows, tally.digest());
        if rows == 0 {
            std::fs::remove_file(&path)?;
        }
        local.push((rows > 0).then_some(path));
        tables.push(Table { name: table.name.to_owned(), columns, rows, digest, file: None });
        tell(Step::Read, at, 0);
    }
    count_left_out(&mut tx, left_out).await?;
    let transcripts = transcripts::list(&mut tx).await?;
    let part = Part { id: organization, handle, tables, transcripts: None, transcript_count: 0, missing: Vec::new() };
    Ok(Read { part, files: local, transcripts })
}

/// Counts what people will notice is missing.
async fn count_left_out(tx: &mut CopyTx, left_out: &mut BTreeMap<String, u64>) -> Result<(), BackupError> {
    for (table, _) in MISSED {
        let count = format!("select count(*) from {table}");
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count)).fetch_one(tx.conn()).await?;
        *left_out.entry(table.to_owned()).or_default() += count.unsigned_abs();
    }
    Ok(())
}

async fn upload(vault: &Vault, id: &str, parts: &mut [Read], tell: Tell<'_>) -> Result<(), BackupError> {
    let all = parts.iter().flat_map(|read| &read.files).flatten().count() as u64;
    let mut done = 0;
    for Read { part, files, .. } in parts {
        for (table, file) in part.tables.iter_mut().zip(files) {
            let Some(path) = file else { continue };
            let key = format!("{}{}.parquet", catalogue::folder(id, part.id), table.name);
            table.file = Some(vault.upload(key, path).await?);
            // Its room is wanted for the next one.
            std::fs::remove_file(path)?;
            done += 1;
            tell(Step::Upload, done, all);
        }
    }
    Ok(())
}

/// Of what the bucket lacks, what isn't gone because its session was deleted meanwhile.
async fn still_needed(
    db: &Db,
    organization: Uuid,
    lacks: Vec<super::Missing>,
) -> Result<Vec<super::Missing>, BackupError> {
    if lacks.is_empty() {
        return Ok(lacks);
    }
    let keys: Vec<String> = lacks.iter().map(|missing| missing.key.clone()).collect();
    let mut tx = db.tenant(organization).await?;
    let needed = sqlx::query_scalar!("select distinct stored_key from transcripts where stored_key = any($1)", &keys)
        .fetch_all(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(lacks.into_iter().filter(|missing| needed.contains(&missing.key)).collect())
}
