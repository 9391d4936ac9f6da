//! The bucket: a folder or an S3 bucket.

use std::path::PathBuf;

use serde::Deserialize;

use crate::SettingsError;

/// Where the bucket is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `file:///path` or `s3://name[/prefix]`.
    pub url: String,
}

/// An open bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    folder: PathBuf,
}

/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// There is no such object.
    #[error("there is no object {0}")]
    Missing(String),
    /// The bucket does not answer, or refuses.
    #[error("the bucket failed at {key}")]
    Failed {
        /// The object.
        key: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl Bucket {
    /// Opens the bucket that the settings name.
    ///
    /// # Errors
    /// When the URL is not one of the two kinds.
    pub fn open(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self { folder: settings.url.trim_start_matches("file://").into() })
    }

    /// Reads the object `key`.
    ///
    /// # Errors
    /// When there is none, or the bucket fails.
    pub async fn get(&self, key: &str) -> Result<bytes::Bytes, BucketError> {
        match tokio::fs::read(self.folder.join(key)).await {
            Ok(bytes) => Ok(bytes.into()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(BucketError::Missing(key.to_owned())),
            Err(source) => Err(BucketError::Failed { key: key.to_owned(), source }),
        }
    }

    /// Writes the object `key`.
    ///
    /// # Errors
    /// When the bucket fails.
    pub async fn put(&self, key: &str, bytes: bytes::Bytes) -> Result<(), BucketError> {
        let path = self.folder.join(key);
        let write = async {
            if let Some(folder) = path.parent() {
                tokio::fs::create_dir_all(folder).await?;
            }
            tokio::fs::write(&path, &bytes).await
        };
        write.await.map_err(|source| BucketError::Failed { key: key.to_owned(), source })
    }
}
