//! Open threads follow the sessions' dates, whatever order the sessions arrived in, and what was settled stays settled.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    model::{Claim, Content, Evidence, ItemState, Section, Support, ThreadOutcome, summary, told::Told},
    path::SummarizeClient,
    queue::{JobError, Options, enqueue_with},
    review::settle,
    summarize::LookAgain,
};
use uuid::Uuid;

use super::{Staged, content, one, stage_on, summary_state};
use crate::support::{World, installation::wait_for, written_by};

const PROMISED: &[(&str, &str)] =
    &[("Maya", "What will you do?"), ("Priya", "I'll send Lena the hiring plan by Friday.")];
const KEPT: &[(&str, &str)] = &[("Maya", "How did it go?"), ("Priya", "On Monday I sent Lena the hiring plan.")];
const BROKEN: &[(&str, &str)] = &[("Maya", "And Lena?"), ("Priya", "I still haven't sent Lena the hiring plan.")];
const ANSWERED: &[(&str, &str)] = &[("Maya", "Did you call the school?"), ("Priya", "Yes, they have a place.")];
const SILENT: &[(&str, &str)] = &[("Maya", "How are you?"), ("Priya", "I slept well and I rested.")];

/// A session of which Priya's summary is written.
async fn summarised_on(world: &World, day: &str, lines: &[(&str, &str)]) -> Staged {
    let staged = stage_on(world, day, lines).await;
    world.run(&staged.priya).await.unwrap_or_else(|error| panic!("the session of {day} is summarised: {error:?}"));
    staged
}

/// The outcome of the only thread in the latest version; `None` if there is no thread.
async fn outcome(world: &World, summary: &SummarizeClient) -> Option<ThreadOutcome> {
    let version: i32 = one(world, "select version from summaries where id = $1", summary.summary_id).await;
    let written = content(world, summary, version).await;
    let threads: Vec<&Claim> = written.section(Section::OpenThreads).collect();
    assert!(threads.len() <= 1, "{threads:?}");
    threads.first().and_then(|claim| claim.thread.as_ref()).map(|thread| thread.outcome)
}

/// Runs the job as it is, and returns whether it waits.
async fn waits(world: &World, summary: &SummarizeClient) -> bool {
    match world.run(summary).await {
        Err(JobError::Snooze(pause)) => {
            assert!(pause <= Duration::from_secs(5), "a drain would not wait for it");
            let sql =
                "update jobs set state = 'cancelled', finished_at = now(), leased_until = null where state = 'running'";
            let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
            sqlx::query(sql).execute(tx.conn()).await.expect("the job is put aside");
            tx.commit().await.expect("it is committed");
            true
        }
        Ok(_) => false,
        Err(error) => panic!("{error:?}"),
    }
}

async fn set(world: &World, sql: &'static str, id: Uuid) {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(sql).bind(id).execute(tx.conn()).await.expect("it is set");
    tx.commit().await.expect("it is committed");
}

/// Runs the checks of later summaries, however many follow each other.
async fn look_again(world: &World) -> usize {
    let mut looks = 0;
    while let Some(ran) = world.run_queued::<LookAgain>().await {
        ran.expect("it looks again");
        looks += 1;
    }
    looks
}

