//! How often somebody may ask: sign-ins, mailed links, guesses, API requests, forms and refinements.
//!
//! Counts in `request_counts`, which all processes share. Who asks is stored as a hash. A window begins with the first
//! request in it. Losing the table costs nothing but a fresh start.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv6Addr},
};

use sha2::{Digest, Sha256};

use crate::{
    db::{Db, Tx},
    network::called,
};

/// At most this many requests in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is counted; part of the bucket's name, and permanent.
    pub name: &'static str,
    /// How many are allowed.
    pub most: i32,
    /// The length of the window in seconds.
    pub seconds: i32,
}

/// Attempts to sign in with a password, by the address that was typed.
pub const SIGN_IN: Limit = Limit { name: "sign_in", most: 5, seconds: 15 * 60 };
/// Attempts to sign in with a password, by client address: many people may share it. Whoever comes in isn't counted.
pub const SIGN_IN_FROM: Limit = Limit { name: "sign_in_from", most: 60, seconds: 15 * 60 };
/// Ways through an identity provider that are begun, by client address. Wide and apart from passwords, as it may be the only way
/// in of a whole office; whoever comes in isn't counted.
pub const PROVIDER_FROM: Limit = Limit { name: "provider_from", most: 240, seconds: 15 * 60 };
/// How often a person comes in without being counted by client address: each time adds a sign-in and an entry to the audit.
pub const ENTRIES: Limit = Limit { name: "entries", most: 20, seconds: 15 * 60 };
/// Mailed links (to sign in, to set a password), by address.
pub const MAILED_LINKS: Limit = Limit { name: "mailed_links", most: 3, seconds: 60 * 60 };
/// Tokens and keys that don't exist, by address.
pub const GUESSES: Limit = Limit { name: "guesses", most: 30, seconds: 15 * 60 };

/// New tokens of a program, by sign-in: one that asks all the time would fill the table of those that were used.
pub const REFRESHES: Limit = Limit { name: "refreshes", most: 30, seconds: 60 * 60 };

/// Refinements, by person or key of the organization: each asks a language model, which may cost money.
pub const REFINEMENTS: Limit = Limit { name: "refinements", most: 60, seconds: 60 * 60 };

/// What is left of a limit after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// The limit.
    pub limit: Limit,
    /// Requests that are left in this window.
    pub requests: i32,
    /// Seconds until the window ends.
    pub seconds: i32,
    /// Whether this request was within the limit.
    pub allowed: bool,
}

/// Counts a request by `who` (an address, an account, a key), and says what is left. An address counts as its [`network`].
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn count(db: &Db, limit: Limit, who: &str) -> Result<Left, sqlx::Error> {
    let counted = sqlx::query!(
        r#"select asked as "asked!", ends_in_seconds as "seconds!" from count_request($1, $2)"#,
        bucket(limit, who),
        limit.seconds
    )
    .fetch_one(db.pool())
    .await?;
    Ok(Left {
        limit,
        requests: (limit.most - counted.asked).max(0),
        seconds: counted.seconds,
        allowed: counted.asked <= limit.most,
    })
}

/// Takes a request back that turned out to be one that isn't limited.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn take_back(db: &Db, limit: Limit, who: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("select take_back_request($1)", bucket(limit, who)).execute(db.pool()).await?;
    Ok(())
}

/// Forgets what was counted of somebody, if `tx` commits.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn forget(tx: &mut impl Tx, limit: Limit, who: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("select forget_requests($1)", bucket(limit, who)).execute(tx.conn()).await?;
    Ok(())
}

fn bucket(limit: Limit, who: &str) -> Vec<u8> {
    Sha256::new().chain_update(limit.name).chain_update([0]).chain_update(&*network(who)).finalize().to_vec()
}

/// What an address counts as: an IPv6 address as its /64, which is the least that anybody gets, with 2^64 addresses in it; an
/// IPv4 address that is mapped or behind NAT64 as itself. What isn't an address stays as it is.
#[must_use]
pub fn network(who: &str) -> Cow<'_, str> {
    match who.parse().map(called) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            Cow::Owned(format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
        }
        Ok(IpAddr::V4(address)) => Cow::Owned(address.to_string()),
        Err(_) => Cow::Borrowed(who),
    }
}

#[cfg(test)]
mod tests {
    use super::{GUESSES, bucket, network};

    #[test]
    fn addresses_of_one_network_are_counted_together() {
        for (address, counted) in [
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("64:ff9b::203.0.113.7", "203.0.113.7"),
            ("64:ff9b::203.0.113.8", "203.0.113.8"),
            ("203.0.113.7", "203.0.113.7"),
            ("maya@northlight.example", "maya@northlight.example"),
            ("code 01a2", "code 01a2"),
            ("", ""),
        ] {
            assert_eq!(network(address), counted);
        }
        assert_eq!(bucket(GUESSES, "2001:db8:1:2::1"), bucket(GUESSES, "2001:db8:1:2:ffff::2"));
        assert_ne!(bucket(GUESSES, "2001:db8:1:2::1"), bucket(GUESSES, "2001:db8:1:3::1"));
    }
}
