//! Postgres repeatedly goes away under a running worker: it carries on by itself, and everything ends well.

use std::time::Duration;

use super::{LEASE, Scene};
use crate::support::installation::wait_for;

/// Repeatedly cuts every connection and lets none in for a moment, at least eight times and until `done` is true. This
/// is as close to a restart as a test can get on a shared server.
async fn outages_until(scene: &Scene, done: &'static str) {
    let database = &scene.installation.database;
    for round in 1..=60 {
        database.shut().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        database.reopen().await;
        // Never the same rhythm, so that no two cuts hit the same step.
        tokio::time::sleep(Duration::from_millis(700 + 190 * (round % 7))).await;
        if round >= 8 && scene.is(done).await {
            return;
        }
    }
    panic!("sixty outages, and not yet: {done}\n{}", scene.queue().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_goes_on_by_itself_when_postgres_comes_back() {
    let scene = Scene::new(LEASE).await;
    let worker = scene.installation.start(&["work"]);
    wait_for("the worker", async || scene.is("select exists (select from jobs)").await.then_some(())).await;
    outages_until(&scene, "select exists (select from mails where kind = 'review_request' and state = 'sent')").await;
    scene.approve().await;
    outages_until(&scene, "select exists (select from sessions where state = 'closed')").await;
    assert_eq!(worker.terminate(), Some(0), "it is the same worker to the end");
    scene.drain().await;
    scene.assert_ended_well("never, but cut off from Postgres").await;
}
