//! The edge to language models: one client for every OpenAI-compatible endpoint, the ledger of its calls, a breaker.
//!
//! Reads and writes the table `llm_calls` only. A rerun calls again: what a call costs is in the ledger, whatever
//! became of the job that made it.

use secrecy::SecretString;
use serde::Deserialize;

mod breaker;
mod check;
mod error;
mod ledger;
mod openai;
mod schema;
mod wire;

pub use error::LlmError;
pub use ledger::{Call, Usage};
pub use openai::{Client, Prompt};

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
    /// How many characters of a transcript go into one call; longer sessions are summarised in parts.
    #[serde(default)]
    pub part_characters: Option<usize>,
    /// The price of a million input tokens in US dollars, for the ledger.
    #[serde(default)]
    pub input_price: Option<f64>,
    /// The price of a million input tokens that the endpoint had cached.
    #[serde(default)]
    pub cached_price: Option<f64>,
    /// The price of a million output tokens.
    #[serde(default)]
    pub output_price: Option<f64>,
}
