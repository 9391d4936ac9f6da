//! `debrief webhooks`: which other software is told what happens in an organization.

mod log;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use debrief_jobs::{
    db::{TenantTx, Tx},
    model::id::IdPrefix,
    webhook::{self, EventType, New, PauseReason, Webhook, WebhookState},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use uuid::Uuid;

use super::{
    App,
    output::{confirmed, one_of, table},
};

const VERIFY: &str = "\
A receiver checks each request with the secret (docs/WEBHOOKS.md has the whole of it). In Python:
  key = base64.b64decode(SECRET.removeprefix(\"whsec_\"))
  signed = f'{headers[\"webhook-id\"]}.{headers[\"webhook-timestamp\"]}.'.encode() + body
  expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
  given = [part.removeprefix(\"v1,\") for part in headers[\"webhook-signature\"].split()]
  assert any(hmac.compare_digest(expected, one) for one in given)";

/// Tell other software (a CRM, an automation) what happens in an organization
///
/// Debrief posts a small JSON document with ids and states to the URLs that you add here, signed as Standard Webhooks has
/// it, and repeats it for three days until it is taken:
///   debrief webhooks add --url https://crm.example.org/debrief --events session.closed,mail.sent
///   debrief webhooks test ID
///   debrief webhooks deliveries --state failed
#[derive(Debug, Subcommand)]
#[command(verbatim_doc_comment, after_long_help = VERIFY)]
pub(crate) enum Webhooks {
    Add(Add),
    /// List an organization's webhooks
    List {
        /// The organization's handle; required if there are several
        #[arg(long)]
        org: Option<String>,
    },
    /// Show one webhook
    Show(One),
    Change(Change),
    /// Pause a webhook: nothing is sent to it, and what happens meanwhile is not kept for it
    Pause(One),
    /// Resume a paused webhook: what waits for it is sent now
    ///
    /// What was given up isn't sent by itself: see `debrief webhooks replay`.
    Resume(One),
    /// Make a new secret and show it once; the old one signs as well for a day
    RotateSecret(One),
    /// Send a test event to one webhook, and show what it answers
    Test(One),
    Deliveries(log::Deliveries),
    Replay(log::Replay),
    Remove(Remove),
    /// List the types of event and what they mean
    Events,
}

/// A webhook.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The webhook's id, or its first digits
    id: IdPrefix,
    /// The organization's handle [default: look in all]
    #[arg(long)]
    org: Option<String>,
}

/// Add a webhook and show its secret, once
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The organization's handle; required if there are several
    #[arg(long)]
    org: Option<String>,
    /// Where events are posted to: https://…, at most 2,000 characters
    #[arg(long)]
    url: String,
    /// The types of event that are sent, separated by commas [default: all, also those that later versions add]
    #[arg(long, value_delimiter = ',', value_name = "TYPES", value_parser = one_of::<EventType>(EventType::NAMES))]
    events: Option<Vec<EventType>>,
    /// What it is for
    #[arg(long, default_value = "")]
    description: String,
}

/// Change a webhook
///
/// Anything you leave out stays as it is. What waits goes to the new URL.
#[derive(Debug, Args)]
pub(crate) struct Change {
    #[command(flatten)]
    one: One,
    /// Where events are posted to
    #[arg(long)]
    url: Option<String>,
    /// The types of event that are sent, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "TYPES", value_parser = one_of::<EventType>(EventType::NAMES))]
    events: Option<Vec<EventType>>,
    /// Send all types of event
    #[arg(long, conflicts_with = "events")]
    all_events: bool,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
}

/// Remove a webhook with its deliveries; what waits for it is not sent
#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    one: One,
    /// Do not ask; required if there is no terminal to ask on
    #[arg(long, short)]
    yes: bool,
}

impl Webhooks {
    pub(crate) async fn run(self, app: &App) -> anyhow::Result<ExitCode> {
        match self {
            Self::Add(add) => add.run(app).await?,
            Self::List { org } => {
                let mut tx = app.db.tenant(app.organization(org.as_deref()).await?).await?;
                let all = webhook::list(&mut tx).await?;
                let empty = "no webhooks yet: add one with `debrief webhooks add`";
                app.output.list(&all, empty, ["URL", "STATE", "EVENTS", "WAITING", "FAILED", "ID"], row)?;
            }
            Self::Show(one) => {
                let (mut tx, id) = one.open(app).await?;
                app.output.one(&webhook::get(&mut tx, id).await?, text)?;
            }
            Self::Change(change) => change.run(app).await?,
            Self::Pause(one) => {
                let (mut tx, id) = one.open(app).await?;
                webhook::pause(&mut tx, id).await?;
                shown(app, tx, id).await?;
            }
            Self::Resume(one) => {
                let (mut tx, id) = one.open(app).await?;
                webhook::resume(&mut tx, id).await?;
                shown(app, tx, id).await?;
            }
            Self::RotateSecret(one) => {
                let (mut tx, id) = one.open(app).await?;
                let secret = webhook::rotate_secret(&mut tx, id).await?;
                tx.commit().await?;
                let old = format!("the old one signs as well for {} hours", webhook::OLD_SECRET_HOURS);
                secret_once(app, id, &secret, &old)?;
            }
            Self::Test(one) => return log::test(app, &one).await,
            Self::Deliveries(which) => which.run(app).await?,
            Self::Replay(replay) => replay.run(app).await?,
            Self::Remove(remove) => {
                let (mut tx, id) = remove.one.open(app).await?;
                let found = webhook::get(&mut tx, id).await?;
                if !confirmed(&format!("This removes the webhook to {} and its deliveries.", found.url), remove.yes)? {
                    return Ok(ExitCode::FAILURE);
                }
                webhook::remove(&mut tx, id).await?;
                tx.commit().await?;
                app.output.one(&json!({ "id": id, "removed": true }), |_| "removed".into())?;
            }
            Self::Events => {
                let all: Vec<_> = EventType::ALL
                    .iter()
                    .map(|kind| json!({ "type": kind.as_str(), "about": kind.about(), "data": kind.fields() }))
                    .collect();
                let cell = |kind: &serde_json::Value, key: &str| kind[key].as_str().unwrap_or_default().to_owned();
                app.output
                    .list(&all, "", ["TYPE", "WHAT IT MEANS"], |kind| [cell(kind, "type"), cell(kind, "about")])?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl One {
    /// The webhook that is meant, and a transaction of its organization.
    async fn open(&self, app: &App) -> anyhow::Result<(TenantTx, Uuid)> {
        let mut candidates = Vec::new();
        for organization in organizations(app, self.org.as_deref()).await? {
            let mut tx = app.db.tenant(organization).await?;
            let all = webhook::list(&mut tx).await?;
            candidates.extend(all.into_iter().map(|webhook| ((webhook.id, webhook.url), organization)));
        }
        app.meant(&self.id, "webhook", "debrief webhooks list", candidates).await
    }
}

/// Where to look for what an id refers to: in the organization with this handle, or in all.
async fn organizations(app: &App, handle: Option<&str>) -> anyhow::Result<Vec<Uuid>> {
    Ok(match handle {
        Some(handle) => vec![app.organization(Some(handle)).await?],
        None => app.db.organizations().await?,
    })
}

impl Add {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let mut tx = app.db.tenant(app.organization(self.org.as_deref()).await?).await?;
        let new = New { url: self.url, description: self.description, events: self.events, created_by: None };
        let added = webhook::add(&mut tx, app.services.webhooks.rules(), &new).await?;
        tx.commit().await?;
        let next = format!("`debrief webhooks test {}` tries it out", added.id);
        secret_once(app, added.id, &added.secret, &next)
    }
}

impl Change {
    async fn run(self, app: &App) -> anyhow::Result<()> {
        let (mut tx, id) = self.one.open(app).await?;
        let events = if self.all_events { Some(None) } else { self.events.map(Some) };
        let change = webhook::Change { url: self.url, description: self.description, events };
        webhook::change(&mut tx, app.services.webhooks.rules(), id, &change).await?;
        shown(app, tx, id).await
    }
}

/// Prints a secret, and that this is the only time.
fn secret_once(app: &App, id: Uuid, secret: &SecretString, more: &str) -> anyhow::Result<()> {
    let secret = secret.expose_secret();
    app.output.one(&json!({ "id": id, "secret": secret }), |_| {
        format!(
            "webhook {id}\nsecret  {secret}\nThe secret isn’t shown again: keep it where the receiver finds it; {more}."
        )
    })
}

/// Commits a change and prints the webhook as it is now.
async fn shown(app: &App, mut tx: TenantTx, id: Uuid) -> anyhow::Result<()> {
    let webhook = webhook::get(&mut tx, id).await?;
    tx.commit().await?;
    app.output.one(&webhook, text)
}

fn row(webhook: &Webhook) -> [String; 6] {
    [
        webhook.url.clone(),
        webhook.state.to_string(),
        webhook.events.as_ref().map_or_else(|| "all".into(), |events| events.join(",")),
        webhook.waiting.to_string(),
        webhook.failed.to_string(),
        webhook.id.to_string(),
    ]
}

fn text(webhook: &Webhook) -> String {
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M UTC").to_string();
    let state = match (webhook.state, webhook.paused_reason, webhook.paused_at) {
        (WebhookState::Paused, Some(reason), Some(at)) => {
            let why = match reason {
                PauseReason::ByHand => "by hand",
                PauseReason::Gone => "the receiver answered 410 Gone",
                PauseReason::Failing => "the receiver takes nothing",
            };
            format!("paused since {}: {why}", time(at))
        }
        _ => webhook.state.to_string(),
    };
    let mut rows = vec![
        ["url".into(), webhook.url.clone()],
        ["description".into(), webhook.description.clone()],
        ["events".into(), webhook.events.as_ref().map_or_else(|| "all".into(), |events| events.join(", "))],
        ["state".into(), state],
        ["waiting".into(), webhook.waiting.to_string()],
        ["failed".into(), webhook.failed.to_string()],
    ];
    rows.extend(webhook.failing_since.map(|at| ["failing since".into(), time(at)]));
    rows.extend(webhook.old_secret_until.map(|at| ["old secret signs until".into(), time(at)]));
    rows.push(["added".into(), time(webhook.created_at)]);
    table(["WEBHOOK", &webhook.id.to_string()], rows.into_iter())
}
