//! Visits: a browser that opened a link has a cookie; its expiry slides with use.
//!
//! Reads and writes `review_visits`; only the SHA-256 of the cookie's secret is stored. A browser has one visit to a session
//! at a time: opening a link again ends the one before. Visits in two browsers are independent.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx},
    links,
    secret::{self, Secret},
};

/// At most this many openings in one browser leave forms that can still be sent.
const MOST_FORMS: usize = 16;

/// An open visit.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its id.
    pub id: Uuid,
    /// The organization of its link.
    pub organization: Uuid,
    /// The link that opened it.
    pub link_id: Uuid,
    /// The coach whom it was mailed to.
    pub coach_id: Uuid,
    /// The only session that it may see.
    pub session_id: Uuid,
    /// Whether the organization wants a second factor of everybody: then a visit alone opens nothing, and its coach signs in.
    pub wants_sign_in: bool,
    /// The SHA-256 of the tokens of earlier forms in this browser.
    earlier_forms: Vec<Vec<u8>>,
}

impl Visit {
    /// Whether a form with this token was shown in the visit's browser by an earlier visit to the session.
    #[must_use]
    pub fn knows_form(&self, token: &str) -> bool {
        self.earlier_forms.contains(&secret::sha256(token))
    }
}

/// Opens a link: creates a visit and its secret. The caller has checked that the link works.
///
/// The secret is always a new one, and an earlier visit of this browser to the session ends: a copy of its cookie is worth
/// nothing from now on. Forms of the earlier visit, with what was typed, can still be sent: the new one knows them.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn open(
    tx: &mut TenantTx,
    link: &links::Link,
    held: Option<Secret>,
    visitor: &Visitor,
) -> Result<Secret, sqlx::Error> {
    let forms = match held {
        Some(held) => end_earlier(tx, link, &held).await?,
        None => Vec::new(),
    };
    let secret = begin(tx, link, &forms).await?;
    let event = Event { link_id: Some(link.id), ..Event::of(link.session_id, EventKind::Opened) };
    record(tx, &event, visitor).await?;
    Ok(secret)
}

/// Ends the visit to the link's session that this secret is of. Returns the hashes of the form tokens of its browser, the
/// latest last; none if it's another session's, or nobody's.
async fn end_earlier(tx: &mut TenantTx, link: &links::Link, held: &Secret) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    let ended = sqlx::query_scalar!(
        "update review_visits set expires_at = least(expires_at, now())
         where cookie_sha256 = $2 and link_id in (select id from review_links where session_id = $1)
         returning earlier_forms",
        link.session_id,
        held.hash(),
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(mut forms) = ended else { return Ok(Vec::new()) };
    forms.push(secret::sha256(&held.form_token()));
    let dropped = forms.len().saturating_sub(MOST_FORMS);
    Ok(forms.split_off(dropped))
}

async fn begin(tx: &mut TenantTx, link: &links::Link, forms: &[Vec<u8>]) -> Result<Secret, sqlx::Error> {
    let secret = Secret::random();
    let organization = tx.tenant();
    sqlx::query!(
        "insert into review_visits (id, organization_id, link_id, cookie_sha256, expires_at, earlier_forms)
         values ($1, $2, $3, $4, now() + interval '12 hours', $5)",
        Uuid::now_v7(),
        organization,
        link.id,
        secret.hash(),
        forms,
    )
    .execute(tx.conn())
    .await?;
    Ok(secret)
}

/// Ends a visit at once.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn end(tx: &mut TenantTx, visit: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("update review_visits set expires_at = least(expires_at, now()) where id = $1", visit)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Records in the audit that the page was viewed: once per hour and link or person, since reloads aren't worth recording.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn note_view(tx: &mut TenantTx, session_id: Uuid, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let noted = sqlx::query_scalar!(
        r#"select exists (select from audit_events where session_id = $1 and link_id is not distinct from $2
                            and person_id is not distinct from $3 and kind = 'viewed'
                            and at > now() - interval '1 hour') as "noted!""#,
        session_id,
        visitor.link_id,
        visitor.person_id
    )
    .fetch_one(tx.conn())
    .await?;
    if !noted {
        record(tx, &Event::of(session_id, EventKind::Viewed), visitor).await?;
    }
    Ok(())
}

/// Whether a transaction sees this session.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn is_in_view(tx: &mut TenantTx, session_id: Uuid) -> Result<bool, sqlx::Error> {
    let there = sqlx::query_scalar!(r#"select exists (select from sessions where id = $1) as "there!""#, session_id);
    there.fetch_one(tx.conn()).await
}

/// A session that waits for its coach.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The session.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// Its date.
    pub date: NaiveDate,
    /// Whether the coach is asked who spoke, and not yet for a review.
    pub for_speakers: bool,
}

/// A coach's sessions that wait for the coach, the latest first; a letter within its hold waits for nobody.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn waiting(tx: &mut TenantTx, coach: Uuid) -> Result<Vec<Waiting>, sqlx::Error> {
    sqlx::query_as!(
        Waiting,
        r#"select id, title, session_date as date, state = 'waiting_for_speakers' as "for_speakers!" from sessions
           where coach_id = $1 and state_for_people(id, state) in ('waiting_for_speakers', 'in_review')
           order by session_date desc, id desc limit 100"#,
        coach
    )
    .fetch_all(tx.conn())
    .await
}

/// Finds the visit with this secret, if it has not expired and its link was not revoked; replacing the link doesn't end
/// it. Extends its expiry to twelve hours from now, but never beyond that of the link (or its own first twelve hours).
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn find(db: &Db, secret: &Secret) -> Result<Option<Visit>, sqlx::Error> {
    let mut tx = db.system().await?;
    let found = sqlx::query!(
        r#"select organization_id as "organization!", visit_id as "visit!" from review_visit_by_cookie($1)"#,
        secret.hash()
    )
    .fetch_optional(tx.conn())
    .await?;
    drop(tx);
    let Some(found) = found else { return Ok(None) };
    let mut tx = db.tenant(found.organization).await?;
    let row = sqlx::query!(
        "update review_visits visit
         set expires_at = least(now() + interval '12 hours', greatest(link.expires_at, visit.created_at + interval '12 hours'))
         from review_links link
         where visit.id = $1 and link.id = visit.link_id and visit.expires_at > now()
           and (link.revoked_at is null or link.revoked_because = 'replaced')
         returning link.id as link_id, link.session_id, link.coach_id, visit.earlier_forms,
             (select require_second_factor from organizations where organizations.id = visit.organization_id)
                 as \"wants_sign_in!\"",
        found.visit
    )
    .fetch_optional(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(row.map(|row| Visit {
        id: found.visit,
        organization: found.organization,
        link_id: row.link_id,
        coach_id: row.coach_id,
        session_id: row.session_id,
        wants_sign_in: row.wants_sign_in,
        earlier_forms: row.earlier_forms,
    }))
}
