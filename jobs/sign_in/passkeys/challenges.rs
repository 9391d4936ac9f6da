//! Challenges: random bytes that a device signs, to show that it has the key now.
//!
//! Kept in `passkey_challenges`, which all processes share, under the hash of a handle that the browser sends back with the
//! answer. One counts for five minutes, once, in the browser that asked and for what it asked. An answer that comes again finds
//! nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyRegistration};

use super::{PasskeyError, TIMEOUT};
use crate::{
    db::Db,
    secret::{Secret, has_prefix, sha256, with_prefix},
};

/// How every handle begins, so that a leaked one is recognized.
const PREFIX: &str = "dbp_";

/// What a browser needs to ask a device.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyChallenge {
    /// Comes back with the answer.
    pub handle: String,
    /// The options, as `PublicKeyCredential.parseCreationOptionsFromJSON` and `parseRequestOptionsFromJSON` take them.
    pub options: Value,
}

/// What a browser sends back.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The challenge's handle.
    pub handle: &'a str,
    /// The device's answer, as `PublicKeyCredential.toJSON` writes it.
    pub json: &'a str,
}

/// What a challenge is for, and what is needed to check its answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kept {
    /// Adding a passkey.
    Adding(PasskeyRegistration),
    /// Signing in.
    Entering(DiscoverableAuthentication),
    /// Showing a passkey in a sign-in.
    Showing(DiscoverableAuthentication),
}

/// The browser that asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asker<'a> {
    /// One in which somebody is signed in.
    SignIn(Uuid),
    /// One in which nobody is: the secret of its forms.
    Visitor(&'a Secret),
}

impl Asker<'_> {
    fn hash(self) -> Vec<u8> {
        match self {
            Self::SignIn(id) => sha256(&format!("sign-in {id}")),
            Self::Visitor(secret) => sha256(&format!("visitor {}", secret.reveal())),
        }
    }
}

/// Keeps a challenge, whose options are those for the browser.
pub(super) async fn keep(
    db: &Db,
    asker: Asker<'_>,
    kept: &Kept,
    options: Value,
) -> Result<PasskeyChallenge, PasskeyError> {
    let handle = with_prefix(PREFIX);
    let seconds = i32::try_from(TIMEOUT.as_secs()).unwrap_or(i32::MAX);
    sqlx::query!(
        "select keep_passkey_challenge($1, $2, $3, $4)",
        sha256(&handle),
        asker.hash(),
        serde_json::to_value(kept).map_err(PasskeyError::internal)?,
        seconds
    )
    .execute(db.pool())
    .await?;
    Ok(PasskeyChallenge { handle, options })
}

/// Takes a challenge: whatever comes of the answer, it's gone.
pub(super) async fn take(db: &Db, asker: Asker<'_>, handle: &str) -> Result<Kept, PasskeyError> {
    if !has_prefix(handle, PREFIX) {
        return Err(PasskeyError::Late);
    }
    let taken = sqlx::query_scalar!("select take_passkey_challenge($1, $2)", sha256(handle), asker.hash());
    let taken = taken.fetch_one(db.pool()).await?.ok_or(PasskeyError::Late)?;
    serde_json::from_value(taken).map_err(PasskeyError::internal)
}

/// The part of the options that the browser's functions take.
pub(super) fn public_key(options: impl Serialize) -> Result<Value, PasskeyError> {
    let mut options = serde_json::to_value(options).map_err(PasskeyError::internal)?;
    Ok(options["publicKey"].take())
}
