//! `debrief schedules`: what runs on a schedule.

use std::process::ExitCode;

use anyhow::Context;
use clap::Subcommand;
use debrief_jobs::queue::schedule;
use serde_json::json;

use super::{App, run};

/// Show and run scheduled jobs
///
/// Change when a job runs, or turn it off, with the setting queue.schedules.
#[derive(Debug, Subcommand)]
pub(crate) enum Schedules {
    /// List schedules with their last and next run
    List,
    /// Enqueue a schedule's job now, without changing its schedule
    Run {
        /// The schedule's name
        name: String,
    },
}

impl Schedules {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let schedules = run::worker_settings(app)?.schedules;
        match self {
            Self::List => {
                let rows = schedule::list(&mut *app.db.pool().acquire().await?, &schedules).await?;
                let time = |time: Option<chrono::DateTime<chrono::Utc>>| {
                    time.map(|time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default()
                };
                app.output.list(
                    &rows,
                    "all schedules are off",
                    ["NAME", "CRON", "TIME ZONE", "LAST", "NEXT"],
                    |row| {
                        [
                            row.name.to_owned(),
                            row.cron.clone(),
                            row.time_zone.to_string(),
                            time(row.last_tick),
                            time(row.next_tick),
                        ]
                    },
                )?;
            }
            Self::Run { name } => {
                let schedule = schedules
                    .iter()
                    .find(|schedule| schedule.name == name)
                    .with_context(|| format!("there is no schedule {name:?}: see `debrief schedules list`"))?;
                schedule::run_now(&app.db, schedule).await?;
                app.output.one(&json!({ "enqueued": name }), |_| format!("{name} enqueued; a worker will run it"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
