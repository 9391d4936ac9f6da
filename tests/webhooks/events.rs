//! Which events come of what happens: each exactly once, also where a job dies or is told of twice.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use debrief_jobs::{
    audit::Visitor,
    correct::{self, When},
    db::Tx,
    export::{self, ExportOrganization},
    goals::{self, NewGoal},
    index::IndexSession,
    ingest::ScanInbox,
    mail::SendMail,
    model::{GoalState, ItemState, Section, SessionState, summary, told::Told},
    path::{AttributeSession, ParseTranscript, RequestReview, SendFollowUp, SummarizeClient},
    queue::{Context, JobInfo},
    review::{
        actions,
        edit::{self, Edits},
        refining, settle,
        view::view,
    },
    webhook::{self, Deliver},
};
use serde_json::Value;
use uuid::Uuid;

use super::{begin, listen, log, world};
use crate::support::{Reviewed, Runnable, World, receiver::Receiver};

/// A world in which someone hears everything.
async fn heard() -> (World, Reviewed) {
    let world = world().await;
    let reviewed = Reviewed::new(&world).await;
    listen(&world, &Receiver::start([]).await.url, &[]).await;
    world.leaves::<Deliver>();
    (world, reviewed)
}

/// The types of the events so far, in their order.
pub(super) async fn kinds(world: &World) -> Vec<String> {
    events(world).await.iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
}

async fn events(world: &World) -> Vec<Value> {
    let mut log = log(world).await;
    log.sort_by_key(|delivery| delivery.created_at);
    log.iter().map(|delivery| serde_json::from_str(&delivery.body).expect("JSON")).collect()
}

/// A job's death is told twice, as if a worker had died in between.
async fn die<J: Runnable>(world: &World, job: &J) {
    let info = JobInfo {
        id: Uuid::now_v7(),
        kind: J::KIND,
        organization: Some(world.organization),
        attempt: 5,
        max_attempts: 5,
        fence: 1,
        correlation_id: Uuid::now_v7(),
    };
    let context = Context::new(J::needs(&world.services), world.database.db.clone(), info);
    for _ in 0..2 {
        job.on_dead(&context, "it is broken").await.expect("it is told");
    }
}

/// Looks into the inbox twice, as a file has to stay as it is.
async fn scan(world: &World) {
    for _ in 0..2 {
        let _ = world.run_installation(&ScanInbox {}).await;
    }
}

#[tokio::test]
async fn a_file_is_received_read_asked_about_or_rejected() {
    let world = world().await;
    listen(&world, &Receiver::start([]).await.url, &[]).await;
    world.leaves::<Deliver>();
    let key = "inbox/maya/2026-11-02/talk.vtt";
    world.services.bucket.put(key, "\u{1}\u{2}\u{3} no words").await.expect("it is put");
    scan(&world).await;
    world.run_queued::<ParseTranscript>().await.expect("a job").expect("it runs");
    assert_eq!(kinds(&world).await, ["session.received", "session.rejected"]);

    let talk = "WEBVTT\n\n00:01.000 --> 00:09.000\n<v Maya Okafor>How did the meeting go?\n\n00:10.000 --> 00:19.000\n<v Xq7>It went well.\n";
    world.services.bucket.put(key, talk).await.expect("it is put");
    scan(&world).await;
    world.run_queued::<ParseTranscript>().await.expect("a job").expect("it runs");
    world.run_queued::<AttributeSession>().await.expect("a job").expect("it runs");
    let again = ["session.received", "session.parsed", "session.waiting_for_speakers"];
    assert_eq!(kinds(&world).await[2..], again, "the same session begins anew");
}

