//! Every stage whose job is dead: it is visible, and someone is told once, in words that a coach understands.

use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    export::{self, ExportOrganization},
    index::{IndexSession, IndexSummary},
    ingest::RejectTranscript,
    model::listing::{self, Filter},
    path::{AskForSpeakers, AttributeSession, ParseTranscript, RequestReview, SummarizeClient},
    queue::{Context, JobInfo},
    review::actions,
    rollup::WeeklyRollup,
};
use uuid::Uuid;

use crate::support::{Reviewed, Runnable, World};

/// A technical error that a coach need not read.
const ERROR: &str = "error returned from database: relation 17 is not what it was";

/// Reports a job's death twice, as if a worker died in between. Returns the job's id.
async fn die<J: Runnable>(world: &World, job: &J) -> Uuid {
    let info = JobInfo {
        id: Uuid::now_v7(),
        kind: J::KIND,
        organization: Some(world.organization),
        attempt: 5,
        max_attempts: 5,
        fence: 1,
        correlation_id: Uuid::now_v7(),
    };
    let context = Context::new(J::needs(&world.services), world.database.db.clone(), info);
    job.on_dead(&context, ERROR).await.expect("it is told");
    job.on_dead(&context, ERROR).await.expect("telling twice is telling once");
    context.job.id
}

/// The failed stage and the reason that the session shows.
async fn mark(world: &World, session: Uuid) -> (Option<String>, Option<String>) {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let found = sqlx::query_as("select failed_stage, failed_reason from sessions where id = $1").bind(session);
    found.fetch_one(tx.conn()).await.expect("the session")
}

/// The recipients of emails about `subject`, each with the text.
async fn mails(world: &World, subject: Uuid) -> Vec<(String, String)> {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let found = sqlx::query_as(
        "select recipient, convert_from(message, 'UTF8') from mails
         where subject_id = $1 and kind = 'session_failed' and state = 'queued' order by recipient",
    );
    found.bind(subject).fetch_all(tx.conn()).await.expect("the ledger")
}

async fn transcript(world: &World, session: Uuid) -> Uuid {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let found = sqlx::query_scalar("select id from transcripts where session_id = $1").bind(session);
    found.fetch_one(tx.conn()).await.expect("a transcript")
}

#[tokio::test]
async fn a_dead_stage_marks_the_session_and_tells_the_coach() {
    let world = World::new().await;
    let session_id = Reviewed::new(&world).await.session;
    let transcript_id = transcript(&world, session_id).await;
    // One after the other in one session: a later death is reported despite an earlier one.
    let dead = [
        ("parse", die(&world, &ParseTranscript { transcript_id }).await),
        ("ingest", die(&world, &RejectTranscript { transcript_id }).await),
        ("attribute", die(&world, &AttributeSession { session_id }).await),
        ("review", die(&world, &AskForSpeakers { session_id }).await),
        ("review", die(&world, &RequestReview { session_id }).await),
    ];
    for (stage, job) in dead {
        let told = mails(&world, job).await;
        assert_eq!(told.len(), 1, "{stage}");
        let (recipient, text) = &told[0];
        assert_eq!(recipient, "maya@northlight.example");
        assert!(text.contains("What to do") && !text.contains("relation 17"), "{stage}: {text}");
    }
    let (stage, reason) = mark(&world, session_id).await;
    assert_eq!(stage.as_deref(), Some("review"));
    assert!(reason.is_some_and(|reason| reason.ends_with('.') && !reason.contains("relation")));
}

#[tokio::test]
async fn what_is_beside_the_path_does_not_hide_that_the_path_has_stopped() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    die(&world, &IndexSession { session_id: reviewed.session }).await;
    let (stage, reason) = mark(&world, reviewed.session).await;
    assert_eq!(stage.as_deref(), Some("index"));
    assert!(reason.is_some_and(|reason| reason.contains("Search") && !reason.contains("relation")));
    die(&world, &AttributeSession { session_id: reviewed.session }).await;
    die(&world, &IndexSummary { summary_id: reviewed.summary, version: 1 }).await;
    assert_eq!(mark(&world, reviewed.session).await.0.as_deref(), Some("attribute"));
    // The index goes on; the path has not.
    world.run(&IndexSession { session_id: reviewed.session }).await.expect("it is indexed");
    assert_eq!(mark(&world, reviewed.session).await.0.as_deref(), Some("attribute"));
}

