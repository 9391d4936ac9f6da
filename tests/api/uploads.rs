//! Uploads in parts: broken connections, two at once, strangers, and what is left of those that nobody completes.

mod completion;
mod protocol;
mod slow;

use axum::{
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use debrief_jobs::{
    db::Tx,
    ingest::ScanInbox,
    model::Role,
    uploads::{RemoveUpload, TidyUploads},
};
use futures::stream;
use serde_json::{Value, json};

use super::{Api, all_of};
use crate::{
    http::visit::{Answer, send},
    support::{World, s3},
};

/// A transcript that is larger than what is written to the bucket at once.
fn talk() -> Vec<u8> {
    let turn = "[00:00:01] Maya Okafor: What will you do before we meet again, and who helps you?\n\
                [00:00:05] Priya Raman: I will send the budget to Jonas by Friday, as I said.\n";
    turn.repeat((5 << 20) / turn.len()).into_bytes()
}

async fn begin_with(api: &Api, key: &str, headers: &[(&str, &str)]) -> Answer {
    api_ask(api, key, Method::POST, "/v1/uploads", headers, Body::empty()).await
}

/// Begins an upload as clients of the protocol do; returns where its parts go.
async fn begin(api: &Api, key: &str, name: &str, size: usize) -> String {
    let (size, metadata) =
        (size.to_string(), format!("filename {},filetype {}", STANDARD.encode(name), STANDARD.encode("text/plain")));
    let headers =
        [("tus-resumable", "1.0.0"), ("upload-length", size.as_str()), ("upload-metadata", metadata.as_str())];
    let begun = begin_with(api, key, &headers).await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.body);
    assert_eq!((begun.header("upload-offset"), begun.header("tus-resumable")), ("0", "1.0.0"));
    assert!(begun.header("upload-expires").ends_with(" GMT"));
    begun.header("location").to_owned()
}

async fn api_ask(api: &Api, key: &str, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
    let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {key}"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(&api.router, request.body(body).expect("a request")).await
}

async fn part(api: &Api, key: &str, path: &str, offset: usize, body: impl Into<Body>) -> Answer {
    let offset = offset.to_string();
    let headers = [
        ("tus-resumable", "1.0.0"),
        ("content-type", "application/offset+octet-stream"),
        ("upload-offset", offset.as_str()),
    ];
    api_ask(api, key, Method::PATCH, path, &headers, body.into()).await
}

/// Where to go on, as `HEAD` tells.
async fn offset(api: &Api, key: &str, path: &str) -> usize {
    let told = api_ask(api, key, Method::HEAD, path, &[("tus-resumable", "1.0.0")], Body::empty()).await;
    assert_eq!((told.status, told.body.as_str()), (StatusCode::OK, ""));
    told.header("upload-offset").parse().expect("a number")
}

/// A connection that breaks after these bytes.
fn breaks_after(bytes: &[u8]) -> Body {
    let sent: Vec<Bytes> = bytes.chunks(64 << 10).map(Bytes::copy_from_slice).collect();
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Body::from_stream(stream::iter(sent.into_iter().map(Ok).chain([Err(broken)])))
}

async fn shown(api: &Api, key: &str, path: &str) -> Value {
    api.get(key, path).await.json()
}

async fn left_in_bucket(world: &World) -> usize {
    world.services.bucket.list("uploads").await.expect("a listing").len()
}

