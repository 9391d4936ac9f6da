//! `debrief export`: writes an organization's data to the bucket as Parquet, CSV and JSON Lines.

use std::process::ExitCode;

use clap::Subcommand;
use debrief_jobs::{db::Tx, export, queue::JobArgs};
use serde::Serialize;
use uuid::Uuid;

use super::{App, run};

/// Export everything to the bucket as Parquet, CSV and JSON Lines
///
/// An export is also written every night. The manifest is written last: if it exists, the export is complete.
#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Write an export now and wait for it
    Run {
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// List an organization's exports, newest first
    List {
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
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
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Run { org } => {
                let organization = app.organization(org.as_deref()).await?;
                let mut tx = app.db.tenant(organization).await?;
                let id = export::start(&mut tx).await?;
                tx.commit().await?;
                run::drain_kind::<export::ExportOrganization>(app).await?;
                let Some(row) = rows(app, organization).await?.into_iter().find(|row| row.id == id) else {
                    anyhow::bail!("the export {id} is gone");
                };
                anyhow::ensure!(
                    row.manifest.is_some(),
                    "the export failed: see `debrief jobs list --kind {}`",
                    export::ExportOrganization::KIND
                );
                app.output.one(&row, |row| {
                    format!("{}/{}", app.config.bucket, row.manifest.as_deref().unwrap_or_default())
                })?;
            }
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

async fn rows(app: &App, organization: Uuid) -> anyhow::Result<Vec<Row>> {
    let mut tx = app.db.tenant(organization).await?;
    Ok(sqlx::query_as!(
        Row,
        "select id, created_at, snapshot_at, finished_at, manifest_key as manifest from exports order by created_at desc"
    )
    .fetch_all(tx.conn())
    .await?)
}
