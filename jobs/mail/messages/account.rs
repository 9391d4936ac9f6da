//! Emails about a person's account. None contains anything of a client.

use chrono::NaiveDate;
use serde::Serialize;

use super::day;

/// To a person: a link to sign in with, for each organization in which the address belongs to somebody.
#[derive(Clone, Debug, Serialize)]
pub struct SignInLink {
    /// The links.
    pub links: Vec<LinkOf>,
    /// Where it's an identity provider that signs in, and no link.
    pub elsewhere: Vec<Elsewhere>,
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

/// An organization whose people sign in by its identity provider alone.
#[derive(Clone, Debug, Serialize)]
pub struct Elsewhere {
    /// The organization's name.
    pub organization: String,
    /// What the provider is called.
    pub provider: String,
    /// The page with its button.
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
        let elsewhere = Elsewhere {
            organization: "Fjord Partners".into(),
            provider: "Fjord ID".into(),
            link: "https://debrief.example/sign-in/with/fjord".into(),
        };
        Self {
            links: vec![link("Northlight Coaching"), link("Harbour Leadership")],
            elsewhere: vec![elsewhere],
            minutes: 15,
        }
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

/// What changed of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// There was no password, and now there is.
    PasswordSet,
    /// Another password.
    PasswordChanged,
    /// An authenticator app counts, the first or another.
    FactorSet,
    /// The person removed the second factor.
    FactorRemoved,
    /// An operator took the second factor away.
    FactorReset,
    /// New recovery codes.
    CodesMade,
    /// A recovery code let somebody in.
    CodeUsed,
    /// Another passkey.
    PasskeyAdded,
    /// The person removed a passkey.
    PasskeyRemoved,
    /// An account at the organization's identity provider opens it from now on.
    ProviderConnected,
    /// An operator took the connection away.
    ProviderDisconnected,
    /// Another address, confirmed in both mailboxes. The mail goes to the one before.
    AddressChanged,
    /// Another address, given by an operator. The mail goes to the one before.
    AddressGiven,
}

impl AccountChange {
    /// What happened, in a sentence.
    const fn what(self) -> &'static str {
        match self {
            Self::PasswordSet => "A password was set.",
            Self::PasswordChanged => "The password was changed.",
            Self::FactorSet => "A second factor was set up.",
            Self::FactorRemoved => "The second factor was removed.",
            Self::FactorReset => "Your second factor was reset by whoever runs Debrief for you.",
            Self::CodesMade => "New recovery codes were made.",
            Self::CodeUsed => "Somebody signed in with one of your recovery codes.",
            Self::PasskeyAdded => "A passkey was added.",
            Self::PasskeyRemoved => "A passkey was removed.",
            Self::ProviderConnected => {
                "An account at your organization’s identity provider was connected: it signs you in."
            }
            Self::ProviderDisconnected => {
                "Whoever runs Debrief for you disconnected it from your account at your organization’s identity provider, and you’ve \
                 been signed out everywhere."
            }
            Self::AddressChanged => "The email address of the account was changed.",
            Self::AddressGiven => "The email address of the account was changed by whoever runs Debrief for you.",
        }
    }

    /// What helps whoever didn't want it; `provider` is what signs the organization's people in, if nothing else does.
    fn advice(self, provider: Option<&str>) -> String {
        provider.map_or_else(|| self.advice_of_ours().to_owned(), |provider| self.advice_at(provider))
    }

    /// The advice where neither a mailed link nor a password lets anybody in.
    fn advice_at(self, provider: &str) -> String {
        let nothing = "If that was you, there’s nothing to do. If not, ";
        let first = match self {
            Self::PasswordSet | Self::PasswordChanged | Self::FactorRemoved | Self::PasskeyRemoved => {
                "look at your second factor and your passkeys on your account page"
            }
            Self::CodesMade => "make new recovery codes once more on your account page",
            Self::CodeUsed => "make new recovery codes on your account page",
            Self::PasskeyAdded => "remove that passkey on your account page",
            Self::FactorSet => {
                return format!(
                    "{nothing}only whoever did it has the app, and you may not get in: tell an admin of your organization at once. \
                     Whoever runs Debrief for you can reset the second factor. Then sign in with {provider}."
                );
            }
            Self::FactorReset => {
                return format!(
                    "If you asked for it, sign in with {provider} and look at your second factor on your account page. If not, do the \
                     same, and tell an admin of your organization at once."
                );
            }
            Self::AddressChanged | Self::AddressGiven => {
                return format!(
                    "If you know of it, there’s nothing to do: you sign in with {provider} as before. If not, this mailbox no longer gets \
                     the emails about your account: tell an admin of your organization at once, so that the address is put back."
                );
            }
            Self::ProviderConnected | Self::ProviderDisconnected => return self.advice_of_ours().to_owned(),
        };
        format!(
            "{nothing}somebody got into your account: sign in with {provider}, {first}, and sign out everywhere there. Then tell an \
             admin of your organization, as whoever did it may be in your account at {provider} too."
        )
    }

