//! The voice profile: learned from what a coach changes and approves, used where the coach wants it, and never with one
//! client's words in another client's summary.

use std::collections::HashMap;

use debrief_jobs::{
    audit::Visitor,
    correct::{Answer, SpeakerIs},
    db::Tx,
    model::{Claim, Content, Evidence, Section, summary},
    review::{
        actions,
        edit::{self, Edits},
    },
    voice::{self, NewRule, Profile, VoiceError},
};
use serde_json::json;
use uuid::Uuid;

use super::{Reviewed, begin, newest, refine, shown, signed, world_with};
use crate::{
    summarize::{GROUP, PRIYA, stage, texts},
    support::{LlmServer, Reply, World, reviewed::add_summary},
};

async fn profile(world: &World) -> Profile {
    voice::profile(&mut begin(world).await, world.coach, None).await.expect("it reads")
}

/// Rewords the first claim and approves the version.
async fn reword_and_approve(world: &World, reviewed: &Reviewed, words: &str) {
    reviewed.set_state(world, "in_review").await;
    let (content, shown) = (newest(world, reviewed).await, shown(world, reviewed).await);
    let texts = HashMap::from([(content.claims[0].id, words.to_owned())]);
    let mut tx = begin(world).await;
    let edits = Edits { texts, ..Edits::default() };
    let (session, summary, visitor) = (reviewed.session, reviewed.summary, Visitor::default());
    edit::edit(&mut tx, session, summary, shown.version, &edits, &visitor).await.expect("it is saved");
    tx.commit().await.expect("it commits");
    approve(world, reviewed).await;
}

async fn approve(world: &World, reviewed: &Reviewed) {
    let signed = signed(world, reviewed).await;
    let mut tx = begin(world).await;
    let (session, summary, visitor) = (reviewed.session, reviewed.summary, Visitor::default());
    actions::approve(&mut tx, &world.services.desk, session, summary, &signed, &visitor).await.expect("it is approved");
    tx.commit().await.expect("it commits");
}

#[tokio::test]
async fn what_is_changed_twice_is_suggested_and_used_once_it_is_switched_on() {
    let nothing = || Reply::Answer(json!({ "claims": [] }));
    let server = LlmServer::start([nothing(), nothing(), nothing()]).await;
    let world = world_with(&server).await;
    let words = "You led the planning meeting yourself and kept it to half an hour.";
    for expect in [0, 1] {
        reword_and_approve(&world, &Reviewed::new(&world).await, words).await;
        assert_eq!(profile(&world).await.rules.len(), expect, "two summaries make a suggestion");
    }
    let learned = profile(&world).await;
    let rule = &learned.rules[0];
    assert_eq!((rule.text.as_str(), rule.active), ("\u{201c}led\u{201d} instead of \u{201c}ran\u{201d}", false));
    assert_eq!(learned.examples.len(), 2);
    assert_eq!((learned.examples[0].client.as_str(), learned.examples[0].after.as_str()), ("Priya Raman", words));

    // A suggestion isn't used until the coach turns it on.
    let before = stage(&world, PRIYA).await;
    world.run(&before.priya).await.expect("it is written");
    let mut tx = begin(&world).await;
    voice::switch(&mut tx, world.coach, rule.id, true).await.expect("it is switched on");
    voice::add(&mut tx, world.coach, NewRule::Said("say you to the client".into())).await.expect("it is added");
    tx.commit().await.expect("it commits");
    let after = stage(&world, GROUP).await;
    world.run(&after.priya).await.expect("it is written");
    world.run(&after.tom.expect("Tom is there")).await.expect("it is written");
    let message = |request: usize, at: usize| {
        server.requests()[request]["messages"][at]["content"].as_str().expect("words").to_owned()
    };
    assert!(!message(0, 0).contains("\"led\""), "{}", message(0, 0));
    for request in [1, 2] {
        assert!(message(request, 0).contains("- Write \"led\" and not \"ran\"."), "{}", message(request, 0));
        assert!(message(request, 0).contains("- say you to the client"));
    }
    assert_eq!(message(1, 0), message(2, 0), "the prefix is the same for all clients of the coach");
    let example = format!("=> {words}");
    assert!(message(0, 1).contains(&example) && message(1, 1).contains(&example), "{}", message(1, 1));
    for part in [0, 1] {
        assert!(!message(2, part).contains("planning meeting"), "an example of Priya's in Tom's prompt");
    }

    // What the coach removes stays removed.
    let mut tx = begin(&world).await;
    voice::remove(&mut tx, world.coach, rule.id).await.expect("it is removed");
    voice::forget(&mut tx, world.coach, None, learned.examples[0].id).await.expect("it is removed");
    tx.commit().await.expect("it commits");
    reword_and_approve(&world, &Reviewed::new(&world).await, words).await;
    assert_eq!(profile(&world).await.rules.len(), 1, "the coach's own rule alone");
}

#[tokio::test]
async fn names_and_numbers_are_no_rules_and_an_instruction_asked_twice_is_one() {
    let kept = |text: &str| {
        let kept = json!([{ "number": 0, "text": text }, { "number": 2, "text": null }]);
        Reply::Answer(json!({ "kept": kept, "new": [] }))
    };
    let warm = "You ran the planning meeting yourself, well, and kept it to half an hour.";
    let server = LlmServer::start([kept(warm), kept(warm)]).await;
    let world = world_with(&server).await;
    for _ in 0..2 {
        let reviewed = Reviewed::new(&world).await;
        refine(&world, &reviewed, "Warmer.").await.expect("it is refined");
        reword_and_approve(
            &world,
            &reviewed,
            "Priya Raman ran 3 meetings yourself, well, and kept it to half an hour.",
        )
        .await;
    }
    let rules: Vec<String> = profile(&world).await.rules.into_iter().map(|rule| rule.text).collect();
    assert_eq!(rules, ["warmer"]);
    assert_eq!(profile(&world).await.examples[0].before, warm, "as the machine wrote it last");
}

