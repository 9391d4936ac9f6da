//! A worker killed while sending: before the message is transmitted, nothing is lost or duplicated; in the gap after
//! the final dot, the rule applies.

use serde_json::Value;

use super::{CLIENT, COACH, Hold, LEASE, Scene};

/// A kind of job that sends, and to whom: the review request to the coach, the follow-up to the client.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Mail,
    FollowUp,
}

/// How far the conversation with the mail server has got.
#[derive(Clone, Copy)]
enum Moment {
    /// The server hasn't answered RCPT.
    Recipient,
    /// The server hasn't answered DATA.
    Data,
    /// The server waits for the message, and `sending` is written but not committed.
    Mark,
}

impl Sender {
    fn kind(self) -> &'static str {
        match self {
            Self::Mail => "mail.send",
            Self::FollowUp => "follow_up.send",
        }
    }

    fn to(self) -> &'static str {
        match self {
            Self::Mail => COACH,
            Self::FollowUp => CLIENT,
        }
    }

    /// A scene in which the email is the next thing to be sent.
    async fn scene(self) -> Scene {
        let scene = Scene::new(LEASE).await;
        if self == Self::FollowUp {
            scene.drain().await;
            scene.approve().await;
        }
        scene
    }

    /// Continues from the kill to the end of the path.
    async fn finish(self, scene: &Scene) {
        scene.drain().await;
        if self == Self::Mail {
            scene.approve().await;
            scene.drain().await;
        }
    }
}

async fn killed_before_the_message(sender: Sender, moment: Moment) {
    let scene = sender.scene().await;
    let hold = match moment {
        Moment::Recipient => Err("rcpt"),
        Moment::Data => Err("data"),
        Moment::Mark => {
            let condition = format!("new.state = 'sending' and new.recipient = '{}'", sender.to());
            Ok(Hold::new(&scene, "update", "mails", &condition).await)
        }
    };
    match hold {
        Ok(mut hold) => {
            let worker = scene.installation.start(&["work"]);
            hold.catches().await;
            scene.is_quiet_but_for(sender.kind()).await;
            worker.kill();
            hold.lift().await;
        }
        Err(step) => {
            scene.smtp.hold(step, sender.to());
            let worker = scene.installation.start(&["work"]);
            scene.smtp.has_held().await;
            scene.is_quiet_but_for(sender.kind()).await;
            worker.kill();
        }
    }
    let unmarked = "select not exists (select from mails where state = 'sending')";
    assert!(scene.is(unmarked).await, "what did not flow is not marked");
    sender.finish(&scene).await;
    scene.assert_ended_well(&format!("in {} before the message flows", sender.kind())).await;
}

/// Kills the worker when the server has accepted the email but nothing is committed.
async fn killed_in_the_gap(sender: Sender) -> Scene {
    let scene = sender.scene().await;
    let mut hold = Hold::finish_of(&scene, sender.kind()).await;
    let worker = scene.installation.start(&["work"]);
    hold.catches().await;
    scene.is_quiet_but_for(sender.kind()).await;
    assert!(scene.receivers().iter().any(|receiver| receiver == sender.to()), "the server has taken it");
    worker.kill();
    hold.lift().await;
    scene.drain().await;
    scene
}

