//! A webhook whose receiver takes nothing is paused; somebody is told, resumes it, and nothing that waits is lost.

use debrief_jobs::{
    db::Tx,
    mail::SendMail,
    webhook::{self, DeliveryState, FAILED_IN_A_ROW, PauseReason, SendWaiting, TellPaused, WebhookError, WebhookState},
};
use uuid::Uuid;

use super::{attempt, begin, happens, later, listen, log, pause, world};
use crate::support::{
    Reviewed, World,
    receiver::{Receiver, Take},
};

/// Emails about webhooks: who gets them, and the text.
async fn told(world: &World) -> Vec<(String, String)> {
    let mails =
        "select recipient, convert_from(message, 'UTF8') from mails where kind = 'webhook_paused' order by recipient";
    sqlx::query_as(mails).fetch_all(begin(world).await.conn()).await.expect("the ledger")
}

async fn state(world: &World, id: Uuid) -> (WebhookState, Option<PauseReason>) {
    let webhook = webhook::get(&mut begin(world).await, id).await.expect("it is there");
    (webhook.state, webhook.paused_reason)
}

async fn resume(world: &World, id: Uuid) {
    let mut tx = begin(world).await;
    webhook::resume(&mut tx, id).await.expect("it is resumed");
    tx.commit().await.expect("it is committed");
}

/// Makes Maya an admin.
async fn an_admin(world: &World) {
    world.execute("update coaches set roles = '{admin}' where id = $1", world.coach).await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_pauses_its_webhook_at_once_and_the_admins_are_told() {
    let (world, receiver) = (world().await, Receiver::start([Take::status(410)]).await);
    an_admin(&world).await;
    let session = Reviewed::new(&world).await.session;
    let (id, _) = listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    happens(&world, session).await;
    assert_eq!(attempt(&world).await.expect("it ends")["outcome"], "failed");
    assert_eq!(state(&world, id).await, (WebhookState::Paused, Some(PauseReason::Gone)));
    // What was on its way waits.
    assert_eq!(attempt(&world).await.expect("it ends")["outcome"], "paused");
    assert_eq!(world.run_queued::<TellPaused>().await.expect("a job").expect("it runs")["mails"], 1);
    assert_eq!(world.run(&TellPaused { webhook_id: id, pause: 1 }).await.expect("it runs")["mails"], 0, "told once");
    let told = told(&world).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "maya@northlight.example");
    assert!(told[0].1.contains("127.0.0.1") && !told[0].1.contains("token"), "the host, not the URL: {}", told[0].1);
    assert_eq!(receiver.received().len(), 1);
    world.leaves::<SendMail>();
}

#[tokio::test]
async fn a_pause_by_hand_and_an_earlier_one_are_not_mailed_as_failures() {
    let (world, receiver) = (world().await, Receiver::start([410, 410].map(Take::status)).await);
    an_admin(&world).await;
    let session = Reviewed::new(&world).await.session;
    let (id, _) = listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it ends");
    // Before anybody is told, someone resumes it and pauses it themselves.
    resume(&world, id).await;
    let mut tx = begin(&world).await;
    webhook::pause(&mut tx, id).await.expect("it is paused");
    tx.commit().await.expect("it is committed");
    assert_eq!(world.run_queued::<TellPaused>().await.expect("a job").expect("it runs")["outcome"], "resumed");

    resume(&world, id).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it ends");
    let first = world.run(&TellPaused { webhook_id: id, pause: 1 }).await.expect("it runs");
    assert_eq!(first["outcome"], "resumed", "the first pause is over");
    assert!(told(&world).await.is_empty());
    assert_eq!(world.run_queued::<TellPaused>().await.expect("a job").expect("it runs")["mails"], 1);
    world.leaves::<SendMail>();
    world.leaves::<SendWaiting>();
}

