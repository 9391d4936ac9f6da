//! The secrets of authenticator apps at rest. Pure.
//!
//! A secret has to be known to check a code, so it can't be hashed. With `sign_in.secret_key` it is sealed with
//! AES-256-GCM and bound to its person: moved to another row it doesn't open. The first byte says how it is stored.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::RngCore;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::SettingsError;

const PLAIN: u8 = 0;
const SEALED: u8 = 1;

/// Seals and opens secrets.
#[derive(Clone)]
pub(super) struct Vault(Option<Arc<LessSafeKey>>);

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.has_key() { "Vault(key)" } else { "Vault(no key)" })
    }
}

/// A stored secret can't be opened: the key is missing or another one, or the row is another person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret of an authenticator app can't be opened: is sign_in.secret_key the one that it was stored with?")]
pub(super) struct Closed;

/// The 32 bytes of `sign_in.secret_key`; `None` if there is none.
pub(super) fn key_of(setting: &SecretString) -> Result<Option<Vec<u8>>, SettingsError> {
    let text = setting.expose_secret().trim();
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len() == AES_256_GCM.key_len());
    let wrong = || {
        let problem = "it isn't 32 bytes in base64; make one with: head -c 32 /dev/urandom | base64";
        SettingsError::new("sign_in.secret_key", problem)
    };
    bytes.ok_or_else(wrong).map(Some)
}

impl Vault {
    /// Takes the key that [`key_of`] gave.
    pub(super) fn new(key: Option<&[u8]>) -> Self {
        let key = key.and_then(|key| UnboundKey::new(&AES_256_GCM, key).ok());
        Self(key.map(|key| Arc::new(LessSafeKey::new(key))))
    }

    pub(super) fn has_key(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn seal(&self, whose: Whose, secret: &[u8]) -> Vec<u8> {
        let Some(key) = &self.0 else { return [&[PLAIN], secret].concat() };
        let mut nonce = [0; NONCE_LEN];
        rand::rng().fill_bytes(&mut nonce);
        let mut sealed = secret.to_vec();
        // Sealing fails for messages of many gigabytes alone.
        if key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), whose.aad(), &mut sealed).is_err() {
            return Vec::new();
        }
        [&[SEALED], &nonce[..], &sealed].concat()
    }

    pub(super) fn open(&self, whose: Whose, stored: &[u8]) -> Result<Vec<u8>, Closed> {
        match (stored.split_first(), &self.0) {
            (Some((&PLAIN, secret)), _) => Ok(secret.to_vec()),
            (Some((&SEALED, sealed)), Some(key)) => {
                let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or(Closed)?;
                let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Closed)?;
                let mut sealed = sealed.to_vec();
                Ok(key.open_in_place(nonce, whose.aad(), &mut sealed).map_err(|_| Closed)?.to_vec())
            }
            _ => Err(Closed),
        }
    }
}

/// Whose secret it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whose {
    pub(super) organization: Uuid,
    pub(super) person: Uuid,
}

impl Whose {
    fn aad(self) -> Aad<[u8; 32]> {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.organization.as_bytes());
        bytes[16..].copy_from_slice(self.person.as_bytes());
        Aad::from(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(key: &str) -> Vault {
        Vault::new(key_of(&SecretString::from(key)).expect("a good key").as_deref())
    }

    #[test]
    fn a_sealed_secret_opens_for_its_person_with_its_key_alone() {
        let (one, other) = (vault(&STANDARD.encode([7; 32])), vault(&STANDARD.encode([8; 32])));
        let whose = Whose { organization: Uuid::now_v7(), person: Uuid::now_v7() };
        let sealed = one.seal(whose, b"secret");
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_ne!(one.seal(whose, b"secret"), sealed, "each has its own nonce");
        assert_eq!(one.open(whose, &sealed), Ok(b"secret".to_vec()));
        assert_eq!(one.open(Whose { person: Uuid::now_v7(), ..whose }, &sealed), Err(Closed));
        assert_eq!(one.open(Whose { organization: Uuid::now_v7(), ..whose }, &sealed), Err(Closed));
        assert_eq!(other.open(whose, &sealed), Err(Closed));
        assert_eq!(vault("").open(whose, &sealed), Err(Closed));
        assert_eq!(one.open(whose, &sealed[..8]), Err(Closed));
        assert_eq!(one.open(whose, &[]), Err(Closed));
        // What was stored before there was a key.
        assert_eq!(one.open(whose, &vault("").seal(whose, b"secret")), Ok(b"secret".to_vec()));
    }

    #[test]
    fn a_key_that_is_none_is_told() {
        for key in ["short", "AAAA", &STANDARD.encode([1; 31])] {
            let told = key_of(&SecretString::from(key)).expect_err("no key").to_string();
            assert!(told.contains("32 bytes") && !told.contains(key), "{told}");
        }
    }
}
