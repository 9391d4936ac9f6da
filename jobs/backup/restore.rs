//! Restores a backup into an empty installation.
//!
//! Everything is checked before anything is written: the installation is empty, the program knows the backup's schema, and
//! every object is as it was written. Then the database is migrated to the schema of the backup, the transcripts are put into
//! the bucket, and the tables are loaded in one transaction, which is committed only if they are equal to the original. An
//! older schema is migrated on afterwards. A restore that was interrupted left no row, so it is simply begun anew.

use secrecy::SecretString;
use serde::Serialize;
use tempfile::TempDir;

use super::{
    BackupError, Catalogue, Damage, Part, Tell, Transcript, Vault,
    load::{self, Found},
    transcripts::Way,
    verify,
};
use crate::{
    bucket::Bucket,
    db::{self, Urls},
};

/// Where a backup is restored.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The database, and its owner's login.
    pub urls: &'a Urls,
    /// Where the transcripts go; nowhere if `None`.
    pub bucket: Option<&'a Bucket>,
    /// Only the organization with this handle.
    pub only: Option<&'a str>,
    /// Whether it is restored without the transcripts that are damaged in the backup.
    pub without_damaged_transcripts: bool,
}

/// What was restored.
#[derive(Clone, Debug, Serialize)]
pub struct Restored {
    /// The backup's id.
    pub backup: String,
    /// The moment that the data shows.
    pub snapshot_at: chrono::DateTime<chrono::Utc>,
    /// The handles of the organizations.
    pub organizations: Vec<String>,
    /// How many rows were restored and compared.
    pub rows: u64,
    /// How many tables, of all organizations.
    pub tables: usize,
    /// How many transcripts were put into the bucket, or checked.
    pub transcripts: usize,
    /// The transcripts that the backup never had.
    pub missing: Vec<super::Missing>,
    /// The transcripts that were left out because they are damaged.
    pub damaged: Vec<Damage>,
}

/// Restores a backup.
///
/// # Errors
/// See [`BackupError`]. Whatever it is, the database holds no row of the backup then.
pub async fn restore(
    vault: &Vault,
    catalogue: &Catalogue,
    target: Target<'_>,
    tell: Tell<'_>,
) -> Result<Restored, BackupError> {
    let own = db::newest_migration();
    if catalogue.schema_version > own {
        let (program, backup) = (catalogue.program.clone(), catalogue.schema_version);
        return Err(BackupError::LaterSchema { program, backup, own });
    }
    let parts = chosen(catalogue, target.only)?;
    let found = load::look(&target.urls.owner).await?;
    if let Found::Data(data) = found {
        return Err(BackupError::NotEmpty(data));
    }
    let files = TempDir::new()?;
    let (transcripts, mut damaged) = check(vault, &parts, &files, target, tell).await?;
    make_schema(target.urls, &found, catalogue.schema_version).await?;
    let mut count = 0;
    for (part, mut transcripts) in parts.iter().zip(transcripts) {
        let spoilt = |transcript: &Transcript| {
            let key = super::transcripts::stored(part.id, transcript).key;
            damaged.iter().any(|damage| damage.file == key)
        };
        transcripts.retain(|transcript| !spoilt(transcript));
        count += transcripts.len();
        if let Some(bucket) = target.bucket {
            let since = Way { bucket, vault, organization: part.id }.put_back(&transcripts, tell).await?;
            if !since.is_empty() && !target.without_damaged_transcripts {
                return Err(BackupError::Damaged(since));
            }
            damaged.extend(since);
        }
    }
    load::load(&target.urls.owner, &parts, files.path(), tell).await?;
    if catalogue.schema_version < own {
        db::migrate(target.urls).await?;
    }
    Ok(Restored {
        backup: catalogue.id.clone(),
        snapshot_at: catalogue.snapshot_at,
        organizations: parts.iter().map(|part| part.handle.clone()).collect(),
        rows: parts.iter().flat_map(|part| &part.tables).map(|table| table.rows).sum(),
        tables: parts.iter().map(|part| part.tables.len()).sum(),
        transcripts: count,
        missing: parts.iter().flat_map(|part| part.missing.clone()).collect(),
        damaged,
    })
}

fn chosen<'c>(catalogue: &'c Catalogue, only: Option<&str>) -> Result<Vec<&'c Part>, BackupError> {
    let parts = catalogue.organizations.iter();
    let parts: Vec<&Part> = parts.filter(|part| only.is_none_or(|only| part.handle == only)).collect();
    match only {
        Some(only) if parts.is_empty() => Err(BackupError::NoOrganization(only.to_owned(), catalogue.handles())),
        _ => Ok(parts),
    }
}

/// Checks every object, and keeps the tables' files in the folder: what is loaded is what was checked. Returns each part's
/// transcripts, and those of them that are damaged where the target does without them.
async fn check(
    vault: &Vault,
    parts: &[&Part],
    files: &TempDir,
    target: Target<'_>,
    tell: Tell<'_>,
) -> Result<(Vec<Vec<Transcript>>, Vec<Damage>), BackupError> {
    let (mut transcripts, mut fatal, mut damaged) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        let folder = files.path().join(part.id.to_string());
        std::fs::create_dir_all(&folder)?;
        fatal.extend(verify::tables(vault, part, Some(&folder), tell).await?);
        let (listed, damage) = verify::list(vault, part, files.path()).await?;
        fatal.extend(damage);
        let way = Way { bucket: &vault.bucket, vault, organization: part.id };
        damaged.extend(way.verify(&listed, tell).await?);
        transcripts.push(listed);
    }
    if !target.without_damaged_transcripts {
        fatal.append(&mut damaged);
    }
    if fatal.is_empty() { Ok((transcripts, damaged)) } else { Err(BackupError::Damaged(fatal)) }
}

/// Migrates an empty database to exactly the schema of a backup.
async fn make_schema(urls: &Urls, found: &Found, version: i64) -> Result<(), BackupError> {
    if matches!(found, Found::Empty(there) if *there > version) {
        forget_schema(&urls.owner).await?;
    }
    Ok(db::migrate_to(urls, version).await?)
}

/// Drops the schema of a database without data, which is newer than the backup's.
async fn forget_schema(owner: &SecretString) -> Result<(), BackupError> {
    use sqlx::{Connection, Executor};
    let mut connection = db::connect(owner).await?;
    let mut tx = connection.begin().await?;
    tx.execute("set local role debrief_owner; lock table organizations in access exclusive mode").await?;
    if let Some(data) = load::data(&mut tx).await? {
        return Err(BackupError::NotEmpty(data));
    }
    // Tables, functions and rights: all that the migrations made. They make it anew.
    tx.execute("drop owned by debrief_owner cascade").await?;
    tx.commit().await?;
    Ok(connection.close().await?)
}
