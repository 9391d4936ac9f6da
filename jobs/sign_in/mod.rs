//! People sign in: with a mailed link, a password or a passkey, and with a second factor where they or the organization want it.
//!
//! ```text
//! mailed      a link that works once, for whoever types an address
//! password    checked, set and changed; what is too easy is refused (easy), and what the operator's list has (leaked)
//! factor      codes of an authenticator app and recovery codes; the app's secret at rest (vault)
//! passkeys    keys in people's devices, which count as both factors
//! browsers    sign-ins: the cookie, when it ends, and the list of them
//! invitation  a new person is invited by mail
//! address     a new address, confirmed by both mailboxes
//! one_time    the links in all of these mails
//! noted       what the audit says of attempts and factors
//! provider    the identity providers of organizations (OpenID Connect)
//! by_provider a provider says who somebody is
//! operator    what an operator changes by hand
//! sealed      whether stored secrets open with the key at hand
//! tokens      programs sign in: refresh tokens, and access tokens (jwt)
//! ```
//!
//! Reads and writes `sign_ins`, `refresh_tokens`, `credentials`, `recovery_codes`, `passkeys`, `passkey_challenges`,
//! `one_time_links`, `address_changes`, `provider_accounts` and `provider_requests`.
//! Of every secret only the SHA-256 is stored. A person is a row of `coaches`, and one who was removed signs in no more. Answers to
//! whoever isn't signed in never tell whether an address is known.

mod address;
mod agent;
mod browsers;
mod by_provider;
mod easy;
mod factor;
mod gate;
mod hashing;
mod invitation;
mod jwt;
mod leaked;
mod mailed;
mod noted;
mod one_time;
mod operator;
mod passkeys;
mod password;
mod person;
mod provider;
mod qr;
mod sealed;
mod tokens;
mod vault;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use address::{AddressError, Asked, Change, Confirmed, ask_for_address, confirm_address, open_change, stop_change};
pub use agent::browser;
pub use browsers::{
    Entered, Lacks, ListedSignIn, SignedIn, end_sign_in, find, list_sign_ins, look, sign_out, sign_out_everywhere,
};
pub use by_provider::{
    Answer, Begun, Outcome, Refusal, answer as answer_of_provider, begin as begin_at_provider,
    disconnect as disconnect_provider,
};
pub use factor::{
    CodeError, Enrolment, Passed, confirm_enrolment, enrol, enrolment, new_codes, remove_factor, reset_factor,
    type_code,
};
pub use gate::Gate;
pub use invitation::{InviteError, Invited, NewPerson, accept, invite, resend, withdraw};
pub use mailed::{Asking, MailLinks, ask_for_link, ask_for_own_link, open_link, operators_link};
pub use one_time::{OneTime, Purpose, Token, count_guess, find_link};
pub use operator::{ChangeError, Changed, change_coach};
pub use passkeys::{
    Answered, OwnPasskey, PasskeyChallenge, PasskeyError, add_passkey, ask_for_passkey, ask_to_add_passkey,
    ask_to_show_passkey, by_passkey, count_of_another_host as passkeys_of_another_host, passkeys, remove_passkey,
    rename_passkey, show_passkey, usable_passkeys,
};
pub use password::{Entry, PasswordError, Proof, by_password, prove, set_password};
pub use person::{Account, account, wants_factor};
pub use provider::{Provider, ProviderSettings, SecondFactor, only_way, provider_of};
pub use sealed::secrets_of_another_key;
pub use tokens::{OfToken, TokenError, Tokens, Typed, find_by_token, log_in, log_out, log_out_by_access, refresh};

/// How people sign in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Hours without use after which a sign-in ends.
    pub idle_hours: u16,
    /// Days after which a sign-in ends in any case.
    pub days: u16,
    /// 32 bytes in base64, by which the secrets of authenticator apps are encrypted; empty for none.
    pub secret_key: secrecy::SecretString,
    /// The operator's own list of leaked passwords, by SHA-1; empty for none.
    pub leaked_passwords: std::path::PathBuf,
    /// Identity providers, by name.
    #[serde(default)]
    pub providers: BTreeMap<String, ProviderSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            idle_hours: 12,
            days: 14,
            secret_key: secrecy::SecretString::default(),
            leaked_passwords: std::path::PathBuf::new(),
            providers: BTreeMap::new(),
        }
    }
}

/// How long a person counts as having just shown who they are.
const FRESH_MINUTES: i32 = 10;
