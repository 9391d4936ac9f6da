//! Programs sign in with a person's password: access tokens and refresh tokens.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use debrief::http::public_router;
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{House, MAYA, PASSWORD, factor::enrol};
use crate::{
    http::visit::{Answer, send, state},
    support::Reviewed,
};

pub(super) async fn house() -> House {
    House::with(|settings| settings.sign_in.secret_key = STANDARD.encode([7; 32]).into()).await
}

async fn ask(router: &Router, method: Method, path: &str, token: Option<&Value>, body: Option<Value>) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.as_str().expect("a token")));
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    send(router, request.body(body).expect("a request")).await
}

impl House {
    async fn log_in(&self, password: &str, code: Option<&str>) -> Answer {
        let body = json!({ "email": MAYA, "password": password, "code": code });
        ask(&self.router, Method::POST, "/v1/auth/login", None, Some(body)).await
    }

    async fn refresh(&self, tokens: &Value) -> Answer {
        let body = json!({ "refresh_token": tokens["refresh_token"] });
        ask(&self.router, Method::POST, "/v1/auth/refresh", None, Some(body)).await
    }

    /// What the API says to an access token.
    async fn me(&self, tokens: &Value) -> Answer {
        ask(&self.router, Method::GET, "/v1/me", Some(&tokens["access_token"]), None).await
    }

    async fn programs(&self) -> i64 {
        self.count("select count(*) from sign_ins where is_program and ended_at is null").await
    }
}

#[tokio::test]
async fn a_program_signs_in_works_for_its_person_and_signs_out() {
    let house = house().await;
    house.maya_with_password().await;
    let answer = house.log_in(PASSWORD, None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &900.into()));
    let me = house.me(&tokens).await.json();
    assert_eq!(me["person_id"], house.world.coach.to_string());
    assert!(me["key_id"].is_null() && me["rights"].as_array().is_some_and(|rights| !rights.is_empty()), "{me}");
    let seen = house.count("select count(*) from audit_events where kind = 'read' and person_id is not null").await;
    let listed = ask(&house.router, Method::GET, "/v1/sessions", Some(&tokens["access_token"]), None).await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
    let now = house.count("select count(*) from audit_events where kind = 'read' and person_id is not null").await;
    assert_eq!(now, seen + 1, "what a program reads is in the audit of its person");

    let next = house.refresh(&tokens).await.json();
    assert_ne!(next["refresh_token"], tokens["refresh_token"]);
    assert_eq!(house.me(&next).await.status, StatusCode::OK);
    let out = json!({ "refresh_token": next["refresh_token"] });
    for _ in 0..2 {
        let answer = ask(&house.router, Method::POST, "/v1/auth/logout", None, Some(out.clone())).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    }
    for tokens in [&tokens, &next] {
        assert_eq!(house.me(tokens).await.code(), "COACH_002");
        assert_eq!(house.refresh(tokens).await.code(), "COACH_002");
    }
}

#[tokio::test]
async fn a_program_signs_out_with_its_access_token_alone() {
    let house = house().await;
    house.maya_with_password().await;
    let (tokens, other) = (house.log_in(PASSWORD, None).await.json(), house.log_in(PASSWORD, None).await.json());
    for _ in 0..2 {
        let out = ask(&house.router, Method::POST, "/v1/auth/logout", Some(&tokens["access_token"]), None).await;
        assert_eq!(out.status, StatusCode::NO_CONTENT, "{}", out.body);
    }
    assert_eq!(house.me(&tokens).await.code(), "COACH_002");
    assert_eq!(house.refresh(&tokens).await.code(), "COACH_002");
    assert_eq!(house.me(&other).await.status, StatusCode::OK, "the other program stays signed in");
    let nobody = ask(&house.router, Method::POST, "/v1/auth/logout", None, None).await;
    assert_eq!(nobody.code(), "COACH_001", "nothing says whose sign-in ends");
    let wrong = house.log_in("not the password of anybody", None).await.json();
    assert_eq!(wrong["title"], "This key, token or password doesn’t work");
}

