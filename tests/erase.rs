//! A session that is deleted: its jobs, its letters, what later sessions quote of it, what it has in the bucket, and the
//! ways to it. `tests/db/erased.rs` looks at every table.

mod bucket;
mod later;

use axum::http::{Method, StatusCode};
use debrief_jobs::{
    audit::Visitor,
    correct::CorrectSessions,
    db::Tx,
    erase::{self, EraseError, Erased},
    index::{IndexSession, IndexSummary},
    ingest::RejectTranscript,
    mail::{Recipient, SendMail},
    path::{
        AskForSpeakers, AttributeSession, DropThreads, ParseTranscript, RefineSummary, RequestReview, SendFollowUp,
        SendFreshLink, SummarizeClient,
    },
    queue::{Context, Job, JobError, JobInfo, enqueue},
    removal::RemoveObjects,
    review::actions::{self, Signed},
    summarize::LookAgain,
    webhook,
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    api::Api,
    http::visit,
    support::{Reviewed, Runnable, World},
};

pub(crate) async fn erased(world: &World, session: Uuid) -> Result<Erased, EraseError> {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let erased = erase::session(&mut tx, session, &Visitor::default()).await?;
    tx.commit().await.expect("it commits");
    Ok(erased)
}

async fn execute(world: &World, sql: &'static str) {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query(sql).execute(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    tx.commit().await.expect("it commits");
}

async fn one<T>(world: &World, sql: &'static str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query_scalar(sql).fetch_one(tx.conn()).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// Approves Priya's summary, so that its letter is held.
async fn approve(world: &World, reviewed: &Reviewed) -> Uuid {
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let hash = sqlx::query_scalar("select content_hash from summary_versions where summary_id = $1")
        .bind(reviewed.summary)
        .fetch_one(tx.conn())
        .await
        .expect("its hash");
    let recipient = Recipient::of("Priya Raman", Some("priya@raman.example"));
    let signed = Signed { version: 1, hash, recipient, as_they_are: true };
    let desk = &world.services.desk;
    let (session, summary) = (reviewed.session, reviewed.summary);
    let approved = actions::approve(&mut tx, desk, session, summary, &signed, &Visitor::default()).await;
    let actions::Approved::Queued(mail) = approved.expect("it is approved") else { panic!("a letter is held") };
    tx.commit().await.expect("it commits");
    mail
}

/// Runs a job of the session after the session is gone, lets it die, and gives what it says.
async fn after<J: Runnable>(world: &World, job: &J) -> Value {
    let output = world.run(job).await.unwrap_or_else(|error| panic!("{}: {error:?}", J::KIND));
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
    job.on_dead(&context, "it is broken").await.unwrap_or_else(|error| panic!("{}: {error:?}", J::KIND));
    output
}

#[tokio::test]
async fn every_job_of_the_path_finds_its_session_gone_and_tells_nobody() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let transcript_id: Uuid = one(&world, "select id from transcripts").await;
    erased(&world, reviewed.session).await.expect("it is deleted");
    world.leaves::<RemoveObjects>();
    let (session_id, summary_id, nobody) = (reviewed.session, reviewed.summary, Uuid::now_v7());
    after(&world, &ParseTranscript { transcript_id }).await;
    after(&world, &RejectTranscript { transcript_id }).await;
    after(&world, &AttributeSession { session_id }).await;
    after(&world, &AskForSpeakers { session_id }).await;
    after(&world, &CorrectSessions { correction_id: nobody }).await;
    after(&world, &SummarizeClient { summary_id }).await;
    after(&world, &LookAgain { summary_id, after: nobody, version: 1, settling: None }).await;
    after(&world, &DropThreads { summary_id }).await;
    after(&world, &RefineSummary { refinement_id: nobody }).await;
    after(&world, &RequestReview { session_id }).await;
    after(&world, &SendFreshLink { session_id }).await;
    after(&world, &SendMail { mail_id: nobody }).await;
    after(&world, &SendFollowUp { summary_id, mail_id: nobody }).await;
    after(&world, &IndexSession { session_id }).await;
    after(&world, &IndexSummary { summary_id, version: 1 }).await;
    assert_eq!(one::<i64>(&world, "select count(*) from mails").await, 0, "nobody is written to");
    assert_eq!(one::<i64>(&world, "select count(*) from sessions").await, 0);
}

#[tokio::test]
async fn a_job_that_runs_meanwhile_ends_quietly() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "summarized").await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let job = RequestReview { session_id: reviewed.session };
    enqueue(&mut tx, &job, Uuid::now_v7()).await.expect("it is enqueued");
    let index = IndexSession { session_id: reviewed.session };
    enqueue(&mut tx, &index, Uuid::now_v7()).await.expect("it is enqueued");
    tx.commit().await.expect("it commits");
    let (job, context) = world.claim_queued::<RequestReview>().await.expect("it runs");
    let done = erased(&world, reviewed.session).await.expect("it is deleted");
    assert_eq!(done.jobs, 2, "the one that runs, and the one that waits");
    assert!(matches!(job.run(&context).await, Err(JobError::Stale)), "its lease is lost");
    let states: String = one(
        &world,
        "select string_agg(distinct state, ',') from jobs where kind in ('review.request', 'index.session')",
    )
    .await;
    assert_eq!(states, "cancelled", "none is dead, so nobody is told");
    assert_eq!(one::<i64>(&world, "select count(*) from mails").await, 0);
    world.leaves::<RemoveObjects>();
}

