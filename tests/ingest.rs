//! The stage `ingest`, from outside: one suite for a folder and for a real S3 server.

#[cfg(unix)]
mod links;
mod rosters;
mod turns;
#[cfg(target_os = "linux")]
mod unusable;

use debrief_jobs::{
    bucket::{self, Bucket, BucketError},
    db::Tx,
    ingest::{self, FileOutcome, RejectTranscript, Scan, ScanInbox, rejected},
    path::ParseTranscript,
    people::{self, NewCoach, PeopleError},
    queue::{Job, JobArgs, JobError},
};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::{World, s3};

const CALL: &str = include_str!("../fixtures/ingest/call/priya.vtt");

/// A world with a folder and one with S3.
async fn worlds() -> [World; 2] {
    let url = s3::bucket_url().await;
    [World::new().await, World::with(|settings| settings.bucket.url = url).await]
}

async fn drop_file(world: &World, key: &str, content: impl Into<bytes::Bytes>) {
    world.services.bucket.put(&format!("inbox/{key}"), content.into()).await.expect("the bucket takes it");
}

/// One scan of the inbox; `None` if a second one must follow.
async fn look(world: &World) -> Option<Scan> {
    match world.run_installation(&ScanInbox {}).await {
        Ok(output) => Some(serde_json::from_value(output).expect("a scan's output")),
        Err(JobError::Snooze(_)) => None,
        Err(error) => panic!("the inbox is not scanned: {error:?}"),
    }
}

/// As many scans as it takes (two, in a folder with something new); returns the last.
async fn scan(world: &World) -> Scan {
    match look(world).await {
        Some(scan) => scan,
        None => look(world).await.expect("what did not change is settled at the second look"),
    }
}

async fn read(world: &World, key: &str) -> String {
    let content = world.services.bucket.get(key).await.unwrap_or_else(|error| panic!("{key}: {error}"));
    String::from_utf8(content.to_vec()).expect("text")
}

