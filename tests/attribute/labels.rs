//! What a label means after a coach's answer: in this session, in the others, and where several people speak under it.

use debrief_jobs::{
    audit::Visitor,
    correct::{Answer, CorrectSessions, Reach, SpeakerIs, set_speakers, split, turns},
    db::Tx,
    path::AttributeSession,
    path::RequestReview,
    path::SummarizeClient,
};

use super::{
    attribute,
    corrections::{LAPTOP, MAYA, correct, drain, fates, scalar, session, state, world, write},
    due, name, outcome, parsed_session, tenant,
};
use crate::support::World;

#[tokio::test]
async fn what_the_coach_said_of_a_session_and_a_persons_own_name_stay() {
    let (world, first) = world(0).await;
    let mut tx = tenant(&world).await;
    let second = parsed_session(&world, &session(LAPTOP)).await;
    attribute(&world, second).await;
    // Here it really was Tom, says the coach, and only here.
    let here = Answer { label: "PR-Laptop".into(), is: SpeakerIs::Client(world.tom), everywhere: false };
    set_speakers(&mut tx, &world.services.desk, second, &[here], &Visitor::default()).await.expect("it is confirmed");
    tx.commit().await.expect("it is committed");
    correct(&world, first, "PR-Laptop", SpeakerIs::Client(world.priya)).await;
    drain::<CorrectSessions>(&world).await;
    assert_eq!(fates(&world, second).await, "Tom Becker due v0");

    // Tom spoke on Priya's account once; the name stays hers.
    let third = parsed_session(&world, &session(Some("Priya Raman"))).await;
    let fourth = parsed_session(&world, &session(Some("Priya Raman"))).await;
    attribute(&world, third).await;
    attribute(&world, fourth).await;
    let corrected = correct(&world, third, "Priya Raman", SpeakerIs::Client(world.tom)).await;
    assert!(corrected.reach == Reach::ThisSession && corrected.moved == 1);
    assert!(fates(&world, third).await.starts_with("Priya Raman withdrawn"));
    assert_eq!(fates(&world, fourth).await, "Priya Raman due v0");
}

/// "Sam" is Samuel by the roster; that Samantha once spoke under it takes no other session from Samuel.
#[tokio::test]
async fn an_alias_of_the_roster_stays_its_clients_whoever_once_spoke_under_it() {
    let (world, _) = world(0).await;
    let mut tx = tenant(&world).await;
    sqlx::query(
        "insert into aliases (organization_id, coach_id, normalized, written, client_id, is_coach, is_guest, is_shared, source)
         select organization_id, coach_id, 'pri', 'Pri', id, false, false, false, 'roster' from clients where id = $1",
    )
    .bind(world.priya)
    .execute(tx.conn())
    .await
    .expect("an alias");
    tx.commit().await.expect("it is committed");
    let [one, other] =
        [parsed_session(&world, &session(Some("Pri"))).await, parsed_session(&world, &session(Some("Pri"))).await];
    attribute(&world, one).await;
    attribute(&world, other).await;
    for is in [SpeakerIs::Guest { name: "Primrose".into() }, SpeakerIs::Client(world.tom)] {
        let corrected = correct(&world, one, "Pri", is).await;
        assert!(corrected.reach == Reach::ThisSession && corrected.moved == 1);
        drain::<CorrectSessions>(&world).await;
        assert_eq!(fates(&world, other).await, "Priya Raman due v0");
    }
}

#[tokio::test]
async fn several_people_under_one_label_enter_nobodys_summary() {
    let (world, first) = world(600).await;
    world.leaves::<RequestReview>();
    write(&world).await;
    correct(&world, first, "PR-Laptop", SpeakerIs::Shared).await;
    assert_eq!(fates(&world, first).await, "Tom Becker withdrawn v1");
    assert!(outcome(&world, first).await.contains("individual: Maya Okafor coach"));
    // The next session with that name needs no question, and no summary.
    let next = parsed_session(&world, &session(LAPTOP)).await;
    attribute(&world, next).await;
    assert_eq!(state(&world, next).await, "summarized");
    assert_eq!(fates(&world, next).await, "-");
}

#[tokio::test]
async fn an_answer_reaches_the_other_sessions_that_wait_for_it() {
    let world = World::new().await;
    let first = parsed_session(&world, &session(LAPTOP)).await;
    let second = parsed_session(&world, &session(LAPTOP)).await;
    attribute(&world, first).await;
    attribute(&world, second).await;
    name(&world, first, &[("PR-Laptop", SpeakerIs::Client(world.tom))]).await.expect("it is named");
    drain::<AttributeSession>(&world).await;
    assert_eq!(state(&world, second).await, "attributed");
    assert!(due(&world).await.contains("summarize.client 2"), "{}", due(&world).await);
}

