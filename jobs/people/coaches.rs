//! Changes and removes a coach. Reads and writes coaches, and takes back the links by which one who leaves could read on.

use serde::Serialize;
use uuid::Uuid;

use super::{PeopleError, coach, good_email, good_name, good_role, good_zone};
use crate::db::{Db, Tx};

/// What is to be changed of a coach; none leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct CoachChange {
    /// Its name, as it stands in transcripts.
    pub name: Option<String>,
    /// Where its mail goes.
    pub email: Option<String>,
    /// coach, lead or admin.
    pub role: Option<String>,
    /// An IANA time zone.
    pub time_zone: Option<String>,
}

/// What a removal takes away, and what it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoachRemoval {
    /// The coach.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its clients; they are kept, and nobody adds sessions to them.
    pub clients: i64,
    /// Its sessions; they are kept.
    pub sessions: i64,
    /// Those that wait for this coach, and then for nobody.
    pub waiting: i64,
}

/// Changes a coach. The handle stays: it is the folder under which the coach's files are known.
///
/// # Errors
/// When there is no such coach, or an input cannot be used.
pub async fn change_coach(db: &Db, handle: &str, change: CoachChange) -> Result<Uuid, PeopleError> {
    let CoachChange { name, email, role, time_zone } = &change;
    if name.is_none() && email.is_none() && role.is_none() && time_zone.is_none() {
        return Err(PeopleError::NothingToChange);
    }
    let (organization, id) = coach(db, handle).await?;
    let mut tx = db.tenant(organization).await?;
    sqlx::query!(
        "update coaches set name = coalesce($2, name), email = coalesce($3, email), role = coalesce($4, role),
            time_zone = coalesce($5, time_zone) where id = $1",
        id,
        name.as_deref().map(good_name).transpose()?,
        email.as_deref().map(good_email).transpose()?,
        role.as_deref().map(good_role).transpose()?,
        time_zone.as_deref().map(good_zone).transpose()?
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Removes a coach, or with `dry_run` only says what that would mean. The inbox is nobody's from then on, the review links
/// open no more, and no weekly mail goes. Everything else is kept, and adding the coach again
/// under the same handle brings it back.
///
/// # Errors
/// When there is no such coach, or work on its sessions or follow-ups is under way.
pub async fn remove_coach(db: &Db, handle: &str, dry_run: bool) -> Result<CoachRemoval, PeopleError> {
    let (organization, id) = coach(db, handle).await?;
    let mut tx = db.tenant(organization).await?;
    let row = sqlx::query!(
        r#"select name, (select count(*) from clients where coach_id = $1 and removed_at is null) as "clients!",
                  (select count(*) from sessions where coach_id = $1) as "sessions!",
                  (select count(*) from sessions where coach_id = $1
                      and state in ('waiting_for_speakers', 'in_review')) as "waiting!",
                  (select count(*) from sessions where coach_id = $1
                      and state in ('received', 'parsed', 'attributed', 'summarized') and failed_stage is null) as "working!",
                  (select count(*) from mails where coach_id = $1 and kind = 'follow_up'
                      and state in ('queued', 'sending')) as "held!"
           from coaches where id = $1 for no key update"#,
        id
    )
    .fetch_one(tx.conn())
    .await?;
    let many = |count: i64, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    if row.working > 0 {
        return Err(PeopleError::CoachBusy(many(row.working, "session")));
    }
    if row.held > 0 {
        return Err(PeopleError::FollowUpsHeld(many(row.held, "follow-up")));
    }
    let removal =
        CoachRemoval { id, name: row.name, clients: row.clients, sessions: row.sessions, waiting: row.waiting };
    if dry_run {
        return Ok(removal);
    }
    sqlx::query!("update review_links set revoked_at = coalesce(revoked_at, now()) where coach_id = $1", id)
        .execute(tx.conn())
        .await?;
    sqlx::query!("update coaches set removed_at = now() where id = $1", id).execute(tx.conn()).await?;
    tracing::info!(target: "people", { coach.id = %id, sessions = removal.sessions }, "a coach was removed");
    tx.commit().await?;
    Ok(removal)
}
