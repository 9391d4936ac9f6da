//! Emails about a person's account. None contains anything of a client.

use chrono::NaiveDate;
use serde::Serialize;

use super::day;

/// To a person: a link to sign in with, for each organization in which the address belongs to somebody.
#[derive(Clone, Debug, Serialize)]
pub struct SignInLink {
    /// The links.
    pub links: Vec<LinkOf>,
    /// How many minutes they work.
    pub minutes: i32,
}

/// A link to sign in with.
#[derive(Clone, Debug, Serialize)]
pub struct LinkOf {
    /// The organization's name.
    pub organization: String,
    /// The person's name.
    pub name: String,
    /// The link.
    pub link: String,
}

impl SignInLink {
    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        let link = |organization: &str| LinkOf {
            organization: organization.into(),
            name: "Maya Okafor".into(),
            link: "https://debrief.example/sign-in/link/dbo_Zk3vQ0m1bYt8hXw2".into(),
        };
        Self { links: vec![link("Northlight Coaching"), link("Harbour Leadership")], minutes: 15 }
    }
}

/// To somebody new: an invitation.
#[derive(Clone, Debug, Serialize)]
pub struct Invitation {
    /// The person's name.
    pub name: String,
    /// The organization's name.
    pub organization: String,
    /// Who invites, if it's known.
    pub inviter: Option<String>,
    /// The link.
    pub link: String,
    /// The last day the link works, in the person's time zone.
    pub expires: NaiveDate,
}

impl Invitation {
    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            name: "Jonas Weber".into(),
            organization: "Northlight Coaching".into(),
            inviter: Some("Maya Okafor".into()),
            link: "https://debrief.example/invitation/dbo_Zk3vQ0m1bYt8hXw2".into(),
            expires: day(2026, 11, 13),
        }
    }
}

/// To either mailbox: a new address is to be confirmed.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmAddress {
    /// The person's name.
    pub name: String,
    /// The organization's name.
    pub organization: String,
    /// The new address.
    pub new_address: String,
    /// Whether this goes to the new mailbox.
    pub is_new: bool,
    /// The link.
    pub link: String,
    /// How many hours it works.
    pub hours: i32,
}

impl ConfirmAddress {
    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            name: "Maya Okafor".into(),
            organization: "Northlight Coaching".into(),
            new_address: "maya@okafor.example".into(),
            is_new: false,
            link: "https://debrief.example/address/dbo_Zk3vQ0m1bYt8hXw2".into(),
            hours: 24,
        }
    }
}

/// To a person: something of their account changed.
#[derive(Clone, Debug, Serialize)]
pub struct AccountChanged {
    /// The person's name.
    pub name: String,
    /// The organization's name.
    pub organization: String,
    /// What changed, in a sentence.
    pub what: String,
    /// Where to sign in.
    pub link: String,
}

impl AccountChanged {
    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            name: "Maya Okafor".into(),
            organization: "Northlight Coaching".into(),
            what: "The password was changed.".into(),
            link: "https://debrief.example/sign-in".into(),
        }
    }
}
