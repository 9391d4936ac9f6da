//! `/v1/action-items`: what was promised, by whom and by when, over all sessions; changed, completed, dropped, reopened.

use axum::http::{StatusCode, header};
use chrono::NaiveDate;
use debrief_jobs::{
    db::TenantTx,
    model::{
        ItemState, Owner,
        listing::{self, ActionLine, WantedActions},
        told::Told,
    },
    review::{
        edit::{self, Edits},
        settle,
    },
    rights::Right,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::{About, Answer, Call, tagged},
    input::{Asked, Id, Json, MaybeJson, Page, Paging, given},
    problem::Problem,
    summaries,
};

/// Which action items.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only those from sessions with this client.
    client_id: Option<Uuid>,
    /// Only this coach's.
    coach_id: Option<Uuid>,
    /// Only those of this owner.
    #[param(inline)]
    owner: Option<Owner>,
    /// Only those that stand so.
    #[param(inline)]
    state: Option<ItemState>,
    /// `true` for those that are open and whose day has passed alone, `false` for the others.
    overdue: Option<bool>,
    /// Only those from sessions on or after this day.
    from: Option<NaiveDate>,
    /// Only those from sessions on or before this day.
    to: Option<NaiveDate>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// List action items
///
/// Of summaries that are approved or wait for their coach.
#[utoipa::path(get, path = "/v1/action-items", tag = "summaries", operation_id = "list_action_items", params(Which),
    security(("key" = ["summaries:read"])),
    responses((status = 200, description = "Action items, those of the newest session first", body = Page<ActionLine>)))]
pub(super) async fn list(call: Call, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let limit = paging.limit()?;
    let wanted = WantedActions {
        client: which.client_id,
        coach: which.coach_id,
        owner: which.owner.map(Owner::as_str),
        state: which.state,
        overdue: which.overdue,
        item: None,
        from: which.from,
        to: which.to,
        after: paging.after(call.list())?,
        limit: limit + 1,
    };
    let mut tx = call.read(Right::SummariesRead).await?;
    let items = listing::action_page(&mut tx, &wanted).await?;
    let page = Page::of(call.list(), items, limit, |row| (row.session_date, row.item_id));
    call.shown(tx, About::list(page.items.len()), &page).await
}

/// An action item, and the version and the ETag of its summary.
async fn one(tx: &mut TenantTx, id: Uuid) -> Result<(ActionLine, i32, String), Problem> {
    let item = listing::item_of(tx, id).await?.ok_or_else(Problem::not_found)?;
    let item = listing::action_item(tx, item).await?.ok_or_else(Problem::not_found)?;
    let (summary, etag) = summaries::one(tx, item.summary_id).await?;
    Ok((item, summary.line.version, etag))
}

fn about(item: &ActionLine) -> About {
    About {
        client: Some(item.client_id),
        other: Some(item.item_id),
        ..About::summary(item.session_id, item.summary_id)
    }
}

/// Show an action item
///
/// `id` is its `item_id`, or the `claim_id` that it had in any version of its summary.
#[utoipa::path(get, path = "/v1/action-items/{id}", tag = "summaries", operation_id = "get_action_item",
    params(("id" = Uuid, Path,)), security(("key" = ["summaries:read"])),
    responses((status = 200, description = "The action item", body = ActionLine,
        headers(("ETag" = String, description = "That of its summary, for If-Match when it's changed")))))]
pub(super) async fn show(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::SummariesRead).await?;
    let (item, _, etag) = one(&mut tx, id).await?;
    tagged(call.shown(tx, about(&item), &item).await, &etag)
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeActionItem)]
pub(super) struct Change {
    /// Who does it.
    owner: Option<Owner>,
    /// By when; `null` for no day.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<NaiveDate>)]
    due_date: Option<Option<NaiveDate>>,
}

