//! What a real language model writes: sessions summarised through the same code as in a job, against any
//! OpenAI-compatible endpoint. Slow, so it's resumable: each session is a line of the output file, and is not asked about
//! again.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    time::Instant,
};

use anyhow::{Context, Result};
use debrief_jobs::{
    db::{Db, Tx},
    embed::Local,
    llm,
    summarize::{Summarizer, verify, write_offline},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    rouge::rouge,
    sessions::{Session, sessions},
    support::TestDatabase,
};

/// What is asked of whom.
pub(crate) struct Asked {
    pub(crate) url: String,
    pub(crate) model: String,
    pub(crate) ask_by: String,
    pub(crate) out: PathBuf,
    pub(crate) limit: usize,
    pub(crate) folders: Vec<PathBuf>,
}

/// What came of a session.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    session: String,
    ask_by: String,
    /// `openai`, or `offline` if the model's draft couldn't be used.
    by: String,
    /// Why the offline summarizer stands in.
    stands_in: Option<String>,
    seconds: f64,
    calls: i64,
    failed_calls: i64,
    input_tokens: i64,
    output_tokens: i64,
    /// Why claims were dropped, and how many.
    dropped: BTreeMap<String, usize>,
    /// The claims by section.
    claims: Vec<(String, String)>,
    /// ROUGE-1 against the reference, of the model's claims and of the offline summarizer's.
    rouge: Option<(f64, f64)>,
}

/// Asks about the sessions that the output file doesn't have yet, and prints the figures of all of it.
pub(crate) async fn ask(asked: &Asked, local: Local) -> Result<()> {
    let mut all = read(&asked.out)?;
    let mut todo = Vec::new();
    for folder in &asked.folders {
        todo.extend(sessions(folder)?);
    }
    todo.truncate(asked.limit);
    todo.retain(|session| !all.iter().any(|it| it.session == session.name && it.ask_by == asked.ask_by));
    if !todo.is_empty() {
        let database = TestDatabase::new().await;
        let (organization, session_id) = stage(&database.db).await?;
        // "passage+check": and has each sentence read a second time.
        let (ask_by, check) =
            asked.ask_by.split_once('+').map_or((asked.ask_by.as_str(), None), |(by, _)| (by, Some("default")));
        let settings = llm::Settings {
            tasks: llm::Tasks { check: check.map(str::to_owned), ..llm::Tasks::default() },
            provider: "openai".into(),
            url: Some(asked.url.clone()),
            model: Some(asked.model.clone()),
            timeout_seconds: Some(900),
            ask_by: Some(serde_json::from_value(ask_by.into()).context("--ask-by")?),
            ..llm::Settings::default()
        };
        let local = std::sync::Arc::new(local);
        let summarizer = Summarizer::new(&settings)?.with_local(Some(local.clone()));
        let mut out = OpenOptions::new().create(true).append(true).open(&asked.out)?;
        for session in todo {
            let written = one(asked, &database.db, (organization, session_id), &summarizer, &local, &session).await?;
            writeln!(out, "{}", serde_json::to_string(&written)?)?;
            eprintln!(
                "{}: {:.0} s, {} claims by {}",
                written.session,
                written.seconds,
                written.claims.len(),
                written.by
            );
            all.push(written);
        }
    }
    report(&all);
    Ok(())
}

