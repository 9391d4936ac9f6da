//! Adds a coach by hand, under a handle that the operator chooses, or brings a removed one back. Reads and writes
//! `coaches`; adding again what is there changes nothing.

use uuid::Uuid;

use super::{
    NewCoach, PeopleError, coaches, good_email, good_handle, good_name, good_zone,
    members::{address_is_free, address_is_unknown, change_roles, lock_organization, note_presence},
    organization,
};
use crate::{
    audit::Visitor,
    db::{Db, TenantTx, Tx},
    model::{Role, role},
};

/// Adds a coach, or brings a removed one back. What is in the coach's inbox, and was rejected because nobody had the
/// handle, is looked at again. Returns the coach's id; a coach who is there already, just as given, stays.
///
/// # Errors
/// If an input cannot be used, somebody else has the address, nobody would be admin any more, or the handle is that of a
/// coach with another name or address: whoever mistypes a handle must not send somebody's review links to a stranger.
pub async fn add_coach(db: &Db, organization_handle: &str, coach: &NewCoach<'_>) -> Result<Uuid, PeopleError> {
    let (handle, name, email) = (good_handle(coach.handle)?, good_name(coach.name)?, good_email(coach.email)?);
    let coach = &NewCoach { handle, name: &name, email: &email, ..coach.clone() };
    coach.time_zone.map(good_zone).transpose()?;
    let organization = organization(db, organization_handle).await?;
    let mut tx = db.tenant(organization).await?;
    lock_organization(&mut tx).await?;
    let before = sqlx::query!(
        r#"select id, name, email, removed_at is not null as "removed!" from coaches where handle = $1 for no key update"#,
        handle
    );
    let id = match before.fetch_optional(tx.conn()).await? {
        None => insert(&mut tx, coach).await?,
        Some(there) if there.removed => bring_back(&mut tx, there.id, coach).await?,
        Some(there) if there.name == name && coaches::same_address(&there.email, &email) => {
            give_roles(&mut tx, there.id, coach).await?;
            coaches::set_name_and_zone(&mut tx, there.id, None, coach.time_zone, &Visitor::default()).await?;
            there.id
        }
        Some(there) => {
            return Err(PeopleError::CoachExists { handle: handle.to_owned(), name: there.name, email: there.email });
        }
    };
    coaches::look_at_inbox_again(&mut tx, handle).await?;
    tx.commit().await?;
    Ok(id)
}

async fn insert(tx: &mut TenantTx, coach: &NewCoach<'_>) -> Result<Uuid, PeopleError> {
    address_is_unknown(tx, coach.email).await?;
    let (id, roles) = (Uuid::now_v7(), role::stored(if coach.roles.is_empty() { &[Role::Coach] } else { coach.roles }));
    // Handles are unique in the installation, and those of other organizations aren't seen.
    let added = sqlx::query!(
        "insert into coaches (id, organization_id, handle, name, email, roles, time_zone)
         select $1, id, $2, $3, $4, $5, coalesce($6, time_zone) from organizations on conflict do nothing",
        id,
        coach.handle,
        coach.name,
        coach.email,
        &roles,
        coach.time_zone
    );
    match added.execute(tx.conn()).await?.rows_affected() {
        0 => Err(PeopleError::HandleTaken(coach.handle.to_owned())),
        _ => {
            note_presence(tx, id, "added", &Visitor::default()).await?;
            Ok(id)
        }
    }
}

async fn bring_back(tx: &mut TenantTx, id: Uuid, coach: &NewCoach<'_>) -> Result<Uuid, PeopleError> {
    address_is_free(tx, id, coach.email).await?;
    sqlx::query!("update coaches set email = $2, removed_at = null where id = $1", id, coach.email)
        .execute(tx.conn())
        .await?;
    give_roles(tx, id, coach).await?;
    coaches::set_name_and_zone(tx, id, Some(coach.name), coach.time_zone, &Visitor::default()).await?;
    coaches::come_back(tx, id, coach.handle).await?;
    note_presence(tx, id, "activated", &Visitor::default()).await?;
    Ok(id)
}

/// The roles, where they are given.
async fn give_roles(tx: &mut TenantTx, id: Uuid, coach: &NewCoach<'_>) -> Result<(), PeopleError> {
    if !coach.roles.is_empty() {
        change_roles(tx, id, coach.roles, &Visitor::default()).await?;
    }
    Ok(())
}
