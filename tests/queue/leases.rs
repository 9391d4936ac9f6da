//! Leases: the living keep their jobs, the dead lose them, and what kills its workers is parked.

use debrief_jobs::{db::Db, queue::drain};

use super::*;

#[tokio::test]
async fn busy_workers_keep_their_jobs_however_long_they_take() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(put(&world, &Keyless(probe.clone())).await);
    }
    let settings = WorkerSettings { slots: 2, ..fast() };
    let workers = [Worker::start(&world, settings.clone()), Worker::start(&world, settings)];
    eventually("every slot is busy", async || probe.starts() == 4).await;
    // A heartbeat that waited for a free slot would have lost them all by now.
    eventually("the jobs are older than their lease", async || {
        let old = "select count(*) from jobs where state = 'running' and started_at < now() - interval '6 seconds'";
        value(&world, old).await == 4
    })
    .await;
    assert_eq!(value(&world, "select count(*) from jobs where state = 'due'").await, 2, "nothing is claimed ahead");
    probe.open();
    for id in ids {
        until_state(&world, id, "done").await;
    }
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!((probe.starts(), effects(&world, &probe).await), (6, 6));
    assert_eq!(value(&world, "select sum(kills)::bigint from jobs").await, 0);
}

#[tokio::test]
async fn a_job_that_blocks_its_whole_process_is_held_all_the_same() {
    let world = World::new().await;
    let probe = Probe::new(Does::BlockEverything(5000));
    let id = put(&world, &probe).await;
    // A process of one thread, with a pool of its own.
    let db = Db::connect(&world.database.url, 5).expect("a good URL");
    let blocked = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(drain(db, catalogue(), fast()))
    });
    eventually("the job runs", async || probe.starts() == 1).await;
    let rival = Worker::start(&world, fast());
    until_state(&world, id, "done").await;
    rival.stop().await;
    blocked.join().expect("the process does not panic").expect("the drain ends");
    assert_eq!((probe.starts(), job(&world, id).await.row.kills, effects(&world, &probe).await), (1, 0, 1));
}

#[tokio::test]
async fn two_workers_run_each_of_many_jobs_once() {
    let world = World::new().await;
    let probe = Probe::new(Does::Finish);
    for _ in 0..200 {
        put(&world, &Keyless(probe.clone())).await;
    }
    let workers = [Worker::start(&world, fast()), Worker::start(&world, fast())];
    eventually("all are done", async || value(&world, "select count(*) from jobs where state = 'done'").await == 200)
        .await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!((probe.starts(), effects(&world, &probe).await), (200, 200));
}

#[tokio::test]
async fn a_killed_workers_job_runs_elsewhere() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    let victim = Worker::start(&world, doomed());
    eventually("the job runs", async || probe.starts() == 1).await;
    victim.kill().await;
    let heir = Worker::start(&world, fast());
    eventually("the job runs elsewhere", async || probe.starts() == 2).await;
    probe.open();
    until_state(&world, id, "done").await;
    heir.stop().await;
    let after = job(&world, id).await;
    assert_eq!((after.row.attempt, after.row.kills, effects(&world, &probe).await), (2, 1, 1));
    assert_eq!(after.row.error.as_deref(), Some("its worker vanished"));
}

#[tokio::test]
async fn whatever_is_killed_every_job_takes_effect_once() {
    const JOBS: i64 = 300;
    let world = World::new().await;
    let probe = Probe::new(Does::Finish);
    for _ in 0..JOBS {
        put(&world, &Keyless(probe.clone())).await;
    }
    let settings = WorkerSettings { poison: 100, ..doomed() };
    meddle(&world, "update jobs set max_attempts = 100").await;
    let mut workers = vec![Worker::start(&world, settings.clone()), Worker::start(&world, settings.clone())];
    for kill in 1..=8 {
        let done = "select count(*) from jobs where state = 'done'";
        eventually("some more are done", async || value(&world, done).await >= kill * 30).await;
        workers.remove(0).kill().await;
        workers.push(Worker::start(&world, settings.clone()));
    }
    eventually("all are done", async || value(&world, "select count(*) from jobs where state <> 'done'").await == 0)
        .await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(effects(&world, &probe).await, JOBS);
}

#[tokio::test]
async fn a_job_that_kills_three_workers_is_parked_as_poison() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    meddle(&world, "update jobs set max_attempts = 10").await;
    // A lease that no busy machine loses by itself, since that would count as a killing too. The victim's is ended by
    // hand, again and again: its last heartbeat may be on its way still.
    let doomed = || WorkerSettings { lease: Duration::from_secs(10), ..doomed() };
    for start in 1..=3 {
        let victim = Worker::start(&world, doomed());
        let end = format!(
            "update jobs set leased_until = now() - interval '1 second' where state = 'running' and attempt < {start}"
        );
        eventually("the job runs", async || {
            meddle(&world, &end).await;
            probe.starts() == start
        })
        .await;
        victim.kill().await;
    }
    let survivor = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    eventually("somebody is told", async || !probe.told().is_empty()).await;
    survivor.stop().await;
    assert_eq!(probe.starts(), 3);
    assert!(probe.told()[0].contains("poison"), "{:?}", probe.told());
}

#[tokio::test]
async fn a_rescue_respects_the_limit_of_attempts() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    let id = put(&world, &probe).await;
    meddle(&world, "update jobs set max_attempts = 1").await;
    let victim = Worker::start(&world, doomed());
    eventually("the job runs", async || probe.starts() == 1).await;
    victim.kill().await;
    let survivor = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    eventually("somebody is told", async || probe.told() == ["its worker vanished in the last attempt"]).await;
    survivor.stop().await;
    assert_eq!(probe.starts(), 1);
}

#[tokio::test]
async fn a_job_whose_lease_is_lost_is_cut_off() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    put(&world, &probe).await;
    let worker = Worker::start(&world, fast());
    eventually("the job runs", async || probe.starts() == 1).await;
    meddle(&world, "update jobs set fence = fence + 1, leased_until = now() + interval '1 hour'").await;
    eventually("it is cut off", async || probe.dropped() == 1).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_job_that_has_just_finished_has_not_lost_its_lease() {
    let world = World::new().await;
    let id = put(&world, &Probe::new(Does::Finish)).await;
    drain(world.database.db.clone(), catalogue(), fast()).await.expect("the drain ends");
    let lost = |fence| format!("select count(*) from extend_leases(array['{id}'::uuid], array[{fence}::bigint], 2)");
    assert_eq!(value(&world, &lost(1)).await, 0, "it finished under this fence");
    assert_eq!(value(&world, &lost(0)).await, 1, "it finished under another");
}
