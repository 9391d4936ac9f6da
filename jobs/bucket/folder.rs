//! The bucket as a folder, in which people's programs write.
//!
//! One unreadable item must not hide everyone else's files. Links are never followed, neither for reading nor for
//! writing (`beneath`). A write puts a whole object at once: it goes to a temporary name and is then renamed. A rerun
//! finds the file in place, or gone.

use std::{io::Write, path::PathBuf};

use bytes::Bytes;

use super::{
    BucketError, Listing, ObjectInfo,
    beneath::{Beneath, Refused, Unfinished, is_want},
};
use crate::meeting::key::INBOX;

/// The folder that is the bucket.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    beneath: Beneath,
}

impl Folder {
    /// Opens the folder, creating it if missing.
    pub(super) fn open(root: PathBuf) -> std::io::Result<Self> {
        Ok(Self { beneath: Beneath::new(root)? })
    }

    pub(super) fn name(&self) -> String {
        format!("file://{}", self.beneath.root().display())
    }

    /// Lists what is below `prefix`, unordered. Links are listed but can't be read.
    pub(super) async fn list(&self, prefix: &str) -> Result<Listing, BucketError> {
        let prefix = prefix.trim_matches('/').to_owned();
        self.in_background(&prefix.clone(), move |beneath| beneath.list(&prefix)).await
    }

    /// The metadata of one file, as in the listing.
    pub(super) async fn head(&self, key: &str) -> Result<ObjectInfo, BucketError> {
        let name = key.to_owned();
        self.in_background(key, move |beneath| beneath.head(&name)).await
    }

    /// Creates a folder in it, accessible only to its owner.
    pub(super) async fn make(&self, key: &str) -> Result<(), BucketError> {
        let name = key.to_owned();
        self.in_background(key, move |beneath| beneath.make(&name)).await
    }

    /// Removes a file, and the folders that are empty then; in the inbox they are people's. A missing one counts as success.
    pub(super) async fn delete(&self, key: &str) -> Result<(), BucketError> {
        let name = key.to_owned();
        let removed = self.in_background(key, move |beneath| {
            beneath.remove(&name)?;
            if name.starts_with(INBOX) { Ok(()) } else { beneath.remove_empty(&name) }
        });
        match removed.await {
            Err(BucketError::NotFound) => Ok(()),
            done => done,
        }
    }

    /// The file's content.
    pub(super) async fn get(&self, key: &str) -> Result<Bytes, BucketError> {
        let name = key.to_owned();
        let (content, before, after) = self.in_background(key, move |beneath| beneath.read(&name)).await?;
        if before == after { Ok(content.into()) } else { Err(BucketError::Changed) }
    }

    /// The file, opened for reading: it stays what it is, whatever takes its name.
    pub(super) async fn file(&self, key: &str) -> Result<std::fs::File, BucketError> {
        let name = key.to_owned();
        self.in_background(key, move |beneath| beneath.open(&name).map(|(file, _)| file)).await
    }

    /// The content of a listed file, if it is the same before and after.
    pub(super) async fn get_listed(&self, object: &ObjectInfo) -> Result<Bytes, BucketError> {
        let name = object.key.clone();
        let (content, before, after) = self.in_background(&object.key, move |beneath| beneath.read(&name)).await?;
        if before == *object && after == *object { Ok(content.into()) } else { Err(BucketError::Changed) }
    }

    /// Writes a file, replacing any existing one.
    pub(super) async fn put(&self, key: &str, content: Bytes) -> Result<(), BucketError> {
        let name = key.to_owned();
        self.in_background(key, move |beneath| written(beneath, &name, &content)?.finish()).await
    }

    /// Writes a file unless one exists; then returns false.
    pub(super) async fn put_new(&self, key: &str, content: Bytes) -> Result<bool, BucketError> {
        let name = key.to_owned();
        self.in_background(key, move |beneath| written(beneath, &name, &content)?.finish_new()).await
    }

    /// Copies a local file into the bucket in pieces, replacing any existing one.
    pub(super) async fn upload(&self, key: &str, from: PathBuf) -> Result<(), BucketError> {
        let name = key.to_owned();
        self.in_background(key, move |beneath| {
            let mut source = std::fs::File::open(from)?;
            let mut unfinished = beneath.begin(&name)?;
            std::io::copy(&mut source, unfinished.file()?)?;
            unfinished.finish()
        })
        .await
    }

    async fn in_background<T: Send + 'static>(
        &self,
        key: &str,
        work: impl FnOnce(&Beneath) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, BucketError> {
        let beneath = self.beneath.clone();
        let done = tokio::task::spawn_blocking(move || work(&beneath)).await.map_err(std::io::Error::other);
        match done.map_err(Refused::Io).and_then(|result| result) {
            Ok(done) => Ok(done),
            Err(Refused::Link) => Err(BucketError::Link),
            // If the folder is gone for a moment (a mount, a move), every object is gone with it.
            Err(Refused::Io(error)) if is_want(&error) || !self.beneath.is_there() => {
                Err(BucketError::Away(error.to_string()))
            }
            Err(Refused::Io(error)) => Err(match error.kind() {
                std::io::ErrorKind::NotFound => BucketError::NotFound,
                std::io::ErrorKind::InvalidInput => BucketError::BadKey,
                _ => BucketError::failed(key, &error),
            }),
        }
    }
}

fn written(beneath: &Beneath, key: &str, content: &[u8]) -> Result<Unfinished, Refused> {
    let mut unfinished = beneath.begin(key)?;
    unfinished.file()?.write_all(content)?;
    Ok(unfinished)
}
