//! Health: `/livez` says that the process runs, `/readyz` that it can do its work.
//!
//! The public `/readyz` says yes or no; on the operator's listener it says why.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use debrief_jobs::db;
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use tokio::sync::Mutex;

use super::HttpState;

/// After this long without a response, a database counts as away.
const PATIENCE: Duration = Duration::from_secs(3);

/// The result of the check.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    database: bool,
    migrated: bool,
    /// Whether the database accepts new connections and their writes.
    writable: bool,
    /// How long the oldest due job has waited, in seconds. A long wait means that nobody runs jobs, not that pages
    /// can't be served, so it is shown but doesn't count.
    queue_lag_seconds: Option<f64>,
}

/// `GET /livez`
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// The public `GET /readyz`.
pub(super) async fn readyz(State(state): State<HttpState>, Extension(newcomer): Extension<Newcomer>) -> Response {
    let ready = look(&state, &newcomer).await.ready;
    (status(ready), Json(serde_json::json!({ "ready": ready }))).into_response()
}

/// The operator's `GET /readyz`.
pub(super) async fn readyz_in_detail(
    State(state): State<HttpState>,
    Extension(newcomer): Extension<Newcomer>,
) -> Response {
    let readiness = look(&state, &newcomer).await;
    (status(readiness.ready), Json(readiness)).into_response()
}

fn status(ready: bool) -> StatusCode {
    if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// The last result of a new connection, and its time. Later requests get the same result for a while, since each check
/// costs the database a process.
#[derive(Clone, Debug, Default)]
pub(super) struct Newcomer(Arc<Mutex<Option<(Instant, bool)>>>);

/// How long the result of a new connection stays valid.
const STANDS: Duration = Duration::from_secs(5);

impl Newcomer {
    /// Whether a new connection is accepted and may write. Pooled connections already exist, and can still read when
    /// the disk is full or all connection slots are taken.
    async fn is_let_in(&self, state: &HttpState) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = *last
            && at.elapsed() < STANDS
        {
            return found;
        }
        let found = tokio::time::timeout(PATIENCE, visit(state)).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        if let Err(error) = &found {
            tracing::warn!(target: "http", { error = %error }, "not ready: a new connection cannot write");
        }
        *last = Some((Instant::now(), found.is_ok()));
        found.is_ok()
    }
}

/// Connects and commits a message to the write-ahead log that nobody reads: the smallest possible write.
async fn visit(state: &HttpState) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&state.services.db.pool().connect_options()).await?;
    sqlx::query("select pg_logical_emit_message(true, 'debrief', 'ready')").execute(&mut connection).await?;
    connection.close().await
}

async fn look(state: &HttpState, newcomer: &Newcomer) -> Readiness {
    let look = sqlx::query!(r#"select schema_version() as "version!", queue_lag_seconds() as "lag!""#)
        .fetch_one(state.services.db.pool());
    // A pool waits longer for a connection than a load balancer waits for a response.
    let found = tokio::time::timeout(PATIENCE, look).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    match found {
        Ok(row) => {
            let migrated = row.version >= db::newest_migration();
            let writable = newcomer.is_let_in(state).await;
            let ready = migrated && writable;
            Readiness { ready, database: true, migrated, writable, queue_lag_seconds: Some(row.lag) }
        }
        Err(error) => {
            // Before the migrations the functions don't exist, but the database answers.
            let database = error.as_database_error().is_some();
            tracing::warn!(target: "http", { error = %error }, "not ready");
            Readiness { ready: false, database, migrated: false, writable: false, queue_lag_seconds: None }
        }
    }
}
