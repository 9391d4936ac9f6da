//! A new address: both mailboxes confirm it within a day, and either stops it.

use axum::http::StatusCode;
use debrief_jobs::path::SendFreshLink;

use super::{Browser, House, MAYA};
use crate::support::Reviewed;

const NEW: &str = "maya@okafor.example";

/// Asks for the new address; returns the links in the mails to the old and the new mailbox.
async fn asked(house: &House, browser: &mut Browser) -> [String; 2] {
    browser.get("/account").await;
    let asked = browser.post("/account/address", &[("email", NEW)]).await;
    assert_eq!(asked.header("location"), "/account?done=address", "{}", asked.body);
    [house.link(MAYA).await, house.link(NEW).await]
}

async fn decide(house: &House, link: &str, what: &str) -> crate::http::visit::Answer {
    let mut browser = house.browser();
    let page = browser.get(link).await;
    assert!(page.body.contains(NEW), "{}", page.body);
    browser.post(link, &[("do", what)]).await
}

const CHANGED: &str = "select count(*) from coaches where email = 'maya@okafor.example'";

#[tokio::test]
async fn an_address_is_changed_when_both_mailboxes_confirmed() {
    let house = House::new().await;
    let reviewed = Reviewed::new(&house.world).await;
    reviewed.set_state(&house.world, "in_review").await;
    let review = reviewed.link(&house.world).await;
    let other = house.maya().await;
    let mut browser = house.maya().await;
    let [old, new] = asked(&house, &mut browser).await;
    assert!(browser.get("/account").await.body.contains("changing to maya@okafor.example"));
    for link in [&old, &new] {
        house.browser().get(link).await;
    }
    assert!(decide(&house, &new, "confirm").await.body.contains("as soon as the other mailbox"));
    assert_eq!(house.count(CHANGED).await, 0, "one alone changes nothing");
    // The same mailbox again is no second one.
    let again = decide(&house, &new, "confirm").await;
    assert_eq!(house.count(CHANGED).await, 0, "{}", again.body);
    assert!(decide(&house, &old, "confirm").await.body.contains("The address is changed"));
    assert_eq!(house.count(CHANGED).await, 1);
    assert!(house.admits(&browser).await && !house.admits(&other).await, "sign-ins in other browsers end");
    // Review links that went to the old mailbox work no more; a new one goes to the new.
    assert_eq!(house.browser().get(&format!("/r/{}", review.reveal())).await.status, StatusCode::GONE);
    house.world.run_queued::<SendFreshLink>().await.expect("a job").expect("it runs");
    let letters = house.letters().await;
    assert!(letters.iter().any(|letter| letter.to == [NEW] && letter.text.contains("/r/dbr_")));
    let told = letters.iter().rfind(|letter| letter.to == [MAYA]).expect("the old mailbox is told");
    assert!(told.text.contains("The email address of the account was changed."), "{}", told.text);
    // She signs in with the new address.
    house.signed_in(NEW).await;
    for link in [&old, &new] {
        assert_eq!(house.browser().get(link).await.status, StatusCode::GONE);
    }
    assert_eq!(
        house
            .count(
                "select count(*) from audit_events where kind = 'address_changed' and detail ->> 'address' = 'changed'"
            )
            .await,
        1
    );
}

#[tokio::test]
async fn either_mail_stops_the_change_also_after_it_confirmed() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    for (stops, confirms) in [(0, 1), (1, 0)] {
        let links = asked(&house, &mut browser).await;
        decide(&house, &links[stops], "confirm").await;
        assert!(decide(&house, &links[stops], "stop").await.body.contains("The change is stopped"));
        let mut late = house.browser();
        assert_eq!(late.get(&links[confirms]).await.status, StatusCode::GONE);
        late.get("/sign-in").await;
        assert_eq!(late.post(&links[confirms], &[("do", "confirm")]).await.status, StatusCode::GONE);
        assert_eq!(house.count(CHANGED).await, 0);
    }
    assert!(house.admits(&browser).await);
}

#[tokio::test]
async fn whoever_leaves_takes_no_change_along() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    let [old, new] = asked(&house, &mut browser).await;
    decide(&house, &old, "confirm").await;
    // A mail that wasn't sent yet doesn't go either.
    browser.get("/account").await;
    browser.post("/account/address", &[("email", NEW)]).await;
    house.deactivate(house.world.organization, house.world.coach).await.expect("she is deactivated");
    assert_eq!(house.count("select count(*) from address_changes where stopped_at is null").await, 0);
    assert_eq!(house.count("select count(*) from mails where state = 'queued' and carries_link").await, 0);
    house.activate(house.world.organization, house.world.coach).await.expect("she is back");
    let mut late = house.browser();
    late.get("/sign-in").await;
    assert_eq!(late.post(&new, &[("do", "confirm")]).await.status, StatusCode::GONE);
    assert_eq!(house.count(CHANGED).await, 0);
}

#[tokio::test]
async fn a_day_later_it_is_too_late_and_a_newer_change_takes_the_place_of_one_before() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    let [old, new] = asked(&house, &mut browser).await;
    decide(&house, &old, "confirm").await;
    house.execute("update address_changes set expires_at = now()").await;
    let mut late = house.browser();
    late.get("/sign-in").await;
    assert_eq!(late.post(&new, &[("do", "confirm")]).await.status, StatusCode::GONE);
    let [old, new] = asked(&house, &mut browser).await;
    decide(&house, &old, "confirm").await;
    asked(&house, &mut browser).await;
    assert_eq!(late.post(&new, &[("do", "confirm")]).await.status, StatusCode::GONE);
    assert_eq!(house.count(CHANGED).await, 0);
    // Not without end.
    for _ in 0..2 {
        asked(&house, &mut browser).await;
    }
    browser.get("/account").await;
    let refused = browser.post("/account/address", &[("email", NEW)]).await;
    assert!(refused.body.contains("too often today"), "{}", refused.body);
}

#[tokio::test]
async fn what_cannot_be_the_new_address_is_told() {
    let house = House::new().await;
    house.person("tove", "tove@northlight.example", &["coach"]).await;
    let mut browser = house.maya().await;
    browser.get("/account").await;
    for (email, said) in [
        ("not an address", "valid email address"),
        ("MAYA@northlight.example", "already the address"),
        ("tove@northlight.example", "somebody else"),
    ] {
        let refused = browser.post("/account/address", &[("email", email)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.to_lowercase().contains(said), "{email}: {}", refused.body);
    }
    // Taken in the meantime.
    let [old, new] = asked(&house, &mut browser).await;
    decide(&house, &old, "confirm").await;
    house.execute("update coaches set email = 'maya@okafor.example' where handle = 'tove'").await;
    assert_eq!(decide(&house, &new, "confirm").await.status, StatusCode::CONFLICT);
    assert_eq!(house.count(CHANGED).await, 1);
}
