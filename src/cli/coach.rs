//! `debrief coach`: manages coaches by hand.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Subcommand;
use debrief_jobs::{
    model::Role,
    people::{self, CoachChange, CoachRemoval, NewCoach},
    sign_in::{self, Changed},
};
use serde_json::json;

use super::{
    App,
    output::{confirmed, one_of},
};

/// Manage coaches, each with a folder in the inbox
///
/// Files in the folder inbox/{handle}/ of the bucket belong to this coach: transcripts, and a roster.csv with the
/// clients.
#[derive(Debug, Subcommand)]
pub(crate) enum Coach {
    /// Add a coach
    ///
    /// Adding a removed coach again restores their sessions and clients. To change a coach, use `debrief coach change`. No two
    /// people of an organization have the same address.
    Add {
        /// The name of the coach's folder in the inbox: inbox/{handle}/
        handle: String,
        /// The handle of the organization
        #[arg(long)]
        org: String,
        /// The coach's name, as it appears in transcripts
        #[arg(long)]
        name: String,
        /// Where review links are sent
        #[arg(long)]
        email: String,
        /// Their role; may be repeated. A lead sees the coaches of the teams that they lead, an admin manages people
        /// and settings [default: coach]
        #[arg(long = "role", value_name = "ROLE", value_parser = one_of::<Role>(Role::NAMES))]
        roles: Vec<Role>,
        /// An IANA time zone [default: the organization's]
        #[arg(long)]
        time_zone: Option<String>,
    },
    /// Change a coach's name, address, roles or time zone
    ///
    /// Anything you leave out stays as it is. With a new address, the coach is signed out and told at the old one, review
    /// links sent there stop working, and new ones go to the new address for each session that needs the coach's review;
    /// emails without a link that are already queued still go to the old address. Whoever gets another role is signed out.
    /// The last admin stays one. The handle cannot be changed: it is the folder that identifies the coach's files.
    Change {
        /// The coach's handle
        handle: String,
        /// The coach's name, as it appears in transcripts
        #[arg(long)]
        name: Option<String>,
        /// Where review links are sent
        #[arg(long)]
        email: Option<String>,
        /// Their role; replacing the current ones; may be repeated
        #[arg(long = "role", value_name = "ROLE", value_parser = one_of::<Role>(Role::NAMES))]
        roles: Vec<Role>,
        /// An IANA time zone
        #[arg(long)]
        time_zone: Option<String>,
    },
    /// Remove a coach but keep their sessions and clients
    ///
    /// They are signed out, the inbox folder belongs to nobody, API keys and review links stop working, and no weekly
    /// email is sent. Refused while sessions are being processed or follow-ups are held, and for the last admin. `debrief
    /// coach add` with the same handle brings the coach back.
    Remove {
        /// The coach's handle
        handle: String,
        /// Do not ask for confirmation
        #[arg(long, short)]
        yes: bool,
        /// Only show what would happen
        #[arg(long)]
        dry_run: bool,
    },
    /// List the coaches of an organization
    List {
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
}

impl Coach {
    /// Whether it may prompt on the terminal.
    pub(crate) fn asks(&self) -> bool {
        matches!(self, Self::Remove { .. })
    }

    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add { handle, org, name, email, roles, time_zone } => {
                let coach = NewCoach {
                    handle: &handle,
                    name: &name,
                    email: &email,
                    roles: &roles,
                    time_zone: time_zone.as_deref(),
                };
                let id = people::add_coach(&app.db, &org, &coach).await?;
                let inbox = make_inbox(app, &handle).await?;
                app.output.one(&json!({ "id": id, "handle": handle, "inbox": inbox }), |_| {
                    format!("coach {handle}: {id}\nput transcripts in {inbox}")
                })?;
            }
            Self::Change { handle, name, email, roles, time_zone } => {
                let roles = (!roles.is_empty()).then_some(roles);
                let change = CoachChange { name, email, roles, time_zone };
                let Changed { id, links, invited_until } =
                    sign_in::change_coach(&app.db, &app.services.gate, &handle, &change).await?;
                let json = json!({ "id": id, "handle": handle, "links": links, "invited_until": invited_until });
                app.output.one(&json, |_| {
                    let mut lines = vec![format!("{handle}: changed")];
                    if (links.links_taken_back, links.fresh_links) != (0, 0) {
                        let (back, fresh) = (links.links_taken_back, links.fresh_links);
                        lines.push(format!("review links revoked: {back}; new ones sent to the new address: {fresh}"));
                    }
                    lines.extend(invited_until.map(|until| {
                        format!("invited again, at the new address; the link works until {}", until.format("%-d %B %Y"))
                    }));
                    lines.join("\n")
                })?;
            }
            Self::Remove { handle, yes, dry_run } => return remove(app, &handle, yes, dry_run).await,
            Self::List { org } => {
                let coaches = people::list_coaches(&app.db, app.organization(org.as_deref()).await?).await?;
                app.output.list(
                    &coaches,
                    "no coaches yet: add one with `debrief coach add`",
                    ["HANDLE", "NAME", "EMAIL", "ROLES", "TIME ZONE", "CLIENTS"],
                    |coach| {
                        [
                            coach.handle.clone(),
                            coach.name.clone(),
                            coach.email.clone(),
                            coach.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", "),
                            coach.time_zone.clone(),
                            coach.clients.to_string(),
                        ]
                    },
                )?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The location of the inbox, or of a coach's folder in it: a path, or a URL if the bucket is not a folder.
pub(crate) fn place(app: &App, handle: Option<&str>) -> String {
    let below = ["inbox"].into_iter().chain(handle);
    match folder(app) {
        Some(folder) => below.fold(folder, |folder, part| folder.join(part)).display().to_string(),
        None => below.fold(app.services.bucket.name().to_owned(), |url, part| format!("{url}/{part}")),
    }
}

/// The bucket's folder, if it is one.
fn folder(app: &App) -> Option<PathBuf> {
    let url = url::Url::parse(&app.config.bucket).ok().filter(|url| url.scheme() == "file")?;
    url.to_file_path().ok()
}

/// Creates the coach's folder if the bucket is a folder, so that people find it; returns its location.
pub(super) async fn make_inbox(app: &App, handle: &str) -> anyhow::Result<String> {
    let inbox = place(app, Some(handle));
    let made = app.services.bucket.make_folder(&format!("inbox/{handle}")).await;
    made.with_context(|| format!("can't create the folder {inbox}"))?;
    Ok(inbox)
}

async fn remove(app: &App, handle: &str, yes: bool, dry_run: bool) -> anyhow::Result<ExitCode> {
    let would = people::remove_coach(&app.db, handle, true).await?;
    if !dry_run && !confirmed(&format!("{} will be removed.", meaning(&would)), yes)? {
        return Ok(ExitCode::SUCCESS);
    }
    let removal = if dry_run { would } else { people::remove_coach(&app.db, handle, false).await? };
    let done = if dry_run { "would be removed" } else { "removed" };
    app.output.one(&removal, |removal| format!("{} {done}", meaning(removal)))?;
    Ok(ExitCode::SUCCESS)
}

fn meaning(removal: &CoachRemoval) -> String {
    let CoachRemoval { name, clients, sessions, waiting, .. } = removal;
    let waiting = match waiting {
        0 => String::new(),
        count => format!(", {count} of them waiting for this coach's review, which nobody will do then"),
    };
    format!("{name} (clients kept: {clients}; sessions kept: {sessions}{waiting})")
}
