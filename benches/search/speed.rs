//! How fast and how complete: latency and recall by the share that an organization has of all chunks.

use std::time::Instant;

use debrief_jobs::{
    db::Tx,
    embed::Embedder,
    index::{self, Query},
};
use rand::{SeedableRng, rngs::StdRng};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::{
    seed::{self, Tenant, written},
    support::TestDatabase,
};

/// The bars of the project: recall, and milliseconds at the 95th percentile up to 100,000 chunks and beyond.
const RECALL: f64 = 0.97;
const BARS: [(u32, f64); 2] = [(100_000, 50.0), (u32::MAX, 200.0)];
/// Questions that are asked before any is timed.
const WARM_UP: usize = 5;

/// A question: its words, and their vector.
struct Question {
    text: String,
    words: Vec<String>,
    vector: String,
}

/// A way of searching.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Hybrid,
    Words,
    Meaning,
    Filtered,
    FilteredIterative,
    Exact,
    FullText,
}

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "**Debrief**",
            Self::Words => "its words alone (BM25)",
            Self::Meaning => "its vectors alone",
            Self::Filtered => "pgvector with a filter",
            Self::FilteredIterative => "the same, iterative scan",
            Self::Exact => "exact scan",
            Self::FullText => "full text alone (`ts_rank_cd`)",
        }
    }

    /// Whether it finds the nearest vectors, and so has a recall.
    const fn is_of_vectors(self) -> bool {
        matches!(self, Self::Meaning | Self::Filtered | Self::FilteredIterative | Self::Exact)
    }
}

pub(crate) async fn measure(chunks: u32, queries: u32) -> anyhow::Result<()> {
    let database = TestDatabase::new().await;
    let began = Instant::now();
    let tenants = seed::seed(&database, chunks).await?;
    println!("{chunks} chunks seeded and indexed in {:.0} s", began.elapsed().as_secs_f64());
    for tenant in tenants.iter().filter(|tenant| tenant.chunks > 1_000) {
        let began = Instant::now();
        let mut tx = database.db.tenant(tenant.organization).await?;
        sqlx::query("select count_search_words()").execute(tx.conn()).await?;
        tx.commit().await?;
        println!("the words of {} chunks are counted in {:.1} s", tenant.chunks, began.elapsed().as_secs_f64());
    }
    let mut owner = PgConnection::connect(database.url.expose_secret()).await?;
    let questions = questions(queries).await?;
    let bar = BARS.iter().find(|(most, _)| chunks <= *most).map_or(f64::MAX, |(_, bar)| *bar);
    println!("\n| Share | Chunks | Way | Recall@10 | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|---|---|");
    let mut missed = 0;
    for tenant in &tenants {
        let (truth, exact) = asked(&database, &mut owner, tenant, &questions, Way::Exact).await?;
        for way in [Way::Hybrid, Way::Words, Way::Meaning, Way::Filtered, Way::FilteredIterative] {
            let (found, times) = asked(&database, &mut owner, tenant, &questions, way).await?;
            let recall = way.is_of_vectors().then(|| recall(&truth, &found));
            line(tenant, way, recall, &times);
            let is_slow = way == Way::Hybrid && percentile(&times, 95.0) > bar;
            missed += u32::from(is_slow || way == Way::Meaning && recall.is_some_and(|recall| recall < RECALL));
        }
        line(tenant, Way::Exact, Some(1.0), &exact);
    }
    // An index that Debrief doesn't have, of all organizations at once.
    sqlx::query("create index peer on chunks using gin (words)").execute(&mut owner).await?;
    for tenant in &tenants {
        let (_, times) = asked(&database, &mut owner, tenant, &questions, Way::FullText).await?;
        line(tenant, Way::FullText, None, &times);
    }
    println!("\nbars: recall {RECALL}, p95 {bar} ms; missed {missed} times");
    Ok(())
}

async fn questions(number: u32) -> anyhow::Result<Vec<Question>> {
    let mut random = StdRng::seed_from_u64(99);
    let mut questions = Vec::new();
    for _ in 0..number {
        let topic = seed::topic(&mut random);
        let mut words: Vec<String> = (0..3).map(|_| seed::of_topic(topic, &mut random)).collect();
        words.extend((0..2).map(|_| seed::common(&mut random)));
        let text = format!("What did she say about {}?", words.join(" "));
        let vector = Embedder::Hashed.embed(std::slice::from_ref(&text)).await?.concat();
        questions.push(Question { text, words, vector: written(&vector) });
    }
    Ok(questions)
}

/// A chunk and how far it is from the question.
type Found = Vec<(Uuid, f64)>;

