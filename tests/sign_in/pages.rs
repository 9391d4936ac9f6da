//! Signing in with a real browser: by link, with a password, with an app and with a recovery code.

use std::{net::Ipv4Addr, time::Duration};

use debrief::http::{Limits, public_router, serve};
use debrief_jobs::mail::SendMail;
use fantoccini::{Client, Locator};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{House, MAYA, PASSWORD, factor::App};
use crate::{
    http::visit::state,
    pages::{fits, keep, least_contrast},
    support::{
        World,
        browser::{Browser, press},
    },
};

async fn fill(client: &Client, field: &str, text: &str) {
    let field = client.find(Locator::Css(field)).await.unwrap_or_else(|error| panic!("{field}: {error}"));
    field.clear().await.expect("it is emptied");
    field.send_keys(text).await.expect("it is typed");
}

/// Every field and button has a name, can be reached with the keyboard and is wide enough for a finger.
pub(super) async fn looks_right(client: &Client, width: u32, name: &str) {
    let nameless = client
        .execute(
            "return [...document.querySelectorAll('input:not([type=hidden]), button, a[href]')].filter(one => one.checkVisibility())
                 .filter(one => !(one.labels?.length || one.textContent.trim() || one.ariaLabel)).map(one => one.outerHTML)",
            Vec::new(),
        )
        .await
        .expect("the page answers");
    assert_eq!(nameless, serde_json::json!([]), "{name}");
    let small = client
        .execute(
            "return [...document.querySelectorAll('a[href], button, summary, input:not([type=hidden])')].filter(one => one.checkVisibility())
                 .map(one => [one.outerHTML, one.getBoundingClientRect().height]).filter(([, height]) => height < 24)",
            Vec::new(),
        )
        .await
        .expect("the page answers");
    assert_eq!(small, serde_json::json!([]), "{name}");
    if width < 500 {
        fits(client).await;
    }
    least_contrast(client, name).await;
    keep(client, name).await;
}

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn a_person_signs_in_by_link_password_app_and_recovery_code() {
    for (kind, width) in [("desktop", 1100), ("phone", 360)] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let world = World::with(|settings| settings.review.base_url = base.parse().expect("a URL")).await;
        let router = public_router(state(&world.services));
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, router.clone(), Limits::new(64, Duration::from_secs(5)), stop.clone()));
        world.leaves::<SendMail>();
        let house = House { world, router };
        let browser = Browser::start(width, &[]).await;
        let client = browser.client.clone();
        let shot = |name: &str| format!("sign-in-{kind}-{name}");

        // By link.
        client.goto(&base).await.expect("the start");
        looks_right(&client, width, &shot("page")).await;
        fill(&client, "form[action$='/link'] input[name=email]", MAYA).await;
        press(&client, "Email me a link", "is on its way").await;
        let letters = house.letters().await;
        let link = letters[0].text.lines().find(|line| line.starts_with(&base)).expect("a link").to_owned();
        client.goto(&link).await.expect("the link");
        looks_right(&client, width, &shot("link")).await;
        press(&client, "Sign in", "Hello, Maya Okafor").await;
        looks_right(&client, width, &shot("start")).await;

        // A password.
        client.find(Locator::LinkText("Your account")).await.expect("a link").click().await.expect("it opens");
        client.wait().for_element(Locator::Css("#h-password")).await.expect("the account");
        fill(&client, "input[name=password]", "maya okafor 2026").await;
        press(&client, "Set a password", "easy to guess").await;
        fill(&client, "input[name=password]", PASSWORD).await;
        press(&client, "Set a password", "Your password is set").await;
        looks_right(&client, width, &shot("account")).await;

        // An app.
        let set_up = client.find(Locator::LinkText("Set up a second factor")).await.expect("a link");
        set_up.click().await.expect("it opens");
        client.wait().for_element(Locator::XPath("//button[.='Set it up']")).await.expect("the page");
        press(&client, "Set it up", "Scan this").await;
        looks_right(&client, width, &shot("qr")).await;
        let app = App::scan(&client.source().await.expect("the page"));
        fill(&client, "input[name=code]", &app.code()).await;
        press(&client, "Turn it on", "Your recovery codes").await;
        looks_right(&client, width, &shot("codes")).await;
        let code = client.find(Locator::Css(".codes li")).await.expect("a code").text().await.expect("its text");
        let go_on = client.find(Locator::LinkText("I’ve kept them: go on")).await.expect("a link");
        go_on.click().await.expect("it opens");
        client.wait().for_element(Locator::Css("#h-factor")).await.expect("the account");
        looks_right(&client, width, &shot("account-with-factor")).await;
        press(&client, "Sign out", "Sign in").await;

        // Password and code, then a recovery code.
        for (typed, then) in [(None, "Hello, Maya Okafor"), (Some(code), "You used a recovery code")] {
            house.execute("update credentials set totp_last_step = totp_last_step - 10").await;
            client.find(Locator::Css(".or summary")).await.expect("the other way").click().await.expect("it opens");
            fill(&client, "form[action$='/password'] input[name=email]", MAYA).await;
            fill(&client, "form[action$='/password'] input[name=password]", PASSWORD).await;
            press(&client, "Sign in", "Type your code").await;
            looks_right(&client, width, &shot("code")).await;
            fill(&client, "input[name=code]", &typed.unwrap_or_else(|| app.code())).await;
            press(&client, "Go on", then).await;
            press(&client, "Sign out", "Sign in").await;
        }
        stop.cancel();
        browser.close().await;
    }
}
