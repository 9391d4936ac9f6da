//! The recipient of a follow-up, from the approval to the server's "go ahead".

use std::time::Duration;

use debrief_jobs::{
    db::Tx,
    follow_up,
    mail::SendMail,
    path::SendFollowUp,
    queue::{Job, JobError},
};

use super::{NO_HOLD, held, move_priya, session, session_state, summary, tx};
use crate::{
    mail::{attempt, claim, mailing_world, row},
    support::{Letter, SmtpServer, World},
};

/// What a roster changes after the approval: the address of the letter, or the owner of the address.
#[tokio::test]
async fn a_recipient_that_changes_during_the_hold_stops_the_letter_and_the_coach_is_told() {
    for change in [
        "update clients set email = 'priya@elsewhere.example' where name = 'Priya Raman'",
        "update clients set email = null where name = 'Priya Raman'",
        "update clients set name = 'Tom Becker' where name = 'Priya Raman'",
    ] {
        let (world, smtp) = mailing_world().await;
        let session_id = session(&world).await;
        let (summary_id, hash) = summary(&world, session_id, world.priya).await;
        let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
        let mut changing = tx(&world).await;
        sqlx::query(change).execute(changing.conn()).await.expect("a roster");
        changing.commit().await.expect("committed");

        attempt::<SendFollowUp>(&world).await.expect("it is stopped");
        assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("cancelled", 0), "{change}");
        assert_eq!(session_state(&world, session_id).await, ("in_review".into(), Some("follow_up".into())));
        let mut reading = tx(&world).await;
        let (state, approved): (String, Option<i32>) = sqlx::query_as("select state, approved_version from summaries")
            .fetch_one(reading.conn())
            .await
            .expect("one");
        assert_eq!((state.as_str(), approved), ("done", None), "the approval has to be given again");
        drop(reading);
        attempt::<SendMail>(&world).await.expect("the coach is told");
        let [letter]: [Letter; 1] = smtp.letters().try_into().expect("one letter");
        assert_eq!(letter.to, ["maya@northlight.example"]);
        let text = letter.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("name or address changed after you approved the letter")
                && text.contains("approve it again")
                && text.contains("/r/")
                && !text.contains('@'),
            "{text}"
        );
        assert!(!letter.text.contains("finish") && !letter.text.contains("couldn’t"), "{text}");

        // Approved again, it goes to the approved recipient, and the mark is gone.
        move_priya(&world, Some("priya@elsewhere.example")).await;
        held(&world, summary_id, &hash, NO_HOLD).await;
        assert_eq!(session_state(&world, session_id).await.1, None);
        attempt::<SendFollowUp>(&world).await.expect("it is sent");
        assert_eq!(smtp.letters().last().expect("a letter").to, ["priya@elsewhere.example"], "{change}");
    }
}

/// A roster can also arrive between the server's greeting and its "go ahead".
#[tokio::test]
async fn a_recipient_that_changes_while_the_server_is_talked_to_gets_nothing() {
    let smtp = SmtpServer::start();
    let url = smtp.url().replace("timeout=2", "timeout=30");
    let world = World::with(|settings| settings.mail.url = url.into()).await;
    let session_id = session(&world).await;
    let (summary_id, hash) = summary(&world, session_id, world.priya).await;
    let mail_id = held(&world, summary_id, &hash, NO_HOLD).await;
    smtp.hold("rcpt", "priya@raman.example");
    let (job, ctx) = claim::<SendFollowUp>(&world).await;
    let sending = tokio::spawn(async move { job.run(&ctx).await.map(|_| ()) });
    smtp.has_held().await;
    move_priya(&world, Some("priya@elsewhere.example")).await;
    smtp.release();
    let again = sending.await.expect("it ran");
    assert!(matches!(again, Err(JobError::Retry { .. })), "{again:?}");
    assert_eq!((row(&world, mail_id).await.state.as_str(), smtp.letters().len()), ("queued", 0));
}

#[tokio::test]
async fn a_letter_that_is_approved_again_for_the_same_address_reads_as_it_would_now() {
    let (world, smtp) = mailing_world().await;
    let session_id = session(&world).await;
    let (summary_id, hash) = summary(&world, session_id, world.priya).await;
    let mail_id = held(&world, summary_id, &hash, Duration::from_secs(600)).await;
    let mut changing = tx(&world).await;
    assert!(follow_up::cancel(&mut changing, summary_id).await.expect("the database answers"));
    sqlx::query("update clients set name = 'Pria Raman' where id = $1")
        .bind(world.priya)
        .execute(changing.conn())
        .await
        .expect("a name");
    changing.commit().await.expect("committed");
    attempt::<SendFollowUp>(&world).await.expect("nothing to do is a success");
    assert_eq!(held(&world, summary_id, &hash, NO_HOLD).await, mail_id);
    attempt::<SendFollowUp>(&world).await.expect("it is sent");
    let [letter]: [Letter; 1] = smtp.letters().try_into().expect("one letter");
    assert!(letter.text.contains("Hello Pria,"), "{}", letter.text);
}
