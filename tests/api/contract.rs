//! The API as its document promises it: tried by a fuzzer that knows nothing but the document, and by a client that was
//! generated from it in another language.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{
    installation::{Installation, Process, wait_for},
    python,
};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/client.py");

/// What no schema can say (a coach who isn't there, a version that has changed) is refused with these.
const EXPECTED: &str = r#"
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "412", "413", "422", "428", "429"]
negative_data_rejection.expected-statuses = ["400", "401", "403", "404", "406", "409", "412", "413", "415", "422", "428"]
missing_required_header.expected-statuses = ["400", "401", "403", "404", "406", "415", "422", "428"]

# Another version of the protocol is refused before the length is missed.
[[operations]]
include-operation-id = "create_upload"
checks.missing_required_header.expected-statuses = ["400", "401", "403", "404", "406", "412", "415", "422", "428"]
"#;

const TALK: &str = "[00:00:01] Maya Okafor: What will you do before we meet again?\n\
    [00:00:05] Conference iPad: I will send the budget to Jonas by Friday.\n\
    [00:00:12] Maya Okafor: Good. I recommend that you call him first.\n";

/// An installation that serves and works, and a key of an admin who coaches.
async fn serving() -> (Installation, Process, String) {
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_HTTP__API_REQUESTS_PER_MINUTE", "1000000");
    // Programs sign in.
    installation.set("DEBRIEF_SIGN_IN__SECRET_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
    installation.people().await;
    installation.run(&["coach", "change", "maya", "--role", "coach", "--role", "admin"]).await;
    let mut create = vec!["keys", "create", "--coach", "maya", "--name", "a test"];
    for right in debrief_jobs::rights::Right::NAMES {
        create.extend(["--scope", right]);
    }
    let key = installation.json(&create).await["key"].as_str().expect("a key").to_owned();
    let process = installation.start(&["up"]);
    let port = installation.port;
    wait_for("the pages", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
    (installation, process, key)
}

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().expect("python3 starts")).await.expect("it ends")
}

fn told(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fuzzer_that_reads_the_document_finds_no_failure() {
    let (installation, _process, key) = serving().await;
    installation.drop_into_bucket("inbox/maya/2026-11-20/Tom.txt", &TALK.replace("Conference iPad", "Tom Becker"));
    wait_for("the session", async || {
        let sessions = installation.json_lines(&["sessions", "list"]).await;
        sessions.into_iter().find(|session| session["state"] == "in_review")
    })
    .await;
    let folder = installation.folder.path().join("fuzz");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("schemathesis.toml"), EXPECTED).expect("its settings");
    let mut command = python::callers();
    command.current_dir(&folder).args(["-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]);
    command.arg(format!("http://127.0.0.1:{}/v1/openapi.json", installation.port));
    command.args(["--header", &format!("Authorization: Bearer {key}")]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--generation-deterministic"]);
    // Who gets in is tried endpoint by endpoint elsewhere; here it would only run into the limit of guesses. The stream of
    // progress ends by itself after minutes only.
    command.args([
        "--checks",
        "all",
        "--exclude-checks",
        "ignored_auth",
        "--exclude-operation-id",
        "follow_session",
        // Its media type, that of the protocol, is one that the fuzzer can't write; `uploads` tries it.
        "--exclude-operation-id",
        "append_upload",
        "--request-timeout",
        "60",
    ]);
    let tried = output(command).await;
    assert!(tried.status.success(), "{}", told(&tried));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_client_takes_a_session_from_upload_to_export() {
    let (installation, _process, key) = serving().await;
    let folder = installation.folder.path();
    let mut generate = python::callers();
    generate.args([
        "-c",
        "from openapi_python_client.cli import app; app()",
        "generate",
        "--meta",
        "none",
        "--path",
        DOCUMENT,
    ]);
    generate.arg("--output-path").arg(folder.join("debrief_client"));
    let generated = output(generate).await;
    assert!(generated.status.success(), "{}", told(&generated));
    let mut client = python::callers();
    let packages = client.get_envs().find_map(|(name, value)| (name == "PYTHONPATH").then_some(value?.to_owned()));
    let mut path = packages.expect("where the packages are");
    path.push(":");
    path.push(folder);
    std::fs::write(folder.join("talk.txt"), TALK).expect("a transcript");
    client.env("PYTHONPATH", path).arg(CLIENT).arg(format!("http://127.0.0.1:{}", installation.port));
    client.arg(key).arg(folder.join("talk.txt"));
    let ran = output(client).await;
    assert!(ran.status.success(), "{}", told(&ran));
    let last = String::from_utf8_lossy(&ran.stdout).lines().last().unwrap_or_default().to_owned();
    let done: Value = serde_json::from_str(&last).unwrap_or_else(|error| panic!("{error}: {}", told(&ran)));
    assert_eq!(done["approved"], "held", "{done}");
    assert!(done["exported"].as_str().is_some_and(|csv| csv.contains("Budget")), "{done}");
}
