//! What people do with webhooks: limits, secrets, tests, the log; and that no organization sees another's.

use debrief_jobs::{
    db::Tx,
    queue::Enqueued,
    rights::Right,
    webhook::{
        self, Change, Deliver, DeliveryState, Event, EventType, Filter, KEPT_DAYS, MAX_WEBHOOKS, New, Tidy,
        WebhookError,
    },
};
use secrecy::ExposeSecret;
use serde_json::json;
use uuid::Uuid;

use super::{attempt, begin, happens, later, listen, log, pause, world};
use crate::{
    api::Api,
    support::{
        Reviewed,
        receiver::{Receiver, Take},
    },
};

#[tokio::test]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let (world, receiver) = (world().await, Receiver::start([]).await);
    let session = Reviewed::new(&world).await.session;
    let (id, old) = listen(&world, &receiver.url, &[]).await;
    let rotate = async || {
        let mut tx = begin(&world).await;
        let secret = webhook::rotate_secret(&mut tx, id).await.expect("it is rotated");
        tx.commit().await.expect("it is committed");
        secret.expose_secret().to_owned()
    };
    let new = rotate().await;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    let received = receiver.received();
    assert_eq!((received[0].signed_with(&new), received[0].signed_with(&old)), (vec![0], vec![1]));
    assert!(webhook::get(&mut begin(&world).await, id).await.expect("it is there").old_secret_until.is_some());

    world.execute("update webhooks set previous_until = now() where id = $1", id).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    let received = receiver.received();
    assert_eq!((received[1].signed_with(&new), received[1].signed_with(&old)), (vec![0], vec![]), "a day later");
    world.run_installation(&Tidy {}).await.expect("it is tidied up");
    let kept = sqlx::query_scalar::<_, Option<String>>("select previous_secret from webhooks where id = $1").bind(id);
    assert_eq!(kept.fetch_one(begin(&world).await.conn()).await.expect("a row"), None, "it isn't kept");

    let newest = rotate().await;
    let newer = rotate().await;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    let last = &receiver.received()[2];
    assert_eq!(
        (last.signed_with(&newer), last.signed_with(&newest), last.signed_with(&new)),
        (vec![0], vec![1], vec![])
    );
}

#[tokio::test]
async fn what_cannot_be_a_webhook_is_refused_with_the_reason() {
    let world = world().await;
    let rules = world.services.webhooks.rules();
    let mut tx = begin(&world).await;
    let new = New { url: "https://crm.example/hook".into(), ..New::default() };
    let refused = [
        (New { url: "crm.example".into(), ..new.clone() }, "isn't a URL"),
        (New { description: "x".repeat(201), ..new.clone() }, "at most 200 characters"),
        (New { events: Some(Vec::new()), ..new.clone() }, "at least one type"),
        (New { events: Some(vec![EventType::WebhookTest]), ..new.clone() }, "webhook.test can’t be chosen"),
    ];
    for (new, told) in refused {
        let error = webhook::add(&mut tx, rules, &new).await.expect_err("it is refused").to_string();
        assert!(error.contains(told), "{error}");
    }
    let events = Some(vec![EventType::MailSent, EventType::SessionClosed, EventType::MailSent]);
    let first = New { description: " The\nCRM ".into(), events, created_by: Some(world.coach), ..new.clone() };
    let first = webhook::add(&mut tx, rules, &first).await.expect("it is added").id;
    for _ in 1..MAX_WEBHOOKS {
        webhook::add(&mut tx, rules, &new).await.expect("it is added");
    }
    let error = webhook::add(&mut tx, rules, &new).await.expect_err("there are twenty");
    assert!(error.to_string().contains("at most 20"), "{error}");

    let found = webhook::get(&mut tx, first).await.expect("it is there");
    assert_eq!((found.description.as_str(), found.created_by), ("The CRM", Some(world.coach)));
    assert_eq!(found.events, Some(vec!["session.closed".to_owned(), "mail.sent".to_owned()]));
    let change = Change { url: Some("https://crm.example/other".into()), events: Some(None), description: None };
    webhook::change(&mut tx, rules, first, &change).await.expect("it is changed");
    let found = webhook::get(&mut tx, first).await.expect("it is there");
    assert_eq!(
        (found.url.as_str(), found.events, found.description.as_str()),
        ("https://crm.example/other", None, "The CRM")
    );
    for (change, told) in [
        (Change::default(), "say what to change"),
        (Change { url: Some("http://10.0.0.1".into()), ..Change::default() }, "private"),
    ] {
        let error = webhook::change(&mut tx, rules, first, &change).await.expect_err("it is refused").to_string();
        assert!(error.contains(told), "{error}");
    }
    let secret = sqlx::query_scalar::<_, String>("select secret from webhooks where id = $1").bind(first);
    let secret = secret.fetch_one(tx.conn()).await.expect("a row");
    let shown = format!("{found:?}", found = webhook::list(&mut tx).await.expect("they are listed"));
    assert!(!shown.contains(&secret) && !shown.contains("whsec_"), "a secret is shown once");
}