#[tokio::test]
async fn a_held_letter_is_stopped_and_one_that_is_being_sent_is_waited_for() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    approve(&world, &reviewed).await;
    execute(&world, "update mails set state = 'sending' where kind = 'follow_up'").await;
    let refused = erased(&world, reviewed.session).await.expect_err("it can't be called back");
    assert!(matches!(refused, EraseError::Sending), "{refused}");
    assert_eq!(one::<i64>(&world, "select count(*) from sessions").await, 1, "nothing happened");
    execute(&world, "update mails set state = 'queued' where kind = 'follow_up'").await;
    let done = erased(&world, reviewed.session).await.expect("it is deleted");
    assert_eq!((done.emails_stopped, done.emails_kept, done.jobs), (1, 1, 1));
    let ledger: String = one(
        &world,
        "select concat_ws('|', kind, state, recipient, subject, (message is null)::text, recipient_name, session_id)
         from mails",
    )
    .await;
    assert_eq!(ledger, "follow_up|cancelled|priya@raman.example||true", "that it was, and to whom");
    assert!(world.run_queued::<SendFollowUp>().await.is_none(), "no job sends it");
    world.leaves::<RemoveObjects>();
}

#[tokio::test]
async fn over_the_api_a_session_is_gone_for_everybody() {
    let api = Api::new().await;
    let (key, world) = (api.maya().await, &api.world);
    world.run(&IndexSession { session_id: api.reviewed.session }).await.expect("it is indexed");
    world.leaves::<webhook::Deliver>();
    world.leaves::<RemoveObjects>();
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let new = webhook::New { url: "https://crm.example/hook".into(), ..webhook::New::default() };
    webhook::add(&mut tx, world.services.webhooks.rules(), &new).await.expect("a webhook");
    tx.commit().await.expect("it commits");
    let cookie = visit::open(world, &api.reviewed, &api.router).await;
    let page = format!("/review/{}", api.reviewed.session);
    let path = format!("/v1/sessions/{}", api.reviewed.session);
    let found = async || api.get(&key, "/v1/search?q=planning+meeting").await.body;
    assert!(found().await.contains(&api.reviewed.session.to_string()));
    approve(world, &api.reviewed).await;
    execute(world, "update mails set state = 'sending' where kind = 'follow_up'").await;
    let refused = api.ask(&key, Method::DELETE, &path, None, &[]).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::CONFLICT, "COACH_040"), "{}", refused.body);
    assert!(refused.body.contains("being sent"), "{}", refused.body);
    execute(world, "update mails set state = 'queued' where kind = 'follow_up'").await;
    let once = [("idempotency-key", "delete-1")];
    // An answer that is kept for a repeated request shows something of it.
    let edit = serde_json::json!({ "add": [{ "section": "wins", "text": "It went well." }] });
    let summary = format!("/v1/summaries/{}/cancel", api.reviewed.summary);
    assert_eq!(api.post(&key, &summary, &serde_json::json!({})).await.status, StatusCode::NO_CONTENT);
    let summary = format!("/v1/summaries/{}", api.reviewed.summary);
    let edited =
        api.ask(&key, Method::PATCH, &summary, Some(&edit), &[("if-match", "*"), ("idempotency-key", "edit-1")]).await;
    assert_eq!(edited.status, StatusCode::OK, "{}", edited.body);
    for again in [false, true] {
        let deleted = api.ask(&key, Method::DELETE, &path, None, &once).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.body);
        assert_eq!(deleted.header("idempotent-replayed") == "true", again);
    }
    assert_eq!(api.ask(&key, Method::DELETE, &path, None, &[]).await.code(), "COACH_005", "there is none");
    let repeated =
        api.ask(&key, Method::PATCH, &summary, Some(&edit), &[("if-match", "*"), ("idempotency-key", "edit-1")]).await;
    assert_eq!(repeated.code(), "COACH_005", "nor in an answer that was kept");
    assert_eq!(api.get(&key, &path).await.code(), "COACH_005");
    assert!(!found().await.contains(&api.reviewed.session.to_string()), "search finds nothing");
    assert_eq!(visit::get(&api.router, &page, &cookie).await.status, StatusCode::UNAUTHORIZED, "its link has ended");
    let told: String = one(world, "select body from webhook_deliveries where type = 'session.deleted'").await;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let data = serde_json::json!({ "session_id": api.reviewed.session, "coach_id": world.coach });
    assert_eq!(told["data"], data, "ids only");
    let audited: i64 = one(
        world,
        "select count(*) from audit_events where session_id is not null and key_id is not null
           and kind in ('session_deleted', 'changed') and at > now() - interval '1 minute'
           and (kind = 'session_deleted' or detail ->> 'operation' = 'DELETE /v1/sessions/{id}')",
    )
    .await;
    assert_eq!(audited, 2, "by whom, with the id");
}

#[tokio::test]
async fn a_correction_on_its_way_is_waited_for() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let correction_id = Uuid::now_v7();
    sqlx::query(
        "insert into corrections (id, organization_id, coach_id, session_id, normalized)
         select $1, organization_id, coach_id, id, 'pr' from sessions",
    )
    .bind(correction_id)
    .execute(tx.conn())
    .await
    .expect("a correction");
    enqueue(&mut tx, &CorrectSessions { correction_id }, Uuid::now_v7()).await.expect("its job");
    tx.commit().await.expect("it commits");
    let refused = erased(&world, reviewed.session).await.expect_err("other sessions wait for it");
    assert!(matches!(refused, EraseError::Correcting), "{refused}");
    world.run_queued::<CorrectSessions>().await.expect("a job").expect("it is applied");
    erased(&world, reviewed.session).await.expect("it is deleted");
    world.leaves::<RemoveObjects>();
}
