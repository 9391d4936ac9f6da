//! Search by words and by meaning at once, within one organization.
//!
//! The function `search_chunks` of the migrations returns ids and scores; the rows themselves are read here, under the
//! tenant's own policy. Only reads.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use super::store;
use crate::{
    db::{self, TenantTx, Tx},
    embed::Embedder,
};

/// At most this many hits per search.
const MOST_HITS: u32 = 100;

/// The longest query: Postgres parses nested queries recursively.
const LONGEST_QUERY: usize = 1_000;

/// A search query.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The words; `"quoted phrases"`, `or` and `-without` as on the web.
    pub text: String,
    /// Only this coach's sessions.
    pub coach: Option<Uuid>,
    /// Only what this client said or what was summarized for them.
    pub client: Option<Uuid>,
    /// Only sessions on or after this day.
    pub from: Option<NaiveDate>,
    /// Only sessions on or before this day.
    pub to: Option<NaiveDate>,
    /// At most this many hits (up to 100).
    pub limit: u32,
    /// Only what was said: whoever asks may not read summaries.
    pub only_said: bool,
}

/// Where the words of a hit are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// In what was said.
    Utterances,
    /// In a summary.
    Summary,
}

/// The client of a hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ClientOfHit)]
pub struct Client {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}

/// A search hit.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = SearchHit)]
pub struct Hit {
    /// The session.
    pub session_id: Uuid,
    /// Its title.
    pub title: String,
    /// Its date.
    pub session_date: NaiveDate,
    /// The summary's client, or the only client who speaks in the chunk or attends the session; `None` if several do.
    pub client: Option<Client>,
    /// The participants' names; until they are known, the speaker labels.
    pub speakers: Vec<String>,
    /// When in the session it starts, in milliseconds, if the transcript has times.
    pub start_ms: Option<i64>,
    /// The words.
    pub text: String,
    /// Where they are.
    pub source: Source,
    /// Higher is better; comparable only within one search.
    pub score: f64,
}

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The query is empty.
    #[error("nothing to search for: give at least one word")]
    Empty,
    /// The query is too long, such as a whole text.
    #[error("the query has {0} characters, and may have {LONGEST_QUERY}: search for a few words")]
    TooLong(usize),
}

/// A query that was checked and embedded: ready for a transaction.
#[derive(Clone, Debug)]
pub struct Prepared<'a> {
    query: &'a Query,
    words: String,
    vector: Option<String>,
}

/// At most this many words are looked for.
const MOST_WORDS: usize = 64;

/// The query as Postgres reads it without its limits on nesting: signs that stand alone or in a row say nothing.
fn plain(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_start_matches('-');
        let sign = if word.len() > bare.len() { "-" } else { "" };
        (!bare.is_empty()).then(|| format!("{sign}{bare}"))
    };
    text.split_whitespace().filter_map(word).take(MOST_WORDS).collect::<Vec<_>>().join(" ")
}

/// Checks and embeds a query, before a transaction starts. If the embedder is away, only words are searched.
///
/// # Errors
/// [`SearchError::Empty`] or [`SearchError::TooLong`].
pub async fn prepare<'a>(embedder: &Embedder, query: &'a Query) -> Result<Prepared<'a>, SearchError> {
    if query.text.trim().is_empty() {
        return Err(SearchError::Empty);
    }
    let characters = query.text.chars().count();
    if characters > LONGEST_QUERY {
        return Err(SearchError::TooLong(characters));
    }
    // Punctuation alone has no meaning, whatever a model makes of it.
    let means = query.text.chars().any(char::is_alphanumeric);
    let texts = if means { std::slice::from_ref(&query.text) } else { &[] };
    let words = plain(&query.text);
    let vector = match embedder.embed(texts).await {
        // A query without words has an all-zero vector, which is close to nothing.
        Ok(vectors) => {
            vectors.first().filter(|vector| vector.iter().any(|value| *value != 0.0)).map(|v| store::as_text(v))
        }
        Err(error) => {
            tracing::warn!(target: "index", %error, "the query is not embedded: searching by words alone");
            None
        }
    };
    Ok(Prepared { query, words, vector })
}

/// Searches the sessions and summaries that `tx` sees, best hit first.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn search(
    tx: &mut TenantTx,
    embedder: &Embedder,
    Prepared { query, words, vector }: &Prepared<'_>,
) -> Result<Vec<Hit>, sqlx::Error> {
    let ranked = ranked(tx, embedder, query, words, vector.as_deref()).await?;
    let mut hits = hits(tx, &ranked).await?;
    // One sentence may be in two sections of a summary.
    let mut seen = HashSet::new();
    hits.retain(|hit| seen.insert((hit.session_id, hit.client.as_ref().map(|client| client.id), hit.text.clone())));
    Ok(hits)
}

/// The chunks found, best first, with their scores.
async fn ranked(
    tx: &mut TenantTx,
    embedder: &Embedder,
    query: &Query,
    words: &str,
    vector: Option<&str>,
) -> Result<Vec<(Uuid, f64)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select chunk_id as "chunk_id!", score as "score!"
           from search_chunks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"#,
        words,
        vector,
        embedder.model(),
        embedder.least_similarity(),
        query.coach,
        query.client,
        query.from,
        query.to,
        db::count(query.limit.clamp(1, MOST_HITS)),
        query.only_said,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.chunk_id, row.score)).collect())
}

/// Reads the rows of the hits.
pub(super) async fn hits(tx: &mut TenantTx, ranked: &[(Uuid, f64)]) -> Result<Vec<Hit>, sqlx::Error> {
    let ids: Vec<Uuid> = ranked.iter().map(|(id, _)| *id).collect();
    let rows = sqlx::query!(
        r#"select c.id as "id!", c.session_id as "session_id!", c.source as "source!", c.start_ms, c.text as "text!",
                  s.title as "title!", s.session_date as "session_date!",
                  coalesce(c.client_id, alone.client_id) as client_id, clients.name as "client_name?",
                  coalesce(nullif(people.names, '{}'), array(
                      select distinct u.label from utterances u
                      where u.session_id = c.session_id and u.label is not null and u.replaced_at is null
                      order by u.label)) as "speakers!"
           from chunks c
           join sessions s on s.id = c.session_id
           cross join lateral (select array(
               select p.name from participants p where p.session_id = c.session_id order by p.kind, p.name)) people (names)
           left join lateral (
               select (array_agg(p.client_id))[1] as client_id from participants p
               where p.session_id = c.session_id and p.kind = 'client' having count(*) = 1) alone on true
           left join clients on clients.id = coalesce(c.client_id, alone.client_id)
           where c.id = any($1)"#,
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    let mut rows: HashMap<Uuid, _> = rows.into_iter().map(|row| (row.id, row)).collect();
    let found = ranked.iter().filter_map(|(id, score)| Some((rows.remove(id)?, *score)));
    Ok(found
        .map(|(row, score)| Hit {
            session_id: row.session_id,
            title: row.title,
            session_date: row.session_date,
            client: row.client_id.zip(row.client_name).map(|(id, name)| Client { id, name }),
            speakers: row.speakers,
            start_ms: row.start_ms,
            text: row.text,
            source: if row.source == "summary" { Source::Summary } else { Source::Utterances },
            score,
        })
        .collect())
}
