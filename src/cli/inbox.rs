//! `debrief inbox`: what lies in the inbox, and what became of it.

use std::process::ExitCode;

use clap::Args;
use debrief_jobs::{
    ingest::{self, Fate, File},
    people,
};

use super::{App, coach::place};

/// What lies in the inbox, and what became of each file
///
/// new: no look has seen it; seen: it may still be written; waiting: for the transcript of its meeting (the setting
/// ingest.companion_hours says for how long); read: it is in a session; rejected: it cannot be used; duplicate: its content
/// is there already; applied: a roster, with what was wrong in it; ignored: it lies in no coach's folder, is hidden, or is
/// not finished; unreadable: it can never be taken as it is (a pipe, a closed file, a name that is no text). The newest first.
#[derive(Debug, Args)]
pub(crate) struct Inbox {
    /// Only in the folder of this coach (the handle)
    #[arg(long)]
    coach: Option<String>,
    /// Only what is in no session, and rosters of which something is to be said
    #[arg(long)]
    unread: bool,
    /// Also what lies there no more
    #[arg(long)]
    all: bool,
    /// At most so many; 0 for all
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

impl Inbox {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let mut files = ingest::inbox(&app.db, &app.services.bucket, self.all).await?;
        if let Some(handle) = &self.coach {
            // A list without files would hide a mistyped handle.
            people::coach(&app.db, handle).await?;
            let folder = format!("{}{handle}/", ingest::key::INBOX);
            files.retain(|file| file.object_key.to_lowercase().starts_with(&folder));
        }
        files.retain(|file| !self.unread || file.is_left());
        let more = if self.limit == 0 { 0 } else { files.len().saturating_sub(self.limit) };
        files.truncate(files.len() - more);
        let none = if self.unread { "nothing is left" } else { "nothing lies" };
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
            eprintln!("… and {more} older: --limit 0 shows all");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn detail(file: &File) -> String {
    let gone = (!file.is_there).then(|| "it lies there no more".to_owned());
    let state = file.session_state.as_ref().filter(|_| file.outcome == Fate::Read);
    let state = state.map(|state| format!("the session is {state}"));
    let reason = file.reason.as_ref().map(|reason| reason.replace('\n', "; "));
    [state, reason, gone].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
