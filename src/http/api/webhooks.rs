//! `/v1/webhooks`: who is told what happens, what was sent, and replaying it.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use debrief_jobs::{
    rights::Right,
    webhook::{self, Delivery, DeliveryState, EventType, Filter, Webhook, WebhookError},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    call::{About, Answer, Call},
    input::{Asked, Id, Json, Page, Paging, given},
    problem::{Code, Problem},
};
use crate::http::failure::capitalized;

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let detail = capitalized(&error.to_string());
        match error {
            WebhookError::Database(error) => error.into(),
            WebhookError::NotFound | WebhookError::NoDelivery => Self::not_found(),
            WebhookError::Url(_) => Self::invalid("url", detail),
            WebhookError::Description => Self::invalid("description", detail),
            WebhookError::NoEvents | WebhookError::TestEvent => Self::invalid("events", detail),
            WebhookError::NothingToChange => Self::new(Code::Invalid, detail),
            WebhookError::TooManyTests => Self::new(Code::TooManyRequests, detail),
            WebhookError::TooMany | WebhookError::Paused => Self::new(Code::WrongState, detail),
        }
    }
}

/// List webhooks
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    security(("key" = ["webhooks:write"])),
    responses((status = 200, description = "Webhooks, the oldest first, without their secrets", body = Page<Webhook>)))]
pub(super) async fn list(call: Call) -> Answer {
    let mut tx = call.read(Right::WebhooksWrite).await?;
    let items = webhook::list(&mut tx).await?;
    call.shown(tx, About::list(items.len()), &Page { items, next: None }).await
}

/// A webhook to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook)]
pub(super) struct Wanted {
    /// Where events are sent to: an https address that isn't private.
    #[schema(max_length = 2000, example = "https://crm.example/hooks/debrief")]
    url: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
    /// The types of event it wants; `null` for all, also those that later versions add.
    events: Option<Vec<String>>,
}

/// What is wrong with a webhook's fields: each of them is told.
fn checked(call: &Call, url: Option<&str>, events: Option<Vec<String>>) -> Result<Option<Vec<EventType>>, Problem> {
    let url = url.and_then(|url| call.state.services.webhooks.rules().url(url).err());
    let mut problems: Vec<Problem> = url.map(|error| WebhookError::Url(error).into()).into_iter().collect();
    let named = |name: &String| named("events", name).map_err(|problem| problems.push(problem)).ok();
    let events: Option<Vec<EventType>> = events.map(|names| names.iter().filter_map(named).collect());
    Problem::of_all(problems)?;
    Ok(events)
}

/// The type of event that a field names.
fn named(field: &'static str, name: &str) -> Result<EventType, Problem> {
    name.parse()
        .map_err(|_| Problem::invalid(field, format!("There’s no event `{name}`; docs/WEBHOOKS.md lists them.")))
}

/// A webhook that was added.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedWebhook)]
struct Added {
    /// Its id.
    id: Uuid,
    /// What it signs with. It's shown now and never again: `null` where the request is repeated.
    secret: Option<String>,
}

/// Add a webhook
///
/// docs/WEBHOOKS.md tells what is sent and how to verify it.
#[utoipa::path(post, path = "/v1/webhooks", tag = "webhooks", operation_id = "create_webhook", request_body = Wanted,
    security(("key" = ["webhooks:write"])),
    responses((status = 201, description = "The webhook's id and secret", body = Added)))]
pub(super) async fn create(call: Call, body: Json<Wanted>) -> Answer {
    let mut tx = call.change(Right::WebhooksWrite, &body.sha256).await?;
    let Wanted { url, description, events } = body.value;
    let events = checked(&call, Some(&url), events)?;
    let new = webhook::New { url, description, events, created_by: call.caller.person };
    let added = webhook::add(&mut tx, call.state.services.webhooks.rules(), &new).await?;
    let shown = Added { id: added.id, secret: Some(added.secret.expose_secret().to_owned()) };
    let kept = Added { id: added.id, secret: None };
    call.done_once(tx, About::other(added.id), StatusCode::CREATED, &shown, &kept).await
}

/// Show a webhook
#[utoipa::path(get, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "get_webhook",
    params(("id" = Uuid, Path,)), security(("key" = ["webhooks:write"])),
    responses((status = 200, description = "The webhook, without its secret", body = Webhook)))]
pub(super) async fn show(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.read(Right::WebhooksWrite).await?;
    let webhook = webhook::get(&mut tx, id).await?;
    call.shown(tx, About::other(id), &webhook).await
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChangeWebhook)]
pub(super) struct Change {
    /// Where events are sent to.
    #[schema(max_length = 2000)]
    url: Option<String>,
    /// What it is for.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// The types of event it wants; `null` for all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>)]
    events: Option<Option<Vec<String>>>,
    /// `true` to send nothing for now, `false` to go on.
    paused: Option<bool>,
}

/// Change, pause or resume a webhook
#[utoipa::path(patch, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "change_webhook",
    params(("id" = Uuid, Path,)), request_body = Change, security(("key" = ["webhooks:write"])),
    responses((status = 200, description = "The webhook as it is now", body = Webhook)))]
