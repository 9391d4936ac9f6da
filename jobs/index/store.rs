//! Chunks and their vectors in the database. Vectors are computed once per text and model.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::{chunk::Chunk, words};
use crate::{
    db::{self, TenantTx, Tx},
    embed::{EmbedError, Embedder},
    queue::{JobError, cuttable},
};

/// What the session shows if an index job is dead. Nobody is emailed: the operator sees the dead job.
pub(super) const NOT_FOUND: &str = "Search doesn’t find all of this session yet; everything else works.";

/// The organization's existing vectors for `chunks` with the embedder's model, as text, by the hash of the words.
pub(super) async fn known_vectors(
    tx: &mut TenantTx,
    embedder: &Embedder,
    chunks: &[Chunk],
) -> Result<HashMap<String, String>, sqlx::Error> {
    let hashes: Vec<&str> = chunks.iter().map(|chunk| chunk.sha256.as_str()).collect();
    let rows = sqlx::query!(
        r#"select distinct on (content_sha256) content_sha256, embedding::text as "embedding!"
           from chunks join embeddings on embeddings.chunk_id = chunks.id
           where content_sha256 = any($1) and model = $2"#,
        &hashes as &[&str],
        embedder.model()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.content_sha256, row.embedding)).collect())
}

/// A chunk with its vector and its words, as text.
pub(super) struct Embedded {
    chunk: Chunk,
    vector: String,
    words: String,
    length: usize,
    language: Option<&'static str>,
}

/// Adds a vector to every chunk: a known one, or a new one from the embedder. No transaction may be open. Also counts
/// the new ones.
pub(super) async fn embed(
    embedder: &Embedder,
    chunks: Vec<Chunk>,
    mut known: HashMap<String, String>,
    language: Option<&'static str>,
) -> Result<(Vec<Embedded>, usize), JobError> {
    let unknown = chunks.iter().filter(|chunk| !known.contains_key(&chunk.sha256));
    let missing: BTreeMap<&str, &str> = unknown.map(|chunk| (chunk.sha256.as_str(), chunk.text.as_str())).collect();
    let hashes: Vec<String> = missing.keys().map(|hash| (*hash).to_owned()).collect();
    let texts: Vec<String> = missing.into_values().map(str::to_owned).collect();
    let vectors = embedder.embed(&texts).await.map_err(EmbedError::into_job_error)?;
    let new = vectors.len();
    let embedded = cuttable(move |cut| {
        let texts = vectors.iter().take_while(|_| !cut.is_asked()).map(|vector| as_text(vector));
        known.extend(hashes.into_iter().zip(texts));
        let embedded = chunks.into_iter().take_while(|_| !cut.is_asked()).map(|chunk| {
            let vector = known.get(&chunk.sha256).cloned().ok_or_else(|| JobError::retry("a chunk got no vector"))?;
            let (words, length) = words::tsvector(&chunk.text, language);
            Ok(Embedded { chunk, vector, words, length, language })
        });
        embedded.collect::<Result<Vec<_>, JobError>>()
    });
    Ok((embedded.await??, new))
}

/// Where the chunks belong.
pub(super) struct Place {
    /// The coach.
    pub(super) coach_id: Uuid,
    /// The session.
    pub(super) session_id: Uuid,
    /// For a summary, its version.
    pub(super) version: Option<i32>,
}

/// Vectors per insert statement, to keep each one short: every vector is added to the index.
const PART: usize = 500;

/// Inserts chunks and vectors, with two statements per [`PART`]. Returns the ids of the chunks.
pub(super) async fn insert(
    tx: &mut TenantTx,
    place: &Place,
    embedder: &Embedder,
    embedded: &[Embedded],
) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut ids = Vec::with_capacity(embedded.len());
    for part in embedded.chunks(PART) {
        ids.extend(insert_part(tx, place, embedder, part).await?);
    }
    Ok(ids)
}

async fn insert_part(
    tx: &mut TenantTx,
    place: &Place,
    embedder: &Embedder,
    embedded: &[Embedded],
) -> Result<Vec<Uuid>, sqlx::Error> {
    let organization = tx.tenant();
    let ids: Vec<Uuid> = embedded.iter().map(|_| Uuid::now_v7()).collect();
    let clients: Vec<Option<Uuid>> = embedded.iter().map(|it| it.chunk.client_id).collect();
    let starts: Vec<Option<i64>> = embedded.iter().map(|it| it.chunk.start_ms).collect();
    let ends: Vec<Option<i64>> = embedded.iter().map(|it| it.chunk.end_ms).collect();
    let texts: Vec<&str> = embedded.iter().map(|it| it.chunk.text.as_str()).collect();
    let hashes: Vec<&str> = embedded.iter().map(|it| it.chunk.sha256.as_str()).collect();
    let vectors: Vec<&str> = embedded.iter().map(|it| it.vector.as_str()).collect();
    let words: Vec<&str> = embedded.iter().map(|it| it.words.as_str()).collect();
    let lengths: Vec<i32> = embedded.iter().map(|it| db::count(it.length)).collect();
    let languages: Vec<Option<&str>> = embedded.iter().map(|it| it.language).collect();
    let sections: Vec<Option<&str>> = embedded.iter().map(|it| it.chunk.section).collect();
    // Postgres has no arrays of arrays of different lengths.
    let join = |ids: &[Uuid]| ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",");
    let utterances: Vec<String> = embedded.iter().map(|it| join(&it.chunk.utterances)).collect();
    let source = if place.version.is_some() { "summary" } else { "utterances" };
    sqlx::query!(
        "insert into chunks (id, organization_id, coach_id, session_id, client_id, source, version, start_ms, end_ms,
            text, content_sha256, words, length, language, section, utterances)
         select id, $1, $2, $3, client_id, $4, $5, start_ms, end_ms, text, content_sha256, words::tsvector, length, language, section,
            string_to_array(utterances, ',')::uuid[]
         from unnest($6::uuid[], $7::uuid[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::int[],
                     $14::text[], $15::text[], $16::text[])
              as new (id, client_id, start_ms, end_ms, text, content_sha256, words, length, language, section, utterances)",
        organization,
        place.coach_id,
        place.session_id,
        source,
        place.version,
        &ids,
        &clients as &[Option<Uuid>],
        &starts as &[Option<i64>],
        &ends as &[Option<i64>],
        &texts as &[&str],
        &hashes as &[&str],
        &words as &[&str],
        &lengths,
        &languages as &[Option<&str>],
        &sections as &[Option<&str>],
        &utterances,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into embeddings (organization_id, chunk_id, model, embedding)
         select $1, id, $2, embedding::halfvec from unnest($3::uuid[], $4::text[]) as new (id, embedding)",
        organization,
        embedder.model(),
        &ids,
        &vectors as &[&str],
    )
    .execute(tx.conn())
    .await?;
    Ok(ids)
}

/// Clears the session's mark from a dead index job: its stage has gone on.
pub(super) async fn clear_mark(tx: &mut TenantTx, session_id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set failed_stage = null, failed_reason = null where id = $1 and failed_stage = 'index'",
        session_id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A vector in pgvector's text format.
pub(super) fn as_text(vector: &[f32]) -> String {
    let values: Vec<String> = vector.iter().map(f32::to_string).collect();
    format!("[{}]", values.join(","))
}
