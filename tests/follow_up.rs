//! The stage `follow_up`, from outside: what a client receives, how often, and when the session is closed.

mod recipient;

use std::time::Duration;

use debrief_jobs::{
    db::{TenantTx, Tx},
    follow_up::{self, Approval, FollowUp, FollowUpError, Verdict},
    mail::{Recipient, SendMail},
    model::{ActionItem, Audience, Claim, Content, Owner, Section, Support, summary::add_version},
    path::{SendFollowUp, SessionState, advance, session},
    queue::{Job, JobError},
};
use uuid::Uuid;

use crate::{
    mail::{attempt, claim, mailing_world, row},
    support::{Letter, SmtpServer, World, letters_in, written_by},
};

const NO_HOLD: Duration = Duration::ZERO;

async fn tx(world: &World) -> TenantTx {
    world.services.db.tenant(world.organization).await.expect("a transaction")
}

/// A session in review.
pub(crate) async fn session(world: &World) -> Uuid {
    let id = Uuid::now_v7();
    let mut tx = tx(world).await;
    sqlx::query(
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key,
            correlation_id) values ($1, $2, $3, 'Third session', '2026-11-03', 'path', $4, $1)",
    )
    .bind(id)
    .bind(world.organization)
    .bind(world.coach)
    .bind(format!("inbox/maya/{id}.vtt"))
    .execute(tx.conn())
    .await
    .expect("a session");
    let locked = session::lock(&mut tx, id).await.expect("the lock").expect("the session");
    advance(&mut tx, &locked, SessionState::InReview).await.expect("its state");
    tx.commit().await.expect("committed");
    id
}

/// A summary with a claim for the client and one for the coach only in each section, and its content's hash.
async fn summary(world: &World, session_id: Uuid, client_id: Uuid) -> (Uuid, String) {
    let id = Uuid::now_v7();
    let mut tx = tx(world).await;
    sqlx::query(
        "insert into summaries (id, organization_id, session_id, client_id, state) values ($1, $2, $3, $4, 'done')",
    )
    .bind(id)
    .bind(world.organization)
    .bind(session_id)
    .bind(client_id)
    .execute(tx.conn())
    .await
    .expect("a summary");
    let claim = |section: Section, audience: Audience, words: &str| Claim {
        audience,
        action: (section == Section::ActionItems).then(|| ActionItem {
            owner: Owner::Coach,
            due_date: "2026-11-10".parse().ok(),
            due_words: Some("next Tuesday".into()),
        }),
        // In the coach's own words: it has no evidence.
        edited: true,
        support: Support::Own,
        ..Claim::new(section, format!("{words} {section} <of> {client_id}"))
    };
    let mut content = Content::default();
    for section in Section::ALL {
        if section.audience() == Audience::Client {
            content.claims.push(claim(section, Audience::Client, "shared"));
        }
        content.claims.push(claim(section, Audience::Coach, "private"));
    }
    let authorship = written_by("coach");
    add_version(&mut tx, id, &content, &authorship).await.expect("a version");
    tx.commit().await.expect("committed");
    (id, content.hash())
}

/// Approves version 1 like the review page.
async fn approve(world: &World, summary_id: Uuid, hash: &str, hold: Duration) -> Result<FollowUp, FollowUpError> {
    let mut tx = tx(world).await;
    sqlx::query("update summaries set state = 'approved', approved_version = 1, approved_hash = $2 where id = $1")
        .bind(summary_id)
        .bind(hash)
        .execute(tx.conn())
        .await
        .expect("an approval");
    let post = &world.services.desk.post;
    let (name, email): (String, Option<String>) =
        sqlx::query_as("select name, email from clients where id = (select client_id from summaries where id = $1)")
            .bind(summary_id)
            .fetch_one(tx.conn())
            .await
            .expect("the client");
    let recipient = Recipient::of(&name, email.as_deref());
    let approval = Approval { version: 1, content_hash: hash, recipient: recipient.as_ref(), as_they_are: false };
    let queued = follow_up::queue(&mut tx, post, summary_id, approval, hold).await?;
    tx.commit().await.expect("committed");
    Ok(queued)
}

async fn held(world: &World, summary_id: Uuid, hash: &str, hold: Duration) -> Uuid {
    match approve(world, summary_id, hash, hold).await {
        Ok(FollowUp::Held { mail_id }) => mail_id,
        other => panic!("a held follow-up, not {other:?}"),
    }
}

async fn move_priya(world: &World, email: Option<&str>) {
    let mut tx = tx(world).await;
    let update = sqlx::query("update clients set email = $2 where id = $1").bind(world.priya).bind(email);
    update.execute(tx.conn()).await.expect("an address");
    tx.commit().await.expect("committed");
}

