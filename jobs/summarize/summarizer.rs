//! What writes summaries; no stage knows who does for which organization.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    by_model::{self, Team},
    draft::{Draft, DraftClaim},
    input::SessionForClient,
    offline, repair,
};
use crate::{
    SettingsError,
    db::Db,
    embed,
    llm::{self, LlmError, Models, OnBudget, Writers},
    model::Section,
};

/// What writes summaries.
#[derive(Debug)]
pub struct Summarizer {
    models: Models,
    /// The model that the offline summariser compares sentences with, where there is one.
    local: Option<Arc<embed::Local>>,
}

impl Summarizer {
    /// Makes the models that the settings describe. Nothing is contacted.
    ///
    /// # Errors
    /// When a setting is missing or cannot be used.
    pub fn new(settings: &llm::Settings) -> Result<Self, SettingsError> {
        Ok(Self { models: Models::new(settings)?, local: None })
    }

    /// The same, comparing sentences with a local model when it works offline.
    #[must_use]
    pub fn with_local(self, local: Option<Arc<embed::Local>>) -> Self {
        Self { local, ..self }
    }

    /// The language models of the installation.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// Whether the models in use can be used, in words. Sends nothing of any session.
    ///
    /// # Errors
    /// The setting that is to be looked at, and what is wrong.
    pub async fn check(&self) -> Result<String, SettingsError> {
        self.models.check().await
    }

    /// Drafts a summary. Nothing of the draft is verified yet. No transaction may be open: a call takes minutes. What a
    /// draft that fails has paid for is kept for the next attempt.
    ///
    /// # Errors
    /// When there is no draft: see [`LlmError`].
    pub async fn draft(
        &self,
        db: &Db,
        organization: Uuid,
        session_id: Uuid,
        input: &SessionForClient,
    ) -> Result<Draft, LlmError> {
        let (write, map) = match self.models.writers(db, organization).await? {
            Writers::Offline => return self.offline(input).await,
            Writers::Models { write, map } => (write, map),
        };
        let team = Team { db, organization, session_id, write: &write, map: &map };
        match by_model::write(&team, input).await {
            Err(LlmError::Budget(_)) if self.models.on_budget() == OnBudget::Offline => {
                tracing::warn!(target: "summarize", { session.id = %session_id },
                    "The month's budget is used up; the offline summariser writes");
                self.offline(input).await
            }
            drafted => drafted,
        }
    }

    /// Lets the model that wrote the draft correct, once, the claims of it that do not hold. What still does not is left
    /// in the draft, for [`super::verify`] to drop and count. No transaction may be open.
    ///
    /// # Errors
    /// [`LlmError::Waiting`] and [`LlmError::Limited`], when the limits leave no room yet, and when the database does
    /// not answer.
    pub async fn repair(
        &self,
        db: &Db,
        organization: Uuid,
        session_id: Uuid,
        input: &SessionForClient,
        draft: Draft,
    ) -> Result<Draft, LlmError> {
        if draft.provider == llm::OFFLINE {
            return Ok(draft);
        }
        match self.models.writers(db, organization).await? {
            Writers::Offline => Ok(draft),
            Writers::Models { write, map } => {
                let team = Team { db, organization, session_id, write: &write, map: &map };
                repair::repair(&team, input, draft).await
            }
        }
    }

    /// The offline summariser keeps a thread busy for as long as the session is long. Of the coach's voice it follows
    /// the words that are to be replaced, in its own wording; rules in words and examples it cannot follow.
    pub(crate) async fn offline(&self, input: &SessionForClient) -> Result<Draft, LlmError> {
        let (input, local) = (input.clone(), self.local.clone());
        let write = move || {
            let mut draft = offline::write(&input, local.as_deref());
            // A key quote is all quote, and an open thread stands in the words of its own session.
            let worded = |claim: &&mut DraftClaim| !matches!(claim.section, Section::KeyQuotes | Section::OpenThreads);
            for claim in draft.claims.iter_mut().filter(worded) {
                claim.text = input.voice.apply(&claim.text);
            }
            draft
        };
        tokio::task::spawn_blocking(write)
            .await
            .map_err(|_| LlmError::Unusable("the offline summariser panicked".into()))
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
            model: model.map(str::to_owned),
            ..llm::Settings::default()
        };
        let key = |settings: llm::Settings| Summarizer::new(&settings).err().map(|error| error.key.into_owned());
        let wrong = |key: &str| Some(key.to_owned());
        assert_eq!(key(settings("offline", None, None)), None);
        let good = settings("openai", Some("https://llm.example/v1"), Some("m"));
        assert_eq!(key(good.clone()), None);
        assert_eq!(key(settings("opnai", None, Some("m"))), wrong("llm.provider"));
        assert_eq!(key(settings("openai", None, Some("m"))), wrong("llm.url"));
        assert_eq!(key(settings("openai", Some("llm.example/v1"), Some("m"))), wrong("llm.url"));
        assert_eq!(key(settings("openai", Some("https://llm.example/v1"), Some(""))), wrong("llm.model"));
        assert_eq!(key(settings("gemini", None, Some("m"))), wrong("llm.api_key"));

        let with = |change: &dyn Fn(&mut llm::Settings)| {
            let mut settings = good.clone();
            change(&mut settings);
            key(settings)
        };
        let cheap = llm::ModelSettings { model: Some("small".into()), ..llm::ModelSettings::default() };
        let models = |settings: &mut llm::Settings, cheap: llm::ModelSettings| {
            settings.models.insert("cheap".into(), cheap);
            settings.tasks.map = Some("cheap".into());
        };
        assert_eq!(with(&|settings| models(settings, cheap.clone())), None, "the same endpoint, another model");
        assert_eq!(with(&|settings| settings.tasks.map = Some("cheap".into())), wrong("llm.tasks.map"));
        assert_eq!(with(&|settings| settings.tasks.write = Some("best".into())), wrong("llm.tasks.write"));
        let other = llm::ModelSettings { provider: Some("anthropic".into()), ..cheap.clone() };
        assert_eq!(
            with(&|settings| {
                settings.api_key = Some("for the first".into());
                models(settings, other.clone());
            }),
            wrong("llm.models.cheap.api_key"),
            "one endpoint's key does not go to another"
        );
        let endless = llm::ModelSettings { requests_per_minute: Some(0.0), ..cheap.clone() };
        let key = with(&|settings| models(settings, endless.clone()));
        assert_eq!(key, wrong("llm.models.cheap.requests_per_minute"));
        assert_eq!(with(&|settings| settings.budget = Some(20.0)), wrong("llm.input_price"), "a budget needs prices");
        let named = with(&|settings| drop(settings.models.insert("offline".into(), cheap.clone())));
        assert_eq!(named, wrong("llm.models.offline"));
    }
}
