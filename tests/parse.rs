//! The stage `parse`, from outside: a stored transcript becomes utterances, once, and the session moves on.

use debrief_jobs::{
    Provide,
    bucket::BucketError,
    db::Tx,
    index::IndexSession,
    path::{AttributeSession, ParseTranscript},
    queue::{Context, Job, JobArgs, JobError, JobInfo},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::World;

const ZOOM: &str = "WEBVTT\n\nNOTE Date: 2026-11-03\n\n1\n00:00:01.000 --> 00:00:02.000\nMaya Okafor: Hello, Priya.\n\n\
    2\n00:00:02.500 --> 00:00:04.000\nPriya Raman: Hello.\n\n3\n00:00:05.000 --> 00:00:06.000\nMaya Okafor: How are you?\n";
const OTHER: &str = "[00:01] Maya Okafor: Again.\n[00:03] Priya Raman: Again?\n[00:04] Maya Okafor: Again.\n\
    [00:06] Priya Raman: Fine.\n";

/// A session whose date is only estimated, as ingest leaves it.
async fn session(world: &World) -> Uuid {
    let id = Uuid::now_v7();
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, correlation_id)
         values ($1, $2, $3, 'Priya', '2026-11-19', 'object_time', 'inbox/maya/priya.vtt', $4)",
    )
    .bind(id)
    .bind(world.organization)
    .bind(world.coach)
    .bind(Uuid::now_v7())
    .execute(tx.conn())
    .await
    .expect("a session");
    tx.commit().await.expect("the session is committed");
    id
}

/// A transcript of the session, stored like ingest does.
async fn transcript(world: &World, session: Uuid, object_key: &str, content: &[u8]) -> ParseTranscript {
    let id = Uuid::now_v7();
    let stored_key = format!("transcripts/{id}");
    world.services.bucket.put(&stored_key, content.to_vec()).await.expect("a stored copy");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes,
            object_time, received_at) values ($1, $2, $3, $4, $5, $6, $5, 1, now(), clock_timestamp())",
    )
    .bind(id)
    .bind(world.organization)
    .bind(session)
    .bind(object_key)
    .bind(id.to_string())
    .bind(stored_key)
    .execute(tx.conn())
    .await
    .expect("a transcript");
    tx.commit().await.expect("the transcript is committed");
    ParseTranscript { transcript_id: id }
}

/// One row of JSON, as the organization sees it.
async fn look(world: &World, query: &'static str, id: Uuid) -> Value {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query_scalar::<_, Value>(query).bind(id).fetch_one(tx.conn()).await.expect("a row")
}

async fn said(world: &World, session: Uuid) -> Value {
    let query = "select coalesce(jsonb_agg(jsonb_build_array(position, label, start_ms, text) order by position), '[]')
                 from utterances where session_id = $1";
    look(world, query, session).await
}

async fn state(world: &World, session: Uuid) -> Value {
    look(world, "select to_jsonb(sessions) from sessions where id = $1", session).await
}

async fn row(world: &World, job: &ParseTranscript) -> Value {
    look(world, "select to_jsonb(transcripts) from transcripts where id = $1", job.transcript_id).await
}

async fn jobs(world: &World) -> Value {
    let query = "select coalesce(jsonb_agg(jsonb_build_array(kind, args, correlation_id) order by kind), '[]')
                 from jobs where state = 'due' and organization_id = $1";
    look(world, query, world.organization).await
}

