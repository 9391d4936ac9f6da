//! The bucket: a folder or an S3 bucket.

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
pub struct Bucket {}

impl Bucket {
    /// Opens the bucket that the settings name.
    ///
    /// # Errors
    /// When the URL is not one of the two kinds.
    pub fn open(_settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self {})
    }
}
