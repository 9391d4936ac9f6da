//! The edge to language models: who serves them, within which limits, at what cost, and what became of each call.
//!
//! A stage asks [`Models`] for an organization's writer, and a [`Client`] for an answer of a type. The client looks for
//! an answer that was paid for, waits for its turn within the limits shared by all processes, keeps to the budget,
//! records the call before and after it, and checks the answer. A provider is a file (`openai.rs`, …) and a line in
//! `client.rs`.
//!
//! Reads and writes `llm_calls`, `llm_results`, `llm_endpoints` and `organization_llm`. A rerun reuses the results of
//! the last run as far as it got.

mod anthropic;
mod azure;
mod check;
mod client;
pub mod costs;
mod error;
mod gemini;
mod ledger;
mod limits;
mod models;
mod openai;
mod price;
mod results;
mod schema;
mod settings;
mod trial;
mod wire;

pub use client::{Client, Prompt};
pub use costs::{Cost, Wanted, costs};
pub use error::{LlmError, dollars};
pub use ledger::{Call, Usage, spent_this_month};
pub use models::{Change, Choice, Models, Writers};
pub use results::{ExpireAnswers, SCHEDULE};
pub use settings::{AskBy, DEFAULT, ModelSettings, OFFLINE, OnBudget, OnDoubt, Settings, Tasks};
pub use trial::Trial;