#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_the_sign_in() {
    let house = house().await;
    house.maya_with_password().await;
    let first = house.log_in(PASSWORD, None).await.json();
    let other = house.log_in(PASSWORD, None).await.json();
    let second = house.refresh(&first).await.json();
    assert_eq!(house.refresh(&first).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.me(&second).await.status, StatusCode::UNAUTHORIZED, "whoever holds the copy is out");
    assert_eq!(house.refresh(&second).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.me(&other).await.status, StatusCode::OK, "another program's sign-in isn't touched");
    let noted = house
        .count("select count(*) from audit_events where kind = 'signed_out' and detail->>'by' = 'refresh_token_used_twice'")
        .await;
    assert_eq!(noted, 1);

    // Two at once are one that comes twice.
    let (one, two) = tokio::join!(house.refresh(&other), house.refresh(&other));
    let good = [&one, &two].into_iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(good, 1, "{} {}", one.body, two.body);
    assert_eq!(house.programs().await, 0);
}

#[tokio::test]
async fn a_second_factor_is_asked_of_programs_too() {
    let house = house().await;
    let mut browser = house.maya_with_password().await;
    let (app, codes) = enrol(&mut browser).await;
    assert_eq!(house.log_in(PASSWORD, None).await.code(), "COACH_008");
    assert_eq!(house.log_in(PASSWORD, Some("000000")).await.code(), "COACH_008");
    assert_eq!(house.log_in("wooden lamp under snow", Some(&app.code())).await.code(), "COACH_002");
    assert_eq!(house.programs().await, 0);
    let left = house.count("select count(*) from sign_ins where ended_at is null").await;
    assert_eq!(left, 1, "what didn't come in leaves no sign-in");
    let tokens = house.log_in(PASSWORD, Some(&codes[0])).await;
    assert_eq!(house.me(&tokens.json()).await.status, StatusCode::OK, "{}", tokens.body);
    house.execute("delete from recovery_codes").await;
    house.execute("update credentials set totp_secret = null, totp_since = null").await;
    house.execute("update organizations set require_second_factor = true").await;
    assert_eq!(
        house.me(&tokens.json()).await.status,
        StatusCode::UNAUTHORIZED,
        "what is required now is required of it"
    );
    assert_eq!(house.log_in(PASSWORD, None).await.code(), "COACH_008");
}

