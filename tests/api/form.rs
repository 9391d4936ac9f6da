//! How the API looks, whatever is asked: problems, pages, versions, repeated requests, limits.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use debrief::http::{
    api::{Code, Settings, openapi},
    public_router,
};
use debrief_jobs::{db::Tx, model::Role, rights::Right};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::{Connection, PgConnection};

use super::Api;
use crate::http::visit::{self, send};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
const MANUAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/API.md");

/// The part of a document between two marks, renewed where `UPDATE_FIXTURES` is set.
pub(crate) fn same_as_committed(path: &str, begin: &str, end: &str, made: &str) {
    let text = std::fs::read_to_string(path).expect("the document is there");
    let (head, rest) = text.split_once(begin).expect("the mark where it begins");
    let (held, tail) = rest.split_once(end).expect("the mark where it ends");
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(path, format!("{head}{begin}{made}{end}{tail}")).expect("it is written");
        return;
    }
    assert_eq!(held, made, "{path} is out of date: run this test with UPDATE_FIXTURES=1, and read what changed");
}

#[test]
fn the_committed_document_is_the_one_that_the_code_makes() {
    let made = openapi().to_pretty_json().expect("JSON") + "\n";
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        std::fs::write(DOCUMENT, &made).expect("it is written");
    }
    let held = std::fs::read_to_string(DOCUMENT).expect("docs/openapi.json is committed");
    assert!(
        held == made,
        "docs/openapi.json is out of date: run this test with UPDATE_FIXTURES=1, and read what changed"
    );
}

#[test]
fn the_manual_lists_every_code_and_every_right() {
    let mut codes = String::from("\n| Code | Status | Title |\n|---|---|---|\n");
    let mut seen = BTreeSet::new();
    for code in Code::ALL {
        let (name, status, title) = code.entry();
        assert!(seen.insert(name), "{name} is given twice");
        codes.push_str(&format!("| `{name}` | {} | {title} |\n", status.as_u16()));
    }
    same_as_committed(MANUAL, "<!-- codes -->", "<!-- end of codes -->", &codes);
    let mut rights = String::from(
        "\n| Right, and scope of a key | Coach | Lead | Admin | Key of the organization | Review link |\n|---|---|---|---|---|---|\n",
    );
    let reach = |reach| match reach {
        debrief_jobs::rights::Reach::Nobody => "",
        debrief_jobs::rights::Reach::Own => "own",
        debrief_jobs::rights::Reach::Team => "their teams’",
        debrief_jobs::rights::Reach::OrganizationIfAllowed => "all, if the organization says so",
        debrief_jobs::rights::Reach::Organization => "all",
        debrief_jobs::rights::Reach::NoClientData => "yes",
    };
    for line in debrief_jobs::rights::TABLE {
        let cells = [line.coach, line.lead, line.admin, line.key, line.link].map(reach).join(" | ");
        rights.push_str(&format!("| `{}` | {cells} |\n", line.right));
    }
    same_as_committed(MANUAL, "<!-- rights -->", "<!-- end of rights -->", &rights);
}

