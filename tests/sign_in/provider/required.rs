//! Where the provider is the only way in.

use std::sync::Arc;

use axum::http::StatusCode;
use debrief_jobs::{
    Services,
    audit::Visitor,
    db::Tx,
    sign_in::{self, NewPerson},
};

use serde_json::Value;

use super::{acme, details, through, with_provider};
use crate::{
    http::visit::state,
    sign_in::{House, MAYA, PASSWORD, flowing},
    support::{
        Reviewed,
        identity_provider::{Account, IdentityProvider},
    },
};

/// A house in which maya has a password and a mailed link, and from now on the provider is the only way in.
async fn closed() -> (House, IdentityProvider, String) {
    let provider = IdentityProvider::start(Account::new("maya-at-acme", MAYA)).await;
    let mut house = House::new().await;
    house.maya_with_password().await;
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    browser.post("/sign-in/link", &[("email", MAYA)]).await;
    house.letters().await;
    let link = house.link(MAYA).await;
    let mut settings = crate::support::world::settings(&house.world.folder);
    let mut acme = acme(&provider.issuer);
    acme.required = true;
    settings.sign_in.providers.insert("acme".into(), acme);
    settings.sign_in.secret_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into();
    let services = Services::new(house.world.database.db.clone(), &settings).expect("good settings");
    house.world.services = Arc::new(services);
    house.router = debrief::http::public_router(state(&house.world.services));
    (house, provider, link)
}

#[tokio::test]
async fn where_it_is_required_neither_password_nor_mailed_link_lets_anybody_in() {
    let (house, provider, _) = closed().await;
    let signed_in = "select count(*) from sign_ins where ended_at is null";
    let before = house.count(signed_in).await;
    // A wrong password is told what it's always told.
    let mut browser = house.browser();
    let wrong = browser.sign_in(MAYA, "not her password").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(!wrong.body.contains("and not with passwords"), "{}", wrong.body);
    let right = browser.sign_in(MAYA, PASSWORD).await;
    assert_eq!(right.status, StatusCode::FORBIDDEN);
    assert!(right.body.contains("signs in with Acme and not with passwords"), "{}", right.body);
    assert!(!right.body.contains("Other ways"), "{}", right.body);
    // Nor a program.
    let typed = sign_in::Typed { address: MAYA, password: PASSWORD, code: None };
    let services = &house.world.services;
    let program = sign_in::log_in(&services.db, &services.gate, typed, &Visitor::default()).await;
    assert!(matches!(program, Err(sign_in::TokenError::Elsewhere)), "{program:?}");
    // The mail names the provider, and has no link that signs in.
    browser.get("/sign-in").await;
    let asked = browser.post("/sign-in/link", &[("email", MAYA)]).await;
    assert!(asked.body.contains("If the address that you typed is known here"), "{}", asked.body);
    let letters = house.letters().await;
    let letter = letters.last().expect("a letter");
    assert!(flowing(letter).contains("Northlight Coaching sign in with Acme, here:"), "{}", letter.text);
    assert!(letter.text.contains("/sign-in/with/acme") && !letter.text.contains("/sign-in/link/"), "{}", letter.text);
    assert_eq!(house.count(signed_in).await, before, "nobody came in");
    // Whoever has a password that is right is seen: in the browser, and by a program.
    let failed = details(&house, "sign_in_failed").await;
    let elsewhere = failed.iter().filter(|one| one["why"] == "elsewhere" && one["by"] == "password").count();
    assert_eq!((elsewhere, failed.len()), (2, 3), "{failed:?}");

    assert_eq!(through(&mut browser, &provider).await.header("location"), "/");
    let account = browser.get("/account").await.body;
    assert!(account.contains("not with passwords or mailed links"), "{account}");
}

