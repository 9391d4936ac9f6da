//! Each provider's documented behavior, replayed: the requests it gets, how its answers are read, and what its errors
//! mean.

use debrief_jobs::llm::Settings;
use serde_json::{Value, json};

use super::{answer, ask, behind, last, with_model};
use crate::support::{LlmServer, Reply, World};

fn anthropic(server: &LlmServer) -> impl Fn(&mut Settings) + use<> {
    let url = server.root.clone();
    move |settings| {
        settings.provider = "anthropic".into();
        settings.url = Some(url.clone());
        settings.model = Some("claude-test".into());
        settings.api_key = Some("sk-ant".into());
        (settings.input_price, settings.cached_price, settings.output_price) = (Some(3.0), Some(0.3), Some(15.0));
    }
}

fn gemini(server: &LlmServer) -> impl Fn(&mut Settings) + use<> {
    let url = format!("{}/v1beta", server.root);
    move |settings| {
        settings.provider = "gemini".into();
        settings.url = Some(url.clone());
        settings.model = Some("gemini-test".into());
        settings.api_key = Some("AIza".into());
        (settings.input_price, settings.cached_price, settings.output_price) = (Some(1.0), Some(0.1), Some(10.0));
    }
}

fn azure(server: &LlmServer, version: Option<&str>) -> impl Fn(&mut Settings) + use<> {
    let (url, version) = (server.root.clone(), version.map(str::to_owned));
    move |settings| {
        settings.provider = "azure".into();
        settings.url = Some(url.clone());
        settings.model = Some("summaries".into());
        settings.api_key = Some("azure-key".into());
        settings.api_version = version.clone();
    }
}

fn ok(body: Value) -> Reply {
    Reply::Raw(200, vec![], body)
}

fn message(content: Value, stop_reason: &str) -> Reply {
    Reply::Raw(
        200,
        vec![("request-id", "req_ant".into())],
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-test", "content": content,
            "stop_reason": stop_reason, "stop_sequence": null,
            "usage": { "input_tokens": 50, "cache_creation_input_tokens": 200, "cache_read_input_tokens": 1000,
                       "output_tokens": 30 },
        }),
    )
}

fn generated(parts: Value, finish_reason: &str) -> Reply {
    ok(json!({
        "candidates": [{ "content": { "role": "model", "parts": parts }, "finishReason": finish_reason, "index": 0 }],
        "usageMetadata": { "promptTokenCount": 1200, "cachedContentTokenCount": 1000, "candidatesTokenCount": 20,
                           "thoughtsTokenCount": 80, "totalTokenCount": 1300 },
        "modelVersion": "gemini-test", "responseId": "resp_1",
    }))
}

/// The ledger's kind for the result of a call.
async fn kind(world: &World) -> Option<String> {
    last(world, "select error from llm_calls order by id desc limit 1").await
}

/// Input, cached and output tokens, and the cost, of the latest call.
async fn usage(world: &World) -> (i32, i32, i32, i64) {
    (
        last(world, "select input_tokens from llm_calls order by id desc limit 1").await,
        last(world, "select cached_tokens from llm_calls order by id desc limit 1").await,
        last(world, "select output_tokens from llm_calls order by id desc limit 1").await,
        last(world, "select cost_micro_usd from llm_calls order by id desc limit 1").await,
    )
}

#[tokio::test]
async fn anthropic_answers_by_schema_with_its_instructions_cached() {
    let thought = json!({ "type": "thinking", "thinking": "{hm}", "signature": "x" });
    let words = json!([thought, { "type": "text", "text": answer().to_string() }]);
    let server = LlmServer::start([message(words, "end_turn")]).await;
    let world = with_model(anthropic(&server)).await;
    let said = ask(&world.services, world.organization, "What was said?").await.expect("an answer");
    assert_eq!(said.quote, "as said");
    let [asked] = &server.asked()[..] else { panic!("one request") };
    assert_eq!(asked.uri, "/v1/messages");
    assert_eq!((asked.header("x-api-key"), asked.header("anthropic-version")), (Some("sk-ant"), Some("2023-06-01")));
    let body = &asked.body;
    assert_eq!(body["system"][0]["text"], "Answer.");
    assert_eq!(body["system"][0]["cache_control"]["type"], "ephemeral");
    assert_eq!(body["messages"], json!([{ "role": "user", "content": "What was said?" }]));
    assert_eq!(body["output_config"]["format"]["type"], "json_schema");
    assert_eq!(body["output_config"]["format"]["schema"]["additionalProperties"], false);
    assert!(body["max_tokens"].as_u64().is_some_and(|most| most >= 4096), "it must say how long an answer may be");
    // Fresh, read and written tokens are counted separately, and each has its own price.
    assert_eq!(usage(&world).await, (1250, 1000, 30, 50 * 3 + 300 + 750 + 30 * 15));
    let request: String = last(&world, "select request_id from llm_calls").await;
    assert_eq!(request, "req_ant");
}

