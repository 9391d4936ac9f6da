//! What writes summaries; no stage knows which provider runs.

use std::sync::Arc;

use uuid::Uuid;

use super::{by_model, draft::Draft, input::SessionForClient, offline, prompt};
use crate::{
    SettingsError,
    db::Db,
    embed,
    llm::{self, Call, LlmError},
};

/// What writes summaries.
#[derive(Debug)]
pub struct Summarizer {
    provider: Provider,
    /// The model that the offline summariser compares sentences with, where there is one.
    local: Option<Arc<embed::Local>>,
}

/// A new provider is a variant here and a file of its own.
#[derive(Debug)]
enum Provider {
    Offline,
    OpenAi { client: Box<llm::Client>, part_characters: usize },
}

impl Summarizer {
    /// Makes the provider that the settings name.
    ///
    /// # Errors
    /// When a setting is missing or cannot be used.
    pub fn new(settings: &llm::Settings) -> Result<Self, SettingsError> {
        let provider = match settings.provider.as_str() {
            "offline" => Provider::Offline,
            "openai" => Provider::OpenAi {
                client: Box::new(llm::Client::new(settings)?),
                part_characters: settings.part_characters.unwrap_or(by_model::PART_CHARACTERS),
            },
            other => {
                let problem = format!("{other:?} is no provider; use offline or openai");
                return Err(SettingsError::new("llm.provider", problem));
            }
        };
        Ok(Self { provider, local: None })
    }

    /// The same, comparing sentences with a local model when it works offline.
    #[must_use]
    pub fn with_local(self, local: Option<Arc<embed::Local>>) -> Self {
        Self { local, ..self }
    }

    /// Whether the provider can be used, in words. Sends nothing of any session.
    ///
    /// # Errors
    /// The setting that is to be looked at, and what is wrong.
    pub async fn check(&self) -> Result<String, SettingsError> {
        match &self.provider {
            Provider::Offline => Ok("offline, which needs nothing".into()),
            Provider::OpenAi { client, .. } => client.check().await,
        }
    }

    /// Drafts a summary. Nothing of the draft is verified yet. No transaction may be open: a call takes minutes.
    ///
    /// # Errors
    /// When the provider gives no draft: see [`LlmError`].
    pub async fn draft(
        &self,
        db: &Db,
        organization: Uuid,
        session_id: Uuid,
        input: &SessionForClient,
    ) -> Result<Draft, LlmError> {
        match &self.provider {
            Provider::Offline => {
                // It keeps a thread busy for as long as the session is long.
                let (input, local) = (input.clone(), self.local.clone());
                tokio::task::spawn_blocking(move || offline::write(&input, local.as_deref()))
                    .await
                    .map_err(|_| LlmError::Unusable("the offline summariser panicked".into()))
            }
            Provider::OpenAi { client, part_characters } => {
                let call = Call {
                    db,
                    organization,
                    session_id: Some(session_id),
                    task: "summarize",
                    prompt_version: &prompt::VERSION,
                };
                by_model::write(client, &call, input, *part_characters).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_cannot_be_used_is_named() {
        let settings = |provider: &str, url: Option<&str>, model: Option<&str>| llm::Settings {
            provider: provider.into(),
            url: url.map(str::to_owned),
            api_key: None,
            model: model.map(str::to_owned),
            timeout_seconds: 60,
            part_characters: None,
            input_price: None,
            cached_price: None,
            output_price: None,
        };
        let key = |settings: llm::Settings| Summarizer::new(&settings).err().map(|error| error.key);
        assert_eq!(key(settings("offline", None, None)), None);
        assert_eq!(key(settings("openai", Some("https://llm.example/v1"), Some("m"))), None);
        assert_eq!(key(settings("opnai", None, None)), Some("llm.provider"));
        assert_eq!(key(settings("openai", None, Some("m"))), Some("llm.url"));
        assert_eq!(key(settings("openai", Some("llm.example/v1"), Some("m"))), Some("llm.url"));
        assert_eq!(key(settings("openai", Some("https://llm.example/v1"), Some(""))), Some("llm.model"));
    }
}
