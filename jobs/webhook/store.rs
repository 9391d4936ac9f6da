//! What people do with an organization's webhooks. Each is one function over the caller's transaction, which it doesn't
//! commit. Doing the same thing twice changes nothing.
//!
//! A webhook's secret is shown when it is made, by [`add`] and [`rotate_secret`], and nowhere else.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use uuid::Uuid;

use super::{EventType, PauseReason, Rules, SendWaiting, UrlError, WebhookState, signature};
use crate::{
    clean,
    db::{TenantTx, Tx},
    queue::enqueue,
};

/// At most this many webhooks per organization.
pub const MAX_WEBHOOKS: i64 = 20;
/// At most this many characters of a description.
pub const MAX_DESCRIPTION: usize = 200;
/// For so many hours after a rotation the old secret signs as well.
pub const OLD_SECRET_HOURS: i32 = 24;

/// A webhook, without its secret.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// Where events are sent to.
    pub url: String,
    /// What it is for, in someone's words.
    pub description: String,
    /// The types of event it wants, by name; `None` for all, also those that later versions add.
    pub events: Option<Vec<String>>,
    /// Whether it is told anything.
    pub state: WebhookState,
    /// Why it is paused, if it is.
    pub paused_reason: Option<PauseReason>,
    /// Since when it is paused, if it is.
    pub paused_at: Option<DateTime<Utc>>,
    /// The first failed attempt since something was last delivered.
    pub failing_since: Option<DateTime<Utc>>,
    /// How many deliveries were given up since something was last delivered.
    pub failed_in_a_row: i32,
    /// Until when the secret before the last rotation signs as well.
    pub old_secret_until: Option<DateTime<Utc>>,
    /// The coach who added it; `None` for the operator.
    pub created_by: Option<Uuid>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// How often it was paused without a person.
    #[serde(skip)]
    pub pauses: i32,
    /// How many deliveries wait to be sent, or sent again.
    pub waiting: i64,
    /// How many of the kept deliveries were given up.
    pub failed: i64,
}

/// A webhook to be added.
#[derive(Clone, Debug, Default)]
pub struct New {
    /// Where events are sent to.
    pub url: String,
    /// What it is for; may be empty.
    pub description: String,
    /// The types of event it wants; `None` for all.
    pub events: Option<Vec<EventType>>,
    /// The coach who adds it.
    pub created_by: Option<Uuid>,
}

/// What changes about a webhook; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Another address.
    pub url: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Other types of event; `Some(None)` for all.
    pub events: Option<Option<Vec<EventType>>>,
}

/// A webhook that was added, and its secret, which isn't shown again.
#[derive(Debug)]
pub struct Added {
    /// The webhook's id.
    pub id: Uuid,
    /// What it signs with.
    pub secret: SecretString,
}

/// Why something can't be done with a webhook.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The organization has no such webhook.
    #[error("there is no such webhook")]
    NotFound,
    /// The organization has no such delivery; they are kept for a while.
    #[error("there is no such delivery; they are deleted after {} days", super::KEPT_DAYS)]
    NoDelivery,
    /// The URL can't be a webhook's.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The description is too long.
    #[error("a description has at most {MAX_DESCRIPTION} characters")]
    Description,
    /// A list of events without an event.
    #[error("name at least one type of event, or leave the list out for all")]
    NoEvents,
    /// Tests are sent whether or not they are wanted.
    #[error("webhook.test can’t be chosen: it is sent when someone tries the webhook out")]
    TestEvent,
    /// The organization has as many as it may have.
    #[error("an organization has at most {MAX_WEBHOOKS} webhooks; remove one first")]
    TooMany,
    /// A test too many.
    #[error("that was tried {} times within an hour; wait a while", super::deliveries::MAX_TESTS)]
    TooManyTests,
    /// Nothing is sent while the webhook is paused.
    #[error("the webhook is paused; resume it first")]
    Paused,
    /// No change was named.
    #[error("say what to change: the URL, the description or the events")]
    NothingToChange,
    /// The query failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// The organization's webhooks, oldest first.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Webhook>, sqlx::Error> {
    read(tx, None).await
}

