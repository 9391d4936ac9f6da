//! Passkeys where there is a provider, also as the only way in: who has which second factor comes in how, and what the pages say.

use axum::http::StatusCode;
use debrief_jobs::sign_in::SecondFactor;

use super::{details, onward, ours, through, with_provider_and_passkeys};
use crate::{
    http::visit::Answer,
    sign_in::{
        Browser, House, MAYA, PASSWORD,
        device::Device,
        factor,
        passkeys::{add, ask, enter, maya_with_passkey, send, show},
    },
    support::identity_provider::IdentityProvider,
};

/// Where everybody needs a second factor, and the provider is the only way in.
async fn strict() -> (House, IdentityProvider) {
    let (house, provider) = with_provider_and_passkeys(|acme| acme.required = true).await;
    house.execute("update organizations set require_second_factor = true").await;
    (house, provider)
}

/// A browser in which maya came from the provider and added a passkey, as she had to.
async fn maya_with_her_passkey(house: &House, provider: &IdentityProvider) -> (Browser, Device) {
    let (mut browser, mut device) = (house.browser(), Device::new());
    assert_eq!(through(&mut browser, provider).await.header("location"), "/");
    assert_eq!(browser.get("/").await.header("location"), "/account/second-factor");
    let page = browser.get("/account/second-factor").await.body;
    assert!(page.contains("Here it’s a second factor, in place of a code: you sign in with Acme first"), "{page}");
    let challenge = ask(&mut browser, "/account/passkeys/ask-to-add", &[]).await.expect("a challenge");
    let made = device.make(&challenge["options"]);
    let added = send(&mut browser, "/account/passkeys", &challenge, "My phone", &made).await;
    assert_eq!(added.header("location"), "/", "{}", added.body);
    assert!(house.admits(&browser).await);
    (browser, device)
}

/// Confirms with the provider that it's them.
async fn confirm(browser: &mut Browser, provider: &IdentityProvider) -> Answer {
    browser.get("/account").await;
    let page = browser.post("/account/provider", &[]).await;
    let back = ours(&provider.visit(&onward(&page)).await);
    browser.get(&back).await
}

#[tokio::test]
async fn where_the_provider_is_required_a_passkey_is_a_second_factor_and_no_way_in() {
    let (house, provider) = strict().await;
    let (_, mut device) = maya_with_her_passkey(&house, &provider).await;
    let signed_in = house.count("select count(*) from sign_ins where ended_at is null").await;

    let mut browser = house.browser();
    let refused = enter(&mut browser, &mut device).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("signs in with Acme and not with passkeys"), "{}", refused.body);
    assert!(refused.body.contains("<button class=\"primary\">Sign in with Acme</button>"), "{}", refused.body);
    assert_eq!(house.refused("elsewhere").await, 1, "it's seen");
    assert_eq!(house.count("select count(*) from sign_ins where ended_at is null").await, signed_in);

    // After the provider it's asked for, and is enough.
    assert_eq!(through(&mut browser, &provider).await.header("location"), "/");
    assert!(!house.admits(&browser).await);
    assert_eq!(browser.get("/").await.header("location"), "/sign-in/code");
    let page = browser.get("/sign-in/code").await.body;
    assert!(page.contains("yours is a passkey"), "{page}");
    assert_eq!(show(&mut browser, &mut device).await.header("location"), "/");
    assert!(house.admits(&browser).await);
    // And stays the second factor.
    browser.get("/account").await;
    let path = format!("/account/passkeys/{}/remove", house.passkey().await);
    let kept = browser.post(&path, &[]).await;
    assert!(kept.body.contains("Your organization requires a second factor"), "{}", kept.body);
}

