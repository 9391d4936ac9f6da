//! A real browser: headless Chromium, driven by chromedriver.
//!
//! Tests can't install a browser themselves. If it is missing, a browser test says so past the test runner's capture,
//! and is skipped; `DEBRIEF_TESTS_FORBID_SKIP=1` turns that into a failure.

use std::{
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;

/// A browser and its driver, both stopped on drop.
#[derive(Debug)]
pub(crate) struct Browser {
    /// The session with the driver.
    pub(crate) client: Client,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser with a window `width` pixels wide and these extra arguments; reports and returns `None` if
    /// there is no Chromium.
    pub(crate) async fn start(test: &str, width: u32, further: &[&str]) -> Option<Self> {
        let (Some(chromium), Some(chromedriver)) =
            (find(&["chromium", "chromium-browser", "google-chrome"]), find(&["chromedriver"]))
        else {
            sit_out(test);
            return None;
        };
        let profile = TempDir::new().expect("a temporary folder");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
        let driver = Command::new(chromedriver)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let client = connect(port, &chromium, profile.path(), width, further).await;
        Some(Self { client, driver, _profile: profile })
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
    for _ in 0..100 {
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
    let page = client.wait().at_most(Duration::from_secs(20)).for_element(Locator::XPath(&path)).await;
    page.unwrap_or_else(|error| panic!("no page says {then}: {error}"));
}

/// The visible words of the page, without the contents of fields.
pub(crate) async fn text(client: &Client) -> String {
    let text = client.execute("return document.body.innerText", Vec::new()).await.expect("the page answers");
    text.as_str().unwrap_or_default().to_owned()
}

fn find(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}

/// Past the test runner's capture, which hides what `eprintln!` prints in a passing test.
fn sit_out(test: &str) {
    let message = format!(
        "\n*** {test} DID NOT RUN: it needs Chromium and chromedriver. On Debian: apt-get install chromium chromium-driver\n\n"
    );
    assert!(std::env::var_os("DEBRIEF_TESTS_FORBID_SKIP").is_none(), "{message}");
    let _ = std::fs::OpenOptions::new()
        .append(true)
        .open("/dev/stderr")
        .and_then(|mut file| file.write_all(message.as_bytes()));
}
