//! Search by words and by meaning at once, within one organization.
//!
//! The functions `search_by_words` (BM25) and `search_by_meaning` (vectors) of the migrations return ids; they are fused here by
//! reciprocal rank, and the rows are read under the tenant's own policy. Only reads. If vectors fail or take too long, words alone
//! answer, and the answer says so.

use std::{collections::HashMap, time::Duration};

use chrono::{NaiveDate, Utc};
use serde_json::{Value, json};
use sqlx::Connection;
use uuid::Uuid;

use super::{
    asked::{self, Asked},
    passages::{self, LookedFor},
    query::{ByMeaning, Found, LONGEST_QUERY, MOST_HITS, Query, SearchError},
    store, words,
};
use crate::{
    db::{self, TenantTx, Tx},
    embed::Embedder,
    names,
};

/// How long the embedder may take, and how long the vectors, before words alone answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Reciprocal rank fusion: what a place in a list is worth is `weight / (K + place)`. See docs/SEARCH.md for the measurements.
const K: f64 = 60.0;
const WEIGHT_OF_WORDS: f64 = 1.0;
const WEIGHT_OF_MEANING: f64 = 1.0;
/// The newest session found is worth this much more than a very old one; half of it after [`HALF_LIFE`] days.
const RECENCY: f64 = 0.03;
const HALF_LIFE: f64 = 180.0;

/// A query that was checked, read and embedded: ready for a transaction.
#[derive(Clone, Debug)]
pub struct Prepared<'a> {
    query: &'a Query,
    asked: Asked,
    /// `None` if the embedder is away.
    vector: Option<Option<String>>,
}

/// Checks, reads and embeds a query, before a transaction starts. If the embedder is away, only words are searched.
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
    // Days that were chosen go before days that were written.
    let reads_days = !query.days_are_words && query.from.is_none() && query.to.is_none();
    let asked = asked::read(&query.text, reads_days.then(|| Utc::now().date_naive()));
    let texts = if asked.meaning.is_empty() { &[] } else { std::slice::from_ref(&asked.meaning) };
    let vector = match tokio::time::timeout(PATIENCE, embedder.embed(texts)).await {
        // A query without words has an all-zero vector, which is close to nothing.
        Ok(Ok(vectors)) => {
            Some(vectors.first().filter(|vector| vector.iter().any(|value| *value != 0.0)).map(|v| store::as_text(v)))
        }
        Ok(Err(error)) => {
            tracing::warn!(target: "index", %error, "the query is not embedded: searching by words alone");
            None
        }
        Err(_) => {
            tracing::warn!(target: "index", "embedding the query took too long: searching by words alone");
            None
        }
    };
    Ok(Prepared { query, asked, vector })
}

/// Searches the sessions and summaries that `tx` sees.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn search(
    tx: &mut TenantTx,
    embedder: &Embedder,
    Prepared { query, asked, vector }: &Prepared<'_>,
) -> Result<Found, sqlx::Error> {
    let limit = query.limit.clamp(1, MOST_HITS) as usize;
    let days = asked.days.as_ref();
    let filters =
        filters(query, (days.map_or(query.from, |it| Some(it.from)), days.map_or(query.to, |it| Some(it.to))));
    let depth = db::count((limit * 4).max(50));
    let languages = languages(tx).await?;
    let wanted = wanted(tx, asked, &languages).await?;
    let required = required(asked);
    let by_words = by_words(tx, &wanted, asked, required.as_deref(), &filters, depth).await?;
    let (near, by_meaning) = match vector {
        None => (Vec::new(), ByMeaning::Unavailable),
        Some(None) => (Vec::new(), ByMeaning::Nothing),
        Some(Some(vector)) => match by_meaning(tx, embedder, vector, required.as_deref(), &filters, depth).await? {
            Some(near) => (near, ByMeaning::Searched),
            None => (Vec::new(), ByMeaning::Unavailable),
        },
    };
    let mut fused = fused(&by_words, &near);
    // Some are left out below, or move up for being newer.
    fused.truncate(limit * 2 + 20);
    let mut hits = passages::hits(tx, &fused).await?;
    prefer_new(&mut hits);
    let looked_for: Vec<LookedFor<'_>> =
        wanted.iter().map(|word| LookedFor { forms: &word.forms, is_name: !word.clients.is_empty() }).collect();
    let hits = passages::one_each(tx, hits, &looked_for, &languages, limit).await?;
    let sessions = sessions(tx, &filters).await?;
    Ok(Found { hits, days: asked.days.clone(), by_meaning, sessions })
}

