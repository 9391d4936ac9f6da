//! The people of an organization: listed, added, given roles, deactivated and brought back.
//!
//! Reads and writes `coaches`, and ends the ways in of whoever leaves or gets more rights. An organization that has an
//! admin never loses the last one here, and of those who are there no two have one address.

use chrono::{DateTime, Utc};
use deunicode::deunicode;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{CoachRemoval, PeopleError, coaches, good_email, good_name};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{TenantTx, Tx},
    model::{Role, role},
    rights::{end_keys_of_organization, end_sign_ins, lock_person},
};

/// Whether a person is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// May sign in.
    Active,
    /// Was invited, and never signed in.
    Invited,
    /// Signs in no more; their sessions and clients are kept.
    Deactivated,
}

impl Presence {
    /// As shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Invited => "invited",
            Self::Deactivated => "deactivated",
        }
    }
}

/// A person in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// The person's id.
    pub id: Uuid,
    /// The name of their inbox folder.
    pub handle: String,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their roles.
    pub roles: Vec<Role>,
    /// An IANA time zone.
    pub time_zone: String,
    /// Whether they are there.
    pub presence: Presence,
    /// Whether they have a second factor.
    pub second_factor: bool,
    /// Whether an account at the organization's identity provider is connected.
    pub provider_connected: bool,
    /// When they last used a page while signed in, to the minute.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When they were added.
    pub created_at: DateTime<Utc>,
}

/// The people of the organization, by name; `all` also lists those who were deactivated.
///
/// # Errors
/// If the database fails.
pub async fn list_people(tx: &mut TenantTx, all: bool) -> Result<Vec<Person>, sqlx::Error> {
    people(tx, None, all).await
}

/// One person, also one who was deactivated.
///
/// # Errors
/// If there is no such person.
pub async fn person(tx: &mut TenantTx, id: Uuid) -> Result<Person, PeopleError> {
    people(tx, Some(id), true).await?.pop().ok_or(PeopleError::NoPerson)
}

/// The person with this handle, address or id, also one who was deactivated.
///
/// # Errors
/// If there is none, or several have the address.
pub async fn find_person(tx: &mut TenantTx, who: &str) -> Result<Person, PeopleError> {
    let mut found = people(tx, None, true).await?;
    let id: Option<Uuid> = who.parse().ok();
    found.retain(|one| one.handle == who || Some(one.id) == id || coaches::same_address(&one.email, who));
    match found.len() {
        0 => Err(PeopleError::NoPerson),
        1 => found.pop().ok_or(PeopleError::NoPerson),
        _ => Err(PeopleError::SeveralPeople),
    }
}

async fn people(tx: &mut TenantTx, only: Option<Uuid>, all: bool) -> Result<Vec<Person>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id, handle, name, email, roles as "roles: Vec<Role>", time_zone, removed_at, created_at,
                  (select max(last_used_at) from sign_ins where person_id = coaches.id) as last_seen_at,
                  exists (select from credentials where person_id = coaches.id and totp_secret is not null)
                  or exists (select from passkeys where person_id = coaches.id) as "second_factor!",
                  exists (select from provider_accounts where person_id = coaches.id) as "connected!",
                  exists (select from one_time_links where person_id = coaches.id and purpose = 'invitation' and withdrawn_at is null)
                  and not exists (select from one_time_links where person_id = coaches.id and purpose = 'invitation'
                      and used_at is not null) as "invited!"
           from coaches where ($1::uuid is null or id = $1) and ($2 or removed_at is null) order by lower(name), id"#,
        only,
        all
    )
    .fetch_all(tx.conn())
    .await?;
    let people = rows.into_iter().map(|row| {
        let presence = match (row.removed_at, row.invited && row.last_seen_at.is_none()) {
            (Some(_), _) => Presence::Deactivated,
            (None, true) => Presence::Invited,
            (None, false) => Presence::Active,
        };
        Person {
            id: row.id,
            handle: row.handle,
            name: row.name,
            email: row.email,
            roles: row.roles,
            time_zone: row.time_zone,
            presence,
            second_factor: row.second_factor,
            provider_connected: row.connected,
            last_seen_at: row.last_seen_at,
            created_at: row.created_at,
        }
    });
    Ok(people.collect())
}