/// One column of one row, in the world's organization.
async fn one<T>(world: &World, sql: &'static str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let connection: &mut PgConnection = tx.conn();
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn count(world: &World, sql: &'static str) -> i64 {
    one(world, sql).await
}

#[tokio::test]
async fn a_file_that_may_still_be_written_is_shown_so_until_it_is_read() {
    let world = World::new().await;
    drop_file(&world, "maya/2026-11-03/priya.vtt", CALL).await;
    let fate = async || {
        let files = ingest::inbox(&world.database.db, &world.services.bucket, false).await.expect("the inbox");
        assert_eq!(files.len(), 1, "{files:?}");
        (files[0].outcome, files[0].reason.is_some(), files[0].session_id.is_some())
    };
    assert_eq!(fate().await, (FileOutcome::New, true, false));
    assert_eq!(look(&world).await, None, "a second look follows");
    assert_eq!(fate().await, (FileOutcome::Seen, true, false));
    assert_eq!(look(&world).await.expect("it is the same").taken, 1);
    assert_eq!(fate().await, (FileOutcome::Read, false, true));
    // Someone rewrites it: that makes it a different file.
    drop_file(&world, "maya/2026-11-03/priya.vtt", CALL.replace("Priya", "Petra")).await;
    assert_eq!(fate().await, (FileOutcome::New, true, false));
}

#[tokio::test]
async fn a_bucket_is_the_same_over_a_folder_and_over_s3() {
    for world in worlds().await {
        let bucket = &world.services.bucket;
        assert!(bucket.list("inbox").await.expect("an empty prefix is listed").is_empty());
        let missing = bucket.get("a/Zoë none").await.expect_err("there is none").to_string();
        assert!(!missing.contains("none"), "a key may name a person: {missing}");
        assert!(matches!(bucket.get("a/none").await, Err(BucketError::NotFound)));
        assert!(matches!(bucket.head("a/none").await, Err(BucketError::NotFound)));
        for key in ["a/2 ö%.txt", "a/b/c/1.txt", "ab/3.txt"] {
            assert!(bucket.put_new(key, key).await.expect("it is new"), "{key}");
            assert!(!bucket.put_new(key, "other").await.expect("it is there"), "{key}");
            assert_eq!(bucket.get(key).await.expect("it is there"), key.as_bytes());
        }
        let listed = bucket.list("a/").await.expect("a listing");
        assert_eq!(listed.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["a/2 ö%.txt", "a/b/c/1.txt"]);
        let seen = bucket.head("a/b/c/1.txt").await.expect("it is there");
        assert_eq!((&seen.etag, seen.size), (&listed[1].etag, 11));
        assert_eq!(bucket.get_listed(&seen).await.expect("it is the same"), "a/b/c/1.txt");
        bucket.put("a/b/c/1.txt", "changed").await.expect("it is replaced");
        assert!(matches!(bucket.get_listed(&seen).await, Err(BucketError::Changed)));
        for _ in 0..2 {
            bucket.delete("a/b/c/1.txt").await.expect("deleted, or gone already");
        }
        assert!(matches!(bucket.get_listed(&seen).await, Err(BucketError::NotFound)));
        assert!(!bucket.name().contains('?'), "a name for the ledger: {}", bucket.name());
    }
    for url in ["", "folder", "ftp://x/y", "s3://", "s3://name?acess_key=x", "file://host/path", "file:///proc/none/x"]
    {
        let error = Bucket::open(&bucket::Settings { url: url.into(), ..Default::default() }).expect_err(url);
        assert!(error.to_string().starts_with("setting bucket.url: "), "{error}");
    }
}

#[tokio::test]
async fn a_dropped_file_becomes_one_session_however_often_it_is_seen() {
    for world in worlds().await {
        drop_file(&world, "maya/2026-11-03/Priya goals.vtt", CALL).await;
        let scans = [scan(&world).await, scan(&world).await, scan(&world).await];
        assert_eq!(scans.iter().map(|scan| scan.taken).sum::<usize>(), 1, "{scans:?}");
        assert_eq!((scans[2].objects, scans[2].known), (1, 1), "{scans:?}");

        let (title, date, source, state): (String, String, String, String) = {
            let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
            sqlx::query_as("select title, session_date::text, date_source, state from sessions")
                .fetch_one(tx.conn())
                .await
                .expect("one session")
        };
        assert_eq!(
            (title.as_str(), date.as_str(), source.as_str(), state.as_str()),
            ("Priya goals", "2026-11-03", "path", "received")
        );
        let stored: String = one(&world, "select stored_key from transcripts").await;
        assert!(stored.starts_with(&format!("transcripts/{}/", world.organization)), "{stored}");
        assert_eq!(read(&world, &stored).await, CALL, "our own copy");
        assert_eq!(read(&world, "inbox/maya/2026-11-03/Priya goals.vtt").await, CALL, "the source is untouched");

        let parse = "select count(*) from jobs join sessions using (correlation_id) where kind = 'parse.transcript'";
        assert_eq!(count(&world, parse).await, 1, "one job parses it, under the session's correlation id");
        let job: serde_json::Value = one(&world, "select args from jobs where kind = 'parse.transcript'").await;
        let job: ParseTranscript = serde_json::from_value(job).expect("its arguments");
        assert_eq!(job.transcript_id, one::<Uuid>(&world, "select id from transcripts").await);
    }
}

#[tokio::test]
async fn a_file_in_a_folder_is_taken_when_two_looks_show_the_same() {
    let world = World::new().await;
    let path = world.folder.path().join("bucket/inbox/maya/call.vtt");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the inbox is made");
    std::fs::write(&path, "WEBVTT\n\n00:01.000 --> 00:0").expect("half a file");
    assert_eq!(look(&world).await, None, "the first look takes nothing");

    // The other half arrives between the scans: nothing is taken until the file stops changing.
    std::fs::write(&path, CALL).expect("the whole file");
    assert_eq!(look(&world).await, None, "what changed is looked at again");
    assert_eq!(look(&world).await.expect("it rests").taken, 1);
    let stored: String = one(&world, "select stored_key from transcripts").await;
    assert_eq!(read(&world, &stored).await, CALL, "the half was never taken");
}

#[tokio::test]
async fn an_object_in_s3_is_taken_at_once() {
    let [_, world] = worlds().await;
    drop_file(&world, "maya/call.vtt", CALL).await;
    assert_eq!(look(&world).await.expect("one look is enough").taken, 1);
}

#[tokio::test]
async fn a_changed_file_is_a_new_transcript_of_the_same_session() {
    for world in worlds().await {
        drop_file(&world, "maya/call.vtt", CALL).await;
        scan(&world).await;
        let correlation: Uuid = one(&world, "select correlation_id from sessions").await;
        drop_file(&world, "maya/call.vtt", CALL.replace("promotion", "move to Lisbon")).await;
        assert_eq!(scan(&world).await.taken, 1);
        assert_eq!(count(&world, "select count(*) from sessions").await, 1);
        assert_eq!(count(&world, "select count(*) from transcripts").await, 2);
        assert_eq!(correlation, one::<Uuid>(&world, "select correlation_id from sessions").await);
        let jobs = count(&world, "select count(*) from jobs where kind = 'parse.transcript'").await;
        assert_eq!(jobs, 2);
    }
}

#[tokio::test]
async fn the_same_content_is_taken_once_in_an_organization() {
    for world in worlds().await {
        // Two copies in one scan, a third in a later one, and one in another organization.
        let sofia = NewCoach { handle: "sofia", name: "Sofia", email: "sofia@other.example", ..NewCoach::default() };
        people::add_organization(&world.database.db, "other", "Other", "UTC").await.expect("an organization");
        people::add_coach(&world.database.db, "other", &sofia).await.expect("a coach");
        drop_file(&world, "maya/one.vtt", CALL).await;
        drop_file(&world, "maya/two.vtt", CALL).await;
        drop_file(&world, "sofia/one.vtt", CALL).await;
        let first = scan(&world).await;
        assert_eq!((first.taken, first.duplicate), (2, 1), "{first:?}");
        drop_file(&world, "maya/three.vtt", CALL).await;
        assert_eq!(scan(&world).await.duplicate, 1);
        assert_eq!(count(&world, "select count(*) from sessions").await, 1);
    }
}

#[tokio::test]
async fn files_of_an_unknown_coach_wait_with_a_reason_until_the_coach_is_added() {
    for world in worlds().await {
        drop_file(&world, "nobody/call.vtt", CALL).await;
        assert_eq!(scan(&world).await.rejected, 1);
        let reason = read(&world, "rejected/nobody/call.vtt.reason.json").await;
        let reason: serde_json::Value = serde_json::from_str(&reason).expect("JSON");
        assert_eq!(reason["key"], "inbox/nobody/call.vtt");
        assert!(reason["reason"].as_str().is_some_and(|reason| reason.contains("No coach")), "{reason}");
        assert!(reason["what_to_do"].as_str().is_some_and(|what| what.contains("debrief coach add")), "{reason}");
        assert_eq!(scan(&world).await.known, 1, "it is rejected once");

        let coach = NewCoach { handle: "nobody", name: "No Body", email: "no@body.example", ..NewCoach::default() };
        people::add_coach(&world.database.db, "northlight", &coach).await.expect("a coach");
        assert_eq!(scan(&world).await.taken, 1, "then it is taken");
    }
}

#[tokio::test]
async fn empty_and_oversized_files_are_rejected_and_the_others_go_on() {
    for mut world in worlds().await {
        let services = std::sync::Arc::get_mut(&mut world.services).expect("nobody else has the services");
        services.ingest.max_bytes = 4096;
        drop_file(&world, "maya/empty.vtt", "").await;
        drop_file(&world, "maya/huge.vtt", "WEBVTT\n".repeat(1000)).await;
        drop_file(&world, "maya/call.vtt", CALL).await;
        for ignored in [".hidden.vtt", "~$lock.docx", "call.vtt.part", "call.vtt.tmp", ".git/config"] {
            drop_file(&world, &format!("maya/{ignored}"), CALL).await;
        }
        let found = scan(&world).await;
        assert_eq!((found.taken, found.rejected, found.ignored), (1, 2, 5), "{found:?}");
        assert!(read(&world, "rejected/maya/empty.vtt.reason.json").await.contains("The file is empty."));
        assert!(read(&world, "rejected/maya/huge.vtt.reason.json").await.contains("larger than"));
        let states = "select string_agg(object_key || ' ' || state, ', ' order by object_key) from sessions";
        assert_eq!(
            one::<String>(&world, states).await,
            "inbox/maya/call.vtt received, inbox/maya/empty.vtt rejected, inbox/maya/huge.vtt rejected"
        );
        let told = "select count(*) from mails where kind = 'session_rejected' and recipient like '%maya@%'";
        assert_eq!((world.tell_of_inbox().await, count(&world, told).await), (1, 1), "one mail of both");
        // A valid file with the name of a rejected one brings that session back.
        drop_file(&world, "maya/empty.vtt", format!("{CALL}\n")).await;
        assert_eq!(scan(&world).await.taken, 1);
        let back = "select count(*) from sessions where state = 'received' and failed_stage is null";
        assert_eq!(count(&world, back).await, 2);
    }
}

#[tokio::test]
async fn what_parse_rejects_comes_back_to_the_coach_with_its_reason() {
    for world in worlds().await {
        drop_file(&world, "maya/2026-11-03/holiday.vtt", "GIF89a").await;
        scan(&world).await;
        let transcript_id = one(&world, "select id from transcripts").await;
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        rejected(&mut tx, transcript_id, "This is an image, not a transcript.").await.expect("it is rejected");
        tx.commit().await.expect("it is committed");
        assert_eq!(one::<String>(&world, "select state from sessions").await, "rejected");

        world.run_queued::<RejectTranscript>().await.expect("a job is due").expect("it runs");
        // At-least-once: a second run changes nothing.
        let before = read(&world, "rejected/maya/2026-11-03/holiday.vtt.reason.json").await;
        world.run(&RejectTranscript { transcript_id }).await.expect("it runs again");
        assert_eq!(read(&world, "rejected/maya/2026-11-03/holiday.vtt.reason.json").await, before);
        assert!(before.contains("This is an image, not a transcript."), "{before}");
        assert_eq!(world.tell_of_inbox().await, 1);
        world.run(&RejectTranscript { transcript_id }).await.expect("and again");
        assert_eq!(world.tell_of_inbox().await, 0);
        let told = "select count(*) from mails where kind = 'session_rejected' and position('image' in
            convert_from(message, 'UTF8')) > 0";
        assert_eq!(count(&world, told).await, 1, "the coach is told once, with the reason");
        assert_eq!(read(&world, "rejected/maya/2026-11-03/holiday.vtt").await, "GIF89a");
        assert_eq!(read(&world, "inbox/maya/2026-11-03/holiday.vtt").await, "GIF89a");
    }
}

