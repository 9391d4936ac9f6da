//! Uploads the files of an export to the bucket, and describes them.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::manifest::ExportedFile;
use crate::{bucket::Bucket, queue::JobError};

/// Uploads `file` under `key`, replacing any existing object.
pub(super) async fn upload(bucket: &Bucket, file: &Path, key: String, format: &str) -> Result<ExportedFile, JobError> {
    bucket.upload(&key, file).await?;
    let (bytes, sha256) = hash(file.to_owned()).await?;
    Ok(ExportedFile { key, format: format.to_owned(), bytes, sha256 })
}

/// The size and SHA-256 of a local file, read in pieces.
async fn hash(file: PathBuf) -> Result<(u64, String), JobError> {
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hasher = Sha256::new();
        let bytes = std::io::copy(&mut std::fs::File::open(file)?, &mut hasher)?;
        Ok::<_, std::io::Error>((bytes, hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
    });
    Ok(hashed.await.map_err(std::io::Error::other)??)
}

/// Deletes what an unfinished attempt left in `folder`.
pub(super) async fn clear(bucket: &Bucket, folder: &str) -> Result<(), JobError> {
    for object in bucket.list(folder).await? {
        bucket.delete(&object.key).await?;
    }
    Ok(())
}
