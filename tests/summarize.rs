//! The stage `summarize`, from outside: a session's utterances in, verified versions and one review request out, with
//! the offline summarizer and with a language model that has good and bad days.

mod by_model;
mod in_parts;
mod second_reader;
mod shared_limits;
mod templates;
mod threads;
mod unfit;
mod wire;

use debrief_jobs::{
    Provide,
    db::Tx,
    model::{Audience, Content, Owner, Section, summary::load_version},
    path::SummarizeClient,
    queue::{Context, Job, JobArgs, JobInfo},
};
use serde_json::json;
use uuid::Uuid;

use crate::support::World;

/// A session between Maya and Priya.
pub(crate) const PRIYA: &[(&str, &str)] = &[
    ("Maya", "Hello Priya. What went well?"),
    ("Priya", "Yeah, so, I closed the Hartman account on Tuesday."),
    ("Maya", "Congratulations! I'd suggest you tell the whole team."),
    ("Priya", "I'm stuck with the budget, I don't know how to ask for it."),
    ("Maya", "What will you do?"),
    ("Priya", "I'll send Lena the number by Friday."),
    ("Zoom guest", "The room is booked until four."),
];

/// A group session: Tom's words are not for Priya.
pub(crate) const GROUP: &[(&str, &str)] = &[
    ("Maya", "Welcome. Tom, what would you like to bring?"),
    ("Tom", "I closed the Ketterer contract on Monday."),
    ("Maya", "Well done. I'd suggest you tell your father."),
    ("Tom", "I'll tell my father by Sunday."),
    ("Maya", "Priya, what about you?"),
    ("Priya", "I shipped the driver app to three depots."),
    ("Maya", "Wonderful. I'd recommend that you celebrate it."),
];

/// An attributed session, with one due summary per client.
pub(crate) struct Staged {
    pub(crate) session: Uuid,
    pub(crate) priya: SummarizeClient,
    pub(crate) tom: Option<SummarizeClient>,
}

/// Adds a session on 11 March 2026 to the database as attribution leaves it.
pub(crate) async fn stage(world: &World, lines: &[(&str, &str)]) -> Staged {
    stage_on(world, "2026-03-11", lines).await
}

/// Adds a session on that day to the database as attribution leaves it.
async fn stage_on(world: &World, day: &str, lines: &[(&str, &str)]) -> Staged {
    let [session, transcript] = [(); 2].map(|()| Uuid::now_v7());
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let sql =
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state,
                   correlation_id) values ($1, $2, $3, 'A session', $4::text::date, 'path', $1::text, 'attributed', $1)";
    let session_row = sqlx::query(sql).bind(session).bind(world.organization).bind(world.coach).bind(day);
    session_row.execute(tx.conn()).await.expect("a session");
    let sql =
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes,
                   object_time) values ($1, $2, $3, $1::text, '', '', $1::text, 1, now())";
    let transcript_row = sqlx::query(sql).bind(transcript).bind(world.organization).bind(session);
    transcript_row.execute(tx.conn()).await.expect("a transcript");
    for (position, (label, text)) in (0_i32..).zip(lines) {
        let sql =
            "insert into utterances (id, organization_id, session_id, transcript_id, position, label, start_ms, text)
                   values ($1, $2, $3, $4, $5, $6, $5::bigint * 1000, $7)";
        let row = sqlx::query(sql).bind(Uuid::now_v7()).bind(world.organization).bind(session).bind(transcript);
        row.bind(position).bind(label).bind(text).execute(tx.conn()).await.expect("an utterance");
    }
    let mut summaries = [None, None];
    for (label, kind, client) in [
        ("Maya", "coach", None),
        ("Priya", "client", Some(world.priya)),
        ("Tom", "client", Some(world.tom)),
        ("Zoom guest", "guest", None),
    ] {
        if !lines.iter().any(|(speaker, _)| *speaker == label) {
            continue;
        }
        let participant = Uuid::now_v7();
        let sql = "insert into participants (id, organization_id, session_id, kind, client_id, name)
                   values ($1, $2, $3, $4, $5, $6)";
        let row = sqlx::query(sql).bind(participant).bind(world.organization).bind(session).bind(kind).bind(client);
        row.bind(label).execute(tx.conn()).await.expect("a participant");
        let sql = "insert into attributions (organization_id, session_id, label, participant_id, confidence, reason)
                   values ($1, $2, $3, $4, 1, 'roster')";
        let row = sqlx::query(sql).bind(world.organization).bind(session).bind(label).bind(participant);
        row.execute(tx.conn()).await.expect("an attribution");
        if let Some(client) = client {
            let summary_id = Uuid::now_v7();
            let sql = "insert into summaries (id, organization_id, session_id, client_id) values ($1, $2, $3, $4)";
            let row = sqlx::query(sql).bind(summary_id).bind(world.organization).bind(session).bind(client);
            row.execute(tx.conn()).await.expect("a summary");
            summaries[usize::from(client == world.tom)] = Some(SummarizeClient { summary_id });
        }
    }
    tx.commit().await.expect("the session is committed");
    let [priya, tom] = summaries;
    Staged { session, priya: priya.expect("Priya speaks"), tom }
}

