//! Health: `/livez` says that the process runs, `/readyz` that it can do its work.
//!
//! To the public `/readyz` says yes or no; to the operator's listener it says why.

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

/// After this, a database that has not answered counts as away.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was found.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    database: bool,
    migrated: bool,
    /// Whether it takes new connections, and what they write.
    writable: bool,
    /// How long the oldest due job waits, in seconds. A long wait means that nobody works, not that pages cannot be
    /// served, so it is told and does not count.
    queue_lag_seconds: Option<f64>,
}

/// `GET /livez`
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// `GET /readyz` for everybody.
pub(super) async fn readyz(State(state): State<HttpState>, Extension(newcomer): Extension<Newcomer>) -> Response {
    let ready = look(&state, &newcomer).await.ready;
    (status(ready), Json(serde_json::json!({ "ready": ready }))).into_response()
}

/// `GET /readyz` for the operator.
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

/// What a new connection found last, and when. Whoever asks meanwhile is told the same: it costs the database a process.
#[derive(Clone, Debug, Default)]
pub(super) struct Newcomer(Arc<Mutex<Option<(Instant, bool)>>>);

/// So long it holds what a new connection found.
const STANDS: Duration = Duration::from_secs(5);

impl Newcomer {
    /// Whether a new connection is let in and may write. Those of the pool are there already, and go on reading when the
    /// disk is full or all places are taken.
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

/// Connects and commits a word to the database's log, which nobody reads: it is the least that is written at all.
async fn visit(state: &HttpState) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&state.services.db.pool().connect_options()).await?;
    sqlx::query("select pg_logical_emit_message(true, 'debrief', 'ready')").execute(&mut connection).await?;
    connection.close().await
}

async fn look(state: &HttpState, newcomer: &Newcomer) -> Readiness {
    let look = sqlx::query!(r#"select schema_version() as "version!", queue_lag_seconds() as "lag!""#)
        .fetch_one(state.services.db.pool());
    // A pool waits longer for a connection than a load balancer waits for an answer.
    let found = tokio::time::timeout(PATIENCE, look).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    match found {
        Ok(row) => {
            let migrated = row.version >= db::newest_migration();
            let writable = newcomer.is_let_in(state).await;
            let ready = migrated && writable;
            Readiness { ready, database: true, migrated, writable, queue_lag_seconds: Some(row.lag) }
        }
        Err(error) => {
            // Before the migrations, the functions are not there: the database answers all the same.
            let database = error.as_database_error().is_some();
            tracing::warn!(target: "http", { error = %error }, "not ready");
            Readiness { ready: false, database, migrated: false, writable: false, queue_lag_seconds: None }
        }
    }
}
