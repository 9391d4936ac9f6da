//! Two things at once on one account: whatever comes second waits for the first, and finds what it has changed.

use std::{fmt::Debug, pin::pin};

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    rights::{self, KeyError, NewKey, Right},
    sign_in::{TokenError, Typed, log_in, log_out, refresh},
};
use uuid::Uuid;

use super::{
    House, MAYA, PASSWORD,
    factor::{App, enrol},
    passkeys::{ask, enter, maya_with_passkey},
    provider::{begin, with_provider},
};

/// Starts `late` while somebody else changes maya's account; once it waits for them, they do `changes` and are done.
/// Returns what comes of `late`.
async fn meanwhile<T: Debug>(house: &House, changes: &[&'static str], late: impl Future<Output = T>) -> T {
    meanwhile_of(house, house.world.organization, "maya", changes, late).await
}

/// The same with somebody else's account.
async fn meanwhile_of<T: Debug>(
    house: &House,
    organization: Uuid,
    handle: &str,
    changes: &[&'static str],
    late: impl Future<Output = T>,
) -> T {
    let mut tx = house.world.database.db.tenant(organization).await.expect("a transaction");
    let lock = "select id from coaches where handle = $1 for no key update";
    sqlx::query(lock).bind(handle).execute(tx.conn()).await.expect("it is locked");
    let mut late = pin!(late);
    tokio::select! {
        answer = &mut late => panic!("it didn't wait: {answer:?}"),
        () = house.world.somebody_waits() => {}
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
async fn a_mailbox_of_two_gets_the_link_that_is_left_when_the_other_moves_meanwhile() {
    let house = House::new().await;
    let [other, jon, _] = house.world.neighbour().await;
    let mut tx = house.world.database.db.tenant(other).await.expect("a transaction");
    let moved = sqlx::query("update coaches set email = $1 where id = $2").bind(MAYA).bind(jon);
    moved.execute(tx.conn()).await.expect("one address");
    tx.commit().await.expect("it commits");
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    browser.post("/sign-in/link", &[("email", MAYA)]).await;
    let moved = ["update coaches set email = 'jon@aalto.example' where handle = 'jon'"];
    assert_eq!(meanwhile_of(&house, other, "jon", &moved, house.mail_links()).await, 1);
    let letters = house.letters().await;
    assert!(letters.len() == 1 && letters[0].text.contains("Sign in to Northlight Coaching"), "{}", letters.len());
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

#[tokio::test]
async fn a_program_gets_no_new_tokens_for_somebody_who_leaves_meanwhile() {
    let house = House::with(|settings| settings.sign_in.secret_key = STANDARD.encode([7; 32]).into()).await;
    house.maya_with_password().await;
    let (db, gate, visitor) = (&house.world.database.db, &house.world.services.gate, Visitor::default());
    let typed = Typed { address: MAYA, password: PASSWORD, code: None };
    let tokens = log_in(db, gate, typed, &visitor).await.expect("she signs in");
    let late = refresh(db, gate, &tokens.refresh, &visitor);
    let refreshed = meanwhile(&house, &["update coaches set removed_at = now()", END], late).await;
    assert!(matches!(refreshed, Err(TokenError::Ended)), "{refreshed:?}");
}

#[tokio::test]
async fn an_admin_who_is_one_no_more_creates_no_key_of_the_organization() {
    let house = House::new().await;
    house.execute("update coaches set roles = '{admin}'").await;
    let new = NewKey {
        name: "CRM".into(),
        person: None,
        scopes: vec![Right::PeopleRead],
        expires_at: None,
        created_by: Some(house.world.coach),
        parent: None,
    };
    for (change, why) in [
        ("update coaches set roles = '{coach}'", "her role"),
        ("update coaches set roles = '{admin}', removed_at = now()", "she left"),
    ] {
        let late = async {
            let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
            let issued = rights::issue(&mut tx, &new).await;
            tx.commit().await.expect("it commits");
            issued.map(|_| ())
        };
        let issued = meanwhile(&house, &[change], late).await;
        assert!(matches!(issued, Err(KeyError::Maker | KeyError::NoPerson)), "{why}: {issued:?}");
        house.execute("update coaches set roles = '{admin}', removed_at = null").await;
    }
    assert_eq!(house.count("select count(*) from api_keys").await, 0);
}

#[tokio::test]
async fn whoever_signs_out_waits_for_what_changes_their_sign_ins() {
    let house = House::new().await;
    for path in ["/account/sign-out", "/account/sign-out-everywhere"] {
        let mut browser = house.maya().await;
        browser.get("/account").await;
        // As does whoever shows anew who they are in another tab.
        let renewed = ["update sign_ins set proved_at = now(), last_used_at = now() where ended_at is null"];
        let answer = meanwhile(&house, &renewed, browser.post(path, &[])).await;
        assert_eq!(answer.header("location"), "/sign-in", "{path}: {}", answer.body);
        assert_eq!(house.count(ALIVE).await, 0, "{path}");
    }
}

#[tokio::test]
async fn a_program_that_renews_or_ends_its_sign_in_waits_too() {
    let house = super::tokens::house().await;
    house.maya_with_password().await;
    let (services, visitor) = (&house.world.services, Visitor::default());
    let typed = Typed { address: MAYA, password: PASSWORD, code: None };
    let tokens = log_in(&services.db, &services.gate, typed, &visitor).await.expect("she is in");
    // It's old enough for its use to be noted, which must not come before the person's row.
    let stale = "update sign_ins set last_used_at = now() - interval '5 minutes'";
    house.execute(stale).await;
    let touched = ["update sign_ins set proved_at = now() where ended_at is null"];
    let renewing = refresh(&services.db, &services.gate, &tokens.refresh, &visitor);
    let tokens = meanwhile(&house, &touched, renewing).await.expect("nobody waits for nobody");
    house.execute(stale).await;
    meanwhile(&house, &touched, log_out(&services.db, &tokens.refresh, &visitor)).await.expect("out");
    assert_eq!(house.count("select count(*) from sign_ins where is_program and ended_at is null").await, 0);
}

#[tokio::test]
async fn a_passkey_that_is_removed_meanwhile_or_whose_person_leaves_lets_nobody_in() {
    for change in ["delete from passkeys", "update coaches set removed_at = now()"] {
        let house = House::with_passkeys().await;
        let (_, mut device) = maya_with_passkey(&house).await;
        let mut browser = house.browser();
        let answer = meanwhile(&house, &[change, END], enter(&mut browser, &mut device)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{change}: {}", answer.body);
        assert_eq!(house.count(ALIVE).await, 0, "{change}");
    }
}

#[tokio::test]
async fn whoever_is_signed_out_meanwhile_adds_and_shows_no_passkey() {
    let house = House::with_passkeys().await;
    let (_, mut device) = maya_with_passkey(&house).await;
    for (path, what) in [
        ("/account/passkeys/ask-to-add", "/account/passkeys"),
        ("/account/passkeys/ask-to-show", "/account/passkeys/show"),
    ] {
        let mut browser = house.maya().await;
        browser.get("/account").await;
        let challenge = ask(&mut browser, path, &[]).await.expect("a challenge");
        let answer = match what {
            "/account/passkeys" => super::device::Device::new().make(&challenge["options"]),
            _ => device.sign(&challenge["options"]),
        };
        let handle = challenge["handle"].as_str().expect("a handle");
        let fields = [("handle", handle), ("answer", &answer), ("name", "x")];
        let answer = meanwhile(&house, &[END], browser.post(what, &fields)).await;
        assert!(
            answer.status == StatusCode::UNAUTHORIZED && answer.body.contains("This sign-in has ended"),
            "{what}: {}",
            answer.body
        );
        assert_eq!(house.count(ALIVE).await, 0, "{what}");
    }
    assert_eq!(house.count("select count(*) from passkeys").await, 1);
}
