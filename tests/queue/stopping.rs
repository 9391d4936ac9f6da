//! Shutdowns, outages, drains.

use debrief_jobs::queue::{Drained, Options, drain, enqueue_with};

use super::*;

#[tokio::test]
async fn a_shutdown_waits_for_what_is_running() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    // One slot, so that no claim is in progress at the shutdown.
    let worker = Worker::start(&world, WorkerSettings { slots: 1, ..fast() });
    eventually("the job runs", async || probe.starts() == 1).await;
    worker.shutdown.cancel();
    let late = put(&world, &Probe::new(Does::Finish)).await;
    probe.open();
    worker.stop().await;
    assert_eq!(job(&world, id).await.row.state, JobState::Done);
    assert_eq!(job(&world, late).await.row.state, JobState::Due, "a stopping worker claims no more");
}

#[tokio::test]
async fn a_shutdown_that_is_longer_than_the_lease_runs_no_job_twice() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, WorkerSettings { grace: Duration::from_secs(60), ..fast() });
    eventually("the job runs", async || probe.starts() == 1).await;
    worker.shutdown.cancel();
    let rival = Worker::start(&world, fast());
    eventually("the job is older than its lease", async || {
        value(&world, "select count(*) from jobs where started_at < now() - interval '5 seconds'").await == 1
    })
    .await;
    probe.open();
    worker.stop().await;
    rival.stop().await;
    let after = job(&world, id).await.row;
    assert_eq!((probe.starts(), after.state.as_str(), after.attempt, after.kills), (1, "done", 1, 0));
}

#[tokio::test]
async fn a_shutdown_gives_back_what_takes_too_long_and_counts_no_attempt() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, WorkerSettings { grace: Duration::from_millis(100), ..fast() });
    eventually("the job runs", async || probe.starts() == 1).await;
    worker.stop().await;
    let after = job(&world, id).await;
    assert_eq!((after.row.state.as_str(), after.row.attempt, after.row.kills), ("due", 0, 0));
    assert_eq!(after.errors, serde_json::json!([]));
    probe.open();
    let next = Worker::start(&world, fast());
    until_state(&world, id, "done").await;
    next.stop().await;
    assert_eq!((probe.starts(), effects(&world, &probe).await), (2, 1));
}

#[tokio::test]
async fn a_worker_goes_on_when_every_connection_is_cut() {
    let world = World::new().await;
    let running = Probe::new(Does::WaitForGate);
    let id = put(&world, &running).await;
    // A lease that outlives the cuts on a busy machine: losing it is another test's subject.
    let worker = Worker::start(&world, WorkerSettings { lease: Duration::from_secs(30), ..fast() });
    // A cut while it records its progress would be an error of the job's own.
    let noted = "select count(*) from jobs where progress is not null";
    eventually("the job waits", async || value(&world, noted).await == 1).await;
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    for _ in 0..3 {
        meddle(&world, cut).await;
        let next = put(&world, &Probe::new(Does::Finish)).await;
        until_state(&world, next, "done").await;
    }
    running.open();
    until_state(&world, id, "done").await;
    assert!(!worker.task.is_finished());
    worker.stop().await;
    assert_eq!((running.starts(), effects(&world, &running).await), (1, 1), "the job in flight was not disturbed");
}

#[tokio::test]
async fn a_worker_goes_on_after_an_outage() {
    let world = World::new().await;
    let running = Probe::new(Does::WaitForGate);
    let id = put(&world, &running).await;
    let worker = Worker::start(&world, fast());
    eventually("the job runs", async || running.starts() == 1).await;
    // Nobody gets in, and existing connections are ended; beyond the lease, so that it could have been lost.
    world.database.shut().await;
    let out = std::time::Instant::now();
    eventually("the lease is over", async || out.elapsed() > fast().lease + Duration::from_secs(1)).await;
    assert!(!worker.task.is_finished(), "the worker waits");
    world.database.reopen().await;
    running.open();
    until_state(&world, id, "done").await;
    let next = put(&world, &Probe::new(Does::Finish)).await;
    until_state(&world, next, "done").await;
    worker.stop().await;
    assert_eq!(effects(&world, &running).await, 1);
}

#[tokio::test]
async fn a_drain_works_until_nothing_is_due_and_says_what_is_due_later() {
    let world = World::new().await;
    let probes = [Does::Finish, Does::Fail, Does::SnoozeOnce(300)].map(Probe::new);
    for probe in &probes {
        put(&world, probe).await;
    }
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let at = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    let options = Options { run_at: Some(at), ..Options::default() };
    enqueue_with(&mut tx, &Probe::new(Does::Finish), options).await.expect("the queue answers");
    tx.commit().await.expect("a commit");

    let Drained { ran, dead, later } =
        drain(world.database.db.clone(), catalogue(), fast()).await.expect("the drain ends");
    assert_eq!((ran, dead), (2, 1), "what failed was retried until it was dead");
    assert_eq!((later.len(), later[0].kind.as_str(), later[0].count), (1, "test.probe", 1));
    assert!((later[0].earliest - at).abs() < chrono::TimeDelta::seconds(1));
    let again = drain(world.database.db.clone(), catalogue(), fast()).await.expect("the drain ends");
    assert_eq!((again.ran, again.dead), (0, 0));
}

#[tokio::test]
async fn a_drain_takes_over_from_a_killed_worker() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    let victim = Worker::start(&world, doomed());
    eventually("the job runs", async || probe.starts() == 1).await;
    victim.kill().await;
    probe.open();
    let drained = drain(world.database.db.clone(), catalogue(), fast()).await.expect("the drain ends");
    assert_eq!((drained.ran, job(&world, id).await.row.state.as_str()), (1, "done"));
}