#[tokio::test]
async fn a_summary_waits_for_earlier_sessions_in_work_and_not_for_ever() {
    let world = World::new().await;
    let first = stage_on(&world, "2026-03-04", PROMISED).await;
    let second = stage_on(&world, "2026-03-11", KEPT).await;
    assert!(waits(&world, &second.priya).await, "the first one's summary is due");
    assert_eq!(summary_state(&world, &second.priya).await, "due");

    // A session still being read may be this client's; one that waits for a person, or has failed, holds nothing up.
    set(&world, "delete from summaries where session_id = $1", first.session).await;
    for (sql, expected) in [
        ("update sessions set state = 'parsed' where id = $1", true),
        ("update sessions set state = 'waiting_for_speakers' where id = $1", false),
    ] {
        set(&world, sql, first.session).await;
        let again = stage_on(&world, "2026-03-11", KEPT).await;
        set(&world, "update sessions set state = 'closed' where id <> $1 and state = 'attributed'", again.session)
            .await;
        set(&world, "update summaries set state = 'dismissed' where session_id <> $1 and state = 'due'", again.session)
            .await;
        assert_eq!(waits(&world, &again.priya).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_summary_that_waited_long_enough_is_written() {
    let world = World::new().await;
    let first = stage_on(&world, "2026-03-04", PROMISED).await;
    let second = stage_on(&world, "2026-03-11", KEPT).await;
    let later = "update summaries set updated_at = now() - interval '16 minutes' where id = $1";
    set(&world, later, second.priya.summary_id).await;
    assert!(!waits(&world, &second.priya).await);
    assert_eq!(outcome(&world, &second.priya).await, None, "nothing was open that it knew of");

    // The earlier one arrives, and the later one is checked again.
    world.run(&first.priya).await.expect("the first session is summarised");
    assert_eq!(look_again(&world).await, 1);
    assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::Met));
    let reason: Option<String> =
        one(&world, "select rewrite_reason from summaries where id = $1", second.priya.summary_id).await;
    assert!(reason.is_some_and(|reason| reason.contains("earlier session")), "the coach is told why");
}

/// A year of sessions dropped at once is written one after the other, and none waits for its next retry.
#[tokio::test]
async fn what_waits_for_a_summary_goes_on_once_that_is_written() {
    let world = World::new().await;
    world.leaves::<SummarizeClient>();
    let first = stage_on(&world, "2026-03-04", PROMISED).await;
    let second = stage_on(&world, "2026-03-11", KEPT).await;
    let third = stage_on(&world, "2026-03-18", SILENT).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    for waiting in [&second.priya, &third.priya] {
        let in_an_hour = Options { run_at: Some(Utc::now() + TimeDelta::hours(1)), ..Options::default() };
        enqueue_with(&mut tx, waiting, in_an_hour).await.expect("it is queued");
    }
    tx.commit().await.expect("it is committed");
    let due = "select exists (select from jobs where unique_key = $1::text and run_at <= now())";
    for (written, next) in [(&first.priya, &second.priya), (&second.priya, &third.priya)] {
        assert!(!one::<bool>(&world, due, next.summary_id).await);
        let cancel =
            "update jobs set state = 'cancelled', finished_at = now() where unique_key = $1::text and state = 'due'";
        set(&world, cancel, written.summary_id).await;
        world.run(written).await.expect("it is summarised");
        assert!(one::<bool>(&world, due, next.summary_id).await, "the next one need not wait");
    }
    assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::Met));
}

/// The same three sessions in any order have the same result.
#[tokio::test]
async fn threads_follow_the_dates_of_sessions_and_not_the_order_of_work() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2]] {
        let world = World::new().await;
        let days = ["2026-03-04", "2026-03-11", "2026-03-18"];
        let lines = [PROMISED, BROKEN, KEPT];
        let mut staged: [Option<Staged>; 3] = [None, None, None];
        for at in order {
            let session = summarised_on(&world, days[at], lines[at]).await;
            look_again(&world).await;
            staged[at] = Some(session);
        }
        let [first, second, third] = staged.map(|session| session.expect("each is staged").priya);
        assert_eq!(outcome(&world, &first).await, None, "{order:?}");
        assert_eq!(outcome(&world, &second).await, Some(ThreadOutcome::NotMet), "{order:?}: broken ones stay open");
        assert_eq!(outcome(&world, &third).await, Some(ThreadOutcome::Met), "{order:?}");
    }
}

#[tokio::test]
async fn what_was_settled_stays_settled_though_the_coach_words_it_anew() {
    let world = World::new().await;
    let first = summarised_on(&world, "2026-03-04", PROMISED).await;
    let second = summarised_on(&world, "2026-03-11", KEPT).await;
    assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::Met));

    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let mut reworded = summary::load_version(&mut tx, first.priya.summary_id, 1).await.expect("the version");
    for claim in reworded.claims.iter_mut().filter(|claim| claim.action.is_some()) {
        (claim.text, claim.edited) = ("Lena gets the plan.".into(), true);
    }
    summary::add_version(&mut tx, first.priya.summary_id, &reworded, &written_by("coach")).await.expect("a version");
    tx.commit().await.expect("it is committed");

    let third = summarised_on(&world, "2026-03-18", SILENT).await;
    assert_eq!(outcome(&world, &third.priya).await, None, "it is asked after no more");
}

