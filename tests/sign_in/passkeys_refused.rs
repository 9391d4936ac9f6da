//! What is refused of passkeys: answers that come again, late or from elsewhere, copies, and what other devices sign.

use axum::http::StatusCode;
use serde_json::Value;

use super::{
    House,
    device::Device,
    factor,
    passkeys::{add, ask, ask_to_enter, enter, maya_with_passkey, send, show},
};
use crate::http::visit::Answer;

#[tokio::test]
async fn an_answer_counts_once_in_its_browser_for_five_minutes() {
    let house = House::with_passkeys().await;
    let (mut maya, mut device) = maya_with_passkey(&house).await;
    let refused = |answer: Answer| {
        assert!(
            answer.status == StatusCode::UNAUTHORIZED && answer.body.contains("answered already; try again"),
            "{}",
            answer.body
        );
    };
    // It comes again: from its browser, and from another one that copied it.
    let (mut browser, mut thief) = (house.browser(), house.browser());
    let challenge = ask_to_enter(&mut browser).await;
    let signed = device.sign(&challenge["options"]);
    ask_to_enter(&mut thief).await;
    refused(send(&mut thief, "/sign-in/passkey", &challenge, "", &signed).await);
    assert_eq!(send(&mut browser, "/sign-in/passkey", &challenge, "", &signed).await.status, StatusCode::SEE_OTHER);
    let mut again = house.browser();
    again.cookies.insert("debrief-form".into(), browser.cookies["debrief-form"].clone());
    again.get("/sign-in").await;
    refused(send(&mut again, "/sign-in/passkey", &challenge, "", &signed).await);
    // It comes late.
    let challenge = ask_to_enter(&mut again).await;
    let signed = device.sign(&challenge["options"]);
    house.owner("update passkey_challenges set expires_at = now()").await;
    refused(send(&mut again, "/sign-in/passkey", &challenge, "", &signed).await);
    // It was asked for something else, or never.
    maya.get("/account").await;
    let challenge = ask(&mut maya, "/account/passkeys/ask-to-show", &[]).await.expect("a challenge");
    let signed = device.sign(&challenge["options"]);
    refused(send(&mut again, "/sign-in/passkey", &challenge, "", &signed).await);
    let adding = send(&mut maya, "/account/passkeys", &challenge, "x", &signed).await;
    assert_eq!(adding.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", adding.body);
    let unasked = serde_json::json!({ "handle": format!("dbp_{}A", "A".repeat(42)) });
    refused(send(&mut again, "/sign-in/passkey", &unasked, "", &signed).await);
    // An answer to one challenge under the handle of another.
    let (one, other) = (ask_to_enter(&mut again).await, ask_to_enter(&mut again).await);
    let signed = device.sign(&one["options"]);
    let mixed = send(&mut again, "/sign-in/passkey", &other, "", &signed).await;
    assert!(mixed.status == StatusCode::UNAUTHORIZED && mixed.body.contains("wasn’t accepted"), "{}", mixed.body);
    assert!(!house.admits(&again).await && !house.admits(&thief).await);
    // What is over doesn't stay.
    house.owner("update passkey_challenges set expires_at = now() - interval '1 second'").await;
    ask_to_enter(&mut again).await;
    assert_eq!(house.challenges().await, 1);
}

impl House {
    async fn challenges(&self) -> i64 {
        let count = self.world.database.ask(|mut connection| async move {
            sqlx::query_scalar("select count(*) from passkey_challenges").fetch_one(&mut connection).await
        });
        count.expect("a count")
    }
}

#[tokio::test]
async fn a_copy_of_a_passkey_is_refused_and_noted() {
    let house = House::with_passkeys().await;
    let (_, mut device) = maya_with_passkey(&house).await;
    device.counter = 41;
    let mut browser = house.browser();
    assert_eq!(enter(&mut browser, &mut device).await.status, StatusCode::SEE_OTHER);
    for counter in [41, 7] {
        device.counter = counter;
        let mut copy = house.browser();
        let refused = enter(&mut copy, &mut device).await;
        assert!(
            refused.status == StatusCode::UNAUTHORIZED && refused.body.contains("there seems to be a copy of it"),
            "{}",
            refused.body
        );
        assert!(!house.admits(&copy).await);
    }
    assert_eq!(house.refused("copied").await, 2);
    // Also where somebody is signed in.
    browser.get("/account").await;
    device.counter = 7;
    assert_eq!(show(&mut browser, &mut device).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(house.refused("copied").await, 3);
    device.counter = 42;
    assert_eq!(show(&mut browser, &mut device).await.header("location"), "/account?done=shown");
}

#[tokio::test]
async fn a_device_that_does_not_check_who_uses_it_lets_nobody_in() {
    let house = House::with_passkeys().await;
    let (mut browser, mut device) = maya_with_passkey(&house).await;
    device.verifies = false;
    let mut visitor = house.browser();
    let refused = enter(&mut visitor, &mut device).await;
    assert!(
        refused.status == StatusCode::UNAUTHORIZED && refused.body.contains("PIN, fingerprint or face"),
        "{}",
        refused.body
    );
    assert!(!house.admits(&visitor).await);
    assert_eq!(house.refused("unverified").await, 1);
    let mut second = Device::new();
    second.verifies = false;
    let refused = add(&mut browser, &mut second, "A stick").await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.body.contains("PIN, fingerprint or face"));
    assert_eq!(house.count("select count(*) from passkeys").await, 1);
}

#[tokio::test]
async fn a_passkey_opens_its_own_persons_account_alone() {
    let house = House::with_passkeys().await;
    let (_, mut device) = maya_with_passkey(&house).await;
    let tove = house.person("tove", "tove@northlight.example", &["coach", "admin"]).await;
    let [_, jon, _] = house.world.neighbour().await;
    let own = device.user.clone();
    let mut browser = house.browser();
    for other in [tove, jon] {
        device.user = other.as_bytes().to_vec();
        assert_eq!(enter(&mut browser, &mut device).await.status, StatusCode::UNAUTHORIZED);
    }
    // Whom it names isn't signed: the attempts are seen where the key is, and nobody fills a colleague's audit.
    assert_eq!(house.refused("refused").await, 2);
    let hers = "select count(*) from audit_events where kind = 'sign_in_failed'
                and detail ->> 'account' <> (select id::text from coaches where handle = 'maya')";
    assert_eq!(house.count(hers).await, 0);
    // Signed with another key, for another page, or made up.
    device.user = own;
    let mut other = Device::new();
    let challenge = ask_to_enter(&mut browser).await;
    let mut forged: Value = serde_json::from_str(&device.sign(&challenge["options"])).expect("JSON");
    other.user = device.user.clone();
    let signed: Value = serde_json::from_str(&other.sign(&challenge["options"])).expect("JSON");
    forged["response"] = signed["response"].clone();
    let refused = send(&mut browser, "/sign-in/passkey", &challenge, "", &forged.to_string()).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{}", refused.body);
    for origin in ["http://localhost:8081", "https://localhost:8080", "http://evil.localhost:8080"] {
        device.origin = origin;
        assert_eq!(enter(&mut browser, &mut device).await.status, StatusCode::UNAUTHORIZED, "{origin}");
    }
    device.origin = "http://localhost:8080";
    for nonsense in ["", "{}", "null", "[1]", &"x".repeat(100_000)] {
        let challenge = ask_to_enter(&mut browser).await;
        let refused = send(&mut browser, "/sign-in/passkey", &challenge, "", nonsense).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(enter(&mut browser, &mut other).await.status, StatusCode::UNAUTHORIZED, "nobody knows it");
    assert_eq!(house.count("select count(*) from sign_ins where passkey_shown and ended_at is null").await, 1);
    // In another organization's row it opens nothing.
    house
        .owner(
            "update passkeys set organization_id = jon.organization_id, person_id = jon.id from coaches jon where handle = 'jon'",
        )
        .await;
    assert_eq!(enter(&mut browser, &mut device).await.status, StatusCode::UNAUTHORIZED);
    // Nor does it show who somebody else is.
    let mut hers = house.signed_in("tove@northlight.example").await;
    let mut her_device = Device::new();
    assert_eq!(add(&mut hers, &mut her_device, "Hers").await.status, StatusCode::SEE_OTHER);
    hers.get("/account").await;
    let shown = show(&mut hers, &mut device).await;
    assert_eq!(shown.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", shown.body);
    // A key that an account has is nobody else's.
    let mut maya = house.maya().await;
    let taken = add(&mut maya, &mut her_device, "Mine").await;
    assert!(
        taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.body.contains("in use already"),
        "{}",
        taken.body
    );
}

#[tokio::test]
async fn passkeys_are_limited_for_all_processes_together() {
    let house = House::with_passkeys().await;
    let (_, mut device) = maya_with_passkey(&house).await;
    house.owner("update passkey_challenges set expires_at = now()").await;
    let mut browser = house.browser();
    assert_eq!(enter(&mut browser, &mut device).await.status, StatusCode::SEE_OTHER, "who comes in doesn't count");
    let mut browser = house.browser();
    browser.get("/sign-in").await;
    for number in 0..60 {
        ask(&mut browser, "/sign-in/passkey/ask", &[]).await.unwrap_or_else(|answer| panic!("{number}: {answer:?}"));
    }
    let limited = ask(&mut browser, "/sign-in/passkey/ask", &[]).await.expect_err("it is limited");
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!limited.header("retry-after").is_empty() && limited.body.contains("Try again"), "{}", limited.body);
    // Whoever is signed in is counted apart.
    let mut maya = house.maya().await;
    maya.get("/account").await;
    assert_eq!(show(&mut maya, &mut device).await.header("location"), "/account?done=shown");
    maya.get("/account").await;
    house.owner("delete from request_counts").await;
    for _ in 0..20 {
        ask(&mut maya, "/account/passkeys/ask-to-show", &[]).await.expect("a challenge");
    }
    let limited = ask(&mut maya, "/account/passkeys/ask-to-add", &[]).await.expect_err("it is limited");
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
}

/// Browsers ask for a passkey at the host alone that it was made for.
#[tokio::test]
async fn whoever_has_passkeys_of_another_host_alone_is_not_shut_out_where_a_second_factor_is_required() {
    let house = House::with_passkeys().await;
    let (_, mut device) = maya_with_passkey(&house).await;
    house.execute("update organizations set require_second_factor = true").await;
    house.execute("update passkeys set host = 'before.example'").await;
    let gate = &house.world.services.gate;
    let told = debrief_jobs::sign_in::passkeys_of_another_host(&house.world.services.db, gate).await;
    assert_eq!(told.expect("a count"), 1);
    // She sets up another, as whoever has none.
    let mut browser = house.maya().await;
    assert_eq!(browser.get("/").await.header("location"), "/account/second-factor");
    browser.get("/account/second-factor").await;
    factor::enrol(&mut browser).await;
    assert!(house.admits(&browser).await);
    let page = browser.get("/account").await.body;
    assert!(page.contains("It no longer works, as this site has another address now"), "{page}");
    assert!(!page.contains("Remove the second factor"), "{page}");
    // What browsers ask for no more is no second factor that is left.
    let kept = browser.post("/account/second-factor/remove", &[]).await;
    assert_eq!(kept.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", kept.body);
    browser.get("/account").await;
    let none = ask(&mut browser, "/account/passkeys/ask-to-show", &[]).await.expect_err("there is none to show");
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let removed = browser.post(&format!("/account/passkeys/{}/remove", house.passkey().await), &[]).await;
    assert_eq!(removed.header("location"), "/account?done=passkey-removed", "{}", removed.body);

    // One from before the host was kept counts as today's, and is known to be as soon as it has been used.
    let mut second = Device::new();
    add(&mut browser, &mut second, "My phone").await;
    house.execute("update passkeys set host = null").await;
    assert_eq!(enter(&mut house.browser(), &mut second).await.status, StatusCode::SEE_OTHER);
    assert_eq!(house.count("select count(*) from passkeys where host = 'localhost'").await, 1);
    assert_eq!(enter(&mut house.browser(), &mut device).await.status, StatusCode::UNAUTHORIZED);
}