#[tokio::test]
async fn a_transcript_becomes_utterances_once() {
    let world = World::new().await;
    let session = session(&world).await;
    let job = transcript(&world, session, "inbox/maya/priya.vtt", ZOOM.as_bytes()).await;
    let output = world.run(&job).await.expect("it parses");
    assert_eq!(output["utterances"], 3);
    assert_eq!(output["labels"], 2);
    let first = said(&world, session).await;
    assert_eq!(
        first,
        json!([
            [0, "Maya Okafor", 1000, "Hello, Priya."],
            [1, "Priya Raman", 2500, "Hello."],
            [2, "Maya Okafor", 5000, "How are you?"]
        ])
    );
    let after = state(&world, session).await;
    assert_eq!(
        (&after["state"], &after["session_date"], &after["date_source"]),
        (&json!("parsed"), &json!("2026-11-03"), &json!("content"))
    );
    let parsed = row(&world, &job).await;
    assert_eq!(parsed["format"], "zoom_vtt");
    assert!(parsed["parsed_at"].is_string());
    let args = json!({ "session_id": session });
    let follow_on = json!([
        [AttributeSession::KIND, args, after["correlation_id"]],
        [IndexSession::KIND, args, after["correlation_id"]]
    ]);
    assert_eq!(jobs(&world).await, follow_on);

    let again = world.run(&job).await.expect("a rerun succeeds");
    assert_eq!(again["outcome"], "already_done");
    assert_eq!(said(&world, session).await, first);
    assert_eq!(row(&world, &job).await, parsed);
    assert_eq!(jobs(&world).await, follow_on);
}

#[tokio::test]
async fn a_word_document_becomes_utterances_without_its_notes() {
    let world = World::new().await;
    let session = session(&world).await;
    let document = include_bytes!("../fixtures/parse/meet_docx/input.docx");
    let job = transcript(&world, session, "inbox/maya/priya.docx", document).await;
    let output = world.run(&job).await.expect("it parses");
    assert_eq!(
        (&output["outcome"], &output["format"], &output["utterances"]),
        (&json!("parsed"), &json!("meet"), &json!(5))
    );
    assert!(!said(&world, session).await.to_string().contains("reported"), "a note became speech");
}

#[tokio::test]
async fn a_date_from_the_path_stays() {
    let world = World::new().await;
    let session = session(&world).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query("update sessions set date_source = 'path'").execute(tx.conn()).await.expect("an update");
    tx.commit().await.expect("it is committed");
    let job = transcript(&world, session, "inbox/maya/priya.vtt", ZOOM.as_bytes()).await;
    world.run(&job).await.expect("it parses");
    let after = state(&world, session).await;
    assert_eq!((&after["session_date"], &after["date_source"]), (&json!("2026-11-19"), &json!("path")));
}

#[tokio::test]
async fn the_day_of_a_moment_is_that_of_the_coach() {
    let world = World::new().await;
    let session = session(&world).await;
    // 23:30 in UTC is past midnight for Maya in Stockholm.
    let content = "Date: 2026-11-03T23:30:00Z\n\n[00:01] Maya Okafor: Good evening.\n[00:03] Priya Raman: Hello.\n";
    let job = transcript(&world, session, "inbox/maya/priya.txt", content.as_bytes()).await;
    world.run(&job).await.expect("it parses");
    let after = state(&world, session).await;
    assert_eq!((&after["session_date"], &after["date_source"]), (&json!("2026-11-04"), &json!("content")));
    let detected = row(&world, &job).await["detected"].clone();
    assert_eq!(detected["reason"], "lines begin with times");
}

#[tokio::test]
async fn what_is_not_a_transcript_is_rejected_with_a_reason() {
    let world = World::new().await;
    let session = session(&world).await;
    let job = transcript(&world, session, "inbox/maya/priya.vtt", b"%PDF-1.7 ...").await;
    let output = world.run(&job).await.expect("a rejection is a result");
    assert_eq!(output["outcome"], "rejected");
    assert_eq!(state(&world, session).await["state"], "rejected");
    let reason = row(&world, &job).await["rejected_reason"].clone();
    assert!(reason.as_str().is_some_and(|reason| reason.contains("PDF") && reason.contains("export")), "{reason}");
    assert_eq!(said(&world, session).await, json!([]));
}

