//! `debrief sessions delete`: deletes a session for good.

use std::process::ExitCode;

use clap::Args;
use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    erase::{self, Erased},
    model::id::IdPrefix,
};

use super::{App, output::confirmed};

/// Delete a session for good, with everything that was said in it
///
/// Deletes the transcript, who spoke, the summaries with all versions, what search finds, and our own copies in the
/// bucket; stops letters that are held and ends review links. Later sessions' summaries no longer quote it. What stays:
/// ids in the audit; of its emails, that they were sent, when, and to which address; exports and weekly rollups that
/// were made before. The file in the inbox stays where it is and isn't read again; remove it yourself. If you put the
/// same file into the inbox anew, it becomes a new session. Refused while a letter is being sent and while a correction of
/// a speaker is being applied to other sessions: try again in a minute. This cannot be undone.
///
/// Examples:
///   debrief sessions delete 019f --dry-run
///   debrief sessions delete 019f
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Delete {
    /// The session's id, or its first digits
    session: IdPrefix,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
    /// Only show what would happen
    #[arg(long)]
    dry_run: bool,
}

impl Delete {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let (mut tx, session) = app.session(&self.session).await?;
        // Tried, and rolled back: nothing is locked while somebody thinks about it.
        let would = erase::session(&mut tx, session, &Visitor::default()).await?;
        drop(tx);
        if self.dry_run {
            app.output.one(&would, |would| format!("would be deleted: {}", meaning(would)))?;
            return Ok(ExitCode::SUCCESS);
        }
        if !confirmed(&format!("This deletes for good: {}.", meaning(&would)), self.yes)? {
            return Ok(ExitCode::SUCCESS);
        }
        let (mut tx, session) = app.session(&self.session).await?;
        let erased = erase::session(&mut tx, session, &Visitor::default()).await?;
        tx.commit().await?;
        app.output.one(&erased, |erased| {
            format!("deleted: {}; a worker removes our copies from the bucket", meaning(erased))
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What it has, in words.
fn meaning(erased: &Erased) -> String {
    let count = |count: usize, one: &str, several: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {several}"),
    };
    let mut parts = vec![
        count(erased.transcripts, "file", "files"),
        count(erased.utterances, "utterance", "utterances"),
        count(erased.summaries, "summary", "summaries"),
    ];
    if erased.emails_stopped > 0 {
        parts.push(count(erased.emails_stopped, "email that is not sent", "emails that are not sent"));
    }
    if erased.later_summaries > 0 {
        parts.push(count(erased.later_summaries, "later summary that quotes it", "later summaries that quote it"));
    }
    format!("“{}” with {}", erased.title, parts.join(", "))
}
