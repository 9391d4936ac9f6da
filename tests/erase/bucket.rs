//! What a deleted session had in the bucket, and the file that still lies in the inbox.

use std::{pin::pin, time::Duration};

use debrief_jobs::{
    bucket::BucketError,
    db::{TenantTx, Tx},
    ingest::{RejectTranscript, Scan, ScanInbox},
    path::ParseTranscript,
    queue::{Job, JobArgs, JobError},
    removal::{self, RemoveObjects},
};
use uuid::Uuid;

use super::{erased, execute, one};
use crate::support::{Reviewed, World, s3};

const CALL: &str = include_str!("../../fixtures/ingest/call/priya.vtt");

async fn worlds() -> [World; 2] {
    let url = s3::bucket_url().await;
    [World::new().await, World::with(|settings| settings.bucket.url = url).await]
}

async fn drop_file(world: &World, key: &str) {
    drop_file_of(world, key, CALL).await;
}

async fn drop_file_of(world: &World, key: &str, content: &'static str) {
    world.services.bucket.put(&format!("inbox/maya/{key}"), content).await.expect("the bucket takes it");
}

async fn scan(world: &World) -> Scan {
    loop {
        match world.run_installation(&ScanInbox {}).await {
            Ok(output) => return serde_json::from_value(output).expect("a scan's output"),
            Err(JobError::Snooze(_)) => {}
            Err(error) => panic!("the inbox is not scanned: {error:?}"),
        }
    }
}

async fn session(world: &World) -> Uuid {
    one(world, "select id from sessions").await
}

async fn copy(world: &World) -> String {
    one(world, "select stored_key from transcripts").await
}

