//! The queue: jobs in Postgres, run by apalis workers. The only code that names apalis.
//!
//! A stage uses four parts of it: [`JobArgs`] and [`Job`] (what a job is about, and what it does), [`Context`] (what a
//! running job has), [`enqueue`] (in the caller's transaction) and [`JobError`] (retry, abort, snooze, or Postgres
//! away). A job runs at least once; because its effect and its "done" commit together under its fence, it takes effect
//! once.
//!
//! A process runs [`work`] (or [`drain`]) with a [`Catalogue`]. Inside, a claiming task (`claim`) feeds apalis' worker
//! (`storage`, `worker`); the outermost layer (`finish`) records every end under the fence (`settle`); one heartbeat
//! per process holds the leases (`heartbeat`); any process takes over from the dead (`rescue`) and fires the schedules
//! ([`schedule`]). [`admin`] is for operators.

pub mod admin;
mod catalogue;
mod claim;
mod context;
mod drain;
mod enqueue;
mod finish;
mod flights;
mod heartbeat;
mod job;
mod listen;
mod prune;
mod rescue;
pub mod schedule;
mod settings;
mod settle;
mod state;
mod storage;
mod worker;

pub use catalogue::Catalogue;
pub use context::{Context, Finished, JobInfo};
pub use drain::{Drained, Later, drain};
pub use enqueue::{Enqueued, Options, enqueue, enqueue_with, hasten, reschedule};
pub use job::{Cut, Job, JobArgs, JobError, Policy, blocking, cuttable, in_place};
pub use prune::{Prune, SCHEDULE as PRUNE_SCHEDULE};
pub use settings::{Settings, WorkerSettings};
pub use state::JobState;
pub use worker::{WorkError, work};
