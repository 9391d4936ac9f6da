//! The places of connections: so many and no more. A connection that has not asked for anything yet has its place only until
//! somebody needs it; so connections that are opened and left lie in nobody's way.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The places of a listener.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
    next: AtomicU64,
    /// The places of those that have not asked for anything, the oldest first.
    silent: Mutex<BTreeMap<u64, Silent>>,
}

#[derive(Debug)]
struct Silent {
    permit: OwnedSemaphorePermit,
    lost: CancellationToken,
}

/// A connection's place; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    lost: CancellationToken,
    /// Its own from its first request on.
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Places {
    pub(super) fn new(all: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(all));
        Arc::new(Self { free, all, next: AtomicU64::new(0), silent: Mutex::default() })
    }

    /// A free place, or that of the oldest connection that has not asked for anything; none where all have.
    pub(super) fn take(self: &Arc<Self>) -> Option<Place> {
        let mut silent = self.silent();
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let (_, oldest) = silent.pop_first()?;
                metrics::counter!("debrief_http_connections_displaced_total").increment(1);
                oldest.lost.cancel();
                oldest.permit
            }
        };
        let (number, lost) = (self.next.fetch_add(1, Ordering::Relaxed), CancellationToken::new());
        silent.insert(number, Silent { permit, lost: lost.clone() });
        Some(Place { places: Arc::clone(self), number, lost, permit: Mutex::default() })
    }

    fn silent(&self) -> MutexGuard<'_, BTreeMap<u64, Silent>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// A request has come: from now on the place is nobody else's. Says whether there is room to keep the connection for
    /// more requests after it: while less than a quarter of the places is free there is not.
    pub(super) fn asks(&self) -> bool {
        if let Some(silent) = self.places.silent().remove(&self.number) {
            *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = Some(silent.permit);
        }
        self.places.free.available_permits() > self.places.all / 4
    }

    /// Ends when somebody else has got the place.
    pub(super) async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.silent().remove(&self.number);
    }
}
