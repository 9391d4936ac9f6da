//! For operators: jobs listed, shown, retried, cancelled, over all organizations.
//!
//! Goes through the definer functions of the migration `queue_functions`, which give away ids, kinds, times and errors
//! (none of which holds what was said), never a job's arguments beyond the id that it is about.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::JobState;
use crate::db::Db;

/// Which jobs. Every part that is set must fit.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// One job.
    pub id: Option<Uuid>,
    /// In this state.
    pub state: Option<JobState>,
    /// A kind, as stored.
    pub kind: Option<String>,
    /// Of one organization.
    pub organization: Option<Uuid>,
    /// For lists: with the installation's own jobs that are done, too (a kind or an id that is named always shows).
    pub housekeeping: bool,
}

impl Filter {
    /// One job.
    #[must_use]
    pub fn one(id: Uuid) -> Self {
        Self { id: Some(id), ..Self::default() }
    }
}

/// A job as listed.
#[derive(Clone, Debug, Serialize)]
pub struct JobRow {
    /// The job's id.
    pub id: Uuid,
    /// Its tenant; none for the installation's jobs.
    pub organization_id: Option<Uuid>,
    /// Its kind.
    pub kind: String,
    /// The id of what it is about, where it is about one thing.
    pub subject: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// Not before this.
    pub run_at: DateTime<Utc>,
    /// Attempts begun.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// How often its worker vanished under it.
    pub kills: i16,
    /// Of the session that it is about.
    pub correlation_id: Uuid,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When its last attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was done, dead or cancelled.
    pub finished_at: Option<DateTime<Utc>>,
    /// The last error.
    pub error: Option<String>,
}

/// All that is known of a job.
#[derive(Clone, Debug, Serialize)]
pub struct JobDetail {
    /// As listed.
    #[serde(flatten)]
    pub row: JobRow,
    /// Until when its worker holds it.
    pub leased_until: Option<DateTime<Utc>>,
    /// Which worker holds it.
    pub leased_by: Option<String>,
    /// How far it says that it is.
    pub progress: Option<Value>,
    /// Counts and ids that it ended with.
    pub output: Option<Value>,
    /// One entry a failed attempt: attempt, at, error.
    pub errors: Value,
}

/// The jobs of a kind in a state.
#[derive(Clone, Debug, Serialize)]
pub struct Stat {
    /// The kind.
    pub kind: String,
    /// The state.
    pub state: JobState,
    /// How many.
    pub jobs: i64,
    /// Of due jobs: how long the oldest that could run has waited, in seconds.
    pub oldest_due_seconds: Option<f64>,
}

/// The jobs that fit, newest first, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(db: &Db, filter: &Filter, limit: i64) -> Result<Vec<JobRow>, sqlx::Error> {
    Ok(details(db, filter, limit).await?.into_iter().map(|job| job.row).collect())
}

/// One job with its attempts; none where there is no such job.
///
/// # Errors
/// When the database does not answer.
pub async fn show(db: &Db, id: Uuid) -> Result<Option<JobDetail>, sqlx::Error> {
    Ok(details(db, &Filter::one(id), 1).await?.pop())
}

async fn details(db: &Db, filter: &Filter, limit: i64) -> Result<Vec<JobDetail>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select id as "id!", organization_id, kind as "kind!", subject, state as "state!: JobState", run_at as "run_at!",
            attempt as "attempt!", max_attempts as "max_attempts!", kills as "kills!",
            correlation_id as "correlation_id!", created_at as "created_at!", started_at, finished_at, leased_until,
            leased_by, progress, output, errors as "errors!", errors -> -1 ->> 'error' as error
         from list_jobs($1, $2, $3, $4, $5, $6)"#,
        filter.id,
        filter.state as Option<JobState>,
        filter.kind,
        filter.organization,
        filter.housekeeping,
        limit
    )
    .fetch_all(db.pool())
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

/// Makes dead and cancelled jobs that fit due again, with all their attempts; says how many. A job whose place is
/// taken by another of its kind and key stays as it is.
///
/// # Errors
/// When the database does not answer.
pub async fn retry(db: &Db, filter: &Filter) -> Result<i64, sqlx::Error> {
    let retried = sqlx::query_scalar!(
        r#"select retry_jobs($1, $2, $3, $4) as "retried!""#,
        filter.id,
        filter.state as Option<JobState>,
        filter.kind,
        filter.organization
    )
    .fetch_one(db.pool())
    .await?;
    if retried > 0 {
        sqlx::query("select pg_notify('debrief_jobs', '')").execute(db.pool()).await?;
    }
    Ok(retried)
}

/// Cancels due and running jobs that fit; says how many. What a running one still does is rolled back.
///
/// # Errors
/// When the database does not answer.
pub async fn cancel(db: &Db, filter: &Filter) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select cancel_jobs($1, $2, $3, $4) as "cancelled!""#,
        filter.id,
        filter.state as Option<JobState>,
        filter.kind,
        filter.organization
    )
    .fetch_one(db.pool())
    .await
}

/// Jobs by kind and state.
///
/// # Errors
/// When the database does not answer.
pub async fn stats(db: &Db) -> Result<Vec<Stat>, sqlx::Error> {
    sqlx::query_as!(
        Stat,
        r#"select kind as "kind!", state as "state!: JobState", jobs as "jobs!", oldest_due_seconds from queue_stats()"#
    )
    .fetch_all(db.pool())
    .await
}
