//! A coach corrects a speaker when summaries are written, approved, held, or sent.

use debrief_jobs::{
    attribute::misdelivered,
    audit::Visitor,
    correct::{Answer, CorrectSessions, Corrected, Reach, SpeakerIs, set_speakers},
    db::Tx,
    index::{IndexSession, IndexSummary},
    model::summary,
    path::{AttributeSession, DropThreads, RequestReview, SendFollowUp, SummarizeClient},
    queue::JobError,
    review::actions::{self, ActionError, Approved, Signed},
};
use uuid::Uuid;

use super::{Line, attribute, name, outcome, parsed_session, tenant};
use crate::support::{Runnable, World};

pub(super) const LAPTOP: Option<&str> = Some("PR-Laptop");
pub(super) const MAYA: Option<&str> = Some("Maya Okafor");

/// What one person tells Maya; enough for a summary.
pub(super) const fn session<'a>(label: Option<&'a str>) -> [Line<'a>; 6] {
    [
        (MAYA, 0, 4_000, "Good to see you. How did the planning meeting go?"),
        (
            label,
            4_000,
            12_000,
            "I ran the planning meeting myself, and I finally closed the Hartman account on Tuesday.",
        ),
        (MAYA, 12_000, 16_000, "What will you do until we meet again?"),
        (label, 16_000, 24_000, "I will send the draft of the strategy to Lena by Friday."),
        (MAYA, 24_000, 28_000, "I'd suggest you block two hours on Monday mornings."),
        (label, 28_000, 32_000, "It is hard to say no to my manager, I still struggle with that."),
    ]
}

/// A world in which emails are held for this many seconds, and `PR-Laptop` was identified as Tom.
pub(super) async fn world(hold_seconds: u32) -> (World, Uuid) {
    let world = World::with(|settings| settings.review.hold_seconds = hold_seconds).await;
    let first = parsed_session(&world, &session(LAPTOP)).await;
    attribute(&world, first).await;
    name(&world, first, &[("PR-Laptop", SpeakerIs::Client(world.tom))]).await.expect("it is named");
    drain::<AttributeSession>(&world).await;
    (world, first)
}

/// Runs all due jobs of one kind.
pub(super) async fn drain<J: Runnable>(world: &World) {
    while let Some(ran) = world.run_queued::<J>().await {
        ran.expect("the job succeeds");
    }
}

/// Writes due summaries and requests the review.
pub(super) async fn write(world: &World) {
    drain::<SummarizeClient>(world).await;
    drain::<RequestReview>(world).await;
}

/// Approves the only pending summary of the session.
pub(super) async fn approve(world: &World, session: Uuid) -> Uuid {
    let mut tx = tenant(world).await;
    let (summary, version): (Uuid, i32) =
        sqlx::query_as("select id, version from summaries where session_id = $1 and state = 'done'")
            .bind(session)
            .fetch_one(tx.conn())
            .await
            .expect("one summary waits");
    let hash = summary::load_version(&mut tx, summary, version).await.expect("a version").hash();
    let view = debrief_jobs::review::view::view(&mut tx, session).await.expect("it reads").expect("it is there");
    let shown = view.summaries.iter().find(|view| view.id == summary).expect("it is shown");
    let visitor = Visitor::default();
    let signed = Signed { version, hash, ..shown.signed() };
    let approved = actions::approve(&mut tx, &world.services.desk, session, summary, &signed, &visitor).await;
    assert!(matches!(approved, Ok(Approved::Queued(_))), "{approved:?}");
    tx.commit().await.expect("it is committed");
    summary
}

pub(super) async fn correct(world: &World, session: Uuid, label: &str, is: SpeakerIs) -> Corrected {
    let mut tx = tenant(world).await;
    let answer = Answer { label: label.to_owned(), is, everywhere: true };
    let corrected = set_speakers(&mut tx, &world.services.desk, session, &[answer], &Visitor::default()).await;
    tx.commit().await.expect("it is committed");
    corrected.expect("it is corrected")
}

