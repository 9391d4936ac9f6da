//! The job `rollup.due`: every hour, finds the coaches whose finished week has no rollup yet.
//!
//! Reads coaches, sessions and rollups; enqueues `rollup.weekly` in each organization's own transaction. Firing twice
//! makes one job per coach and week; a finished rollup makes none, and a dead one waits for the operator.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{WeeklyRollup, week};
use crate::{
    db::{TenantTx, Tx},
    queue::{
        Context, Enqueued, Finished, Job, JobArgs, JobError, enqueue,
        schedule::{Missed, Schedule, job},
    },
};

/// Five minutes past every hour: somewhere it is Monday morning.
pub const SCHEDULE: Schedule =
    Schedule::new("rollup", "0 5 * * * *", chrono_tz::UTC, Missed::Once, |tx, _| job(tx, RollupDue {}));

/// Finds the coaches whose weekly rollup is due.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RollupDue {}

impl JobArgs for RollupDue {
    const KIND: &'static str = "rollup.due";

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Job for RollupDue {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let mut enqueued = 0;
        for organization in ctx.db.organizations().await? {
            let mut tx = ctx.db.tenant(organization).await?;
            enqueued += enqueue_due(&mut tx, Utc::now()).await?;
            tx.commit().await?;
        }
        ctx.finish(ctx.system_tx().await?, json!({ "enqueued": enqueued })).await
    }
}

/// Enqueues the organization's rollups that are due at `now`, and returns how many are new.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn enqueue_due(tx: &mut TenantTx, now: DateTime<Utc>) -> Result<usize, sqlx::Error> {
    let coaches = sqlx::query!("select id, time_zone from coaches where removed_at is null order by id")
        .fetch_all(tx.conn())
        .await?;
    let mut enqueued = 0;
    for coach in coaches {
        let first_day = week::due(now, week::time_zone(coach.id, &coach.time_zone));
        let job = WeeklyRollup { coach_id: coach.id, first_day: Some(first_day) };
        let wanted = sqlx::query_scalar!(
            r#"select exists (select from sessions where coach_id = $1 and session_date between $2 and $3
                              and state <> 'rejected')
                  and not exists (select from rollups where coach_id = $1 and kind = 'weekly' and first_day = $2)
                  and not exists (select from jobs where kind = $4 and unique_key = $5 and state = 'dead')
                  as "wanted!""#,
            coach.id,
            first_day,
            week::last_day(first_day),
            WeeklyRollup::KIND,
            job.unique_key()
        )
        .fetch_one(tx.conn())
        .await?;
        if wanted && let Enqueued::New(_) = enqueue(tx, &job, Uuid::now_v7()).await? {
            enqueued += 1;
        }
    }
    Ok(enqueued)
}