pub(crate) async fn content(world: &World, summary: &SummarizeClient, version: i32) -> Content {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    load_version(&mut tx, summary.summary_id, version).await.expect("the version is read")
}

async fn one<T>(world: &World, sql: &'static str, id: Uuid) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query_scalar(sql).bind(id).fetch_one(tx.conn()).await.expect("one value")
}

async fn summary_state(world: &World, summary: &SummarizeClient) -> String {
    one(world, "select state from summaries where id = $1", summary.summary_id).await
}

async fn session_state(world: &World, staged: &Staged) -> String {
    one(world, "select state from sessions where id = $1", staged.session).await
}

async fn review_requests(world: &World, staged: &Staged) -> i64 {
    let sql = "select count(*) from jobs where kind = 'review.request' and args->>'session_id' = $1::text";
    one(world, sql, staged.session).await
}

/// The ledger: state and error of each call, in order.
async fn ledger(world: &World) -> Vec<(String, Option<String>)> {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query_as("select state, error from llm_calls order by id").fetch_all(tx.conn()).await.expect("the ledger")
}

/// Every quote is in its utterance, and the utterance is the coach's or that client's.
async fn assert_grounded(world: &World, staged: &Staged, content: &Content, lines: &[(&str, &str)], client: &str) {
    for evidence in content.claims.iter().flat_map(|claim| &claim.evidence) {
        let sql = "select position from utterances where id = $1";
        let position: i32 = one(world, sql, evidence.utterance_id).await;
        let (label, text) = lines[usize::try_from(position).expect("not negative")];
        assert!(text.contains(&evidence.quote), "{:?} is not in {text:?}", evidence.quote);
        assert!(label == "Maya" || label == client, "{label} is cited for {client}");
    }
    assert!(content.claims.iter().all(|claim| !claim.evidence.is_empty()), "a claim without evidence");
    let mine: i64 = one(
        world,
        "select count(*) from evidence join utterances on utterances.id = utterance_id where session_id <> $1",
        staged.session,
    )
    .await;
    assert_eq!(mine, 0, "another session is cited");
}

pub(crate) fn texts(content: &Content, section: Section) -> Vec<&str> {
    content.section(section).map(|claim| claim.text.as_str()).collect()
}

