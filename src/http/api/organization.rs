//! `/v1/organization`: its settings.

use axum::http::{StatusCode, header};
use debrief_jobs::{
    db::TenantTx,
    people::{self, OrganizationSettings},
    rights::Right,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    call::{About, Answer, Call, etag_of, tagged},
    input::Json,
    problem::Problem,
};

async fn one(tx: &mut TenantTx) -> Result<(OrganizationSettings, String), Problem> {
    let settings = people::organization_settings(tx).await?;
    let text = serde_json::to_string(&settings).map_err(|error| Problem::internal(&error))?;
    let etag = etag_of(&[&text]);
    Ok((settings, etag))
}

/// Show the organization
#[utoipa::path(get, path = "/v1/organization", tag = "organization", operation_id = "get_organization",
    security(("key" = ["organization:read"])),
    responses((status = 200, description = "Its settings", body = OrganizationSettings,
        headers(("ETag" = String, description = "For If-Match when it's changed")))))]
pub(super) async fn show(call: Call) -> Answer {
    let mut tx = call.read(Right::OrganizationRead).await?;
    let (settings, etag) = one(&mut tx).await?;
    tagged(call.shown(tx, About::default(), &settings).await, &etag)
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeOrganization)]
pub(super) struct Change {
    /// The name.
    name: Option<String>,
    /// An IANA time zone.
    time_zone: Option<String>,
    /// Whether admins may read what was said, and export it.
    admins_read_sessions: Option<bool>,
}

/// Change the organization's settings
#[utoipa::path(patch, path = "/v1/organization", tag = "organization", operation_id = "change_organization",
    params(("If-Match" = String, Header, description = "The ETag of what you read")),
    request_body = Change, security(("key" = ["organization:write"])),
    responses((status = 200, description = "Its settings as they are now", body = OrganizationSettings),
        (status = 412, description = "It has changed since"), (status = 428, description = "If-Match is missing")))]
pub(super) async fn change(call: Call, body: Json<Change>) -> Answer {
    let mut tx = call.change(Right::OrganizationWrite, &body.sha256).await?;
    people::hold_settings(&mut tx).await?;
    let (_, etag) = one(&mut tx).await?;
    call.must_match(&etag)?;
    let Change { name, time_zone, admins_read_sessions } = body.value;
    people::change_settings(&mut tx, name.as_deref(), time_zone.as_deref(), admins_read_sessions).await?;
    let (settings, etag) = one(&mut tx).await?;
    call.done(tx, About::default(), StatusCode::OK, &settings, &[(header::ETAG, etag)]).await
}