#[tokio::test]
async fn neither_a_passkey_nor_a_code_makes_an_open_session_at_the_provider_a_fresh_sign_in() {
    let (house, provider) = strict().await;
    let (mut first, mut device) = maya_with_her_passkey(&house, &provider).await;
    let (app, _) = factor::enrol(&mut first).await;
    house.execute(factor::LATER).await;
    provider.is(|account| account.proved_seconds_ago = Some(3600));
    for with_code in [true, false] {
        let mut browser = house.browser();
        assert_eq!(through(&mut browser, &provider).await.header("location"), "/sign-in/code");
        browser.get("/sign-in/code").await;
        let entered = if with_code {
            factor::type_code(&mut browser, &app.code()).await
        } else {
            show(&mut browser, &mut device).await
        };
        assert_eq!(entered.header("location"), "/", "{}", entered.body);
        assert!(house.admits(&browser).await);
        let page = browser.get("/account").await.body;
        assert!(page.contains("Confirm that it’s you") && page.contains("Go to Acme"), "{page}");
        for (path, fields) in [
            ("/account/address", [("email", "maya@okafor.example")]),
            ("/account/second-factor/codes", [("x", "x")]),
            ("/account/second-factor/start", [("x", "x")]),
        ] {
            let refused = browser.post(path, &fields).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", refused.body);
            assert!(refused.body.contains("First confirm that it’s you: with Acme."), "{path}: {}", refused.body);
        }
        // Nor does showing the passkey once more.
        browser.get("/account").await;
        let again = show(&mut browser, &mut device).await;
        assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", again.body);
    }
    // Where the provider is one way of several, a passkey shows who it is.
    let (house, provider) = with_provider_and_passkeys(|_| ()).await;
    let (_, mut device) = maya_with_passkey(&house).await;
    provider.is(|account| account.proved_seconds_ago = Some(3600));
    let mut browser = house.browser();
    through(&mut browser, &provider).await;
    browser.get("/account").await;
    assert_eq!(show(&mut browser, &mut device).await.header("location"), "/account?done=shown");
    browser.get("/account").await;
    let changed = browser.post("/account/address", &[("email", "maya@okafor.example")]).await;
    assert_eq!(changed.header("location"), "/account?done=address", "{}", changed.body);
}

#[tokio::test]
async fn what_changes_keeps_a_sign_in_no_longer_fresh_than_it_was() {
    let (house, provider) = with_provider_and_passkeys(|acme| acme.required = true).await;
    let mut browser = house.browser();
    through(&mut browser, &provider).await;
    house.execute("update sign_ins set proved_at = now() - interval '9 minutes'").await;
    factor::enrol(&mut browser).await;
    let added = add(&mut browser, &mut Device::new(), "My phone").await;
    assert_eq!(added.header("location"), "/account?done=passkey", "{}", added.body);
    assert_eq!(house.count("select count(*) from sign_ins where proved_at > now() - interval '8 minutes'").await, 0);
}

/// What is on the account page: what it says, and which forms it has.
async fn account(browser: &mut Browser, says: &[&str], says_not: &[&str]) {
    let page = browser.get("/account").await;
    assert_eq!(page.status, StatusCode::OK, "{:?}", page.headers);
    for words in says {
        assert!(page.body.contains(words), "{words} isn't in {}", page.body);
    }
    for words in says_not {
        assert!(!page.body.contains(words), "{words} is in {}", page.body);
    }
}

