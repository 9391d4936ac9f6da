//! Azure OpenAI: the bodies of `/chat/completions` under a deployment's address, with the key in its own header.

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::{
    LlmError, openai,
    schema::Bounds,
    settings::Profile,
    wire::{Answer, Ask, Dialect, Meaning, Refused, Wire, join},
};
use crate::SettingsError;

/// The provider `azure`. The model is the deployment's name.
#[derive(Debug)]
pub(super) struct Azure {
    endpoint: Url,
    models: Url,
    key: SecretString,
}

impl Azure {
    pub(super) fn new(profile: &Profile, base: &Url, deployment: &str) -> Result<Self, SettingsError> {
        let key = profile.api_key.clone().ok_or_else(|| profile.wrong("api_key", "the provider azure needs a key"))?;
        // Without a version it is the newer API, which has none and names the deployment in the body.
        let (mut endpoint, mut models) = match &profile.api_version {
            Some(_) => {
                (join(base, &format!("openai/deployments/{deployment}/chat/completions")), join(base, "openai/models"))
            }
            None => (join(base, "openai/v1/chat/completions"), join(base, "openai/v1/models")),
        };
        if let Some(version) = &profile.api_version {
            for url in [&mut endpoint, &mut models] {
                url.query_pairs_mut().append_pair("api-version", version);
            }
        }
        Ok(Self { endpoint, models, key })
    }
}

impl Wire for Azure {
    fn name(&self) -> &'static str {
        "azure"
    }

    fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    fn rungs(&self) -> u8 {
        3
    }

    fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("api-key", self.key.expose_secret())
    }

    fn body(&self, ask: &Ask<'_>, dialect: Dialect) -> Value {
        openai::body(ask, dialect, Bounds { min_items: false, max_items: false, length: false })
    }

    fn read(&self, body: &[u8]) -> Result<Answer, LlmError> {
        openai::read(body)
    }

    fn means(&self, refused: &Refused) -> Option<Meaning> {
        openai::means(refused)
    }

    fn models(&self) -> Option<Url> {
        Some(self.models.clone())
    }

    /// The list shows models that could be deployed, not deployments.
    fn names(&self, _list: &Value) -> Option<Vec<String>> {
        None
    }
}
