//! How a call to a language model fails, and what the job that made it is to do.

use std::{fmt, time::Duration};

use crate::queue::JobError;

/// Why there is no answer. No variant carries what was said, nor what the model wrote.
#[derive(Debug)]
pub enum LlmError {
    /// The endpoint is busy (429, 503): not before this.
    Busy(Option<Duration>),
    /// The endpoint failed or did not answer in time.
    Unavailable(String),
    /// The breaker is open: not before this.
    Open(Duration),
    /// The endpoint refuses this installation (key, model, URL): what to do.
    Misconfigured(String),
    /// The model declined to answer.
    Declined,
    /// The answer did not fit into the model's output.
    TooLong,
    /// The answer is not what was asked for, also after it was asked again.
    Unusable(String),
    /// The ledger could not be written.
    Ledger(sqlx::Error),
}

impl LlmError {
    /// In one word, for the ledger.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Busy(_) => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::Open(_) => "open",
            Self::Misconfigured(_) => "misconfigured",
            Self::Declined => "declined",
            Self::TooLong => "too_long",
            Self::Unusable(_) => "unusable",
            Self::Ledger(_) => "ledger",
        }
    }
}

impl fmt::Display for LlmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(_) => f.write_str("the language model's endpoint is busy"),
            Self::Unavailable(why) => write!(f, "the language model's endpoint does not answer: {why}"),
            Self::Open(_) => f.write_str("the language model's endpoint failed several times in a row; it is left alone for a while"),
            Self::Misconfigured(what) => f.write_str(what),
            Self::Declined => f.write_str("the language model declined to summarise this session; write the summary by hand, or choose another model"),
            Self::TooLong => f.write_str("the language model's answer does not fit into its output even for a small part of the session; choose a model with a larger output"),
            Self::Unusable(why) => write!(f, "the language model's answer is not what was asked for: {why}"),
            Self::Ledger(error) => write!(f, "the ledger of calls could not be written: {error}"),
        }
    }
}

// Not a `std::error::Error`: every such error would be retried, and here the kind decides.
impl From<LlmError> for JobError {
    fn from(error: LlmError) -> Self {
        match error {
            LlmError::Busy(after) => Self::Retry { message: error.to_string(), after },
            LlmError::Open(after) => Self::Snooze(after),
            LlmError::Misconfigured(_) | LlmError::Declined | LlmError::TooLong => Self::abort(error),
            LlmError::Unavailable(_) | LlmError::Unusable(_) | LlmError::Ledger(_) => Self::retry(error),
        }
    }
}
