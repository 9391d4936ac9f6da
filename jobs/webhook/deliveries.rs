//! The log of deliveries, replays and tests: functions over the caller's transaction, which they don't commit.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Deliver, DeliveryState, EventType, SendWaiting, WebhookError, WebhookState,
    deliver::UNKNOWN,
    emit::{Data, Message, add},
};
use crate::{
    db::{TenantTx, Tx},
    queue::{Enqueued, JobArgs, enqueue, hasten},
};

/// At most this many deliveries are listed at a time.
pub const MOST_LISTED: i64 = 500;
/// At most this many tests of one webhook per hour.
pub(super) const MAX_TESTS: i64 = 30;

/// One event on its way to one webhook.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// The webhook.
    pub webhook_id: Uuid,
    /// The event, as in the header `webhook-id`: the same on every attempt and to every webhook.
    pub event_id: Uuid,
    /// The event's type.
    pub r#type: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// The last attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// When it is sent next; `None` if it isn't, or is being sent.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// When the event happened.
    pub created_at: DateTime<Utc>,
    /// When it was delivered or given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// The body, as it is sent: JSON.
    pub body: String,
}

/// One attempt at a delivery.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = WebhookAttempt)]
pub struct Attempt {
    /// When it began.
    pub at: DateTime<Utc>,
    /// The receiver's HTTP status; `None` without an answer.
    pub status: Option<u16>,
    /// How long it took, in milliseconds; `None` if nobody knows how it ended.
    pub milliseconds: Option<i32>,
    /// What went wrong, in at most 200 characters; `None` if the receiver took it, or the attempt is under way.
    pub error: Option<String>,
    /// Whether it's being made at this moment: how it ends isn't known yet.
    #[serde(default)]
    pub under_way: bool,
}

/// Which deliveries to list; the default is all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those to this webhook.
    pub webhook_id: Option<Uuid>,
    /// Those in this state.
    pub state: Option<DeliveryState>,
    /// Those of this type of event.
    pub event: Option<EventType>,
    /// Those of events since then.
    pub since: Option<DateTime<Utc>>,
    /// Those that come after this one in the list: the last one of the page before.
    pub after: Option<Uuid>,
    /// Those whose ids are in this range, ends included.
    pub ids: Option<(Uuid, Uuid)>,
}

/// Deliveries, newest first: at most `limit`, and never more than [`MOST_LISTED`].
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn deliveries(tx: &mut TenantTx, filter: &Filter, limit: i64) -> Result<Vec<Delivery>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, webhook_id, event_id, type, state as "state: DeliveryState", attempts, next_attempt_at, created_at,
                  finished_at, body
           from webhook_deliveries
           where ($1::uuid is null or webhook_id = $1) and ($2::text is null or state = $2)
             and ($3::text is null or type = $3) and ($4::timestamptz is null or created_at >= $4)
             and ($5::uuid is null or id < $5) and ($7::uuid is null or id between $7 and $8)
           order by id desc limit $6"#,
        filter.webhook_id,
        filter.state.map(<&str>::from),
        filter.event.map(EventType::as_str),
        filter.since,
        filter.after,
        limit.clamp(0, MOST_LISTED),
        filter.ids.map(|ids| ids.0),
        filter.ids.map(|ids| ids.1)
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(Row::delivery).collect()
}

/// One delivery.
///
/// # Errors
/// [`WebhookError::NoDelivery`] if the organization has no such delivery.
pub async fn delivery(tx: &mut TenantTx, id: Uuid) -> Result<Delivery, WebhookError> {
    let filter = Filter { ids: Some((id, id)), ..Filter::default() };
    deliveries(tx, &filter, 1).await?.pop().ok_or(WebhookError::NoDelivery)
}

struct Row {
    id: Uuid,
    webhook_id: Uuid,
    event_id: Uuid,
    r#type: String,
    state: DeliveryState,
    attempts: serde_json::Value,
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    body: String,
}

/// How long an attempt can be under way.
fn longest() -> TimeDelta {
    TimeDelta::from_std(Deliver::POLICY.timeout).unwrap_or_default()
}

impl Row {
    fn delivery(self) -> Result<Delivery, sqlx::Error> {
        let mut attempts: Vec<Attempt> =
            serde_json::from_value(self.attempts).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let mut next_attempt_at = self.next_attempt_at;
        let last = attempts.last_mut().filter(|last| last.error.as_deref() == Some(UNKNOWN));
        // The job is stopped after that time; until then nobody has failed to record anything.
        if let Some(last) = last.filter(|last| self.state == DeliveryState::Due && Utc::now() - last.at < longest()) {
            (last.error, last.under_way) = (None, true);
            next_attempt_at = None;
        }
        Ok(Delivery {
            id: self.id,
            webhook_id: self.webhook_id,
            event_id: self.event_id,
            r#type: self.r#type,
            state: self.state,
            attempts,
            next_attempt_at,
            created_at: self.created_at,
            finished_at: self.finished_at,
            body: self.body,
        })
    }
}

