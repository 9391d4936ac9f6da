//! Organizations that share one database: half of the chunks are one's, a tenth another's, and so on. What is said is made up, with
//! common words as frequent as in speech and with topics that every organization talks about, so that vectors come in clusters.

use std::fmt::Write;

use debrief_jobs::embed::Embedder;
use rand::{Rng, SeedableRng, rngs::StdRng};
use secrecy::ExposeSecret;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::TestDatabase;

/// Shares of all chunks, in thousandths. Those after the first four fill the rest.
const SHARES: [u32; 8] = [500, 100, 10, 1, 100, 100, 100, 89];
const TOPICS: u32 = 300;
const WORDS_OF_A_TOPIC: u32 = 40;
const COMMON_WORDS: f64 = 4_000.0;
/// Chunks of a session, and rows of a statement.
const OF_A_SESSION: u32 = 50;
const PART: u32 = 1_000;

/// An organization that is measured.
pub(crate) struct Tenant {
    pub(crate) organization: Uuid,
    pub(crate) chunks: u32,
    /// Of all chunks, in percent.
    pub(crate) share: f64,
}

/// A word that nobody says, by its number.
fn word(number: u32) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "ke", "li", "mo", "nu", "pra", "re", "si", "to", "vu", "wan", "xe", "yor", "zil", "dru", "fen"];
    let mut word = String::new();
    let mut rest = number + 16;
    while rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}

/// A common word: some are in most sentences.
pub(crate) fn common(random: &mut StdRng) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
    word((COMMON_WORDS * random.random::<f64>().powi(4)) as u32)
}

/// A word of a topic.
pub(crate) fn of_topic(topic: u32, random: &mut StdRng) -> String {
    word(10_000 + topic * WORDS_OF_A_TOPIC + random.random_range(0..WORDS_OF_A_TOPIC))
}

pub(crate) fn topic(random: &mut StdRng) -> u32 {
    random.random_range(0..TOPICS)
}

fn text(random: &mut StdRng) -> String {
    let topic = topic(random);
    let mut text = String::new();
    for _ in 0..random.random_range(60..140) {
        let word = if random.random_bool(0.25) { of_topic(topic, random) } else { common(random) };
        let _ = write!(text, "{word} ");
    }
    text
}

/// Fills the database; returns the organizations that are measured.
pub(crate) async fn seed(database: &TestDatabase, chunks: u32) -> anyhow::Result<Vec<Tenant>> {
    let mut owner = PgConnection::connect(database.url.expose_secret()).await?;
    // Built at the end: one by one takes far longer, and comes to the same.
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select indexname::text, indexdef from pg_indexes where indexname in ('embeddings_hashed_512', 'chunks_words')",
    )
    .fetch_all(&mut owner)
    .await?;
    for (name, _) in &indexes {
        sqlx::query(sqlx::AssertSqlSafe(format!("drop index {name}"))).execute(&mut owner).await?;
    }
    let mut tenants = Vec::new();
    for (place, share) in SHARES.into_iter().enumerate() {
        let of_it = u32::try_from(u64::from(chunks) * u64::from(share) / 1000)?;
        let organization = Uuid::now_v7();
        fill(&mut owner, organization, u64::try_from(place)?, of_it).await?;
        if place < 4 {
            tenants.push(Tenant { organization, chunks: of_it, share: f64::from(share) / 10.0 });
        }
    }
    for sql in ["set maintenance_work_mem = '2GB'", "set max_parallel_maintenance_workers = 2"] {
        sqlx::query(sql).execute(&mut owner).await?;
    }
    for (_, definition) in indexes {
        sqlx::query(sqlx::AssertSqlSafe(definition)).execute(&mut owner).await?;
    }
    for sql in ["vacuum analyze chunks", "vacuum analyze embeddings", "analyze sessions"] {
        sqlx::query(sql).execute(&mut owner).await?;
    }
    Ok(tenants)
}

async fn fill(owner: &mut PgConnection, organization: Uuid, seed: u64, chunks: u32) -> anyhow::Result<()> {
    let (coach, handle) = (Uuid::now_v7(), format!("o{seed}"));
    for sql in [
        "insert into organizations (id, handle, name) select $1, $3, $3 where $2::uuid is not null",
        "insert into coaches (id, organization_id, handle, name, email) values ($2, $1, $3, $3, $3 || '@coach.example')",
    ] {
        sqlx::query(sql).bind(organization).bind(coach).bind(&handle).execute(&mut *owner).await?;
    }
    let mut random = StdRng::seed_from_u64(seed);
    let mut left = chunks;
    while left > 0 {
        let part = left.min(PART);
        left -= part;
        let texts: Vec<String> = (0..part).map(|_| text(&mut random)).collect();
        let vectors = Embedder::Hashed.embed(&texts).await?;
        let vectors: Vec<String> = vectors.iter().map(|vector| written(vector)).collect();
        let sessions: Vec<Uuid> = (0..part.div_ceil(OF_A_SESSION)).map(|_| Uuid::now_v7()).collect();
        sqlx::query(
            "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, correlation_id, state)
             select id, $1, $2, 'A session', date '2026-11-01' - n::int % 700, 'path', id::text, id, 'closed'
             from unnest($3::uuid[]) with ordinality as new (id, n)",
        )
        .bind(organization)
        .bind(coach)
        .bind(&sessions)
        .execute(&mut *owner)
        .await?;
        sqlx::query(
            "with new as (
                 select gen_random_uuid() as id, text, vector, ($3::uuid[])[1 + (n - 1) / $6] as session_id
                 from unnest($4::text[], $5::text[]) with ordinality as given (text, vector, n)
             ), added as (
                 insert into chunks (id, organization_id, coach_id, session_id, source, text, content_sha256, words, length)
                 select id, $1, $2, session_id, 'utterances', text, md5(text), to_tsvector('simple', text),
                        array_length(string_to_array(text, ' '), 1)
                 from new returning id)
             insert into embeddings (organization_id, chunk_id, model, embedding)
             select $1, id, 'hashed-512', vector::halfvec from new join added using (id)",
        )
        .bind(organization)
        .bind(coach)
        .bind(&sessions)
        .bind(&texts)
        .bind(&vectors)
        .bind(i64::from(OF_A_SESSION))
        .execute(&mut *owner)
        .await?;
    }
    Ok(())
}

/// A vector as pgvector reads it.
pub(crate) fn written(vector: &[f32]) -> String {
    let values: Vec<String> = vector.iter().map(f32::to_string).collect();
    format!("[{}]", values.join(","))
}
