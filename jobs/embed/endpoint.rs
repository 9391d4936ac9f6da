//! An OpenAI-compatible endpoint for embeddings.
//!
//! Reads `POST {url}/embeddings`; writes nothing. Repeating a call returns the same vectors.

use std::time::Duration;

use reqwest::{StatusCode, header::RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{EmbedError, Settings};
use crate::{SettingsError, network::READABLE};

/// Texts per call.
const BATCH: usize = 64;
/// The most dimensions of a halfvec that pgvector can index.
const MOST_DIMENSIONS: u32 = 4000;

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

impl OpenAi {
    pub(super) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let needed = |key, what: &str| SettingsError::new(key, format!("the embedder `openai` needs {what}"));
        let url = settings.url.as_deref().ok_or_else(|| needed("index.url", "the endpoint's base URL"))?;
        let parsed = url::Url::parse(url).map_err(|error| SettingsError::new("index.url", error))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(SettingsError::new("index.url", "only http and https are supported"));
        }
        if settings.private_hosts.is_readable_on_the_way(&parsed) {
            return Err(SettingsError::new("index.url", READABLE));
        }
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
            // A redirect would carry what was said to an address that nobody configured.
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

    /// The name that its vectors are stored under.
    pub(super) fn stored_as(&self) -> &str {
        &self.stored_as
    }

    pub(super) fn dimensions(&self) -> u32 {
        self.dimensions
    }

    /// Embeds `texts`, in order, in as many calls as needed.
    pub(super) async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            vectors.extend(self.call(batch).await?);
        }
        Ok(vectors)
    }

    async fn call(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        let body = Request { model: &self.model, input: texts, dimensions: self.dimensions, encoding_format: "float" };
        let mut request = self.client.post(&self.url).json(&body);
        if let Some(key) = &self.api_key {
            request = request.bearer_auth(key.expose_secret());
        }
        // The URL may contain a key, so it stays out of messages.
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

/// The body isn't kept: some servers repeat the input in it.
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
