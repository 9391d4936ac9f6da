//! The second factor: codes and recovery codes work once, and an organization may require one.

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::STANDARD};
use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    sign_in::{self, CodeError},
};
use secrecy::SecretString;
use totp_rs::{Builder, Secret};

use super::{Browser, House, MAYA, PASSWORD, flowing};
use crate::http::visit::Answer;

/// Maya's app.
pub(super) struct App(Secret);

impl App {
    /// Reads the secret from the page.
    pub(super) fn scan(page: &str) -> Self {
        let shown = page.split("id=\"secret\">").nth(1).and_then(|rest| rest.split('<').next()).expect("the secret");
        let secret = shown.split_whitespace().collect::<String>();
        Self(Secret::try_from_base32(&secret).expect("base32"))
    }

    /// The code of now.
    pub(super) fn code(&self) -> String {
        let totp = Builder::new().with_secret(self.0.as_ref().to_vec()).build().expect("an app");
        totp.generate_current().to_string()
    }
}

/// The recovery codes on a page.
fn codes(page: &str) -> Vec<String> {
    let list = page.split("class=\"codes\"").nth(1).and_then(|rest| rest.split("</ul>").next()).expect("codes");
    list.split("<li>").skip(1).map(|item| item.split('<').next().expect("a code").to_owned()).collect()
}

/// Sets up an app in a browser; returns it and the recovery codes.
pub(super) async fn enrol(browser: &mut Browser) -> (App, Vec<String>) {
    let (app, codes, _) = set_up(browser).await;
    (app, codes)
}

/// Sets up an app in a browser; returns it, the recovery codes, and the page that shows them.
pub(super) async fn set_up(browser: &mut Browser) -> (App, Vec<String>, Answer) {
    browser.get("/account/second-factor").await;
    let started = browser.post("/account/second-factor/start", &[]).await;
    assert_eq!(started.header("location"), "/account/second-factor", "{}", started.body);
    let page = browser.get("/account/second-factor").await;
    assert!(page.body.contains("<svg class=\"qr\"") && page.body.contains("h1v1h-1z"), "{}", page.body);
    let app = App::scan(&page.body);
    let confirmed = browser.post("/account/second-factor/confirm", &[("code", &app.code())]).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.body);
    let codes = codes(&confirmed.body);
    assert_eq!(codes.len(), 10);
    (app, codes, confirmed)
}

/// As if the last code was typed a while ago.
pub(super) const LATER: &str = "update credentials set totp_last_step = totp_last_step - 10";