pub(super) async fn change(call: Call, Id(id): Id, body: Json<Change>) -> Answer {
    let mut tx = call.change(Right::WebhooksWrite, &body.sha256).await?;
    let Change { url, description, events, paused } = body.value;
    let are_given = events.is_some();
    let events = checked(&call, url.as_deref(), events.flatten())?;
    let events = are_given.then_some(events);
    let is_other = url.is_some() || description.is_some() || events.is_some();
    if is_other || paused.is_none() {
        let change = webhook::Change { url, description, events };
        webhook::change(&mut tx, call.state.services.webhooks.rules(), id, &change).await?;
    }
    match paused {
        Some(true) => webhook::pause(&mut tx, id).await?,
        Some(false) => webhook::resume(&mut tx, id).await?,
        None => {}
    }
    let webhook = webhook::get(&mut tx, id).await?;
    call.done(tx, About::other(id), StatusCode::OK, &webhook, &[]).await
}

/// Remove a webhook
#[utoipa::path(delete, path = "/v1/webhooks/{id}", tag = "webhooks", operation_id = "remove_webhook",
    params(("id" = Uuid, Path,)), security(("key" = ["webhooks:write"])),
    responses((status = 204, description = "It is removed, with its deliveries")))]
pub(super) async fn remove(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::WebhooksWrite, &[]).await?;
    webhook::remove(&mut tx, id).await?;
    call.done(tx, About::other(id), StatusCode::NO_CONTENT, &(), &[]).await
}

/// A webhook's new secret.
#[derive(Serialize, ToSchema)]
struct RotatedSecret {
    /// What it signs with from now on. It's shown now and never again: `null` where the request is repeated.
    secret: Option<String>,
}

/// Give a webhook a new secret
///
/// For a day the old one signs as well.
#[utoipa::path(post, path = "/v1/webhooks/{id}/rotate-secret", tag = "webhooks", operation_id = "rotate_webhook_secret",
    params(("id" = Uuid, Path,)), security(("key" = ["webhooks:write"])),
    responses((status = 200, description = "The new secret", body = RotatedSecret)))]
pub(super) async fn rotate(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::WebhooksWrite, &[]).await?;
    let secret = Some(webhook::rotate_secret(&mut tx, id).await?.expose_secret().to_owned());
    let kept = RotatedSecret { secret: None };
    call.done_once(tx, About::other(id), StatusCode::OK, &RotatedSecret { secret }, &kept).await
}

/// A delivery that will be sent.
#[derive(Serialize, ToSchema)]
struct QueuedDelivery {
    /// The delivery.
    delivery_id: Uuid,
}

/// Send a test event
#[utoipa::path(post, path = "/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "test_webhook",
    params(("id" = Uuid, Path,)), security(("key" = ["webhooks:write"])),
    responses((status = 202, description = "It will be sent", body = QueuedDelivery)))]
pub(super) async fn test(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::WebhooksWrite, &[]).await?;
    let delivery_id = webhook::test(&mut tx, id).await?;
    call.done(tx, About::other(id), StatusCode::ACCEPTED, &QueuedDelivery { delivery_id }, &[]).await
}

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The state.
    #[param(inline)]
    state: Option<DeliveryState>,
    /// The type of event.
    event: Option<String>,
    /// Only from then on.
    since: Option<DateTime<Utc>>,
    /// At most this many, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u16>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// List what was sent to a webhook
///
/// Kept for 30 days.
#[utoipa::path(get, path = "/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "list_webhook_deliveries",
    params(("id" = Uuid, Path,), Which), security(("key" = ["webhooks:write"])),
    responses((status = 200, description = "Deliveries with their attempts, newest first", body = Page<Delivery>)))]
pub(super) async fn deliveries(call: Call, Id(id): Id, Asked(which): Asked<Which>) -> Answer {
    let paging = Paging { limit: which.limit, cursor: which.cursor };
    let (limit, after) = (paging.limit()?, paging.after(call.list())?);
    let event = which.event.map(|name| named("event", &name)).transpose()?;
    let mut tx = call.read(Right::WebhooksWrite).await?;
    webhook::get(&mut tx, id).await?;
    let (state, since) = (which.state, which.since);
    let filter = Filter { webhook_id: Some(id), state, event, since, after, ids: None };
    let items = webhook::deliveries(&mut tx, &filter, limit + 1).await?;
    let page = Page::of(call.list(), items, limit, |row| row.id);
    call.shown(tx, About { count: Some(page.items.len()), ..About::other(id) }, &page).await
}

/// Send a delivery again
///
/// Under the same event id, so that the receiver knows it.
#[utoipa::path(post, path = "/v1/webhooks/deliveries/{id}/replay", tag = "webhooks", operation_id = "replay_webhook_delivery",
    params(("id" = Uuid, Path,)), security(("key" = ["webhooks:write"])),
    responses((status = 202, description = "It will be sent", body = QueuedDelivery)))]
pub(super) async fn replay(call: Call, Id(id): Id) -> Answer {
    let mut tx = call.change(Right::WebhooksWrite, &[]).await?;
    webhook::replay(&mut tx, id).await?;
    call.done(tx, About::other(id), StatusCode::ACCEPTED, &QueuedDelivery { delivery_id: id }, &[]).await
}
