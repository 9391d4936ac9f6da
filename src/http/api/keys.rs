//! `/v1/keys`: API keys of a person, or of the organization.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use debrief_jobs::{
    db::View,
    rights::{self, ApiKey, NewKey, Reach, Right, Via},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::{About, Answer, Call},
    input::{Asked, Id, Json, Page},
    problem::{Code, Problem},
    words::listed,
};

/// Whose keys.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// All keys of the organization and its people, instead of one's own: needs `keys:organization`.
    #[serde(default)]
    all: bool,
}

/// List API keys
///
/// One's own with `keys:own`, all with `keys:organization`.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", operation_id = "list_keys", params(Whose),
    security(("key" = ["keys:own"]), ("key" = ["keys:organization"])),
    responses((status = 200, description = "Keys, newest first, without the keys themselves", body = Page<ApiKey>)))]
pub(super) async fn list(call: Call, Asked(whose): Asked<Whose>) -> Answer {
    let (right, person) =
        if whose.all { (Right::KeysOrganization, None) } else { (Right::KeysOwn, call.caller.person) };
    let mut tx = call.read(right).await?;
    let items = rights::list(&mut tx, person).await?;
    call.shown(tx, About::list(items.len()), &Page { items, next: None }).await
}

/// A key to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewKey)]
pub(super) struct Wanted {
    /// What it is for, in words.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it may be used for.
    #[schema(min_items = 1)]
    scopes: Vec<Right>,
    /// When it stops working by itself; `null` for never.
    expires_at: Option<DateTime<Utc>>,
    /// Whether it's the organization's own key and nobody's: needs `keys:organization`.
    #[serde(default)]
    of_organization: bool,
}

/// A key that was created.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedKey)]
struct Created {
    /// Its id.
    id: Uuid,
    /// The key itself. It's shown now and never again: `null` where the request is repeated.
    #[schema(example = "dbk_…")]
    key: Option<String>,
}

/// Create an API key
///
/// A key of a person has that person's rights, as far as its scopes go. No key can do more than the one that it's created
/// with, and it ends when that one does; an access token creates none. One's own takes `keys:own`, one of the organization
/// (`of_organization`) takes `keys:organization`. A key of the organization that reads or changes clients' data is created by the
/// operator (`debrief keys create --org`), or by an admin where admins may read sessions.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", operation_id = "create_key", request_body = Wanted,
    security(("key" = ["keys:own"]), ("key" = ["keys:organization"])),
    responses((status = 201, description = "The key", body = Created)))]
pub(super) async fn create(call: Call, body: Json<Wanted>) -> Answer {
    let wanted = body.value;
    let right = if wanted.of_organization { Right::KeysOrganization } else { Right::KeysOwn };
    // Whoever copied a token would have a way in that outlives the sign-in.
    if let Via::SignIn(_) = call.caller.via {
        let detail =
            "An access token can’t create keys: use an API key that may, or ask the operator (`debrief keys create`).";
        return Err(Problem::new(Code::KeyNeeded, detail).into());
    }
    let mut tx = call.change(right, &body.sha256).await?;
    // A key begets no key that can do more: one of the organization reaches everybody, so the caller has to.
    let exceeds = |scope: &&Right| match call.caller.view(**scope) {
        Ok(View::Organization) => false,
        Ok(View::Coaches(_)) => wanted.of_organization && scope.line().key != Reach::NoClientData,
        Err(_) => true,
    };
    let more: BTreeSet<&str> = wanted.scopes.iter().filter(exceeds).map(|right| right.as_str()).collect();
    if !more.is_empty() {
        let (rights, of) = (if more.len() == 1 { "right" } else { "rights" }, listed(more));
        let whose = if wanted.of_organization { " for the whole organization" } else { "" };
        return Err(Problem::invalid("scopes", format!("Your key doesn’t have the {rights} {of}{whose}.")).into());
    }
    let new = NewKey {
        name: wanted.name,
        person: if wanted.of_organization { None } else { call.caller.person },
        scopes: wanted.scopes,
        expires_at: wanted.expires_at,
        created_by: call.caller.person,
        parent: if let Via::Key(id) = call.caller.via { Some(id) } else { None },
    };
    let issued = rights::issue(&mut tx, &new).await?;
    let created = Created { id: issued.id, key: Some(issued.text.reveal().to_owned()) };
    let kept = Created { id: issued.id, key: None };
    call.done_once(tx, About::other(issued.id), StatusCode::CREATED, &created, &kept).await
}

/// Revoke an API key
///
/// At once. One's own with `keys:own`, anybody's with `keys:organization`.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys", operation_id = "revoke_key", params(("id" = Uuid, Path,)),
    security(("key" = ["keys:own"]), ("key" = ["keys:organization"])), responses((status = 204, description = "It no longer works")))]
pub(super) async fn revoke(call: Call, Id(id): Id) -> Answer {
    let of_all = call.caller.view(Right::KeysOrganization).is_ok();
    let (right, person) = if of_all { (Right::KeysOrganization, None) } else { (Right::KeysOwn, call.caller.person) };
    let mut tx = call.change(right, &[]).await?;
    if !rights::revoke(&mut tx, id, person).await? {
        return Err(Problem::not_found().into());
    }
    call.done(tx, About::other(id), StatusCode::NO_CONTENT, &(), &[]).await
}
