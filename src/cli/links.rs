//! `debrief links`: lists, creates, sends and revokes the coaches' review links.

mod make;
mod revoke;

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    links::{self, Listed},
    model::id::IdPrefix,
    people,
    review::actions,
};
use serde_json::json;

use super::App;

/// List, create, send and revoke review links
///
/// Anyone who has a link can read its session. A link works for a limited time (setting review.link_days), and no longer
/// once a new one replaces it; a page already opened with it stays open. It is revoked, and its pages close, when its coach
/// is removed or gets another address, and by `revoke`.
#[derive(Debug, Subcommand)]
pub(crate) enum Links {
    List(List),
    Make(make::Make),
    Revoke(revoke::Revoke),
    /// Email a new link to the coach of a session
    ///
    /// It goes to the coach's current address and replaces older links to that session.
    Send {
        /// The session's id, or its first digits
        session: IdPrefix,
    },
}

/// List links that work, or whose page is still open somewhere, newest first
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

impl Links {
    /// Whether it may prompt on the terminal.
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
