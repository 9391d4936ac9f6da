//! The files of one meeting, from the inbox to who spoke: `fixtures/meeting/<case>/` contains what a coach drops in
//! their folder, and `fixtures/meeting/<case>.json` the result, whatever the order of arrival.

use std::path::{Path, PathBuf};

use debrief_jobs::{
    db::Tx,
    ingest::{Scan, ScanInbox},
    path::{AttributeSession, ParseTranscript},
    queue::JobError,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::support::{World, s3};

/// The files of a case: their keys below the coach's folder, and their contents.
fn files(case: &str) -> Vec<(String, Vec<u8>)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the case") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meeting").join(case);
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    let key = |path: &PathBuf| path.strip_prefix(&root).expect("it is below").to_str().expect("a key").to_owned();
    found.iter().map(|path| (key(path), std::fs::read(path).expect("a file"))).collect()
}

async fn drop_file(world: &World, (key, content): &(String, Vec<u8>)) {
    world.services.bucket.put(&format!("inbox/maya/{key}"), content.clone()).await.expect("the bucket takes it");
}

/// Scans the inbox until nothing is new.
async fn scan(world: &World) -> Scan {
    for _ in 0..5 {
        match world.run_installation(&ScanInbox {}).await {
            Ok(output) => return serde_json::from_value(output).expect("a scan's output"),
            Err(JobError::Snooze(_)) => {}
            Err(error) => panic!("the inbox is not scanned: {error:?}"),
        }
    }
    panic!("the inbox never rests")
}

/// Processes the files in the inbox up to attribution.
async fn take(world: &World) -> Scan {
    let found = scan(world).await;
    while let Some(ran) = world.run_queued::<ParseTranscript>().await {
        ran.expect("it parses");
    }
    while let Some(ran) = world.run_queued::<AttributeSession>().await {
        ran.expect("it is attributed");
    }
    found
}

async fn ask(world: &World, sql: &'static str) -> Value {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query_scalar::<_, Value>(sql).fetch_one(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The result, by session.
async fn seen(world: &World) -> Value {
    let sessions = "select coalesce(jsonb_agg(one order by one -> 'said'), '[]') from (select jsonb_build_object(
        'state', state, 'type', type, 'date', session_date,
        'said', (select jsonb_agg(jsonb_build_array(start_ms, label, left(text, 24)) order by transcript_id, position)
                 from utterances where session_id = s.id),
        'labels', (select jsonb_object_agg(label, jsonb_build_array(p.name, reason))
                   from attributions left join participants p on p.id = participant_id where attributions.session_id = s.id),
        'participants', (select jsonb_agg(jsonb_build_array(name, kind, engagement = 'silent') order by name)
                         from participants where session_id = s.id),
        'summaries', (select count(*) from summaries where session_id = s.id),
        'attendees', (select jsonb_agg(distinct jsonb_build_array(name, email, source, was_there))
                      from session_attendees where session_id = s.id),
        'chat', (select jsonb_agg(jsonb_build_array(author, text) order by transcript_id, position)
                 from chat_messages where session_id = s.id),
        'files', (select jsonb_agg(jsonb_build_array(regexp_replace(object_key, '^.*/', ''), role, format,
                  coalesce(unused_reason, rejected_reason)) order by object_key)
                  from transcripts where session_id = s.id)
        ) as one from sessions s) sessions";
    let held = "select coalesce(jsonb_agg(jsonb_build_array(regexp_replace(object_key, '^.*/', ''), outcome, reason)
        order by object_key), '[]') from bucket_objects where outcome not in ('taken', 'applied')";
    json!({ "sessions": ask(world, sessions).await, "held": ask(world, held).await })
}

/// All orders of up to three files; for more, each one first and each one last.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let turned = |by: usize| (0..count).map(|at| (at + by) % count).collect::<Vec<_>>();
    let mut orders: Vec<Vec<usize>> = (0..count).map(turned).collect();
    orders.extend((0..count).map(|by| turned(by).into_iter().rev().collect()));
    orders.sort();
    orders.dedup();
    orders
}

/// All files of a case at once, then one after the other in every order: the result is the same. With
/// `UPDATE_FIXTURES=1` the expectation is rewritten; review the difference.
async fn check(case: &str) {
    let files = files(case);
    let expectation = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/meeting/{case}.json"));
    let world = World::new().await;
    for file in &files {
        drop_file(&world, file).await;
    }
    take(&world).await;
    let found = seen(&world).await;
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let pretty = serde_json::to_string_pretty(&found).expect("JSON is written");
        std::fs::write(&expectation, pretty + "\n").expect("the expectation is written");
    }
    let expected: Value = std::fs::read(&expectation)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_else(|| panic!("no expectation of {case}"));
    assert_eq!(found, expected, "{case}, at once: {found:#}");
    if files.len() < 2 {
        return;
    }
    for order in orders(files.len()) {
        let world = World::new().await;
        for at in &order {
            drop_file(&world, &files[*at]).await;
            take(&world).await;
        }
        let found = seen(&world).await;
        assert_eq!(found, expected, "{case}, in the order {order:?}: {found:#}");
    }
}

macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        $(#[tokio::test] async fn $case() { check(stringify!($case)).await; })*

        #[test]
        fn every_case_is_checked() {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/meeting");
            let entries = std::fs::read_dir(root).expect("the cases").map(|entry| entry.expect("a case").path());
            let mut there: Vec<String> = entries
                .filter(|path| path.is_dir())
                .map(|path| path.file_name().expect("a name").to_str().expect("a name").to_owned())
                .collect();
            there.sort();
            let mut checked = vec![$(stringify!($case).to_owned()),*];
            checked.sort();
            assert_eq!(there, checked);
        }
    };
}