#[tokio::test]
async fn a_shared_label_is_told_apart_turn_by_turn() {
    let (world, _) = world(0).await;
    world.leaves::<SummarizeClient>();
    let room = Some("Priya & Tom");
    let said = [
        (MAYA, 0, 2_000, "How did the week go for the two of you?"),
        (
            room,
            2_000,
            9_000,
            "I finally closed the Hartman account on Tuesday, and I will send the draft to Lena by Friday.",
        ),
        (MAYA, 9_000, 11_000, "And what is hard at the moment?"),
        (room, 11_000, 19_000, "I struggle with the pitch in March, I am nervous about it."),
        (room, 19_000, 22_000, "I will rehearse it on Sunday evening."),
        (MAYA, 22_000, 24_000, "Good."),
        (room, 24_000, 25_000, "Thanks a lot."),
    ];
    let session = parsed_session(&world, &said).await;
    attribute(&world, session).await;
    let waiting = debrief_jobs::attribute::unresolved(&mut tenant(&world).await, session).await.expect("speakers");
    assert_eq!(waiting[0].label, "Priya & Tom");
    assert!(waiting[0].reason.contains("several people"), "{}", waiting[0].reason);
    name(&world, session, &[("Priya & Tom", SpeakerIs::Shared)]).await.expect("it is named");
    drain::<AttributeSession>(&world).await;
    write(&world).await;
    assert_eq!((state(&world, session).await, fates(&world, session).await), ("in_review".into(), "-".into()));

    let utterances = "select md5(string_agg(id::text || text, '' order by id)) from utterances where session_id = $1";
    let before = scalar(&world, utterances, session).await;
    let mut tx = tenant(&world).await;
    let found = turns(&mut tx, session, "Priya & Tom").await.expect("turns");
    assert_eq!(found.iter().map(|turn| turn.start_ms).collect::<Vec<_>>(), [Some(2_000), Some(11_000), Some(24_000)]);
    let (priya, tom) = (SpeakerIs::Client(world.priya), SpeakerIs::Client(world.tom));
    let answers = [(found[0].id, Some(priya.clone())), (found[1].id, Some(tom)), (found[2].id, None)];
    let visitor = Visitor::default();
    split(&mut tx, &world.services.desk, session, "Priya & Tom", &answers, &visitor).await.expect("it is told apart");
    tx.commit().await.expect("it is committed");
    assert_eq!(fates(&world, session).await, "Priya Raman due v0; Tom Becker due v0");
    assert!(outcome(&world, session).await.contains("Priya Raman client 7s"), "{}", outcome(&world, session).await);
    assert_eq!(scalar(&world, utterances, session).await, before);
    write(&world).await;
    let claims =
        "select string_agg(name || ': ' || text, ' | ') from claims join summaries on summaries.id = summary_id
        join clients on clients.id = client_id where session_id = $1 and claims.version = summaries.version";
    let claims_found = scalar(&world, claims, session).await;
    let of = |name: &str| -> String { claims_found.split(" | ").filter(|claim| claim.starts_with(name)).collect() };
    assert!(of("Priya").contains("Hartman") && !of("Priya").contains("pitch"), "{claims_found}");
    assert!(of("Tom").contains("pitch") && !of("Tom").contains("Hartman"), "{claims_found}");

    // The second turn was Priya's too, and Tom said nothing.
    let mut tx = tenant(&world).await;
    let answers = [(found[1].id, Some(priya))];
    split(&mut tx, &world.services.desk, session, "Priya & Tom", &answers, &visitor).await.expect("it is told apart");
    tx.commit().await.expect("it is committed");
    assert_eq!(fates(&world, session).await, "Priya Raman due v1; Tom Becker withdrawn v1");
}

#[tokio::test]
async fn another_who_speaks_under_a_persons_label_is_asked_about() {
    let world = World::new().await;
    let said = [
        (MAYA, 0, 2_000, "Hi Priya, good to see you."),
        (Some("Priya Raman"), 2_000, 4_000, "Hi Maya. I'm Priya, and my brother is on the sofa with me."),
        (Some("Priya Raman"), 4_000, 6_000, "Hi, I'm Tom."),
        (MAYA, 6_000, 8_000, "Welcome, both."),
    ];
    let session = parsed_session(&world, &said).await;
    attribute(&world, session).await;
    let waiting = debrief_jobs::attribute::unresolved(&mut tenant(&world).await, session).await.expect("speakers");
    assert_eq!(waiting.iter().map(|one| one.label.as_str()).collect::<Vec<_>>(), ["Priya Raman"]);
    assert!(waiting[0].reason.contains("Tom") && waiting[0].reason.contains("two people"), "{}", waiting[0].reason);
    // Once answered, it isn't asked again.
    name(&world, session, &[("Priya Raman", SpeakerIs::Client(world.priya))]).await.expect("it is named");
    drain::<AttributeSession>(&world).await;
    assert_eq!(state(&world, session).await, "attributed");
}

#[tokio::test]
async fn one_person_on_two_devices_and_with_two_names_is_one_participant() {
    let world = World::new().await;
    let said = [
        (MAYA, 0, 2_000, "How was the week?"),
        (Some("Priya's iPhone"), 2_000, 6_000, "I am on the train, wait a moment."),
        (Some("Raman, Priya (she/her)"), 6_000, 12_000, "Now I am at my desk. I sent the draft to Lena."),
        (Some("Priya's iPhone"), 12_000, 13_000, "Sorry, that was my phone."),
        (Some("Ines, assistant"), 13_000, 14_000, "The room is booked."),
    ];
    let session = parsed_session(&world, &said).await;
    attribute(&world, session).await;
    // The phone next to her full name could be a namesake's, and the guest is unknown: the coach is asked about both,
    // once.
    let answers = [
        ("Priya's iPhone", SpeakerIs::Client(world.priya)),
        ("Ines, assistant", SpeakerIs::Guest { name: "Ines".into() }),
    ];
    name(&world, session, &answers).await.expect("they are named");
    drain::<AttributeSession>(&world).await;
    let found = outcome(&world, session).await;
    assert!(found.contains("Priya Raman client 11s") && found.contains("Ines guest"), "{found}");
    assert!(found.ends_with("; Priya Raman due"), "{found}");
    let next = parsed_session(&world, &said).await;
    attribute(&world, next).await;
    assert_eq!(outcome(&world, next).await, found);
}
