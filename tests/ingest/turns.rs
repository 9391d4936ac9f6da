//! Many files at once: coaches take turns, rejections share one email, and duplicates are reported.

use debrief_jobs::{
    db::Tx,
    ingest::{self, RejectTranscript, TellCoach},
    path::ParseTranscript,
    people::{self, NewCoach},
    queue::JobError,
};
use uuid::Uuid;

use super::{CALL, count, drop_file, look, one, scan, worlds};
use crate::support::World;

async fn add_ben(world: &World) -> Uuid {
    let ben = NewCoach { handle: "ben", name: "Ben Adler", email: "ben@northlight.example", ..NewCoach::default() };
    people::add_coach(&world.database.db, "northlight", &ben).await.expect("a coach")
}

/// The texts of emails of a kind to a recipient, latest first; still encoded.
pub(super) async fn letters(world: &World, recipient: &'static str) -> Vec<String> {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let raw: Vec<Vec<u8>> = sqlx::query_scalar(
        "select message from mails where kind = 'session_rejected' and recipient = $1 order by id desc",
    )
    .bind(recipient)
    .fetch_all(tx.conn())
    .await
    .expect("mails");
    let decoded = raw.iter().map(|raw| {
        let message = String::from_utf8_lossy(raw).replace("=\r\n", "");
        message.replace("\r\n", "\n").split_whitespace().collect::<Vec<_>>().join(" ")
    });
    decoded.collect()
}

#[tokio::test]
async fn a_flood_of_one_coach_does_not_delay_the_file_of_another_and_is_told_in_one_mail() {
    for world in worlds().await {
        add_ben(&world).await;
        for at in 0..90 {
            drop_file(&world, &format!("ben/junk {at}.vtt"), "").await;
        }
        drop_file(&world, "maya/2026-11-03/Priya goals.vtt", CALL).await;
        // In a folder, the first scan remembers and the next one takes.
        look(&world).await;
        look(&world).await;
        assert_eq!(
            count(&world, "select count(*) from transcripts").await,
            1,
            "Maya's file is taken in the first turn"
        );
        let refused = "select count(*) from sessions where state = 'rejected'";
        let after_a_turn = count(&world, refused).await;
        assert!((1..90).contains(&after_a_turn), "Ben's wait for their turn: {after_a_turn}");
        while look(&world).await.is_none() {}
        assert_eq!(count(&world, refused).await, 90, "and all have it in the end");

        assert!(matches!(world.run_queued::<TellCoach>().await, Some(Err(JobError::Snooze(_)))), "more may come");
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        sqlx::query("update jobs set state = 'due', leased_until = null, leased_by = null where state = 'running'")
            .execute(tx.conn())
            .await
            .expect("as the queue does after a snooze");
        tx.commit().await.expect("it is committed");
        assert_eq!(world.tell_of_inbox().await, 1);
        let letters = letters(&world, "ben@northlight.example").await;
        assert_eq!(letters.len(), 1, "ninety refusals are one mail");
        assert!(letters[0].contains("Subject: We couldn't read 90 files"), "{}", letters[0]);
        assert!(letters[0].contains("text/html"), "{}", letters[0]);
        assert!(letters[0].contains("The file is empty.") && letters[0].contains("and 70 more"), "{}", letters[0]);
        let untold = "select count(*) from inbox_notices where told_at is null or mail_id is null";
        assert_eq!(count(&world, untold).await, 0);
    }
}

/// Parses what was taken; unusable files are rejected.
async fn parse_all(world: &World) {
    while let Some(parsed) = world.run_queued::<ParseTranscript>().await {
        parsed.expect("it is looked at");
    }
    while let Some(rejected) = world.run_queued::<RejectTranscript>().await {
        rejected.expect("it is refused");
    }
}

#[tokio::test]
async fn what_parse_refuses_is_one_mail_too() {
    let world = World::new().await;
    for at in 0..3 {
        drop_file(&world, &format!("maya/holiday {at}.vtt"), format!("GIF89a{at}")).await;
    }
    scan(&world).await;
    parse_all(&world).await;
    assert_eq!(world.tell_of_inbox().await, 1);
    let letters = letters(&world, "maya@northlight.example").await;
    assert!(letters[0].contains("Subject: We couldn't read 3 files"), "{}", letters[0]);
    assert!(letters[0].contains("text/html"), "{}", letters[0]);
    for at in 0..3 {
        assert!(letters[0].contains(&format!("holiday {at}.vtt")), "{}", letters[0]);
    }
    assert!(letters[0].contains("ve kept each file in rejected/, with the reason next to it."), "{}", letters[0]);
}

