//! Review: what is approved is what was shown; edits create versions; organizations can't see each other's data.

mod letters;
mod signed;

use std::collections::HashMap;

use debrief_jobs::{
    audit::Visitor,
    db::{TenantTx, Tx},
    links,
    mail::SendMail,
    model::{Claim, Content, Owner, Section, Support, Tally, Thread, ThreadOutcome, summary},
    path::{AskForSpeakers, RequestReview},
    review::{
        actions::{self, ActionError, Approved, ShownVersion, Signed},
        edit::{self, Edits},
        refining,
        view::view,
    },
};
use uuid::Uuid;

use crate::{
    mail::{attempt, mailing_world},
    support::{Reviewed, World, reviewed::add_summary, written_by},
};

async fn begin(world: &World) -> TenantTx {
    world.database.db.tenant(world.organization).await.expect("a transaction")
}

async fn shown(world: &World, reviewed: &Reviewed) -> Signed {
    let session = view(&mut begin(world).await, reviewed.session).await.expect("it reads").expect("it is there");
    session.summaries[0].signed()
}

async fn approve(world: &World, reviewed: &Reviewed, signed: &Signed) -> Result<Approved, ActionError> {
    let mut tx = begin(world).await;
    let visitor = Visitor { address: Some("192.0.2.7".into()), agent: Some("a browser".into()), ..Visitor::default() };
    let result =
        actions::approve(&mut tx, &world.services.desk, reviewed.session, reviewed.summary, signed, &visitor).await;
    if result.is_ok() {
        tx.commit().await.expect("it commits");
    }
    result
}

async fn edit(world: &World, reviewed: &Reviewed, base: i32, edits: &Edits) -> Result<i32, ActionError> {
    let mut tx = begin(world).await;
    let result = edit::edit(&mut tx, reviewed.session, reviewed.summary, base, edits, &Visitor::default()).await;
    if result.is_ok() {
        tx.commit().await.expect("it commits");
    }
    result
}

/// Edits of the first claim of `version`.
async fn reword(world: &World, reviewed: &Reviewed, version: i32, words: &str) -> Edits {
    let content = summary::load_version(&mut begin(world).await, reviewed.summary, version).await.expect("it reads");
    Edits { texts: HashMap::from([(content.claims[0].id, words.to_owned())]), ..Edits::default() }
}

async fn scalar<T>(world: &World, sql: &'static str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(sql).fetch_one(begin(world).await.conn()).await.expect("it reads")
}

#[tokio::test]
async fn a_summarized_session_brings_its_coach_a_link_once() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let job = RequestReview { session_id: reviewed.session };
    assert_eq!(world.run(&job).await.expect("it runs")["sent"], true);
    assert_eq!(world.run(&job).await.expect("it runs again")["sent"], false);

    assert_eq!(scalar::<String>(&world, "select state from sessions").await, "in_review");
    assert_eq!(
        scalar::<String>(
            &world,
            "select string_agg(recipient, ',') from mails where kind = 'review_request' and carries_link"
        )
        .await,
        "maya@northlight.example"
    );
    assert_eq!(scalar::<i64>(&world, "select count(*) from review_links").await, 1);
    assert_eq!(scalar::<i64>(&world, "select count(*) from audit_events where kind = 'link_sent'").await, 1);
    // The link in the email works; the database has only its hash, so the email is read.
    let message: Vec<u8> = scalar(&world, "select message from mails where kind = 'review_request'").await;
    let message = String::from_utf8(message).expect("a mail is text").replace("=\r\n", "");
    let token =
        message.split("/r/").nth(1).and_then(|rest| rest.get(..47)).and_then(links::Token::parse).expect("a link");
    let link = links::find(&world.database.db, &token).await.expect("it answers").expect("it is known");
    assert!(link.opens());
    assert_eq!(link.session_id, reviewed.session);
}