pub(super) async fn type_code(browser: &mut Browser, code: &str) -> Answer {
    browser.get("/sign-in/code").await;
    browser.post("/sign-in/code", &[("code", code)]).await
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_a_code_works_once() {
    let house = House::new().await;
    let mut first = house.maya_with_password().await;
    let (other, before) = (house.maya().await, first.cookies["debrief"].clone());
    let (app, _) = enrol(&mut first).await;
    assert!(house.admits(&first).await && !house.admits(&other).await, "other sign-ins end");
    assert_ne!(first.cookies["debrief"], before, "the browser has another cookie");
    assert!(house.letters().await.last().expect("a mail").text.contains("A second factor was set up."));

    // The password and the mailbox alone let nobody in.
    let mut browser = house.browser();
    assert_eq!(browser.sign_in(MAYA, PASSWORD).await.header("location"), "/sign-in/code");
    let by_link = house.maya().await;
    for half in [&browser, &by_link] {
        assert!(!house.admits(half).await);
    }
    for path in ["/", "/account", "/account/second-factor"] {
        assert_eq!(browser.get(path).await.header("location"), "/sign-in/code", "{path}");
    }
    assert_eq!(
        browser.post("/account/password", &[("password", "blaue Tomaten fliegen")]).await.header("location"),
        "/sign-in/code"
    );

    // The code that set it up is used; the next one may have come meanwhile.
    house.execute("update credentials set totp_last_step = totp_last_step + 2").await;
    let half = browser.cookies["debrief"].clone();
    let replayed = type_code(&mut browser, &app.code()).await;
    assert_eq!(replayed.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", replayed.body);
    assert_eq!(type_code(&mut browser, "12345").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!house.admits(&browser).await);
    house.execute(LATER).await;
    let code = app.code();
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    assert_eq!(type_code(&mut browser, &spaced).await.header("location"), "/");
    assert!(house.admits(&browser).await);
    // With more rights comes another cookie.
    let mut copy = house.browser();
    copy.cookies.insert("debrief".into(), half);
    assert_eq!(copy.get("/account").await.header("location"), "/sign-in");
    // Somebody who watched types the same code in another browser.
    let mut thief = by_link;
    assert_eq!(type_code(&mut thief, &code).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!house.admits(&thief).await);
    assert_eq!(
        house
            .count("select count(*) from audit_events where kind = 'sign_in_failed' and detail ->> 'by' = 'code'")
            .await,
        3
    );
    assert_eq!(house.count("select count(*) from audit_events where kind = 'second_factor_changed'").await, 1);
}

#[tokio::test]
async fn a_secret_that_is_set_up_is_shown_for_ten_minutes_in_its_browser_alone() {
    let house = House::new().await;
    let (mut browser, mut other) = (house.maya().await, house.maya().await);
    browser.get("/account/second-factor").await;
    browser.post("/account/second-factor/start", &[]).await;
    let app = App::scan(&browser.get("/account/second-factor").await.body);
    assert!(!other.get("/account/second-factor").await.body.contains("id=\"secret\""));
    let refused = other.post("/account/second-factor/confirm", &[("code", &app.code())]).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("start again"), "{refused:?}");
    house.execute("update credentials set totp_pending_at = now() - interval '10 minutes'").await;
    assert!(!browser.get("/account/second-factor").await.body.contains("id=\"secret\""));
    let late = browser.post("/account/second-factor/confirm", &[("code", &app.code())]).await;
    assert!(late.status == StatusCode::UNPROCESSABLE_ENTITY && late.body.contains("start again"), "{}", late.body);
    // Whoever starts in another browser takes it over, with another secret.
    other.get("/account/second-factor").await;
    other.post("/account/second-factor/start", &[]).await;
    assert!(!browser.get("/account/second-factor").await.body.contains("id=\"secret\""));
    let theirs = App::scan(&other.get("/account/second-factor").await.body);
    let refused = browser.post("/account/second-factor/confirm", &[("code", &theirs.code())]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert_eq!(house.count("select count(*) from credentials where totp_secret is not null").await, 0);
}

#[tokio::test]
async fn an_operator_takes_a_lost_second_factor_away() {
    let house = House::new().await;
    let db = &house.world.database.db;
    let mut browser = house.maya_with_password().await;
    let (_, codes) = enrol(&mut browser).await;
    let mut half = house.browser();
    half.sign_in(MAYA, PASSWORD).await;
    for _ in 0..6 {
        type_code(&mut half, "000000").await;
    }
    let reset = async || {
        let mut tx = db.tenant(house.world.organization).await.expect("a transaction");
        let nobody = Visitor::default();
        let reset = sign_in::reset_factor(&mut tx, &house.world.services.gate, house.world.coach, &nobody).await;
        tx.commit().await.expect("it commits");
        reset
    };
    reset().await.expect("it is taken away");
    assert!(!house.admits(&browser).await, "every sign-in ends, also that of whoever has the app");
    assert_eq!(half.get("/sign-in/code").await.header("location"), "/sign-in");
    assert_eq!(house.count("select count(*) from recovery_codes").await, 0);
    assert_eq!(house.count("select count(*) from sign_ins where ended_at is null").await, 0);
    let letters = house.letters().await;
    let told = flowing(letters.last().expect("a mail"));
    assert!(letters.last().expect("a mail").to == [MAYA] && told.contains("Your second factor was reset"), "{told}");
    assert!(told.contains("set up a second factor again"), "{told}");
    let noted =
        "select count(*) from audit_events where kind = 'second_factor_changed' and detail ->> 'change' = 'reset'";
    assert_eq!(house.count(noted).await, 1);
    // She signs in without a code, and where one is required sets up another before anything else.
    house.execute("update organizations set require_second_factor = true").await;
    let mut back = house.browser();
    assert_eq!(back.sign_in(MAYA, PASSWORD).await.header("location"), "/");
    assert_eq!(back.get("/account").await.header("location"), "/account/second-factor");
    // Whatever was typed before.
    let (_, new) = enrol(&mut back).await;
    assert!(house.admits(&back).await && new.iter().all(|code| !codes.contains(code)));
    reset().await.expect("once more");
    let nothing = reset().await;
    assert!(matches!(nothing, Err(CodeError::NoFactor)), "{nothing:?}");
}

#[tokio::test]
async fn nobody_else_fills_what_limits_ones_own_password_and_codes() {
    let house = House::new().await;
    let mut browser = house.maya_with_password().await;
    let id = house.world.coach;
    house.owner("delete from request_counts").await;
    // A stranger tries her address, and whatever else may name what is counted.
    let mut stranger = house.browser();
    for typed in [MAYA.to_owned(), id.to_string(), format!("own {id}"), format!("code {id}"), format!("codes {id}")] {
        for _ in 0..6 {
            stranger.get("/sign-in").await;
            stranger.post("/sign-in/password", &[("email", &typed), ("password", "another lamp in rain")]).await;
        }
    }
    house.a_while_later().await;
    browser.get("/account").await;
    let proved = browser.post("/account/second-factor/start", &[("current", PASSWORD)]).await;
    assert_eq!(proved.header("location"), "/account/second-factor", "{}", proved.body);
    let app = App::scan(&browser.get("/account/second-factor").await.body);
    let confirmed = browser.post("/account/second-factor/confirm", &[("code", &app.code())]).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.body);
}

#[tokio::test]
async fn two_who_type_one_code_at_once_are_not_both_let_in() {
    let house = House::new().await;
    let mut first = house.maya_with_password().await;
    let (app, codes) = enrol(&mut first).await;
    for (round, typed) in [app.code(), codes[0].clone()].into_iter().enumerate() {
        house.execute(LATER).await;
        house.owner("delete from request_counts").await;
        let mut browsers = Vec::new();
        for _ in 0..4 {
            let mut browser = house.browser();
            browser.sign_in(MAYA, PASSWORD).await;
            browser.get("/sign-in/code").await;
            browsers.push(browser);
        }
        let fields = [("code", typed.as_str())];
        let answers =
            futures::future::join_all(browsers.iter_mut().map(|one| one.post("/sign-in/code", &fields))).await;
        let entered = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
        assert_eq!(entered, 1, "round {round}");
    }
}

#[tokio::test]
async fn a_recovery_code_works_once_and_the_rest_is_counted() {
    let house = House::new().await;
    let mut browser = house.maya_with_password().await;
    let (_, codes) = enrol(&mut browser).await;
    assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
    assert_eq!(house.count("select count(*) from recovery_codes where length(code_sha256) = 32").await, 10);
    let mut browser = house.browser();
    browser.sign_in(MAYA, PASSWORD).await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    assert_eq!(type_code(&mut browser, &typed).await.header("location"), "/account?done=recovered");
    let page = browser.get("/account").await;
    assert!(page.body.contains("9 recovery codes"), "{}", page.body);
    let told = house.letters().await.pop().expect("a mail");
    assert!(flowing(&told).contains("Somebody signed in with one of your recovery codes."), "{}", told.text);
    let mut again = house.browser();
    again.sign_in(MAYA, PASSWORD).await;
    assert_eq!(type_code(&mut again, &codes[3]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    // New ones take the place of those.
    let made = browser.post("/account/second-factor/codes", &[]).await;
    let new = self::codes(&made.body);
    assert!(new.len() == 10 && new.iter().all(|code| !codes.contains(code)));
    assert_eq!(type_code(&mut again, &codes[4]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(type_code(&mut again, &new[0]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn codes_are_limited() {
    let house = House::new().await;
    let mut browser = house.maya_with_password().await;
    let (app, _) = enrol(&mut browser).await;
    house.execute(LATER).await;
    house.owner("delete from request_counts").await;
    let other = house.another_process().await;
    let mut browser = house.browser();
    browser.sign_in(MAYA, PASSWORD).await;
    for attempt in 0..5 {
        assert_eq!(type_code(&mut browser, "000000").await.status, StatusCode::UNPROCESSABLE_ENTITY, "{attempt}");
    }
    browser.router = other;
    let limited = type_code(&mut browser, &app.code()).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS, "also the right one");
    assert!(!limited.header("retry-after").is_empty());
}

#[tokio::test]
async fn right_codes_are_no_attempts() {
    let house = House::new().await;
    let (_, codes) = enrol(&mut house.maya_with_password().await).await;
    for code in &codes[..7] {
        let mut browser = house.browser();
        browser.sign_in(MAYA, PASSWORD).await;
        assert_eq!(type_code(&mut browser, code).await.status, StatusCode::SEE_OTHER, "whoever has many devices");
    }
}

#[tokio::test]
async fn where_it_is_required_nothing_goes_before_a_second_factor() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    assert!(house.admits(&browser).await);
    house.execute("update organizations set require_second_factor = true").await;
    assert!(!house.admits(&browser).await, "also for who is signed in already");
    for path in ["/", "/account"] {
        assert_eq!(browser.get(path).await.header("location"), "/account/second-factor", "{path}");
    }
    let page = browser.get("/account/second-factor").await;
    assert!(page.body.contains("Your organization requires a second factor"), "{}", page.body);
    for path in
        ["/account/password", "/account/address", "/account/second-factor/remove", "/account/sign-out-everywhere"]
    {
        let refused = browser.post(path, &[("password", PASSWORD), ("email", "new@northlight.example")]).await;
        assert_eq!(refused.header("location"), "/account/second-factor", "{path}");
    }
    // Whatever it shows in place of a passkey, it sees no more than that page.
    browser.get("/account/second-factor").await;
    let fields = [("handle", "dbp_x"), ("answer", "{}")];
    let refused = browser.post("/account/passkeys/show", &fields).await;
    assert!(!refused.body.contains(MAYA) && !refused.body.contains("Where you’re signed in"), "{}", refused.body);
    browser.get("/account/second-factor").await;
    enrol(&mut browser).await;
    assert!(house.admits(&browser).await);
    browser.get("/account").await;
    let removed = browser.post("/account/second-factor/remove", &[]).await;
    assert_eq!(removed.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(removed.body.contains("your organization requires") || removed.body.contains("Your organization requires"));
    house.execute("update organizations set require_second_factor = false").await;
    browser.get("/account").await;
    assert_eq!(browser.post("/account/second-factor/remove", &[]).await.header("location"), "/account?done=removed");
    assert_eq!(house.count("select count(*) from recovery_codes").await, 0);
    assert!(house.letters().await.last().expect("a mail").text.contains("The second factor was removed."));
    assert!(house.admits(&house.maya().await).await, "no code is asked for any more");
}

#[tokio::test]
async fn the_secret_of_an_app_is_encrypted_where_there_is_a_key() {
    let key = STANDARD.encode([9; 32]);
    let house = House::with(|settings| settings.sign_in.secret_key = SecretString::from(key)).await;
    let mut browser = house.maya_with_password().await;
    let (app, _) = enrol(&mut browser).await;
    let stored = "select count(*) from credentials where get_byte(totp_secret, 0) = 1 and length(totp_secret) = 1 + 12 + 20 + 16";
    assert_eq!(house.count(stored).await, 1);
    house.execute(LATER).await;
    let mut browser = house.browser();
    browser.sign_in(MAYA, PASSWORD).await;
    assert_eq!(type_code(&mut browser, &app.code()).await.header("location"), "/");
    // In another person's row it's worth nothing.
    house.person("tove", "tove@northlight.example", &["coach"]).await;
    house
        .execute(
            "insert into credentials (organization_id, person_id, totp_secret)
        select c.organization_id, c.id, totp_secret from coaches c, credentials where handle = 'tove'",
        )
        .await;
    let mut tove = house.signed_in("tove@northlight.example").await;
    for _ in 0..6 {
        let refused = type_code(&mut tove, &app.code()).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "what can’t be checked is no attempt");
        assert!(refused.body.contains("Type a recovery code"), "{}", refused.body);
    }
    assert!(!house.admits(&tove).await);
}

#[tokio::test]
async fn a_secret_from_before_there_was_a_key_is_encrypted_when_it_is_used() {
    let mut house = House::new().await;
    let mut browser = house.maya_with_password().await;
    let (app, _) = enrol(&mut browser).await;
    assert_eq!(house.count("select count(*) from credentials where get_byte(totp_secret, 0) = 0").await, 1);
    house.execute(LATER).await;
    let mut settings = crate::support::world::settings(&house.world.folder);
    settings.sign_in.secret_key = SecretString::from(STANDARD.encode([9; 32]));
    let services = debrief_jobs::Services::new(house.world.database.db.clone(), &settings).expect("good settings");
    house.router = debrief::http::public_router(crate::http::visit::state(&services.into()));
    let mut browser = house.browser();
    browser.sign_in(MAYA, PASSWORD).await;
    assert_eq!(type_code(&mut browser, &app.code()).await.header("location"), "/");
    assert_eq!(house.count("select count(*) from credentials where get_byte(totp_secret, 0) = 1").await, 1);
}
