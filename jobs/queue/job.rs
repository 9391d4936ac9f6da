//! What a job is: its arguments, its policy, what it does, and how it fails.

use std::{
    fmt::{Debug, Display},
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::runtime::RuntimeFlavor;
use tokio_util::task::AbortOnDropHandle;

use super::{Context, Finished};
use crate::{bucket::BucketError, db};

/// What a job is about: ids only. This is all that enqueueing needs; [`Job`] says what it does.
pub trait JobArgs: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its permanent name, as stored; never changed once released.
    const KIND: &'static str;
    /// How it runs.
    const POLICY: Policy = Policy::DEFAULT;

    /// Among unfinished jobs of this kind and organization, at most one has this key.
    fn unique_key(&self) -> Option<String>;
}

/// What a job does.
pub trait Job: JobArgs {
    /// What it needs from the process besides the database: the bucket, the mailer, a writer. Passed once, with its
    /// kind ([`super::Catalogue::with`]).
    type Needs: Debug + Send + Sync + 'static;

    /// Does the work; must be idempotent. It ends with [`Context::finish`], which commits the effect, the follow-on
    /// jobs and the job's "done" together; there is no other way to get a [`Finished`].
    fn run(&self, ctx: &Context<Self::Needs>) -> impl Future<Output = Result<Finished, JobError>> + Send;

    /// Called when the job is dead (exhausted, aborted or poison), to mark its subject so that someone is told. Runs in
    /// its own transaction after the job is marked; must be idempotent.
    fn on_dead(&self, _ctx: &Context<Self::Needs>, _error: &str) -> impl Future<Output = Result<(), JobError>> + Send {
        async { Ok(()) }
    }
}

/// How a kind of job runs.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// After this many attempts the job is dead.
    pub max_attempts: u16,
    /// An attempt is cancelled after this.
    pub timeout: Duration,
    /// At most this many run at a time in one process, one fewer per organization, to leave a seat for others.
    pub concurrency: usize,
    /// At most this many run at a time per organization, across all processes; 0 for no limit.
    pub per_organization: usize,
    /// Lower runs first.
    pub priority: i16,
}

impl Policy {
    /// Five attempts, two minutes each, four at a time.
    pub const DEFAULT: Self =
        Self { max_attempts: 5, timeout: Duration::from_secs(120), concurrency: 4, per_organization: 0, priority: 0 };
}

/// How an attempt failed, and what to do about it. Any `std` error becomes [`JobError::Retry`], or [`JobError::Away`]
/// if its cause is that Postgres or the bucket was away.
#[derive(Debug)]
pub enum JobError {
    /// Worth another attempt, after the backoff or after `after`, whichever is later (a server's Retry-After).
    Retry {
        /// What went wrong: ids and causes, never what was said.
        message: String,
        /// Not before this time.
        after: Option<Duration>,
    },
    /// Something else changed what this attempt had read. Such races are expected, and the next attempt reads again.
    /// Attempts count, as with [`JobError::Retry`].
    Overtaken(String),
    /// Another attempt would fail too: the job is dead immediately.
    Abort(String),
    /// Postgres or the bucket was away: not the job's fault. Runs again after a pause; the attempt doesn't count.
    Away(String),
    /// Not now: run again after this. The attempt doesn't count.
    Snooze(Duration),
    /// The lease was lost: another worker has the job, and this attempt was rolled back.
    Stale,
}

impl JobError {
    /// An error that another attempt would hit again.
    pub fn abort(message: impl Display) -> Self {
        Self::Abort(message.to_string())
    }

    /// An error that another attempt may not hit.
    pub fn retry(message: impl Display) -> Self {
        Self::Retry { message: message.to_string(), after: None }
    }

    /// Something else was faster.
    pub fn overtaken(message: impl Display) -> Self {
        Self::Overtaken(message.to_string())
    }
}

/// Runs work that blocks a thread (parsing, computing) off the async threads. There are only as many of those as
/// processors: two computing jobs on them would stall the pages, the other jobs and the shutdown.
///
/// # Errors
/// Returns an error if the work panics, without the panic message: it may quote what was said.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JobError> {
    cuttable(move |_| work()).await
}

/// Like [`blocking`], for work that may take minutes. A thread can't be stopped from outside: if the job times out,
/// loses its lease or the process ends, its future is dropped, which sets the work's [`Cut`]. The work checks it on
/// each iteration and returns what it has, which is discarded.
///
/// # Errors
/// Returns an error if the work panics, without the panic message: it may quote what was said.
pub async fn cuttable<T: Send + 'static>(work: impl FnOnce(&Cut) -> T + Send + 'static) -> Result<T, JobError> {
    let cut = Cut::default();
    let _asks = AsksWhenDropped(cut.clone());
    // Work that hasn't started when its future is dropped never does.
    let work = AbortOnDropHandle::new(tokio::task::spawn_blocking(move || work(&cut)));
    work.await.map_err(|_| JobError::retry(PANICKED))
}

/// Runs work that borrows from its caller (the rows of an open transaction, say), for at most seconds: this thread
/// hands off all other tasks in the meantime. Work that doesn't need the transaction belongs in [`blocking`].
pub fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // A single-threaded runtime has no other thread to hand tasks to.
        _ => work(),
    }
}

/// Tells work that nobody needs its result any more.
#[derive(Clone, Debug, Default)]
pub struct Cut(Arc<AtomicBool>);

impl Cut {
    /// Whether the work should stop because nobody waits for its result.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

struct AsksWhenDropped(Cut);

impl Drop for AsksWhenDropped {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Recorded for a panic: its message may quote what was said, so the log has its source location instead.
pub(super) const PANICKED: &str = "it panicked: the log of the process says where";

impl<E: std::error::Error + 'static> From<E> for JobError {
    fn from(error: E) -> Self {
        let (mut message, mut is_away) = (String::new(), false);
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(cause) = next {
            let said = cause.to_string();
            // Most messages already end with their cause.
            if message.is_empty() {
                message = said;
            } else if !message.contains(&said) {
                message.push_str(": ");
                message.push_str(&said);
            }
            is_away |= cause.downcast_ref().is_some_and(db::is_away)
                || matches!(cause.downcast_ref(), Some(BucketError::Away(_)));
            next = cause.source();
        }
        if is_away { Self::Away(message) } else { Self::Retry { message, after: None } }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_whose_job_was_given_back_is_told_so_and_ends() {
        let (begun, begins) = mpsc::channel();
        let (ended, ends) = mpsc::channel();
        let work = cuttable(move |cut| {
            begun.send(()).expect("somebody waits");
            while !cut.is_asked() {
                std::thread::yield_now();
            }
            ended.send(()).expect("somebody waits");
        });
        let job = tokio::spawn(work);
        tokio::task::spawn_blocking(move || begins.recv()).await.expect("it waits").expect("it begins");
        job.abort();
        tokio::task::spawn_blocking(move || ends.recv()).await.expect("it waits").expect("it ends");
        assert_eq!(cuttable(|cut| cut.is_asked()).await.ok(), Some(false), "who waits asks for no end");
    }
}
