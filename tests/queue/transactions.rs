//! A job exists if and only if its fact does; its effect and its "done" commit together.

use super::*;

#[tokio::test]
async fn an_enqueueing_that_is_rolled_back_leaves_no_job() {
    let world = World::new().await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    enqueue(&mut tx, &Probe::new(Does::Finish), Uuid::now_v7()).await.expect("the queue answers");
    drop(tx);
    assert_eq!(value(&world, "select count(*) from jobs").await, 0);
}

#[tokio::test]
async fn a_job_takes_effect_and_is_done() {
    let world = World::new().await;
    let probe = Probe::new(Does::Finish);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "done").await;
    worker.stop().await;
    assert_eq!((probe.starts(), effects(&world, &probe).await), (1, 1));
    assert_eq!(job(&world, id).await.output, Some(serde_json::json!({ "start": 1 })));
}

#[tokio::test]
async fn a_finisher_whose_job_was_taken_over_changes_nothing() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    // Without a heartbeat, so that only the fence is between the slow worker and the job.
    let worker = Worker::start(&world, WorkerSettings { heartbeat: Duration::from_secs(600), ..fast() });
    eventually("the job runs", async || probe.starts() == 1).await;
    meddle(&world, "update jobs set fence = fence + 1, leased_until = now() + interval '1 hour'").await;
    probe.open();
    worker.stop().await;
    assert_eq!(effects(&world, &probe).await, 0, "what the stale attempt did was rolled back");
    let after = job(&world, id).await;
    assert_eq!((after.row.state.as_str(), after.row.attempt, after.output), ("running", 1, None));
}

#[tokio::test]
async fn a_key_is_taken_until_its_job_is_done() {
    let world = World::new().await;
    let probe = Probe::new(Does::Finish);
    let id = put(&world, &probe).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let again = enqueue(&mut tx, &probe, Uuid::now_v7()).await.expect("the queue answers");
    assert_eq!(again, Enqueued::AlreadyThere);
    tx.commit().await.expect("a commit");
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "done").await;
    let second = put(&world, &probe).await;
    until_state(&world, second, "done").await;
    worker.stop().await;
    assert_eq!(probe.starts(), 2);
}

#[tokio::test]
async fn arguments_that_cannot_be_read_are_a_dead_letter() {
    let world = World::new().await;
    let id = put(&world, &Probe::new(Does::Finish)).await;
    meddle(&world, "update jobs set args = '{}'").await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    worker.stop().await;
    let error = job(&world, id).await.row.error.expect("an error");
    assert!(error.contains("arguments cannot be read"), "{error}");
}

#[tokio::test]
async fn a_kind_that_this_process_does_not_know_is_left_to_others() {
    let world = World::new().await;
    let (strange, known) = (put(&world, &Probe::new(Does::Finish)).await, put(&world, &Probe::new(Does::Finish)).await);
    meddle(&world, &format!("update jobs set kind = 'of.tomorrow' where id = '{strange}'")).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, known, "done").await;
    worker.stop().await;
    assert_eq!((job(&world, strange).await.row.state.as_str(), job(&world, strange).await.row.attempt), ("due", 0));
}

#[tokio::test]
async fn polling_alone_finds_what_no_wake_up_told_of() {
    let world = World::new().await;
    let worker = Worker::start(&world, WorkerSettings { listen: false, ..fast() });
    let first = put(&world, &Probe::new(Does::Finish)).await;
    until_state(&world, first, "done").await;
    worker.stop().await;
}

#[tokio::test]
async fn a_wake_up_is_faster_than_the_poll() {
    let world = World::new().await;
    let worker = Worker::start(&world, WorkerSettings { poll: Duration::from_secs(3600), ..fast() });
    eventually("the listener listens", async || {
        let listening =
            "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen%'";
        value(&world, listening).await == 1
    })
    .await;
    let id = put(&world, &Probe::new(Does::Finish)).await;
    until_state(&world, id, "done").await;
    worker.stop().await;
}