async fn is_there(world: &World, key: &str) -> bool {
    match world.services.bucket.head(key).await {
        Ok(_) => true,
        Err(BucketError::NotFound) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn our_copies_go_and_the_file_in_the_inbox_is_not_read_again() {
    for world in worlds().await {
        drop_file(&world, "2026-11-03/priya.vtt").await;
        assert_eq!(scan(&world).await.taken, 1);
        let (first, stored) = (session(&world).await, copy(&world).await);
        erased(&world, first).await.expect("it is deleted");
        assert!(is_there(&world, &stored).await, "the job removes it, after the transaction");
        let again = RemoveObjects { session_id: first };
        remove(&world).await;
        assert!(!is_there(&world, &stored).await);
        assert_eq!(world.run(&again).await.expect("it runs again")["objects"], 0, "what is gone is gone");
        let settled = scan(&world).await;
        assert_eq!((settled.known, settled.taken), (1, 0), "the ledger knows it");
        assert!(is_there(&world, "inbox/maya/2026-11-03/priya.vtt").await, "the coach's own file stays");
        // The same bytes under another name are a new session, on purpose.
        drop_file(&world, "2026-11-03/priya again.vtt").await;
        assert_eq!(scan_until_taken(&world).await, 1);
        assert_ne!(session(&world).await, first);
        assert!(is_there(&world, &stored).await, "with a copy of its own");
        assert_eq!(one::<String>(&world, "select state from sessions").await, "received");
        world.run_queued::<ParseTranscript>().await.expect("a job").expect("it is read");
    }
}

/// Runs the job that removes what a deleted session had.
async fn remove(world: &World) {
    world.run_queued::<RemoveObjects>().await.expect("a job").expect("it runs");
}

/// A copy that was removed a moment ago is written anew by the next scan.
async fn scan_until_taken(world: &World) -> usize {
    let mut taken = 0;
    for _ in 0..5 {
        taken += scan(world).await.taken;
        if taken > 0 {
            break;
        }
    }
    taken
}

#[tokio::test]
async fn a_copy_that_another_session_relies_on_stays() {
    let world = World::new().await;
    execute(
        &world,
        "insert into coaches (id, organization_id, handle, name, email)
         select gen_random_uuid(), id, 'ben', 'Ben', 'ben@northlight.example' from organizations",
    )
    .await;
    drop_file(&world, "2026-11-03/priya.vtt").await;
    world.services.bucket.put("inbox/ben/2026-11-03/priya.vtt", CALL).await.expect("the bucket takes it");
    assert_eq!(scan(&world).await.taken, 2);
    let both: Vec<Uuid> = one(&world, "select array_agg(id order by id) from sessions").await;
    let stored: String = one(&world, "select min(stored_key) from transcripts").await;
    erased(&world, both[0]).await.expect("it is deleted");
    remove(&world).await;
    assert!(is_there(&world, &stored).await, "the other one has it");
    erased(&world, both[1]).await.expect("it is deleted");
    remove(&world).await;
    assert!(!is_there(&world, &stored).await);
}

#[tokio::test]
async fn a_file_that_comes_while_its_old_copy_is_removed_gets_a_new_one() {
    let world = World::new().await;
    drop_file(&world, "2026-11-03/priya.vtt").await;
    assert_eq!(scan(&world).await.taken, 1);
    let (first, stored) = (session(&world).await, copy(&world).await);
    erased(&world, first).await.expect("it is deleted");
    let (job, context) = world.claim_queued::<RemoveObjects>().await.expect("a job");
    // Between the mark and the removal: whoever comes now waits for another scan.
    execute(&world, "update objects_to_remove set begun_at = now()").await;
    drop_file(&world, "2026-11-03/priya again.vtt").await;
    assert_eq!(scan_once(&world).await, 0, "it isn't relied on");
    job.run(&context).await.expect("it is removed");
    assert!(!is_there(&world, &stored).await);
    assert_eq!(scan_until_taken(&world).await, 1);
    assert!(is_there(&world, &stored).await, "and written anew");
}

/// What two looks take.
async fn scan_once(world: &World) -> usize {
    let mut taken = 0;
    for _ in 0..3 {
        match world.run_installation(&ScanInbox {}).await {
            Ok(output) => taken += serde_json::from_value::<Scan>(output).expect("a scan's output").taken,
            // The second look is due in a moment.
            Err(JobError::Snooze(_)) => {}
            Err(error) => panic!("the inbox is not scanned: {error:?}"),
        }
    }
    taken
}

#[tokio::test]
async fn a_refused_files_copy_and_reason_go_as_well() {
    let world = World::new().await;
    world.services.bucket.put("inbox/maya/2026-11-03/empty.vtt", "").await.expect("the bucket takes it");
    assert_eq!(scan(&world).await.rejected, 1);
    let reason = "rejected/maya/2026-11-03/empty.vtt.reason.json";
    assert!(is_there(&world, reason).await);
    let refused = session(&world).await;
    erased(&world, refused).await.expect("it is deleted");
    remove(&world).await;
    assert!(!is_there(&world, reason).await);
    assert_eq!(one::<i64>(&world, "select count(*) from objects_to_remove").await, 0, "no file name is kept");
}

#[tokio::test]
async fn a_file_that_was_refused_and_came_again_leaves_nothing_beside_the_refused_ones() {
    let world = World::new().await;
    drop_file_of(&world, "2026-11-03/priya.vtt", "").await;
    assert_eq!(scan(&world).await.rejected, 1);
    let reason = "rejected/maya/2026-11-03/priya.vtt.reason.json";
    assert!(is_there(&world, reason).await);
    // It then is a good one, and nothing of its session is refused.
    drop_file(&world, "2026-11-03/priya.vtt").await;
    assert_eq!(scan(&world).await.taken, 1);
    erased(&world, session(&world).await).await.expect("it is deleted");
    remove(&world).await;
    assert!(!is_there(&world, reason).await, "nor is its name");
    let bucket = world.folder.path().join("bucket");
    assert!(!bucket.join("rejected/maya").exists() && bucket.join("rejected").exists(), "nor are emptied folders");
}

#[tokio::test]
async fn a_refusal_that_is_under_way_puts_nothing_back() {
    let world = World::new().await;
    drop_file_of(&world, "2026-11-03/priya.vtt", "Nobody said anything.").await;
    assert_eq!(scan(&world).await.taken, 1);
    let read = world.run_queued::<ParseTranscript>().await.expect("a job").expect("it runs");
    world.claim_queued::<RejectTranscript>().await.unwrap_or_else(|| panic!("it is no transcript: {read}"));
    erased(&world, session(&world).await).await.expect("it is deleted");
    let waits: f64 = one(
        &world,
        "select extract(epoch from run_at - now())::float8 from jobs where kind = 'bucket.remove' and state = 'due'",
    )
    .await;
    assert!(waits > RejectTranscript::POLICY.timeout.as_secs_f64(), "{waits} s: until it can't write any more");
    // It had read what to do before, and doesn't know yet.
    world.services.bucket.put("rejected/maya/2026-11-03/priya.vtt", "As said.").await.expect("the bucket takes it");
    remove(&world).await;
    let left = world.services.bucket.list("rejected").await.expect("a listing");
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_a_new_file_of_the_name_is_refused_for_outlives_the_removal_of_the_old() {
    let world = World::new().await;
    drop_file_of(&world, "2026-11-03/priya.vtt", "").await;
    assert_eq!(scan(&world).await.rejected, 1);
    erased(&world, session(&world).await).await.expect("it is deleted");
    // Before the removal has run, it comes again, and is refused again.
    drop_file_of(&world, "2026-11-03/priya.vtt", "").await;
    assert_eq!(scan(&world).await.rejected, 1);
    remove(&world).await;
    let reason = "rejected/maya/2026-11-03/priya.vtt.reason.json";
    assert!(is_there(&world, reason).await, "the coach is told of it, and looks for it here");
}

/// Ingest of the same content, as far as the copy matters: it holds the content, takes a removal back, adds its transcript.
async fn ingest_begins(world: &World, stored: &str) -> TenantTx {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let sha256 = stored.rsplit('/').next().expect("a hash");
    removal::hold(&mut tx, sha256).await.expect("it is held");
    assert!(removal::claim(&mut tx, stored, Duration::ZERO).await.expect("an answer"), "nothing removes it");
    tx
}

async fn relies_on(tx: &mut TenantTx, stored: &str) {
    sqlx::query(
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes, object_time)
         select gen_random_uuid(), organization_id, id, 'k', 'e', $1, split_part($1, '/', 3), 1, now() from sessions limit 1",
    )
    .bind(stored)
    .execute(tx.conn())
    .await
    .expect("a transcript");
}

#[tokio::test]
async fn a_copy_that_a_file_relies_on_from_this_moment_stays() {
    let world = World::new().await;
    Reviewed::new(&world).await;
    drop_file(&world, "2026-11-03/priya.vtt").await;
    assert_eq!(scan(&world).await.taken, 1);
    let first: Uuid = one(&world, "select session_id from transcripts where stored_key like 'transcripts/%'").await;
    let stored: String = one(&world, "select stored_key from transcripts where stored_key like 'transcripts/%'").await;
    // Before the session is deleted, so that there is no removal to be taken back yet.
    let mut tx = ingest_begins(&world, &stored).await;
    erased(&world, first).await.expect("it is deleted");
    let (job, context) = world.claim_queued::<RemoveObjects>().await.expect("a job");
    let mut removed = pin!(job.run(&context));
    tokio::select! {
        _ = &mut removed => panic!("it didn't wait for who holds the content"),
        () = world.somebody_waits() => {}
    }
    relies_on(&mut tx, &stored).await;
    tx.commit().await.expect("it commits");
    removed.await.expect("it runs");
    assert!(is_there(&world, &stored).await);
}

#[tokio::test]
async fn what_was_written_before_a_removal_ended_is_written_again() {
    let world = World::new().await;
    drop_file(&world, "2026-11-03/priya.vtt").await;
    assert_eq!(scan(&world).await.taken, 1);
    let stored = copy(&world).await;
    erased(&world, session(&world).await).await.expect("it is deleted");
    remove(&world).await;
    execute(&world, "update objects_to_remove set removed_at = now() - interval '10 seconds'").await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    for (age, is_sure) in [(60, false), (11, false), (5, true)] {
        let claimed = removal::claim(&mut tx, &stored, Duration::from_secs(age)).await.expect("an answer");
        assert_eq!(claimed, is_sure, "begun {age} seconds ago, removed 10 seconds ago");
    }
}

#[tokio::test]
async fn a_removal_that_died_holds_no_file_up() {
    let world = World::new().await;
    drop_file(&world, "2026-11-03/priya.vtt").await;
    assert_eq!(scan(&world).await.taken, 1);
    let stored = copy(&world).await;
    erased(&world, session(&world).await).await.expect("it is deleted");
    let (job, context) = world.claim_queued::<RemoveObjects>().await.expect("a job");
    execute(&world, "update objects_to_remove set begun_at = now()").await;
    job.on_dead(&context, "the bucket refuses").await.expect("it is told");
    drop_file(&world, "2026-11-03/priya again.vtt").await;
    assert_eq!(scan_until_taken(&world).await, 1);
    // An operator has it run again: what is relied on stays, the rest goes.
    job.run(&context).await.expect("it runs");
    assert!(is_there(&world, &stored).await);
    assert_eq!(one::<i64>(&world, "select count(*) from objects_to_remove").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_written_although_its_folder_is_emptied_at_this_moment() {
    let world = World::new().await;
    let bucket = &world.services.bucket;
    let write_and_remove = async |name: &str| {
        for _ in 0..100 {
            let key = format!("uploads/x/{name}");
            bucket.put(&key, "a part").await.expect("it is written");
            bucket.delete(&key).await.expect("it is removed");
        }
    };
    tokio::join!(write_and_remove("one"), write_and_remove("other"), write_and_remove("third"));
    assert!(
        world.folder.path().join("bucket/uploads").exists() && !world.folder.path().join("bucket/uploads/x").exists()
    );
}
