//! How a worker runs: what an operator sets ([`Settings`]), and every duration and count of the queue
//! ([`WorkerSettings`]), which tests scale down.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use super::schedule::Schedule;
use crate::SettingsError;

/// What an operator sets.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How many jobs a process runs at a time, of all kinds together.
    pub concurrency: usize,
    /// How long a stopping worker waits for its running jobs before it returns them, in seconds.
    pub shutdown_seconds: u64,
    /// How long a job is held without a sign of life from its worker, in seconds. A killed worker's jobs run elsewhere
    /// about four seconds after that.
    pub lease_seconds: u64,
    /// Whether workers listen for wake-ups; false behind a pooler in transaction mode, where they only poll.
    pub listen: bool,
    /// By schedule name: a cron expression with six fields (seconds first) that replaces its own, or `off`.
    pub schedules: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        let worker = WorkerSettings::default();
        Self {
            concurrency: worker.slots,
            shutdown_seconds: worker.grace.as_secs(),
            lease_seconds: worker.lease.as_secs(),
            listen: worker.listen,
            schedules: BTreeMap::new(),
        }
    }
}

/// The durations and counts of a worker.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// How many jobs run at a time, of all kinds together.
    pub slots: usize,
    /// How long a job is held without a heartbeat.
    pub lease: Duration,
    /// How often leases are extended; at most a quarter of the lease.
    pub heartbeat: Duration,
    /// How often to poll without a wake-up.
    pub poll: Duration,
    /// How often to look for the jobs of vanished workers.
    pub rescue_every: Duration,
    /// The wait before the second attempt; doubles with each attempt.
    pub backoff_base: Duration,
    /// The longest wait that doubling reaches.
    pub backoff_cap: Duration,
    /// A job is parked as poison after its worker vanished this many times while it ran alone.
    pub poison: u16,
    /// How long a stopping worker waits for its running jobs.
    pub grace: Duration,
    /// How far ahead [`super::drain`] looks: jobs due within this count as due.
    pub drain_within: Duration,
    /// Whether to listen for wake-ups.
    pub listen: bool,
    /// The schedules that this process fires.
    pub schedules: Vec<Schedule>,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            slots: 16,
            lease: Duration::from_secs(20),
            heartbeat: Duration::from_secs(5),
            poll: Duration::from_secs(1),
            rescue_every: Duration::from_secs(2),
            backoff_base: Duration::from_secs(2),
            backoff_cap: Duration::from_secs(15 * 60),
            poison: 3,
            grace: Duration::from_secs(20),
            drain_within: Duration::from_secs(5),
            listen: true,
            schedules: Vec::new(),
        }
    }
}

impl WorkerSettings {
    /// Combines an operator's settings with the program's schedules.
    ///
    /// # Errors
    /// Returns an error if a named schedule doesn't exist or its expression is invalid.
    pub fn new(settings: &Settings, schedules: Vec<Schedule>) -> Result<Self, SettingsError> {
        if settings.concurrency == 0 {
            return Err(SettingsError::new("queue.concurrency", "must be 1 or more"));
        }
        if settings.lease_seconds == 0 {
            return Err(SettingsError::new("queue.lease_seconds", "must be 1 or more"));
        }
        let lease = Duration::from_secs(settings.lease_seconds);
        Ok(Self {
            lease,
            heartbeat: lease / 4,
            slots: settings.concurrency,
            grace: Duration::from_secs(settings.shutdown_seconds),
            listen: settings.listen,
            schedules: super::schedule::overridden(schedules, &settings.schedules)?,
            ..Self::default()
        })
    }
}