#[tokio::test]
async fn a_test_goes_once_to_one_webhook_also_while_it_is_paused_and_counts_for_nothing() {
    let (world, receiver) = (world().await, Receiver::start([Take::status(500)]).await);
    let other = Receiver::start([]).await;
    let (id, secret) = listen(&world, &receiver.url, &[EventType::MailSent]).await;
    listen(&world, &other.url, &[]).await;
    let mut tx = begin(&world).await;
    webhook::pause(&mut tx, id).await.expect("it is paused");
    let delivery = webhook::test(&mut tx, id).await.expect("it is tried");
    tx.commit().await.expect("it is committed");
    assert_eq!(attempt(&world).await.expect("it ends")["outcome"], "failed", "once, and not for three days");
    let received = receiver.received();
    assert_eq!((received[0].kind().as_str(), received[0].signed_with(&secret)), ("webhook.test", vec![0]));
    assert_eq!(received[0].event()["data"], serde_json::json!({ "webhook_id": id }));
    let mut tx = begin(&world).await;
    assert_eq!(webhook::delivery(&mut tx, delivery).await.expect("it is there").state, DeliveryState::Failed);
    assert_eq!(webhook::get(&mut tx, id).await.expect("it is there").failing_since, None);
    for _ in 1..30 {
        webhook::test(&mut tx, id).await.expect("it is tried");
    }
    let refused = webhook::test(&mut tx, id).await;
    assert!(matches!(refused, Err(WebhookError::TooManyTests)), "{refused:?}");
    assert!(other.received().is_empty());
}

#[tokio::test]
async fn a_webhook_hears_and_shows_its_own_organization_alone() {
    let mut world = world().await;
    let ours = Receiver::start([]).await;
    let session = Reviewed::new(&world).await.session;
    let (id, _) = listen(&world, &ours.url, &[]).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    let delivery = log(&world).await[0].id;

    [world.organization, world.coach, world.priya] = world.neighbour().await;
    let theirs = Receiver::start([]).await;
    let (other, _) = listen(&world, &theirs.url, &[]).await;
    let session = Reviewed::new(&world).await.session;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    assert_eq!((ours.received().len(), theirs.received().len()), (1, 1));
    assert_eq!(theirs.received()[0].event()["organization_id"], world.organization.to_string());

    let mut tx = begin(&world).await;
    assert_eq!(webhook::list(&mut tx).await.expect("they are listed").len(), 1);
    assert_eq!(log(&world).await.len(), 1);
    let rules = world.services.webhooks.rules();
    let change = Change { description: Some("mine".into()), ..Change::default() };
    let before_all = chrono::DateTime::UNIX_EPOCH;
    let refused = [
        webhook::get(&mut tx, id).await.map(|_| ()),
        webhook::change(&mut tx, rules, id, &change).await,
        webhook::pause(&mut tx, id).await,
        webhook::resume(&mut tx, id).await,
        webhook::rotate_secret(&mut tx, id).await.map(|_| ()),
        webhook::test(&mut tx, id).await.map(|_| ()),
        webhook::replay_failed(&mut tx, id, before_all).await.map(|_| ()),
        webhook::remove(&mut tx, id).await,
    ];
    for refused in refused {
        assert!(matches!(refused, Err(WebhookError::NotFound)), "{refused:?}");
    }
    for refused in [webhook::delivery(&mut tx, delivery).await.map(|_| ()), webhook::replay(&mut tx, delivery).await] {
        assert!(matches!(refused, Err(WebhookError::NoDelivery)), "{refused:?}");
    }
    webhook::get(&mut tx, other).await.expect("its own is there");
}

