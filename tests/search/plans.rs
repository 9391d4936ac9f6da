//! How the database finds: through which index, how much of it is read, and that a small organization beside a large one misses
//! nothing.

use debrief_jobs::{
    db::{TenantTx, Tx},
    index::{CountWords, ensure_model_index},
};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::{World, filled::Session};

/// Adds this many chunks to a session, each with a two-dimensional vector of the model `tiny-2`.
async fn fill(world: &World, [organization, coach, session]: [Uuid; 3], chunks: i32) {
    let mut owner = PgConnection::connect(world.database.url.expose_secret()).await.expect("the owner connects");
    sqlx::query(
        "with filled as (
             insert into chunks (id, organization_id, coach_id, session_id, source, text, content_sha256, words, length)
             select gen_random_uuid(), $1, $2, $3, 'utterances', 'filler ' || n, n::text, ('filler:1 n' || n || ':2')::tsvector, 2
             from generate_series(1, $4) n
             returning id, content_sha256::double precision as n)
         insert into embeddings select $1, id, 'tiny-2', array[cos(n), sin(n)]::halfvec from filled",
    )
    .bind(organization)
    .bind(coach)
    .bind(session)
    .bind(chunks)
    .execute(&mut owner)
    .await
    .expect("many chunks");
    for statement in ["vacuum analyze chunks", "vacuum analyze embeddings"] {
        sqlx::query(statement).execute(&mut owner).await.expect("statistics");
    }
}

/// How often an index was scanned in this transaction.
async fn scans(tx: &mut TenantTx, index: &str) -> i64 {
    let count = sqlx::query_scalar("select pg_stat_get_xact_numscans($1::regclass)").bind(index);
    count.fetch_one(tx.conn()).await.expect("a count")
}

/// How many entries of an index were read in this transaction.
async fn entries(tx: &mut TenantTx, index: &str) -> i64 {
    let count = sqlx::query_scalar("select pg_stat_get_xact_tuples_returned($1::regclass)").bind(index);
    count.fetch_one(tx.conn()).await.expect("a count")
}

/// The ten nearest chunks.
async fn nearest(tx: &mut TenantTx, filters: &str) -> Vec<Uuid> {
    sqlx::query_scalar("select chunk_id from search_by_meaning('[0.6,0.8]', 'tiny-2', -1, null, $1::jsonb, 10)")
        .bind(filters)
        .fetch_all(tx.conn())
        .await
        .expect("it runs")
}

/// The largest distance between these chunks and the query.
async fn farthest(tx: &mut TenantTx, chunks: &[Uuid]) -> f64 {
    assert_eq!(chunks.len(), 10);
    sqlx::query_scalar("select max(embedding <=> '[0.6,0.8]') from embeddings where chunk_id = any($1)")
        .bind(chunks)
        .fetch_one(tx.conn())
        .await
        .expect("a distance")
}

async fn tiny() -> World {
    World::with(|settings| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        settings.index.embedder = "openai".into();
        settings.index.url = Some("http://127.0.0.1:9/v1".into());
        settings.index.model = Some("tiny".into());
        settings.index.dimensions = Some(2);
    })
    .await
}

/// The name of the index that `ensure_model_index` builds.
async fn model_index(world: &World) -> String {
    ensure_model_index(&world.database.url, &world.services.embedder).await.expect("the index is built");
    sqlx::query_scalar("select indexname::text from pg_indexes where indexname like 'embeddings_model_%'")
        .fetch_one(world.database.db.pool())
        .await
        .expect("the index is there")
}

