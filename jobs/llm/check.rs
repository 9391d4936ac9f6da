//! Whether the models can be used: reachable, the key accepted, the model there. Asks each endpoint for its list of
//! models and sends nothing of any session; no call is recorded, since none is paid.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::{Client, Models};
use crate::{SettingsError, masked};

/// A list of models is short; an endpoint that needs longer for it has a problem.
const PATIENCE: Duration = Duration::from_secs(15);
/// So many of the endpoint's models are named where the wanted one is not among them.
const NAMED: usize = 8;

impl Models {
    /// Asks the endpoints of the models that are in use for what they have. Gives what was found, in words.
    ///
    /// # Errors
    /// The setting that is to be looked at, and what is wrong.
    pub async fn check(&self) -> Result<String, SettingsError> {
        let mut found = Vec::new();
        for client in self.used() {
            found.push(client.check().await?);
        }
        Ok(if found.is_empty() { "offline, needs nothing".into() } else { found.join("; ") })
    }
}

impl Client {
    /// Asks the endpoint for its models. Gives what was found, in words.
    ///
    /// # Errors
    /// The setting that is to be looked at, and what is wrong.
    pub async fn check(&self) -> Result<String, SettingsError> {
        let wrong = |problem: String| self.profile.wrong("url", problem);
        let Some(url) = self.wire.models() else { return Ok(format!("{}, not checked", self.model)) };
        // A query can be long, or hold a key, and says nothing more.
        let mut shown = url.clone();
        shown.set_query(None);
        let shown = masked(shown.as_str()).into_owned();
        let request = self.http.get(url).timeout(PATIENCE.min(Duration::from_secs(self.profile.timeout_seconds)));
        let response = self.wire.authorize(request).send().await.map_err(|error| {
            let what = if error.is_timeout() { "didn't respond in time" } else { "can't be reached" };
            wrong(format!("{shown} {what}: is the endpoint running, and is this the right address?"))
        })?;
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let has_key = self.profile.api_key.is_some();
                let key = if has_key { "rejects the key" } else { "needs a key, but none is set" };
                let problem = format!("{shown} {key} (HTTP {})", response.status().as_u16());
                return Err(self.profile.wrong("api_key", problem));
            }
            StatusCode::NOT_FOUND => {
                return Err(wrong(format!("there is nothing at {shown} (HTTP 404): the URL often ends with /v1")));
            }
            // Gemini's way to refuse a key.
            StatusCode::BAD_REQUEST if self.wire.name() == "gemini" => {
                return Err(self.profile.wrong("api_key", format!("{shown} rejects the key (HTTP 400)")));
            }
            status if !status.is_success() => {
                return Err(wrong(format!("{shown} returns HTTP {}", status.as_u16())));
            }
            _ => {}
        }
        let list: Option<Value> = response.json().await.ok();
        let names = list.as_ref().and_then(|list| self.wire.names(list));
        let Some(names) = names else {
            // Azure's list is not of what was deployed.
            return if list.is_some() && self.wire.name() == "azure" {
                Ok(format!(
                    "{shown} accepts the key; the first call will show whether the deployment {} exists",
                    self.model
                ))
            } else {
                Err(wrong(format!(
                    "{shown} doesn't return a list of models: is this an endpoint of {}?",
                    self.wire.name()
                )))
            };
        };
        if names.iter().any(|name| self.is(name)) {
            return Ok(format!("{shown} has the model {}", self.model));
        }
        let mut some: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        if names.len() > NAMED {
            some.push("…");
        }
        let has = if some.is_empty() { "no model".to_owned() } else { some.join(", ") };
        Err(self.profile.wrong("model", format!("{shown} doesn't have the model {}; it has {has}", self.model)))
    }

    /// Whether a listed model is the one that is asked for: Ollama lists `name:latest`, Gemini `models/name`.
    fn is(&self, listed: &str) -> bool {
        let listed = listed.strip_prefix("models/").unwrap_or(listed);
        listed == self.model || listed.strip_suffix(":latest") == Some(self.model.as_str())
    }
}
