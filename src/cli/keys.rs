//! `debrief keys`: API keys.

use std::process::ExitCode;

use chrono::{Duration, Utc};
use clap::{ArgGroup, Subcommand};
use debrief_jobs::{
    db::Tx,
    model::id::IdPrefix,
    people,
    rights::{self, NewKey, Right},
};
use serde_json::json;

use super::{App, app::note, output::one_of};

/// Manage API keys
///
/// Other software signs in with them: docs/API.md tells how. A key of a coach may do what the coach may, as far as its
/// scopes go. A key of the organization reads and writes for all coaches, but can't approve: that takes a person.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Create a key; it is shown once
    #[command(group = ArgGroup::new("whose").required(true).args(["coach", "org"]))]
    Create {
        /// The coach whose key it is (handle)
        #[arg(long)]
        coach: Option<String>,
        /// The organization whose key it is (handle)
        #[arg(long)]
        org: Option<String>,
        /// What it is for, so that you recognize it
        #[arg(long)]
        name: String,
        /// What it may be used for; may be repeated
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_parser = one_of::<Right>(Right::NAMES))]
        scopes: Vec<Right>,
        /// After how many days it stops working [default: never]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
        days: Option<u16>,
    },
    /// List keys: what they are for and when they were last used, never the keys themselves
    List {
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Revoke a key at once
    Revoke {
        /// The key's id (see `debrief keys list`), or its first digits
        id: IdPrefix,
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
}

impl Keys {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Create { coach, org, name, scopes, days } => {
                let (organization, person) = match coach {
                    Some(handle) => {
                        let (organization, coach) = people::coach(&app.db, &handle).await?;
                        (organization, Some(coach))
                    }
                    None => (app.organization(org.as_deref()).await?, None),
                };
                let expires_at = days.map(|days| Utc::now() + Duration::days(i64::from(days)));
                let new = NewKey { name, person, scopes, expires_at, created_by: None, parent: None };
                let mut tx = app.db.tenant(organization).await?;
                let issued = rights::issue(&mut tx, &new).await?;
                let detail = json!({ "id": issued.id, "person": new.person, "scopes": new.scopes });
                note(&mut tx, "debrief keys create", detail).await?;
                tx.commit().await?;
                app.output.one(&json!({ "id": issued.id, "key": issued.text.reveal() }), |_| {
                    format!("{}\n\nThis is shown once. Its id is {}.", issued.text.reveal(), issued.id)
                })?;
            }
            Self::List { org } => list(app, org.as_deref()).await?,
            Self::Revoke { id, org } => {
                let mut tx = app.db.tenant(app.organization(org.as_deref()).await?).await?;
                let keys = rights::list(&mut tx, None).await?;
                let id = id.choose("key", "debrief keys list", keys.into_iter().map(|key| (key.id, key.name)))?;
                anyhow::ensure!(rights::revoke(&mut tx, id, None).await?, "key {id} is revoked already");
                note(&mut tx, "debrief keys revoke", json!({ "id": id })).await?;
                tx.commit().await?;
                app.output.one(&json!({ "id": id, "revoked": true }), |_| format!("key {id}: revoked"))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(app: &App, org: Option<&str>) -> anyhow::Result<()> {
    let organization = app.organization(org).await?;
    let mut tx = app.db.tenant(organization).await?;
    let keys = rights::list(&mut tx, None).await?;
    let people = people::list_people(&mut tx, true).await?;
    drop(tx);
    app.output.list(
        &keys,
        "no keys yet: create one with `debrief keys create`",
        ["NAME", "KEY", "OF", "SCOPES", "LAST USED", "STATE", "ID"],
        |key| {
            let of = |id| people.iter().find(|person| person.id == id).map_or("(left)", |person| &person.handle);
            let state = match (key.revoked_at, key.expires_at) {
                (Some(_), _) => "revoked".to_owned(),
                (None, Some(end)) if end <= Utc::now() => "expired".to_owned(),
                (None, Some(end)) => format!("until {}", end.date_naive()),
                (None, None) => "works".to_owned(),
            };
            [
                key.name.clone(),
                format!("{}…", key.prefix),
                key.person_id.map_or("the organization", of).to_owned(),
                key.scopes.join(", "),
                key.last_used_at.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string()),
                state,
                key.id.to_string(),
            ]
        },
    )
}