#[tokio::test]
async fn the_review_mail_says_what_is_estimated_and_what_nobody_read() {
    let (world, smtp) = mailing_world().await;
    let reviewed = Reviewed::new(&world).await;
    let job = RequestReview { session_id: reviewed.session };
    let mut tx = begin(&world).await;
    sqlx::query(
        "update utterances set text = 'Ich habe mit Anna gesprochen, und ich werde ihr bis Freitag den Plan schicken.'",
    )
    .execute(tx.conn())
    .await
    .expect("it is in German");
    tx.commit().await.expect("it commits");
    assert_eq!(world.run(&job).await.expect("it runs")["sent"], true);
    attempt::<SendMail>(&world).await.expect("it is sent");
    let letters = smtp.letters();
    let told = letters[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "(date estimated from the upload)",
        "Until you set the date on the page, the follow-up names no date.",
        "This was written without a language model, so promises are found in English only; this session is in German. Read it through, or have a language model set up.",
    ] {
        assert!(told.contains(words), "{words} is missing in {told}");
    }
}

/// An open thread about which nothing was said states nothing: it isn't counted anywhere.
#[tokio::test]
async fn statements_are_counted_alike_everywhere() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let mut content = newest(&world, &reviewed).await;
    let silent = Claim {
        support: Support::NothingSaid,
        thread: Some(Thread {
            claim_id: content.claims.iter().find(|claim| claim.action.is_some()).expect("a promise").id,
            text: "An old promise".into(),
            session_date: "2025-10-28".parse().expect("a day"),
            since: None,
            outcome: ThreadOutcome::NoMatch,
        }),
        ..Claim::new(Section::OpenThreads, "An old promise".into())
    };
    content.claims.push(silent);
    let authorship = written_by("summarizer");
    let mut tx = begin(&world).await;
    summary::add_version(&mut tx, reviewed.summary, &content, &authorship).await.expect("a version");
    tx.commit().await.expect("it commits");
    let detail = debrief_jobs::model::listing::session(&mut begin(&world).await, reviewed.session).await;
    let summaries = detail.expect("it reads").expect("it is there").summaries;
    let counts = (summaries[0].claims_kept, summaries[0].claims_verified, summaries[0].claims_nothing_said);
    assert_eq!(counts, (Some(4), Some(4), Some(1)));
    let page = view(&mut begin(&world).await, reviewed.session).await.expect("it reads").expect("it is there");
    let tally = Tally::of(&page.summaries[0].content);
    assert_eq!((tally.statements(), tally.verified, tally.nothing_said), (4, 4, 1));
}

#[tokio::test]
async fn a_session_that_waits_for_speakers_asks_once() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "waiting_for_speakers").await;
    let job = AskForSpeakers { session_id: reviewed.session };
    assert_eq!(world.run(&job).await.expect("it runs")["sent"], true);
    assert_eq!(world.run(&job).await.expect("it runs again")["sent"], false);
    assert_eq!(scalar::<i64>(&world, "select count(*) from mails where kind = 'speakers_needed'").await, 1);
}

#[tokio::test]
async fn what_is_not_the_newest_content_cannot_be_approved() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let signed = shown(&world, &reviewed).await;
    let other = Signed { hash: "0".repeat(64), ..signed.clone() };
    assert!(matches!(approve(&world, &reviewed, &other).await, Err(ActionError::Conflict { newest: 1 })));
    let edits = reword(&world, &reviewed, 1, "You ran the meeting.").await;
    assert_eq!(edit(&world, &reviewed, 1, &edits).await.expect("it is saved"), 2);
    assert!(matches!(approve(&world, &reviewed, &signed).await, Err(ActionError::Conflict { newest: 2 })));
    assert_eq!(scalar::<i64>(&world, "select count(*) from mails").await, 0);
    assert_eq!(scalar::<String>(&world, "select state from summaries").await, "done");
}

