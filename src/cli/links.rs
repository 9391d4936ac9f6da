//! `debrief links`: the review links that coaches have, one by hand, and taking them back.

mod make;

use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgGroup, Args, Subcommand};
use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, Tx},
    model::id::IdPrefix,
    people,
    review::{
        actions,
        links::{self, Because, Listed, Which},
    },
};
use serde_json::json;
use uuid::Uuid;

use super::{
    App,
    output::{confirmed, tell},
};

/// List, create, send and revoke review links
///
/// Anyone who has a link can read its session. A link works for a limited time (setting review.link_days). It is
/// revoked automatically when a new one is sent, and when its coach is removed or gets another address.
#[derive(Debug, Subcommand)]
pub(crate) enum Links {
    List(List),
    Make(make::Make),
    Revoke(Revoke),
    /// Email a new link to the coach of a session
    ///
    /// It goes to the coach's current address and replaces older links to that session.
    Send {
        /// The session's id, or its first digits
        session: IdPrefix,
    },
}

/// List working links, newest first
///
/// The link itself is not shown: only a hash of it is kept.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only links to this session (id, or its first digits)
    #[arg(long, value_name = "ID")]
    session: Option<IdPrefix>,
    /// Only this coach's links (handle)
    #[arg(long, conflicts_with = "session")]
    coach: Option<String>,
    /// The organization's handle; required if there are several and no session or coach is given
    #[arg(long, conflicts_with_all = ["session", "coach"])]
    org: Option<String>,
    /// Also links that have expired or were revoked
    #[arg(long)]
    all: bool,
    /// Show at most this many
    #[arg(long, default_value_t = 50)]
    limit: i64,
}

/// Revoke links: one by its id, or all links of a session or coach
///
/// The links stop working, and pages opened with them close at once. Text typed there but not saved can still be
/// copied. Exits with code 1 if no link was revoked.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true))]
pub(crate) struct Revoke {
    /// The link's id (see `debrief links list`)
    #[arg(group = "which")]
    link: Option<Uuid>,
    /// All links to this session (id, or its first digits)
    #[arg(long, group = "which", value_name = "ID")]
    session: Option<IdPrefix>,
    /// All of this coach's links (handle)
    #[arg(long, group = "which")]
    coach: Option<String>,
    /// Do not ask before revoking several links
    #[arg(long, short)]
    yes: bool,
}

impl Links {
    /// Whether it may wait for an answer from the terminal.
    pub(crate) fn asks(&self) -> bool {
        matches!(self, Self::Revoke(_))
    }

    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::List(list) => list.run(app).await?,
            Self::Make(make) => make.run(app).await?,
            Self::Revoke(revoke) => return revoke.run(app).await,
            Self::Send { session } => send(app, &session).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let (mut tx, session, coach) = match (&self.session, &self.coach) {
            (Some(session), _) => {
                let (tx, session) = app.session(session).await?;
                (tx, Some(session), None)
            }
            (None, Some(handle)) => {
                let (organization, coach) = people::coach(&app.db, handle).await?;
                (app.db.tenant(organization).await?, None, Some(coach))
            }
            (None, None) => (app.db.tenant(app.organization(self.org.as_deref()).await?).await?, None, None),
        };
        let found = links::list(&mut tx, session, coach, self.all, self.limit).await?;
        let empty = if self.all { "no links yet" } else { "no working links; use --all to show the others" };
        app.output.list(&found, empty, ["MADE", "COACH", "IS", "OPEN IN", "SESSION", "LINK"], |link| {
            [
                link.created_at.format("%Y-%m-%d %H:%M UTC").to_string(),
                link.coach.clone(),
                standing(link),
                match link.visits {
                    1 => "1 browser".to_owned(),
                    visits => format!("{visits} browsers"),
                },
                format!("{} ({})", link.session_id, link.title),
                link.id.to_string(),
            ]
        })
    }
}

fn standing(link: &Listed) -> String {
    let day = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d").to_string();
    match (link.revoked_at, link.revoked_because.as_deref()) {
        (None, _) if link.opens => format!("open until {}", day(link.expires_at)),
        (None, _) => format!("expired {}", day(link.expires_at)),
        (Some(at), Some("replaced")) => format!("replaced {}", day(at)),
        (Some(at), Some("new_address")) => format!("revoked {} (new address)", day(at)),
        (Some(at), Some("coach_removed")) => format!("revoked {} (coach removed)", day(at)),
        (Some(at), _) => format!("revoked {}", day(at)),
    }
}

impl Revoke {
    async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let (mut tx, which) = match (self.link, &self.session, &self.coach) {
            (Some(link), ..) => (tenant_of_link(app, link).await?, Which::Link(link)),
            (None, Some(session), _) => {
                let (tx, session) = app.session(session).await?;
                (tx, Which::Session(session))
            }
            (None, None, Some(handle)) => {
                let (organization, coach) = people::coach(&app.db, handle).await?;
                (app.db.tenant(organization).await?, Which::Coach(coach))
            }
            (None, None, None) => anyhow::bail!("give a link's id, --session or --coach"),
        };
        let open = match which {
            Which::Session(session) => {
                links::list(&mut tx, Some(session), None, false, i64::from(i32::MAX)).await?.len()
            }
            Which::Coach(coach) => links::list(&mut tx, None, Some(coach), false, i64::from(i32::MAX)).await?.len(),
            Which::Link(_) | Which::Others { .. } => 1,
        };
        // Nobody waits for the answer of a terminal.
        let organization = tx.tenant();
        drop(tx);
        if open > 1 && !confirmed(&format!("{open} links will stop working."), self.yes)? {
            return Ok(ExitCode::SUCCESS);
        }
        let mut tx = app.db.tenant(organization).await?;
        let revoked = links::revoke(&mut tx, which, Because::Command).await?;
        tx.commit().await?;
        let what = if revoked == 1 { "1 link".to_owned() } else { format!("{revoked} links") };
        app.output.one(&json!({ "revoked": revoked }), |_| format!("{what} revoked"))?;
        if revoked == 0 {
            tell("no working link to revoke: nothing was changed");
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A transaction of the organization whose link it is.
async fn tenant_of_link(app: &App, link: Uuid) -> anyhow::Result<TenantTx> {
    for organization in app.db.organizations().await? {
        let mut tx = app.db.tenant(organization).await?;
        if links::load(&mut tx, link).await?.is_some() {
            return Ok(tx);
        }
    }
    anyhow::bail!("there is no link {link}: see `debrief links list --all`")
}

async fn send(app: &App, session: &IdPrefix) -> anyhow::Result<()> {
    let (mut tx, session) = app.session(session).await?;
    let sent = actions::send_fresh_link(&mut tx, &app.services.desk, session, &Visitor::default()).await;
    if let Err(actions::ActionError::NotOpen { state }) = &sent {
        anyhow::bail!("this session is {state}: there is nothing for its coach to see yet");
    }
    sent.context("no link was sent")?;
    tx.commit().await?;
    app.output.one(&json!({ "sent": session }), |_| {
        "a new link is queued to the coach's address; older links to the session no longer work".to_owned()
    })
}
