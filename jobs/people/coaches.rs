//! Changes and removes coaches. Reads and writes coaches, and revokes the links with which a coach who leaves could
//! keep reading.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    PeopleError, coach, good_email, good_name, good_zone,
    members::{address_is_free, change_roles, deactivate, leave, lock_organization},
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx},
    links::{self, LinkFilter, RevokeReason},
    model::Role,
    path::SendFreshLink,
    queue::enqueue,
    rights::{end_all, end_sign_ins, lock_person, withdraw_links},
};

/// Changes to a coach; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct CoachChange {
    /// The name as it appears in transcripts.
    pub name: Option<String>,
    /// Where the coach's email is sent.
    pub email: Option<String>,
    /// The roles, replacing the current ones.
    pub roles: Option<Vec<Role>>,
    /// An IANA time zone.
    pub time_zone: Option<String>,
}

/// What a removal affects, and what it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DeactivatedPerson)]
pub struct CoachRemoval {
    /// The coach's id.
    pub id: Uuid,
    /// The coach's name.
    pub name: String,
    /// Number of clients; they are kept, but get no new sessions.
    pub clients: i64,
    /// Number of sessions; they are kept.
    pub sessions: i64,
    /// Number of sessions on hold for this coach, which nobody can release afterwards.
    pub waiting: i64,
}

/// Changes a coach, for an operator. The handle stays: it's the folder in which the coach's files are found. Whoever gets
/// another role signs in anew. With a new address, the links sent to the old one are revoked, new ones are sent to the new
/// one, and the coach's sign-ins end; the result is then their effect. `tx` sees all of the organization.
///
/// # Errors
/// If there is no such coach, an input can't be used, somebody else has the address, or nobody would be admin any more.
pub(crate) async fn change(
    tx: &mut TenantTx,
    id: Uuid,
    change: &CoachChange,
    visitor: &Visitor,
) -> Result<Option<Readdressed>, PeopleError> {
    let CoachChange { name, email, roles, time_zone } = change;
    if name.is_none() && email.is_none() && roles.is_none() && time_zone.is_none() {
        return Err(PeopleError::NothingToChange);
    }
    let name = name.as_deref().map(good_name).transpose()?;
    let email = email.as_deref().map(good_email).transpose()?;
    let time_zone = time_zone.as_deref().map(good_zone).transpose()?;
    lock_organization(tx).await?;
    let person = lock_person(tx, id).await?.ok_or(PeopleError::NoPerson)?;
    if let Some(roles) = roles {
        change_roles(tx, id, roles, visitor).await?;
    }
    let before = sqlx::query_scalar!("select email from coaches where id = $1", id).fetch_one(tx.conn()).await?;
    set_name_and_zone(tx, id, name.as_deref(), time_zone, visitor).await?;
    let Some(email) = email.filter(|email| !same_address(email, &before)) else { return Ok(None) };
    address_is_free(tx, id, &email).await?;
    let links = move_to_address(tx, id, &email).await?;
    // Whoever read the mailbox before may have signed in with it.
    end_sign_ins(tx, person, None).await?;
    let detail = json!({ "address": "given", "account": id });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::AddressChanged) }, visitor).await?;
    Ok(Some(links))
}

/// Gives a person a name and a time zone, where these are given. The audit has which of them it wasn't before, and no word
/// of either: it outlives them.
pub(super) async fn set_name_and_zone(
    tx: &mut TenantTx,
    id: Uuid,
    name: Option<&str>,
    time_zone: Option<&str>,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let before = sqlx::query!("select name, time_zone from coaches where id = $1", id).fetch_one(tx.conn()).await?;
    sqlx::query!(
        "update coaches set name = coalesce($2, name), time_zone = coalesce($3, time_zone) where id = $1",
        id,
        name,
        time_zone
    )
    .execute(tx.conn())
    .await?;
    let is_other = |new: Option<&str>, before: &str| new.is_some_and(|new| new != before);
    let fields = [("name", is_other(name, &before.name)), ("time_zone", is_other(time_zone, &before.time_zone))];
    let changed: Vec<&str> = fields.iter().filter(|(_, is_other)| *is_other).map(|(field, _)| *field).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let detail = json!({ "account": id, "changed": changed });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::PersonChanged) }, visitor).await
}

/// The effect of a new address on links sent to the old one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Readdressed {
    /// Number of revoked links.
    pub links_taken_back: u64,
    /// Number of sessions for which a new link is sent to the new address.
    pub fresh_links: usize,
}

