//! The stage `refine`, from outside: a coach's request becomes a version in which everything is still based on what was
//! said, or the summary stays as it was and the coach reads why. Also what the coach's changes teach.

mod offline;
mod voice;

use std::collections::HashMap;

use debrief_jobs::{
    Provide,
    audit::Visitor,
    db::{TenantTx, Tx},
    model::{Content, Section, Support, summary},
    path::RefineSummary,
    queue::{Context, Job, JobArgs, JobError, JobInfo},
    review::{
        actions::{self, ActionError, ShownVersion, Signed},
        edit::{self, Edits},
        refining,
        view::view,
    },
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{LlmServer, Reply, Reviewed, World};

/// A world whose summaries are refined by a model behind `server`.
async fn world_with(server: &LlmServer) -> World {
    let url = server.url.clone();
    World::with(move |settings| {
        settings.llm.provider = "openai".into();
        settings.llm.url = Some(url);
        settings.llm.model = Some("test-model".into());
        settings.llm.timeout_seconds = Some(30);
    })
    .await
}

async fn begin(world: &World) -> TenantTx {
    world.database.db.tenant(world.organization).await.expect("a transaction")
}

async fn shown(world: &World, reviewed: &Reviewed) -> ShownVersion {
    let session = view(&mut begin(world).await, reviewed.session).await.expect("it reads").expect("it is there");
    session.summaries[0].shown()
}

/// What an approval of the first summary shown signs; sentences about the client go as they are.
async fn signed(world: &World, reviewed: &Reviewed) -> Signed {
    let session = view(&mut begin(world).await, reviewed.session).await.expect("it reads").expect("it is there");
    Signed { as_they_are: true, ..session.summaries[0].signed() }
}

async fn ask_of(
    world: &World,
    reviewed: &Reviewed,
    shown: &ShownVersion,
    instruction: &str,
) -> Result<RefineSummary, ActionError> {
    let mut tx = begin(world).await;
    let (session, summary) = (reviewed.session, reviewed.summary);
    let asked = refining::refine(&mut tx, session, summary, shown, instruction, &Visitor::default()).await;
    if asked.is_ok() {
        tx.commit().await.expect("it commits");
    }
    asked.map(|refinement_id| RefineSummary { refinement_id })
}

async fn ask(world: &World, reviewed: &Reviewed, instruction: &str) -> RefineSummary {
    let shown = shown(world, reviewed).await;
    ask_of(world, reviewed, &shown, instruction).await.expect("it is asked for")
}

/// Requests a refinement, and runs the job like a worker.
async fn refine(world: &World, reviewed: &Reviewed, instruction: &str) -> Result<Value, JobError> {
    ask(world, reviewed, instruction).await;
    world.run_queued::<RefineSummary>().await.expect("the job is there")
}

async fn newest(world: &World, reviewed: &Reviewed) -> Content {
    let version = shown(world, reviewed).await.version;
    summary::load_version(&mut begin(world).await, reviewed.summary, version).await.expect("it reads")
}

fn texts(content: &Content) -> Vec<&str> {
    content.claims.iter().map(|claim| claim.text.as_str()).collect()
}

/// The state of the last request, and the message to the coach.
async fn came_of_it(world: &World, reviewed: &Reviewed) -> (String, String) {
    let sql =
        "select state, coalesce(reason, '') from refinements where summary_id = $1 order by created_at desc limit 1";
    sqlx::query_as(sql).bind(reviewed.summary).fetch_one(begin(world).await.conn()).await.expect("a request")
}

async fn count(world: &World, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(begin(world).await.conn()).await.expect("a count")
}

/// Every quote is in its utterance, from this session, by the coach or Priya; and every claim has one.
async fn assert_grounded(world: &World) {
    let wrong = count(
        world,
        "select count(*) from claims join summaries on summaries.id = claims.summary_id
         left join evidence on claim_id = claims.id
         left join utterances on utterances.id = utterance_id and utterances.session_id = summaries.session_id
         left join attributions on attributions.session_id = utterances.session_id and attributions.label = utterances.label
         left join participants on participants.id = participant_id
         where claims.support = 'verified' and (utterances.id is null or position(quote in utterances.text) = 0
            or not (participants.kind = 'coach' or participants.client_id = summaries.client_id))",
    )
    .await;
    assert_eq!(wrong, 0, "claims that rest on nothing, or on another's words");
}

/// An answer that keeps claims, some reworded, and adds others.
fn answer(kept: &[(usize, Option<&str>)], new: Value) -> Reply {
    let kept: Vec<Value> = kept.iter().map(|(number, text)| json!({ "number": number, "text": text })).collect();
    Reply::Answer(json!({ "kept": kept, "new": new }))
}

fn claim(section: &str, text: &str, utterance: usize, quote: &str) -> Value {
    json!({ "section": section, "text": text, "owner": null, "due_date": null, "due_words": null, "score": null,
            "thread": null, "met": null, "evidence": [{ "utterance": utterance, "quote": quote }] })
}

#[tokio::test]
async fn a_model_rewords_leaves_out_and_adds_and_the_evidence_is_carried_over() {
    let said = "I wrote the three questions on the wall first.";
    let new = json!([claim("wins", "She wrote the 3 questions on the wall.", 3, said)]);
    let kept = [(0, Some("You led the planning meeting, and it took half an hour.")), (2, None), (3, None)];
    let server = LlmServer::start([answer(&kept, new)]).await;
    let world = world_with(&server).await;
    let reviewed = Reviewed::new(&world).await;
    let output = refine(&world, &reviewed, "Warmer, and say what she wrote").await.expect("it is refined");
    assert_eq!((&output["version"], &output["dropped"]), (&json!(2), &json!(0)));

    let mut tx = begin(&world).await;
    let before = summary::load_version(&mut tx, reviewed.summary, 1).await.expect("it reads");
    let after = summary::load_version(&mut tx, reviewed.summary, 2).await.expect("it reads");
    assert_eq!(
        texts(&after),
        [
            "You led the planning meeting, and it took half an hour.",
            "She wrote the 3 questions on the wall.",
            "Hand the release notes to Jonas and let his first draft stand.",
            "High: concrete examples without being asked."
        ]
    );
    assert_eq!((&after.claims[0].evidence, after.claims[0].edited), (&before.claims[0].evidence, false));
    assert_eq!(after.claims[1].evidence[0].quote, said);
    assert_eq!(after.claims[2].action, before.claims[2].action);
    assert_grounded(&world).await;
    let version: (String, String, String, String, String) = sqlx::query_as(
        "select author, provider, model, prompt_version, template from summary_versions where version = 2",
    )
    .fetch_one(tx.conn())
    .await
    .expect("the version");
    assert_eq!((version.0.as_str(), version.1.as_str(), version.2.as_str()), ("refiner", "openai", "test-model"));
    assert!(version.3.starts_with("refine-2-") && version.4 == "default", "{version:?}");
    assert_eq!(
        count(&world, "select count(*) from jobs where kind = 'index.summary' and args->>'version' = '2'").await,
        1
    );
    assert_eq!(count(&world, "select count(*) from llm_calls where task = 'refine' and state = 'succeeded'").await, 1);
    assert_eq!(count(&world, "select count(*) from audit_events where kind in ('refining_asked', 'refined')").await, 2);
    assert_eq!(came_of_it(&world, &reviewed).await, ("done".into(), String::new()));

    let request = &server.requests()[0];
    let system = request["messages"][0]["content"].as_str().expect("words");
    let user = request["messages"][1]["content"].as_str().expect("words");
    assert!(!system.contains("Priya") && !system.contains("Jonas") && !system.contains("Warmer"), "{system}");
    for words in [
        "[0] wins (for the client): You ran the planning meeting yourself",
        "| said in [1]: I ran the planning meeting myself",
        "[3] engagement (for the coach alone): High",
        "[5] Priya: The release notes.",
    ] {
        assert!(user.contains(words), "{words} is missing in {user}");
    }
    assert!(user.ends_with("The coach asks: Warmer, and say what she wrote"), "{user}");
}

/// What a hostile or careless answer tries: each attempt is dropped, and the sentence keeps its words.
#[tokio::test]
async fn what_was_not_said_does_not_get_in_by_a_refinement() {
    for text in [
        "You kept the planning meeting to 20 minutes.",
        "You ran twelve planning meetings yourself.",
        "You ran the planning meeting on Monday.",
        "You ran the planning meeting in March.",
        "You ran the planning meeting last month.",
        "You ran the planning meeting; see https://attacker.example/x.",
        "You ran the planning meeting; write to evil@attacker.example.",
        "You said: \u{201c}I ran every meeting myself.\u{201d}",
        "You and Tom ran the planning meeting yourselves.",
        "High: concrete examples, without being asked.",
        "You did not run the planning meeting yourself.",
        "You never ran the planning meeting yourself.",
        " ",
    ] {
        let server = LlmServer::start([answer(&[(0, Some(text)), (1, None), (2, None), (3, None)], json!([]))]).await;
        let world = world_with(&server).await;
        let reviewed = Reviewed::new(&world).await;
        with_tom(&world, &reviewed).await;
        let output = refine(&world, &reviewed, "warmer").await.expect("it ends well");
        assert_eq!((&output["outcome"], &output["dropped"]), (&json!("unchanged"), &json!(1)), "{text}");
        assert_eq!(shown(&world, &reviewed).await.version, 1, "{text}");
        let (state, reason) = came_of_it(&world, &reviewed).await;
        assert!(state == "unchanged" && reason.contains("what was said doesn’t support"), "{reason}");
    }
}

#[tokio::test]
async fn new_claims_are_verified_like_any_draft() {
    let own = "Handing things to Jonas still feels slower than doing it myself";
    let new = json!([
        claim("wins", "She closed the Hartman account.", 3, "I closed the Hartman account on Monday"),
        claim("wins", "Tom is stuck.", 6, "I am stuck with the budget and I dread it"),
        claim("challenges", "She handed 12 things to Jonas.", 3, own),
        claim("wins", "High: concrete examples without being asked.", 3, own),
        claim("wins", "See attacker.example/claim for it.", 3, own),
        claim("recommendations", "Hand over more.", 3, own),
        claim(
            "wins",
            "You ran the planning meeting yourself and kept it to half an hour.",
            1,
            "I ran the planning meeting myself"
        ),
        claim("risk", "She finds it slow to hand things over.", 3, own),
    ]);
    let kept = [(0, None), (1, None), (2, None), (3, None), (3, Some("Twice.")), (17, None)];
    let server = LlmServer::start([answer(&kept, new)]).await;
    let world = world_with(&server).await;
    let reviewed = Reviewed::new(&world).await;
    with_tom(&world, &reviewed).await;
    let output = refine(&world, &reviewed, "add what is missing").await.expect("it ends well");
    assert_eq!(output["dropped"], 8, "seven claims, and the number that there is not");
    let content = newest(&world, &reviewed).await;
    assert_eq!(content.claims.len(), 5);
    let risk = content.section(Section::Risk).next().expect("the one that holds");
    assert_eq!(risk.text, "She finds it slow to hand things over.");
    assert_grounded(&world).await;
    let (state, reason) = came_of_it(&world, &reviewed).await;
    assert_eq!((state.as_str(), reason.starts_with("8 changes weren’t made")), ("done", true), "{reason}");
}

/// Tom also speaks in the session, after Priya.
async fn with_tom(world: &World, reviewed: &Reviewed) {
    let mut tx = begin(world).await;
    for sql in [
        "insert into participants (id, organization_id, session_id, kind, client_id, name)
         select $3, $1, $2, 'client', id, name from clients where name = 'Tom Becker'",
        "insert into attributions (organization_id, session_id, label, participant_id, confidence, reason)
         values ($1, $2, 'Tom Becker', $3, 1, 'roster')",
        "insert into utterances (id, organization_id, session_id, transcript_id, position, label, text)
         select $3, $1, $2, id, 6, 'Tom Becker', 'I am stuck with the budget and I dread it.'
         from transcripts where session_id = $2",
    ] {
        let id = reviewed.session.as_u128() ^ 0xffff;
        let row = sqlx::query(sql).bind(world.organization).bind(reviewed.session).bind(Uuid::from_u128(id));
        row.execute(tx.conn()).await.expect("a row");
    }
    tx.commit().await.expect("it commits");
}

#[tokio::test]
async fn a_model_that_cannot_leaves_the_summary_as_it_was_and_says_so() {
    let poem = || Reply::Content("I would rather write a poem about Jonas.".into());
    for (script, word) in [
        (vec![Reply::Refusal], "declined"),
        (vec![poem(), poem()], "usable"),
        (vec![Reply::CutOff], "too much"),
        (vec![answer(&[(3, None)], json!([]))], "left nothing"),
    ] {
        let server = LlmServer::start(script).await;
        let world = world_with(&server).await;
        let reviewed = Reviewed::new(&world).await;
        let output = refine(&world, &reviewed, "warmer").await.expect("the job ends");
        assert_eq!(output["outcome"], "failed");
        let (state, reason) = came_of_it(&world, &reviewed).await;
        assert!(state == "failed" && reason.contains(word) && !reason.contains("Jonas"), "{reason}");
        assert_eq!(shown(&world, &reviewed).await.version, 1);
    }
}

#[tokio::test]
async fn an_endpoint_that_is_busy_is_asked_again_and_a_dead_job_is_told() {
    let busy = Reply::Error(503, Some(7), json!({}));
    let server = LlmServer::start([busy]).await;
    let world = world_with(&server).await;
    world.leaves::<RefineSummary>();
    let reviewed = Reviewed::new(&world).await;
    let job = ask(&world, &reviewed, "warmer").await;
    let Some(Err(JobError::Retry { after, .. })) = world.run_queued::<RefineSummary>().await else {
        panic!("it is retried")
    };
    assert_eq!(after.map(|after| after.as_secs()), Some(7));
    assert_eq!(came_of_it(&world, &reviewed).await.0, "queued");
    let info = JobInfo {
        id: Uuid::now_v7(),
        kind: RefineSummary::KIND,
        organization: Some(world.organization),
        attempt: 5,
        max_attempts: 5,
        fence: 1,
        correlation_id: Uuid::now_v7(),
    };
    let context = Context::new(world.services.provide(), world.database.db.clone(), info);
    job.on_dead(&context, "the endpoint is busy").await.expect("it is marked");
    let (state, reason) = came_of_it(&world, &reviewed).await;
    assert!(state == "failed" && reason.contains("The summary is unchanged"), "{reason}");
    let asked_again = ask(&world, &reviewed, "warmer").await;
    assert_ne!(asked_again.refinement_id, job.refinement_id, "what failed can be asked for again");
}

#[tokio::test]
async fn asking_twice_is_asking_once() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let shown = shown(&world, &reviewed).await;
    let (one, other) = tokio::join!(
        ask_of(&world, &reviewed, &shown, "Only the action items"),
        ask_of(&world, &reviewed, &shown, "only  the action items"),
    );
    assert_eq!(one.expect("asked").refinement_id, other.expect("asked").refinement_id);
    let more = ask_of(&world, &reviewed, &shown, "shorter").await;
    assert!(matches!(more, Err(ActionError::Busy)), "{more:?}");
    world.run_queued::<RefineSummary>().await.expect("a job").expect("it runs");
    // The second click arrives when it is already done.
    ask_of(&world, &reviewed, &shown, "only the action items").await.expect("it is the same request");
    assert_eq!(count(&world, "select count(*) from refinements").await, 1);
    assert_eq!(count(&world, "select max(version)::bigint from summary_versions").await, 2);
    let late = ask_of(&world, &reviewed, &shown, "shorter").await;
    assert!(matches!(late, Err(ActionError::Conflict { newest: 2 })), "{late:?}");
    for nothing in [" ", &"long ".repeat(200)] {
        let shown = self::shown(&world, &reviewed).await;
        assert!(matches!(ask_of(&world, &reviewed, &shown, nothing).await, Err(ActionError::Invalid(_))));
    }
}

