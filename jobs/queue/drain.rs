//! Draining: runs the same worker until nothing is due.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    Catalogue, WorkerSettings,
    worker::{Process, WorkError, run},
};
use crate::db::Db;

/// What a drain did and what it left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Drained {
    /// Jobs done.
    pub ran: usize,
    /// Jobs that died.
    pub dead: usize,
    /// Jobs due later, by kind.
    pub later: Vec<Later>,
}

/// Jobs of one kind that are due later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Later {
    /// The kind.
    pub kind: String,
    /// How many.
    pub count: i64,
    /// When the first one is due.
    pub earliest: DateTime<Utc>,
}

/// Runs until none of the catalogue's kinds is running (in any process) or due within [`WorkerSettings::drain_within`],
/// and returns what is due later. The default of five seconds covers a first retry, but not a longer backoff or a held
/// email. While Postgres is away it waits.
///
/// # Errors
/// Same as [`super::work`].
pub async fn drain(db: Db, catalogue: Catalogue, settings: WorkerSettings) -> Result<Drained, WorkError> {
    let process = Arc::new(Process::new(db, catalogue, settings));
    let shutdown = CancellationToken::new();
    let idle = async {
        let later = until_idle(&process).await;
        shutdown.cancel();
        Ok(later)
    };
    let ((), later) = tokio::try_join!(run(Arc::clone(&process), shutdown.clone()), idle)?;
    let (_, ran, dead) = process.tally.read();
    Ok(Drained { ran, dead, later })
}

async fn until_idle(process: &Process) -> Vec<Later> {
    let pause = process.settings.poll.min(Duration::from_millis(200));
    loop {
        // A dead job keeps its seat until its death has been reported; the next round sees what that enqueues.
        let before = process.flights.is_empty().then(|| process.tally.read());
        if let (Some(before), Ok((busy, later))) = (before, left(process).await)
            && !busy
            && process.flights.is_empty()
            && process.tally.read() == before
        {
            return later;
        }
        tokio::time::sleep(pause).await;
    }
}

async fn left(process: &Process) -> Result<(bool, Vec<Later>), sqlx::Error> {
    let rows = sqlx::query!(
        r#"select kind as "kind!", now_due as "now_due!", running as "running!", later as "later!", earliest
         from queue_left($1, $2)"#,
        &process.catalogue.names(),
        process.settings.drain_within.as_secs_f64()
    )
    .fetch_all(process.db.pool())
    .await?;
    let busy = rows.iter().any(|row| row.now_due + row.running > 0);
    let later = rows
        .into_iter()
        .filter_map(|row| Some(Later { kind: row.kind, count: row.later, earliest: row.earliest? }))
        .collect();
    Ok((busy, later))
}
