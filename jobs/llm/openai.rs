//! The client of every endpoint that speaks `/chat/completions`: OpenAI, Azure, Ollama, vLLM, llama.cpp and the rest.
//!
//! An answer of a given type is asked for as strictly as the endpoint can (json_schema, then json_object, then by words
//! alone), checked here whatever the endpoint promised, and asked for once more where it does not fit.

use std::{
    sync::{
        Once,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::Duration,
};

use reqwest::{StatusCode, header::HeaderMap};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::{
    Call, LlmError, Settings, Usage,
    breaker::Breaker,
    ledger::{self, Prices},
    schema,
    wire::{self, Completion, Unsupported},
};
use crate::SettingsError;

/// More than this no answer needs; an endpoint that sends more is broken.
const MAX_ANSWER_BYTES: usize = 4 << 20;
const PROVIDER: &str = "openai";

/// A client of one endpoint and model.
#[derive(Debug)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) endpoint: Url,
    pub(super) key: Option<SecretString>,
    pub(super) model: String,
    pub(super) timeout: Duration,
    prices: Prices,
    breaker: Breaker,
    /// The rung of the ladder that the endpoint is known to take: an index into [`LADDER`].
    rung: AtomicU8,
    /// Whether the endpoint is known to refuse `temperature` and `seed`.
    plain_sampling: AtomicBool,
}

/// What is asked: what never changes first, so that endpoints can cache it.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The instructions.
    pub system: String,
    /// What they are about.
    pub user: String,
}

/// How an answer's shape is asked for, strictest first.
const LADDER: [Format; 3] = [Format::Schema, Format::Object, Format::Words];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Schema,
    Object,
    Words,
}

/// What an endpoint said.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// How one request ended without an answer.
enum Ended {
    Unsupported(Unsupported),
    Failed(LlmError),
}

