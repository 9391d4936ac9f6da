//! `debrief voice`: a coach's voice profile, as on the page "Your voice".

use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};
use debrief_jobs::{
    db::{TenantTx, Tx},
    model::id::IdPrefix,
    people,
    voice::{self, NewRule, Profile},
};
use serde_json::json;
use uuid::Uuid;

use super::{App, output::table};

/// Manage how a coach wants summaries to be worded
///
/// Rules apply to all of the coach's clients. Examples are sentences that the coach changed before approving, and apply
/// only to the same client. Learned rules are off until you turn them on.
#[derive(Debug, Subcommand)]
pub(crate) enum Voice {
    /// Show a coach's rules, suggestions and examples
    Show {
        /// The coach (handle)
        #[arg(long)]
        coach: String,
    },
    Add(Add),
    /// Turn a rule on
    On(One),
    /// Turn a rule off but keep it
    Off(One),
    /// Remove a rule or an example; a removed rule is not learned again
    Remove(One),
}

/// Add a rule, which applies from the next summary on
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct Add {
    /// The coach (handle)
    #[arg(long)]
    coach: String,
    /// The rule in words, such as "short sentences"; only a language model follows it
    #[arg(group = "what")]
    rule: Option<String>,
    /// Write these words …
    #[arg(long, group = "what", requires = "instead_of", value_name = "WORDS")]
    write: Option<String>,
    /// … instead of these
    #[arg(long, requires = "write", value_name = "WORDS")]
    instead_of: Option<String>,
}

/// A rule or an example of a coach.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The coach (handle)
    #[arg(long)]
    coach: String,
    /// The id, or its first digits (see `debrief voice show`)
    id: IdPrefix,
}

impl Voice {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Show { coach } => {
                let (mut tx, coach) = open(app, &coach).await?;
                let profile = voice::profile(&mut tx, coach, None).await?;
                app.output.one(&profile, text)?;
            }
            Self::Add(add) => {
                let (mut tx, coach) = open(app, &add.coach).await?;
                let rule = match (add.rule, add.write, add.instead_of) {
                    (Some(rule), _, _) => NewRule::Said(rule),
                    (None, to, from) => NewRule::Replace(from.unwrap_or_default(), to.unwrap_or_default()),
                };
                let id = voice::add(&mut tx, coach, rule).await?;
                tx.commit().await?;
                app.output.one(&json!({ "id": id, "active": true }), |_| format!("added and on: {id}"))?;
            }
            Self::On(one) => one.switch(app, true).await?,
            Self::Off(one) => one.switch(app, false).await?,
            Self::Remove(one) => {
                let (mut tx, coach) = open(app, &one.coach).await?;
                let id = one.meant(&mut tx, coach).await?;
                match voice::remove(&mut tx, coach, id).await {
                    Err(voice::VoiceError::Unknown) => voice::forget(&mut tx, coach, None, id).await?,
                    removed => removed?,
                }
                tx.commit().await?;
                app.output.one(&json!({ "id": id, "removed": true }), |_| "removed".into())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl One {
    /// The rule or example that an id refers to.
    async fn meant(&self, tx: &mut TenantTx, coach: Uuid) -> anyhow::Result<Uuid> {
        if let Some(whole) = self.id.whole() {
            return Ok(whole);
        }
        let profile = voice::profile(tx, coach, None).await?;
        let rules = profile.rules.into_iter().map(|rule| (rule.id, rule.text));
        let examples = profile.examples.into_iter().map(|one| (one.id, format!("an example for {}", one.client)));
        Ok(self.id.choose("rule or example", "debrief voice show --coach COACH", rules.chain(examples))?)
    }

    async fn switch(self, app: &App, active: bool) -> anyhow::Result<()> {
        let (mut tx, coach) = open(app, &self.coach).await?;
        let id = self.meant(&mut tx, coach).await?;
        voice::switch(&mut tx, coach, id, active).await?;
        tx.commit().await?;
        app.output.one(&json!({ "id": id, "active": active }), |_| {
            if active { "applies from the next summary on".into() } else { "no longer used".into() }
        })
    }
}

async fn open(app: &App, coach: &str) -> anyhow::Result<(TenantTx, Uuid)> {
    let (organization, coach) = people::coach(&app.db, coach).await?;
    Ok((app.db.tenant(organization).await?, coach))
}

fn text(profile: &Profile) -> String {
    let state = |rule: &voice::Rule| match (rule.active, rule.source.as_str()) {
        (true, _) => "in use",
        (false, "learned") => "suggested",
        (false, _) => "off",
    };
    let mut text = String::new();
    if profile.rules.is_empty() {
        text.push_str("no rules yet: add one with `debrief voice add`; the coach's changes also suggest some\n");
    } else {
        let rows = profile.rules.iter().map(|rule| [rule.text.clone(), state(rule).into(), rule.id.to_string()]);
        text.push_str(&table(["RULE", "STATE", "ID"], rows));
        text.push('\n');
    }
    for example in &profile.examples {
        text.push_str(&format!(
            "\nexample for {} ({})\n  written:  {}\n  approved: {}\n",
            example.client, example.id, example.before, example.after
        ));
    }
    text
}
