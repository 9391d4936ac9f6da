//! Stub: Finds sessions whose next step has no job.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Finds sessions whose next step has no job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reconcile {}

impl Job for Reconcile {
    const KIND: &'static str = "reconcile";

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}
