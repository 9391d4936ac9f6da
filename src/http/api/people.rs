//! `/v1/people` and `/v1/teams`: who is there, what they may do, and whom they lead.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use debrief_jobs::{
    model::Role,
    people::{self, CoachRemoval, Person, Team},
    rights::Right,
    sign_in::{self, InviteError, NewPerson},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    call::{About, Answer, Call},
    input::{Id, Ids, Json, Page},
    problem::{Code, Problem},
};
use crate::http::failure::capitalized;

impl From<InviteError> for Problem {
    fn from(error: InviteError) -> Self {
        let detail = capitalized(&error.to_string());
        match error {
            InviteError::People(error) => error.into(),
            InviteError::Mail(error) => Self::internal(&error),
            _ => Self::new(Code::WrongState, detail),
        }
    }
}

/// List people
#[utoipa::path(get, path = "/v1/people", tag = "people", operation_id = "list_people",
    security(("key" = ["people:read"])),
    responses((status = 200, description = "Everyone in the organization, by name; also who was deactivated",
        body = Page<Person>)))]
pub(super) async fn list(call: Call) -> Answer {
    let mut tx = call.read(Right::PeopleRead).await?;
    let items = people::list_people(&mut tx, true).await?;
    call.shown(tx, About::list(items.len()), &Page { items, next: None }).await
}

/// Somebody to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPerson)]
pub(super) struct Wanted {
    /// The name, as it appears in transcripts.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Where the invitation goes.
    email: String,
    /// The roles; `coach` if left out.
    #[serde(default)]
    roles: Vec<Role>,
    /// A team that they join.
    team_id: Option<Uuid>,
}

/// An invitation that was sent.
#[derive(Serialize, ToSchema)]
struct Invitation {
    /// The person.
    id: Uuid,
    /// The name of their inbox folder.
    handle: String,
    /// When the mailed link stops working.
    expires_at: DateTime<Utc>,
}

/// Invite a person
#[utoipa::path(post, path = "/v1/people", tag = "people", operation_id = "invite_person", request_body = Wanted,
    security(("key" = ["people:write"])),
    responses((status = 201, description = "They are added, and get a mail", body = Invitation)))]
pub(super) async fn invite(call: Call, body: Json<Wanted>) -> Answer {
    let mut tx = call.change(Right::PeopleWrite, &body.sha256).await?;
    let wanted = body.value;
    let new = NewPerson { name: &wanted.name, email: &wanted.email, roles: &wanted.roles, team: wanted.team_id };
    let invited = sign_in::invite(&mut tx, &call.state.services.gate, &new, &call.caller.visitor).await?;
    let invitation = Invitation { id: invited.id, handle: invited.handle, expires_at: invited.expires_at };
    call.done(tx, About::other(invitation.id), StatusCode::CREATED, &invitation, &[]).await
}

/// Show a person
#[utoipa::path(get, path = "/v1/people/{id}", tag = "people", operation_id = "get_person", params(("id" = Uuid, Path,)),
    security(("key" = ["people:read"])), responses((status = 200, description = "The person", body = Person)))]
pub(super) async fn show(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::PeopleRead).await?;
    let person = people::person(&mut tx, id).await?;
    call.shown(tx, About::other(id), &person).await
}

/// A person's roles.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Roles {
    /// Instead of the present ones. The last admin stays one.
    #[schema(min_items = 1, max_items = 3)]
    roles: Vec<Role>,
}

/// Change a person's roles
///
/// Whoever gains a role signs in anew. Keys follow the roles with the next request; keys of the organization that a former admin
/// created end.
#[utoipa::path(put, path = "/v1/people/{id}/roles", tag = "people", operation_id = "change_roles",
    params(("id" = Uuid, Path,)), request_body = Roles, security(("key" = ["people:write"])),
    responses((status = 200, description = "The person as they are now", body = Person)))]
pub(super) async fn roles(call: Call, Id(id): Id, body: Json<Roles>) -> Answer {
    let mut tx = call.change(Right::PeopleWrite, &body.sha256).await?;
    if body.value.roles.is_empty() {
        return Err(Problem::invalid("roles", "A person has at least one role: coach, lead or admin.").into());
    }
    people::change_roles(&mut tx, id, &body.value.roles, &call.caller.visitor).await?;
    let person = people::person(&mut tx, id).await?;
    call.done(tx, About::other(id), StatusCode::OK, &person, &[]).await
}

/// Deactivate a person
///
/// Their sign-ins, keys and review links end at once; sessions and clients are kept. Refused while their sessions are worked
/// on or their letters are held, and for the last admin.
#[utoipa::path(post, path = "/v1/people/{id}/deactivate", tag = "people", operation_id = "deactivate_person",
    params(("id" = Uuid, Path,)), security(("key" = ["people:write"])),
    responses((status = 200, description = "What stays", body = CoachRemoval)))]
