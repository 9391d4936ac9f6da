//! Signing in with an organization's identity provider, against one on loopback, through the pages.

mod believed;
mod page;
mod passkeys;
mod required;
mod settings;
mod ways;

use axum::http::StatusCode;
use debrief_jobs::{
    db::Tx,
    sign_in::{ProviderSettings, SecondFactor},
};
use serde_json::{Value, json};

use super::{Browser, House, MAYA, factor, flowing};
use crate::{
    http::visit::Answer,
    support::identity_provider::{Account, CLIENT, IdentityProvider, SECRET},
};

/// Where the provider sends browsers back to.
const BACK: &str = "http://127.0.0.1:8080/sign-in/with/acme/answer";

/// The settings of the provider `acme` of the organization `northlight`.
pub(super) fn acme(issuer: &str) -> ProviderSettings {
    ProviderSettings {
        organization: "northlight".into(),
        issuer: issuer.to_owned(),
        client_id: CLIENT.into(),
        client_secret: SECRET.into(),
        label: Some("Acme".into()),
        domains: vec!["northlight.example".into()],
        trust_email: false,
        second_factor: SecondFactor::Debrief,
        required: false,
        timeout_seconds: None,
        listed: None,
    }
}

/// A house with a provider, at which maya signs in.
pub(super) async fn with_provider(change: impl FnOnce(&mut ProviderSettings)) -> (House, IdentityProvider) {
    let provider = IdentityProvider::start(Account::new("maya-at-acme", MAYA)).await;
    let mut settings = acme(&provider.issuer);
    change(&mut settings);
    let house = House::with(|all| drop(all.sign_in.providers.insert("acme".into(), settings))).await;
    (house, provider)
}

/// The same, at an address where browsers have passkeys.
pub(super) async fn with_provider_and_passkeys(
    change: impl FnOnce(&mut ProviderSettings),
) -> (House, IdentityProvider) {
    let provider = IdentityProvider::start(Account::new("maya-at-acme", MAYA)).await;
    let mut settings = acme(&provider.issuer);
    change(&mut settings);
    let change = |all: &mut debrief_jobs::Settings| {
        all.review.base_url = "http://localhost:8080".parse().expect("a URL");
        all.sign_in.providers.insert("acme".into(), settings);
    };
    (House::with(change).await, provider)
}

/// Where the page after the button leads.
pub(super) fn onward(page: &Answer) -> String {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let href = page.body.split("rel=\"noreferrer\"").next().and_then(|before| before.rsplit("href=\"").next());
    let url =
        href.and_then(|rest| rest.split('"').next()).expect("a link").replace("&#x2f;", "/").replace("&amp;", "&");
    assert!(page.body.contains("http-equiv=\"refresh\""), "{}", page.body);
    url
}

/// Presses the button; returns where the provider sends the browser back to.
pub(super) async fn begin(browser: &mut Browser, provider: &IdentityProvider) -> String {
    browser.get("/sign-in/with/acme").await;
    let url = onward(&browser.post("/sign-in/with/acme", &[]).await);
    ours(&provider.visit(&url).await)
}

/// The path of an address that the provider sends a browser back to.
pub(super) fn ours(back: &str) -> String {
    let path = ["http://127.0.0.1:8080", "http://localhost:8080"].iter().find_map(|base| back.strip_prefix(base));
    let path = path.unwrap_or_else(|| panic!("{back} isn't ours"));
    assert!(path.starts_with("/sign-in/with/acme/answer?"), "{back}");
    path.to_owned()
}

/// Goes all the way through the provider.
pub(super) async fn through(browser: &mut Browser, provider: &IdentityProvider) -> Answer {
    let back = begin(browser, provider).await;
    browser.get(&back).await
}

async fn details(house: &House, kind: &str) -> Vec<Value> {
    let mut tx = house.world.database.db.tenant(house.world.organization).await.expect("a transaction");
    let sql = "select detail from audit_events where kind = $1 order by at, id";
    sqlx::query_scalar(sql).bind(kind).fetch_all(tx.conn()).await.expect("the audit")
}

