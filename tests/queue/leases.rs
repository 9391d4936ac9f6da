//! Leases: live workers keep their jobs, dead ones lose them, and a job that kills its workers is parked.

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
    // A single-threaded process with its own pool.
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
    assert_eq!((after.row.attempt, after.row.kills, effects(&world, &probe).await), (1, 1, 1));
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
    let mut workers = vec![Worker::start(&world, doomed()), Worker::start(&world, doomed())];
    for kill in 1..=20 {
        let done = "select count(*) from jobs where state = 'done'";
        eventually("some more are done", async || value(&world, done).await >= kill * 12).await;
        workers.remove(0).kill().await;
        workers.push(Worker::start(&world, doomed()));
    }
    let left = "select count(*) from jobs where state in ('due', 'running')";
    eventually("nothing is left", async || value(&world, left).await == 0).await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(value(&world, "select count(*) from jobs where state = 'dead'").await, 0, "twenty kills park nobody");
    assert_eq!(effects(&world, &probe).await, JOBS);
}

/// Enqueues a job whose worker has vanished twice.
async fn put_suspect(world: &World, probe: &Probe) -> Uuid {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let Enqueued::New(id) = enqueue(&mut tx, probe, Uuid::now_v7()).await.expect("the queue answers") else {
        panic!("the job is there already")
    };
    sqlx::query("update jobs set kills = 2 where id = $1").bind(id).execute(tx.conn()).await.expect("the job is there");
    tx.commit().await.expect("the job is committed");
    id
}

/// How many jobs run alone.
const ALONE: &str = "select count(*) from jobs where state = 'running' and is_alone";

#[tokio::test]
async fn killed_workers_park_no_job_that_ran_beside_others() {
    let world = World::new().await;
    let probe = Probe::new(Does::WaitForGate);
    for _ in 0..6 {
        put(&world, &Keyless(probe.clone())).await;
    }
    for kill in 1..=2 {
        let victim = Worker::start(&world, doomed());
        eventually("all of them run", async || probe.starts() == 6 * kill).await;
        victim.kill().await;
    }
    // By now each of them could be the cause.
    let victim = Worker::start(&world, doomed());
    // A job that is claimed has not begun yet.
    eventually("one of them runs alone", async || probe.starts() == 13 && value(&world, ALONE).await == 1).await;
    victim.kill().await;
    probe.open();
    let survivor = Worker::start(&world, fast());
    let left = "select count(*) from jobs where state in ('due', 'running')";
    eventually("nothing is left", async || value(&world, left).await == 0).await;
    survivor.stop().await;
    assert_eq!(value(&world, "select count(*) from jobs where state = 'dead'").await, 0);
    assert_eq!((probe.starts(), effects(&world, &probe).await), (19, 6), "each was tried until it was done");
    assert_eq!(
        value(&world, "select sum(kills_alone)::bigint from jobs").await,
        1,
        "one kill met a job that was alone"
    );
    assert_eq!(value(&world, "select max(attempt)::bigint from jobs").await, 1, "to be killed is no failed attempt");
}

#[tokio::test]
async fn a_job_that_kills_its_workers_is_parked_and_its_neighbours_get_done() {
    let world = World::new().await;
    let poison = Probe::new(Does::WaitForGate);
    let id = put(&world, &poison).await;
    // They are present whenever it kills a shared process.
    let neighbours = Probe::new(Does::FinishAfter(10));
    for _ in 0..5 {
        put(&world, &Keyless(neighbours.clone())).await;
    }
    // A supervisor restarts the process; nobody touches a job.
    for start in 1..=5 {
        let victim = Worker::start(&world, doomed());
        eventually("it runs", async || poison.starts() == start && (start > 2 || neighbours.starts() == 5 * start))
            .await;
        victim.kill().await;
    }
    let survivor = Worker::start(&world, fast());
    until_state(&world, id, "dead").await;
    eventually("somebody is told", async || !poison.told().is_empty()).await;
    let left = "select count(*) from jobs where state in ('due', 'running')";
    eventually("nothing is left", async || value(&world, left).await == 0).await;
    survivor.stop().await;
    assert_eq!(poison.starts(), 5);
    assert_eq!(poison.told(), ["its worker vanished 3 times while it ran alone: parked as poison"]);
    assert_eq!(value(&world, "select count(*) from jobs where state = 'done'").await, 5);
    assert_eq!(effects(&world, &neighbours).await, 5);
}

#[tokio::test]
async fn a_suspect_runs_alone_and_the_other_processes_go_on() {
    let world = World::new().await;
    let running = Probe::new(Does::WaitForGate);
    put(&world, &Keyless(running.clone())).await;
    let first = Worker::start(&world, fast());
    eventually("a job runs", async || running.starts() == 1).await;
    let suspect = Probe::new(Does::WaitForGate);
    let id = put_suspect(&world, &suspect).await;
    let held = format!("select count(*) from jobs where id = '{id}' and state = 'running' and not is_alone");
    eventually("a process keeps itself free for it", async || value(&world, &held).await == 1).await;
    // A second process runs what arrives, while the first waits and while the suspect runs.
    let second = Worker::start(&world, fast());
    let other = put(&world, &Probe::new(Does::Finish)).await;
    until_state(&world, other, "done").await;
    assert_eq!(suspect.starts(), 0, "it waits until nothing runs beside it");
    running.open();
    eventually("it runs", async || suspect.starts() == 1).await;
    let beside = format!(
        "select count(*) from jobs where state = 'running' and leased_by = (select leased_by from jobs where id = '{id}')"
    );
    let other = put(&world, &Probe::new(Does::Finish)).await;
    until_state(&world, other, "done").await;
    assert_eq!((value(&world, ALONE).await, value(&world, &beside).await), (1, 1), "nothing runs beside it");
    suspect.open();
    until_state(&world, id, "done").await;
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn suspects_and_others_take_turns_in_a_process() {
    let world = World::new().await;
    let (suspects, others) = (Probe::new(Does::Finish), Probe::new(Does::Finish));
    for _ in 0..10 {
        put(&world, &Keyless(suspects.clone())).await;
    }
    meddle(&world, "update jobs set kills = 2").await;
    for _ in 0..200 {
        put(&world, &Keyless(others.clone())).await;
    }
    let worker = Worker::start(&world, fast());
    let left = "select count(*) from jobs where state in ('due', 'running')";
    eventually("nothing is left", async || value(&world, left).await == 0).await;
    worker.stop().await;
    // Neither was held back until the end.
    let between = "select count(*) from jobs where kills = 0 and started_at
        between (select min(started_at) from jobs where kills = 2) and (select max(started_at) from jobs where kills = 2)";
    assert!(value(&world, between).await >= 9, "after a suspect it is the turn of others");
    let after = "select count(*) from jobs where kills = 0
        and started_at > (select max(started_at) from jobs where kills = 2)";
    assert!(value(&world, after).await > 0, "a long queue does not starve the suspects");
}

#[tokio::test]
async fn a_suspect_that_waits_is_given_back_when_the_worker_stops() {
    let world = World::new().await;
    let running = Probe::new(Does::WaitForGate);
    put(&world, &running).await;
    let worker = Worker::start(&world, fast());
    eventually("a job runs", async || running.starts() == 1).await;
    let suspect = Probe::new(Does::Finish);
    let id = put_suspect(&world, &suspect).await;
    until_state(&world, id, "running").await;
    worker.shutdown.cancel();
    until_state(&world, id, "due").await;
    running.open();
    worker.stop().await;
    let after = job(&world, id).await.row;
    assert_eq!((suspect.starts(), after.attempt, after.kills), (0, 0, 2), "nothing is counted");
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
