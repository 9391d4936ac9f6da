//! A server on loopback that answers like a language model's endpoint, on good days and bad: a script says how each
//! request is answered, or limits are enforced like a provider's. Every request is kept, whatever its path.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// The reply to one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A completion whose content is this JSON.
    Answer(Value),
    /// A completion with the JSON that this function computes from the request's body.
    AnswerTo(fn(&Value) -> Value),
    /// A completion whose content is this text.
    Content(String),
    /// A completion that was cut off at the model's limit.
    CutOff,
    /// The model declines.
    Refusal,
    /// An error with an optional `Retry-After` in seconds, and a body.
    Error(u16, Option<u64>, Value),
    /// Any recorded reply: status, headers, body.
    Raw(u16, Vec<(&'static str, String)>, Value),
    /// A completion with this JSON, once the test calls [`LlmServer::go_on`].
    Slow(Value),
    /// The connection stays open, but nothing arrives.
    Hang,
    /// The connection breaks off in the middle of a completion with this content.
    Torn(Value),
}

/// A provider's limits, counted in buckets that hold a few seconds' worth: an even flow fits, a burst doesn't.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed {
    pub(crate) bucket_seconds: f64,
    pub(crate) requests_per_minute: f64,
    pub(crate) tokens_per_minute: f64,
    /// The latency of an answer.
    pub(crate) latency: Duration,
    /// The answer.
    pub(crate) answer: fn(&Value) -> Value,
}

impl Allowed {
    fn full(&self, a_minute: f64) -> f64 {
        (a_minute / 60.0 * self.bucket_seconds).max(1.0)
    }
}

/// A received request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// When it arrived.
    #[allow(dead_code, reason = "benches/llm_load measures it")]
    pub(crate) at: Instant,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    /// The body's bytes.
    pub(crate) raw: Bytes,
    pub(crate) body: Value,
}

impl Asked {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[derive(Debug)]
struct Bucket {
    allowed: Allowed,
    filled_at: Instant,
    requests: f64,
    tokens: f64,
    refused: usize,
}

/// The server; it ends with the test's runtime.
#[derive(Clone, Debug)]
pub(crate) struct LlmServer {
    script: Arc<Mutex<VecDeque<Reply>>>,
    bucket: Arc<Mutex<Option<Bucket>>>,
    requests: Arc<Mutex<Vec<Asked>>>,
    arrived: Arc<Notify>,
    go_on: Arc<Notify>,
    /// The base URL for the setting `llm.url` with the provider `openai`.
    pub(crate) url: String,
    /// The server's URL without a path.
    pub(crate) root: String,
}

impl LlmServer {
    /// Starts a server that follows the script; requests after its end get HTTP 500.
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let server = Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            bucket: Arc::default(),
            requests: Arc::default(),
            arrived: Arc::default(),
            go_on: Arc::default(),
            url: format!("http://{address}/v1"),
            root: format!("http://{address}"),
        };
        let router = Router::new().route("/v1/models", get(models)).fallback(complete);
        let router = router.with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    /// Starts a server that answers everything within the limits.
    pub(crate) async fn allowing(allowed: Allowed) -> Self {
        let server = Self::start([]).await;
        let bucket = Bucket {
            allowed,
            filled_at: Instant::now(),
            requests: allowed.full(allowed.requests_per_minute),
            tokens: allowed.full(allowed.tokens_per_minute),
            refused: 0,
        };
        *server.bucket.lock().expect("no panic holds it") = Some(bucket);
        server
    }

    /// Appends replies to the script.
    pub(crate) fn then(&self, replies: impl IntoIterator<Item = Reply>) {
        self.script.lock().expect("no panic holds it").extend(replies);
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.requests.lock().expect("no panic holds it").clone()
    }

    /// The bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.asked().into_iter().map(|asked| asked.body).collect()
    }

    /// How many requests exceeded the limits.
    pub(crate) fn refused(&self) -> usize {
        self.bucket.lock().expect("no panic holds it").as_ref().map_or(0, |bucket| bucket.refused)
    }

    /// Waits until a request has arrived.
    pub(crate) async fn first_request(&self) {
        self.arrived.notified().await;
    }

    /// Releases a slow answer.
    pub(crate) fn go_on(&self) {
        self.go_on.notify_one();
    }

    /// The value of a header of the first request.
    pub(crate) fn first_header(&self, name: &str) -> Option<String> {
        self.asked().first()?.header(name).map(str::to_owned)
    }

    /// Takes a request out of the bucket; if the limits don't allow it, returns the seconds to wait.
    fn take(&self, tokens: f64) -> Option<Result<Allowed, f64>> {
        let mut bucket = self.bucket.lock().expect("no panic holds it");
        let bucket = bucket.as_mut()?;
        let (allowed, seconds) = (bucket.allowed, bucket.filled_at.elapsed().as_secs_f64());
        bucket.filled_at = Instant::now();
        let fill = |level: f64, a_minute: f64| (level + seconds * a_minute / 60.0).min(allowed.full(a_minute));
        bucket.requests = fill(bucket.requests, allowed.requests_per_minute);
        bucket.tokens = fill(bucket.tokens, allowed.tokens_per_minute);
        if bucket.requests < 1.0 || bucket.tokens < tokens {
            bucket.refused += 1;
            return Some(Err(60.0 / allowed.requests_per_minute));
        }
        bucket.requests -= 1.0;
        bucket.tokens -= tokens;
        Some(Ok(allowed))
    }
}