/// The coach's manual edits while the model writes are never overwritten.
#[tokio::test]
async fn what_the_coach_does_meanwhile_stays() {
    for approves in [false, true] {
        let good = json!({ "kept": [{ "number": 0, "text": null }], "new": [] });
        let server = LlmServer::start([Reply::Slow(good)]).await;
        let world = world_with(&server).await;
        let reviewed = Reviewed::new(&world).await;
        reviewed.set_state(&world, "in_review").await;
        ask(&world, &reviewed, "shorter").await;
        let signed = signed(&world, &reviewed).await;
        let by_hand = async {
            server.first_request().await;
            let mut tx = begin(&world).await;
            let (session, summary, visitor) = (reviewed.session, reviewed.summary, Visitor::default());
            if approves {
                actions::approve(&mut tx, &world.services.desk, session, summary, &signed, &visitor)
                    .await
                    .expect("it is approved");
            } else {
                let content = summary::load_version(&mut tx, summary, 1).await.expect("it reads");
                let texts = HashMap::from([(content.claims[0].id, "By hand.".to_owned())]);
                let edits = Edits { texts, ..Edits::default() };
                edit::edit(&mut tx, session, summary, 1, &edits, &visitor).await.expect("it is saved");
            }
            tx.commit().await.expect("it commits");
            server.go_on();
        };
        let (outcome, ()) = tokio::join!(world.run_queued::<RefineSummary>(), by_hand);
        assert_eq!(outcome.expect("a job").expect("it ends")["outcome"], "unchanged");
        let (state, reason) = came_of_it(&world, &reviewed).await;
        assert!(state == "unchanged" && reason.contains("changed in the meantime"), "{reason}");
        let versions = count(&world, "select max(version)::bigint from summary_versions").await;
        assert_eq!(versions, if approves { 1 } else { 2 });
        assert_eq!(count(&world, "select count(*) from summaries where state = 'approved'").await, i64::from(approves));
    }
}