/// Adds a person with a handle made from the name; roles default to `coach`. Returns their id and the handle.
///
/// # Errors
/// If an input can't be used, or somebody of the organization has the address.
pub async fn add_person(
    tx: &mut TenantTx,
    name: &str,
    email: &str,
    roles: &[Role],
) -> Result<(Uuid, String), PeopleError> {
    let (name, email) = (good_name(name)?, good_email(email)?);
    let roles = role::stored(if roles.is_empty() { &[Role::Coach] } else { roles });
    let (id, base) = (Uuid::now_v7(), handle_of(&name));
    lock_organization(tx).await?;
    address_is_unknown(tx, &email).await?;
    // Handles are unique in the installation, and those of other organizations aren't seen.
    for number in 1.. {
        let handle = if number == 1 { base.clone() } else { format!("{base}{number}") };
        let added = sqlx::query!(
            "insert into coaches (id, organization_id, handle, name, email, roles, time_zone)
             select $1, id, $2, $3, $4, $5, time_zone from organizations on conflict do nothing",
            id,
            handle,
            name,
            email,
            &roles
        );
        if added.execute(tx.conn()).await?.rows_affected() > 0 {
            return Ok((id, handle));
        }
        if number > 1000 {
            break;
        }
    }
    Err(PeopleError::HandleTaken(base))
}

/// "Zoë Åström" is `zoe.astrom`.
fn handle_of(name: &str) -> String {
    let ascii = deunicode(name).to_lowercase();
    let words: Vec<&str> =
        ascii.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let handle: String = words.join(".").chars().take(50).collect();
    if handle.is_empty() { "person".into() } else { handle }
}

/// Gives a person these roles in place of those they have. Whoever gets another role signs in anew.
///
/// # Errors
/// If there is no such person, no role, or nobody would be admin any more.
pub async fn change_roles(tx: &mut TenantTx, id: Uuid, roles: &[Role], visitor: &Visitor) -> Result<(), PeopleError> {
    if roles.is_empty() {
        return Err(PeopleError::NoRole);
    }
    lock_organization(tx).await?;
    let person = lock_person(tx, id).await?.ok_or(PeopleError::NoPerson)?;
    let before = sqlx::query_scalar!(r#"select roles as "roles: Vec<Role>" from coaches where id = $1"#, id);
    let before = before.fetch_one(tx.conn()).await?;
    let stored = role::stored(roles);
    if stored == role::stored(&before) {
        return Ok(());
    }
    if !roles.contains(&Role::Admin) {
        keep_an_admin(tx, id).await?;
    }
    sqlx::query!("update coaches set roles = $2 where id = $1", id, &stored).execute(tx.conn()).await?;
    if roles.iter().any(|role| !before.contains(role)) {
        end_sign_ins(tx, person, None).await?;
    }
    if before.contains(&Role::Admin) && !roles.contains(&Role::Admin) {
        end_keys_of_organization(tx, id).await?;
    }
    let detail = json!({ "account": id, "roles": stored });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::RolesChanged) }, visitor).await?;
    Ok(())
}

/// Deactivates a person: every sign-in and API key of theirs ends at once, and of a coach what `remove_coach` says.
///
/// # Errors
/// If there is no such person, nobody would be admin any more, or their sessions or follow-ups are being processed.
pub async fn deactivate(tx: &mut TenantTx, id: Uuid, visitor: &Visitor) -> Result<CoachRemoval, PeopleError> {
    let removal = leave(tx, id, false).await?;
    note_presence(tx, id, "deactivated", visitor).await?;
    Ok(removal)
}

