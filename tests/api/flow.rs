//! What other software does with a session: upload it, wait, read, correct, edit, approve, and take the export.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use debrief_jobs::{
    index::{IndexSession, IndexSummary},
    ingest::ScanInbox,
    mail::SendMail,
    model::Role,
    path::{AskForSpeakers, AttributeSession, ParseTranscript, RefineSummary, RequestReview, SummarizeClient},
    removal::RemoveObjects,
    rights::Right,
};
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::Api;
use crate::{
    http::visit::send,
    support::{World, s3},
};

const TALK: &str = "WEBVTT\n\n00:00.000 --> 00:04.000\nMaya Okafor: What will you do before we meet again?\n\n\
    00:05.000 --> 00:11.000\nTom Becker: I will send the budget to Jonas by Friday.\n\n\
    00:12.000 --> 00:16.000\nMaya Okafor: Good. I recommend that you call him first.\n";

async fn upload(api: &Api, key: &str, query: &str, content_type: &str, body: String) -> crate::http::visit::Answer {
    let request = Request::post(format!("/v1/transcripts?{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(body));
    send(&api.router, request.expect("a request")).await
}

#[tokio::test]
async fn a_file_goes_all_the_way_through_the_api() {
    let api = Api::new().await;
    let key = api.maya().await;
    let world = &api.world;
    let up = upload(&api, &key, "file_name=2026-11-20%20Tom.vtt", "text/vtt", TALK.into()).await;
    assert_eq!(up.status, StatusCode::ACCEPTED, "{}", up.body);
    let object_key = up.json()["object_key"].as_str().expect("a key").to_owned();
    assert_eq!(object_key, "inbox/maya/2026-11-20 Tom.vtt");
    let status = format!("/v1/transcripts/status?object_key={}", object_key.replace(' ', "%20"));
    assert_eq!(api.get(&key, &status).await.json()["outcome"], "new");
    // The first look waits whether the file is complete.
    world.run_installation(&ScanInbox {}).await.expect_err("it looks again");
    world.run_installation(&ScanInbox {}).await.expect("the inbox is read");
    let read = api.get(&key, &status).await.json();
    assert_eq!(read["outcome"], "read", "{read}");
    let session = read["session_id"].as_str().expect("a session").to_owned();
    world.run_queued::<ParseTranscript>().await.expect("a job").expect("it is parsed");
    world.run_queued::<AttributeSession>().await.expect("a job").expect("the speakers are known");
    world.run_queued::<SummarizeClient>().await.expect("a job").expect("it is summarised");
    world.run_queued::<RequestReview>().await.expect("a job").expect("the review is asked for");
    // What runs on the side isn't what this test is about.
    world.leaves::<IndexSession>();
    world.leaves::<IndexSummary>();
    world.leaves::<SendMail>();
    world.leaves::<AskForSpeakers>();

    let said = api.get(&key, &format!("/v1/sessions/{session}/utterances")).await.json();
    assert_eq!(said["items"].as_array().map(Vec::len), Some(3), "{said}");
    assert_eq!(
        (&said["items"][1]["speaker"], &said["items"][1]["speaker_kind"]),
        (&json!("Tom Becker"), &json!("client"))
    );
    let list = api.get(&key, &format!("/v1/summaries?session_id={session}")).await.json();
    let id = list["items"][0]["id"].as_str().unwrap_or_else(|| panic!("a summary: {list}")).to_owned();
    let path = format!("/v1/summaries/{id}");
    let shown = api.get(&key, &path).await;
    let summary = shown.json();
    let promise = summary["claims"]
        .as_array()
        .and_then(|claims| claims.iter().find(|claim| claim["section"] == "action_items"))
        .unwrap_or_else(|| panic!("the promise: {summary}"));
    let cited = promise["evidence"][0]["utterance_id"].clone();
    assert_eq!(cited, said["items"][1]["id"], "each claim shows the words that support it");

    // A coach's own program edits, with the version that it read.
    let edit = json!({ "add": [{ "section": "wins", "text": "Tom came well prepared." }] });
    let etag = shown.header("etag").to_owned();
    let edited = api.ask(&key, Method::PATCH, &path, Some(&edit), &[("if-match", &etag)]).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.body);
    let edited = edited.json();
    assert_eq!((edited["version"].as_i64(), edited["claims"][0]["support"].as_str()), (Some(2), Some("own")));
    let difference = api.get(&key, &format!("{path}/difference")).await.json();
    assert_eq!(difference["sections"][0]["sentences"][0][0]["change"], "added", "{difference}");

    let letter = api.get(&key, &format!("{path}/letter")).await.json();
    assert!(letter["text"].as_str().is_some_and(|text| text.contains("came well prepared")), "{letter}");
    assert_eq!(letter["to_email"], "tom@becker.example");
    approve(&api, &key, &path, &edited).await;
    let time = async |at: Value| {
        let body = json!({ "send_at": at });
        api.ask(&key, Method::PUT, &format!("{path}/letter/time"), Some(&body), &[]).await
    };
    assert_eq!(time(json!("2999-01-01T00:00:00Z")).await.code(), "COACH_015", "not in a thousand years");
    assert_eq!(time(json!("2026-01-01T00:00:00Z")).await.code(), "COACH_015", "a past time is a mistake");
    let unsaid = api.ask(&key, Method::PUT, &format!("{path}/letter/time"), Some(&json!({})), &[]).await;
    assert_eq!(unsaid.code(), "COACH_010", "nothing is sent because nothing was said");
    let later = chrono::Utc::now() + chrono::Duration::days(2);
    assert_eq!(time(json!(later)).await.status, StatusCode::OK);
    let waits = "select count(*) from mails join jobs on jobs.unique_key = mails.id::text and run_at = due_at
        where mails.kind = 'follow_up' and due_at > now() + interval '1 day'";
    assert_eq!(api.count(waits).await, 1, "the mail and its job");
    assert_eq!(time(json!(null)).await.status, StatusCode::OK);
    assert_eq!(api.count(waits).await, 0, "it goes now");
    let stopped = api.post(&key, &format!("{path}/cancel"), &json!({})).await;
    assert_eq!(stopped.status, StatusCode::NO_CONTENT, "{}", stopped.body);
    world.leaves::<debrief_jobs::path::SendFollowUp>();
}

/// A signature for another content or recipient is refused, and the right one holds the letter.
async fn approve(api: &Api, key: &str, path: &str, summary: &Value) {
    let path = format!("{path}/approve");
    let sign = |hash: &Value, email: &str| {
        json!({ "version": summary["version"], "hash": hash, "as_they_are": true,
                "recipient": { "name": "Tom Becker", "email": email } })
    };
    let other = api.post(key, &path, &sign(&json!("0".repeat(64)), "tom@becker.example")).await;
    assert_eq!(other.code(), "COACH_031");
    let elsewhere = api.post(key, &path, &sign(&summary["hash"], "tom@elsewhere.example")).await;
    assert_eq!(elsewhere.code(), "COACH_041");
    let held = api.post(key, &path, &sign(&summary["hash"], "tom@becker.example")).await;
    assert_eq!((held.status, &held.json()["outcome"]), (StatusCode::OK, &json!("held")), "{}", held.body);
    let again = api.post(key, &path, &sign(&summary["hash"], "tom@becker.example")).await;
    assert_eq!(again.json()["outcome"], "already");
    assert_eq!(api.count("select count(*) from mails where kind = 'follow_up'").await, 1, "one letter");
}

#[tokio::test]
async fn approving_takes_a_person() {
    let api = Api::new().await;
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    let scopes = vec![Right::SummariesApprove];
    let new = debrief_jobs::rights::NewKey {
        name: "x".into(),
        person: None,
        scopes,
        expires_at: None,
        created_by: None,
        parent: None,
    };
    let refused = debrief_jobs::rights::issue(&mut tx, &new).await.expect_err("no key of the organization approves");
    assert!(refused.to_string().contains("summaries:approve"), "{refused}");
}

#[tokio::test]
async fn an_upload_is_taken_once_and_bounded() {
    let api = Api::new().await;
    let key = api.maya().await;
    let send_file =
        |query: &'static str, body: &str| upload(&api, &key, query, "application/octet-stream", body.to_owned());
    let first = send_file("file_name=a.txt&date=2026-11-02", TALK).await;
    assert_eq!(first.json()["object_key"], "inbox/maya/2026-11-02/a.txt");
    assert_eq!(send_file("file_name=a.txt&date=2026-11-02", TALK).await.status, StatusCode::ACCEPTED, "the same file");
    assert_eq!(send_file("file_name=a.txt&date=2026-11-02", "Other words").await.code(), "COACH_044");
    let replaced = send_file("file_name=a.txt&date=2026-11-02&replace=true", "Other words").await;
    assert_eq!(replaced.status, StatusCode::ACCEPTED);
    for (query, code) in [
        ("file_name=..%2Fben%2Fa.txt", "COACH_015"),
        ("file_name=a%5Cb.txt", "COACH_015"),
        ("file_name=.hidden", "COACH_015"),
        ("file_name=Roster.csv", "COACH_015"),
        ("file_name=roster.csv", "COACH_015"),
        ("file_name=", "COACH_015"),
        ("", "COACH_015"),
        ("coach=nobody&file_name=a.txt", "COACH_015"),
        ("file_name=a.txt&date=soon", "COACH_013"),
        ("file_name=a.txt&date=2136-11-02", "COACH_015"),
    ] {
        assert_eq!(send_file(query, TALK).await.code(), code, "{query}");
    }
    assert_eq!(send_file("file_name=empty.txt", "").await.code(), "COACH_015");
    let most = usize::try_from(api.world.services.ingest.max_bytes).expect("a size");
    let large = upload(&api, &key, "file_name=large.txt", "text/plain", "x".repeat(most + 1)).await;
    assert_eq!(large.code(), "COACH_011");
    // A form, as browsers and most tools send files.
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Priya 3 Nov.vtt\"\r\n\r\n{TALK}\r\n--b--\r\n"
    );
    let sent = upload(&api, &key, "", "multipart/form-data; boundary=b", form).await;
    assert_eq!(sent.json()["object_key"], "inbox/maya/Priya 3 Nov.vtt", "{}", sent.body);
}

