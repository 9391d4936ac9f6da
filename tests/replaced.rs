//! A newer version of a file arrives after its session was summarized: its words are used until someone has made a
//! decision; after that its coach is told.

use debrief_jobs::{
    correct::{SpeakerIs, name_speakers},
    db::Tx,
    ingest::TellCoach,
    ingest::{self, FileOutcome, RejectTranscript, ScanInbox},
    model::{SessionState, summary},
    path::{AskForSpeakers, AttributeSession, ParseTranscript, RequestReview, SummarizeClient},
    queue::JobError,
    review::view::{self, SessionView},
};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Runnable, World};

const KEY: &str = "inbox/maya/2026-11-03/priya.vtt";
const HALF: [(&str, &str); 4] = [
    ("Maya Okafor", "Good to see you. How did the planning meeting go?"),
    ("Priya Raman", "I ran the planning meeting myself, and I closed the Hartman account on Tuesday."),
    ("Maya Okafor", "What will you do until we meet again?"),
    ("Priya Raman", "I will send the draft of the strategy to Le"),
];
const REST: [(&str, &str); 4] = [
    ("Priya Raman", "I will send the draft of the strategy to Lena by Friday."),
    ("Maya Okafor", "I'd suggest you block two hours on Monday mornings."),
    ("Priya Raman", "It is hard to say no to my manager, I still struggle with that."),
    ("Maya Okafor", "Then say it once this week."),
];

fn vtt(turns: &[(&str, &str)]) -> String {
    let mut text = "WEBVTT\n".to_owned();
    for (at, (who, said)) in turns.iter().enumerate() {
        text.push_str(&format!("\n00:{:02}:00.000 --> 00:{:02}:30.000\n<v {who}>{said}</v>\n", at, at));
    }
    text
}

fn half() -> String {
    vtt(&HALF)
}

