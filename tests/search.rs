//! Search, from outside: what is found by words, by meaning and by both, in what order, and how the database finds it.

mod plans;

use debrief_jobs::{
    db::Tx,
    index::{self, ByMeaning, Found, Hit, IndexSession, IndexSummary, Part, Query, SessionType, Source, Verified},
    model::{Content, Section},
};
use uuid::Uuid;

use crate::support::{
    World,
    filled::{Filled, Session, claim, day},
};

/// Searches as the command line does.
async fn found(world: &World, query: Query) -> Found {
    let query = Query { limit: if query.limit == 0 { 10 } else { query.limit }, ..query };
    let embedder = &world.services.embedder;
    let prepared = index::prepare(embedder, &query).await.expect("a good query");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    index::search(&mut tx, embedder, &prepared).await.expect("the search runs")
}

async fn hits(world: &World, text: &str) -> Vec<Hit> {
    found(world, Query { text: text.into(), ..Query::default() }).await.hits
}

async fn indexed(world: &World, session: &Session) -> Filled {
    let filled = world.insert(session).await;
    world.run(&IndexSession { session_id: filled.session }).await.expect("it is indexed");
    filled
}

/// The sessions found, each once, the best first.
async fn sessions(world: &World, text: &str) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = hits(world, text).await.into_iter().map(|hit| hit.session_id).collect();
    ids.dedup();
    ids
}

/// What the offline embedder makes of letters isn't asked: words alone.
async fn by_words_alone() -> World {
    World::with(|settings| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        settings.index.embedder = "openai".into();
        settings.index.url = Some("http://127.0.0.1:9/v1".into());
        settings.index.model = Some("away".into());
        settings.index.dimensions = Some(2);
    })
    .await
}

/// Indexes a session with an embedder that is there, in a world whose own isn't.
async fn indexed_elsewhere(world: &World, session: &Session) -> Filled {
    let filled = world.insert(session).await;
    let other = World::new().await;
    let theirs = Session {
        organization: other.organization,
        coach: other.coach,
        clients: vec![(other.priya, "Priya Raman")],
        ..session.clone()
    };
    let copy = other.insert(&theirs).await;
    other.run(&IndexSession { session_id: copy.session }).await.expect("it is indexed");
    let mut tx = other.database.db.tenant(other.organization).await.expect("a transaction");
    let rows: Vec<(String, String, String, i32, Option<String>)> =
        sqlx::query_as("select text, content_sha256, words::text, length, language from chunks order by start_ms")
            .fetch_all(tx.conn())
            .await
            .expect("chunks");
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    for (text, sha256, words, length, language) in rows {
        sqlx::query(
            "insert into chunks (id, organization_id, coach_id, session_id, source, text, content_sha256, words, length, language)
             values (gen_random_uuid(), $1, $2, $3, 'utterances', $4, $5, $6::tsvector, $7, $8)",
        )
        .bind(world.organization)
        .bind(world.coach)
        .bind(filled.session)
        .bind(text)
        .bind(sha256)
        .bind(words)
        .bind(length)
        .bind(language)
        .execute(tx.conn())
        .await
        .expect("a chunk");
    }
    tx.commit().await.expect("it commits");
    filled
}

#[tokio::test]
async fn an_embedder_that_is_away_leaves_the_words_and_the_answer_says_so() {
    let world = by_words_alone().await;
    let filled =
        indexed_elsewhere(&world, &world.session(vec![("Priya Raman", "I kept procrastinating on the report.")])).await;
    let answer = found(&world, Query { text: "What about the report?".into(), ..Query::default() }).await;
    assert_eq!(answer.by_meaning, ByMeaning::Unavailable);
    assert_eq!(answer.hits.iter().map(|hit| hit.session_id).collect::<Vec<_>>(), [filled.session]);
    let nothing = found(&world, Query { text: "volcano".into(), ..Query::default() }).await;
    assert_eq!((nothing.hits.len(), nothing.sessions), (0, 1), "it says what was searched");
}