#[tokio::test]
async fn an_edit_makes_a_version_and_keeps_the_evidence() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let mut edits = reword(&world, &reviewed, 1, "You ran  the\r\nmeeting.").await;
    edits.additions.push((Section::ActionItems, "Write down three decisions.".into()));
    assert_eq!(edit(&world, &reviewed, 1, &edits).await.expect("it is saved"), 2);
    assert_eq!(scalar::<i64>(&world, "select count(*) from summary_versions where author = 'coach'").await, 1);

    assert_eq!(
        scalar::<i64>(&world, "select count(*) from jobs where kind = 'index.summary' and args->>'version' = '2'")
            .await,
        1
    );

    let mut tx = begin(&world).await;
    let before = summary::load_version(&mut tx, reviewed.summary, 1).await.expect("it reads");
    let after = summary::load_version(&mut tx, reviewed.summary, 2).await.expect("it reads");
    assert_eq!(before.claims[0].text, "You ran the planning meeting yourself and kept it to half an hour.");
    assert_eq!((after.claims[0].text.as_str(), after.claims[0].edited), ("You ran the meeting.", true));
    assert_eq!((&after.claims[0].evidence, after.claims[0].support), (&before.claims[0].evidence, Support::Verified));
    assert_eq!(after.claims[1].edited, before.claims[1].edited);
    let added = after.section(Section::ActionItems).last().expect("the new item is last");
    assert_eq!(
        (added.text.as_str(), added.evidence.len(), added.action.is_some()),
        ("Write down three decisions.", 0, true)
    );
}

#[tokio::test]
async fn an_edit_of_an_older_version_is_a_conflict_and_an_empty_sentence_a_problem() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let (one, other) = (reword(&world, &reviewed, 1, "One.").await, reword(&world, &reviewed, 1, "Another.").await);
    edit(&world, &reviewed, 1, &one).await.expect("the first is saved");
    assert_eq!(edit(&world, &reviewed, 1, &one).await.expect("the same again is the same version"), 2);
    assert!(matches!(edit(&world, &reviewed, 1, &other).await, Err(ActionError::Conflict { newest: 2 })));
    let empty = reword(&world, &reviewed, 2, "  ").await;
    let Err(ActionError::Invalid(problems)) = edit(&world, &reviewed, 2, &empty).await else { panic!("it is refused") };
    assert!(problems[0].field.starts_with("text."), "{problems:?}");
}

#[tokio::test]
async fn fresh_links_go_to_the_coach_and_not_without_end() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let token = reviewed.link(&world).await;
    let link = links::find(&world.database.db, &token).await.expect("it answers").expect("it is known");
    for _ in 0..actions::FRESH_LINKS_AN_HOUR {
        let mut tx = begin(&world).await;
        actions::ask_fresh_link(&mut tx, &world.services.desk, &link, &Visitor::default()).await.expect("it is mailed");
        tx.commit().await.expect("it commits");
    }
    let more =
        actions::ask_fresh_link(&mut begin(&world).await, &world.services.desk, &link, &Visitor::default()).await;
    assert!(matches!(more, Err(ActionError::TooMany(1..=3600))));
    assert_eq!(
        scalar::<i64>(
            &world,
            "select count(*) from mails where kind = 'review_request' and recipient = 'maya@northlight.example'"
        )
        .await,
        3
    );
}

#[tokio::test]
async fn nothing_of_another_organization_can_be_seen_or_touched() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let signed = shown(&world, &reviewed).await;
    let mut stranger = world.database.db.tenant(Uuid::now_v7()).await.expect("a transaction");
    assert!(view(&mut stranger, reviewed.session).await.expect("it answers").is_none());
    let visitor = Visitor::default();
    let (session, summary) = (reviewed.session, reviewed.summary);
    let approved = actions::approve(&mut stranger, &world.services.desk, session, summary, &signed, &visitor).await;
    assert!(matches!(approved, Err(ActionError::NotFound)));
    assert!(matches!(actions::dismiss(&mut stranger, session, summary, &visitor).await, Err(ActionError::NotFound)));
    assert!(matches!(
        actions::cancel_follow_up(&mut stranger, session, summary, &visitor).await,
        Err(ActionError::NotFound)
    ));
    assert!(matches!(
        edit::edit(&mut stranger, session, summary, 1, &Edits::default(), &visitor).await,
        Err(ActionError::NotFound)
    ));
    // And within the organization, a summary can only be reached through its own session.
    let other = Reviewed::new(&world).await;
    let dismissed = actions::dismiss(&mut begin(&world).await, other.session, summary, &visitor).await;
    assert!(matches!(dismissed, Err(ActionError::NotFound)));
}

