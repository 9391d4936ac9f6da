//! The README as a reader follows it: its blocks run as written, in an empty home and without settings. Blocks that
//! need Docker or compile the program again are skipped by name; the files they use are checked instead.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use axum::{Json, Router, routing::get};
use debrief::folders;
use saphyr::{LoadableYamlNode, Yaml};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    TestDatabase,
    installation::{free_port, wait_for},
};

const README: &str = include_str!("../README.md");
const COMPOSE: &str = include_str!("../docker-compose.yml");
const ENV_EXAMPLE: &str = include_str!("../.env.example");

/// The blocks in a language below a heading.
fn blocks(heading: &str, language: &str) -> Vec<String> {
    let section = README.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}")).1;
    let section = section.split("\n## ").next().expect("a section");
    let opening = format!("```{language}\n");
    section.split(&opening).skip(1).map(|rest| rest.split("```").next().expect("a block").to_owned()).collect()
}

/// A reader's machine: an empty home, and the program on the path.
struct Laptop {
    home: TempDir,
    environment: Vec<(String, String)>,
}

impl Laptop {
    fn new() -> Self {
        // If this user is root, Postgres runs as another user, who must be able to pass through.
        let home = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().expect("a folder");
        let program = Path::new(env!("CARGO_BIN_EXE_debrief")).parent().expect("a folder").display().to_string();
        let path = format!("{program}:{}", std::env::var("PATH").expect("a path"));
        let (port, admin_port) = (free_port(), free_port());
        let mut laptop = Self { home, environment: Vec::new() };
        for (name, value) in [
            ("PATH", path),
            ("HOME", laptop.home.path().display().to_string()),
            // Downloads are shared between runs, but ports aren't shared between tests.
            ("DEBRIEF_CACHE_DIR", folders::cache().display().to_string()),
            ("DEBRIEF_HTTP__LISTEN", format!("127.0.0.1:{port}")),
            ("DEBRIEF_HTTP__ADMIN_LISTEN", format!("127.0.0.1:{admin_port}")),
            ("DEBRIEF_REVIEW__BASE_URL", format!("http://127.0.0.1:{port}")),
        ] {
            laptop.set(name, value);
        }
        if folders::is_root() {
            // Root's files are elsewhere; here they go where the README's reader has them.
            laptop.set("DEBRIEF_DATA_DIR", laptop.data().display().to_string());
        }
        laptop
    }

    fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.push((name.to_owned(), value.into()));
    }

    fn data(&self) -> PathBuf {
        self.home.path().join(".local/share/debrief")
    }

    /// A shell with these lines, in the project's folder or another.
    fn shell(&self, script: &str, folder: &Path) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-euc", script]).current_dir(folder).stdin(Stdio::null());
        shell.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        shell
    }

    async fn run(&self, script: &str) -> Output {
        self.run_in(script, Path::new(env!("CARGO_MANIFEST_DIR"))).await
    }

    async fn run_in(&self, script: &str, folder: &Path) -> Output {
        let mut shell = self.shell(script, folder);
        tokio::task::spawn_blocking(move || shell.output().expect("there is a shell")).await.expect("it ends")
    }

    /// The same, but everything must succeed; returns the output.
    async fn goes(&self, script: &str) -> String {
        let output = self.run(script).await;
        assert!(output.status.success(), "{script}\nended with {}: {}", output.status, said(&output.stderr));
        said(&output.stdout)
    }

    /// Runs a block that ends with `debrief up`: the lines before it to completion, and the last in the background.
    /// Returns the output.
    async fn start(&self, block: &str, folder: &Path) -> (String, Up) {
        let (before, up) = block.trim_end().rsplit_once('\n').expect("several lines");
        assert!(up.starts_with("debrief up"), "the block ends with {up}");
        // In the shell's own process, so that it can be stopped.
        let script = format!("{before}\nexec {up}");
        let (stdout, stderr) = (self.home.path().join("stdout"), self.home.path().join("stderr"));
        let file = |path: &Path| std::fs::File::create(path).expect("the home can be written");
        let mut shell = self.shell(&script, folder);
        let child = shell.stdout(file(&stdout)).stderr(file(&stderr)).spawn().expect("there is a shell");
        let mut up = Up { child, log: stderr };
        wait_for("debrief up", async || {
            if let Ok(Some(status)) = up.child.try_wait() {
                panic!("{script}\nended with {status}: {}", up.log());
            }
            up.log().contains("review pages").then_some(())
        })
        .await;
        (std::fs::read_to_string(stdout).expect("it was printed"), up)
    }
}

/// `debrief up` in the background.
struct Up {
    child: Child,
    log: PathBuf,
}

