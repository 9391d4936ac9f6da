//! Errors about settings.

use std::borrow::Cow;

use crate::masked;

/// An invalid setting: which one, what is wrong with it, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("setting {key}: {problem}")]
pub struct SettingsError {
    /// The key, as in the file: `mail.url`.
    pub key: Cow<'static, str>,
    /// What is wrong and what to do.
    pub problem: String,
}

impl SettingsError {
    /// A problem with the setting `key`. URLs in it are shown without their user and password. It must contain nothing
    /// else of a value, since a secret may have been set in the wrong place.
    pub fn new(key: impl Into<Cow<'static, str>>, problem: impl std::fmt::Display) -> Self {
        Self { key: key.into(), problem: masked(&problem.to_string()).into_owned() }
    }
}
