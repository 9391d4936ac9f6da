//! `debrief index`: how much can be found by meaning, and reindexing after the embedder changes.

use std::process::ExitCode;

use clap::Subcommand;
use debrief_jobs::index::{self, Coverage};
use serde::Serialize;
use uuid::Uuid;

use super::App;

/// Manage the index that search uses to find things by meaning
///
/// A session is indexed with the embedder that is set at the time. If the embedder changes, the session is found only
/// by its words until it is indexed again.
#[derive(Debug, Subcommand)]
pub(crate) enum Index {
    /// Show how much of each organization is indexed with the current model
    Status,
    /// Enqueue jobs that reindex what was indexed with another model
    Rebuild,
}

/// An organization, as printed.
#[derive(Debug, Serialize)]
struct Row {
    organization: Uuid,
    model: String,
    #[serde(flatten)]
    coverage: Coverage,
}

impl Index {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let embedder = &app.services.embedder;
        let model = embedder.model();
        match self {
            Self::Status => {
                let mut rows = Vec::new();
                for organization in app.db.organizations().await? {
                    let coverage = index::coverage(&app.db, organization, embedder).await?;
                    rows.push(Row { organization, model: model.to_owned(), coverage });
                }
                app.output.list(
                    &rows,
                    "there is no organization yet: add one with `debrief org add`",
                    ["ORGANIZATION", "MODEL", "PIECES", "WITH ANOTHER MODEL"],
                    |row| {
                        [
                            row.organization.to_string(),
                            row.model.clone(),
                            row.coverage.chunks.to_string(),
                            row.coverage.without_vector.to_string(),
                        ]
                    },
                )?;
            }
            Self::Rebuild => {
                let mut enqueued = 0;
                for organization in app.db.organizations().await? {
                    enqueued += index::rebuild(&app.db, organization, embedder).await?;
                }
                let done = serde_json::json!({ "model": model, "enqueued": enqueued });
                app.output.one(&done, |_| format!("{enqueued} jobs enqueued to index with {model}"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
