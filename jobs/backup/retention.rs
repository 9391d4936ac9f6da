//! Removes old backups: their catalogues first, so that none is left that lacks something; then their tables, and the
//! transcripts that no backup has any more.
//!
//! The newest backup that is complete is never removed, however old it is, nor is the newest of a kind (the whole
//! installation; each organization by itself), nor the last one that was proved. A catalogue that can't be read stays for somebody to look at, and as long as there is
//! one, no transcript is removed: it may need them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tempfile::TempDir;

use super::{BackupError, Catalogue, Kind, Vault, catalogue, record, run, verify};
use crate::db::Db;

/// What has no catalogue is left alone for this long: it may be one that is being written, by a process whose clock is
/// another.
const UNFINISHED: chrono::TimeDelta = chrono::TimeDelta::days(2);

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The ids of backups.
    pub backups: Vec<String>,
    /// How many objects, of those and of what interrupted runs left.
    pub objects: usize,
    /// Catalogues that can't be read, and why.
    pub unreadable: Vec<(String, String)>,
}

/// Removes the backups that are older than `keep_days`.
///
/// # Errors
/// Returns an error if the place can't be reached; what was removed until then stays removed.
pub async fn retain(db: &Db, vault: &Vault, keep_days: u32, now: DateTime<Utc>) -> Result<Removed, BackupError> {
    let _alone = run::alone(db).await?;
    let mut removed = Removed::default();
    let mut backups = Vec::new();
    for id in vault.ids().await? {
        match vault.catalogue(&id).await {
            Ok(catalogue) => backups.push(catalogue),
            Err(error @ (BackupError::Bucket(_) | BackupError::Io(_))) => return Err(error),
            Err(error) => removed.unreadable.push((id, error.to_string())),
        }
    }
    let before = now - Duration::from_secs(u64::from(keep_days) * 86_400);
    let (old, kept): (Vec<&Catalogue>, Vec<&Catalogue>) = {
        let mut old = old(&backups, before);
        // The last one of which it is known that it can be restored.
        if let Some(proved) = record::last(db, Kind::Proof, true).await?.and_then(|record| record.backup) {
            old.remove(proved.as_str());
        }
        backups.iter().partition(|backup| old.contains(backup.id.as_str()))
    };
    for backup in &old {
        vault.bucket.delete(&catalogue::key(&backup.id)).await?;
        removed.backups.push(backup.id.clone());
    }
    let known: BTreeSet<&str> = kept
        .iter()
        .map(|backup| backup.id.as_str())
        .chain(removed.unreadable.iter().map(|(id, _)| id.as_str()))
        .collect();
    let dead: BTreeSet<&str> = old.iter().map(|backup| backup.id.as_str()).collect();
    for (key, (_, modified)) in vault.sizes(catalogue::TABLES).await? {
        let id = key[catalogue::TABLES.len()..].split('/').next().unwrap_or_default();
        if !known.contains(id) && (dead.contains(id) || now - modified > UNFINISHED) {
            vault.bucket.delete(&key).await?;
            removed.objects += 1;
        }
    }
    if removed.unreadable.is_empty() {
        removed.objects += transcripts(vault, &kept, now).await?;
    }
    Ok(removed)
}

/// The ids of the backups that may go.
fn old(backups: &[Catalogue], before: DateTime<Utc>) -> BTreeSet<&str> {
    // The newest of the whole installation, and the newest that has each organization.
    let mut newest: BTreeMap<Option<uuid::Uuid>, &Catalogue> = BTreeMap::new();
    for backup in backups {
        let whole = backup.is_whole.then_some(None);
        for of in whole.into_iter().chain(backup.organizations.iter().map(|part| Some(part.id))) {
            let best = newest.entry(of).or_insert(backup);
            if backup.snapshot_at > best.snapshot_at {
                *best = backup;
            }
        }
    }
    let newest: BTreeSet<&str> = newest.values().map(|backup| backup.id.as_str()).collect();
    let old = backups.iter().filter(|backup| backup.snapshot_at < before && !newest.contains(backup.id.as_str()));
    old.map(|backup| backup.id.as_str()).collect()
}

/// Removes the transcripts that none of the kept backups has.
async fn transcripts(vault: &Vault, kept: &[&Catalogue], now: DateTime<Utc>) -> Result<usize, BackupError> {
    let files = TempDir::new()?;
    let mut needed = BTreeSet::new();
    for part in kept.iter().flat_map(|backup| &backup.organizations) {
        let (listed, damage) = verify::list(vault, part, files.path()).await?;
        if damage.is_some() {
            // What it needs isn't known.
            return Ok(0);
        }
        needed.extend(listed.iter().map(|transcript| catalogue::transcript_key(part.id, &transcript.sha256)));
    }
    let mut removed = 0;
    for (key, (_, modified)) in vault.sizes(catalogue::TRANSCRIPTS).await? {
        if !needed.contains(&key) && now - modified > UNFINISHED {
            vault.bucket.delete(&key).await?;
            removed += 1;
        }
    }
    Ok(removed)
}