#[tokio::test]
async fn whatever_goes_wrong_is_a_problem_document() {
    let api = Api::new().await;
    let key = api.maya().await;
    let summary = format!("/v1/summaries/{}", api.reviewed.summary);
    let difference = format!("{summary}/difference?to=-2147483648");
    for (method, path, body, status, code) in [
        (Method::GET, "/v1/nowhere", None, 404, "COACH_005"),
        (Method::GET, "/v1/sessions/not-an-id", None, 404, "COACH_005"),
        (Method::DELETE, "/v1/me", None, 405, "COACH_006"),
        (Method::GET, "/v1/sessions?limit=0", None, 400, "COACH_013"),
        (Method::GET, "/v1/sessions?limit=many", None, 400, "COACH_013"),
        (Method::GET, "/v1/sessions?state=lost", None, 400, "COACH_013"),
        (Method::GET, "/v1/sessions?cursor=made-up", None, 422, "COACH_014"),
        (Method::GET, "/v1/search?q=", None, 400, "COACH_013"),
        (Method::GET, "/v1/sessions?tag=%00", None, 422, "COACH_015"),
        (Method::GET, "/v1/sessions?from=-9999-01-01", None, 422, "COACH_015"),
        (Method::POST, "/v1/clients", Some(json!({ "name": "Al", "aliases": vec!["Ali"; 51] })), 422, "COACH_015"),
        (Method::POST, "/v1/clients", Some(json!({ "name": "Al", "tags": vec!["a"; 51] })), 422, "COACH_015"),
        (Method::GET, difference.as_str(), None, 404, "COACH_005"),
        (Method::POST, "/v1/keys", Some(json!({ "name": "x" })), 400, "COACH_010"),
        (Method::POST, "/v1/keys", Some(json!({ "name": "x", "scopes": ["all"] })), 400, "COACH_010"),
        (Method::POST, "/v1/keys", Some(json!({ "name": "x", "scopes": [] })), 422, "COACH_015"),
        (Method::POST, "/v1/keys", Some(json!({ "name": "x", "scopes": ["people:write"] })), 422, "COACH_015"),
        (Method::PATCH, &summary, Some(json!({ "add": [] })), 428, "COACH_030"),
    ] {
        let answer = api.ask(&key, method.clone(), path, body.as_ref(), &[]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code),
            "{method} {path}: {}",
            answer.body
        );
    }
    // A body that isn't JSON, and one that says that it isn't.
    let post = |content_type: &str, body: Body| {
        let request = Request::post("/v1/keys").header(header::AUTHORIZATION, format!("Bearer {key}"));
        request.header(header::CONTENT_TYPE, content_type).body(body).expect("a request")
    };
    for (content_type, body, code) in [
        ("text/plain", "{}".to_owned(), "COACH_012"),
        ("application/json", "{".to_owned(), "COACH_010"),
        ("application/json", format!("\"{}\"", "x".repeat(600 << 10)), "COACH_011"),
    ] {
        assert_eq!(send(&api.router, post(content_type, Body::from(body))).await.code(), code, "{content_type}");
    }
    let nobody = api.get("", "/v1/me").await;
    assert_eq!((nobody.code().as_str(), nobody.header("www-authenticate")), ("COACH_001", "Bearer"));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_without_a_gap() {
    let api = Api::new().await;
    api.execute(
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state, correlation_id)
         select gen_random_uuid(), organization_id, id, 'S', date '2026-01-01' + (n / 3), 'path', 'k' || n, 'parsed', id
         from coaches cross join generate_series(1, 10) n",
    )
    .await;
    let key = api.maya().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&key, &format!("/v1/sessions?limit=4{cursor}")).await.json();
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= 4);
        seen.extend(items.iter().map(|item| (item["session_date"].to_string(), item["id"].to_string())));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 11);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 11, "each once");
    assert!(seen.is_sorted_by(|one, other| one >= other), "newest first");
}

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_the_same_answer() {
    let api = Api::new().await;
    let key = api.maya().await;
    let body = json!({ "name": "Nina Novak", "email": "nina@novak.example" });
    let again = [("idempotency-key", "one")];
    let ask = |body| api.ask(&key, Method::POST, "/v1/clients", Some(body), &again);
    let (first, second) = tokio::join!(ask(&body), ask(&body));
    assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::CREATED), "{}", second.body);
    assert_eq!(first.body, second.body);
    let replayed = [&first, &second].iter().filter(|answer| answer.header("idempotent-replayed") == "true").count();
    assert_eq!(replayed, 1, "one of the two was carried out");
    assert_eq!(api.count("select count(*) from audit_events where kind = 'changed'").await, 1);
    let other = ask(&json!({ "name": "Somebody Else" })).await;
    assert_eq!(other.code(), "COACH_021", "the key names one request");
    // A request that failed left nothing, so the key is free for the corrected one.
    let wrong = [("idempotency-key", "two")];
    let bad = json!({ "name": "Otto", "email": "not an address" });
    assert_eq!(api.ask(&key, Method::POST, "/v1/clients", Some(&bad), &wrong).await.code(), "COACH_015");
    let good = json!({ "name": "Otto", "email": "otto@novak.example" });
    let made = api.ask(&key, Method::POST, "/v1/clients", Some(&good), &wrong).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
}

