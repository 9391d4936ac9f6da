//! Decisions based on evidence that could be wrong: marked on the page and in the email, and undone with one click.

use debrief_jobs::{
    attribute::{Basis, guesses, speakers},
    audit::Visitor,
    correct::{self, NameError, SpeakerIs, take_back},
    db::Tx,
    path::{AttributeSession, RequestReview, SummarizeClient},
};
use uuid::Uuid;

use super::{Line, attribute, diarised, name, outcome, parsed_session, tenant};
use crate::support::{Runnable, World};

const MAYA: Option<&str> = Some("Maya Okafor");

/// It contains no name.
const GREETING: &str = "Good to see you. How have you been since we spoke, and what would you like to look at?";

/// Names the file of a session.
async fn file(world: &World, session: Uuid, key: &str) {
    let mut tx = tenant(world).await;
    for sql in [
        "update transcripts set object_key = $2 where session_id = $1",
        "update sessions set object_key = $2 where id = $1",
    ] {
        sqlx::query(sql).bind(session).bind(key).execute(tx.conn()).await.expect("it is named");
    }
    tx.commit().await.expect("it is committed");
}

/// Two unnamed speakers, in a file with this name.
async fn unnamed_pair_in(world: &World, greeting: &str, key: &str) -> Uuid {
    let session = parsed_session(world, &diarised(greeting)).await;
    file(world, session, key).await;
    attribute(world, session).await;
    session
}

async fn state(world: &World, session: Uuid) -> String {
    let mut tx = tenant(world).await;
    sqlx::query_scalar("select state from sessions where id = $1").bind(session).fetch_one(tx.conn()).await.expect("it")
}

async fn drain<J: Runnable>(world: &World) {
    while let Some(ran) = world.run_queued::<J>().await {
        ran.expect("the job succeeds");
    }
}

async fn undo(world: &World, session: Uuid, label: &str) -> Result<correct::Corrected, NameError> {
    let mut tx = tenant(world).await;
    let undone = take_back(&mut tx, &world.services.desk, session, label, &Visitor::default()).await?;
    tx.commit().await?;
    Ok(undone)
}

#[tokio::test]
async fn a_file_named_after_the_client_is_evidence_that_is_said_and_taken_back_with_one_click() {
    let world = World::new().await;
    world.leaves::<RequestReview>();
    let session = unnamed_pair_in(&world, GREETING, "inbox/maya/2026-11-03/Coaching with Priya Raman.txt").await;
    let found = outcome(&world, session).await;
    assert!(found.starts_with("attributed") && found.ends_with("; Priya Raman due"), "{found}");
    drain::<SummarizeClient>(&world).await;
    drain::<RequestReview>(&world).await;
    let told = guesses(&mut tenant(&world).await, session).await.expect("guesses");
    let guess = told.iter().find(|guess| guess.label == "Speaker 2").expect("it is told");
    assert_eq!((guess.person.as_str(), guess.basis), ("Priya Raman", Basis::Occasion));
    assert!(guess.reason.contains("You named the file or its folder “Coaching with Priya Raman”"), "{}", guess.reason);
    let mail: String =
        sqlx::query_scalar("select convert_from(message, 'UTF8') from mails where kind = 'review_request'")
            .fetch_one(tenant(&world).await.conn())
            .await
            .expect("a mail");
    assert!(mail.contains("Please check"), "the mail says so: {mail}");

    let undone = undo(&world, session, "Speaker 2").await.expect("it is taken back");
    assert_eq!((undone.remaining, undone.touched.withdrawn), (1, 1));
    assert_eq!(state(&world, session).await, "waiting_for_speakers");
    assert!(outcome(&world, session).await.ends_with("; Priya Raman dismissed"), "{}", outcome(&world, session).await);
    assert!(matches!(undo(&world, session, "Speaker 2").await, Err(NameError::NoGuess(_))), "a second click");
    // It isn't guessed again later.
    attribute(&world, session).await;
    assert_eq!(state(&world, session).await, "waiting_for_speakers");

    let tom = [correct::Answer { label: "Speaker 2".into(), is: SpeakerIs::Client(world.tom), everywhere: true }];
    let mut tx = tenant(&world).await;
    let set = correct::set_speakers(&mut tx, &world.services.desk, session, &tom, &Visitor::default())
        .await
        .expect("it is named");
    tx.commit().await.expect("it is committed");
    assert_eq!(set.remaining, 0);
    drain::<SummarizeClient>(&world).await;
    assert_eq!(state(&world, session).await, "summarized");
    let found = outcome(&world, session).await;
    assert!(found.ends_with("; Priya Raman dismissed, Tom Becker done"), "{found}");
}

#[tokio::test]
async fn evidence_that_disagrees_or_points_to_several_is_asked_about() {
    let world = World::new().await;
    let priya = "Hi Priya. How have you been since we spoke, and what would you like to look at?";
    for (greeting, key) in [
        (priya, "inbox/maya/Tom.vtt"),
        (GREETING, "inbox/maya/Priya and Tom.vtt"),
        (GREETING, "inbox/maya/Priya and Jonas.vtt"),
        (GREETING, "inbox/maya/call.vtt"),
        (GREETING, "inbox/maya/About Priya.vtt"),
    ] {
        let session = unnamed_pair_in(&world, greeting, key).await;
        assert_eq!(state(&world, session).await, "waiting_for_speakers", "{key}");
    }
}