#[tokio::test]
async fn a_large_organization_is_searched_by_the_vector_index_and_a_small_one_beside_it_misses_nothing() {
    let world = tiny().await;
    let filled = world.insert(&world.session(vec![("Priya Raman", "Hello.")])).await;
    fill(&world, [world.organization, world.coach, filled.session], 30_500).await;
    let [organization, coach, client] = world.neighbour().await;
    let small = Session {
        organization,
        coach,
        clients: vec![(client, "Nils Berg")],
        ..world.session(vec![("Nils Berg", "Hello.")])
    };
    let small = world.insert(&small).await;
    fill(&world, [organization, coach, small.session], 40).await;

    let filters = format!("{{\"client\":\"{}\"}}", world.priya);
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let exact = [nearest(&mut tx, "{}").await, nearest(&mut tx, &filters).await];
    drop(tx);
    let name = model_index(&world).await;
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    for (exact, filters) in exact.into_iter().zip(["{}", &filters]) {
        let before = scans(&mut tx, &name).await;
        let found = nearest(&mut tx, filters).await;
        assert!(scans(&mut tx, &name).await > before, "the search did not use the vector index ({filters})");
        // Several chunks have the same distance, so distances are compared instead of ids.
        let (exact, found) = (farthest(&mut tx, &exact).await, farthest(&mut tx, &found).await);
        assert!(found <= exact + 1e-4, "{found} is farther than {exact}");
    }
    drop(tx);

    let mut tx = world.database.db.tenant(organization).await.expect("a transaction");
    let found = nearest(&mut tx, "{}").await;
    let all: Vec<Uuid> =
        sqlx::query_scalar("select chunk_id from embeddings order by embedding <=> '[0.6,0.8]' limit 10")
            .fetch_all(tx.conn())
            .await
            .expect("it runs");
    assert_eq!(found, all);
    assert_eq!(scans(&mut tx, &name).await, 0, "it is read exactly");
}

/// With plain row-level security no index would be used: its operators are not leakproof.
#[tokio::test]
async fn words_are_found_through_the_index_and_nobody_pays_for_words_that_are_common_elsewhere() {
    let world = World::new().await;
    let filled = world.insert(&world.session(vec![("Priya Raman", "Hello.")])).await;
    fill(&world, [world.organization, world.coach, filled.session], 300).await;
    let [organization, coach, client] = world.neighbour().await;
    let theirs = Session {
        organization,
        coach,
        clients: vec![(client, "Nils Berg")],
        ..world.session(vec![("Nils Berg", "Hello.")])
    };
    let theirs = world.insert(&theirs).await;
    fill(&world, [organization, coach, theirs.session], 20_000).await;

    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let search = "select chunk_id from search_by_words($1::jsonb, '{}', null, '{}', 500)";
    let found = async |tx: &mut TenantTx, terms: &str| -> Vec<Uuid> {
        sqlx::query_scalar(search).bind(terms).fetch_all(tx.conn()).await.expect("it runs")
    };
    assert_eq!(found(&mut tx, r#"[{"forms":["n200"]}]"#).await.len(), 1);
    assert!(scans(&mut tx, "chunks_words").await > 0, "the search did not use the full-text index");
    assert_eq!(found(&mut tx, r#"[{"forms":["filler"]}]"#).await.len(), 300);
    let read = entries(&mut tx, "chunks_words").await;
    assert!(read <= 1_000, "{read} entries were read, of which most are another organization's");
    assert_eq!(found(&mut tx, r#"[{"forms":["n20000"]}]"#).await, Vec::<Uuid>::new(), "theirs alone has it");
}

/// What is counted of a large organization's words is how common they are, of those that were said in many sessions.
#[tokio::test]
async fn the_words_of_a_large_organization_are_counted_and_a_word_of_one_session_is_not_kept() {
    let world = World::new().await;
    for _ in 0..20 {
        let filled = world.insert(&world.session(vec![("Priya Raman", "Hello.")])).await;
        fill(&world, [world.organization, world.coach, filled.session], 60).await;
    }
    let mut owner = PgConnection::connect(world.database.url.expose_secret()).await.expect("the owner connects");
    sqlx::query("update chunks set words = words || 'secret:3'::tsvector where session_id = (select min(session_id::text)::uuid from chunks)")
        .execute(&mut owner)
        .await
        .expect("a word");
    let output = world.run(&CountWords {}).await.expect("it counts");
    assert_eq!(output, serde_json::json!({ "outcome": "counted", "chunks": 1200 }));
    let mut tx = world.database.db.tenant(world.organization).await.expect("a transaction");
    let count = async |tx: &mut TenantTx, word: &str| -> Option<i64> {
        let count = sqlx::query_scalar("select chunks from search_common_words where word = $1").bind(word);
        count.fetch_optional(tx.conn()).await.expect("it runs")
    };
    assert_eq!(count(&mut tx, "filler").await, Some(1200));
    assert_eq!(count(&mut tx, "secret").await, None, "it was said in one session");
    let rare: i64 = sqlx::query_scalar(
        "select count(*) from search_by_words('[{\"forms\":[\"filler\"]},{\"forms\":[\"secret\"]}]', '{}', null, '{}', 60) found
         join chunks on chunks.id = found.chunk_id and chunks.words @@ 'secret'",
    )
    .fetch_one(tx.conn())
    .await
    .expect("it runs");
    assert_eq!(rare, 60, "the rarer word weighs more");
}
