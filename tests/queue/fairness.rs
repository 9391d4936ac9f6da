//! Nobody starves, and limits hold across all processes.

use super::*;

/// Another organization with its own coach.
pub(super) async fn another_organization(world: &World) -> Uuid {
    let id = Uuid::now_v7();
    let handle = id.simple();
    meddle(world, &format!("insert into organizations (id, handle, name) values ('{id}', '{handle}', 'Another')"))
        .await;
    let coach = Uuid::now_v7();
    let values = format!("('{coach}', '{id}', 'c{handle}', 'Ola Berg', 'ola@another.example')");
    meddle(world, &format!("insert into coaches (id, organization_id, handle, name, email) values {values}")).await;
    id
}

#[tokio::test]
async fn ten_thousand_jobs_of_one_organization_do_not_starve_another() {
    let world = World::new().await;
    let other = another_organization(&world).await;
    let many = Probe::new(Does::Finish);
    let template = put(&world, &Keyless(many.clone())).await;
    meddle(
        &world,
        &format!(
            "insert into jobs (id, organization_id, kind, args, max_attempts, correlation_id)
             select gen_random_uuid(), organization_id, kind, args, max_attempts, correlation_id
             from jobs, generate_series(1, 9999) where id = '{template}'"
        ),
    )
    .await;
    // One slot, so that it is always a single job's turn.
    let worker = Worker::start(&world, WorkerSettings { slots: 1, ..fast() });
    eventually("the many are at work", async || many.starts() > 0).await;
    let few = Probe::new(Does::Finish);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(put_for(&world, other, &Keyless(few.clone())).await);
    }
    for id in ids {
        until_state(&world, id, "done").await;
    }
    worker.kill().await;
    let overtaken = "select max(ahead) from (select count(*) filter (where many.started_at > few.created_at) as ahead
        from jobs few join jobs many on many.lane <> few.lane and many.started_at < few.started_at
        where few.state = 'done' and few.lane = (select lane from jobs group by lane order by count(*) limit 1)
        group by few.id) as waits";
    let most = value(&world, overtaken).await;
    assert!(most <= 50, "a job waited for {most} of the other organization's 10,000");
}

#[tokio::test]
async fn a_limit_per_organization_holds_over_all_processes() {
    let world = World::new().await;
    let other = another_organization(&world).await;
    let (mine, others) = (Probe::new(Does::WaitForGate), Probe::new(Does::WaitForGate));
    for _ in 0..4 {
        put(&world, &OneAtATime(mine.clone())).await;
        put_for(&world, other, &OneAtATime(others.clone())).await;
    }
    let workers = [Worker::start(&world, fast()), Worker::start(&world, fast())];
    let unlimited = put(&world, &Probe::new(Does::Finish)).await;
    eventually("one of each runs", async || mine.starts() == 1 && others.starts() == 1).await;
    // By the time this one, which came last, is done, both processes have polled again.
    until_state(&world, unlimited, "done").await;
    assert_eq!((mine.starts(), others.starts()), (1, 1));
    mine.open();
    eventually("mine go on, one by one", async || mine.starts() == 4).await;
    assert_eq!(others.starts(), 1);
    others.open();
    eventually("all are done", async || value(&world, "select count(*) from jobs where state = 'done'").await == 9)
        .await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!((mine.most_at_once(), others.most_at_once()), (1, 1), "no two of an organization ran at the same time");
}

#[tokio::test]
async fn a_limit_per_kind_holds_in_a_process_and_leaves_room_for_others() {
    let world = World::new().await;
    let slow = Probe::new(Does::WaitForGate);
    for _ in 0..12 {
        put(&world, &Keyless(slow.clone())).await;
    }
    let worker = Worker::start(&world, WorkerSettings { slots: 10, ..fast() });
    let other = another_organization(&world).await;
    let seats = Probe::POLICY.concurrency;
    eventually("as many run as the kind allows, but for one", async || slow.starts() == seats - 1).await;
    // The last seat is for an organization that has none.
    let theirs = put_for(&world, other, &Keyless(Probe::new(Does::Finish))).await;
    until_state(&world, theirs, "done").await;
    let quick = put(&world, &Probe::new(Does::Finish)).await;
    until_state(&world, quick, "done").await;
    assert_eq!(slow.starts(), seats - 1);
    slow.open();
    eventually("all are done", async || value(&world, "select count(*) from jobs where state = 'done'").await == 14)
        .await;
    worker.stop().await;
}
