//! What an approval signs besides the content: the letter's recipient, and that it speaks to its reader.

use debrief_jobs::{
    db::Tx,
    review::actions::{ActionError, Approved},
};

use super::{approve, begin, edit, reword, scalar, shown};
use crate::support::{Reviewed, World};

async fn execute(world: &World, sql: &'static str) {
    let mut tx = begin(world).await;
    sqlx::query(sql).execute(tx.conn()).await.expect("it is done");
    tx.commit().await.expect("it commits");
}

/// A roster is read between loading the page and clicking its button.
#[tokio::test]
async fn an_approval_signs_the_recipient_that_was_shown() {
    for (change, words) in [
        (
            "update clients set email = 'p@elsewhere.example' where name = 'Priya Raman'",
            "from priya@raman.example to p@elsewhere.example",
        ),
        ("update clients set name = 'Tom Becker' where name = 'Priya Raman'", "from Priya Raman"),
        ("update clients set email = null where name = 'Priya Raman'", "was removed"),
    ] {
        let world = World::new().await;
        let reviewed = Reviewed::new(&world).await;
        reviewed.set_state(&world, "in_review").await;
        let signed = shown(&world, &reviewed).await;
        execute(&world, change).await;
        let refused = approve(&world, &reviewed, &signed).await.expect_err("somebody else would get it");
        assert!(
            matches!(refused, ActionError::RecipientChanged(_)) && refused.to_string().contains(words),
            "{refused}"
        );
        assert_eq!(scalar::<i64>(&world, "select count(*) from mails").await, 0);
        assert_eq!(scalar::<String>(&world, "select state from summaries").await, "done");
        assert_eq!(scalar::<i64>(&world, "select count(*) from audit_events where kind = 'approved'").await, 0);
    }
    // And if there was no address, nothing is sent.
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    execute(&world, "update clients set email = null").await;
    let signed = shown(&world, &reviewed).await;
    execute(&world, "update clients set email = 'p@raman.example' where name = 'Priya Raman'").await;
    let refused = approve(&world, &reviewed, &signed).await.expect_err("nobody was shown");
    assert!(refused.to_string().contains("was given the address p@raman.example"), "{refused}");

    let signed = shown(&world, &reviewed).await;
    approve(&world, &reviewed, &signed).await.expect("it is shown now");
    let audit: serde_json::Value = scalar(&world, "select detail from audit_events where kind = 'approved'").await;
    let recipient = audit["recipient_sha256"].as_str().expect("it says to whom");
    assert_eq!((recipient.len(), audit.to_string().contains("raman")), (64, false), "and no address");
    // An address in different case is the same address.
    execute(&world, "update clients set email = 'P@Raman.example' where name = 'Priya Raman'").await;
    assert!(matches!(approve(&world, &reviewed, &signed).await, Ok(Approved::Already)));
}

#[tokio::test]
async fn a_sentence_about_the_client_is_turned_or_asked_about() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let edits = reword(&world, &reviewed, 1, "Priya will call Lena about her plan, and she will send the notes.").await;
    edit(&world, &reviewed, 1, &edits).await.expect("it is saved");
    let signed = shown(&world, &reviewed).await;
    let refused = approve(&world, &reviewed, &signed).await.expect_err("whose plan is it");
    assert!(matches!(&refused, ActionError::SpeaksAbout { sentences, .. } if sentences.len() == 1), "{refused}");
    assert_eq!(scalar::<i64>(&world, "select count(*) from mails").await, 0);

    let edits = reword(&world, &reviewed, 2, "Priya will call Lena about the plan.").await;
    edit(&world, &reviewed, 2, &edits).await.expect("it is saved");
    let signed = shown(&world, &reviewed).await;
    approve(&world, &reviewed, &signed).await.expect("it is sure");
    let message: Vec<u8> = scalar(&world, "select message from mails where kind = 'follow_up'").await;
    let message = String::from_utf8(message).expect("a mail is text").replace("=\r\n", "");
    assert!(message.contains("You will call Lena about the plan."), "{message}");
    assert!(!message.contains("Priya will call"), "{message}");
}
