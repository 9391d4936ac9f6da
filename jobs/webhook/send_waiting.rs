//! The job `webhook.send_waiting`: after a webhook is resumed, or its failed deliveries are replayed, enqueues the jobs of
//! those that are due, in batches. A rerun finds them enqueued.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{EventType, deliveries::send_now};
use crate::{
    db::Tx,
    queue::{Context, Finished, Job, JobArgs, JobError},
};

/// Deliveries per transaction.
const BATCH: i64 = 200;

/// Sends what waits for a webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendWaiting {
    /// The webhook.
    pub webhook_id: Uuid,
}

impl JobArgs for SendWaiting {
    const KIND: &'static str = "webhook.send_waiting";

    /// None: one that runs may have passed a delivery that is due only now.
    fn unique_key(&self) -> Option<String> {
        None
    }
}

impl Job for SendWaiting {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let (mut last, mut sent) = (Uuid::nil(), 0);
        loop {
            let mut tx = ctx.tenant_tx().await?;
            let batch = sqlx::query!(
                "select d.id, d.correlation_id from webhook_deliveries d join webhooks on webhooks.id = webhook_id
                 where webhook_id = $1 and webhooks.state = 'active' and d.state = 'due' and d.next_attempt_at <= now()
                   and d.type <> $3 and d.id > $2
                 order by d.id limit $4",
                self.webhook_id,
                last,
                EventType::WebhookTest.as_str(),
                BATCH
            )
            .fetch_all(tx.conn())
            .await?;
            for delivery in &batch {
                send_now(&mut tx, delivery.id, delivery.correlation_id).await?;
                last = delivery.id;
                sent += 1;
            }
            if batch.len() < usize::try_from(BATCH).unwrap_or_default() {
                return ctx.finish(tx, json!({ "sent": sent })).await;
            }
            tx.commit().await?;
        }
    }
}
