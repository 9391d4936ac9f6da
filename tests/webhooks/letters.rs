//! A letter that is sent again may fail again: each failure is told, to webhooks and to the coach, and each once.

use debrief_jobs::{
    audit::Visitor,
    db::Tx,
    follow_up::{self, Verdict},
    path::{RequestReview, SendFollowUp},
    queue::{Job, JobError},
    review::{actions, view::view},
    webhook::Deliver,
};

use super::{begin, events::kinds, listen, loopback};
use crate::support::{Reviewed, SmtpServer, World, receiver::Receiver};

/// The server refuses the letter. Its death is told twice, as if a worker had died in between.
async fn is_refused(world: &World) {
    let (job, context) = world.claim_queued::<SendFollowUp>().await.expect("a letter is queued");
    let Err(JobError::Abort(error)) = job.run(&context).await else { panic!("it is refused") };
    let dead =
        "update jobs set state = 'dead', leased_until = null, leased_by = null, finished_at = now() where id = $1";
    world.execute(dead, context.job.id).await;
    for _ in 0..2 {
        job.on_dead(&context, &error).await.expect("it is told");
    }
}

async fn approve(world: &World, reviewed: &Reviewed) {
    let mut tx = begin(world).await;
    let shown = view(&mut tx, reviewed.session).await.expect("it reads").expect("it is there");
    let (signed, visitor) = (shown.summaries[0].signed(), Visitor::default());
    actions::approve(&mut tx, &world.services.desk, reviewed.session, reviewed.summary, &signed, &visitor)
        .await
        .expect("it is open");
    tx.commit().await.expect("it is committed");
}

#[tokio::test]
async fn a_letter_that_is_refused_again_is_told_of_again() {
    let smtp = SmtpServer::start();
    let world = World::with(|settings| {
        settings.mail.url = smtp.url().into();
        settings.review.hold_seconds = 0;
        settings.webhooks = loopback();
    })
    .await;
    let reviewed = Reviewed::new(&world).await;
    world.execute("update clients set email = 'refused@raman.example' where id = $1", world.priya).await;
    world.run(&RequestReview { session_id: reviewed.session }).await.expect("the review is asked for");
    listen(&world, &Receiver::start([]).await.url, &[]).await;
    world.leaves::<Deliver>();

    approve(&world, &reviewed).await;
    is_refused(&world).await;
    let mut tx = begin(&world).await;
    actions::cancel_follow_up(&mut tx, reviewed.session, reviewed.summary, &Visitor::default())
        .await
        .expect("nobody has it");
    tx.commit().await.expect("it is committed");
    approve(&world, &reviewed).await;
    is_refused(&world).await;
    let mut tx = begin(&world).await;
    assert!(follow_up::decide(&mut tx, reviewed.summary, Verdict::SendAgain).await.expect("it is decided"));
    tx.commit().await.expect("it is committed");
    is_refused(&world).await;

    let mut told = kinds(&world).await;
    told.retain(|kind| kind.starts_with("mail.") || kind == "session.failed");
    assert_eq!(told, ["mail.failed", "session.failed"].repeat(3));
    let mails =
        sqlx::query_scalar::<_, i64>("select count(*) from mails where kind = 'session_failed' and session_id = $1");
    let mails = mails.bind(reviewed.session).fetch_one(begin(&world).await.conn()).await.expect("the ledger");
    assert_eq!(mails, 3, "the coach too");
}
