//! Emits an event: one delivery and one job for each webhook that wants it, in the transaction of the change itself, so
//! that the event exists if and only if the change does.
//!
//! Reads `webhooks` and the event's subject; writes `webhook_deliveries` and jobs. Where nobody listens it is one query
//! that finds no row, and nothing is written.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    deliver::Deliver,
    event::{Event, EventType, Subject},
};
use crate::{
    db::{TenantTx, Tx},
    queue::enqueue,
};

/// Tells the organization's webhooks that want to know. The change must be written in `tx` already: ids and states are
/// read there.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn emit(tx: &mut TenantTx, event: &Event) -> Result<(), sqlx::Error> {
    // The lock keeps a webhook from being removed until its delivery is written; an attempt doesn't wait for it.
    let wanted = sqlx::query!(
        r#"select id, clock_timestamp() as "now!" from webhooks
           where state = 'active' and (events is null or $1 = any(events)) order by id for key share"#,
        event.kind.as_str()
    )
    .fetch_all(tx.conn())
    .await?;
    let Some(first) = wanted.first() else { return Ok(()) };
    let at = first.now;
    let Some((data, correlation_id)) = read(tx, event).await? else { return Ok(()) };
    let message = Message::new(tx, event.id(), event.kind, at, &data)?;
    let webhooks: Vec<Uuid> = wanted.iter().map(|webhook| webhook.id).collect();
    add(tx, &webhooks, &message, correlation_id).await?;
    Ok(())
}

/// What an event carries: ids and states, nothing else.
#[derive(Debug, Default, Serialize)]
pub(super) struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    item_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coach_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

impl Data {
    /// What a test carries.
    pub(super) fn of_test(webhook_id: Uuid) -> Self {
        Self { webhook_id: Some(webhook_id), ..Self::default() }
    }
}

/// An event as it is sent.
pub(super) struct Message {
    event_id: Uuid,
    kind: EventType,
    /// In the body and in the log.
    at: DateTime<Utc>,
    body: String,
}

impl Message {
    pub(super) fn new(
        tx: &TenantTx,
        event_id: Uuid,
        kind: EventType,
        at: DateTime<Utc>,
        data: &Data,
    ) -> Result<Self, sqlx::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            id: Uuid,
            r#type: &'static str,
            created_at: String,
            organization_id: Uuid,
            data: &'a Data,
        }
        let created_at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let body = Body { id: event_id, r#type: kind.as_str(), created_at, organization_id: tx.tenant(), data };
        let body = serde_json::to_string(&body).map_err(|error| sqlx::Error::Encode(error.into()))?;
        Ok(Self { event_id, kind, at, body })
    }
}

/// Writes a delivery to each webhook, and the job that makes it. An event that was reported before changes nothing.
/// Returns the new deliveries.
pub(super) async fn add(
    tx: &mut TenantTx,
    webhooks: &[Uuid],
    message: &Message,
    correlation_id: Uuid,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = webhooks.iter().map(|_| Uuid::now_v7()).collect();
    let organization = tx.tenant();
    let added = sqlx::query_scalar!(
        "insert into webhook_deliveries
             (id, organization_id, webhook_id, event_id, type, body, next_attempt_at, correlation_id, created_at)
         select id, $1, webhook_id, $2, $3, $4, now(), $5, $8 from unnest($6::uuid[], $7::uuid[]) as new (id, webhook_id)
         on conflict on constraint webhook_deliveries_once do nothing returning id",
        organization,
        message.event_id,
        message.kind.as_str(),
        message.body,
        correlation_id,
        &ids,
        webhooks,
        message.at
    )
    .fetch_all(tx.conn())
    .await?;
    for delivery_id in &added {
        enqueue(tx, &Deliver { delivery_id: *delivery_id }, correlation_id).await?;
    }
    Ok(added)
}

