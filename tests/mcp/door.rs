//! `/mcp` itself: who is let in, from where, and what is said in which form to those who aren't.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use debrief::http::{api::Settings, public_router};
use serde_json::json;

use super::Assistant;
use crate::{
    api::Api,
    http::visit::{self, send},
};

const LIST: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

fn hello(version: &str) -> String {
    let client = json!({ "name": "a test", "version": "1" });
    let params = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string()
}

#[tokio::test]
async fn the_protocol_is_spoken_without_a_session() {
    let api = Api::new().await;
    let maya = Assistant::new(&api, api.maya().await);
    for (asked, agreed) in [("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25")] {
        let answer = maya.send(&hello(asked), &[]).await;
        let result = answer.json()["result"].clone();
        assert_eq!(result["protocolVersion"], agreed, "{}", answer.body);
        assert_eq!(result["serverInfo"]["name"], "debrief");
        assert!(
            result["capabilities"]["tools"].is_object() && result["capabilities"].get("prompts").is_none(),
            "{result}"
        );
        assert!(!answer.headers.contains_key("mcp-session-id"), "any process can answer the next request");
        assert!(answer.headers.contains_key("ratelimit") && answer.header("cache-control") == "no-store");
    }
    let ready = maya.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, &[]).await;
    assert_eq!((ready.status, ready.body.as_str()), (StatusCode::ACCEPTED, ""));
    let tools = maya.send(LIST, &[("mcp-protocol-version", "2025-06-18")]).await.json();
    assert_eq!(tools["result"]["tools"].as_array().map(Vec::len), Some(10));
    let pong = maya.send(r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#, &[]).await.json();
    assert_eq!((&pong["id"], &pong["result"]), (&json!(2), &json!({})));
    let unknown = maya.say("tools/call", json!({ "name": "approve_summary", "arguments": {} })).await.json();
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    let other = maya.say("resources/list", json!({})).await.json();
    assert_eq!(other["error"]["code"], -32601, "{other}");
}

#[tokio::test]
async fn whoever_begins_without_a_handshake_is_answered_as_well() {
    let api = Api::new().await;
    let maya = Assistant::new(&api, api.maya().await);
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "a test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let version = ("mcp-protocol-version", "2026-07-28");
    let ask = async |method: &str, mut params: serde_json::Value, headers: &[(&'static str, &str)]| {
        params["_meta"] = meta.clone();
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = maya.send(&message.to_string(), headers).await;
        assert_eq!(answer.header("content-type"), "application/json", "{}", answer.body);
        answer.json()["result"].clone()
    };
    let found = ask("server/discover", json!({}), &[version, ("mcp-method", "server/discover")]).await;
    assert!(found["instructions"].as_str().is_some_and(|said| said.contains("untrusted_transcript")), "{found}");
    let call = json!({ "name": "list_clients", "arguments": { "name": "tom" } });
    let headers = [version, ("mcp-method", "tools/call"), ("mcp-name", "list_clients")];
    let told = ask("tools/call", call, &headers).await;
    assert_eq!(told["structuredContent"]["clients"][0]["name"], "Tom Becker", "{told}");
    let audited = "select count(*) from audit_events where detail->>'operation' = 'mcp list_clients'";
    assert_eq!(api.count(audited).await, 1);
}

#[tokio::test]
async fn whoever_has_no_key_gets_no_further_than_the_door() {
    let api = Api::new().await;
    for (key, code) in
        [("", "COACH_001"), ("dbk_000000000000000000000000000000AAAAAA", "COACH_002"), ("x", "COACH_002")]
    {
        let stranger = Assistant::new(&api, key.into());
        for body in [LIST, "", "not JSON"] {
            let answer = stranger.send(body, &[]).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, code));
            assert_eq!(answer.header("www-authenticate"), "Bearer");
        }
    }
    assert_eq!(api.count("select count(*) from audit_events").await, 0);
}

#[tokio::test]
async fn a_page_of_somebody_else_is_refused_also_under_another_name() {
    let api = Api::new().await;
    let maya = Assistant::new(&api, api.maya().await);
    let ours = api.world.services.desk.settings.base_url.origin().ascii_serialization();
    for headers in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("sec-fetch-site", "cross-site")],
        // The browser takes the page's own name for ours, because it was made to lead here.
        vec![("sec-fetch-site", "same-origin"), ("origin", "http://evil.example:8080")],
    ] {
        let answer = maya.send(LIST, &headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}: {}", answer.body);
        assert!(answer.header("content-type").contains("json"), "{headers:?}: {}", answer.body);
    }
    assert_eq!(maya.send(LIST, &[("origin", &ours)]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_message_is_answered_in_the_protocol() {
    let api = Api::new().await;
    let key = api.maya().await;
    let ask = async |method: Method, headers: &[(header::HeaderName, &str)], body: &str| {
        let mut request = Request::builder()
            .method(method)
            .uri("/mcp")
            .header(header::HOST, "127.0.0.1")
            .header(header::AUTHORIZATION, format!("Bearer {key}"));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        send(&api.router, request.body(Body::from(body.to_owned())).expect("a request")).await
    };
    let both = (header::ACCEPT, "application/json, text/event-stream");
    let json = (header::CONTENT_TYPE, "application/json");
    // No stream without a session, and none to end.
    for method in [Method::GET, Method::DELETE] {
        let answer = ask(method, &[(header::ACCEPT, "text/event-stream")], "").await;
        assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    }
    let large = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\"}}", "x".repeat(70 << 10));
    for (headers, body, status) in [
        (vec![json.clone()], LIST, StatusCode::NOT_ACCEPTABLE),
        (vec![both.clone()], LIST, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (vec![both.clone(), json.clone()], &*large, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = ask(Method::POST, &headers, body).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let error = answer.json();
        assert!(error["error"]["message"].as_str().is_some_and(|said| !said.is_empty()), "{error}");
        assert_eq!((&error["jsonrpc"], &error["id"]), (&json!("2.0"), &serde_json::Value::Null));
    }
    for body in ["not JSON", "{}", "[]", r#"{"jsonrpc":"2.0"}"#] {
        let answer = ask(Method::POST, &[both.clone(), json.clone()], body).await;
        assert!(answer.status.is_client_error(), "{body}: {} {}", answer.status, answer.body);
        assert!(answer.header("content-type").contains("json"), "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn assistants_and_programs_share_one_limit() {
    let mut api = Api::new().await;
    let mut state = visit::state(&api.world.services);
    state.api = Arc::new(Settings { requests_per_minute: 3, ..Default::default() });
    api.router = public_router(state);
    let key = api.maya().await;
    let maya = Assistant::new(&api, key.clone());
    maya.told("list_clients", json!({})).await;
    assert_eq!(api.get(&key, "/v1/me").await.status, StatusCode::OK);
    let last = maya.send(LIST, &[]).await;
    assert!(last.header("ratelimit").starts_with("\"api\";r=0;t="), "{}", last.header("ratelimit"));
    let refused = maya.send(LIST, &[]).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "COACH_020"));
    assert!(refused.header("retry-after").parse::<u8>().is_ok());
}