/// The check computes without the session's lock, so that a long session holds nothing up; and if something changes in
/// the meantime, it checks again.
#[tokio::test]
async fn looking_again_holds_no_lock_while_it_computes() {
    let world = World::new().await;
    let later = summarised_on(&world, "2026-03-11", KEPT).await;
    summarised_on(&world, "2026-03-04", PROMISED).await;
    // Another transaction has the session, and moves it to another day.
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let change = "update sessions set session_date = session_date + 1 where id = $1";
    sqlx::query(change).bind(later.session).execute(tx.conn()).await.expect("it is changed");
    let waits = "select exists (select from pg_stat_activity where datname = current_database()
        and cardinality(pg_blocking_pids(pid)) > 0 and $1 is not null)";
    let change = async {
        wait_for("the job", async || one::<bool>(&world, waits, later.session).await.then_some(())).await;
        tx.commit().await.expect("it is committed");
    };
    let (looked, ()) = tokio::join!(world.run_queued::<LookAgain>(), change);
    assert!(matches!(looked, Some(Err(JobError::Overtaken(_)))), "it has read what was before: {looked:?}");
}

/// The coach's changes in the later summary, and what the model wrote, stay as they are.
#[tokio::test]
async fn looking_again_changes_the_threads_alone() {
    let world = World::new().await;
    let later =
        summarised_on(&world, "2026-03-11", &[KEPT[0], KEPT[1], ("Priya", "I closed the Hartman account.")]).await;
    let before = content(&world, &later.priya, 1).await;
    summarised_on(&world, "2026-03-04", PROMISED).await;
    look_again(&world).await;
    let after = content(&world, &later.priya, 2).await;
    let others = |content: &Content| -> Vec<(Section, String)> {
        let kept = content.claims.iter().filter(|claim| claim.thread.is_none());
        kept.map(|claim| (claim.section, claim.text.clone())).collect()
    };
    assert_eq!(others(&before), others(&after));
    assert_eq!(after.section(Section::OpenThreads).count(), 1);

    // An approved version stays as signed.
    let approve =
        "update summaries set state = 'approved', approved_version = version, approved_hash = 'x' where id = $1";
    set(&world, approve, later.priya.summary_id).await;
    summarised_on(&world, "2026-02-25", PROMISED).await;
    look_again(&world).await;
    let version: i32 = one(&world, "select version from summaries where id = $1", later.priya.summary_id).await;
    assert_eq!(version, 2);
}

/// The same promise in other words is one thread: in the latest words, since the first time; and once it is settled,
/// all of it is.
#[tokio::test]
async fn a_promise_that_is_given_again_is_one_thread() {
    let world = World::new().await;
    for (day, promised) in [
        ("2026-03-04", "I'll call the school about a place."),
        ("2026-03-11", "I will really call the school this week."),
        ("2026-03-18", "Okay, I'll ring the school tomorrow."),
    ] {
        let lines = [("Maya", "What will you do?"), ("Priya", promised)];
        summarised_on(&world, day, &lines).await;
    }
    let silent = summarised_on(&world, "2026-03-25", SILENT).await;
    let written = content(&world, &silent.priya, 1).await;
    let threads: Vec<&Claim> = written.section(Section::OpenThreads).collect();
    let [only] = threads[..] else { panic!("one promise is one thread: {threads:?}") };
    let thread = only.thread.as_ref().expect("a thread");
    assert!(thread.text.contains("ring the school"), "{thread:?}");
    assert_eq!(thread.session_date.to_string(), "2026-03-18");
    assert_eq!(thread.since.map(|day| day.to_string()).as_deref(), Some("2026-03-04"));

    let kept = summarised_on(&world, "2026-04-01", ANSWERED).await;
    let written = content(&world, &kept.priya, 1).await;
    let threads: Vec<&Claim> = written.section(Section::OpenThreads).collect();
    let [only] = threads[..] else { panic!("one promise is one thread: {threads:?}") };
    assert_eq!(only.thread.as_ref().map(|thread| thread.outcome), Some(ThreadOutcome::Met));
    let said: Vec<&str> = only.evidence.iter().map(|it| it.quote.as_str()).collect();
    assert_eq!(said, ["Did you call the school?", "Yes, they have a place."], "the question and the answer");

    let later = summarised_on(&world, "2026-04-08", SILENT).await;
    assert_eq!(outcome(&world, &later.priya).await, None, "each time that it was promised is settled");
}

