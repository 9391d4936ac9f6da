//! What the tus protocol asks of every answer.

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Api, api_ask, begin, begin_with, part};
use crate::{
    api::cross_origin::{APP, allowed, router},
    http::visit::send,
};

#[tokio::test]
async fn every_answer_names_the_version_problems_as_well() {
    let api = Api::new().await;
    let key = api.maya().await;
    let path = begin(&api, &key, "a.txt", 9).await;
    let nothing = "/v1/uploads/00000000-0000-0000-0000-000000000000";
    for (key, method, path, status) in [
        ("", Method::POST, "/v1/uploads", StatusCode::UNAUTHORIZED),
        (&key, Method::POST, "/v1/uploads", StatusCode::BAD_REQUEST),
        (&key, Method::HEAD, nothing, StatusCode::NOT_FOUND),
        (&key, Method::PUT, "/v1/uploads", StatusCode::METHOD_NOT_ALLOWED),
        (&key, Method::PATCH, &path, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (&key, Method::GET, &path, StatusCode::OK),
        (&key, Method::DELETE, &path, StatusCode::NO_CONTENT),
    ] {
        let answer = api_ask(&api, key, method.clone(), path, &[], Body::empty()).await;
        assert_eq!((answer.status, answer.header("tus-resumable")), (status, "1.0.0"), "{method}: {}", answer.body);
    }
    api.world.leaves::<debrief_jobs::uploads::RemoveUpload>();
}

#[tokio::test]
async fn another_version_is_refused_before_anything_else() {
    let api = Api::new().await;
    let key = api.maya().await;
    let path = begin(&api, &key, "a.txt", 3).await;
    for (method, path) in [(Method::POST, "/v1/uploads"), (Method::PATCH, &path), (Method::DELETE, &path)] {
        let old = [("tus-resumable", "0.2.2"), ("upload-length", "many"), ("upload-metadata", "filename %%%")];
        let refused = api_ask(&api, &key, method, path, &old, Body::from("abc")).await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::PRECONDITION_FAILED, "COACH_032"));
        assert_eq!((refused.header("tus-version"), refused.header("tus-resumable")), ("1.0.0", "1.0.0"));
    }
    assert_eq!(part(&api, &key, &path, 0, "").await.status, StatusCode::NO_CONTENT, "it is as it was");
}

#[tokio::test]
async fn what_a_client_said_of_its_file_is_told_and_only_what_is_read_has_to_be_readable() {
    let api = Api::new().await;
    let key = api.maya().await;
    let said = format!("relativePath null,is_confidential,filename {},type %%%", STANDARD.encode("a.txt"));
    let begun = begin_with(&api, &key, &[("upload-length", "3"), ("upload-metadata", said.as_str())]).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.body);
    let told = api_ask(&api, &key, Method::HEAD, begun.header("location"), &[], Body::empty()).await;
    assert_eq!(told.header("upload-metadata"), said);
    let unread = begin_with(&api, &key, &[("upload-length", "3"), ("upload-metadata", "filename %%%")]).await;
    assert_eq!(unread.code(), "COACH_015", "{}", unread.body);
    let long = format!("{said},more {}", STANDARD.encode("x".repeat(4096)));
    let long = begin_with(&api, &key, &[("upload-length", "3"), ("upload-metadata", long.as_str())]).await;
    assert_eq!(long.code(), "COACH_015", "{}", long.body);
    let bare = api.ask(&key, Method::POST, "/v1/uploads?file_name=b.txt", None, &[("upload-length", "3")]).await;
    let told = api_ask(&api, &key, Method::HEAD, bare.header("location"), &[], Body::empty()).await;
    assert_eq!((told.status, told.headers.contains_key("upload-metadata")), (StatusCode::OK, false));
}

#[tokio::test]
async fn what_the_server_can_do_is_told_also_where_pages_of_others_may_call() {
    let api = Api::new().await;
    let key = format!("Bearer {}", api.maya().await);
    let asks = |method, headers: &[(&str, &str)]| {
        let request = axum::http::Request::builder().method(method).uri("/v1/uploads");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.body(Body::empty()).expect("a request")
    };
    let preflight = [
        ("origin", APP),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "upload-length"),
    ];
    let most = api.world.services.ingest.max_bytes.to_string();
    let open = router(&api, &[APP]);
    for (router, headers) in [(&api.router, &[][..]), (&open, &[][..]), (&open, &preflight[..])] {
        let told = send(router, asks(Method::OPTIONS, headers)).await;
        assert!(told.status.is_success(), "{}", told.status);
        assert_eq!(told.header("tus-version"), "1.0.0", "{headers:?}");
        assert_eq!(told.header("tus-extension"), "creation,expiration,termination");
        assert_eq!((told.header("tus-max-size"), told.header("tus-resumable")), (most.as_str(), ""));
        assert_eq!(allowed(&told), if headers.is_empty() { "" } else { APP });
    }
    let called = [("authorization", key.as_str()), ("origin", APP), ("tus-resumable", "0.2.2")];
    let refused = send(&open, asks(Method::POST, &called)).await;
    assert_eq!((refused.code().as_str(), allowed(&refused)), ("COACH_032", APP), "a page can read why");
    let readable = refused.header("access-control-expose-headers").to_lowercase();
    for name in ["tus-resumable", "tus-version", "upload-offset", "upload-metadata"] {
        assert!(readable.split(',').any(|one| one.trim() == name), "{name}: {readable}");
    }
}
