//! Health: `/livez` says that the process runs, `/readyz` that it can do its work.
//!
//! To the public `/readyz` says yes or no; to the operator's listener it says why.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use debrief_jobs::db;
use serde::Serialize;

use super::HttpState;

/// After this, a database that has not answered counts as away.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was found.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    database: bool,
    migrated: bool,
    /// How long the oldest due job waits, in seconds. A long wait means that nobody works, not that pages cannot be
    /// served, so it is told and does not count.
    queue_lag_seconds: Option<f64>,
}

/// `GET /livez`
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// `GET /readyz` for everybody.
pub(super) async fn readyz(State(state): State<HttpState>) -> Response {
    let ready = look(&state).await.ready;
    (status(ready), Json(serde_json::json!({ "ready": ready }))).into_response()
}

/// `GET /readyz` for the operator.
pub(super) async fn readyz_in_detail(State(state): State<HttpState>) -> Response {
    let readiness = look(&state).await;
    (status(readiness.ready), Json(readiness)).into_response()
}

fn status(ready: bool) -> StatusCode {
    if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn look(state: &HttpState) -> Readiness {
    let look = sqlx::query!(r#"select schema_version() as "version!", queue_lag_seconds() as "lag!""#)
        .fetch_one(state.services.db.pool());
    // A pool waits longer for a connection than a load balancer waits for an answer.
    let found = tokio::time::timeout(PATIENCE, look).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    match found {
        Ok(row) => {
            let migrated = row.version >= db::newest_migration();
            Readiness { ready: migrated, database: true, migrated, queue_lag_seconds: Some(row.lag) }
        }
        Err(error) => {
            // Before the migrations, the functions are not there: the database answers all the same.
            let database = error.as_database_error().is_some();
            tracing::warn!(target: "http", { error = %error }, "not ready");
            Readiness { ready: false, database, migrated: false, queue_lag_seconds: None }
        }
    }
}
