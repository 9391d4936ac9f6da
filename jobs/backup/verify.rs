//! Holds every object of a backup against its catalogue. Only reads, and finds all damage before it says so.

use std::path::Path;

use tempfile::TempDir;

use super::{
    BackupError, Catalogue, Damage, Part, Step, Tell, Transcript, Vault,
    transcripts::{self, Way},
};

/// Checks every object of a backup. Returns what is damaged: nothing if it is as it was written.
///
/// # Errors
/// Returns an error if the place can't be reached.
pub async fn verify(vault: &Vault, catalogue: &Catalogue, tell: Tell<'_>) -> Result<Vec<Damage>, BackupError> {
    let files = TempDir::new()?;
    let mut damages = Vec::new();
    for part in &catalogue.organizations {
        damages.extend(tables(vault, part, None, tell).await?);
        let (transcripts, damage) = list(vault, part, files.path()).await?;
        damages.extend(damage);
        // Nothing is written to the bucket.
        let way = Way { bucket: &vault.bucket, vault, organization: part.id };
        damages.extend(way.verify(&transcripts, tell).await?);
    }
    Ok(damages)
}

/// Checks the files of an organization's tables, and keeps them in a folder if one is named.
pub(super) async fn tables(
    vault: &Vault,
    part: &Part,
    keep: Option<&Path>,
    tell: Tell<'_>,
) -> Result<Vec<Damage>, BackupError> {
    let mut damages = Vec::new();
    let all = part.tables.len() as u64;
    for (done, table) in (1..).zip(&part.tables) {
        if let Some(file) = &table.file {
            let to = keep.map(|folder| folder.join(&table.name));
            let what = format!("the {} rows of {} of {}", table.rows, table.name, part.handle);
            damages.extend(vault.fetch(file, to.as_deref(), &what).await?);
        }
        tell(Step::Verify, done, all);
    }
    Ok(damages)
}

/// The list of an organization's transcripts, or how it is damaged.
pub(super) async fn list(
    vault: &Vault,
    part: &Part,
    folder: &Path,
) -> Result<(Vec<Transcript>, Option<Damage>), BackupError> {
    let Some(stored) = &part.transcripts else { return Ok((Vec::new(), None)) };
    let path = folder.join(format!("{}.jsonl", part.id));
    let what = format!("the {} transcripts of {}", part.transcript_count, part.handle);
    match vault.fetch(stored, Some(&path), &what).await? {
        Some(damage) => Ok((Vec::new(), Some(damage))),
        None => Ok((transcripts::read_list(&path)?, None)),
    }
}
