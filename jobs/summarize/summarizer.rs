//! What writes summaries; no stage knows which provider runs.

use super::{draft::Draft, input::SessionForClient, offline};
use crate::{
    SettingsError,
    llm::{self, LlmError},
};

/// What writes summaries.
#[derive(Debug)]
pub struct Summarizer {
    provider: Provider,
}

#[derive(Debug)]
enum Provider {
    Offline,
}

impl Summarizer {
    /// Makes the provider that the settings name.
    ///
    /// # Errors
    /// When a setting is missing or cannot be used.
    pub fn new(settings: &llm::Settings) -> Result<Self, SettingsError> {
        let provider = match settings.provider.as_str() {
            "offline" => Provider::Offline,
            other => {
                return Err(SettingsError::new(
                    "llm.provider",
                    format!("{other:?} is no provider; use offline or openai"),
                ));
            }
        };
        Ok(Self { provider })
    }

    /// Drafts a summary. Nothing of the draft is verified yet.
    ///
    /// # Errors
    /// When the provider gives no draft: see [`LlmError`].
    pub async fn draft(&self, input: &SessionForClient) -> Result<Draft, LlmError> {
        match &self.provider {
            Provider::Offline => Ok(offline::write(input)),
        }
    }
}
