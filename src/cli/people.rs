//! `debrief org`, `coach`, `client`: the people, by hand. A roster in the bucket does the same for clients.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Subcommand;
use debrief_jobs::people::{self, NewClient, NewCoach};
use serde_json::json;

use super::App;

/// Organizations.
#[derive(Debug, Subcommand)]
pub(crate) enum Org {
    /// Add an organization, or change the one that has this handle
    Add {
        /// A short name for the command line: lower-case letters, digits, dots, dashes
        handle: String,
        /// Its name
        #[arg(long)]
        name: String,
        /// Its IANA time zone, such as Europe/Stockholm
        #[arg(long, default_value = "UTC")]
        time_zone: String,
    },
    /// List organizations
    List,
}

/// Coaches.
#[derive(Debug, Subcommand)]
pub(crate) enum Coach {
    /// Add a coach, or change the one that has this handle
    Add {
        /// The name of the coach's folder in the inbox: inbox/{handle}/
        handle: String,
        /// The handle of the organization
        #[arg(long)]
        org: String,
        /// The coach's name, as it stands in transcripts
        #[arg(long)]
        name: String,
        /// Where review links are mailed
        #[arg(long)]
        email: String,
        /// Lead and admin see their organization
        #[arg(long, value_parser = ["coach", "lead", "admin"])]
        role: Option<String>,
        /// An IANA time zone [default: the organization's]
        #[arg(long)]
        time_zone: Option<String>,
    },
    /// List the coaches of an organization
    List {
        /// The handle of the organization
        #[arg(long)]
        org: String,
    },
}

/// Clients.
#[derive(Debug, Subcommand)]
pub(crate) enum Client {
    /// Add a client, or change the one that has this email
    Add {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// The client's name
        #[arg(long)]
        name: String,
        /// Where follow-ups go; without one they are approved and not sent
        #[arg(long)]
        email: Option<String>,
        /// Another name by which the client is known in transcripts; may be given several times
        #[arg(long = "alias", value_name = "NAME")]
        aliases: Vec<String>,
        /// A tag; may be given several times
        #[arg(long = "tag", value_name = "TAG")]
        tags: Vec<String>,
    },
    /// Take clients from a CSV file with the columns name,email,aliases,tags
    Import {
        /// The coach's handle
        #[arg(long)]
        coach: String,
        /// The file
        file: PathBuf,
    },
    /// List the clients of a coach
    List {
        /// The coach's handle
        #[arg(long)]
        coach: String,
    },
}

impl Org {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add { handle, name, time_zone } => {
                let id = people::add_organization(&app.db, &handle, &name, &time_zone).await?;
                app.output.one(&json!({ "id": id, "handle": handle }), |_| format!("organization {handle}: {id}"))?;
            }
            Self::List => {
                let organizations = people::list_organizations(&app.db).await?;
                app.output.list(
                    &organizations,
                    "no organizations yet: add one with `debrief org add`",
                    ["HANDLE", "NAME", "TIME ZONE", "COACHES", "ID"],
                    |org| {
                        [org.handle.clone(), org.name.clone(), org.time_zone.clone(), org.coaches.to_string(), org.id.to_string()]
                    },
                )?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Coach {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add { handle, org, name, email, role, time_zone } => {
                let coach = NewCoach {
                    handle: &handle,
                    name: &name,
                    email: &email,
                    role: role.as_deref(),
                    time_zone: time_zone.as_deref(),
                };
                let id = people::add_coach(&app.db, &org, &coach).await?;
                app.output.one(&json!({ "id": id, "handle": handle }), |_| {
                    format!("coach {handle}: {id}\ntranscripts go into inbox/{handle}/ of {}", app.config.bucket)
                })?;
            }
            Self::List { org } => {
                let coaches = people::list_coaches(&app.db, &org).await?;
                app.output.list(
                    &coaches,
                    "no coaches yet: add one with `debrief coach add`",
                    ["HANDLE", "NAME", "EMAIL", "ROLE", "TIME ZONE", "CLIENTS"],
                    |coach| {
                        [
                            coach.handle.clone(),
                            coach.name.clone(),
                            coach.email.clone(),
                            coach.role.clone(),
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

impl Client {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add { coach, name, email, aliases, tags } => {
                let tags = (!tags.is_empty()).then_some(tags);
                let client = NewClient { name: &name, email: email.as_deref(), aliases, tags };
                let id = people::add_client(&app.db, &coach, client).await?;
                app.output.one(&json!({ "id": id }), |_| format!("client {name}: {id}"))?;
            }
            Self::Import { coach, file } => {
                let bytes = std::fs::read(&file).with_context(|| file.display().to_string())?;
                let applied = people::import_roster(&app.db, &coach, &bytes).await?;
                app.output.one(&applied, |applied| {
                    let mut text = format!("{} added, {} there already", applied.added, applied.updated);
                    for problem in &applied.problems {
                        text.push_str(&format!("\n{}: {problem}", file.display()));
                    }
                    text
                })?;
                if !applied.problems.is_empty() {
                    // Done in part.
                    return Ok(ExitCode::from(3));
                }
            }
            Self::List { coach } => {
                let clients = people::list_clients(&app.db, &coach).await?;
                app.output.list(
                    &clients,
                    "no clients yet: add one with `debrief client add`, or put a roster.csv into the coach's inbox",
                    ["NAME", "EMAIL", "ALIASES", "TAGS", "ID"],
                    |client| {
                        [
                            client.name.clone(),
                            client.email.clone().unwrap_or_default(),
                            client.aliases.join("; "),
                            client.tags.join("; "),
                            client.id.to_string(),
                        ]
                    },
                )?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
