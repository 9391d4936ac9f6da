//! `/v1/goals`: what clients work towards; set, changed, achieved, dropped, reopened, removed.

use axum::http::{StatusCode, header};
use chrono::NaiveDate;
use debrief_jobs::{
    db::TenantTx,
    goals::{self, Goal, GoalChange, NewGoal, WantedGoals},
    model::GoalState,
    rights::Right,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    action_items::Settling,
    call::{About, Answer, Call, etag_of, tagged},
    input::{Asked, Id, Json, MaybeJson, Page, Paging, given},
    problem::Problem,
};

/// Which goals.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only this client's.
    client_id: Option<Uuid>,
    /// Only those of this coach's clients.
    coach_id: Option<Uuid>,
    /// Only those that stand so.
    #[param(inline)]
    state: Option<GoalState>,
    /// `true` for those that are open and whose day has passed alone, `false` for the others.
    overdue: Option<bool>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// List goals
#[utoipa::path(get, path = "/v1/goals", tag = "goals", operation_id = "list_goals", params(Which),
    security(("key" = ["goals:read"])),
    responses((status = 200, description = "Goals, newest first", body = Page<Goal>)))]
pub(super) async fn list(call: Call, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let limit = paging.limit()?;
    let wanted = WantedGoals {
        client: which.client_id,
        coach: which.coach_id,
        state: which.state,
        overdue: which.overdue,
        after: paging.after(call.list())?,
        limit: limit + 1,
    };
    let mut tx = call.read(Right::GoalsRead).await?;
    let page = Page::of(call.list(), goals::page(&mut tx, &wanted).await?, limit, |goal| goal.id);
    call.shown(tx, About::list(page.items.len()), &page).await
}

/// A goal to set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGoal)]
pub(super) struct Wanted {
    /// The client.
    client_id: Uuid,
    /// What the client works towards, in a sentence.
    #[schema(min_length = 1, max_length = 1000)]
    text: String,
    /// By when, if there is a day.
    due_date: Option<NaiveDate>,
    /// The claim of a summary that it was taken from.
    claim_id: Option<Uuid>,
}

fn etag(goal: &Goal) -> String {
    etag_of(&[&goal.id.to_string(), &goal.updated_at.to_rfc3339()])
}

fn about(goal: &Goal) -> About {
    About { other: Some(goal.id), ..About::client(goal.client_id) }
}

async fn done(call: &Call, tx: TenantTx, status: StatusCode, goal: &Goal) -> Answer {
    call.done(tx, about(goal), status, goal, &[(header::ETAG, etag(goal))]).await
}

/// Set a goal
#[utoipa::path(post, path = "/v1/goals", tag = "goals", operation_id = "create_goal", request_body = Wanted,
    security(("key" = ["goals:write"])),
    responses((status = 201, description = "The goal", body = Goal)))]
pub(super) async fn create(call: Call, body: Json<Wanted>) -> Answer {
    let mut tx = call.change(Right::GoalsWrite, &body.sha256).await?;
    let Wanted { client_id, text, due_date, claim_id } = body.value;
    let new = NewGoal { client: client_id, text: &text, due: due_date, claim: claim_id };
    let goal = goals::create(&mut tx, &new, &call.caller.visitor).await?;
    done(&call, tx, StatusCode::CREATED, &goal).await
}

/// Show a goal
#[utoipa::path(get, path = "/v1/goals/{id}", tag = "goals", operation_id = "get_goal", params(("id" = Uuid, Path,)),
    security(("key" = ["goals:read"])),
    responses((status = 200, description = "The goal", body = Goal,
        headers(("ETag" = String, description = "For If-Match when it's changed")))))]
pub(super) async fn show(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::GoalsRead).await?;
    let goal = goals::one(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    tagged(call.shown(tx, about(&goal), &goal).await, &etag(&goal))
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeGoal)]
pub(super) struct Change {
    /// What the client works towards.
    #[schema(min_length = 1, max_length = 1000)]
    text: Option<String>,
    /// By when; `null` for no day.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    due_date: Option<Option<NaiveDate>>,
}

