//! The claiming task: claims due jobs in batches, as many as there are free seats, and hands them to the worker.
//!
//! Reads and writes `jobs` through `claim_jobs` and `run_alone`. A suspect (a job whose worker vanished twice) runs
//! alone: this task waits until nothing else runs in the process, hands it over, and claims nothing until it ends. The
//! task runs until shutdown: while Postgres is away it waits and retries.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    JobInfo,
    settle::{End, settle_once},
    storage::Claimed,
    worker::Process,
};
use crate::db;

/// The longest pause between retries while Postgres is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Claims jobs and hands them over until `shutdown`.
pub(super) async fn claim_until(process: Arc<Process>, jobs: mpsc::Sender<Claimed>, shutdown: CancellationToken) {
    let mut failures = 0_u32;
    // A new process is empty, the best place for a suspect. After that, suspects and others take turns.
    let mut suspects = true;
    while !shutdown.is_cancelled() {
        let claimed = match timeout(process.settings.lease, claim(&process, suspects)).await {
            Ok(Ok(claimed)) => {
                if failures > 0 {
                    tracing::info!(target: "queue", "the queue answers again");
                }
                failures = 0;
                claimed
            }
            trouble => {
                if failures == 0 {
                    let error = trouble.map_or_else(
                        |_| "no answer".to_owned(),
                        |answer| answer.err().map_or_else(String::new, |error| error.to_string()),
                    );
                    tracing::warn!(target: "queue", error, "the queue does not answer; running jobs go on");
                }
                failures = failures.saturating_add(1);
                let pause = LONGEST_PAUSE.min(process.settings.poll.saturating_mul(failures));
                wait(&shutdown, pause).await;
                continue;
            }
        };
        suspects = match &claimed {
            Batch::Suspect(_) => false,
            // Nothing was requested.
            Batch::Full => suspects,
            Batch::Jobs(_) => true,
        };
        let claimed = match claimed {
            Batch::Suspect(job) => {
                if !run_alone(&process, job, &jobs, &shutdown).await {
                    return;
                }
                continue;
            }
            Batch::Full => Vec::new(),
            Batch::Jobs(claimed) => claimed,
        };
        if claimed.is_empty() {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = process.wake.notified() => {}
                () = process.flights.freed.notified() => {}
                () = tokio::time::sleep(process.settings.poll) => {}
            }
        }
        for job in claimed {
            // The channel has a place for every seat, and the worker ends only after this task does.
            if jobs.send(job).await.is_err() {
                return;
            }
        }
    }
}

/// Runs a suspect once nothing else runs in this process, and waits for its end. Returns false if the worker is gone.
async fn run_alone(
    process: &Process,
    job: Claimed,
    jobs: &mpsc::Sender<Claimed>,
    shutdown: &CancellationToken,
) -> bool {
    tracing::info!(target: "queue", { job.id = %job.info.id, job.kind = job.info.kind },
        "the worker of this job vanished before: it waits until it can run alone");
    tokio::select! {
        () = process.flights.at_most(1) => {}
        () = job.seat.lost.cancelled() => return true,
        () = shutdown.cancelled() => {
            if let Err(error) = settle_once(process, &job.info, &End::Return).await {
                tracing::warn!(target: "queue", { job.id = %job.info.id, %error }, "a job could not be given back");
            }
            return true;
        }
    }
    let alone = sqlx::query_scalar!(r#"select run_alone($1, $2) as "alone!""#, job.info.id, job.info.fence)
        .fetch_one(process.db.pool())
        .await;
    match alone {
        Ok(true) => job.seat.begin(&job.kind),
        Ok(false) => return true,
        Err(error) => {
            tracing::warn!(target: "queue", { job.id = %job.info.id, %error }, "a job could not begin; its lease will run out");
            return true;
        }
    }
    if jobs.send(job).await.is_err() {
        return false;
    }
    tokio::select! {
        () = process.flights.at_most(0) => {}
        () = shutdown.cancelled() => {}
    }
    true
}

async fn wait(shutdown: &CancellationToken, pause: Duration) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(pause) => {}
    }
}

/// The result of one claim.
enum Batch {
    /// No seat is free.
    Full,
    /// In the order in which they run; empty if nothing is due.
    Jobs(Vec<Claimed>),
    /// A job that runs alone.
    Suspect(Claimed),
}

/// Claims one batch. With `suspects`, claims the next suspect instead, if there is one.
async fn claim(process: &Process, suspects: bool) -> Result<Batch, sqlx::Error> {
    let (total, room) = process.flights.room();
    if total == 0 {
        return Ok(Batch::Full);
    }
    let kinds = process.catalogue.kinds();
    let limits: Vec<i32> = kinds.iter().map(|kind| db::count(kind.policy.per_organization)).collect();
    let room: Vec<i32> = room.into_iter().map(db::count).collect();
    let rows = sqlx::query!(
        r#"select id as "id!", organization_id as "organization_id: Uuid", kind as "kind!", args as "args!",
            attempt as "attempt!", max_attempts as "max_attempts!", fence as "fence!",
            correlation_id as "correlation_id!", suspect as "suspect!"
         from claim_jobs($1, $2, $3, $4, $5, $6, $7)"#,
        &process.catalogue.names(),
        &room,
        &limits,
        db::count(total),
        process.name,
        process.settings.lease.as_secs_f64(),
        suspects,
    )
    .fetch_all(process.db.pool())
    .await?;
    let is_suspect = rows.iter().any(|row| row.suspect);
    let claimed = rows.into_iter().filter_map(|row| {
        let kind = process.catalogue.find(&row.kind)?.clone();
        let info = JobInfo {
            id: row.id,
            kind: kind.name,
            organization: row.organization_id,
            attempt: u16::try_from(row.attempt).unwrap_or(0),
            max_attempts: u16::try_from(row.max_attempts).unwrap_or(0),
            fence: row.fence,
            correlation_id: row.correlation_id,
        };
        let seat = Arc::new(process.flights.seat(info.id, info.fence, &kind, is_suspect));
        Some(Claimed { info, kind, args: row.args, seat })
    });
    let mut claimed: Vec<Claimed> = claimed.collect();
    // Ids increase with time, so within a kind the oldest goes first.
    claimed.sort_by_key(|job| (job.kind.policy.priority, job.info.id));
    process.tally.claimed(claimed.len());
    Ok(match claimed.pop() {
        Some(suspect) if is_suspect => Batch::Suspect(suspect),
        last => {
            claimed.extend(last);
            Batch::Jobs(claimed)
        }
    })
}
