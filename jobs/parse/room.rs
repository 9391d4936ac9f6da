//! Room for reading: how many bytes of transcripts a process turns into utterances at a time.
//!
//! What a file becomes takes some fifty times its size while it is read, listened to and stored. So the memory of a
//! process is bounded by the bytes that are being read, and not by how many jobs run: files go through side by side as
//! long as there is room, and of the largest ones each comes back when the one before is through. A small file always has
//! room, so that nobody's hour waits for somebody's day.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A file of no more bytes is small: the transcript of an hour has a tenth of them.
pub(super) const SMALL: u64 = 2 << 20;

/// The room of a process. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Room {
    free: Arc<Semaphore>,
    kibibytes: u32,
}

/// Room that is taken, until it is dropped; a small file takes none.
#[derive(Debug)]
pub(super) struct Taken {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Room for as many bytes: those of one file of the largest size.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let kibibytes = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).clamp(1, u32::MAX >> 3);
        Self { free: Arc::new(Semaphore::new(kibibytes as usize)), kibibytes }
    }

    /// Takes room for `bytes`, for more than all of it once nobody else has any; `None` where there is not enough now.
    pub(super) fn take(&self, bytes: u64) -> Option<Taken> {
        if bytes <= SMALL {
            return Some(Taken { _permit: None });
        }
        let wanted = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).clamp(1, self.kibibytes);
        let permit = Arc::clone(&self.free).try_acquire_many_owned(wanted).ok()?;
        Some(Taken { _permit: Some(permit) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_always_have_room_and_of_the_largest_one_has() {
        let room = Room::new(64 << 20);
        let some: Vec<_> = (0..6).map(|_| room.take(10 << 20).expect("there is room")).collect();
        assert!(room.take(10 << 20).is_none() && room.take(200 << 20).is_none(), "others are read");
        drop(some);
        let large = room.take(200 << 20).expect("nobody reads");
        assert!(room.take(3 << 20).is_none(), "it is read alone");
        assert!(room.take(SMALL).is_some(), "a small one waits for nobody");
        drop(large);
        assert!(room.take(64 << 20).is_some());
    }
}
