//! The finish layer: our own tower layer around all others, so that the end of every attempt is recorded immediately.
//!
//! An attempt that finishes its job records that itself, together with its effect ([`Context::finish`]). Every other
//! end (an error, a panic, a timeout, a lost lease, a shutdown) is recorded here, under the fence.
//!
//! [`Context::finish`]: super::Context::finish

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use apalis::layers::catch_panic::PanicError;
use apalis_core::{error::BoxDynError, task::Task};
use futures::future::BoxFuture;
use tokio_util::task::AbortOnDropHandle;
use tower::{Layer, Service};
use tracing::Instrument;

use super::{
    JobError, JobInfo, JobState,
    job::PANICKED,
    settle::{End, settle, tell},
    storage::Claimed,
    worker::Process,
};

/// A job's error on its way through the layers.
#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
pub(super) struct Failure(pub(super) JobError);

/// Makes the finish service.
#[derive(Clone, Debug)]
pub(super) struct FinishLayer {
    pub(super) process: Arc<Process>,
}

/// Runs a job in its own task and records how it ended.
#[derive(Clone, Debug)]
pub(super) struct Finish<S> {
    process: Arc<Process>,
    inner: S,
}

impl<S> Layer<S> for FinishLayer {
    type Service = Finish<S>;
    fn layer(&self, inner: S) -> Finish<S> {
        Finish { process: Arc::clone(&self.process), inner }
    }
}

impl<S> Service<Task<Claimed>> for Finish<S>
where
    S: Service<Task<Claimed>, Response = ()>,
    S::Error: Into<BoxDynError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<(), S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, task: Task<Claimed>) -> Self::Future {
        let process = Arc::clone(&self.process);
        let job = task.args.clone();
        let attempt = self.inner.call(task);
        Box::pin(async move {
            let attempt = async move { attempt.await.map_err(Into::into) };
            record(&process, job, attempt).await;
            Ok(())
        })
    }
}

/// How an attempt ended.
enum AttemptOutcome {
    Done,
    Failed(JobError),
    Lost,
    Stopped,
}

async fn record<F>(process: &Process, job: Claimed, attempt: F)
where
    F: Future<Output = Result<(), BoxDynError>> + Send + 'static,
{
    let info = &job.info;
    let span = tracing::info_span!(target: "queue", "job", job.id = %info.id, job.kind = info.kind,
        job.attempt = info.attempt, correlation.id = %info.correlation_id);
    metrics::counter!("debrief_jobs_started_total", "kind" => info.kind).increment(1);
    let started = Instant::now();
    let outcome = run(process, &job, attempt.instrument(span.clone())).await;
    let seconds = started.elapsed().as_secs_f64();
    metrics::histogram!("debrief_job_seconds", "kind" => info.kind).record(seconds);
    let outcome = conclude(process, job, outcome, seconds).instrument(span).await;
    metrics::counter!("debrief_jobs_finished_total", "kind" => outcome.0, "outcome" => outcome.1).increment(1);
}

/// Runs the attempt in its own task, so that a slow one doesn't hold up the others, until it ends, times out, loses its
/// lease, or the process stops.
async fn run<F>(process: &Process, job: &Claimed, attempt: F) -> AttemptOutcome
where
    F: Future<Output = Result<(), BoxDynError>> + Send + 'static,
{
    let attempt = AbortOnDropHandle::new(tokio::spawn(attempt));
    tokio::select! {
        biased;
        ended = attempt => match ended {
            Ok(Ok(())) => AttemptOutcome::Done,
            Ok(Err(error)) => AttemptOutcome::Failed(failure(error)),
            Err(_) => AttemptOutcome::Failed(JobError::retry(PANICKED)),
        },
        () = job.seat.lost.cancelled() => AttemptOutcome::Lost,
        () = process.stop.cancelled() => AttemptOutcome::Stopped,
        () = tokio::time::sleep(job.kind.policy.timeout) => {
            AttemptOutcome::Failed(JobError::retry(format!("it took longer than {} s", job.kind.policy.timeout.as_secs_f64())))
        }
    }
}

fn failure(error: BoxDynError) -> JobError {
    match error.downcast::<Failure>() {
        Ok(failure) => failure.0,
        Err(error) => match error.downcast::<PanicError>() {
            Ok(panic) => JobError::retry(panic.0),
            Err(error) => JobError::retry(error),
        },
    }
}

/// Records and logs the outcome; returns the kind and the outcome for metrics.
async fn conclude(
    process: &Process,
    job: Claimed,
    outcome: AttemptOutcome,
    seconds: f64,
) -> (&'static str, &'static str) {
    let Claimed { info, kind, args, seat } = job;
    let end = match outcome {
        AttemptOutcome::Done => {
            process.tally.ran();
            if info.organization.is_some() {
                tracing::info!(target: "queue", seconds, "job done");
            } else {
                // The clock's own jobs: the inbox is checked every five seconds. A job logs what it did itself.
                tracing::debug!(target: "queue", seconds, "job done");
            }
            return (info.kind, "done");
        }
        AttemptOutcome::Lost => None,
        AttemptOutcome::Stopped => Some(End::Return),
        AttemptOutcome::Failed(error) => End::of(error, &info, process),
    };
    let Some(end) = end else {
        tracing::warn!(target: "queue", "the job belongs to another worker now");
        return (info.kind, "stale");
    };
    let Some(state) = settle(process, &info, &seat, &end).await else {
        // The job was cancelled or taken over, or its finish committed although the response was lost.
        tracing::warn!(target: "queue", outcome = end.outcome(), "the job had ended or was taken over already");
        return (info.kind, "stale");
    };
    // A job that keeps losing Postgres dies eventually: the database keeps the count.
    let end = match end {
        End::Away(_, error) if state == JobState::Dead => End::Dead(error),
        end => end,
    };
    process.tally.settled(&end);
    log(&info, &end, seconds);
    if let End::Dead(error) = &end {
        tell(process, &kind, &info, args, error).await;
    }
    (info.kind, end.outcome())
}

fn log(info: &JobInfo, end: &End, seconds: f64) {
    match end {
        End::Retry(delay, error) => tracing::warn!(target: "queue", error, seconds,
            retry.seconds = delay.as_secs_f64(), attempts.left = info.max_attempts - info.attempt, "job failed"),
        End::Overtaken(delay, why) => tracing::info!(target: "queue", why, seconds,
            retry.seconds = delay.as_secs_f64(), "somebody was faster; the job runs again"),
        End::Away(delay, error) => tracing::warn!(target: "queue", error, seconds,
            retry.seconds = delay.as_secs_f64(), "what the job needs was away; it runs again"),
        End::Snooze(delay) if info.organization.is_none() => {
            tracing::debug!(target: "queue", { snooze.seconds = delay.as_secs_f64() }, "job snoozed");
        }
        End::Snooze(delay) => tracing::info!(target: "queue", { snooze.seconds = delay.as_secs_f64() }, "job snoozed"),
        End::Return => tracing::info!(target: "queue", "job given back"),
        End::Dead(_) => {} // `tell` logs it.
    }
}
