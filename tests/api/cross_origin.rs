//! Pages of other origins: what a browser is told, and by whom it may be asked.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use debrief::http::{api::Settings, public_router};

use super::Api;
use crate::http::visit::{self, Answer, send};

pub(crate) const APP: &str = "https://app.example.org";

pub(crate) fn router(api: &Api, origins: &[&str]) -> Router {
    let mut state = visit::state(&api.world.services);
    let cors_origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    state.api = Arc::new(Settings { requests_per_minute: 100_000, cors_origins, ..Settings::default() });
    public_router(state)
}

async fn ask(router: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(router, request.body(Body::empty()).expect("a request")).await
}

pub(crate) fn allowed(answer: &Answer) -> &str {
    answer.header("access-control-allow-origin")
}

#[tokio::test]
async fn an_origin_of_the_settings_calls_the_api_and_no_other() {
    let api = Api::new().await;
    let router = router(&api, &[APP, "http://localhost:5173"]);
    let key = format!("Bearer {}", api.maya().await);
    let signed = [("authorization", key.as_str()), ("origin", APP), ("sec-fetch-site", "cross-site")];
    let session = format!("/v1/sessions/{}", api.reviewed.session);
    let read = ask(&router, Method::GET, &session, &signed).await;
    assert_eq!((read.status, allowed(&read)), (StatusCode::OK, APP));
    let readable = read.header("access-control-expose-headers").to_lowercase();
    for name in ["etag", "location", "retry-after", "ratelimit", "ratelimit-policy", "idempotent-replayed"] {
        assert!(readable.split(',').any(|one| one.trim() == name), "{name}: {readable}");
    }
    assert_eq!(read.header("access-control-allow-credentials"), "", "no cookies");
    assert!(read.header("vary").contains("origin"), "{}", read.header("vary"));
    // A change as well, which a form of another site may not make; and what goes wrong is readable too.
    let close = format!("{session}/close");
    let changed = ask(&router, Method::POST, &close, &signed).await;
    assert_eq!((changed.code().as_str(), allowed(&changed)), ("COACH_040", APP), "{}", changed.body);
    let nobody = ask(&router, Method::GET, &session, &[("origin", APP)]).await;
    assert_eq!((nobody.code().as_str(), allowed(&nobody)), ("COACH_001", APP));
    for origin in ["https://evil.example", "https://app.example.org.evil.example", "null"] {
        let other = [("authorization", key.as_str()), ("origin", origin), ("sec-fetch-site", "cross-site")];
        assert_eq!(allowed(&ask(&router, Method::GET, &session, &other).await), "", "{origin}");
        let refused = ask(&router, Method::POST, &close, &other).await;
        assert_eq!((refused.code().as_str(), allowed(&refused)), ("COACH_007", ""), "{origin}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_key() {
    let api = Api::new().await;
    let router = router(&api, &[APP]);
    let asks = |origin| {
        [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,if-match,idempotency-key,content-type"),
        ]
    };
    let path = format!("/v1/sessions/{}", api.reviewed.session);
    let answer = ask(&router, Method::OPTIONS, &path, &asks(APP)).await;
    assert!(answer.status.is_success(), "{}", answer.status);
    assert_eq!(allowed(&answer), APP);
    assert!(answer.header("access-control-allow-methods").contains("PATCH"));
    let sendable = answer.header("access-control-allow-headers").to_lowercase();
    for name in ["authorization", "if-match", "idempotency-key", "content-type"] {
        assert!(sendable.contains(name), "{name}: {sendable}");
    }
    assert_eq!(allowed(&ask(&router, Method::OPTIONS, &path, &asks("https://evil.example")).await), "");
}

#[tokio::test]
async fn pages_are_nobody_elses_and_without_a_setting_nothing_is() {
    let api = Api::new().await;
    let open = router(&api, &[APP]);
    for path in ["/sign-in", "/r/dbr_0000", "/livez", "/assets/style.css", "/assets/passkeys.js", "/mcp"] {
        assert_eq!(allowed(&ask(&open, Method::GET, path, &[("origin", APP)]).await), "", "{path}");
        let preflight = [("origin", APP), ("access-control-request-method", "POST")];
        assert_eq!(allowed(&ask(&open, Method::OPTIONS, path, &preflight).await), "", "{path}");
    }
    let form = [("origin", APP), (header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
    let posted = ask(&open, Method::POST, "/sign-in", &form).await;
    assert_eq!(posted.status, StatusCode::FORBIDDEN, "a form of another site stays refused");
    let closed = router(&api, &[]);
    assert_eq!(allowed(&ask(&closed, Method::GET, "/v1/openapi.json", &[("origin", APP)]).await), "");
}