#[tokio::test]
async fn speakers_clients_and_days_are_corrected() {
    let api = Api::new().await;
    let key = api.maya().await;
    let session = format!("/v1/sessions/{}", api.reviewed.session);
    let speakers = api.get(&key, &format!("{session}/speakers")).await.json();
    let label = speakers["items"][0]["label"].as_str().unwrap_or_else(|| panic!("a speaker: {speakers}"));
    let nobody = json!({ "speakers": [{ "label": "Nobody", "is": { "kind": "guest" } }] });
    let refused = api.ask(&key, Method::PUT, &format!("{session}/speakers"), Some(&nobody), &[]).await;
    assert_eq!(refused.code(), "COACH_015", "{}", refused.body);
    let tom = json!({ "speakers": [{ "label": label, "is": { "kind": "client", "client_id": api.world.tom } }] });
    let named = api.ask(&key, Method::PUT, &format!("{session}/speakers"), Some(&tom), &[]).await;
    assert_eq!((named.status, &named.json()["named"]), (StatusCode::OK, &json!(1)), "{}", named.body);
    api.world.leaves::<AttributeSession>();
    let shown = api.get(&key, &session).await;
    let change = json!({ "title": "Budget  and\nplans", "date": "2026-11-04" });
    let etag = shown.header("etag").to_owned();
    let changed = api.ask(&key, Method::PATCH, &session, Some(&change), &[("if-match", &etag)]).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let changed = changed.json();
    assert_eq!((&changed["title"], &changed["session_date"]), (&json!("Budget and plans"), &json!("2026-11-04")));
    api.world.leaves::<SummarizeClient>();
    // Two entries of one person become one.
    let merged = api
        .post(
            &key,
            &format!("/v1/clients/{}/merge", api.world.tom),
            &json!({ "into": api.world.priya, "same_person": true }),
        )
        .await;
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.body);
    let history = api.get(&key, &format!("/v1/clients/{}/sessions", api.world.priya)).await.json();
    assert_eq!(history["items"][0]["title"], "Budget and plans", "{history}");
    api.world.leaves::<debrief_jobs::path::Readdress>();
    let found = api.get(&key, "/v1/clients?q=RAMAN").await.json();
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_refinement_is_asked_for_and_an_edit_is_undone() {
    let api = Api::new().await;
    let key = api.maya().await;
    let path = format!("/v1/summaries/{}", api.reviewed.summary);
    let tag = async || api.get(&key, &path).await.header("etag").to_owned();
    let edit = json!({ "add": [{ "section": "wins", "text": "A good week." }] });
    let edited = api.ask(&key, Method::PATCH, &path, Some(&edit), &[("if-match", &tag().await)]).await;
    assert_eq!(edited.json()["version"], 2, "{}", edited.body);
    let undone = api.ask(&key, Method::POST, &format!("{path}/undo"), None, &[("if-match", &tag().await)]).await;
    assert_eq!(undone.json()["version"], 3, "{}", undone.body);
    assert!(!undone.body.contains("A good week."));
    let shorter = json!({ "instruction": "drop the first win" });
    let asked =
        api.ask(&key, Method::POST, &format!("{path}/refine"), Some(&shorter), &[("if-match", &tag().await)]).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    api.world.run_queued::<RefineSummary>().await.expect("a job").expect("it is refined");
    let refined =
        api.get(&key, &format!("/v1/refinements/{}", asked.json()["refinement_id"].as_str().expect("an id"))).await;
    assert_eq!((&refined.json()["state"], &refined.json()["version"]), (&json!("done"), &json!(4)), "{}", refined.body);
    let versions = api.get(&key, &format!("{path}/versions")).await.json();
    let authors: Vec<&str> = versions["items"]
        .as_array()
        .expect("versions")
        .iter()
        .filter_map(|version| version["author"].as_str())
        .collect();
    assert_eq!(authors, ["summarizer", "coach", "coach", "refiner"]);
    let first = api.get(&key, &format!("{path}/versions/1")).await;
    assert_eq!(first.status, StatusCode::OK);
    for version in ["0", "9", "-1"] {
        assert_eq!(api.get(&key, &format!("{path}/versions/{version}")).await.status, StatusCode::NOT_FOUND);
    }
    api.world.leaves::<IndexSummary>();
}

