//! Pruning: deletes finished jobs and fired ticks in batches once they are old enough, and what the API and signing in
//! remember for a while.
//!
//! Deletes from `jobs` (through `prune_jobs`), `schedule_ticks`, `idempotency_keys`, `request_counts` and, a month after they ended,
//! `sign_ins`, `one_time_links` and `address_changes`. A rerun deletes the rest.

use serde::{Deserialize, Serialize};

use super::{
    Context, Finished, Job, JobArgs, JobError,
    schedule::{Missed, Schedule, job},
};
use crate::db::Tx;

/// Days to keep an organization's done jobs.
const DONE_DAYS: f64 = 3.0;
/// Days to keep the installation's done jobs: the inbox alone is checked every few seconds.
const OWN_DONE_DAYS: f64 = 1.0 / 24.0;
/// Days to keep cancelled jobs.
const CANCELLED_DAYS: f64 = 7.0;
/// Days to keep dead jobs.
const DEAD_DAYS: f64 = 30.0;
/// Days to keep fired ticks; the last one of each schedule stays.
const TICK_DAYS: i32 = 1;
/// Jobs per batch.
const BATCH: i64 = 1000;

/// Hourly.
pub const SCHEDULE: Schedule =
    Schedule::new("prune", "0 7 * * * *", chrono_tz::UTC, Missed::Once, |tx, _| job(tx, Prune {}));

/// Deletes what is old enough.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prune {}

impl JobArgs for Prune {
    const KIND: &'static str = "queue.prune";

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Job for Prune {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let mut jobs = 0;
        loop {
            // Each batch is its own transaction, so that no lock is held for long.
            let pruned = sqlx::query_scalar!(
                r#"select prune_jobs($1, $2, $3, $4, $5) as "pruned!""#,
                DONE_DAYS,
                OWN_DONE_DAYS,
                CANCELLED_DAYS,
                DEAD_DAYS,
                BATCH
            )
            .fetch_one(ctx.db.pool())
            .await?;
            jobs += pruned;
            if pruned < BATCH {
                break;
            }
        }
        let forgotten = sqlx::query!(
            r#"select forget_idempotency_keys() as "keys!", forget_request_counts() as "counts!",
                forget_sign_ins() as "sign_ins!""#
        )
        .fetch_one(ctx.db.pool())
        .await?;
        let mut tx = ctx.system_tx().await?;
        let ticks = sqlx::query!(
            "delete from schedule_ticks t using schedules s
             where s.name = t.schedule and t.tick < s.last_tick and t.fired_at < now() - make_interval(days => $1)",
            TICK_DAYS
        )
        .execute(tx.conn())
        .await?
        .rows_affected();
        ctx.finish(
            tx,
            serde_json::json!({
                "jobs": jobs, "ticks": ticks, "idempotency_keys": forgotten.keys, "request_counts": forgotten.counts,
                "sign_ins": forgotten.sign_ins,
            }),
        )
        .await
    }
}