/// Sends a delivery again, with all its attempts before it: same body, same event id. Also one that was delivered, and one
/// that waits for its next attempt.
///
/// # Errors
/// [`WebhookError::Paused`] if its webhook is paused, [`WebhookError::NoDelivery`] if there is no such delivery.
pub async fn replay(tx: &mut TenantTx, delivery_id: Uuid) -> Result<(), WebhookError> {
    let webhook = sqlx::query!(
        r#"select state as "state: WebhookState" from webhooks
           where id = (select webhook_id from webhook_deliveries where id = $1) for share"#,
        delivery_id
    )
    .fetch_optional(tx.conn())
    .await?;
    match webhook.ok_or(WebhookError::NoDelivery)?.state {
        WebhookState::Active => {}
        WebhookState::Paused => return Err(WebhookError::Paused),
    }
    let correlation_id = sqlx::query_scalar!(
        "update webhook_deliveries set state = 'due', tries = 0, next_attempt_at = now(), finished_at = null
         where id = $1 returning correlation_id",
        delivery_id
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(WebhookError::NoDelivery)?;
    send_now(tx, delivery_id, correlation_id).await?;
    Ok(())
}

/// Replays all deliveries to a webhook that were given up, of events since then; returns how many.
///
/// # Errors
/// [`WebhookError::Paused`] if the webhook is paused, [`WebhookError::NotFound`] if there is no such webhook.
pub async fn replay_failed(tx: &mut TenantTx, webhook_id: Uuid, since: DateTime<Utc>) -> Result<u64, WebhookError> {
    let webhook =
        sqlx::query!(r#"select state as "state: WebhookState" from webhooks where id = $1 for share"#, webhook_id)
            .fetch_optional(tx.conn())
            .await?;
    match webhook.ok_or(WebhookError::NotFound)?.state {
        WebhookState::Active => {}
        WebhookState::Paused => return Err(WebhookError::Paused),
    }
    let replayed = sqlx::query!(
        "update webhook_deliveries set state = 'due', tries = 0, next_attempt_at = now(), finished_at = null
         where webhook_id = $1 and state = 'failed' and type <> $3 and created_at >= $2",
        webhook_id,
        since,
        EventType::WebhookTest.as_str()
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    if replayed > 0 {
        enqueue(tx, &SendWaiting { webhook_id }, webhook_id).await?;
    }
    Ok(replayed)
}

/// Enqueues the job of a delivery that is due now, or makes the one that snoozes run.
pub(super) async fn send_now(tx: &mut TenantTx, delivery_id: Uuid, correlation_id: Uuid) -> Result<(), sqlx::Error> {
    let job = Deliver { delivery_id };
    match enqueue(tx, &job, correlation_id).await? {
        Enqueued::New(_) => Ok(()),
        Enqueued::AlreadyThere => hasten(tx, &job).await,
    }
}

/// Sends a test event to one webhook, also while it is paused, once; returns the delivery.
///
/// # Errors
/// [`WebhookError::NotFound`] if there is no such webhook, [`WebhookError::TooManyTests`] if it is tried too often.
pub async fn test(tx: &mut TenantTx, webhook_id: Uuid) -> Result<Uuid, WebhookError> {
    // The lock makes the count exact.
    let found =
        sqlx::query!(r#"select clock_timestamp() as "now!" from webhooks where id = $1 for no key update"#, webhook_id)
            .fetch_optional(tx.conn())
            .await?
            .ok_or(WebhookError::NotFound)?;
    let tests = sqlx::query_scalar!(
        r#"select count(*) as "count!" from webhook_deliveries
           where webhook_id = $1 and type = $2 and created_at > now() - interval '1 hour'"#,
        webhook_id,
        EventType::WebhookTest.as_str()
    )
    .fetch_one(tx.conn())
    .await?;
    if tests >= MAX_TESTS {
        return Err(WebhookError::TooManyTests);
    }
    let data = Data::of_test(webhook_id);
    let message = Message::new(tx, Uuid::now_v7(), EventType::WebhookTest, found.now, &data)?;
    let added = add(tx, &[webhook_id], &message, webhook_id).await?;
    added.first().copied().ok_or(WebhookError::NotFound)
}
