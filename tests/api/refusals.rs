//! What a refusal says: which value of the request is meant, what is wrong with it, and what a program does about it.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use debrief::http::api::openapi;
use debrief_jobs::{model::Role, rights::Right};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Api, all_of, all_of_organization};
use crate::http::visit::send;

fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str()).collect()
}

#[tokio::test]
async fn a_parameter_that_an_operation_does_not_have_is_refused_by_its_name() {
    let api = Api::new().await;
    let key = api.maya().await;
    let document = serde_json::to_value(openapi()).expect("JSON");
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let parts = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
            let address = format!("{}?no%5Fsuch=1", parts.collect::<Vec<_>>().join("/"));
            let answer = api.ask(&key, method.clone(), &address, None, &[]).await;
            if method == Method::HEAD {
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{method} {path}");
                continue;
            }
            assert_eq!(answer.code(), "COACH_013", "{method} {path}: {}", answer.body);
            assert_eq!(fields(&answer.json()), ["no_such"], "{}", answer.body);
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
    let mistyped = api.get(&key, "/v1/clients?email=priya%40raman.example&limit=5").await.json();
    let detail = mistyped["detail"].as_str().expect("a sentence");
    assert!(detail.contains("`email`") && detail.contains("`coach_id`, `tag`, `q`, `limit` and `cursor`"), "{detail}");
    assert_eq!(api.get("", "/v1/clients?email=x").await.code(), "COACH_001", "whoever isn’t known hears that first");
    for path in ["/v1/clients?q=a%00b", "/v1/jobs?kind=%00", "/v1/search/suggestions?q=%00a", "/v1/search?q=%00"] {
        let answer = api.get(&api.key(None, &all_of_organization()).await, path).await;
        assert!(answer.code() == "COACH_015" && answer.body.contains("NUL"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_cursor_is_of_one_list_with_its_filters() {
    let api = Api::new().await;
    let key = api.maya().await;
    for name in ["Anna Berg", "Bo Carl"] {
        let added = api.post(&key, "/v1/clients", &json!({ "name": name, "tags": ["a", "b"] })).await;
        assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    }
    let page = api.get(&key, "/v1/clients?limit=1&tag=a").await.json();
    let next = page["next"].as_str().expect("another page");
    let again = api.get(&key, &format!("/v1/clients?tag=%61&cursor={next}&limit=2")).await;
    assert_eq!(again.json()["items"].as_array().map(Vec::len), Some(1), "{}", again.body);
    for other in ["/v1/clients?", "/v1/clients?tag=b&", "/v1/goals?tag=a&", "/v1/goals?", "/v1/sessions?tag=a&"] {
        let answer = api.get(&key, &format!("{other}cursor={next}")).await;
        let expected = if other.starts_with("/v1/goals?tag") { "COACH_013" } else { "COACH_014" };
        assert_eq!(answer.code(), expected, "{other}: {}", answer.body);
    }
}

/// A request that is refused: what it says, and the values that it names.
type Case = (Method, String, Value, &'static str, &'static str, &'static [&'static str]);

#[tokio::test]
async fn refusals_say_what_is_wrong_and_where_in_the_words_of_the_api() {
    let api = Api::new().await;
    let key = api.maya().await;
    let summary = format!("/v1/summaries/{}", api.reviewed.summary);
    let session = format!("/v1/sessions/{}", api.reviewed.session);
    let client = format!("/v1/clients/{}", api.world.priya);
    let shown = api.get(&key, &summary).await.json();
    let claims = shown["claims"].as_array().expect("claims");
    let plain = claims.iter().find(|claim| claim["section"] != "action_items").expect("a claim")["id"].clone();
    let other = api.post(&key, "/v1/clients", &json!({ "name": "Otto Novak", "email": "otto@novak.example" })).await;
    assert_eq!(other.status, StatusCode::CREATED, "{}", other.body);
    let signature = json!({ "version": shown["version"], "hash": shown["hash"], "as_they_are": true });
    let (get, post, put, patch) = (Method::GET, Method::POST, Method::PUT, Method::PATCH);
    let goals = "/v1/goals".to_owned();
    let cases: Vec<Case> = vec![
        (patch.clone(), client.clone(), json!({}), "COACH_015", "Nothing to change: send at least one field.", &[]),
        (
            patch.clone(),
            client.clone(),
            json!({ "email": "otto@novak.example" }),
            "COACH_044",
            "merge the two with `POST /v1/clients/{id}/merge`",
            &[],
        ),
        (
            patch.clone(),
            client.clone(),
            json!({ "add_aliases": ["Maya Okafor"] }),
            "COACH_015",
            "is the coach’s name and can’t be used",
            &["add_aliases"],
        ),
        (
            patch.clone(),
            client.clone(),
            json!({ "name": "Nul\u{0}l" }),
            "COACH_015",
            "characters that can’t be shown",
            &["name"],
        ),
        (patch.clone(), client.clone(), json!({ "tags": ["a", "b\u{7}c"] }), "COACH_015", "can’t be shown", &["tags"]),
        (
            patch.clone(),
            client,
            json!({ "add_aliases": ["a\u{1b}b"] }),
            "COACH_015",
            "can’t be shown",
            &["add_aliases"],
        ),
        (
            patch.clone(),
            summary.clone(),
            json!({ "claims": [{ "id": plain, "text": " " }] }),
            "COACH_015",
            "send `\"remove\": true`",
            &["claims[0].text"],
        ),
        (
            patch.clone(),
            summary.clone(),
            json!({ "add": [{ "section": "wins", "text": "x".repeat(1001) }] }),
            "COACH_015",
            "longer than 1,000 characters",
            &["add[0].text"],
        ),
        (
            patch.clone(),
            summary.clone(),
            json!({ "claims": [{ "id": plain, "due_date": "2026-12-01", "owner": "coach" }] }),
            "COACH_015",
            "`claims[0].due_date` and `claims[0].owner`",
            &["claims[0].owner", "claims[0].due_date"],
        ),
        (
            patch.clone(),
            summary.clone(),
            json!({ "claims": [{ "id": plain }, { "id": uuid::Uuid::nil() }] }),
            "COACH_015",
            "There’s no such claim",
            &["claims[1].id"],
        ),
        (
            patch,
            summary.clone(),
            json!({ "claims": [{ "id": plain, "due_date": "soon" }] }),
            "COACH_010",
            "`claims[0].due_date` must be a day such as 2026-11-29, or `null`.",
            &["claims[0].due_date"],
        ),
        (
            put.clone(),
            format!("{session}/speakers"),
            json!({ "speakers": [{ "label": "nobody", "is": { "kind": "coach" } }] }),
            "COACH_015",
            "Nobody speaks under the label",
            &["speakers[0]"],
        ),
        (
            put.clone(),
            format!("{session}/speakers"),
            json!({ "speakers": [{ "label": "Maya Okafor", "is": { "kind": "coach" } },
                { "label": "Priya Raman", "is": { "kind": "client", "client_id": Uuid::nil() } }] }),
            "COACH_015",
            "That client isn’t one of this coach’s",
            &["speakers[1]"],
        ),
        (
            put.clone(),
            format!("{session}/speakers"),
            json!({ "speakers": [{ "label": "Maya Okafor", "is": { "kind": "coach" } },
                { "label": "Priya Raman", "is": { "kind": "guest", "name": "x".repeat(300) } }] }),
            "COACH_015",
            "",
            &["speakers[1]"],
        ),
        (
            Method::PATCH,
            summary.clone(),
            json!({ "add": (0..200).map(|n| json!({ "section": "wins", "text": format!("Win {n}.") })).collect::<Vec<_>>() }),
            "COACH_015",
            "sentences; remove some first",
            &["add"],
        ),
        (
            put.clone(),
            format!("{session}/speakers"),
            json!({ "speakers": [{ "label": "x", "is": { "kind": "client", "client_id": "n" } }] }),
            "COACH_010",
            "holds an id that isn’t one",
            &["speakers[0].is"],
        ),
        (put.clone(), format!("{summary}/letter/time"), json!({}), "COACH_010", "`send_at` is missing.", &["send_at"]),
        (
            put,
            format!("{summary}/letter/time"),
            json!({ "send_at": "2020-01-01T00:00:00Z" }),
            "COACH_015",
            "send `null`",
            &["send_at"],
        ),
        (post.clone(), format!("{summary}/approve"), signature, "COACH_041", "You sent no `recipient`", &[]),
        (
            get.clone(),
            "/v1/sessions?from=2026-13-01".into(),
            Value::Null,
            "COACH_013",
            "`from` must be a day such as 2026-11-29.",
            &["from"],
        ),
        (
            get.clone(),
            "/v1/sessions?limit=many".into(),
            Value::Null,
            "COACH_013",
            "`limit` must be a whole number from 1 to 200.",
            &["limit"],
        ),
        (
            get.clone(),
            "/v1/sessions?failed=perhaps".into(),
            Value::Null,
            "COACH_013",
            "`failed` must be `true` or `false`.",
            &["failed"],
        ),
        (
            get,
            "/v1/summaries?session_id=x".into(),
            Value::Null,
            "COACH_013",
            "`session_id` must be an id, a UUID such as",
            &["session_id"],
        ),
        (post.clone(), goals.clone(), json!([]), "COACH_010", "The body must be an object.", &[]),
        (
            post.clone(),
            goals.clone(),
            json!({ "client_id": "n", "text": "x" }),
            "COACH_010",
            "`client_id` must be an id, a UUID such as",
            &["client_id"],
        ),
        (post.clone(), goals.clone(), json!({ "text": "x" }), "COACH_010", "`client_id` is missing.", &["client_id"]),
        (post.clone(), goals, json!({ "txet": "x" }), "COACH_010", "`txet` isn’t a field of this", &["txet"]),
        (
            post,
            "/v1/keys".into(),
            json!({ "name": "x", "scopes": ["people:write", "goals:read", "jobs:write"] }),
            "COACH_015",
            "Your key doesn’t have the rights `jobs:write` and `people:write`.",
            &["scopes"],
        ),
    ];
    let mut wrong = Vec::new();
    for (method, path, body, code, says, named) in cases {
        let body = Some(body).filter(|body| !body.is_null());
        let answer = api.ask(&key, method.clone(), &path, body.as_ref(), &[("if-match", "*")]).await;
        let problem = answer.json();
        let says_it = problem["detail"].as_str().is_some_and(|detail| detail.contains(says));
        let is_of_people = answer.body.contains("debrief client") || answer.body.contains("--");
        if answer.code() != code || !says_it || fields(&problem) != named || is_of_people {
            wrong.push(format!("{method} {path}: {code}, {says}, {named:?}, but {}", answer.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A line of a roster that takes the address of somebody else.
    let roster = Request::post("/v1/clients/import")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "text/csv")
        .body(Body::from("name,email\nZoe Quist,otto@novak.example\n"));
    let applied = send(&api.router, roster.expect("a request")).await.json();
    let problem = applied["problems"][0].as_str().unwrap_or_else(|| panic!("a problem: {applied}"));
    assert!(problem.contains("`PATCH /v1/clients/{id}`") && !problem.contains("debrief client"), "{problem}");
    let unknown = api.get(&format!("dbk_{}", "x".repeat(36)), "/v1/me").await;
    assert!(unknown.code() == "COACH_002" && !unknown.body.contains("refresh"), "{}", unknown.body);
    let token = api.get("eyJhbGciOiJIUzI1NiJ9.e30.x", "/v1/me").await;
    assert!(token.code() == "COACH_002" && token.body.contains("/v1/auth/refresh"), "{}", token.body);
}

#[tokio::test]
async fn two_wrong_values_are_told_at_once() {
    let api = Api::new().await;
    let ada = api.person("ada", &[Role::Admin]).await;
    let key = api.key(Some(ada), &all_of(Role::Admin)).await;
    let wrong =
        api.post(&key, "/v1/webhooks", &json!({ "url": "nonsense", "events": ["no.such", "session.deleted"] })).await;
    assert_eq!(wrong.code(), "COACH_015", "{}", wrong.body);
    assert_eq!(fields(&wrong.json()), ["url", "events"]);
}

#[tokio::test]
async fn an_export_says_how_far_it_is_and_which_files_it_has() {
    let api = Api::new().await;
    let key = api.key(None, &[Right::ExportsRead]).await;
    api.execute(
        r#"insert into exports (id, organization_id, finished_at, snapshot_at, manifest)
           select '01976f5e-2f0b-7c52-9d5c-1f6c2b8f4a10', id, now(), now(), jsonb_build_object('schema_version', 1,
               'export_id', '01976f5e-2f0b-7c52-9d5c-1f6c2b8f4a10', 'organization', handle, 'snapshot_at', now(),
               'tables', '[{"name": "sessions", "rows": 0, "files": [{"key": "k", "format": "csv", "bytes": 0, "sha256": ""}]}]'::jsonb)
           from organizations"#,
    )
    .await;
    let path = "/v1/exports/01976f5e-2f0b-7c52-9d5c-1f6c2b8f4a10";
    assert_eq!(api.get(&key, path).await.json()["state"], "finished");
    for (file, says) in
        [("clients/csv", "no such table. Its tables are `sessions`."), ("sessions/xlsx", "Its formats are `csv`.")]
    {
        let answer = api.get(&key, &format!("{path}/{file}")).await;
        assert!(answer.code() == "COACH_005" && answer.body.contains(says), "{}", answer.body);
    }
    api.execute("update exports set finished_at = null, manifest = null").await;
    assert_eq!(api.get(&key, path).await.json()["state"], "running");
    let early = api.get(&key, &format!("{path}/sessions/csv")).await;
    assert!(early.code() == "COACH_005" && early.body.contains("isn’t finished"), "{}", early.body);
}

#[tokio::test]
async fn whoever_asks_is_told_by_name() {
    let api = Api::new().await;
    let me = api.get(&api.maya().await, "/v1/me").await.json();
    assert_eq!(me["person_name"], "Maya Okafor");
    assert!(me["organization_name"].as_str().is_some_and(|name| !name.is_empty()), "{me}");
    let own = api.key(None, &[Right::SessionsRead]).await;
    assert_eq!(api.get(&own, "/v1/me").await.json()["person_name"], Value::Null);
}

#[test]
fn every_refusal_of_the_document_has_a_schema_and_says_when_to_come_back() {
    let document = serde_json::to_value(openapi()).expect("JSON");
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            for (status, response) in operation["responses"].as_object().into_iter().flatten() {
                if method != "head" && status.starts_with(['4', '5']) {
                    let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/Problem", "{method} {path} {status}");
                }
                assert_eq!(status == "429", response["headers"]["Retry-After"].is_object(), "{method} {path} {status}");
            }
        }
    }
}