#[tokio::test]
async fn undoing_brings_back_what_was_and_undoing_again_what_was_undone() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let undo = async |shown: &ShownVersion| {
        let mut tx = begin(&world).await;
        let undone = refining::undo(&mut tx, reviewed.session, reviewed.summary, shown, &Visitor::default()).await;
        if undone.is_ok() {
            tx.commit().await.expect("it commits");
        }
        undone
    };
    let first = shown(&world, &reviewed).await;
    assert!(matches!(undo(&first).await, Err(ActionError::NothingToUndo)));
    refine(&world, &reviewed, "only the action items").await.expect("it is refined");
    let refined = shown(&world, &reviewed).await;
    assert!(matches!(undo(&first).await, Err(ActionError::Conflict { newest: 2 })));
    assert_eq!(undo(&refined).await.expect("it is undone"), 3);
    assert_eq!(undo(&refined).await.expect("pressed twice"), 3);
    assert_eq!(shown(&world, &reviewed).await.hash, first.hash);
    assert_eq!(undo(&shown(&world, &reviewed).await).await.expect("it is redone"), 4);
    assert_eq!(shown(&world, &reviewed).await.hash, refined.hash);
    assert_eq!(count(&world, "select count(*) from summary_versions").await, 4, "nothing is deleted");
    assert_eq!(count(&world, "select count(*) from audit_events where kind = 'undone'").await, 2);
    assert_grounded(&world).await;
}

