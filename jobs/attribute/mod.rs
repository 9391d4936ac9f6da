//! Stub: Finds out who speaks in a session.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Finds out who speaks in a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttributeSession {
    /// The session.
    pub session_id: uuid::Uuid,
}

impl Job for AttributeSession {
    const KIND: &'static str = "attribute.session";

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}