/// Takes back a person who was invited and never came: as if deactivated, but for the audit, which is the caller's.
pub(crate) async fn uninvite(tx: &mut TenantTx, id: Uuid) -> Result<(), PeopleError> {
    leave(tx, id, false).await?;
    Ok(())
}

/// What every way out does and refuses, or with `dry_run` would.
pub(super) async fn leave(tx: &mut TenantTx, id: Uuid, dry_run: bool) -> Result<CoachRemoval, PeopleError> {
    // Sessions and letters that are on their way hold it up, also where whoever asks may not see them.
    tx.see_all_coaches().await?;
    lock_organization(tx).await?;
    keep_an_admin(tx, id).await?;
    coaches::remove(tx, id, dry_run).await
}

/// Brings a deactivated person back, with their sessions and clients. They sign in anew.
///
/// # Errors
/// If there is no such person, or somebody else has the address by now.
pub async fn activate(tx: &mut TenantTx, id: Uuid, visitor: &Visitor) -> Result<(), PeopleError> {
    tx.see_all_coaches().await?;
    lock_organization(tx).await?;
    let there = person(tx, id).await?;
    if there.presence != Presence::Deactivated {
        return Ok(());
    }
    address_is_free(tx, id, &there.email).await?;
    sqlx::query!("update coaches set removed_at = null where id = $1", id).execute(tx.conn()).await?;
    coaches::come_back(tx, id, &there.handle).await?;
    note_presence(tx, id, "activated", visitor).await?;
    Ok(())
}

/// One at a time decides who is admin, and which addresses are taken. Rows that only name the organization, such as jobs,
/// are inserted meanwhile.
pub(crate) async fn lock_organization(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query!("select id from organizations where id = $1 for no key update", organization)
        .fetch_optional(tx.conn())
        .await?;
    Ok(())
}

async fn keep_an_admin(tx: &mut TenantTx, without: Uuid) -> Result<(), PeopleError> {
    let admins = sqlx::query_scalar!("select id from coaches where 'admin' = any (roles) and removed_at is null");
    let admins = admins.fetch_all(tx.conn()).await?;
    if admins == [without] { Err(PeopleError::LastAdmin) } else { Ok(()) }
}

/// Refuses an address that somebody has, also who was deactivated.
pub(super) async fn address_is_unknown(tx: &mut TenantTx, email: &str) -> Result<(), PeopleError> {
    let there = sqlx::query!(
        r#"select name, removed_at is not null as "removed!" from coaches where lower(email) = lower($1)
           order by removed_at nulls first limit 1"#,
        email
    );
    match there.fetch_optional(tx.conn()).await? {
        Some(one) => Err(PeopleError::PersonExists { name: one.name, removed: one.removed }),
        None => Ok(()),
    }
}

/// Refuses an address that another person has who is there. It stays free until the transaction ends, if it holds [`lock_organization`].
pub(crate) async fn address_is_free(tx: &mut TenantTx, person: Uuid, email: &str) -> Result<(), PeopleError> {
    let other = sqlx::query_scalar!(
        "select name from coaches where lower(email) = lower($2) and id <> $1 and removed_at is null limit 1",
        person,
        email
    );
    match other.fetch_optional(tx.conn()).await? {
        Some(name) => Err(PeopleError::PersonExists { name, removed: false }),
        None => Ok(()),
    }
}

pub(super) async fn note_presence(
    tx: &mut TenantTx,
    id: Uuid,
    what: &str,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let detail = json!({ "account": id, "presence": what });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::PersonChanged) }, visitor).await
}

#[cfg(test)]
mod tests {
    use super::handle_of;

    #[test]
    fn a_name_becomes_a_handle() {
        assert_eq!(handle_of("Zoë Åström"), "zoe.astrom");
        assert_eq!(handle_of("  Dr. O'Neill-Smith "), "dr.o.neill.smith");
        assert_eq!(handle_of("!!"), "person");
        assert!(handle_of(&"long ".repeat(40)).len() <= 50);
    }
}
