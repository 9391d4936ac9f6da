//! What writes summaries; the stages don't know which provider an organization uses.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    by_model::{self, Team},
    by_passage, by_section,
    draft::{Draft, DraftClaim},
    input::SessionForClient,
    offline, repair, second_reader, shortfall,
    verify::{Verified, verify},
};
use crate::{
    SettingsError,
    db::Db,
    embed,
    llm::{self, AskBy, LlmError, Models, OnBudget, Writers},
    model::{Section, Shortfall, summary::StandsIn},
};

/// Writes summaries.
#[derive(Debug)]
pub struct Summarizer {
    models: Models,
    /// The model with which the offline summariser compares sentences, if there is one.
    local: Option<Arc<embed::Local>>,
}

impl Summarizer {
    /// Sets up the models described by the settings. Nothing is contacted.
    ///
    /// # Errors
    /// If a setting is missing or invalid.
    pub fn new(settings: &llm::Settings) -> Result<Self, SettingsError> {
        Ok(Self { models: Models::new(settings)?, local: None })
    }

    /// Also compares sentences with a local model when working offline.
    #[must_use]
    pub fn with_local(self, local: Option<Arc<embed::Local>>) -> Self {
        Self { local, ..self }
    }

    /// The installation's language models.
    #[must_use]
    pub fn models(&self) -> &Models {
        &self.models
    }

    /// Checks whether the configured models work, and describes them. Sends nothing from any session.
    ///
    /// # Errors
    /// Which setting to check, and what is wrong.
    pub async fn check(&self) -> Result<String, SettingsError> {
        self.models.check().await
    }

    /// Drafts a summary, and says what of it holds; a model has corrected once what didn't. A model whose draft can't be
    /// used is asked again, with small questions; if that is of no use either, the offline summarizer writes in its place.
    /// Must not be called in a transaction: a call takes minutes. What a failed draft has already paid for is kept for
    /// the next attempt.
    ///
    /// # Errors
    /// If there is no draft: see [`LlmError`].
    pub async fn draft(
        &self,
        db: &Db,
        organization: Uuid,
        session_id: Uuid,
        input: &SessionForClient,
    ) -> Result<(Draft, Verified), LlmError> {
        let (write, map) = match self.models.writers(db, organization).await? {
            Writers::Offline => return verified(input, self.offline(input).await?).await,
            Writers::Models { write, map } => (write, map),
        };
        let team = Team { db, organization, session_id, write: &write, map: &map };
        let mut offline = None;
        let why = match self.by_models(&team, input, &mut offline).await {
            Ok(Ok((draft, mut verified))) => {
                if let Some(reader) = self.models.reader(&write) {
                    let on_doubt = self.models.on_doubt();
                    second_reader::read_again(&team, &reader, on_doubt, input, &mut verified).await?;
                }
                return Ok((draft, verified));
            }
            Ok(Err(why)) => why,
            Err(LlmError::Budget(_)) if self.models.on_budget() == OnBudget::Offline => {
                tracing::warn!(target: "summarize", { session.id = %session_id },
                    "The month's budget is used up; the offline summariser writes");
                return verified(input, self.offline(input).await?).await;
            }
            Err(error) => return Err(error),
        };
        tracing::warn!(target: "summarize", { session.id = %session_id, llm.model = write.model(), llm.shortfall = %why },
            "The model's draft can't be used; the offline summarizer writes in its place");
        metrics::counter!("debrief_llm_stand_ins_total", "why" => why.as_str()).increment(1);
        let stands_in = Some(StandsIn { model: write.model().to_owned(), why });
        let offline = match offline {
            Some(offline) => offline,
            None => self.offline(input).await?,
        };
        verified(input, Draft { stands_in, ..offline }).await
    }

    /// What the model drafts, asked as the settings and its abilities have it. If passages were chosen for it offline, that
    /// draft is left in `offline`.
    async fn by_models(
        &self,
        team: &Team<'_>,
        input: &SessionForClient,
        offline: &mut Option<Draft>,
    ) -> Result<Judged, LlmError> {
        let ask_by = team.write.ask_by();
        if matches!(ask_by, AskBy::Auto | AskBy::Session) {
            let shortfall = match judged(team, input, by_model::write(team, input).await).await? {
                Ok(drafted) => return Ok(Ok(drafted)),
                Err(shortfall) => shortfall,
            };
            tracing::info!(target: "summarize", { session.id = %team.session_id, llm.model = team.write.model(), llm.shortfall = %shortfall },
                "The model's draft can't be used");
            // The settings may insist on one question for all.
            if ask_by == AskBy::Session {
                return Ok(Err(shortfall));
            }
        }
        let drafted = if ask_by == AskBy::Section || !input.is_english() {
            judged(team, input, by_section::write(team, input).await).await?
        } else {
            let chosen = offline.insert(self.offline(input).await?).clone();
            // The model only words it: nothing in it needs to be corrected by the model.
            match by_passage::write(team, input, chosen).await {
                Ok(Ok(draft)) => Ok(verified(input, draft).await?),
                Ok(Err(shortfall)) => Err(shortfall),
                Err(error) => Err(shortfall::of_error(&error).ok_or(error)?),
            }
        };
        if drafted.is_ok() {
            team.write.ask_small_questions();
        }
        Ok(drafted)
    }

    /// The offline summariser keeps a thread busy in proportion to the session's length. From the coach's voice it
    /// applies the word replacements to its own wording; it can't follow rules in words or examples.
    pub(crate) async fn offline(&self, input: &SessionForClient) -> Result<Draft, LlmError> {
        let (input, local) = (input.clone(), self.local.clone());
        let write = move || {
            let mut draft = offline::write(&input, local.as_deref());
            // A key quote is all quote, and an open thread is in the words of its own session.
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

/// A draft that can be used, or why neither of the model's two can.
type Judged = Result<(Draft, Verified), Shortfall>;

/// Corrects a draft once, and judges it.
async fn judged(team: &Team<'_>, input: &SessionForClient, draft: Result<Draft, LlmError>) -> Result<Judged, LlmError> {
    let draft = match draft {
        Ok(draft) => repair::repair(team, input, draft).await?,
        Err(error) => return shortfall::of_error(&error).map(Err).ok_or(error),
    };
    let (draft, verified) = verified(input, draft).await?;
    Ok(match shortfall::of(input, &draft, &verified) {
        Some(shortfall) => Err(shortfall),
        None => Ok((draft, verified)),
    })
}

/// What of a draft holds. A long session keeps a thread busy.
async fn verified(input: &SessionForClient, draft: Draft) -> Result<(Draft, Verified), LlmError> {
    let input = input.clone();
    let work = move || {
        let verified = verify(&input, &draft.claims);
        (draft, verified)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| LlmError::Unusable("verifying the draft panicked".into()))
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