#[tokio::test]
async fn twenty_that_failed_in_a_row_pause_it_and_resuming_sends_what_waits() {
    let (world, receiver) = (world().await, Receiver::start([]).await);
    an_admin(&world).await;
    let session = Reviewed::new(&world).await.session;
    let (id, _) = listen(&world, &receiver.url, &[]).await;
    receiver.then((0..FAILED_IN_A_ROW).map(|_| Take::status(500)));
    for left in (0..FAILED_IN_A_ROW).rev() {
        happens(&world, session).await;
        // Nine attempts were made.
        world.execute("update webhook_deliveries set tries = 9 where webhook_id = $1", id).await;
        assert_eq!(state(&world, id).await.0, WebhookState::Active, "{left} are left");
        if left == 0 {
            happens(&world, session).await;
        }
        assert_eq!(attempt(&world).await.expect("it ends")["outcome"], "failed");
    }
    assert_eq!(state(&world, id).await, (WebhookState::Paused, Some(PauseReason::Failing)));
    world.run_queued::<TellPaused>().await.expect("a job").expect("it runs");
    assert_eq!(told(&world).await.len(), 1);

    // What happens meanwhile isn't kept, and nothing is sent or replayed.
    happens(&world, session).await;
    assert_eq!(log(&world).await.len(), 21);
    assert_eq!(attempt(&world).await.expect("it ends")["outcome"], "paused");
    let oldest = log(&world).await.pop().expect("a delivery");
    let refused = webhook::replay(&mut begin(&world).await, oldest.id).await;
    assert!(matches!(refused, Err(WebhookError::Paused)), "{refused:?}");

    resume(&world, id).await;
    world.run_queued::<SendWaiting>().await.expect("a job").expect("it runs");
    assert_eq!(attempt(&world).await.expect("it is taken")["outcome"], "delivered");
    assert_eq!(receiver.received().len(), 21, "what was given up isn't sent by itself");
    resume(&world, id).await;
    assert!(world.run_queued::<SendWaiting>().await.is_none(), "resuming twice is resuming once");

    let mut tx = begin(&world).await;
    let before_all = chrono::DateTime::UNIX_EPOCH;
    assert_eq!(webhook::replay_failed(&mut tx, id, before_all).await.expect("they are replayed"), 20);
    assert_eq!(webhook::replay_failed(&mut tx, id, before_all).await.expect("none is left"), 0);
    tx.commit().await.expect("it is committed");
    world.run_queued::<SendWaiting>().await.expect("a job").expect("it runs");
    for _ in 0..20 {
        attempt(&world).await.expect("it is taken");
    }
    assert!(log(&world).await.iter().all(|delivery| delivery.state == DeliveryState::Delivered));
    let ids: std::collections::BTreeSet<String> = receiver.received().iter().map(|one| one.id().to_owned()).collect();
    assert_eq!(ids.len(), 21, "each under its own id, the same both times");
    world.leaves::<SendMail>();
}

#[tokio::test]
async fn five_days_without_a_success_pause_it_and_one_success_starts_anew() {
    let (world, receiver) = (world().await, Receiver::start([]).await);
    let session = Reviewed::new(&world).await.session;
    let (id, _) = listen(&world, &receiver.url, &[]).await;
    let days =
        |days: i32| format!("update webhooks set failing_since = failing_since - interval '{days} days' where id = $1");
    let long: [&'static str; 2] = [days(4), days(6)].map(|text| &*Box::leak(text.into_boxed_str()));
    receiver.then([500, 500, 200, 500, 500].map(Take::status));
    happens(&world, session).await;
    pause(attempt(&world).await);
    later(&world).await;
    world.execute(long[0], id).await;
    pause(attempt(&world).await);
    later(&world).await;
    attempt(&world).await.expect("it is taken");
    let webhook = webhook::get(&mut begin(&world).await, id).await.expect("it is there");
    assert_eq!((webhook.failing_since, webhook.failed_in_a_row), (None, 0));

    happens(&world, session).await;
    pause(attempt(&world).await);
    later(&world).await;
    world.execute(long[1], id).await;
    pause(attempt(&world).await);
    assert_eq!(state(&world, id).await, (WebhookState::Paused, Some(PauseReason::Failing)));
    later(&world).await;
    assert_eq!(attempt(&world).await.expect("it waits")["outcome"], "paused");
    // Without an admin or a lead there is nobody to tell.
    assert_eq!(world.run_queued::<TellPaused>().await.expect("a job").expect("it runs")["mails"], 0);
}

#[tokio::test]
async fn where_an_organization_has_no_admin_its_leads_are_told() {
    let (world, receiver) = (world().await, Receiver::start([Take::status(410)]).await);
    world.execute("update coaches set roles = '{lead}' where id = $1", world.coach).await;
    let session = Reviewed::new(&world).await.session;
    listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it ends");
    world.run_queued::<TellPaused>().await.expect("a job").expect("it runs");
    assert_eq!(told(&world).await.len(), 1);
    world.leaves::<SendMail>();
}

#[tokio::test]
async fn a_delivery_that_snoozes_goes_at_once_when_its_webhook_is_resumed() {
    let (world, receiver) = (world().await, Receiver::start([Take::status(500)]).await);
    let session = Reviewed::new(&world).await.session;
    let (id, _) = listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    pause(attempt(&world).await);
    // As the queue records the snooze.
    world.execute("update jobs set state = 'due', leased_until = null, leased_by = null, attempt = 0, run_at = now() + interval '1 hour'
                   where kind = 'webhook.deliver' and organization_id = $1", world.organization).await;
    let mut tx = begin(&world).await;
    webhook::pause(&mut tx, id).await.expect("it is paused");
    webhook::pause(&mut tx, id).await.expect("twice is once");
    tx.commit().await.expect("it is committed");
    assert_eq!(state(&world, id).await, (WebhookState::Paused, Some(PauseReason::ByHand)));
    resume(&world, id).await;
    world.run_queued::<SendWaiting>().await.expect("a job").expect("it runs");
    let (jobs, due): (i64, i64) =
        sqlx::query_as("select count(*), count(*) filter (where run_at <= now()) from jobs where kind = 'webhook.deliver' and state = 'due'")
            .fetch_one(begin(&world).await.conn())
            .await
            .expect("the queue");
    assert_eq!((jobs, due), (1, 1), "one job, and it is due");
    attempt(&world).await.expect("it is taken");
}
