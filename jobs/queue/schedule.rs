//! Schedules: ticks of a cron expression in a time zone. Each tick enqueues something once across all processes.
//!
//! Reads and writes `schedules` (the last fired tick) and `schedule_ticks` (unique by schedule and tick) in the same
//! transaction as what the tick enqueues, so a rerun finds that the tick has fired. A tick missed while no process was
//! up fires once afterwards or is skipped, as the schedule says.

use std::{collections::BTreeMap, str::FromStr, sync::Arc, time::Duration};

use chrono::{DateTime, SubsecRound, Utc};
use chrono_tz::Tz;
use futures::future::BoxFuture;
use serde::Serialize;
use sqlx::PgConnection;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Enqueued, JobArgs, enqueue, worker::Process};
use crate::{
    SettingsError,
    db::{Db, SystemTx, Tx},
};

/// A tick later than this was missed: no process was up to fire it.
const MISSED_AFTER: chrono::TimeDelta = chrono::TimeDelta::seconds(60);

/// What a tick enqueues, in the tick's transaction.
pub type Enqueue = for<'a> fn(&'a mut SystemTx, DateTime<Utc>) -> BoxFuture<'a, Result<(), sqlx::Error>>;

/// What happens to missed ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The last one fires once, afterwards.
    Once,
    /// None fires.
    Skip,
}

/// A schedule: a const next to its job.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its permanent name, by which an operator overrides it.
    pub name: &'static str,
    /// Six fields, seconds first.
    pub cron: std::borrow::Cow<'static, str>,
    /// The time zone of its hours and days.
    pub time_zone: Tz,
    /// What happens to missed ticks.
    pub missed: Missed,
    /// What a tick enqueues; see [`job`].
    pub enqueue: Enqueue,
}

impl Schedule {
    /// Creates one of the program's own schedules.
    #[must_use]
    pub const fn new(name: &'static str, cron: &'static str, time_zone: Tz, missed: Missed, enqueue: Enqueue) -> Self {
        Self { name, cron: std::borrow::Cow::Borrowed(cron), time_zone, missed, enqueue }
    }

    fn parsed(&self) -> Result<cron::Schedule, cron::error::Error> {
        cron::Schedule::from_str(&self.cron)
    }

    /// The first tick after `time`, or `None` if the expression has no more.
    #[must_use]
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.parsed().ok()?.after(&time.with_timezone(&self.time_zone)).next().map(|tick| tick.to_utc())
    }

    /// The last tick after `since`, up to and including `now`.
    fn last_due(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // Searches backwards: after a long outage there may be very many.
        let parsed = self.parsed().ok()?;
        let end = (now + chrono::TimeDelta::seconds(1)).trunc_subsecs(0).with_timezone(&self.time_zone);
        parsed.after(&end).rev().map(|tick| tick.to_utc()).find(|tick| *tick <= now).filter(|tick| *tick > since)
    }
}

/// Enqueues `job`, one of the installation's own: for a schedule's `enqueue`.
pub fn job<'a, J: JobArgs>(tx: &'a mut SystemTx, job: J) -> BoxFuture<'a, Result<(), sqlx::Error>> {
    Box::pin(async move {
        if enqueue(tx, &job, Uuid::now_v7()).await? == Enqueued::AlreadyThere {
            tracing::debug!(target: "queue", { job.kind = J::KIND }, "the tick before is still at work");
        }
        Ok(())
    })
}

/// The schedules with an operator's expressions applied; `off` removes one.
///
/// # Errors
/// Returns an error if a name doesn't exist or an expression is invalid.
pub(super) fn overridden(
    schedules: Vec<Schedule>,
    by_name: &BTreeMap<String, String>,
) -> Result<Vec<Schedule>, SettingsError> {
    const KEY: &str = "queue.schedules";
    let names = schedules.iter().map(|schedule| schedule.name).collect::<Vec<_>>().join(", ");
    if let Some(unknown) = by_name.keys().find(|name| schedules.iter().all(|schedule| schedule.name != *name)) {
        return Err(SettingsError::new(KEY, format!("there is no schedule {unknown:?}; there are {names}")));
    }
    let mut kept = Vec::new();
    for mut schedule in schedules {
        match by_name.get(schedule.name).map(String::as_str) {
            Some("off") => continue,
            Some(cron) => schedule.cron = cron.to_owned().into(),
            None => {}
        }
        schedule.parsed().map_err(|error| {
            let example = "six fields, seconds first, such as \"0 30 6 * * Mon\"";
            // For something that isn't an expression at all, the error would repeat it.
            let why = if schedule.cron.split_whitespace().count() == 6 { format!(": {error}") } else { String::new() };
            SettingsError::new(KEY, format!("that of {} is not {example}{why}", schedule.name))
        })?;
        kept.push(schedule);
    }
    Ok(kept)
}

/// Fires ticks as they come due, until `shutdown`.
pub(super) async fn fire_until(process: Arc<Process>, shutdown: CancellationToken) {
    let mut failing = false;
    while !shutdown.is_cancelled() {
        let now = Utc::now();
        match fire_due(&process.db, &process.settings.schedules, now).await {
            Ok(_) => failing = false,
            Err(error) if !failing => {
                tracing::warn!(target: "queue", %error, "ticks wait for Postgres");
                failing = true;
            }
            Err(_) => {}
        }
        let next = process.settings.schedules.iter().filter_map(|schedule| schedule.next_after(now)).min();
        let wait = next.and_then(|next| (next - Utc::now()).to_std().ok()).unwrap_or(process.settings.poll);
        // Never for long: another process may have died between claiming a tick and firing it.
        let wait = wait.clamp(Duration::from_millis(50), Duration::from_secs(30));
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(if failing { process.settings.poll } else { wait }) => {}
        }
    }
}

