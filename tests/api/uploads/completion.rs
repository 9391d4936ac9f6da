//! The last part: it counts when the file is in the inbox, and not before.

use std::pin::pin;

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use debrief_jobs::{
    db::Tx,
    uploads::{self, RemoveUpload},
};

use super::{Api, begin, begin_with, offset, part, shown, talk};
use crate::support::installation::wait_for;

const PIECE: usize = 4 << 20;

/// Sends all but the last mebibyte of the talk.
async fn most_of(api: &Api, key: &str, path: &str, talk: &[u8]) {
    let sent = part(api, key, path, 0, talk[..PIECE].to_vec()).await;
    assert_eq!((sent.status, offset(api, key, path).await), (StatusCode::NO_CONTENT, PIECE), "{}", sent.body);
}

/// A client that resumes asks `HEAD` and sends what is missing.
async fn resume(api: &Api, key: &str, path: &str, all: &[u8]) {
    let there = offset(api, key, path).await;
    assert!(there < all.len(), "or it would send nothing more");
    let last = part(api, key, path, there, all[there..].to_vec()).await;
    assert_eq!(last.status, StatusCode::NO_CONTENT, "{}", last.body);
    assert_eq!(offset(api, key, path).await, all.len());
    let object_key = shown(api, key, path).await["object_key"].as_str().expect("its key").to_owned();
    assert!(api.world.services.bucket.get(&object_key).await.expect("it is in the inbox") == all, "byte for byte");
    api.world.run_queued::<RemoveUpload>().await.expect("a job").expect("it runs");
}

#[tokio::test]
async fn another_file_of_the_name_is_refused_as_always_and_replaced_where_said() {
    let api = Api::new().await;
    let key = api.maya().await;
    api.world.services.bucket.put("inbox/maya/a.txt", "other").await.expect("it is there");
    let path = begin(&api, &key, "a.txt", 3).await;
    assert_eq!(part(&api, &key, &path, 0, "abc").await.code(), "COACH_044");
    api.world.services.bucket.delete("inbox/maya/a.txt").await.expect("it is gone");
    resume(&api, &key, &path, b"abc").await;
    let metadata = format!("filename {},replace {}", STANDARD.encode("a.txt"), STANDARD.encode("true"));
    let begun = begin_with(&api, &key, &[("upload-length", "3"), ("upload-metadata", metadata.as_str())]).await;
    resume(&api, &key, begun.header("location"), b"xyz").await;
}

#[tokio::test]
async fn what_does_not_reach_the_inbox_is_sent_again() {
    let api = Api::new().await;
    let (key, talk) = (api.maya().await, talk());
    let path = begin(&api, &key, "Priya.txt", talk.len()).await;
    most_of(&api, &key, &path, &talk).await;
    // Nothing can be put there.
    let inbox = api.world.folder.path().join("bucket/inbox");
    std::fs::write(&inbox, "").expect("a file in the way");
    let failed = part(&api, &key, &path, PIECE, talk[PIECE..].to_vec()).await;
    assert_eq!((failed.status, failed.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "COACH_091"));
    std::fs::remove_file(&inbox).expect("it goes");
    resume(&api, &key, &path, &talk).await;
}

#[tokio::test]
async fn whoever_died_completing_it_holds_it_up_for_a_minute_at_most() {
    let api = Api::new().await;
    let key = api.maya().await;
    let path = begin(&api, &key, "a.txt", 3).await;
    api.execute("update uploads set completing_until = now() + interval '40 seconds'").await;
    let meanwhile = part(&api, &key, &path, 0, "abc").await;
    assert_eq!((meanwhile.status, meanwhile.code().as_str()), (StatusCode::CONFLICT, "COACH_040"));
    assert_eq!(part(&api, &key, &path, 0, "a").await.code(), "COACH_040", "nor does it grow");
    // Its file may be in the inbox already.
    assert_eq!(api.ask(&key, Method::DELETE, &path, None, &[]).await.code(), "COACH_040");
    api.execute("update uploads set completing_until = now() - interval '1 second'").await;
    resume(&api, &key, &path, b"abc").await;
}

#[tokio::test]
async fn whoever_fails_too_late_does_not_end_what_another_has_begun() {
    let api = Api::new().await;
    let key = api.maya().await;
    let path = begin(&api, &key, "a.txt", 3).await;
    let upload = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("its id");
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    let slow = uploads::begin_completion(&mut tx, upload, 0).await.expect("an answer").expect("it begins");
    assert_eq!(uploads::begin_completion(&mut tx, upload, 0).await.expect("an answer"), None, "one at a time");
    sqlx::query("update uploads set completing_until = $1::timestamptz - interval '1 minute'")
        .bind(slow)
        .execute(tx.conn())
        .await
        .expect("its time is over");
    let next = uploads::begin_completion(&mut tx, upload, 0).await.expect("an answer").expect("it begins");
    let late = next + TimeDelta::seconds(1);
    uploads::give_up(&mut tx, upload, late).await.expect("it is nothing");
    assert_eq!(uploads::begin_completion(&mut tx, upload, 0).await.expect("an answer"), None, "it goes on");
    uploads::give_up(&mut tx, upload, next).await.expect("it is given up");
    assert!(uploads::begin_completion(&mut tx, upload, 0).await.expect("an answer").is_some(), "for the next");
}

#[tokio::test]
async fn it_is_completed_although_its_client_is_gone() {
    let api = Api::new().await;
    let key = api.maya().await;
    let path = begin(&api, &key, "a.txt", 3).await;
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    sqlx::query("select from uploads for update").execute(tx.conn()).await.expect("it is held");
    {
        let mut sent = pin!(part(&api, &key, &path, 0, "abc"));
        tokio::select! {
            answer = &mut sent => panic!("it didn't wait: {}", answer.body),
            () = api.world.somebody_waits() => {}
        }
    }
    tx.commit().await.expect("it commits");
    let is_there = async || (offset(&api, &key, &path).await == 3).then_some(());
    wait_for("the upload to be complete", is_there).await;
    api.world.run_queued::<RemoveUpload>().await.expect("a job").expect("it runs");
}

#[tokio::test]
async fn however_small_its_parts_are_they_are_not_endless() {
    let api = Api::new().await;
    let key = api.maya().await;
    let path = begin(&api, &key, "a.txt", 5000).await;
    api.execute("update uploads set received_bytes = 2000").await;
    api.execute(
        "insert into upload_parts (organization_id, upload_id, from_byte, object_key)
         select organization_id, id, at, 'uploads/x' from uploads, generate_series(0, 1999) as at",
    )
    .await;
    let refused = part(&api, &key, &path, 2000, "a").await;
    assert_eq!(refused.code(), "COACH_040", "{}", refused.body);
    assert!(refused.body.contains("2000 parts"), "{}", refused.body);
    assert_eq!(offset(&api, &key, &path).await, 2000);
    let ended = api.ask(&key, Method::DELETE, &path, None, &[]).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    api.world.run_queued::<RemoveUpload>().await.expect("a job").expect("it runs");
    assert_eq!(part(&api, &key, &path, 0, Body::empty()).await.code(), "COACH_005");
}
