//! What signing in needs of the process: mail, the address of the pages, the settings and the key of the vault.

use super::{
    Settings,
    jwt::Signature,
    provider::Providers,
    vault::{self, Vault},
};
use crate::{SettingsError, desk::Desk};

/// What signing in needs of the process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Emails, and the address that links in them start with.
    pub desk: Desk,
    pub(super) vault: Vault,
    /// Signs the access tokens of programs, where there is a key.
    pub(super) signature: Option<Signature>,
    /// Who else says who somebody is.
    pub(super) providers: Providers,
    pub(super) idle_seconds: i32,
    pub(super) days: i32,
}

impl Gate {
    /// Takes the settings.
    ///
    /// # Errors
    /// Returns an error if the key isn't one, a time is zero, or an identity provider can't be used.
    pub fn new(desk: Desk, settings: &Settings) -> Result<Self, SettingsError> {
        for (key, value) in [("sign_in.idle_hours", settings.idle_hours), ("sign_in.days", settings.days)] {
            if value == 0 {
                return Err(SettingsError::new(key, "0 is too little; write 1 or more"));
            }
        }
        let key = vault::key_of(&settings.secret_key)?;
        let issuer = desk.settings.url("");
        Ok(Self {
            providers: Providers::new(&settings.providers, &desk.settings)?,
            desk,
            vault: Vault::new(key.as_deref()),
            signature: key.and_then(|key| Signature::new(&key, &issuer)),
            idle_seconds: i32::from(settings.idle_hours) * 3600,
            days: i32::from(settings.days),
        })
    }

    /// Whether the secrets of authenticator apps are encrypted.
    #[must_use]
    pub fn encrypts(&self) -> bool {
        self.vault.has_key()
    }
}