#[tokio::test]
async fn offline_writes_what_was_said_and_asks_for_the_review() {
    let world = World::new().await;
    let staged = stage(&world, PRIYA).await;
    let output = world.run(&staged.priya).await.expect("the job succeeds");
    assert_eq!((&output["version"], &output["review_requested"]), (&json!(1), &json!(true)));

    let content = content(&world, &staged.priya, 1).await;
    assert_grounded(&world, &staged, &content, PRIYA, "Priya").await;
    assert_eq!(texts(&content, Section::Wins), ["Priya closed the Hartman account on Tuesday."]);
    assert_eq!(
        texts(&content, Section::Challenges),
        ["Priya said: “I'm stuck with the budget, I don't know how to ask for it.”"]
    );
    assert_eq!(texts(&content, Section::Recommendations), ["Maya suggested: “I'd suggest you tell the whole team.”"]);
    let action =
        content.section(Section::ActionItems).next().and_then(|claim| claim.action.clone()).expect("an action item");
    assert_eq!(action.owner, Owner::Client);
    assert_eq!(action.due_date.map(|date| date.to_string()).as_deref(), Some("2026-03-13"));
    assert_eq!(action.due_words.as_deref(), Some("by Friday"));
    let engagement = content.section(Section::Engagement).next().expect("an engagement");
    assert_eq!(engagement.audience, Audience::Coach);
    assert!(content.for_client().all(|claim| claim.section.audience() == Audience::Client));

    assert_eq!(summary_state(&world, &staged.priya).await, "done");
    assert_eq!(session_state(&world, &staged).await, "summarized");
    assert_eq!(review_requests(&world, &staged).await, 1);
    let indexed: i64 = one(&world, "select count(*) from jobs where kind = 'index.summary' and args->>'summary_id' = $1::text and args->>'version' = '1'", staged.priya.summary_id).await;
    assert_eq!(indexed, 1);
    assert_eq!(ledger(&world).await, [], "offline calls nobody");
}

#[tokio::test]
async fn a_job_that_runs_again_changes_nothing() {
    let world = World::new().await;
    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect("the first run succeeds");
    let output = world.run(&staged.priya).await.expect("the second run succeeds");
    assert_eq!(output["outcome"], "already done");
    let version: i32 = one(&world, "select version from summaries where id = $1", staged.priya.summary_id).await;
    assert_eq!(version, 1);
    assert_eq!(review_requests(&world, &staged).await, 1);
    let gone = SummarizeClient { summary_id: Uuid::now_v7() };
    assert_eq!(world.run(&gone).await.expect("gone is success")["outcome"], "gone");
}

#[tokio::test]
async fn the_last_of_several_summaries_asks_for_the_review() {
    let world = World::new().await;
    let staged = stage(&world, GROUP).await;
    let tom = staged.tom.as_ref().expect("Tom speaks");
    assert_eq!(world.run(&staged.priya).await.expect("Priya's is written")["review_requested"], false);
    assert_eq!(session_state(&world, &staged).await, "attributed");
    assert_eq!(world.run(tom).await.expect("Tom's is written")["review_requested"], true);
    assert_eq!(session_state(&world, &staged).await, "summarized");
    assert_eq!(review_requests(&world, &staged).await, 1);

    for (summary, name, other) in [(&staged.priya, "Priya", "Ketterer"), (tom, "Tom", "driver app")] {
        let content = content(&world, summary, 1).await;
        assert_grounded(&world, &staged, &content, GROUP, name).await;
        assert_eq!(texts(&content, Section::Wins).len(), 1);
        assert_eq!(texts(&content, Section::Recommendations).len(), 1, "the coach's word to {name} and no other");
        assert!(content.claims.iter().all(|claim| !claim.text.contains(other)), "{name} reads of {other}");
    }
}

#[tokio::test]
async fn summaries_that_finish_at_once_ask_for_one_review() {
    let world = World::new().await;
    let staged = stage(&world, GROUP).await;
    let tom = staged.tom.as_ref().expect("Tom speaks");
    let (first, second) = tokio::join!(world.run(&staged.priya), world.run(tom));
    let asked = [first, second].map(|output| output.expect("both are written")["review_requested"] == true);
    assert_eq!(asked.iter().filter(|asked| **asked).count(), 1);
    assert_eq!(
        (session_state(&world, &staged).await.as_str(), review_requests(&world, &staged).await),
        ("summarized", 1)
    );
}

#[tokio::test]
async fn a_client_who_said_nothing_usable_gets_an_empty_summary() {
    let world = World::new().await;
    let staged = stage(&world, &[("Maya", "Hello?"), ("Priya", "Mm."), ("Maya", "Bye.")]).await;
    let output = world.run(&staged.priya).await.expect("the job succeeds");
    assert_eq!((&output["claims_kept"], &output["review_requested"]), (&json!(0), &json!(true)));
    assert_eq!(summary_state(&world, &staged.priya).await, "done");
}

