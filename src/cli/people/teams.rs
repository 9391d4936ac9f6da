//! `debrief people teams`: groups of people, some of whom lead.

use std::process::ExitCode;

use clap::Subcommand;
use debrief_jobs::{audit::Visitor, db::Tx, people};
use serde_json::json;

use crate::cli::App;

/// Manage teams, whose leads read the sessions of their coaches
#[derive(Debug, Subcommand)]
pub(crate) enum Teams {
    /// List teams with their members
    List {
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Create a team
    Create {
        /// Its name
        name: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Rename a team
    Rename {
        /// Its name or id
        team: String,
        /// Its new name
        name: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Delete a team; its members stay
    Delete {
        /// Its name or id
        team: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Add a person to a team, or say anew whether they lead it
    Add {
        /// The team's name or id
        team: String,
        /// The person's handle, address or id
        person: String,
        /// They lead the team: with the role `lead`, they read its coaches' sessions
        #[arg(long)]
        lead: bool,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Take a person out of a team
    Remove {
        /// The team's name or id
        team: String,
        /// The person's handle, address or id
        person: String,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
}

impl Teams {
    fn org(&self) -> Option<&str> {
        match self {
            Self::List { org }
            | Self::Create { org, .. }
            | Self::Rename { org, .. }
            | Self::Delete { org, .. }
            | Self::Add { org, .. }
            | Self::Remove { org, .. } => org.as_deref(),
        }
    }

    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        let mut tx = app.db.tenant(app.organization(self.org()).await?).await?;
        let nobody = Visitor::default();
        let (team, done) = match &self {
            Self::List { .. } => {
                list(app, &people::list_teams(&mut tx).await?)?;
                return Ok(ExitCode::SUCCESS);
            }
            Self::Create { name, .. } => (people::create_team(&mut tx, name, &nobody).await?, "created"),
            Self::Rename { team, name, .. } => {
                let team = people::find_team(&mut tx, team).await?;
                people::rename_team(&mut tx, team, name, &nobody).await?;
                (team, "renamed")
            }
            Self::Delete { team, .. } => {
                let team = people::find_team(&mut tx, team).await?;
                people::delete_team(&mut tx, team, &nobody).await?;
                (team, "deleted")
            }
            Self::Add { team, person, lead, .. } => {
                let team = people::find_team(&mut tx, team).await?;
                let person = people::find_person(&mut tx, person).await?;
                people::add_member(&mut tx, team, person.id, *lead, &nobody).await?;
                (team, "changed")
            }
            Self::Remove { team, person, .. } => {
                let team = people::find_team(&mut tx, team).await?;
                let person = people::find_person(&mut tx, person).await?;
                let was_there = people::remove_member(&mut tx, team, person.id, &nobody).await?;
                (team, if was_there { "changed" } else { "unchanged: they weren't in it" })
            }
        };
        tx.commit().await?;
        app.output.one(&json!({ "id": team }), |_| format!("team {team}: {done}"))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn list(app: &App, teams: &[people::Team]) -> anyhow::Result<()> {
    app.output.list(
        teams,
        "no teams yet: create one with `debrief people teams create`",
        ["NAME", "LEADS", "OTHER MEMBERS", "ID"],
        |team| {
            let names = |leads: bool| {
                let members = team.members.iter().filter(|member| member.leads == leads);
                members.map(|member| member.handle.as_str()).collect::<Vec<_>>().join(", ")
            };
            [team.name.clone(), names(true), names(false), team.id.to_string()]
        },
    )
}
