//! The stage `index`, from outside: what was said and summarized is found, but only by its own organization.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, http::StatusCode, response::IntoResponse, routing::post};
use debrief_jobs::{
    db::Tx,
    index::{Hit, IndexSession, IndexSummary, Query, SearchError, Source, ensure_model_index},
    model::{Content, Section},
    path::session,
    queue::JobError,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    Reviewed, World,
    filled::{claim, day},
    installation::wait_for,
    search,
};

const TALK: [(&str, &str); 4] = [
    ("Maya Okafor", "What got in the way of the quarterly report?"),
    ("Priya Raman", "I kept procrastinating on it until Thursday evening."),
    ("Maya Okafor", "And what would delegation look like here?"),
    ("Priya Raman", "Handing the tables to Anders, I suppose."),
];

async fn find(world: &World, query: Query) -> Vec<Hit> {
    let query = Query { limit: 10, ..query };
    search(&world.database.db, world.organization, &world.services.embedder, &query).await.expect("the search runs")
}

fn words(text: &str) -> Query {
    Query { text: text.into(), ..Query::default() }
}

#[tokio::test]
async fn what_was_said_is_found_with_client_session_and_time() {
    let world = World::new().await;
    let filled = world.insert(&world.session(TALK.to_vec())).await;
    let output = world.run(&IndexSession { session_id: filled.session }).await.expect("it is indexed");
    assert_eq!(output, json!({ "outcome": "indexed", "chunks": 1, "new_vectors": 1 }));

    let hits = find(&world, words("quarterly report")).await;
    assert_eq!(hits.len(), 1);
    let hit = &hits[0];
    assert_eq!((hit.session_id, hit.title.as_str()), (filled.session, "Priya, session 4"));
    assert_eq!(hit.session_date, day("2026-11-09"));
    assert_eq!(hit.client.as_ref().map(|client| (client.id, client.name.as_str())), Some((world.priya, "Priya Raman")));
    assert_eq!(hit.speakers, ["Priya Raman", "Maya Okafor"]);
    assert_eq!((hit.start_ms, hit.source), (Some(0), Source::Utterances));
    assert!(hit.text.contains("Priya Raman: I kept procrastinating"), "{}", hit.text);

    // The word isn't in the session, but another form of it is.
    assert_eq!(find(&world, words("procrastination")).await.len(), 1);
    assert_eq!(find(&world, words("submarine volcano")).await, Vec::new());
    assert_eq!(find(&world, words("…")).await, Vec::new());
    let empty = search(&world.database.db, world.organization, &world.services.embedder, &words(" ")).await;
    assert!(matches!(empty, Err(SearchError::Empty)));
}

#[tokio::test]
async fn a_rerun_leaves_the_same_chunks_and_makes_no_vector_anew() {
    let world = World::new().await;
    let filled = world.insert(&world.session(TALK.to_vec())).await;
    let job = IndexSession { session_id: filled.session };
    world.run(&job).await.expect("it is indexed");
    let before = find(&world, words("delegation")).await;
    let output = world.run(&job).await.expect("it is indexed again");
    assert_eq!(output, json!({ "outcome": "indexed", "chunks": 1, "new_vectors": 0 }));
    assert_eq!(find(&world, words("delegation")).await, before);
}

#[tokio::test]
async fn a_new_version_of_a_summary_takes_the_place_of_the_old_one() {
    let world = World::new().await;
    let filled = world.insert(&world.session(TALK.to_vec())).await;
    let version = |text: &str| Content { claims: vec![claim(Section::Wins, text, filled.utterances[3])] };
    let (summary_id, one) = world.summarize(filled.session, world.priya, &version("Asked a colleague for help.")).await;
    world.run(&IndexSummary { summary_id, version: one }).await.expect("it is indexed");
    let hits = find(&world, words("colleague")).await;
    assert_eq!(hits.len(), 1);
    assert_eq!((hits[0].source, hits[0].start_ms), (Source::Summary, Some(30_000)));

    let (_, two) = world.summarize(filled.session, world.priya, &version("Gave the tables to Anders.")).await;
    world.run(&IndexSummary { summary_id, version: two }).await.expect("it is indexed");
    assert_eq!(find(&world, words("colleague")).await, Vec::new());
    assert_eq!(find(&world, words("tables")).await.len(), 1);

    // The old version's job runs late, and changes nothing.
    let late = world.run(&IndexSummary { summary_id, version: one }).await.expect("it is done");
    assert_eq!(late, json!({ "outcome": "outdated" }));
    assert_eq!(find(&world, words("tables")).await.len(), 1);
}

