//! Summaries that a language model writes, on good days and bad.

use std::time::Duration;

use debrief_jobs::{db::Tx, model::Section, path::SummarizeClient, queue::JobError};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{GROUP, PRIYA, assert_grounded, content, ledger, review_requests, stage, stage_on, summary_state, texts};
use crate::support::{LlmServer, Reply, World};

/// A world whose summaries are written by a model behind `server`.
async fn world_with(server: &LlmServer) -> World {
    world_with_timeout(server, 30).await
}

/// The same, with a response timeout for the model in seconds.
async fn world_with_timeout(server: &LlmServer, seconds: u64) -> World {
    let url = server.url.clone();
    World::with(move |settings| {
        settings.llm.provider = "openai".into();
        settings.llm.url = Some(url);
        settings.llm.model = Some("test-model".into());
        settings.llm.api_key = Some("sk-test".into());
        settings.llm.timeout_seconds = Some(seconds);
        (settings.llm.input_price, settings.llm.cached_price, settings.llm.output_price) =
            (Some(2.0), Some(0.5), Some(8.0));
    })
    .await
}

/// A good answer for the session `PRIYA`.
fn good_answer() -> Value {
    json!({ "claims": [
        { "section": "wins", "text": "Priya closed the Hartman account.", "owner": null, "due_date": null, "due_words": null,
          "evidence": [{ "utterance": 1, "quote": "i closed the hartman account" }] },
        { "section": "action_items", "text": "Send Lena the number.", "owner": "client", "due_date": "2026-03-20",
          "due_words": "by Friday", "evidence": [{ "utterance": 5, "quote": "I'll send Lena the number" }] },
        { "section": "engagement", "text": "Priya spoke openly.", "owner": null, "due_date": null, "due_words": null,
          "evidence": [{ "utterance": 3, "quote": "I'm stuck with the budget" }] },
    ] })
}

fn claim(section: &str, text: &str, utterance: usize, quote: &str) -> Value {
    json!({ "section": section, "text": text, "owner": null, "due_date": null, "due_words": null,
            "evidence": [{ "utterance": utterance, "quote": quote }] })
}

#[tokio::test]
async fn a_model_writes_by_schema_and_the_ledger_says_what_it_cost() {
    let server = LlmServer::start([Reply::Answer(good_answer())]).await;
    let world = world_with(&server).await;
    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect("the job succeeds");

    let content = content(&world, &staged.priya, 1).await;
    assert_grounded(&world, &staged, &content, PRIYA, "Priya").await;
    assert_eq!(texts(&content, Section::Wins), ["Priya closed the Hartman account."]);
    let quote = &content.section(Section::Wins).next().expect("a win").evidence[0].quote;
    assert_eq!(quote, "I closed the Hartman account", "as it stands in the utterance");
    let action =
        content.section(Section::ActionItems).next().and_then(|claim| claim.action.clone()).expect("an action item");
    // The model's date is wrong; the words say which Friday it is.
    assert_eq!(action.due_date.map(|date| date.to_string()).as_deref(), Some("2026-03-13"));

    let request = &server.requests()[0];
    assert_eq!(server.first_header("authorization").as_deref(), Some("Bearer sk-test"));
    assert_eq!(request["response_format"]["json_schema"]["strict"], true);
    assert_eq!(request["temperature"], 0);
    let user = request["messages"][1]["content"].as_str().expect("words");
    assert!(user.contains("[1] Priya: Yeah, so, I closed the Hartman account on Tuesday.\n"), "{user}");
    assert!(!user.contains("The room is booked"), "a guest's words are nobody's evidence");

    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let row: (String, String, String, Uuid, i32, i32, i32, i64, String) = sqlx::query_as(
        "select state, provider, prompt_version, session_id, input_tokens, cached_tokens, output_tokens, cost_micro_usd,
                request_id from llm_calls",
    )
    .fetch_one(tx.conn())
    .await
    .expect("one call");
    assert_eq!((row.0.as_str(), row.1.as_str(), row.3), ("succeeded", "openai", staged.session));
    assert_eq!((row.4, row.5, row.6, row.7, row.8.as_str()), (1000, 400, 100, 600 * 2 + 200 + 800, "req-1"));
    let version: (String, String, String) =
        sqlx::query_as("select provider, model, prompt_version from summary_versions")
            .fetch_one(tx.conn())
            .await
            .expect("one");
    assert_eq!((version.0.as_str(), version.1.as_str(), &version.2), ("openai", "test-model", &row.2));
}

