//! Turns texts into vectors, for search and for the offline summarizer: a local model, any OpenAI-compatible endpoint,
//! or hashed words. The stages don't know which.
//!
//! Reads the local model's folder; writes nothing. The same text has the same vector, so a rerun changes nothing.

mod endpoint;
mod hashed;
mod local;

use std::{path::PathBuf, sync::Arc, time::Duration};

use secrecy::SecretString;
use serde::Deserialize;

use crate::{
    SettingsError,
    network::Hosts,
    queue::{Cut, JobError, cuttable},
};

pub use endpoint::OpenAi;
pub use local::{FILES, Local, LocalError, NAME};

/// The embedder to use.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `auto` (the endpoint if one is set, else the local model if installed, else hashed words), `local`, `openai`
    /// (any OpenAI-compatible endpoint) or `hashed`.
    pub embedder: String,
    /// The folder of the local model.
    #[serde(default)]
    pub local_folder: PathBuf,
    /// The endpoint's base URL, without `/embeddings`.
    pub url: Option<String>,
    /// Its API key, if it needs one.
    pub api_key: Option<SecretString>,
    /// Its model.
    pub model: Option<String>,
    /// The model's dimensions.
    pub dimensions: Option<u32>,
    /// Hosts that may be reached over `http://`, besides those that are near.
    #[serde(skip)]
    pub private_hosts: Hosts,
}

/// Turns chunks into vectors.
#[derive(Debug)]
pub enum Embedder {
    /// Hashed words: needs nothing.
    Hashed,
    /// A model on this machine.
    Local(Arc<Local>),
    /// An endpoint that speaks `POST {url}/embeddings`.
    OpenAi(OpenAi),
}

/// Why texts could not be embedded.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// It may work later.
    #[error("the embedder failed: {message}")]
    Later {
        /// What went wrong.
        message: String,
        /// Its Retry-After.
        after: Option<Duration>,
    },
    /// The endpoint rejects the request, and would do so again.
    #[error(
        "the embeddings endpoint rejects the request: {0}. Check index.url, index.api_key, index.model and \
             index.dimensions"
    )]
    Refused(String),
    /// The local model can't be used.
    #[error(transparent)]
    Local(#[from] LocalError),
}

impl EmbedError {
    /// The job error.
    pub(crate) fn into_job_error(self) -> JobError {
        match self {
            Self::Later { ref message, after } => JobError::Retry { message: format!("embeddings: {message}"), after },
            Self::Refused(_) | Self::Local(_) => JobError::abort(self),
        }
    }
}

impl Settings {
    /// The local model, if its folder contains one and the settings don't require hashed words. Not loaded yet.
    #[must_use]
    pub fn local(&self) -> Option<Arc<Local>> {
        if self.embedder == "hashed" { None } else { Local::find(&self.local_folder).map(Arc::new) }
    }
}

