//! Webhooks: what happens is told to other software, signed and repeated until it is taken; a receiver that misbehaves
//! harms nobody.

mod addresses;
mod cli;
mod events;
mod letters;
mod managed;
mod manual;
mod paused;
mod sources;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use debrief_jobs::{
    db::{TenantTx, Tx},
    model::SessionState,
    queue::JobError,
    webhook::{self, Deliver, Delivery, DeliveryState, Event, EventType, Filter, New, Sender, Settings},
};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::ExposeSecret;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{
    Reviewed, World,
    receiver::{Receiver, Take},
};

/// Settings that allow what tests need: plain http to this machine.
fn loopback() -> Settings {
    Settings { allow_http: true, allow_private: vec!["127.0.0.1".into()] }
}

/// A world whose webhooks may be on this machine.
async fn world() -> World {
    World::with(|settings| settings.webhooks = loopback()).await
}

async fn begin(world: &World) -> TenantTx {
    world.database.db.tenant(world.organization).await.expect("a transaction")
}

/// Adds a webhook for these events, or for all; returns its id and secret.
async fn listen(world: &World, url: &str, events: &[EventType]) -> (Uuid, String) {
    let events = (!events.is_empty()).then(|| events.to_vec());
    let new = New { url: url.to_owned(), events, ..New::default() };
    let mut tx = begin(world).await;
    let added = webhook::add(&mut tx, world.services.webhooks.rules(), &new).await.expect("it is added");
    tx.commit().await.expect("it is committed");
    (added.id, added.secret.expose_secret().to_owned())
}

/// A session is closed, as far as webhooks see.
async fn happens(world: &World, session: Uuid) {
    let mut tx = begin(world).await;
    webhook::emit(&mut tx, &Event::session(session, SessionState::Closed)).await.expect("it is emitted");
    tx.commit().await.expect("it is committed");
}

/// Makes the next attempt at the delivery that is due first.
async fn attempt(world: &World) -> Result<Value, JobError> {
    world.run_queued::<Deliver>().await.expect("a delivery is queued")
}

/// Lets time pass until what snoozes is due again.
async fn later(world: &World) {
    let mut tx = begin(world).await;
    for statement in [
        "update webhook_deliveries set next_attempt_at = now() where state = 'due'",
        "update jobs set state = 'due', leased_until = null, leased_by = null, attempt = 0
         where kind = 'webhook.deliver' and state = 'running'",
    ] {
        sqlx::query(statement).execute(tx.conn()).await.expect("time passes");
    }
    tx.commit().await.expect("it is committed");
}

/// How long the job pauses after a failed attempt.
fn pause(attempt: Result<Value, JobError>) -> Duration {
    match attempt {
        Err(JobError::Snooze(pause)) => pause,
        other => panic!("it isn't tried again: {other:?}"),
    }
}

/// The log, newest first.
async fn log(world: &World) -> Vec<Delivery> {
    webhook::deliveries(&mut begin(world).await, &Filter::default(), 100).await.expect("the log")
}

/// The error of the last attempt at the newest delivery.
async fn last_error(world: &World) -> String {
    let log = log(world).await;
    log[0].attempts.last().and_then(|attempt| attempt.error.clone()).unwrap_or_default()
}

/// Answers every name with these addresses.
struct Names(Vec<&'static str>);

impl Resolve for Names {
    fn resolve(&self, _name: Name) -> Resolving {
        let addresses: Vec<_> =
            self.0.iter().map(|address| SocketAddr::new(address.parse().expect("an address"), 0)).collect();
        Box::pin(async move { Ok(Box::new(addresses.into_iter()) as Addrs) })
    }
}

/// A world whose names lead to `addresses`, with a limit of an attempt.
async fn world_with(settings: Settings, addresses: Vec<&'static str>, timeout: Duration) -> World {
    world_that_asks(settings, Arc::new(Names(addresses)), timeout).await
}

/// A world that asks this resolver for names.
async fn world_that_asks(settings: Settings, resolver: Arc<dyn Resolve>, timeout: Duration) -> World {
    let mut world = World::with(|all| all.webhooks = settings.clone()).await;
    let sender = Sender::with(&settings, resolver, timeout).expect("good settings");
    Arc::get_mut(&mut world.services).expect("nobody else has them").webhooks = Arc::new(sender);
    world
}

#[tokio::test]
async fn an_event_arrives_signed_with_ids_and_nothing_else() {
    let (world, receiver) = (world().await, Receiver::start([]).await);
    let session = Reviewed::new(&world).await.session;
    let (id, secret) = listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    assert_eq!(attempt(&world).await.expect("it is taken")["outcome"], "delivered");

    let received = receiver.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].signed_with(&secret), [0]);
    assert_eq!(received[0].headers["content-type"], "application/json");
    let event = received[0].event();
    assert_eq!(event["id"], received[0].id());
    assert_eq!(
        (&event["type"], &event["organization_id"]),
        (&"session.closed".into(), &world.organization.to_string().into())
    );
    let data = serde_json::json!({ "session_id": session, "coach_id": world.coach, "state": "summarized" });
    assert_eq!(event["data"], data, "the state is the row's, and there is nothing else");
    event["created_at"].as_str().expect("a time").parse::<chrono::DateTime<chrono::Utc>>().expect("RFC 3339");

    let log = log(&world).await;
    assert_eq!((log.len(), log[0].state, log[0].webhook_id), (1, DeliveryState::Delivered, id));
    assert_eq!(log[0].body, received[0].body, "the log has what was sent");
    let attempt = &log[0].attempts[0];
    assert_eq!((attempt.status, attempt.error.as_deref()), (Some(200), None));
    assert!(attempt.milliseconds.is_some());
}

