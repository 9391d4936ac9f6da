//! The heartbeat: extends the leases of all jobs in this process with one statement.
//!
//! It has its own thread, runtime and connection, so that neither CPU-bound jobs nor a busy pool can delay it. Writes
//! `leased_until` through `extend_leases`, and tells jobs whose lease is lost. A rerun only extends them again.

use std::{sync::Arc, time::Duration};

use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::worker::Process;

/// If a statement takes longer than this, the heartbeat reconnects.
const PATIENCE: Duration = Duration::from_secs(3);
/// How soon the heartbeat retries after a failure.
const AGAIN: Duration = Duration::from_secs(1);

/// Starts the heartbeat; dropping the guard stops it.
///
/// # Errors
/// Returns an error if the system can't start a thread.
pub(super) fn start(process: Arc<Process>) -> std::io::Result<DropGuard> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let end = CancellationToken::new();
    let guard = end.clone().drop_guard();
    std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || {
        runtime.block_on(end.run_until_cancelled(beat(process)));
    })?;
    Ok(guard)
}

async fn beat(process: Arc<Process>) {
    let mut connection = None;
    let mut failing = false;
    loop {
        let every = process.settings.heartbeat;
        tokio::time::sleep(if failing { every.min(AGAIN) } else { every }).await;
        let beaten = timeout(PATIENCE, beat_once(&process, &mut connection)).await;
        let trouble = match beaten {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("no answer".to_owned()),
        };
        if let Some(error) = &trouble
            && !failing
        {
            tracing::warn!(target: "queue", error, "the leases could not be extended; jobs go on under their fences");
        }
        failing = trouble.is_some();
    }
}

async fn beat_once(process: &Process, kept: &mut Option<PgConnection>) -> Result<(), sqlx::Error> {
    let held = process.flights.to_extend();
    if held.0.is_empty() {
        return Ok(());
    }
    // It is kept again only after it has answered.
    let extended = match kept.take() {
        Some(connection) => extend(process, connection, &held).await.ok(),
        None => None,
    };
    // The kept connection may have died with a server that is up again: no lease should pay for that.
    let (connection, lost) = match extended {
        Some(extended) => extended,
        None => extend(process, connect(process.db.pool()).await?, &held).await?,
    };
    *kept = Some(connection);
    for (id, fence) in lost {
        // A job that was settled a moment ago isn't held either; it has left its seat or is about to.
        if process.flights.lose(id, fence) {
            tracing::debug!(target: "queue", { job.id = %id }, "not held any more");
        }
    }
    Ok(())
}

/// Extends the leases of these ids and fences. Returns the connection and the leases that are no longer held.
async fn extend(
    process: &Process,
    mut connection: PgConnection,
    (ids, fences): &(Vec<Uuid>, Vec<i64>),
) -> Result<(PgConnection, Vec<(Uuid, i64)>), sqlx::Error> {
    let lost = sqlx::query!(
        r#"select id as "id!", fence as "fence!" from extend_leases($1, $2, $3)"#,
        ids,
        fences,
        process.settings.lease.as_secs_f64()
    )
    .fetch_all(&mut connection)
    .await?;
    Ok((connection, lost.into_iter().map(|job| (job.id, job.fence)).collect()))
}

/// A connection outside the pool, in the app role.
async fn connect(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
    sqlx::query("set role debrief_app").execute(&mut connection).await?;
    Ok(connection)
}
