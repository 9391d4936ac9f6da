//! What all processes together may send to an endpoint.

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use debrief_jobs::{
    Services,
    llm::{LlmError, Settings},
};
use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use super::{another_process, answer, ask, behind, with_model};
use crate::support::{LlmServer, Reply, World, llm_server::Allowed};

/// Asks until there is an answer, coming back when told to, like a job in the queue.
async fn ask_in_turn(services: &Services, organization: Uuid, words: &str) -> Result<(), LlmError> {
    loop {
        match ask(services, organization, words).await {
            Err(LlmError::Waiting(wait)) => tokio::time::sleep(wait).await,
            other => return other.map(drop),
        }
    }
}

#[tokio::test]
async fn processes_share_a_limit_and_draw_no_429() {
    let allowed = Allowed {
        bucket_seconds: 3.0,
        requests_per_minute: 400.0,
        tokens_per_minute: 1e9,
        latency: Duration::from_millis(300),
        answer: |_| answer(),
    };
    let server = LlmServer::allowing(allowed).await;
    let limited = |server: &LlmServer| {
        let change = behind(server);
        move |settings: &mut Settings| {
            change(settings);
            settings.requests_per_minute = Some(400.0);
        }
    };
    let world = with_model(limited(&server)).await;
    let processes = [Arc::clone(&world.services), Arc::new(another_process(&world, limited(&server)))];
    let asks = (0..44).map(|at| {
        let services = Arc::clone(&processes[at % 2]);
        let organization = world.organization;
        async move { ask_in_turn(&services, organization, &format!("Question {at}?")).await }
    });
    for ended in join_all(asks).await {
        ended.expect("each has its answer in the end");
    }
    assert_eq!((server.asked().len(), server.refused()), (44, 0), "44 at once are far more than three seconds allow");
}

#[tokio::test]
async fn tokens_are_a_limit_too_and_what_was_not_used_is_given_back() {
    let server = LlmServer::start([Reply::Answer(answer()), Reply::Answer(answer())]).await;
    let change = behind(&server);
    let world = with_model(move |settings| {
        change(settings);
        settings.tokens_per_minute = Some(1200.0);
    })
    .await;
    // The server counts 1,100 tokens per call: nearly a minute of the limit.
    ask(&world.services, world.organization, "One?").await.expect("the first goes at once");
    let Err(LlmError::Waiting(first)) = ask(&world.services, world.organization, "Two?").await else {
        panic!("the second waits")
    };
    assert!((Duration::from_secs(40)..=Duration::from_secs(57)).contains(&first), "{first:?}");
    // The next one to wait comes back after the previous one, not at the same time.
    let Err(LlmError::Waiting(second)) = ask(&world.services, world.organization, "Three?").await else {
        panic!("the third waits")
    };
    assert!(second > first + Duration::from_secs(20), "{second:?} after {first:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn what_one_process_is_told_to_wait_all_wait() {
    let at = |seconds: i64| (Utc::now() + chrono::Duration::seconds(seconds)).format("%a, %d %b %Y %H:%M:%S GMT");
    for (header, value) in
        [("retry-after", "90".to_owned()), ("retry-after-ms", "90000".into()), ("retry-after", at(91).to_string())]
    {
        let reply = Reply::Raw(429, vec![(header, value.clone())], json!({ "error": { "message": "slow down" } }));
        let server = LlmServer::start([reply]).await;
        let world = with_model(behind(&server)).await;
        let Err(LlmError::Limited(Some(told))) = ask(&world.services, world.organization, "One?").await else {
            panic!("it is limited")
        };
        assert!((Duration::from_secs(80)..=Duration::from_secs(91)).contains(&told), "{value}: {told:?}");
        let other = another_process(&world, behind(&server));
        let Err(LlmError::Waiting(wait)) = ask(&other, world.organization, "Two?").await else {
            panic!("the other process waits too")
        };
        assert!(wait > Duration::from_secs(60), "{wait:?}");
        assert_eq!(server.asked().len(), 1, "nobody asks meanwhile");
    }
}

#[tokio::test]
async fn a_429_without_a_word_of_time_closes_for_a_moment() {
    let server = LlmServer::start([Reply::Error(429, None, json!({}))]).await;
    let world = with_model(behind(&server)).await;
    assert!(matches!(ask(&world.services, world.organization, "?").await, Err(LlmError::Limited(None))));
    let closed: bool = super::last(&world, "select closed_until > now() from llm_endpoints").await;
    assert!(closed);
}

#[tokio::test]
async fn an_endpoint_that_one_process_found_dead_is_left_alone_by_all() {
    let server = LlmServer::start([]).await;
    let world = with_model(behind(&server)).await;
    for at in 0..5 {
        let asked = ask(&world.services, world.organization, &format!("Question {at}?")).await;
        assert!(matches!(asked, Err(LlmError::Unavailable(_))), "{asked:?}");
    }
    let other = another_process(&world, behind(&server));
    let asked = ask(&other, world.organization, "And?").await;
    assert!(matches!(asked, Err(LlmError::Open(wait)) if wait <= Duration::from_secs(30)), "{asked:?}");
    assert_eq!(server.asked().len(), 5);

    // After the pause one request tries, and its result decides for all.
    pass_time(&world).await;
    server.then([Reply::Answer(answer()), Reply::Answer(answer())]);
    ask(&other, world.organization, "Now?").await.expect("it is back");
    ask(&world.services, world.organization, "And now?").await.expect("for everybody");
}

/// Simulates the end of the breaker's pause.
async fn pass_time(world: &World) {
    sqlx::query("update llm_endpoints set open_until = now()")
        .execute(world.database.db.pool())
        .await
        .expect("the endpoint's row");
}
