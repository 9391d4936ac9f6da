//! Organizations: added, changed, listed, and found by their handle.
//!
//! Writes the organization alone. Adding the same again changes nothing.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{PeopleError, good_handle, good_name, good_zone};
use crate::{
    audit::{self, Event, EventKind, Visitor},
    db::{Db, Tx},
};

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organization {
    /// The organization's id.
    pub id: Uuid,
    /// The short name that operators use.
    pub handle: String,
    /// The display name.
    pub name: String,
    /// An IANA time zone.
    pub time_zone: String,
    /// How many coaches it has.
    pub coaches: i64,
    /// Whether everybody needs a second factor to sign in.
    pub require_second_factor: bool,
}

/// Adds an organization; returns its id. One that is there already, just as given, stays as it is.
///
/// # Errors
/// If an input cannot be used, or the handle is that of an organization with another name or time zone.
pub async fn add_organization(db: &Db, handle: &str, name: &str, time_zone: &str) -> Result<Uuid, PeopleError> {
    let (handle, name, zone) = (good_handle(handle)?, good_name(name)?, good_zone(time_zone)?);
    match organization(db, handle).await {
        Ok(id) => {
            let mut tx = db.tenant(id).await?;
            let there = sqlx::query!("select name, time_zone from organizations where id = $1", id);
            let there = there.fetch_one(tx.conn()).await?;
            if (there.name.as_str(), there.time_zone.as_str()) == (name.as_str(), zone) {
                return Ok(id);
            }
            let handle = handle.to_owned();
            return Err(PeopleError::OrganizationExists { handle, name: there.name, time_zone: there.time_zone });
        }
        Err(PeopleError::NoOrganization(_)) => {}
        Err(error) => return Err(error),
    }
    let id = Uuid::now_v7();
    let mut tx = db.tenant(id).await?;
    sqlx::query!(
        "insert into organizations (id, handle, name, time_zone) values ($1, $2, $3, $4)",
        id,
        handle,
        name,
        zone
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Changes to an organization; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct OrganizationChange {
    /// The display name.
    pub name: Option<String>,
    /// An IANA time zone.
    pub time_zone: Option<String>,
    /// Whether everybody needs a second factor to sign in.
    pub require_second_factor: Option<bool>,
}

/// Changes an organization, with an entry in its audit. Returns its id.
///
/// # Errors
/// If there is no such organization, nothing to change, or an input cannot be used.
pub async fn change_organization(db: &Db, handle: &str, change: &OrganizationChange) -> Result<Uuid, PeopleError> {
    let OrganizationChange { name, time_zone, require_second_factor } = change;
    if name.is_none() && time_zone.is_none() && require_second_factor.is_none() {
        return Err(PeopleError::NothingToChange);
    }
    let id = organization(db, handle).await?;
    let mut tx = db.tenant(id).await?;
    sqlx::query!(
        "update organizations set name = coalesce($2, name), time_zone = coalesce($3, time_zone),
            require_second_factor = coalesce($4, require_second_factor) where id = $1",
        id,
        name.as_deref().map(good_name).transpose()?,
        time_zone.as_deref().map(good_zone).transpose()?,
        *require_second_factor
    )
    .execute(tx.conn())
    .await?;
    // An operator's change has no person; a rule about second factors is worth an entry all the same.
    let detail = json!({
        "operation": "debrief org change",
        "name": name.is_some(),
        "time_zone": time_zone,
        "require_second_factor": require_second_factor,
    });
    audit::record(&mut tx, &Event { detail, ..Event::about_nobody(EventKind::Changed) }, &Visitor::default()).await?;
    tx.commit().await?;
    Ok(id)
}

/// All organizations, by handle.
///
/// # Errors
/// If the database fails.
pub async fn list_organizations(db: &Db) -> Result<Vec<Organization>, PeopleError> {
    let mut organizations = Vec::new();
    for id in db.organizations().await? {
        let mut tx = db.tenant(id).await?;
        let found = sqlx::query_as!(
            Organization,
            r#"select id, handle, name, time_zone, (select count(*) from coaches where removed_at is null) as "coaches!", require_second_factor
               from organizations"#
        );
        organizations.extend(found.fetch_optional(tx.conn()).await?);
    }
    organizations.sort_by(|one, other| one.handle.cmp(&other.handle));
    Ok(organizations)
}

/// The id of the organization with this handle.
///
/// # Errors
/// If there is none.
pub async fn organization(db: &Db, handle: &str) -> Result<Uuid, PeopleError> {
    let found = sqlx::query_scalar!("select organization_by_handle($1)", handle).fetch_one(db.pool()).await?;
    found.ok_or_else(|| PeopleError::NoOrganization(handle.to_owned()))
}