pub(crate) async fn session_state(world: &World, session_id: Uuid) -> (String, Option<String>) {
    let mut tx = tx(world).await;
    sqlx::query_as("select state, failed_stage from sessions where id = $1")
        .bind(session_id)
        .fetch_one(tx.conn())
        .await
        .expect("the session")
}

#[tokio::test]
async fn the_client_gets_what_is_meant_for_the_client_and_the_last_one_closes_the_session() {
    let (world, smtp) = mailing_world().await;
    let session_id = session(&world).await;
    let (priyas, priyas_hash) = summary(&world, session_id, world.priya).await;
    let (toms, toms_hash) = summary(&world, session_id, world.tom).await;

    let mail_id = held(&world, priyas, &priyas_hash, NO_HOLD).await;
    attempt::<SendFollowUp>(&world).await.expect("it is sent");
    assert_eq!(row(&world, mail_id).await.state, "sent");
    assert_eq!(session_state(&world, session_id).await.0, "in_review", "Tom's summary still waits");
    held(&world, toms, &toms_hash, NO_HOLD).await;
    attempt::<SendFollowUp>(&world).await.expect("it is sent");
    assert_eq!(session_state(&world, session_id).await.0, "closed");

    let [letter, toms_letter]: [Letter; 2] = smtp.letters().try_into().expect("two letters");
    assert_eq!(
        (&letter.to[..], &toms_letter.to[..]),
        (&["priya@raman.example".into()][..], &["tom@becker.example".into()][..])
    );
    assert_eq!(letter.header("Reply-To"), ["Maya Okafor <maya@northlight.example>"]);
    assert_eq!(letter.header("Auto-Submitted"), Vec::<&str>::new(), "a person sends it");
    assert_eq!(letter.header("Subject"), ["Our session on Tuesday 3 November 2026"]);
    let (text, html) = (letter.text.split_whitespace().collect::<Vec<_>>().join(" "), letter.html);
    for section in ["wins", "challenges", "action_items", "recommendations"] {
        assert!(text.contains(&format!("shared {section} <of> {}", world.priya)), "{section} is missing: {text}");
        assert!(html.contains(&format!("shared {section} &lt;of&gt; {}", world.priya)), "{section} is missing: {html}");
    }
    for part in [&text, &html] {
        assert!(!part.contains("private"), "the coach's words stay with the coach: {part}");
        assert!(!part.contains(&world.tom.to_string()), "Tom's words stay with Tom: {part}");
        assert!(part.contains("Tuesday 10 November 2026") && part.contains("Hello Priya,"), "{part}");
    }
}

#[tokio::test]
async fn a_letter_states_no_date_that_is_only_estimated() {
    for (source, is_known) in [("object_time", false), ("path", true), ("person", true)] {
        let (world, smtp) = mailing_world().await;
        let session_id = session(&world).await;
        let mut tx = tx(&world).await;
        sqlx::query("update sessions set date_source = $1").bind(source).execute(tx.conn()).await.expect("an update");
        tx.commit().await.expect("committed");
        let (priya, hash) = summary(&world, session_id, world.priya).await;
        held(&world, priya, &hash, NO_HOLD).await;
        attempt::<SendFollowUp>(&world).await.expect("it is sent");
        let letters = smtp.letters();
        let letter = letters[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(letter.contains("on Tuesday 3 November 2026"), is_known, "{source}: {letter}");
        assert_eq!(letter.contains("Tuesday 10 November 2026"), is_known, "{source}: {letter}");
        assert_eq!(letter.contains("“next Tuesday”"), !is_known, "{source}: the words stand instead: {letter}");
        assert!(letter.contains("from our session"), "{source}: {letter}");
    }
}

#[tokio::test]
async fn a_held_follow_up_does_not_go_early_and_a_cancelled_one_not_at_all() {
    let (world, smtp) = mailing_world().await;
    let (summary_id, hash) = {
        let id = session(&world).await;
        summary(&world, id, world.priya).await
    };
    let mail_id = held(&world, summary_id, &hash, Duration::from_secs(600)).await;
    let Err(JobError::Snooze(left)) = attempt::<SendFollowUp>(&world).await else { panic!("the hold is not over") };
    assert!(left <= Duration::from_secs(600) && left > Duration::from_secs(500), "{left:?}");

    let mut tx = tx(&world).await;
    assert!(follow_up::cancel(&mut tx, summary_id).await.expect("the database answers"));
    assert!(!follow_up::cancel(&mut tx, summary_id).await.expect("the database answers"), "nothing is left to cancel");
    tx.commit().await.expect("committed");
    attempt::<SendFollowUp>(&world).await.expect("nothing to do is a success");
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("cancelled", 0));

    assert_eq!(held(&world, summary_id, &hash, NO_HOLD).await, mail_id, "approved again: the same mail");
    attempt::<SendFollowUp>(&world).await.expect("it is sent");
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("sent", 1));
    assert!(matches!(approve(&world, summary_id, &hash, NO_HOLD).await, Ok(FollowUp::AlreadyThere)));
}