/// The complete conversation, of which `half` is the start, with other names where `named` returns some.
fn whole(named: impl Fn(&'static str) -> &'static str) -> String {
    let turns: Vec<_> = HALF[..3].iter().chain(&REST).map(|(who, said)| (named(who), *said)).collect();
    vtt(&turns)
}

async fn put(world: &World, key: &str, content: String) {
    world.services.bucket.put(key, content).await.expect("the bucket takes it");
    for _ in 0..2 {
        match world.run_installation(&ScanInbox {}).await {
            Ok(_) | Err(JobError::Snooze(_)) => {}
            Err(error) => panic!("the inbox is not scanned: {error:?}"),
        }
    }
    while one::<ParseTranscript>(world).await
        | one::<AttributeSession>(world).await
        | one::<SummarizeClient>(world).await
        | one::<RequestReview>(world).await
        | one::<AskForSpeakers>(world).await
        | one::<RejectTranscript>(world).await
    {}
}

/// Runs a job of this kind, if one is due.
async fn one<J: Runnable>(world: &World) -> bool {
    match world.run_queued::<J>().await {
        None => false,
        Some(ran) => {
            ran.expect("the job succeeds");
            true
        }
    }
}

async fn ask(world: &World, sql: &str) -> Value {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let answer: Option<Value> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(tx.conn()).await.expect("a good question");
    answer.unwrap_or_default()
}

async fn execute(world: &World, sql: &str) {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(tx.conn()).await.expect("a good statement");
    tx.commit().await.expect("it is committed");
}

async fn shown(world: &World) -> SessionView {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let session: Uuid = sqlx::query_scalar("select id from sessions order by id limit 1")
        .fetch_one(tx.conn())
        .await
        .expect("a session");
    view::view(&mut tx, session).await.expect("it reads").expect("it is there")
}

const SAID: &str = "select to_jsonb(string_agg(text, ' ' order by position)) from utterances where replaced_at is null";
const ASKED: &str = "select to_jsonb(array_agg(convert_from(message, 'UTF8') order by created_at)) from mails
    where kind = 'review_request'";

#[tokio::test]
async fn a_file_that_is_completed_later_replaces_what_was_summarised() {
    let world = World::new().await;
    put(&world, KEY, half()).await;
    let before = shown(&world).await;
    assert_eq!((before.state.as_str(), before.summaries[0].version), ("in_review", 1));
    let cited: usize = before.summaries[0].content.claims.iter().map(|claim| claim.evidence.len()).sum();
    assert!(cited > 0, "{before:?}");

    put(&world, KEY, whole(|who| who)).await;
    let after = shown(&world).await;
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from sessions").await, 1);
    let said = ask(&world, SAID).await.to_string();
    assert!(said.contains("to Lena by Friday") && said.contains("say no to my manager"), "{said}");
    assert!(!said.contains("to Le I"), "the half of a sentence is no longer there: {said}");
    let summary = &after.summaries[0];
    assert_eq!((after.state.as_str(), summary.state.as_str(), summary.version), ("in_review", "done", 2));
    let content = format!("{:?}", summary.content);
    assert!(content.contains("Lena by Friday"), "it is written from the whole talk: {content}");
    let reason = summary.rewrite_reason.as_deref().unwrap_or_default();
    assert!(
        reason.contains("The transcript was replaced on ") && reason.contains("Earlier versions are kept"),
        "{reason}"
    );
    assert!(after.late.is_empty());
    // The previous version can still be read, with what it cites.
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let first = summary::load_version(&mut tx, summary.id, 1).await.expect("the version is there");
    assert_eq!(first.claims.iter().map(|claim| claim.evidence.len()).sum::<usize>(), cited);
    drop(tx);
    let mails = ask(&world, ASKED).await;
    assert_eq!(mails.as_array().map(Vec::len), Some(2), "the coach is told");
    let told = mails[1].as_str().unwrap_or_default().replace("=\r\n", "").replace(['\r', '\n'], " ");
    assert!(told.contains("replaced by a newer version") && !told.contains("You corrected who spoke"), "{told}");

    // Again, and then again, before the summary is written.
    put(&world, KEY, whole(|who| who).replace("Hartman", "Lindqvist")).await;
    let said = ask(&world, SAID).await.to_string();
    assert!(said.contains("Lindqvist") && !said.contains("Hartman"), "{said}");
    assert_eq!(shown(&world).await.summaries[0].version, 3);
}

#[tokio::test]
async fn what_comes_after_a_decision_is_kept_told_and_can_become_a_session_of_its_own() {
    let decisions = [
        "insert into summary_versions (organization_id, summary_id, version, author, provider, model, prompt_version, template,
             content_hash, claims_dropped)
         select organization_id, id, 2, 'coach', 'offline', 'm', 'p', 'default', 'h', 0 from summaries;",
        "update summaries set state = 'approved', approved_version = 1, approved_hash = 'h', approved_at = now()",
        "update summaries set state = 'dismissed'",
    ];
    for decision in decisions {
        let world = World::new().await;
        world.leaves::<TellCoach>();
        put(&world, KEY, half()).await;
        execute(&world, decision.trim_end_matches(';')).await;
        let before = ask(&world, SAID).await;

        put(&world, KEY, whole(|who| who)).await;
        assert_eq!(ask(&world, SAID).await, before, "what the coach read stays: {decision}");
        let after = shown(&world).await;
        assert_eq!(after.late.len(), 1, "the page shows it: {decision}");
        assert_eq!(after.late[0].file, "priya.vtt");
        assert_eq!(world.tell_of_inbox().await, 1, "{decision}");
        let mail =
            "select to_jsonb(subject || convert_from(message, 'UTF8')) from mails where kind = 'session_rejected'";
        let mail = ask(&world, mail).await.to_string();
        assert!(mail.contains("A newer transcript isn't used") && mail.contains("folder of"), "{mail}");
        let files = ingest::inbox(&world.database.db, &world.services.bucket, false).await.expect("the inbox");
        assert_eq!((files.len(), files[0].outcome), (1, FileOutcome::Rejected));
        assert!(files[0].reason.as_deref().is_some_and(|why| why.contains("aren’t used")), "{files:?}");
        let reason =
            world.services.bucket.get("rejected/maya/2026-11-03/priya.vtt.reason.json").await.expect("a reason");
        assert!(String::from_utf8_lossy(&reason).contains("a session of its own"));

        // The advice to the coach works.
        put(&world, "inbox/maya/2026-11-03 Second transcript/priya.vtt", whole(|who| who)).await;
        let sessions = "select to_jsonb(array_agg(state order by id)) from sessions where id <> (select min(id::text)::uuid from sessions)";
        assert_eq!(ask(&world, sessions).await, serde_json::json!(["in_review"]), "{decision}");
        // Another copy next to the first isn't taken, and causes no failure.
        put(&world, "inbox/maya/2026-11-03/priya copy.vtt", whole(|who| who)).await;
        assert_eq!(ask(&world, "select to_jsonb(count(*)) from sessions").await, 2, "{decision}");
    }
}

