//! The queue: jobs in Postgres, run by apalis workers. The only code that names apalis.
//!
//! A stage sees four things of it: [`Job`] (what a job is), [`Context`] (what a running job has), [`enqueue`] (in the
//! caller's transaction) and [`JobError`] (retry, abort or snooze). A job runs at least once; because its effect and
//! its "done" commit together under its fence, it takes effect once.

mod context;
mod enqueue;
mod job;

pub use context::{Context, Finished, JobInfo};
pub use enqueue::{Enqueued, Options, enqueue, enqueue_with};
pub use job::{Job, JobError, Policy};