#[tokio::test]
async fn the_rarer_word_of_a_question_counts_more_and_what_only_asks_counts_nothing() {
    let world = by_words_alone().await;
    let filler: &'static str = "We talked about the plan, and about what she would say about it.";
    for _ in 0..6 {
        indexed_elsewhere(&world, &world.session(vec![("Priya Raman", filler)])).await;
    }
    let hiring = "The plan is that hiring two engineers comes first.";
    let right = indexed_elsewhere(&world, &world.session(vec![("Priya Raman", hiring)])).await;
    let found = sessions(&world, "What would she say about the hiring plan?").await;
    assert_eq!(found.first(), Some(&right.session));
    assert_eq!(sessions(&world, "what did you say about hiring").await, [right.session]);
}

#[tokio::test]
async fn phrases_have_to_be_there_and_exclusions_must_not_whatever_is_near_in_meaning() {
    let world = World::new().await;
    let one = indexed(&world, &world.session(vec![("Priya Raman", "The quarterly report is late again.")])).await;
    let two = indexed(&world, &world.session(vec![("Priya Raman", "The report that is quarterly is a draft.")])).await;
    let both = sessions(&world, "quarterly report").await;
    assert_eq!(both.len(), 2);
    assert_eq!(sessions(&world, "\"Quarterly Report\"").await, [one.session]);
    assert_eq!(sessions(&world, "late \"quarterly report\"").await, [one.session]);
    assert_eq!(sessions(&world, "quarterly report -late").await, [two.session]);
    assert_eq!(sessions(&world, "quarterly report -\"a draft\"").await, [one.session]);
    assert_eq!(
        sessions(&world, "\"quarterly reports\"").await,
        Vec::<Uuid>::new(),
        "a phrase is meant as it is written"
    );
    assert_eq!(sessions(&world, "-late").await, Vec::<Uuid>::new());
}

#[tokio::test]
async fn words_are_found_in_the_language_of_their_session_and_exactly_in_all() {
    let world = by_words_alone().await;
    let german = "Ich habe mit dem Team über die Häuser gesprochen, und das ist nicht so leicht, aber wir werden es \
                  schon schaffen. Der Geschäftsführer ist noch nicht da.";
    let swedish = "Jag har pratat med chefen om mötena, och det är inte så lätt att ta upp det som var för sent.";
    let english = "I have talked to the team about the meetings, and it is not that easy, but we would do it.";
    let german = indexed_elsewhere(&world, &world.session(vec![("Priya Raman", german)])).await;
    let swedish = indexed_elsewhere(&world, &world.session(vec![("Priya Raman", swedish)])).await;
    let english = indexed_elsewhere(&world, &world.session(vec![("Priya Raman", english)])).await;
    let chinese = indexed_elsewhere(&world, &world.session(vec![("Priya Raman", "我下周五以前写信给经理。")])).await;
    for (text, session) in [
        ("Haus", german.session),
        ("HAUSER", german.session),
        ("geschaftsfuhrer", german.session),
        ("chef", swedish.session),
        ("motena", swedish.session),
        ("meeting", english.session),
        ("写信", chinese.session),
        ("\"给经理\"", chinese.session),
    ] {
        assert_eq!(sessions(&world, text).await, [session], "{text}");
    }
    assert_eq!(sessions(&world, "信写").await, Vec::<Uuid>::new());
}

#[tokio::test]
async fn a_client_is_found_by_any_of_their_names() {
    let world = by_words_alone().await;
    world
        .execute(
            "insert into aliases (organization_id, coach_id, normalized, written, client_id, source)
             select organization_id, coach_id, 'zoe k', 'Zoë K', id, 'roster' from clients where id = $1",
            world.priya,
        )
        .await;
    let named = indexed_elsewhere(&world, &world.session(vec![("Zoë K", "The budget is done.")])).await;
    for text in ["Zoe", "ZOË", "priya"] {
        assert_eq!(sessions(&world, text).await, [named.session], "{text}");
    }
    assert_eq!(sessions(&world, "Raman").await, [named.session], "by either name");
    assert_eq!(sessions(&world, "Becker").await, Vec::<Uuid>::new());
}