/// The list of models, for any key except `refused`.
async fn models(headers: HeaderMap) -> Response {
    if headers.get("authorization").is_some_and(|key| key == "Bearer refused") {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": { "code": "invalid_api_key" } }))).into_response();
    }
    Json(json!({ "object": "list", "data": [{ "id": "test-model", "object": "model" }] })).into_response()
}

/// A chat completion.
fn completion(message: Value, finish: &str, [input, cached, output]: [usize; 3]) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "test-model",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
        "usage": { "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
                   "prompt_tokens_details": { "cached_tokens": cached } },
    })
}

async fn complete(State(server): State<LlmServer>, uri: Uri, headers: HeaderMap, request: Request) -> Response {
    let raw = axum::body::to_bytes(request.into_body(), 16 << 20).await.expect("a body");
    let body: Value = serde_json::from_slice(&raw).unwrap_or_default();
    let asked = Asked { at: Instant::now(), uri: uri.to_string(), headers, raw: raw.clone(), body: body.clone() };
    server.requests.lock().expect("no panic holds it").push(asked);
    server.arrived.notify_one();
    let (input, output) = (raw.len() / 4, 50);
    match server.take((input + output) as f64) {
        Some(Ok(allowed)) => {
            tokio::time::sleep(allowed.latency).await;
            let message = json!({ "role": "assistant", "content": (allowed.answer)(&body).to_string() });
            return Json(completion(message, "stop", [input, 0, output])).into_response();
        }
        Some(Err(seconds)) => {
            let body = json!({ "error": { "message": "Rate limit reached", "code": "rate_limit_exceeded" } });
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds.to_string())], Json(body)).into_response();
        }
        None => {}
    }
    let reply = server.script.lock().expect("no panic holds it").pop_front();
    reply_with(&server, reply, &body).await
}

async fn reply_with(server: &LlmServer, reply: Option<Reply>, body: &Value) -> Response {
    let said = |message: Value, finish: &str| {
        ([("x-request-id", "req-1")], Json(completion(message, finish, [1000, 400, 100]))).into_response()
    };
    let text = |content: String| said(json!({ "role": "assistant", "content": content }), "stop");
    match reply {
        Some(Reply::Answer(answer)) => text(answer.to_string()),
        Some(Reply::AnswerTo(answer)) => text(answer(body).to_string()),
        Some(Reply::Content(content)) => text(content),
        Some(Reply::CutOff) => said(json!({ "role": "assistant", "content": "{\"claims\": [{\"sec" }), "length"),
        Some(Reply::Refusal) => {
            said(json!({ "role": "assistant", "content": null, "refusal": "I can't help with that." }), "stop")
        }
        Some(Reply::Error(status, retry_after, body)) => {
            let retry_after = retry_after.map(|seconds| ("retry-after", seconds.to_string()));
            raw(status, retry_after.into_iter().collect(), body)
        }
        Some(Reply::Raw(status, headers, body)) => raw(status, headers, body),
        Some(Reply::Slow(answer)) => {
            server.go_on.notified().await;
            text(answer.to_string())
        }
        Some(Reply::Hang) => std::future::pending().await,
        Some(Reply::Torn(answer)) => {
            let message = json!({ "role": "assistant", "content": answer.to_string() });
            let whole = completion(message, "stop", [1000, 400, 100]).to_string();
            let half = Bytes::from(whole[..whole.len() / 2].to_owned());
            let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            Body::from_stream(futures::stream::iter([Ok(half), Err(broken)])).into_response()
        }
        None => (StatusCode::INTERNAL_SERVER_ERROR, "the script is over").into_response(),
    }
}

fn raw(status: u16, headers: Vec<(&'static str, String)>, body: Value) -> Response {
    let mut response = (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response();
    for (name, value) in headers {
        let value = HeaderValue::from_str(&value).expect("a header's value");
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}
