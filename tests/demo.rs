//! `debrief demo`, as run by someone who has nothing set up.

use std::{
    fs::{File, Permissions},
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use reqwest::{StatusCode, header, redirect::Policy};
use serde_json::{Value, json};

use crate::support::installation::free_port;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_goes_as_it_expects_on_a_machine_with_nothing_set_up() {
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut demo = Command::new(env!("CARGO_BIN_EXE_debrief"));
    demo.args(["demo", "--exit", "--json", "--data-dir"]).arg(&data);
    demo.env_remove("DATABASE_URL").env("XDG_CONFIG_HOME", folder.path()).stdin(Stdio::null());
    let ran = tokio::task::spawn_blocking(move || demo.output().expect("debrief starts")).await.expect("it ends");
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let outcome: Value = serde_json::from_slice(&ran.stdout).expect("a JSON document");
    assert_eq!(outcome["unexpected"], json!([]));
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(!told.contains("WARN"), "a race that is to be expected is no warning: {told}");
    let sessions = outcome["sessions"].as_array().expect("sessions");
    assert!(sessions.len() >= 12, "{} sessions", sessions.len());

    let rejected: Vec<&Value> = sessions.iter().filter(|session| session["state"] == "rejected").collect();
    assert_eq!(rejected.len(), 1, "one file is broken on purpose");
    let key = rejected[0]["object_key"].as_str().expect("a key").replacen("inbox/", "rejected/", 1);
    let reason = data.join("demo/bucket").join(format!("{key}.reason.json"));
    let reason: Value = serde_json::from_slice(&std::fs::read(reason).expect("the reason lies there")).expect("JSON");
    assert_eq!(reason["reason"], rejected[0]["reason"]);
}

/// A demo that keeps running, and its output so far; stopped on drop.
struct Demo(Child, Arc<Mutex<String>>);

impl Drop for Demo {
    fn drop(&mut self) {
        // It holds a Postgres, which it stops when interrupted.
        let _ = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

impl Demo {
    /// Waits until it prints `words`, however long that takes on a busy machine, and returns the output so far.
    async fn says(&mut self, words: &'static str) -> String {
        let mut lines = BufReader::new(self.0.stderr.take().expect("it is read once")).lines();
        let (told, reached) = (Arc::clone(&self.1), tokio::sync::oneshot::channel());
        std::thread::spawn(move || {
            let mut sender = Some(reached.0);
            while let Some(Ok(line)) = lines.next() {
                let mut told = told.lock().expect("nobody panics with it");
                told.push_str(&format!("{line}\n"));
                if line.contains(words)
                    && let Some(sender) = sender.take()
                {
                    let _ = sender.send(());
                }
            }
        });
        let said = reached.1.await;
        let told = self.told();
        assert!(said.is_ok(), "it ended without {words:?}: {told}");
        told
    }

    /// All its output.
    fn told(&self) -> String {
        self.1.lock().expect("nobody panics with it").clone()
    }
}

fn start(folder: &Path) -> Demo {
    let port = free_port();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_debrief"));
    demo.args(["demo", "--json", "--data-dir"]).arg(folder.join("data"));
    demo.env_remove("DATABASE_URL").env("XDG_CONFIG_HOME", folder).stdin(Stdio::null());
    demo.env("DEBRIEF_HTTP__LISTEN", format!("127.0.0.1:{port}"));
    demo.env("DEBRIEF_HTTP__ADMIN_LISTEN", format!("127.0.0.1:{}", free_port()));
    demo.env("DEBRIEF_REVIEW__BASE_URL", format!("http://127.0.0.1:{port}"));
    let file = |name: &str| File::create(folder.join(name)).expect("the folder can be written");
    Demo(demo.stdout(file("stdout")).stderr(Stdio::piped()).spawn().expect("debrief starts"), Arc::default())
}

/// The value of the first field of this name in a page.
fn field(page: &str, name: &str) -> String {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split('"').next().expect("a value").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_visitor_of_the_demo_approves_can_be_stopped() {
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().expect("a folder");
    let mut demo = start(folder.path());
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    let told = demo.says("The pages stay up").await;
    assert!(told.contains("until then you can stop it"), "{told}");
    let outcome: Value = serde_json::from_str(&read("stdout")).expect("a JSON document");
    let link = outcome["sessions"].as_array().expect("sessions").iter().find(|session| session["state"] == "in_review");
    let link = link.and_then(|session| session["review_link"].as_str()).expect("a link").to_owned();
    let site = link.split("/r/").next().expect("an address").to_owned();
    let letters = || std::fs::read_dir(folder.path().join("data/demo/mail")).expect("the folder of mails").count();
    let before = letters();

    let _ = rustls::crypto::ring::default_provider().install_default();
    let browser = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
    let post = async |path: &str, cookie: &str, fields: &[(&str, &str)]| {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = browser.post(format!("{site}{path}")).body(body).header(header::COOKIE, cookie);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        request.header("sec-fetch-site", "same-origin").send().await.expect("it answers")
    };
    let opened = post(&format!("{}/open", link.trim_start_matches(&site)), "", &[]).await;
    let of = |name: header::HeaderName| opened.headers()[name].to_str().expect("text").to_owned();
    let cookie = of(header::SET_COOKIE).split(';').next().expect("a cookie").to_owned();
    let page_at = of(header::LOCATION);
    let look = async || {
        let asked = browser.get(format!("{site}{page_at}")).header(header::COOKIE, &cookie).send();
        let page = asked.await.expect("it answers").text().await.expect("a page");
        page.replace("&#x2f;", "/").replace("&#x27;", "'")
    };
    let page = look().await;
    let action =
        page.split("/approve\"").next().and_then(|before| before.rsplit('"').next()).expect("a form").to_owned();
    let names = ["form_token", "version", "hash", "to", "to_name"];
    let values = names.map(|name| field(&page, name));
    let fields: Vec<(&str, &str)> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
    let approved = post(&format!("{action}/approve"), &cookie, &fields).await;
    assert_eq!(approved.status(), StatusCode::SEE_OTHER, "{}", approved.text().await.expect("a page"));

    assert!(look().await.contains(&format!("{action}/cancel\"")), "the page offers to stop it");
    let token = field(&look().await, "form_token");
    let stopped = post(&format!("{action}/cancel"), &cookie, &[("form_token", &token)]).await;
    assert_eq!(stopped.status(), StatusCode::SEE_OTHER);
    assert!(look().await.contains(&format!("{action}/approve\"")), "it is open again");
    assert_eq!(letters(), before, "nothing went out");
    assert!(!demo.told().contains("WARN"), "{}", demo.told());
}