#[tokio::test]
async fn a_file_that_is_no_roster_is_rejected_and_the_coach_is_told_of_each() {
    let world = World::new().await;
    for (times, content) in [(1, "Priya,priya@raman.example\n"), (2, "Priya;Tom\n")] {
        drop_file(&world, "maya/roster.csv", content).await;
        assert_eq!(scan(&world).await.rejected, 1);
        assert!(read(&world, "rejected/maya/roster.csv.reason.json").await.contains("name,email,aliases,tags"));
        assert_eq!(world.tell_of_inbox().await, 1);
        assert_eq!(count(&world, "select count(*) from mails where kind = 'session_rejected'").await, times);
    }
}

#[tokio::test]
async fn an_impossible_key_in_s3_does_not_hide_the_other_coaches_files() {
    let [_, world] = worlds().await;
    let ben = NewCoach { handle: "ben", name: "Ben", email: "ben@northlight.example", ..NewCoach::default() };
    people::add_coach(&world.database.db, "northlight", &ben).await.expect("a coach");
    drop_file(&world, "maya/call.vtt", CALL).await;
    s3::put_raw(&world.services.bucket, "inbox/ben//call.vtt").await;
    assert_eq!(scan(&world).await.taken, 1);
}

#[tokio::test]
#[cfg(unix)]
async fn one_bad_name_or_closed_folder_does_not_hide_the_other_files() {
    use std::os::unix::{ffi::OsStrExt, fs::symlink};
    let world = World::new().await;
    let inbox = world.folder.path().join("bucket/inbox/maya");
    std::fs::create_dir_all(&inbox).expect("the inbox is made");
    std::fs::write(inbox.join(std::ffi::OsStr::from_bytes(b"caf\xe9.vtt")), CALL).expect("a name that is no Unicode");
    symlink("nowhere", inbox.join("broken link.vtt")).expect("a link");
    std::fs::write(inbox.join("Session #1"), CALL).expect("a name that the library hides");
    std::fs::write(inbox.join("100% done?.vtt"), format!("{CALL}\n")).expect("a name that is escaped in URLs");
    let found = scan(&world).await;
    assert_eq!((found.taken, found.failed), (2, 0), "{found:?}");
}