/// One webhook.
///
/// # Errors
/// [`WebhookError::NotFound`] if the organization has no such webhook.
pub async fn get(tx: &mut TenantTx, id: Uuid) -> Result<Webhook, WebhookError> {
    read(tx, Some(id)).await?.pop().ok_or(WebhookError::NotFound)
}

async fn read(tx: &mut TenantTx, id: Option<Uuid>) -> Result<Vec<Webhook>, sqlx::Error> {
    sqlx::query_as!(
        Webhook,
        r#"select id, url, description, events, state as "state: WebhookState",
                  paused_reason as "paused_reason: PauseReason", paused_at, failing_since, failed_in_a_row,
                  case when previous_until > now() then previous_until end as old_secret_until, created_by, created_at,
                  pauses,
                  (select count(*) from webhook_deliveries d where d.webhook_id = webhooks.id and d.state = 'due') as "waiting!",
                  (select count(*) from webhook_deliveries d where d.webhook_id = webhooks.id and d.state = 'failed') as "failed!"
           from webhooks where $1::uuid is null or id = $1 order by created_at, id"#,
        id
    )
    .fetch_all(tx.conn())
    .await
}

/// Adds a webhook, which is told from now on. The same twice is two webhooks.
///
/// # Errors
/// Says what is wrong with it, or that there are too many.
pub async fn add(tx: &mut TenantTx, rules: &Rules, new: &New) -> Result<Added, WebhookError> {
    let (url, description, events) =
        (rules.url(&new.url)?, described(&new.description)?, wanted(new.events.as_deref())?);
    let (id, secret, organization) = (Uuid::now_v7(), signature::random_secret(), tx.tenant());
    // Two that are added at once wait for each other here, so that the count is exact.
    sqlx::query!("select id from organizations where id = $1 for no key update", organization)
        .fetch_one(tx.conn())
        .await?;
    let there = sqlx::query_scalar!(r#"select count(*) as "count!" from webhooks"#).fetch_one(tx.conn()).await?;
    if there >= MAX_WEBHOOKS {
        return Err(WebhookError::TooMany);
    }
    sqlx::query!(
        "insert into webhooks (id, organization_id, url, description, events, secret, created_by)
         values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        organization,
        url.as_str(),
        description,
        events.as_deref() as Option<&[String]>,
        secret.expose_secret(),
        new.created_by
    )
    .execute(tx.conn())
    .await?;
    tracing::info!(target: "webhook", { webhook.id = %id }, "a webhook is added");
    Ok(Added { id, secret })
}

/// Changes a webhook. What waits goes to the new address.
///
/// # Errors
/// Says what is wrong with the change, or that there is no such webhook.
pub async fn change(tx: &mut TenantTx, rules: &Rules, id: Uuid, change: &Change) -> Result<(), WebhookError> {
    if change.url.is_none() && change.description.is_none() && change.events.is_none() {
        return Err(WebhookError::NothingToChange);
    }
    let url = change.url.as_deref().map(|url| rules.url(url)).transpose()?;
    let description = change.description.as_deref().map(described).transpose()?;
    let events = change.events.as_ref().map(|events| wanted(events.as_deref())).transpose()?;
    let (is_changed, events) = (events.is_some(), events.flatten());
    let changed = sqlx::query!(
        "update webhooks set url = coalesce($2, url), description = coalesce($3, description),
             events = case when $4 then $5 else events end
         where id = $1",
        id,
        url.as_ref().map(url::Url::as_str),
        description,
        is_changed,
        events.as_deref() as Option<&[String]>
    )
    .execute(tx.conn())
    .await?;
    found(changed.rows_affected())
}

/// Pauses a webhook: nothing is sent to it, and what happens meanwhile isn't kept for it. What already waits goes on
/// waiting.
///
/// # Errors
/// [`WebhookError::NotFound`] if the organization has no such webhook.
pub async fn pause(tx: &mut TenantTx, id: Uuid) -> Result<(), WebhookError> {
    let paused = sqlx::query!(
        "update webhooks set state = 'paused', paused_reason = coalesce(paused_reason, $2),
             paused_at = coalesce(paused_at, now())
         where id = $1",
        id,
        PauseReason::ByHand.as_str()
    )
    .execute(tx.conn())
    .await?;
    found(paused.rows_affected())
}

/// Resumes a webhook with a clean slate, and sends what waits; what was given up has to be replayed.
///
/// # Errors
/// [`WebhookError::NotFound`] if the organization has no such webhook.
pub async fn resume(tx: &mut TenantTx, id: Uuid) -> Result<(), WebhookError> {
    let resumed = sqlx::query_scalar!(
        r#"update webhooks set state = 'active', paused_reason = null, paused_at = null, failing_since = null,
               failed_in_a_row = 0
           from (select id, state from webhooks where id = $1 for no key update) before
           where webhooks.id = before.id returning before.state = 'paused' as "was_paused!""#,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    if resumed.ok_or(WebhookError::NotFound)? {
        sqlx::query!(
            "update webhook_deliveries set tries = 0, next_attempt_at = now() where webhook_id = $1 and state = 'due'",
            id
        )
        .execute(tx.conn())
        .await?;
        enqueue(tx, &SendWaiting { webhook_id: id }, id).await?;
        tracing::info!(target: "webhook", { webhook.id = %id }, "a webhook is resumed");
    }
    Ok(())
}

/// Makes a new secret, which isn't shown again. The old one signs as well for a day; one before that no longer does.
///
/// # Errors
/// [`WebhookError::NotFound`] if the organization has no such webhook.
pub async fn rotate_secret(tx: &mut TenantTx, id: Uuid) -> Result<SecretString, WebhookError> {
    let secret = signature::random_secret();
    let rotated = sqlx::query!(
        "update webhooks set previous_secret = secret, previous_until = now() + make_interval(hours => $3), secret = $2
         where id = $1",
        id,
        secret.expose_secret(),
        OLD_SECRET_HOURS
    )
    .execute(tx.conn())
    .await?;
    found(rotated.rows_affected())?;
    tracing::info!(target: "webhook", { webhook.id = %id }, "a webhook has a new secret");
    Ok(secret)
}

/// Removes a webhook with its deliveries. What waits is not sent.
///
/// # Errors
/// [`WebhookError::NotFound`] if the organization has no such webhook.
pub async fn remove(tx: &mut TenantTx, id: Uuid) -> Result<(), WebhookError> {
    let removed = sqlx::query!("delete from webhooks where id = $1", id).execute(tx.conn()).await?;
    found(removed.rows_affected())?;
    tracing::info!(target: "webhook", { webhook.id = %id }, "a webhook is removed");
    Ok(())
}

fn found(rows: u64) -> Result<(), WebhookError> {
    if rows == 0 { Err(WebhookError::NotFound) } else { Ok(()) }
}

/// A description on one line.
fn described(written: &str) -> Result<String, WebhookError> {
    let line = clean::line(written);
    if line.chars().count() > MAX_DESCRIPTION { Err(WebhookError::Description) } else { Ok(line) }
}

/// The names of the chosen events, each once.
fn wanted(events: Option<&[EventType]>) -> Result<Option<Vec<String>>, WebhookError> {
    let Some(events) = events else { return Ok(None) };
    if events.is_empty() {
        return Err(WebhookError::NoEvents);
    }
    if events.contains(&EventType::WebhookTest) {
        return Err(WebhookError::TestEvent);
    }
    let mut events = events.to_vec();
    events.sort_unstable();
    events.dedup();
    Ok(Some(events.into_iter().map(|event| event.as_str().to_owned()).collect()))
}
