//! What becomes of an approval: the letter is held, sent, stopped, or not to be sent.

use debrief_jobs::model::SessionStatus::{self, InReview, Sending};

use super::*;

#[tokio::test]
async fn a_client_without_an_email_is_approved_and_not_sent() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let mut tx = begin(&world).await;
    sqlx::query("update clients set email = null where id = $1")
        .bind(world.priya)
        .execute(tx.conn())
        .await
        .expect("it is cleared");
    tx.commit().await.expect("it commits");
    let signed = shown(&world, &reviewed).await;
    assert_eq!(approve(&world, &reviewed, &signed).await.expect("it is approved"), Approved::NotSent);
    assert_eq!(scalar::<String>(&world, "select state from sessions").await, "closed");
    assert_eq!(scalar::<i64>(&world, "select count(*) from mails where kind = 'follow_up'").await, 0);

    // With an email address, the approval is revoked and given again, and now the letter is sent.
    let mut tx = begin(&world).await;
    sqlx::query("update clients set email = 'p@raman.example' where id = $1")
        .bind(world.priya)
        .execute(tx.conn())
        .await
        .expect("it is set");
    actions::cancel_follow_up(&mut tx, reviewed.session, reviewed.summary, &Visitor::default())
        .await
        .expect("it is open again");
    tx.commit().await.expect("it commits");
    assert_eq!(scalar::<String>(&world, "select state from sessions").await, "in_review");
    let signed = shown(&world, &reviewed).await;
    assert!(matches!(approve(&world, &reviewed, &signed).await, Ok(Approved::Queued(_))));
}

#[tokio::test]
async fn a_held_follow_up_can_be_stopped_changed_and_approved_again() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let signed = shown(&world, &reviewed).await;
    approve(&world, &reviewed, &signed).await.expect("it is approved");
    let mut tx = begin(&world).await;
    actions::cancel_follow_up(&mut tx, reviewed.session, reviewed.summary, &Visitor::default())
        .await
        .expect("it is stopped");
    tx.commit().await.expect("it commits");
    assert_eq!(scalar::<String>(&world, "select state from mails where kind = 'follow_up'").await, "cancelled");
    let edits = reword(&world, &reviewed, 1, "Shorter.").await;
    edit(&world, &reviewed, 1, &edits).await.expect("it is open to edits");
    assert!(matches!(approve(&world, &reviewed, &shown(&world, &reviewed).await).await, Ok(Approved::Queued(_))));

    // Once it is being sent, it is too late.
    let mut tx = begin(&world).await;
    sqlx::query("update mails set state = 'sending' where state = 'queued'").execute(tx.conn()).await.expect("it goes");
    let late = actions::cancel_follow_up(&mut tx, reviewed.session, reviewed.summary, &Visitor::default()).await;
    assert!(matches!(late, Err(ActionError::TooLate)));
}

#[tokio::test]
async fn dismissing_every_summary_closes_the_session() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let mut tx = begin(&world).await;
    let (failed, content) = (Uuid::now_v7(), debrief_jobs::model::Content::default());
    add_summary(&mut tx, reviewed.session, failed, world.tom, &content).await;
    sqlx::query("update summaries set state = 'failed', failed_reason = 'x', version = 0 where id = $1")
        .bind(failed)
        .execute(tx.conn())
        .await
        .expect("it failed");
    for summary in [reviewed.summary, failed, failed] {
        actions::dismiss(&mut tx, reviewed.session, summary, &Visitor::default()).await.expect("it is put aside");
    }
    tx.commit().await.expect("it commits");
    assert_eq!(scalar::<String>(&world, "select state from sessions").await, "closed");
    assert_eq!(scalar::<i64>(&world, "select count(*) from audit_events where kind = 'dismissed'").await, 2);

    // A mistaken click can be undone: each is what it was before, and the session is open again.
    let mut tx = begin(&world).await;
    for summary in [reviewed.summary, failed] {
        actions::reopen(&mut tx, reviewed.session, summary, &Visitor::default()).await.expect("it is taken up again");
    }
    tx.commit().await.expect("it commits");
    assert_eq!(scalar::<String>(&world, "select state from sessions").await, "in_review");
    assert_eq!(
        scalar::<String>(&world, "select string_agg(state, ',' order by state) from summaries").await,
        "done,failed"
    );
}

/// Lists show what people need to know: whether the coach is needed, or a letter is being sent.
#[tokio::test]
async fn a_session_whose_letters_are_approved_needs_nobody() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let listed = async || {
        let listed = debrief_jobs::model::listing::session(&mut begin(&world).await, reviewed.session).await;
        listed.expect("it reads").expect("it is there").session.state
    };
    assert_eq!(listed().await, InReview);
    let signed = shown(&world, &reviewed).await;
    approve(&world, &reviewed, &signed).await.expect("it is approved");
    for (mail, state) in
        [("queued", SessionStatus::Approved), ("sending", Sending), ("failed", InReview), ("uncertain", InReview)]
    {
        let mut tx = begin(&world).await;
        sqlx::query("update mails set state = $1 where kind = 'follow_up'")
            .bind(mail)
            .execute(tx.conn())
            .await
            .expect("the letter is there");
        tx.commit().await.expect("it commits");
        assert_eq!(listed().await, state, "{mail}");
    }
    let filter =
        |state: SessionStatus| debrief_jobs::model::listing::Filter { state: Some(state), ..Default::default() };
    let found = async |state| {
        debrief_jobs::model::listing::sessions(&mut begin(&world).await, &filter(state)).await.expect("it reads").len()
    };
    assert_eq!((found(InReview).await, found(SessionStatus::Approved).await), (1, 0));
}

#[tokio::test]
async fn two_browsers_that_approve_at_once_send_once() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let signed = shown(&world, &reviewed).await;
    let (one, other) = tokio::join!(approve(&world, &reviewed, &signed), approve(&world, &reviewed, &signed));
    let already = [one, other].into_iter().filter(|result| matches!(result, Ok(Approved::Already))).count();
    assert_eq!(already, 1);
    assert_eq!(scalar::<i64>(&world, "select count(*) from mails where kind = 'follow_up'").await, 1);
}

#[tokio::test]
async fn an_approval_signs_what_was_shown_and_sends_once() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let signed = shown(&world, &reviewed).await;
    let Approved::Queued(_) = approve(&world, &reviewed, &signed).await.expect("it is approved") else {
        panic!("Priya has an email")
    };
    assert_eq!(approve(&world, &reviewed, &signed).await.expect("twice is once"), Approved::Already);
    assert_eq!(scalar::<i64>(&world, "select count(*) from mails where kind = 'follow_up' and recipient = 'priya@raman.example' and due_at > now() + interval '9 minutes'").await, 1);
    let stored: String = scalar(&world, "select approved_hash from summaries").await;
    assert_eq!(stored, signed.hash);
    let audit: serde_json::Value =
        scalar(&world, "select to_jsonb(audit_events) from audit_events where kind = 'approved'").await;
    assert_eq!(audit["detail"]["hash"], signed.hash);
    assert_eq!((audit["address"].as_str(), audit["agent"].as_str()), (Some("192.0.2.7"), Some("a browser")));
}