#[tokio::test]
async fn the_account_page_says_what_is_so_and_has_no_form_that_is_refused() {
    const ADD: &str = "data-passkey=\"add\"";
    const SHOW: &str = "data-passkey=\"show\"";
    const REMOVE: &str = ">Remove</button>";
    const SIGNS_IN: &str = "It signs you in without a password or a code";
    // One way of several: everything is possible.
    let (house, _) = with_provider_and_passkeys(|_| ()).await;
    let (mut maya, _) = maya_with_passkey(&house).await;
    let none = "You have none: you sign in with a link that we email you, or with a passkey, or with Acme.";
    account(&mut maya, &[none, SIGNS_IN, ADD, REMOVE, "You have no authenticator app"], &[SHOW]).await;
    house.a_while_later().await;
    account(&mut maya, &[SHOW, "second factor or passkeys, use a passkey", "Email me a link"], &[ADD, REMOVE]).await;
    let page = maya.get("/account/second-factor").await;
    assert!(page.body.contains(SHOW) && page.body.contains("Or confirm it with Acme"), "{}", page.body);

    // The only way: a passkey is a second factor.
    let (house, provider) = strict().await;
    let (mut maya, _) = maya_with_her_passkey(&house, &provider).await;
    let alone = ["signs in with Acme, not with passwords or mailed links", "Here it’s a second factor", ADD, REMOVE];
    account(&mut maya, &alone, &[SIGNS_IN, "password or mailbox"]).await;
    account(&mut maya, &["a passkey counts as your second factor"], &["h-proof"]).await;
    house.a_while_later().await;
    account(&mut maya, &["second factor or passkeys, confirm that it’s you with Acme"], &[ADD, REMOVE, SHOW]).await;
    let confirmed = confirm(&mut maya, &provider).await;
    assert_eq!(confirmed.header("location"), "/account?done=shown", "{}", confirmed.body);
    house.execute("update organizations set require_second_factor = false").await;
    house.execute("delete from passkeys").await;
    account(&mut maya, &["nobody gets in with your account at Acme alone"], &["password or mailbox"]).await;

    // The only way, which asks for the second factor as well: none of ours is wanted, and what there is can go.
    let (house, provider) = with_provider_and_passkeys(|acme| {
        acme.required = true;
        acme.second_factor = SecondFactor::Provider;
    })
    .await;
    let mut maya = house.browser();
    through(&mut maya, &provider).await;
    add(&mut maya, &mut Device::new(), "My phone").await;
    house.execute("update organizations set require_second_factor = true").await;
    let asks = ["Acme asks for your second factor when you sign in", "so none is used here", REMOVE];
    account(&mut maya, &asks, &[ADD, SIGNS_IN, "counts as your second factor"]).await;
    let removed = maya.post(&format!("/account/passkeys/{}/remove", house.passkey().await), &[]).await;
    assert_eq!(removed.header("location"), "/account?done=passkey-removed", "{}", removed.body);
    factor::enrol(&mut maya).await;
    account(&mut maya, &["Remove the second factor"], &[]).await;
    let removed = maya.post("/account/second-factor/remove", &[]).await;
    assert_eq!(removed.header("location"), "/account?done=removed", "{}", removed.body);
    assert!(house.admits(&maya).await);
    account(&mut maya, &[], &["Passkeys</h2>"]).await;
}

#[tokio::test]
async fn whoever_has_the_second_factor_from_one_way_of_several_is_told_that_others_want_ours() {
    let (house, provider) = with_provider_and_passkeys(|acme| acme.second_factor = SecondFactor::Provider).await;
    house.execute("update organizations set require_second_factor = true").await;
    let mut maya = house.browser();
    through(&mut maya, &provider).await;
    assert!(house.admits(&maya).await);
    account(&mut maya, &["which Acme asked for when you signed in"], &["counts as your second factor"]).await;
    // What there is stays, as a password or a mailed link would want it.
    let mut device = Device::new();
    add(&mut maya, &mut device, "My phone").await;
    maya.get("/account").await;
    let kept = maya.post(&format!("/account/passkeys/{}/remove", house.passkey().await), &[]).await;
    assert_eq!(kept.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", kept.body);
}

#[tokio::test]
async fn what_is_refused_is_counted_once() {
    use metrics_exporter_prometheus::PrometheusBuilder;

    let (house, provider) = with_provider_and_passkeys(|acme| acme.required = true).await;
    let mut maya = house.browser();
    through(&mut maya, &provider).await;
    let mut device = Device::new();
    add(&mut maya, &mut device, "My phone").await;
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // The test's runtime has one thread, so this recorder receives all its metrics.
    let _listening = metrics::set_default_local_recorder(&recorder);
    enter(&mut house.browser(), &mut device).await;
    house.browser().sign_in(MAYA, PASSWORD).await;
    let told = metrics.render();
    for (by, outcome) in [("passkey", "asked"), ("passkey", "refused"), ("password", "refused")] {
        let line = format!("debrief_sign_ins_total{{by=\"{by}\",outcome=\"{outcome}\"}} 1");
        assert!(told.contains(&line), "{line} isn't in {told}");
    }
    assert_eq!(details(&house, "sign_in_failed").await.len(), 2);
}
