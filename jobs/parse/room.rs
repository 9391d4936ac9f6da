//! Room for reading: how many bytes of transcripts a process parses at a time. In memory only.
//!
//! While it is read, checked and stored, a file takes some fifty times its size. So a process' memory is bounded by the
//! bytes being read, not by how many jobs run: files are read side by side as long as there is room, and each of the
//! largest ones comes back when the previous one is done. A small file always has room, so that a one-hour session
//! never waits for a day-long one.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{path::ParseTranscript, queue::JobArgs};

/// Files up to this size are small: a one-hour transcript has a tenth of it.
pub(super) const SMALL: u64 = 2 << 20;

/// Files above this size may take minutes, whatever they contain. At most half of the files that a process reads at a
/// time are that large; the other half of the seats stays free for one-hour sessions, whoever owns the long ones.
const LONG: u64 = 512 << 10;
const LONG_AT_A_TIME: usize = ParseTranscript::POLICY.concurrency / 2;

/// A process' room. Clones share it.
#[derive(Clone, Debug)]
pub struct Room {
    free: Arc<Semaphore>,
    long: Arc<Semaphore>,
    kibibytes: u32,
}

/// Room in use until dropped; a small file uses none.
#[derive(Debug)]
pub(super) struct Taken {
    _long: Option<OwnedSemaphorePermit>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Creates room for this many bytes: one file of the maximum size.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let kibibytes = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).clamp(1, u32::MAX >> 3);
        let long = Arc::new(Semaphore::new(LONG_AT_A_TIME));
        Self { free: Arc::new(Semaphore::new(kibibytes as usize)), long, kibibytes }
    }

    /// Takes room for `bytes`. A request for more than the whole room succeeds once nobody else has any; `None` if
    /// there isn't enough.
    pub(super) fn take(&self, bytes: u64) -> Option<Taken> {
        let long = match bytes > LONG {
            true => Some(Arc::clone(&self.long).try_acquire_owned().ok()?),
            false => None,
        };
        if bytes <= SMALL {
            return Some(Taken { _long: long, _permit: None });
        }
        let wanted = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).clamp(1, self.kibibytes);
        let permit = Arc::clone(&self.free).try_acquire_many_owned(wanted).ok()?;
        Some(Taken { _long: long, _permit: Some(permit) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_always_have_room_and_of_the_largest_one_has() {
        let room = Room::new(64 << 20);
        let some = room.take(60 << 20).expect("there is room");
        assert!(room.take(10 << 20).is_none() && room.take(200 << 20).is_none(), "another is read");
        drop(some);
        let large = room.take(200 << 20).expect("nobody reads");
        assert!(room.take(3 << 20).is_none(), "it is read alone");
        assert!(room.take(LONG).is_some(), "a small one waits for nobody");
        drop(large);
        assert!(room.take(64 << 20).is_some());
    }

    #[test]
    fn files_that_may_take_long_leave_seats_to_the_others() {
        let room = Room::new(64 << 20);
        let long: Vec<_> = (0..10).filter_map(|_| room.take(5 << 20)).collect();
        assert!(long.len() < ParseTranscript::POLICY.concurrency, "{} of them hold every seat", long.len());
        assert!(room.take(1 << 20).is_none(), "one that would take a seat of theirs comes later");
        let small: Vec<_> = (0..10).filter_map(|_| room.take(100 << 10)).collect();
        assert_eq!(small.len(), 10);
        drop(long);
        assert!(room.take(5 << 20).is_some());
    }
}
