//! How well workers that share an endpoint use its limits: several workers, each with its own connections, summarize
//! sessions against a provider on loopback that enforces its limits exactly.
//!
//! Reads nothing. Creates its own database on the server of `DATABASE_URL` (or an embedded one) and drops it.

#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/support"]
mod support {
    mod database;
    pub(crate) mod llm_server;
    mod server;

    pub(crate) use database::TestDatabase;
}

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use debrief::config::Config;
use debrief_jobs::{
    Provide, Services, Settings,
    db::{Db, Tx},
    llm,
    path::SummarizeClient,
    queue::{Catalogue, WorkerSettings, drain, enqueue},
};
use serde_json::{Value, json};
use support::{
    TestDatabase,
    llm_server::{Allowed, LlmServer},
};
use uuid::Uuid;

const USAGE: &str =
    "usage: cargo run --example llm_load -- [requests a minute, 600] [tokens a minute, 2000000] [workers, 3]";
/// The measured window, and the warm-up before it, when reservations are still guesses.
const WINDOW: Duration = Duration::from_secs(20);
const LEAD: Duration = Duration::from_secs(8);
/// The share of the limits that must be used.
const BAR: f64 = 0.95;

fn write(_: &Value) -> Value {
    json!({ "claims": [{ "section": "wins", "text": "Priya closed the account.", "owner": null, "due_date": null,
                         "due_words": null,
                         "evidence": [{ "utterance": 1, "quote": "I closed the Hartman account" }] }] })
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<f64>());
    let mut next = |default: f64| numbers.next().unwrap_or(Ok(default));
    let (Ok(requests), Ok(tokens), Ok(workers)) = (next(600.0), next(2e6), next(3.0)) else {
        eprintln!("{USAGE}");
        return Ok(ExitCode::from(2));
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let allowed = Allowed {
        bucket_seconds: 1.0,
        requests_per_minute: requests,
        tokens_per_minute: tokens,
        latency: Duration::from_millis(400),
        answer: write,
    };
    let server = LlmServer::allowing(allowed).await;
    let database = TestDatabase::new().await;
    let folder = tempfile::tempdir()?;
    let settings = settings(&folder, &server, requests, tokens)?;
    let count = (requests / 60.0 * (WINDOW + 2 * LEAD).as_secs_f64()).ceil() as i32;
    stage(&database.db, count).await?;

    let began = Instant::now();
    let mut running = Vec::new();
    for _ in 0..workers.max(1.0) as usize {
        let db = Db::connect(&database.url, 8)?;
        let services = Services::new(db.clone(), &settings)?;
        let worker = WorkerSettings { drain_within: Duration::from_secs(600), ..WorkerSettings::default() };
        running.push(drain(db, Catalogue::new().with::<SummarizeClient>(services.provide()), worker));
    }
    let (mut ran, mut dead) = (0, 0);
    for drained in futures::future::join_all(running).await {
        let drained = drained?;
        (ran, dead) = (ran + drained.ran, dead + drained.dead);
    }
    Ok(report(&server, allowed, began.elapsed(), count, ran, dead))
}

