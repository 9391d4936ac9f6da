//! The edge to language models: who serves them, within which limits, for how much, and what became of each call.
//!
//! A stage asks [`Models`] who writes for an organization and a [`Client`] for an answer of a type. The client looks for
//! an answer that was paid for already, waits for its turn within the limits that all processes share, holds to the
//! budget, records the call before and after it, and checks the answer. A provider is a file (`openai.rs`, …) and a line
//! in `client/make.rs`.
//!
//! Reads and writes `llm_calls`, `llm_results`, `llm_endpoints` and `organization_llm`. A rerun is answered from the
//! results as far as the last run came.

mod anthropic;
mod azure;
mod check;
mod client;
mod costs;
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
mod wire;

pub use client::{Client, Prompt};
pub use costs::{Cost, Wanted, costs};
pub use error::{LlmError, dollars};
pub use ledger::{Call, Usage, spent_this_month};
pub use models::{Change, Choice, Models, Writers};
pub use results::{ExpireAnswers, SCHEDULE};
pub use settings::{DEFAULT, ModelSettings, OFFLINE, OnBudget, Settings, Tasks};
