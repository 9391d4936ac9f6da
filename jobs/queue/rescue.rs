//! The rescue: any process returns the jobs of vanished workers, reports deaths that nobody reported, and publishes
//! queue metrics.
//!
//! Reads and writes `jobs` through `rescue_jobs` and `take_untold_jobs`; both skip what another process is handling.

use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

use super::{JobInfo, JobState, admin, settle::tell, worker::Process};

/// Looks after the queue until it is dropped.
pub(super) async fn rescue(process: Arc<Process>) {
    // After an outage every lease has expired, and live workers need a moment to renew theirs.
    let mut not_before = Instant::now();
    let mut gauges_at = Instant::now();
    loop {
        tokio::time::sleep(process.settings.rescue_every).await;
        if Instant::now() < not_before {
            continue;
        }
        let looked = async {
            rescue_once(&process).await?;
            tell_untold(&process).await
        };
        if let Err(error) = looked.await {
            tracing::debug!(target: "queue", %error, "the rescue waits for Postgres");
            not_before = Instant::now() + process.settings.lease;
        }
        if Instant::now() >= gauges_at {
            gauges_at = Instant::now() + process.settings.poll * 10;
            publish(&process).await;
        }
    }
}

async fn rescue_once(process: &Process) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id!", organization_id as "organization_id: Uuid", kind as "kind!", args as "args!",
            attempt as "attempt!", max_attempts as "max_attempts!", fence as "fence!",
            correlation_id as "correlation_id!", dead as "dead!", error as "error!"
         from rescue_jobs($1, $2, $3, $4)"#,
        &process.catalogue.names(),
        i32::from(process.settings.poison),
        process.settings.poll.as_secs_f64(),
        process.settings.lease.as_secs_f64(),
    )
    .fetch_all(process.db.pool())
    .await?;
    for row in rows {
        let Some(kind) = process.catalogue.find(&row.kind) else { continue };
        tracing::warn!(target: "queue", { job.id = %row.id, job.kind = kind.name, job.attempt = row.attempt,
            correlation.id = %row.correlation_id, error = row.error }, "a job was rescued");
        metrics::counter!("debrief_jobs_rescued_total", "kind" => kind.name).increment(1);
        if row.dead {
            process.tally.died();
            let info = JobInfo {
                id: row.id,
                kind: kind.name,
                organization: row.organization_id,
                attempt: u16::try_from(row.attempt).unwrap_or(0),
                max_attempts: u16::try_from(row.max_attempts).unwrap_or(0),
                fence: row.fence,
                correlation_id: row.correlation_id,
            };
            tell(process, kind, &info, row.args, &row.error).await;
        }
    }
    Ok(())
}

async fn tell_untold(process: &Process) -> Result<(), sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id!", organization_id as "organization_id: Uuid", kind as "kind!", args as "args!",
            attempt as "attempt!", max_attempts as "max_attempts!", fence as "fence!",
            correlation_id as "correlation_id!", error as "error!"
         from take_untold_jobs($1)"#,
        &process.catalogue.names(),
    )
    .fetch_all(process.db.pool())
    .await?;
    for row in rows {
        let Some(kind) = process.catalogue.find(&row.kind) else { continue };
        let info = JobInfo {
            id: row.id,
            kind: kind.name,
            organization: row.organization_id,
            attempt: u16::try_from(row.attempt).unwrap_or(0),
            max_attempts: u16::try_from(row.max_attempts).unwrap_or(0),
            fence: row.fence,
            correlation_id: row.correlation_id,
        };
        tell(process, kind, &info, row.args, &row.error).await;
    }
    Ok(())
}

/// Sets the gauges from the queue's contents; kinds without jobs are set to zero.
async fn publish(process: &Process) {
    let Ok(stats) = admin::stats(&process.db).await else { return };
    for kind in process.catalogue.kinds().iter().map(|kind| kind.name) {
        for state in [JobState::Due, JobState::Running, JobState::Dead] {
            let stat = stats.iter().find(|stat| stat.kind == kind && stat.state == state);
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and no queue is that long")]
            let jobs = stat.map_or(0, |stat| stat.jobs) as f64;
            metrics::gauge!("debrief_jobs", "kind" => kind, "state" => state.as_str()).set(jobs);
            if state == JobState::Due {
                let lag = stat.and_then(|stat| stat.oldest_due_seconds).unwrap_or(0.0);
                metrics::gauge!("debrief_queue_lag_seconds", "kind" => kind).set(lag);
            }
        }
    }
}
