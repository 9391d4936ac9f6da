//! The bucket: a folder or an S3 bucket. Transcripts come in under `inbox/`; our own copies, rejections and exports go
//! elsewhere.
//!
//! Reads and writes objects by key. Every write puts a whole object at once, so a reader never sees a partial one, and
//! writing twice leaves the same object.

mod beneath;
mod folder;
mod listing;
mod s3;

use std::{io, path::Path, sync::Arc};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutPayload, buffered::BufWriter};
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;
use url::Url;

use crate::{SettingsError, masked, network::Hosts};
pub use beneath::{DEEPEST, LONGEST};
use folder::Folder;
pub use listing::{Listing, ObjectInfo, Obstacle, Unusable};

/// How much of a large object is read at a time.
const PIECE: usize = 256 << 10;

/// Where the bucket is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `file:///path` or `s3://name[/prefix]`. For S3 the usual `AWS_…` variables set the credentials, region and
    /// endpoint; `?endpoint=…`, `?region=…` and `?anonymous=true` (unsigned requests) take precedence.
    pub url: String,
    /// Hosts that may be reached over `http://`, besides those that are near.
    #[serde(skip)]
    pub private_hosts: Hosts,
}

/// What went wrong with an object. A key may name a person, and errors are logged and stored in the queue, so none
/// shows it.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// There is no object under this key (or, in S3, no such bucket).
    #[error("there is no such object in the bucket")]
    NotFound,
    /// The object, or a folder on the way to it, is a link or not a regular file. Those are never followed in a folder.
    #[error("the object is a link or is behind one; links are not followed: put the file itself there")]
    Link,
    /// The object is no longer as listed.
    #[error("the object changed while it was read")]
    Changed,
    /// An object's key isn't a valid path (`inbox//x`), and the store can't list anything next to it.
    #[error("an object's key can't be used, and nothing next to it can be listed; delete or rename it")]
    BadKey,
    /// The bucket itself can't be reached (its folder is gone or unreadable, S3 doesn't answer, or this process has no
    /// free descriptor): nothing is known about the object. Contains the original error.
    #[error("the bucket is away: {0}")]
    Away(String),
    /// The bucket failed: refused, full. Contains the original error.
    #[error("the bucket failed: {0}")]
    Failed(String),
}

impl BucketError {
    fn of(key: &str, error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound,
            object_store::Error::Precondition { .. } => Self::Changed,
            object_store::Error::InvalidPath { .. } => Self::BadKey,
            error if has_no_answer(&error) => Self::Away(words(key, &error)),
            error => Self::failed(key, &error),
        }
    }

    fn failed(key: &str, error: &dyn std::error::Error) -> Self {
        Self::Failed(words(key, error))
    }
}

/// Whether a store could not be reached or didn't answer in time.
fn has_no_answer(error: &object_store::Error) -> bool {
    use object_store::client::{HttpError, HttpErrorKind};
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<HttpError>() {
            let kind = error.kind();
            return matches!(kind, HttpErrorKind::Connect | HttpErrorKind::Timeout | HttpErrorKind::Interrupted);
        }
        next = cause.source();
    }
    false
}

/// An error's message with its causes, without the key.
fn words(key: &str, error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    // As given, and as it appears in a URL.
    for written in [key, object_store::path::Path::from(key).as_ref()] {
        if !written.is_empty() {
            words = words.replace(written, "(key)");
        }
    }
    masked(&words).into_owned()
}

/// An open bucket. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bucket {
    place: Place,
    name: String,
}

#[derive(Clone, Debug)]
enum Place {
    /// A folder, in which people's programs write incrementally.
    Folder(Folder),
    Store(Arc<dyn ObjectStore>),
}