#[tokio::test]
async fn a_person_comes_in_with_the_organizations_provider() {
    let (house, provider) = with_provider(|_| ()).await;
    let mut browser = house.browser();
    let page = browser.get("/sign-in").await;
    assert!(page.body.contains("Sign in with Acme"), "the only provider's button is on the page: {}", page.body);
    let answer = through(&mut browser, &provider).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"), "{}", answer.body);
    assert!(house.admits(&browser).await);
    let asked = provider.last_asked();
    assert_eq!(asked["redirect_uri"], BACK);
    assert!(!asked.contains_key("max_age") && !asked.contains_key("prompt"), "{asked:?}");

    // It's connected, in the audit and by mail, and the list says how she came in.
    let connected = &details(&house, "provider_changed").await[0];
    assert_eq!((&connected["change"], &connected["provider"]), (&json!("connected"), &json!("acme")));
    let signed_in = &details(&house, "signed_in").await[0];
    assert_eq!((&signed_in["by"], &signed_in["provider"]), (&json!("provider"), &json!("acme")));
    let letters = house.letters().await;
    assert_eq!(letters.len(), 1);
    assert!(flowing(&letters[0]).contains("identity provider was connected"), "{}", letters[0].text);
    assert!(browser.get("/account").await.body.contains(" with Acme, last used"));

    // From then on she is known by her account, whatever address it has, and without another mail.
    provider.is(|account| account.email = Some("m.okafor@elsewhere.example".into()));
    let mut again = house.browser();
    assert_eq!(through(&mut again, &provider).await.header("location"), "/");
    assert!(house.admits(&again).await);
    assert_eq!((house.letters().await.len(), details(&house, "provider_changed").await.len()), (1, 1));
    let kept = "select count(*) from provider_requests where used_at is null";
    assert_eq!(house.count(kept).await, 0);
}

#[tokio::test]
async fn keys_are_replaced_and_either_way_to_sign_and_to_authenticate_works() {
    use crate::support::identity_provider::Algorithm;
    let (house, provider) = with_provider(|_| ()).await;
    let works = async || through(&mut house.browser(), &provider).await.header("location") == "/";
    assert!(works().await);
    provider.rotates();
    assert!(works().await, "a new key is found at once");
    provider.signs(Algorithm::Rs256);
    assert!(works().await);
    provider.wants_the_secret_in_the_body();
    // The document is kept for a while for the way there, and is fetched anew for the way back.
    assert!(works().await);
    assert_eq!(provider.tokens_given(), 4);
}

#[tokio::test]
async fn a_second_factor_is_asked_for_unless_the_provider_does_that() {
    let (house, provider) = with_provider(|_| ()).await;
    let mut maya = house.maya().await;
    let (app, _) = factor::enrol(&mut maya).await;
    house.execute(factor::LATER).await;
    let mut browser = house.browser();
    assert_eq!(through(&mut browser, &provider).await.header("location"), "/sign-in/code");
    assert!(!house.admits(&browser).await);
    assert_eq!(factor::type_code(&mut browser, &app.code()).await.header("location"), "/");
    assert!(house.admits(&browser).await);

    // Where everybody needs one, whoever has none sets one up first: what the provider did isn't known.
    let (house, provider) = with_provider(|_| ()).await;
    house.execute("update organizations set require_second_factor = true").await;
    let mut browser = house.browser();
    assert_eq!(through(&mut browser, &provider).await.header("location"), "/");
    assert!(!house.admits(&browser).await);
    assert_eq!(browser.get("/").await.header("location"), "/account/second-factor");

    // Unless the operator says that it asks for one.
    let (house, provider) = with_provider(|acme| acme.second_factor = SecondFactor::Provider).await;
    house.execute("update organizations set require_second_factor = true").await;
    let mut browser = house.browser();
    assert_eq!(through(&mut browser, &provider).await.header("location"), "/");
    assert!(house.admits(&browser).await);
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert!(!house.admits(&house.maya().await).await, "a mailed link is no second factor");
}

