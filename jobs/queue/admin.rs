//! For operators: lists, shows, retries and cancels jobs across all organizations.
//!
//! Uses the definer functions of the migration `queue_functions`. They return ids, kinds, times and errors (none of
//! which contains what was said), but no job arguments beyond the id of the job's subject.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

use super::JobState;
use crate::db::Db;

/// Selects jobs. All set fields must match.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A job's id.
    pub id: Option<Uuid>,
    /// A state.
    pub state: Option<JobState>,
    /// A kind, as stored.
    pub kind: Option<String>,
    /// An organization.
    pub organization: Option<Uuid>,
    /// In lists, also includes the installation's own jobs that are done. Naming a kind or an id always shows them.
    pub housekeeping: bool,
    /// In lists, only those that follow this one: when it was enqueued, and its id.
    pub before: Option<(DateTime<Utc>, Uuid)>,
}

impl Filter {
    /// Selects one job.
    #[must_use]
    pub fn one(id: Uuid) -> Self {
        Self { id: Some(id), ..Self::default() }
    }
}

/// A job in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Job)]
pub struct JobRow {
    /// The job's id.
    pub id: Uuid,
    /// Its tenant; `None` for the installation's own jobs.
    pub organization_id: Option<Uuid>,
    /// Its kind.
    pub kind: String,
    /// The id of its subject, if it has a single one.
    pub subject: Option<String>,
    /// Its state.
    pub state: JobState,
    /// The earliest start.
    pub run_at: DateTime<Utc>,
    /// Attempts started.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// How often its worker vanished while running it.
    pub kills: i16,
    /// The correlation id of its session.
    pub correlation_id: Uuid,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When its last attempt started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it finished, died or was cancelled.
    pub finished_at: Option<DateTime<Utc>>,
    /// The last error.
    pub error: Option<String>,
}

/// Everything known about a job.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct JobDetail {
    /// The job as in a list.
    #[serde(flatten)]
    pub row: JobRow,
    /// When its worker's lease expires.
    pub leased_until: Option<DateTime<Utc>>,
    /// Which worker holds it.
    pub leased_by: Option<String>,
    /// Its last reported progress.
    pub progress: Option<Value>,
    /// Counts and ids that it finished with.
    pub output: Option<Value>,
    /// One entry per failed attempt: attempt, at, error.
    pub errors: Value,
}

/// The number of jobs of one kind in one state.
#[derive(Clone, Debug, Serialize)]
pub struct Stat {
    /// The kind.
    pub kind: String,
    /// The state.
    pub state: JobState,
    /// How many.
    pub jobs: i64,
    /// How long the oldest runnable due job has waited, in seconds.
    pub oldest_due_seconds: Option<f64>,
}

/// Lists matching jobs, newest first, at most `limit`.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn list(db: impl PgExecutor<'_>, filter: &Filter, limit: i64) -> Result<Vec<JobRow>, sqlx::Error> {
    Ok(details(db, filter, limit).await?.into_iter().map(|job| job.row).collect())
}

/// Returns one job with its attempts, or `None` if there is no such job.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn show(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<JobDetail>, sqlx::Error> {
    Ok(details(db, &Filter::one(id), 1).await?.pop())
}

async fn details(db: impl PgExecutor<'_>, filter: &Filter, limit: i64) -> Result<Vec<JobDetail>, sqlx::Error> {
    let (before_time, before_id) = filter.before.unzip();
    let rows = sqlx::query!(
        r#"select id as "id!", organization_id, kind as "kind!", subject, state as "state!: JobState", run_at as "run_at!",
            attempt as "attempt!", max_attempts as "max_attempts!", kills as "kills!",
            correlation_id as "correlation_id!", created_at as "created_at!", started_at, finished_at, leased_until,
            leased_by, progress, output, errors as "errors!", errors -> -1 ->> 'error' as error
         from list_jobs($1, $2, $3, $4, $5, $6, $7, $8)"#,
        filter.id,
        filter.state as Option<JobState>,
        filter.kind,
        filter.organization,
        filter.housekeeping,
        limit,
        before_time,
        before_id
    )
    .fetch_all(db)
    .await?;
    let details = rows.into_iter().map(|row| JobDetail {
        row: JobRow {
            id: row.id,
            organization_id: row.organization_id,
            kind: row.kind,
            subject: row.subject,
            state: row.state,
            run_at: row.run_at,
            attempt: row.attempt,
            max_attempts: row.max_attempts,
            kills: row.kills,
            correlation_id: row.correlation_id,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            error: row.error,
        },
        leased_until: row.leased_until,
        leased_by: row.leased_by,
        progress: row.progress,
        output: row.output,
        errors: row.errors,
    });
    Ok(details.collect())
}

/// Makes matching dead and cancelled jobs due again with all their attempts, and returns how many. Skips a job if an
/// unfinished one has the same kind and key.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn retry(db: impl PgExecutor<'_>, filter: &Filter) -> Result<i64, sqlx::Error> {
    let retried = sqlx::query!(
        r#"with done as materialized (select retry_jobs($1, $2, $3, $4) as retried)
           select retried as "retried!", case when retried > 0 then pg_notify('debrief_jobs', '') end as "woken?: ()" from done"#,
        filter.id,
        filter.state as Option<JobState>,
        filter.kind,
        filter.organization
    )
    .fetch_one(db)
    .await?;
    Ok(retried.retried)
}

/// Cancels matching due and running jobs, and returns how many. What a running job still does is rolled back.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn cancel(db: impl PgExecutor<'_>, filter: &Filter) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select cancel_jobs($1, $2, $3, $4) as "cancelled!""#,
        filter.id,
        filter.state as Option<JobState>,
        filter.kind,
        filter.organization
    )
    .fetch_one(db)
    .await
}

/// Counts jobs by kind and state.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn stats(db: &Db) -> Result<Vec<Stat>, sqlx::Error> {
    sqlx::query_as!(
        Stat,
        r#"select kind as "kind!", state as "state!: JobState", jobs as "jobs!", oldest_due_seconds from queue_stats()"#
    )
    .fetch_all(db.pool())
    .await
}