#[tokio::test]
async fn what_a_coach_decides_is_told() {
    let (world, reviewed) = heard().await;
    let (session, summary_id, visitor) = (reviewed.session, reviewed.summary, Visitor::default());
    world.run(&RequestReview { session_id: session }).await.expect("the review is asked for");
    let signed = async || {
        let shown = view(&mut begin(&world).await, session).await.expect("it reads").expect("it is there");
        shown.summaries[0].signed()
    };
    let approve = async || {
        let mut tx = begin(&world).await;
        let signed = signed().await;
        for _ in 0..2 {
            actions::approve(&mut tx, &world.services.desk, session, summary_id, &signed, &visitor)
                .await
                .expect("it is open");
        }
        tx.commit().await.expect("it is committed");
    };
    approve().await;
    let mut tx = begin(&world).await;
    for _ in 0..2 {
        actions::cancel_follow_up(&mut tx, session, summary_id, &visitor).await.expect("it is held");
    }
    for _ in 0..2 {
        actions::dismiss(&mut tx, session, summary_id, &visitor).await.expect("it is open");
    }
    for _ in 0..2 {
        actions::reopen(&mut tx, session, summary_id, &visitor).await.expect("it is dismissed");
    }
    let content = summary::load_version(&mut tx, summary_id, 1).await.expect("it reads");
    let claim = content.claims.iter().find(|claim| claim.section == Section::Wins).expect("a win");
    let edits = Edits { texts: HashMap::from([(claim.id, "You ran the meeting.".into())]), ..Edits::default() };
    for _ in 0..2 {
        edit::edit(&mut tx, session, summary_id, 1, &edits, &visitor).await.expect("it is open");
    }
    tx.commit().await.expect("it is committed");
    let newest = signed().await;
    let shown = actions::ShownVersion { version: newest.version, hash: newest.hash };
    let mut tx = begin(&world).await;
    refining::undo(&mut tx, session, summary_id, &shown, &visitor).await.expect("it is undone");
    tx.commit().await.expect("it is committed");
    approve().await;
    // The words of another day: what was approved is written again.
    let when = When { date: NaiveDate::from_ymd_opt(2026, 10, 5).expect("a day"), time: None };
    let mut tx = begin(&world).await;
    for _ in 0..2 {
        correct::set_date(&mut tx, session, when, &visitor).await.expect("nothing was sent");
    }
    tx.commit().await.expect("it is committed");
    let expected = [
        "session.in_review",
        "summary.approved",
        "summary.reopened",
        // With the only summary dismissed, nothing is left to do.
        "summary.dismissed",
        "session.closed",
        "session.in_review",
        "summary.reopened",
        "summary.edited",
        "summary.edited",
        "summary.approved",
        "summary.reopened",
        "session.attributed",
    ];
    assert_eq!(kinds(&world).await, expected);
    let events = events(&world).await;
    let data = &events[9]["data"];
    let (id, client) = (summary_id.to_string(), world.priya.to_string());
    assert_eq!((data["summary_id"].as_str(), data["client_id"].as_str()), (Some(&*id), Some(&*client)));
    assert_eq!((&data["version"], &data["state"]), (&3.into(), &"approved".into()));
    assert_eq!(events[10]["data"]["state"], "due");
    world.leaves::<SendFollowUp>();
}

/// Whoever heard of a decision hears that it ended with the words it was about.
#[tokio::test]
async fn a_decision_about_other_words_is_taken_back() {
    let (world, reviewed) = heard().await;
    let decided = "update summaries set state = 'dismissed' where session_id = $1";
    let taken_back = ["summary.reopened", "session.attributed"];
    // Half of her words are under another entry for her.
    reviewed.set_state(&world, "in_review").await;
    for sql in [
        decided,
        "update utterances set label = 'Tom Becker' where session_id = $1 and position in (3, 5)",
        "insert into participants (id, organization_id, session_id, kind, client_id, name)
         select gen_random_uuid(), organization_id, $1, 'client', id, name from clients where name = 'Tom Becker'",
        "insert into attributions (organization_id, session_id, label, participant_id, confidence, reason)
         select organization_id, session_id, name, id, 1, 'the roster' from participants
         where session_id = $1 and name = 'Tom Becker'",
    ] {
        world.execute(sql, reviewed.session).await;
    }
    correct::merge_clients(&world.database.db, "maya", "Tom Becker", "Priya Raman", (true, false))
        .await
        .expect("they are one");
    assert_eq!(kinds(&world).await, taken_back);

    reviewed.set_state(&world, "parsed").await;
    for sql in [decided, "update sessions set words_replaced_at = clock_timestamp() where id = $1"] {
        world.execute(sql, reviewed.session).await;
    }
    world.run(&AttributeSession { session_id: reviewed.session }).await.expect("they are known");
    assert_eq!(kinds(&world).await[2..], taken_back, "it is found anew who spoke");
}

/// The row and the body say the same, also where several events come of one transaction.
#[tokio::test]
async fn an_event_has_one_time() {
    let (world, reviewed) = heard().await;
    let mut tx = begin(&world).await;
    for state in [SessionState::InReview, SessionState::Closed] {
        webhook::emit(&mut tx, &webhook::Event::session(reviewed.session, state)).await.expect("it is emitted");
    }
    tx.commit().await.expect("it is committed");
    let log = log(&world).await;
    for delivery in &log {
        let event: Value = serde_json::from_str(&delivery.body).expect("JSON");
        let said: DateTime<Utc> = event["created_at"].as_str().expect("a time").parse().expect("RFC 3339");
        assert_eq!(said, delivery.created_at);
    }
    assert!(log[0].created_at > log[1].created_at, "in their order");
}

