//! Stub: Sends an approved follow-up once its hold is over.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Sends an approved follow-up once its hold is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendFollowUp {
    /// The summary.
    pub summary_id: uuid::Uuid,
    /// Its mail.
    pub mail_id: uuid::Uuid,
}

impl Job for SendFollowUp {
    const KIND: &'static str = "follow_up.send";

    fn unique_key(&self) -> Option<String> {
        Some(self.summary_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}