#[tokio::test]
async fn a_file_that_fails_stops_no_other_and_is_taken_when_it_can_be() {
    let world = World::new().await;
    let mut owner = PgConnection::connect(world.database.url.expose_secret()).await.expect("a connection");
    let trouble = "create function trouble() returns trigger language plpgsql as $$ begin
            if new.object_key like '%poison%' then raise 'disk full'; end if; return new; end $$;
        create trigger trouble before insert on transcripts for each row execute function trouble()";
    sqlx::raw_sql(trouble).execute(&mut owner).await.expect("a trigger");
    drop_file(&world, "maya/poison.vtt", CALL).await;
    drop_file(&world, "maya/good.vtt", format!("{CALL}\n")).await;
    let found = scan(&world).await;
    assert_eq!((found.taken, found.failed), (1, 1), "{found:?}");
    assert_eq!(count(&world, "select count(*) from sessions").await, 1, "nothing of it is there by half");
    sqlx::raw_sql("drop trigger trouble on transcripts").execute(&mut owner).await.expect("the trouble ends");
    assert_eq!(scan(&world).await.taken, 1);
}

#[tokio::test]
async fn two_scans_at_once_take_each_file_once() {
    let [_, world] = worlds().await;
    for number in 0..12 {
        drop_file(&world, &format!("maya/{number}.vtt"), format!("{CALL}\nNOTE {number}\n")).await;
    }
    let scan = ScanInbox {};
    let contexts = [world.claim_another(&scan).await, world.claim_another(&scan).await];
    let [one, other] = [&contexts[0], &contexts[1]].map(|context| scan.run(context));
    let (one, other) = tokio::join!(one, other);
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(count(&world, "select count(*) from sessions").await, 12);
    assert_eq!(count(&world, "select count(*) from transcripts").await, 12);
    assert_eq!(count(&world, "select count(*) from jobs where kind = 'parse.transcript'").await, 12);
}