#[tokio::test]
async fn anthropic_models_without_schemas_answer_through_a_tool_and_the_process_remembers() {
    let refused = |message: &str| {
        let error = json!({ "type": "invalid_request_error", "message": message });
        Reply::Raw(400, vec![], json!({ "type": "error", "error": error, "request_id": "req_1" }))
    };
    let tool = || message(json!([{ "type": "tool_use", "id": "t", "name": "answer", "input": answer() }]), "tool_use");
    let server = LlmServer::start([
        refused("output_config.format: structured outputs are not supported by this model"),
        refused("`temperature` is deprecated for this model."),
        tool(),
        tool(),
    ])
    .await;
    let world = with_model(anthropic(&server)).await;
    for words in ["One?", "Two?"] {
        assert_eq!(ask(&world.services, world.organization, words).await.expect("an answer").utterance, 7);
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 4, "what it does not take is not tried again");
    assert_eq!(requests[3]["tool_choice"], json!({ "type": "tool", "name": "answer" }));
    assert!(requests[3].get("output_config").is_none() && requests[3].get("temperature").is_none());
}

#[tokio::test]
async fn anthropic_errors_say_what_they_are() {
    let error = |status, headers: Vec<(&'static str, &str)>, kind: &str, message: &str| {
        let body = json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_1" });
        Reply::Raw(status, headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect(), body)
    };
    let spent = json!({ "type": "error", "error": { "type": "rate_limit_error", "message": "…",
                        "details": { "error_code": "enforced_spend_limit_reached" } } });
    for (reply, expected) in [
        (error(529, vec![], "overloaded_error", "Overloaded"), "busy"),
        (error(429, vec![("retry-after", "12")], "rate_limit_error", "…"), "limited"),
        (Reply::Raw(429, vec![], spent), "misconfigured"),
        (error(400, vec![], "invalid_request_error", "Your credit balance is too low to access"), "misconfigured"),
        (error(400, vec![], "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), "too_long"),
        (error(413, vec![], "request_too_large", "Request exceeds the maximum size"), "too_long"),
        (error(401, vec![], "authentication_error", "invalid x-api-key"), "misconfigured"),
        (error(404, vec![], "not_found_error", "model: claude-tset"), "misconfigured"),
        (error(500, vec![], "api_error", "Internal server error"), "unavailable"),
        (message(json!([]), "refusal"), "declined"),
        (message(json!([{ "type": "text", "text": "{\"utte" }]), "max_tokens"), "too_long"),
        (message(json!([{ "type": "text", "text": "{\"utte" }]), "model_context_window_exceeded"), "too_long"),
    ] {
        let server = LlmServer::start([reply.clone()]).await;
        let world = with_model(anthropic(&server)).await;
        ask(&world.services, world.organization, "?").await.expect_err("no answer");
        assert_eq!(kind(&world).await.as_deref(), Some(expected), "{reply:?}");
    }
}

#[tokio::test]
async fn gemini_answers_by_its_own_schema() {
    let parts = json!([{ "text": "{hm}", "thought": true }, { "text": answer().to_string() }]);
    let server = LlmServer::start([generated(parts, "STOP")]).await;
    let world = with_model(gemini(&server)).await;
    assert_eq!(ask(&world.services, world.organization, "?").await.expect("an answer").utterance, 7);
    let [asked] = &server.asked()[..] else { panic!("one request") };
    assert_eq!(asked.uri, "/v1beta/models/gemini-test:generateContent");
    assert_eq!(asked.header("x-goog-api-key"), Some("AIza"));
    let body = &asked.body;
    assert_eq!(body["systemInstruction"]["parts"][0]["text"], "Answer.");
    assert_eq!(body["contents"], json!([{ "role": "user", "parts": [{ "text": "?" }] }]));
    let generation = &body["generationConfig"];
    assert_eq!(generation["responseMimeType"], "application/json");
    assert_eq!(generation["responseSchema"]["type"], "OBJECT");
    assert!(!generation["responseSchema"].to_string().contains("additionalProperties"), "it would refuse it");
    // Thoughts are charged like an answer.
    assert_eq!(usage(&world).await, (1200, 1000, 100, 200 + 100 + 1000));
}

#[tokio::test]
async fn gemini_errors_say_what_they_are() {
    let error = |code: u16, status: &str, message: &str, details: Value| {
        let error = json!({ "code": code, "message": message, "status": status, "details": details });
        Reply::Raw(code, vec![], json!({ "error": error }))
    };
    let retry = json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "22s" }]);
    let bad_key = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" }]);
    let blocked = json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" },
                          "usageMetadata": { "promptTokenCount": 12, "totalTokenCount": 12 } });
    let too_many = "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).";
    for (reply, expected) in [
        (error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", retry), "limited"),
        (error(503, "UNAVAILABLE", "The model is overloaded.", json!([])), "busy"),
        (error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", bad_key), "misconfigured"),
        (error(400, "INVALID_ARGUMENT", too_many, json!([])), "too_long"),
        (error(404, "NOT_FOUND", "models/gemini-tset is not found for API version v1beta", json!([])), "misconfigured"),
        (error(500, "INTERNAL", "An internal error has occurred.", json!([])), "unavailable"),
        (ok(blocked), "declined"),
        (generated(json!([]), "SAFETY"), "declined"),
        (generated(json!([{ "text": "{\"utt" }]), "MAX_TOKENS"), "too_long"),
    ] {
        let server = LlmServer::start([reply.clone()]).await;
        let world = with_model(gemini(&server)).await;
        ask(&world.services, world.organization, "?").await.expect_err("no answer");
        assert_eq!(kind(&world).await.as_deref(), Some(expected), "{reply:?}");
    }
    // The wait is in the body, and applies to everyone.
    let closed = "select extract(epoch from closed_until - now())::double precision from llm_endpoints";
    let server = LlmServer::start([error(
        429,
        "RESOURCE_EXHAUSTED",
        "…",
        json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "22.5s" }]),
    )])
    .await;
    let world = with_model(gemini(&server)).await;
    ask(&world.services, world.organization, "?").await.expect_err("no answer");
    let seconds: f64 = last(&world, closed).await;
    assert!((15.0..=22.5).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn azure_is_called_at_its_deployment_with_its_own_header() {
    let completion = || Reply::Answer(answer());
    for (version, path) in [
        (Some("2024-10-21"), "/openai/deployments/summaries/chat/completions?api-version=2024-10-21"),
        (None, "/openai/v1/chat/completions"),
    ] {
        let server = LlmServer::start([completion()]).await;
        let world = with_model(azure(&server, version)).await;
        ask(&world.services, world.organization, "?").await.expect("an answer");
        let [asked] = &server.asked()[..] else { panic!("one request") };
        assert_eq!(asked.uri, path);
        assert_eq!((asked.header("api-key"), asked.header("authorization")), (Some("azure-key"), None));
        assert_eq!(asked.body["model"], "summaries");
    }
    let filtered = json!({ "error": {
        "message": "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        "type": null, "param": "prompt", "code": "content_filter", "status": 400,
        "innererror": { "code": "ResponsibleAIPolicyViolation",
                        "content_filter_result": { "violence": { "filtered": true, "severity": "high" } } } } });
    let old = json!({ "error": { "code": "BadRequest", "type": null, "param": null,
        "message": "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later" } });
    let deployment = json!({ "error": { "code": "DeploymentNotFound",
        "message": "The API deployment for this resource does not exist." } });
    for (replies, expected) in [
        (vec![Reply::Raw(400, vec![], filtered)], Some("declined")),
        (vec![Reply::Raw(404, vec![], deployment)], Some("misconfigured")),
        (vec![Reply::Raw(400, vec![], old), completion()], None),
    ] {
        let server = LlmServer::start(replies).await;
        let world = with_model(azure(&server, Some("2024-02-01"))).await;
        let asked = ask(&world.services, world.organization, "?").await;
        assert_eq!(asked.as_ref().err().map(|error| error.kind()), expected);
        assert_eq!(kind(&world).await.as_deref(), expected);
    }
}

/// Ollama, vLLM, llama.cpp and OpenAI itself speak the same protocol, but each has its own form of errors.
#[tokio::test]
async fn the_errors_of_compatible_servers_say_what_they_are() {
    let vllm =
        "This model's maximum context length is 8192 tokens. However, you requested 12946 tokens in the messages.";
    let openai =
        "Request too large for test-model in organization org-x on tokens per min (TPM): Limit 30000, Requested 48211.";
    let kind_of = |kind: &str| json!({ "error": { "message": "…", "type": kind, "param": null, "code": null } });
    for (status, body, expected) in [
        (
            400,
            json!({ "error": { "code": 400, "message": "the request exceeds the available context size, try increasing it",
            "type": "exceed_context_size_error", "n_prompt_tokens": 16451, "n_ctx": 16384 } }),
            "too_long",
        ),
        (503, json!({ "error": { "code": 503, "message": "Loading model", "type": "unavailable_error" } }), "busy"),
        (
            400,
            json!({ "object": "error", "message": vllm, "type": "BadRequestError", "param": null, "code": 400 }),
            "too_long",
        ),
        (
            400,
            json!({ "error": { "message": vllm, "type": "BadRequestError", "param": null, "code": 400 } }),
            "too_long",
        ),
        (
            404,
            json!({ "error": { "message": "model \"m\" not found, try pulling it first", "type": "api_error",
            "param": null, "code": null } }),
            "misconfigured",
        ),
        (
            400,
            json!({ "error": { "message": "…", "type": "invalid_request_error", "param": "messages",
            "code": "context_length_exceeded" } }),
            "too_long",
        ),
        (
            429,
            json!({ "error": { "message": openai, "type": "tokens", "param": null, "code": "rate_limit_exceeded" } }),
            "too_long",
        ),
        (429, kind_of("insufficient_quota"), "misconfigured"),
        (429, kind_of("requests"), "limited"),
        (500, Value::Null, "unavailable"),
    ] {
        let server = LlmServer::start([Reply::Raw(status, vec![], body.clone())]).await;
        let world = with_model(behind(&server)).await;
        ask(&world.services, world.organization, "?").await.expect_err("no answer");
        assert_eq!(kind(&world).await.as_deref(), Some(expected), "{body}");
    }
}

#[tokio::test]
async fn compatible_servers_are_asked_in_the_way_they_take() {
    let refused = |message: &str| {
        Reply::Raw(400, vec![], json!({ "error": { "message": message, "type": "invalid_request_error" } }))
    };
    for (message, gone, instead) in [
        ("failed to parse grammar", "json_schema", "json_object"),
        ("invalid JSON schema in format", "json_schema", "json_object"),
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            "\"max_tokens\"",
            "max_completion_tokens",
        ),
        ("Unsupported value: 'temperature' does not support 0 with this model.", "temperature", "messages"),
    ] {
        let server = LlmServer::start([refused(message), Reply::Answer(answer())]).await;
        let change = behind(&server);
        let world = with_model(move |settings| {
            change(settings);
            settings.max_output_tokens = Some(2000);
        })
        .await;
        ask(&world.services, world.organization, "?").await.expect("an answer in the end");
        let [first, second] = &server.requests()[..] else { panic!("two requests") };
        assert!(first.to_string().contains(gone), "{first}");
        assert!(!second.to_string().contains(gone) && second.to_string().contains(instead), "{second}");
    }
}

