//! How relevant: the specific questions of QMSum, each with the spans of its meeting that answer it, asked of all meetings at once.
//!
//! A passage is relevant if at least half of its utterances are in a gold span, or if it holds at least half of one. nDCG@10 and the
//! share of the gold utterances that are in the ten passages are averaged over the questions.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::Path,
    sync::Arc,
};

use anyhow::Context;
use debrief::{config::Config, folders, models};
use debrief_jobs::{
    Services,
    db::{Db, Tx},
    embed::Embedder,
    index::{self, IndexSession, Query},
    queue::{self, WorkerSettings, enqueue},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{bm25::Bm25, seed::written, support::TestDatabase};

#[derive(Deserialize)]
struct Meeting {
    specific_query_list: Vec<Asked>,
    meeting_transcripts: Vec<Said>,
}

#[derive(Deserialize)]
struct Asked {
    query: String,
    relevant_text_span: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Said {
    speaker: String,
    content: String,
}

/// A question, and where it is answered.
struct Question {
    text: String,
    gold: HashSet<Uuid>,
}

/// A chunk, as it is indexed.
struct Chunk {
    id: Uuid,
    session: Uuid,
    text: String,
    utterances: Vec<Uuid>,
}

const LIMIT: usize = 10;
/// What a place in the list by meaning is worth, of one in the list by words.
const WEIGHTS: [f64; 8] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 4.0];

/// Two lists by reciprocal rank.
fn fused(words: &[usize], near: &[usize], weight: f64) -> Vec<usize> {
    let mut scores: HashMap<usize, f64> = HashMap::new();
    for (list, weight) in [(words, 1.0), (near, weight)] {
        for (place, at) in (1_u32..).zip(list) {
            *scores.entry(*at).or_default() += weight / (60.0 + f64::from(place));
        }
    }
    let mut fused: Vec<(usize, f64)> = scores.into_iter().collect();
    fused.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    fused.into_iter().take(LIMIT).map(|(at, _)| at).collect()
}

pub(crate) async fn measure(folder: &Path) -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let database = TestDatabase::new().await;
    let services = services(&database)?;
    let organization = Uuid::now_v7();
    let questions = fill(&database, organization, folder).await?;
    let settings = WorkerSettings { schedules: Vec::new(), ..WorkerSettings::default() };
    let drained =
        queue::drain(database.db.clone(), debrief_jobs::catalogue(&services).only::<IndexSession>(), settings).await?;
    anyhow::ensure!(drained.dead == 0, "{drained:?}");
    let chunks = chunks(&database, organization).await?;
    println!("{} questions, {} chunks, {}\n", questions.len(), chunks.len(), services.embedder.model());
    let texts: Vec<&str> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    let plain = Bm25::of(&texts);
    let places: HashMap<(Uuid, &str), usize> =
        chunks.iter().enumerate().map(|(at, chunk)| ((chunk.session, chunk.text.as_str()), at)).collect();
    let by_id: HashMap<Uuid, usize> = chunks.iter().enumerate().map(|(at, chunk)| (chunk.id, at)).collect();
    // Nothing has vectors of this one: words alone are found.
    let away = Embedder::Hashed;
    let mut weighed: Vec<(f64, Vec<(f64, f64)>)> = WEIGHTS.into_iter().map(|weight| (weight, Vec::new())).collect();
    let mut figures: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for question in &questions {
        let mut found: Vec<(&str, Vec<usize>)> = vec![("4 plain BM25", plain.best(&question.text, LIMIT))];
        for (name, embedder) in [("1 Debrief", &*services.embedder), ("2 its words alone", &away)] {
            let query = Query { text: question.text.clone(), limit: 10, days_are_words: true, ..Query::default() };
            let prepared = index::prepare(embedder, &query).await?;
            let mut tx = database.db.tenant(organization).await?;
            let hits = index::search(&mut tx, embedder, &prepared).await?.hits;
            let at = hits.iter().filter_map(|hit| places.get(&(hit.session_id, hit.text.as_str())).copied());
            found.push((name, at.collect()));
        }
        let vector = written(&services.embedder.embed(std::slice::from_ref(&question.text)).await?.concat());
        let mut tx = database.db.tenant(organization).await?;
        let near: Vec<Uuid> = sqlx::query_scalar("select chunk_id from search_by_meaning($1, $2, -1, null, '{}', 50)")
            .bind(vector)
            .bind(services.embedder.model())
            .fetch_all(tx.conn())
            .await?;
        let near: Vec<usize> = near.iter().filter_map(|id| by_id.get(id).copied()).collect();
        let words = {
            let query = Query { text: question.text.clone(), limit: 50, days_are_words: true, ..Query::default() };
            let prepared = index::prepare(&away, &query).await?;
            let hits = index::search(&mut tx, &away, &prepared).await?.hits;
            hits.iter().filter_map(|hit| places.get(&(hit.session_id, hit.text.as_str())).copied()).collect::<Vec<_>>()
        };
        for (weight, figures) in &mut weighed {
            figures.push(judged(&chunks, &fused(&words, &near, *weight), &question.gold));
        }
        found.push(("3 the embedder alone", near.into_iter().take(LIMIT).collect()));
        for (name, places) in found {
            figures.entry(name).or_default().push(judged(&chunks, &places, &question.gold));
        }
    }
    for (weight, figures) in weighed {
        #[expect(clippy::cast_precision_loss, reason = "a number of questions")]
        let mean = figures.iter().map(|it| it.0).sum::<f64>() / figures.len() as f64;
        println!("fused with meaning at {weight} of words: nDCG@10 {mean:.3}");
    }
    println!("\n| Way | nDCG@10 | Gold utterances found |\n|---|---|---|");
    for (name, figures) in figures {
        #[expect(clippy::cast_precision_loss, reason = "a number of questions")]
        let mean = |of: fn(&(f64, f64)) -> f64| figures.iter().map(of).sum::<f64>() / figures.len() as f64;
        println!("| {} | {:.3} | {:.3} |", &name[2..], mean(|it| it.0), mean(|it| it.1));
    }
    Ok(())
}

