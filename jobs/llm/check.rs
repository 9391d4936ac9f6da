//! Checks whether the models can be used: endpoint reachable, key accepted, model there. Asks each endpoint for its
//! list of models and sends nothing about any session. Calls aren't recorded, since they are free.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::{Client, Models};
use crate::{SettingsError, masked};

/// The timeout: a list of models is short, and an endpoint that needs longer has a problem.
const PATIENCE: Duration = Duration::from_secs(15);
/// At most this many of the endpoint's models are named if the requested one is missing.
const NAMED: usize = 8;

impl Models {
    /// Asks the endpoints of the models in use for their models. Describes what was found.
    ///
    /// # Errors
    /// The setting to check, and what is wrong with it.
    pub async fn check(&self) -> Result<String, SettingsError> {
        let mut found = Vec::new();
        for client in self.used() {
            found.push(client.check().await?);
        }
        Ok(if found.is_empty() { "offline, needs nothing".into() } else { found.join("; ") })
    }
}

impl Client {
    /// Asks the endpoint for its models. Describes what was found.
    ///
    /// # Errors
    /// The setting to check, and what is wrong with it.
    pub async fn check(&self) -> Result<String, SettingsError> {
        let wrong = |problem: String| self.profile.wrong("url", problem);
        let Some(url) = self.wire.models() else { return Ok(format!("{}, not checked", self.model)) };
        // A query can be long or contain a key, and adds nothing.
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
            // How Gemini rejects a key.
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
            // Azure's list isn't about deployments.
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

    /// Whether a listed model is the requested one: Ollama lists `name:latest`, Gemini `models/name`.
    fn is(&self, listed: &str) -> bool {
        let listed = listed.strip_prefix("models/").unwrap_or(listed);
        listed == self.model || listed.strip_suffix(":latest") == Some(self.model.as_str())
    }
}