#[tokio::test]
async fn a_broken_upload_goes_on_where_it_broke_over_a_folder_and_over_s3() {
    let url = s3::bucket_url().await;
    for world in [World::new().await, World::with(|settings| settings.bucket.url = url).await] {
        let api = Api::over(world).await;
        let (key, talk) = (api.maya().await, talk());
        let path = begin(&api, &key, "Priya 3 Nov.txt", talk.len()).await;
        let broken = part(&api, &key, &path, 0, breaks_after(&talk[..(4 << 20) + 300_000])).await;
        assert_eq!(broken.code(), "COACH_010", "{}", broken.body);
        let there = offset(&api, &key, &path).await;
        assert_eq!(there, (4 << 20) + 300_000, "what arrived stays");
        // Whoever doesn't know that is told.
        let wrong = part(&api, &key, &path, 4 << 20, talk[4 << 20..].to_vec()).await;
        assert_eq!((wrong.status, wrong.code().as_str()), (StatusCode::CONFLICT, "COACH_040"));
        assert_eq!(wrong.header("upload-offset"), there.to_string());
        let last = part(&api, &key, &path, there, talk[there..].to_vec()).await;
        assert_eq!(last.status, StatusCode::NO_CONTENT, "{}", last.body);
        assert_eq!(last.header("upload-offset"), talk.len().to_string());
        let done = shown(&api, &key, &path).await;
        assert_eq!(done["object_key"], "inbox/maya/Priya 3 Nov.txt", "{done}");
        let stored = api.world.services.bucket.get("inbox/maya/Priya 3 Nov.txt").await.expect("it is in the inbox");
        assert!(stored == talk, "byte for byte");
        // From there it goes the way of every upload, and its parts are removed.
        for _ in 0..3 {
            _ = api.world.run_installation(&ScanInbox {}).await;
        }
        assert_eq!(api.count("select count(*) from transcripts where object_key like 'inbox/maya/Priya%'").await, 1);
        api.world.run_queued::<RemoveUpload>().await.expect("a job").expect("it runs");
        assert_eq!(left_in_bucket(&api.world).await, 0);
        let again = part(&api, &key, &path, talk.len(), Body::empty()).await;
        assert_eq!(again.status, StatusCode::NO_CONTENT, "a client that missed the answer asks again: {}", again.body);
        // The one that broke, the last one, and the one that asked again; the one at the wrong place changed nothing.
        let audited = "select count(*) from audit_events where kind = 'changed' and key_id is not null
            and detail ->> 'operation' = 'PATCH /v1/uploads/{id}'";
        assert_eq!(api.count(audited).await, 3, "each part is in the audit");
    }
}

#[tokio::test]
async fn two_at_once_on_one_upload_corrupt_nothing() {
    let api = Api::new().await;
    let (key, talk) = (api.maya().await, talk());
    let path = begin(&api, &key, "a.txt", talk.len()).await;
    let (one, other) =
        tokio::join!(part(&api, &key, &path, 0, talk.clone()), part(&api, &key, &path, 0, vec![b'x'; talk.len()]),);
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409], "{} {}", one.body, other.body);
    let refused = if one.status == StatusCode::NO_CONTENT { &other } else { &one };
    assert_eq!(refused.code(), "COACH_040", "{}", refused.body);
    let done = shown(&api, &key, &path).await;
    let stored = api.world.services.bucket.get("inbox/maya/a.txt").await.expect("it is in the inbox");
    let whole = if one.status == StatusCode::NO_CONTENT { talk.clone() } else { vec![b'x'; talk.len()] };
    assert!(stored == whole, "it is one of the two, and no mixture: {done}");
    api.world.run_queued::<RemoveUpload>().await.expect("a job").expect("it runs");
    assert_eq!(left_in_bucket(&api.world).await, 0);
}