#[tokio::test]
async fn where_nobody_listens_nothing_is_written() {
    let (world, receiver) = (world().await, Receiver::start([]).await);
    let session = Reviewed::new(&world).await.session;
    happens(&world, session).await;
    let (id, _) = listen(&world, &receiver.url, &[EventType::MailSent]).await;
    happens(&world, session).await;
    assert!(log(&world).await.is_empty() && world.run_queued::<Deliver>().await.is_none());

    let mut tx = begin(&world).await;
    let all = webhook::Change { events: Some(None), ..webhook::Change::default() };
    webhook::change(&mut tx, world.services.webhooks.rules(), id, &all).await.expect("it is changed");
    tx.commit().await.expect("it is committed");
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    assert_eq!(log(&world).await.len(), 1, "only what happens from then on");
}

#[tokio::test]
async fn what_fails_comes_again_with_the_same_bytes_under_the_same_id() {
    let wish = Take::Status(503, "Retry-After: 7200\r\n", String::new());
    let receiver = Receiver::start([Take::Status(500, "", "the disk\n\u{1b}[2J is full".into()), wish]).await;
    let world = world().await;
    let session = Reviewed::new(&world).await.session;
    let (_, secret) = listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    let seconds = pause(attempt(&world).await).as_secs_f64();
    assert!((4.0..=6.0).contains(&seconds), "the first pause is five seconds, give or take: {seconds}");
    assert_eq!(
        last_error(&world).await,
        "HTTP 500: the disk \u{fffd}[2J is full",
        "on one line, for no terminal to obey"
    );
    later(&world).await;
    assert_eq!(pause(attempt(&world).await), Duration::from_secs(7200), "as long as the receiver asks for");
    later(&world).await;
    attempt(&world).await.expect("it is taken");

    let received = receiver.received();
    assert_eq!(received.len(), 3);
    for one in &received {
        assert_eq!((one.id(), &one.body), (received[0].id(), &received[0].body));
        assert_eq!(one.signed_with(&secret), [0]);
    }
    let log = log(&world).await;
    let statuses: Vec<_> = log[0].attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!((log[0].state, statuses), (DeliveryState::Delivered, vec![Some(500), Some(503), Some(200)]));
}

#[tokio::test]
async fn however_a_receiver_misbehaves_its_attempt_fails_and_says_so() {
    let receiver = Receiver::start([]).await;
    let settings = loopback();
    let world = world_with(settings, vec!["127.0.0.1"], Duration::from_secs(1)).await;
    let session = Reviewed::new(&world).await.session;
    listen(&world, &receiver.url, &[]).await;
    let here = format!("location: {}\r\n", receiver.url);
    for (answer, told) in [
        (Take::Hang, "no answer within 1 s"),
        (Take::Torn, "the connection broke: "),
        (Take::Endless(500), "HTTP 500: xxxx"),
        (Take::Status(404, "", "no such page".into()), "HTTP 404: no such page"),
        (Take::Status(302, Box::leak(here.into_boxed_str()), String::new()), "HTTP 302: a redirect isn’t followed"),
        (Take::Status(301, "location: http://169.254.169.254/\r\n", String::new()), "HTTP 301: a redirect"),
        (Take::Status(429, "retry-after: soon\r\n", String::new()), "HTTP 429"),
    ] {
        let before = receiver.received().len();
        receiver.then([answer.clone()]);
        happens(&world, session).await;
        pause(attempt(&world).await);
        let error = last_error(&world).await;
        assert!(error.starts_with(told), "{answer:?}: {error}");
        assert!(error.chars().count() <= 200, "{error}");
        assert_eq!(receiver.received().len(), before + 1, "one request, whatever it answers: {answer:?}");
        world.execute("delete from webhook_deliveries where organization_id = $1", world.organization).await;
    }
    world
        .execute(
            "update jobs set state = 'cancelled', leased_until = null, finished_at = now()
                   where organization_id = $1 and kind = 'webhook.deliver'",
            world.organization,
        )
        .await;
}

