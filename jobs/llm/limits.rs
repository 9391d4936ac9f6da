//! What all processes together may send to an endpoint: requests and tokens per minute, the pauses that it asked for,
//! and the circuit breaker. `llm_reserve` and `llm_settle` change its state, one row per model in `llm_endpoints`.
//!
//! Requests are spaced evenly, not sent in bursts: providers count in different windows and buckets, which an even flow
//! fits.

use std::time::Duration;

use tokio::time::Instant;

use super::{LlmError, error::PAUSE, settings::Profile};
use crate::db::Db;

/// How long a job waits for its turn in place; for longer waits it gives its slot to another job and comes back.
const PATIENCE: Duration = Duration::from_secs(5);
/// The share of the allowed rate to use: requests don't arrive as evenly as they are sent.
const USED: f64 = 0.98;

/// The limits of one model.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    profile: String,
    requests: Option<f64>,
    tokens: Option<f64>,
}

impl Limits {
    pub(super) fn new(profile: &Profile) -> Self {
        Self {
            profile: profile.name.clone(),
            requests: profile.requests_per_minute.map(|requests| requests * USED),
            tokens: profile.tokens_per_minute.map(|tokens| tokens * USED),
        }
    }

    /// Reserves a request with this many tokens, and returns the time to send it.
    ///
    /// # Errors
    /// [`LlmError::Waiting`] and [`LlmError::Open`], with the time to wait; then nothing is reserved.
    pub(super) async fn reserve(&self, db: &Db, tokens: f64) -> Result<Instant, LlmError> {
        let turn = sqlx::query!(
            r#"select verdict as "verdict!", seconds as "seconds!"
               from llm_reserve($1, $2, $3, $4, make_interval(secs => $5))"#,
            self.profile,
            self.requests,
            self.tokens,
            tokens,
            PATIENCE.as_secs_f64()
        )
        .fetch_one(db.pool())
        .await
        .map_err(LlmError::Ledger)?;
        let wait = Duration::from_secs_f64(turn.seconds.max(0.0));
        match turn.verdict.as_str() {
            "go" => Ok(Instant::now() + wait),
            "open" => Err(LlmError::Open(wait)),
            _ => Err(LlmError::Waiting(wait)),
        }
    }

    /// Records the outcome of a request: the tokens reserved and used, and how it failed.
    pub(super) async fn settle(
        &self,
        db: &Db,
        reserved: f64,
        used: f64,
        failed: Option<&LlmError>,
    ) -> Result<(), LlmError> {
        let closed_for = match failed {
            Some(LlmError::Limited(after)) => after.unwrap_or(PAUSE),
            Some(LlmError::Busy(Some(after))) => *after,
            _ => Duration::ZERO,
        };
        self.record(db, reserved, used, Some(!failed.is_some_and(LlmError::is_failure)), closed_for).await
    }

    /// Returns the reservation of a request that was not sent.
    pub(super) async fn give_back(&self, db: &Db, reserved: f64) -> Result<(), LlmError> {
        self.record(db, reserved, 0.0, None, Duration::ZERO).await
    }

    async fn record(
        &self,
        db: &Db,
        reserved: f64,
        used: f64,
        works: Option<bool>,
        closed_for: Duration,
    ) -> Result<(), LlmError> {
        sqlx::query!(
            "select llm_settle($1, $2, $3, $4, $5, make_interval(secs => $6))",
            self.profile,
            self.tokens,
            reserved,
            used,
            works,
            closed_for.as_secs_f64()
        )
        .fetch_one(db.pool())
        .await
        .map_err(LlmError::Ledger)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_manual_says_how_much_of_a_rate_is_used() {
        let manual = include_str!("../../src/config/default.toml");
        let used = format!("Of each {:.0} %", super::USED * 100.0);
        assert!(manual.contains(&used), "{used}");
    }
}
