//! Stub: Writes one client's summary of a session.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Writes one client's summary of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SummarizeClient {
    /// The summary, in state due.
    pub summary_id: uuid::Uuid,
}

impl Job for SummarizeClient {
    const KIND: &'static str = "summarize.client";

    fn unique_key(&self) -> Option<String> {
        Some(self.summary_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}

/// What writes summaries; no stage knows which provider runs.
#[derive(Debug)]
pub struct Summarizer {}

impl Summarizer {
    /// Makes the provider that the settings name.
    ///
    /// # Errors
    /// When a setting is missing or cannot be used.
    pub fn new(_settings: &crate::llm::Settings) -> Result<Self, crate::SettingsError> {
        Ok(Self {})
    }
}
