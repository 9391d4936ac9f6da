//! What a deleted session had in the bucket, and the file that still lies in the inbox.

use debrief_jobs::{
    bucket::BucketError,
    ingest::{Scan, ScanInbox},
    path::ParseTranscript,
    queue::{Job, JobError},
    removal::RemoveObjects,
};
use uuid::Uuid;

use super::{erased, execute, one};
use crate::support::{World, s3};

const CALL: &str = include_str!("../../fixtures/ingest/call/priya.vtt");

async fn worlds() -> [World; 2] {
    let url = s3::bucket_url().await;
    [World::new().await, World::with(|settings| settings.bucket.url = url).await]
}

async fn drop_file(world: &World, key: &str) {
    world.services.bucket.put(&format!("inbox/maya/{key}"), CALL).await.expect("the bucket takes it");
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
        assert_eq!(world.run_queued::<RemoveObjects>().await.expect("a job").expect("it runs")["objects"], 1);
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
    assert_eq!(world.run_queued::<RemoveObjects>().await.expect("a job").expect("it runs")["objects"], 0);
    assert!(is_there(&world, &stored).await, "the other one has it");
    erased(&world, both[1]).await.expect("it is deleted");
    assert_eq!(world.run_queued::<RemoveObjects>().await.expect("a job").expect("it runs")["objects"], 1);
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
        if let Ok(output) = world.run_installation(&ScanInbox {}).await {
            taken += serde_json::from_value::<Scan>(output).expect("a scan's output").taken;
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
    world.run_queued::<RemoveObjects>().await.expect("a job").expect("it runs");
    assert!(!is_there(&world, reason).await);
    assert_eq!(one::<i64>(&world, "select count(*) from objects_to_remove").await, 0, "no file name is kept");
}
