//! A worker that is told to stop while its database doesn't respond at all: it still ends in time.

use std::{process::Command, time::Duration};

use sqlx::PgConnection;

use super::{LEASE, Scene};
use crate::support::installation::wait_for;

/// Sends a signal to the Postgres processes that serve the worker.
fn signal(name: &str, pids: &[i32]) {
    for pid in pids {
        // A process that has already ended needs no signal.
        _ = Command::new("kill").args([name, &pid.to_string()]).output().expect("kill is there");
    }
}

/// Stops the processes that serve the program, except `known`; returns all of them.
async fn freeze(owner: &mut PgConnection, known: Vec<i32>) -> Vec<i32> {
    let found: Vec<i32> = sqlx::query_scalar(
        "select pid from pg_stat_activity
         where datname = current_database() and application_name = 'debrief' and pid <> all($1)",
    )
    .bind(&known)
    .fetch_all(owner)
    .await
    .expect("the connections");
    signal("-STOP", &found);
    [known, found].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_ends_in_its_time_though_its_database_never_answers() {
    let mut scene = Scene::new(LEASE).await;
    scene.installation.set("DEBRIEF_QUEUE__SHUTDOWN_SECONDS", "1");
    let mut owner = scene.owner().await;
    let own: Vec<i32> = sqlx::query_scalar("select pid from pg_stat_activity where datname = current_database()")
        .fetch_all(&mut owner)
        .await
        .expect("the connections");
    let worker = scene.installation.start(&["work"]);
    wait_for("the worker", async || scene.is("select exists (select from jobs)").await.then_some(())).await;
    let mut frozen = freeze(&mut owner, own).await;
    let ended = tokio::task::spawn_blocking(move || worker.terminate());
    // Nothing lets the database continue before the worker has ended.
    while !ended.is_finished() {
        // New connections are frozen as well.
        frozen = freeze(&mut owner, frozen).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    signal("-CONT", &frozen);
    assert!(ended.await.expect("it ends").is_some(), "it ends by itself, and by no signal");
    scene.drain().await;
    assert!(scene.is("select exists (select from sessions where state = 'in_review')").await, "nothing is lost");
}
