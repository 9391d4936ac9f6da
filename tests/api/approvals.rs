//! Several approvals at once: each by itself.

use std::pin::pin;

use axum::http::StatusCode;
use debrief_jobs::{db::Tx, model::Role, path::SendFollowUp};
use serde_json::{Value, json};
use sqlx::Row;
use uuid::Uuid;

use super::{Api, all_of};
use crate::support::Reviewed;

async fn signed(api: &Api, key: &str, summary: Uuid) -> Value {
    let shown = api.get(key, &format!("/v1/summaries/{summary}")).await.json();
    json!({ "id": summary, "version": shown["version"], "hash": shown["hash"], "as_they_are": true,
            "recipient": { "name": "Priya Raman", "email": "priya@raman.example" } })
}

#[tokio::test]
async fn one_that_is_refused_stops_none_of_the_others() {
    let api = Api::new().await;
    let (key, other) = (api.maya().await, Reviewed::new(&api.world).await);
    other.set_state(&api.world, "in_review").await;
    api.world.leaves::<SendFollowUp>();
    let (good, mut stale) = (signed(&api, &key, api.reviewed.summary).await, signed(&api, &key, other.summary).await);
    stale["hash"] = "0".repeat(64).into();
    let body =
        json!({ "approvals": [stale, good, { "id": Uuid::nil(), "version": 1, "hash": "x", "recipient": null }] });
    let once = [("idempotency-key", "batch-1")];
    let done = api.ask(&key, axum::http::Method::POST, "/v1/summaries/approve", Some(&body), &once).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    let results = done.json()["results"].clone();
    assert_eq!(results[0]["status"], 412);
    assert_eq!(results[0]["problem"]["code"], "COACH_031", "{results}");
    assert_eq!((&results[1]["status"], &results[1]["outcome"]), (&json!(200), &json!("held")), "{results}");
    assert!(results[1]["mail_id"].is_string() && results[1]["problem"].is_null(), "{results}");
    assert_eq!(results[2]["problem"]["code"], "COACH_005", "{results}");
    let held = "select count(*) from mails where kind = 'follow_up' and state = 'queued' and due_at > now()";
    assert_eq!(api.count(held).await, 1, "its letter is held, as always");
    let noted = "select count(*) from audit_events where kind = 'changed' and summary_id is not null";
    assert_eq!(api.count(noted).await, 1, "what was approved is in the audit, one by one");
    // The same request gets the same answer; another one approves nothing twice.
    let again = api.ask(&key, axum::http::Method::POST, "/v1/summaries/approve", Some(&body), &once).await;
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", done.json()));
    let anew = api.post(&key, "/v1/summaries/approve", &body).await.json();
    assert_eq!(anew["results"][1]["outcome"], "already", "{anew}");
    assert_eq!(api.count(held).await, 1);
}

#[tokio::test]
async fn nobody_approves_what_isnt_theirs_nor_more_than_a_hundred() {
    let api = Api::new().await;
    let maya = api.maya().await;
    let ben = api.person("ben", &[Role::Coach]).await;
    let key = api.key(Some(ben), &all_of(Role::Coach)).await;
    let body = json!({ "approvals": [signed(&api, &maya, api.reviewed.summary).await] });
    let refused = api.post(&key, "/v1/summaries/approve", &body).await.json();
    assert_eq!(refused["results"][0]["problem"]["code"], "COACH_005", "{refused}");
    assert_eq!(api.count("select count(*) from mails").await, 0);
    let one = json!({ "id": Uuid::nil(), "version": 1, "hash": "x", "recipient": null });
    for count in [0, 101] {
        let body = json!({ "approvals": vec![one.clone(); count] });
        assert_eq!(api.post(&maya, "/v1/summaries/approve", &body).await.code(), "COACH_015", "{count}");
    }
}

/// As the database's owner: the statement may be more than the program is allowed.
async fn as_owner(api: &Api, sql: &'static str) -> Option<i64> {
    let asked = api.world.database.ask(move |mut connection| async move {
        sqlx::raw_sql(sql).fetch_optional(&mut connection).await.map(|row| row.and_then(|row| row.try_get(0).ok()))
    });
    asked.expect("the database answers")
}

#[tokio::test]
async fn what_failed_here_is_approved_when_the_same_request_comes_again() {
    let api = Api::new().await;
    let (key, other) = (api.maya().await, Reviewed::new(&api.world).await);
    other.set_state(&api.world, "in_review").await;
    api.world.leaves::<SendFollowUp>();
    let both = [signed(&api, &key, api.reviewed.summary).await, signed(&api, &key, other.summary).await];
    let body = json!({ "approvals": both });
    let once = [("idempotency-key", "batch-1")];
    let ask = async || api.ask(&key, axum::http::Method::POST, "/v1/summaries/approve", Some(&body), &once).await;
    let fail = "create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
        create trigger fail before insert on mails for each row execute function fail()";
    as_owner(&api, fail).await;
    let failed = ask().await;
    let statuses = |answer: &serde_json::Value| answer["results"].as_array().expect("results").clone();
    assert!(statuses(&failed.json()).iter().all(|result| result["status"] == 500), "{}", failed.body);
    as_owner(&api, "drop trigger fail on mails").await;
    let done = ask().await;
    assert_eq!(done.header("idempotent-replayed"), "", "that answer wasn't the last word");
    assert!(statuses(&done.json()).iter().all(|result| result["outcome"] == "held"), "{}", done.body);
    let again = ask().await;
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", done.json()));
}

#[tokio::test]
async fn without_a_key_no_transaction_waits_for_the_others() {
    let api = Api::new().await;
    let key = api.maya().await;
    api.world.leaves::<SendFollowUp>();
    let body = json!({ "approvals": [signed(&api, &key, api.reviewed.summary).await] });
    let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
    sqlx::query("select from sessions for update").execute(tx.conn()).await.expect("it is locked");
    let mut approved = pin!(api.post(&key, "/v1/summaries/approve", &body));
    tokio::select! {
        answer = &mut approved => panic!("it didn't wait: {}", answer.body),
        () = api.world.somebody_waits() => {}
    }
    let idle =
        "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'";
    assert_eq!(as_owner(&api, idle).await, Some(1), "ours, and none beside that which approves");
    tx.commit().await.expect("it commits");
    let approved = approved.await.json();
    assert_eq!(approved["results"][0]["outcome"], "held", "{approved}");
    let noted = "select count(*) from audit_events where kind = 'changed' and detail ->> 'count' = '1'";
    assert_eq!(api.count(noted).await, 1, "the batch is in the audit");
}
