//! `debrief export`: writes an organization's data to the bucket as Parquet, CSV and JSON Lines.

use std::process::ExitCode;

use anyhow::Context;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use debrief_jobs::{
    db::Tx,
    export::{self, Format, Scope, Wish},
    people,
    queue::JobArgs,
};
use serde::Serialize;
use uuid::Uuid;

use super::{App, output::one_of, run};

/// Export to the bucket as Parquet, CSV and JSON Lines
///
/// An export of everything is also written every night. The manifest is written last: if it exists, the export is
/// complete.
#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Write an export now and wait for it
    Run(Run),
    /// List an organization's exports, newest first
    List {
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Print what the tables of exports hold
    Schemas {
        /// As JSON Schema of the lines of JSON Lines, or as SQL that creates the tables (Postgres, DuckDB)
        #[arg(long = "as", value_parser = ["json-schema", "sql"], default_value = "json-schema")]
        form: String,
    },
}

/// What to export: everything, unless something is given.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The organization's handle; required if there are several
    #[arg(long)]
    org: Option<String>,
    /// Only this coach's sessions and what came of them: the coach's handle
    #[arg(long)]
    coach: Option<String>,
    /// Only this client's: email, name, id, or the first digits of the id
    #[arg(long, requires = "coach")]
    client: Option<String>,
    /// Only sessions from this day on
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<NaiveDate>,
    /// Only sessions until this day, the day included
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<NaiveDate>,
    /// Only this table; may be repeated
    #[arg(long = "table", value_name = "NAME")]
    tables: Vec<String>,
    /// Only this format; may be repeated
    #[arg(long = "format", value_parser = one_of::<Format>(Format::NAMES))]
    formats: Vec<Format>,
}

/// An export.
#[derive(Debug, Serialize)]
struct Row {
    id: Uuid,
    created_at: chrono::DateTime<chrono::Utc>,
    snapshot_at: Option<chrono::DateTime<chrono::Utc>>,
    finished_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Its key in the bucket; set once every file is there.
    manifest: Option<String>,
}

impl Export {
    /// Whether it needs neither database nor bucket; then it's done.
    pub(crate) fn ran_alone(&self) -> anyhow::Result<bool> {
        let Self::Schemas { form } = self else { return Ok(false) };
        match form.as_str() {
            "sql" => print!("{}", export::sql()),
            _ => println!("{}", serde_json::to_string_pretty(&export::json_schema())?),
        }
        Ok(true)
    }

    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Schemas { .. } => {}
            Self::Run(run) => run.run(app).await?,
            Self::List { org } => {
                let organization = app.organization(org.as_deref()).await?;
                let rows = rows(app, organization).await?;
                app.output.list(
                    &rows,
                    "no exports yet: create one with `debrief export run`",
                    ["MADE", "MANIFEST", "ID"],
                    |row| {
                        [
                            row.created_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
                            row.manifest.clone().unwrap_or_else(|| "(not finished)".into()),
                            row.id.to_string(),
                        ]
                    },
                )?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Run {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let (organization, wish) = self.wish(app).await?;
        let mut tx = app.db.tenant(organization).await?;
        let id = export::start_as(&mut tx, &wish).await?;
        tx.commit().await?;
        run::drain_kind::<export::ExportOrganization>(app).await?;
        let row = rows(app, organization).await?.into_iter().find(|row| row.id == id);
        let row = row.with_context(|| format!("the export {id} is gone"))?;
        anyhow::ensure!(
            row.manifest.is_some(),
            "the export failed: see `debrief jobs list --kind {}`",
            export::ExportOrganization::KIND
        );
        app.output.one(&row, |row| format!("{}/{}", app.config.bucket, row.manifest.as_deref().unwrap_or_default()))
    }

    async fn wish(self, app: &App) -> anyhow::Result<(Uuid, Wish)> {
        let mut scope = Scope { first_day: self.from, last_day: self.to, ..Scope::default() };
        let organization = match &self.coach {
            None => app.organization(self.org.as_deref()).await?,
            Some(handle) => {
                let (organization, coach) = people::coach(&app.db, handle).await?;
                scope.coach_id = Some(coach);
                if let Some(who) = &self.client {
                    scope.client_id = Some(people::find_client(&app.db, handle, who).await?.id);
                }
                organization
            }
        };
        if let (Some(_), Some(org)) = (&self.coach, &self.org) {
            let named = app.organization(Some(org)).await?;
            anyhow::ensure!(named == organization, "the coach isn't one of the organization `{org}`");
        }
        Ok((organization, Wish { scope, tables: self.tables, formats: self.formats }.checked()?))
    }
}

async fn rows(app: &App, organization: Uuid) -> anyhow::Result<Vec<Row>> {
    let mut tx = app.db.tenant(organization).await?;
    Ok(sqlx::query_as!(
        Row,
        "select id, created_at, snapshot_at, finished_at, manifest_key as manifest from exports order by created_at desc"
    )
    .fetch_all(tx.conn())
    .await?)
}