/// A no, a not yet and a half-hearted yes keep it open.
#[tokio::test]
async fn what_is_asked_and_denied_stays_open() {
    for (answer, expected) in [
        ("No, not yet.", ThreadOutcome::NotMet),
        ("Not yet. They were closed.", ThreadOutcome::NotMet),
        ("No. I was too tired.", ThreadOutcome::NotMet),
        ("Yes, but nobody was there to talk to.", ThreadOutcome::NoMatch),
        ("Yes, I will.", ThreadOutcome::NoMatch),
        ("Yeah. They have a place.", ThreadOutcome::Met),
    ] {
        let world = World::new().await;
        let lines = [("Maya", "What will you do?"), ("Priya", "I'll call the school about a place.")];
        summarised_on(&world, "2026-03-04", &lines).await;
        let lines = [("Maya", "Good to see you. Did you call the school?"), ("Priya", answer)];
        let second = summarised_on(&world, "2026-03-11", &lines).await;
        assert_eq!(outcome(&world, &second.priya).await, Some(expected), "{answer}");
    }
}

/// The schema itself rejects a claim without evidence, unless it says that nothing was found.
#[tokio::test]
async fn every_claim_rests_on_words_or_is_refused() {
    let world = World::new().await;
    summarised_on(&world, "2026-03-04", PROMISED).await;
    let second = summarised_on(&world, "2026-03-11", SILENT).await;
    let written = content(&world, &second.priya, 1).await;
    let silent = written.section(Section::OpenThreads).next().expect("a thread").clone();
    assert_eq!(silent.thread.as_ref().map(|thread| thread.outcome), Some(ThreadOutcome::NoMatch));
    assert!(silent.evidence.is_empty(), "what says that nothing was found needs no words");
    let cited: Evidence = written.claims.iter().flat_map(|claim| claim.evidence.clone()).next().expect("some words");

    let met = |evidence: Vec<Evidence>| {
        let mut claim = Claim { evidence, ..silent.clone() };
        claim.thread.as_mut().expect("a thread").outcome = ThreadOutcome::Met;
        claim
    };
    let win = |support| Claim { support, ..Claim::new(Section::Wins, "She did it.".into()) };
    for (claim, taken) in [
        (silent.clone(), true),
        (met(vec![cited.clone()]), true),
        (met(vec![]), false),
        (Claim { support: Support::Own, ..met(vec![]) }, false),
        (Claim { evidence: vec![cited], ..win(Support::Verified) }, true),
        (win(Support::Own), true),
        (win(Support::Unchecked), true),
        (win(Support::NothingSaid), false),
        (win(Support::Verified), false),
    ] {
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        let content = Content { claims: vec![claim.clone()] };
        summary::add_version(&mut tx, second.priya.summary_id, &content, &written_by("coach"))
            .await
            .expect("it is looked at in the end");
        assert_eq!(tx.commit().await.is_ok(), taken, "{claim:?}");
    }
}

/// Settles the action item of a summary on a day.
async fn settle(world: &World, summary: &SummarizeClient, state: ItemState, on: &str) {
    let item: Uuid = one(
        world,
        "select lasting_id from claims join action_items on claim_id = claims.id where summary_id = $1 limit 1",
        summary.summary_id,
    )
    .await;
    let told = Told { day: Some(on.parse().expect("a day")), note: None };
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    settle::settle(&mut tx, item, state, &told, &Visitor::default()).await.expect("it is settled");
    tx.commit().await.expect("it is committed");
}

