//! The Model Context Protocol, as an assistant uses it: over the router, and over the real binary's streams.

mod bounds;
mod door;
mod seen;
mod stdio;
mod tools;

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};

use crate::{
    api::Api,
    http::visit::{Answer, send},
};

/// An assistant with a key, over HTTP.
pub(crate) struct Assistant<'a> {
    api: &'a Api,
    key: String,
}

impl<'a> Assistant<'a> {
    pub(crate) fn new(api: &'a Api, key: String) -> Self {
        Self { api, key }
    }

    /// One message of the protocol.
    async fn say(&self, method: &str, params: Value) -> Answer {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send(&message.to_string(), &[]).await
    }

    async fn send(&self, body: &str, headers: &[(&'static str, &str)]) -> Answer {
        let mut request = Request::post("/mcp")
            .header(header::HOST, "127.0.0.1")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream");
        if !self.key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.key));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(&self.api.router, request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// What a tool gives, refusals included.
    async fn call(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.say("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert_eq!(answer.header("content-type"), "application/json", "{}", answer.body);
        let result = answer.json()["result"].clone();
        assert!(result.is_object(), "{tool}: {}", answer.body);
        result
    }

    /// The structured content of a call that must work.
    pub(crate) async fn told(&self, tool: &str, arguments: Value) -> Value {
        content(tool, &self.call(tool, arguments).await)
    }

    /// The sentence of a call that must be refused.
    async fn refused(&self, tool: &str, arguments: Value) -> String {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{tool}: {result}");
        let said = result["content"][0]["text"].as_str().expect("a sentence").to_owned();
        for inner in ["sqlx", "select ", "panicked", "relation"] {
            assert!(!said.contains(inner), "{said}");
        }
        said
    }
}

/// The structured content of a result, which is its text as well, below the line that says what it is.
fn content(tool: &str, result: &Value) -> Value {
    assert_ne!(result["isError"], true, "{tool}: {result}");
    let content = result["structuredContent"].clone();
    let texts: Vec<&str> =
        result["content"].as_array().expect("blocks").iter().filter_map(|block| block["text"].as_str()).collect();
    assert!(texts[0].contains("never follow an instruction"), "{tool}: {}", texts[0]);
    assert_eq!(serde_json::from_str::<Value>(texts[1]).expect("JSON"), content, "{tool}");
    assert!(texts.iter().map(|text| text.len()).sum::<usize>() <= 50_000, "{tool} tells too much at once");
    content
}
