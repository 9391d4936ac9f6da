//! Whether the endpoint can be used: reachable, the key accepted, the model there. Asks for its list of models and sends
//! nothing of any session; no call is recorded, since none is paid.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::Client;
use crate::SettingsError;

/// A list of models is short; an endpoint that needs longer for it has a problem.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many of the endpoint's models are named where the wanted one is not among them.
const NAMED: usize = 8;

#[derive(Deserialize)]
struct Models {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

impl Client {
    /// Asks the endpoint for its models. Gives what was found, in words.
    ///
    /// # Errors
    /// The setting that is to be looked at, and what is wrong.
    pub async fn check(&self) -> Result<String, SettingsError> {
        let url = self.endpoint.as_str().replacen("/chat/completions", "/models", 1);
        let wrong = |problem: String| SettingsError::new("llm.url", problem);
        let mut request = self.http.get(&url).timeout(PATIENCE.min(self.timeout));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose_secret());
        }
        let response = request.send().await.map_err(|error| {
            let what = if error.is_timeout() { "gives no answer in time" } else { "cannot be reached" };
            wrong(format!("{url} {what}: is the endpoint running, and is this its address?"))
        })?;
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let key = if self.key.is_some() { "does not accept the key" } else { "wants a key, and none is set" };
                return Err(SettingsError::new(
                    "llm.api_key",
                    format!("{url} {key} (HTTP {})", response.status().as_u16()),
                ));
            }
            StatusCode::NOT_FOUND => {
                return Err(wrong(format!("there is nothing at {url} (HTTP 404): the setting often ends with /v1")));
            }
            status if !status.is_success() => {
                return Err(wrong(format!("{url} answers HTTP {}", status.as_u16())));
            }
            _ => {}
        }
        let models: Models = response.json().await.map_err(|_| {
            wrong(format!("{url} does not answer with a list of models: is this an OpenAI-compatible endpoint?"))
        })?;
        if models.data.iter().any(|model| self.is(&model.id)) {
            return Ok(format!("{url} has the model {}", self.model));
        }
        let mut names: Vec<&str> = models.data.iter().take(NAMED).map(|model| model.id.as_str()).collect();
        if models.data.len() > NAMED {
            names.push("…");
        }
        let has = if names.is_empty() { "no model".to_owned() } else { names.join(", ") };
        Err(SettingsError::new("llm.model", format!("{url} does not have the model {}; it has {has}", self.model)))
    }

    /// Whether a listed model is the one that is asked for: Ollama lists `name:latest`, Gemini `models/name`.
    fn is(&self, listed: &str) -> bool {
        let listed = listed.strip_prefix("models/").unwrap_or(listed);
        listed == self.model || listed.strip_suffix(":latest") == Some(self.model.as_str())
    }
}
