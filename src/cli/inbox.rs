//! `debrief inbox`: the files that are in no session, and rosters of which something is to be said.

use std::process::ExitCode;

use clap::Args;
use debrief_jobs::ingest;

use super::App;

/// Files of the inbox that are in no session, and why
///
/// A chat or a list of participants waits for the transcript of its meeting; the setting ingest.companion_hours says for
/// how long. A roster is here as `applied` where something is to be said of it: lines that were left out, addresses that
/// are none, letters that may be wrong. A file whose content is there already is a `duplicate`, and the reason says of what.
/// Coaches are told of all of this by mail.
#[derive(Debug, Args)]
pub(crate) struct Inbox {
    /// Also those that were rejected
    #[arg(long)]
    all: bool,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    limit: i64,
}

impl Inbox {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let left = ingest::left(&mut app.db.system().await?, self.all, self.limit).await?;
        app.output.list(&left, "nothing waits in the inbox", ["SINCE", "IS", "KEY", "BECAUSE"], |file| {
            [
                file.first_seen_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
                file.outcome.clone(),
                file.object_key.clone(),
                file.reason.as_deref().unwrap_or_default().replace('\n', "; "),
            ]
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
