//! Stub: Computes and mails a coach's week.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Computes and mails a coach's week.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WeeklyRollup {
    /// The coach.
    pub coach_id: uuid::Uuid,
}

impl Job for WeeklyRollup {
    const KIND: &'static str = "rollup.weekly";

    fn unique_key(&self) -> Option<String> {
        Some(self.coach_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}
