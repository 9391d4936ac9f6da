//! What turns texts into vectors: the hashed embedder, or any OpenAI-compatible endpoint. No stage knows which.

use std::time::Duration;

use reqwest::{StatusCode, header::RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::hashed;
use crate::{SettingsError, queue::JobError};

/// Texts in one call.
const BATCH: usize = 64;
/// pgvector indexes a halfvec of at most so many dimensions.
const MOST_DIMENSIONS: u32 = 4000;

/// Who embeds chunks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `hashed` or `openai` (any OpenAI-compatible endpoint).
    pub embedder: String,
    /// The endpoint's base URL, up to and without `/embeddings`.
    pub url: Option<String>,
    /// Its key, where it wants one.
    pub api_key: Option<SecretString>,
    /// Its model.
    pub model: Option<String>,
    /// The model's dimensions.
    pub dimensions: Option<u32>,
}

/// What turns chunks into vectors.
#[derive(Debug)]
pub enum Embedder {
    /// Hashed words, offline: the default.
    Hashed,
    /// An endpoint that speaks `POST {url}/embeddings`.
    OpenAi(OpenAi),
}

/// An OpenAI-compatible endpoint.
#[derive(Debug)]
pub struct OpenAi {
    client: reqwest::Client,
    url: String,
    api_key: Option<SecretString>,
    model: String,
    dimensions: u32,
    stored_as: String,
}

/// Why texts could not be embedded.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The endpoint may do it later: not before this, where it says so.
    #[error("the embeddings endpoint failed: {message}")]
    Later {
        /// What went wrong.
        message: String,
        /// Its Retry-After.
        after: Option<Duration>,
    },
    /// The endpoint refuses, and would again.
    #[error("the embeddings endpoint refuses: {0}. Check index.url, index.api_key, index.model and index.dimensions")]
    Refused(String),
}

impl EmbedError {
    /// What a job makes of it.
    pub(super) fn into_job_error(self) -> JobError {
        match self {
            Self::Later { ref message, after } => JobError::Retry { message: format!("embeddings: {message}"), after },
            Self::Refused(_) => JobError::abort(self),
        }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: &'a [String],
    dimensions: u32,
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Response {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: usize,
    embedding: Vec<f32>,
}

impl Embedder {
    /// Makes the embedder that the settings name. Nothing is contacted. For `https` the process must have installed
    /// its TLS provider.
    ///
    /// # Errors
    /// When a setting is missing or cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        match settings.embedder.as_str() {
            "hashed" => Ok(Self::Hashed),
            "openai" => OpenAi::new(settings).map(Self::OpenAi),
            other => Err(SettingsError::new("index.embedder", format!("`{other}` is neither `hashed` nor `openai`"))),
        }
    }

    /// The name that its vectors are stored under: the model and its dimensions. Vectors of different names are
    /// never compared.
    #[must_use]
    pub fn model(&self) -> &str {
        match self {
            Self::Hashed => hashed::MODEL,
            Self::OpenAi(endpoint) => &endpoint.stored_as,
        }
    }

    /// The dimensions of its vectors.
    #[must_use]
    pub fn dimensions(&self) -> u32 {
        match self {
            Self::Hashed => hashed::DIMENSIONS as u32,
            Self::OpenAi(endpoint) => endpoint.dimensions,
        }
    }

    /// Texts whose cosine similarity is below this have nothing to do with each other.
    pub(super) fn least_similarity(&self) -> f64 {
        match self {
            // Measured on long calls: one unrelated chunk in a hundred reaches this, and most forms of a word do.
            Self::Hashed => 0.1,
            Self::OpenAi(_) => 0.2,
        }
    }

    /// The vectors of `texts`, in order.
    ///
    /// # Errors
    /// See [`EmbedError`]; the hashed embedder has none.
    pub async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        match self {
            Self::Hashed => {
                let texts = texts.to_vec();
                let embedded = move || texts.iter().map(|text| hashed::embed(text)).collect();
                tokio::task::spawn_blocking(embedded)
                    .await
                    .map_err(|_| EmbedError::Later { message: "the hashed embedder panicked".into(), after: None })
            }
            Self::OpenAi(endpoint) => {
                let mut vectors = Vec::with_capacity(texts.len());
                for batch in texts.chunks(BATCH) {
                    vectors.extend(endpoint.call(batch).await?);
                }
                Ok(vectors)
            }
        }
    }
}

impl OpenAi {
    fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let needed = |key, what: &str| SettingsError::new(key, format!("the embedder `openai` needs {what}"));
        let url = settings.url.as_deref().ok_or_else(|| needed("index.url", "the endpoint's base URL"))?;
        url::Url::parse(url).map_err(|error| SettingsError::new("index.url", error))?;
        let model = settings.model.clone().ok_or_else(|| needed("index.model", "a model"))?;
        let dimensions =
            settings.dimensions.ok_or_else(|| needed("index.dimensions", "the dimensions of the model's vectors"))?;
        if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
            let problem = format!("{dimensions} is not between 1 and {MOST_DIMENSIONS}");
            return Err(SettingsError::new("index.dimensions", problem));
        }
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(60))
            // A redirect would carry what was said to an address that nobody set.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| SettingsError::new("index.url", error))?;
        Ok(Self {
            client,
            url: format!("{}/embeddings", url.trim_end_matches('/')),
            api_key: settings.api_key.clone(),
            stored_as: format!("{model}-{dimensions}"),
            model,
            dimensions,
        })
    }

    async fn call(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let body = Request { model: &self.model, input: texts, dimensions: self.dimensions, encoding_format: "float" };
        let mut request = self.client.post(&self.url).json(&body);
        if let Some(key) = &self.api_key {
            request = request.bearer_auth(key.expose_secret());
        }
        // The URL may hold a key: it stays out of messages.
        let later = |error: reqwest::Error| EmbedError::Later { message: error.without_url().to_string(), after: None };
        let response = request.send().await.map_err(later)?;
        let status = response.status();
        if !status.is_success() {
            return Err(failure(status, response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok())));
        }
        let response: Response = response.json().await.map_err(later)?;
        self.in_order(response.data, texts.len())
    }

    fn in_order(&self, mut items: Vec<Item>, wanted: usize) -> Result<Vec<Vec<f32>>, EmbedError> {
        items.sort_unstable_by_key(|item| item.index);
        if !items.iter().map(|item| item.index).eq(0..wanted) {
            let message = format!("{} vectors came for {wanted} texts", items.len());
            return Err(EmbedError::Later { message, after: None });
        }
        if let Some(item) = items.iter().find(|item| item.embedding.len() != self.dimensions as usize) {
            let (got, wanted) = (item.embedding.len(), self.dimensions);
            return Err(EmbedError::Refused(format!("a vector has {got} dimensions, not {wanted}")));
        }
        Ok(items.into_iter().map(|item| item.embedding).collect())
    }
}

/// The body is not kept: some servers repeat the input in it.
fn failure(status: StatusCode, retry_after: Option<&str>) -> EmbedError {
    let passing = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT);
    if passing {
        EmbedError::Later {
            message: format!("status {status}"),
            after: retry_after.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs),
        }
    } else {
        EmbedError::Refused(format!("status {status}"))
    }
}
