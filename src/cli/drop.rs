//! `debrief drop`: puts transcripts in a coach's inbox folder, wherever the bucket is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Args;
use debrief_jobs::{meeting, people};
use serde::Serialize;

use super::App;

/// Put transcripts in a coach's inbox folder
///
/// Works like copying the files there, wherever the bucket is; a roster.csv goes the same way. A file with the same name
/// stays, unless you add --replace. `debrief inbox` shows what becomes of the files while `debrief up` or `debrief work` is running.
#[derive(Debug, Args)]
pub(crate) struct DropFiles {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The coach they belong to (handle)
    #[arg(long)]
    coach: String,
    /// Replace files that have the same name: a corrected transcript, a newer roster
    #[arg(long)]
    replace: bool,
}

#[derive(Debug, Serialize)]
struct Dropped {
    object_key: String,
}

impl DropFiles {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        people::coach(&app.db, &self.coach).await?;
        // All are checked before the first is dropped, so that a typo doesn't leave the work half done.
        let most = app.config.ingest.max_bytes;
        for file in &self.files {
            let found = fs::metadata(file).with_context(|| format!("can't read {}", file.display()))?;
            if !found.is_file() {
                bail!("{} isn't a file", file.display());
            }
            if found.len() > most {
                bail!("{} is larger than {most} bytes, the maximum (ingest.max_bytes)", file.display());
            }
        }
        let keys: Vec<String> = self.files.iter().map(|file| key(&self.coach, file)).collect::<Result<_, _>>()?;
        let mut dropped = Vec::new();
        for (file, object_key) in self.files.iter().zip(keys) {
            let content = fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
            if self.replace {
                app.services.bucket.put(&object_key, content).await?;
            } else if !app.services.bucket.put_new(&object_key, content).await? {
                bail!("{object_key} already exists: add --replace to replace it, or rename your file");
            }
            dropped.push(Dropped { object_key });
        }
        app.output.list(&dropped, "", ["DROPPED"], |dropped| [dropped.object_key.clone()])?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The key of a file, if the inbox accepts files with such a name.
fn key(coach: &str, file: &Path) -> anyhow::Result<String> {
    let name = file.file_name().and_then(|name| name.to_str());
    let name = name.with_context(|| format!("the name of {} can't be used as an object key", file.display()))?;
    let key = format!("{}{}/{name}", meeting::key::INBOX, coach.to_lowercase());
    match meeting::key::ignored(&key) {
        Some(why) => bail!("{} would be ignored: {why}", file.display()),
        None => Ok(key),
    }
}