/// What was undone is no win, what somebody repeats of the other is no promise of theirs, and a promise taken back by another
/// one isn't kept.
#[tokio::test]
async fn what_was_undone_repeated_or_taken_back_is_not_told_as_done_or_promised() {
    let world = World::new().await;
    let staged = stage(
        &world,
        &[
            ("Maya", "How was the week?"),
            ("Priya", "I handed the vendor review to Joel on Wednesday, and then on Friday I took it back."),
            ("Maya", "So, Priya, I hear you say: I will leave the company by Friday."),
            ("Priya", "No, I did not say that. I only said that I am tired."),
            ("Maya", "And your brother?"),
            ("Priya", "I will visit him on Friday. Actually no, I will not visit him, I will call him on Saturday."),
            ("Priya", "And on 6 July Liz wrote: I will leave the group on Friday."),
            ("Maya", "Good. I will send you the reading list by Monday."),
        ],
    )
    .await;
    world.run(&staged.priya).await.expect("it is summarised");
    let content = content(&world, &staged.priya, 1).await;
    let all: Vec<&str> = content.claims.iter().map(|claim| claim.text.as_str()).collect();
    assert_eq!(texts(&content, Section::Wins).len(), 0, "{all:?}");
    assert!(!all.iter().any(|text| text.contains("leave the ")), "{all:?}");
    let promised = texts(&content, Section::ActionItems);
    assert!(!promised.iter().any(|text| text.contains("visit")), "{promised:?}");
    assert!(promised.iter().any(|text| text.contains("reading list")), "{promised:?}");
}

#[tokio::test]
async fn a_dead_summary_is_named_and_holds_nobody_up() {
    let world = World::new().await;
    let staged = stage(&world, GROUP).await;
    let tom = staged.tom.as_ref().expect("Tom speaks");
    let info = JobInfo {
        id: Uuid::now_v7(),
        kind: SummarizeClient::KIND,
        organization: Some(world.organization),
        attempt: 6,
        max_attempts: 6,
        fence: 1,
        correlation_id: Uuid::now_v7(),
    };
    let context = Context::new(world.services.provide(), world.database.db.clone(), info);
    world.run(&staged.priya).await.expect("Priya's is written");
    for _ in 0..2 {
        tom.on_dead(&context, "the endpoint refuses the key").await.expect("it is marked, once or twice");
    }
    assert_eq!(summary_state(&world, tom).await, "failed");
    let reason: String = one(&world, "select failed_reason from summaries where id = $1", tom.summary_id).await;
    assert!(reason.contains("refuses the key"));
    assert_eq!(
        (session_state(&world, &staged).await.as_str(), review_requests(&world, &staged).await),
        ("summarized", 1)
    );

    // The operator fixes it and retries the dead job: the summary is written after all, and the coach isn't asked
    // twice.
    world.run(tom).await.expect("it is written now");
    assert_eq!(summary_state(&world, tom).await, "done");
    assert_eq!(review_requests(&world, &staged).await, 1);
}

/// With a local model sentences are compared by meaning; citations are still what was said, and the version names the
/// model.
#[tokio::test(flavor = "multi_thread")]
async fn a_local_model_is_used_and_named() {
    let world = World::with(|settings| {
        settings.index.embedder = "local".into();
        settings.index.local_folder = crate::support::model::folder();
    })
    .await;
    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect("it is summarised");
    let content = content(&world, &staged.priya, 1).await;
    assert_grounded(&world, &staged, &content, PRIYA, "Priya").await;
    let has = |section, words: &str| content.claims.iter().any(|it| it.section == section && it.text.contains(words));
    assert!(has(Section::Wins, "closed the Hartman account") && has(Section::ActionItems, "end Lena"));
    let sql = "select provider || ' ' || model from summary_versions where summary_id = $1";
    let written_by: String = one(&world, sql, staged.priya.summary_id).await;
    assert_eq!(written_by, "offline all-MiniLM-L6-v2");
}