#[tokio::test]
async fn what_is_uploaded_again_after_its_session_was_deleted_is_a_new_session() {
    let url = s3::bucket_url().await;
    for world in [World::new().await, World::with(|settings| settings.bucket.url = url).await] {
        let api = Api::over(world).await;
        let key = api.key(Some(api.world.coach), &[Right::TranscriptsWrite, Right::SessionsDelete]).await;
        let status = "/v1/transcripts/status?object_key=inbox/maya/2026-11-20%20Tom.vtt";
        let read = async || {
            let up = upload(&api, &key, "file_name=2026-11-20%20Tom.vtt", "text/vtt", TALK.into()).await;
            assert_eq!(up.status, StatusCode::ACCEPTED, "{}", up.body);
            // Until the copy that was removed is there again.
            for _ in 0..8 {
                _ = api.world.run_installation(&ScanInbox {}).await;
            }
            api.get(&key, status).await.json()
        };
        let first = read().await["session_id"].clone();
        assert_eq!(read().await["session_id"], first, "twice is once");
        let path = format!("/v1/sessions/{}", first.as_str().expect("a session"));
        let deleted = api.ask(&key, Method::DELETE, &path, None, &[]).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.body);
        while let Some(removed) = api.world.run_queued::<RemoveObjects>().await {
            removed.expect("it is removed");
        }
        _ = api.world.run_installation(&ScanInbox {}).await;
        let gone = api.get(&key, status).await.json();
        assert!(gone["session_id"].is_null(), "what lies there is not read again by itself: {gone}");
        assert!(gone["reason"].as_str().is_some_and(|why| why.contains("was deleted")), "{gone}");
        let again = read().await;
        assert!(again["session_id"].is_string() && again["session_id"] != first, "{again}");
        api.world.leaves::<ParseTranscript>();
    }
}

