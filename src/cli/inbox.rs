//! `debrief inbox`: what is in the inbox, and what became of it.

use std::process::ExitCode;

use clap::Args;
use debrief_jobs::{
    ingest::{self, File, FileOutcome},
    meeting, people,
};

use super::{App, coach::place};

/// Show what is in the inbox and what became of each file
///
/// new: not scanned yet; seen: may still be uploading; waiting: for the transcript of its meeting (for as long as the
/// setting ingest.companion_hours says); read: part of a session; rejected: can't be used; duplicate: its content is
/// already there; applied: a roster, with any problems in it; ignored: not in a coach's folder, hidden, or unfinished;
/// unreadable: can never be read as it is (a pipe, a file without read permission, a name that isn't text). Newest first.
#[derive(Debug, Args)]
pub(crate) struct Inbox {
    /// Only files in this coach's folder (handle)
    #[arg(long)]
    coach: Option<String>,
    /// Only files that are in no session, and rosters with problems or notes
    #[arg(long)]
    unread: bool,
    /// Also files that are no longer there
    #[arg(long)]
    all: bool,
    /// Show at most this many; 0 shows all
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

impl Inbox {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let mut files = ingest::inbox(&app.db, &app.services.bucket, self.all).await?;
        if let Some(handle) = &self.coach {
            // An empty list would hide a mistyped handle.
            people::coach(&app.db, handle).await?;
            let folder = format!("{}{handle}/", meeting::key::INBOX);
            files.retain(|file| file.object_key.to_lowercase().starts_with(&folder));
        }
        files.retain(|file| !self.unread || file.is_left());
        let more = if self.limit == 0 { 0 } else { files.len().saturating_sub(self.limit) };
        files.truncate(files.len() - more);
        let none = if self.unread { "nothing left" } else { "nothing" };
        let none = format!("{none} in the inbox: {}", place(app, None));
        app.output.list(&files, &none, ["WRITTEN", "IS", "KEY", "SESSION", "DETAIL"], |file| {
            [
                file.at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
                file.outcome.as_str().to_owned(),
                file.object_key.clone(),
                file.session_id.map(|id| id.to_string()).unwrap_or_default(),
                detail(file),
            ]
        })?;
        if more > 0 {
            eprintln!("… and {more} older; use --limit 0 to show all");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn detail(file: &File) -> String {
    let gone = (!file.is_there).then(|| "no longer there".to_owned());
    let state = file.session_state.as_ref().filter(|_| file.outcome == FileOutcome::Read);
    let state = state.map(|state| format!("the session is {state}"));
    let reason = file.reason.as_ref().map(|reason| reason.replace('\n', "; "));
    [state, reason, gone].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
