//! The job `webhook.deliver`: sends one event to one webhook.
//!
//! Reads the delivery and its webhook; records the attempt, posts with no transaction open, and records how it ended. The
//! record before says that nobody knows how the attempt ended, which stays true if the worker vanishes. A rerun sends the
//! same bytes under the same id, so a receiver recognizes what it has. The job snoozes until the next attempt: how often
//! it was tried stands in the delivery, and a job whose receiver is away hasn't failed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    DeliveryState, EventType,
    outcome::{Outcome, record},
    sender::{Request, Sender},
};
use crate::{
    db::{TenantTx, Tx},
    queue::{Context, Finished, Job, JobArgs, JobError, Policy},
};

/// What an attempt is until its end is recorded.
pub(super) const UNKNOWN: &str = "nobody recorded how this attempt ended: the worker stopped";
/// At most this many attempts of a delivery are kept: replays add to them.
const MOST_ATTEMPTS: i32 = 50;

/// Sends one event to one webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Deliver {
    /// The delivery.
    pub delivery_id: Uuid,
}

impl JobArgs for Deliver {
    const KIND: &'static str = "webhook.deliver";
    /// After the path's own work. Receivers that hang hold seats for fifteen seconds: one organization's, half of them.
    const POLICY: Policy = Policy {
        timeout: Duration::from_secs(60),
        concurrency: 8,
        per_organization: 4,
        priority: 5,
        ..Policy::DEFAULT
    };

    fn unique_key(&self) -> Option<String> {
        Some(self.delivery_id.to_string())
    }
}

/// What the job should do.
enum Step {
    Send(Box<Request>),
    Wait(Duration),
    Nothing(&'static str),
}

impl Job for Deliver {
    type Needs = Sender;

    async fn run(&self, ctx: &Context<Sender>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let request = match self.begin(&mut tx, ctx).await? {
            Step::Send(request) => request,
            Step::Wait(pause) => return Err(JobError::Snooze(pause)),
            Step::Nothing(why) => return ctx.finish(tx, json!({ "outcome": why })).await,
        };
        tx.commit().await?;

        let ended = ctx.post(&request).await;

        let mut tx = ctx.tenant_tx().await?;
        let outcome = record(&mut tx, self.delivery_id, &ended).await?;
        let name = outcome.map_or("removed", Outcome::name);
        if !matches!(outcome, Some(Outcome::Delivered)) {
            // What the receiver said stays in the delivery: it may quote anything.
            tracing::info!(
                target: "webhook",
                { delivery.id = %self.delivery_id, webhook.status = ended.status.map(|status| status.as_u16()),
                  webhook.outcome = name },
                "a webhook was not delivered"
            );
        }
        metrics::counter!("debrief_webhook_attempts_total", "outcome" => name).increment(1);
        match outcome {
            Some(Outcome::Again(pause)) => {
                if !ctx.is_ours(&mut tx).await? {
                    return Err(JobError::Stale);
                }
                tx.commit().await?;
                Err(JobError::Snooze(pause))
            }
            _ => ctx.finish(tx, json!({ "outcome": name })).await,
        }
    }

    /// The receiver is not to blame: the delivery has failed, its webhook goes on.
    async fn on_dead(&self, ctx: &Context<Sender>, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        sqlx::query!(
            "update webhook_deliveries set state = 'failed', next_attempt_at = null, finished_at = now()
             where id = $1 and state = 'due'",
            self.delivery_id
        )
        .execute(tx.conn())
        .await?;
        Ok(tx.commit().await?)
    }
}

impl Deliver {
    /// Decides under the delivery's lock, and records that an attempt begins.
    async fn begin(&self, tx: &mut TenantTx, ctx: &Context<Sender>) -> Result<Step, JobError> {
        let Some(webhook) = self.webhook(tx).await? else { return Ok(Step::Nothing("gone")) };
        let delivery = sqlx::query!(
            r#"select event_id, type, body, state as "state: DeliveryState", now() as "now!",
                      greatest(extract(epoch from next_attempt_at - now()), 0)::float8 as early
               from webhook_deliveries where id = $1 for update"#,
            self.delivery_id
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(delivery) = delivery else { return Ok(Step::Nothing("gone")) };
        if delivery.state != DeliveryState::Due {
            return Ok(Step::Nothing("already done"));
        }
        // A person tries out a paused one before resuming it.
        if webhook.is_paused && delivery.r#type != EventType::WebhookTest.as_str() {
            return Ok(Step::Nothing("paused"));
        }
        if let Some(early) = delivery.early.filter(|early| *early > 0.0) {
            return Ok(Step::Wait(Duration::from_secs_f64(early)));
        }
        if !ctx.is_ours(tx).await? {
            return Err(JobError::Stale);
        }
        sqlx::query!(
            "update webhook_deliveries
             set tries = tries + 1,
                 attempts = (case when jsonb_array_length(attempts) >= $3 then attempts - 0 else attempts end)
                     || jsonb_build_object('at', now(), 'status', null, 'milliseconds', null, 'error', $2::text)
             where id = $1",
            self.delivery_id,
            UNKNOWN,
            MOST_ATTEMPTS
        )
        .execute(tx.conn())
        .await?;
        let secrets = std::iter::once(webhook.secret).chain(webhook.previous).map(Into::into).collect();
        let request =
            Request { url: webhook.url, event_id: delivery.event_id, body: delivery.body, secrets, now: delivery.now };
        Ok(Step::Send(Box::new(request)))
    }

    /// The webhook as it is now. One that is paused is locked and read again: whoever resumes it meanwhile enqueues what
    /// waits after this job has ended.
    async fn webhook(&self, tx: &mut TenantTx) -> Result<Option<Webhook>, sqlx::Error> {
        let found = self.read_webhook(tx).await?;
        if !found.as_ref().is_some_and(|webhook| webhook.is_paused) {
            return Ok(found);
        }
        sqlx::query!(
            "select id from webhooks where id = (select webhook_id from webhook_deliveries where id = $1) for share",
            self.delivery_id
        )
        .fetch_optional(tx.conn())
        .await?;
        self.read_webhook(tx).await
    }

    async fn read_webhook(&self, tx: &mut TenantTx) -> Result<Option<Webhook>, sqlx::Error> {
        sqlx::query_as!(
            Webhook,
            r#"select url, secret, case when previous_until > now() then previous_secret end as previous,
                      webhooks.state = 'paused' as "is_paused!"
               from webhook_deliveries join webhooks on webhooks.id = webhook_id where webhook_deliveries.id = $1"#,
            self.delivery_id
        )
        .fetch_optional(tx.conn())
        .await
    }
}

struct Webhook {
    url: String,
    secret: String,
    previous: Option<String>,
    is_paused: bool,
}
