//! The catalogue: which kinds of job a process knows, in order, each with its policy and its runner.
//!
//! A process claims the kinds of its catalogue only, so old and new binaries run side by side.

use futures::future::BoxFuture;
use serde_json::Value;

use super::{Context, Finished, Job, JobError, Policy};

/// What the worker knows of a kind of job, its type erased.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// [`Job::KIND`].
    pub(super) name: &'static str,
    /// [`Job::POLICY`].
    pub(super) policy: Policy,
    /// Decodes the arguments and runs the job.
    pub(super) run: fn(Value, Context) -> BoxFuture<'static, Result<Finished, JobError>>,
    /// Decodes the arguments and calls [`Job::on_dead`].
    pub(super) on_dead: fn(Value, Context, String) -> BoxFuture<'static, Result<(), JobError>>,
}

/// The kinds of job that a process knows, in the order of their path.
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

    /// Adds a kind of job; the first registration of a name counts.
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        if self.find(J::KIND).is_none() {
            self.kinds.push(Kind { name: J::KIND, policy: J::POLICY, run: run::<J>, on_dead: on_dead::<J> });
        }
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

fn run<J: Job>(args: Value, ctx: Context) -> BoxFuture<'static, Result<Finished, JobError>> {
    Box::pin(async move { decode::<J>(args)?.run(&ctx).await })
}

fn on_dead<J: Job>(args: Value, ctx: Context, error: String) -> BoxFuture<'static, Result<(), JobError>> {
    Box::pin(async move { decode::<J>(args)?.on_dead(&ctx, &error).await })
}
