//! A worker killed while it moves a session on, and while it tells webhooks: every event comes, each under one id.

use std::collections::BTreeSet;

use super::{Hold, LEASE, Scene};
use crate::support::receiver::{Receiver, Take};

/// What comes of one session, from the file to its end, with an export and a rollup.
const EVENTS: [&str; 13] = [
    "export.finished",
    "mail.sent",
    "mail.sent",
    "mail.sent",
    "session.attributed",
    "session.closed",
    "session.in_review",
    "session.parsed",
    "session.received",
    "session.summarized",
    "summary.approved",
    "summary.written",
    "webhook.test",
];

/// Someone hears everything.
async fn scene(script: impl IntoIterator<Item = Take>) -> (Scene, Receiver) {
    let receiver = Receiver::start(script).await;
    let mut scene = Scene::new(LEASE).await;
    scene.installation.set("DEBRIEF_WEBHOOKS__ALLOW_HTTP", "true");
    scene.installation.set("DEBRIEF_WEBHOOKS__ALLOW_PRIVATE", "127.0.0.1");
    scene.installation.json(&["webhooks", "add", "--url", &receiver.url]).await;
    (scene, receiver)
}

/// Goes on to the end. A webhook's test marks it: what comes later would be too much.
async fn assert_each_event_once(scene: &Scene, receiver: &Receiver, moment: &str) {
    scene.drain().await;
    scene.approve().await;
    scene.drain().await;
    scene.assert_ended_well(moment).await;
    let webhook = scene.installation.json(&["webhooks", "list"]).await["id"].as_str().expect("an id").to_owned();
    let worker = scene.installation.start(&["work"]);
    scene.installation.run(&["webhooks", "test", &webhook]).await;
    worker.kill();
    assert_eq!(receiver.kinds(), EVENTS, "killed {moment}");
    let left = scene.is("select exists (select from webhook_deliveries where state <> 'delivered')").await;
    assert!(!left, "killed {moment}: all are delivered");
}

async fn killed_at(kind: &'static str) {
    let (scene, receiver) = scene([]).await;
    let mut hold = Hold::finish_of(&scene, kind).await;
    let worker = scene.installation.start(&["work"]);
    hold.catches().await;
    worker.kill();
    hold.lift().await;
    assert_each_event_once(&scene, &receiver, kind).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_stage_commits_its_event() {
    killed_at("summarize.client").await;
}

/// The receiver has it, and that isn't recorded yet.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_records_a_delivery() {
    killed_at("webhook.deliver").await;
}

/// The receiver has it and hasn't answered.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_receiver_answers() {
    let (scene, receiver) = scene([Take::Hang]).await;
    let worker = scene.installation.start(&["work"]);
    receiver.first_request().await;
    worker.kill();
    assert_each_event_once(&scene, &receiver, "while a receiver answers").await;
    let received = receiver.received();
    let again = received.iter().filter(|one| one.id() == received[0].id()).count();
    assert_eq!(again, 2, "the first came again under its id");
    assert_eq!(received.len(), received.iter().map(|one| one.id()).collect::<BTreeSet<_>>().len() + 1);
    let noted = "select exists (select from webhook_deliveries where attempts -> 0 ->> 'error' like 'nobody recorded%'
                     and attempts -> 1 ->> 'status' = '200')";
    assert!(scene.is(noted).await, "and the log says that nobody knows how the first attempt ended");
}