    /// The advice where a mailed link lets one in.
    const fn advice_of_ours(self) -> &'static str {
        match self {
            Self::PasswordSet | Self::PasswordChanged => {
                "If that was you, there’s nothing to do. If not, somebody got into your account: sign in with a mailed link and \
                 set another password, which signs everybody else out. Then tell an admin of your organization."
            }
            Self::FactorSet => {
                "If that was you, there’s nothing to do. If not, only whoever did it has the app, and you can’t get in: tell an \
                 admin of your organization at once. Whoever runs Debrief for you can reset the second factor. Then sign in \
                 with a mailed link and set another password, which signs everybody else out."
            }
            Self::FactorRemoved => {
                "If that was you, there’s nothing to do. If not, somebody got into your account: sign in with a mailed link, set \
                 up a second factor again and set another password, which signs everybody else out. Then tell an admin of \
                 your organization."
            }
            Self::FactorReset => {
                "If you asked for it, sign in without a code and set up a second factor again. If not, do the same, and tell an \
                 admin of your organization at once."
            }
            Self::CodesMade => {
                "If that was you, there’s nothing to do. If not, somebody got into your account: sign in with a mailed link, make \
                 new recovery codes once more and set another password, which signs everybody else out. Then tell an admin of \
                 your organization."
            }
            Self::CodeUsed => {
                "If that was you, there’s nothing to do. If not, somebody has your recovery codes and got into your account: sign in, \
                 make new recovery codes and set another password, which signs everybody else out. Then tell an admin of your \
                 organization."
            }
            Self::PasskeyAdded => {
                "If that was you, there’s nothing to do. If not, somebody got into your account and can come back with that passkey: \
                 sign in, remove it on your account page and set another password, which signs everybody else out. If you \
                 can’t get in, tell an admin of your organization at once: whoever runs Debrief can take all passkeys away."
            }
            Self::PasskeyRemoved => {
                "If that was you, there’s nothing to do. If not, somebody got into your account: sign in with a mailed link, look \
                 at your passkeys and set another password, which signs everybody else out. Then tell an admin of your \
                 organization."
            }
            Self::ProviderConnected => {
                "If that was you, there’s nothing to do. If not, somebody has an account with your address there: tell an admin of \
                 your organization at once. Whoever runs Debrief for you can disconnect it, which signs everybody out."
            }
            Self::ProviderDisconnected => {
                "If you asked for it, sign in there with the account that is yours: it’s connected then. If not, tell an admin of your \
                 organization."
            }
            Self::AddressChanged | Self::AddressGiven => {
                "If you know of it, there’s nothing to do: sign in with the new address. If not, this mailbox no longer lets you in: \
                 tell an admin of your organization at once, so that the address is put back."
            }
        }
    }

    /// Whether signing in is the first thing that helps, and possible with this mailbox.
    const fn signing_in_helps(self) -> bool {
        !matches!(self, Self::FactorSet | Self::ProviderConnected | Self::AddressChanged | Self::AddressGiven)
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
    pub what: &'static str,
    /// What helps whoever didn't want it.
    pub advice: String,
    /// Where to sign in; `None` where that doesn't help.
    pub link: Option<String>,
}

impl AccountChanged {
    /// The mail about a change. `provider` is what signs the organization's people in, if nothing else does; `link` is where.
    #[must_use]
    pub fn new(name: &str, organization: &str, change: AccountChange, provider: Option<&str>, link: String) -> Self {
        Self {
            name: name.to_owned(),
            organization: organization.to_owned(),
            what: change.what(),
            advice: change.advice(provider),
            link: change.signing_in_helps().then_some(link),
        }
    }

    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        let link = "https://debrief.example/sign-in".into();
        Self::new("Maya Okafor", "Northlight Coaching", AccountChange::PasswordChanged, None, link)
    }
}