#[tokio::test]
async fn nobody_there_is_a_failed_attempt() {
    let world = world().await;
    let port = crate::support::installation::free_port();
    let session = Reviewed::new(&world).await.session;
    listen(&world, &format!("http://127.0.0.1:{port}/"), &[]).await;
    happens(&world, session).await;
    pause(attempt(&world).await);
    assert!(last_error(&world).await.starts_with("couldn’t connect: "), "{}", last_error(&world).await);
    world.leaves::<Deliver>();
}

#[tokio::test]
async fn after_ten_attempts_it_has_failed() {
    let receiver = Receiver::start((0..10).map(|_| Take::status(500))).await;
    let world = world().await;
    let session = Reviewed::new(&world).await.session;
    listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    for _ in 1..webhook::ATTEMPTS {
        pause(attempt(&world).await);
        later(&world).await;
    }
    assert_eq!(attempt(&world).await.expect("it ends")["outcome"], "failed");
    let log = log(&world).await;
    assert_eq!((log[0].state, log[0].attempts.len()), (DeliveryState::Failed, 10));
    assert_eq!(receiver.received().len(), 10);
}

#[tokio::test]
async fn whoever_lost_the_job_posts_nothing_and_records_nothing() {
    let (world, receiver) = (world().await, Receiver::start([Take::Slow(200)]).await);
    let session = Reviewed::new(&world).await.session;
    listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    let (job, context) = world.claim_queued::<Deliver>().await.expect("a delivery is queued");
    let taken_over = "update jobs set fence = fence + 1 where id = $1";

    // Taken over while the receiver has it: nothing is recorded, and the other attempt sends it again.
    let posting = debrief_jobs::queue::Job::run(&job, &context);
    let taking_over = async {
        receiver.first_request().await;
        world.execute(taken_over, context.job.id).await;
        receiver.go_on();
    };
    let (ended, ()) = tokio::join!(posting, taking_over);
    assert!(matches!(ended, Err(JobError::Stale)), "{ended:?}");
    let unknown = log(&world).await;
    assert_eq!(unknown[0].state, DeliveryState::Due);
    // As far as anybody can tell it's under way, as long as an attempt may take.
    assert!(unknown[0].attempts.last().is_some_and(|last| last.under_way && last.error.is_none()), "{unknown:?}");
    assert_eq!(unknown[0].next_attempt_at, None);
    let minutes_ago = "update webhook_deliveries set attempts = jsonb_set(attempts, '{-1,at}', to_jsonb(now() - interval '2 minutes'))
        where id = $1";
    world.execute(minutes_ago, unknown[0].id).await;
    assert!(last_error(&world).await.contains("nobody recorded how this attempt ended"));

    // Whoever comes late doesn't post.
    let ended = debrief_jobs::queue::Job::run(&job, &context).await;
    assert!(matches!(ended, Err(JobError::Stale)), "{ended:?}");
    assert_eq!(receiver.received().len(), 1);

    later(&world).await;
    attempt(&world).await.expect("it is taken");
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].id(), received[1].id(), "the receiver sees that it has it");
    assert_eq!(log(&world).await[0].state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_job_that_cannot_run_leaves_a_delivery_that_can_be_replayed() {
    let (world, receiver) = (world().await, Receiver::start([]).await);
    let session = Reviewed::new(&world).await.session;
    listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    let (job, context) = world.claim_queued::<Deliver>().await.expect("a delivery is queued");
    for _ in 0..2 {
        debrief_jobs::queue::Job::on_dead(&job, &context, "relation 17 is not what it was").await.expect("it is told");
    }
    world
        .execute(
            "update jobs set state = 'dead', leased_until = null, finished_at = now() where id = $1",
            context.job.id,
        )
        .await;
    assert_eq!(log(&world).await[0].state, DeliveryState::Failed);
    let mut tx = begin(&world).await;
    webhook::replay(&mut tx, job.delivery_id).await.expect("it is replayed");
    tx.commit().await.expect("it is committed");
    attempt(&world).await.expect("it is taken");
    assert_eq!(receiver.received().len(), 1);
}
