//! Every failure is recorded immediately; what is worth retrying comes back later, and someone is told about the rest.

use super::*;

#[tokio::test]
async fn a_failed_attempt_comes_back_after_a_stored_backoff() {
    let world = World::new().await;
    let id = put(&world, &Probe::new(Does::Fail)).await;
    let worker = Worker::start(&world, WorkerSettings { backoff_base: Duration::from_secs(500), ..fast() });
    eventually("the error is recorded", async || job(&world, id).await.row.error.is_some()).await;
    worker.stop().await;
    let row = job(&world, id).await.row;
    assert_eq!((row.state.as_str(), row.attempt, row.error.as_deref()), ("due", 1, Some("no luck")));
    let wait = (row.run_at - row.started_at.expect("it started")).num_seconds();
    assert!((399..=601).contains(&wait), "500 s, by a fifth more or less: {wait} s");
}

#[tokio::test]
async fn a_servers_retry_after_is_waited_for() {
    let world = World::new().await;
    let id = put(&world, &Probe::new(Does::FailWithRetryAfter(120))).await;
    let worker = Worker::start(&world, fast());
    eventually("the error is recorded", async || job(&world, id).await.row.error.is_some()).await;
    worker.stop().await;
    let row = job(&world, id).await.row;
    let wait = (row.run_at - row.started_at.expect("it started")).num_seconds();
    assert!((119..=150).contains(&wait), "{wait} s");
}

#[tokio::test]
async fn an_attempt_that_was_overtaken_is_made_once_more() {
    let world = World::new().await;
    let probe = Probe::new(Does::OvertakenOnce);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "done").await;
    worker.stop().await;
    let job = job(&world, id).await;
    assert_eq!((job.row.attempt, probe.starts()), (2, 2), "attempts are counted, so that it ends some day");
    assert_eq!(job.errors[0]["error"], "it has moved on");
}

#[tokio::test]
async fn a_postgres_that_goes_away_again_and_again_costs_no_attempt() {
    let world = World::new().await;
    let probe = Probe::new(Does::LoseItsConnection(7));
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "done").await;
    worker.stop().await;
    let job = job(&world, id).await;
    assert_eq!((job.row.attempt, probe.starts()), (1, 8), "three attempts are its limit");
    let errors = job.errors.as_array().expect("a list").len();
    assert_eq!(errors, 7, "each is recorded: {}", job.errors);
}

#[tokio::test]
async fn a_job_that_loses_its_connection_every_time_is_dead_in_the_end() {
    let world = World::new().await;
    let probe = Probe::new(Does::LoseItsConnection(usize::MAX));
    let id = put(&world, &probe).await;
    let many =
        "update jobs set errors = (select jsonb_agg(jsonb_build_object('error', 'away')) from generate_series(1, 100))";
    meddle(&world, many).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    eventually("somebody is told at once", async || probe.told().len() == 1).await;
    worker.stop().await;
    assert_eq!(probe.starts(), 3);
}

#[tokio::test]
async fn exhausted_attempts_are_a_dead_letter_with_each_error() {
    let world = World::new().await;
    let probe = Probe::new(Does::Fail);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    eventually("somebody is told", async || probe.told() == ["no luck"]).await;
    worker.stop().await;
    let errors = job(&world, id).await.errors;
    let attempts: Vec<_> = errors.as_array().expect("a list").iter().map(|error| error["attempt"].as_i64()).collect();
    assert_eq!(attempts, [Some(1), Some(2), Some(3)]);
    assert_eq!(probe.starts(), 3);
}

#[tokio::test]
async fn an_aborted_job_is_dead_at_once() {
    let world = World::new().await;
    let probe = Probe::new(Does::Abort);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    worker.stop().await;
    assert_eq!((probe.starts(), probe.told()), (1, vec!["never".to_owned()]));
    assert_eq!(value(&world, "select count(*) from jobs where tell_at is not null").await, 0, "the telling is noted");
}

#[tokio::test]
async fn a_death_that_nobody_was_told_of_is_told_later() {
    let world = World::new().await;
    let probe = Probe::new(Does::AbortUntold);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    eventually("the first telling fails", async || probe.told().len() == 1).await;
    meddle(&world, "update jobs set tell_at = now()").await;
    eventually("the second succeeds", async || {
        probe.told().len() == 2 && value(&world, "select count(*) from jobs where tell_at is not null").await == 0
    })
    .await;
    worker.stop().await;
    assert_eq!(probe.starts(), 1, "telling is not running");
}

#[tokio::test]
async fn a_panic_is_recorded_and_retried_and_at_last_dead() {
    let world = World::new().await;
    let probe = Probe::new(Does::Panic);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    let other = put(&world, &Probe::new(Does::Finish)).await;
    until_state(&world, other, "done").await;
    worker.stop().await;
    assert_eq!(probe.starts(), 3);
    let error = job(&world, id).await.row.error.expect("it is recorded");
    assert!(error.starts_with("it panicked") && !error.contains("what was said"), "{error}");
}

#[tokio::test]
async fn a_job_that_takes_too_long_is_cut_off_and_recorded() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &OneShort(probe.clone())).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    eventually("it is cut off", async || probe.dropped() == 1).await;
    worker.stop().await;
    assert_eq!(job(&world, id).await.row.error.as_deref(), Some("it took longer than 0.3 s"));
    assert_eq!(probe.told().len(), 1);
}

#[tokio::test]
async fn a_snooze_gives_its_attempt_back() {
    let world = World::new().await;
    let probe = Probe::new(Does::SnoozeOnce(50));
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    until_state(&world, id, "done").await;
    worker.stop().await;
    let after = job(&world, id).await;
    assert_eq!((probe.starts(), after.row.attempt, after.errors), (2, 1, serde_json::json!([])));
}
