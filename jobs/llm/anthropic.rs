//! Anthropic's Messages API. The shape of the answer is requested by `output_config`, else by the input of a required
//! tool, else in words. The instructions are marked for caching: all sessions and parts start with the same ones.

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

/// The default base URL.
pub(super) const URL: &str = "https://api.anthropic.com";
/// The API version, sent in a header.
const VERSION: &str = "2023-06-01";
/// A request must limit the answer's length; a summary needs far less.
const MAX_TOKENS: u32 = 8192;

/// The provider `anthropic`.
#[derive(Debug)]
pub(super) struct Anthropic {
    endpoint: Url,
    models: Url,
    key: SecretString,
}

impl Anthropic {
    pub(super) fn new(profile: &Profile, base: &Url) -> Result<Self, SettingsError> {
        let key =
            profile.api_key.clone().ok_or_else(|| profile.wrong("api_key", "the provider anthropic needs a key"))?;
        Ok(Self { endpoint: join(base, "v1/messages"), models: join(base, "v1/models"), key })
    }
}

impl Wire for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    fn rungs(&self) -> u8 {
        3
    }

    fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("x-api-key", self.key.expose_secret()).header("anthropic-version", VERSION)
    }

    fn body(&self, ask: &Ask<'_>, dialect: Dialect) -> Value {
        let words = dialect.rung >= 2;
        let system = if words { ask.system_with_schema() } else { ask.system.to_owned() };
        let turn = |(at, text): (usize, &String)| {
            let role = if at % 2 == 0 { "user" } else { "assistant" };
            json!({ "role": role, "content": text })
        };
        let mut body = json!({
            "model": ask.model,
            "max_tokens": ask.max_output_tokens.unwrap_or(MAX_TOKENS),
            "system": [{ "type": "text", "text": system, "cache_control": { "type": "ephemeral" } }],
            "messages": ask.turns.iter().enumerate().map(turn).collect::<Vec<_>>(),
        });
        match dialect.rung {
            0 => {
                // It accepts that an array has at least one item, and no constraints on strings.
                let schema = schema::within(ask.schema, Bounds { min_items: true, max_items: false, length: false });
                body["output_config"] = json!({ "format": { "type": "json_schema", "schema": schema } });
            }
            1 => {
                let about = "Takes the answer; call it once.";
                body["tools"] = json!([{ "name": "answer", "description": about, "input_schema": ask.schema }]);
                body["tool_choice"] = json!({ "type": "tool", "name": "answer" });
            }
            _ => {}
        }
        if !dialect.plain {
            body["temperature"] = json!(0);
        }
        body
    }

    fn read(&self, body: &[u8]) -> Result<Answer, LlmError> {
        let message: Message = serde_json::from_slice(body)
            .map_err(|_| LlmError::Unavailable("its answer is no message of Anthropic's".into()))?;
        let usage = message.usage.unwrap_or_default();
        // The three counts cover different tokens.
        let input = usage.input_tokens.map(|fresh| {
            fresh + usage.cache_read_input_tokens.unwrap_or(0) + usage.cache_creation_input_tokens.unwrap_or(0)
        });
        let usage = Usage {
            input_tokens: input,
            cached_tokens: usage.cache_read_input_tokens,
            written_tokens: usage.cache_creation_input_tokens,
            output_tokens: usage.output_tokens,
        };
        let content = match message.stop_reason.as_deref() {
            Some("refusal") => Err(LlmError::Declined),
            Some("max_tokens" | "model_context_window_exceeded") => Err(LlmError::TooLong),
            _ => content(message.content),
        };
        Ok(Answer { id: message.id, usage, content })
    }

    fn means(&self, refused: &Refused) -> Option<Meaning> {
        let failed = |error| Some(Meaning::Failed(error));
        // These limits last until next month, but look like others.
        let spent = ["enforced_spend_limit_reached", "specified api usage limits", "credit balance is too low"];
        if matches!(refused.status, 400 | 429) && refused.says(&spent) {
            return failed(LlmError::Misconfigured(format!(
                "the language model's account has reached its spending limit or has no credit left (HTTP {}): raise it or add some, then retry the job",
                refused.status
            )));
        }
        if refused.status != 400 {
            return None;
        }
        if refused.says(&["prompt is too long", "exceed context limit"]) {
            return failed(LlmError::TooLong);
        }
        if refused.says(&["output_config", "output_format", "structured output", "json_schema", "tool_choice", "tools"])
        {
            return Some(Meaning::Unsupported(Unsupported::Shape));
        }
        refused.says(&["temperature"]).then_some(Meaning::Unsupported(Unsupported::Sampling))
    }

    fn models(&self) -> Option<Url> {
        let mut url = self.models.clone();
        url.query_pairs_mut().append_pair("limit", "1000");
        Some(url)
    }
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    id: Option<String>,
    content: Vec<Block>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    usage: Option<RawUsage>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    ToolUse {
        input: Value,
    },
    /// Thinking, and anything else.
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
struct RawUsage {
    #[serde(default)]
    input_tokens: Option<u32>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u32>,
    #[serde(default)]
    cache_read_input_tokens: Option<u32>,
    #[serde(default)]
    output_tokens: Option<u32>,
}

fn content(blocks: Vec<Block>) -> Result<String, LlmError> {
    let mut words = String::new();
    for block in blocks {
        match block {
            Block::ToolUse { input } => return Ok(input.to_string()),
            Block::Text { text } => words.push_str(&text),
            Block::Other => {}
        }
    }
    if words.trim().is_empty() { Err(LlmError::Unusable("it is empty".into())) } else { Ok(words) }
}
