//! The stage `mail`, from outside: what arrives at a real SMTP server, how often, and what the ledger says.

mod headers;
mod settings;

use chrono::NaiveDate;
use debrief_jobs::{
    db::Tx,
    mail::{Message, NewMail, Recipient, ReviewRequest, SendMail, queue_mail},
    queue::{Context, Finished, Job, JobError},
};
use uuid::Uuid;

use crate::{
    follow_up::{session, session_state},
    support::{Letter, Runnable, SmtpServer, World, letters_in},
};

/// A world whose email goes to a real server.
pub(crate) async fn mailing_world() -> (World, SmtpServer) {
    let smtp = SmtpServer::start();
    let world = World::with(|settings| settings.mail.url = smtp.url().into()).await;
    (world, smtp)
}

/// A review request to the mailbox `local_part`, whose name determines the server's behavior.
fn review_request(world: &World, local_part: &str) -> NewMail {
    NewMail {
        message: Message::ReviewRequest(ReviewRequest {
            coach: "Maya Okafor".into(),
            title: "Über die Übergabe".into(),
            date: NaiveDate::from_ymd_opt(2026, 11, 3).expect("a date"),
            date_estimated: false,
            unread_language: None,
            clients: vec!["Priya Raman".into(), "Zoë Åström".into()],
            failed: Vec::new(),
            guesses: Vec::new(),
            link: "https://debrief.example/r/rl_secret".into(),
            expires: NaiveDate::from_ymd_opt(2026, 11, 13).expect("a date"),
            fresh: false,
            again: None,
            danger: false,
            stopped: None,
        }),
        to: Recipient { name: "Maya Okafor".into(), email: format!("{local_part}@northlight.example") },
        reply_to: None,
        subject_id: Uuid::now_v7(),
        version: 1,
        session_id: None,
        coach_id: Some(world.coach),
        client_id: None,
        due_at: None,
        correlation_id: Uuid::now_v7(),
    }
}

async fn queue(world: &World, mail: NewMail) -> Option<Uuid> {
    let mut tx = world.services.db.tenant(world.organization).await.expect("a transaction");
    let post = &world.services.desk.post;
    let queued = queue_mail(&mut tx, post, mail).await.expect("a good mail");
    tx.commit().await.expect("it is committed");
    queued
}

/// A row of the ledger.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) state: String,
    pub(crate) error: Option<String>,
    pub(crate) message_id: String,
    pub(crate) message: Option<Vec<u8>>,
}

pub(crate) async fn row(world: &World, mail_id: Uuid) -> Row {
    let mut tx = world.services.db.tenant(world.organization).await.expect("a transaction");
    sqlx::query_as("select state, error, message_id, message from mails where id = $1")
        .bind(mail_id)
        .fetch_one(tx.conn())
        .await
        .expect("the mail is in the ledger")
}

/// Takes the unfinished job of this kind, like a worker that claims it or rescues it from another.
pub(crate) async fn claim<J: Runnable>(world: &World) -> (J, Context<J::Needs>) {
    let mut tx = world.services.db.tenant(world.organization).await.expect("a transaction");
    let rescue = "select settle_job(id, fence, 'return', 0, null) from jobs where kind = $1 and state = 'running'";
    sqlx::query(rescue).bind(J::KIND).execute(tx.conn()).await.expect("the queue answers");
    tx.commit().await.expect("the rescue is committed");
    world.claim_queued().await.expect("one unfinished job")
}

pub(crate) async fn attempt<J: Runnable>(world: &World) -> Result<Finished, JobError> {
    let (job, ctx) = claim::<J>(world).await;
    job.run(&ctx).await
}