/// Prints the figures; returns whether the threshold is met.
fn report(server: &LlmServer, allowed: Allowed, took: Duration, count: i32, ran: usize, dead: usize) -> ExitCode {
    let asked = server.asked();
    let Some(first) = asked.first().map(|asked| asked.at) else { return ExitCode::FAILURE };
    let inside: Vec<_> = asked.iter().filter(|asked| (LEAD..LEAD + WINDOW).contains(&(asked.at - first))).collect();
    let minutes = WINDOW.as_secs_f64() / 60.0;
    let tokens: usize = inside.iter().map(|asked| asked.raw.len() / 4 + 50).sum();
    let by_requests = inside.len() as f64 / (allowed.requests_per_minute * minutes);
    let by_tokens = tokens as f64 / (allowed.tokens_per_minute * minutes);
    println!("sessions: {count} staged, {ran} summarised, {dead} dead, in {:.1} s", took.as_secs_f64());
    println!("requests: {} sent, {} over the limit", asked.len(), server.refused());
    println!(
        "used of the allowed requests: {:.1} %, of the allowed tokens: {:.1} %",
        by_requests * 100.0,
        by_tokens * 100.0
    );
    // Whichever limit is reached first holds down the other.
    let good = server.refused() == 0 && dead == 0 && ran == count as usize && by_requests.max(by_tokens) >= BAR;
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The default settings in a temporary folder, with the server's model.
fn settings(folder: &tempfile::TempDir, server: &LlmServer, requests: f64, tokens: f64) -> anyhow::Result<Settings> {
    let empty = folder.path().join("debrief.toml");
    std::fs::write(&empty, "")?;
    let mut settings = Config::load(Some(&empty), folder.path())?.services();
    settings.llm = llm::Settings {
        provider: "openai".into(),
        url: Some(server.url.clone()),
        model: Some("test-model".into()),
        requests_per_minute: Some(requests),
        tokens_per_minute: Some(tokens),
        ..llm::Settings::default()
    };
    Ok(settings)
}

/// Adds sessions to the database as attribution leaves them, each with a job.
async fn stage(db: &Db, count: i32) -> anyhow::Result<()> {
    let [organization, coach, client] = [(); 3].map(|()| Uuid::now_v7());
    let mut tx = db.tenant(organization).await?;
    for sql in [
        "insert into organizations (id, handle, name) values ($1, 'northlight', 'Northlight') returning $2::uuid, $3::uuid, $4::int",
        "insert into coaches (id, organization_id, handle, name, email)
         values ($2, $1, 'maya', 'Maya', 'm@m.example') returning $3::uuid, $4::int",
        "insert into clients (id, organization_id, coach_id, name) values ($3, $1, $2, 'Priya') returning $4::int",
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state, correlation_id)
         select gen_random_uuid(), $1, $2, 'A session', '2026-03-11', 'path', i::text, 'attributed', $3 from generate_series(1, $4) i",
        "insert into transcripts (id, organization_id, session_id, object_key, etag, stored_key, sha256, size_bytes, object_time)
         select id, $1, id, object_key, '', '', object_key, 1, now() from sessions where $2 is not null and $3 is not null and $4 > 0",
        "insert into utterances (id, organization_id, session_id, transcript_id, position, label, text)
         select gen_random_uuid(), $1, sessions.id, sessions.id, position, label, said || ' ' || object_key
         from sessions, (values (0, 'Maya', 'What went well?'), (1, 'Priya', 'I closed the Hartman account number'))
             as lines (position, label, said) where $2 is not null and $3 is not null and $4 > 0",
        "insert into participants (id, organization_id, session_id, kind, client_id, name)
         select gen_random_uuid(), $1, sessions.id, kind, case when kind = 'client' then $3 end, name
         from sessions, (values ('coach', 'Maya'), ('client', 'Priya')) as people (kind, name) where $2 is not null and $4 > 0",
        "insert into attributions (organization_id, session_id, label, participant_id, confidence, reason)
         select $1, session_id, name, id, 1, 'roster' from participants where $2 is not null and $3 is not null and $4 > 0",
        "insert into summaries (id, organization_id, session_id, client_id)
         select gen_random_uuid(), $1, id, $3 from sessions where $2 is not null and $4 > 0",
    ] {
        let filled = sqlx::query(sql).bind(organization).bind(coach).bind(client).bind(count);
        filled.execute(tx.conn()).await?;
    }
    let summaries: Vec<Uuid> = sqlx::query_scalar("select id from summaries").fetch_all(tx.conn()).await?;
    for summary_id in summaries {
        enqueue(&mut tx, &SummarizeClient { summary_id }, Uuid::now_v7()).await?;
    }
    tx.commit().await?;
    Ok(())
}