/// "Shorter" is no permission to drop a promise or the coach's own sentence; and a model's rewording of the coach's own
/// sentence counts as unchecked.
#[tokio::test]
async fn a_promise_that_a_model_drops_unasked_is_put_back_and_the_coach_is_told() {
    let notes = "Hand the release notes to Jonas and let his first draft stand.";
    for (instruction, stays) in
        [("shorter", true), ("warmer", true), ("leave out what she promised Jonas", false), ("only the wins", false)]
    {
        let kept = [(0, None), (1, Some("I am so very proud of you.")), (4, None)];
        let server = LlmServer::start([answer(&kept, json!([]))]).await;
        let world = world_with(&server).await;
        let reviewed = Reviewed::new(&world).await;
        let mut tx = begin(&world).await;
        let edits = Edits { additions: vec![(Section::Wins, "I am proud of you.".to_owned())], ..Edits::default() };
        let (session, summary, visitor) = (reviewed.session, reviewed.summary, Visitor::default());
        edit::edit(&mut tx, session, summary, 1, &edits, &visitor).await.expect("it is saved");
        tx.commit().await.expect("it commits");
        refine(&world, &reviewed, instruction).await.expect("it is refined");
        let content = newest(&world, &reviewed).await;
        assert_eq!(texts(&content).contains(&notes), stays, "{instruction}: {:?}", texts(&content));
        let (state, reason) = came_of_it(&world, &reviewed).await;
        assert_eq!((state.as_str(), reason.contains(notes)), ("done", stays), "{instruction}: {reason}");
        let proud = content.claims.iter().find(|claim| claim.text.contains("so very proud")).expect("it is reworded");
        assert_eq!(proud.support, Support::Unchecked, "{instruction}");
    }
}
