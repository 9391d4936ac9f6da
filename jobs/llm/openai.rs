//! Any endpoint that speaks `/chat/completions`: OpenAI, Ollama, vLLM, llama.cpp, OpenRouter and others.
//!
//! They differ in how strictly the shape of an answer can be requested (`json_schema`, then `json_object`, then words
//! alone), and in the form and place of errors.

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    LlmError, Usage,
    schema::{self, Bounds},
    settings::Profile,
    wire::{Answer, Ask, Dialect, Meaning, Refused, Unsupported, Wire, join},
};
use crate::SettingsError;

/// The provider `openai`.
#[derive(Debug)]
pub(super) struct OpenAi {
    endpoint: Url,
    models: Url,
    key: Option<SecretString>,
}

impl OpenAi {
    pub(super) fn new(profile: &Profile, base: &Url) -> Result<Self, SettingsError> {
        if profile.api_version.is_some() {
            return Err(profile.wrong("api_version", "only the provider azure has versions; leave it out"));
        }
        Ok(Self {
            endpoint: join(base, "chat/completions"),
            models: join(base, "models"),
            key: profile.api_key.clone(),
        })
    }
}

impl Wire for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    fn rungs(&self) -> u8 {
        3
    }

    fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.bearer_auth(key.expose_secret()),
            None => request,
        }
    }

    fn body(&self, ask: &Ask<'_>, dialect: Dialect) -> Value {
        // For strings it accepts only patterns and formats.
        body(ask, dialect, Bounds { min_items: true, max_items: true, length: false })
    }

    fn read(&self, body: &[u8]) -> Result<Answer, LlmError> {
        read(body)
    }

    fn means(&self, refused: &Refused) -> Option<Meaning> {
        means(refused)
    }

    fn models(&self) -> Option<Url> {
        Some(self.models.clone())
    }
}

/// The request body of a chat completion.
pub(super) fn body(ask: &Ask<'_>, dialect: Dialect, bounds: Bounds) -> Value {
    let system = if dialect.rung == 0 { ask.system.to_owned() } else { ask.system_with_schema() };
    let mut messages = vec![json!({ "role": "system", "content": system })];
    for (at, turn) in ask.turns.iter().enumerate() {
        messages.push(json!({ "role": if at % 2 == 0 { "user" } else { "assistant" }, "content": turn }));
    }
    let mut body = json!({ "model": ask.model, "messages": messages });
    match dialect.rung {
        0 => {
            let named = json!({ "name": "answer", "strict": true, "schema": schema::within(ask.schema, bounds) });
            body["response_format"] = json!({ "type": "json_schema", "json_schema": named });
        }
        1 => body["response_format"] = json!({ "type": "json_object" }),
        _ => {}
    }
    if !dialect.plain {
        body["temperature"] = json!(0);
        body["seed"] = json!(7);
    }
    if let Some(most) = ask.max_output_tokens {
        body[if dialect.new_limit { "max_completion_tokens" } else { "max_tokens" }] = json!(most);
    }
    body
}

#[derive(Debug, Deserialize)]
struct Completion {
    #[serde(default)]
    id: Option<String>,
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<RawUsage>,
}

#[derive(Debug, Deserialize)]
struct Choice {
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

/// Parses a chat completion.
pub(super) fn read(body: &[u8]) -> Result<Answer, LlmError> {
    let completion: Completion =
        serde_json::from_slice(body).map_err(|_| LlmError::Unavailable("its answer is no chat completion".into()))?;
    let usage = completion.usage.map_or_else(Usage::default, |usage| Usage {
        input_tokens: usage.prompt_tokens,
        cached_tokens: usage.prompt_tokens_details.and_then(|details| details.cached_tokens),
        output_tokens: usage.completion_tokens,
        written_tokens: None,
    });
    Ok(Answer { id: completion.id, usage, content: content(completion.choices) })
}

fn content(choices: Vec<Choice>) -> Result<String, LlmError> {
    let Some(choice) = choices.into_iter().next() else {
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

/// What an error from such an endpoint means.
pub(super) fn means(refused: &Refused) -> Option<Meaning> {
    let failed = |error| Some(Meaning::Failed(error));
    if refused.is("insufficient_quota") {
        return failed(LlmError::Misconfigured(
            "the language model's account has no credit left (HTTP 429, insufficient_quota): add some, then retry the job".into(),
        ));
    }
    // OpenAI answers 429 to a request larger than the tokens of a whole minute: that would never change.
    let too_long = [
        "request too large",
        "context_length_exceeded",
        "maximum context length",
        "exceed_context_size_error",
        "exceeds the available context size",
    ];
    if matches!(refused.status, 400 | 413 | 422 | 429) && refused.says(&too_long) {
        return failed(LlmError::TooLong);
    }
    if !matches!(refused.status, 400 | 422) {
        return None;
    }
    // Azure's content filter runs before the model.
    if refused.is("content_filter") || refused.says(&["responsibleaipolicyviolation"]) {
        return failed(LlmError::Declined);
    }
    let unsupported = if refused.says(&["max_completion_tokens"]) {
        Unsupported::Limit
    } else if refused.says(&[
        "response_format",
        "json_schema",
        "json schema",
        "json_object",
        "guided_json",
        "guided decoding",
        "structured output",
        "grammar",
    ]) {
        Unsupported::Shape
    } else if refused.says(&["temperature", "seed"]) {
        Unsupported::Sampling
    } else {
        return None;
    };
    Some(Meaning::Unsupported(unsupported))
}
