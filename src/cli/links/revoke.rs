//! `debrief links revoke`: revokes links, and lists approved letters that are still held.

use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgGroup, Args};
use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, Tx},
    follow_up::{self, HeldLetter},
    links::{self, LinkFilter, RevokeReason},
    model::id::IdPrefix,
    people,
    review::actions::{self, ActionError},
};
use serde::Serialize;
use uuid::Uuid;

use super::super::{
    App,
    output::{confirmed, tell},
};

/// Revoke links: one by its id, or all links of a session or coach
///
/// The links stop working, and pages opened with them close at once. Unsaved text there can still be copied. Letters
/// that are approved but still held go out anyway; they are listed, and --stop-letters stops them as the coach would:
/// their summaries are open for review again. Exits with code 1 if nothing was changed.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true))]
pub(crate) struct Revoke {
    /// The link's id (see `debrief links list`), or its first digits
    #[arg(group = "which")]
    link: Option<IdPrefix>,
    /// All links to this session (id, or its first digits)
    #[arg(long, group = "which", value_name = "ID")]
    session: Option<IdPrefix>,
    /// All of this coach's links (handle)
    #[arg(long, group = "which")]
    coach: Option<String>,
    /// Also stop letters of these sessions that are still held, whoever approved them
    #[arg(long)]
    stop_letters: bool,
    /// Do not ask before revoking several links; required if there is no terminal to ask on
    #[arg(long, short)]
    yes: bool,
}

/// What was done, and what will still be sent.
#[derive(Debug, Serialize)]
struct Revoked {
    revoked: u64,
    stopped_letters: Vec<HeldLetter>,
    held_letters: Vec<StillHeld>,
}

#[derive(Debug, Serialize)]
struct StillHeld {
    #[serde(flatten)]
    letter: HeldLetter,
    /// The command that stops it.
    stop: String,
}

/// The links to revoke, and whose letters.
#[derive(Clone, Copy)]
struct Target {
    which: LinkFilter,
    session: Option<Uuid>,
    coach: Option<Uuid>,
}

impl Revoke {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let (mut tx, target) = self.target(app).await?;
        let open = match target.which {
            LinkFilter::Link(_) => 1,
            _ => links::list(&mut tx, target.session, target.coach, false, i64::from(i32::MAX)).await?.len(),
        };
        // No transaction stays open while the terminal waits for an answer.
        let organization = tx.tenant();
        drop(tx);
        if open > 1 && !confirmed(&format!("{open} links will stop working."), self.yes)? {
            return Ok(ExitCode::SUCCESS);
        }
        let mut tx = app.db.tenant(organization).await?;
        let stopped_letters = if self.stop_letters { stop(&mut tx, target).await? } else { Vec::new() };
        let revoked = links::revoke(&mut tx, target.which, RevokeReason::Command).await?;
        tx.commit().await?;
        // After the commit, so that one approved a moment before is included.
        let still = follow_up::held(&mut app.db.tenant(organization).await?, target.session, target.coach).await?;
        let held_letters = still.into_iter().map(StillHeld::of).collect();
        let outcome = Revoked { revoked, stopped_letters, held_letters };
        app.output.one(&outcome, Revoked::says)?;
        if outcome.revoked == 0 && outcome.stopped_letters.is_empty() {
            tell("no working link to revoke: nothing was changed");
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn target(&self, app: &App) -> anyhow::Result<(TenantTx, Target)> {
        Ok(match (&self.link, &self.session, &self.coach) {
            (Some(link), ..) => {
                let (tx, link, session) = of_link(app, link).await?;
                (tx, Target { which: LinkFilter::Link(link), session: Some(session), coach: None })
            }
            (None, Some(session), _) => {
                let (tx, session) = app.session(session).await?;
                (tx, Target { which: LinkFilter::Session(session), session: Some(session), coach: None })
            }
            (None, None, Some(handle)) => {
                let (organization, coach) = people::coach(&app.db, handle).await?;
                let target = Target { which: LinkFilter::Coach(coach), session: None, coach: Some(coach) };
                (app.db.tenant(organization).await?, target)
            }
            (None, None, None) => anyhow::bail!("give a link's id, --session or --coach"),
        })
    }
}

/// Stops what is held, as the coach would; returns what was stopped.
async fn stop(tx: &mut TenantTx, target: Target) -> anyhow::Result<Vec<HeldLetter>> {
    let mut stopped = Vec::new();
    for letter in follow_up::held(tx, target.session, target.coach).await? {
        match actions::cancel_follow_up(tx, letter.session_id, letter.summary_id, &Visitor::default()).await {
            Ok(()) => stopped.push(letter),
            // It was sent just now, or someone else stopped it.
            Err(ActionError::TooLate | ActionError::NotOpen { .. } | ActionError::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(stopped)
}

impl StillHeld {
    fn of(letter: HeldLetter) -> Self {
        let stop = format!("debrief links revoke --session {} --stop-letters", letter.session_id);
        Self { letter, stop }
    }
}

impl Revoked {
    fn says(&self) -> String {
        let mut lines = vec![format!("{} revoked", counted(self.revoked, "link"))];
        for letter in &self.stopped_letters {
            lines.push(format!(
                "stopped: the letter to {}; its summary is open for review again (`debrief links send {}` mails the coach a \
                 fresh link)",
                letter.client, letter.session_id
            ));
        }
        for held in &self.held_letters {
            let goes = held.letter.goes_at.format("%Y-%m-%d %H:%M:%S UTC");
            lines.push(format!(
                "still held: the letter to {} goes out at {goes}; to stop it: {}",
                held.letter.client, held.stop
            ));
        }
        lines.join("\n")
    }
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A transaction of the link's organization, the link, and the session it opens.
async fn of_link(app: &App, link: &IdPrefix) -> anyhow::Result<(TenantTx, Uuid, Uuid)> {
    let (mut tx, link) = app.link(link).await?;
    let found = links::load(&mut tx, link).await?.context("a link that was found is there")?;
    Ok((tx, link, found.session_id))
}