#[tokio::test]
async fn a_mail_arrives_whole_and_its_link_is_wiped_from_the_ledger() {
    let (world, smtp) = mailing_world().await;
    let mail = NewMail {
        to: Recipient { name: "Zoë \"Z\" Åström".into(), email: "zoe@northlight.example".into() },
        ..review_request(&world, "zoe")
    };
    let correlation_id = mail.correlation_id.to_string();
    let mail_id = queue(&world, mail).await.expect("a new mail");
    assert_eq!(row(&world, mail_id).await.state, "queued");
    attempt::<SendMail>(&world).await.expect("it is sent");

    let [letter]: [Letter; 1] = smtp.letters().try_into().expect("one letter");
    let row = row(&world, mail_id).await;
    assert_eq!((row.state.as_str(), row.message), ("sent", None));
    assert_eq!(letter.message_id, row.message_id);
    assert_eq!(letter.message_id, format!("<{mail_id}@northlight.example>"));
    assert_eq!(
        (letter.from.as_str(), letter.to.clone()),
        ("debrief@northlight.example", vec!["zoe@northlight.example".into()])
    );
    assert_eq!(letter.header("Subject"), ["2 summaries to review: Über die Übergabe, Tue 3 Nov"]);
    assert!(letter.header("To")[0].contains("Åström"), "{:?}", letter.header("To"));
    assert_eq!(letter.header("From"), ["Debrief <debrief@northlight.example>"]);
    assert_eq!(letter.header("Auto-Submitted"), ["auto-generated"]);
    assert_eq!(letter.header("Debrief-Correlation-Id"), [correlation_id]);
    assert_eq!(letter.header("Date").len(), 1);
    assert!(letter.text.contains("https://debrief.example/r/rl_secret"), "{}", letter.text);
    assert!(letter.html.contains("href=\"https://debrief.example/r/rl_secret\""), "{}", letter.html);
    assert!(letter.html.contains("Zoë Åström"));
    assert!(letter.longest_line <= 998, "no line is longer than RFC 5322 allows");
}

#[tokio::test]
async fn the_same_mail_is_queued_once_and_a_new_version_again() {
    let (world, smtp) = mailing_world().await;
    let mail = review_request(&world, "maya");
    assert!(queue(&world, mail.clone()).await.is_some());
    assert!(queue(&world, mail.clone()).await.is_none(), "the same mail a second time");
    attempt::<SendMail>(&world).await.expect("it is sent");
    assert!(queue(&world, mail.clone()).await.is_none(), "the same mail after it is sent");
    assert!(world.run_queued::<SendMail>().await.is_none(), "nothing is left to do");
    assert!(queue(&world, NewMail { version: 2, ..mail }).await.is_some(), "a fresh link");
    attempt::<SendMail>(&world).await.expect("it is sent");
    assert_eq!(smtp.letters().len(), 2);
}

