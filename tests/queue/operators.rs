//! What an operator can do: inspect, retry, cancel; and what is pruned afterwards.

use debrief_jobs::queue::{Prune, admin::Filter};

use super::*;

#[tokio::test]
async fn a_cancelled_job_that_runs_is_cut_off_and_takes_no_effect() {
    let world = World::new().await;
    let db = &world.database.db;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    eventually("the job runs", async || probe.starts() == 1).await;
    eventually("it says how far it is", async || job(&world, id).await.progress.is_some()).await;
    assert_eq!(admin::cancel(db.pool(), &Filter::one(id)).await.expect("an answer"), 1);
    eventually("it is cut off", async || probe.dropped() == 1).await;
    worker.stop().await;
    assert_eq!((job(&world, id).await.row.state.as_str(), effects(&world, &probe).await), ("cancelled", 0));
    assert_eq!(admin::cancel(db.pool(), &Filter::one(id)).await.expect("an answer"), 0, "it is cancelled already");
}

#[tokio::test]
async fn a_cancelled_job_that_finishes_all_the_same_takes_no_effect() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    let worker = Worker::start(&world, WorkerSettings { heartbeat: Duration::from_secs(600), ..fast() });
    eventually("the job runs", async || probe.starts() == 1).await;
    admin::cancel(world.database.db.pool(), &Filter::one(id)).await.expect("an answer");
    probe.open();
    worker.stop().await;
    assert_eq!((job(&world, id).await.row.state.as_str(), effects(&world, &probe).await), ("cancelled", 0));
}

#[tokio::test]
async fn dead_jobs_are_listed_shown_and_retried_by_filter() {
    let world = World::new().await;
    let db = &world.database.db;
    let (failing, fine) = (Probe::new(Does::Fail), Probe::new(Does::Finish));
    let (dead, done) = (put(&world, &failing).await, put(&world, &fine).await);
    let worker = Worker::start(&world, fast());
    until_state(&world, dead, "dead").await;
    until_state(&world, done, "done").await;
    worker.stop().await;

    let filter = Filter { state: Some(JobState::Dead), kind: Some("test.probe".into()), ..Filter::default() };
    let listed = admin::list(db.pool(), &filter, 10).await.expect("an answer");
    assert_eq!(listed.iter().map(|row| row.id).collect::<Vec<_>>(), [dead]);
    let strangers = Filter { organization: Some(Uuid::now_v7()), ..filter.clone() };
    assert_eq!(admin::retry(db.pool(), &strangers).await.expect("an answer"), 0);
    assert_eq!(admin::retry(db.pool(), &filter).await.expect("an answer"), 1);
    let after = job(&world, dead).await;
    assert_eq!((after.row.state.as_str(), after.row.attempt, after.row.finished_at), ("due", 0, None));
    assert_eq!(after.errors.as_array().map(Vec::len), Some(3), "what happened before stays visible");
    assert_eq!(admin::retry(db.pool(), &Filter::one(done)).await.expect("an answer"), 0, "what is done stays done");
}

#[tokio::test]
async fn a_dead_job_whose_key_is_taken_again_is_not_retried() {
    let world = World::new().await;
    let db = &world.database.db;
    let probe = Probe::new(Does::Finish);
    let first = put(&world, &probe).await;
    let kill = "update jobs set state = 'dead', finished_at = now() where state = 'due'";
    meddle(&world, kill).await;
    let second = put(&world, &probe).await;
    assert_eq!(admin::retry(db.pool(), &Filter::one(first)).await.expect("an answer"), 0);
    meddle(&world, kill).await;
    assert_eq!(
        admin::retry(db.pool(), &Filter::default()).await.expect("an answer"),
        1,
        "one of two with the same key"
    );
    assert_eq!(
        (job(&world, first).await.row.state, job(&world, second).await.row.state),
        (JobState::Dead, JobState::Due)
    );
}

#[tokio::test]
async fn stats_count_by_kind_and_state_and_show_the_lag() {
    let world = World::new().await;
    put(&world, &Probe::new(Does::Finish)).await;
    put(&world, &Probe::new(Does::Finish)).await;
    meddle(&world, "update jobs set run_at = now() - interval '90 seconds'").await;
    let stats = admin::stats(&world.database.db).await.expect("an answer");
    assert_eq!((stats.len(), stats[0].state.as_str(), stats[0].jobs), (1, "due", 2));
    assert!(stats[0].oldest_due_seconds.is_some_and(|lag| (90.0..150.0).contains(&lag)), "{stats:?}");
}

#[tokio::test]
async fn what_was_kept_long_enough_is_pruned() {
    let world = World::new().await;
    for _ in 0..4 {
        put(&world, &Probe::new(Does::Finish)).await;
    }
    let all: Vec<Uuid> = admin::list(world.database.db.pool(), &Filter::default(), 10)
        .await
        .expect("an answer")
        .iter()
        .map(|row| row.id)
        .collect();
    for (id, state, days) in [(all[0], "done", 4), (all[1], "done", 2), (all[2], "dead", 29), (all[3], "dead", 31)] {
        let finished = format!("state = '{state}', finished_at = now() - interval '{days} days'");
        meddle(&world, &format!("update jobs set {finished} where id = '{id}'")).await;
    }
    meddle(&world, "insert into schedules (name, last_tick) values ('a', now() - interval '2 days')").await;
    for days in [3, 2] {
        let ago = format!("now() - interval '{days} days'");
        let tick = "insert into schedule_ticks (schedule, tick, fired_at) select name, ";
        meddle(&world, &format!("{tick} last_tick - interval '{days} days' + interval '2 days', {ago} from schedules"))
            .await;
    }
    let mut tx = world.database.db.system().await.expect("a transaction");
    let Enqueued::New(prune) = enqueue(&mut tx, &Prune {}, Uuid::now_v7()).await.expect("an answer") else {
        panic!("no other prune")
    };
    tx.commit().await.expect("a commit");
    let catalogue = Catalogue::new().with::<Prune>(Arc::new(()));
    let drained = debrief_jobs::queue::drain(world.database.db.clone(), catalogue, fast()).await;
    assert_eq!(drained.expect("the drain ends").ran, 1);
    let left = admin::list(world.database.db.pool(), &Filter::default(), 10).await.expect("an answer");
    let mut left: Vec<Uuid> = left.iter().map(|row| row.id).filter(|&id| id != prune).collect();
    let mut kept = vec![all[1], all[2]];
    left.sort();
    kept.sort();
    assert_eq!(left, kept);
    assert_eq!(value(&world, "select count(*) from schedule_ticks").await, 1, "the last tick stays");
}
