//! How many streams are open: each holds a connection for minutes, so a process and a caller have few.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use axum::http::header;
use uuid::Uuid;

use super::problem::{Code, Problem};

/// At most this many in a process.
const MOST: usize = 64;
/// At most this many of one caller in a process.
const MOST_OF_CALLER: usize = 4;

static OPEN: LazyLock<Mutex<HashMap<Uuid, usize>>> = LazyLock::new(Mutex::default);

/// A place for a stream; given back when it's dropped.
#[derive(Debug)]
pub(super) struct Stream(Uuid);

impl Stream {
    /// Takes a place, if there is one.
    pub(super) fn open(caller: Uuid) -> Result<Self, Problem> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= MOST || open.get(&caller).is_some_and(|own| *own >= MOST_OF_CALLER) {
            let detail = format!(
                "At most {MOST_OF_CALLER} streams of a caller are open at once. Close one, or ask for the state."
            );
            return Err(Problem::new(Code::TooManyRequests, detail).with_header(header::RETRY_AFTER, "10"));
        }
        *open.entry(caller).or_default() += 1;
        Ok(Self(caller))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.0) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{MOST_OF_CALLER, Stream};

    #[test]
    fn a_caller_has_few_streams_and_gets_places_back() {
        let caller = Uuid::now_v7();
        let open: Vec<Stream> = (0..MOST_OF_CALLER).map(|_| Stream::open(caller).expect("a place")).collect();
        assert!(Stream::open(caller).is_err());
        assert!(Stream::open(Uuid::now_v7()).is_ok(), "another caller has its own");
        drop(open);
        assert!(Stream::open(caller).is_ok());
    }
}
