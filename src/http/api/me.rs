//! `/v1/me`: whoever asks.

use debrief_jobs::{
    db::View,
    model::Role,
    people,
    rights::{Right, Via},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::call::{Answer, Call, json_response};

/// Whoever asks.
#[derive(Serialize, ToSchema)]
struct Me {
    /// The organization.
    organization_id: Uuid,
    /// The organization's name.
    organization_name: String,
    /// The person; `null` for a key of the organization itself.
    person_id: Option<Uuid>,
    /// The person's name.
    person_name: Option<String>,
    /// The person's roles.
    roles: Vec<Role>,
    /// The API key.
    key_id: Option<Uuid>,
    /// What this caller may do: the rights of the roles, as far as the key's scopes go.
    rights: Vec<Right>,
}

/// Show whose key this is
///
/// Needs no scope: it's the way to try a key.
#[utoipa::path(get, path = "/v1/me", tag = "me", operation_id = "get_me", security(("key" = [])),
    responses((status = 200, description = "The caller", body = Me)))]
pub(super) async fn show(call: Call) -> Answer {
    let caller = &call.caller;
    let key_id = if let Via::Key(id) = caller.via { Some(id) } else { None };
    // Their own names need no right.
    let mut tx = call.state.services.db.view(caller.organization, &View::nothing()).await?;
    let organization_name = people::organization_settings(&mut tx).await?.name;
    let person_name = match caller.person {
        Some(id) => Some(people::person(&mut tx, id).await?.name),
        None => None,
    };
    drop(tx);
    let me = Me {
        organization_id: caller.organization,
        organization_name,
        person_id: caller.person,
        person_name,
        roles: caller.roles().to_vec(),
        key_id,
        rights: caller.rights(),
    };
    Ok(json_response(axum::http::StatusCode::OK, &me)?)
}
