//! `debrief jobs`: the queue, for operators. Never shows what was said: jobs contain only ids.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use debrief_jobs::{
    model::id::IdPrefix,
    queue::{
        JobState,
        admin::{self, Filter, JobDetail},
    },
};
use serde_json::json;
use uuid::Uuid;

use super::{
    App,
    output::{confirmed, one_of, tell},
};

/// Inspect the queue: what ran, what is waiting, what failed
///
/// A job that failed for good is dead. It stays dead until someone retries it:
///   debrief jobs list --state dead
///   debrief jobs show ID
///   debrief jobs retry ID
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment)]
pub(crate) enum Jobs {
    /// List jobs, newest first
    List {
        #[command(flatten)]
        which: JobFilter,
        /// Include finished housekeeping jobs (ingest scans every five seconds)
        #[arg(long)]
        all: bool,
        /// Show at most this many
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// Show one job with the errors of its attempts
    Show {
        /// The job's id, or its first digits
        id: IdPrefix,
    },
    /// Retry dead or cancelled jobs: one by its id, or all that match
    Retry(Change),
    /// Cancel due or running jobs: one by its id, or all that match
    Cancel(Change),
}

/// Which jobs.
#[derive(Clone, Debug, Args)]
pub(crate) struct JobFilter {
    /// Only jobs in this state
    #[arg(long, value_parser = one_of::<JobState>(JobState::NAMES))]
    state: Option<JobState>,
    /// Only jobs of this kind, such as summarize.client
    #[arg(long)]
    kind: Option<String>,
    /// Only jobs of this organization (handle)
    #[arg(long)]
    org: Option<String>,
}

/// Which jobs to change.
#[derive(Clone, Debug, Args)]
pub(crate) struct Change {
    /// The job's id, or its first digits; without it, all jobs that match the filter
    id: Option<IdPrefix>,
    #[command(flatten)]
    which: JobFilter,
    /// Do not ask before changing several jobs; required if there is no terminal to ask on
    #[arg(long, short)]
    yes: bool,
    /// Only show how many would change
    #[arg(long)]
    dry_run: bool,
}

impl JobFilter {
    async fn filter(&self, app: &App, id: Option<Uuid>) -> anyhow::Result<Filter> {
        let organization = match &self.org {
            Some(handle) => Some(app.organization(Some(handle)).await?),
            None => None,
        };
        Ok(Filter { id, state: self.state, kind: self.kind.clone(), organization, housekeeping: false, before: None })
    }
}

impl Jobs {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::List { which, all, limit } => {
                let filter = Filter { housekeeping: all, ..which.filter(app, None).await? };
                let jobs = admin::list(app.db.pool(), &filter, limit).await?;
                app.output.list(
                    &jobs,
                    "no matching jobs",
                    ["KIND", "STATE", "RUN AT", "ATTEMPT", "ERROR", "ID"],
                    |job| {
                        [
                            job.kind.clone(),
                            job.state.to_string(),
                            job.run_at.format("%Y-%m-%d %H:%M:%S").to_string(),
                            format!("{}/{}", job.attempt, job.max_attempts),
                            shortened(job.error.as_deref().unwrap_or_default()),
                            job.id.to_string(),
                        ]
                    },
                )?;
            }
            Self::Show { id } => {
                let id = app.job(&id).await?;
                match admin::show(app.db.pool(), id).await? {
                    Some(job) => app.output.one(&job, text)?,
                    None => anyhow::bail!("there is no job {id}: it may have been pruned; see `debrief jobs list`"),
                }
            }
            Self::Retry(change) => return change.run(app, &[JobState::Dead, JobState::Cancelled], "retried").await,
            Self::Cancel(change) => return change.run(app, &[JobState::Due, JobState::Running], "cancelled").await,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Change {
    /// Changes the matching jobs in one of `states`; asks first if there are several.
    async fn run(self, app: &App, states: &[JobState], done: &str) -> anyhow::Result<ExitCode> {
        let id = match &self.id {
            Some(id) => Some(app.job(id).await?),
            None => None,
        };
        let filter = self.which.filter(app, id).await?;
        let fitting = admin::list(app.db.pool(), &filter, i64::from(i32::MAX)).await?;
        let count = fitting.iter().filter(|job| states.contains(&job.state)).count();
        if self.dry_run {
            app.output.one(&json!({ "would_change": count }), |_| format!("{count} jobs would be {done}"))?;
            return Ok(ExitCode::SUCCESS);
        }
        let asks = self.id.is_none() && count > 1;
        if asks && !confirmed(&format!("{count} jobs will be {done}."), self.yes)? {
            return Ok(ExitCode::SUCCESS);
        }
        let changed = if done == "retried" {
            admin::retry(app.db.pool(), &filter).await?
        } else {
            admin::cancel(app.db.pool(), &filter).await?
        };
        app.output.one(&json!({ "changed": changed }), |_| format!("{changed} jobs {done}"))?;
        if changed == 0 && self.id.is_some() {
            tell(&format!(
                "the job isn't {}: nothing was changed",
                states.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(" or ")
            ));
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn shortened(error: &str) -> String {
    const WIDTH: usize = 60;
    let line = error.lines().next().unwrap_or_default();
    if line.chars().count() <= WIDTH {
        line.to_owned()
    } else {
        format!("{}…", line.chars().take(WIDTH).collect::<String>())
    }
}

fn text(job: &JobDetail) -> String {
    let row = &job.row;
    let mut text = format!(
        "{}\nid {}, correlation id {}\nstate {}, attempt {} of {}, run at {}\n",
        row.kind, row.id, row.correlation_id, row.state, row.attempt, row.max_attempts, row.run_at
    );
    if let Some(until) = job.leased_until {
        text.push_str(&format!("held by {} until {until}\n", job.leased_by.as_deref().unwrap_or("?")));
    }
    for (name, value) in [("progress", &job.progress), ("output", &job.output)] {
        if let Some(value) = value {
            text.push_str(&format!("{name} {value}\n"));
        }
    }
    for error in job.errors.as_array().into_iter().flatten() {
        let field =
            |name: &str| error.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        text.push_str(&format!(
            "attempt {} at {}: {}\n",
            field("attempt").unwrap_or_default(),
            field("at").unwrap_or_default(),
            field("error").unwrap_or_default()
        ));
    }
    text
}