pub(crate) fn same_address(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Readers of the old address must not read on: links sent there are revoked, and unsent ones aren't sent. The coach is
/// asked again about sessions on hold, at the new address.
pub(super) async fn readdress(tx: &mut TenantTx, coach_id: Uuid) -> Result<Readdressed, sqlx::Error> {
    let links_taken_back = links::revoke(tx, LinkFilter::Coach(coach_id), RevokeReason::NewAddress).await?;
    withdraw_links(tx, coach_id).await?;
    let mut sessions = stop_mails_with_links(tx, coach_id).await?;
    let waiting = sqlx::query_scalar!(
        "select id from sessions where coach_id = $1 and state in ('waiting_for_speakers', 'in_review') order by id",
        coach_id
    );
    sessions.extend(waiting.fetch_all(tx.conn()).await?);
    sessions.sort_unstable();
    sessions.dedup();
    for session_id in &sessions {
        enqueue(tx, &SendFreshLink { session_id: *session_id }, Uuid::now_v7()).await?;
    }
    Ok(Readdressed { links_taken_back, fresh_links: sessions.len() })
}

/// Gives a person another address, with what follows for links that went to the one before.
pub(crate) async fn move_to_address(tx: &mut TenantTx, id: Uuid, email: &str) -> Result<Readdressed, sqlx::Error> {
    sqlx::query!("update coaches set email = $2 where id = $1", id, email).execute(tx.conn()).await?;
    readdress(tx, id).await
}

/// One who is back had links that open no more, and perhaps files that were nobody's.
pub(super) async fn come_back(tx: &mut TenantTx, id: Uuid, handle: &str) -> Result<(), sqlx::Error> {
    readdress(tx, id).await?;
    look_at_inbox_again(tx, handle).await
}

/// What was rejected from the folder because nobody had the handle is looked at again.
pub(super) async fn look_at_inbox_again(tx: &mut TenantTx, handle: &str) -> Result<(), sqlx::Error> {
    let folder = format!("inbox/{handle}/");
    sqlx::query!(r#"select ledger_look_again($1) as "done?: ()""#, folder).fetch_one(tx.conn()).await?;
    Ok(())
}

/// Cancels unsent emails that contain a link. Returns the sessions they were about.
async fn stop_mails_with_links(tx: &mut TenantTx, coach_id: Uuid) -> Result<Vec<Uuid>, sqlx::Error> {
    let stopped = sqlx::query_scalar!(
        "update mails set state = 'cancelled', error = 'the link in it was revoked'
         where coach_id = $1 and carries_link and state in ('queued', 'failed') returning session_id",
        coach_id
    );
    Ok(stopped.fetch_all(tx.conn()).await?.into_iter().flatten().collect())
}

/// Removes a coach, or with `dry_run` only reports what would happen. From then on nobody owns the inbox, review links
/// no longer work, and no weekly email is sent. Everything else is kept, and adding the coach again with the same
/// handle restores it.
///
/// # Errors
/// If there is no such coach, nobody would be admin any more, or their sessions or follow-ups are being processed.
pub async fn remove_coach(db: &Db, handle: &str, dry_run: bool) -> Result<CoachRemoval, PeopleError> {
    let (organization, id) = coach(db, handle).await?;
    let mut tx = db.tenant(organization).await?;
    if dry_run {
        return leave(&mut tx, id, true).await;
    }
    let removal = deactivate(&mut tx, id, &Visitor::default()).await?;
    tx.commit().await?;
    Ok(removal)
}

/// What [`remove_coach`] does, in a transaction that sees all of the organization. Every way in that the person has ends.
pub(super) async fn remove(tx: &mut TenantTx, id: Uuid, dry_run: bool) -> Result<CoachRemoval, PeopleError> {
    let row = sqlx::query!(
        r#"select name, (select count(*) from clients where coach_id = $1 and removed_at is null) as "clients!",
                  (select count(*) from sessions where coach_id = $1) as "sessions!",
                  (select count(*) from sessions where coach_id = $1
                      and state in ('waiting_for_speakers', 'in_review')) as "waiting!",
                  (select count(*) from sessions where coach_id = $1
                      and state in ('received', 'parsed', 'attributed', 'summarized') and failed_stage is null) as "working!",
                  (select count(*) from mails where coach_id = $1 and kind = 'follow_up'
                      and state in ('queued', 'sending')) as "held!"
           from coaches where id = $1 and removed_at is null for no key update"#,
        id
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(PeopleError::NoPerson)?;
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
    sqlx::query!("update coaches set removed_at = now() where id = $1", id).execute(tx.conn()).await?;
    end_all(tx, id).await?;
    links::revoke(tx, LinkFilter::Coach(id), RevokeReason::CoachRemoved).await?;
    stop_mails_with_links(tx, id).await?;
    tracing::info!(target: "people", { coach.id = %id, sessions = removal.sessions }, "a coach was removed");
    Ok(removal)
}
