//! Room for reading: how many bytes of transcripts a process turns into utterances at a time.
//!
//! What a file becomes takes some fifty times its size while it is read, listened to and stored. So the memory of a
//! process is bounded by the bytes that are being read, and not by how many jobs run: many small files go through side by
//! side, and of the largest ones each waits for the one before. Whoever came first is let in first.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The room of a process. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Room {
    free: Arc<Semaphore>,
    kibibytes: u32,
}

impl Room {
    /// Room for as many bytes: those of one file of the largest size.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let kibibytes = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).clamp(1, u32::MAX >> 3);
        Self { free: Arc::new(Semaphore::new(kibibytes as usize)), kibibytes }
    }

    /// Waits until there is room for `bytes`; for more than all of it, until nobody else reads. It is given back when the
    /// permit is dropped.
    pub(super) async fn take(&self, bytes: usize) -> OwnedSemaphorePermit {
        let wanted = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).clamp(1, self.kibibytes);
        Arc::clone(&self.free).acquire_many_owned(wanted).await.expect("the room is never closed")
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn many_small_files_are_read_side_by_side_and_a_large_one_alone() {
        let room = Room::new(64 << 20);
        let small: Vec<_> = (0..100).map(|_| room.take(100 << 10).now_or_never().expect("there is room")).collect();
        let mut large = Box::pin(room.take(200 << 20));
        assert!(large.as_mut().now_or_never().is_none(), "others read");
        assert!(room.take(1).now_or_never().is_none(), "who comes later does not overtake it");
        drop(small);
        let large = large.await;
        assert!(room.take(1).now_or_never().is_none(), "it reads alone");
        drop(large);
        assert!(room.take(0).now_or_never().is_some());
    }
}
