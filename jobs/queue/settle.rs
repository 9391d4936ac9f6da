//! Settling: records an attempt that didn't finish its job, immediately and under its fence.
//!
//! Writes the job's state, next time and error through `settle_job`. A second settling changes nothing: the fence has
//! moved.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use rand::Rng;
use serde_json::Value;

use super::{JobError, JobInfo, JobState, catalogue::Kind, flights::Seat, worker::Process};

/// A server's Retry-After is capped at this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(6 * 60 * 60);
/// The timeout of `on_dead`.
const ON_DEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Error messages are cut to this many characters.
const LONGEST_ERROR: usize = 2000;

/// How an attempt that didn't finish its job ended.
#[derive(Debug)]
pub(super) enum End {
    /// Due again after the delay.
    Retry(Duration, String),
    /// Due again after the delay, because what it had read was changed.
    Overtaken(Duration, String),
    /// Due again after the delay: Postgres or the bucket was away. The attempt doesn't count.
    Away(Duration, String),
    /// No attempts left.
    Dead(String),
    /// Due again after the delay; the attempt doesn't count.
    Snooze(Duration),
    /// Due immediately, elsewhere; the attempt doesn't count.
    Return,
}

impl End {
    /// What a failure leads to, or `None` if the job now belongs to another worker.
    pub(super) fn of(error: JobError, info: &JobInfo, process: &Process) -> Option<Self> {
        match error {
            JobError::Stale => None,
            JobError::Abort(message) => Some(Self::Dead(message)),
            JobError::Snooze(delay) => Some(Self::Snooze(delay)),
            JobError::Retry { message, .. } | JobError::Overtaken(message) if info.attempt >= info.max_attempts => {
                Some(Self::Dead(message))
            }
            JobError::Overtaken(message) => Some(Self::Overtaken(pause(info, process), message)),
            JobError::Away(message) => Some(Self::Away(pause(info, process), message)),
            JobError::Retry { message, after } => {
                let wait = pause(info, process);
                let wait = after.map_or(wait, |after| wait.max(after.min(LONGEST_RETRY_AFTER)));
                Some(Self::Retry(wait, message))
            }
        }
    }

    /// The name in the database and in metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Retry(..) | Self::Overtaken(..) => "retry",
            Self::Away(..) => "away",
            Self::Dead(_) => "dead",
            Self::Snooze(_) => "snooze",
            Self::Return => "return",
        }
    }
}

/// How long a job waits for its next attempt.
fn pause(info: &JobInfo, process: &Process) -> Duration {
    backoff(info.attempt, process.settings.backoff_base, process.settings.backoff_cap)
}

/// Doubles with each attempt, plus or minus a fifth, so that what failed together doesn't come back together.
fn backoff(attempt: u16, base: Duration, cap: Duration) -> Duration {
    let doubled = base.saturating_mul(1 << u32::from(attempt.saturating_sub(1)).min(20));
    doubled.min(cap).mul_f64(rand::rng().random_range(0.8..1.2))
}

/// Records the end of an attempt, and returns the job's new state, or `None` if the fence no longer holds. While
/// Postgres is away it retries for as long as the job may still be ours.
pub(super) async fn settle(process: &Process, info: &JobInfo, seat: &Seat, end: &End) -> Option<JobState> {
    let mut pause = Duration::from_millis(200);
    loop {
        match settle_once(process, info, end).await {
            Ok(state) => return state,
            Err(error) if seat.lost.is_cancelled() || process.stop.is_cancelled() => {
                tracing::warn!(target: "queue", { job.id = %info.id, job.kind = info.kind, %error },
                    "the end of an attempt could not be recorded; its lease will run out");
                return None;
            }
            Err(error) => {
                tracing::warn!(target: "queue", { job.id = %info.id, job.kind = info.kind, %error },
                    "the end of an attempt could not be recorded yet");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = seat.lost.cancelled() => {}
            () = process.stop.cancelled() => {}
        }
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

/// Like [`settle`], but tries once.
pub(super) async fn settle_once(process: &Process, info: &JobInfo, end: &End) -> Result<Option<JobState>, sqlx::Error> {
    let (delay, error) = match end {
        End::Retry(delay, error) | End::Overtaken(delay, error) | End::Away(delay, error) => (*delay, Some(cut(error))),
        End::Dead(error) => (Duration::ZERO, Some(cut(error))),
        End::Snooze(delay) => (*delay, None),
        End::Return => (Duration::ZERO, None),
    };
    sqlx::query_scalar!(
        r#"select settle_job($1, $2, $3, $4, $5) as "state: JobState""#,
        info.id,
        info.fence,
        end.outcome(),
        delay.as_secs_f64(),
        error
    )
    .fetch_one(process.db.pool())
    .await
}

fn cut(error: &str) -> String {
    // A character that the database rejects would keep the end of the attempt from being recorded.
    crate::clean::text(error).chars().take(LONGEST_ERROR).collect()
}

/// Reports a death: calls the job's `on_dead` and records that. If it fails, the next process to look for unreported
/// deaths retries.
pub(super) async fn tell(process: &Process, kind: &Kind, info: &JobInfo, args: Value, error: &str) {
    tracing::error!(target: "queue", { job.id = %info.id, job.kind = info.kind, job.attempt = info.attempt,
        correlation.id = %info.correlation_id, error }, "a job is dead");
    let told =
        AssertUnwindSafe((kind.on_dead)(args, process.db.clone(), info.clone(), error.to_owned())).catch_unwind();
    let trouble = match tokio::time::timeout(ON_DEAD_TIMEOUT, told).await {
        Ok(Ok(Ok(()))) => match sqlx::query!("select job_told($1)", info.id).execute(process.db.pool()).await {
            Ok(_) => return,
            Err(error) => error.to_string(),
        },
        Ok(Ok(Err(error))) => format!("{error:?}"),
        Ok(Err(_)) => "it panicked".to_owned(),
        Err(_) => "it took too long".to_owned(),
    };
    tracing::error!(target: "queue", { job.id = %info.id, job.kind = info.kind, trouble },
        "nobody could be told of a dead job; it will be tried again");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_its_cap() {
        let (base, cap) = (Duration::from_secs(2), Duration::from_secs(900));
        for (attempt, seconds) in [(1, 2.0), (2, 4.0), (5, 32.0), (10, 900.0), (u16::MAX, 900.0)] {
            let wait = backoff(attempt, base, cap).as_secs_f64();
            assert!((seconds * 0.8..=seconds * 1.2).contains(&wait), "attempt {attempt} waits {wait} s");
        }
    }
}