#[tokio::test]
async fn what_one_coach_deleted_comes_again_though_another_has_the_same_and_duplicates_name_it_no_more() {
    let api = Api::new().await;
    let rights = [Right::TranscriptsWrite, Right::SessionsDelete];
    let ben = api.person("ben", &[Role::Coach]).await;
    let (maya, ben) = (api.key(Some(api.world.coach), &rights).await, api.key(Some(ben), &rights).await);
    let read = async |key: &str, handle: &str, name: &str| {
        let up = upload(&api, key, &format!("file_name={name}"), "text/vtt", TALK.into()).await;
        assert_eq!(up.status, StatusCode::ACCEPTED, "{}", up.body);
        // Until the copy that was removed is there again.
        for _ in 0..8 {
            _ = api.world.run_installation(&ScanInbox {}).await;
        }
        api.get(key, &format!("/v1/transcripts/status?object_key=inbox/{handle}/{name}")).await.json()
    };
    let first = read(&maya, "maya", "2026-11-20-Tom.vtt").await["session_id"].clone();
    let of_ben = read(&ben, "ben", "2026-11-20-Tom.vtt").await["session_id"].clone();
    assert!(first.is_string() && of_ben.is_string() && first != of_ben);
    let twice = read(&maya, "maya", "twice.vtt").await;
    assert!(twice["reason"].as_str().is_some_and(|why| why.contains("“2026-11-20-Tom.vtt”")), "{twice}");
    let path = format!("/v1/sessions/{}", first.as_str().expect("a session"));
    let deleted = api.ask(&maya, Method::DELETE, &path, None, &[]).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.body);
    let twice = api.get(&maya, "/v1/transcripts/status?object_key=inbox/maya/twice.vtt").await.json();
    let why = twice["reason"].as_str().expect("a reason");
    assert!(why.contains("was deleted") && !why.contains("Tom"), "neither its file nor its title: {why}");
    let again = read(&maya, "maya", "2026-11-20-Tom.vtt").await;
    assert!(again["session_id"].is_string() && again["session_id"] != first, "Ben’s is his: {again}");
    assert_eq!(read(&ben, "ben", "2026-11-20-Tom.vtt").await["session_id"], of_ben, "and stays");
}

