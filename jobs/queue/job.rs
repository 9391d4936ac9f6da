//! What a job is: its arguments, its policy and what it does; and how it fails.

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

/// What a job is about: ids only. This is all that is needed to enqueue one; [`Job`] says what it does.
pub trait JobArgs: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its permanent name, as stored; never changed once released.
    const KIND: &'static str;
    /// How it is run.
    const POLICY: Policy = Policy::DEFAULT;

    /// Among unfinished jobs of this kind and organization there is at most one with this key.
    fn unique_key(&self) -> Option<String>;
}

/// What a job does.
pub trait Job: JobArgs {
    /// What it needs of the process beside the database: the bucket, the mailer, a writer. Given once, with its kind
    /// ([`super::Catalogue::with`]).
    type Needs: Debug + Send + Sync + 'static;

    /// Does the work. Idempotent. It ends with [`Context::finish`], which commits the effect, the follow-on jobs and
    /// the job's "done" together; there is no other way to make a [`Finished`].
    fn run(&self, ctx: &Context<Self::Needs>) -> impl Future<Output = Result<Finished, JobError>> + Send;

    /// Marks what the job was about when the job is dead (exhausted, aborted or poison), so that somebody is told.
    /// Runs in its own transaction after the job is marked; must be idempotent.
    fn on_dead(&self, _ctx: &Context<Self::Needs>, _error: &str) -> impl Future<Output = Result<(), JobError>> + Send {
        async { Ok(()) }
    }
}

/// How a kind of job is run.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// After so many attempts the job is dead.
    pub max_attempts: u16,
    /// An attempt is cut off after this.
    pub timeout: Duration,
    /// At most so many at a time in one process; of one organization one less, so that there is a seat for another.
    pub concurrency: usize,
    /// At most so many at a time of one organization, over all processes; 0 for no limit.
    pub per_organization: usize,
    /// Lower runs first.
    pub priority: i16,
}

impl Policy {
    /// Five attempts, two minutes each, four at a time.
    pub const DEFAULT: Self =
        Self { max_attempts: 5, timeout: Duration::from_secs(120), concurrency: 4, per_organization: 0, priority: 0 };
}

/// How an attempt failed, and what is to be done about it. Every `std` error turns into [`JobError::Retry`], or into
/// [`JobError::Away`] if its cause is a Postgres or a bucket that was away.
#[derive(Debug)]
pub enum JobError {
    /// Worth another attempt, after the backoff or after `after` if that is later (a server's Retry-After).
    Retry {
        /// What went wrong; ids and causes, never what was said.
        message: String,
        /// Not before this.
        after: Option<Duration>,
    },
    /// What the attempt had read was changed by somebody else meanwhile: a race as it is to be expected, and the next
    /// attempt reads anew. Attempts are counted, as with [`JobError::Retry`].
    Overtaken(String),
    /// Another attempt would fail as well: the job is dead at once.
    Abort(String),
    /// Postgres or the bucket was away: no fault of the job's. Run again after a pause, without the attempt being counted.
    Away(String),
    /// Not now: run again after this, without the attempt being counted.
    Snooze(Duration),
    /// The lease was lost: another worker has the job, and what this attempt did was rolled back.
    Stale,
}

impl JobError {
    /// An error that another attempt would meet again.
    pub fn abort(message: impl Display) -> Self {
        Self::Abort(message.to_string())
    }

    /// An error that another attempt may not meet.
    pub fn retry(message: impl Display) -> Self {
        Self::Retry { message: message.to_string(), after: None }
    }

    /// Somebody else was faster.
    pub fn overtaken(message: impl Display) -> Self {
        Self::Overtaken(message.to_string())
    }
}

/// Runs work that keeps a thread busy (parsing, computing) beside the asynchronous ones, of which there are as many as
/// processors: two jobs that compute on them stop the pages, the other jobs and the shutdown.
///
/// # Errors
/// When it panics. Its message is left out: it may quote what was said.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JobError> {
    cuttable(move |_| work()).await
}

/// As [`blocking`], for work that may take minutes. A thread cannot be ended from outside: where the job's time is up, its
/// lease is lost or the process ends, its future is dropped, and the work is told so by its [`Cut`]. It looks at that where
/// a loop begins anew and comes back with whatever it has, which goes nowhere.
///
/// # Errors
/// When it panics. Its message is left out: it may quote what was said.
pub async fn cuttable<T: Send + 'static>(work: impl FnOnce(&Cut) -> T + Send + 'static) -> Result<T, JobError> {
    let cut = Cut::default();
    let _asks = AsksWhenDropped(cut.clone());
    // What has not begun when its future is dropped never does.
    let work = AbortOnDropHandle::new(tokio::task::spawn_blocking(move || work(&cut)));
    work.await.map_err(|_| JobError::retry(PANICKED))
}

/// Runs work that borrows what its caller holds (the rows of an open transaction, say), for seconds at most: this thread
/// lets go of all other tasks meanwhile. What can do without the transaction is [`blocking`]'s.
pub fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        // A single thread has nobody to leave the others to.
        _ => work(),
    }
}

/// Says whether work is done for nobody any more.
#[derive(Clone, Debug, Default)]
pub struct Cut(Arc<AtomicBool>);

impl Cut {
    /// Whether the work is to end: nobody waits for what it gives.
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

/// What is recorded of a panic: its message may quote what was said, so the log has its place in the source instead.
pub(super) const PANICKED: &str = "it panicked: the log of the process says where";

impl<E: std::error::Error + 'static> From<E> for JobError {
    fn from(error: E) -> Self {
        let (mut message, mut is_away) = (String::new(), false);
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(cause) = next {
            let said = cause.to_string();
            // Most messages end with their cause already.
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