impl Bucket {
    /// Opens the bucket that the settings name, creating a folder if missing. Doesn't contact anything yet.
    ///
    /// # Errors
    /// Returns an error if the URL is neither kind, or the folder can't be created.
    pub fn open(settings: &Settings) -> Result<Self, SettingsError> {
        let url = Url::parse(&settings.url)
            .map_err(|error| bad_url(format!("it isn't a URL ({error}); write file:///path or s3://name/prefix")))?;
        match url.scheme() {
            "file" => Self::open_folder(&url),
            "s3" => {
                let (store, name) = s3::open(&url, &settings.private_hosts)?;
                Ok(Self { place: Place::Store(store), name })
            }
            other => Err(bad_url(format!("`{other}:` is not supported; write file:///path or s3://name/prefix"))),
        }
    }

    fn open_folder(url: &Url) -> Result<Self, SettingsError> {
        let root = url.to_file_path().map_err(|()| bad_url("a folder is written file:///absolute/path"))?;
        let folder = Folder::open(root.clone()).map_err(|error| {
            bad_url(format!("can't use the folder {}: {error}; choose a writable one", root.display()))
        })?;
        Ok(Self { name: folder.name(), place: Place::Folder(folder) })
    }

    /// A name that is stable between processes: the URL without its options.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether an object may be seen before it is complete: in a folder, where programs write incrementally. An S3
    /// object appears only when complete.
    #[must_use]
    pub fn shows_unfinished_objects(&self) -> bool {
        matches!(self.place, Place::Folder(_))
    }

    /// The object's content.
    ///
    /// # Errors
    /// [`BucketError::NotFound`], or the bucket failed.
    pub async fn get(&self, key: &str) -> Result<Bytes, BucketError> {
        let failed = |error| BucketError::of(key, error);
        match &self.place {
            Place::Folder(folder) => folder.get(key).await,
            Place::Store(store) => store.get(&path(key)).await.map_err(failed)?.bytes().await.map_err(failed),
        }
    }

