//! `debrief org`: manages organizations by hand.

use std::process::ExitCode;

use clap::Subcommand;
use debrief_jobs::{
    llm::{Change, dollars},
    people::{self, OrganizationChange},
};
use serde_json::json;

use super::App;

/// Manage organizations, which can't see each other's data
///
/// An organization has coaches, and a coach has clients. Organizations and coaches have a handle, a short name for the
/// command line.
#[derive(Debug, Subcommand)]
pub(crate) enum Org {
    /// Add an organization
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
    /// Change an organization's name, time zone or rules
    ///
    /// Anything you leave out stays as it is. Coaches keep their own time zones.
    Change {
        /// The organization's handle
        handle: String,
        /// Its name
        #[arg(long)]
        name: Option<String>,
        /// Its IANA time zone, such as Europe/Stockholm
        #[arg(long)]
        time_zone: Option<String>,
        /// Whether everybody needs a second factor to sign in: who has none can do nothing but set one up
        ///
        /// A review link then isn't enough either: its coach signs in as well, and comes back to the review.
        #[arg(long, value_name = "YES_OR_NO", value_parser = clap::builder::BoolishValueParser::new())]
        require_second_factor: Option<bool>,
    },
    /// List organizations
    List,
    /// Show or change an organization's language models and monthly budget
    ///
    /// Name a model as in the settings: `default`, `offline`, or one of [llm.models]. Without options, shows what is in
    /// use.
    Models {
        /// The organization's handle [default: show all]
        handle: Option<String>,
        /// The model that writes summaries
        #[arg(long, value_name = "NAME", requires = "handle")]
        write: Option<String>,
        /// The model that reads the parts of long sessions
        #[arg(long, value_name = "NAME", requires = "handle")]
        map: Option<String>,
        /// The most its calls may cost per calendar month, in US dollars
        #[arg(long, value_name = "DOLLARS", requires = "handle")]
        budget: Option<f64>,
        /// Go back to the installation's models and budget, then apply the other options
        #[arg(long, requires = "handle")]
        reset: bool,
    },
}

impl Org {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add { handle, name, time_zone } => {
                let id = people::add_organization(&app.db, &handle, &name, &time_zone).await?;
                app.output.one(&json!({ "id": id, "handle": handle }), |_| format!("organization {handle}: {id}"))?;
            }
            Self::Change { handle, name, time_zone, require_second_factor } => {
                let change = OrganizationChange { name, time_zone, require_second_factor };
                let id = people::change_organization(&app.db, &handle, &change).await?;
                let then = match require_second_factor {
                    Some(true) => {
                        "; whoever has no second factor sets one up when they next open a page (`debrief people list` shows who), \
                         and API keys go on"
                    }
                    Some(false) | None => "",
                };
                app.output
                    .one(&json!({ "id": id, "handle": handle }), |_| format!("organization {handle}: changed{then}"))?;
            }
            Self::List => {
                let organizations = people::list_organizations(&app.db).await?;
                app.output.list(
                    &organizations,
                    "no organizations yet: add one with `debrief org add`",
                    ["HANDLE", "NAME", "TIME ZONE", "COACHES", "SECOND FACTOR", "ID"],
                    |org| {
                        [
                            org.handle.clone(),
                            org.name.clone(),
                            org.time_zone.clone(),
                            org.coaches.to_string(),
                            if org.require_second_factor { "required" } else { "optional" }.to_owned(),
                            org.id.to_string(),
                        ]
                    },
                )?;
            }
            Self::Models { handle, write, map, budget, reset } => {
                let change = Change {
                    write: if write.is_some() || reset { Some(write) } else { None },
                    map: if map.is_some() || reset { Some(map) } else { None },
                    budget_micro_usd: match budget {
                        Some(budget) => Some(Some(micro_dollars(budget)?)),
                        None => reset.then_some(None),
                    },
                };
                models(app, handle.as_deref(), &change).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn micro_dollars(dollars: f64) -> anyhow::Result<i64> {
    anyhow::ensure!(
        dollars.is_finite() && (0.0..=1e9).contains(&dollars),
        "a budget is an amount of US dollars, 0 or more"
    );
    Ok((dollars * 1e6).round() as i64)
}

/// Changes an organization's models if requested, and shows them.
async fn models(app: &App, handle: Option<&str>, change: &Change) -> anyhow::Result<()> {
    let models = app.services.summarizer.models();
    let organizations = people::list_organizations(&app.db).await?;
    let mut rows = Vec::new();
    let wanted = match handle {
        Some(handle) => Some(app.organization(Some(handle)).await?),
        None => None,
    };
    for org in organizations.iter().filter(|org| wanted.is_none_or(|wanted| wanted == org.id)) {
        let changes = change.write.is_some() || change.map.is_some() || change.budget_micro_usd.is_some();
        let choice = if changes {
            models.choose(&app.db, org.id, change).await.map_err(anyhow::Error::msg)?
        } else {
            models.choice(&app.db, org.id).await?
        };
        rows.push(json!({ "organization": org.handle, "models": choice }));
    }
    let text = |row: &serde_json::Value, key: &str| row["models"][key].as_str().unwrap_or_default().to_owned();
    let whose = |row: &serde_json::Value, key: &str| match row["models"][key].as_bool() {
        Some(true) => "its own",
        _ => "the installation's",
    };
    app.output.list(
        &rows,
        "no organizations yet: add one with `debrief org add`",
        ["ORGANIZATION", "WRITES", "READS PARTS", "CHOICE", "MONTHLY BUDGET", "SPENT THIS MONTH"],
        |row| {
            let budget = match row["models"]["budget_micro_usd"].as_i64() {
                Some(budget) => format!("{} ({})", dollars(budget), whose(row, "own_budget")),
                None => "none".into(),
            };
            [
                row["organization"].as_str().unwrap_or_default().to_owned(),
                text(row, "write"),
                text(row, "map"),
                whose(row, "own").into(),
                budget,
                dollars(row["models"]["spent_micro_usd"].as_i64().unwrap_or(0)),
            ]
        },
    )
}