/// Without a language model, words are replaced in the writer's own text but never in quotes.
#[tokio::test]
async fn the_offline_writer_follows_what_it_can() {
    let world = World::new().await;
    let mut tx = begin(&world).await;
    voice::add(&mut tx, world.coach, NewRule::Replace("said".into(), "told me".into())).await.expect("it is added");
    voice::add(&mut tx, world.coach, NewRule::Replace("account".into(), "project".into())).await.expect("it is added");
    tx.commit().await.expect("it commits");
    let staged = stage(&world, PRIYA).await;
    world.run(&staged.priya).await.expect("it is written");
    let content = crate::summarize::content(&world, &staged.priya, 1).await;
    let hard = texts(&content, Section::Challenges).join(" ");
    assert!(hard.contains("Priya told me: \u{201c}I'm stuck with the budget"), "{hard}");
    assert_eq!(texts(&content, Section::Wins), ["Priya closed the Hartman project on Tuesday."], "no quote");
}

#[tokio::test]
async fn a_rule_that_cannot_be_one_is_refused_and_a_profile_is_the_coachs_own() {
    let world = World::new().await;
    let mut tx = begin(&world).await;
    for rule in [
        NewRule::Said(" ".into()),
        NewRule::Said("x".repeat(201)),
        NewRule::Replace("same".into(), "Same".into()),
        NewRule::Replace("a \u{201c}quote\u{201d}".into(), "b".into()),
        NewRule::Replace(String::new(), "b".into()),
    ] {
        assert!(matches!(voice::add(&mut tx, world.coach, rule).await, Err(VoiceError::Bad(_))));
    }
    let id = voice::add(&mut tx, world.coach, NewRule::Said("Short sentences".into())).await.expect("it is added");
    let again = voice::add(&mut tx, world.coach, NewRule::Said("short  sentences".into())).await.expect("it is there");
    assert_eq!(id, again);
    let other = Uuid::now_v7();
    assert!(matches!(voice::switch(&mut tx, other, id, false).await, Err(VoiceError::Unknown)));
    assert!(matches!(voice::remove(&mut tx, other, id).await, Err(VoiceError::Unknown)));
}

/// Words that turn out to be someone else's no longer teach anything.
#[tokio::test]
async fn a_corrected_speaker_takes_the_examples_along() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reword_and_approve(&world, &reviewed, "You led the planning meeting yourself.").await;
    assert_eq!(profile(&world).await.examples.len(), 1);
    let mut tx = begin(&world).await;
    let is = SpeakerIs::Client(world.tom);
    let answers = [Answer { label: "Priya Raman".into(), is, everywhere: false }];
    let visitor = Visitor::default();
    actions::set_speakers(&mut tx, &world.services.desk, reviewed.session, &answers, &visitor)
        .await
        .expect("it is corrected");
    tx.commit().await.expect("it commits");
    assert_eq!(profile(&world).await.examples, []);
}

/// Tom's summary of the same session teaches only for Tom, whatever both said.
#[tokio::test]
async fn an_example_belongs_to_its_client() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let mut tx = begin(&world).await;
    let sql = "select id from utterances where position = 1";
    let utterance_id: Uuid = sqlx::query_scalar(sql).fetch_one(tx.conn()).await.expect("an utterance");
    let evidence =
        vec![Evidence { utterance_id, quote: "Nobody minded.".into(), speaker: String::new(), start_ms: None }];
    let claim = Claim { evidence, ..Claim::new(Section::Wins, "Tom did not mind it.".into()) };
    let toms = Uuid::now_v7();
    add_summary(&mut tx, reviewed.session, toms, world.tom, &Content { claims: vec![claim] }).await;
    tx.commit().await.expect("it commits");
    reviewed.set_state(&world, "in_review").await;
    let of_tom = Reviewed { session: reviewed.session, summary: toms };
    let mut tx = begin(&world).await;
    let content = summary::load_version(&mut tx, toms, 1).await.expect("it reads");
    let texts = HashMap::from([(content.claims[0].id, "Tom was fine with it.".to_owned())]);
    let edits = Edits { texts, ..Edits::default() };
    edit::edit(&mut tx, of_tom.session, toms, 1, &edits, &Visitor::default()).await.expect("it is saved");
    let content = summary::load_version(&mut tx, toms, 2).await.expect("it reads");
    let recipient = debrief_jobs::mail::Recipient::of("Tom Becker", Some("tom@becker.example"));
    let signed = actions::Signed { version: 2, hash: content.hash(), recipient, as_they_are: true };
    actions::approve(&mut tx, &world.services.desk, of_tom.session, toms, &signed, &Visitor::default())
        .await
        .expect("it is approved");
    tx.commit().await.expect("it commits");
    let examples = profile(&world).await.examples;
    assert_eq!(examples.iter().map(|example| example.client.as_str()).collect::<Vec<_>>(), ["Tom Becker"]);
    assert_eq!(examples[0].before, "Tom did not mind it.");
}
