//! What a provider says is believed when all of it fits, and of whom it says that.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{begin, details, through, with_provider};
use crate::{
    sign_in::{House, MAYA, flowing},
    support::identity_provider::{Account, Wrong},
};

const NOBODY: &str = "select (select count(*) from sign_ins) + (select count(*) from provider_accounts)";

#[tokio::test]
async fn nothing_is_believed_that_does_not_fit() {
    let (house, provider) = with_provider(|acme| acme.timeout_seconds = Some(1)).await;
    let untrusted = "can’t be relied on";
    for (wrong, status, told) in [
        (Wrong::Nonce, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::NoNonce, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::Audience, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::SecondAudience, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::Expired, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::Key, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::Issuer, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::Unsigned, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::SharedSecret, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::NoIdToken, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::NoSubject, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::AnswerOfAnother, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::AnswerOfNobody, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::Redirects, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::RefusesCode, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::Page, StatusCode::BAD_GATEWAY, untrusted),
        (Wrong::Endless, StatusCode::SERVICE_UNAVAILABLE, "isn’t responding"),
        (Wrong::Hangs, StatusCode::SERVICE_UNAVAILABLE, "isn’t responding"),
    ] {
        let mut browser = house.browser();
        let back = begin(&mut browser, &provider).await;
        provider.does(wrong);
        // What the answer to the browser says was said before it was wrong.
        let back = match wrong {
            Wrong::AnswerOfAnother => back.replace("iss=http", "iss=https"),
            Wrong::AnswerOfNobody => back.replace("iss=", "isn="),
            _ => back,
        };
        let answer = browser.get(&back).await;
        provider.does(Wrong::Nothing);
        assert_eq!(answer.status, status, "{wrong:?}: {}", answer.body);
        assert!(answer.body.contains(told) && answer.body.contains("Sign in with Acme"), "{wrong:?}: {}", answer.body);
        assert!(answer.body.contains("Other ways to sign in"), "{wrong:?}");
        assert!(!house.admits(&browser).await, "{wrong:?}");
    }
    assert_eq!(house.count(NOBODY).await, 0);
    let failed = details(&house, "sign_in_failed").await;
    assert!(failed.len() == 18 && failed.iter().all(|one| one["by"] == "provider"), "{failed:?}");
    assert!(through(&mut house.browser(), &provider).await.status == StatusCode::SEE_OTHER, "and all is well again");
}