#[tokio::test]
async fn what_a_person_ticked_off_is_asked_after_only_where_it_was_open_that_day() {
    let world = World::new().await;
    let first = summarised_on(&world, "2026-03-04", PROMISED).await;
    let second = summarised_on(&world, "2026-03-11", SILENT).await;
    assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::NoMatch));

    // It was done after that session: what the summary says of it stays. It is asked after no more.
    settle(&world, &first.priya, ItemState::Done, "2026-03-12").await;
    look_again(&world).await;
    assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::NoMatch));
    let third = summarised_on(&world, "2026-03-18", SILENT).await;
    assert_eq!(outcome(&world, &third.priya).await, None);

    // It was done before that session after all: summaries in review are looked at again.
    settle(&world, &first.priya, ItemState::Done, "2026-03-10").await;
    look_again(&world).await;
    assert_eq!(outcome(&world, &second.priya).await, None);
    let reason: Option<String> =
        one(&world, "select rewrite_reason from summaries where id = $1", second.priya.summary_id).await;
    assert!(
        reason.is_some_and(|reason| reason.contains("was completed, dropped or opened again")),
        "the coach is told why"
    );
    // It isn't done: it is asked after again.
    settle(&world, &first.priya, ItemState::Open, "2026-03-10").await;
    look_again(&world).await;
    assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::NoMatch));
    assert_eq!(outcome(&world, &third.priya).await, Some(ThreadOutcome::NoMatch));
}

#[tokio::test]
async fn what_a_session_said_of_an_item_stays_when_a_person_ticks_it_off() {
    let world = World::new().await;
    let first = summarised_on(&world, "2026-03-04", PROMISED).await;
    let second = summarised_on(&world, "2026-03-11", KEPT).await;
    assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::Met));
    // On the day of the session, as a coach does who has just read the summary; and on the day on which it was done.
    for (day, versions) in [("2026-03-11", 1), ("2026-03-09", 1)] {
        settle(&world, &first.priya, ItemState::Done, day).await;
        look_again(&world).await;
        assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::Met), "{day}");
        let version: i32 = one(&world, "select version from summaries where id = $1", second.priya.summary_id).await;
        assert_eq!(version, versions, "{day}: the form that is open on the page can still be sent");
    }
    // The promise is taken out of the summary that had it: then nothing is left that it could be about.
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let nothing = Content { claims: Vec::new() };
    summary::add_version(&mut tx, first.priya.summary_id, &nothing, &written_by("coach")).await.expect("a version");
    tx.commit().await.expect("it is committed");
    let (summary_id, after) = (second.priya.summary_id, first.priya.summary_id);
    world.run(&LookAgain { summary_id, after, version: 2, settling: None }).await.expect("it looks again");
    assert_eq!(outcome(&world, &second.priya).await, None);
}

#[tokio::test]
async fn what_a_session_reported_done_and_a_person_opened_again_is_asked_after() {
    let world = World::new().await;
    let first = summarised_on(&world, "2026-03-04", PROMISED).await;
    let second = summarised_on(&world, "2026-03-11", KEPT).await;
    assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::Met));
    settle(&world, &first.priya, ItemState::Open, "2026-03-12").await;
    look_again(&world).await;
    assert_eq!(outcome(&world, &second.priya).await, Some(ThreadOutcome::Met), "that was said");
    let third = summarised_on(&world, "2026-03-18", SILENT).await;
    assert_eq!(outcome(&world, &third.priya).await, Some(ThreadOutcome::NoMatch));
}

#[tokio::test]
async fn the_same_promise_made_twice_is_dropped_once() {
    let world = World::new().await;
    for day in ["2026-03-04", "2026-03-11"] {
        let staged = summarised_on(&world, day, PROMISED).await;
        if day == "2026-03-11" {
            settle(&world, &staged.priya, ItemState::Dropped, "2026-03-12").await;
        }
    }
    let third = summarised_on(&world, "2026-03-18", SILENT).await;
    assert_eq!(outcome(&world, &third.priya).await, None, "neither instance is open");
}
