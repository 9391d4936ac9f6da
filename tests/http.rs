//! The pages through the router, as a browser sees them: who is admitted, what is refused, and how errors look.

mod admin;
mod date;
mod links;
mod refine;
mod refusals;
mod review;
mod speakers;
pub(crate) mod visit;
mod visits;

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use debrief::http::{Names, admin_router, public_router};
use debrief_jobs::{db::Tx, path::ParseTranscript};
use uuid::Uuid;

use self::visit::{Visit, body, form, get, post, send, state};
use crate::support::{Reviewed, World};

#[tokio::test]
async fn a_token_is_never_logged() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let router = public_router(state(&world.services));
    let token = reviewed.link(&world).await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let subscriber = tracing::Dispatch::new(subscriber);
    // With only one subscriber, tracing asks the thread that first reaches a log line whether anyone listens, which may
    // be another test's. With a second one it asks both.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    // The test's runtime has one thread, so this subscriber receives everything that the router logs.
    let guard = tracing::dispatcher::set_default(&subscriber);
    let path = format!("/r/{}", token.reveal());
    get(&router, &path, "").await;
    let opened = post(&router, &format!("{path}/open"), "", &[]).await;
    post(&router, &format!("{path}/nowhere"), "", &[]).await;
    drop(guard);
    let log = log.text();
    assert!(log.contains("/r/{token}/open"), "{log}");
    assert!(!log.contains(token.reveal()), "{log}");
    let secret = opened.header("set-cookie").split(['=', ';']).nth(1).expect("a secret");
    assert!(!log.contains(secret), "{log}");
}

