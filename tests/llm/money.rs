//! What is paid for: never the same twice, never more than the budget; and what it cost.

use std::sync::Arc;

use debrief_jobs::{
    db::Tx,
    llm::{Call, Change, ExpireAnswers, LlmError, ModelSettings, OFFLINE, Prompt, Settings, Wanted, Writers, costs},
    removal::RemoveObjects,
    summarize::DraftEvidence,
};
use futures::future::join_all;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::json;

use super::{answer, ask, behind, last, with_model};
use crate::{
    erase::erased,
    support::{LlmServer, Reply, Reviewed, World, installation::Installation},
};

/// Each answer costs at most, and exactly, one dollar.
fn a_dollar_a_call(server: &LlmServer, budget: f64) -> impl Fn(&mut Settings) + use<> {
    let change = behind(server);
    move |settings| {
        change(settings);
        (settings.input_price, settings.output_price) = (Some(0.0), Some(10_000.0));
        settings.max_output_tokens = Some(100);
        settings.budget = Some(budget);
    }
}

async fn execute(world: &World, sql: &'static str) {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(sql).bind(world.organization).execute(tx.conn()).await.expect("it is done");
    tx.commit().await.expect("it is committed");
}

#[tokio::test]
async fn the_same_is_not_paid_twice_by_one_organization_and_nothing_crosses_to_another() {
    let server = LlmServer::start([Reply::Answer(answer()), Reply::Answer(answer()), Reply::Answer(answer())]).await;
    let world = with_model(behind(&server)).await;
    for _ in 0..3 {
        ask(&world.services, world.organization, "Who?").await.expect("an answer");
    }
    assert_eq!(server.asked().len(), 1);
    ask(&world.services, world.organization, "Why?").await.expect("another question is another call");
    assert_eq!(server.asked().len(), 2);
    let [neighbour, ..] = world.neighbour().await;
    ask(&world.services, neighbour, "Who?").await.expect("an answer");
    assert_eq!(server.asked().len(), 3, "what one organization was told is not told another");

    // Kept for days, but not forever.
    let output = world.run_installation(&ExpireAnswers {}).await.expect("it runs");
    assert_eq!(output["answers"], 0);
    execute(&world, "update llm_results set expires_at = now() where organization_id = $1").await;
    let output = world.run_installation(&ExpireAnswers {}).await.expect("it runs");
    assert_eq!(output["answers"], 2);
    let left: i64 = last(&world, "select count(*) from llm_results").await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_not_kept_and_a_session_that_is_too_long_is_not_asked_twice() {
    let poem = || Reply::Content("A poem.".into());
    let server = LlmServer::start([poem(), poem(), Reply::Answer(answer()), Reply::CutOff]).await;
    let world = with_model(behind(&server)).await;
    assert!(matches!(ask(&world.services, world.organization, "Who?").await, Err(LlmError::Unusable(_))));
    ask(&world.services, world.organization, "Who?").await.expect("asked again, it answers");
    for _ in 0..2 {
        assert!(matches!(ask(&world.services, world.organization, "All?").await, Err(LlmError::TooLong)));
    }
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn processes_that_spend_at_once_stay_within_the_budget() {
    let server = LlmServer::start(std::iter::repeat_n(Reply::Answer(answer()), 20)).await;
    let world = with_model(a_dollar_a_call(&server, 5.0)).await;
    // Last month's spending and other organizations' don't count for this month.
    execute(
        &world,
        "insert into llm_calls (id, organization_id, task, provider, model, prompt_version, state, cost_micro_usd, started_at)
         values (gen_random_uuid(), $1, 'write', 'openai', 'm', 'p', 'succeeded', 99000000, now() - interval '32 days')",
    )
    .await;
    let [neighbour, ..] = world.neighbour().await;
    ask(&world.services, neighbour, "Who?").await.expect("its budget is its own");
    let asks = (0..12).map(|at| {
        let world = &world;
        async move { ask(&world.services, world.organization, &format!("Question {at}?")).await }
    });
    let (paid, refused): (Vec<_>, Vec<_>) = join_all(asks).await.into_iter().partition(Result::is_ok);
    assert_eq!((paid.len(), refused.len()), (5, 7));
    assert_eq!(server.asked().len(), 1 + 5);
    let Some(Err(error @ LlmError::Budget(_))) = refused.into_iter().next() else { panic!("the budget is used up") };
    let message = error.to_string();
    assert!(message.contains("$5.00") && message.contains("debrief org models"), "{message}");

    // A higher budget allows more, and a call whose end nobody saw counts with its maximum cost.
    let models = world.services.summarizer.models();
    let change = Change { budget_micro_usd: Some(Some(7_000_000)), ..Change::default() };
    models.choose(&world.database.db, world.organization, &change).await.expect("the budget is set");
    server.then([Reply::Torn(answer())]);
    execute(&world, "update llm_calls set cost_micro_usd = null, state = 'started' where organization_id = $1 and cost_micro_usd = 1000000").await;
    ask(&world.services, world.organization, "Question 20?").await.expect("one more dollar");
    ask(&world.services, world.organization, "Question 21?").await.expect("and one more");
    assert!(matches!(ask(&world.services, world.organization, "Question 22?").await, Err(LlmError::Budget(7_000_000))));
}

#[tokio::test]
async fn operators_hear_once_that_four_fifths_of_a_budget_are_used_and_then_of_every_refusal() {
    let server = LlmServer::start(std::iter::repeat_n(Reply::Answer(answer()), 5)).await;
    let world = with_model(a_dollar_a_call(&server, 5.0)).await;
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    // The test's runtime has one thread, so this recorder receives all its metrics.
    let _listening = metrics::set_default_local_recorder(&recorder);
    let heard = |event: &str| metrics.render().contains(&format!("debrief_llm_budget_total{{event=\"{event}\"}} 1"));
    for (question, warned) in [(1, false), (2, false), (3, false), (4, true), (5, true)] {
        ask(&world.services, world.organization, &format!("Question {question}?")).await.expect("an answer");
        assert_eq!((heard("warned"), heard("refused")), (warned, false), "after {question}");
    }
    ask(&world.services, world.organization, "Question 6?").await.expect_err("nothing is left");
    assert!(heard("warned") && heard("refused"), "{}", metrics.render());
}

#[tokio::test]
async fn what_was_refused_costs_nothing() {
    let server = LlmServer::start([Reply::Error(400, None, json!({})), Reply::Answer(answer())]).await;
    let world = with_model(a_dollar_a_call(&server, 1.0)).await;
    ask(&world.services, world.organization, "?").await.expect_err("it is refused");
    ask(&world.services, world.organization, "?").await.expect("the dollar is still there");
}

#[tokio::test]
async fn a_budget_without_a_price_names_the_setting() {
    let server = LlmServer::start([]).await;
    let world = with_model(behind(&server)).await;
    let models = world.services.summarizer.models();
    let change = Change { budget_micro_usd: Some(Some(7_000_000)), ..Change::default() };
    let said = models.choose(&world.database.db, world.organization, &change).await.expect_err("it is said");
    assert!(said.contains("llm.input_price"), "{said}");
    let Err(LlmError::Misconfigured(said)) = ask(&world.services, world.organization, "?").await else {
        panic!("nothing is spent that cannot be counted")
    };
    assert!(said.contains("llm.input_price"), "{said}");
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn an_organization_chooses_among_the_models_of_the_settings() {
    let server = LlmServer::start([]).await;
    let change = behind(&server);
    let world = with_model(move |settings| {
        change(settings);
        for name in ["cheap", "kept-in-house"] {
            let model = ModelSettings { model: Some(name.into()), ..ModelSettings::default() };
            settings.models.insert(name.into(), model);
        }
        settings.tasks.map = Some("cheap".into());
    })
    .await;
    let (db, models) = (&world.database.db, world.services.summarizer.models());
    let names = async || match models.writers(db, world.organization).await.expect("it is known") {
        Writers::Offline => (OFFLINE.to_owned(), OFFLINE.to_owned()),
        Writers::Models { write, map } => (write.name().to_owned(), map.name().to_owned()),
    };
    let pair = |write: &str, map: &str| (write.to_owned(), map.to_owned());
    let choose = async |write: Option<&str>, map: Option<&str>| {
        let own = |name: Option<&str>| Some(name.map(str::to_owned));
        let change = Change { write: own(write), map: own(map), budget_micro_usd: None };
        models.choose(db, world.organization, &change).await
    };
    assert_eq!(names().await, pair("default", "cheap"));
    choose(Some("kept-in-house"), None).await.expect("it is there");
    assert_eq!(names().await, pair("kept-in-house", "kept-in-house"), "no part of a session goes elsewhere");
    choose(Some("kept-in-house"), Some("default")).await.expect("it is there");
    assert_eq!(names().await, pair("kept-in-house", "default"));
    choose(Some(OFFLINE), None).await.expect("offline is always there");
    assert_eq!(names().await, pair(OFFLINE, OFFLINE));
    let said = choose(Some("best"), None).await.expect_err("there is none");
    assert!(said.contains("best") && said.contains("kept-in-house"), "{said}");
    choose(None, None).await.expect("back to the installation's");
    assert_eq!(names().await, pair("default", "cheap"));
    // A model removed from the settings is named in the error, and no other writes instead.
    execute(&world, "update organization_llm set write_profile = 'gone' where organization_id = $1").await;
    let said = models.writers(db, world.organization).await.expect_err("it is gone").to_string();
    assert!(said.contains("gone") && said.contains("debrief org models"), "{said}");
}

#[tokio::test]
async fn the_report_adds_up_and_says_what_it_does_not_know() {
    let server = LlmServer::start([Reply::Answer(answer()), Reply::Error(500, None, json!({}))]).await;
    let world = with_model(a_dollar_a_call(&server, 50.0)).await;
    ask(&world.services, world.organization, "One?").await.expect("an answer");
    ask(&world.services, world.organization, "One?").await.expect("the same answer");
    ask(&world.services, world.organization, "Two?").await.expect_err("none");
    execute(
        &world,
        "insert into llm_calls (id, organization_id, task, provider, model, prompt_version, state, input_tokens)
         values (gen_random_uuid(), $1, 'map', 'openai', 'free', 'p', 'succeeded', 10)",
    )
    .await;
    let [neighbour, ..] = world.neighbour().await;
    let report = costs(&world.database.db, &Wanted::default()).await.expect("a report");
    let [map, write] = &report[..] else { panic!("{report:?}") };
    assert_eq!((map.task.as_str(), map.cost_micro_usd, map.unknown), ("map", None, 1));
    assert_eq!((write.calls, write.failed, write.reused, write.unknown), (2, 1, 1, 0));
    assert_eq!((write.input_tokens, write.cached_tokens, write.output_tokens), (1000, 400, 100));
    assert_eq!((write.organization.as_str(), write.cost_micro_usd), ("northlight", Some(1_000_000)));
    for wanted in [
        Wanted { organization: Some(neighbour), ..Wanted::default() },
        Wanted { since: "2999-01-01".parse().ok(), ..Wanted::default() },
    ] {
        assert_eq!(costs(&world.database.db, &wanted).await.expect("a report"), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_set_and_see_models_budgets_and_costs() {
    let mut installation = Installation::new().await;
    installation.people().await;
    let empty = installation.output(&["costs"]).await;
    assert!(empty.status.success() && empty.stdout.is_empty());
    assert!(String::from_utf8_lossy(&empty.stderr).contains("no language model calls yet"));

    installation.set("DEBRIEF_LLM__MODELS__CHEAP__PROVIDER", "openai");
    installation.set("DEBRIEF_LLM__MODELS__CHEAP__URL", "http://127.0.0.1:9/v1");
    installation.set("DEBRIEF_LLM__MODELS__CHEAP__MODEL", "small");
    let shown = installation.run(&["org", "models"]).await;
    assert!(shown.contains("offline") && shown.contains("the installation's"), "{shown}");
    let refused = installation.output(&["org", "models", "northlight", "--write", "dear"]).await;
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("offline, cheap"), "those that there are");
    installation.set("DEBRIEF_LLM__MODELS__CHEAP__INPUT_PRICE", "0.5");
    installation.set("DEBRIEF_LLM__MODELS__CHEAP__OUTPUT_PRICE", "2");
    let set = installation.json(&["org", "models", "northlight", "--write", "cheap", "--budget", "12.5"]).await;
    assert_eq!((&set["models"]["write"], &set["models"]["budget_micro_usd"]), (&json!("cheap"), &json!(12_500_000)));
    let shown = installation.run(&["org", "models"]).await;
    assert!(shown.contains("$12.50 (its own)") && shown.contains("cheap"), "{shown}");
    let reset = installation.json(&["org", "models", "northlight", "--reset"]).await;
    assert_eq!((&reset["models"]["write"], &reset["models"]["own_budget"]), (&json!("offline"), &json!(false)));

    let db = &installation.database.db;
    let organization = db.organizations().await.expect("the database answers")[0];
    let mut tx = db.tenant(organization).await.expect("a transaction");
    let sql =
        "insert into llm_calls (id, organization_id, task, provider, model, prompt_version, state, cost_micro_usd)
               select gen_random_uuid(), $1, task, 'openai', 'small', 'p', 'succeeded', cost
               from (values ('write', 1230000), ('map', null::bigint)) as calls (task, cost)";
    sqlx::query(sql).bind(organization).execute(tx.conn()).await.expect("two calls");
    tx.commit().await.expect("committed");
    let report = installation.run(&["costs", "--org", "northlight"]).await;
    assert!(report.contains("$1.23") && report.contains("unknown"), "{report}");
    assert!(report.ends_with("total: 2 calls, $1.23, plus 1 of unknown cost\n"), "{report}");
    let lines = installation.json_lines(&["costs", "--since", "2020-01-01"]).await;
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["cost_micro_usd"], json!(null), "what is not known is not nothing");
}

#[tokio::test]
async fn what_was_paid_for_a_session_that_is_deleted_meanwhile_is_counted() {
    let server = LlmServer::start([Reply::Slow(answer())]).await;
    let world = with_model(a_dollar_a_call(&server, 5.0)).await;
    let session = Reviewed::new(&world).await.session;
    let client = Arc::clone(world.services.summarizer.models().client("default").expect("a model"));
    let (db, organization) = (&world.services.db, world.organization);
    let call = Call { db, organization, session_id: Some(session), task: "write", prompt_version: "test-1" };
    let prompt = Prompt { system: "Answer.".into(), user: "Who?".into() };
    let delete = async {
        server.first_request().await;
        erased(&world, session).await.expect("it is deleted");
        server.go_on();
    };
    let (answered, ()) = tokio::join!(client.ask::<DraftEvidence>(&call, &prompt), delete);
    answered.expect("the answer is nobody's, but no error");
    let row: String = last(&world, "select concat_ws(' ', state, cost_micro_usd, session_id) from llm_calls").await;
    assert_eq!(row, "succeeded 1000000", "its cost stays, of no session");
    assert_eq!(last::<i64>(&world, "select count(*) from llm_results").await, 0, "no word is kept");
    world.leaves::<RemoveObjects>();
}