fn services(database: &TestDatabase) -> anyhow::Result<Arc<Services>> {
    let folder = tempfile::tempdir()?.keep();
    let empty = folder.join("debrief.toml");
    fs::write(&empty, "")?;
    let mut settings = Config::load(Some(&empty), &folder)?.services();
    let model = folders::cache().join("models").join(models::MINILM.name);
    models::bring(&models::MINILM, &model, false)?;
    settings.index.embedder = "local".into();
    settings.index.local_folder = model;
    Ok(Arc::new(Services::new(Db::connect(&database.urls.app, 8)?, &settings)?))
}

/// Inserts the meetings as sessions, with a job for each; returns the questions.
async fn fill(database: &TestDatabase, organization: Uuid, folder: &Path) -> anyhow::Result<Vec<Question>> {
    let coach = Uuid::now_v7();
    let mut tx = database.db.tenant(organization).await?;
    for sql in [
        "insert into organizations (id, handle, name) select $1, 'meetings', 'Meetings' where $2::uuid is not null",
        "insert into coaches (id, organization_id, handle, name, email) values ($2, $1, 'chair', 'Chair', 'chair@coach.example')",
    ] {
        sqlx::query(sql).bind(organization).bind(coach).execute(tx.conn()).await?;
    }
    let mut questions = Vec::new();
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|it| it == "json")) {
        let meeting: Meeting = serde_json::from_slice(&fs::read(file)?).with_context(|| file.display().to_string())?;
        let ids =
            insert(&mut tx, organization, coach, &file.display().to_string(), &meeting.meeting_transcripts).await?;
        for asked in meeting.specific_query_list {
            let mut gold = HashSet::new();
            for (from, to) in &asked.relevant_text_span {
                let (Ok(from), Ok(to)) = (from.parse::<usize>(), to.parse::<usize>()) else { continue };
                gold.extend(ids.get(from..=to.min(ids.len() - 1)).unwrap_or_default());
            }
            if !gold.is_empty() {
                questions.push(Question { text: asked.query, gold });
            }
        }
    }
    tx.commit().await?;
    Ok(questions)
}

