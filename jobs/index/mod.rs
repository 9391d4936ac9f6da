//! Stub: Makes a session's utterances searchable.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Makes a session's utterances searchable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexSession {
    /// The session.
    pub session_id: uuid::Uuid,
}

impl Job for IndexSession {
    const KIND: &'static str = "index.session";

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}

/// Who embeds chunks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `hashed` or `openai` (any OpenAI-compatible endpoint).
    pub embedder: String,
    /// The endpoint's base URL, up to and without `/embeddings`.
    pub url: Option<String>,
    /// Its key, where it wants one.
    pub api_key: Option<secrecy::SecretString>,
    /// Its model.
    pub model: Option<String>,
    /// The model's dimensions.
    pub dimensions: Option<u32>,
}

/// What turns chunks into vectors.
#[derive(Debug)]
pub struct Embedder {}

impl Embedder {
    /// Makes the embedder that the settings name.
    ///
    /// # Errors
    /// When a setting is missing or cannot be used.
    pub fn new(_settings: &Settings) -> Result<Self, crate::SettingsError> {
        Ok(Self {})
    }
}

/// Makes a version of a summary searchable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexSummary {
    /// The summary.
    pub summary_id: uuid::Uuid,
    /// The version that is to be found; an older one is not.
    pub version: i32,
}

impl Job for IndexSummary {
    const KIND: &'static str = "index.summary";

    fn unique_key(&self) -> Option<String> {
        Some(format!("{}:{}", self.summary_id, self.version))
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}