/// None of this may hang, count as an answer, or quote the session in an error.
#[tokio::test]
async fn nonsense_ends_rightly() {
    for (replies, expected) in [
        (vec![Reply::Torn(answer())], "broke_off"),
        (vec![Reply::Raw(200, vec![], json!({ "hello": "Hartman" }))], "unavailable"),
        (vec![Reply::Raw(200, vec![], json!({ "choices": [] }))], "unusable"),
        (vec![Reply::Content("  ".into())], "unusable"),
        (vec![Reply::Content("Hartman {".into()), Reply::Content("{\"utterance\": \"Hartman\"}".into())], "unusable"),
        (vec![Reply::Answer(json!({ "utterance": -1, "quote": 3 })), Reply::Answer(json!([1]))], "unusable"),
    ] {
        let server = LlmServer::start(replies.clone()).await;
        let world = with_model(behind(&server)).await;
        let error = ask(&world.services, world.organization, "Hartman?").await.expect_err("no answer");
        assert_eq!(error.kind(), expected, "{replies:?}");
        assert!(!error.to_string().contains("Hartman"), "{error}");
    }
}

/// An Ollama with too small a context reads the end of a long prompt, and shows it only in the token count.
#[tokio::test]
async fn a_prompt_that_the_endpoint_cut_off_is_too_long_and_not_half_read() {
    let half = json!({
        "id": "x", "choices": [{ "index": 0, "message": { "role": "assistant", "content": answer().to_string() },
                                 "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 4096, "completion_tokens": 20, "total_tokens": 4116 },
    });
    let server = LlmServer::start([ok(half)]).await;
    let world = with_model(behind(&server)).await;
    let long = "She said that the week went well and that nothing was left. ".repeat(800);
    let error = ask(&world.services, world.organization, &long).await.expect_err("it has not read all of it");
    assert_eq!(error.kind(), "too_long");
}