impl Client {
    /// Makes the client that the settings name. Nothing is contacted.
    ///
    /// # Errors
    /// When the URL or the model is missing or cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let url = settings.url.as_deref().ok_or_else(|| {
            SettingsError::new(
                "llm.url",
                "the provider openai needs the endpoint's base URL, such as https://api.openai.com/v1",
            )
        })?;
        let model = settings.model.clone().filter(|model| !model.is_empty()).ok_or_else(|| {
            SettingsError::new("llm.model", "the provider openai needs the name of a model of the endpoint")
        })?;
        let endpoint: Url = format!("{}/chat/completions", url.trim_end_matches('/'))
            .parse()
            .map_err(|error| SettingsError::new("llm.url", format!("{url:?} is no URL: {error}")))?;
        if !matches!(endpoint.scheme(), "http" | "https") {
            return Err(SettingsError::new("llm.url", "only http and https are spoken"));
        }
        let timeout = Duration::from_secs(settings.timeout_seconds.max(1));
        install_ring();
        // A redirect would carry the key and the transcript to an address that nobody set.
        let mut builder = reqwest::Client::builder().timeout(timeout).redirect(reqwest::redirect::Policy::none());
        if is_loopback(&endpoint) {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|error| SettingsError::new("llm.url", format!("no client can be made: {error}")))?;
        Ok(Self {
            http,
            endpoint,
            key: settings.api_key.clone(),
            model,
            timeout,
            prices: Prices::new(settings),
            breaker: Breaker::default(),
            rung: AtomicU8::new(0),
            plain_sampling: AtomicBool::new(false),
        })
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Asks for an answer of type `T`, and once more where the answer does not fit.
    ///
    /// # Errors
    /// See [`LlmError`]: each kind says what its job is to do.
    pub async fn ask<T: DeserializeOwned + JsonSchema>(&self, call: &Call<'_>, prompt: &Prompt) -> Result<T, LlmError> {
        let schema = schema::strict::<T>();
        let mut messages = vec![
            json!({ "role": "system", "content": prompt.system }),
            json!({ "role": "user", "content": prompt.user }),
        ];
        let answer = self.chat(call, &messages, &schema).await?;
        let problem = match parse::<T>(&answer) {
            Ok(value) => return Ok(value),
            Err(problem) => problem,
        };
        tracing::info!(target: "llm", { llm.task = call.task, llm.model = %self.model }, "The answer does not fit its schema; asking once more");
        let repair = format!(
            "That is not the JSON that was asked for: {problem}. Answer again, with one JSON object that fits this \
             schema and nothing else:\n{schema}"
        );
        messages.push(json!({ "role": "assistant", "content": answer }));
        messages.push(json!({ "role": "user", "content": repair }));
        let answer = self.chat(call, &messages, &schema).await?;
        // What is wrong with it can quote the answer, which quotes the session: it is not told on.
        parse(&answer).map_err(|_| LlmError::Unusable("its JSON does not fit the schema, asked twice".into()))
    }

    /// One answer in words, by the strictest format that the endpoint takes.
    async fn chat(&self, call: &Call<'_>, messages: &[Value], schema: &Value) -> Result<String, LlmError> {
        loop {
            let rung = usize::from(self.rung.load(Ordering::Relaxed)).min(LADDER.len() - 1);
            let plain = self.plain_sampling.load(Ordering::Relaxed);
            let body = self.body(LADDER[rung], plain, messages, schema);
            match self.send(call, &body).await {
                Ok(content) => return Ok(content),
                Err(Ended::Unsupported(Unsupported::Format)) if rung + 1 < LADDER.len() => {
                    // Remembered for the life of the process: each probe is a call.
                    self.rung.fetch_max(u8::try_from(rung + 1).unwrap_or(u8::MAX), Ordering::Relaxed);
                }
                Err(Ended::Unsupported(Unsupported::Sampling)) if !plain => {
                    self.plain_sampling.store(true, Ordering::Relaxed);
                }
                Err(Ended::Unsupported(_)) => {
                    return Err(LlmError::Misconfigured(
                        "the language model's endpoint does not take the request (HTTP 400): check the settings llm.url and llm.model, then retry the job".into(),
                    ));
                }
                Err(Ended::Failed(error)) => return Err(error),
            }
        }
    }

    fn body(&self, format: Format, plain: bool, messages: &[Value], schema: &Value) -> Value {
        let mut messages = messages.to_vec();
        if format != Format::Schema
            && let Some(Value::String(system)) = messages.first_mut().and_then(|message| message.get_mut("content"))
        {
            system.push_str(&format!(
                "\n\nAnswer with one JSON object that fits this JSON schema, and nothing else:\n{schema}"
            ));
        }
        let mut body = json!({ "model": self.model, "messages": messages });
        match format {
            Format::Schema => {
                let named = json!({ "name": "answer", "strict": true, "schema": schema });
                body["response_format"] = json!({ "type": "json_schema", "json_schema": named });
            }
            Format::Object => body["response_format"] = json!({ "type": "json_object" }),
            Format::Words => {}
        }
        if !plain {
            body["temperature"] = json!(0);
            body["seed"] = json!(7);
        }
        body
    }

    /// One request, with its row in the ledger.
    async fn send(&self, call: &Call<'_>, body: &Value) -> Result<String, Ended> {
        self.breaker.check().map_err(|wait| Ended::Failed(LlmError::Open(wait)))?;
        let id = ledger::start(call, PROVIDER, &self.model).await.map_err(Ended::Failed)?;
        let reply = self.post(body).await;
        match &reply {
            Err(_) => self.breaker.failed(),
            // HTTP 429 is the answer of an endpoint that is well and asks for patience.
            Ok(reply) if reply.status.is_server_error() => self.breaker.failed(),
            Ok(_) => self.breaker.succeeded(),
        }
        let request_id = reply.as_ref().ok().and_then(|reply| {
            let header = reply.headers.get("x-request-id")?.to_str().ok()?;
            Some(header.chars().take(200).collect::<String>())
        });
        let unsupported = reply.as_ref().ok().and_then(|reply| wire::unsupported(reply.status, &reply.body));
        let (usage, request_id, content) = match reply.and_then(read) {
            Ok(completion) => (completion.usage(), request_id.or_else(|| completion.id.clone()), completion.content()),
            Err(error) => (Usage::default(), request_id, Err(error)),
        };
        let settled = ledger::settle(call, id, usage, self.prices, request_id.as_deref(), content.as_ref().err()).await;
        settled.map_err(Ended::Failed)?;
        match (unsupported, content) {
            (Some(unsupported), _) => Err(Ended::Unsupported(unsupported)),
            (None, content) => content.map_err(Ended::Failed),
        }
    }

    /// Posts, and reads the answer as far as an answer can reasonably go.
    async fn post(&self, body: &Value) -> Result<Reply, LlmError> {
        let mut request = self.http.post(self.endpoint.clone()).json(body);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose_secret());
        }
        let mut response = request.send().await.map_err(|error| self.unavailable(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unavailable(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(LlmError::Unavailable("it sends more than any answer needs".into()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body })
    }

    fn unavailable(&self, error: &reqwest::Error) -> LlmError {
        LlmError::Unavailable(if error.is_timeout() {
            format!("no answer within {} seconds", self.timeout.as_secs())
        } else if error.is_connect() {
            "no connection".into()
        } else {
            "the connection broke off".into()
        })
    }
}

fn read(reply: Reply) -> Result<Completion, LlmError> {
    if !reply.status.is_success() {
        return Err(wire::failure(reply.status, &reply.headers, &reply.body));
    }
    serde_json::from_slice(&reply.body).map_err(|_| LlmError::Unavailable("its answer is no chat completion".into()))
}

/// Reads the one JSON object of an answer, whatever stands around it: a model's thoughts, a fence.
fn parse<T: DeserializeOwned>(answer: &str) -> Result<T, String> {
    let answer = answer.rsplit_once("</think>").map_or(answer, |(_, answer)| answer);
    let (Some(from), Some(to)) = (answer.find('{'), answer.rfind('}')) else {
        return Err("it has no JSON object".into());
    };
    let object = answer.get(from..=to).ok_or("it has no JSON object")?;
    serde_json::from_str(object).map_err(|error| error.to_string())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// reqwest is built without a provider of its own; whoever installed one first keeps it.
fn install_ring() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
