//! Records how an attempt ended: on the delivery, and what it says about the webhook, which is paused when it is no use
//! any more. Writes both in the caller's transaction, the webhook first, as everywhere.

use std::time::Duration;

use serde_json::json;
use uuid::Uuid;

use super::{
    DeliveryState, EventType, PauseReason, TellPaused, backoff,
    sender::{Answer, Ended},
};
use crate::{
    db::{TenantTx, Tx},
    queue::enqueue,
};

/// A webhook is paused after failing attempts over this many days without a success.
pub const FAILING_DAYS: i32 = 5;
/// A webhook is paused after this many deliveries in a row were given up.
pub const FAILED_IN_A_ROW: i32 = 20;

/// What became of a delivery.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// The receiver has it.
    Delivered,
    /// It is tried again after this.
    Again(Duration),
    /// It was given up.
    Failed,
}

impl Outcome {
    /// The name in metrics and in the job's output.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Again(_) => "retry",
            Self::Failed => "failed",
        }
    }
}

/// Records how the attempt ended; `None` if the delivery was removed meanwhile, with its webhook.
pub(super) async fn record(
    tx: &mut TenantTx,
    delivery_id: Uuid,
    ended: &Ended,
) -> Result<Option<Outcome>, sqlx::Error> {
    let found = sqlx::query!("select webhook_id, type, tries from webhook_deliveries where id = $1", delivery_id)
        .fetch_optional(tx.conn())
        .await?;
    let Some(delivery) = found else { return Ok(None) };
    let is_test = delivery.r#type == EventType::WebhookTest.as_str();
    let outcome = match &ended.answer {
        Answer::Taken => Outcome::Delivered,
        Answer::Failed { after, .. } if !is_test => {
            backoff::pause(delivery.tries, *after).map_or(Outcome::Failed, Outcome::Again)
        }
        Answer::Failed { .. } | Answer::Gone => Outcome::Failed,
    };
    match outcome {
        Outcome::Delivered => works(tx, delivery.webhook_id).await?,
        // What a person tries out says nothing about the webhook's use.
        _ if is_test => {}
        _ => fails(tx, delivery.webhook_id, outcome, &ended.answer).await?,
    }
    write(tx, delivery_id, ended, outcome).await?;
    Ok(Some(outcome))
}

async fn write(tx: &mut TenantTx, delivery_id: Uuid, ended: &Ended, outcome: Outcome) -> Result<(), sqlx::Error> {
    let error = match &ended.answer {
        Answer::Taken => None,
        Answer::Gone => Some("HTTP 410: the receiver wants nothing more"),
        Answer::Failed { why, .. } => Some(why.as_str()),
    };
    let entry = json!({
        "status": ended.status.map(|status| status.as_u16()), "milliseconds": ended.milliseconds, "error": error,
    });
    let (state, pause) = match outcome {
        Outcome::Delivered => (DeliveryState::Delivered, None),
        Outcome::Again(pause) => (DeliveryState::Due, Some(pause.as_secs_f64())),
        Outcome::Failed => (DeliveryState::Failed, None),
    };
    sqlx::query!(
        "update webhook_deliveries
         set state = $2, attempts = jsonb_set(attempts, '{-1}', attempts -> -1 || $3),
             next_attempt_at = now() + make_interval(secs => $4),
             finished_at = case when $2 = 'due' then null else now() end
         where id = $1",
        delivery_id,
        state as DeliveryState,
        entry,
        pause
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Something was delivered. Nothing is written where nothing had failed: deliveries don't wait for each other.
async fn works(tx: &mut TenantTx, webhook_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update webhooks set failing_since = null, failed_in_a_row = 0
         where id = $1 and (failing_since is not null or failed_in_a_row > 0)",
        webhook_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An attempt failed. Pauses the webhook if the receiver wants nothing more, or has taken nothing for too long.
async fn fails(tx: &mut TenantTx, webhook_id: Uuid, outcome: Outcome, answer: &Answer) -> Result<(), sqlx::Error> {
    let failing = sqlx::query!(
        r#"update webhooks
           set failing_since = coalesce(failing_since, now()), failed_in_a_row = failed_in_a_row + $2
           where id = $1
           returning failed_in_a_row >= $3 or failing_since <= now() - make_interval(days => $4) as "too_long!""#,
        webhook_id,
        i32::from(matches!(outcome, Outcome::Failed)),
        FAILED_IN_A_ROW,
        FAILING_DAYS
    )
    .fetch_optional(tx.conn())
    .await?;
    let reason = match (answer, failing) {
        (Answer::Gone, _) => PauseReason::Gone,
        (_, Some(failing)) if failing.too_long => PauseReason::Failing,
        _ => return Ok(()),
    };
    let paused = sqlx::query_scalar!(
        "update webhooks set state = 'paused', paused_reason = $2, paused_at = now(), pauses = pauses + 1
         where id = $1 and state = 'active' returning pauses",
        webhook_id,
        reason.as_str()
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(pause) = paused {
        metrics::counter!("debrief_webhooks_paused_total", "reason" => reason.as_str()).increment(1);
        tracing::warn!(target: "webhook", { webhook.id = %webhook_id, webhook.reason = reason.as_str() }, "a webhook is paused");
        enqueue(tx, &TellPaused { webhook_id, pause }, webhook_id).await?;
    }
    Ok(())
}
