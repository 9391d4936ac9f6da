//! The settings of language models: one model, or several by name, their tasks, limits and budgets.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;

use crate::{SettingsError, network::Hosts};

/// The name of the model described by the keys of `[llm]` itself.
pub const DEFAULT: &str = "default";
/// The name of the offline summarizer, which is always available.
pub const OFFLINE: &str = "offline";

/// The default timeout of a call, in seconds.
const TIMEOUT_SECONDS: u64 = 120;
/// The default number of characters of a transcript per call: about 12,000 tokens.
const PART_CHARACTERS: usize = 48_000;

/// Who writes summaries: the section `[llm]`. Its own keys describe the model named `default`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `offline`, or one of the providers in `jobs/llm/`.
    pub provider: String,
    /// The endpoint's base URL.
    pub url: Option<String>,
    /// Its API key, if it needs one.
    pub api_key: Option<SecretString>,
    /// Its model; on Azure the deployment.
    pub model: Option<String>,
    /// Azure's API version.
    pub api_version: Option<String>,
    /// The timeout of a call, in seconds.
    pub timeout_seconds: Option<u64>,
    /// The number of characters of a transcript per call; longer sessions are summarized in parts.
    pub part_characters: Option<usize>,
    /// The longest answer, in tokens.
    pub max_output_tokens: Option<u32>,
    /// Requests per minute, across all processes.
    pub requests_per_minute: Option<f64>,
    /// Tokens per minute, sent and received, across all processes.
    pub tokens_per_minute: Option<f64>,
    /// How a session is asked about.
    pub ask_by: Option<AskBy>,
    /// The price per million input tokens, in US dollars.
    pub input_price: Option<f64>,
    /// The price per million cached input tokens, in US dollars.
    pub cached_price: Option<f64>,
    /// The price per million output tokens, in US dollars.
    pub output_price: Option<f64>,
    /// The maximum monthly cost of an organization's calls, in US dollars, if it has no budget of its own.
    pub budget: Option<f64>,
    /// What happens to a summary when the budget is used up.
    #[serde(default)]
    pub on_budget: OnBudget,
    /// What happens to a sentence that the second reader doubts.
    #[serde(default)]
    pub on_doubt: OnDoubt,
    /// Which model does what.
    #[serde(default)]
    pub tasks: Tasks,
    /// More models, by name.
    #[serde(default)]
    pub models: BTreeMap<String, ModelSettings>,
    /// Hosts that may be reached over `http://`, besides those that are near.
    #[serde(skip)]
    pub private_hosts: Hosts,
}

/// Which model does what, by name: `[llm.tasks]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    /// Writes summaries, and chooses among the claims of a long session's parts.
    pub write: Option<String>,
    /// Reads the parts of a long session; defaults to the writing model.
    pub map: Option<String>,
    /// Reads each sentence a second time, with the words it cites; nobody does if it isn't set.
    pub check: Option<String>,
}

/// How a model is asked about a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskBy {
    /// In one call, or one per part; from the first summary that can't be used, passage by passage, or section by section
    /// in languages in which passages can't be chosen offline.
    #[default]
    Auto,
    /// In one call, or one per part.
    Session,
    /// Section by section: more calls with small answers.
    Section,
    /// The offline summarizer chooses passages, and the model words each: for small models.
    Passage,
}

/// What happens to a sentence if the second reader finds that its words don't say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDoubt {
    /// Its words stand in its place.
    #[default]
    Quote,
    /// It's left out.
    Drop,
    /// The coach is shown that it's doubted.
    Show,
}

/// What happens to a summary when the month's budget is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBudget {
    /// It fails, with the reason.
    #[default]
    Fail,
    /// The offline summariser writes it.
    Offline,
}

/// Another model: `[llm.models.NAME]`. The keys mean the same as in `[llm]`. One that names neither provider nor URL is
/// another model of the same endpoint, with the same key and timeout.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each means what it means in `Settings`")]
pub struct ModelSettings {
    pub provider: Option<String>,
    pub url: Option<String>,
    pub api_key: Option<SecretString>,
    pub model: Option<String>,
    pub api_version: Option<String>,
    pub timeout_seconds: Option<u64>,
    pub part_characters: Option<usize>,
    pub max_output_tokens: Option<u32>,
    pub ask_by: Option<AskBy>,
    pub requests_per_minute: Option<f64>,
    pub tokens_per_minute: Option<f64>,
    pub input_price: Option<f64>,
    pub cached_price: Option<f64>,
    pub output_price: Option<f64>,
}

