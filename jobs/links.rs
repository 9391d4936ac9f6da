//! Review links: an emailed token that leads to one session. Following it only shows a page with one button.
//!
//! Reads and writes `review_links`. The token is random per attempt and only its SHA-256 is stored, so an attempt that
//! doesn't commit leaves no working link.

use std::fmt;

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    db::{Db, TenantTx, Tx},
    secret,
};

/// The prefix of a token, so that a leaked one is recognized.
pub const TOKEN_PREFIX: &str = "dbr_";

/// The secret of an emailed link. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Creates a token: 256 random bits.
    #[must_use]
    pub fn random() -> Self {
        Self(secret::with_prefix(TOKEN_PREFIX))
    }

    /// Parses a token from a URL; `None` if it can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        secret::has_prefix(text, TOKEN_PREFIX).then(|| Self(text.to_owned()))
    }

    /// The token in the clear, for the URL in an email. It goes nowhere else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> Vec<u8> {
        secret::sha256(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// A link, as found by its token.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Its id.
    pub id: Uuid,
    /// Its organization.
    pub organization: Uuid,
    /// The coach it was emailed to.
    pub coach_id: Uuid,
    /// The session it leads to.
    pub session_id: Uuid,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Whether it was revoked because a new one replaced it.
    pub replaced: bool,
}

impl Link {
    /// Whether it works now.
    #[must_use]
    pub fn opens(&self) -> bool {
        !self.revoked && self.expires_at > Utc::now()
    }
}

/// Creates a link to `session_id` for `coach_id` that works for `days` days. It exists once `tx` commits.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn issue(
    tx: &mut TenantTx,
    coach_id: Uuid,
    session_id: Uuid,
    days: u16,
) -> Result<(Uuid, Token), sqlx::Error> {
    let token = Token::random();
    let id = Uuid::now_v7();
    let organization = tx.tenant();
    sqlx::query!(
        "insert into review_links (id, organization_id, coach_id, session_id, token_sha256, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        id,
        organization,
        coach_id,
        session_id,
        token.hash(),
        Utc::now() + Duration::days(i64::from(days)),
    )
    .execute(tx.conn())
    .await?;
    Ok((id, token))
}

/// The link with this token, working or not; `None` if there is none.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn find(db: &Db, token: &Token) -> Result<Option<Link>, sqlx::Error> {
    let mut tx = db.system().await?;
    let found = sqlx::query!(
        r#"select organization_id as "organization!", link_id as "link!" from review_link_by_token($1)"#,
        token.hash()
    )
    .fetch_optional(tx.conn())
    .await?;
    drop(tx);
    let Some(found) = found else { return Ok(None) };
    let mut tx = db.tenant(found.organization).await?;
    load(&mut tx, found.link).await
}

/// The link with this id.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn load(tx: &mut TenantTx, link_id: Uuid) -> Result<Option<Link>, sqlx::Error> {
    let organization = tx.tenant();
    let row = sqlx::query!(
        "select coach_id, session_id, expires_at, revoked_at, revoked_because from review_links where id = $1",
        link_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Link {
        id: link_id,
        organization,
        coach_id: row.coach_id,
        session_id: row.session_id,
        expires_at: row.expires_at,
        revoked: row.revoked_at.is_some(),
        replaced: row.revoked_because.as_deref() == Some(RevokeReason::Replaced.as_str()),
    }))
}

/// Why a link is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeReason {
    /// A new link to the same session was emailed.
    Replaced,
    /// The coach has a new address.
    NewAddress,
    /// The coach was removed.
    CoachRemoved,
    /// An operator revoked it.
    Command,
}

impl RevokeReason {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::NewAddress => "new_address",
            Self::CoachRemoved => "coach_removed",
            Self::Command => "command",
        }
    }
}

/// Selects links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFilter {
    /// A single link.
    Link(Uuid),
    /// All links to a session.
    Session(Uuid),
    /// All links to a session except one.
    Others {
        /// The session.
        session: Uuid,
        /// The link that stays.
        link: Uuid,
    },
    /// All links of a coach.
    Coach(Uuid),
}