/// What was found for each question, and how long it took, in milliseconds.
async fn asked(
    database: &TestDatabase,
    owner: &mut PgConnection,
    tenant: &Tenant,
    questions: &[Question],
    way: Way,
) -> anyhow::Result<(Vec<Found>, Vec<f64>)> {
    let iterative = if way == Way::FilteredIterative { "strict_order" } else { "off" };
    sqlx::query("select set_config('hnsw.iterative_scan', $1, false)").bind(iterative).execute(&mut *owner).await?;
    let (mut all, mut times) = (Vec::new(), Vec::new());
    for (at, question) in questions[..WARM_UP.min(questions.len())].iter().chain(questions).enumerate() {
        let began = Instant::now();
        let found = match way {
            Way::Hybrid | Way::Words | Way::Meaning => ours(database, tenant, question, way).await?,
            Way::Filtered | Way::FilteredIterative => nearest(owner, tenant, question, "").await?,
            Way::Exact => nearest(owner, tenant, question, " + 0").await?,
            Way::FullText => full_text(owner, tenant, question).await?,
        };
        if at >= WARM_UP.min(questions.len()) {
            times.push(began.elapsed().as_secs_f64() * 1000.0);
            all.push(found);
        }
    }
    Ok((all, times))
}

/// As the program asks: with a transaction of its own.
async fn ours(database: &TestDatabase, tenant: &Tenant, question: &Question, way: Way) -> anyhow::Result<Found> {
    if way == Way::Hybrid {
        let query = Query { text: question.text.clone(), limit: 10, ..Query::default() };
        let prepared = index::prepare(&Embedder::Hashed, &query).await?;
        let mut tx = database.db.tenant(tenant.organization).await?;
        index::search(&mut tx, &Embedder::Hashed, &prepared).await?;
        return Ok(Vec::new());
    }
    let mut tx = database.db.tenant(tenant.organization).await?;
    if way == Way::Words {
        let terms: Vec<_> = question.words.iter().map(|word| json!({ "forms": [word] })).collect();
        let found =
            sqlx::query_as("select chunk_id, score from search_by_words($1, '{}', null, '{}', 50)").bind(json!(terms));
        return Ok(found.fetch_all(tx.conn()).await?);
    }
    let found = sqlx::query_as(
        "select chunk_id, distance from search_by_meaning($1, 'hashed-512', -1, null, '{}', 50) order by distance limit 10",
    );
    Ok(found.bind(&question.vector).fetch_all(tx.conn()).await?)
}

/// What a program without Debrief's functions asks; `exactly` keeps the planner from the index.
async fn nearest(
    owner: &mut PgConnection,
    tenant: &Tenant,
    question: &Question,
    exactly: &str,
) -> anyhow::Result<Found> {
    let sql = format!(
        "select chunk_id, (embedding::halfvec(512)) <=> $2::halfvec(512) as distance from embeddings
         where organization_id = $1 and model = 'hashed-512'
         order by ((embedding::halfvec(512)) <=> $2::halfvec(512)){exactly} limit 10"
    );
    let found = sqlx::query_as(sqlx::AssertSqlSafe(sql)).persistent(false);
    Ok(found.bind(tenant.organization).bind(&question.vector).fetch_all(owner).await?)
}

async fn full_text(owner: &mut PgConnection, tenant: &Tenant, question: &Question) -> anyhow::Result<Found> {
    let found = sqlx::query_as(
        "select c.id, ts_rank_cd(c.words, query)::float8 from chunks c, to_tsquery('simple', $2) query
         where c.words @@ query and c.organization_id = $1 order by 2 desc limit 10",
    );
    let found = found.persistent(false).bind(tenant.organization).bind(question.words.join(" | "));
    Ok(found.fetch_all(owner).await?)
}

/// The share of the ten nearest that was found. Of several at one distance any will do.
fn recall(truth: &[Found], found: &[Found]) -> f64 {
    let (mut hit, mut all) = (0_u32, 0_u32);
    for (truth, found) in truth.iter().zip(found) {
        let Some((_, farthest)) = truth.last() else { continue };
        let near = found.iter().take(truth.len()).filter(|(_, distance)| *distance <= farthest + 1e-6).count();
        hit += u32::try_from(near).unwrap_or_default();
        all += u32::try_from(truth.len()).unwrap_or_default();
    }
    f64::from(hit) / f64::from(all.max(1))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place in a short list"
)]
fn percentile(times: &[f64], percent: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    let place = ((times.len() as f64 * percent / 100.0).ceil() as usize).clamp(1, times.len().max(1));
    times.get(place - 1).copied().unwrap_or_default()
}

fn line(tenant: &Tenant, way: Way, recall: Option<f64>, times: &[f64]) {
    let recall = recall.map_or_else(|| "–".to_owned(), |recall| format!("{recall:.2}"));
    let [p50, p95, p99] = [50.0, 95.0, 99.0].map(|percent| percentile(times, percent));
    let Tenant { share, chunks, .. } = tenant;
    println!("| {share} % | {chunks} | {} | {recall} | {p50:.1} | {p95:.1} | {p99:.1} |", way.name());
}