#[tokio::test]
async fn a_roster_of_one_and_the_hour_of_the_week_are_evidence() {
    let world = World::new().await;
    // Two sessions with Priya on Tuesdays at ten; the third is recognized without a name in its file.
    for date in ["2026-10-20", "2026-10-27"] {
        let key = format!("inbox/maya/{date} 10.00.05 call/audio.vtt");
        let session =
            parsed_session(&world, &diarised("Hi Priya. How have you been, and what would you like to look at?")).await;
        file(&world, session, &key).await;
        let mut tx = tenant(&world).await;
        sqlx::query("update sessions set session_date = $2::date where id = $1")
            .bind(session)
            .bind(date)
            .execute(tx.conn())
            .await
            .expect("it has a date");
        tx.commit().await.expect("it is committed");
        attribute(&world, session).await;
        assert_eq!(state(&world, session).await, "attributed");
    }
    let third = unnamed_pair_in(&world, GREETING, "inbox/maya/2026-11-03 10.02.40 call/audio.vtt").await;
    assert!(outcome(&world, third).await.ends_with("; Priya Raman due"), "{}", outcome(&world, third).await);
    let other = unnamed_pair_in(&world, GREETING, "inbox/maya/2026-11-03 15.00.00 call/audio.vtt").await;
    assert_eq!(state(&world, other).await, "waiting_for_speakers");

    let mut tx = tenant(&world).await;
    sqlx::query("delete from clients where id = $1").bind(world.tom).execute(tx.conn()).await.expect("Tom is gone");
    tx.commit().await.expect("it is committed");
    let only = unnamed_pair_in(&world, GREETING, "inbox/maya/call.vtt").await;
    assert!(outcome(&world, only).await.ends_with("; Priya Raman due"), "{}", outcome(&world, only).await);
    let stranger = unnamed_pair_in(&world, GREETING, "inbox/maya/Jonas Weber.vtt").await;
    assert_eq!(state(&world, stranger).await, "waiting_for_speakers");
}

#[tokio::test]
async fn a_label_that_is_a_count_is_somebody_else_in_the_next_session() {
    let world = World::new().await;
    for (one, other) in [("Спикер №1", "Спикер №2"), ("Qwortl 1", "Qwortl 2"), ("Tom A", "Tom B")] {
        let said = [
            (Some(one), 0, 2_000, "How did the week go?"),
            (Some(other), 2_000, 9_000, "I closed the account on Tuesday, and I will send the draft by Friday."),
        ];
        let first = parsed_session(&world, &said).await;
        attribute(&world, first).await;
        let told = speakers(&mut tenant(&world).await, first).await.expect("speakers");
        assert!(told.iter().all(|speaker| speaker.is_generic), "{told:?}");
        name(&world, first, &[(one, SpeakerIs::Coach), (other, SpeakerIs::Client(world.priya))]).await.expect("named");
        drain::<AttributeSession>(&world).await;
        assert_eq!(state(&world, first).await, "attributed");
        let next = parsed_session(&world, &said).await;
        attribute(&world, next).await;
        assert_eq!(state(&world, next).await, "waiting_for_speakers", "{one}");
        let told = speakers(&mut tenant(&world).await, next).await.expect("speakers");
        assert!(told.iter().all(|speaker| speaker.who.is_none()), "{told:?}");
    }
}

#[tokio::test]
async fn badges_are_no_other_person_and_two_names_are_nobody_alone() {
    let world = World::new().await;
    let with = |label| {
        [
            (MAYA, 0, 2_000, "Welcome back. How was the move?"),
            (label, 2_000, 9_000, "It took all of the weekend. I will call the landlord by Tuesday."),
        ]
    };
    for label in ["Tom Becker (Guest)", "Becker, Tom (Gast)", "Tom Becker (Unverified)", "Tom Becker - External"] {
        let session = parsed_session(&world, &with(Some(label))).await;
        attribute(&world, session).await;
        assert!(outcome(&world, session).await.ends_with("; Tom Becker due"), "{label}");
        assert!(guesses(&mut tenant(&world).await, session).await.expect("guesses").is_empty(), "{label} is sure");
    }
    for label in ["Priya Raman and Tom Becker", "Priya & Tom", "Priya y Tom", "Tom / Priya", "Tom's guest"] {
        let session = parsed_session(&world, &with(Some(label))).await;
        attribute(&world, session).await;
        let told = speakers(&mut tenant(&world).await, session).await.expect("speakers");
        let found = told.iter().find(|speaker| speaker.label == label).expect("it is told");
        assert_eq!((found.who, found.suggestion), (None, None), "{label}: {}", found.reason);
    }
}

#[tokio::test]
async fn words_that_all_stand_under_one_clients_name_are_no_summary_without_a_person() {
    let world = World::new().await;
    let said: [Line<'_>; 2] = [
        (Some("Priya Raman"), 0, 2_000, "How was the week?"),
        (Some("Priya Raman"), 2_000, 9_000, "I closed the account, and I will send the draft by Friday."),
    ];
    let session = parsed_session(&world, &said).await;
    attribute(&world, session).await;
    assert_eq!(state(&world, session).await, "waiting_for_speakers");
    let told = speakers(&mut tenant(&world).await, session).await.expect("speakers");
    assert!(told[0].reason.contains("under this one name"), "{}", told[0].reason);
    name(&world, session, &[("Priya Raman", SpeakerIs::Client(world.priya))]).await.expect("it is named");
    drain::<AttributeSession>(&world).await;
    assert!(outcome(&world, session).await.ends_with("; Priya Raman due"));
    // The next one is asked about again: the name itself isn't in doubt.
    let next = parsed_session(&world, &said).await;
    attribute(&world, next).await;
    assert_eq!(state(&world, next).await, "waiting_for_speakers");
}
