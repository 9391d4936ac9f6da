//! Stub: Parses one transcript into utterances.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Parses one transcript into utterances.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParseTranscript {
    /// The transcript.
    pub transcript_id: uuid::Uuid,
}

impl Job for ParseTranscript {
    const KIND: &'static str = "parse.transcript";

    fn unique_key(&self) -> Option<String> {
        Some(self.transcript_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}