async fn insert(
    tx: &mut debrief_jobs::db::TenantTx,
    organization: Uuid,
    coach: Uuid,
    key: &str,
    said: &[Said],
) -> anyhow::Result<Vec<Uuid>> {
    let session = Uuid::now_v7();
    let ids: Vec<Uuid> = said.iter().map(|_| Uuid::now_v7()).collect();
    let labels: Vec<&str> = said.iter().map(|it| it.speaker.as_str()).collect();
    // Marks of noises, as the transcribers wrote them.
    let texts: Vec<String> = said.iter().map(|it| without_marks(&it.content)).collect();
    for sql in [
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, correlation_id, state)
         select $1, $2, $3, 'A meeting', '2026-01-01', 'path', $4, $1, 'closed' where $5::uuid[] is not null and $6::text[] is not null
            and $7::text[] is not null",
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes, object_time)
         select $1, $2, $1, $4, 'x', $4, $4, 1, now() where $3::uuid is not null and $5::uuid[] is not null and $6::text[] is not null
            and $7::text[] is not null",
        "insert into utterances (id, organization_id, session_id, transcript_id, position, label, text)
         select id, $2, $1, $1, n - 1, label, text from unnest($5::uuid[], $6::text[], $7::text[]) with ordinality as new (id, label, text, n)
         where $3::uuid is not null and $4::text is not null",
    ] {
        let query = sqlx::query(sql).bind(session).bind(organization).bind(coach).bind(key);
        query.bind(&ids).bind(&labels).bind(&texts).execute(tx.conn()).await?;
    }
    enqueue(tx, &IndexSession { session_id: session }, session).await?;
    Ok(ids)
}

fn without_marks(text: &str) -> String {
    let mut kept = String::new();
    let mut depth = 0_u32;
    for letter in text.chars() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            letter if depth == 0 => kept.push(letter),
            _ => {}
        }
    }
    kept
}

async fn chunks(database: &TestDatabase, organization: Uuid) -> anyhow::Result<Vec<Chunk>> {
    let mut tx = database.db.tenant(organization).await?;
    let rows: Vec<(Uuid, Uuid, String, Vec<Uuid>)> =
        sqlx::query_as("select id, session_id, text, utterances from chunks order by id").fetch_all(tx.conn()).await?;
    let chunk = |(id, session, text, utterances)| Chunk { id, session, text, utterances };
    Ok(rows.into_iter().map(chunk).collect())
}

/// nDCG@10, and the share of the gold utterances that are found.
fn judged(chunks: &[Chunk], found: &[usize], gold: &HashSet<Uuid>) -> (f64, f64) {
    let relevant = |chunk: &Chunk| {
        let inside = chunk.utterances.iter().filter(|id| gold.contains(id)).count();
        inside > 0 && (inside * 2 >= chunk.utterances.len() || inside * 2 >= gold.len())
    };
    let discount = |place: usize| 1.0 / f64::from(u32::try_from(place).unwrap_or(u32::MAX) + 2).log2();
    let gained: f64 =
        found.iter().enumerate().filter(|(_, at)| relevant(&chunks[**at])).map(|(place, _)| discount(place)).sum();
    let most = chunks.iter().filter(|chunk| relevant(chunk)).count().min(LIMIT);
    let ideal: f64 = (0..most).map(discount).sum();
    let seen: HashSet<Uuid> = found.iter().flat_map(|at| chunks[*at].utterances.iter().copied()).collect();
    #[expect(clippy::cast_precision_loss, reason = "a number of utterances")]
    let share = gold.iter().filter(|id| seen.contains(id)).count() as f64 / gold.len() as f64;
    (if ideal > 0.0 { gained / ideal } else { 0.0 }, share)
}
