//! The catalogue: which kinds of job a process knows, in order, each with its policy and its runner.
//!
//! A process claims the kinds of its catalogue only, so old and new binaries run side by side.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use serde_json::Value;

use super::{Context, Finished, Job, JobError, JobInfo, Policy};
use crate::db::Db;

/// Decodes the arguments and runs the job.
type Run = dyn Fn(Value, Db, JobInfo) -> BoxFuture<'static, Result<Finished, JobError>> + Send + Sync;
/// Decodes the arguments and calls [`Job::on_dead`].
type OnDead = dyn Fn(Value, Db, JobInfo, String) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync;

/// What the worker knows of a kind of job, its type erased.
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
    /// One that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind of job, with what it needs.
    ///
    /// # Panics
    /// When there is a kind of this name already: one of the two would never run.
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

    /// Of all these kinds the one of `J`.
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
