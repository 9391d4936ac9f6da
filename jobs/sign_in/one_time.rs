//! Links in mails that work once: to sign in, to accept an invitation, to confirm an address.
//!
//! Reads and writes `one_time_links`. A GET of such a link changes nothing, since mail scanners follow links; using it is
//! a POST, and the first one that commits is the only one.

use std::fmt;

use uuid::Uuid;

use crate::{
    db::{Db, TenantTx, Tx, View},
    limits::{self, GUESSES},
    rights::cancel_mails,
    secret,
};

/// How every token begins, so that a leaked one is recognized.
const PREFIX: &str = "dbo_";

/// The secret of a link. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    fn random() -> Self {
        Self(secret::with_prefix(PREFIX))
    }

    /// Parses a token from a URL; `None` if it can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        secret::has_prefix(text, PREFIX).then(|| Self(text.to_owned()))
    }

    /// The token in the clear, for the URL in an email. It goes nowhere else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs in.
    SignIn,
    /// Accepts an invitation.
    Invitation,
    /// Signs in, also where the organization's identity provider is the only way: an operator gave it.
    ByOperator,
    /// The mailbox that the person has agrees to another address.
    OldAddress(Uuid),
    /// The new mailbox agrees.
    NewAddress(Uuid),
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Invitation => "invitation",
            Self::ByOperator => "by_operator",
            Self::OldAddress(_) => "old_address",
            Self::NewAddress(_) => "new_address",
        }
    }

    fn parse(text: &str, change: Option<Uuid>) -> Option<Self> {
        match (text, change) {
            ("sign_in", _) => Some(Self::SignIn),
            ("invitation", _) => Some(Self::Invitation),
            ("by_operator", _) => Some(Self::ByOperator),
            ("old_address", Some(change)) => Some(Self::OldAddress(change)),
            ("new_address", Some(change)) => Some(Self::NewAddress(change)),
            _ => None,
        }
    }

    const fn change(self) -> Option<Uuid> {
        match self {
            Self::SignIn | Self::Invitation | Self::ByOperator => None,
            Self::OldAddress(change) | Self::NewAddress(change) => Some(change),
        }
    }
}

/// A link, as found by its token.
#[derive(Clone, Copy, Debug)]
pub struct OneTime {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub organization: Uuid,
    /// The person it was mailed to.
    pub person: Uuid,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it still works.
    pub works: bool,
}

impl OneTime {
    /// Whether its button signs in, without more.
    #[must_use]
    pub const fn signs_in(&self) -> bool {
        self.works && matches!(self.purpose, Purpose::SignIn | Purpose::ByOperator)
    }

    /// Whether its button accepts an invitation.
    #[must_use]
    pub const fn invites(&self) -> bool {
        self.works && matches!(self.purpose, Purpose::Invitation)
    }
}

/// Creates a link that works for some minutes, once `tx` commits.
pub(super) async fn issue(
    tx: &mut TenantTx,
    person: Uuid,
    purpose: Purpose,
    minutes: i32,
) -> Result<(Uuid, Token), sqlx::Error> {
    let (id, token, organization) = (Uuid::now_v7(), Token::random(), tx.tenant());
    sqlx::query!(
        "insert into one_time_links (id, organization_id, person_id, purpose, address_change_id, token_sha256, expires_at)
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7))",
        id,
        organization,
        person,
        purpose.as_str(),
        purpose.change(),
        secret::sha256(&token.0),
        minutes
    )
    .execute(tx.conn())
    .await?;
    Ok((id, token))
}

/// The link with this token, working or not; `None` if there is none, or its person was removed.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn find_link(db: &Db, token: &Token) -> Result<Option<OneTime>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select organization_id as "organization!", link_id as "link!" from one_time_link_by_hash($1)"#,
        secret::sha256(&token.0)
    )
    .fetch_optional(db.pool())
    .await?;
    let Some(found) = found else { return Ok(None) };
    let mut tx = db.view(found.organization, &View::nothing()).await?;
    let row = sqlx::query!(
        r#"select person_id, purpose, address_change_id,
                  (used_at is null and withdrawn_at is null and expires_at > now()) as "works!"
           from one_time_links join coaches on coaches.id = person_id
           where one_time_links.id = $1 and removed_at is null"#,
        found.link
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.and_then(|row| {
        let purpose = Purpose::parse(&row.purpose, row.address_change_id)?;
        let (id, organization) = (found.link, found.organization);
        Some(OneTime { id, organization, person: row.person_id, purpose, works: row.works })
    }))
}

/// Uses a link: of two at once, one gets it. Other links of the same kind to this person stop working. Returns whether
/// it still worked.
pub(super) async fn use_up(tx: &mut TenantTx, link: &OneTime) -> Result<bool, sqlx::Error> {
    let used = sqlx::query!(
        "update one_time_links set used_at = now()
         where id = $1 and used_at is null and withdrawn_at is null and expires_at > now()",
        link.id
    );
    if used.execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    withdraw(tx, link.person, link.purpose).await?;
    Ok(true)
}

/// Takes back links of a kind that weren't used, also those that are too old; their mails don't go any more. Returns how
/// many there were.
pub(super) async fn withdraw(tx: &mut TenantTx, person: Uuid, purpose: Purpose) -> Result<usize, sqlx::Error> {
    let withdrawn = sqlx::query_scalar!(
        "update one_time_links set withdrawn_at = now()
         where person_id = $1 and purpose = $2 and used_at is null and withdrawn_at is null returning id",
        person,
        purpose.as_str()
    );
    let withdrawn = withdrawn.fetch_all(tx.conn()).await?;
    cancel_mails(tx, &withdrawn).await?;
    Ok(withdrawn.len())
}

/// Counts a token that doesn't exist. Returns for how many seconds this address has to wait, if it has tried too many.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn count_guess(db: &Db, address: Option<&str>) -> Result<Option<i32>, sqlx::Error> {
    let left = limits::count(db, GUESSES, address.unwrap_or_default()).await?;
    Ok((!left.allowed).then_some(left.seconds))
}
