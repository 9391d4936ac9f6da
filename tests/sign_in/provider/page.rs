//! Through the provider with a real browser, whose rules about forms hold.

use std::{net::Ipv4Addr, time::Duration};

use debrief::http::{Limits, public_router, serve};
use debrief_jobs::mail::SendMail;
use fantoccini::Locator;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::acme;
use crate::{
    http::visit::state,
    sign_in::{MAYA, pages::looks_right},
    support::{
        World,
        browser::{Browser, press},
        identity_provider::{Account, IdentityProvider},
    },
};

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn a_person_comes_in_with_the_provider_in_a_browser() {
    let provider = IdentityProvider::start(Account::new("zoe-at-acme", "zoe@northlight.example")).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let world = World::with(|settings| {
        settings.review.base_url = base.parse().expect("a URL");
        settings.sign_in.providers.insert("acme".into(), acme(&provider.issuer));
    })
    .await;
    world.leaves::<SendMail>();
    let stop = CancellationToken::new();
    let router = public_router(state(&world.services));
    tokio::spawn(serve(listener, router, Limits::new(64, Duration::from_secs(5)), stop.clone()));
    let browser = Browser::start(360, &[]).await;
    let client = browser.client.clone();
    client.goto(&base).await.expect("the start");
    looks_right(&client, 360, "sign-in-phone-with-provider").await;
    // Nobody here has her address.
    press(&client, "Sign in with Acme", "zoe@northlight.example").await;
    looks_right(&client, 360, "sign-in-phone-unknown").await;
    provider.is(|account| *account = Account::new("maya-at-acme", MAYA));
    press(&client, "Sign in with Acme", "Hello, Maya Okafor").await;
    client.find(Locator::LinkText("Your account")).await.expect("a link").click().await.expect("it opens");
    client.wait().for_element(Locator::Css("#h-browsers")).await.expect("the account");
    looks_right(&client, 360, "account-phone-with-provider").await;
    assert!(client.source().await.expect("the page").contains(" with Acme, last used"));
    stop.cancel();
    browser.close().await;
}