#[tokio::test]
async fn an_approval_that_is_withdrawn_or_signs_something_else_sends_nothing() {
    let (world, smtp) = mailing_world().await;
    let (summary_id, hash) = {
        let id = session(&world).await;
        summary(&world, id, world.priya).await
    };
    assert!(matches!(approve(&world, summary_id, "another hash", NO_HOLD).await, Err(FollowUpError::Changed)));
    let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
    let mut tx = tx(&world).await;
    sqlx::query("update summaries set state = 'done', approved_version = null, approved_hash = null")
        .execute(tx.conn())
        .await
        .expect("withdrawn");
    tx.commit().await.expect("committed");
    attempt::<SendFollowUp>(&world).await.expect("nothing to do is a success");
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("cancelled", 0));
}

#[tokio::test]
async fn a_client_without_an_address_is_said_to_have_none() {
    let (world, _) = mailing_world().await;
    let (summary_id, hash) = {
        let id = session(&world).await;
        summary(&world, id, world.priya).await
    };
    for (email, expect) in
        [(None, FollowUp::NoEmail), (Some(" "), FollowUp::NoEmail), (Some("x@"), FollowUp::UnusableEmail)]
    {
        move_priya(&world, email).await;
        assert_eq!(approve(&world, summary_id, &hash, NO_HOLD).await.expect("approved"), expect, "{email:?}");
    }
    assert!(world.run_queued::<SendFollowUp>().await.is_none(), "nothing is to be sent");
}

#[tokio::test]
async fn a_clients_mail_whose_fate_is_unknown_is_never_sent_again_and_the_coach_is_told() {
    for local_part in ["dropped", "hung"] {
        let (world, smtp) = mailing_world().await;
        let session_id = session(&world).await;
        let (summary_id, hash) = summary(&world, session_id, world.priya).await;
        move_priya(&world, Some(&format!("{local_part}@raman.example"))).await;
        let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
        attempt::<SendFollowUp>(&world).await.expect("the job is done; a person decides");
        assert_eq!(row(&world, mail_id).await.state, "uncertain", "{local_part}");
        assert_eq!(session_state(&world, session_id).await, ("in_review".into(), Some("follow_up".into())));
        assert!(world.run_queued::<SendFollowUp>().await.is_none(), "nothing sends it again");
        attempt::<SendMail>(&world).await.expect("the coach is told");
        let to: Vec<String> = smtp.letters().into_iter().flat_map(|letter| letter.to).collect();
        assert_eq!(to, [format!("{local_part}@raman.example"), "maya@northlight.example".into()]);
    }
}

#[tokio::test]
async fn a_worker_killed_between_the_call_and_its_record_leaves_an_uncertain_mail() {
    let (world, smtp) = mailing_world().await;
    let (summary_id, hash) = {
        let id = session(&world).await;
        summary(&world, id, world.priya).await
    };
    move_priya(&world, Some("slow@raman.example")).await;
    let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
    let (job, ctx) = claim::<SendFollowUp>(&world).await;
    let killed = tokio::spawn(async move { job.run(&ctx).await });
    smtp.has_taken(1).await;
    killed.abort();
    assert!(killed.await.is_err(), "it was cut off in the middle of the call");
    attempt::<SendFollowUp>(&world).await.expect("the rescuer sends nothing");
    smtp.release();
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("uncertain", 1));
}

#[tokio::test]
async fn a_follow_up_of_unknown_fate_is_repeated_where_it_leaves_the_same_file() {
    let world = World::new().await;
    let session_id = session(&world).await;
    let (summary_id, hash) = summary(&world, session_id, world.priya).await;
    let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
    let mut tx = tx(&world).await;
    let vanished = sqlx::query("update mails set state = 'sending', fence = 1 where id = $1").bind(mail_id);
    vanished.execute(tx.conn()).await.expect("an attempt that vanished");
    tx.commit().await.expect("committed");
    attempt::<SendFollowUp>(&world).await.expect("it is written");
    assert_eq!(row(&world, mail_id).await.state, "sent");
    assert_eq!(letters_in(&world.folder.path().join("mail")).len(), 1);
    assert_eq!(session_state(&world, session_id).await, ("closed".into(), None));
}

#[tokio::test]
async fn a_follow_up_can_be_cancelled_until_the_message_flows() {
    let smtp = SmtpServer::start();
    let url = smtp.url().replace("timeout=2", "timeout=30");
    let world = World::with(|settings| settings.mail.url = url.into()).await;
    let (summary_id, hash) = {
        let id = session(&world).await;
        summary(&world, id, world.priya).await
    };
    let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
    smtp.hold("rcpt", "priya@raman.example");
    let (job, ctx) = claim::<SendFollowUp>(&world).await;
    let sending = tokio::spawn(async move { job.run(&ctx).await.map(|_| ()) });
    smtp.has_held().await;
    let mut tx = tx(&world).await;
    assert!(follow_up::cancel(&mut tx, summary_id).await.expect("the database answers"));
    tx.commit().await.expect("committed");
    smtp.release();
    sending.await.expect("it ran").expect("nothing to do is a success");
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("cancelled", 0));
}

