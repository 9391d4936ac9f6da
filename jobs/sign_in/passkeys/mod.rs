//! Passkeys: a key in a person's device or password manager, which checks by PIN, fingerprint or face who it is. One signs in
//! without an address and a password, and counts as both factors.
//!
//! ```text
//! challenges  what a device is to sign: kept for five minutes, answered once, in the browser that asked
//! add         a person adds one
//! show        signing in with one, and showing one in a sign-in
//! own         the list; renaming and removing
//! ```
//!
//! Reads and writes `passkeys`, `passkey_challenges` and `sign_ins`. A device signs for the host of `review.base_url` alone, so
//! passkeys are offered where browsers have them: over https, and on localhost. The ceremonies are `webauthn-rs`'s.

mod add;
mod challenges;
mod own;
mod show;

use std::{sync::Arc, time::Duration};

use url::Url;
use webauthn_rs::prelude::{Webauthn, WebauthnBuilder, WebauthnError};

pub use add::{add_passkey, ask_to_add_passkey};
pub use challenges::{Answered, PasskeyChallenge};
pub use own::{OwnPasskey, count_of_another_host, passkeys, remove_passkey, rename_passkey, usable_passkeys};
pub use show::{ask_for_passkey, ask_to_show_passkey, by_passkey, show_passkey};

use super::Gate;
use crate::{limits::Limit, mail::MailError};

/// How long a device may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// At most this many a person.
const MOST: i64 = 10;
/// How often a signed-in person may add or show one. A bucket of its own: nobody else fills it.
const OWN_PASSKEYS: Limit = Limit { name: "own_passkeys", most: 20, seconds: 15 * 60 };

/// Why a passkey isn't taken, added or removed.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// The pages have an address at which browsers have no passkeys.
    #[error("passkeys don’t work at this address")]
    NotOffered,
    /// Too many were asked for.
    #[error("passkeys were asked for very often; wait and try again")]
    TooMany(i32),
    /// The challenge is too old, was answered, or is another browser's.
    #[error("this took too long, or was answered already; try again")]
    Late,
    /// It's unknown, or what it signed isn't right: nobody learns which.
    #[error("this passkey wasn’t accepted: it may have been removed here; try another, or use another way")]
    Refused,
    /// The device didn't check who it is.
    #[error(
        "this passkey wasn’t accepted, as your device didn’t check that it’s you by PIN, fingerprint or face; try again and let it"
    )]
    Unverified,
    /// The counter went back: there are two of it.
    #[error(
        "this passkey wasn’t accepted, as there seems to be a copy of it; sign in another way, remove it and add another"
    )]
    Copied,
    /// The device has one for an account already.
    #[error("this passkey is in use already")]
    Known,
    /// There are as many as there may be.
    #[error("you have {MOST} passkeys, which is as many as there can be; remove one first")]
    Full,
    /// There is no such passkey.
    #[error("there is no such passkey")]
    NoPasskey,
    /// A name is wanted.
    #[error("write a name of 1 to 60 characters for the passkey")]
    NoName,
    /// The organization wants a second factor, and this is the last.
    #[error("your organization requires a second factor: set up another passkey or an app before you remove this one")]
    Required,
    /// The person was removed.
    #[error("this account was deactivated")]
    Gone,
    /// The organization's people sign in by its identity provider alone: its name.
    #[error("your organization’s people sign in with its identity provider alone: use that")]
    Elsewhere(String),
    /// The sign-in has ended meanwhile.
    #[error("this sign-in has ended; sign in again")]
    Ended,
    /// What is stored can't be read, or a challenge not be made.
    #[error("passkeys can't be asked for: {0}")]
    Internal(String),
    /// The mail about it can't be written.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl PasskeyError {
    fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }

    /// Why an answer isn't taken. What the library says beyond this helps whoever tries answers.
    fn of_answer(error: &WebauthnError) -> Self {
        match error {
            WebauthnError::UserNotVerified => Self::Unverified,
            WebauthnError::CredentialPossibleCompromise => Self::Copied,
            _ => Self::Refused,
        }
    }
}

/// What makes and checks challenges for pages at `base`; `None` where browsers have no passkeys.
pub(super) fn offered(base: &Url) -> Option<Arc<Webauthn>> {
    let host = base.domain()?;
    if base.scheme() != "https" && host != "localhost" {
        return None;
    }
    let built = WebauthnBuilder::new(host, base).and_then(|it| it.rp_name("Debrief").timeout(TIMEOUT).build());
    built.ok().map(Arc::new)
}

impl Gate {
    /// Whether people can use passkeys at the address of the pages.
    #[must_use]
    pub fn offers_passkeys(&self) -> bool {
        self.passkeys.is_some()
    }

    /// The host that passkeys sign for; `None` where browsers have none.
    #[must_use]
    pub fn passkey_host(&self) -> Option<&str> {
        self.passkeys.as_ref().and(self.desk.settings.base_url.domain())
    }

    fn webauthn(&self) -> Result<&Webauthn, PasskeyError> {
        self.passkeys.as_deref().ok_or(PasskeyError::NotOffered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_offered_where_browsers_have_them() {
        let is_offered = |url: &str| offered(&url.parse().expect("a URL")).is_some();
        for url in ["https://debrief.example/", "https://coaching.example:8443/debrief", "http://localhost:8080/"] {
            assert!(is_offered(url), "{url}");
        }
        for url in [
            "http://debrief.example/",
            "http://127.0.0.1:8080/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "http://localhost.example/",
        ] {
            assert!(!is_offered(url), "{url}");
        }
    }
}