#[tokio::test]
async fn people_are_added_once_and_kept_apart() {
    let world = World::new().await;
    let db = &world.database.db;
    let first = people::add_organization(db, "southwind", "Southwind", "Europe/Berlin").await.expect("it is added");
    let again = people::add_organization(db, "southwind", "Southwind", "Europe/Berlin").await.expect("again");
    let change = people::OrganizationChange { name: Some("Southwind GmbH".into()), ..Default::default() };
    let changed = people::change_organization(db, "southwind", &change).await.expect("changed");
    assert_eq!((first, first), (again, changed));
    // Whoever adds it without its time zone would have set it back.
    let other = people::add_organization(db, "southwind", "Southwind GmbH", "UTC").await;
    assert!(matches!(other, Err(PeopleError::OrganizationExists { .. })), "{other:?}");
    let theft = NewCoach { handle: "maya", name: "Mallory", email: "m@southwind.example", ..NewCoach::default() };
    let refused = people::add_coach(db, "southwind", &theft).await;
    assert!(matches!(refused, Err(PeopleError::HandleTaken(_))), "{refused:?}");
    let coach = NewCoach { handle: "ben", name: "Ben", email: "BEN@southwind.example", ..NewCoach::default() };
    let one = people::add_coach(db, "southwind", &coach).await.expect("a coach");
    assert_eq!(one, people::add_coach(db, "southwind", &coach).await.expect("the same coach"));
    // A mistyped handle renames nobody, and sends nobody's links to a stranger.
    for (name, email) in [("Ben", "eve@southwind.example"), ("Eve", "ben@southwind.example")] {
        let other = NewCoach { handle: "ben", name, email, ..NewCoach::default() };
        let refused = people::add_coach(db, "southwind", &other).await;
        assert!(matches!(refused, Err(PeopleError::CoachExists { .. })), "{refused:?}");
    }
    let coaches = people::list_coaches(db, people::organization(db, "southwind").await.expect("it is there"))
        .await
        .expect("coaches");
    assert_eq!(coaches.len(), 1);
    assert_eq!((coaches[0].email.as_str(), coaches[0].time_zone.as_str()), ("ben@southwind.example", "Europe/Berlin"));
    for (zone, handle) in [("Mars/Olympus", "x"), ("UTC", "With Space"), ("UTC", "")] {
        assert!(people::add_organization(db, handle, "Name", zone).await.is_err(), "{zone} {handle}");
    }
    let names: Vec<String> = people::list_organizations(db).await.expect("all").into_iter().map(|o| o.name).collect();
    assert_eq!(names, ["Northlight Coaching", "Southwind GmbH"]);
}

