//! The edge to language models.

use secrecy::SecretString;
use serde::Deserialize;

/// Who writes summaries.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `offline` or `openai` (any OpenAI-compatible endpoint).
    pub provider: String,
    /// The endpoint's base URL, up to and without `/chat/completions`.
    pub url: Option<String>,
    /// Its key, where it wants one.
    pub api_key: Option<SecretString>,
    /// Its model.
    pub model: Option<String>,
    /// How long a call may take, in seconds.
    pub timeout_seconds: u64,
}
