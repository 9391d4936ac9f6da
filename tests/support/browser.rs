//! A real browser: headless Chromium, driven by chromedriver.
//!
//! The tests can't bring a browser themselves. If there was none when they were built, each test that needs it is ignored
//! (`cfg(no_browser)`, from the build script); `--include-ignored` runs it all the same, and it fails.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

use super::{
    chromium,
    installation::{PATIENCE, free_port},
};

/// A browser and its driver, both ended with the value.
#[derive(Debug)]
pub(crate) struct Browser {
    /// The session with the driver.
    pub(crate) client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts one whose window is `width` pixels wide, with these further arguments.
    pub(crate) async fn start(width: u32, further: &[&str]) -> Self {
        let found = chromium::find();
        let (chromium, chromedriver) = found.expect("Chromium and chromedriver (Debian: chromium, chromium-driver)");
        let profile = TempDir::new().expect("a temporary folder");
        let port = free_port();
        let driver = Command::new(chromedriver)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let client = connect(port, &chromium, profile.path(), width, further).await;
        Self { client, driver, _profile: profile }
    }

    /// Ends the session; dropping the value stops the driver and the browser.
    pub(crate) async fn close(self) {
        self.client.clone().close().await.expect("the browser ends");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

async fn connect(port: u16, chromium: &Path, profile: &Path, width: u32, further: &[&str]) -> Client {
    let mut arguments = vec![
        "--headless=new".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--force-prefers-reduced-motion".to_owned(),
        format!("--window-size={width},900"),
        format!("--user-data-dir={}", profile.display()),
    ];
    arguments.extend(further.iter().map(|&argument| argument.to_owned()));
    // A headless window is at least 500 pixels wide; a phone is narrower, so its screen is emulated.
    let mut options = json!({ "binary": chromium, "args": arguments });
    if width < 500 {
        options["mobileEmulation"] = json!({ "deviceMetrics": { "width": width, "height": 740, "pixelRatio": 2.0 } });
    }
    let capabilities = json!({ "goog:chromeOptions": options });
    let serde_json::Value::Object(capabilities) = capabilities else { unreachable!("an object was written above") };
    let url = format!("http://127.0.0.1:{port}");
    // The driver needs a moment before it listens, and nothing announces that: ask until it answers.
    let mut last = None;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match ClientBuilder::new(HttpConnector::new()).capabilities(capabilities.clone()).connect(&url).await {
            Ok(client) => return client,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("chromedriver did not start a browser: {last:?}");
}

/// Clicks a button and waits for a page that says `then`.
pub(crate) async fn press(client: &Client, label: &str, then: &str) {
    let button = client.find(Locator::XPath(&format!("//button[normalize-space()='{label}']"))).await;
    button.unwrap_or_else(|error| panic!("{label}: {error}")).click().await.expect("it is pressed");
    let path = format!("//main//*[contains(., '{then}')]");
    let page = client.wait().at_most(PATIENCE).for_element(Locator::XPath(&path)).await;
    page.unwrap_or_else(|error| panic!("no page says {then}: {error}"));
}

/// The visible words of the page, without the contents of fields.
pub(crate) async fn text(client: &Client) -> String {
    let text = client.execute("return document.body.innerText", Vec::new()).await.expect("the page answers");
    text.as_str().unwrap_or_default().to_owned()
}