impl Embedder {
    /// Creates the embedder that the settings name. Doesn't contact or load anything. For `https` the process must have
    /// installed its TLS provider.
    ///
    /// # Errors
    /// Returns an error if a setting is missing or invalid.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Self::with_local(settings, settings.local())
    }

    /// Like [`Embedder::new`], with the model found by [`Settings::local`], so that two users load it once.
    ///
    /// # Errors
    /// Returns an error if a setting is missing or invalid.
    pub fn with_local(settings: &Settings, local: Option<Arc<Local>>) -> Result<Self, SettingsError> {
        match (settings.embedder.as_str(), local) {
            ("hashed", _) => Ok(Self::Hashed),
            ("openai", _) => OpenAi::new(settings).map(Self::OpenAi),
            ("auto", _) if settings.url.is_some() => OpenAi::new(settings).map(Self::OpenAi),
            ("auto", None) => Ok(Self::Hashed),
            ("auto" | "local", Some(local)) => Ok(Self::Local(local)),
            ("local", None) => {
                let folder = settings.local_folder.display();
                let problem = format!("there is no model in {folder}: download it with `debrief models get`");
                Err(SettingsError::new("index.embedder", problem))
            }
            _ => Err(SettingsError::new("index.embedder", "it isn't one of `auto`, `local`, `openai` and `hashed`")),
        }
    }

    /// The name under which its vectors are stored: the model and its dimensions. Only vectors with the same name are
    /// compared.
    #[must_use]
    pub fn model(&self) -> &str {
        match self {
            Self::Hashed => hashed::MODEL,
            Self::Local(_) => local::MODEL,
            Self::OpenAi(endpoint) => endpoint.stored_as(),
        }
    }

    /// The dimensions of its vectors.
    #[must_use]
    pub fn dimensions(&self) -> u32 {
        match self {
            Self::Hashed => hashed::DIMENSIONS as u32,
            Self::Local(_) => local::DIMENSIONS as u32,
            Self::OpenAi(endpoint) => endpoint.dimensions(),
        }
    }

    /// Texts with a cosine similarity below this are unrelated.
    pub(crate) fn least_similarity(&self) -> f64 {
        match self {
            // Measured on long calls: one unrelated chunk in a hundred reaches this, and so do most forms of a word.
            Self::Hashed => 0.1,
            Self::Local(_) | Self::OpenAi(_) => 0.2,
        }
    }

    /// Embeds `texts`, in order.
    ///
    /// # Errors
    /// See [`EmbedError`]; the hashed embedder never fails.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        match self {
            Self::Hashed => {
                let texts = texts.to_vec();
                beside(move |cut| {
                    Ok(texts.iter().take_while(|_| !cut.is_asked()).map(|text| hashed::embed(text)).collect())
                })
                .await
            }
            Self::Local(local) => {
                let (local, texts) = (Arc::clone(local), texts.to_vec());
                beside(move |cut| {
                    let parts = texts.chunks(PART).take_while(|_| !cut.is_asked());
                    Ok(parts.map(|part| local.embed(part)).collect::<Result<Vec<_>, _>>()?.concat())
                })
                .await
            }
            Self::OpenAi(endpoint) => endpoint.embed(texts).await,
        }
    }

    /// Checks whether it can be used, and describes it. Loads the local model, but contacts no endpoint.
    ///
    /// # Errors
    /// Returns what is wrong with the local model.
    pub async fn check(&self) -> Result<String, EmbedError> {
        match self {
            Self::Hashed => {
                Ok("hashed words (`debrief models get` downloads a model that knows what words mean)".into())
            }
            Self::Local(local) => {
                let folder = local.folder().display().to_string();
                self.embed(&["It works.".to_owned()]).await?;
                Ok(format!("{} in {folder}", local::NAME))
            }
            Self::OpenAi(endpoint) => Ok(format!("the endpoint of index.url, {}", endpoint.stored_as())),
        }
    }
}

/// How many texts a local model embeds before it checks whether anyone is still waiting.
const PART: usize = 1024;

/// Runs CPU-bound work where it doesn't block others.
async fn beside(
    embed: impl FnOnce(&Cut) -> Result<Vec<Vec<f32>>, EmbedError> + Send + 'static,
) -> Result<Vec<Vec<f32>>, EmbedError> {
    cuttable(embed).await.map_err(|_| EmbedError::Later { message: "it panicked".into(), after: None })?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_choose_the_embedder() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = |embedder: &str, url: Option<&str>| Settings {
            embedder: embedder.into(),
            local_folder: folder.path().to_owned(),
            url: url.map(str::to_owned),
            api_key: None,
            model: Some("m".into()),
            dimensions: Some(8),
            private_hosts: Hosts::default(),
        };
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = Some("http://127.0.0.1:9/v1");
        let made = |embedder: &str, url| Embedder::new(&settings(embedder, url)).map(|it| it.model().to_owned());
        let chosen = |embedder: &str, url| made(embedder, url).map_err(|error| error.key.to_string());
        assert_eq!(chosen("auto", None), Ok("hashed-512".into()));
        assert_eq!(chosen("auto", url), Ok("m-8".into()));
        assert_eq!(chosen("local", None), Err("index.embedder".into()));
        assert_eq!(chosen("openai", None), Err("index.url".into()));
        assert_eq!(chosen("hashd", None), Err("index.embedder".into()));
        for file in FILES {
            std::fs::write(folder.path().join(file), "").expect("a file");
        }
        assert_eq!(chosen("auto", None), Ok("all-MiniLM-L6-v2-384".into()));
        assert_eq!(chosen("auto", url), Ok("m-8".into()), "an endpoint is named on purpose");
        assert_eq!(chosen("local", url), Ok("all-MiniLM-L6-v2-384".into()));
        assert_eq!(chosen("hashed", None), Ok("hashed-512".into()));
        assert!(settings("hashed", None).local().is_none() && settings("openai", url).local().is_some());
    }
}