#[tokio::test]
async fn the_log_is_filtered_and_read_page_by_page() {
    let (world, receiver) = (world().await, Receiver::start([200, 410].map(Take::status)).await);
    let session = Reviewed::new(&world).await.session;
    let (id, _) = listen(&world, &receiver.url, &[]).await;
    for kind in [EventType::SummaryWritten, EventType::SummaryEdited, EventType::SummaryApproved] {
        let summary = sqlx::query_scalar("select id from summaries where session_id = $1").bind(session);
        let mut tx = begin(&world).await;
        let summary: Uuid = summary.fetch_one(tx.conn()).await.expect("a summary");
        webhook::emit(&mut tx, &Event::summary(kind, summary)).await.expect("it is emitted");
        tx.commit().await.expect("it is committed");
    }
    for _ in 0..3 {
        attempt(&world).await.expect("it ends");
    }
    let mut tx = begin(&world).await;
    let mut kinds = async |filter: Filter, limit| {
        let found = webhook::deliveries(&mut tx, &filter, limit).await.expect("the log");
        let kinds: Vec<String> = found.iter().map(|delivery| delivery.r#type.clone()).collect();
        (kinds, found.last().map(|delivery| delivery.id))
    };
    let of = |state| Filter { state: Some(state), ..Filter::default() };
    assert_eq!(kinds(of(DeliveryState::Delivered), 9).await.0, ["summary.written"]);
    assert_eq!(kinds(of(DeliveryState::Failed), 9).await.0, ["summary.edited"]);
    assert_eq!(kinds(of(DeliveryState::Due), 9).await.0, ["summary.approved"], "the webhook is paused");
    let one = Filter { event: Some(EventType::SummaryEdited), webhook_id: Some(id), ..Filter::default() };
    assert_eq!(kinds(one, 9).await.0, ["summary.edited"]);
    let (first, last) = kinds(Filter::default(), 2).await;
    assert_eq!(first, ["summary.approved", "summary.edited"], "newest first");
    assert_eq!(kinds(Filter { after: last, ..Filter::default() }, 2).await.0, ["summary.written"]);
    let tomorrow = chrono::Utc::now() + chrono::Duration::days(1);
    assert!(kinds(Filter { since: Some(tomorrow), ..Filter::default() }, 9).await.0.is_empty());
    world.leaves::<webhook::TellPaused>();
}

#[tokio::test]
async fn what_is_old_is_deleted_and_what_is_removed_is_not_sent() {
    let (world, receiver) = (world().await, Receiver::start([]).await);
    let session = Reviewed::new(&world).await.session;
    let (id, _) = listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    happens(&world, session).await;
    let newest = log(&world).await[0].id;
    let age = format!(
        "update webhook_deliveries set created_at = now() - interval '{KEPT_DAYS} days' - interval '1 second' where id <> $1"
    );
    world.execute(Box::leak(age.into_boxed_str()), newest).await;
    assert_eq!(world.run_installation(&Tidy {}).await.expect("it is tidied up")["deliveries"], 1);
    assert_eq!(log(&world).await.len(), 1);

    let mut tx = begin(&world).await;
    webhook::remove(&mut tx, id).await.expect("it is removed");
    assert!(matches!(webhook::remove(&mut tx, id).await, Err(WebhookError::NotFound)));
    tx.commit().await.expect("it is committed");
    assert_eq!(attempt(&world).await.expect("it ends")["outcome"], "gone");
    assert!(log(&world).await.is_empty());
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn a_delivery_is_replayed_under_its_own_id() {
    let (world, receiver) = (world().await, Receiver::start([]).await);
    let session = Reviewed::new(&world).await.session;
    listen(&world, &receiver.url, &[]).await;
    happens(&world, session).await;
    attempt(&world).await.expect("it is taken");
    let delivery = log(&world).await[0].id;
    let mut tx = begin(&world).await;
    webhook::replay(&mut tx, delivery).await.expect("it is replayed");
    webhook::replay(&mut tx, delivery).await.expect("twice is once");
    let nobodys = webhook::replay(&mut tx, Uuid::now_v7()).await;
    assert!(matches!(nobodys, Err(WebhookError::NoDelivery)), "{nobodys:?}");
    tx.commit().await.expect("it is committed");
    attempt(&world).await.expect("it is taken");
    assert!(world.run_queued::<Deliver>().await.is_none());
    let received = receiver.received();
    assert_eq!(received.len(), 2);
    assert_eq!((received[0].id(), &received[0].body), (received[1].id(), &received[1].body));
    let job = Deliver { delivery_id: delivery };
    let again = debrief_jobs::queue::enqueue(&mut begin(&world).await, &job, Uuid::now_v7()).await;
    assert!(matches!(again, Ok(Enqueued::New(_))), "its job has ended: {again:?}");
}

/// The attempt that is on its way when someone replays its delivery, or resumes its webhook, is the first of those to come.
#[tokio::test]
async fn a_replay_or_a_resume_while_an_attempt_runs_begins_anew() {
    for is_resumed in [false, true] {
        let (world, receiver) = (world().await, Receiver::start([Take::Slow(500)]).await);
        let session = Reviewed::new(&world).await.session;
        let (id, _) = listen(&world, &receiver.url, &[]).await;
        happens(&world, session).await;
        let delivery = log(&world).await[0].id;
        let meanwhile = async {
            receiver.first_request().await;
            let mut tx = begin(&world).await;
            if is_resumed {
                webhook::pause(&mut tx, id).await.expect("it is paused");
                webhook::resume(&mut tx, id).await.expect("it is resumed");
            } else {
                webhook::replay(&mut tx, delivery).await.expect("it is replayed");
            }
            tx.commit().await.expect("it is committed");
            receiver.go_on();
        };
        let (ended, ()) = tokio::join!(attempt(&world), meanwhile);
        let seconds = pause(ended).as_secs_f64();
        assert!((4.0..=6.0).contains(&seconds), "it comes again soon: {seconds}");
        assert_eq!(log(&world).await[0].state, DeliveryState::Due);
        later(&world).await;
        assert_eq!(attempt(&world).await.expect("it is taken")["outcome"], "delivered");
        assert_eq!(receiver.received().len(), 2);
    }
}

#[tokio::test]
async fn the_api_says_which_field_names_no_event() {
    let api = Api::new().await;
    let key = api.key(None, &[Right::WebhooksWrite]).await;
    let body = json!({ "url": "https://crm.example/", "events": ["session.opened"] });
    let added = api.post(&key, "/v1/webhooks", &body).await.json();
    assert_eq!(added["errors"][0]["field"], "events", "{added}");
    let path = format!("/v1/webhooks/{}/deliveries?event=session.opened", Uuid::now_v7());
    let listed = api.get(&key, &path).await.json();
    assert_eq!(listed["errors"][0]["field"], "event", "{listed}");
}