#[tokio::test]
async fn nobodys_change_is_lost() {
    let api = Api::new().await;
    let key = api.maya().await;
    let path = format!("/v1/clients/{}", api.world.priya);
    let etag = api.get(&key, &path).await.header("etag").to_owned();
    assert!(etag.starts_with('"'), "{etag}");
    let change = json!({ "tags": ["a"] });
    let patch = |etag: String, body| {
        let (api, key, path) = (&api, &key, &path);
        async move { api.ask(key, Method::PATCH, path, Some(&body), &[("if-match", &etag)]).await }
    };
    // Of two at once, one is told that the other was faster.
    let (one, other) = tokio::join!(patch(etag.clone(), change.clone()), patch(etag.clone(), change));
    let (done, late) = if one.status == StatusCode::OK { (one, other) } else { (other, one) };
    assert_eq!((done.status, late.code().as_str()), (StatusCode::OK, "COACH_031"), "{}", done.body);
    assert_eq!(done.json()["tags"], json!(["a"]));
    let late = patch(etag, json!({ "tags": ["b"] })).await;
    assert_eq!(late.code(), "COACH_031");
    assert_eq!(late.header("etag"), done.header("etag"), "it says which version is there");
    // With what is there now, it goes; null takes the address away, and what isn't named stays.
    let next = patch(done.header("etag").to_owned(), json!({ "email": null })).await;
    assert_eq!((&next.json()["email"], &next.json()["tags"]), (&json!(null), &json!(["a"])));
}

