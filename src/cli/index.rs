//! `debrief index`: how much is found by meaning, and indexing anew after a change of the embedder.

use std::process::ExitCode;

use clap::Subcommand;
use debrief_jobs::index::{self, Coverage};
use serde::Serialize;
use uuid::Uuid;

use super::App;

/// Index: what search finds by meaning
///
/// A session is indexed with the embedder of the settings as it was then. After a change it is found by its words only,
/// until it is indexed anew.
#[derive(Debug, Subcommand)]
pub(crate) enum Index {
    /// Say how much of each organization is indexed under the model of the settings
    Status,
    /// Enqueue the jobs that index anew what is indexed under another model
    Rebuild,
}

/// An organization, as it is printed.
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
                    "there is no organization yet: make one with `debrief org add`",
                    ["ORGANIZATION", "MODEL", "PIECES", "UNDER ANOTHER MODEL"],
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
                app.output.one(&done, |_| format!("{enqueued} jobs are enqueued that index under {model}"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