#[tokio::test]
async fn json_is_read_and_json_of_nobody_known_is_rejected_with_what_was_seen() {
    let world = World::new().await;
    let session = session(&world).await;
    let deepgram = json!({"metadata": {"created": "2026-11-03T09:00:00Z"}, "results": {"channels": [], "utterances": [
        {"start": 0.5, "end": 1.2, "speaker": 0, "transcript": "How are you?"},
        {"start": 1.5, "end": 2.0, "speaker": 1, "transcript": "Fine."}]}});
    let unknown = transcript(&world, session, "inbox/maya/priya.json", b"{\"talk\": [\"Fine.\"]}").await;
    assert_eq!(world.run(&unknown).await.expect("a rejection is a result")["outcome"], "rejected");
    let reason = row(&world, &unknown).await["rejected_reason"].to_string();
    assert!(reason.contains("talk") && !reason.contains("Fine"), "{reason}");

    let cut = transcript(&world, session, "inbox/maya/priya.json", &deepgram.to_string().as_bytes()[..90]).await;
    world.run(&cut).await.expect("a rejection is a result");
    let reason = row(&world, &cut).await["rejected_reason"].to_string();
    assert!(reason.contains("line 1, column 90"), "{reason}");

    let job = transcript(&world, session, "inbox/maya/priya.json", deepgram.to_string().as_bytes()).await;
    world.run(&job).await.expect("it parses");
    assert_eq!(row(&world, &job).await["format"], "deepgram");
    assert_eq!(
        said(&world, session).await,
        json!([[0, "Speaker 0", 500, "How are you?"], [1, "Speaker 1", 1500, "Fine."]])
    );
    assert_eq!(state(&world, session).await["session_date"], json!("2026-11-03"));
}

#[tokio::test]
async fn a_new_upload_under_the_same_key_replaces_the_words() {
    let world = World::new().await;
    let session = session(&world).await;
    let old = transcript(&world, session, "inbox/maya/priya.vtt", ZOOM.as_bytes()).await;
    let part =
        transcript(&world, session, "inbox/maya/priya-2.vtt", ZOOM.replace("Hello", "Part two").as_bytes()).await;
    let new = transcript(&world, session, "inbox/maya/priya.vtt", OTHER.as_bytes()).await;
    for job in [&part, &new, &old] {
        world.run(job).await.expect("it parses");
    }
    let words = said(&world, session).await.to_string();
    assert!(words.contains("Again?") && words.contains("Part two"), "{words}");
    assert!(!words.contains("Hello"), "the older upload was parsed last, and must not come back: {words}");
    assert!(row(&world, &old).await["rejected_reason"].is_string());
}

#[tokio::test]
async fn words_under_an_approved_summary_stay() {
    let world = World::new().await;
    let session = session(&world).await;
    let first = transcript(&world, session, "inbox/maya/priya.vtt", ZOOM.as_bytes()).await;
    world.run(&first).await.expect("it parses");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(
        "insert into summaries (id, organization_id, session_id, client_id, state, version, approved_version, approved_hash,
            approved_at) values ($1, $2, $3, $4, 'approved', 1, 1, 'h', now())",
    )
        .bind(Uuid::now_v7())
        .bind(world.organization)
        .bind(session)
        .bind(world.priya)
        .execute(tx.conn())
        .await
        .expect("a summary");
    sqlx::query("update sessions set state = 'in_review'").execute(tx.conn()).await.expect("an update");
    tx.commit().await.expect("it is committed");
    let before = said(&world, session).await;

    let second = transcript(&world, session, "inbox/maya/priya.vtt", OTHER.as_bytes()).await;
    let output = world.run(&second).await.expect("it is kept beside");
    assert_eq!(output["outcome"], "not_used");
    assert_eq!(said(&world, session).await, before);
    assert_eq!(state(&world, session).await["state"], "in_review");
    assert!(
        row(&world, &second).await["warnings"][0]["message"].as_str().is_some_and(|why| why.contains("aren’t used"))
    );

    let broken = transcript(&world, session, "inbox/maya/priya.vtt", b"%PDF-1.7 ...").await;
    world.run(&broken).await.expect("a rejection is a result");
    assert_eq!(state(&world, session).await["state"], "in_review");
    assert!(row(&world, &broken).await["rejected_reason"].is_string());
}

