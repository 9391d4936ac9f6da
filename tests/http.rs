//! The pages through the router, as a browser sees them: what changes things and what does not, who may come in, and
//! what errors look like.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use debrief::http::{HttpState, admin_router, public_router};
use debrief_jobs::{Services, db::Tx};
use metrics_exporter_prometheus::PrometheusBuilder;
use tower::ServiceExt;
use uuid::Uuid;

use crate::support::{Reviewed, World};

/// An answer, read whole.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The value of the first field of this name.
    fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        self.body.split(&marker).nth(1).and_then(|rest| rest.split('"').next()).expect("the field is there").to_owned()
    }
}

fn state(services: &Arc<Services>) -> HttpState {
    HttpState { services: Arc::clone(services), metrics: PrometheusBuilder::new().build_recorder().handle() }
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.expect("the router answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    Answer { status, headers, body: String::from_utf8(body.to_vec()).expect("text") }
}

async fn get(router: &Router, path: &str, cookie: &str) -> Answer {
    send(router, Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).expect("a request")).await
}

async fn post(router: &Router, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let request = form(path, fields).header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin");
    send(router, request.body(body(fields)).expect("a request")).await
}

fn form(path: &str, _fields: &[(&str, &str)]) -> axum::http::request::Builder {
    Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

fn body(fields: &[(&str, &str)]) -> Body {
    Body::from(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

/// A session in review, opened in a browser.
struct Visit {
    world: World,
    reviewed: Reviewed,
    router: Router,
    cookie: String,
    page: String,
}

impl Visit {
    async fn new() -> Self {
        let world = World::new().await;
        let reviewed = Reviewed::new(&world).await;
        reviewed.set_state(&world, "in_review").await;
        let router = public_router(state(&world.services));
        let cookie = open(&world, &reviewed, &router).await;
        let page = format!("/review/{}", reviewed.session);
        Self { world, reviewed, router, cookie, page }
    }

    async fn read(&self) -> Answer {
        get(&self.router, &self.page, &self.cookie).await
    }

    fn action(&self, name: &str) -> String {
        format!("{}/summaries/{}{name}", self.page, self.reviewed.summary)
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query_scalar(sql).fetch_one(tx.conn()).await.expect("it counts")
    }

    /// As if no client had been found in the session.
    async fn forget_summaries(&self) {
        for sql in [
            "delete from evidence",
            "delete from action_items",
            "delete from claims",
            "delete from summary_versions",
            "delete from summaries",
        ] {
            self.execute(sql).await;
        }
    }

    async fn execute(&self, sql: &'static str) {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query(sql).execute(tx.conn()).await.expect("it is done");
        tx.commit().await.expect("it commits");
    }
}

/// Opens a link and gives the cookie.
async fn open(world: &World, reviewed: &Reviewed, router: &Router) -> String {
    let token = reviewed.link(world).await;
    let opened = post(router, &format!("/r/{}/open", token.reveal()), "", &[]).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    assert_eq!(opened.header("location"), format!("/review/{}", reviewed.session));
    let cookie = opened.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    cookie.split(';').next().expect("a cookie").to_owned()
}

/// The name of the first field for the words of a claim, and the words.
fn first_claim(answer: &Answer) -> (String, String) {
    let rest = answer.body.split("<textarea name=\"text.").nth(1).expect("a claim");
    let id = rest.split('"').next().expect("its id");
    let words = rest.split(">\n").nth(1).and_then(|rest| rest.split("</textarea>").next()).expect("its words");
    (format!("text.{id}"), words.to_owned())
}

#[tokio::test]
async fn following_a_link_changes_nothing_and_pressing_its_button_opens_it() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let router = public_router(state(&world.services));
    let token = reviewed.link(&world).await;
    let path = format!("/r/{}", token.reveal());
    for method in ["GET", "HEAD", "GET"] {
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).expect("a request");
        let answer = send(&router, request).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.headers.get(header::SET_COOKIE).is_none());
        assert!(!answer.body.contains("Priya"), "the page behind the link is not shown");
    }
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let changed: i64 =
        sqlx::query_scalar("select (select count(*) from review_visits) + (select count(*) from review_events)")
            .fetch_one(tx.conn())
            .await
            .expect("it counts");
    assert_eq!(changed, 0);
    let cookie = open(&world, &reviewed, &router).await;
    let page = get(&router, &format!("/review/{}", reviewed.session), &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains(token.reveal()));
    for words in [
        "Delegating the release notes",
        "Priya Raman",
        "kept it to half an hour",
        "0:06",
        "estimated",
        "Only you see this",
        "4 of 5 statements verified, 1 dropped",
        "Line 12 has no end time.",
    ] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
}

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
    // While there is only one subscriber, tracing asks the thread that first meets a log line whether anybody listens,
    // and that may be another test's. With a second one it asks both.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    // The test's runtime has one thread, so this subscriber hears all that the router says.
    let guard = tracing::dispatcher::set_default(&subscriber);
    let path = format!("/r/{}", token.reveal());
    get(&router, &path, "").await;
    let opened = post(&router, &format!("{path}/open"), "", &[]).await;
    post(&router, &format!("{path}/nowhere"), "", &[]).await;
    drop(guard);
    let log = String::from_utf8(log.0.lock().expect("nobody panicked").clone()).expect("text");
    assert!(log.contains("/r/{token}/open"), "{log}");
    assert!(!log.contains(token.reveal()), "{log}");
    let secret = opened.header("set-cookie").split(['=', ';']).nth(1).expect("a secret");
    assert!(!log.contains(secret), "{log}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<std::sync::Mutex<Vec<u8>>>);

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
async fn a_sentence_is_edited_and_the_new_version_approved() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (field, words) = first_claim(&page);
    assert!(words.contains("half an hour"));
    let (token, version, hash) = (page.field("form_token"), page.field("version"), page.field("hash"));
    let fields = [
        ("form_token", token.as_str()),
        ("version", &version),
        ("hash", &hash),
        (&field, "You ran the meeting in <half> an hour."),
    ];
    let saved = post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let page = get(&visit.router, saved.header("location").split('#').next().expect("a path"), &visit.cookie).await;
    assert!(
        page.body.contains("Your changes are saved.") && page.body.contains("in &lt;half&gt; an hour."),
        "{}",
        page.body
    );

    // The old page approves nothing any more, and says what changed.
    let stale = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields[..3]).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    assert!(stale.body.contains("changed while you had it open") && stale.body.contains("half an hour."));
    assert_eq!(visit.count("select count(*) from mails").await, 0);

    let (version, hash) = (page.field("version"), page.field("hash"));
    let fields = [("form_token", token.as_str()), ("version", &version), ("hash", &hash)];
    for _ in 0..2 {
        let approved = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
        assert_eq!(approved.status, StatusCode::SEE_OTHER, "{}", approved.body);
    }
    assert_eq!(visit.count("select count(*) from mails where kind = 'follow_up'").await, 1);
    let page = visit.read().await;
    assert!(page.body.contains("It goes to priya@raman.example at") && page.body.contains("Stop it"), "{}", page.body);

    let stopped = post(&visit.router, &visit.action("/cancel"), &visit.cookie, &fields).await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER);
    assert_eq!(visit.count("select count(*) from mails where kind = 'follow_up' and state = 'cancelled'").await, 1);
    assert!(visit.read().await.body.contains("Approve and send"));
}

