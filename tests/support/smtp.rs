//! A real SMTP server for a test: aiosmtpd, with the misbehavior described in `smtp_server.py`.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde::Deserialize;
use tempfile::TempDir;

use super::python;

/// A running server. It stops on drop.
#[derive(Debug)]
pub(crate) struct SmtpServer {
    child: Child,
    folder: TempDir,
    port: u16,
}

/// A message as accepted by the server, decoded.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Letter {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) message_id: String,
    /// From, To and Reply-To as parsed by a reader: names and addresses.
    pub(crate) mailboxes: BTreeMap<String, Vec<(String, String)>>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) longest_line: usize,
}

impl Letter {
    /// The values of the headers of that name.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }
}

impl SmtpServer {
    /// Starts one on a free port.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut child = smtp_command()
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts the SMTP server");
        let mut line = String::new();
        let output = child.stdout.take().expect("the server's output is piped");
        BufReader::new(output).read_line(&mut line).expect("the server prints its port");
        let port = line.trim().parse().expect("the SMTP server did not start: see above");
        Self { child, folder, port }
    }

    /// For `mail.url`. The server answers immediately or never, so two seconds are long.
    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}?timeout=2", self.port)
    }

    /// The messages it has accepted, in order.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        let taken = std::fs::read_to_string(self.folder.path().join("messages.jsonl")).unwrap_or_default();
        // The line being written is not a complete letter yet.
        let whole = taken.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).expect("a message as written by the server")).collect()
    }

    /// Waits until it has accepted `count` messages.
    pub(crate) async fn has_taken(&self, count: usize) {
        let taken = async {
            while self.letters().len() < count {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), taken).await.expect("the server takes the message");
    }

    /// From now on it doesn't answer the first `step` (`rcpt` or `data`) for this address until released.
    pub(crate) fn hold(&self, step: &str, address: &str) {
        std::fs::write(self.folder.path().join(format!("hold-{step}")), address).expect("the folder is writable");
    }

    /// Waits until it leaves a client without an answer.
    pub(crate) async fn has_held(&self) {
        let held = self.folder.path().join("held");
        super::installation::wait_for("the mail server to be asked", async || held.exists().then_some(())).await;
    }

    /// Lets it answer again.
    pub(crate) fn release(&self) {
        std::fs::write(self.folder.path().join("release"), "").expect("the folder is writable");
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The letters in a folder of `.eml` files, in the order in which they were queued (their names start with a time).
pub(crate) fn letters_in(folder: &Path) -> Vec<Letter> {
    let entries = std::fs::read_dir(folder).expect("the folder of mails");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    let output = smtp_command().arg("--decode").args(files).output().expect("python3 runs");
    let decoded = String::from_utf8(output.stdout).expect("JSON is text");
    decoded.lines().map(|line| serde_json::from_str(line).expect("a message as written by the script")).collect()
}

/// The command that runs the server, still without its folder.
fn smtp_command() -> Command {
    let mut command = python::command();
    command.args(["-W", "ignore"]).arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/smtp_server.py"));
    command
}
