//! What whoever may read less, or only adds, neither finds nor changes.

use axum::http::StatusCode;
use debrief_jobs::{
    index::{IndexSession, IndexSummary},
    people::client_by_id,
    rights::Right,
};
use serde_json::{Value, json};

use super::Api;

#[tokio::test]
async fn a_key_that_reads_no_summaries_finds_what_was_said_alone() {
    let api = Api::new().await;
    let (session_id, summary_id) = (api.reviewed.session, api.reviewed.summary);
    api.world.run(&IndexSession { session_id }).await.expect("it is indexed");
    api.world.run(&IndexSummary { summary_id, version: 1 }).await.expect("it is indexed");
    let sources = async |rights: &[Right]| {
        let key = api.key(Some(api.world.coach), rights).await;
        let found = api.get(&key, "/v1/search?q=planning+meeting&limit=50").await.json();
        let hits = found["items"].as_array().unwrap_or_else(|| panic!("{found}")).clone();
        hits.iter().map(|hit| hit["source"].clone()).collect::<Vec<Value>>()
    };
    let said = json!("utterances");
    let all = sources(&[Right::SessionsRead, Right::SummariesRead]).await;
    assert!(all.contains(&said) && all.contains(&json!("summary")), "{all:?}");
    let less = sources(&[Right::SessionsRead]).await;
    assert!(!less.is_empty() && less.iter().all(|source| *source == said), "{less:?}");
}

#[tokio::test]
async fn whoever_adds_a_client_of_a_known_name_sends_nobodys_letters_elsewhere() {
    let api = Api::new().await;
    let key = api.maya().await;
    let address = async || {
        let mut tx = api.world.database.db.tenant(api.world.organization).await.expect("a transaction");
        client_by_id(&mut tx, api.world.priya).await.expect("it reads").expect("she is there").email
    };
    let before = address().await;
    let new = json!({ "name": "Priya Raman", "email": "priya@elsewhere.example" });
    let refused = api.post(&key, "/v1/clients", &new).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "COACH_044"), "{}", refused.body);
    let detail = refused.json()["detail"].as_str().expect("a sentence").to_owned();
    assert!(detail.contains(&format!("/v1/clients/{}", api.world.priya)) && detail.contains("namesake"), "{detail}");
    assert_eq!(address().await, before);
    let namesake = json!({ "name": "Priya Raman", "email": "priya@elsewhere.example", "namesake": true });
    assert_eq!(api.post(&key, "/v1/clients", &namesake).await.status, StatusCode::CREATED);
    assert_eq!(address().await, before);
    // By her address she is the one who is there.
    let same = api.post(&key, "/v1/clients", &json!({ "name": "Priya Raman", "email": before })).await;
    assert_eq!((same.status, &same.json()["added"]), (StatusCode::OK, &json!(false)), "{}", same.body);
}