#[tokio::test]
async fn a_sentence_is_one_result_however_many_chunks_hold_it() {
    let world = World::new().await;
    let long: &'static str = String::leak("So it goes on and on and on. ".repeat(22).trim_end().to_owned());
    let said = vec![
        ("Maya Okafor", long),
        ("Priya Raman", "I will delegate the spreadsheet to Anders."),
        ("Maya Okafor", long),
    ];
    let filled = indexed(&world, &world.session(said)).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let chunks: i64 = sqlx::query_scalar("select count(*) from chunks where text like '%spreadsheet%'")
        .fetch_one(tx.conn())
        .await
        .expect("a count");
    drop(tx);
    assert_eq!(chunks, 2, "two chunks share the sentence");
    let hits = hits(&world, "delegate the spreadsheet").await;
    assert_eq!(hits.len(), 1, "{hits:?}");
    let utterance = hits[0].utterance.as_ref().expect("an utterance");
    assert_eq!((utterance.id, utterance.position), (filled.utterances[1], 1));
    assert_eq!((utterance.speaker.as_deref(), utterance.start_ms), (Some("Priya Raman"), Some(10_000)));
}

#[tokio::test]
async fn filters_narrow_by_section_type_and_tag() {
    let world = World::new().await;
    let filled =
        indexed(&world, &world.session(vec![("Priya Raman", "The budget was hard, and now it is done.")])).await;
    let group = Session {
        group: true,
        clients: vec![(world.tom, "Tom Becker")],
        ..world.session(vec![("Tom Becker", "My budget is fine.")])
    };
    let group = indexed(&world, &group).await;
    let content = Content {
        claims: vec![
            claim(Section::Wins, "You finished the budget.", filled.utterances[0]),
            claim(Section::Challenges, "The budget was hard.", filled.utterances[0]),
        ],
    };
    let (summary_id, version) = world.summarize(filled.session, world.priya, &content).await;
    world.run(&IndexSummary { summary_id, version }).await.expect("it is indexed");
    world.execute("update clients set tags = '{Leadership}' where id = $1", world.priya).await;
    let texts = async |query: Query| {
        let hits = found(&world, Query { text: "budget".into(), ..query }).await.hits;
        let mut texts: Vec<String> = hits.into_iter().map(|hit| hit.text).collect();
        texts.sort_unstable();
        texts
    };
    assert_eq!(texts(Query::default()).await.len(), 4);
    assert_eq!(texts(Query { parts: vec![Part::Wins], ..Query::default() }).await, ["You finished the budget."]);
    assert_eq!(texts(Query { parts: vec![Part::Wins, Part::Challenges], ..Query::default() }).await.len(), 2);
    assert_eq!(texts(Query { parts: vec![Part::Transcript], ..Query::default() }).await.len(), 2);
    let group_alone = Query { session_type: Some(SessionType::Group), ..Query::default() };
    assert_eq!(texts(group_alone.clone()).await, ["Tom Becker: My budget is fine."]);
    assert_eq!(texts(Query { tag: Some("leadership".into()), ..Query::default() }).await.len(), 3);
    assert_eq!(texts(Query { tag: Some("nobody’s".into()), ..Query::default() }).await, Vec::<String>::new());
    let answer = found(&world, Query { text: "budget".into(), ..group_alone }).await;
    assert_eq!((answer.sessions, answer.hits[0].session_id), (1, group.session));
    let wins = found(&world, Query { text: "budget".into(), parts: vec![Part::Wins], ..Query::default() }).await;
    let hit = &wins.hits[0];
    assert_eq!((hit.source, hit.section.as_deref()), (Source::Summary, Some("wins")));
    assert_eq!(hit.utterance.as_ref().map(|it| it.id), Some(filled.utterances[0]), "the place that it is based on");
}

