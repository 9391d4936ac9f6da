//! Visits: a browser that opened a link has a cookie; its expiry slides with use.
//!
//! Reads and writes `review_visits`; only the SHA-256 of the cookie's secret is stored. Opening a link twice in one
//! browser is one visit; in two browsers it is two independent visits.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx},
    links,
    secret::Secret,
};

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
}

/// Opens a link: creates a visit and its secret. The caller has checked that the link works.
///
/// A browser with the secret of an earlier visit to the same session keeps it, even if that visit has expired. So a
/// form that is still open there, with what was typed, can be sent after all.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn open(
    tx: &mut TenantTx,
    link: &links::Link,
    held: Option<Secret>,
    visitor: &Visitor,
) -> Result<Secret, sqlx::Error> {
    let secret = match held {
        Some(held) if reopen(tx, link, &held).await? => held,
        _ => begin(tx, link).await?,
    };
    let event = Event { link_id: Some(link.id), ..Event::of(link.session_id, EventKind::Opened) };
    record(tx, &event, visitor).await?;
    Ok(secret)
}

async fn reopen(tx: &mut TenantTx, link: &links::Link, held: &Secret) -> Result<bool, sqlx::Error> {
    let reopened = sqlx::query!(
        "update review_visits set link_id = $1, created_at = now(), expires_at = now() + interval '12 hours'
         where cookie_sha256 = $3 and link_id in (select id from review_links where session_id = $2)",
        link.id,
        link.session_id,
        held.hash(),
    )
    .execute(tx.conn())
    .await?;
    Ok(reopened.rows_affected() > 0)
}

async fn begin(tx: &mut TenantTx, link: &links::Link) -> Result<Secret, sqlx::Error> {
    let secret = Secret::random();
    let organization = tx.tenant();
    sqlx::query!(
        "insert into review_visits (id, organization_id, link_id, cookie_sha256, expires_at)
         values ($1, $2, $3, $4, now() + interval '12 hours')",
        Uuid::now_v7(),
        organization,
        link.id,
        secret.hash(),
    )
    .execute(tx.conn())
    .await?;
    Ok(secret)
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
         returning link.id as link_id, link.session_id, link.coach_id",
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
    }))
}