#[tokio::test]
async fn whatever_ends_a_sign_in_ends_its_tokens() {
    let house = house().await;
    let mut browser = house.maya_with_password().await;
    let tokens = house.log_in(PASSWORD, None).await.json();
    let page = browser.get("/account").await.body;
    let id: String = sqlx::query_scalar("select id::text from sign_ins where is_program")
        .fetch_one(debrief_jobs::db::Tx::conn(
            &mut house.world.database.db.tenant(house.world.organization).await.expect("a transaction"),
        ))
        .await
        .expect("a sign-in");
    assert!(page.contains(&id) && page.contains("A program"), "its owner sees it: {page}");
    let ended = browser.post(&format!("/account/sign-ins/{id}/end"), &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.body);
    assert_eq!(house.me(&tokens).await.status, StatusCode::UNAUTHORIZED);

    let tokens = house.log_in(PASSWORD, None).await.json();
    house.execute("update sign_ins set last_used_at = now() - interval '13 hours' where is_program").await;
    assert_eq!(house.me(&tokens).await.status, StatusCode::UNAUTHORIZED, "it wasn't used for long");

    let tokens = house.log_in(PASSWORD, None).await.json();
    house.person("ada", "ada@northlight.example", &["admin"]).await;
    house.deactivate(house.world.organization, house.world.coach).await.expect("she may go");
    assert_eq!(house.me(&tokens).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.refresh(&tokens).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_ends_her_other_sign_ins_ends_those_of_programs() {
    let house = house().await;
    let mut browser = house.maya_with_password().await;
    let tokens = house.log_in(PASSWORD, None).await.json();
    browser.get("/account").await;
    browser.post("/account/password", &[("password", "blaue Tomaten fliegen tief")]).await;
    assert_eq!(house.me(&tokens).await.status, StatusCode::UNAUTHORIZED, "another password");

    let tokens = house.log_in("blaue Tomaten fliegen tief", None).await.json();
    let (_, codes) = enrol(&mut browser).await;
    assert_eq!(house.me(&tokens).await.status, StatusCode::UNAUTHORIZED, "a second factor that it didn't give");

    let tokens = house.log_in("blaue Tomaten fliegen tief", Some(&codes[0])).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    browser.get("/account").await;
    browser.post("/account/sign-out-everywhere", &[]).await;
    assert_eq!(house.me(&tokens.json()).await.status, StatusCode::UNAUTHORIZED, "she signs out everywhere");
    assert_eq!(house.refresh(&tokens.json()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_programs_sign_in_ends_after_two_weeks_however_it_is_used() {
    let house = house().await;
    house.maya_with_password().await;
    let tokens = house.log_in(PASSWORD, None).await.json();
    let ends = "select count(*) from sign_ins where is_program
        and ends_at between now() + interval '13 days 23 hours' and now() + interval '14 days'";
    assert_eq!(house.count(ends).await, 1);
    let tokens = house.refresh(&tokens).await.json();
    assert_eq!(house.count(ends).await, 1, "a refresh moves nothing");
    house.execute("update sign_ins set ends_at = now() - interval '1 second' where is_program").await;
    assert_eq!(house.me(&tokens).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.refresh(&tokens).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_creates_no_key_that_would_outlive_it() {
    let house = house().await;
    house.maya_with_password().await;
    let tokens = house.log_in(PASSWORD, None).await.json();
    let wanted = json!({ "name": "mine", "scopes": ["sessions:read"] });
    let refused = ask(&house.router, Method::POST, "/v1/keys", Some(&tokens["access_token"]), Some(wanted)).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "COACH_009"), "{}", refused.body);
    assert_eq!(house.count("select count(*) from api_keys").await, 0);
}

#[tokio::test]
async fn the_rights_of_a_token_are_those_that_its_person_has_now() {
    let house = house().await;
    house.maya_with_password().await;
    let tokens = house.log_in(PASSWORD, None).await.json();
    let jobs = || ask(&house.router, Method::GET, "/v1/jobs", Some(&tokens["access_token"]), None);
    assert_eq!(jobs().await.status, StatusCode::FORBIDDEN);
    house.execute("update coaches set roles = '{admin}' where handle = 'maya'").await;
    assert_eq!(jobs().await.status, StatusCode::OK);
    house.execute("update coaches set roles = '{coach}' where handle = 'maya'").await;
    assert_eq!(jobs().await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_stream_ends_with_the_sign_in_of_its_program() {
    let house = house().await;
    let reviewed = Reviewed::new(&house.world).await;
    reviewed.set_state(&house.world, "in_review").await;
    house.maya_with_password().await;
    let tokens = house.log_in(PASSWORD, None).await.json();
    let request = Request::get(format!("/v1/sessions/{}/progress", reviewed.session))
        .header(header::AUTHORIZATION, format!("Bearer {}", tokens["access_token"].as_str().expect("a token")))
        .body(Body::empty())
        .expect("a request");
    let mut stream = house.router.clone().oneshot(request).await.expect("an answer").into_body().into_data_stream();
    assert!(stream.next().await.expect("the present state").expect("it is read").starts_with(b"event: progress"));
    house.execute("update sign_ins set ended_at = now() where is_program").await;
    let rest = async { while stream.next().await.is_some() {} };
    // It would go on for minutes.
    tokio::time::timeout(Duration::from_secs(60), rest).await.expect("it ends with the next look");
}

#[tokio::test]
async fn a_token_is_no_cookie_and_nobody_elses_is_taken() {
    let house = house().await;
    house.maya_with_password().await;
    let tokens = house.log_in(PASSWORD, None).await.json();
    let mut browser = house.browser();
    for name in ["access_token", "refresh_token"] {
        browser.cookies.insert("debrief".into(), tokens[name].as_str().expect("a token").to_owned());
        assert!(!house.admits(&browser).await, "{name}");
    }
    let swapped = json!({ "access_token": tokens["refresh_token"], "refresh_token": tokens["access_token"] });
    assert_eq!(house.me(&swapped).await.code(), "COACH_002");
    assert_eq!(house.refresh(&swapped).await.code(), "COACH_015", "it is too long for one");
    let mut old = (0..40).map(|_| house.me(&swapped));
    let mut last = old.next().expect("one").await;
    for asked in old {
        last = asked.await;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "guessing is limited");
}

#[tokio::test]
async fn attempts_are_those_of_the_page() {
    let house = house().await;
    house.maya_with_password().await;
    for _ in 0..5 {
        assert_eq!(house.log_in("wooden lamp under snow", None).await.code(), "COACH_002");
    }
    let refused = house.log_in(PASSWORD, None).await;
    assert_eq!(refused.code(), "COACH_020");
    assert!(!refused.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_right_password_is_no_attempt() {
    let house = house().await;
    let mut browser = house.maya_with_password().await;
    let (_, codes) = enrol(&mut browser).await;
    // A program learns that a code is needed, asks its person, and sends both.
    for code in &codes[..4] {
        assert_eq!(house.log_in(PASSWORD, None).await.code(), "COACH_008");
        let answer = house.log_in(PASSWORD, Some(code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_program_that_refreshes_all_the_time_is_told_to_wait() {
    let house = house().await;
    house.maya_with_password().await;
    let mut tokens = house.log_in(PASSWORD, None).await.json();
    for _ in 0..30 {
        tokens = house.refresh(&tokens).await.json();
    }
    let refused = house.refresh(&tokens).await;
    assert_eq!(refused.code(), "COACH_020", "{}", refused.body);
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(house.me(&tokens).await.status, StatusCode::OK, "what it has still works");
    // Another program isn't touched, nor is this one once the hour is over.
    let other = house.log_in(PASSWORD, None).await.json();
    assert_eq!(house.refresh(&other).await.status, StatusCode::OK);
    house.owner("update request_counts set ends_at = now() - interval '1 second'").await;
    assert_eq!(house.refresh(&tokens).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_a_key_of_the_operator_there_are_no_tokens() {
    let house = House::new().await;
    house.maya_with_password().await;
    let router = public_router(state(&house.world.services));
    let body = json!({ "email": MAYA, "password": PASSWORD });
    let refused = ask(&router, Method::POST, "/v1/auth/login", None, Some(body)).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::NOT_IMPLEMENTED, "COACH_093"));
    assert!(refused.body.contains("API key"), "{}", refused.body);
}

#[tokio::test]
async fn a_passkey_is_no_second_factor_of_a_program() {
    let house = House::with(|settings| {
        settings.sign_in.secret_key = STANDARD.encode([7; 32]).into();
        settings.review.base_url = "http://localhost:8080".parse().expect("a URL");
    })
    .await;
    house.maya_with_password().await;
    house
        .execute(
            "insert into passkeys (id, organization_id, person_id, name, credential_id, credential)
             select gen_random_uuid(), organization_id, id, 'Phone', 'x', '{}' from coaches where handle = 'maya'",
        )
        .await;
    let tokens = house.log_in(PASSWORD, None).await.json();
    assert_eq!(house.me(&tokens).await.status, StatusCode::OK, "it shuts no other way in");
    house.execute("update organizations set require_second_factor = true").await;
    assert_eq!(house.me(&tokens).await.status, StatusCode::UNAUTHORIZED);
    for refused in [house.log_in(PASSWORD, None).await, house.refresh(&tokens).await] {
        assert_eq!(refused.code(), "COACH_008");
        assert!(refused.body.contains("set up an authenticator app"), "{}", refused.body);
    }
}

/// The operator's key is another one than before.
#[tokio::test]
async fn a_code_that_can_not_be_checked_is_told_so() {
    let house = house().await;
    house.maya_with_password().await;
    house
        .execute(
            "update credentials set totp_since = now(), totp_secret = '\\x01000102030405060708090a0b0c0d0e0f'
             where person_id = (select id from coaches where handle = 'maya')",
        )
        .await;
    let refused = house.log_in(PASSWORD, Some("123456")).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "COACH_091"));
    assert!(refused.body.contains("use a recovery code"), "{}", refused.body);
}
