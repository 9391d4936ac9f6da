//! A circuit breaker in the process: an endpoint that fails again and again is left alone for a while.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So many failures in a row open it.
const FAILURES: u32 = 5;
/// So long it stays open; then one call goes through, and what becomes of it decides.
const OPEN_FOR: Duration = Duration::from_secs(30);

/// Closed at first.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Lets a call through, or says how long to wait.
    pub(super) fn check(&self) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match state.open_until {
            Some(until) if until > now => Err(until - now),
            Some(_) => {
                // Half open: this call tries, the others wait for what becomes of it.
                state.open_until = Some(now + OPEN_FOR);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The endpoint answered, whatever it said.
    pub(super) fn succeeded(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// The endpoint failed.
    pub(super) fn failed(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures += 1;
        if state.failures >= FAILURES {
            state.open_until = Some(Instant::now() + OPEN_FOR);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_in_a_row_open_it_and_a_success_closes_it() {
        let breaker = Breaker::default();
        for _ in 0..4 {
            breaker.failed();
        }
        breaker.succeeded();
        for _ in 0..4 {
            breaker.failed();
        }
        assert!(breaker.check().is_ok());
        breaker.failed();
        let wait = breaker.check().expect_err("it is open");
        assert!(wait > Duration::from_secs(25) && wait <= OPEN_FOR);
        breaker.succeeded();
        assert!(breaker.check().is_ok());
    }

    #[test]
    fn half_open_lets_one_call_through() {
        let breaker = Breaker::default();
        *breaker.state.lock().expect("not poisoned") = State { failures: FAILURES, open_until: Some(Instant::now()) };
        assert!(breaker.check().is_ok());
        assert!(breaker.check().is_err());
    }
}