#[tokio::test]
async fn two_workers_that_believe_they_own_the_job_send_once_and_the_straggler_settles_it() {
    let (world, smtp) = mailing_world().await;
    let session_id = session(&world).await;
    let (summary_id, hash) = summary(&world, session_id, world.priya).await;
    move_priya(&world, Some("slow@raman.example")).await;
    let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
    let (job, straggler) = claim::<SendFollowUp>(&world).await;
    let sending = tokio::spawn(async move { job.run(&straggler).await.map(|_| ()) });
    smtp.has_taken(1).await;
    attempt::<SendFollowUp>(&world).await.expect("its successor sends nothing");
    assert_eq!(row(&world, mail_id).await.state, "uncertain");
    smtp.release();
    assert!(matches!(sending.await.expect("it ran"), Err(JobError::Stale)));
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("sent", 1), "it knew better");
    assert_eq!(session_state(&world, session_id).await, ("closed".into(), None));
}

#[tokio::test]
async fn a_refused_follow_up_is_seen_on_the_session_and_by_the_coach() {
    let (world, smtp) = mailing_world().await;
    let session_id = session(&world).await;
    let (summary_id, hash) = summary(&world, session_id, world.priya).await;
    move_priya(&world, Some("refused@raman.example")).await;
    let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
    let (job, ctx) = claim::<SendFollowUp>(&world).await;
    let Err(JobError::Abort(error)) = job.run(&ctx).await else { panic!("it is refused") };
    job.on_dead(&ctx, &error).await.expect("it is marked");
    job.on_dead(&ctx, &error).await.expect("marked twice is marked once");
    assert_eq!(row(&world, mail_id).await.state, "failed");
    assert_eq!(session_state(&world, session_id).await, ("in_review".into(), Some("follow_up".into())));
    attempt::<SendMail>(&world).await.expect("the coach is told");
    assert!(world.run_queued::<SendMail>().await.is_none(), "once");
    let [letter]: [Letter; 1] = smtp.letters().try_into().expect("one letter");
    assert_eq!(letter.to, ["maya@northlight.example"]);
    assert!(letter.text.contains("didn’t accept the follow-up"), "{}", letter.text);
}

#[tokio::test]
async fn a_person_decides_what_becomes_of_a_follow_up_of_unknown_fate() {
    for (verdict, copies) in [(Verdict::Arrived, 1), (Verdict::SendAgain, 2)] {
        let (world, smtp) = mailing_world().await;
        let session_id = session(&world).await;
        let (summary_id, hash) = summary(&world, session_id, world.priya).await;
        move_priya(&world, Some("dropped@raman.example")).await;
        let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
        let decide = async |expect: bool| {
            let mut tx = tx(&world).await;
            assert_eq!(follow_up::decide(&mut tx, summary_id, verdict).await.expect("decided"), expect, "{verdict:?}");
            tx.commit().await.expect("committed");
        };
        decide(false).await;
        attempt::<SendFollowUp>(&world).await.expect("its fate is unknown");
        decide(true).await;
        decide(false).await;
        if verdict == Verdict::SendAgain {
            attempt::<SendFollowUp>(&world).await.expect("it is sent");
        }
        assert_eq!(row(&world, mail_id).await.state, "sent", "{verdict:?}");
        assert_eq!(session_state(&world, session_id).await, ("closed".into(), None), "{verdict:?}");
        let ids: Vec<String> = smtp.letters().into_iter().map(|letter| letter.message_id).collect();
        assert_eq!(ids, vec![format!("<{mail_id}@northlight.example>"); copies], "{verdict:?}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_while_a_mail_is_sent_does_not_make_its_fate_unknown() {
    let (world, smtp) = mailing_world().await;
    let session_id = session(&world).await;
    let (summary_id, hash) = summary(&world, session_id, world.priya).await;
    move_priya(&world, Some("slow@raman.example")).await;
    let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
    let (job, ctx) = claim::<SendFollowUp>(&world).await;
    let sending = tokio::spawn(async move { job.run(&ctx).await.map(|_| ()) });
    smtp.has_taken(1).await;
    world.database.shut().await;
    smtp.release();
    // The first attempt to finish fails because the database is shut, and there is no signal for that.
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.database.reopen().await;
    sending.await.expect("it ran").expect("it is done");
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("sent", 1));
    assert_eq!(session_state(&world, session_id).await.0, "closed");
}