/// Fires every tick that is due at `now` and hasn't fired, and returns how many. A new schedule starts at `now`.
///
/// # Errors
/// Returns an error if the database can't be reached; ticks fired before that stay fired.
pub async fn fire_due(db: &Db, schedules: &[Schedule], now: DateTime<Utc>) -> Result<usize, sqlx::Error> {
    let mut fired = 0;
    for schedule in schedules {
        if fire_one(db, schedule, now).await? {
            fired += 1;
        }
    }
    Ok(fired)
}

async fn fire_one(db: &Db, schedule: &Schedule, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let seen = sqlx::query_scalar!("select last_tick from schedules where name = $1", schedule.name)
        .fetch_optional(db.pool())
        .await?;
    if seen.is_some_and(|last| schedule.last_due(last, now).is_none()) {
        return Ok(false);
    }
    let mut tx = db.system().await?;
    sqlx::query!(
        "insert into schedules (name, last_tick) values ($1, $2) on conflict (name) do nothing",
        schedule.name,
        now
    )
    .execute(tx.conn())
    .await?;
    // Whoever holds the row is firing this tick.
    let last =
        sqlx::query_scalar!("select last_tick from schedules where name = $1 for update skip locked", schedule.name)
            .fetch_optional(tx.conn())
            .await?;
    let Some(tick) = last.and_then(|last| schedule.last_due(last, now)) else {
        tx.commit().await?;
        return Ok(false);
    };
    sqlx::query!("update schedules set last_tick = $2 where name = $1", schedule.name, tick).execute(tx.conn()).await?;
    let skipped = schedule.missed == Missed::Skip && now - tick > MISSED_AFTER;
    let fired = !skipped && take_tick(&mut tx, schedule.name, tick).await?;
    if fired {
        (schedule.enqueue)(&mut tx, tick).await?;
    }
    tx.commit().await?;
    tracing::debug!(target: "queue", { schedule.name = schedule.name, schedule.tick = %tick, fired }, "tick");
    Ok(fired)
}

async fn take_tick(tx: &mut SystemTx, name: &str, tick: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let taken =
        sqlx::query!("insert into schedule_ticks (schedule, tick) values ($1, $2) on conflict do nothing", name, tick)
            .execute(tx.conn())
            .await?;
    Ok(taken.rows_affected() == 1)
}

/// Enqueues immediately what a tick of `schedule` would; its ticks don't change.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn run_now(db: &Db, schedule: &Schedule) -> Result<(), sqlx::Error> {
    let mut tx = db.system().await?;
    (schedule.enqueue)(&mut tx, Utc::now()).await?;
    tx.commit().await
}

/// A schedule in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Schedule)]
pub struct ScheduleRow {
    /// Its name.
    pub name: &'static str,
    /// Its expression, with an operator's override applied.
    pub cron: String,
    /// The time zone of its hours and days.
    #[schema(value_type = String)]
    pub time_zone: Tz,
    /// The last fired tick; `None` before the first.
    pub last_tick: Option<DateTime<Utc>>,
    /// The next tick; `None` if there are no more.
    pub next_tick: Option<DateTime<Utc>>,
}

/// Lists the schedules with their last and next ticks.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn list(connection: &mut PgConnection, schedules: &[Schedule]) -> Result<Vec<ScheduleRow>, sqlx::Error> {
    let fired = sqlx::query!(r#"select schedule, max(tick) as "tick!" from schedule_ticks group by schedule"#)
        .fetch_all(connection)
        .await?;
    let rows = schedules.iter().map(|schedule| ScheduleRow {
        name: schedule.name,
        cron: schedule.cron.clone().into_owned(),
        time_zone: schedule.time_zone,
        last_tick: fired.iter().find(|row| row.schedule == schedule.name).map(|row| row.tick),
        next_tick: schedule.next_after(Utc::now()),
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEKLY: Schedule =
        Schedule::new("weekly", "0 30 6 * * Mon", chrono_tz::Europe::Stockholm, Missed::Once, |tx, _| {
            job(tx, super::super::Prune {})
        });

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a good time")
    }

    #[test]
    fn ticks_follow_the_time_zone_over_the_change_of_the_clocks() {
        assert_eq!(WEEKLY.next_after(at("2026-10-20T00:00:00Z")), Some(at("2026-10-26T05:30:00Z")));
        assert_eq!(WEEKLY.next_after(at("2026-10-14T00:00:00Z")), Some(at("2026-10-19T04:30:00Z")));
    }

    #[test]
    fn the_last_of_many_missed_ticks_is_due() {
        let due = WEEKLY.last_due(at("2026-01-01T00:00:00Z"), at("2026-10-27T00:00:00Z"));
        assert_eq!(due, Some(at("2026-10-26T05:30:00Z")));
        assert_eq!(WEEKLY.last_due(at("2026-10-26T05:30:00Z"), at("2026-10-27T00:00:00Z")), None);
        assert_eq!(WEEKLY.last_due(at("2026-10-26T05:29:59Z"), at("2026-10-26T05:30:00Z")), due);
    }

    #[test]
    fn an_operator_overrides_by_name() {
        let set = |name: &str, cron: &str| overridden(vec![WEEKLY], &BTreeMap::from([(name.into(), cron.into())]));
        assert_eq!(set("weekly", "0 0 7 * * *").expect("good")[0].cron, "0 0 7 * * *");
        assert!(set("weekly", "off").expect("good").is_empty());
        assert!(set("monthly", "off").expect_err("no such schedule").to_string().contains("there are weekly"));
        assert!(set("weekly", "every day").expect_err("no expression").to_string().contains("six fields"));
    }
}
