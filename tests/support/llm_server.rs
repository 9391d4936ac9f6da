//! A server on loopback that answers `/v1/chat/completions` as real ones do, good days and bad: a script says what comes
//! of each request in turn, and every request is kept.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What comes of one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// A completion whose content is this JSON.
    Answer(Value),
    /// A completion whose content is the JSON that this makes of the request's body.
    AnswerTo(fn(&Value) -> Value),
    /// A completion whose content is this text.
    Content(String),
    /// A completion that was cut off at the model's limit.
    CutOff,
    /// The model declines.
    Refusal,
    /// An error with a `Retry-After` in seconds, where one is given, and a body.
    Error(u16, Option<u64>, Value),
    /// A completion whose content is this JSON, once the test says [`LlmServer::go_on`].
    Slow(Value),
    /// The connection stays open and nothing comes.
    Hang,
}

/// The server; it ends with the test's runtime.
#[derive(Clone, Debug)]
pub(crate) struct LlmServer {
    script: Arc<Mutex<VecDeque<Reply>>>,
    requests: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    arrived: Arc<Notify>,
    go_on: Arc<Notify>,
    /// The base URL, as the setting `llm.url` wants it.
    pub(crate) url: String,
}

impl LlmServer {
    /// Starts one that follows the script; what is asked after its end gets HTTP 500.
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let server = Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            requests: Arc::default(),
            arrived: Arc::default(),
            go_on: Arc::default(),
            url: format!("http://{address}/v1"),
        };
        let router = Router::new().route("/v1/chat/completions", post(complete)).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    /// The bodies of the requests so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().expect("no panic holds it").iter().map(|(_, body)| body.clone()).collect()
    }

    /// Waits until a request has arrived.
    pub(crate) async fn first_request(&self) {
        self.arrived.notified().await;
    }

    /// Lets a slow answer go.
    pub(crate) fn go_on(&self) {
        self.go_on.notify_one();
    }

    /// The value of a header of the first request.
    pub(crate) fn first_header(&self, name: &str) -> Option<String> {
        let requests = self.requests.lock().expect("no panic holds it");
        requests.first()?.0.get(name)?.to_str().ok().map(str::to_owned)
    }
}

async fn complete(State(server): State<LlmServer>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    server.requests.lock().expect("no panic holds it").push((headers, body.clone()));
    server.arrived.notify_one();
    let reply = server.script.lock().expect("no panic holds it").pop_front();
    let completion = |message: Value, finish: &str| {
        let body = json!({
            "id": "chatcmpl-1", "object": "chat.completion", "model": "test-model",
            "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
            "usage": { "prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
                       "prompt_tokens_details": { "cached_tokens": 400 } },
        });
        ([("x-request-id", "req-1")], Json(body)).into_response()
    };
    match reply {
        Some(Reply::Answer(answer)) => {
            completion(json!({ "role": "assistant", "content": answer.to_string() }), "stop")
        }
        Some(Reply::AnswerTo(answer)) => {
            completion(json!({ "role": "assistant", "content": answer(&body).to_string() }), "stop")
        }
        Some(Reply::Content(text)) => completion(json!({ "role": "assistant", "content": text }), "stop"),
        Some(Reply::CutOff) => completion(json!({ "role": "assistant", "content": "{\"claims\": [{\"sec" }), "length"),
        Some(Reply::Refusal) => {
            completion(json!({ "role": "assistant", "content": null, "refusal": "I can't help with that." }), "stop")
        }
        Some(Reply::Error(status, retry_after, body)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            match retry_after {
                Some(seconds) => (status, [("retry-after", seconds.to_string())], Json(body)).into_response(),
                None => (status, Json(body)).into_response(),
            }
        }
        Some(Reply::Slow(answer)) => {
            server.go_on.notified().await;
            completion(json!({ "role": "assistant", "content": answer.to_string() }), "stop")
        }
        Some(Reply::Hang) => std::future::pending().await,
        None => (StatusCode::INTERNAL_SERVER_ERROR, "the script is over").into_response(),
    }
}
