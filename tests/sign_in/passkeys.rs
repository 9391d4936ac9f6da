//! Passkeys: who has one signs in with it alone, and nobody else does.

use axum::http::StatusCode;
use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    sign_in::{self, CodeError},
};
use serde_json::Value;

use super::{Browser, House, MAYA, PASSWORD, device::Device, factor, flowing};
use crate::http::visit::Answer;

impl House {
    /// One whose pages have an address at which browsers have passkeys.
    pub(super) async fn with_passkeys() -> Self {
        Self::with(|settings| settings.review.base_url = "http://localhost:8080".parse().expect("a URL")).await
    }

    /// How often an attempt with a passkey was refused for this reason, as the audit says.
    pub(super) async fn refused(&self, why: &str) -> i64 {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        let count = sqlx::query_scalar(
            "select count(*) from audit_events where kind = 'sign_in_failed' and detail ->> 'by' = 'passkey'
                and detail ->> 'why' = $1",
        );
        count.bind(why).fetch_one(tx.conn()).await.expect("a count")
    }
}

/// A challenge, as the page's script gets it.
pub(super) async fn ask(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Result<Value, Answer> {
    let answer = browser.post(path, fields).await;
    let Ok(challenge) = serde_json::from_str::<Value>(&answer.body) else { return Err(answer) };
    if let Some(token) = challenge["form_token"].as_str() {
        token.clone_into(&mut browser.token);
    }
    if answer.status == StatusCode::OK { Ok(challenge) } else { Err(answer) }
}

pub(super) async fn send(browser: &mut Browser, path: &str, challenge: &Value, name: &str, answer: &str) -> Answer {
    let handle = challenge["handle"].as_str().expect("a handle");
    browser.post(path, &[("handle", handle), ("answer", answer), ("name", name)]).await
}

/// Adds a device's passkey on the account page.
pub(super) async fn add(browser: &mut Browser, device: &mut Device, name: &str) -> Answer {
    browser.get("/account").await;
    let challenge = ask(browser, "/account/passkeys/ask-to-add", &[]).await.expect("a challenge");
    let made = device.make(&challenge["options"]);
    send(browser, "/account/passkeys", &challenge, name, &made).await
}

/// A browser in which maya signed in with a link and added a passkey, and its device.
pub(super) async fn maya_with_passkey(house: &House) -> (Browser, Device) {
    let (mut browser, mut device) = (house.maya().await, Device::new());
    let added = add(&mut browser, &mut device, "My phone").await;
    assert_eq!(added.header("location"), "/account?done=passkey", "{}", added.body);
    (browser, device)
}

pub(super) async fn ask_to_enter(browser: &mut Browser) -> Value {
    browser.get("/sign-in").await;
    ask(browser, "/sign-in/passkey/ask", &[]).await.expect("a challenge")
}

/// Signs in with a device's passkey.
pub(super) async fn enter(browser: &mut Browser, device: &mut Device) -> Answer {
    let challenge = ask_to_enter(browser).await;
    let signed = device.sign(&challenge["options"]);
    send(browser, "/sign-in/passkey", &challenge, "", &signed).await
}

/// Shows a device's passkey where somebody is signed in.
pub(super) async fn show(browser: &mut Browser, device: &mut Device) -> Answer {
    let challenge = ask(browser, "/account/passkeys/ask-to-show", &[]).await.expect("a challenge");
    let signed = device.sign(&challenge["options"]);
    send(browser, "/account/passkeys/show", &challenge, "", &signed).await
}

#[tokio::test]
async fn a_passkey_signs_in_alone_and_counts_as_both_factors() {
    let house = House::with_passkeys().await;
    let mut browser = house.maya_with_password().await;
    factor::enrol(&mut browser).await;
    let other = house.maya().await;
    let before = browser.cookies["debrief"].clone();
    let mut device = Device::new();
    let added = add(&mut browser, &mut device, " My\u{202e} phone ").await;
    assert_eq!(added.header("location"), "/account?done=passkey", "{}", added.body);
    assert!(house.admits(&browser).await && !house.admits(&other).await, "other sign-ins end");
    assert_ne!(browser.cookies["debrief"], before, "the browser has another cookie");
    assert!(house.letters().await.last().expect("a mail").text.contains("A passkey was added."));
    let page = browser.get("/account?done=passkey").await.body;
    assert!(page.contains("My phone") && page.contains("not used yet"), "{page}");

    let mut fresh = house.browser();
    let entered = enter(&mut fresh, &mut device).await;
    assert_eq!(entered.header("location"), "/", "no code is asked for: {}", entered.body);
    assert!(house.admits(&fresh).await);
    assert!(fresh.get("/account").await.body.contains("last used"));
    for (noted, count) in [
        ("kind = 'signed_in' and detail ->> 'by' = 'passkey' and detail ->> 'code_due' = 'false'", 1),
        ("kind = 'second_factor_changed' and detail ->> 'change' = 'passkey_added'", 1),
        ("detail::text like '%phone%'", 0),
    ] {
        let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
        let found: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from audit_events where {noted}")))
                .fetch_one(tx.conn())
                .await
                .expect("a count");
        assert_eq!(found, count, "{noted}");
    }
    // In place of a code.
    let mut half = house.browser();
    assert_eq!(half.sign_in(MAYA, PASSWORD).await.header("location"), "/sign-in/code");
    let page = half.get("/sign-in/code").await.body;
    assert!(page.contains("Type your code") && page.contains("Use a passkey"), "{page}");
    let shown = show(&mut half, &mut device).await;
    assert_eq!(shown.header("location"), "/", "{}", shown.body);
    assert!(house.admits(&half).await);
}

#[tokio::test]
async fn where_a_second_factor_is_required_a_passkey_is_one_and_the_mailbox_alone_is_not() {
    let house = House::with_passkeys().await;
    house.execute("update organizations set require_second_factor = true").await;
    let mut browser = house.maya().await;
    assert!(!house.admits(&browser).await);
    let page = browser.get("/account/second-factor").await;
    assert!(page.body.contains("Or add a passkey"), "{}", page.body);
    let challenge = ask(&mut browser, "/account/passkeys/ask-to-add", &[]).await.expect("a challenge");
    let mut device = Device::new();
    let made = device.make(&challenge["options"]);
    let refused = send(&mut browser, "/account/passkeys", &challenge, "", &made).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("1 to 60"), "{}", refused.body);
    let challenge = ask(&mut browser, "/account/passkeys/ask-to-add", &[]).await.expect("a challenge");
    let made = device.make(&challenge["options"]);
    let added = send(&mut browser, "/account/passkeys", &challenge, "My phone", &made).await;
    assert_eq!(added.header("location"), "/", "{}", added.body);
    assert!(house.admits(&browser).await);
    // Whoever set one up a while ago and wants an app too may confirm with it there.
    house.a_while_later().await;
    browser.get("/account/second-factor").await;
    let challenge = ask(&mut browser, "/account/passkeys/ask-to-show", &[]).await.expect("a challenge");
    let signed = device.sign(&challenge["options"]);
    let shown = send(&mut browser, "/account/passkeys/show?on=factor", &challenge, "", &signed).await;
    assert_eq!(shown.header("location"), "/account/second-factor", "{}", shown.body);
    assert!(browser.get("/account/second-factor").await.body.contains("Set it up"));

    let mut by_link = house.maya().await;
    assert!(!house.admits(&by_link).await);
    for path in ["/", "/account", "/account/second-factor"] {
        assert_eq!(by_link.get(path).await.header("location"), "/sign-in/code", "{path}");
    }
    let page = by_link.get("/sign-in/code").await;
    assert!(page.body.contains("yours is a passkey") && !page.body.contains("name=\"code\""), "{}", page.body);
    // Nothing that would make another factor is open to whoever hasn't shown this one.
    for path in ["/account/second-factor/start", "/account/passkeys/ask-to-add", "/account/passkeys", "/account/link"] {
        assert_eq!(by_link.post(path, &[]).await.header("location"), "/sign-in/code", "{path}");
    }
    assert_eq!(factor::type_code(&mut by_link, "000000").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let challenge = ask(&mut by_link, "/account/passkeys/ask-to-show", &[]).await.expect("a challenge");
    assert!(device.is_asked(&challenge["options"]));
    let shown = show(&mut by_link, &mut device).await;
    assert_eq!(shown.header("location"), "/", "{}", shown.body);
    assert!(house.admits(&by_link).await);

    // The last factor stays.
    by_link.get("/account").await;
    let path = format!("/account/passkeys/{}/remove", house.passkey().await);
    let kept = by_link.post(&path, &[]).await;
    assert!(
        kept.status == StatusCode::UNPROCESSABLE_ENTITY && kept.body.contains("requires a second factor"),
        "{kept:?}"
    );
    assert_eq!(house.count("select count(*) from passkeys").await, 1);
    factor::enrol(&mut by_link).await;
    by_link.get("/account").await;
    assert_eq!(by_link.post(&path, &[]).await.header("location"), "/account?done=passkey-removed");
    assert!(house.admits(&by_link).await, "there is an app");
    by_link.get("/account").await;
    let removed = by_link.post("/account/second-factor/remove", &[]).await;
    assert_eq!(removed.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", removed.body);
}

impl House {
    /// The only passkey.
    pub(super) async fn passkey(&self) -> uuid::Uuid {
        let mut tx = self.world.database.db.tenant(self.world.organization).await.expect("a transaction");
        sqlx::query_scalar("select id from passkeys").fetch_one(tx.conn()).await.expect("a passkey")
    }
}

#[tokio::test]
async fn a_removed_passkey_and_one_of_somebody_who_left_get_nowhere() {
    let house = House::with_passkeys().await;
    let tove = house.person("tove", "tove@northlight.example", &["coach", "admin"]).await;
    let mut device = Device::new();
    let mut hers = house.signed_in("tove@northlight.example").await;
    add(&mut hers, &mut device, "Hers").await;
    house.person("ada", "ada@northlight.example", &["admin"]).await;
    house.deactivate(house.world.organization, tove).await.expect("she leaves");
    let mut browser = house.browser();
    let refused = enter(&mut browser, &mut device).await;
    assert!(refused.status == StatusCode::UNAUTHORIZED && refused.body.contains("wasn’t accepted"), "{}", refused.body);
    assert!(!house.admits(&hers).await);
    house.activate(house.world.organization, tove).await.expect("she is back");
    assert_eq!(enter(&mut browser, &mut device).await.status, StatusCode::SEE_OTHER, "as with her password");

    let other = house.signed_in("tove@northlight.example").await;
    browser.get("/account").await;
    let path = format!("/account/passkeys/{}", house.passkey().await);
    let renamed = browser.post(&format!("{path}/rename"), &[("name", "Her phone")]).await;
    assert_eq!(renamed.header("location"), "/account?done=renamed");
    assert!(browser.get("/account").await.body.contains("Her phone"));
    assert_eq!(
        browser.post(&format!("{path}/rename"), &[("name", " ")]).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    // Somebody else's isn't there.
    let mut maya = house.maya().await;
    maya.get("/account").await;
    for end in ["rename", "remove"] {
        let refused = maya.post(&format!("{path}/{end}"), &[("name", "x")]).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{end}");
    }
    house.a_while_later().await;
    browser.get("/account").await;
    let unproved = browser.post(&format!("{path}/remove"), &[]).await;
    assert!(
        unproved.status == StatusCode::UNPROCESSABLE_ENTITY && unproved.body.contains("Use a passkey"),
        "{}",
        unproved.body
    );
    assert_eq!(show(&mut browser, &mut device).await.header("location"), "/account?done=shown");
    browser.get("/account").await;
    let removed = browser.post(&format!("{path}/remove"), &[]).await;
    assert_eq!(removed.header("location"), "/account?done=passkey-removed", "{}", removed.body);
    assert!(house.admits(&browser).await && !house.admits(&other).await, "other sign-ins end");
    let letters = house.letters().await;
    let told = flowing(letters.last().expect("a mail"));
    assert!(told.contains("A passkey was removed."), "{told}");
    let mut late = house.browser();
    assert_eq!(enter(&mut late, &mut device).await.status, StatusCode::UNAUTHORIZED);
    assert!(!house.admits(&late).await);
}

#[tokio::test]
async fn whoever_adds_a_passkey_shows_who_they_are_first_and_has_ten_at_most() {
    let house = House::with_passkeys().await;
    let mut browser = house.maya_with_password().await;
    house.a_while_later().await;
    browser.get("/account").await;
    for (typed, told) in
        [(None, "First confirm that it’s you"), (Some("wooden lamp under snow"), "That isn’t your password")]
    {
        let fields: Vec<(&str, &str)> = typed.map(|typed| ("current", typed)).into_iter().collect();
        let refused = ask(&mut browser, "/account/passkeys/ask-to-add", &fields).await.expect_err("it is refused");
        assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains(told), "{}", refused.body);
    }
    let before = browser.cookies["debrief"].clone();
    let challenge = ask(&mut browser, "/account/passkeys/ask-to-add", &[("current", PASSWORD)]).await;
    let challenge = challenge.expect("a challenge");
    assert_ne!(browser.cookies["debrief"], before, "the password gives another cookie");
    let mut device = Device::new();
    let made = device.make(&challenge["options"]);
    let added = send(&mut browser, "/account/passkeys", &challenge, "One", &made).await;
    assert_eq!(added.header("location"), "/account?done=passkey", "{}", added.body);
    // Its device is told not to make a second one.
    browser.get("/account").await;
    let next = ask(&mut browser, "/account/passkeys/ask-to-add", &[]).await.expect("a challenge");
    assert_eq!(next["options"]["excludeCredentials"].as_array().map(Vec::len), Some(1));
    house.owner("delete from request_counts").await;
    for number in 2..=10 {
        let added = add(&mut browser, &mut Device::new(), &format!("Number {number}")).await;
        assert_eq!(added.status, StatusCode::SEE_OTHER, "{number}: {}", added.body);
    }
    let mut eleventh = Device::new();
    let made = eleventh.make(&next["options"]);
    browser.get("/account").await;
    let refused = send(&mut browser, "/account/passkeys", &next, "Number 11", &made).await;
    assert!(refused.body.contains("You have 10 passkeys"), "{}", refused.body);
    let refused = ask(&mut browser, "/account/passkeys/ask-to-add", &[]).await.expect_err("it is refused");
    assert!(refused.body.contains("You have 10 passkeys"), "{}", refused.body);
    assert_eq!(house.count("select count(*) from passkeys").await, 10);
}

#[tokio::test]
async fn an_operator_takes_passkeys_away_with_the_other_factors() {
    let house = House::with_passkeys().await;
    let (browser, mut device) = maya_with_passkey(&house).await;
    house.execute("update organizations set require_second_factor = true").await;
    assert!(house.admits(&browser).await);
    let reset = async || {
        let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
        let gate = &house.world.services.gate;
        let reset = sign_in::reset_factor(&mut tx, gate, house.world.coach, &Visitor::default()).await;
        tx.commit().await.expect("it commits");
        reset
    };
    reset().await.expect("it is taken away");
    assert!(!house.admits(&browser).await);
    assert_eq!(house.count("select count(*) from passkeys").await, 0);
    assert_eq!(enter(&mut house.browser(), &mut device).await.status, StatusCode::UNAUTHORIZED);
    let mut back = house.maya().await;
    assert_eq!(back.get("/").await.header("location"), "/account/second-factor");
    let nothing = reset().await;
    assert!(matches!(nothing, Err(CodeError::NoFactor)), "{nothing:?}");
}

#[tokio::test]
async fn where_browsers_have_no_passkeys_the_pages_say_nothing_of_them() {
    let house = House::new().await;
    let mut browser = house.maya().await;
    for path in ["/sign-in", "/account", "/account/second-factor"] {
        let mut whose = if path == "/sign-in" { house.browser() } else { browser.copy() };
        let page = whose.get(path).await;
        assert!(!page.body.contains("passkey") && !page.body.contains("<script"), "{path}: {}", page.body);
        assert!(!page.header("content-security-policy").contains("script"), "{path}");
    }
    browser.get("/account").await;
    let id = uuid::Uuid::now_v7();
    for path in ["ask-to-add", "ask-to-show", "show", &format!("{id}/rename"), &format!("{id}/remove")] {
        let answer = browser.post(&format!("/account/passkeys/{path}"), &[("name", "x")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let mut visitor = house.browser();
    visitor.get("/sign-in").await;
    for path in ["/sign-in/passkey/ask", "/sign-in/passkey"] {
        assert_eq!(visitor.post(path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // One from another address can be removed all the same.
    house
        .execute(
            "insert into passkeys (id, organization_id, person_id, name, credential_id, credential)
             select gen_random_uuid(), organization_id, id, 'Old', 'x', '{}' from coaches where handle = 'maya'",
        )
        .await;
    let page = browser.get("/account").await.body;
    assert!(page.contains("Old") && !page.contains("Add a passkey"), "{page}");
    let removed = browser.post(&format!("/account/passkeys/{}/remove", house.passkey().await), &[]).await;
    assert_eq!(removed.header("location"), "/account?done=passkey-removed", "{}", removed.body);
}

#[tokio::test]
async fn only_pages_with_passkeys_run_a_script_and_only_ours() {
    let house = House::with_passkeys().await;
    let mut browser = house.maya().await;
    let policy = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; \
                  form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let page = browser.get("/account").await;
    assert_eq!(page.header("content-security-policy"), policy);
    let sign_in = house.browser().get("/sign-in").await;
    assert_eq!(sign_in.header("content-security-policy"), policy);
    for one in [&page, &sign_in] {
        assert_eq!(one.body.matches("<script").count(), 1, "{}", one.body);
        assert!(!one.body.contains("onclick") && !one.body.contains("javascript:"), "{}", one.body);
        // Whoever has no script sees none of it, and no field that only it fills.
        for form in one.body.split("<form ").filter(|form| form.contains("data-passkey")) {
            assert!(form.split('>').next().expect("a tag").ends_with(" hidden"), "{form}");
        }
    }
    let script = page.body.split("<script src=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a path");
    let script = browser.get(&script.replace("&#x2f;", "/")).await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert!(script.header("cache-control").contains("immutable"));
    // The page with the secret of an app runs none.
    for path in ["/", "/nothing", "/account/second-factor"] {
        let page = browser.get(path).await;
        assert!(!page.header("content-security-policy").contains("script"), "{path}");
    }
}
