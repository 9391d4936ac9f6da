//! What was sent to webhooks: the log, tests and replays.

use std::{process::ExitCode, time::Duration};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use clap::Args;
use debrief_jobs::{
    db::Tx,
    model::id::IdPrefix,
    webhook::{self, Delivery, DeliveryState, EventType, Filter},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    super::{
        App,
        output::{one_of, tell},
    },
    One, organizations,
};

/// How long `test` waits for a worker and the receiver.
const PATIENCE: Duration = Duration::from_secs(20);

/// List what was sent to webhooks, newest first; the log goes back 30 days
#[derive(Debug, Args)]
pub(crate) struct Deliveries {
    /// Only those to this webhook (id, or its first digits)
    webhook: Option<IdPrefix>,
    /// The organization's handle; required if there are several and no webhook is given
    #[arg(long)]
    org: Option<String>,
    /// Only those in this state
    #[arg(long, value_parser = one_of::<DeliveryState>(DeliveryState::NAMES))]
    state: Option<DeliveryState>,
    /// Only this type of event
    #[arg(long, value_name = "TYPE", value_parser = one_of::<EventType>(EventType::NAMES))]
    event: Option<EventType>,
    /// Only events since then, in UTC: 2026-11-29, 2026-11-29T08:00, or with an offset
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<DateTime<Utc>>,
    /// Show at most this many, up to 500
    #[arg(long, default_value_t = 50)]
    limit: i64,
}

/// Send a delivery again, or all to a webhook that were given up
///
/// The receiver gets the same body under the same id, so it can tell what it has already.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The delivery's id, or its first digits (see `debrief webhooks deliveries`)
    #[arg(required_unless_present = "failed_of", conflicts_with = "failed_of")]
    delivery: Option<IdPrefix>,
    /// All failed deliveries to this webhook (id, or its first digits)
    #[arg(long, value_name = "WEBHOOK", requires = "since")]
    failed_of: Option<IdPrefix>,
    /// … of events since then, in UTC: 2026-11-29, 2026-11-29T08:00, or with an offset
    #[arg(long, value_name = "TIME", value_parser = time, requires = "failed_of")]
    since: Option<DateTime<Utc>>,
    /// The organization's handle [default: look in all]
    #[arg(long)]
    org: Option<String>,
}

/// A time as people write it: a day, a minute in UTC, or with an offset.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    let minute = |format| NaiveDateTime::parse_from_str(text, format).ok();
    let day = || Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN));
    let with_offset = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    let local = minute("%Y-%m-%dT%H:%M").or_else(|| minute("%Y-%m-%dT%H:%M:%S")).or_else(day);
    local
        .map(|at| at.and_utc())
        .or_else(with_offset)
        .ok_or_else(|| "that is no time; write 2026-11-29, 2026-11-29T08:00 (UTC) or 2026-11-29T08:00:00+01:00".into())
}

impl Deliveries {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        let (mut tx, webhook_id) = match self.webhook {
            Some(id) => {
                let (tx, id) = One { id, org: self.org }.open(app).await?;
                (tx, Some(id))
            }
            None => (app.db.tenant(app.organization(self.org.as_deref()).await?).await?, None),
        };
        let (state, event, since) = (self.state, self.event, self.since);
        let filter = Filter { webhook_id, state, event, since, ..Filter::default() };
        let found = webhook::deliveries(&mut tx, &filter, self.limit).await?;
        let headings = ["EVENT", "AT", "STATE", "ATTEMPTS", "ANSWER", "ID"];
        app.output.list(&found, "no matching deliveries", headings, |delivery| {
            [
                delivery.r#type.clone(),
                delivery.created_at.format("%Y-%m-%d %H:%M:%S").to_string(),
                delivery.state.to_string(),
                delivery.attempts.len().to_string(),
                answer(delivery),
                delivery.id.to_string(),
            ]
        })
    }
}

/// How the last attempt ended, on one line.
fn answer(delivery: &Delivery) -> String {
    let Some(last) = delivery.attempts.last() else { return "not sent yet".into() };
    if last.under_way {
        return "under way".into();
    }
    let took = last.milliseconds.map(|milliseconds| format!(" ({milliseconds} ms)")).unwrap_or_default();
    match (&last.error, last.status) {
        (Some(error), _) => format!("{}{took}", error.chars().take(80).collect::<String>()),
        (None, Some(status)) => format!("HTTP {status}{took}"),
        (None, None) => String::new(),
    }
}

impl Replay {
    pub(super) async fn run(self, app: &App) -> anyhow::Result<()> {
        if let Some(id) = self.failed_of {
            let (mut tx, id) = One { id, org: self.org }.open(app).await?;
            let count = webhook::replay_failed(&mut tx, id, self.since.context("--since is required")?).await?;
            tx.commit().await?;
            return app.output.one(&json!({ "replayed": count }), |_| format!("{count} are sent again"));
        }
        let id = self.delivery.context("a delivery is required")?;
        let called = |delivery: &Delivery| format!("{}  {}", delivery.r#type, delivery.state);
        let mut candidates = Vec::new();
        for organization in organizations(app, self.org.as_deref()).await? {
            let mut tx = app.db.tenant(organization).await?;
            let filter = Filter { ids: Some(id.range()), ..Filter::default() };
            let found = webhook::deliveries(&mut tx, &filter, 20).await?;
            candidates.extend(found.iter().map(|delivery| ((delivery.id, called(delivery)), organization)));
        }
        let (mut tx, chosen) = app.meant(&id, "delivery", "debrief webhooks deliveries", candidates).await?;
        webhook::replay(&mut tx, chosen).await?;
        tx.commit().await?;
        app.output.one(&json!({ "replayed": 1, "id": chosen }), |_| "it is sent again".into())
    }
}

/// Sends a test event and waits for its end. The exit code says whether the receiver took it.
pub(super) async fn test(app: &App, one: &One) -> anyhow::Result<ExitCode> {
    let (mut tx, id) = one.open(app).await?;
    let organization = tx.tenant();
    let delivery_id = webhook::test(&mut tx, id).await?;
    tx.commit().await?;
    let ended = tokio::time::timeout(PATIENCE, ended(app, organization, delivery_id)).await;
    let Ok(delivery) = ended else {
        tell("no worker has sent it yet: is `debrief up` or `debrief work` running? It is sent as soon as one does");
        app.output
            .one(&json!({ "id": delivery_id, "state": DeliveryState::Due }), |_| format!("waiting: {delivery_id}"))?;
        return Ok(ExitCode::FAILURE);
    };
    let delivery = delivery?;
    app.output.one(&delivery, |delivery| format!("{}: {}", delivery.state, answer(delivery)))?;
    Ok(if delivery.state == DeliveryState::Delivered { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn ended(app: &App, organization: Uuid, delivery_id: Uuid) -> anyhow::Result<Delivery> {
    loop {
        let mut tx = app.db.tenant(organization).await?;
        let delivery = webhook::delivery(&mut tx, delivery_id).await?;
        drop(tx);
        if delivery.state != DeliveryState::Due {
            return Ok(delivery);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        for (text, is) in [
            ("2026-11-29", "2026-11-29T00:00:00+00:00"),
            ("2026-11-29T08:00", "2026-11-29T08:00:00+00:00"),
            ("2026-11-29T08:00:00+01:00", "2026-11-29T07:00:00+00:00"),
        ] {
            assert_eq!(time(text).map(|at| at.to_rfc3339()), Ok(is.to_owned()));
        }
        assert!(time("yesterday").is_err());
    }
}