#[tokio::test]
async fn ten_thousand_known_files_are_passed_over() {
    let world = World::new().await;
    let inbox = world.folder.path().join("bucket/inbox/maya");
    std::fs::create_dir_all(&inbox).expect("the inbox is made");
    for number in 0..10_000 {
        std::fs::write(inbox.join(format!("{number}.vtt")), "x").expect("a file");
    }
    assert_eq!(look(&world).await, None, "all of them are new");
    let mut owner = PgConnection::connect(world.database.url.expose_secret()).await.expect("a connection");
    sqlx::query("update bucket_objects set outcome = 'taken'").execute(&mut owner).await.expect("all are settled");
    assert_eq!(scan(&world).await.known, 10_000);
    assert_eq!(count(&world, "select count(*) from sessions").await, 0);
    assert_eq!(ScanInbox::KIND, "ingest.scan_inbox");
}

#[tokio::test]
async fn a_store_that_redirects_is_not_followed() {
    use axum::{Router, http::StatusCode, response::IntoResponse};
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    let serve = async |router: Router| {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    };
    let (asked, reached) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&reached);
    let elsewhere = Router::new().fallback(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        "what nobody asked for"
    });
    let elsewhere = serve(elsewhere).await;
    let counted = Arc::clone(&asked);
    let store = Router::new().fallback(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        (StatusCode::TEMPORARY_REDIRECT, [("location", format!("http://{elsewhere}/taken"))]).into_response()
    });
    let store = serve(store).await;
    let url = format!("s3://b/x?endpoint=http://{store}&region=us-east-1&anonymous=true");
    let bucket = Bucket::open(&bucket::Settings { url, ..Default::default() }).expect("a bucket");
    bucket.get("a.vtt").await.expect_err("there is no object");
    bucket.put("b.vtt", "words of a client").await.expect_err("it takes none");
    assert!(asked.load(Ordering::SeqCst) >= 2, "the store was asked");
    assert_eq!(reached.load(Ordering::SeqCst), 0, "and nobody else");
}
