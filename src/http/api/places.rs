//! Requests that hold something for a while: an upload its memory, a stream its connection. A process has few places for them,
//! and a caller fewer.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use uuid::Uuid;

use super::problem::{Code, Problem};

/// Bodies of uploads are held in memory.
pub(super) static UPLOADS: LazyLock<Places> = LazyLock::new(|| Places::new(8, 2));
/// A stream holds a connection for minutes.
pub(super) static STREAMS: LazyLock<Places> = LazyLock::new(|| Places::new(64, 4));
/// A batch of approvals with an `Idempotency-Key` holds a connection to the database while each of them takes another.
pub(super) static BATCHES: LazyLock<Places> = LazyLock::new(|| Places::new(3, 1));

/// Places of one kind in this process.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    most_of_caller: usize,
    taken: Mutex<HashMap<Uuid, usize>>,
}

impl Places {
    fn new(most: usize, most_of_caller: usize) -> Self {
        Self { most, most_of_caller, taken: Mutex::default() }
    }

    /// Takes a place for a caller, if there is one.
    pub(super) fn take(&'static self, caller: Uuid) -> Result<Place, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (taken.values().sum::<usize>(), taken.get(&caller).copied().unwrap_or_default());
        if all >= self.most || own >= self.most_of_caller {
            let detail = format!(
                "A caller may have at most {} of these under way at a time. Wait for one to end.",
                self.most_of_caller
            );
            return Err(Problem::new(Code::TooManyRequests, detail).later(5));
        }
        *taken.entry(caller).or_default() += 1;
        Ok(Place { places: self, caller })
    }
}

/// A place that is taken; given back when it's dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: &'static Places,
    caller: Uuid,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use uuid::Uuid;

    use super::{Place, Places};

    #[test]
    fn a_caller_has_few_places_and_gets_them_back() {
        static PLACES: LazyLock<Places> = LazyLock::new(|| Places::new(3, 2));
        let [one, other] = [Uuid::now_v7(), Uuid::now_v7()];
        let own: Vec<Place> = (0..2).map(|_| PLACES.take(one).expect("a place")).collect();
        assert!(PLACES.take(one).is_err(), "it has two");
        let last = PLACES.take(other).expect("another caller has its own");
        assert!(PLACES.take(other).is_err(), "all three are taken");
        drop((own, last));
        assert!(PLACES.take(one).is_ok() && PLACES.take(other).is_ok());
    }
}
