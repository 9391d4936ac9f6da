//! The real binary with real parts: an installation like an operator's, in temporary folders and on free ports.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use debrief_jobs::{
    Services,
    audit::Visitor,
    db::Tx,
    model::listing::{self, Filter},
    review::{self, actions},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use super::{TestDatabase, world};

/// How long a test waits for anything; far more than needed on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A separate installation.
#[derive(Debug)]
pub(crate) struct Installation {
    pub(crate) database: TestDatabase,
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
    environment: Vec<(String, String)>,
}

impl Installation {
    /// Creates one that uses folders for the bucket and the emails.
    pub(crate) async fn new() -> Self {
        Self::over(TestDatabase::new().await)
    }

    /// Creates one with a database that nobody has migrated yet.
    pub(crate) async fn unmigrated() -> Self {
        Self::over(TestDatabase::empty().await)
    }

    fn over(database: TestDatabase) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let (port, admin_port) = (free_port(), free_port());
        let mut installation = Self { database, folder, port, environment: Vec::new() };
        let path = installation.folder.path().to_path_buf();
        let urls = installation.database.urls.clone();
        for (name, value) in [
            ("DATABASE_URL", urls.app.expose_secret().to_owned()),
            ("DATABASE_OWNER_URL", urls.owner.expose_secret().to_owned()),
            ("DEBRIEF_DATA_DIR", path.join("data").display().to_string()),
            ("DEBRIEF_BUCKET", format!("file://{}/bucket", path.display())),
            ("DEBRIEF_MAIL__URL", format!("file://{}/mail", path.display())),
            ("DEBRIEF_MAIL__FROM", "Debrief <debrief@northlight.example>".into()),
            ("DEBRIEF_HTTP__LISTEN", format!("127.0.0.1:{port}")),
            ("DEBRIEF_HTTP__ADMIN_LISTEN", format!("127.0.0.1:{admin_port}")),
            ("DEBRIEF_REVIEW__BASE_URL", format!("http://127.0.0.1:{port}")),
            ("DEBRIEF_REVIEW__HOLD_SECONDS", "0".into()),
            ("DEBRIEF_LOG__FORMAT", "json".into()),
        ] {
            installation.set(name, value);
        }
        installation
    }

    /// Sets an environment variable for everything started from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
    }

    /// The command line of `debrief` with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_debrief"));
        let empty = self.folder.path().join("debrief.toml");
        if !empty.exists() {
            std::fs::write(&empty, "").expect("the temporary folder can be written");
        }
        command.args(arguments).env("DEBRIEF_CONFIG", empty).stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `debrief` to completion, which must succeed, and returns its output.
    pub(crate) async fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        assert!(
            output.status.success(),
            "debrief {arguments:?} ended with {}:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Runs `debrief` to completion, successful or not.
    pub(crate) async fn output(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        tokio::task::spawn_blocking(move || command.output().expect("debrief starts")).await.expect("it ends")
    }

    /// Runs `debrief … --json` and returns the document it printed.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        serde_json::from_str(&self.run(&arguments).await).expect("a JSON document")
    }

    /// Runs `debrief … --json` and returns the documents it printed, one per line.
    pub(crate) async fn json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let printed = self.run(&arguments).await;
        printed.lines().map(|line| serde_json::from_str(line).expect("a JSON document a line")).collect()
    }

    /// Starts `debrief` in the background; its log is a file in the folder.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        self.spawn(self.command(arguments))
    }

    /// Starts `debrief` in the background with a limit on file descriptors.
    pub(crate) fn start_with_descriptors(&self, arguments: &[&str], descriptors: u32) -> Process {
        let plain = self.command(arguments);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"")]);
        command.arg(plain.get_program()).args(plain.get_args()).stdin(Stdio::null());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.spawn(command)
    }

    fn spawn(&self, mut command: Command) -> Process {
        let log = std::fs::File::options().create(true).append(true).open(self.log()).expect("a log file");
        command.stdout(Stdio::null()).stderr(log);
        Process(command.spawn().expect("debrief starts"))
    }

    /// The log of what was started.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("debrief.log")
    }

    /// The organization `northlight`, the coach `maya`, her clients Priya and Tom.
    pub(crate) async fn people(&self) {
        self.run(&["org", "add", "northlight", "--name", "Northlight Coaching"]).await;
        let coach = [
            "coach",
            "add",
            "maya",
            "--org",
            "northlight",
            "--name",
            "Maya Okafor",
            "--email",
            "maya@northlight.example",
        ];
        self.run(&coach).await;
        for (name, email) in [("Priya Raman", "priya@raman.example"), ("Tom Becker", "tom@becker.example")] {
            self.run(&["client", "add", "--coach", "maya", "--name", name, "--email", email]).await;
        }
    }

    /// Approves every summary ready for review, like the coach on the page, and returns the organization.
    pub(crate) async fn approve_everything(&self) -> Uuid {
        let db = &self.database.db;
        let mut settings = world::settings(&self.folder);
        settings.review.hold_seconds = self.value("DEBRIEF_REVIEW__HOLD_SECONDS").parse().expect("a number");
        let services = Services::new(db.clone(), &settings).expect("good settings");
        let organization = db.organizations().await.expect("the database answers")[0];
        let mut tx = db.tenant(organization).await.expect("a transaction");
        for session in listing::sessions(&mut tx, &Filter::default()).await.expect("the sessions") {
            let view = review::view::view(&mut tx, session.id).await.expect("the view").expect("the session");
            for summary in view.summaries.iter().filter(|summary| summary.state.as_str() == "done") {
                let signed = summary.signed();
                let visitor = Visitor::default();
                actions::approve(&mut tx, &services.desk, session.id, summary.id, &signed, &visitor)
                    .await
                    .expect("it is open");
            }
        }
        tx.commit().await.expect("the approvals");
        organization
    }

    fn value(&self, name: &str) -> &str {
        self.environment.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Puts a file in the bucket's folder.
    pub(crate) fn drop_into_bucket(&self, key: &str, text: &str) {
        let path = self.folder.path().join("bucket").join(key);
        std::fs::create_dir_all(path.parent().expect("a key has a folder")).expect("the bucket can be written");
        std::fs::write(path, text).expect("the bucket can be written");
    }
}

/// A test that fails says what its programs logged last, and every warning before that.
impl Drop for Installation {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.len().saturating_sub(20);
        let warns = |line: &str| line.contains(r#""level":"WARN""#) || line.contains(r#""level":"ERROR""#);
        let told = lines.iter().enumerate().filter(|(at, line)| *at >= last || warns(line));
        for line in told.map(|(_, line)| line).take(200) {
            eprintln!("{}", line.chars().take(600).collect::<String>());
        }
    }
}

/// A running `debrief`, killed on drop.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Sends SIGKILL, so that it can't clean up.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }

    /// Whether it has ended, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("it can be asked")
    }

    /// Sends SIGTERM, and returns the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there");
        assert!(sent.success());
        self.0.wait().expect("it ends").code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on, and that nobody is given until it is used: it lies below those that systems give to
/// outgoing connections and to listeners on port 0 (from 32768 or 49152), and a process hands out each only once.
pub(crate) fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 10_240;
    const COUNT: u32 = 20_000;
    // Test processes that run at once begin far apart.
    let begin = std::process::id().wrapping_mul(7_919);
    let mut ports = std::iter::repeat_with(|| {
        let at = begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT;
        u16::try_from(FIRST + at).expect("it is below 32768")
    });
    let free = ports.by_ref().take(1_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.expect("one of a thousand ports is free")
}

/// Waits until `look` finds something; panics with `what` after the timeout.
pub(crate) async fn wait_for<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