/// Change who does an action item, and by when
///
/// An edit of its summary, which gets a new version, so the summary must still wait for its coach. Its words are changed
/// with the summary's.
#[utoipa::path(patch, path = "/v1/action-items/{id}", tag = "summaries", operation_id = "change_action_item",
    params(("id" = Uuid, Path,), ("If-Match" = String, Header, description = "The ETag of the item, or of its summary")),
    request_body = Change, security(("key" = ["summaries:write"])),
    responses((status = 200, description = "The action item as it is now", body = ActionLine),
        (status = 412, description = "Its summary has changed since"), (status = 428, description = "If-Match is missing")))]
pub(super) async fn change(call: Call, Id(id): Id, body: Json<Change>) -> Answer {
    let mut tx = call.change(Right::SummariesWrite, &body.sha256).await?;
    let (item, version, etag) = one(&mut tx, id).await?;
    call.must_match(&etag)?;
    let mut edits = Edits::default();
    edits.owners.extend(body.value.owner.map(|owner| (item.claim_id, owner)));
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    edits.due.extend(body.value.due_date.map(|due| (item.claim_id, day(due))));
    edit::edit(&mut tx, item.session_id, item.summary_id, version, &edits, &call.caller.visitor).await?;
    let (item, _, etag) = one(&mut tx, item.item_id).await?;
    call.done(tx, about(&item), StatusCode::OK, &item, &[(header::ETAG, etag)]).await
}

/// Since when, and a note; both may be left out, and so may the body. Said again, what is left out stays as it was, and a blank
/// note removes the note.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settling {
    /// The day on which it happened; today in the coach's time zone if left out.
    day: Option<NaiveDate>,
    /// A note, on one line.
    #[schema(max_length = 1000)]
    note: Option<String>,
}

impl From<Settling> for Told {
    fn from(said: Settling) -> Self {
        Self { day: said.day, note: said.note }
    }
}

async fn settle(call: Call, id: Uuid, body: MaybeJson<Settling>, state: ItemState) -> Answer {
    let mut tx = call.change(Right::SummariesWrite, &body.sha256).await?;
    let item = settle::settle(&mut tx, id, state, &body.value.into(), &call.caller.visitor).await?;
    call.done(tx, about(&item), StatusCode::OK, &item, &[]).await
}

/// Complete an action item
///
/// It is done, whatever becomes of its summary's words: it isn't overdue, and later sessions aren't asked about it. Needs no
/// If-Match: completing it twice is completing it once.
#[utoipa::path(post, path = "/v1/action-items/{id}/complete", tag = "summaries", operation_id = "complete_action_item",
    params(("id" = Uuid, Path,)), request_body = Option<Settling>, security(("key" = ["summaries:write"])),
    responses((status = 200, description = "The action item as it is now", body = ActionLine)))]
pub(super) async fn complete(call: Call, Id(id): Id, body: MaybeJson<Settling>) -> Answer {
    settle(call, id, body, ItemState::Done).await
}

/// Drop an action item
///
/// It won't be done: it isn't overdue, and later sessions aren't asked about it.
#[utoipa::path(post, path = "/v1/action-items/{id}/drop", tag = "summaries", operation_id = "drop_action_item",
    params(("id" = Uuid, Path,)), request_body = Option<Settling>, security(("key" = ["summaries:write"])),
    responses((status = 200, description = "The action item as it is now", body = ActionLine)))]
pub(super) async fn drop_item(call: Call, Id(id): Id, body: MaybeJson<Settling>) -> Answer {
    settle(call, id, body, ItemState::Dropped).await
}

/// Reopen an action item
///
/// It is open again, even if a session reported it done: only a session after the given day counts from then on.
#[utoipa::path(post, path = "/v1/action-items/{id}/reopen", tag = "summaries", operation_id = "reopen_action_item",
    params(("id" = Uuid, Path,)), request_body = Option<Settling>, security(("key" = ["summaries:write"])),
    responses((status = 200, description = "The action item as it is now", body = ActionLine)))]
pub(super) async fn reopen(call: Call, Id(id): Id, body: MaybeJson<Settling>) -> Answer {
    settle(call, id, body, ItemState::Open).await
}