#[tokio::test]
async fn a_query_as_long_as_a_book_is_refused_in_plain_words() {
    let world = World::new().await;
    let search = async |text: String| {
        search(&world.database.db, world.organization, &world.services.embedder, &words(&text)).await
    };
    for text in ["word ".repeat(20_000), "-a or ".repeat(10_000), "\"".repeat(1_001)] {
        let refused = search(text).await.expect_err("it is too long").to_string();
        assert!(refused.contains("may have 1000"), "{refused}");
    }
    for text in ["word ".repeat(200), "-a or ".repeat(166), "謝".repeat(1_000)] {
        search(text).await.expect("it is searched for");
    }
}

#[tokio::test]
async fn filters_narrow_by_client_coach_and_day() {
    let world = World::new().await;
    let priya = world.insert(&world.session(TALK.to_vec())).await;
    let tom = crate::support::filled::Session {
        title: "Tom, session 1",
        day: day("2026-11-16"),
        clients: vec![(world.tom, "Tom Becker")],
        ..world.session(vec![("Tom Becker", "The report is done, and the delegation works.")])
    };
    let tom = world.insert(&tom).await;
    for session_id in [priya.session, tom.session] {
        world.run(&IndexSession { session_id }).await.expect("it is indexed");
    }
    let found = async |query: Query| -> Vec<Uuid> {
        let mut ids: Vec<Uuid> =
            find(&world, Query { text: "report".into(), ..query }).await.iter().map(|it| it.session_id).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(found(Query::default()).await, [priya.session, tom.session]);
    assert_eq!(found(Query { client: Some(world.tom), ..Query::default() }).await, [tom.session]);
    assert_eq!(found(Query { from: Some(day("2026-11-10")), ..Query::default() }).await, [tom.session]);
    assert_eq!(found(Query { to: Some(day("2026-11-09")), ..Query::default() }).await, [priya.session]);
    assert_eq!(found(Query { coach: Some(world.coach), ..Query::default() }).await.len(), 2);
    assert_eq!(found(Query { coach: Some(Uuid::now_v7()), ..Query::default() }).await, Vec::<Uuid>::new());
}

#[tokio::test]
async fn in_a_group_a_client_is_found_by_their_own_words() {
    let world = World::new().await;
    // Each speaks long enough that no chunk contains both.
    let tom: &'static str = String::leak(format!("My budget is tight. {}", "So it goes on and on. ".repeat(38)));
    let priya: &'static str = String::leak(format!("My budget is fine. {}", "So it goes on and on. ".repeat(38)));
    let group = crate::support::filled::Session {
        group: true,
        clients: vec![(world.tom, "Tom Becker"), (world.priya, "Priya Raman")],
        ..world.session(vec![("Tom Becker", tom), ("Priya Raman", priya)])
    };
    let group = world.insert(&group).await;
    world.run(&IndexSession { session_id: group.session }).await.expect("it is indexed");
    assert_eq!(find(&world, words("budget")).await.len(), 2);
    for (client, found) in [(world.tom, "tight"), (world.priya, "fine")] {
        let hits = find(&world, Query { client: Some(client), ..words("budget") }).await;
        assert_eq!(hits.len(), 1, "{hits:?}");
        assert_eq!(hits[0].client.as_ref().map(|it| it.id), Some(client));
        assert!(hits[0].text.contains(found));
    }
}

#[tokio::test]
async fn two_organizations_with_the_same_words_see_only_their_own() {
    let world = World::new().await;
    let ours = world.insert(&world.session(TALK.to_vec())).await;
    let [organization, coach, client] = world.neighbour().await;
    let theirs = crate::support::filled::Session {
        organization,
        coach,
        clients: vec![(client, "Nils Berg")],
        ..world.session(TALK.to_vec())
    };
    let theirs = world.insert(&theirs).await;
    world.run(&IndexSession { session_id: ours.session }).await.expect("it is indexed");
    // The other organization's chunks, as its own job would leave them.
    let mut tx = world.database.db.tenant(organization).await.expect("a transaction");
    let chunk = Uuid::now_v7();
    sqlx::query(
        "insert into chunks (id, organization_id, coach_id, session_id, client_id, source, text, content_sha256, words, length)
         values ($1, $2, $3, $4, $5, 'utterances', 'The quarterly report is secret.', 'x', 'quarter:1 report:2 secret:3', 5)",
    )
    .bind(chunk)
    .bind(organization)
    .bind(coach)
    .bind(theirs.session)
    .bind(client)
    .execute(tx.conn())
    .await
    .expect("a chunk");
    tx.commit().await.expect("it is committed");

    let query = Query { limit: 10, ..words("quarterly report") };
    let embedder = &world.services.embedder;
    let hits = |organization| search(&world.database.db, organization, embedder, &query);
    let sessions = |hits: Vec<Hit>| hits.into_iter().map(|hit| hit.session_id).collect::<Vec<_>>();
    assert_eq!(sessions(hits(world.organization).await.expect("it runs")), [ours.session]);
    assert_eq!(sessions(hits(organization).await.expect("it runs")), [theirs.session]);
    assert_eq!(hits(Uuid::now_v7()).await.expect("it runs"), []);
    // Another organization's client gives no access.
    assert_eq!(find(&world, Query { client: Some(client), ..words("quarterly report") }).await, []);
}

/// An OpenAI-compatible endpoint: busy on the first call; then texts with `report` point one way, others another.
async fn endpoint() -> (String, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let embed = move |Json(body): Json<Value>| async move {
        if counter.fetch_add(1, Ordering::SeqCst) == 0 {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")]).into_response();
        }
        let vector =
            |text: &Value| if text.as_str().is_some_and(|it| it.contains("report")) { [1.0, 0.0] } else { [0.0, 1.0] };
        let texts = body["input"].as_array().cloned().unwrap_or_default();
        let data: Vec<Value> = texts
            .iter()
            .enumerate()
            .rev()
            .map(|(index, text)| json!({ "index": index, "embedding": vector(text) }))
            .collect();
        Json(json!({ "data": data })).into_response()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(axum::serve(listener, Router::new().route("/v1/embeddings", post(embed))).into_future());
    (format!("http://{address}/v1"), calls)
}

#[tokio::test]
async fn an_openai_compatible_endpoint_is_asked_once_for_the_same_words_and_waited_for_when_busy() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (url, calls) = endpoint().await;
    let world = World::with(|settings| {
        settings.index.embedder = "openai".into();
        settings.index.url = Some(url);
        settings.index.model = Some("it's a model".into());
        settings.index.dimensions = Some(2);
    })
    .await;
    let filled = world.insert(&world.session(TALK.to_vec())).await;
    let job = IndexSession { session_id: filled.session };
    let busy = world.run(&job).await.expect_err("the endpoint is busy");
    assert!(matches!(busy, JobError::Retry { after: Some(after), .. } if after.as_secs() == 7), "{busy:?}");
    world.execute("delete from jobs where kind = 'index.session' and $1 is not null", filled.session).await;

    world.run(&job).await.expect("it is indexed");
    world.run(&job).await.expect("it is indexed again");
    assert_eq!(calls.load(Ordering::SeqCst), 2, "the same words were sent twice");

    // The model has its own index, requested twice and built once; the search result is the same with it.
    let found = find(&world, words("reports")).await;
    assert_eq!(found.len(), 1);
    for _ in 0..2 {
        ensure_model_index(&world.database.url, &world.services.embedder).await.expect("the index is built");
    }
    assert_eq!(find(&world, words("reports")).await, found);
    assert_eq!(find(&world, words("volcano")).await, []);
}

/// The review locks the session before the summary; an index job with the reverse order would sometimes turn a coach's
/// click into a deadlock.
#[tokio::test]
async fn a_summary_that_is_indexed_waits_for_its_session_before_it_holds_anything() {
    let world = World::new().await;
    let reviewed = Reviewed::new(&world).await;
    let mut review = world.database.db.tenant(world.organization).await.expect("a transaction");
    session::lock(&mut review, reviewed.session).await.expect("the review has the session");
    let job = IndexSummary { summary_id: reviewed.summary, version: 1 };
    let index = world.run(&job);
    let click = async {
        // Each check in its own transaction: within one, Postgres shows the activity as first seen.
        let waits = "select exists (select from pg_stat_activity where datname = current_database()
            and cardinality(pg_blocking_pids(pid)) > 0)";
        wait_for("the index to wait", async || {
            let waits = sqlx::query_scalar::<_, bool>(waits).fetch_one(world.database.db.pool()).await;
            waits.expect("an answer").then_some(())
        })
        .await;
        let summary = sqlx::query("select id from summaries where id = $1 for update nowait").bind(reviewed.summary);
        summary.fetch_one(review.conn()).await.expect("the summary is free: the index holds nothing while it waits");
        review.commit().await.expect("the click is done");
    };
    let (indexed, ()) = tokio::join!(index, click);
    indexed.expect("then it is indexed");
}