impl Up {
    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ctrl-C, and the exit code.
    fn interrupt(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill is there").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn without(block: &str, programs: &[&str]) -> String {
    let kept = block.lines().filter(|line| !programs.iter().any(|program| line.starts_with(program)));
    kept.map(|line| format!("{line}\n")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_hour_on_a_laptop_goes_as_the_readme_says() {
    let laptop = Laptop::new();
    let [install, people_and_up, drop, link] =
        blocks("Use it on your own machine", "sh").try_into().expect("four blocks");
    assert!(install.starts_with("cargo install --path . --locked"), "the test has the program already: {install}");

    let (printed, mut up) = laptop.start(&people_and_up, Path::new(env!("CARGO_MANIFEST_DIR"))).await;
    let inbox = laptop.data().join("bucket/inbox/maya");
    assert!(printed.contains(&format!("put transcripts in {}\n", inbox.display())), "{printed}");
    assert!(inbox.is_dir(), "the folder is made");
    for place in [laptop.data().join("bucket/inbox/COACH"), laptop.data().join("mail")] {
        assert!(up.log().contains(&place.display().to_string()), "{} is not in {}", place.display(), up.log());
    }

    laptop.goes(&drop).await;
    wait_for("the session to be in review", async || {
        let sessions = laptop.goes("debrief sessions list --json").await;
        sessions.contains("\"state\":\"in_review\"").then_some(())
    })
    .await;
    let letter = wait_for("the mail to the coach", async || {
        let mut letters = std::fs::read_dir(laptop.data().join("mail")).ok()?;
        letters.find_map(|letter| std::fs::read_to_string(letter.expect("an entry").path()).ok())
    })
    .await;
    assert!(letter.contains("maya@example.org") && letter.contains("/r/dbr_"), "{letter}");
    let inbox: Value = serde_json::from_str(&laptop.goes("debrief inbox --json").await).expect("one file");
    assert_eq!((&inbox["outcome"], &inbox["session_state"]), (&json!("read"), &json!("in_review")), "{inbox}");

    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = laptop.goes(&link).await;
    let page = reqwest::get(url.trim()).await.expect("the page answers");
    assert_eq!(page.status(), 200, "{url}");
    assert!(page.text().await.expect("a page").contains("<button"), "it has a button that opens it");

    // Scanning the inbox every few seconds isn't worth logging.
    let looks = up.log().lines().filter(|line| line.contains("ingest.scan_inbox") && line.contains("job ")).count();
    assert_eq!(looks, 0, "{}", up.log());
    assert_eq!(up.interrupt(), Some(0), "{}", up.log());
    // A busy machine may have slow statements; any other warning would alarm readers needlessly.
    let log = up.log();
    let warnings: Vec<&str> =
        log.lines().filter(|line| line.contains("\"WARN\"") && !line.contains("slow statement")).collect();
    assert!(warnings.is_empty(), "{warnings:#?}");
    // What was created is there the next time.
    assert!(laptop.goes("debrief sessions list").await.contains("in_review"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_model_takes_the_two_lines_of_the_readme() {
    let models = get(async || Json(json!({ "object": "list", "data": [{ "id": "qwen3:8b" }] })));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/models", models)).await });

    let mut laptop = Laptop::new();
    let [settings] = blocks("Use it on your own machine", "toml").try_into().expect("one block");
    assert_eq!(settings.lines().count(), 3, "a heading and two lines");
    assert!(settings.contains("127.0.0.1:11434"), "Ollama's own port");
    let file = laptop.home.path().join(".config/debrief/debrief.toml");
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("the home can be written");
    std::fs::write(&file, settings.replace("127.0.0.1:11434", &address)).expect("the home can be written");
    if folders::is_root() {
        laptop.set("DEBRIEF_CONFIG", file.display().to_string());
    }
    let database = TestDatabase::new().await;
    laptop.set("DATABASE_URL", database.url.expose_secret());
    let checks: Vec<Value> =
        serde_json::from_str(&laptop.goes("debrief doctor --json || true").await).expect("a document");
    let summaries = checks.iter().find(|check| check["name"] == "summaries").expect("a check");
    assert!(summaries["detail"].as_str().expect("a text").contains("qwen3:8b"), "{summaries}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_block_for_servers_runs_but_for_docker() {
    let mut laptop = Laptop::new();
    let [block] = blocks("On servers", "sh").try_into().expect("one block");
    assert!(block.starts_with("docker compose up -d"), "{block}");
    let database = TestDatabase::empty().await;
    for (name, value) in [
        ("TEST_DATABASE", database.urls.app.expose_secret().to_owned()),
        ("TEST_OWNER", database.url.expose_secret().to_owned()),
        ("TEST_FOLDER", format!("file://{}", laptop.home.path().display())),
        (
            "TEST_PAGES",
            laptop.environment.iter().find(|(name, _)| name.contains("BASE_URL")).expect("it is set").1.clone(),
        ),
    ] {
        laptop.set(name, value);
    }
    // The test provides the parts that Docker would: nothing else is added.
    let ours = "set +a\nexport DATABASE_URL=\"$TEST_DATABASE\" DATABASE_OWNER_URL=\"$TEST_OWNER\" DEBRIEF_BUCKET=\"$TEST_FOLDER/bucket\" \
                DEBRIEF_MAIL__URL=\"$TEST_FOLDER/mail\" DEBRIEF_REVIEW__BASE_URL=\"$TEST_PAGES\"\n";
    let script = without(&block, &["docker"]).replace("set +a\n", ours);
    assert!(script.contains("TEST_DATABASE"), "{script}");
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join(".env.example"), ENV_EXAMPLE).expect("the folder can be written");
    let (printed, mut up) = laptop.start(&script, folder.path()).await;
    assert!(printed.contains("the database is up to date"), "{printed}");
    assert!(!printed.contains("FAILED"), "{printed}");
    assert_eq!(up.interrupt(), Some(0), "{}", up.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_of_an_environment_is_read_by_a_shell_and_by_the_program() {
    let laptop = Laptop::new();
    let folder = TempDir::new().expect("a folder");
    // The commented-out settings as well, each with a value.
    let filled =
        ENV_EXAMPLE.lines().map(|line| match line.strip_prefix("# ").filter(|line| line.starts_with("DEBRIEF_")) {
            Some(setting) if setting.ends_with('=') => format!("{setting}1\n"),
            Some(setting) => format!("{setting}\n"),
            None => format!("{line}\n"),
        });
    for (name, content) in [(".env", ENV_EXAMPLE.to_owned()), (".env.filled", filled.collect())] {
        std::fs::write(folder.path().join(name), content).expect("the folder can be written");
        let script = format!("set -a; . ./{name}; set +a; env; debrief doctor --json || true");
        let output = laptop.run_in(&script, folder.path()).await;
        assert!(output.status.success(), "{name}: {}", said(&output.stderr));
        let printed = said(&output.stdout);
        assert!(printed.contains("DEBRIEF_MAIL__FROM=Debrief <debrief@example.org>\n"), "{name}: {printed}");
        let document = printed.find("\n[\n").unwrap_or_else(|| panic!("{name}: no document in {printed}"));
        let checks: Vec<Value> = serde_json::from_str(&printed[document..]).expect("a document");
        assert_eq!((&checks[0]["name"], &checks[0]["ok"]), (&json!("settings"), &json!(true)), "{name}: {checks:?}");
    }
}

#[test]
fn the_compose_file_brings_what_the_example_of_an_environment_names() {
    let documents = Yaml::load_from_str(COMPOSE).expect("YAML");
    let services = documents[0]["services"].as_mapping().expect("services");
    let published: Vec<String> = services
        .values()
        .filter_map(|service| service.as_mapping_get("ports")?.as_sequence())
        .flatten()
        .filter_map(|port| Some(port.as_str()?.split(':').take(2).collect::<Vec<_>>().join(":")))
        .collect();
    let addresses = regex::Regex::new(r"127\.0\.0\.1:\d+").expect("a good expression");
    let named: Vec<&str> = addresses.find_iter(ENV_EXAMPLE).map(|found| found.as_str()).collect();
    assert!(named.len() >= 4, "{named:?}");
    for address in named {
        assert!(published.iter().any(|port| port == address), "nothing of {published:?} is at {address}");
    }
    let names: Vec<&str> = services.keys().filter_map(|name| name.as_str()).collect();
    for (name, service) in services {
        let Some(needed) = service.as_mapping_get("depends_on").and_then(|needed| needed.as_mapping()) else {
            continue;
        };
        for other in needed.keys().filter_map(|other| other.as_str()) {
            assert!(names.contains(&other), "{name:?} depends on {other}, which is not there");
        }
    }
    let profiles = README.split("--profile ").skip(1).map(|rest| rest.split(' ').next().unwrap_or_default());
    for profile in profiles {
        assert!(COMPOSE.contains(&format!("\"{profile}\"")), "there is no profile {profile}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_in_a_block_of_the_readme_is_there() {
    let laptop = Laptop::new();
    let mut looked = 0;
    for block in README.split("```sh\n").skip(1).map(|rest| rest.split("```").next().expect("a block")) {
        for line in block.lines().map(|line| line.split(" #").next().unwrap_or_default().trim()) {
            let command = line.replacen("cargo run --locked -- ", "debrief ", 1);
            if command.starts_with("debrief ") {
                laptop.goes(&format!("{command} --help")).await;
                looked += 1;
            }
        }
    }
    assert!(looked > 10, "{looked} commands");
}
