//! The manual for receivers says what is so, and its example runs.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use debrief_jobs::webhook::{
    EventType, FAILED_IN_A_ROW, FAILING_DAYS, KEPT_DAYS, MAX_DESCRIPTION, MAX_URL, MAX_WEBHOOKS, OLD_SECRET_HOURS,
};
use serde_json::json;

use super::{attempt, happens, listen, world};
use crate::support::{Reviewed, receiver::Receiver};

const MANUAL: &str = include_str!("../../docs/WEBHOOKS.md");

#[test]
fn the_manual_has_every_event_with_its_meaning_and_fields() {
    let rows: Vec<&str> = MANUAL.lines().skip_while(|line| !line.starts_with("| Type |")).skip(2).collect();
    let rows: Vec<&str> = rows.into_iter().take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> = EventType::ALL
        .iter()
        .map(|kind| {
            let fields: Vec<String> = kind.fields().iter().map(|field| format!("`{field}`")).collect();
            format!("| `{kind}` | {} | {} |", kind.about(), fields.join(", "))
        })
        .collect();
    assert_eq!(rows, expected, "write this table:\n{}", expected.join("\n"));
}

#[test]
fn the_manual_has_the_limits() {
    let limit = format!("{MAX_URL:}").replace("000", ",000");
    for told in [
        format!("| Webhooks | {MAX_WEBHOOKS} per organization |"),
        format!("| URL | {limit} characters"),
        format!("| Description | {MAX_DESCRIPTION} characters |"),
        format!("| Log | {KEPT_DAYS} days |"),
        format!("For {OLD_SECRET_HOURS} hours the old one signs as well"),
        format!(
            "taken nothing for {FAILING_DAYS} days of failing attempts, or to which {FAILED_IN_A_ROW} deliveries in a row"
        ),
    ] {
        assert!(MANUAL.contains(&told), "{told}");
    }
}

/// The manual's Python, with what asks it.
fn python(secret: &str, headers: &serde_json::Value, body: &str, now: Option<&str>) -> String {
    let block = MANUAL.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the example");
    let clock = now.map(|now| format!("time.time = lambda: {now}\n")).unwrap_or_default();
    let script = format!(
        "{block}\nimport json, sys\n{clock}given = json.load(sys.stdin)\ntry:\n    verify(given['secret'], given['headers'], given['body'].encode())\n    print('good')\nexcept ValueError as error:\n    print(error)\n"
    );
    let mut python = Command::new("python3")
        .args(["-I", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there");
    let asked = json!({ "secret": secret, "headers": headers, "body": body }).to_string();
    python.stdin.take().expect("it is piped").write_all(asked.as_bytes()).expect("it reads");
    String::from_utf8(python.wait_with_output().expect("it ends").stdout).expect("text").trim().to_owned()
}

#[tokio::test]
async fn the_manuals_python_takes_a_real_delivery_and_nothing_else() {
    let (world, receiver) = (world().await, Receiver::start([]).await);
    let session = Reviewed::new(&world).await.session;
    let (_, secret) = listen(&world, &receiver.url, &[]).await;
    let (_, other) = listen(&world, &receiver.url, &[debrief_jobs::webhook::EventType::MailSent]).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    let one = receiver.received().remove(0);
    let headers = json!(one.headers);
    assert_eq!(python(&secret, &headers, &one.body, None), "good");
    assert!(python(&other, &headers, &one.body, None).contains("no signature fits"));
    assert!(python(&secret, &headers, &one.body.replace("closed", "opened"), None).contains("no signature fits"));
    assert!(python(&secret, &headers, &one.body, Some("1")).contains("older than five minutes"));
}

#[test]
fn the_example_in_the_manual_is_signed_with_its_secret() {
    let secret = MANUAL.lines().find_map(|line| line.strip_prefix("secret  ")).expect("a secret");
    let request = MANUAL.split("POST /debrief HTTP/1.1\n").nth(1).and_then(|rest| rest.split("\n```").next());
    let (head, body) = request.and_then(|request| request.split_once("\n\n")).expect("a request");
    let headers: serde_json::Map<String, serde_json::Value> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let sent = headers["webhook-timestamp"].as_str().expect("a time").to_owned();
    assert_eq!(python(secret, &headers.into(), &body.replace("\n ", ""), Some(&sent)), "good");
}