/// Two lists as one, by reciprocal rank: the best first.
fn fused(by_words: &[Uuid], near: &[Uuid]) -> Vec<(Uuid, f64)> {
    let mut scores: HashMap<Uuid, f64> = HashMap::new();
    for (list, weight) in [(by_words, WEIGHT_OF_WORDS), (near, WEIGHT_OF_MEANING)] {
        for (place, id) in (1_u32..).zip(list) {
            *scores.entry(*id).or_default() += weight / (K + f64::from(place));
        }
    }
    let mut fused: Vec<(Uuid, f64)> = scores.into_iter().collect();
    fused.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    fused
}

/// Of two passages that fit about as well, the newer goes first.
fn prefer_new(hits: &mut [passages::Row]) {
    let Some(newest) = hits.iter().map(|row| row.hit.session_date).max() else { return };
    for row in hits.iter_mut() {
        #[expect(clippy::cast_precision_loss, reason = "a number of days")]
        let age = (newest - row.hit.session_date).num_days() as f64;
        row.hit.score *= 1.0 + RECENCY * (-age / HALF_LIFE).exp2();
    }
    hits.sort_by(|one, other| other.hit.score.total_cmp(&one.hit.score));
}

/// The filters as `search_scope` and `search_conditions` of the migrations read them.
fn filters(query: &Query, (from, to): (Option<NaiveDate>, Option<NaiveDate>)) -> Value {
    let mut filters = serde_json::Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            filters.insert(name.to_owned(), value);
        }
    };
    put("coach", query.coach.map(|id| json!(id)));
    put("client", query.client.map(|id| json!(id)));
    put("tag", query.tag.as_ref().map(|tag| json!(tag)));
    put("type", query.session_type.map(|it| json!(it.as_str())));
    put("from", from.map(|day| json!(day)));
    put("to", to.map(|day| json!(day)));
    put("only_said", query.only_said.then_some(json!(true)));
    let parts: Vec<&str> = query.parts.iter().map(|part| part.as_str()).collect();
    put("sections", (!parts.is_empty()).then(|| json!(parts)));
    Value::Object(filters)
}

/// A word that is looked for, in all of its forms.
struct Wanted {
    forms: Vec<String>,
    clients: Vec<Uuid>,
}

