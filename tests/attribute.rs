//! The stage `attribute`, from outside.

mod corrections;
mod guesses;
mod labels;

use debrief_jobs::{
    attribute::unresolved,
    correct::{NameError, SpeakerIs, name_speakers},
    db::{TenantTx, Tx},
    path::AttributeSession,
    people::{self, NewClient},
};
use uuid::Uuid;

use crate::support::World;

/// One utterance: label, start and end in milliseconds, text.
type Line<'a> = (Option<&'a str>, i64, i64, &'a str);

const TWO: [Line<'_>; 5] = [
    (Some("Maya Okafor"), 0, 4_000, "Good to see you. What has moved since last week?"),
    (Some("Priya Raman (she/her)"), 4_000, 10_000, "I asked for the promotion."),
    (Some("Priya Raman (she/her)"), 10_000, 12_500, "My manager wants a written case."),
    (Some("Maya Okafor"), 12_500, 14_000, "By when?"),
    (Some("Priya's iPhone"), 14_000, 15_000, "By Friday."),
];

async fn tenant(world: &World) -> TenantTx {
    world.database.db.tenant(world.organization).await.expect("a transaction")
}

/// A session as parsing leaves it.
async fn parsed_session(world: &World, said: &[Line<'_>]) -> Uuid {
    let [session, transcript, correlation] = [(); 3].map(|()| Uuid::now_v7());
    let mut tx = tenant(world).await;
    sqlx::query(
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state,
            correlation_id) values ($1, $2, $3, 'Session', '2026-11-03', 'path', $1::text, 'parsed', $4)",
    )
    .bind(session)
    .bind(world.organization)
    .bind(world.coach)
    .bind(correlation)
    .execute(tx.conn())
    .await
    .expect("a session");
    sqlx::query(
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes,
            object_time, parsed_at) values ($1, $2, $3, 'key', 'etag', 'stored', $1::text, 1, now(), now())",
    )
    .bind(transcript)
    .bind(world.organization)
    .bind(session)
    .execute(tx.conn())
    .await
    .expect("a transcript");
    for (position, (label, start, end, text)) in said.iter().enumerate() {
        sqlx::query(
            "insert into utterances (id, organization_id, session_id, transcript_id, position, label, start_ms, end_ms,
                text) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(Uuid::now_v7())
        .bind(world.organization)
        .bind(session)
        .bind(transcript)
        .bind(i32::try_from(position).expect("few utterances"))
        .bind(label)
        .bind(start)
        .bind(end)
        .bind(text)
        .execute(tx.conn())
        .await
        .expect("an utterance");
    }
    tx.commit().await.expect("it is committed");
    session
}

async fn attribute(world: &World, session_id: Uuid) {
    world.run(&AttributeSession { session_id }).await.expect("the session is attributed");
}

/// The session's result: state, type, participants and due summaries, as readable text.
async fn outcome(world: &World, session: Uuid) -> String {
    let mut tx = tenant(world).await;
    sqlx::query_scalar(
        "select state || ' ' || type || ': ' || coalesce((select string_agg(
            name || ' ' || kind || ' ' || speaking_seconds || 's ' || words || 'w ' || turns || 't', ', ' order by kind, name)
            from participants where session_id = $1), 'nobody') || '; ' || coalesce((select string_agg(
            clients.name || ' ' || summaries.state, ', ' order by clients.name)
            from summaries join clients on clients.id = client_id where session_id = $1), 'no summary')
         from sessions where id = $1",
    )
    .bind(session)
    .fetch_one(tx.conn())
    .await
    .expect("the session is there")
}

/// The session's title.
async fn title(world: &World, session: Uuid) -> String {
    let mut tx = tenant(world).await;
    let title = sqlx::query_scalar("select title from sessions where id = $1").bind(session);
    title.fetch_one(tx.conn()).await.expect("the session is there")
}

/// The due jobs of the path, by kind, without the index.
async fn due(world: &World) -> String {
    let mut tx = tenant(world).await;
    let jobs = "select coalesce(string_agg(kind || ' ' || count, ', ' order by kind), '') from
        (select kind, count(*) from jobs where state = 'due' and kind <> 'index.session' group by kind) as due";
    sqlx::query_scalar(jobs).fetch_one(tx.conn()).await.expect("the queue answers")
}

async fn name(world: &World, session: Uuid, answers: &[(&str, SpeakerIs)]) -> Result<usize, NameError> {
    let answers: Vec<(String, SpeakerIs)> = answers.iter().map(|(l, is)| ((*l).to_owned(), is.clone())).collect();
    let mut tx = tenant(world).await;
    let named = name_speakers(&mut tx, session, &answers).await?;
    tx.commit().await?;
    Ok(named.remaining)
}