async fn newest(world: &World, reviewed: &Reviewed) -> Content {
    let version = shown(world, reviewed).await.version;
    summary::load_version(&mut begin(world).await, reviewed.summary, version).await.expect("it reads")
}

#[tokio::test]
async fn what_the_coach_types_is_verified_only_where_it_was_said() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let tally = async || {
        let tally = Tally::of(&newest(&world, &reviewed).await);
        (tally.verified, tally.own, tally.statements())
    };
    assert_eq!(tally().await, (4, 0, 4));
    // Shortened: the evidence still supports it.
    let cut = reword(&world, &reviewed, 1, "You ran the planning meeting yourself.").await;
    edit(&world, &reviewed, 1, &cut).await.expect("it is saved");
    assert_eq!(tally().await, (4, 0, 4));
    let content = newest(&world, &reviewed).await;
    assert_eq!((content.claims[0].support, content.claims[0].edited), (Support::Verified, true));

    // A claim that nobody said, and the coach's own sentence.
    let mut other = reword(&world, &reviewed, 2, "You doubled the revenue of the team.").await;
    other.additions.push((Section::Wins, "I am proud of you.".into()));
    edit(&world, &reviewed, 2, &other).await.expect("it is saved");
    assert_eq!(tally().await, (3, 2, 5));
    let content = newest(&world, &reviewed).await;
    assert_eq!(
        (content.claims[0].support, content.claims[0].evidence.len()),
        (Support::Own, 1),
        "what it was based on"
    );
    assert_eq!((content.claims[1].support, content.claims[1].evidence.len()), (Support::Own, 0));

    // A later version doesn't forget it, and typing a slip back costs nothing.
    let mut third = Edits::default();
    third.removals.insert(content.claims[1].id);
    edit(&world, &reviewed, 3, &third).await.expect("it is saved");
    assert_eq!(tally().await, (3, 1, 4));
    let back = reword(&world, &reviewed, 4, "You ran the planning meeting yourself and kept it to half an hour.").await;
    edit(&world, &reviewed, 4, &back).await.expect("it is saved");
    assert_eq!(tally().await, (4, 0, 4));

    let undone = ShownVersion { version: 5, hash: newest(&world, &reviewed).await.hash() };
    let mut tx = begin(&world).await;
    refining::undo(&mut tx, reviewed.session, reviewed.summary, &undone, &Visitor::default()).await.expect("undone");
    tx.commit().await.expect("it commits");
    assert_eq!(tally().await, (3, 1, 4), "each version has its own count");
    // The command line and the listing count the same claims.
    let detail = debrief_jobs::model::listing::session(&mut begin(&world).await, reviewed.session).await;
    let summaries = detail.expect("it reads").expect("it is there").summaries;
    let counts = (summaries[0].claims_kept, summaries[0].claims_verified, summaries[0].claims_own);
    assert_eq!(counts, (Some(4), Some(3), Some(1)));
}

