//! A way through a provider belongs to its browser, works once and is over after ten minutes; and there aren't too many.

use axum::http::StatusCode;

use super::{begin, details, through, with_provider};
use crate::{sign_in::House, support::identity_provider::IdentityProvider};

async fn is_over(answer: crate::http::visit::Answer) {
    assert_eq!(answer.status, StatusCode::GONE, "{}", answer.body);
    assert!(answer.body.contains("begun in another browser"), "{}", answer.body);
}

async fn two() -> (House, IdentityProvider) {
    with_provider(|_| ()).await
}

#[tokio::test]
async fn a_way_works_once_in_its_own_browser_for_ten_minutes() {
    let (house, provider) = two().await;
    let mut browser = house.browser();
    let back = begin(&mut browser, &provider).await;

    // Another browser, one without cookies, and one that is on its own way: somebody else's answer is put to them.
    let mut other = house.browser();
    is_over(other.get(&back).await).await;
    begin(&mut other, &provider).await;
    is_over(other.get(&back).await).await;
    assert!(!house.admits(&other).await);
    // No state, one that never was, a very long one.
    for query in ["", "?code=x", "?state=x&code=x", &format!("?state={}&code=x", "x".repeat(6000))] {
        is_over(browser.get(&format!("/sign-in/with/acme/answer{query}")).await).await;
    }
    // Its own browser, once.
    assert_eq!(browser.get(&back).await.header("location"), "/");
    is_over(browser.get(&back).await).await;
    assert!(house.admits(&browser).await, "who is signed in stays so");
    assert_eq!(provider.tokens_given(), 1, "nothing else was asked of the provider");

    let back = begin(&mut house.browser(), &provider).await;
    is_over(house.browser().get(&back).await).await;
    let mut late = house.browser();
    let back = begin(&mut late, &provider).await;
    house.execute("update provider_requests set expires_at = now() - interval '1 second'").await;
    is_over(late.get(&back).await).await;
}

#[tokio::test]
async fn of_two_answers_at_once_one_counts() {
    let (house, provider) = two().await;
    let mut one = house.browser();
    let back = begin(&mut one, &provider).await;
    let mut other = one.copy();
    let (first, second) = tokio::join!(one.get(&back), other.get(&back));
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::GONE]);
    assert_eq!(house.count("select count(*) from sign_ins").await, 1);
}

#[tokio::test]
async fn an_answer_comes_to_any_process() {
    let provider =
        IdentityProvider::start(crate::support::identity_provider::Account::new("m", crate::sign_in::MAYA)).await;
    let acme = super::acme(&provider.issuer);
    let house = House::with(|all| drop(all.sign_in.providers.insert("acme".into(), acme.clone()))).await;
    let mut browser = house.browser();
    let back = begin(&mut browser, &provider).await;
    let mut settings = crate::support::world::settings(&house.world.folder);
    settings.sign_in.providers.insert("acme".into(), acme);
    let db = debrief_jobs::db::Db::connect(&house.world.database.urls.app, 3).expect("a good URL");
    let services = debrief_jobs::Services::new(db, &settings).expect("good settings");
    browser.router = debrief::http::public_router(crate::http::visit::state(&std::sync::Arc::new(services)));
    assert_eq!(browser.get(&back).await.header("location"), "/");
}

#[tokio::test]
async fn what_went_wrong_at_the_provider_is_told_with_what_to_do() {
    let (house, provider) = two().await;
    for (error, status, told) in [
        ("access_denied", StatusCode::FORBIDDEN, "didn’t let you in here"),
        ("server_error", StatusCode::BAD_GATEWAY, "something went wrong (server_error)"),
        ("<script>alert(1)</script>", StatusCode::BAD_GATEWAY, "something went wrong (scriptalert1script)"),
    ] {
        provider.answers_with(Some(error));
        let mut browser = house.browser();
        let back = begin(&mut browser, &provider).await;
        let answer = browser.get(&back).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(told) && !answer.body.contains("because of maya"), "{}", answer.body);
        is_over(browser.get(&back).await).await;
    }
    assert_eq!(provider.tokens_given(), 0);
    assert_eq!(details(&house, "sign_in_failed").await.len(), 3);
}