#[tokio::test]
async fn whoever_comes_by_an_open_session_at_the_provider_shows_anew_who_they_are() {
    let (house, provider) = with_provider(|acme| acme.required = true).await;
    provider.is(|account| account.proved_seconds_ago = Some(3600));
    let mut browser = house.browser();
    through(&mut browser, &provider).await;
    let page = browser.get("/account").await;
    assert!(page.body.contains("Confirm that it’s you") && page.body.contains("Go to Acme"), "{}", page.body);
    let refused = browser.post("/account/address", &[("email", "maya@okafor.example")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);

    // The provider is told to ask.
    let page = browser.post("/account/provider", &[]).await;
    let back = provider.visit(&onward(&page)).await;
    let asked = provider.last_asked();
    assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), ("login", "0"));
    let earlier = browser.copy();
    let answer = browser.get(back.strip_prefix("http://127.0.0.1:8080").expect("ours")).await;
    assert_eq!(answer.header("location"), "/account?done=shown", "she is where she was: {}", answer.body);
    assert!(!house.admits(&earlier).await, "the sign-in before has ended");
    browser.get("/account").await;
    let answer = browser.post("/account/address", &[("email", "maya@okafor.example")]).await;
    assert_eq!(answer.header("location"), "/account?done=address", "{}", answer.body);

    // One that doesn't ask, or doesn't say so, shows nothing.
    let unasked = (Some(2_000_000), StatusCode::FORBIDDEN, "without asking who you are");
    let unsaid = (None, StatusCode::BAD_GATEWAY, "doesn’t say when it asked who you are");
    for (ago, status, told) in [unasked, unsaid] {
        provider.is(|account| account.proved_seconds_ago = ago);
        browser.get("/account").await;
        let page = browser.post("/account/provider", &[]).await;
        let back = provider.visit(&onward(&page)).await;
        let answer = browser.get(back.strip_prefix("http://127.0.0.1:8080").expect("ours")).await;
        assert_eq!(answer.status, status);
        assert!(answer.body.contains(told), "{}", answer.body);
        assert!(house.admits(&browser).await, "she stays signed in");
    }
    let failed = details(&house, "sign_in_failed").await;
    assert!(failed.iter().all(|one| one["account"] == json!(house.world.coach)), "{failed:?}");
    let why: Vec<_> = failed.iter().filter_map(|one| one["why"].as_str()).collect();
    assert_eq!(why, ["not_anew", "no_time"]);
}

#[tokio::test]
async fn whoever_confirms_with_somebody_elses_account_changes_nothing() {
    let (house, provider) = with_provider(|_| ()).await;
    provider.is(|account| account.proved_seconds_ago = Some(3600));
    let mut maya = house.browser();
    through(&mut maya, &provider).await;
    house
        .execute(
            "insert into coaches (id, organization_id, handle, name, email)
             select gen_random_uuid(), id, 'ben', 'Ben', 'ben@northlight.example' from organizations",
        )
        .await;
    // On a computer that several use, the session at the provider may be a colleague's.
    provider.is(|account| {
        (account.subject, account.email) = ("ben".into(), Some("ben@northlight.example".into()));
        account.proved_seconds_ago = Some(0);
    });
    maya.get("/account").await;
    let page = maya.post("/account/provider", &[]).await;
    let answer = maya.get(&ours(&provider.visit(&onward(&page)).await)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    assert!(answer.body.contains("belongs to somebody else than who is signed in here"), "{}", answer.body);
    let still = maya.get("/account").await;
    assert!(still.body.contains(MAYA) && !still.body.contains("ben@northlight.example"), "{}", still.body);
    assert_eq!(house.count("select count(*) from provider_accounts").await, 1, "nor is his account connected");
}