#[tokio::test]
async fn a_copy_is_said_to_be_kept_only_where_there_is_one() {
    let world = World::new().await;
    drop_file(&world, "maya/empty.vtt", "").await;
    scan(&world).await;
    assert_eq!(world.tell_of_inbox().await, 1);
    drop_file(&world, "maya/2026-11-03/holiday.vtt", "GIF89a").await;
    drop_file(&world, "maya/nothing.vtt", "").await;
    scan(&world).await;
    parse_all(&world).await;
    assert_eq!(world.tell_of_inbox().await, 1);
    let letters = letters(&world, "maya@northlight.example").await;
    let [both, alone] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(alone.contains("The file is empty.") && !alone.contains("in rejected/"), "{alone}");
    assert!(alone.contains("A corrected file with the same name"), "{alone}");
    assert!(!both.contains("ve kept each file"), "{both}");
    // Once in the text and once in the HTML, and only about the picture.
    assert_eq!(both.matches("ve kept a copy in rejected/.").count(), 2, "{both}");
    assert!(both.contains("ve kept a copy in rejected/."), "{both}");
    for (name, is_kept) in [("2026-11-03/holiday.vtt", true), ("nothing.vtt", false), ("empty.vtt", false)] {
        let kept = world.services.bucket.get(&format!("rejected/maya/{name}")).await;
        assert_eq!(kept.is_ok(), is_kept, "{name}");
    }
}

#[tokio::test]
async fn a_folder_with_more_files_than_a_meeting_has_is_taken_file_by_file() {
    let world = World::new().await;
    for at in 0..230 {
        drop_file(&world, &format!("maya/2026-11-03/part {at}.txt"), "").await;
    }
    look(&world).await;
    look(&world).await;
    let refused = "select count(*) from sessions where state = 'rejected'";
    assert!((1..230).contains(&count(&world, refused).await), "a turn, and not all");
    while look(&world).await.is_none() {}
    assert_eq!(count(&world, refused).await, 230);
}

#[tokio::test]
async fn a_file_from_the_wrong_folder_is_a_session_of_the_right_coach_and_nobody_reads_of_the_other() {
    for world in worlds().await {
        let ben = add_ben(&world).await;
        drop_file(&world, "ben/Priya goals.vtt", CALL).await;
        assert_eq!(scan(&world).await.taken, 1);
        world.services.bucket.delete("inbox/ben/Priya goals.vtt").await.expect("it is moved away …");
        drop_file(&world, "maya/2026-11-03/Priya goals.vtt", CALL).await;
        let found = scan(&world).await;
        assert_eq!((found.taken, found.duplicate), (1, 0), "… and taken where it belongs");
        let mine = "select count(*) from sessions join coaches on coaches.id = coach_id where handle = 'maya'";
        assert_eq!(count(&world, mine).await, 1);
        assert_eq!(count(&world, "select count(*) from jobs where kind = 'parse.transcript'").await, 2);
        assert_eq!(world.tell_of_inbox().await, 0, "nothing is to be told to either");
        let coach: Uuid = one(&world, "select coach_id from sessions order by created_at, id limit 1").await;
        assert_eq!(coach, ben, "what was there stays where it was");
    }
}

#[tokio::test]
async fn what_the_coach_has_already_is_told_by_mail_and_in_the_inbox() {
    for world in worlds().await {
        drop_file(&world, "maya/2026-11-03/Priya goals.vtt", CALL).await;
        scan(&world).await;
        drop_file(&world, "maya/again/copy of it.vtt", CALL).await;
        assert_eq!(scan(&world).await.duplicate, 1);
        let says =
            "It has the same content as “Priya goals.vtt”, which is in the session “Priya goals” on 3 November 2026.";
        let files = ingest::inbox(&world.database.db, &world.services.bucket, false).await.expect("the inbox");
        let duplicate = files.iter().find(|file| file.outcome == ingest::FileOutcome::Duplicate).expect("it is shown");
        assert_eq!(
            (duplicate.object_key.as_str(), duplicate.reason.as_deref()),
            ("inbox/maya/again/copy of it.vtt", Some(says))
        );
        assert_eq!(world.tell_of_inbox().await, 1);
        let letters = letters(&world, "maya@northlight.example").await;
        assert!(letters[0].contains("Subject: Already there: again/copy of it.vtt"), "{}", letters[0]);
        assert!(letters[0].contains("text/html"), "{}", letters[0]);
        assert!(letters[0].contains("so nothing was done with it:"), "{}", letters[0]);
        // The same file, rewritten, needs no notice.
        world.services.bucket.delete("inbox/maya/2026-11-03/Priya goals.vtt").await.expect("it is taken away");
        drop_file(&world, "maya/2026-11-03/Priya goals.vtt", CALL).await;
        scan(&world).await;
        assert_eq!(world.tell_of_inbox().await, 0);
    }
}