#[tokio::test]
async fn a_form_of_another_site_begins_nothing() {
    let (house, provider) = two().await;
    let mut browser = house.browser();
    browser.get("/sign-in/with/acme").await;
    let answer = browser.post_without_token("/sign-in/with/acme", &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let answer = house.browser().post_without_token("/account/provider", &[]).await;
    assert_eq!(answer.header("location"), "/sign-in");
    assert_eq!((provider.visits(), house.count("select count(*) from provider_requests").await), (0, 0));
    assert_eq!(browser.get("/sign-in/with/nobody").await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/sign-in/with/nobody/answer?state=x").await.status, StatusCode::NOT_FOUND);
}

/// How many requests count at this moment, of whatever kind.
async fn counted(house: &House) -> i64 {
    let count = house.world.database.ask(|mut connection| async move {
        sqlx::query_scalar("select coalesce(sum(asked), 0) from request_counts").fetch_one(&mut connection).await
    });
    count.expect("a count")
}

#[tokio::test]
async fn ways_are_limited_by_network_apart_from_passwords_and_whoever_comes_in_does_not_count() {
    let (house, provider) = two().await;
    // An office in which many mistype their passwords.
    house.browser().sign_in("nobody@northlight.example", "not a password").await;
    house.owner("update request_counts set asked = 1000").await;
    let mut maya = house.browser();
    assert_eq!(through(&mut maya, &provider).await.header("location"), "/");
    house.owner("delete from request_counts").await;
    through(&mut house.browser(), &provider).await;
    assert_eq!(counted(&house).await, 1, "she came in, which counts by person alone");

    // Ways that nobody ends are counted.
    begin(&mut house.browser(), &provider).await;
    assert_eq!(counted(&house).await, 2);
    house.owner("update request_counts set asked = 239").await;
    assert_eq!(through(&mut house.browser(), &provider).await.header("location"), "/");
    assert_eq!(counted(&house).await, 2 * 240, "not without end: who comes in over and over counts by network too");
    let mut browser = house.browser();
    browser.get("/sign-in/with/acme").await;
    let answer = browser.post("/sign-in/with/acme", &[]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.body);
    assert!(!answer.header("retry-after").is_empty() && answer.body.contains("from your network"), "{}", answer.body);
    // Whoever is signed in is counted apart.
    maya.get("/account").await;
    for _ in 0..20 {
        assert_eq!(maya.post("/account/provider", &[]).await.status, StatusCode::OK);
    }
    let answer = maya.post("/account/provider", &[]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.body);
    assert!(!answer.body.contains("from your network"), "{}", answer.body);
    // Whoever tries states that never were has to wait as well, for as long as it is.
    house.owner("delete from request_counts").await;
    for _ in 0..30 {
        browser.get("/sign-in/with/acme/answer?state=x").await;
    }
    house.owner("update request_counts set ends_at = now() + interval '3 minutes'").await;
    let last = browser.get("/sign-in/with/acme/answer?state=x").await;
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.body.contains("Try again in 3 minutes"), "{}", last.body);
    let seconds: i32 = last.header("retry-after").parse().expect("seconds");
    assert!((120..=180).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn ways_that_nobody_ends_are_forgotten() {
    let (house, provider) = two().await;
    begin(&mut house.browser(), &provider).await;
    house.execute("update provider_requests set expires_at = now() - interval '2 hours'").await;
    begin(&mut house.browser(), &provider).await;
    assert_eq!(house.count("select count(*) from provider_requests").await, 1);
}

#[tokio::test]
async fn no_secret_and_no_token_is_stored() {
    let (house, provider) = two().await;
    let mut browser = house.browser();
    let back = begin(&mut browser, &provider).await;
    let asked = provider.last_asked();
    browser.get(&back).await;
    let stored = house
        .world
        .database
        .ask(|mut connection| async move {
            sqlx::query_scalar::<_, String>(
                "select concat((select json_agg(r) from provider_requests r), (select json_agg(a) from provider_accounts a),
                     (select json_agg(s) from sign_ins s), (select json_agg(e) from audit_events e))",
            )
            .fetch_one(&mut connection)
            .await
        })
        .expect("the tables");
    for secret in [&asked["state"], &asked["nonce"], "access-token", "refresh-token", "eyJ", "s3cret"] {
        assert!(!stored.contains(secret), "{secret}: {stored}");
    }
}