#[tokio::test]
async fn known_people_become_participants_and_each_client_gets_a_summary() {
    let world = World::new().await;
    // The phone is hers, but next to her full name it could be a namesake's: the coach is asked about it.
    let session = parsed_session(&world, &TWO[..4]).await;
    attribute(&world, session).await;
    let expected =
        "attributed individual: Priya Raman client 8.5s 11w 1t, Maya Okafor coach 5.5s 12w 2t; Priya Raman due";
    assert_eq!(outcome(&world, session).await, expected);
    assert_eq!(due(&world).await, "summarize.client 1");
    assert_eq!(title(&world, session).await, "Priya Raman", "the file's name said nothing");
    // At-least-once: a second run changes nothing.
    attribute(&world, session).await;
    assert_eq!(outcome(&world, session).await, expected);
    assert_eq!(due(&world).await, "summarize.client 1");
}

#[tokio::test]
async fn one_unknown_speaker_holds_the_session_until_it_is_named_and_is_asked_about_once() {
    let world = World::new().await;
    let said = [
        (Some("Maya Okafor"), 0, 1_000, "How was the week?"),
        (Some("PR-Laptop"), 1_000, 9_000, "I wrote my case, and my manager liked it more than I had feared."),
        (Some("PR-Laptop"), 9_000, 10_000, "Yes."),
        (Some("Speaker 3"), 10_000, 11_000, "I can join for five minutes only."),
    ];
    let first = parsed_session(&world, &said).await;
    attribute(&world, first).await;
    assert!(outcome(&world, first).await.starts_with("waiting_for_speakers"), "{}", outcome(&world, first).await);
    assert!(outcome(&world, first).await.ends_with("; no summary"));
    assert_eq!(due(&world).await, "review.ask_for_speakers 1");

    let waiting = unresolved(&mut tenant(&world).await, first).await.expect("the speakers");
    let labels: Vec<(&str, i32, i32)> = waiting.iter().map(|s| (s.label.as_str(), s.words, s.turns)).collect();
    assert_eq!(labels, [("PR-Laptop", 15, 1), ("Speaker 3", 7, 1)]);
    assert_eq!(waiting[0].excerpts.len(), 2);

    // Naming one of two leaves the session on hold, and nobody is asked again.
    let priya = SpeakerIs::Client(world.priya);
    assert_eq!(name(&world, first, &[("PR-Laptop", priya)]).await.expect("it is named"), 1);
    world.run_queued::<AttributeSession>().await.expect("it looks again").expect("it runs");
    assert!(outcome(&world, first).await.starts_with("waiting_for_speakers"));
    let guest = SpeakerIs::Guest { name: "Ines, her assistant".into() };
    assert_eq!(name(&world, first, &[("Speaker 3", guest)]).await.expect("it is named"), 0);
    world.run_queued::<AttributeSession>().await.expect("it looks again").expect("it runs");
    assert_eq!(
        outcome(&world, first).await,
        "attributed individual: Priya Raman client 9s 15w 1t, Maya Okafor coach 1s 4w 1t, \
         Ines, her assistant guest 1s 7w 1t; Priya Raman due"
    );
    assert_eq!(due(&world).await, "review.ask_for_speakers 1, summarize.client 1");

    // The next session knows the laptop; but `Speaker 3` may be anyone there.
    let second = parsed_session(&world, &said[..3]).await;
    attribute(&world, second).await;
    assert!(outcome(&world, second).await.starts_with("attributed"), "{}", outcome(&world, second).await);
    let third = parsed_session(&world, &said).await;
    attribute(&world, third).await;
    let waiting = unresolved(&mut tenant(&world).await, third).await.expect("the speakers");
    assert_eq!(waiting.iter().map(|s| s.label.as_str()).collect::<Vec<_>>(), ["Speaker 3"]);
}

#[tokio::test]
async fn words_without_any_label_wait_for_the_coach() {
    let world = World::new().await;
    let session =
        parsed_session(&world, &[(None, 0, 1_000, "I have no name"), (None, 1_000, 2_000, "nor have I")]).await;
    attribute(&world, session).await;
    assert!(outcome(&world, session).await.starts_with("waiting_for_speakers individual: nobody; no summary"));
    let waiting = unresolved(&mut tenant(&world).await, session).await.expect("the speakers");
    assert_eq!((waiting.len(), waiting[0].label.as_str(), waiting[0].words), (1, "", 7));
}

#[tokio::test]
async fn two_clients_make_a_group_and_a_first_name_beside_a_full_name_is_asked_about() {
    let world = World::new().await;
    let group = [TWO[0], TWO[1], (Some("Becker, Tom"), 15_000, 16_000, "Hello.")];
    let session = parsed_session(&world, &group).await;
    attribute(&world, session).await;
    let found = outcome(&world, session).await;
    assert!(found.starts_with("attributed group: ") && found.ends_with("Priya Raman due, Tom Becker due"), "{found}");
    assert_eq!(due(&world).await, "summarize.client 2");

    let session = parsed_session(&world, &TWO).await;
    attribute(&world, session).await;
    let waiting = unresolved(&mut tenant(&world).await, session).await.expect("the speakers");
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].label, "Priya's iPhone");
    assert_eq!(waiting[0].suggestion, Some(debrief_jobs::attribute::Who::Client(world.priya)));
}