/// What the event's subject is now, and its correlation id; `None` if it is gone.
async fn read(tx: &mut TenantTx, event: &Event) -> Result<Option<(Data, Uuid)>, sqlx::Error> {
    match event.subject {
        Subject::Session(session_id) => session(tx, session_id, None, None).await,
        Subject::Gone(session_id) => {
            let found = session(tx, session_id, None, None).await?;
            Ok(found.map(|(data, correlation_id)| (Data { state: None, ..data }, correlation_id)))
        }
        Subject::Stage(session_id, stage, summary_id) => session(tx, session_id, Some(stage), summary_id).await,
        Subject::Summary(summary_id) => summary(tx, summary_id).await,
        Subject::ActionItem(item_id) => action_item(tx, item_id).await,
        Subject::Goal(goal_id) => goal(tx, goal_id).await,
        Subject::Mail(mail_id) => mail(tx, mail_id).await,
        Subject::Export(export_id) => {
            let state = if event.kind == EventType::ExportFinished { "finished" } else { "failed" };
            let data = Data { export_id: Some(export_id), state: Some(state.to_owned()), ..Data::default() };
            Ok(Some((data, export_id)))
        }
    }
}

async fn session(
    tx: &mut TenantTx,
    session_id: Uuid,
    stage: Option<&'static str>,
    summary_id: Option<Uuid>,
) -> Result<Option<(Data, Uuid)>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select coach_id, state, correlation_id,
                  (select client_id from summaries where summaries.id = $2) as "client_id?"
           from sessions where id = $1"#,
        session_id,
        summary_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|row| {
        let data = Data {
            session_id: Some(session_id),
            coach_id: Some(row.coach_id),
            state: Some(row.state),
            stage,
            summary_id,
            client_id: row.client_id,
            ..Data::default()
        };
        (data, row.correlation_id)
    }))
}

async fn summary(tx: &mut TenantTx, summary_id: Uuid) -> Result<Option<(Data, Uuid)>, sqlx::Error> {
    let found = sqlx::query!(
        "select session_id, coach_id, client_id, version, summaries.state, correlation_id
         from summaries join sessions on sessions.id = session_id where summaries.id = $1",
        summary_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|row| {
        let data = Data {
            session_id: Some(row.session_id),
            coach_id: Some(row.coach_id),
            summary_id: Some(summary_id),
            client_id: Some(row.client_id),
            version: Some(row.version),
            state: Some(row.state),
            ..Data::default()
        };
        (data, row.correlation_id)
    }))
}

async fn action_item(tx: &mut TenantTx, item_id: Uuid) -> Result<Option<(Data, Uuid)>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select stands.state as "state!", summary_id, session_id, coach_id, client_id, correlation_id
         from action_item_states told cross join lateral action_item_now(lasting_id) as stands
         join summaries on summaries.id = summary_id join sessions on sessions.id = session_id
         where lasting_id = $1"#,
        item_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|row| {
        let data = Data {
            item_id: Some(item_id),
            session_id: Some(row.session_id),
            coach_id: Some(row.coach_id),
            summary_id: Some(row.summary_id),
            client_id: Some(row.client_id),
            state: Some(row.state),
            ..Data::default()
        };
        (data, row.correlation_id)
    }))
}

async fn goal(tx: &mut TenantTx, goal_id: Uuid) -> Result<Option<(Data, Uuid)>, sqlx::Error> {
    let found = sqlx::query!("select coach_id, client_id, state from goals where id = $1", goal_id);
    Ok(found.fetch_optional(tx.conn()).await?.map(|row| {
        let data = Data {
            goal_id: Some(goal_id),
            coach_id: Some(row.coach_id),
            client_id: Some(row.client_id),
            state: Some(row.state),
            ..Data::default()
        };
        (data, goal_id)
    }))
}

async fn mail(tx: &mut TenantTx, mail_id: Uuid) -> Result<Option<(Data, Uuid)>, sqlx::Error> {
    let found = sqlx::query!(
        "select kind, state, session_id, coach_id, client_id, correlation_id from mails where id = $1",
        mail_id
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(|row| {
        let data = Data {
            mail_id: Some(mail_id),
            kind: Some(row.kind),
            state: Some(row.state),
            session_id: row.session_id,
            coach_id: row.coach_id,
            client_id: row.client_id,
            ..Data::default()
        };
        (data, row.correlation_id)
    }))
}