#[tokio::test]
async fn links_from_before_and_invitations_lead_to_the_provider() {
    let (house, provider, link) = closed().await;
    let mut browser = house.browser();
    let page = browser.get(&link).await;
    assert!(page.body.contains("People of Northlight Coaching sign in with Acme"), "{}", page.body);
    let posted = browser.post(&link, &[]).await;
    assert!(posted.body.contains("People of Northlight Coaching sign in with Acme"), "{}", posted.body);
    let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
    let new = NewPerson { name: "Zoe Lind", email: "zoe@northlight.example", roles: &[], team: None };
    let gate = &house.world.services.gate;
    sign_in::invite(&mut tx, gate, &new, &Visitor::default()).await.expect("she is invited");
    tx.commit().await.expect("it commits");
    let invitation = house.link("zoe@northlight.example").await;
    let page = browser.get(&invitation).await;
    assert!(page.body.contains("People of Northlight Coaching sign in with Acme"), "{}", page.body);
    let answer = browser.post(&invitation, &[("password", PASSWORD)]).await;
    assert!(answer.body.contains("People of Northlight Coaching sign in with Acme"), "{}", answer.body);
    assert!(!house.admits(&browser).await);
    let failed = details(&house, "sign_in_failed").await;
    let why: Vec<&Value> = failed.iter().flat_map(|one| [&one["by"], &one["why"]]).collect();
    assert_eq!(why, ["link", "elsewhere", "invitation", "elsewhere"]);
    provider.is(|account| *account = Account::new("zoe-at-acme", "zoe@northlight.example"));
    assert_eq!(through(&mut browser, &provider).await.header("location"), "/");
    assert!(house.admits(&browser).await);
    let open =
        "select count(*) from one_time_links where purpose = 'invitation' and used_at is null and withdrawn_at is null";
    assert_eq!(house.count(open).await, 0, "the invitation is over");
}

#[tokio::test]
async fn a_review_link_alone_opens_nothing_and_leads_to_signing_in() {
    let (house, provider, _) = closed().await;
    let reviewed = Reviewed::new(&house.world).await;
    reviewed.set_state(&house.world, "in_review").await;
    let page = format!("/review/{}", reviewed.session);
    let open = format!("/r/{}/open", reviewed.link(&house.world).await.reveal());
    let mut browser = house.browser();
    browser.post_without_token(&open, &[]).await;
    let refused = browser.get(&page).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.body);
    assert!(refused.body.contains("signs in with Acme, so a link alone opens no review"), "{}", refused.body);
    let page_of_provider = "&#x2f;sign-in&#x2f;with&#x2f;acme\">Sign in</a>";
    assert!(refused.body.contains(page_of_provider), "{}", refused.body);
    through(&mut browser, &provider).await;
    assert_eq!(browser.get("/").await.header("location"), page, "she is led on");
    assert_eq!(browser.get(&page).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_operators_link_lets_somebody_in_all_the_same_once() {
    let (house, _, before) = closed().await;
    house.execute("update one_time_links set expires_at = now()").await;
    let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
    let link = sign_in::operators_link(&mut tx, &house.world.services.gate, house.world.coach).await;
    let link = link.expect("the database answers").expect("a link");
    tx.commit().await.expect("it commits");
    let link = link.strip_prefix("http://127.0.0.1:8080").expect("ours");
    // Also from a network in which many links were opened that don't work.
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    browser.post(&before, &[]).await;
    house.owner("update request_counts set asked = 1000").await;
    assert!(browser.get(link).await.body.contains("Sign in to Northlight Coaching"));
    assert_eq!(browser.post(link, &[]).await.header("location"), "/");
    assert!(house.admits(&browser).await);
    assert!(browser.get("/account").await.body.contains("with a link from whoever runs Debrief"));
    house.owner("delete from request_counts").await;
    let mut other = house.browser();
    other.get("/sign-in").await;
    assert_eq!(other.post(link, &[]).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn it_binds_the_people_of_its_own_organization_alone() {
    let (house, _) = with_provider(|acme| {
        acme.organization = "fjord".into();
        acme.required = true;
    })
    .await;
    assert!(house.admits(&house.maya().await).await);
}
