//! A limited number of slots for connections. A connection that hasn't sent a request keeps its slot only until someone
//! else needs it, so idle connections can't block others.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The slots of a listener.
#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: usize,
    next: AtomicU64,
    /// The slots of connections that haven't sent a request, oldest first.
    silent: Mutex<BTreeMap<u64, Silent>>,
}

#[derive(Debug)]
struct Silent {
    permit: OwnedSemaphorePermit,
    lost: CancellationToken,
}

/// A connection's slot; returned on drop.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    lost: CancellationToken,
    /// Exclusive from the first request on.
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Places {
    pub(super) fn new(all: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(all));
        Arc::new(Self { free, all, next: AtomicU64::new(0), silent: Mutex::default() })
    }

    /// A free slot, or that of the oldest connection that hasn't sent a request; `None` if all have.
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
    /// Called on a request: from now on nobody else can take the slot. Returns whether there is room to keep the
    /// connection alive for more requests, which there isn't while less than a quarter of the slots are free.
    pub(super) fn asks(&self) -> bool {
        if let Some(silent) = self.places.silent().remove(&self.number) {
            *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = Some(silent.permit);
        }
        self.places.free.available_permits() > self.places.all / 4
    }

    /// Completes when someone else has taken the slot.
    pub(super) async fn lost(&self) {
        self.lost.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.silent().remove(&self.number);
    }
}