#[tokio::test]
async fn progress_comes_as_it_happens() {
    let api = Api::new().await;
    let key = api.maya().await;
    api.reviewed.set_state(&api.world, "closed").await;
    let stream = api.get(&key, &format!("/v1/sessions/{}/progress", api.reviewed.session)).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    assert_eq!(stream.body.trim(), "event: progress\ndata: {\"state\":\"closed\",\"failed_stage\":null}");
}

#[tokio::test]
async fn a_stream_ends_when_its_key_does() {
    let api = Api::new().await;
    let key = api.maya().await;
    let request = Request::get(format!("/v1/sessions/{}/progress", api.reviewed.session))
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .body(Body::empty())
        .expect("a request");
    let mut stream = api.router.clone().oneshot(request).await.expect("an answer").into_body().into_data_stream();
    let first = stream.next().await.expect("the present state").expect("it is read");
    assert!(first.starts_with(b"event: progress"));
    api.execute("update api_keys set revoked_at = now()").await;
    let rest = async { while stream.next().await.is_some() {} };
    // It would go on for minutes.
    tokio::time::timeout(std::time::Duration::from_secs(60), rest).await.expect("it ends with the next look");
}

#[tokio::test]
async fn of_two_who_merge_crosswise_one_is_told() {
    let api = Api::new().await;
    let key = api.maya().await;
    let merge = |from, into| {
        let (api, key) = (&api, &key);
        async move {
            api.post(key, &format!("/v1/clients/{from}/merge"), &json!({ "into": into, "same_person": true })).await
        }
    };
    let (priya, tom) = (api.world.priya, api.world.tom);
    let (one, other) = tokio::join!(merge(priya, tom), merge(tom, priya));
    let merged = [&one, &other].iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert_eq!(merged, 1, "{} {}", one.body, other.body);
    assert_eq!(api.count("select count(*) from clients where removed_at is null").await, 1, "one person is left");
    api.world.leaves::<debrief_jobs::path::Readdress>();
    api.world.leaves::<AttributeSession>();
    api.world.leaves::<SummarizeClient>();
}