#[tokio::test]
async fn nobody_else_sees_it_and_no_more_goes_in_than_was_said() {
    let mut api = Api::new().await;
    let key = api.maya().await;
    let path = begin(&api, &key, "a.txt", 10).await;
    let ben = api.person("ben", &[Role::Coach]).await;
    let another_coach = api.key(Some(ben), &all_of(Role::Coach)).await;
    let home = api.world.organization;
    let [organization, coach_there, _] = api.world.neighbour().await;
    let another_organization = api.key_of(organization, Some(coach_there), &all_of(Role::Coach)).await;
    api.world.organization = home;
    for stranger in [&another_coach, &another_organization] {
        assert_eq!(api.get(stranger, &path).await.code(), "COACH_005");
        assert_eq!(part(&api, stranger, &path, 0, "0123456789").await.code(), "COACH_005");
        assert_eq!(api.ask(stranger, Method::DELETE, &path, None, &[]).await.code(), "COACH_005");
    }
    assert_eq!(part(&api, &key, &path, 0, "0123456789a").await.code(), "COACH_011");
    assert_eq!(offset(&api, &key, &path).await, 0, "what is too much is not taken");
    assert_eq!(part(&api, &key, &path, 3, "3").await.code(), "COACH_040");
    let plain = [("content-type", "text/plain"), ("upload-offset", "0")];
    assert_eq!(api_ask(&api, &key, Method::PATCH, &path, &plain, Body::from("0")).await.code(), "COACH_012");
    let typed = [("content-type", "application/offset+octet-stream")];
    assert_eq!(api_ask(&api, &key, Method::PATCH, &path, &typed, Body::from("0")).await.code(), "COACH_013");
    let most = (api.world.services.ingest.max_bytes + 1).to_string();
    let name = format!("filename {}", STANDARD.encode("a.txt"));
    let outside = format!("filename {}", STANDARD.encode("../ben/a.txt"));
    for (size, metadata, code) in [
        (most.as_str(), name.as_str(), "COACH_011"),
        ("0", name.as_str(), "COACH_015"),
        ("-1", name.as_str(), "COACH_013"),
        ("many", name.as_str(), "COACH_013"),
        ("3", "", "COACH_015"),
        ("3", outside.as_str(), "COACH_015"),
        ("3", "filename %%%", "COACH_015"),
    ] {
        let begun = begin_with(&api, &key, &[("upload-length", size), ("upload-metadata", metadata)]).await;
        assert_eq!(begun.code(), code, "{size} {metadata}: {}", begun.body);
    }
}

#[tokio::test]
async fn the_same_request_begins_one_upload_and_an_account_has_few() {
    let api = Api::new().await;
    let key = api.maya().await;
    let name = format!("filename {}", STANDARD.encode("a.txt"));
    let headers = [("upload-length", "3"), ("upload-metadata", name.as_str()), ("idempotency-key", "begin-1")];
    let (first, again) = (begin_with(&api, &key, &headers).await, begin_with(&api, &key, &headers).await);
    assert_eq!(first.header("location"), again.header("location"), "{}", again.body);
    assert_eq!(again.header("idempotent-replayed"), "true");
    for _ in 1..20 {
        begin(&api, &key, "a.txt", 3).await;
    }
    let over = begin_with(&api, &key, &headers[..2]).await;
    assert_eq!(over.code(), "COACH_040", "{}", over.body);
    // One that is ended makes room.
    let ended = api.ask(&key, Method::DELETE, first.header("location"), None, &[]).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    begin(&api, &key, "a.txt", 3).await;
    api.world.run_queued::<RemoveUpload>().await.expect("a job").expect("it runs");
}

#[tokio::test]
async fn what_nobody_completes_ends_and_leaves_nothing() {
    let api = Api::new().await;
    let key = api.maya().await;
    let (late, open) = (begin(&api, &key, "a.txt", 9).await, begin(&api, &key, "b.txt", 9).await);
    for path in [&late, &open] {
        assert_eq!(part(&api, &key, path, 0, "012").await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(left_in_bucket(&api.world).await, 2);
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    sqlx::query("update uploads set expires_at = now() - interval '1 second' where file_name = 'a.txt'")
        .execute(tx.conn())
        .await
        .expect("a day passes");
    tx.commit().await.expect("it commits");
    assert_eq!(api.get(&key, &late).await.code(), "COACH_005", "it has ended");
    assert_eq!(part(&api, &key, &late, 3, "345").await.code(), "COACH_005");
    let tidied = api.world.run_installation(&TidyUploads {}).await.expect("it runs");
    assert_eq!(tidied, json!({ "uploads": 1, "objects": 1 }));
    assert_eq!(left_in_bucket(&api.world).await, 1, "the other goes on");
    assert_eq!(part(&api, &key, &open, 3, "345678").await.status, StatusCode::NO_CONTENT);
    api.world.run_queued::<RemoveUpload>().await.expect("a job").expect("it runs");
}