#[tokio::test]
async fn a_session_that_all_stands_under_the_coachs_name_is_asked_about() {
    let world = World::new().await;
    let session = parsed_session(&world, &TWO[..1]).await;
    attribute(&world, session).await;
    assert_eq!(outcome(&world, session).await, "waiting_for_speakers individual: nobody; no summary");
    assert_eq!(due(&world).await, "review.ask_for_speakers 1");
}

#[tokio::test]
async fn a_client_who_is_added_later_lets_waiting_sessions_go_on() {
    let world = World::new().await;
    let session = parsed_session(&world, &[TWO[0], (Some("Jonas Weber"), 4_000, 5_000, "Hello.")]).await;
    attribute(&world, session).await;
    assert!(outcome(&world, session).await.starts_with("waiting_for_speakers"));
    let jonas = NewClient { name: "Jonas Weber", ..NewClient::default() };
    people::add_client(&world.database.db, "maya", jonas).await.expect("a client");
    world.run_queued::<AttributeSession>().await.expect("it looks again").expect("it runs");
    assert!(outcome(&world, session).await.starts_with("attributed"));
}

#[tokio::test]
async fn a_new_client_is_named_once_and_wrong_answers_change_nothing() {
    let world = World::new().await;
    let session = parsed_session(&world, &[TWO[0], (Some("JW"), 4_000, 5_000, "I am here.")]).await;
    attribute(&world, session).await;
    let nobody = SpeakerIs::Client(Uuid::now_v7());
    assert!(matches!(name(&world, session, &[("JW", nobody)]).await, Err(NameError::NoClient(_))));
    assert!(matches!(name(&world, session, &[("jw?", SpeakerIs::Coach)]).await, Err(NameError::NoLabel(_))));
    let bad = SpeakerIs::NewClient { name: "Jonas Weber".into(), email: Some("jonas".into()) };
    assert!(matches!(name(&world, session, &[("JW", bad)]).await, Err(NameError::Person(..))));
    assert_eq!(people::list_clients(&world.database.db, "maya").await.expect("clients").len(), 2);

    let jonas = SpeakerIs::NewClient { name: "Jonas Weber".into(), email: Some("jonas@weber.example".into()) };
    name(&world, session, &[("JW", jonas.clone())]).await.expect("it is named");
    world.run_queued::<AttributeSession>().await.expect("it looks again").expect("it runs");
    assert!(outcome(&world, session).await.ends_with("Jonas Weber due"));
    assert!(matches!(name(&world, session, &[("JW", jonas)]).await, Err(NameError::NotWaiting)));
    assert_eq!(people::list_clients(&world.database.db, "maya").await.expect("clients").len(), 3);
}

#[tokio::test]
async fn a_name_that_another_has_as_alias_is_asked_about_and_a_new_client_is_nobody_who_is_known() {
    let world = World::new().await;
    let mut tx = tenant(&world).await;
    for alias in ["priya raman", "jonas weber"] {
        sqlx::query(
            "insert into aliases (organization_id, coach_id, normalized, written, client_id, source)
             select organization_id, coach_id, $1, $1, id, 'roster' from clients where name = 'Tom Becker'",
        )
        .bind(alias)
        .execute(tx.conn())
        .await
        .expect("an alias");
    }
    tx.commit().await.expect("it is committed");
    let session = parsed_session(&world, &TWO[..2]).await;
    attribute(&world, session).await;
    assert!(outcome(&world, session).await.starts_with("waiting_for_speakers"), "Priya's words are not Tom's");
    let new =
        |name: &str, email: Option<&str>| SpeakerIs::NewClient { name: name.into(), email: email.map(Into::into) };
    for (is, said) in [
        (new("Zora", Some("tom@becker.example")), "tom@becker.example already belongs to your client Tom Becker"),
        (new("Jonas Weber", None), "Jonas Weber already belongs to your client Tom Becker"),
        (new("Jonas Weber", Some("jonas@weber.example")), "Jonas Weber already belongs to your client Tom Becker"),
        (new("Jonas", Some("jo nas@weber.example")), "`jo nas@weber.example` isn't a valid email address"),
        (new(&"Jonas ".repeat(50), None), "is too long for a name"),
        (SpeakerIs::Guest { name: "Jonas ".repeat(50) }, "is too long for a name"),
    ] {
        let refused = name(&world, session, &[("Priya Raman (she/her)", is)]).await.expect_err(said).to_string();
        assert!(refused.contains(said), "{refused}");
    }
    let clients = people::list_clients(&world.database.db, "maya").await.expect("clients");
    let names: Vec<&str> = clients.iter().map(|client| client.name.as_str()).collect();
    assert_eq!(names, ["Priya Raman", "Tom Becker"]);
    name(&world, session, &[("Priya Raman (she/her)", SpeakerIs::Client(world.priya))]).await.expect("it is named");
    world.run_queued::<AttributeSession>().await.expect("it looks again").expect("it runs");
    assert!(outcome(&world, session).await.ends_with("Priya Raman due"));
}