pub(super) async fn scalar(world: &World, sql: &str, session: Uuid) -> String {
    let sql = format!("select coalesce(({sql}), '-')");
    let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(session);
    query.fetch_one(tenant(world).await.conn()).await.expect("an answer")
}

/// Each summary with its state and version, and each follow-up, by client.
pub(super) async fn fates(world: &World, session: Uuid) -> String {
    scalar(
        world,
        "select string_agg(clients.name || ' ' || case when withdrawn_reason is not null then 'withdrawn' else state end
                || ' v' || version || coalesce((select string_agg(', mail ' || mails.state, '' order by mails.id)
                   from mails where kind = 'follow_up' and subject_id = summaries.id), ''), '; ' order by clients.name)
         from summaries join clients on clients.id = client_id where session_id = $1",
        session,
    )
    .await
}

pub(super) async fn state(world: &World, session: Uuid) -> String {
    scalar(world, "select state from sessions where id = $1", session).await
}

#[tokio::test]
async fn a_correction_reaches_held_and_sent_follow_ups_of_all_sessions() {
    let (world, first) = world(0).await;
    world.leaves::<IndexSession>();
    world.leaves::<IndexSummary>();
    let second = parsed_session(&world, &session(LAPTOP)).await;
    attribute(&world, second).await;
    write(&world).await;
    let utterances = "select md5(string_agg(id::text || text, '' order by id)) from utterances where $1 is not null";
    let before = scalar(&world, utterances, first).await;
    // The second session's follow-up is sent; the first one's is held.
    approve(&world, second).await;
    drain::<SendFollowUp>(&world).await;
    let held = approve(&world, first).await;
    assert_eq!(fates(&world, first).await, "Tom Becker approved v1, mail queued");
    assert_eq!(fates(&world, second).await, "Tom Becker approved v1, mail sent");
    drain::<IndexSession>(&world).await;
    drain::<IndexSummary>(&world).await;

    let corrected = correct(&world, first, "PR-Laptop", SpeakerIs::Client(world.priya)).await;
    assert_eq!((corrected.moved, corrected.touched.stopped, corrected.reach), (1, 1, Reach::EarlierSessions));
    assert_eq!(fates(&world, first).await, "Priya Raman due v0; Tom Becker withdrawn v1, mail cancelled");
    assert_eq!(state(&world, first).await, "attributed");
    let summaries = "select count(*)::text from chunks where source = 'summary' and session_id = $1";
    assert_eq!(scalar(&world, summaries, first).await, "0", "a search does not find it as Tom's");
    // The cancelled email's job, which ran late, sends nothing; nor does any other of this coach for now.
    let ran = world.run_queued::<SendFollowUp>().await.expect("its job is there").expect("it runs");
    assert_eq!((&ran["state"], &ran["now"]), (&"cancelled".into(), &false.into()));
    let mut tx = tenant(&world).await;
    let again = actions::reopen(&mut tx, first, held, &Visitor::default()).await;
    assert!(matches!(again, Err(ActionError::NotOpen { .. })), "{again:?}");
    drop(tx);

    assert_eq!(fates(&world, second).await, "Tom Becker approved v1, mail sent");
    drain::<CorrectSessions>(&world).await;
    assert_eq!(fates(&world, second).await, "Priya Raman due v0; Tom Becker withdrawn v1, mail sent");
    let found = misdelivered(&mut tenant(&world).await, second).await.expect("an answer");
    assert_eq!((found.len(), found[0].client.as_str()), (1, "Tom Becker"));
    assert!(found[0].sentences.iter().any(|sentence| sentence.contains("Hartman")), "{found:?}");
    let warned = "select string_agg(recipient || ' ' || convert_from(message, 'UTF8'), '') from mails
        where kind = 'wrong_words' and session_id = $1";
    let warning = scalar(&world, warned, second).await;
    assert!(warning.starts_with("maya@northlight.example") && warning.contains("Hartman"), "{warning}");
    assert_eq!(scalar(&world, warned, first).await, "-", "nothing went out there");

    // The right client's summary is written, and the coach is asked to review both sessions.
    write(&world).await;
    for session in [first, second] {
        assert!(fates(&world, session).await.starts_with("Priya Raman done v1; Tom Becker withdrawn v1"));
        assert_eq!(state(&world, session).await, "in_review");
    }
    approve(&world, second).await;
    drain::<SendFollowUp>(&world).await;
    assert_eq!(state(&world, second).await, "closed");
    assert_eq!(scalar(&world, utterances, first).await, before, "what was said stays as it was");
    let versions = "select count(*)::text from summary_versions where $1 is not null";
    assert_eq!(scalar(&world, versions, first).await, "4", "and so does what was written");
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_going_back_takes_the_warning_back() {
    let (world, first) = world(0).await;
    write(&world).await;
    approve(&world, first).await;
    drain::<SendFollowUp>(&world).await;
    correct(&world, first, "PR-Laptop", SpeakerIs::Client(world.priya)).await;
    let once = fates(&world, first).await;
    let found = correct(&world, first, "PR-Laptop", SpeakerIs::Client(world.priya)).await;
    assert_eq!((found.moved, found.touched.due, found.touched.misdelivered), (0, 0, 0));
    assert_eq!(fates(&world, first).await, once);
    write(&world).await;

    correct(&world, first, "PR-Laptop", SpeakerIs::Client(world.tom)).await;
    assert_eq!(fates(&world, first).await, "Priya Raman withdrawn v1; Tom Becker due v1, mail sent");
    assert!(misdelivered(&mut tenant(&world).await, first).await.expect("an answer").is_empty());
    write(&world).await;
    assert_eq!(fates(&world, first).await, "Priya Raman withdrawn v1; Tom Becker done v2, mail sent");
    // Tom needs a review again, and has a letter: the page says so before another one is approved.
    let view = debrief_jobs::review::view::view(&mut tenant(&world).await, first).await.expect("it reads");
    let view = view.expect("it is there");
    let sent = |summary: &debrief_jobs::review::view::SummaryView| {
        (summary.client_name.clone(), summary.last_sent_at.is_some())
    };
    assert_eq!(
        view.summaries.iter().map(sent).collect::<Vec<_>>(),
        [("Priya Raman".into(), false), ("Tom Becker".into(), true)]
    );
}

#[tokio::test]
async fn a_follow_up_that_is_being_sent_counts_as_gone() {
    let (world, first) = world(0).await;
    write(&world).await;
    approve(&world, first).await;
    for mail_state in ["sending", "uncertain"] {
        let mut tx = tenant(&world).await;
        let set = "update mails set state = $1 where kind = 'follow_up'";
        sqlx::query(set).bind(mail_state).execute(tx.conn()).await.expect("it is set");
        let answer = |is| [Answer { label: "PR-Laptop".to_owned(), is, everywhere: true }];
        let visitor = Visitor::default();
        let priya = answer(SpeakerIs::Client(world.priya));
        let set = set_speakers(&mut tx, &world.services.desk, first, &priya, &visitor).await.expect("it is corrected");
        assert_eq!((set.touched.stopped, set.touched.misdelivered), (0, 1), "{mail_state}");
        let found = misdelivered(&mut tx, first).await.expect("an answer");
        assert_eq!(found[0].mail_state.as_str(), mail_state);
        // Rolled back: the next turn starts over.
    }
}

#[tokio::test]
async fn while_earlier_sessions_are_gone_through_no_follow_up_goes_out() {
    let (world, first) = world(0).await;
    world.leaves::<SummarizeClient>();
    let second = parsed_session(&world, &session(LAPTOP)).await;
    attribute(&world, second).await;
    write(&world).await;
    approve(&world, second).await;
    correct(&world, first, "PR-Laptop", SpeakerIs::Client(world.priya)).await;
    let waits = world.run_queued::<SendFollowUp>().await.expect("its job is there");
    assert!(matches!(waits, Err(JobError::Snooze(_))), "{waits:?}");
    drain::<CorrectSessions>(&world).await;
    assert_eq!(fates(&world, second).await, "Priya Raman due v0; Tom Becker withdrawn v1, mail cancelled");
}

#[tokio::test]
async fn a_summary_that_is_being_written_is_written_of_the_right_words() {
    let (world, first) = world(0).await;
    assert_eq!(fates(&world, first).await, "Tom Becker due v0");
    correct(&world, first, "PR-Laptop", SpeakerIs::Client(world.priya)).await;
    assert_eq!(fates(&world, first).await, "Priya Raman due v0; Tom Becker withdrawn v0");
    write(&world).await;
    assert_eq!(fates(&world, first).await, "Priya Raman done v1; Tom Becker withdrawn v0");
    // No client is left to summarize: the session goes to the coach.
    let guest = SpeakerIs::Guest { name: "Ines".into() };
    correct(&world, first, "PR-Laptop", guest).await;
    assert_eq!(fates(&world, first).await, "Priya Raman withdrawn v1; Tom Becker withdrawn v0");
    assert_eq!(state(&world, first).await, "closed");
}

#[tokio::test]
async fn in_a_group_only_what_rests_on_the_words_is_written_anew() {
    let (world, _) = world(0).await;
    let mut said = session(Some("Priya Raman")).to_vec();
    said.extend([
        (MAYA, 33_000, 35_000, "Tom, and how was it for you?"),
        (
            Some("Tom Becker"),
            35_000,
            40_000,
            "I am nervous about the pitch in March, and I will rehearse it on Sunday.",
        ),
        (Some("JW"), 41_000, 45_000, "I will bring the slides to the office on Monday."),
    ]);
    let group = parsed_session(&world, &said).await;
    attribute(&world, group).await;
    name(&world, group, &[("JW", SpeakerIs::Guest { name: "JW".into() })]).await.expect("it is named");
    drain::<AttributeSession>(&world).await;
    write(&world).await;
    assert_eq!(fates(&world, group).await, "Priya Raman done v1; Tom Becker done v1");
    let corrected = correct(&world, group, "JW", SpeakerIs::Client(world.tom)).await;
    assert_eq!((corrected.touched.due, corrected.touched.withdrawn), (1, 0));
    assert_eq!(fates(&world, group).await, "Priya Raman done v1; Tom Becker due v1");
    write(&world).await;
    assert_eq!(fates(&world, group).await, "Priya Raman done v1; Tom Becker done v2");
    // One person with two labels is one participant.
    assert!(outcome(&world, group).await.contains("Tom Becker client 9s"), "{}", outcome(&world, group).await);
}

#[tokio::test]
async fn what_a_corrected_session_left_open_is_told_no_more() {
    let (world, first) = world(0).await;
    write(&world).await;
    let second = parsed_session(&world, &session(LAPTOP)).await;
    attribute(&world, second).await;
    write(&world).await;
    let told = "select count(*)::text from threads join claims on claims.id = claim_id
        join summaries on summaries.id = summary_id and summaries.version = claims.version where session_id = $1";
    assert_ne!(scalar(&world, told, second).await, "0", "the later summary tells of what the first left open");
    let mut tx = tenant(&world).await;
    let here = Answer { label: "PR-Laptop".into(), is: SpeakerIs::Client(world.priya), everywhere: false };
    set_speakers(&mut tx, &world.services.desk, first, &[here], &Visitor::default()).await.expect("it is corrected");
    tx.commit().await.expect("it is committed");
    drain::<DropThreads>(&world).await;
    assert_eq!(fates(&world, second).await, "Tom Becker due v1");
    write(&world).await;
    assert_eq!(fates(&world, second).await, "Tom Becker done v2");
    assert_eq!(scalar(&world, told, second).await, "0");
}