#[tokio::test]
async fn a_broken_newer_version_of_a_summarised_file_is_told() {
    let world = World::new().await;
    put(&world, KEY, half()).await;
    let before = ask(&world, SAID).await;
    put(&world, KEY, "%PDF-1.7 ...".to_owned()).await;
    assert_eq!(ask(&world, SAID).await, before);
    let after = shown(&world).await;
    assert_eq!((after.state.as_str(), after.summaries[0].version), ("in_review", 1));
    assert_eq!(world.tell_of_inbox().await, 1);
}

#[tokio::test]
async fn who_was_named_stays_named_while_the_words_are_the_same() {
    let anybody = |who: &'static str| if who.starts_with("Maya") { "Speaker 1" } else { "Speaker 2" };
    let turns: Vec<_> = HALF.iter().map(|(who, said)| (anybody(who), *said)).collect();
    let world = World::new().await;
    execute(&world, "update clients set coach_id = coach_id").await;
    put(&world, KEY, vtt(&turns)).await;
    let before = shown(&world).await;
    if before.state == SessionState::WaitingForSpeakers {
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        let answers =
            [("Speaker 1".to_owned(), SpeakerIs::Coach), ("Speaker 2".to_owned(), SpeakerIs::Client(world.priya))];
        name_speakers(&mut tx, before.id, &answers).await.expect("they are named");
        tx.commit().await.expect("it is committed");
    }
    while one::<AttributeSession>(&world).await
        | one::<SummarizeClient>(&world).await
        | one::<RequestReview>(&world).await
    {}
    assert_eq!(before.state, SessionState::WaitingForSpeakers, "nothing says who they are");
    assert_eq!(shown(&world).await.state, SessionState::InReview);
    let questions = "select to_jsonb(count(*)) from mails where kind = 'speakers_needed'";
    assert_eq!(ask(&world, questions).await, 1);

    put(&world, KEY, whole(anybody)).await;
    let after = shown(&world).await;
    assert_eq!((after.state.as_str(), after.summaries[0].version), ("in_review", 2), "half of it is known");
    assert_eq!(ask(&world, questions).await, 1);

    // The same labels in a different conversation: the coach is asked who they are now.
    put(&world, KEY, whole(|who| if who.starts_with("Maya") { "Speaker 2" } else { "Speaker 1" })).await;
    assert_eq!(shown(&world).await.state, SessionState::WaitingForSpeakers);
    assert_eq!(ask(&world, questions).await, 2, "the coach is asked anew");
}

#[tokio::test]
async fn a_summary_of_a_client_who_does_not_speak_in_the_newer_version_is_withdrawn() {
    let world = World::new().await;
    put(&world, KEY, half()).await;
    let tom = |who: &'static str| if who.starts_with("Priya") { "Tom Becker" } else { who };
    put(&world, KEY, whole(tom)).await;
    let after = shown(&world).await;
    let fates: Vec<_> = after
        .summaries
        .iter()
        .map(|summary| (summary.client_name.as_str(), summary.state.as_str(), summary.withdrawn_reason.is_some()))
        .collect();
    assert_eq!(fates, [("Priya Raman", "dismissed", true), ("Tom Becker", "done", false)]);
}
