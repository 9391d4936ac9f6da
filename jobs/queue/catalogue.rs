//! The catalogue: the kinds of job a process knows, in order, each with its policy and runner.
//!
//! A process claims only the kinds in its catalogue, so old and new binaries can run side by side.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use serde_json::Value;

use super::{Context, Finished, Job, JobError, JobInfo, Policy};
use crate::db::Db;

/// Decodes the arguments and runs the job.
type Run = dyn Fn(Value, Db, JobInfo) -> BoxFuture<'static, Result<Finished, JobError>> + Send + Sync;
/// Decodes the arguments and calls [`Job::on_dead`].
type OnDead = dyn Fn(Value, Db, JobInfo, String) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync;

/// What the worker knows about a kind of job, with its type erased.
#[derive(Clone)]
pub(super) struct Kind {
    /// [`Job::KIND`].
    pub(super) name: &'static str,
    /// [`Job::POLICY`].
    pub(super) policy: Policy,
    pub(super) run: Arc<Run>,
    pub(super) on_dead: Arc<OnDead>,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kind").field("name", &self.name).field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// The kinds of job that a process knows.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    kinds: Vec<Kind>,
}

impl Catalogue {
    /// Creates an empty catalogue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind of job and what it needs.
    ///
    /// # Panics
    /// Panics if the catalogue has a kind of this name: one of the two would never run.
    #[must_use]
    pub fn with<J: Job>(mut self, needs: Arc<J::Needs>) -> Self {
        assert!(self.find(J::KIND).is_none(), "two kinds of job have the name {}", J::KIND);
        let (for_run, for_death) = (Arc::clone(&needs), needs);
        self.kinds.push(Kind {
            name: J::KIND,
            policy: J::POLICY,
            run: Arc::new(move |args, db, info| {
                let ctx = Context::new(Arc::clone(&for_run), db, info);
                Box::pin(async move { decode::<J>(args)?.run(&ctx).await })
            }),
            on_dead: Arc::new(move |args, db, info, error| {
                let ctx = Context::new(Arc::clone(&for_death), db, info);
                Box::pin(async move { decode::<J>(args)?.on_dead(&ctx, &error).await })
            }),
        });
        self
    }

    /// Keeps only the kind of `J`.
    #[must_use]
    pub fn only<J: Job>(mut self) -> Self {
        self.kinds.retain(|kind| kind.name == J::KIND);
        self
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.kinds.iter().map(|kind| kind.name.to_owned()).collect()
    }

    pub(super) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    pub(super) fn find(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }
}

fn decode<J: Job>(args: Value) -> Result<J, JobError> {
    serde_json::from_value(args).map_err(|error| JobError::abort(format!("its arguments cannot be read: {error}")))
}