/// Change a goal's words or day
#[utoipa::path(patch, path = "/v1/goals/{id}", tag = "goals", operation_id = "change_goal",
    params(("id" = Uuid, Path,), ("If-Match" = String, Header, description = "The ETag of what you read")),
    request_body = Change, security(("key" = ["goals:write"])),
    responses((status = 200, description = "The goal as it is now", body = Goal),
        (status = 412, description = "It has changed since"), (status = 428, description = "If-Match is missing")))]
pub(super) async fn change(call: Call, Id(id): Id, body: Json<Change>) -> Answer {
    let mut tx = call.change(Right::GoalsWrite, &body.sha256).await?;
    let goal = goals::hold(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    call.must_match(&etag(&goal))?;
    let change = GoalChange { text: body.value.text, due: body.value.due_date };
    let goal = goals::change(&mut tx, &goal, &change, &call.caller.visitor).await?;
    done(&call, tx, StatusCode::OK, &goal).await
}

async fn settle(call: Call, id: Uuid, body: MaybeJson<Settling>, state: GoalState) -> Answer {
    let mut tx = call.change(Right::GoalsWrite, &body.sha256).await?;
    let goal = goals::hold(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    let goal = goals::settle(&mut tx, &goal, state, &body.value.into(), &call.caller.visitor).await?;
    done(&call, tx, StatusCode::OK, &goal).await
}

/// Achieve a goal
///
/// Needs no If-Match: achieving it twice is achieving it once.
#[utoipa::path(post, path = "/v1/goals/{id}/achieve", tag = "goals", operation_id = "achieve_goal",
    params(("id" = Uuid, Path,)), request_body = Option<Settling>, security(("key" = ["goals:write"])),
    responses((status = 200, description = "The goal as it is now", body = Goal)))]
pub(super) async fn achieve(call: Call, Id(id): Id, body: MaybeJson<Settling>) -> Answer {
    settle(call, id, body, GoalState::Achieved).await
}

/// Drop a goal
///
/// It isn't pursued any more.
#[utoipa::path(post, path = "/v1/goals/{id}/drop", tag = "goals", operation_id = "drop_goal",
    params(("id" = Uuid, Path,)), request_body = Option<Settling>, security(("key" = ["goals:write"])),
    responses((status = 200, description = "The goal as it is now", body = Goal)))]
pub(super) async fn drop_goal(call: Call, Id(id): Id, body: MaybeJson<Settling>) -> Answer {
    settle(call, id, body, GoalState::Dropped).await
}

/// Reopen a goal
#[utoipa::path(post, path = "/v1/goals/{id}/reopen", tag = "goals", operation_id = "reopen_goal",
    params(("id" = Uuid, Path,)), request_body = Option<Settling>, security(("key" = ["goals:write"])),
    responses((status = 200, description = "The goal as it is now", body = Goal)))]
pub(super) async fn reopen(call: Call, Id(id): Id, body: MaybeJson<Settling>) -> Answer {
    settle(call, id, body, GoalState::Open).await
}

/// Remove a goal that was set by mistake
///
/// One that the client no longer pursues is dropped instead, and stays in the client's history.
#[utoipa::path(delete, path = "/v1/goals/{id}", tag = "goals", operation_id = "remove_goal",
    params(("id" = Uuid, Path,)), security(("key" = ["goals:write"])),
    responses((status = 204, description = "It is gone")))]
pub(super) async fn remove(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::GoalsWrite, &[]).await?;
    let goal = goals::hold(&mut tx, id).await?.ok_or_else(Problem::not_found)?;
    goals::remove(&mut tx, &goal, &call.caller.visitor).await?;
    call.done(tx, about(&goal), StatusCode::NO_CONTENT, &(), &[]).await
}