#[tokio::test]
async fn a_provider_that_is_away_or_another_is_told_calmly() {
    let (house, provider) = with_provider(|_| ()).await;
    provider.does(Wrong::Document);
    let mut browser = house.browser();
    browser.get("/sign-in/with/acme").await;
    let answer = browser.post("/sign-in/with/acme", &[]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body.contains("Acme isn’t responding"), "{}", answer.body);
    let (house, _) = with_provider(|acme| acme.issuer = "http://127.0.0.1:9".into()).await;
    let mut browser = house.browser();
    browser.get("/sign-in/with/acme").await;
    assert_eq!(browser.post("/sign-in/with/acme", &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
    // And one of an organization that isn't there.
    let (house, _) = with_provider(|acme| acme.organization = "nobody".into()).await;
    let mut browser = house.browser();
    browser.get("/sign-in/with/acme").await;
    assert_eq!(browser.post("/sign-in/with/acme", &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

async fn comes(
    house: &House,
    provider: &crate::support::identity_provider::IdentityProvider,
    account: Account,
) -> String {
    provider.is(|now| *now = account);
    let answer = through(&mut house.browser(), provider).await;
    if answer.status == StatusCode::SEE_OTHER { "in".into() } else { answer.body }
}

#[tokio::test]
async fn the_first_time_only_a_verified_address_says_who_it_is() {
    let verified = |value: Value| Account { email_verified: value, ..Account::new("maya-at-acme", MAYA) };
    let (house, provider) = with_provider(|_| ()).await;
    let no_address = "that it has verified as yours";
    for (account, told) in [
        (verified(json!(false)), no_address),
        (verified(json!("false")), no_address),
        (verified(Value::Null), no_address),
        (Account { email: None, ..verified(json!(true)) }, no_address),
        (Account::new("x", "maya@elsewhere.example"), no_address),
        (Account::new("x", "Maya <maya@northlight.example>, zoe@x.example"), no_address),
        (Account::new("zoe-at-acme", "zoe@northlight.example"), "says that you’re zoe@northlight.example"),
    ] {
        let said = comes(&house, &provider, account.clone()).await;
        assert!(said.contains(told), "{account:?}: {said}");
    }
    assert_eq!(house.count(NOBODY).await, 0, "and nobody is added");
    assert_eq!(house.count("select count(*) from coaches").await, 1);
    // However it's written, and wherever it's told.
    assert_eq!(comes(&house, &provider, Account::new("maya-at-acme", "Maya@Northlight.example")).await, "in");
    house.execute("delete from provider_accounts").await;
    assert_eq!(comes(&house, &provider, verified(json!("true"))).await, "in", "some write it as a text");
    house.execute("delete from provider_accounts").await;
    let elsewhere = Account { email_elsewhere: true, ..verified(json!(true)) };
    assert_eq!(comes(&house, &provider, elsewhere.clone()).await, "in");
    house.execute("delete from provider_accounts").await;
    for wrong in [Wrong::UserInfo, Wrong::AccessToken] {
        provider.does(wrong);
        let said = comes(&house, &provider, elsewhere.clone()).await;
        assert!(said.contains("can’t be relied on") || said.contains(no_address), "{wrong:?}: {said}");
    }

    // The operator may trust a provider that says nothing of it, but not one that says no.
    let (house, provider) = with_provider(|acme| acme.trust_email = true).await;
    assert!(comes(&house, &provider, verified(json!(false))).await.contains(no_address));
    assert!(comes(&house, &provider, Account::new("x", "maya@elsewhere.example")).await.contains(no_address));
    assert_eq!(comes(&house, &provider, verified(Value::Null)).await, "in");
}

#[tokio::test]
async fn whoever_was_deactivated_is_told_what_a_stranger_is_told() {
    let (house, provider) = with_provider(|_| ()).await;
    let zoe = house.person("zoe", "zoe@northlight.example", &["coach"]).await;
    let account = Account::new("zoe-at-acme", "zoe@northlight.example");
    assert_eq!(comes(&house, &provider, account.clone()).await, "in");
    house.deactivate(house.world.organization, zoe).await.expect("she is deactivated");
    let connected = comes(&house, &provider, account.clone()).await;
    house.execute("delete from provider_accounts").await;
    let unknown = comes(&house, &provider, account.clone()).await;
    let without_token = |page: &str| page.split("name=\"form_token\"").next().expect("a page").to_owned();
    assert_eq!(without_token(&connected), without_token(&unknown));
    assert!(unknown.contains("nobody here has that address"), "{unknown}");
    house.activate(house.world.organization, zoe).await.expect("she is back");
    assert_eq!(comes(&house, &provider, account).await, "in");
}

#[tokio::test]
async fn an_address_that_went_to_somebody_else_brings_nobody_in() {
    let (house, provider) = with_provider(|_| ()).await;
    assert_eq!(comes(&house, &provider, Account::new("maya-at-acme", MAYA)).await, "in");
    let said = comes(&house, &provider, Account::new("another", MAYA)).await;
    assert!(said.contains("is linked to a different account at Acme"), "{said}");
    let failed = details(&house, "sign_in_failed").await;
    assert_eq!(
        failed.last().map(|one| &one["account"]),
        Some(&json!(house.world.coach)),
        "it's seen whose it would be"
    );
    // Until the operator disconnects the one before, which signs her out.
    let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
    let visitor = debrief_jobs::audit::Visitor::default();
    let gate = &house.world.services.gate;
    let gone = debrief_jobs::sign_in::disconnect_provider(&mut tx, gate, house.world.coach, &visitor).await;
    assert!(gone.expect("the database answers"));
    debrief_jobs::db::Tx::commit(tx).await.expect("it commits");
    assert_eq!(house.count("select count(*) from sign_ins where ended_at is null").await, 0);
    let letters = house.letters().await;
    let told = flowing(letters.last().expect("she is told"));
    assert!(told.contains("disconnected it from your account at your organization’s identity provider"), "{told}");
    assert_eq!(comes(&house, &provider, Account::new("another", MAYA)).await, "in");
}

/// The same human may be here again as another person.
#[tokio::test]
async fn an_account_of_somebody_who_was_deactivated_can_be_disconnected() {
    let (house, provider) = with_provider(|_| ()).await;
    let zoe = house.person("zoe", "zoe@northlight.example", &["coach"]).await;
    let account = Account::new("zoe-at-acme", "zoe@northlight.example");
    assert_eq!(comes(&house, &provider, account.clone()).await, "in");
    house.letters().await;
    house.deactivate(house.world.organization, zoe).await.expect("she is deactivated");
    house.execute("update coaches set email = 'zoe.before@northlight.example' where handle = 'zoe'").await;
    house.person("zoe-2", "zoe@northlight.example", &["coach"]).await;
    assert_ne!(comes(&house, &provider, account.clone()).await, "in", "it's that of the person before");
    let letters = house.letters().await.len();
    let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
    let visitor = debrief_jobs::audit::Visitor::default();
    for connected in [true, false] {
        let gate = &house.world.services.gate;
        let shown = debrief_jobs::people::person(&mut tx, zoe).await.expect("she is shown");
        assert_eq!(shown.provider_connected, connected, "whoever lists people sees it");
        let gone = debrief_jobs::sign_in::disconnect_provider(&mut tx, gate, zoe, &visitor).await;
        assert_eq!(gone.expect("the database answers"), connected);
    }
    debrief_jobs::db::Tx::commit(tx).await.expect("it commits");
    assert_eq!(house.letters().await.len(), letters, "who was deactivated gets no mail");
    assert_eq!(comes(&house, &provider, account).await, "in");
}

#[tokio::test]
async fn a_provider_knows_nobody_of_another_organization() {
    let (house, provider) = with_provider(|acme| acme.domains.clear()).await;
    house
        .owner(
            "with other as (insert into organizations (id, handle, name) values (gen_random_uuid(), 'fjord', 'Fjord') returning id)
             insert into coaches (id, organization_id, handle, name, email, roles)
             select gen_random_uuid(), id, 'liv', 'Liv', 'liv@fjord.example', '{admin}' from other",
        )
        .await;
    let said = comes(&house, &provider, Account::new("liv", "liv@fjord.example")).await;
    assert!(said.contains("nobody here has that address"), "{said}");
    assert_eq!(house.count(NOBODY).await, 0);
}