/// The log output.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panicked").clone()).expect("text")
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_it_private() {
    let visit = Visit::new().await;
    for path in [visit.page.as_str(), "/", "/nothing/here", "/r/unknown"] {
        let answer = get(&visit.router, path, &visit.cookie).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"), "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    let style = visit
        .read()
        .await
        .body
        .split("stylesheet\" href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a style sheet")
        .replace("&#x2f;", "/");
    assert!(get(&visit.router, &style, "").await.header("cache-control").contains("immutable"));
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let world =
        World::with(|settings| settings.review.base_url = "https://debrief.example/app".parse().expect("a URL")).await;
    let reviewed = Reviewed::new(&world).await;
    let router = public_router(state(&world.services));
    let token = reviewed.link(&world).await;
    let opened = post(&router, &format!("/r/{}/open", token.reveal()), "", &[]).await;
    assert!(opened.header("set-cookie").starts_with("__Host-debrief-"), "{opened:?}");
    assert!(opened.header("set-cookie").contains("Secure"));
    assert_eq!(opened.header("location"), format!("/app/review/{}", reviewed.session));
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (token, version, hash) = (page.field("form_token"), page.field("version"), page.field("hash"));
    let (name, email) = (page.field("to_name"), page.field("to"));
    let fields = [
        ("form_token", token.as_str()),
        ("version", &version),
        ("hash", &hash),
        ("to_name", &name),
        ("to", &email),
        ("as_they_are", "on"),
    ];
    let path = visit.action("/approve");
    let request = |name: &'static str, value: &'static str| {
        form(&path, &fields)
            .header(header::COOKIE, &visit.cookie)
            .header(name, value)
            .body(body(&fields))
            .expect("a request")
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        assert_eq!(send(&visit.router, request(name, value)).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    // Also without the visit's own token, and without the cookie.
    let forged =
        post(&visit.router, &path, &visit.cookie, &[("form_token", "x"), ("version", &version), ("hash", &hash)]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(post(&visit.router, &path, "", &fields).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(visit.count("select count(*) from summaries where state = 'approved'").await, 0);
    assert_eq!(send(&visit.router, request("origin", "http://127.0.0.1:8080")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn errors_are_pages_for_people_and_problems_for_programs() {
    let visit = Visit::new().await;
    for (path, expect) in [
        ("/r/dbr_unknown", 404),
        ("/nowhere", 404),
        ("/review/not-an-id", 400),
        ("/review/00000000-0000-0000-0000-000000000000", 401),
    ] {
        let request =
            Request::get(path).header(header::ACCEPT, "application/json").body(Body::empty()).expect("a request");
        let problem = send(&visit.router, request).await;
        assert_eq!(problem.header("content-type"), "application/problem+json", "{path}");
        let body: serde_json::Value = serde_json::from_str(&problem.body).expect("JSON");
        assert_eq!((body["status"].as_u64(), problem.status.as_u16()), (Some(u64::from(expect)), expect), "{path}");
        let page = get(&visit.router, path, "").await;
        assert!(page.header("content-type").starts_with("text/html") && page.body.contains("<h1>"), "{path}");
        assert_eq!(page.status.as_u16(), expect, "{path}");
    }
    let wrong = post(&visit.router, "/", "", &[]).await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(wrong.body.contains("<h1>"));
}

#[tokio::test]
async fn a_visit_opens_its_own_session_and_nothing_else() {
    let visit = Visit::new().await;
    // Another session of the same organization, and one of another organization in the same database.
    let sibling = Reviewed::new(&visit.world).await;
    let stranger = stranger(&visit).await;
    let token = visit.read().await.field("form_token");
    let secret = visit.cookie.split('=').nth(1).expect("a secret").to_owned();
    for session in [sibling.session, stranger] {
        // One session's cookie under the other's name: the browser can send anything.
        let cookie = format!("debrief-{}={secret}", session.simple());
        let page = format!("/review/{session}");
        assert_eq!(get(&visit.router, &page, &cookie).await.status, StatusCode::UNAUTHORIZED);
        for summary in [visit.reviewed.summary, sibling.summary] {
            for action in ["", "/approve", "/dismiss", "/reopen", "/cancel", "/arrived", "/again"] {
                let answer = post(
                    &visit.router,
                    &format!("{page}/summaries/{summary}{action}"),
                    &cookie,
                    &[("form_token", &token)],
                )
                .await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{action}");
                assert!(!answer.body.contains("Priya"));
            }
        }
        for action in ["/speakers", "/close"] {
            let answer = post(&visit.router, &format!("{page}{action}"), &cookie, &[("form_token", &token)]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{action}");
        }
    }
    // And a summary of the other session can't be reached through one's own.
    for action in ["/dismiss", "/reopen", "/cancel", "/arrived", "/again"] {
        let path = format!("{}/summaries/{}{action}", visit.page, sibling.summary);
        assert_eq!(
            post(&visit.router, &path, &visit.cookie, &[("form_token", &token)]).await.status,
            StatusCode::NOT_FOUND
        );
    }
    for action in ["", "/approve"] {
        let path = format!("{}/summaries/{}{action}", visit.page, sibling.summary);
        let answer =
            post(&visit.router, &path, &visit.cookie, &[("form_token", &token), ("version", "1"), ("add.wins", "x")])
                .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{action}");
    }
}

/// A session of a separate organization in the same database.
async fn stranger(visit: &Visit) -> Uuid {
    let [organization, coach, session] = [(); 3].map(|()| Uuid::now_v7());
    let mut tx = visit.world.database.db.tenant(organization).await.expect("a transaction");
    sqlx::query("insert into organizations (id, handle, name) values ($1, 'other', 'Other')")
        .bind(organization)
        .execute(tx.conn())
        .await
        .expect("an organization");
    sqlx::query("insert into coaches (id, organization_id, handle, name, email) values ($1, $2, 'ole', 'Ole', 'ole@other.example')")
        .bind(coach).bind(organization).execute(tx.conn()).await.expect("a coach");
    sqlx::query("insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state, correlation_id)
         values ($1, $2, $3, 'Secret', '2026-11-03', 'path', 'k', 'in_review', $1)")
        .bind(session).bind(organization).bind(coach).execute(tx.conn()).await.expect("a session");
    tx.commit().await.expect("it commits");
    session
}

#[tokio::test]
async fn health_and_the_operators_page_tell_how_it_stands() {
    let visit = Visit::new().await;
    visit.world.leaves::<ParseTranscript>();
    visit.execute("insert into jobs (id, kind, args, organization_id, state, max_attempts, attempt, errors, correlation_id, finished_at)
        select gen_random_uuid(), 'parse.transcript', '{}', current_organization(), 'dead', 5, 5, '[{\"attempt\": 5, \"error\": \"the disk is full\"}]', gen_random_uuid(), now()").await;
    let admin = admin_router(state(&visit.world.services), Names::Loopback);
    let page = get(&admin, "/", "").await;
    assert_eq!(page.status, StatusCode::OK);
    for words in ["in_review", "parse.transcript", "the disk is full", "5 of 5"] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    assert!(!page.body.contains("Priya"));
    assert_eq!(get(&visit.router, "/livez", "").await.status, StatusCode::OK);
    assert_eq!(get(&visit.router, "/readyz", "").await.body, r#"{"ready":true}"#);
    assert!(get(&admin, "/readyz", "").await.body.contains("queue_lag_seconds"));
    assert_eq!(get(&admin, "/metrics", "").await.status, StatusCode::OK);
    // The operator's pages aren't public.
    assert_eq!(get(&visit.router, "/metrics", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&admin, &visit.page, &visit.cookie).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_its_database_a_process_lives_and_is_not_ready() {
    let visit = Visit::new().await;
    let (router, admin) = (visit.router.clone(), admin_router(state(&visit.world.services), Names::Loopback));
    let (page, cookie) = (visit.page.clone(), visit.cookie.clone());
    // The database is dropped with its world.
    drop(visit);
    assert_eq!(get(&router, "/livez", "").await.status, StatusCode::OK);
    for router in [&router, &admin] {
        let answer = get(router, "/readyz", "").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.body.contains(r#""ready":false"#), "{answer:?}");
    }
    let failed = get(&router, &page, &cookie).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(failed.body.contains("Nothing was changed."), "{failed:?}");
}

#[tokio::test]
async fn over_https_browsers_come_by_nothing_else() {
    let world =
        World::with(|settings| settings.review.base_url = "https://debrief.example".parse().expect("a URL")).await;
    let router = public_router(state(&world.services));
    for path in ["/", "/nothing/here", "/v1/me", "/livez"] {
        let answer = get(&router, path, "").await;
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
    let visit = Visit::new().await;
    assert_eq!(visit.read().await.header("strict-transport-security"), "", "never over http");
}

/// A cookie without HttpOnly could only be one that was made elsewhere than in `guard::bake`, which tests look at.
#[test]
fn every_cookie_is_made_in_one_place() {
    fn look(folder: &std::path::Path) {
        for entry in std::fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                look(&path);
            } else if !path.ends_with("guard.rs") {
                let text = std::fs::read_to_string(&path).expect("a source");
                let ways = ["Cookie::new", "Cookie::build", "CookieBuilder", "set-cookie:"];
                assert!(!ways.iter().any(|way| text.contains(way)), "{}", path.display());
            }
        }
    }
    look(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
}

#[tokio::test]
async fn no_route_answers_trace() {
    let visit = Visit::new().await;
    for path in [
        "/",
        visit.page.as_str(),
        "/sign-in",
        "/v1/me",
        "/v1/openapi.json",
        "/assets/style.css",
        "/assets/passkeys.js",
        "/livez",
    ] {
        let request = Request::builder().method("TRACE").uri(path).header(header::COOKIE, &visit.cookie);
        let answer = send(&visit.router, request.body(Body::empty()).expect("a request")).await;
        assert!([401, 403, 404, 405].contains(&answer.status.as_u16()), "{path}: {}", answer.status);
        assert!(!answer.body.contains(&visit.cookie), "{path} gives the request back: {}", answer.body);
    }
}