/// A moment is nobody's sentence until the coach says what it is; then it is sent with its evidence.
#[tokio::test]
async fn a_moment_is_for_the_coach_until_it_is_moved_to_a_section() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let content = summary::load_version(&mut begin(&world).await, reviewed.summary, 1).await.expect("it reads");
    let (moved, counted) = (content.claims[0].id, content.section(Section::Engagement).next().expect("it is there").id);
    let before = Tally::of(&content).statements();

    // What is counted stays what it is; the first sentence is only for the coach now.
    let to = |section: Section| Edits {
        sections: HashMap::from([(moved, section), (counted, Section::Wins)]),
        ..Edits::default()
    };
    edit(&world, &reviewed, 1, &to(Section::Moments)).await.expect("it is moved");
    let content = summary::load_version(&mut begin(&world).await, reviewed.summary, 2).await.expect("it reads");
    let moment = content.section(Section::Moments).next().expect("a moment").clone();
    assert!(!content.for_client().any(|claim| claim.text == moment.text), "nothing of it is sent");
    assert_eq!(content.section(Section::Engagement).count(), 1);
    assert_eq!(Tally::of(&content).statements(), before - 1, "it states nothing");

    let edits = Edits { sections: HashMap::from([(moment.id, Section::ActionItems)]), ..Edits::default() };
    edit(&world, &reviewed, 2, &edits).await.expect("it is moved again");
    let content = summary::load_version(&mut begin(&world).await, reviewed.summary, 3).await.expect("it reads");
    let item = content.section(Section::ActionItems).find(|claim| claim.text == moment.text).expect("an action item");
    assert_eq!((item.support, item.edited), (Support::Verified, false));
    assert_eq!(item.evidence.len(), moment.evidence.len());
    assert_eq!(item.action.as_ref().map(|action| action.owner), Some(Owner::Client));
    let session = view(&mut begin(&world).await, reviewed.session).await.expect("it reads").expect("it is there");
    assert!(session.summaries[0].letter.iter().any(|(id, _)| *id == item.id), "it is in the letter");
}

/// Who does it by when is the coach's to correct, and a day that was chosen isn't counted from the words again.
#[tokio::test]
async fn the_owner_and_the_day_of_an_action_item_are_corrected() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let content = summary::load_version(&mut begin(&world).await, reviewed.summary, 1).await.expect("it reads");
    let item = content.section(Section::ActionItems).next().expect("an action item").clone();
    let with = |owner: Owner, due: &str, text: &str| Edits {
        owners: HashMap::from([(item.id, owner)]),
        due: HashMap::from([(item.id, due.to_owned())]),
        texts: HashMap::from([(item.id, text.to_owned())]),
        ..Edits::default()
    };
    let wrong = edit(&world, &reviewed, 1, &with(Owner::Coach, "next week", &item.text)).await;
    assert!(matches!(&wrong, Err(ActionError::Invalid(problems)) if problems.len() == 1), "{wrong:?}");
    edit(&world, &reviewed, 1, &with(Owner::Coach, "2026-12-10", "Hand over the notes on Monday."))
        .await
        .expect("saved");
    let content = summary::load_version(&mut begin(&world).await, reviewed.summary, 2).await.expect("it reads");
    let action = content.section(Section::ActionItems).next().and_then(|claim| claim.action.clone()).expect("an item");
    assert_eq!((action.owner, action.due_words), (Owner::Coach, None));
    assert_eq!(action.due_date.map(|day| day.to_string()).as_deref(), Some("2026-12-10"));
}

/// A letter never puts words between quotation marks that nobody said.
#[tokio::test]
async fn what_is_typed_between_quotation_marks_was_said() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    reviewed.set_state(&world, "in_review").await;
    let invented = reword(&world, &reviewed, 1, "Priya said: “I hide the budget because Philip panics.”").await;
    let refused = edit(&world, &reviewed, 1, &invented).await;
    let Err(ActionError::Invalid(problems)) = &refused else { panic!("{refused:?}") };
    assert!(problems[0].problem.starts_with("Nobody said “I hide the budget"), "{problems:?}");
    let swapped = reword(&world, &reviewed, 1, "Maya said: “I wrote the three questions on the wall first.”").await;
    let refused = edit(&world, &reviewed, 1, &swapped).await;
    let Err(ActionError::Invalid(problems)) = &refused else { panic!("{refused:?}") };
    assert!(problems[0].problem.starts_with("It was Priya Raman who said “I wrote the three"), "{problems:?}");
    let said = reword(&world, &reviewed, 1, "You told me: “I wrote the three questions on the wall first.”").await;
    edit(&world, &reviewed, 1, &said).await.expect("that was said");
    edit(&world, &reviewed, 2, &reword(&world, &reviewed, 2, "You hide the budget.").await)
        .await
        .expect("no quotation");
}
