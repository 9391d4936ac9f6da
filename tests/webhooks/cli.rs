//! `debrief webhooks`, as an operator uses it.

use serde_json::Value;

use crate::support::{
    installation::Installation,
    receiver::{Receiver, Take},
};

/// An installation that may call this machine.
async fn installation() -> Installation {
    let mut installation = Installation::new().await;
    installation.set("DEBRIEF_WEBHOOKS__ALLOW_HTTP", "true");
    installation.set("DEBRIEF_WEBHOOKS__ALLOW_PRIVATE", "crm.lan,127.0.0.1");
    installation.people().await;
    installation
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_adds_tries_out_pauses_and_removes_a_webhook() {
    let (installation, receiver) = (installation().await, Receiver::start([Take::status(500)]).await);
    let added = installation
        .json(&[
            "webhooks",
            "add",
            "--url",
            &receiver.url,
            "--events",
            "session.closed,mail.sent",
            "--description",
            "CRM",
        ])
        .await;
    let (id, secret) = (added["id"].as_str().expect("an id"), added["secret"].as_str().expect("a secret"));
    let short = &id[..30];
    let listed = installation.json_lines(&["webhooks", "list", "--org", "northlight"]).await;
    assert_eq!((listed.len(), &listed[0]["id"], listed[0].get("secret")), (1, &added["id"], None));
    assert_eq!(listed[0]["events"], serde_json::json!(["session.closed", "mail.sent"]));

    let worker = installation.start(&["work"]);
    let failed = installation.output(&["webhooks", "test", short]).await;
    assert_eq!(failed.status.code(), Some(1));
    let told = String::from_utf8_lossy(&failed.stdout).into_owned();
    assert!(told.starts_with("failed: HTTP 500"), "{told}");
    assert!(installation.run(&["webhooks", "test", short]).await.starts_with("delivered: HTTP 200"));
    assert_eq!(receiver.received()[1].signed_with(secret), [0]);

    let rotated = installation.run(&["webhooks", "rotate-secret", short]).await;
    assert!(
        rotated.contains("secret  whsec_") && rotated.contains("24 hours") && !rotated.contains(secret),
        "{rotated}"
    );
    let paused = installation.run(&["webhooks", "pause", short]).await;
    assert!(paused.contains("paused since") && paused.contains("by hand"), "{paused}");
    let changed = installation.run(&["webhooks", "change", short, "--all-events", "--description", "Our CRM"]).await;
    assert!(changed.contains("Our CRM") && changed.contains("all"), "{changed}");
    let resumed = installation.json(&["webhooks", "resume", short]).await;
    assert_eq!((&resumed["state"], &resumed["events"]), (&"active".into(), &Value::Null));

    let log = installation.json_lines(&["webhooks", "deliveries", short, "--event", "webhook.test"]).await;
    let states: Vec<&str> = log.iter().filter_map(|delivery| delivery["state"].as_str()).collect();
    assert_eq!(states, ["delivered", "failed"]);
    let delivery = log[1]["id"].as_str().expect("an id");
    let replayed = installation.run(&["webhooks", "replay", delivery]).await;
    assert_eq!(replayed.trim(), "it is sent again");
    let all = ["webhooks", "replay", "--failed-of", short, "--since", "2026-01-01"];
    assert_eq!(installation.run(&all).await.trim(), "0 are sent again", "tests aren't");
    let shown = installation.run(&["webhooks", "show", short]).await;
    assert!(shown.contains("old secret signs until"), "{shown}");
    assert_eq!(worker.terminate(), Some(0));

    let asked = installation.output(&["webhooks", "remove", short]).await;
    assert!(!asked.status.success() && String::from_utf8_lossy(&asked.stderr).contains("--yes"));
    installation.run(&["webhooks", "remove", short, "--yes"]).await;
    assert!(installation.json_lines(&["webhooks", "list"]).await.is_empty());
    let log = std::fs::read_to_string(installation.log()).expect("a log");
    assert!(!log.contains("token=abc") && !log.contains("whsec_"), "neither the URL nor a secret is logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_gets_wrong_is_told() {
    let installation = installation().await;
    for (arguments, told) in [
        (&["webhooks", "add", "--url", "crm.example"][..], "that isn't a URL"),
        (&["webhooks", "add", "--url", "https://10.0.0.1/"], "webhooks.allow_private"),
        (&["webhooks", "add", "--url", "https://a.example", "--events", "session.opened"], "session.received"),
        (&["webhooks", "show", "0000"], "see `debrief webhooks list`"),
        (&["webhooks", "replay", "0000"], "see `debrief webhooks deliveries`"),
        (&["webhooks", "replay"], "required"),
        (&["webhooks", "replay", "--failed-of", "0000"], "--since"),
        (&["webhooks", "deliveries", "--since", "yesterday"], "2026-11-29T08:00"),
        (&["webhooks", "list", "--org", "southbank"], "southbank"),
    ] {
        let output = installation.output(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(told), "{arguments:?}: {error}");
    }
    let help = installation.run(&["webhooks", "--help"]).await;
    assert!(help.contains("hmac.compare_digest") && help.contains("debrief webhooks test"), "{help}");
    let events = installation.run(&["webhooks", "events"]).await;
    assert!(events.contains("summary.reopened"), "{events}");
    let mut other = installation;
    other.set("DEBRIEF_WEBHOOKS__ALLOW_PRIVATE", "10.0.0.0/99");
    let output = other.output(&["webhooks", "list"]).await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("webhooks.allow_private") && error.contains("10.0.0.0/99"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_worker_a_test_says_so() {
    let (installation, receiver) = (installation().await, Receiver::start([]).await);
    let added = installation.json(&["webhooks", "add", "--url", &receiver.url]).await;
    let output = installation.output(&["webhooks", "test", added["id"].as_str().expect("an id")]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is `debrief up` or `debrief work` running?"));
    assert!(receiver.received().is_empty());
}