#[tokio::test]
async fn approving_with_unsaved_typing_saves_it_and_asks_again() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (field, _) = first_claim(&page);
    let (token, version, hash) = (page.field("form_token"), page.field("version"), page.field("hash"));
    let fields =
        [("form_token", token.as_str()), ("version", &version), ("hash", &hash), (&field, "Typed and not saved.")];
    let answer = post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
    assert!(answer.header("location").contains("done=saved-first"), "{answer:?}");
    assert_eq!(visit.count("select count(*) from summaries where state = 'approved'").await, 0);
    assert!(visit.read().await.body.contains("Typed and not saved."));
}

#[tokio::test]
async fn typing_survives_what_cannot_be_taken() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (field, _) = first_claim(&page);
    let (token, version) = (page.field("form_token"), page.field("version"));
    let fields =
        [("form_token", token.as_str()), ("version", &version), (&field, " "), ("add.wins", "A win that I typed.")];
    let refused = post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body.contains("This sentence is empty.") && refused.body.contains("A win that I typed."));
    assert_eq!(visit.count("select count(*) from summary_versions").await, 1);

    // A visit that ran out meanwhile gives the words back.
    visit.execute("update review_visits set expires_at = now() - interval '1 second'").await;
    let late = post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
    assert!(late.body.contains("A win that I typed."));
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (token, version, hash) = (page.field("form_token"), page.field("version"), page.field("hash"));
    let fields = [("form_token", token.as_str()), ("version", &version), ("hash", &hash)];
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
    // Without the visit's own token, too; and without the cookie.
    let forged =
        post(&visit.router, &path, &visit.cookie, &[("form_token", "x"), ("version", &version), ("hash", &hash)]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(post(&visit.router, &path, "", &fields).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(visit.count("select count(*) from summaries where state = 'approved'").await, 0);
    assert_eq!(send(&visit.router, request("origin", "http://127.0.0.1:8080")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_expired_link_offers_a_fresh_one_and_a_revoked_one_does_not() {
    let visit = Visit::new().await;
    let token = visit.reviewed.link(&visit.world).await;
    let path = format!("/r/{}", token.reveal());
    visit.execute("update review_links set expires_at = now() - interval '1 second'").await;
    let expired = get(&visit.router, &path, "").await;
    assert_eq!(expired.status, StatusCode::GONE);
    assert!(expired.body.contains("Mail me a fresh link"));
    assert_eq!(post(&visit.router, &format!("{path}/open"), "", &[]).await.status, StatusCode::GONE);
    assert_eq!(visit.count("select count(*) from mails").await, 0);
    for expect in [StatusCode::OK, StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(post(&visit.router, &format!("{path}/fresh"), "", &[]).await.status, expect);
    }
    assert_eq!(visit.count("select count(*) from mails where recipient = 'maya@northlight.example'").await, 3);

    visit.execute("update review_links set revoked_at = now()").await;
    let revoked = get(&visit.router, &path, "").await;
    assert_eq!(revoked.status, StatusCode::GONE);
    assert!(!revoked.body.contains("Mail me a fresh link"));
    assert_eq!(post(&visit.router, &format!("{path}/fresh"), "", &[]).await.status, StatusCode::GONE);
    assert_eq!(visit.read().await.status, StatusCode::UNAUTHORIZED, "open visits end with their link");
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
        // The cookie of one session under the name of the other: the browser may send what it likes.
        let cookie = format!("debrief-{}={secret}", session.simple());
        let page = format!("/review/{session}");
        assert_eq!(get(&visit.router, &page, &cookie).await.status, StatusCode::UNAUTHORIZED);
        for summary in [visit.reviewed.summary, sibling.summary] {
            for action in ["", "/approve", "/dismiss", "/cancel", "/arrived", "/again"] {
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
    // And a summary of the other session is not reached through one's own.
    for action in ["/dismiss", "/cancel", "/arrived", "/again"] {
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

#[tokio::test]
async fn the_coach_decides_on_a_follow_up_whose_fate_is_unknown() {
    for (state, action, expect) in [
        ("uncertain", "/arrived", "sent"),
        ("uncertain", "/again", "queued"),
        ("failed", "/again", "queued"),
        ("failed", "/cancel", "cancelled"),
    ] {
        let visit = Visit::new().await;
        let page = visit.read().await;
        let (token, version, hash) = (page.field("form_token"), page.field("version"), page.field("hash"));
        let fields = [("form_token", token.as_str()), ("version", &version), ("hash", &hash)];
        post(&visit.router, &visit.action("/approve"), &visit.cookie, &fields).await;
        let early = post(&visit.router, &visit.action("/arrived"), &visit.cookie, &fields).await;
        assert_eq!(early.status, StatusCode::CONFLICT, "nothing is to be decided yet");
        let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
        sqlx::query("update mails set state = $1").bind(state).execute(tx.conn()).await.expect("it is set");
        tx.commit().await.expect("it commits");
        let button = format!("summaries&#x2f;{}{}", visit.reviewed.summary, action);
        assert!(visit.read().await.body.contains(&button), "{state}: the page offers {action}");
        let decided = post(&visit.router, &visit.action(action), &visit.cookie, &fields).await;
        assert_eq!(decided.status, StatusCode::SEE_OTHER, "{state} {action}: {}", decided.body);
        let mut tx = visit.world.database.db.tenant(visit.world.organization).await.expect("a transaction");
        let now: String = sqlx::query_scalar("select state from mails").fetch_one(tx.conn()).await.expect("it reads");
        assert_eq!(now, expect, "{state} {action}");
    }
}

#[tokio::test]
async fn a_session_without_a_client_is_closed_by_its_coach() {
    let visit = Visit::new().await;
    let token = visit.read().await.field("form_token");
    let path = format!("{}/close", visit.page);
    let open = post(&visit.router, &path, &visit.cookie, &[("form_token", &token)]).await;
    assert_eq!(open.status, StatusCode::CONFLICT, "a summary waits");
    visit.forget_summaries().await;
    assert!(visit.read().await.body.contains("Close the session"));
    post(&visit.router, &path, &visit.cookie, &[("form_token", &token)]).await;
    assert_eq!(visit.count("select count(*) from sessions where state = 'closed'").await, 1);
    assert_eq!(visit.count("select count(*) from review_events where kind = 'closed'").await, 1);
}

/// A session of an organization of its own in the same database.
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
async fn the_coach_names_a_speaker_on_the_page() {
    let visit = Visit::new().await;
    visit.reviewed.set_state(&visit.world, "waiting_for_speakers").await;
    visit.forget_summaries().await;
    visit.execute("update utterances set label = 'iPad (2)' where label = 'Priya Raman'").await;
    visit
        .execute("update attributions set label = 'iPad (2)', participant_id = null where label = 'Priya Raman'")
        .await;
    let page = visit.read().await;
    for words in ["iPad (2)", "I ran the planning meeting myself", "Tom Becker", "A new client"] {
        assert!(page.body.contains(words), "{words} is missing in {}", page.body);
    }
    let token = page.field("form_token");
    let path = format!("{}/speakers", visit.page);
    let unsaid = post(
        &visit.router,
        &path,
        &visit.cookie,
        &[("form_token", &token), ("label.0", "iPad (2)"), ("who.0", "new"), ("email.0", "pri@example.org")],
    )
    .await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unsaid.body.contains("Give the new client") && unsaid.body.contains("pri@example.org"));

    let priya = format!("client:{}", visit.world.priya);
    let fields = [("form_token", token.as_str()), ("label.0", "iPad (2)"), ("who.0", &priya)];
    let named = post(&visit.router, &path, &visit.cookie, &fields).await;
    assert_eq!(named.status, StatusCode::SEE_OTHER, "{}", named.body);
    assert_eq!(visit.count("select count(*) from attributions where participant_id is null").await, 0);
    assert_eq!(visit.count("select count(*) from jobs where kind = 'attribute.session'").await, 1);
    assert_eq!(visit.count("select count(*) from review_events where kind = 'speakers_named'").await, 1);
}

#[tokio::test]
async fn health_and_the_operators_page_tell_how_it_stands() {
    let visit = Visit::new().await;
    visit.execute("insert into jobs (id, kind, args, organization_id, state, max_attempts, attempt, errors, correlation_id, finished_at)
        select gen_random_uuid(), 'parse.transcript', '{}', current_organization(), 'dead', 5, 5, '[{\"attempt\": 5, \"error\": \"the disk is full\"}]', gen_random_uuid(), now()").await;
    let admin = admin_router(state(&visit.world.services));
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
    // What is the operator's is not the public's.
    assert_eq!(get(&visit.router, "/metrics", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(get(&admin, &visit.page, &visit.cookie).await.status, StatusCode::NOT_FOUND);
}
