//! What signing in needs of the process: mail, the address of the pages, the settings and the key of the vault.

use std::sync::Arc;

use webauthn_rs::Webauthn;

use super::{
    Settings,
    jwt::TokenSigner,
    leaked::Leaked,
    passkeys,
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
    pub(super) signer: Option<TokenSigner>,
    /// The operator's own list of leaked passwords, where there is one.
    pub(super) leaked: Option<Leaked>,
    /// Makes and checks the challenges of passkeys, where browsers have them.
    pub(super) passkeys: Option<Arc<Webauthn>>,
    /// Who else says who somebody is.
    pub(super) providers: Providers,
    pub(super) idle_seconds: i32,
    pub(super) days: i32,
}

impl Gate {
    /// Takes the settings.
    ///
    /// # Errors
    /// Returns an error if the key isn't one, a time is zero, or an identity provider or the list of leaked passwords can't be used.
    pub fn new(desk: Desk, settings: &Settings) -> Result<Self, SettingsError> {
        for (key, value) in [("sign_in.idle_hours", settings.idle_hours), ("sign_in.days", settings.days)] {
            if value == 0 {
                return Err(SettingsError::new(key, "0 is too little; write 1 or more"));
            }
        }
        let key = vault::key_of(&settings.secret_key)?;
        let issuer = desk.settings.url("");
        let passkeys = passkeys::offered(&desk.settings.base_url);
        Ok(Self {
            providers: Providers::new(&settings.providers, &desk.settings)?,
            desk,
            passkeys,
            vault: Vault::new(key.as_deref()),
            signer: key.and_then(|key| TokenSigner::new(&key, &issuer)),
            leaked: Leaked::open(&settings.leaked_passwords)?,
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
