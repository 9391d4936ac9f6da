//! The jobs that this process holds, with their fences, and how many more it may claim.
//!
//! A job takes its seat when it is claimed and leaves it when its end is recorded. So nothing is claimed into a buffer,
//! and the heartbeat knows every job that it must hold.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::catalogue::{Catalogue, Kind};

/// How long after its timeout a job may still be held, to record its end.
const OVERTIME: Duration = Duration::from_secs(120);

/// The jobs in this process.
#[derive(Debug)]
pub(super) struct Flights {
    slots: usize,
    limits: Vec<(&'static str, usize)>,
    held: Mutex<HashMap<(Uuid, i64), Held>>,
    /// Notified whenever a seat becomes free.
    pub(super) freed: Notify,
}

#[derive(Debug)]
struct Held {
    kind: &'static str,
    /// `None` while it waits to run alone.
    until: Option<Instant>,
    lost: CancellationToken,
}

/// A job's seat; dropping it frees the seat.
#[derive(Debug)]
pub(super) struct Seat {
    flights: Arc<Flights>,
    key: (Uuid, i64),
    /// Cancelled when the lease is lost.
    pub(super) lost: CancellationToken,
}

impl Seat {
    /// Starts a job that waited to run alone; its timeout counts from now.
    pub(super) fn begin(&self, kind: &Kind) {
        if let Some(held) = self.flights.lock().get_mut(&self.key) {
            held.until = Some(Instant::now() + kind.policy.timeout + OVERTIME);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
        self.flights.freed.notify_one();
    }
}

impl Flights {
    pub(super) fn new(slots: usize, catalogue: &Catalogue) -> Self {
        let limits = catalogue.kinds().iter().map(|kind| (kind.name, kind.policy.concurrency.max(1))).collect();
        Self { slots, limits, held: Mutex::default(), freed: Notify::new() }
    }

    /// How many more jobs may be claimed: in total, and of each kind in the catalogue.
    pub(super) fn room(&self) -> (usize, Vec<usize>) {
        let held = self.lock();
        let of = |kind| held.values().filter(|one| one.kind == kind).count();
        let kinds = self.limits.iter().map(|&(kind, limit)| limit.saturating_sub(of(kind))).collect();
        (self.slots.saturating_sub(held.len()), kinds)
    }

    /// Seats a claimed job. A suspect waits in its seat until it is alone.
    pub(super) fn seat(self: &Arc<Self>, id: Uuid, fence: i64, kind: &Kind, waits: bool) -> Seat {
        let lost = CancellationToken::new();
        let until = (!waits).then(|| Instant::now() + kind.policy.timeout + OVERTIME);
        self.lock().insert((id, fence), Held { kind: kind.name, until, lost: lost.clone() });
        Seat { flights: Arc::clone(self), key: (id, fence), lost }
    }

    /// The ids and fences of the leases to extend. A job still here long after its timeout has hung its process: its
    /// lease expires, so that another process rescues it.
    pub(super) fn to_extend(&self) -> (Vec<Uuid>, Vec<i64>) {
        let now = Instant::now();
        self.lock().iter().filter(|(_, held)| held.until.is_none_or(|until| until > now)).map(|(key, _)| *key).unzip()
    }

    /// Waits until this process holds at most `jobs`. Only for the claiming task, since `freed` wakes one waiter.
    pub(super) async fn at_most(&self, jobs: usize) {
        while self.lock().len() > jobs {
            self.freed.notified().await;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Tells a job that its lease is lost. Returns false if it has already ended.
    pub(super) fn lose(&self, id: Uuid, fence: i64) -> bool {
        self.lock().get(&(id, fence)).inspect(|held| held.lost.cancel()).is_some()
    }

    /// The map is consistent whatever happened to the thread that held the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<(Uuid, i64), Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
