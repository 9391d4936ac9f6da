//! `debrief mcp`: the real binary's standard input and output.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde_json::{Value, json};

use super::content;
use crate::support::installation::Installation;

/// An assistant's program that started `debrief mcp`.
struct Running {
    child: Child,
    write: Option<ChildStdin>,
    read: BufReader<ChildStdout>,
    said: i32,
}

impl Running {
    fn start(installation: &Installation, key: &str) -> Self {
        let mut command = installation.command(&["mcp"]);
        // Whatever is logged isn't the protocol.
        command.env("DEBRIEF_API_KEY", key).env("DEBRIEF_LOG__FILTER", "debug");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let (write, read) = (child.stdin.take(), BufReader::new(child.stdout.take().expect("its output")));
        let mut running = Self { child, write, read, said: 0 };
        let client = json!({ "name": "a test", "version": "1" });
        let hello = running
            .ask("initialize", &json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client }));
        assert_eq!(hello["result"]["serverInfo"]["name"], "debrief", "{hello}");
        running.tell(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        running
    }

    fn tell(&mut self, message: &Value) {
        let write = self.write.as_mut().expect("it is open");
        writeln!(write, "{message}").and_then(|()| write.flush()).expect("it reads");
    }

    /// Asks, and waits for the answer: each line is one message, and nothing else is.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.said += 1;
        self.tell(&json!({ "jsonrpc": "2.0", "id": self.said, "method": method, "params": params }));
        let mut line = String::new();
        self.read.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(answer["id"], self.said, "{answer}");
        answer
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }))["result"].clone()
    }

    /// Closes its input, as a program that ends does.
    fn end(mut self) -> Option<i32> {
        self.write = None;
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const KEY: [&str; 10] =
    ["keys", "create", "--coach", "maya", "--name", "Assistant", "--scope", "clients:read", "--scope", "sessions:read"];

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_asks_the_installation_over_a_pipe() {
    let mut installation = Installation::new().await;
    installation.people().await;
    let key = installation.json(&KEY).await;
    let text = key["key"].as_str().expect("a key").to_owned();
    let mut assistant = Running::start(&installation, &text);
    let tools = assistant.ask("tools/list", &json!({}));
    assert_eq!(tools["result"]["tools"].as_array().map(Vec::len), Some(10), "{tools}");
    let clients = content("list_clients", &assistant.call("list_clients", &json!({})));
    assert_eq!(clients["clients"][1]["name"], "Tom Becker", "{clients}");
    let refused = assistant.call("list_action_items", &json!({}));
    assert!(refused["content"][0]["text"].as_str().is_some_and(|said| said.contains("`summaries:read`")), "{refused}");
    assert!(assistant.call("list_clients", &json!({ "limit": 0 }))["isError"] == true);
    // A line without end is dropped, and the next is answered.
    assistant.tell(&json!({ "jsonrpc": "2.0", "id": 99, "method": "x".repeat(100_000) }));
    assert_eq!(content("list_clients", &assistant.call("list_clients", &json!({}))), clients);

    // A key that is revoked ends at once, also where it is in use.
    installation.run(&["keys", "revoke", key["id"].as_str().expect("an id")]).await;
    let ended = assistant.call("list_clients", &json!({}));
    assert!(ended["content"][0]["text"].as_str().is_some_and(|said| said.contains("debrief keys create")), "{ended}");
    assert_eq!(assistant.end(), Some(0));
    let audit =
        "select count(*) from audit_events where detail->>'operation' = 'mcp list_clients' and agent = 'debrief mcp'";
    assert_eq!(counted(&installation, audit).await, 2);

    // The same limit as over HTTP.
    installation.set("DEBRIEF_HTTP__API_REQUESTS_PER_MINUTE", "3");
    let key = installation.json(&KEY).await;
    let mut assistant = Running::start(&installation, key["key"].as_str().expect("a key"));
    let told: Vec<Value> = (0..4).map(|_| assistant.call("list_clients", &json!({}))).collect();
    let last = told[3]["content"][0]["text"].as_str().unwrap_or_default();
    assert!(last.contains("3 requests per 60 seconds") && last.contains("Try again in"), "{told:?}");
}

async fn counted(installation: &Installation, sql: &'static str) -> i64 {
    let db = &installation.database.db;
    let organization = db.organizations().await.expect("an answer")[0];
    let mut tx = db.tenant(organization).await.expect("a transaction");
    sqlx::query_scalar(sql).fetch_one(debrief_jobs::db::Tx::conn(&mut tx)).await.expect("it counts")
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_that_works_it_says_how_to_make_one() {
    let installation = Installation::new().await;
    installation.people().await;
    let unknown = "dbk_000000000000000000000000000000AAAAAA";
    for (key, advice) in [("", "an API key is needed"), ("dbk_half", "isn't an API key"), (unknown, "API key")] {
        let mut command = installation.command(&["mcp"]);
        command.env("DEBRIEF_API_KEY", key);
        let output = tokio::task::spawn_blocking(move || command.output().expect("it starts")).await.expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(advice) && said.contains("debrief keys create"), "{said}");
        assert!(output.stdout.is_empty(), "only the protocol goes there");
        assert!(key.is_empty() || !said.contains(key), "{said}");
    }
    let help = installation.run(&["mcp", "--help"]).await;
    for taught in ["debrief keys create --coach maya", "--scope summaries:read", "\"mcpServers\"", "DEBRIEF_API_KEY"] {
        assert!(help.contains(taught), "{taught} is not in: {help}");
    }
}
