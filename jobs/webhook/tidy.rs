//! The job `webhook.tidy`: deletes old deliveries and secrets that no longer sign, in batches. A rerun deletes the rest.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    db::Tx,
    queue::{
        Context, Finished, Job, JobArgs, JobError,
        schedule::{Missed, Schedule, job},
    },
};

/// Days to keep a delivery, whatever its state.
pub const KEPT_DAYS: i32 = 30;
/// Deliveries per transaction.
const BATCH: i64 = 1000;

/// Hourly.
pub const SCHEDULE: Schedule =
    Schedule::new("tidy_webhooks", "0 37 * * * *", chrono_tz::UTC, Missed::Once, |tx, _| job(tx, Tidy {}));

/// Deletes what is old enough.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tidy {}

impl JobArgs for Tidy {
    const KIND: &'static str = "webhook.tidy";

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Job for Tidy {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let mut deleted = 0;
        for organization in ctx.db.organizations().await? {
            loop {
                let mut tx = ctx.db.tenant(organization).await?;
                // The webhooks first, as everywhere.
                sqlx::query!(
                    "update webhooks set previous_secret = null, previous_until = null where previous_until <= now()"
                )
                .execute(tx.conn())
                .await?;
                let batch = sqlx::query!(
                    "delete from webhook_deliveries where id in (
                         select id from webhook_deliveries where created_at < now() - make_interval(days => $1)
                         order by created_at limit $2)",
                    KEPT_DAYS,
                    BATCH
                )
                .execute(tx.conn())
                .await?
                .rows_affected();
                tx.commit().await?;
                deleted += batch;
                if batch < BATCH.unsigned_abs() {
                    break;
                }
            }
        }
        ctx.finish(ctx.system_tx().await?, json!({ "deliveries": deleted })).await
    }
}