/// The languages of the organization's sessions.
async fn languages(tx: &mut TenantTx) -> Result<Vec<String>, sqlx::Error> {
    let known: Vec<String> = words::LANGUAGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    sqlx::query_scalar!(r#"select search_languages($1) as "languages!""#, &known).fetch_one(tx.conn()).await
}

/// The words, each as it is, by its stem in each of the languages, and with the other names of a client of that name.
async fn wanted(tx: &mut TenantTx, asked: &Asked, languages: &[String]) -> Result<Vec<Wanted>, sqlx::Error> {
    let named = named(tx, &asked.words).await?;
    let mut words = asked.words.clone();
    asked::without_asking(&mut words, |word| named.contains_key(&word.exact));
    let wanted = words.iter().map(|word| {
        let stems = languages.iter().map(|language| word.stem(Some(language)));
        let mut forms = vec![word.stem(None)];
        forms.extend(stems);
        let mut clients = Vec::new();
        if let Some(names) = named.get(&word.exact) {
            clients.clone_from(&names.clients);
            forms.extend(names.others.iter().cloned());
        }
        forms.sort_unstable();
        forms.dedup();
        Wanted { forms, clients }
    });
    Ok(wanted.collect())
}

/// The clients whom a word names, and what else they are called.
#[derive(Default)]
struct Names {
    clients: Vec<Uuid>,
    others: Vec<String>,
}

/// At most this many names are compared with the words.
const MOST_NAMES: i64 = 5_000;

/// Words that are part of a client's name or alias.
async fn named(tx: &mut TenantTx, asked: &[words::Word]) -> Result<HashMap<String, Names>, sqlx::Error> {
    let exact: Vec<String> = asked.iter().map(|word| word.exact.clone()).filter(|it| it.chars().count() > 1).collect();
    let rows = sqlx::query!(
        r#"select c.id as "id!", c.name as "name!", coalesce(a.written, '') as "alias!"
           from clients c left join aliases a on a.client_id = c.id
           where c.removed_at is null and c.id in (
               -- Roughly: word by word they are compared here.
               select id from clients
               where exists (select from unnest($1::text[]) word where strpos(replace(folded(name), ' ', ''), word) > 0)
               union
               select client_id from aliases
               where exists (select from unnest($1::text[]) word where strpos(replace(folded(written), ' ', ''), word) > 0))
           limit $2"#,
        &exact,
        MOST_NAMES
    )
    .fetch_all(tx.conn())
    .await?;
    let mut found: HashMap<String, Names> = HashMap::new();
    for row in rows {
        let of = |text: &str| names::words(&names::fold(text));
        let (own, alias) = (of(&row.name), of(&row.alias));
        for word in exact.iter().filter(|word| own.contains(word) || alias.contains(word)) {
            let names = found.entry(word.clone()).or_default();
            if !names.clients.contains(&row.id) {
                names.clients.push(row.id);
            }
            // The given name for the alias, and the alias for either name; a family name may be another's.
            let others = alias.iter().chain(own.first()).filter(|it| !own[own.len().min(1)..].contains(it));
            names.others.extend(others.filter(|it| *it != word && it.chars().count() > 1).cloned());
        }
    }
    Ok(found)
}

/// What must be in the words, next to each other, and what must not, as Postgres reads it.
fn required(asked: &Asked) -> Option<String> {
    let phrases = asked.phrases.iter().map(|phrase| words::phrase(phrase));
    let without = asked.without.iter().map(|phrase| format!("!{}", words::phrase(phrase)));
    let all: Vec<String> = phrases.chain(without).collect();
    (!all.is_empty()).then(|| all.join(" & "))
}

async fn by_words(
    tx: &mut TenantTx,
    wanted: &[Wanted],
    asked: &Asked,
    required: Option<&str>,
    filters: &Value,
    depth: i32,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let terms: Vec<Value> = wanted
        .iter()
        .map(|word| match word.clients.as_slice() {
            [] => json!({ "forms": word.forms }),
            clients => json!({ "forms": word.forms, "clients": clients }),
        })
        .collect();
    let must: Vec<String> = asked.phrases.iter().flatten().map(|word| word.exact.clone()).collect();
    let rows = sqlx::query_scalar!(
        r#"select chunk_id as "chunk_id!" from search_by_words($1, $2, $3::text::tsquery, $4, $5)"#,
        Value::Array(terms),
        &must,
        required,
        filters,
        depth
    );
    rows.fetch_all(tx.conn()).await
}

/// The nearest chunks; `None` if that fails or takes too long.
async fn by_meaning(
    tx: &mut TenantTx,
    embedder: &Embedder,
    vector: &str,
    required: Option<&str>,
    filters: &Value,
    depth: i32,
) -> Result<Option<Vec<Uuid>>, sqlx::Error> {
    // A savepoint: what fails in it leaves the words' answer, and its settings end with it.
    let mut inner = tx.conn().begin().await?;
    let patience = PATIENCE.as_millis().to_string();
    sqlx::query("select set_config('statement_timeout', $1, true)").bind(patience).execute(&mut *inner).await?;
    let near = sqlx::query_scalar!(
        r#"select chunk_id as "chunk_id!" from search_by_meaning($1, $2, $3, $4::text::tsquery, $5, $6)"#,
        vector,
        embedder.model(),
        embedder.least_similarity(),
        required,
        filters,
        depth
    )
    .fetch_all(&mut *inner)
    .await;
    inner.rollback().await?;
    match near {
        Ok(near) => Ok(Some(near)),
        Err(error) if db::is_away(&error) && !is_slow(&error) => Err(error),
        Err(error) => {
            tracing::warn!(target: "index", %error, "the vectors don’t answer: searching by words alone");
            Ok(None)
        }
    }
}

/// Whether a statement was ended for its time.
fn is_slow(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "57014")
}

/// How many sessions the filters leave.
async fn sessions(tx: &mut TenantTx, filters: &Value) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select search_sessions($1) as "sessions!""#, filters).fetch_one(tx.conn()).await
}
