//! Google's Gemini: `generateContent`. The shape of the answer is requested by `responseSchema` (which supports less
//! than JSON schema), else by `responseMimeType` and words, else by words alone.

use std::time::Duration;

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    LlmError, Usage, schema,
    settings::Profile,
    wire::{Answer, Ask, Dialect, Meaning, Refused, Unsupported, Wire, join},
};
use crate::SettingsError;

/// The default base URL.
pub(super) const URL: &str = "https://generativelanguage.googleapis.com/v1beta";

/// The provider `gemini`.
#[derive(Debug)]
pub(super) struct Gemini {
    endpoint: Url,
    models: Url,
    key: SecretString,
    /// The section of its settings.
    section: String,
}

impl Gemini {
    pub(super) fn new(profile: &Profile, base: &Url, model: &str) -> Result<Self, SettingsError> {
        let key = profile.api_key.clone().ok_or_else(|| profile.wrong("api_key", "the provider gemini needs a key"))?;
        Ok(Self {
            endpoint: join(base, &format!("models/{model}:generateContent")),
            models: join(base, "models"),
            key,
            section: profile.section.clone(),
        })
    }
}

impl Wire for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    fn rungs(&self) -> u8 {
        3
    }

    fn authorize(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("x-goog-api-key", self.key.expose_secret())
    }

    fn body(&self, ask: &Ask<'_>, dialect: Dialect) -> Value {
        let system = if dialect.rung == 0 { ask.system.to_owned() } else { ask.system_with_schema() };
        let turn = |(at, text): (usize, &String)| {
            let role = if at % 2 == 0 { "user" } else { "model" };
            json!({ "role": role, "parts": [{ "text": text }] })
        };
        let mut generation = json!({});
        if dialect.rung < 2 {
            generation["responseMimeType"] = json!("application/json");
        }
        if dialect.rung == 0 {
            generation["responseSchema"] = schema::for_gemini(ask.schema);
        }
        if !dialect.plain {
            generation["temperature"] = json!(0);
            generation["seed"] = json!(7);
        }
        if let Some(most) = ask.max_output_tokens {
            generation["maxOutputTokens"] = json!(most);
        }
        json!({
            "systemInstruction": { "parts": [{ "text": system }] },
            "contents": ask.turns.iter().enumerate().map(turn).collect::<Vec<_>>(),
            "generationConfig": generation,
        })
    }

    fn read(&self, body: &[u8]) -> Result<Answer, LlmError> {
        let response: Response = serde_json::from_slice(body)
            .map_err(|_| LlmError::Unavailable("its answer is no content of Gemini's".into()))?;
        let usage = response.usage_metadata.unwrap_or_default();
        let usage = Usage {
            input_tokens: usage.prompt_token_count,
            cached_tokens: usage.cached_content_token_count,
            written_tokens: None,
            // Thoughts are charged like the answer but counted separately.
            output_tokens: match (usage.candidates_token_count, usage.thoughts_token_count) {
                (None, None) => None,
                (answer, thoughts) => Some(answer.unwrap_or(0) + thoughts.unwrap_or(0)),
            },
        };
        let blocked = response.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some());
        let content = if blocked { Err(LlmError::Declined) } else { content(response.candidates.into_iter().next()) };
        Ok(Answer { id: response.response_id, usage, content })
    }

    fn means(&self, refused: &Refused) -> Option<Meaning> {
        let failed = |error| Some(Meaning::Failed(error));
        match refused.status {
            // The wait is in the body, not in a header.
            429 => failed(LlmError::Limited(refused.retry_after.or_else(|| retry_delay(&refused.json)))),
            400 if refused.says(&["api_key_invalid", "api key not valid"]) => failed(LlmError::Misconfigured(format!(
                "the language model's endpoint rejects the key (HTTP 400, API_KEY_INVALID): check the setting \
                 {}.api_key, then retry the job",
                self.section
            ))),
            400 if refused.says(&["input token count", "exceeds the maximum number of tokens"]) => {
                failed(LlmError::TooLong)
            }
            400 if refused.says(&["schema", "responsemimetype", "response_mime_type", "json mode"]) => {
                Some(Meaning::Unsupported(Unsupported::Shape))
            }
            400 if refused.says(&["temperature", "seed"]) => Some(Meaning::Unsupported(Unsupported::Sampling)),
            _ => None,
        }
    }

    fn models(&self) -> Option<Url> {
        let mut url = self.models.clone();
        url.query_pairs_mut().append_pair("pageSize", "1000");
        Some(url)
    }

    fn names(&self, list: &Value) -> Option<Vec<String>> {
        let models = list.get("models")?.as_array()?.iter();
        Some(models.filter_map(|model| Some(model.get("name")?.as_str()?.to_owned())).collect())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    response_id: Option<String>,
    #[serde(default)]
    candidates: Vec<Candidate>,
    #[serde(default)]
    prompt_feedback: Option<PromptFeedback>,
    #[serde(default)]
    usage_metadata: Option<RawUsage>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default)]
    content: Content,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Part>,
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
    #[serde(default)]
    thought: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PromptFeedback {
    #[serde(default)]
    block_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawUsage {
    #[serde(default)]
    prompt_token_count: Option<u32>,
    #[serde(default)]
    cached_content_token_count: Option<u32>,
    #[serde(default)]
    candidates_token_count: Option<u32>,
    #[serde(default)]
    thoughts_token_count: Option<u32>,
}

fn content(candidate: Option<Candidate>) -> Result<String, LlmError> {
    let Some(candidate) = candidate else { return Err(LlmError::Unusable("it has no candidates".into())) };
    match candidate.finish_reason.as_deref() {
        Some("MAX_TOKENS") => return Err(LlmError::TooLong),
        Some("SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE") => {
            return Err(LlmError::Declined);
        }
        _ => {}
    }
    let parts = candidate.content.parts.into_iter();
    let words: String = parts.filter(|part| !part.thought).map(|part| part.text).collect();
    if words.trim().is_empty() { Err(LlmError::Unusable("it is empty".into())) } else { Ok(words) }
}

/// The `retryDelay` of an error's details: `"22s"`.
fn retry_delay(json: &Value) -> Option<Duration> {
    let details = json.get("error")?.get("details")?.as_array()?;
    let delay = details.iter().find_map(|detail| detail.get("retryDelay")?.as_str())?;
    let seconds: f64 = delay.strip_suffix('s')?.parse().ok()?;
    seconds.is_finite().then(|| Duration::from_secs_f64(seconds.clamp(0.0, 3600.0)))
}
