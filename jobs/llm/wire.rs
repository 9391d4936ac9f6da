//! What goes over the wire: the answer of `/chat/completions` as far as it is read, and what its errors mean.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, header::HeaderMap};
use serde::Deserialize;
use serde_json::Value;

use super::{LlmError, Usage};

/// A chat completion.
#[derive(Debug, Deserialize)]
pub(super) struct Completion {
    pub(super) id: Option<String>,
    pub(super) choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<RawUsage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

#[derive(Debug, Deserialize)]
struct RawUsage {
    #[serde(default)]
    prompt_tokens: Option<u32>,
    #[serde(default)]
    completion_tokens: Option<u32>,
    #[serde(default)]
    prompt_tokens_details: Option<PromptTokens>,
}

#[derive(Debug, Deserialize)]
struct PromptTokens {
    #[serde(default)]
    cached_tokens: Option<u32>,
}

impl Completion {
    pub(super) fn usage(&self) -> Usage {
        let Some(usage) = &self.usage else { return Usage::default() };
        Usage {
            input_tokens: usage.prompt_tokens,
            cached_tokens: usage.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens),
            output_tokens: usage.completion_tokens,
        }
    }

    /// The words of the answer, where there is a whole one.
    pub(super) fn content(self) -> Result<String, LlmError> {
        let Some(choice) = self.choices.into_iter().next() else {
            return Err(LlmError::Unusable("it has no choices".into()));
        };
        let refused = choice.message.refusal.is_some_and(|refusal| !refusal.is_empty());
        match choice.finish_reason.as_deref() {
            _ if refused => Err(LlmError::Declined),
            Some("content_filter") => Err(LlmError::Declined),
            Some("length") => Err(LlmError::TooLong),
            _ => choice
                .message
                .content
                .filter(|content| !content.trim().is_empty())
                .ok_or_else(|| LlmError::Unusable("it is empty".into())),
        }
    }
}

/// What the endpoint will not take of a request, so that it is asked without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsupported {
    /// This `response_format`.
    Format,
    /// `temperature` or `seed`.
    Sampling,
}

/// Whether a refused request only has something that the endpoint does not know.
pub(super) fn unsupported(status: StatusCode, body: &[u8]) -> Option<Unsupported> {
    if !matches!(status.as_u16(), 400 | 422) {
        return None;
    }
    let text = String::from_utf8_lossy(body).to_lowercase();
    if ["response_format", "json_schema", "json_object", "guided_json", "grammar"]
        .iter()
        .any(|word| text.contains(word))
    {
        Some(Unsupported::Format)
    } else if text.contains("temperature") || text.contains("seed") {
        Some(Unsupported::Sampling)
    } else {
        None
    }
}

/// What an answer without success means, and what to do about it. Of the body only the error's code is told on.
pub(super) fn failure(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> LlmError {
    let code = error_code(body);
    let told = code.as_deref().map(|code| format!(", {code}")).unwrap_or_default();
    let number = status.as_u16();
    match number {
        429 if code.as_deref() == Some("insufficient_quota") => LlmError::Misconfigured(
            "the language model's account has no credit left (HTTP 429, insufficient_quota): add some, then retry the job".into(),
        ),
        429 | 503 => LlmError::Busy(retry_after(headers)),
        401 | 403 => LlmError::Misconfigured(format!(
            "the language model's endpoint refuses the key (HTTP {number}{told}): check the setting llm.api_key and what the key may use, then retry the job"
        )),
        404 => LlmError::Misconfigured(format!(
            "the language model's endpoint knows no such address or model (HTTP 404{told}): check the settings llm.url and llm.model, then retry the job"
        )),
        413 => LlmError::TooLong,
        400 if code.as_deref().is_some_and(|code| code.contains("context_length")) => LlmError::TooLong,
        408 | 409 | 425 | 500.. => LlmError::Unavailable(format!("HTTP {number}{told}")),
        _ => LlmError::Misconfigured(format!(
            "the language model's endpoint does not take the request (HTTP {number}{told}): check the settings llm.url and llm.model, then retry the job"
        )),
    }
}

/// The error's code, where it looks like one: a body can quote the transcript, a code cannot.
fn error_code(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = body.get("error")?;
    let code = error.get("code").and_then(Value::as_str).or_else(|| error.get("type").and_then(Value::as_str))?;
    let plain = code.len() <= 60 && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    plain.then(|| code.to_owned())
}

/// `Retry-After` in seconds or as a date, never more than an hour.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let seconds = match text("retry-after-ms").and_then(|text| text.parse::<u64>().ok()) {
        Some(millis) => millis.div_ceil(1000),
        None => {
            let text = text("retry-after")?;
            text.trim().parse::<u64>().ok().or_else(|| {
                let at = DateTime::parse_from_rfc2822(text).ok()?;
                u64::try_from((at.with_timezone(&Utc) - Utc::now()).num_seconds()).ok()
            })?
        }
    };
    Some(Duration::from_secs(seconds.min(3600)))
}
