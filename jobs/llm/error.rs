//! How a call to a language model fails, and what its job should do.

use std::{fmt, time::Duration};

use crate::queue::JobError;

/// How long to wait for an endpoint that answers 429 without saying how long.
pub(super) const PAUSE: Duration = Duration::from_secs(5);

/// Why there is no answer. No variant contains what was said or what the model wrote.
#[derive(Debug)]
pub enum LlmError {
    /// The endpoint reports too many requests (429): nobody may call it before this.
    Limited(Option<Duration>),
    /// The endpoint is overloaded (503, 529): retry after this.
    Busy(Option<Duration>),
    /// The limits shared by all processes leave no room for longer than a job should wait: retry after this.
    Waiting(Duration),
    /// The endpoint failed or didn't answer in time.
    Unavailable(String),
    /// The connection was lost or timed out after the request was sent: the call may have been charged.
    BrokeOff(String),
    /// The circuit breaker is open: retry after this.
    Open(Duration),
    /// The endpoint rejects this installation (key, model, URL), or a setting is wrong: what to do.
    Misconfigured(String),
    /// The month's budget is used up; its amount in micro-dollars.
    Budget(i64),
    /// The model declined to answer.
    Declined,
    /// The request exceeds the model's input limit, or the answer its output limit.
    TooLong,
    /// The answer isn't what was requested, even after a second request.
    Unusable(String),
    /// The ledger could not be written.
    Ledger(sqlx::Error),
}

impl LlmError {
    /// The kind in one word, for the ledger.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Limited(_) => "limited",
            Self::Busy(_) => "busy",
            Self::Waiting(_) => "waiting",
            Self::Unavailable(_) => "unavailable",
            Self::BrokeOff(_) => "broke_off",
            Self::Open(_) => "open",
            Self::Misconfigured(_) => "misconfigured",
            Self::Budget(_) => "budget",
            Self::Declined => "declined",
            Self::TooLong => "too_long",
            Self::Unusable(_) => "unusable",
            Self::Ledger(_) => "ledger",
        }
    }

    /// Whether the endpoint itself is failing, so that the breaker counts it. A busy endpoint is healthy.
    pub(super) const fn is_failure(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::BrokeOff(_) | Self::Busy(_))
    }

    /// Whether a later attempt may well succeed: what was paid for so far is kept.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Limited(_)
                | Self::Busy(_)
                | Self::Waiting(_)
                | Self::Unavailable(_)
                | Self::BrokeOff(_)
                | Self::Open(_)
                | Self::Ledger(_)
        )
    }
}

impl fmt::Display for LlmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limited(_) => f.write_str("the language model's endpoint reports too many requests (HTTP 429)"),
            Self::Busy(_) => f.write_str("the language model's endpoint is busy"),
            Self::Waiting(_) => f.write_str("the language model's limits leave no room yet"),
            Self::Unavailable(why) | Self::BrokeOff(why) => {
                write!(f, "the language model's endpoint isn't responding: {why}")
            }
            Self::Open(_) => f.write_str("the language model's endpoint failed several times in a row; no calls are \
                                          made to it for a while"),
            Self::Misconfigured(what) => f.write_str(what),
            Self::Budget(budget) => write!(
                f,
                "the month's budget of {} for language models is used up; raise it with `debrief org models --budget`, or wait for the next month, then retry the job",
                dollars(*budget)
            ),
            Self::Declined => f.write_str("the language model declined to summarise this session; write the summary by hand, or choose another model"),
            Self::TooLong => f.write_str("the language model's answer exceeds its output limit even for a small part \
                                          of the session; choose a model with a larger output"),
            Self::Unusable(why) => write!(f, "the language model's answer isn't what was asked for: {why}"),
            Self::Ledger(error) => write!(f, "the ledger of calls could not be written: {error}"),
        }
    }
}

/// Formats micro-dollars as dollars, with two digits, or as many as it takes to show anything.
#[must_use]
pub fn dollars(micro: i64) -> String {
    let amount = micro as f64 / 1e6;
    if micro != 0 && micro.abs() < 10_000 { format!("${amount:.6}") } else { format!("${amount:.2}") }
}

// Not a `std::error::Error`: every such error would be retried, but here the kind decides.
impl From<LlmError> for JobError {
    fn from(error: LlmError) -> Self {
        match error {
            LlmError::Busy(after) => Self::Retry { message: error.to_string(), after },
            // The job isn't at fault, so its attempt doesn't count.
            LlmError::Limited(after) => Self::Snooze(after.unwrap_or(PAUSE)),
            LlmError::Open(after) | LlmError::Waiting(after) => Self::Snooze(after),
            LlmError::Misconfigured(_) | LlmError::Declined | LlmError::TooLong | LlmError::Budget(_) => {
                Self::abort(error)
            }
            LlmError::Ledger(error) => error.into(),
            LlmError::Unavailable(_) | LlmError::BrokeOff(_) | LlmError::Unusable(_) => Self::retry(error),
        }
    }
}
