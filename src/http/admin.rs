//! The operator's page: sessions by state, jobs by kind, failed jobs with their errors; and the metrics.
//!
//! Reads counts across tenants with the functions of the migration `admin`; shows ids and errors, never what was said.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use debrief_jobs::{
    backup,
    model::SessionState,
    queue::{self, JobState},
};
use serde::Serialize;

use super::{HttpState, assets, failure::Failure, page};

const FAILED_JOBS_SHOWN: i64 = 50;

#[derive(Serialize)]
struct Overview {
    style: String,
    sessions: Vec<Sessions>,
    kinds: Vec<Kind>,
    failed: Vec<Failed>,
    lag: String,
}

#[derive(Serialize)]
struct Sessions {
    state: SessionState,
    failed: bool,
    count: i64,
}

#[derive(Default, Serialize)]
struct Kind {
    kind: String,
    due: i64,
    running: i64,
    done: i64,
    dead: i64,
    cancelled: i64,
}

#[derive(Serialize)]
struct Failed {
    id: String,
    organization: String,
    kind: String,
    attempts: String,
    error: String,
    at: String,
}

/// `GET /`
pub(super) async fn overview(State(state): State<HttpState>) -> Result<Response, Failure> {
    let (kinds, lag) = kinds(&state).await?;
    let context = Overview {
        // The operator's listener is not behind the base URL.
        style: format!("/{}", assets::style_path()),
        sessions: sessions(&state).await?.into_iter().filter(|row| row.count > 0).collect(),
        kinds,
        failed: failed(&state).await?,
        lag: if lag < 1.0 {
            "no job is overdue".to_owned()
        } else {
            format!("the oldest due job has been waiting for {lag:.0} s")
        },
    };
    page::render(&state, StatusCode::OK, "page/admin.html", &context)
}

/// `GET /metrics`
pub(super) async fn metrics(State(state): State<HttpState>) -> Result<Response, Failure> {
    // The database gauges are read on request: otherwise every process would count the same rows.
    let (kinds, lag) = kinds(&state).await?;
    for kind in kinds {
        for (state, count) in
            [(JobState::Due, kind.due), (JobState::Running, kind.running), (JobState::Dead, kind.dead)]
        {
            metrics::gauge!("debrief_jobs", "kind" => kind.kind.clone(), "state" => state.as_str()).set(to_f64(count));
        }
    }
    for row in sessions(&state).await? {
        let failed = if row.failed { "true" } else { "false" };
        metrics::gauge!("debrief_sessions", "state" => row.state.as_str(), "failed" => failed).set(to_f64(row.count));
    }
    metrics::gauge!("debrief_queue_lag_seconds").set(lag);
    for kind in [backup::Kind::Run, backup::Kind::Proof] {
        // Without one there is no value: an alert on an absent one finds it.
        if let Some(last) = backup::last(&state.services.db, kind, true).await? {
            let at = to_f64(last.finished_at.timestamp());
            metrics::gauge!("debrief_backup_last_success_timestamp_seconds", "kind" => kind.as_str()).set(at);
        }
    }
    state.metrics.run_upkeep();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.metrics.render()).into_response())
}

async fn sessions(state: &HttpState) -> Result<Vec<Sessions>, sqlx::Error> {
    sqlx::query_as!(
        Sessions,
        r#"select state as "state!: SessionState", failed as "failed!", sessions as "count!" from admin_sessions()"#
    )
    .fetch_all(state.services.db.pool())
    .await
}

/// Jobs by kind, and how long the oldest due one has waited, in seconds.
async fn kinds(state: &HttpState) -> Result<(Vec<Kind>, f64), sqlx::Error> {
    let rows = queue::admin::stats(&state.services.db).await?;
    let mut kinds: Vec<Kind> = Vec::new();
    let mut lag: f64 = 0.0;
    for row in rows {
        lag = lag.max(row.oldest_due_seconds.unwrap_or_default());
        if kinds.last().is_none_or(|last| last.kind != row.kind) {
            kinds.push(Kind { kind: row.kind, ..Kind::default() });
        }
        let Some(kind) = kinds.last_mut() else { continue };
        match row.state {
            JobState::Due => kind.due = row.jobs,
            JobState::Running => kind.running = row.jobs,
            JobState::Done => kind.done = row.jobs,
            JobState::Dead => kind.dead = row.jobs,
            JobState::Cancelled => kind.cancelled = row.jobs,
        }
    }
    Ok((kinds, lag))
}

async fn failed(state: &HttpState) -> Result<Vec<Failed>, sqlx::Error> {
    let filter = queue::admin::Filter { state: Some(JobState::Dead), ..queue::admin::Filter::default() };
    let rows = queue::admin::list(state.services.db.pool(), &filter, FAILED_JOBS_SHOWN).await?;
    let rows = rows.into_iter().map(|row| Failed {
        id: row.id.to_string(),
        organization: row.organization_id.map_or_else(|| "the installation".to_owned(), |id| id.to_string()),
        kind: row.kind,
        attempts: format!("{} of {}", row.attempt, row.max_attempts),
        error: row.error.unwrap_or_else(|| "no error was recorded".to_owned()),
        at: row.finished_at.map(|at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default(),
    });
    Ok(rows.collect())
}

/// Row counts are far below the largest integer that an `f64` represents exactly.
#[expect(clippy::cast_precision_loss, reason = "a count of rows is far below 2^52")]
fn to_f64(count: i64) -> f64 {
    count as f64
}
