//! People sign in: with a mailed link or a password, and with a second factor where they or the organization want it.
//!
//! ```text
//! mailed      a link that works once, for whoever types an address
//! password    checked, set and changed; what is too easy is refused (easy)
//! factor      codes of an authenticator app and recovery codes; the app's secret at rest (vault)
//! browsers    sign-ins: the cookie, when it ends, and the list of them
//! invitation  a new person is invited by mail
//! address     a new address, confirmed by both mailboxes
//! one_time    the links in all of these mails
//! operator    what an operator changes by hand
//! tokens      programs sign in: refresh tokens, and access tokens (jwt)
//! ```
//!
//! Reads and writes `sign_ins`, `refresh_tokens`, `credentials`, `recovery_codes`, `one_time_links` and `address_changes`.
//! Of every secret only the SHA-256 is stored. A person is a row of `coaches`, and one who was removed signs in no more. Answers to
//! whoever isn't signed in never tell whether an address is known.

mod address;
mod agent;
mod browsers;
mod easy;
mod factor;
mod gate;
mod hashing;
mod invitation;
mod jwt;
mod mailed;
mod one_time;
mod operator;
mod password;
mod person;
mod qr;
mod tokens;
mod vault;

use serde::Deserialize;

pub use address::{AddressError, Asked, Change, Confirmed, ask_for_address, confirm_address, open_change, stop_change};
pub use agent::browser;
pub use browsers::{
    Browser, Entered, Lacks, SignedIn, browsers, end_browser, find, look, sign_out, sign_out_everywhere,
};
pub use factor::{
    CodeError, Enrolment, Passed, confirm_enrolment, enrol, enrolment, new_codes, remove_factor, reset_factor,
    type_code,
};
pub use gate::Gate;
pub use invitation::{InviteError, Invited, NewPerson, accept, invite, resend, withdraw};
pub use mailed::{Asking, MailLinks, ask_for_link, ask_for_own_link, open_link};
pub use one_time::{OneTime, Purpose, Token, find_link, is_guessing};
pub use operator::{ChangeError, change_coach};
pub use password::{Entry, PasswordError, Proof, by_password, prove, set_password};
pub use person::{Account, account};
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
}

impl Default for Settings {
    fn default() -> Self {
        Self { idle_hours: 12, days: 14, secret_key: secrecy::SecretString::default() }
    }
}

/// How long a person counts as having just shown who they are.
const FRESH_MINUTES: i32 = 10;