#[tokio::test]
async fn what_a_model_invents_is_dropped() {
    let answer = json!({ "claims": [
        claim("wins", "Priya shipped the driver app.", 5, "I shipped the driver app to three depots"),
        claim("wins", "Priya closed a contract.", 1, "I closed the Ketterer contract"),
        claim("wins", "Priya was promoted.", 5, "I was promoted to chief"),
        claim("wins", "Priya did well.", 99, "I shipped the driver app to nine depots"),
        claim("wins", "Tom and Priya shipped the driver app.", 5, "I shipped the driver app"),
        claim("wins", "See https://attacker.example/claim for the driver app.", 5, "I shipped the driver app"),
        claim("wins", "Priya said: “I shipped it to forty depots.”", 5, "I shipped the driver app"),
        claim("recommendations", "Priya should tell her father.", 2, "I'd suggest you tell your father"),
        claim("recommendations", "Celebrate it.", 6, "I'd recommend that you celebrate it"),
        claim("challenges", "Priya was asked.", 4, "what about you"),
    ] });
    let server = LlmServer::start([Reply::Answer(answer)]).await;
    let world = world_with(&server).await;
    let staged = stage(&world, GROUP).await;
    let output = world.run(&staged.priya).await.expect("the job succeeds");
    let content = content(&world, &staged.priya, 1).await;
    assert_grounded(&world, &staged, &content, GROUP, "Priya").await;
    assert_eq!(texts(&content, Section::Wins), ["Priya shipped the driver app."]);
    assert_eq!(texts(&content, Section::Recommendations), ["Celebrate it."]);
    assert_eq!(texts(&content, Section::Challenges), [""; 0], "a question states nothing");
    assert_eq!(output["claims_dropped"], 8);
    let user = server.requests()[0]["messages"][1]["content"].to_string();
    assert!(!user.contains("Ketterer") && !user.contains("father") && !user.contains("Tom"), "{user}");
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_asked_for_once_more() {
    let wrong = Reply::Content("Sure! Here you are: {\"claims\": [{\"section\": \"victories\"}]}".into());
    let fenced = Reply::Content(format!("<think>{{hm}}</think>```json\n{}\n```", good_answer()));
    let server = LlmServer::start([wrong, fenced]).await;
    let world = world_with(&server).await;
    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect("the second answer fits");
    assert_eq!(content(&world, &staged.priya, 1).await.claims.len(), 3);
    let requests = server.requests();
    assert_eq!(requests[1]["messages"].as_array().map(Vec::len), Some(4), "the answer and what is wrong with it");
    assert_eq!(ledger(&world).await.len(), 2, "each call is paid for");
}

#[tokio::test]
async fn an_answer_that_never_fits_is_written_offline_and_no_word_of_it_is_kept() {
    let wrong = || Reply::Content("I would rather write a poem about Hartman.".into());
    let server = LlmServer::start(std::iter::repeat_with(wrong).take(12)).await;
    let world = world_with(&server).await;
    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect("the offline summarizer writes");
    assert_eq!(summary_state(&world, &staged.priya).await, "done");
    let content = content(&world, &staged.priya, 1).await;
    assert!(!serde_json::to_string(&content).expect("JSON").contains("poem"), "{content:?}");
}

#[tokio::test]
async fn an_endpoint_without_schemas_is_asked_by_words_and_remembered() {
    let no_format = |what: &str| {
        Reply::Error(400, None, json!({ "error": { "message": format!("Unknown response_format type {what}") } }))
    };
    let no_temperature = Reply::Error(400, None, json!({ "error": { "message": "Unsupported value: 'temperature'" } }));
    let script = [
        no_format("json_schema"),
        no_temperature,
        no_format("json_object"),
        Reply::Answer(good_answer()),
        Reply::Answer(good_answer()),
    ];
    let server = LlmServer::start(script).await;
    let world = world_with(&server).await;
    for goodbye in ["Bye.", "See you."] {
        let lines: Vec<(&str, &str)> = PRIYA.iter().copied().chain([("Maya", goodbye)]).collect();
        let staged = stage(&world, &lines).await;
        world.run(&staged.priya).await.expect("it is written in the end");
    }
    let formats: Vec<Value> = server.requests().iter().map(|body| body["response_format"]["type"].clone()).collect();
    assert_eq!(formats, [json!("json_schema"), json!("json_object"), json!("json_object"), Value::Null, Value::Null]);
    let last = &server.requests()[4];
    assert!(last.get("temperature").is_none());
    assert!(last["messages"][0]["content"].as_str().is_some_and(|system| system.contains("JSON schema")));
}

#[tokio::test]
async fn an_endpoint_that_is_busy_or_down_is_tried_again() {
    let script = [
        Reply::Error(429, Some(7), json!({ "error": { "message": "slow down" } })),
        Reply::Error(503, Some(9), json!({})),
        Reply::Error(500, None, json!({})),
        Reply::Hang,
        Reply::Answer(good_answer()),
    ];
    let server = LlmServer::start(script).await;
    let world = world_with_timeout(&server, 2).await;
    let staged = stage(&world, PRIYA).await;
    let mut waits = Vec::new();
    let mut outcome = world.run(&staged.priya).await;
    for _ in 0..4 {
        // As if the pause that the endpoint asked for has passed.
        let sql = "update llm_endpoints set closed_until = '-infinity'";
        sqlx::query(sql).execute(world.database.db.pool()).await.expect("the endpoint's row");
        waits.push(match outcome {
            Err(JobError::Snooze(after)) => ("comes back", Some(after.as_secs())),
            Err(JobError::Retry { after, .. }) => ("is retried", after.map(|after| after.as_secs())),
            other => panic!("it is not over: {other:?}"),
        });
        // Does what the worker does with a failed attempt.
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        let sql = "update jobs set state = 'due', leased_until = null, leased_by = null where state = 'running'";
        sqlx::query(sql).execute(tx.conn()).await.expect("the queue answers");
        tx.commit().await.expect("committed");
        outcome = world.run_queued::<SummarizeClient>().await.expect("the job is due again");
    }
    outcome.expect("the fifth attempt succeeds");
    // Too many requests don't count as an attempt.
    let expected = [("comes back", Some(7)), ("is retried", Some(9)), ("is retried", None), ("is retried", None)];
    assert_eq!(waits, expected);
    let errors: Vec<Option<String>> = ledger(&world).await.into_iter().map(|(_, error)| error).collect();
    let failed = ["limited", "busy", "unavailable", "broke_off"].map(|kind| Some(kind.to_owned()));
    assert_eq!((&errors[..4], &errors[4]), (&failed[..], &None));
    assert_eq!(review_requests(&world, &staged).await, 1);
}

#[tokio::test]
async fn an_endpoint_that_never_stops_saying_429_is_told_of() {
    let server = LlmServer::start([Reply::Error(429, Some(60), json!({}))]).await;
    let world = world_with(&server).await;
    let staged = stage(&world, PRIYA).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let sql = "insert into llm_calls (id, organization_id, session_id, task, provider, model, prompt_version, state, error)
               select gen_random_uuid(), $1, $2, 'write', 'openai', 'm', 'p', 'failed', 'limited' from generate_series(1, 60)";
    sqlx::query(sql).bind(world.organization).bind(staged.session).execute(tx.conn()).await.expect("a bad day");
    tx.commit().await.expect("committed");
    let Err(JobError::Abort(message)) = world.run(&staged.priya).await else { panic!("it would come back for ever") };
    assert!(message.contains("quota") && message.contains("llm.requests_per_minute"), "{message}");
}

#[tokio::test]
async fn a_dead_endpoint_is_left_alone_for_a_while() {
    let server = LlmServer::start([]).await;
    let world = world_with(&server).await;
    // Each on an earlier day than the one before: no summary waits for another.
    for day in ["2026-03-16", "2026-03-15", "2026-03-14", "2026-03-13", "2026-03-12"] {
        let staged = stage_on(&world, day, PRIYA).await;
        assert!(matches!(world.run(&staged.priya).await, Err(JobError::Retry { .. })));
    }
    let staged = stage(&world, PRIYA).await;
    let Err(JobError::Snooze(wait)) = world.run(&staged.priya).await else { panic!("it is not called at all") };
    assert!(wait <= Duration::from_secs(30) && wait > Duration::from_secs(20));
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn a_wrong_key_and_a_refusal_say_what_to_do() {
    for (reply, word) in [
        (Reply::Error(401, None, json!({ "error": { "code": "invalid_api_key" } })), "llm.api_key"),
        (Reply::Error(404, None, json!({ "error": { "code": "model_not_found" } })), "llm.model"),
        (Reply::Refusal, "by hand"),
    ] {
        let server = LlmServer::start([reply]).await;
        let world = world_with(&server).await;
        let staged = stage(&world, PRIYA).await;
        let Err(JobError::Abort(message)) = world.run(&staged.priya).await else {
            panic!("another attempt would fail as well")
        };
        assert!(message.contains(word), "{message}");
    }
}

#[tokio::test]
async fn a_session_too_long_for_one_answer_is_written_in_parts() {
    let lines: Vec<(&str, &str)> = std::iter::repeat_n(PRIYA, 2).flatten().copied().collect();
    let second = json!({ "claims": [claim("wins", "Priya closed it.", 8, "I closed the Hartman account")] });
    let choice = json!({ "claims": [
        { "keep": 3, "same": [] }, { "keep": 1, "same": [] }, { "keep": 0, "same": [2] }, { "keep": 9, "same": [4] },
    ] });
    let script = [Reply::CutOff, Reply::Answer(good_answer()), Reply::Answer(second), Reply::Answer(choice)];
    let server = LlmServer::start(script).await;
    let world = world_with(&server).await;
    let staged = stage(&world, &lines).await;
    world.run(&staged.priya).await.expect("both halves are written");
    let content = content(&world, &staged.priya, 1).await;
    assert_eq!(texts(&content, Section::Wins), ["Priya closed it.", "Priya closed the Hartman account."]);
    assert_eq!(content.claims.len(), 3, "what was not chosen is not in it");
    let users: Vec<String> = server.requests().iter().map(|body| body["messages"][1]["content"].to_string()).collect();
    for number in [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12] {
        let mark = format!("[{number}] ");
        assert!(users[1..].iter().any(|user| user.contains(&mark)), "utterance {number} is in neither half");
    }
    assert_eq!(ledger(&world).await[0].1.as_deref(), Some("too_long"));
}

/// A coach corrects a speaker while the model writes: what it wrote about the wrong person's words isn't kept.
#[tokio::test]
async fn a_session_that_changes_under_the_model_is_written_again() {
    let server = LlmServer::start([Reply::Slow(good_answer())]).await;
    let world = world_with(&server).await;
    let staged = stage(&world, PRIYA).await;
    let correct = async {
        server.first_request().await;
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        let sql = "update attributions set participant_id =
                       (select id from participants where session_id = $1 and kind = 'guest')
                   where session_id = $1 and label = 'Priya'";
        sqlx::query(sql).bind(staged.session).execute(tx.conn()).await.expect("the attribution is corrected");
        tx.commit().await.expect("committed");
        server.go_on();
    };
    let (outcome, ()) = tokio::join!(world.run(&staged.priya), correct);
    let Err(JobError::Overtaken(message)) = outcome else { panic!("it is written again: {outcome:?}") };
    assert!(message.contains("changed"), "{message}");
    let versions: i64 =
        super::one(&world, "select count(*) from summary_versions where summary_id = $1", staged.priya.summary_id)
            .await;
    assert_eq!(versions, 0);
    assert_eq!(summary_state(&world, &staged.priya).await, "due");
}

#[tokio::test]
async fn characters_that_cannot_be_stored_do_not_cost_an_answer() {
    let mut answer = good_answer();
    answer["claims"][0]["text"] = json!("Priya closed the Hartman account.\u{0}\u{1b}");
    let server = LlmServer::start([Reply::Answer(answer)]).await;
    let world = world_with(&server).await;
    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect("the job succeeds");
    let content = content(&world, &staged.priya, 1).await;
    let kept = texts(&content, Section::Wins).into_iter().chain(texts(&content, Section::ActionItems));
    let kept: Vec<String> = kept.map(|text| text.to_string()).collect();
    assert!(kept.iter().any(|text| text.contains("Lena")), "{kept:?}");
    assert!(kept.iter().all(|text| !text.contains(char::is_control)), "{kept:?}");
    assert_eq!(server.requests().len(), 1, "it is not asked again");
}