/// The Message-IDs of the emails a recipient received, in order.
fn message_ids(scene: &Scene, to: &str) -> Vec<String> {
    scene.smtp.letters().into_iter().filter(|letter| letter.to == [to]).map(|letter| letter.message_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coachs_mail_whose_recipient_is_not_answered_to() {
    killed_before_the_message(Sender::Mail, Moment::Recipient).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coachs_mail_whose_data_is_not_answered_to() {
    killed_before_the_message(Sender::Mail, Moment::Data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coachs_mail_that_is_being_marked() {
    killed_before_the_message(Sender::Mail, Moment::Mark).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_mail_whose_recipient_is_not_answered_to() {
    killed_before_the_message(Sender::FollowUp, Moment::Recipient).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_mail_whose_data_is_not_answered_to() {
    killed_before_the_message(Sender::FollowUp, Moment::Data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clients_mail_that_is_being_marked() {
    killed_before_the_message(Sender::FollowUp, Moment::Mark).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_gap_a_coachs_mail_is_received_again_under_the_same_message_id() {
    let scene = killed_in_the_gap(Sender::Mail).await;
    let ids = message_ids(&scene, COACH);
    assert!(matches!(&ids[..], [first, again] if first == again), "{ids:?}");
    scene.approve().await;
    scene.drain().await;
    assert_eq!(scene.session().await["state"], "closed");
    assert_eq!(scene.receivers(), [COACH, COACH, COACH, CLIENT]);
    scene.assert_at_rest("in the gap").await;
}

/// The client's email of unknown fate, as the people concerned see it.
async fn an_uncertain_follow_up() -> (Scene, String) {
    let scene = killed_in_the_gap(Sender::FollowUp).await;
    assert_eq!(message_ids(&scene, CLIENT).len(), 1, "it is not sent again");
    let session = scene.session().await;
    assert_eq!((&session["state"], &session["failed_stage"]), (&"in_review".into(), &"follow_up".into()), "{session}");
    let follow_up = session["mails"].as_array().expect("mails").iter().find(|mail| mail["kind"] == "follow_up");
    let follow_up = follow_up.expect("the follow-up is in the ledger");
    assert_eq!((&follow_up["state"], &follow_up["client"]), (&"uncertain".into(), &"Priya Raman".into()));
    let told =
        scene.smtp.letters().into_iter().filter(|letter| letter.to == [COACH]).any(|letter| {
            letter.text.split_whitespace().collect::<Vec<_>>().join(" ").contains("may or may not have it")
        });
    assert!(told, "the coach is told");
    let id = session["id"].as_str().expect("an id").to_owned();
    let shown = scene.installation.run(&["sessions", "show", &id]).await;
    assert!(shown.contains("uncertain") && shown.contains("debrief sessions follow-up"), "{shown}");
    (scene, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_gap_a_clients_mail_is_received_once_and_a_person_says_that_it_arrived() {
    let (scene, id) = an_uncertain_follow_up().await;
    for (wrong, code) in [(&["--client", "Priya Raman"][..], 2), (&["--client", "Nobody", "--arrived"][..], 1)] {
        let output = scene.installation.output(&[&["sessions", "follow-up", &id], wrong].concat()).await;
        assert_eq!(output.status.code(), Some(code), "{wrong:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let arrived = ["sessions", "follow-up", &id, "--client", "priya raman", "--arrived"];
    scene.installation.run(&arrived).await;
    let session = scene.session().await;
    assert_eq!((&session["state"], &session["failed_stage"]), (&"closed".into(), &Value::Null), "{session}");
    let again = scene.installation.output(&arrived).await;
    assert_eq!(again.status.code(), Some(1), "there is nothing to decide any more");
    assert!(String::from_utf8_lossy(&again.stderr).contains("is sent"), "{again:?}");
    scene.drain().await;
    // The review request, the rollup, and the request for a decision.
    assert_eq!(scene.receivers(), [COACH, COACH, COACH, CLIENT]);
    scene.assert_at_rest("in the gap").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_gap_a_clients_mail_goes_again_when_a_person_says_so() {
    let (scene, id) = an_uncertain_follow_up().await;
    let client = scene.session().await["summaries"][0]["client_id"].as_str().expect("the client's id").to_owned();
    scene.installation.run(&["sessions", "follow-up", &id, "--client", &client, "--send-again"]).await;
    scene.drain().await;
    let session = scene.session().await;
    assert_eq!((&session["state"], &session["failed_stage"]), (&"closed".into(), &Value::Null), "{session}");
    let ids = message_ids(&scene, CLIENT);
    assert!(matches!(&ids[..], [first, again] if first == again), "{ids:?}");
    scene.assert_at_rest("in the gap").await;
}
