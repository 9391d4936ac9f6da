//! A tick fires once across any number of processes, and a missed one fires once afterwards or not at all, as its
//! schedule says.

use chrono::{DateTime, TimeDelta, Utc};
use debrief_jobs::queue::{
    Prune,
    schedule::{self, Missed, Schedule, job},
};

use super::*;

const YEARLY: Schedule =
    Schedule::new("yearly", "0 0 3 1 1 *", chrono_tz::UTC, Missed::Once, |tx, _| job(tx, Prune {}));
const SKIPPING: Schedule =
    Schedule::new("skipping", "0 0 3 1 1 *", chrono_tz::UTC, Missed::Skip, |tx, _| job(tx, Prune {}));

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a good time")
}

async fn jobs_enqueued(world: &World) -> i64 {
    value(world, "select count(*) from jobs where kind = 'queue.prune' and organization_id is null").await
}

#[tokio::test]
async fn a_tick_fires_once_over_all_processes() {
    let world = World::new().await;
    let db = &world.database.db;
    let yearly = [YEARLY];
    let fire = |now| schedule::fire_due(db, &yearly, now);
    assert_eq!(fire(at("2026-12-31T00:00:00Z")).await.expect("an answer"), 0, "a new schedule begins now");
    let now = at("2027-01-01T03:00:00Z");
    let fired = futures::future::join_all([fire(now), fire(now), fire(now)]).await;
    let fired: usize = fired.into_iter().map(|fired| fired.expect("an answer")).sum();
    assert_eq!((fired, jobs_enqueued(&world).await), (1, 1));
    // Even if the record of the last tick is lost, the tick itself stays claimed.
    meddle(&world, "update schedules set last_tick = '2026-12-31'").await;
    meddle(&world, "delete from jobs").await;
    assert_eq!((fire(now).await.expect("an answer"), jobs_enqueued(&world).await), (0, 0));
}

#[tokio::test]
async fn ticks_missed_for_years_fire_once_or_not_at_all() {
    let world = World::new().await;
    let both = [YEARLY, SKIPPING];
    let fire = |now| schedule::fire_due(&world.database.db, &both, now);
    fire(at("2026-06-01T00:00:00Z")).await.expect("an answer");
    assert_eq!(fire(at("2030-06-01T00:00:00Z")).await.expect("an answer"), 1);
    assert_eq!(fire(at("2030-06-01T00:00:01Z")).await.expect("an answer"), 0);
    let fired = value(&world, "select count(*) from schedule_ticks where tick = '2030-01-01T03:00:00Z'").await;
    assert_eq!(fired, 1, "the last of the missed ticks, of the schedule that wants it");
    assert_eq!(fire(at("2031-01-01T03:00:02Z")).await.expect("an answer"), 2, "both go on with the next");
}

#[tokio::test]
async fn two_workers_fire_the_tick_that_was_missed_while_they_were_down() {
    let world = World::new().await;
    meddle(&world, "insert into schedules (name, last_tick) values ('yearly', now() - interval '400 days')").await;
    let settings = WorkerSettings { schedules: vec![YEARLY], ..fast() };
    let workers = [Worker::start(&world, settings.clone()), Worker::start(&world, settings)];
    eventually("the tick fires", async || value(&world, "select count(*) from schedule_ticks").await == 1).await;
    for worker in workers {
        worker.stop().await;
    }
    assert_eq!(jobs_enqueued(&world).await, 1);
    let rows = schedule::list(&mut world.database.db.pool().acquire().await.expect("a connection"), &[YEARLY])
        .await
        .expect("an answer");
    let (last, next) = (rows[0].last_tick.expect("it fired"), rows[0].next_tick.expect("it goes on"));
    assert!(last <= Utc::now() && next > Utc::now() && next - last > TimeDelta::days(364));
}

#[tokio::test]
async fn a_schedule_runs_when_it_is_told_to() {
    let world = World::new().await;
    schedule::run_now(&world.database.db, &YEARLY).await.expect("an answer");
    schedule::run_now(&world.database.db, &YEARLY).await.expect("an answer");
    assert_eq!(jobs_enqueued(&world).await, 1, "the second finds the first at work");
}

#[test]
fn every_schedule_of_the_program_has_ticks_and_a_name_of_its_own() {
    let schedules = debrief_jobs::schedules();
    for schedule in &schedules {
        assert!(schedule.next_after(Utc::now()).is_some(), "{} has no ticks", schedule.name);
        assert_eq!(schedules.iter().filter(|other| other.name == schedule.name).count(), 1, "{}", schedule.name);
    }
}