#[tokio::test]
async fn a_bucket_that_is_away_costs_no_attempt_and_an_object_that_is_missing_does() {
    let world = World::new().await;
    let session = session(&world).await;
    let job = transcript(&world, session, "inbox/maya/priya.vtt", ZOOM.as_bytes()).await;
    let (there, away) = (world.folder.path().join("bucket"), world.folder.path().join("away"));
    std::fs::rename(&there, &away).expect("it is moved");
    let ran = world.run(&job).await;
    assert!(matches!(ran, Err(JobError::Away(_))), "{ran:?}");
    let listed = world.services.bucket.list("inbox").await;
    assert!(matches!(listed, Err(BucketError::Away(_))), "nobody knows what is in the inbox: {listed:?}");
    let put = world.services.bucket.put("a/b", "x").await;
    assert!(matches!(put, Err(BucketError::Away(_))) && !there.exists(), "no other is made: {put:?}");
    std::fs::rename(&away, &there).expect("it is back");
    world.execute("delete from jobs where $1 is not null", session).await;
    world.services.bucket.delete(&format!("transcripts/{}", job.transcript_id)).await.expect("it is deleted");
    let ran = world.run(&job).await;
    assert!(matches!(ran, Err(JobError::Retry { .. })), "{ran:?}");
}

#[tokio::test]
async fn a_dead_parse_shows_on_its_session() {
    let world = World::new().await;
    let session = session(&world).await;
    let job = transcript(&world, session, "inbox/maya/priya.vtt", ZOOM.as_bytes()).await;
    let info = JobInfo {
        id: Uuid::now_v7(),
        kind: ParseTranscript::KIND,
        organization: Some(world.organization),
        attempt: 5,
        max_attempts: 5,
        fence: 1,
        correlation_id: Uuid::now_v7(),
    };
    let ctx = Context::new(world.services.provide(), world.database.db.clone(), info);
    job.on_dead(&ctx, "the bucket does not answer").await.expect("it is marked");
    let after = state(&world, session).await;
    assert_eq!((&after["state"], &after["failed_stage"]), (&json!("received"), &json!("parse")));
    assert!(after["failed_reason"].as_str().is_some_and(|reason| !reason.contains("bucket")), "words for a coach");
    // A successful retry clears the mark.
    world.run(&job).await.expect("it parses");
    assert_eq!(state(&world, session).await["failed_stage"], Value::Null);
}

#[tokio::test]
async fn characters_that_cannot_be_stored_or_mailed_stop_nothing() {
    let world = World::new().await;
    let turn =
        |speaker: &str, text: &str, at: u32| json!({ "speaker": speaker, "text": text, "start": at, "end": at + 5 });
    let file = json!([
        turn("Priya Raman\u{0}\u{0}", "I closed the\u{0} Hartman account.", 0),
        turn("Maya\u{202e} Okafor", "That is new.\u{1b}[31m What\u{b}helped?", 6),
        turn("Priya Raman\u{0}\u{0}", "I wrote it down first.\u{ffff}", 12),
        turn("Maya\u{202e} Okafor", "Then do that again.", 18),
    ]);
    // A text that was cut inside an emoji ends in half of one.
    let file = file.to_string().replace("do that again.", "do that again. \\ud83d");
    let session_id = session(&world).await;
    let job = transcript(&world, session_id, "inbox/maya/call\u{7}.json", file.as_bytes()).await;
    world.run(&job).await.expect("it is parsed");
    let said = said(&world, session_id).await;
    assert_eq!(said[0][1], "Priya Raman", "a name has no zeros at its end: {said}");
    assert_eq!(said[0][3], "I closed the\u{fffd} Hartman account.");
    assert_eq!(said[1][1], "Maya Okafor", "and does not turn around: {said}");
    assert_eq!(said[1][3], "That is new.\u{fffd}[31m What helped?");
    assert_eq!(said[3][3], "Then do that again. \u{fffd}");
}