fn read(out: &PathBuf) -> Result<Vec<Written>> {
    let text = fs::read_to_string(out).unwrap_or_default();
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

async fn one(
    asked: &Asked,
    db: &Db,
    (organization, session_id): (Uuid, Uuid),
    summarizer: &Summarizer,
    local: &Local,
    session: &Session,
) -> Result<Written> {
    let before = spent(db, organization).await?;
    let began = Instant::now();
    // As a job does: an endpoint that is busy or away is asked again.
    let drafted = loop {
        match summarizer.draft(db, organization, session_id, &session.input).await {
            Err(error @ (llm::LlmError::Waiting(_) | llm::LlmError::Limited(_))) => {
                eprintln!("{}: {error}", session.name);
                tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            }
            other => break other,
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    let after = spent(db, organization).await?;
    let mut written = Written {
        session: session.name.clone(),
        ask_by: asked.ask_by.clone(),
        by: "nobody".into(),
        stands_in: None,
        seconds,
        calls: after.0 - before.0,
        failed_calls: after.1 - before.1,
        input_tokens: after.2 - before.2,
        output_tokens: after.3 - before.3,
        dropped: BTreeMap::new(),
        claims: Vec::new(),
        rouge: None,
    };
    match drafted {
        Err(error) => written.stands_in = Some(format!("error: {error}")),
        Ok((draft, verified)) => {
            written.by = draft.provider.to_owned();
            written.stands_in = draft.stands_in.map(|it| it.why.as_str().to_owned());
            for reason in &verified.dropped {
                *written.dropped.entry(format!("{reason:?}")).or_default() += 1;
            }
            written.claims =
                verified.claims.iter().map(|it| (it.section.as_str().to_owned(), it.text.clone())).collect();
            if !session.reference.is_empty() {
                let texts: Vec<String> = verified.claims.iter().map(|it| it.text.clone()).collect();
                let offline = verify(&session.input, &write_offline(&session.input, Some(local)).claims);
                let offline: Vec<String> = offline.claims.into_iter().map(|it| it.text).collect();
                let of = |texts: &[String]| rouge(&session.reference, texts).one;
                written.rouge = Some((of(&texts), of(&offline)));
            }
        }
    }
    Ok(written)
}

/// Calls, failed ones, and tokens sent and received so far.
async fn spent(db: &Db, organization: Uuid) -> Result<(i64, i64, i64, i64)> {
    let mut tx = db.tenant(organization).await?;
    let spent = sqlx::query_as(
        "select count(*), count(*) filter (where state = 'failed'), coalesce(sum(input_tokens), 0)::bigint,
                coalesce(sum(output_tokens), 0)::bigint from llm_calls",
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(spent)
}

/// One session for the ledger to name.
async fn stage(db: &Db) -> Result<(Uuid, Uuid)> {
    let [organization, coach, session] = [(); 3].map(|()| Uuid::now_v7());
    let mut tx = db.tenant(organization).await?;
    for sql in [
        "insert into organizations (id, handle, name) values ($1, 'northlight', 'Northlight') returning $2::uuid, $3::uuid",
        "insert into coaches (id, organization_id, handle, name, email)
         values ($2, $1, 'maya', 'Maya', 'm@m.example') returning $3::uuid",
        "insert into sessions (id, organization_id, coach_id, title, session_date, date_source, object_key, state, correlation_id)
         values ($3, $1, $2, 'A session', '2026-03-11', 'path', 'a', 'attributed', $3)",
    ] {
        sqlx::query(sql).bind(organization).bind(coach).bind(session).execute(tx.conn()).await?;
    }
    tx.commit().await?;
    Ok((organization, session))
}

fn report(all: &[Written]) {
    let mut by: BTreeMap<&str, Vec<&Written>> = BTreeMap::new();
    for written in all {
        by.entry(&written.ask_by).or_default().push(written);
    }
    for (ask_by, all) in by {
        let count = all.len();
        let mean = |of: &dyn Fn(&Written) -> f64| all.iter().map(|it| of(it)).sum::<f64>() / count.max(1) as f64;
        println!("asked by {ask_by}: {count} sessions");
        let by_model = all.iter().filter(|it| it.by != "offline" && it.by != "nobody").count();
        println!("  written by the model: {by_model}; stood in for: {}", count - by_model);
        let mut why: BTreeMap<&str, usize> = BTreeMap::new();
        for it in all.iter().filter_map(|it| it.stands_in.as_deref()) {
            *why.entry(it).or_default() += 1;
        }
        println!("  why: {why:?}");
        let (mut sections, mut dropped): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
        let (mut kept, mut quotes) = (0, 0);
        for (section, text) in all.iter().flat_map(|it| &it.claims) {
            *sections.entry(section).or_default() += 1;
            kept += 1;
            quotes += usize::from(text.contains('\u{201c}'));
        }
        for (reason, count) in all.iter().flat_map(|it| &it.dropped) {
            *dropped.entry(reason).or_default() += count;
        }
        println!("  claims kept: {kept}, of these quotes: {quotes}; by section: {sections:?}");
        println!("  claims dropped: {}; {dropped:?}", dropped.values().sum::<usize>());
        println!(
            "  a session: {:.0} s, {:.1} calls ({:.1} failed), {:.0} tokens sent, {:.0} received",
            mean(&|it| it.seconds),
            mean(&|it| it.calls as f64),
            mean(&|it| it.failed_calls as f64),
            mean(&|it| it.input_tokens as f64),
            mean(&|it| it.output_tokens as f64),
        );
        let judged: Vec<(f64, f64)> = all.iter().filter_map(|it| it.rouge).collect();
        if !judged.is_empty() {
            let mean = |of: &dyn Fn(&(f64, f64)) -> f64| judged.iter().map(of).sum::<f64>() / judged.len() as f64;
            println!(
                "  ROUGE-1 of {} with a reference: {:.2}, offline {:.2}",
                judged.len(),
                mean(&|it| it.0),
                mean(&|it| it.1)
            );
        }
    }
}