    /// The object's content in pieces, for one that may be large.
    ///
    /// # Errors
    /// [`BucketError::NotFound`], or the bucket failed. An error while it's read ends the stream.
    pub async fn stream(&self, key: &str) -> Result<BoxStream<'static, io::Result<Bytes>>, BucketError> {
        match &self.place {
            Place::Folder(folder) => {
                let file = tokio::fs::File::from_std(folder.file(key).await?);
                Ok(ReaderStream::with_capacity(file, PIECE).boxed())
            }
            Place::Store(store) => {
                let object = store.get(&path(key)).await.map_err(|error| BucketError::of(key, error))?;
                Ok(object.into_stream().map_err(io::Error::other).boxed())
            }
        }
    }

    /// The content of a listed object, if it hasn't changed.
    ///
    /// # Errors
    /// [`BucketError::Changed`], [`BucketError::Link`], [`BucketError::NotFound`], or the bucket failed.
    pub async fn get_listed(&self, object: &ObjectInfo) -> Result<Bytes, BucketError> {
        let failed = |error| BucketError::of(&object.key, error);
        match &self.place {
            Place::Folder(folder) => folder.get_listed(object).await,
            Place::Store(store) => {
                let options = GetOptions { if_match: Some(object.etag.clone()), ..GetOptions::default() };
                store.get_opts(&path(&object.key), options).await.map_err(failed)?.bytes().await.map_err(failed)
            }
        }
    }

    /// The metadata of one object, as in the listing.
    ///
    /// # Errors
    /// [`BucketError::NotFound`], or the bucket failed.
    pub async fn head(&self, key: &str) -> Result<ObjectInfo, BucketError> {
        match &self.place {
            Place::Folder(folder) => folder.head(key).await,
            Place::Store(store) => {
                store.head(&path(key)).await.map(ObjectInfo::from).map_err(|error| BucketError::of(key, error))
            }
        }
    }

    /// Writes a whole object, replacing any existing one.
    ///
    /// # Errors
    /// Returns an error if the bucket fails.
    pub async fn put(&self, key: &str, content: impl Into<Bytes>) -> Result<(), BucketError> {
        match &self.place {
            Place::Folder(folder) => folder.put(key, content.into()).await,
            Place::Store(store) => {
                let put = store.put(&path(key), PutPayload::from_bytes(content.into())).await;
                put.map(|_| ()).map_err(|error| BucketError::of(key, error))
            }
        }
    }

    /// Writes a whole object unless one exists; then does nothing and returns false.
    ///
    /// # Errors
    /// Returns an error if the bucket fails.
    pub async fn put_new(&self, key: &str, content: impl Into<Bytes>) -> Result<bool, BucketError> {
        let store = match &self.place {
            Place::Folder(folder) => return folder.put_new(key, content.into()).await,
            Place::Store(store) => store,
        };
        match store.put_opts(&path(key), PutPayload::from_bytes(content.into()), PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(false),
            Err(error) => Err(BucketError::of(key, error)),
        }
    }

    /// Copies a local file into the bucket in pieces, replacing any existing object.
    ///
    /// # Errors
    /// Returns an error if the file can't be read or the bucket fails.
    pub async fn upload(&self, key: &str, from: &Path) -> Result<(), BucketError> {
        let store = match &self.place {
            Place::Folder(folder) => return folder.upload(key, from.to_owned()).await,
            Place::Store(store) => store,
        };
        let failed = |error: std::io::Error| BucketError::failed(key, &error);
        let mut source = tokio::fs::File::open(from).await.map_err(failed)?;
        let mut writer = BufWriter::new(Arc::clone(store), path(key));
        tokio::io::copy(&mut source, &mut writer).await.map_err(failed)?;
        writer.shutdown().await.map_err(failed)
    }

    /// Lists every object below a prefix (whole path segments: `inbox` or `inbox/`), by key. In a folder, links are
    /// listed but can't be read; items that can't be objects are left out.
    ///
    /// # Errors
    /// Returns an error if the bucket fails.
    pub async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, BucketError> {
        Ok(self.look(prefix).await?.objects)
    }

    /// Like [`Bucket::list`], with the items that can't be objects.
    ///
    /// # Errors
    /// Returns an error if the bucket fails.
    pub async fn look(&self, prefix: &str) -> Result<Listing, BucketError> {
        let mut listing = match &self.place {
            Place::Folder(folder) => folder.list(prefix).await?,
            Place::Store(store) => {
                let found = store.list(Some(&path(prefix))).map_ok(ObjectInfo::from);
                let objects = found.try_collect().await.map_err(|error| BucketError::of(prefix, error))?;
                Listing { objects, ..Listing::default() }
            }
        };
        listing.objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        listing.unusable.sort_unstable_by(|one, other| one.object.key.cmp(&other.object.key));
        Ok(listing)
    }

    /// Creates the folder of a prefix, accessible only to its owner, so that people find it. Does nothing in a store.
    ///
    /// # Errors
    /// [`BucketError::Link`], or the bucket failed.
    pub async fn make_folder(&self, prefix: &str) -> Result<(), BucketError> {
        match &self.place {
            Place::Folder(folder) => folder.make(prefix).await,
            Place::Store(_) => Ok(()),
        }
    }

    /// Deletes an object; a missing one counts as success.
    ///
    /// # Errors
    /// Returns an error if the bucket fails.
    pub async fn delete(&self, key: &str) -> Result<(), BucketError> {
        let store = match &self.place {
            Place::Folder(folder) => return folder.delete(key).await,
            Place::Store(store) => store,
        };
        match store.delete(&path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(BucketError::of(key, error)),
        }
    }
}

/// A key for the store, with invalid characters percent-encoded.
fn path(key: &str) -> object_store::path::Path {
    object_store::path::Path::parse(key).unwrap_or_else(|_| object_store::path::Path::from(key))
}

fn bad_url(problem: impl std::fmt::Display) -> SettingsError {
    SettingsError::new("bucket.url", problem)
}