pub(super) async fn deactivate(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::PeopleWrite, &[]).await?;
    let removal = people::deactivate(&mut tx, id, &call.caller.visitor).await?;
    call.done(tx, About::other(id), StatusCode::OK, &removal, &[]).await
}

/// Bring a person back
#[utoipa::path(post, path = "/v1/people/{id}/activate", tag = "people", operation_id = "activate_person",
    params(("id" = Uuid, Path,)), security(("key" = ["people:write"])),
    responses((status = 204, description = "They may sign in again")))]
pub(super) async fn activate(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::PeopleWrite, &[]).await?;
    people::activate(&mut tx, id, &call.caller.visitor).await?;
    call.done(tx, About::other(id), StatusCode::NO_CONTENT, &(), &[]).await
}

/// List teams
#[utoipa::path(get, path = "/v1/teams", tag = "people", operation_id = "list_teams", security(("key" = ["people:read"])),
    responses((status = 200, description = "Teams, by name, with their members", body = Page<Team>)))]
pub(super) async fn teams(call: Call) -> Answer {
    let mut tx = call.read(Right::PeopleRead).await?;
    let items = people::list_teams(&mut tx).await?;
    call.shown(tx, About::list(items.len()), &Page { items, next: None }).await
}

/// A team's name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TeamName {
    /// The name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// A team that was created.
#[derive(Serialize, ToSchema)]
struct CreatedTeam {
    /// Its id.
    id: Uuid,
}

/// Create a team
#[utoipa::path(post, path = "/v1/teams", tag = "people", operation_id = "create_team", request_body = TeamName,
    security(("key" = ["people:write"])), responses((status = 201, description = "The team", body = CreatedTeam)))]
pub(super) async fn create_team(call: Call, body: Json<TeamName>) -> Answer {
    let mut tx = call.change(Right::PeopleWrite, &body.sha256).await?;
    let id = people::create_team(&mut tx, &body.value.name, &call.caller.visitor).await?;
    call.done(tx, About::other(id), StatusCode::CREATED, &CreatedTeam { id }, &[]).await
}

/// Rename a team
#[utoipa::path(patch, path = "/v1/teams/{id}", tag = "people", operation_id = "rename_team", params(("id" = Uuid, Path,)),
    request_body = TeamName, security(("key" = ["people:write"])),
    responses((status = 204, description = "It has the name")))]
pub(super) async fn rename_team(call: Call, Id(id): Id, body: Json<TeamName>) -> Answer {
    let mut tx = call.change(Right::PeopleWrite, &body.sha256).await?;
    people::rename_team(&mut tx, id, &body.value.name, &call.caller.visitor).await?;
    call.done(tx, About::other(id), StatusCode::NO_CONTENT, &(), &[]).await
}

/// Delete a team
///
/// Its people stay; whoever led it no longer sees them.
#[utoipa::path(delete, path = "/v1/teams/{id}", tag = "people", operation_id = "delete_team", params(("id" = Uuid, Path,)),
    security(("key" = ["people:write"])), responses((status = 204, description = "It is gone")))]
pub(super) async fn delete_team(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::PeopleWrite, &[]).await?;
    people::delete_team(&mut tx, id, &call.caller.visitor).await?;
    call.done(tx, About::other(id), StatusCode::NO_CONTENT, &(), &[]).await
}

/// How somebody is in a team.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Membership {
    /// Whether they lead it: a lead sees the sessions of the team's coaches.
    #[serde(default)]
    leads: bool,
}

/// Put a person into a team
#[utoipa::path(put, path = "/v1/teams/{id}/members/{person}", tag = "people", operation_id = "add_team_member",
    params(("id" = Uuid, Path,), ("person" = Uuid, Path,)), request_body = Membership,
    security(("key" = ["people:write"])), responses((status = 204, description = "They are in it")))]
pub(super) async fn add_member(call: Call, Ids(id, person): Ids, body: Json<Membership>) -> Answer {
    let mut tx = call.change(Right::PeopleWrite, &body.sha256).await?;
    people::add_member(&mut tx, id, person, body.value.leads, &call.caller.visitor).await?;
    call.done(tx, About::other(person), StatusCode::NO_CONTENT, &(), &[]).await
}

/// Take a person out of a team
#[utoipa::path(delete, path = "/v1/teams/{id}/members/{person}", tag = "people", operation_id = "remove_team_member",
    params(("id" = Uuid, Path,), ("person" = Uuid, Path,)), security(("key" = ["people:write"])),
    responses((status = 204, description = "They aren’t in it")))]
pub(super) async fn remove_member(call: Call, Ids(id, person): Ids) -> Answer {
    let mut tx = call.change(Right::PeopleWrite, &[]).await?;
    if !people::remove_member(&mut tx, id, person, &call.caller.visitor).await? {
        return Err(Problem::not_found().into());
    }
    call.done(tx, About::other(person), StatusCode::NO_CONTENT, &(), &[]).await
}
