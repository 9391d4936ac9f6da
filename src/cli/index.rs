//! `debrief index`: how much can be found by meaning, and reindexing after the embedder changes.

use std::process::ExitCode;

use clap::Subcommand;
use debrief_jobs::index::{self, Coverage, Verified};
use serde::Serialize;
use uuid::Uuid;

use super::{App, output::tell};

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
    /// Check that what is indexed is what was said and summarized
    ///
    /// Cuts each session and reads each summary again, and compares the hashes with those of the index. Exits with code 1 if
    /// something is missing, has no source, has no vector of the present model, or was indexed by an earlier version.
    Verify {
        /// Enqueue jobs that index again what doesn't agree, and remove what has no source
        #[arg(long)]
        repair: bool,
    },
}

/// An organization that was verified, as printed.
#[derive(Debug, Serialize)]
struct Proof {
    organization: Uuid,
    model: String,
    agrees: bool,
    #[serde(flatten)]
    verified: Verified,
    /// New jobs.
    enqueued: usize,
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
            Self::Verify { repair } => return verified(app, repair).await,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn verified(app: &App, repair: bool) -> anyhow::Result<ExitCode> {
    let embedder = &app.services.embedder;
    let mut proofs = Vec::new();
    for organization in app.db.organizations().await? {
        let verified = index::verify(&app.db, organization, embedder).await?;
        let enqueued = if repair { index::repair(&app.db, organization, &verified).await? } else { 0 };
        let model = embedder.model().to_owned();
        proofs.push(Proof { organization, model, agrees: verified.agrees(), verified, enqueued });
    }
    app.output.list(
        &proofs,
        "there is no organization yet: add one with `debrief org add`",
        [
            "ORGANIZATION",
            "SESSIONS",
            "SUMMARIES",
            "PIECES",
            "MISSING",
            "ORPHANED",
            "WITHOUT VECTOR",
            "OUTDATED",
            "WAITING",
        ],
        |Proof { organization, verified: it, .. }| {
            let counts = [
                it.sessions,
                it.summaries,
                it.chunks,
                it.missing,
                it.orphaned,
                it.without_vector,
                it.outdated,
                it.waiting,
            ];
            let mut row = [const { String::new() }; 9];
            row[0] = organization.to_string();
            for (cell, count) in row[1..].iter_mut().zip(counts) {
                *cell = count.to_string();
            }
            row
        },
    )?;
    if proofs.iter().any(|proof| proof.verified.waiting > 0) {
        tell("what waits to be indexed wasn’t compared: `debrief up` or `debrief work` indexes it");
    }
    if proofs.iter().all(|proof| proof.agrees) {
        return Ok(ExitCode::SUCCESS);
    }
    let enqueued: usize = proofs.iter().map(|proof| proof.enqueued).sum();
    tell(&if repair {
        format!("the index doesn’t agree with its source: {enqueued} jobs are enqueued to index it again")
    } else {
        "the index doesn’t agree with its source: `debrief index verify --repair` enqueues jobs that index it again"
            .to_owned()
    });
    Ok(ExitCode::FAILURE)
}