#[tokio::test]
async fn what_the_server_put_off_is_sent_later_and_once() {
    for local_part in ["later", "throttled", "dropped-early"] {
        let (world, smtp) = mailing_world().await;
        let mail_id = queue(&world, review_request(&world, local_part)).await.expect("a new mail");
        let first = attempt::<SendMail>(&world).await;
        assert!(matches!(first, Err(JobError::Retry { .. })), "{local_part}: {first:?}");
        assert_eq!(row(&world, mail_id).await.state, "queued", "{local_part}");
        attempt::<SendMail>(&world).await.expect("the second attempt succeeds");
        assert_eq!(row(&world, mail_id).await.state, "sent", "{local_part}");
        assert_eq!(smtp.letters().len(), 1, "{local_part}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_costs_a_retry() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let world = World::with(|settings| settings.mail.url = format!("smtp://{closed}").into()).await;
    let mail_id = queue(&world, review_request(&world, "maya")).await.expect("a new mail");
    assert!(matches!(attempt::<SendMail>(&world).await, Err(JobError::Retry { .. })));
    assert_eq!(row(&world, mail_id).await.state, "queued");
}

#[tokio::test]
async fn what_the_server_refuses_is_failed_with_its_words_and_without_the_address() {
    for (local_part, words) in [("refused", "Recipient address rejected"), ("refused-data", "Content refused")] {
        let (world, smtp) = mailing_world().await;
        let mail_id = queue(&world, review_request(&world, local_part)).await.expect("a new mail");
        let Err(JobError::Abort(error)) = attempt::<SendMail>(&world).await else { panic!("{local_part} is refused") };
        assert!(error.contains("550") && error.contains(words), "{error}");
        assert!(!error.contains("northlight.example"), "{error}");
        let row = row(&world, mail_id).await;
        assert_eq!((row.state.as_str(), row.error), ("failed", Some(error)));
        assert_eq!(smtp.letters().len(), 0);
    }
}

#[tokio::test]
async fn a_coachs_mail_whose_fate_is_unknown_goes_again_under_the_same_message_id() {
    for local_part in ["dropped", "hung"] {
        let (world, smtp) = mailing_world().await;
        let mail_id = queue(&world, review_request(&world, local_part)).await.expect("a new mail");
        let first = attempt::<SendMail>(&world).await;
        assert!(matches!(first, Err(JobError::Retry { .. })), "{local_part}: {first:?}");
        assert_eq!(row(&world, mail_id).await.state, "sending", "{local_part}: nobody can say more");
        attempt::<SendMail>(&world).await.expect("the second attempt succeeds");
        let row = row(&world, mail_id).await;
        assert_eq!(row.state, "sent");
        let ids: Vec<String> = smtp.letters().into_iter().map(|letter| letter.message_id).collect();
        assert_eq!(ids, [row.message_id.clone(), row.message_id], "{local_part}");
    }
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_sends_nothing() {
    let (world, smtp) = mailing_world().await;
    queue(&world, review_request(&world, "maya")).await.expect("a new mail");
    let (job, stale) = claim::<SendMail>(&world).await;
    let (_, successor) = claim::<SendMail>(&world).await;
    assert!(matches!(job.run(&stale).await, Err(JobError::Stale)));
    assert_eq!(smtp.letters().len(), 0);
    job.run(&successor).await.expect("its successor sends it");
    assert_eq!(smtp.letters().len(), 1);
}

#[tokio::test]
async fn a_worker_that_loses_its_lease_at_the_threshold_sends_nothing() {
    let smtp = SmtpServer::start();
    let url = smtp.url().replace("timeout=2", "timeout=30");
    let world = World::with(|settings| settings.mail.url = url.into()).await;
    let mail_id = queue(&world, review_request(&world, "maya")).await.expect("a new mail");
    smtp.hold("data", "maya@northlight.example");
    let (job, stale) = claim::<SendMail>(&world).await;
    let sending = tokio::spawn(async move { job.run(&stale).await.map(|_| ()) });
    smtp.has_held().await;
    assert_eq!(row(&world, mail_id).await.state, "queued", "nothing can have been sent yet");
    let (job, successor) = claim::<SendMail>(&world).await;
    smtp.release();
    assert!(matches!(sending.await.expect("it ran"), Err(JobError::Stale)));
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("queued", 0));
    // With the same mailer: the conversation that stopped before the message isn't continued.
    job.run(&successor).await.expect("its successor sends it");
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("sent", 1));
}

#[tokio::test]
async fn a_server_that_wants_a_password_gets_it_and_one_without_tls_gets_nothing_that_needs_it() {
    for (user, query, sent) in [
        ("maya:p%40ss@", "?timeout=2", true),
        ("maya:wrong@", "?timeout=2", false),
        ("", "?timeout=2&tls=required", false),
    ] {
        let smtp = SmtpServer::start();
        let url = smtp.url().replace("//", &format!("//{user}")).replace("?timeout=2", query);
        let world = World::with(|settings| settings.mail.url = url.into()).await;
        queue(&world, review_request(&world, "maya")).await.expect("a new mail");
        let outcome = attempt::<SendMail>(&world).await;
        assert_eq!(outcome.is_ok(), sent, "{user}{query}: {outcome:?}");
        assert!(sent || matches!(outcome, Err(JobError::Retry { .. })), "{user}{query}: {outcome:?}");
        assert_eq!(smtp.letters().len(), usize::from(sent), "{user}{query}");
    }
}

#[tokio::test]
async fn a_dead_job_leaves_a_failed_mail_that_an_operator_can_send_after_all() {
    let (world, smtp) = mailing_world().await;
    let session_id = session(&world).await;
    let mail = NewMail { session_id: Some(session_id), ..review_request(&world, "later") };
    let mail_id = queue(&world, mail).await.expect("a new mail");
    let (job, ctx) = claim::<SendMail>(&world).await;
    assert!(job.run(&ctx).await.is_err());
    job.on_dead(&ctx, "too many attempts").await.expect("it is marked");
    assert_eq!(row(&world, mail_id).await.state, "failed");
    assert_eq!(session_state(&world, session_id).await.1.as_deref(), Some("mail"));
    attempt::<SendMail>(&world).await.expect("the operator's retry succeeds");
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("sent", 1));
    assert_eq!(session_state(&world, session_id).await.1, None, "the mark is gone");
}

#[tokio::test]
async fn the_folder_gets_one_file_a_mail_however_often_it_is_sent() {
    let world = World::new().await;
    let mail_id = queue(&world, review_request(&world, "maya")).await.expect("a new mail");
    let frozen = row(&world, mail_id).await.message.expect("the frozen message");
    attempt::<SendMail>(&world).await.expect("it is written");
    let folder = world.folder.path().join("mail");
    let written = std::fs::read(folder.join(format!("{mail_id}@northlight.example.eml"))).expect("the file is there");
    assert_eq!(written, frozen);
    let [letter]: [Letter; 1] = letters_in(&folder).try_into().expect("one letter");
    assert!(letter.text.contains("https://debrief.example/r/rl_secret"), "{}", letter.text);
    let Row { message_id, .. } = row(&world, mail_id).await;
    let again =
        world.services.desk.post.mailer.open(&message_id, "maya@northlight.example", &frozen).await.expect("a folder");
    again.transmit().await.expect("sent again");
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 1);
}
