//! An organization's own settings, as the API shows and changes them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{PeopleError, good_name, good_zone};
use crate::db::{TenantTx, Tx};

/// An organization's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Organization)]
pub struct OrganizationSettings {
    /// The id.
    pub id: Uuid,
    /// The handle.
    pub handle: String,
    /// The name.
    pub name: String,
    /// An IANA time zone.
    pub time_zone: String,
    /// Whether admins may read what was said, and export it.
    pub admins_read_sessions: bool,
}

/// The settings of the transaction's organization.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn organization_settings(tx: &mut TenantTx) -> Result<OrganizationSettings, sqlx::Error> {
    sqlx::query_as!(OrganizationSettings, "select id, handle, name, time_zone, admins_read_sessions from organizations")
        .fetch_one(tx.conn())
        .await
}

/// Keeps everyone else from changing them until the transaction ends.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn hold_settings(tx: &mut TenantTx) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query!("select id from organizations where id = $1 for no key update", organization)
        .fetch_optional(tx.conn())
        .await?;
    Ok(())
}

/// Changes them; what is `None` stays.
///
/// # Errors
/// If there is nothing to change, or an input can't be used.
pub async fn change_settings(
    tx: &mut TenantTx,
    name: Option<&str>,
    time_zone: Option<&str>,
    admins_read_sessions: Option<bool>,
) -> Result<(), PeopleError> {
    if name.is_none() && time_zone.is_none() && admins_read_sessions.is_none() {
        return Err(PeopleError::NothingToChange);
    }
    let name = name.map(good_name).transpose()?;
    let zone = time_zone.map(good_zone).transpose()?;
    sqlx::query!(
        "update organizations set name = coalesce($1, name), time_zone = coalesce($2, time_zone),
            admins_read_sessions = coalesce($3, admins_read_sessions)",
        name,
        zone,
        admins_read_sessions
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
