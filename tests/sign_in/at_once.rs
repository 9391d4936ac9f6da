//! Two things at once on one account: whatever comes second waits for the first, and finds what it has changed.

use std::{fmt::Debug, pin::pin};

use axum::http::StatusCode;
use debrief_jobs::db::Tx;

use super::{
    House, MAYA, PASSWORD,
    factor::{App, enrol},
    provider::{begin, with_provider},
};
use crate::support::installation::wait_for;

/// Starts `late` while somebody else changes maya's account; once it waits for them, they do `changes` and are done.
/// Returns what comes of `late`.
async fn meanwhile<T: Debug>(house: &House, changes: &[&'static str], late: impl Future<Output = T>) -> T {
    let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
    let lock = "select id from coaches where handle = 'maya' for no key update";
    sqlx::query(lock).execute(tx.conn()).await.expect("it is locked");
    let mut late = pin!(late);
    let waits = wait_for("the other to wait", async || {
        let blocked = house.world.database.ask(|mut connection| async move {
            sqlx::query_scalar::<_, i64>(
                "select count(*) from pg_locks join pg_stat_activity using (pid)
                 where not granted and datname = current_database()",
            )
            .fetch_one(&mut connection)
            .await
        });
        (blocked? > 0).then_some(())
    });
    tokio::select! {
        answer = &mut late => panic!("it didn't wait: {answer:?}"),
        () = waits => {}
    }
    for change in changes {
        sqlx::query(*change).execute(tx.conn()).await.unwrap_or_else(|error| panic!("{change}: {error}"));
    }
    tx.commit().await.expect("it commits");
    late.await
}

const END: &str = "update sign_ins set ended_at = now() where ended_at is null";
const ALIVE: &str = "select count(*) from sign_ins where ended_at is null";

#[tokio::test]
async fn a_password_that_is_changed_meanwhile_signs_nobody_in() {
    let house = House::new().await;
    house.maya_with_password().await;
    let mut browser = house.browser();
    let changed = ["update credentials set password_hash = 'another'", END];
    let answer = meanwhile(&house, &changed, browser.sign_in(MAYA, PASSWORD)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
    assert_eq!(house.count(ALIVE).await, 0);
}

#[tokio::test]
async fn a_link_lets_nobody_in_who_leaves_meanwhile() {
    let house = House::new().await;
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    browser.post("/sign-in/link", &[("email", MAYA)]).await;
    let link = house.link(MAYA).await;
    browser.get(&link).await;
    let answer = meanwhile(&house, &["update coaches set removed_at = now()", END], browser.post(&link, &[])).await;
    assert_eq!(answer.status, StatusCode::GONE, "{}", answer.body);
    assert_eq!(house.count(ALIVE).await, 0);
}

#[tokio::test]
async fn a_provider_lets_nobody_in_who_leaves_or_moves_meanwhile() {
    for changes in [
        ["update coaches set removed_at = now()", END],
        ["update coaches set email = 'maya@okafor.example'", END],
        [
            "insert into provider_accounts (organization_id, issuer, subject, person_id)
             select organization_id, issuer, 'another', coaches.id from coaches cross join (select distinct issuer from provider_requests) i",
            END,
        ],
    ] {
        let (house, provider) = with_provider(|_| ()).await;
        let mut browser = house.browser();
        let back = begin(&mut browser, &provider).await;
        let answer = meanwhile(&house, &changes, browser.get(&back)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
        assert_eq!(house.count(ALIVE).await, 0);
    }
}

#[tokio::test]
async fn no_link_goes_to_a_mailbox_that_is_given_up_meanwhile() {
    let house = House::new().await;
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    browser.post("/sign-in/link", &[("email", MAYA)]).await;
    let moved = ["update coaches set email = 'maya@okafor.example'"];
    assert_eq!(meanwhile(&house, &moved, house.mail_links()).await, 0);
    assert!(house.letters().await.is_empty());
}

#[tokio::test]
async fn a_second_factor_that_is_set_up_meanwhile_is_asked_for() {
    let house = House::new().await;
    house.maya_with_password().await;
    let mut browser = house.browser();
    let set_up = ["update credentials set totp_secret = decode(repeat('00', 21), 'hex'), totp_since = now()"];
    let answer = meanwhile(&house, &set_up, browser.sign_in(MAYA, PASSWORD)).await;
    assert_eq!(answer.header("location"), "/sign-in/code", "{}", answer.body);
    assert!(!house.admits(&browser).await);
}

#[tokio::test]
async fn a_code_of_an_app_that_is_replaced_meanwhile_is_worth_nothing() {
    let house = House::new().await;
    let mut browser = house.maya_with_password().await;
    let (app, _) = enrol(&mut browser).await;
    let mut half = house.browser();
    half.sign_in(MAYA, PASSWORD).await;
    half.get("/sign-in/code").await;
    let code = app.code();
    let replaced = ["update credentials set totp_secret = set_byte(totp_secret, 5, 255 - get_byte(totp_secret, 5)),
        totp_last_step = totp_last_step - 10"];
    let fields = [("code", code.as_str())];
    let answer = meanwhile(&house, &replaced, half.post("/sign-in/code", &fields)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert!(!house.admits(&half).await);
}

#[tokio::test]
async fn the_secret_that_counts_is_the_one_whose_code_was_typed() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    browser.get("/account/second-factor").await;
    browser.post("/account/second-factor/start", &[]).await;
    let app = App::scan(&browser.get("/account/second-factor").await.body);
    let code = app.code();
    let replaced = ["update credentials set totp_pending = set_byte(totp_pending, 5, 255 - get_byte(totp_pending, 5))"];
    let fields = [("code", code.as_str())];
    let answer = meanwhile(&house, &replaced, browser.post("/account/second-factor/confirm", &fields)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
    assert_eq!(house.count("select count(*) from credentials where totp_secret is not null").await, 0);
}

#[tokio::test]
async fn whoever_is_signed_out_meanwhile_changes_nothing() {
    let house = House::new().await;
    for (path, field) in [
        ("/account/password", ("password", PASSWORD)),
        ("/account/address", ("email", "mallory@x.example")),
        ("/account/second-factor/start", ("x", "")),
    ] {
        let mut browser = house.maya().await;
        browser.get("/account").await;
        let answer = meanwhile(&house, &[END], browser.post(path, &[field])).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}: {}", answer.body);
        assert!(answer.body.contains("This sign-in has ended"), "{path}: {}", answer.body);
        assert_eq!(house.count(ALIVE).await, 0, "{path}");
    }
    let changed = "select (select count(*) from credentials) + (select count(*) from address_changes)";
    assert_eq!(house.count(changed).await, 0);
}