#[tokio::test]
async fn days_in_a_question_narrow_it_and_can_be_words() {
    let world = World::new().await;
    let march = Session { day: day("2024-03-12"), ..world.session(vec![("Priya Raman", "Hiring comes first.")]) };
    let march = indexed(&world, &march).await;
    let later = indexed(&world, &world.session(vec![("Priya Raman", "Hiring is done.")])).await;
    let ask = Query { text: "What did Priya decide about hiring in March 2024?".into(), ..Query::default() };
    let answer = found(&world, ask.clone()).await;
    let days = answer.days.expect("days");
    assert_eq!((days.from, days.to, days.words.as_str()), (day("2024-03-01"), day("2024-03-31"), "in March 2024"));
    assert_eq!(answer.hits.iter().map(|hit| hit.session_id).collect::<Vec<_>>(), [march.session]);
    assert_eq!(answer.sessions, 1);
    let words = found(&world, Query { days_are_words: true, ..ask.clone() }).await;
    assert_eq!((words.hits.len(), words.days), (2, None));
    let chosen = found(&world, Query { from: Some(day("2026-01-01")), ..ask }).await;
    assert_eq!(chosen.hits.iter().map(|hit| hit.session_id).collect::<Vec<_>>(), [later.session], "chosen days win");
}

#[tokio::test]
async fn an_index_that_does_not_agree_with_its_source_is_found_out_and_repaired() {
    let world = World::new().await;
    let filled = indexed(&world, &world.session(vec![("Priya Raman", "The budget is done.")])).await;
    let content = Content { claims: vec![claim(Section::Wins, "You finished the budget.", filled.utterances[0])] };
    let (summary_id, version) = world.summarize(filled.session, world.priya, &content).await;
    world.run(&IndexSummary { summary_id, version }).await.expect("it is indexed");
    let (db, organization, embedder) = (&world.database.db, world.organization, &world.services.embedder);
    let verify = async || index::verify(db, organization, embedder).await.expect("it is compared");
    let sound = verify().await;
    assert!(sound.agrees(), "{sound:?}");
    assert_eq!((sound.sessions, sound.summaries, sound.chunks), (1, 1, 2));

    let counts = |it: &Verified| (it.missing, it.orphaned, it.without_vector, it.outdated);
    world.execute("update utterances set text = 'The budget is late.' where session_id = $1", filled.session).await;
    assert_eq!(counts(&verify().await), (1, 1, 0, 0), "other words");
    world.execute("delete from embeddings where $1 is not null", filled.session).await;
    assert_eq!(counts(&verify().await), (1, 1, 2, 0), "no vectors");
    world
        .execute("update summaries set withdrawn_reason = 'wrong', state = 'dismissed' where id = $1", summary_id)
        .await;
    let wrong = verify().await;
    assert_eq!(counts(&wrong), (1, 2, 1, 0), "a sentence without a summary");
    assert_eq!(wrong.wrong_sessions.iter().copied().collect::<Vec<_>>(), [filled.session]);

    assert_eq!(index::repair(db, organization, &wrong).await.expect("it is repaired"), 1);
    assert_eq!(verify().await.waiting, 1);
    world.run_queued::<IndexSession>().await.expect("it is due").expect("it is indexed");
    let sound = verify().await;
    assert!(sound.agrees() && sound.chunks == 1, "{sound:?}");
}

/// The name of whose session it is stands in each greeting.
#[tokio::test]
async fn a_hit_points_at_the_line_that_answers_and_not_at_a_greeting() {
    let world = World::new().await;
    let said = vec![("Maya Okafor", "Hi Priya, good to see you."), ("Priya Raman", "The oven is broken again.")];
    indexed(&world, &world.session(said)).await;
    let hit = hits(&world, "Priya oven").await.into_iter().next().expect("it is found");
    assert_eq!(hit.utterance.expect("a line").speaker.as_deref(), Some("Priya Raman"));
}