#[tokio::test]
async fn speakers_of_a_summarised_session_stay() {
    let world = World::new().await;
    let session = parsed_session(&world, &TWO[..2]).await;
    attribute(&world, session).await;
    let before = outcome(&world, session).await;
    let mut tx = tenant(&world).await;
    for change in ["update summaries set version = 1, state = 'done'", "update sessions set state = 'parsed'"] {
        sqlx::query(change).execute(tx.conn()).await.expect("it changes");
    }
    sqlx::query("update utterances set label = 'Tom Becker'").execute(tx.conn()).await.expect("it changes");
    tx.commit().await.expect("it is committed");
    attribute(&world, session).await;
    assert_eq!(outcome(&world, session).await, before.replace("attributed", "parsed").replace("due", "done"));
}

/// A session of two unnamed speakers, in which only `greeting` contains a name.
const fn diarised<'a>(greeting: &'a str) -> [Line<'a>; 8] {
    const COACH: Option<&str> = Some("Speaker 1");
    const CLIENT: Option<&str> = Some("Speaker 2");
    [
        (COACH, 0, 4_000, greeting),
        (
            CLIENT,
            4_000,
            20_000,
            "I've been all over the place. My manager moved my project again, and I felt stupid for \
            having told my team. I was up half of the night, and I don't know what I did wrong.",
        ),
        (
            COACH,
            20_000,
            26_000,
            "It sounds like you took it on yourself. What did you want to happen when you told them?",
        ),
        (
            CLIENT,
            26_000,
            33_000,
            "I think I wanted them to know that I was on their side. I had told my wife the same.",
        ),
        (COACH, 32_000, 36_000, "How would you know that they do? What could you ask them?"),
        (CLIENT, 36_000, 40_000, "I guess I could ask my lead. I didn't try."),
        (
            COACH,
            40_000,
            48_000,
            "Let's make that small. For next week I'd like you to ask one of them, and tell me what \
            you hear.",
        ),
        (CLIENT, 48_000, 50_000, "I can do that. I'm nervous, but I need it."),
    ]
}

#[tokio::test]
async fn speakers_without_names_need_no_question_where_the_talk_tells_who_they_are() {
    let world = World::new().await;
    let session = parsed_session(
        &world,
        &diarised("Hi Priya. How have you been since we spoke, and what would you like to look at?"),
    )
    .await;
    attribute(&world, session).await;
    let outcome = outcome(&world, session).await;
    assert!(outcome.starts_with("attributed individual: Priya Raman client"), "{outcome}");
    assert!(outcome.contains("Maya Okafor coach") && outcome.ends_with("; Priya Raman due"), "{outcome}");

    // Each person's measures are stored with them.
    let measures: Vec<String> = sqlx::query_scalar(
        "select name || ' ' || longest_turn_seconds || 's ' || longest_turn_words || 'w ' || questions || '? '
            || interruptions || '! ' || round(share::numeric, 2) || ' ' || engagement
         from participants where session_id = $1 order by kind desc",
    )
    .bind(session)
    .fetch_all(tenant(&world).await.conn())
    .await
    .expect("the participants");
    assert_eq!(measures, ["Maya Okafor 8s 21w 4? 1! 0.43 high", "Priya Raman 16s 36w 0? 0! 0.57 high"]);
}

#[tokio::test]
async fn a_speaker_whom_nobody_names_is_asked_about() {
    let world = World::new().await;
    let session =
        parsed_session(&world, &diarised("How have you been since we spoke, and what would you like to look at?"))
            .await;
    attribute(&world, session).await;
    assert!(outcome(&world, session).await.starts_with("waiting_for_speakers"), "{}", outcome(&world, session).await);
    let waiting = unresolved(&mut tenant(&world).await, session).await.expect("the speakers");
    let labels: Vec<&str> = waiting.iter().map(|speaker| speaker.label.as_str()).collect();
    // The coach is clear, but not which of the two clients it is.
    assert_eq!(labels, ["Speaker 2"]);
    assert_eq!(waiting[0].suggestion, None);
    assert!(waiting[0].reason.contains("client"), "{}", waiting[0].reason);
}
