//! Several workers on one endpoint that enforces its limits.

use std::time::Duration;

use debrief_jobs::{
    Provide, Services,
    db::Tx,
    llm::Settings,
    path::SummarizeClient,
    queue::{Catalogue, WorkerSettings, drain, enqueue},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{PRIYA, stage};
use crate::support::{LlmServer, World, llm_server::Allowed, world};

fn write(_: &Value) -> Value {
    json!({ "claims": [{ "section": "wins", "text": "Priya closed the Hartman account.", "owner": null,
                         "due_date": null, "due_words": null,
                         "evidence": [{ "utterance": 1, "quote": "I closed the Hartman account" }] }] })
}

fn limited(server: &LlmServer) -> impl Fn(&mut Settings) + use<> {
    let url = server.url.clone();
    move |settings| {
        settings.provider = "openai".into();
        settings.url = Some(url.clone());
        settings.model = Some("test-model".into());
        settings.requests_per_minute = Some(180.0);
        settings.tokens_per_minute = Some(400_000.0);
    }
}

/// Sixteen jobs are in progress at once, far more than the endpoint allows in its three seconds; those whose turn is
/// far off give up their seat. `cargo run --example llm_load` measures how much of the rate is used.
#[tokio::test(flavor = "multi_thread")]
async fn workers_that_share_a_limit_draw_no_429_and_end_every_session() {
    let allowed = Allowed {
        bucket_seconds: 3.0,
        requests_per_minute: 180.0,
        tokens_per_minute: 400_000.0,
        latency: Duration::from_millis(200),
        answer: write,
    };
    let server = LlmServer::allowing(allowed).await;
    let world = World::with(|settings| limited(&server)(&mut settings.llm)).await;
    let mut settings = world::settings(&world.folder);
    limited(&server)(&mut settings.llm);
    let other = Services::new(world.database.db.clone(), &settings).expect("good settings");
    let mut summaries = Vec::new();
    for at in 0..24 {
        let goodbye = format!("That was number {at}.");
        let lines: Vec<(&str, &str)> = PRIYA.iter().copied().chain([("Maya", goodbye.as_str())]).collect();
        summaries.push(stage(&world, &lines).await.priya);
    }
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    for summary in &summaries {
        enqueue(&mut tx, summary, Uuid::now_v7()).await.expect("it is queued");
    }
    tx.commit().await.expect("committed");

    let worker = |services: &Services| {
        let settings = WorkerSettings { drain_within: Duration::from_secs(60), ..WorkerSettings::default() };
        drain(services.db.clone(), Catalogue::new().with::<SummarizeClient>(services.provide()), settings)
    };
    let (one, two) = tokio::join!(worker(&world.services), worker(&other));
    let (one, two) = (one.expect("it drains"), two.expect("it drains"));
    assert_eq!((one.dead, two.dead, one.ran + two.ran), (0, 0, 24));
    assert_eq!((server.refused(), server.asked().len()), (0, 24));
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let (written, asked): (i64, i64) = sqlx::query_as(
        "select (select count(*) from summaries where state = 'done'),
                (select count(*) from sessions where state = 'summarized')",
    )
    .fetch_one(tx.conn())
    .await
    .expect("counts");
    assert_eq!((written, asked), (24, 24));
}