cases!(
    addresses,
    addresses_disagree,
    chat_alone,
    meet,
    teams,
    two_clients,
    two_clients_without_names,
    tracks_by_folder,
    tracks_by_name,
    tracks_by_number,
    zoom,
);

#[tokio::test]
async fn a_chat_without_its_transcript_waits_and_is_rejected_only_when_it_has_waited_long() {
    let world = World::new().await;
    let [chat] = &files("chat_alone")[..] else { panic!("one file") };
    drop_file(&world, chat).await;
    assert_eq!((take(&world).await.held, scan(&world).await.held), (1, 1));
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from sessions").await, 0);
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from mails").await, 0);

    let mut owner = sqlx::PgConnection::connect(world.database.url.expose_secret()).await.expect("a connection");
    let earlier = "update bucket_objects set first_seen_at = now() - interval '73 hours'";
    sqlx::query(earlier).execute(&mut owner).await.expect("an update");
    assert_eq!(scan(&world).await.rejected, 1);
    let reason = world.services.bucket.get("rejected/maya/2026-11-03/meeting_saved_chat.txt.reason.json").await;
    let reason = String::from_utf8(reason.expect("a reason").to_vec()).expect("text");
    assert!(reason.contains("This is the chat of a meeting whose transcript didn’t arrive."), "{reason}");
    assert_eq!(world.tell_of_inbox().await, 1);
    let told = "select to_jsonb(count(*)) from mails where kind = 'session_rejected'";
    assert_eq!(ask(&world, told).await, 1);
    assert_eq!(scan(&world).await.known, 1);
}

#[tokio::test]
async fn what_comes_after_the_summary_changes_no_word_and_no_speaker() {
    let world = World::new().await;
    let files = files("zoom");
    let (transcript, others): (Vec<_>, Vec<_>) = files.iter().partition(|(key, _)| key.ends_with(".transcript.vtt"));
    drop_file(&world, transcript[0]).await;
    take(&world).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let summary = "insert into summaries (id, organization_id, session_id, client_id, state, version)
        select gen_random_uuid(), organization_id, id, $1, 'done', 1 from sessions";
    sqlx::query(summary).bind(world.priya).execute(tx.conn()).await.expect("a summary");
    sqlx::query("update sessions set state = 'in_review'").execute(tx.conn()).await.expect("an update");
    tx.commit().await.expect("it is committed");
    let fixed = "select jsonb_build_object('said', (select jsonb_agg(to_jsonb(u) order by u.id) from utterances u),
        'who', (select jsonb_agg(to_jsonb(a) order by a.label) from attributions a), 'state', (select state from sessions))";
    let before = ask(&world, fixed).await;
    for file in others {
        drop_file(&world, file).await;
        take(&world).await;
    }
    assert_eq!(ask(&world, fixed).await, before);
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from sessions").await, 1);
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from chat_messages").await, 2);
    let known = "select to_jsonb(count(*)) from session_attendees where email = 'priya@raman.example'";
    assert_eq!(ask(&world, known).await, 1, "what the file says is kept for who asks");
}

#[tokio::test]
async fn a_scan_that_dies_before_it_is_done_takes_the_meeting_whole_or_not_at_all() {
    let world = World::new().await;
    let mut owner = sqlx::PgConnection::connect(world.database.url.expose_secret()).await.expect("a connection");
    let trouble = "create function trouble() returns trigger language plpgsql as $$ begin
            if new.role = 'participants' then raise 'disk full'; end if; return new; end $$;
        create trigger trouble before insert on transcripts for each row execute function trouble()";
    sqlx::raw_sql(trouble).execute(&mut owner).await.expect("a trigger");
    for file in &files("zoom") {
        drop_file(&world, file).await;
    }
    assert_eq!(scan(&world).await.failed, 4);
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from sessions").await, 0, "nothing of it is there by half");
    sqlx::raw_sql("drop trigger trouble on transcripts").execute(&mut owner).await.expect("the trouble ends");
    assert_eq!(take(&world).await.taken, 4);
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from sessions").await, 1);
}

#[tokio::test]
async fn in_s3_too_a_meeting_is_taken_when_none_of_its_files_is_new() {
    let url = s3::bucket_url().await;
    let world = World::with(|settings| settings.bucket.url = url).await;
    let files = files("zoom");
    drop_file(&world, &files[0]).await;
    let first = world.run_installation(&ScanInbox {}).await;
    assert!(matches!(first, Err(JobError::Snooze(_))), "others may follow: {first:?}");
    for file in &files[1..] {
        drop_file(&world, file).await;
    }
    assert_eq!(scan(&world).await.taken, 4);
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from sessions").await, 1);
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from jobs where kind = 'parse.transcript'").await, 1);
}

#[tokio::test]
async fn a_file_that_comes_again_takes_the_place_of_what_it_said() {
    let world = World::new().await;
    let files = files("tracks_by_name");
    for file in &files {
        drop_file(&world, file).await;
    }
    take(&world).await;
    let (key, content) = &files[0];
    let better = String::from_utf8(content.clone()).expect("text").replace("invitation", "proposal");
    assert_ne!(better.as_bytes(), content.as_slice());
    drop_file(&world, &(key.clone(), better.into_bytes())).await;
    assert_eq!(take(&world).await.taken, 1);
    let said =
        ask(&world, "select to_jsonb(string_agg(text, ' ' order by position)) from utterances").await.to_string();
    assert!(said.contains("proposal") && !said.contains("invitation"), "{said}");
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from utterances").await, 12);
    assert_eq!(ask(&world, "select to_jsonb(count(*)) from sessions").await, 1);
}