#[tokio::test]
async fn a_coach_who_cannot_be_written_to_keeps_no_death_from_being_marked() {
    let world = World::new().await;
    let session_id = Reviewed::new(&world).await.session;
    world.execute("update coaches set email = 'nowhere' where id = $1", world.coach).await;
    let job = die(&world, &AttributeSession { session_id }).await;
    assert_eq!(mark(&world, session_id).await.0.as_deref(), Some("attribute"));
    assert_eq!(mails(&world, job).await, []);
}

#[tokio::test]
async fn a_coach_is_told_that_a_week_is_missing() {
    let world = World::new().await;
    let first_day = Some("2026-11-02".parse().expect("a Monday"));
    let job = die(&world, &WeeklyRollup { coach_id: world.coach, first_day }).await;
    let told = mails(&world, job).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("Your week") && told[0].1.contains("2 November"), "{}", told[0].1);
}

#[tokio::test]
async fn those_who_answer_for_an_organization_are_told_of_a_dead_export() {
    let world = World::new().await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    for (handle, role) in [("ada", "admin"), ("lea", "lead"), ("cora", "coach")] {
        sqlx::query(
            "insert into coaches (id, organization_id, handle, name, email, roles)
             values (gen_random_uuid(), $1, $2, $2, $2 || '@northlight.example', array[$3])",
        )
        .bind(world.organization)
        .bind(handle)
        .bind(role)
        .execute(tx.conn())
        .await
        .expect("a coach");
    }
    let export_id = export::start(&mut tx).await.expect("an export");
    tx.commit().await.expect("it is committed");
    let job = die(&world, &ExportOrganization { export_id }).await;
    let told: Vec<String> = mails(&world, job).await.into_iter().map(|(recipient, _)| recipient).collect();
    assert_eq!(told, ["ada@northlight.example", "lea@northlight.example"]);
}

/// The texts of the review requests, in order.
async fn requests(world: &World) -> Vec<String> {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let found = "select convert_from(message, 'UTF8') from mails where kind = 'review_request' order by created_at";
    let texts: Vec<String> = sqlx::query_scalar(found).fetch_all(tx.conn()).await.expect("the ledger");
    texts.into_iter().map(|text| text.replace("=\r\n", "").replace("\r\n", " ")).collect()
}

#[tokio::test]
async fn a_summary_that_could_not_be_written_marks_the_session_until_it_is() {
    let world = World::new().await;
    let Reviewed { session, summary: summary_id } = Reviewed::new(&world).await;
    world.execute("update summaries set state = 'due' where session_id = $1", session).await;
    world.execute("update sessions set state = 'attributed' where id = $1", session).await;
    die(&world, &SummarizeClient { summary_id }).await;
    world.run_queued::<RequestReview>().await.expect("the coach is asked").expect("it runs");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let rows = listing::sessions(&mut tx, &Filter { failed: true, ..Filter::default() }).await.expect("the sessions");
    drop(tx);
    assert_eq!((rows.len(), rows[0].state.as_str()), (1, "in_review"), "the list of failed sessions has it");
    assert_eq!(rows[0].failed_stage.as_deref(), Some("summarize"));
    let reason = rows[0].reason.as_deref().unwrap_or_default();
    assert!(reason.contains("the summary for Priya Raman") && !reason.contains("relation 17"), "{reason}");
    let told = requests(&world).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("write a summary") && told[0].contains("restart this step"), "{}", told[0]);
    assert!(!told[0].contains("summary to review"), "{}", told[0]);

    // The operator fixes the cause and restarts the dead job.
    world.run(&SummarizeClient { summary_id }).await.expect("it is written");
    world.run_queued::<RequestReview>().await.expect("the coach is asked").expect("it runs");
    assert_eq!(mark(&world, session).await, (None, None));
    let told = requests(&world).await;
    assert_eq!(told.len(), 2, "who was told that it is not there is told that it is");
    assert!(told[1].contains("written now"), "{}", told[1]);
}

#[tokio::test]
async fn who_puts_a_summary_aside_that_could_not_be_written_takes_its_mark_away() {
    let world = World::new().await;
    let Reviewed { session, summary } = Reviewed::new(&world).await;
    world.execute("update summaries set state = 'due' where session_id = $1", session).await;
    world.execute("update sessions set state = 'attributed' where id = $1", session).await;
    die(&world, &SummarizeClient { summary_id: summary }).await;
    world.run_queued::<RequestReview>().await.expect("the coach is asked").expect("it runs");
    assert_eq!(mark(&world, session).await.0.as_deref(), Some("summarize"));
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    actions::dismiss(&mut tx, session, summary, &Visitor::default()).await.expect("it is put aside");
    tx.commit().await.expect("it is committed");
    assert_eq!(mark(&world, session).await, (None, None));
}
