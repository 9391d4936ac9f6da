//! Watches a server in the background, and restarts it if it ended unexpectedly (killed, out of memory).
//!
//! Each process that uses the server watches it. They take turns, and the second finds it running.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use super::cluster::Cluster;

/// The interval between checks.
const EVERY: Duration = Duration::from_secs(1);
/// The interval between attempts to start a server that doesn't start.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

/// The watching thread. Dropping it stops the thread and waits for it.
#[derive(Debug)]
pub(super) struct Watch {
    end: Arc<End>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct End {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl End {
    fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for this long, unless asked to stop; returns whether it was.
    fn within(&self, time: Duration) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(asked, time, |asked| !*asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Watch {
    /// Starts watching.
    pub(super) fn start(cluster: Arc<Cluster>) -> io::Result<Self> {
        let end = Arc::new(End::default());
        let seen = Arc::clone(&end);
        let thread = std::thread::Builder::new().name("postgres".to_owned()).spawn(move || look(&cluster, &seen))?;
        Ok(Self { end, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end.ask();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn look(cluster: &Cluster, end: &End) {
    let mut pause = EVERY;
    while !end.within(pause) {
        pause = EVERY;
        if cluster.listens() {
            continue;
        }
        let ended = || end.within(Duration::ZERO);
        match cluster.turn().and_then(|_turn| if ended() { Ok(false) } else { cluster.bring_up(ended) }) {
            Ok(true) => tracing::warn!(target: "postgres", "the embedded Postgres had stopped; it was started again"),
            // Another process was faster.
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(target: "postgres", %error, "the embedded Postgres has stopped and doesn't start; trying again");
                pause = AFTER_FAILURE;
            }
        }
    }
}