#[tokio::test]
async fn what_becomes_of_action_items_and_goals_is_told() {
    let (world, reviewed) = heard().await;
    let visitor = Visitor::default();
    let mut tx = begin(&world).await;
    let content = summary::load_version(&mut tx, reviewed.summary, 1).await.expect("it reads");
    let item = content.claims.iter().find(|claim| claim.action.is_some()).expect("an action item");
    for _ in 0..2 {
        settle::settle(&mut tx, item.id, ItemState::Done, &Told::default(), &visitor).await.expect("it is settled");
    }
    let new = NewGoal { client: world.priya, text: "Lead the team.", due: None, claim: None };
    let goal = goals::create(&mut tx, &new, &visitor).await.expect("it is set");
    for _ in 0..2 {
        let now = goals::hold(&mut tx, goal.id).await.expect("it reads").expect("it is there");
        goals::settle(&mut tx, &now, GoalState::Achieved, &Told::default(), &visitor).await.expect("it is achieved");
    }
    let now = goals::hold(&mut tx, goal.id).await.expect("it reads").expect("it is there");
    goals::remove(&mut tx, &now, &visitor).await.expect("it is removed");
    tx.commit().await.expect("it is committed");
    assert_eq!(kinds(&world).await, ["action_item.settled", "goal.changed", "goal.changed", "goal.removed"]);
    let events = events(&world).await;
    let (settled, achieved) = (&events[0]["data"], &events[2]["data"]);
    assert_eq!((&settled["item_id"], &settled["state"]), (&item.lasting_id.to_string().into(), &"done".into()));
    assert_eq!(settled["session_id"], reviewed.session.to_string());
    assert_eq!(
        (&achieved["goal_id"], &achieved["client_id"]),
        (&goal.id.to_string().into(), &world.priya.to_string().into())
    );
    assert_eq!(events[3]["data"]["goal_id"], goal.id.to_string());
    assert!(!serde_json::to_string(&events).expect("JSON").contains("Lead"), "no words");
}

#[tokio::test]
async fn a_mail_is_told_of_once_whatever_becomes_of_it() {
    let (world, reviewed) = heard().await;
    world.run(&RequestReview { session_id: reviewed.session }).await.expect("the review is asked for");
    let (job, _context) = world.claim_queued::<SendMail>().await.expect("a mail is queued");
    die(&world, &job).await;
    assert_eq!(kinds(&world).await, ["session.in_review", "mail.failed"]);
    world
        .execute("update jobs set state = 'due', leased_until = null, leased_by = null where id = $1", _context.job.id)
        .await;
    world.run_queued::<SendMail>().await.expect("a mail is queued").expect("it is sent after all");
    let events = events(&world).await;
    let sent = &events[2];
    assert_eq!((sent["type"].as_str(), sent["data"]["kind"].as_str()), (Some("mail.sent"), Some("review_request")));
    assert_eq!((&sent["data"]["mail_id"], &sent["data"]["state"]), (&job.mail_id.to_string().into(), &"sent".into()));
    let words = serde_json::to_string(&events).expect("JSON");
    for secret in ["maya@", "Maya", "Priya", "release notes"] {
        assert!(!words.contains(secret), "an event has no {secret}: {words}");
    }
}

#[tokio::test]
async fn a_stage_that_fails_is_told_of_once() {
    let (world, reviewed) = heard().await;
    let session_id = reviewed.session;
    die(&world, &AttributeSession { session_id }).await;
    die(&world, &IndexSession { session_id }).await;
    world.execute("update summaries set state = 'due', version = 0 where id = $1", reviewed.summary).await;
    die(&world, &SummarizeClient { summary_id: reviewed.summary }).await;
    let events = events(&world).await;
    let failed: Vec<_> = events.iter().filter(|event| event["type"] == "session.failed").collect();
    let stages: Vec<&str> = failed.iter().filter_map(|event| event["data"]["stage"].as_str()).collect();
    assert_eq!(stages, ["attribute", "index", "summarize"], "{events:?}");
    assert_eq!(failed[2]["data"]["summary_id"], reviewed.summary.to_string());
    assert_eq!(failed[2]["data"]["client_id"], world.priya.to_string());
}

#[tokio::test]
async fn an_export_is_told_of_when_it_is_complete_and_when_it_has_failed() {
    let (world, _) = heard().await;
    let mut tx = begin(&world).await;
    let export_id = export::start(&mut tx).await.expect("it starts");
    tx.commit().await.expect("it is committed");
    die(&world, &ExportOrganization { export_id }).await;
    world.run_queued::<ExportOrganization>().await.expect("a job").expect("it is published");
    let events = events(&world).await;
    let told: Vec<_> = events.iter().map(|event| (event["type"].as_str(), event["data"]["state"].as_str())).collect();
    assert_eq!(told, [(Some("export.failed"), Some("failed")), (Some("export.finished"), Some("finished"))]);
    assert_eq!(events[0]["data"]["export_id"], export_id.to_string());
}

#[tokio::test]
async fn an_event_belongs_to_its_transaction() {
    let (world, reviewed) = heard().await;
    let mut tx = begin(&world).await;
    webhook::emit(&mut tx, &webhook::Event::session(reviewed.session, SessionState::Closed))
        .await
        .expect("it is emitted");
    drop(tx);
    assert!(log(&world).await.is_empty(), "what is rolled back didn't happen");
}
