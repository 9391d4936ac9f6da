//! Passkeys in a real browser, whose virtual authenticator is a device with a finger on it.

use std::{net::Ipv4Addr, time::Duration};

use axum::http::Method;
use debrief::http::{Limits, public_router, serve};
use debrief_jobs::mail::SendMail;
use fantoccini::{Client, Locator, wd::WebDriverCompatibleCommand};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    House, MAYA, PASSWORD,
    pages::{fill, looks_right},
};
use crate::{
    http::visit::state,
    support::{
        World,
        browser::{Browser, press, text},
        installation::PATIENCE,
    },
};

/// A command of <https://www.w3.org/TR/webauthn-3/#sctn-automation>.
#[derive(Debug)]
struct Automation {
    method: Method,
    path: String,
    body: Value,
}

impl WebDriverCompatibleCommand for Automation {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, url::ParseError> {
        base_url.join(&format!("session/{}/webauthn/authenticator{}", session_id.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = (self.method == Method::POST).then(|| self.body.to_string());
        (self.method.clone(), body)
    }
}

async fn automate(client: &Client, method: Method, path: &str, body: Value) -> Value {
    let command = Automation { method, path: path.to_owned(), body };
    client.issue_cmd(command).await.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Pages on their own port under a name that has passkeys, and a browser with a device.
struct Scene {
    house: House,
    base: String,
    browser: Browser,
    device: String,
    /// Whether the browser is one that writes passkeys as no JSON by itself.
    is_old: bool,
    stop: CancellationToken,
}

/// What browsers from before 2025 don't have.
const FORGET_JSON: &str = "delete PublicKeyCredential.parseCreationOptionsFromJSON;
    delete PublicKeyCredential.parseRequestOptionsFromJSON; delete PublicKeyCredential.prototype.toJSON;
    return 'parseRequestOptionsFromJSON' in PublicKeyCredential || 'toJSON' in PublicKeyCredential.prototype";

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Scene {
    async fn new(width: u32) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let base = format!("http://localhost:{}", listener.local_addr().expect("an address").port());
        let world = World::with(|settings| settings.review.base_url = base.parse().expect("a URL")).await;
        world.leaves::<SendMail>();
        let router = public_router(state(&world.services));
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, router.clone(), Limits::new(64, Duration::from_secs(5)), stop.clone()));
        let browser = Browser::start(width, &[]).await;
        let device = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserConsenting": true, "isUserVerified": true,
        });
        let device = automate(&browser.client, Method::POST, "", device).await;
        let device = device.as_str().expect("its id").to_owned();
        Self { house: House { world, router }, base, browser, device, is_old: false, stop }
    }

    fn client(&self) -> &Client {
        &self.browser.client
    }

    async fn goto(&self, path: &str) {
        self.client().goto(&format!("{}{path}", self.base)).await.expect("the page");
        self.forget().await;
    }

    async fn forget(&self) {
        if self.is_old {
            let left = self.client().execute(FORGET_JSON, Vec::new()).await.expect("the page answers");
            assert_eq!(left, false);
        }
    }

    /// Whether the device takes who uses it for its owner.
    async fn verifies(&self, verifies: bool) {
        let path = format!("/{}/uv", self.device);
        automate(self.client(), Method::POST, &path, json!({ "isUserVerified": verifies })).await;
    }

    /// Signs in with a mailed link.
    async fn by_link(&self, then: &str) {
        self.house.owner("delete from request_counts").await;
        self.goto("/sign-in").await;
        fill(self.client(), "form[action$='/link'] input[name=email]", MAYA).await;
        press(self.client(), "Email me a link", "is on its way").await;
        let letters = self.house.letters().await;
        let link =
            letters.iter().rev().find_map(|letter| letter.text.lines().find(|line| line.contains("/sign-in/link/")));
        self.client().goto(link.expect("a link")).await.expect("the link");
        press(self.client(), "Sign in", then).await;
    }

    async fn sign_out(&self) {
        self.goto("/account").await;
        press(self.client(), "Sign out", "Sign in").await;
    }

    /// Runs what the page's script does up to the answer, and returns the challenge's handle and the answer. `before` may
    /// change the options.
    async fn answer(&self, before: &str) -> (String, String) {
        let script = format!(
            "const done = arguments[0];
             const form = document.querySelector('form[data-passkey]');
             fetch(form.dataset.ask, {{ method: 'POST', body: new URLSearchParams(new FormData(form)) }})
                 .then(response => response.json())
                 .then(({{ handle, options }}) => {{
                     {before}
                     return navigator.credentials.get({{ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }})
                         .then(key => done([handle, JSON.stringify(key)]));
                 }})
                 .catch(error => done(['', String(error)]));"
        );
        let answer = self.client().execute_async(&script, Vec::new()).await.expect("it runs");
        let [handle, json] = [0, 1].map(|at| answer[at].as_str().expect("text").to_owned());
        assert!(handle.starts_with("dbp_"), "{json}");
        (handle, json)
    }

    /// Sends an answer with the page's form.
    async fn send(&self, handle: &str, answer: &str, then: &str) {
        let script = "const form = document.querySelector('form[data-passkey]');
             form.elements.handle.value = arguments[0]; form.elements.answer.value = arguments[1]; form.submit();";
        self.client().execute(script, vec![json!(handle), json!(answer)]).await.expect("it is sent");
        self.says(then).await;
    }

    async fn says(&self, words: &str) {
        let path = format!("//main//*[contains(., '{words}')]");
        let found = self.client().wait().at_most(PATIENCE).for_element(Locator::XPath(&path)).await;
        if let Err(error) = found {
            panic!("no page says {words}: {error}: {}", text(self.client()).await);
        }
    }
}

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn a_person_adds_a_passkey_signs_in_with_it_and_removes_it() {
    for (kind, width) in [("desktop", 1100), ("phone", 360)] {
        let mut scene = Scene::new(width).await;
        let client = scene.browser.client.clone();
        let client = &client;
        let shot = |name: &str| format!("passkey-{kind}-{name}");
        scene.is_old = kind == "phone";
        scene.by_link("Hello, Maya Okafor").await;
        scene.goto("/account").await;
        fill(client, "input[name=password]", PASSWORD).await;
        press(client, "Set a password", "Your password is set").await;
        // A while later the password is asked for, and a wrong one is told on the page.
        scene.house.a_while_later().await;
        scene.goto("/account").await;
        looks_right(client, width, &shot("account")).await;
        let add = "form[data-passkey=add]";
        fill(client, &format!("{add} input[name=name]"), "My phone").await;
        fill(client, &format!("{add} input[name=current]"), "another lamp in rain").await;
        press(client, "Add a passkey", "That isn’t your password").await;
        looks_right(client, width, &shot("wrong-password")).await;
        fill(client, &format!("{add} input[name=current]"), PASSWORD).await;
        press(client, "Add a passkey", "The passkey is added").await;
        scene.forget().await;
        looks_right(client, width, &shot("added")).await;
        assert!(scene.house.letters().await.last().expect("a mail").text.contains("A passkey was added."));
        // One device, one key.
        press(client, "Add a passkey", "has a passkey for your account already").await;
        assert_eq!(scene.house.count("select count(*) from passkeys").await, 1);

        scene.sign_out().await;
        scene.forget().await;
        looks_right(client, width, &shot("sign-in")).await;
        press(client, "Sign in with a passkey", "Hello, Maya Okafor").await;
        scene.goto("/account").await;
        let page = text(client).await;
        assert!(page.contains("My phone") && page.contains("last used"), "{page}");

        // Who signed in a while ago shows it again, and removes it.
        scene.house.a_while_later().await;
        scene.goto("/account").await;
        press(client, "Use a passkey", "For ten minutes you can change your account").await;
        let summary = Locator::Css("#h-passkeys ~ .rules summary, [aria-labelledby=h-passkeys] .rules summary");
        client.find(summary).await.expect("a list").click().await.expect("it opens");
        looks_right(client, width, &shot("renaming")).await;
        fill(client, "form[action$='/rename'] input[name=name]", "My old phone").await;
        press(client, "Rename", "The passkey was renamed").await;
        client.find(summary).await.expect("a list").click().await.expect("it opens");
        press(client, "Remove", "The passkey is removed").await;
        scene.sign_out().await;
        press(client, "Sign in with a passkey", "it may have been removed here").await;
        looks_right(client, width, &shot("refused")).await;
        scene.browser.client.clone().close().await.expect("the browser ends");
    }
}

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn a_passkey_in_a_browser_is_the_second_factor_that_an_organization_requires() {
    let scene = Scene::new(1100).await;
    let client = scene.client();
    scene.house.execute("update organizations set require_second_factor = true").await;
    scene.by_link("Set up a second factor").await;
    looks_right(client, 1100, "passkey-required").await;
    press(client, "Add a passkey", "Hello, Maya Okafor").await;
    scene.sign_out().await;
    press(client, "Sign in with a passkey", "Hello, Maya Okafor").await;
    scene.sign_out().await;
    // The mailbox alone isn't enough.
    scene.by_link("Show your passkey").await;
    looks_right(client, 1100, "passkey-to-show").await;
    scene.verifies(false).await;
    press(client, "Use a passkey", "That was cancelled, or took too long").await;
    scene.verifies(true).await;
    press(client, "Use a passkey", "Hello, Maya Okafor").await;
    scene.browser.client.clone().close().await.expect("the browser ends");
}