/// Revokes links: they and every visit they opened end immediately. If a new link replaces them, only the links end:
/// anyone with an old one can request a new one, and must not be able to close the coach's open page. Returns how many
/// worked or were open in a browser, not counting those already revoked. Adds an audit entry for each.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn revoke(tx: &mut TenantTx, which: LinkFilter, because: RevokeReason) -> Result<u64, sqlx::Error> {
    let (link, session, but, coach) = match which {
        LinkFilter::Link(link) => (Some(link), None, None, None),
        LinkFilter::Session(session) => (None, Some(session), None, None),
        LinkFilter::Others { session, link } => (None, Some(session), Some(link), None),
        LinkFilter::Coach(coach) => (None, None, None, Some(coach)),
    };
    let organization = tx.tenant();
    let revoked = sqlx::query_scalar!(
        r#"with meant as (
             select link.id, link.session_id,
                    revoked_at is null or exists (select from review_visits visit
                                                  where visit.link_id = link.id and visit.expires_at > now()) as is_open
             from review_links link
             -- What was replaced may still have a page that is open.
             where (revoked_at is null or (revoked_because = 'replaced' and $6 <> 'replaced'))
               and ($1::uuid is null or id = $1) and ($2::uuid is null or session_id = $2)
               and ($3::uuid is null or id <> $3) and ($4::uuid is null or coach_id = $4)
             for update
           ), revoked as (
             update review_links set revoked_at = now(), revoked_because = $6 from meant where review_links.id = meant.id
           ), noted as (
             insert into audit_events (id, organization_id, session_id, link_id, kind, detail)
             select gen_random_uuid(), $5, session_id, id, 'revoked', jsonb_build_object('because', $6::text) from meant
           )
           select count(*) as "count!" from meant where is_open"#,
        link,
        session,
        but,
        coach,
        organization,
        because.as_str()
    )
    .fetch_one(tx.conn())
    .await?;
    let revoked = u64::try_from(revoked).unwrap_or_default();
    if revoked > 0 {
        tracing::info!(target: "review", { links = revoked, because = because.as_str() }, "review links were taken back");
    }
    Ok(revoked)
}

/// A link in a list. Its token can't be shown: only a hash of it is stored.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// The session it leads to.
    pub session_id: Uuid,
    /// That session's title.
    pub title: String,
    /// The handle of the coach it was emailed to.
    pub coach: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// `replaced`, `new_address`, `coach_removed` or `command`.
    pub revoked_because: Option<String>,
    /// Whether it works now.
    pub opens: bool,
    /// In how many browsers it is open.
    pub visits: i64,
}

/// Lists an organization's links, newest first: those that work or are open in a browser, or `all` of them.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn list(
    tx: &mut TenantTx,
    session: Option<Uuid>,
    coach: Option<Uuid>,
    all: bool,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as!(
        Listed,
        r#"select link.id, link.session_id, title, coaches.handle as coach, link.created_at, link.expires_at, revoked_at,
                  revoked_because, (revoked_at is null and link.expires_at > now()) as "opens!", visits as "visits!"
           from review_links link join sessions on sessions.id = link.session_id
           join coaches on coaches.id = link.coach_id
           cross join lateral (select count(*) from review_visits where link_id = link.id and review_visits.expires_at > now()
                      -- Where a second factor is required, a visit alone opens nothing.
                      and not (select require_second_factor from organizations where organizations.id = link.organization_id)
                      and (revoked_at is null or revoked_because = 'replaced')) as open (visits)
           where ($1::uuid is null or link.session_id = $1) and ($2::uuid is null or link.coach_id = $2)
             and ($3 or (revoked_at is null and link.expires_at > now()) or visits > 0)
           order by link.created_at desc, link.id desc limit $4"#,
        session,
        coach,
        all,
        limit
    )
    .fetch_all(tx.conn())
    .await
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_survives_its_url_and_hides_in_debug_output() {
        let token = Token::random();
        assert_eq!(Token::parse(token.reveal()), Some(token.clone()));
        assert!(!format!("{token:?}").contains(token.reveal()));
        assert_ne!(Token::random(), token);
    }

    #[test]
    fn what_cannot_be_a_token_is_none() {
        for text in ["", "dbr_", "dbr_short", "xyz_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "dbr_../../etc/passwd"]
        {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }
}
