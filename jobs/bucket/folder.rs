//! Listing and reading a folder in which people's programs write.
//!
//! The library's own listing ends at the first name that is no Unicode and at the first closed subfolder; here one
//! such thing must not keep everybody else's files from being seen. It also removes: what a killed upload leaves behind
//! (`name#1`) has a name that the library refuses. A rerun finds the file gone.

use std::{
    fs::Metadata,
    io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use bytes::Bytes;

use super::{BucketError, ObjectInfo};

/// The folder that is the bucket.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Every file below `prefix`, in no order.
    pub(super) async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, BucketError> {
        let (root, prefix) = (self.root.clone(), prefix.trim_matches('/').to_owned());
        in_background(&prefix.clone(), move || {
            let mut files = Vec::new();
            walk(&root, &prefix, &mut files)?;
            Ok(files)
        })
        .await
    }

    /// One file, as the listing shows it.
    pub(super) async fn head(&self, key: &str) -> Result<ObjectInfo, BucketError> {
        let (path, key_of_file) = (self.root.join(key), key.to_owned());
        in_background(key, move || Ok(describe(key_of_file, &std::fs::metadata(path)?))).await
    }

    /// Removes a file; one that is not there is success.
    pub(super) async fn delete(&self, key: &str) -> Result<(), BucketError> {
        let path = self.root.join(key);
        match in_background(key, move || std::fs::remove_file(path)).await {
            Err(BucketError::NotFound) => Ok(()),
            done => done,
        }
    }

    /// The file's content, if it is the same before and after.
    pub(super) async fn read(&self, object: &ObjectInfo) -> Result<Bytes, BucketError> {
        let (path, seen) = (self.root.join(&object.key), object.clone());
        let (content, same) = in_background(&object.key, move || {
            let content = std::fs::read(&path)?;
            let now = describe(seen.key.clone(), &std::fs::metadata(&path)?);
            Ok((content, now == seen))
        })
        .await?;
        if same { Ok(content.into()) } else { Err(BucketError::Changed) }
    }
}

async fn in_background<T: Send + 'static>(
    key: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BucketError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(io::Error::other).and_then(|result| result);
    done.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => BucketError::NotFound,
        _ => BucketError::failed(key, &source),
    })
}

/// Walks one folder. Only the outermost one may fail the listing, and even that may be missing.
fn walk(root: &Path, key: &str, files: &mut Vec<ObjectInfo>) -> io::Result<()> {
    let entries = match std::fs::read_dir(root.join(key)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            tracing::warn!(target: "bucket", { folder = key }, "a file whose name is no Unicode is left out");
            continue;
        };
        let key = if key.is_empty() { name } else { format!("{key}/{name}") };
        // Links are followed; one that leads nowhere, and a file that is gone by now, are not there.
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        if metadata.is_dir() {
            // A linked folder might lead back up; a real one cannot.
            if entry.file_type().is_ok_and(|kind| kind.is_dir())
                && let Err(error) = walk(root, &key, files)
            {
                tracing::warn!(target: "bucket", { folder = key, %error }, "a folder cannot be read and is left out");
            }
        } else if metadata.is_file() {
            files.push(describe(key, &metadata));
        }
    }
    Ok(())
}

fn describe(key: String, metadata: &Metadata) -> ObjectInfo {
    let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
    let micros = modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    let etag = format!("{:x}-{micros:x}-{:x}", inode(metadata), metadata.len());
    ObjectInfo { key, etag, size: metadata.len(), modified: modified.into() }
}

/// A file that replaces another in one move has another inode, even within one tick of the clock.
#[cfg(unix)]
fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_metadata: &Metadata) -> u64 {
    0
}
