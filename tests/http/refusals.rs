//! What is refused, and what the operator sees of it: oversized forms, and requests that no page of ours makes.

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use debrief::http::public_router;

use super::{
    Log,
    visit::{Visit, body, form, get, post, send, state},
};
use crate::support::World;

/// What is logged at WARN or above while `act` runs.
async fn warned(act: impl Future<Output = ()>) -> Vec<String> {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let subscriber = tracing::Dispatch::new(subscriber);
    // See `a_token_is_never_logged`.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing::dispatcher::set_default(&subscriber);
    act.await;
    drop(guard);
    let log = String::from_utf8(log.0.lock().expect("nobody panicked").clone()).expect("text");
    log.lines().filter(|line| line.contains("http")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_form_of_fifteen_thousand_fields_is_refused_by_every_page_that_takes_one() {
    let visit = Visit::new().await;
    let token = visit.read().await.field("form_token");
    let names: Vec<String> = (0..15_000).map(|at| format!("label.{at}")).collect();
    let fields: Vec<(&str, &str)> =
        std::iter::once(("form_token", token.as_str())).chain(names.iter().map(|name| (name.as_str(), "x"))).collect();
    let pages = ["/speakers", "/speakers/turns", "/speakers/undo", "/close", "/voice"];
    let actions = ["", "/refine", "/undo", "/approve", "/dismiss", "/reopen", "/cancel", "/arrived", "/again"];
    let paths =
        pages.iter().map(|page| format!("{}{page}", visit.page)).chain(actions.map(|action| visit.action(action)));
    for path in paths {
        let refused = post(&visit.router, &path, &visit.cookie, &fields).await;
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(refused.body.contains("the form has more fields than any of our pages"), "{path}: {}", refused.body);
    }
    let request = form(&visit.action(""), &fields).header(header::ACCEPT, "application/json");
    let problem = send(&visit.router, request.body(body(&fields)).expect("a request")).await;
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert!(problem.body.contains("Nothing was changed"), "{}", problem.body);

    let large = "x".repeat(600 << 10);
    let refused =
        post(&visit.router, &visit.action(""), &visit.cookie, &[("form_token", &token), ("add.wins", &large)]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(refused.body.contains("the form is larger than any"), "{}", refused.body);
    assert_eq!(visit.count("select count(*) from summary_versions").await, 1);
}

#[tokio::test]
async fn a_page_asks_for_no_more_names_and_turns_than_a_form_takes() {
    let visit = Visit::new().await;
    visit
        .execute(
            "insert into utterances (id, organization_id, session_id, transcript_id, position, label, text)
             select gen_random_uuid(), organization_id, session_id, id, 1000 + n, 'Voice ' || n, 'Words of a voice.'
             from transcripts, generate_series(1, 130) n",
        )
        .await;
    visit
        .execute(
            "insert into attributions (organization_id, session_id, label, participant_id, is_shared, confidence, reason)
             select organization_id, session_id, label, null, true, 1, 'You said so.' from utterances
             where label like 'Voice %'",
        )
        .await;
    let path = format!("{}/speakers", visit.page);
    let page = get(&visit.router, &path, &visit.cookie).await;
    assert_eq!(page.body.matches("<fieldset").count(), 100);
    assert!(page.body.contains("32 more names to come") && page.body.contains("speakers?from=100"), "{}", page.body);
    let next = get(&visit.router, &format!("{path}?from=100"), &visit.cookie).await;
    assert_eq!((next.body.matches("<fieldset").count(), next.field("from").as_str()), (32, "100"));

    visit
        .execute(
            "insert into utterances (id, organization_id, session_id, transcript_id, position, label, text)
             select gen_random_uuid(), organization_id, session_id, id, 5000 + n, case when n % 2 = 0 then 'Voice 1' else 'Voice 2' end,
                    'A turn.' from transcripts, generate_series(1, 500) n",
        )
        .await;
    let turns = get(&visit.router, &format!("{path}/turns?label=Voice+1"), &visit.cookie).await;
    assert_eq!(turns.body.matches("<select").count(), 200);
    assert!(turns.body.contains("51 more turns to come"), "{}", turns.body);
    let rest = get(&visit.router, &format!("{path}/turns?label=Voice+1&from=200"), &visit.cookie).await;
    assert_eq!(rest.body.matches("<select").count(), 51);
    let nobody = get(&visit.router, &format!("{path}/turns?label=Voice%00"), &visit.cookie).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND, "a zero is no name, and no fault of the database");
}

#[tokio::test]
async fn what_is_typed_with_characters_that_cannot_be_stored_is_taken_or_told_of() {
    let visit = Visit::new().await;
    let page = visit.read().await;
    let (token, version) = (page.field("form_token"), page.field("version"));
    let fields = [("form_token", token.as_str()), ("version", &version), ("add.wins", "You asked\u{b}first.\0")];
    let saved = post(&visit.router, &visit.action(""), &visit.cookie, &fields).await;
    assert!(saved.header("location").contains("done=edited"), "{} {}", saved.status, saved.body);
    assert_eq!(visit.count("select count(*) from claims where text = 'You asked first.\u{fffd}'").await, 1);

    let who = get(&visit.router, &format!("{}/speakers", visit.page), &visit.cookie).await;
    let (token, was) = (who.field("form_token"), who.field("was.0"));
    let fields = [
        ("form_token", token.as_str()),
        ("label.0", "Priya Raman"),
        ("was.0", &was),
        ("who.0", "new"),
        ("name.0", "Ana\u{202e}\0\u{7} Silva\0"),
    ];
    let named = post(&visit.router, &format!("{}/speakers", visit.page), &visit.cookie, &fields).await;
    // A name is in letters: it isn't changed silently.
    assert_eq!(named.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", named.body);
    assert!(named.body.contains("can’t be shown"), "{}", named.body);
    assert_eq!(visit.count("select count(*) from clients where name like 'Ana%'").await, 0);
}

#[tokio::test]
async fn a_refused_request_leaves_one_line_without_a_secret() {
    let visit = Visit::new().await;
    let token = visit.read().await.field("form_token");
    let path = visit.action("/dismiss");
    let fields = [("form_token", token.as_str())];
    let cross_site =
        form(&path, &fields).header(header::COOKIE, &visit.cookie).header(header::ORIGIN, "https://evil.example");
    let cross_site = cross_site.body(body(&fields)).expect("a request");
    let foreign = Request::get("/").header(header::HOST, "rebound.example").body(Body::empty()).expect("a request");
    let guessed = format!("/r/dbr_{}", "A".repeat(43));
    for (what, expect, act) in [
        (
            "cross-site",
            "evil.example",
            Box::pin(async { drop(send(&visit.router, cross_site).await) })
                as std::pin::Pin<Box<dyn Future<Output = ()>>>,
        ),
        (
            "form token",
            "form_token",
            Box::pin(async { drop(post(&visit.router, &path, &visit.cookie, &[("form_token", "guess")]).await) }),
        ),
        ("link", "unknown_link", Box::pin(async { drop(get(&visit.router, &guessed, "").await) })),
        ("no link", "unknown_link", Box::pin(async { drop(post(&visit.router, "/r/nonsense/open", "", &[]).await) })),
        ("host", "rebound.example", Box::pin(async { drop(send(&visit.router, foreign).await) })),
    ] {
        let lines = warned(act).await;
        assert_eq!(lines.len(), 1, "{what}: {lines:#?}");
        assert!(lines[0].contains("WARN") && lines[0].contains(expect), "{what}: {lines:#?}");
        let secret = visit.cookie.split('=').nth(1).expect("a secret");
        for hidden in [secret, &token, "AAAA", "guess\"", "nonsense", "Priya", "maya@"] {
            assert!(!lines[0].contains(hidden), "{what}: {hidden} is in {lines:#?}");
        }
    }
}

#[tokio::test]
async fn a_known_name_a_probe_and_a_proxy_leave_no_line() {
    let world =
        World::with(|settings| settings.review.base_url = "https://debrief.example".parse().expect("a URL")).await;
    let router = public_router(state(&world.services));
    let asked = |path: &str, host: &str, forwarded: Option<&str>| {
        let request = Request::get(path).header(header::HOST, host);
        let request = forwarded.into_iter().fold(request, |request, name| request.header("x-forwarded-host", name));
        request.body(Body::empty()).expect("a request")
    };
    let lines = warned(async {
        for request in [
            asked("/", "Debrief.example:443", None),
            asked("/livez", "10.0.0.7:8080", None),
            asked("/", "upstream:8080", Some("debrief.example")),
        ] {
            assert_eq!(send(&router, request).await.status, StatusCode::OK);
        }
    });
    assert_eq!(lines.await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_is_refused_is_seen_with_the_account_and_nothing_else() {
    let api = crate::api::Api::new().await;
    let key = api.key(Some(api.world.coach), &[debrief_jobs::rights::Right::SessionsRead]).await;
    let account = api.world.coach.to_string();
    let session = "/v1/sessions/00000000-0000-0000-0000-000000000000";
    for (path, reason) in [("/v1/summaries", "right"), (session, "absent")] {
        let lines = warned(async { drop(api.get(&key, path).await) }).await;
        assert_eq!(lines.len(), 1, "{path}: {lines:?}");
        assert!(lines[0].contains(reason) && lines[0].contains(&account) && !lines[0].contains(&key), "{lines:?}");
    }
    let allowed = warned(async { drop(api.get(&key, "/v1/sessions").await) }).await;
    assert!(allowed.is_empty(), "{allowed:?}");
    // A tool of an assistant refuses within an answer that is well.
    let call = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "list_clients", "arguments": {} } });
    let headers = [
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", "2025-06-18"),
        ("host", "127.0.0.1:8080"),
    ];
    let lines = warned(async {
        drop(api.ask(&key, axum::http::Method::POST, "/mcp", Some(&call), &headers).await);
    })
    .await;
    assert!(lines.len() == 1 && lines[0].contains("right") && lines[0].contains(&account), "{lines:?}");
    // And a review that isn't open in this browser.
    let page = format!("/review/{}", api.reviewed.session);
    let lines = warned(async { drop(get(&api.router, &page, "debrief=stolen").await) }).await;
    assert!(lines.len() == 1 && lines[0].contains("review") && !lines[0].contains("stolen"), "{lines:?}");
}
