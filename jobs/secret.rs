//! Secrets that a browser or a mailbox holds: 256 random bits, of which only the SHA-256 is stored. Pure.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore;
use sha2::{Digest, Sha256};

/// The secret in a cookie. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Creates one.
    #[must_use]
    pub fn random() -> Self {
        Self(with_prefix(""))
    }

    /// Wraps a secret from a cookie.
    #[must_use]
    pub fn from_cookie(value: &str) -> Self {
        Self(value.to_owned())
    }

    /// The secret in the clear, for the cookie.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The token in every form of this browser: without the cookie nobody can compute it.
    #[must_use]
    pub fn form_token(&self) -> String {
        let digest = Sha256::new().chain_update(self.0.as_bytes()).chain_update(b"/review form").finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }

    /// What is stored of it.
    #[must_use]
    pub(crate) fn hash(&self) -> Vec<u8> {
        sha256(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// 32 random bytes in base64url, behind a prefix by which a leaked one is recognized.
pub(crate) fn with_prefix(prefix: &str) -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether a text can be a secret with this prefix.
pub(crate) fn has_prefix(text: &str, prefix: &str) -> bool {
    let bytes = text.strip_prefix(prefix).and_then(|secret| URL_SAFE_NO_PAD.decode(secret).ok());
    bytes.is_some_and(|bytes| bytes.len() == 32)
}

pub(crate) fn sha256(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}
