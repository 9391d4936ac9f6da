//! Nothing is forgotten, and nothing dead is revived behind the operator's back.

use debrief_jobs::{queue::admin::Filter, reconcile::Reconcile};

use super::*;

/// A session in `state`, as left by a stage that forgot to enqueue the next job.
async fn session(world: &World, state: &str) -> Uuid {
    let id = Uuid::now_v7();
    let (organization, coach) = (world.organization, world.coach);
    let values = format!(
        "('{id}', '{organization}', '{coach}', 'A session', '2026-11-02', 'content', 'inbox/maya/{id}.vtt', '{state}', '{id}')"
    );
    meddle(
        world,
        &format!(
            "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state,
                correlation_id) values {values}"
        ),
    )
    .await;
    id
}

async fn transcript(world: &World, session: Uuid, received: &str) -> Uuid {
    let id = Uuid::now_v7();
    let organization = world.organization;
    meddle(
        world,
        &format!(
            "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes,
                object_time, received_at)
             values ('{id}', '{organization}', '{session}', 'k', 'e', 's', '{id}', 1, now(), '{received}')"
        ),
    )
    .await;
    id
}

async fn summary(world: &World, session: Uuid, client: Uuid, state: &str) -> Uuid {
    let id = Uuid::now_v7();
    let values = format!("('{id}', '{}', '{session}', '{client}', '{state}')", world.organization);
    meddle(
        world,
        &format!("insert into summaries (id, organization_id, session_id, client_id, state) values {values}"),
    )
    .await;
    id
}

/// Reconciles, and returns the existing jobs: kind and subject.
async fn reconciled(world: &World) -> Vec<(String, String)> {
    let mut tx = world.database.db.system().await.expect("a transaction");
    enqueue(&mut tx, &Reconcile { untouched_seconds: 0 }, Uuid::now_v7()).await.expect("the queue answers");
    tx.commit().await.expect("a commit");
    let catalogue = Catalogue::new().with::<Reconcile>(Arc::new(()));
    let drained = debrief_jobs::queue::drain(world.database.db.clone(), catalogue, fast()).await;
    assert_eq!(drained.map(|drained| drained.dead).expect("the drain ends"), 0);
    let rows = admin::list(world.database.db.pool(), &Filter::default(), 100).await.expect("an answer");
    let mut jobs: Vec<_> = rows.into_iter().filter_map(|row| Some((row.kind, row.subject?))).collect();
    jobs.sort();
    jobs
}

fn expected<const N: usize>(jobs: [(&str, Uuid); N]) -> Vec<(String, String)> {
    let mut jobs: Vec<_> = jobs.into_iter().map(|(kind, id)| (kind.to_owned(), id.to_string())).collect();
    jobs.sort();
    jobs
}

#[tokio::test]
async fn every_forgotten_step_is_found_once() {
    let world = World::new().await;
    let received = session(&world, "received").await;
    transcript(&world, received, "2026-11-01").await;
    let newest = transcript(&world, received, "2026-11-02").await;
    let parsed = session(&world, "parsed").await;
    let attributed = session(&world, "attributed").await;
    let due = summary(&world, attributed, world.priya, "due").await;
    summary(&world, attributed, world.tom, "done").await;
    let nothing_due = session(&world, "attributed").await;
    summary(&world, nothing_due, world.priya, "failed").await;
    let summarized = session(&world, "summarized").await;
    for state in ["rejected", "waiting_for_speakers", "in_review", "closed"] {
        session(&world, state).await;
    }
    let jobs = expected([
        ("parse.transcript", newest),
        ("attribute.session", parsed),
        ("summarize.client", due),
        ("review.request", nothing_due),
        ("review.request", summarized),
    ]);
    assert_eq!(reconciled(&world).await, jobs);
    assert_eq!(reconciled(&world).await, jobs, "a second look finds nothing more");
}

#[tokio::test]
async fn what_is_dead_or_cancelled_stays_so() {
    let world = World::new().await;
    let parsed = session(&world, "parsed").await;
    let jobs = expected([("attribute.session", parsed)]);
    for state in ["dead", "cancelled"] {
        reconciled(&world).await;
        let finish = format!("update jobs set state = '{state}', finished_at = now() where kind = 'attribute.session'");
        meddle(&world, &finish).await;
        assert_eq!(reconciled(&world).await, jobs, "{state}");
    }
    // Not even when the job's row is old enough to be pruned: its session is still in progress.
    meddle(&world, "update jobs set finished_at = now() - interval '99 days'").await;
    assert_eq!(value(&world, "select prune_jobs(3, 1, 7, 30, 1000)").await, 4, "only the reconciles are pruned");
    assert_eq!(reconciled(&world).await, jobs);
}

#[tokio::test]
async fn a_mail_without_a_job_is_sent() {
    let world = World::new().await;
    let organization = world.organization;
    let [mail, held, follow_up, summary] = [(); 4].map(|()| Uuid::now_v7());
    for (id, kind, subject, due) in [
        (mail, "review_request", mail, "now()"),
        (held, "follow_up", held, "now() + interval '10 minutes'"),
        (follow_up, "follow_up", summary, "now()"),
    ] {
        meddle(
            &world,
            &format!(
                "insert into mails (id, organization_id, kind, subject_id, recipient, subject, message_id, message,
                    message_sha256, due_at, correlation_id)
                 values ('{id}', '{organization}', '{kind}', '{subject}', 'a@b.example', 's', '{id}', 'm', 'h', {due}, '{id}')"
            ),
        )
        .await;
    }
    assert_eq!(reconciled(&world).await, expected([("mail.send", mail), ("follow_up.send", follow_up)]));
}

#[tokio::test]
async fn every_state_has_a_next_job_a_person_or_is_an_end() {
    use debrief_jobs::path::{self, MovedBy, SessionState};
    let world = World::new().await;
    for state in SessionState::ALL {
        let session = session(&world, &state.to_string()).await;
        transcript(&world, session, "2026-11-01").await;
        summary(&world, session, world.priya, "due").await;
        let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
        let steps = path::next(&mut tx, session, state).await.expect("the next steps");
        let takes_job = path::session::moved_by(state) == MovedBy::Job;
        assert_eq!(!steps.is_empty(), takes_job, "{state}: {steps:?}");
        // Whatever moves it there enqueues the job that takes it on, and reconcile finds none missing.
        let locked = path::session::lock(&mut tx, session).await.expect("the lock").expect("the session");
        path::advance(&mut tx, &locked, state).await.expect("it is moved");
        tx.commit().await.expect("a commit");
        let rows = admin::list(world.database.db.pool(), &Filter::default(), 100).await.expect("an answer");
        for step in steps {
            let (kind, subject) = step.subject();
            let fits = |row: &&admin::JobRow| row.kind == kind && row.subject == Some(subject.to_string());
            assert!(rows.iter().any(|row| fits(&row)), "{state}: no {kind} for {subject}");
        }
    }
}