#[tokio::test]
#[cfg_attr(no_browser, ignore = "needs Chromium and chromedriver")]
async fn what_a_browser_sends_counts_once_there_and_only_from_whom_the_device_checked() {
    let scene = Scene::new(1100).await;
    let (client, house) = (scene.client(), &scene.house);
    house.person("ada", "ada@northlight.example", &["admin"]).await;
    scene.by_link("Hello, Maya Okafor").await;
    scene.goto("/account").await;
    press(client, "Add a passkey", "The passkey is added").await;
    scene.sign_out().await;
    // The device doesn't know who uses it: the browser says so, and so do we if it doesn't ask.
    scene.verifies(false).await;
    press(client, "Sign in with a passkey", "That was cancelled, or took too long").await;
    let focused = client.execute("return document.activeElement.textContent", Vec::new()).await.expect("it answers");
    assert_eq!(focused, "Sign in with a passkey", "the focus stays");
    let (handle, answer) = scene.answer("options.userVerification = 'discouraged';").await;
    scene.send(&handle, &answer, "your device didn’t check that it’s you").await;
    scene.verifies(true).await;
    // An answer that was read on the way: in another browser, and a second time in this one.
    let (handle, answer) = scene.answer("").await;
    let mut thief = house.browser();
    thief.get("/sign-in").await;
    let fields = [("handle", handle.as_str()), ("answer", answer.as_str())];
    let refused = thief.post("/sign-in/passkey", &fields).await;
    assert!(refused.body.contains("answered already") && !house.admits(&thief).await, "{}", refused.body);
    scene.send(&handle, &answer, "Hello, Maya Okafor").await;
    scene.sign_out().await;
    scene.send(&handle, &answer, "answered already").await;
    // Whoever left isn't let in.
    house.deactivate(house.world.organization, house.world.coach).await.expect("she leaves");
    press(client, "Sign in with a passkey", "wasn’t accepted").await;
    assert_eq!(house.count("select count(*) from sign_ins where ended_at is null").await, 0);
    scene.browser.client.clone().close().await.expect("the browser ends");
}