#[tokio::test]
async fn requests_are_limited_over_all_processes() {
    let api = Api::new().await;
    let key = api.maya().await;
    let process = || {
        let mut state = visit::state(&api.world.services);
        state.api = Arc::new(Settings { requests_per_minute: 3, ..Default::default() });
        public_router(state)
    };
    let routers = [process(), process()];
    let ask = async |at: usize, key: &str| {
        let request = Request::get("/v1/me").header(header::AUTHORIZATION, format!("Bearer {key}"));
        send(&routers[at % 2], request.body(Body::empty()).expect("a request")).await
    };
    for at in 0..3 {
        let answer = ask(at, &key).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(
            answer.header("ratelimit").starts_with(&format!("\"api\";r={};t=", 2 - at)),
            "{}",
            answer.header("ratelimit")
        );
        assert_eq!(answer.header("ratelimit-policy"), "\"api\";q=3;w=60");
    }
    // Another key of the same person is the same limit.
    let second = api.maya().await;
    let refused = ask(1, &second).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (429, "COACH_020"));
    let seconds: i64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds));
    let own = api.key(None, &[Right::SessionsRead]).await;
    assert_eq!(ask(0, &own).await.status, StatusCode::OK, "the organization's key has its own");
    // The window ends by the database's clock.
    let mut owner = PgConnection::connect(api.world.database.url.expose_secret()).await.expect("the database answers");
    sqlx::query("update request_counts set ends_at = now()").execute(&mut owner).await.expect("time passes");
    assert_eq!(ask(0, &key).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_guessed_key_is_told_apart_from_nothing_and_soon_refused() {
    let api = Api::new().await;
    let mut codes = BTreeSet::new();
    for _ in 0..31 {
        codes.insert(api.get("dbk_guess", "/v1/me").await.code());
    }
    assert_eq!(codes, BTreeSet::from(["COACH_002".to_owned(), "COACH_020".to_owned()]));
    // Whoever has a key isn't shut out by somebody else's guesses.
    let key = api.maya().await;
    assert_eq!(api.get(&key, "/v1/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_ends_when_it_is_revoked_expires_or_its_person_leaves() {
    let api = Api::new().await;
    let ben = api.person("ben", &[Role::Coach]).await;
    let own = api.key(Some(ben), &[Right::KeysOwn, Right::SessionsRead]).await;
    let made = api.post(&own, "/v1/keys", &json!({ "name": "CRM", "scopes": ["sessions:read"] })).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let (id, text) = (made.json()["id"].clone(), made.json()["key"].as_str().expect("a key").to_owned());
    assert_eq!(api.get(&text, "/v1/sessions").await.status, StatusCode::OK);
    let listed = api.get(&own, "/v1/keys").await;
    assert!(!listed.body.contains(&text) && listed.body.contains(&text[..10]), "{}", listed.body);
    let path = format!("/v1/keys/{}", id.as_str().expect("an id"));
    assert_eq!(api.ask(&own, Method::DELETE, &path, None, &[]).await.status, StatusCode::NO_CONTENT);
    assert_eq!(api.get(&text, "/v1/sessions").await.code(), "COACH_002");
    let short = api.key(Some(ben), &[Right::SessionsRead]).await;
    assert_eq!(api.get(&short, "/v1/sessions").await.status, StatusCode::OK);
    api.execute("update api_keys set expires_at = now() where scopes = '{sessions:read}'").await;
    assert_eq!(api.get(&short, "/v1/sessions").await.code(), "COACH_002");
    api.execute("update coaches set removed_at = now() where handle = 'ben'").await;
    assert_eq!(api.get(&own, "/v1/keys").await.code(), "COACH_002", "a person who left has no key that works");
    // Only its hash is stored.
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    let stored: String =
        sqlx::query_scalar("select string_agg(k::text, '') from api_keys k").fetch_one(tx.conn()).await.expect("rows");
    assert!(!stored.contains(&text[10..]));
}

#[tokio::test]
async fn a_key_begets_none_that_does_more_or_lives_longer() {
    let api = Api::new().await;
    let ada = api.person("ada", &[Role::Admin]).await;
    let key = api.key(Some(ada), &[Right::KeysOrganization, Right::SessionsRead, Right::JobsWrite]).await;
    let wanted = |scopes: &[&str]| json!({ "name": "CRM", "scopes": scopes, "of_organization": true });
    // The organization doesn't let admins read: so no key that an admin makes reads.
    for scope in ["sessions:read", "clients:write", "webhooks:write"] {
        assert_eq!(api.post(&key, "/v1/keys", &wanted(&[scope])).await.code(), "COACH_015", "{scope}");
    }
    let child = api.post(&key, "/v1/keys", &wanted(&["jobs:write"])).await;
    assert_eq!(child.status, StatusCode::CREATED, "{}", child.body);
    let child = child.json()["key"].as_str().expect("a key").to_owned();
    api.execute("update organizations set admins_read_sessions = true").await;
    let reads = api.post(&key, "/v1/keys", &wanted(&["sessions:read"])).await;
    assert_eq!(reads.status, StatusCode::CREATED, "{}", reads.body);
    // It ends with the one that made it, and with the person who did.
    assert_eq!(api.get(&child, "/v1/jobs").await.status, StatusCode::OK);
    let listed = api.get(&key, "/v1/keys?all=true").await.json();
    let parent = listed["items"].as_array().and_then(|keys| keys.iter().find(|one| one["name"] == "a test"));
    let path = format!("/v1/keys/{}", parent.expect("the first key")["id"].as_str().expect("an id"));
    assert_eq!(api.ask(&key, Method::DELETE, &path, None, &[]).await.status, StatusCode::NO_CONTENT);
    assert_eq!(api.get(&child, "/v1/jobs").await.code(), "COACH_002");
    let again = api.key(Some(ada), &[Right::KeysOrganization, Right::JobsWrite]).await;
    let child = api.post(&again, "/v1/keys", &wanted(&["jobs:write"])).await.json();
    let child = child["key"].as_str().expect("a key").to_owned();
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    debrief_jobs::rights::end_all(&mut tx, ada).await.expect("she leaves");
    tx.commit().await.expect("it commits");
    assert_eq!(api.get(&child, "/v1/jobs").await.code(), "COACH_002", "she knew it");
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_nowhere() {
    let api = Api::new().await;
    let key = api.key(Some(api.world.coach), &[Right::KeysOwn, Right::SessionsRead]).await;
    let body = json!({ "name": "CRM", "scopes": ["sessions:read"] });
    let ask = || api.ask(&key, Method::POST, "/v1/keys", Some(&body), &[("idempotency-key", "one")]);
    let (first, again) = (ask().await.json(), ask().await.json());
    let text = first["key"].as_str().expect("a key");
    assert_eq!((&again["id"], &again["key"]), (&first["id"], &json!(null)), "the same key, without its text");
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    let kept: String = sqlx::query_scalar("select string_agg(convert_from(body, 'utf8'), '') from idempotency_keys")
        .fetch_one(tx.conn())
        .await
        .expect("an answer");
    assert!(!kept.contains(text));
    // A key that isn't ASCII is none that is missing.
    let odd = Request::post("/v1/keys")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "schlüssel".as_bytes())
        .body(Body::from(body.to_string()));
    assert_eq!(send(&api.router, odd.expect("a request")).await.code(), "COACH_021");
}

#[tokio::test]
async fn a_query_of_signs_alone_finds_nothing_and_fails_nothing() {
    let api = Api::new().await;
    let key = api.maya().await;
    for query in ["-".repeat(400), "%20-".repeat(200), format!("{}a", "-".repeat(80)), "-a%20".repeat(150)] {
        let found = api.get(&key, &format!("/v1/search?q=x{query}")).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    }
}

#[tokio::test]
async fn words_are_looked_for_without_standing_in_a_url() {
    let api = Api::new().await;
    let key = api.maya().await;
    api.world
        .run(&debrief_jobs::index::IndexSession { session_id: api.reviewed.session })
        .await
        .expect("it is indexed");
    let by_url = api.get(&key, "/v1/search?q=planning+meeting&limit=5").await;
    let by_body = api.post(&key, "/v1/search", &json!({ "q": "planning meeting", "limit": 5 })).await;
    assert_eq!((by_url.status, by_body.status), (StatusCode::OK, StatusCode::OK), "{}", by_body.body);
    assert_eq!(by_url.json(), by_body.json(), "the same is found");
    assert!(!by_body.json()["items"].as_array().expect("a list").is_empty());
    for (body, code) in [
        (json!({ "q": "x", "limit": 101 }), "COACH_013"),
        (json!({ "q": "" }), "COACH_013"),
        (json!({ "q": "x", "tag": "0".repeat(201) }), "COACH_013"),
        (json!({ "q": "x", "tag": "\0" }), "COACH_013"),
        (json!({ "q": "x", "in": "letters" }), "COACH_010"),
        (json!({ "words": "x" }), "COACH_010"),
    ] {
        assert_eq!(api.post(&key, "/v1/search", &body).await.code(), code, "{body}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_sent_twice_is_an_error() {
    let api = Api::new().await;
    let key = api.maya().await;
    for path in ["/v1/sessions?limit=1&limit=2", "/v1/search?q=a&q=b"] {
        let answer = api.get(&key, path).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "COACH_013"), "{path}");
    }
}

#[tokio::test]
async fn a_download_is_a_file_to_save_whatever_it_is_called() {
    let api = Api::new().await;
    let key = api.maya().await;
    api.execute(
        "update transcripts set stored_key = 'transcripts/x', object_key = e'inbox/maya/Zoë \"3\"; a=b\\\\.html'",
    )
    .await;
    api.world.services.bucket.put("transcripts/x", "<script>").await.expect("it is there");
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    let id: uuid::Uuid = sqlx::query_scalar("select id from transcripts limit 1")
        .fetch_one(debrief_jobs::db::Tx::conn(&mut tx))
        .await
        .expect("a transcript");
    drop(tx);
    let file = api.get(&key, &format!("/v1/transcripts/{id}/content")).await;
    assert_eq!((file.status, file.body.as_str()), (StatusCode::OK, "<script>"));
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"Zo___3_;_a=b_.html\"; filename*=UTF-8''Zo%C3%AB%20%223%22%3B%20a%3Db%5C.html"
    );
    assert_eq!(
        (file.header("content-type"), file.header("x-content-type-options")),
        ("application/octet-stream", "nosniff")
    );
    assert!(file.header("content-security-policy").starts_with("default-src 'none'"));
}