/// A model with everything that its client needs.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// Its name.
    pub(super) name: String,
    /// The section of its settings: `llm` or `llm.models.NAME`.
    pub(super) section: String,
    pub(super) provider: String,
    pub(super) url: Option<String>,
    pub(super) api_key: Option<SecretString>,
    pub(super) model: Option<String>,
    pub(super) api_version: Option<String>,
    pub(super) timeout_seconds: u64,
    pub(super) part_characters: usize,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) ask_by: AskBy,
    pub(super) requests_per_minute: Option<f64>,
    pub(super) tokens_per_minute: Option<f64>,
    pub(super) input_price: Option<f64>,
    pub(super) cached_price: Option<f64>,
    pub(super) output_price: Option<f64>,
}

impl Settings {
    /// All configured models: `default` first (unless it is the offline summarizer), then the named ones.
    ///
    /// # Errors
    /// Returns the first invalid key.
    pub(super) fn profiles(&self) -> Result<Vec<Profile>, SettingsError> {
        let own = ModelSettings {
            provider: Some(self.provider.clone()),
            url: self.url.clone(),
            api_key: self.api_key.clone(),
            model: self.model.clone(),
            api_version: self.api_version.clone(),
            timeout_seconds: self.timeout_seconds,
            part_characters: self.part_characters,
            max_output_tokens: self.max_output_tokens,
            ask_by: self.ask_by,
            requests_per_minute: self.requests_per_minute,
            tokens_per_minute: self.tokens_per_minute,
            input_price: self.input_price,
            cached_price: self.cached_price,
            output_price: self.output_price,
        };
        let mut profiles = Vec::new();
        if self.provider != OFFLINE {
            profiles.push(self.profile(DEFAULT, "llm".into(), &own)?);
        }
        for (name, model) in &self.models {
            let section = format!("llm.models.{name}");
            let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            if !plain || [DEFAULT, OFFLINE].contains(&name.as_str()) {
                return Err(SettingsError::new(
                    section,
                    "cannot be the name of a model: use letters, digits, - and _; default is what [llm] itself describes, and offline needs no settings",
                ));
            }
            profiles.push(self.profile(name, section, model)?);
        }
        Ok(profiles)
    }

    fn profile(&self, name: &str, section: String, model: &ModelSettings) -> Result<Profile, SettingsError> {
        let key = |key: &str| format!("{section}.{key}");
        // A key must not be sent to an address it wasn't meant for.
        let same_endpoint = model.provider.is_none() && model.url.is_none();
        let inherit = |own: &Option<String>, general: &Option<String>| {
            own.clone().or_else(|| if same_endpoint { general.clone() } else { None }).filter(|text| !text.is_empty())
        };
        let provider = match &model.provider {
            Some(provider) => provider.clone(),
            None if same_endpoint && self.provider != OFFLINE => self.provider.clone(),
            None => return Err(SettingsError::new(key("provider"), "is missing: say who serves this model")),
        };
        for (name, value) in
            [("requests_per_minute", model.requests_per_minute), ("tokens_per_minute", model.tokens_per_minute)]
        {
            if value.is_some_and(|value| !value.is_finite() || value <= 0.0) {
                return Err(SettingsError::new(key(name), "must be more than 0; leave it out where there is no limit"));
            }
        }
        for (name, value) in [
            ("input_price", model.input_price),
            ("cached_price", model.cached_price),
            ("output_price", model.output_price),
        ] {
            if value.is_some_and(|value| !value.is_finite() || value < 0.0) {
                return Err(SettingsError::new(key(name), "must be 0 or more; leave it out where it is not known"));
            }
        }
        if model.max_output_tokens == Some(0) {
            return Err(SettingsError::new(key("max_output_tokens"), "must be 1 or more"));
        }
        let timeout = model.timeout_seconds.or(if same_endpoint { self.timeout_seconds } else { None });
        Ok(Profile {
            name: name.to_owned(),
            provider,
            url: inherit(&model.url, &self.url),
            api_key: model.api_key.clone().or_else(|| if same_endpoint { self.api_key.clone() } else { None }),
            model: model.model.clone().filter(|model| !model.is_empty()),
            api_version: inherit(&model.api_version, &self.api_version),
            timeout_seconds: timeout.unwrap_or(TIMEOUT_SECONDS).max(1),
            part_characters: model.part_characters.unwrap_or(PART_CHARACTERS),
            max_output_tokens: model.max_output_tokens,
            ask_by: model.ask_by.unwrap_or_default(),
            requests_per_minute: model.requests_per_minute,
            tokens_per_minute: model.tokens_per_minute,
            input_price: model.input_price,
            cached_price: model.cached_price,
            output_price: model.output_price,
            section,
        })
    }
}

impl Profile {
    /// A problem with one of its keys.
    pub(super) fn wrong(&self, key: &str, problem: impl std::fmt::Display) -> SettingsError {
        SettingsError::new(format!("{}.{key}", self.section), problem)
    }
}
