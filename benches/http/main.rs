//! How fast the API answers with many sessions in the database: list, show, search, edit and approve, at a given rate and at
//! rising ones. The server, the callers and Postgres share this machine.
//!
//! Reads nothing. Creates its own database on the server of `DATABASE_URL` (or an embedded one) and drops it. Arrivals are
//! open: a request is sent when it is due, and its latency counts from then, so that a slow answer delays nobody's clock.

#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/support"]
mod support {
    mod database;
    mod server;

    pub(crate) use database::TestDatabase;
}
mod seed;

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{Arc, Mutex},
    time::Duration,
};

use debrief::{
    config::Config,
    http::{HttpState, Limits, api, public_router, serve},
};
use debrief_jobs::{Services, db::Db};
use metrics_exporter_prometheus::PrometheusBuilder;
use rand::Rng;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use support::TestDatabase;
use tokio::{net::TcpListener, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use seed::{Caller, Seeded};

const USAGE: &str =
    "usage: cargo run --release --example http_load -- [sessions, 100000] [requests a second, 100] [seconds, 30]";
/// Where the rate stops rising.
const BAR: Duration = Duration::from_millis(500);

/// What is asked for, and how often of a hundred.
const MIX: [(&str, u32); 9] = [
    ("list", 20),
    ("list by state", 5),
    ("list of all", 5),
    ("clients", 5),
    ("action items", 5),
    ("show", 35),
    ("search", 15),
    ("edit", 7),
    ("approve", 3),
];

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<u32>());
    let mut next = |default: u32| numbers.next().unwrap_or(Ok(default));
    let (Ok(sessions), Ok(rate), Ok(seconds)) = (next(100_000), next(100), next(30)) else {
        eprintln!("{USAGE}");
        return Ok(ExitCode::from(2));
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let database = TestDatabase::new().await;
    let began = Instant::now();
    let seeded = Arc::new(seed::seed(&database, sessions).await?);
    println!("{} sessions seeded in {:.0} s", seeded.sessions, began.elapsed().as_secs_f64());

    let folder = tempfile::tempdir()?;
    let empty = folder.path().join("debrief.toml");
    std::fs::write(&empty, "")?;
    let settings = Config::load(Some(&empty), folder.path())?.services();
    let services = Arc::new(Services::new(Db::connect(&database.urls.app, 16)?, &settings)?);
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let api = Arc::new(api::Settings { requests_per_minute: 1_000_000_000, ..Default::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    let router = public_router(HttpState { services, metrics, api, proxies: Arc::default() });
    let server = tokio::spawn(serve(listener, router, Limits::new(2_000, Duration::from_secs(5)), shutdown.clone()));

    let client = Client::builder().no_proxy().build()?;
    let run = |rate, seconds| load(client.clone(), url.clone(), Arc::clone(&seeded), rate, seconds);
    run(20, 5).await;
    println!("\n{rate} requests a second, {seconds} s\n");
    let good = report(&run(rate, seconds).await);
    println!("\nRising rate, 10 s each\n\n| requests/s | p50 ms | p95 ms | p99 ms | not 2xx |\n|---|---|---|---|---|");
    let mut rising = rate;
    loop {
        let answers = run(rising, 10).await;
        let mut all: Vec<Duration> = answers.values().flat_map(|of| of.times.iter().copied()).collect();
        let failed: usize = answers.values().map(|of| of.failed).sum();
        all.sort_unstable();
        let [p50, p95, p99] = [50, 95, 99].map(|share| percentile(&all, share));
        println!("| {rising} | {} | {} | {} | {failed} |", ms(p50), ms(p95), ms(p99));
        if p95 > BAR || rising > 20_000 {
            break;
        }
        rising += rising / 2;
    }
    shutdown.cancel();
    server.await?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The answers to one kind of request.
#[derive(Debug, Default)]
struct Answers {
    times: Vec<Duration>,
    /// Of them, those that were no success.
    failed: usize,
    /// What the first of these answered.
    refusal: Option<String>,
}

type All = BTreeMap<&'static str, Answers>;

/// Sends `rate` requests a second, each when it is due.
async fn load(client: Client, url: String, seeded: Arc<Seeded>, rate: u32, seconds: u32) -> All {
    let answers = Arc::new(Mutex::new(All::new()));
    let start = Instant::now() + Duration::from_millis(100);
    let mut running = JoinSet::new();
    for at in 0..rate * seconds {
        let due = start + Duration::from_secs_f64(f64::from(at) / f64::from(rate));
        tokio::time::sleep_until(due).await;
        let (client, url, seeded, answers) = (client.clone(), url.clone(), Arc::clone(&seeded), Arc::clone(&answers));
        running.spawn(async move {
            let Some((kind, request, due)) = choose(&client, &url, &seeded, due).await else { return };
            let refusal = refused(request).await;
            let mut answers = answers.lock().expect("no panic holds it");
            let of = answers.entry(kind).or_default();
            of.times.push(due.elapsed());
            of.failed += usize::from(refusal.is_some());
            of.refusal = of.refusal.take().or(refusal);
        });
        while running.try_join_next().is_some() {}
    }
    running.join_all().await;
    std::mem::take(&mut *answers.lock().expect("no panic holds it"))
}

/// Sends a request and reads the whole answer, which counts; what it says if it is no success.
async fn refused(request: RequestBuilder) -> Option<String> {
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return Some(error.to_string()),
    };
    let status = answer.status();
    match answer.text().await {
        Ok(_) if status.is_success() => None,
        Ok(text) => Some(format!("{status} {text}")),
        Err(error) => Some(error.to_string()),
    }
}

/// One request of the mix, and since when it counts.
async fn choose(
    client: &Client,
    url: &str,
    seeded: &Seeded,
    due: Instant,
) -> Option<(&'static str, RequestBuilder, Instant)> {
    let (kind, coach, words) = {
        let mut random = rand::rng();
        let mut at = random.random_range(0..100);
        let chosen = MIX.into_iter().find(|(_, share)| {
            let found = at < *share;
            at = at.saturating_sub(*share);
            found
        });
        (chosen?.0, &seeded.coaches[random.random_range(0..seeded.coaches.len())], seed::words(&mut random))
    };
    let (session, summary) = coach.session(&mut rand::rng());
    let ask = |method: Method, path: String| client.request(method, format!("{url}{path}")).bearer_auth(&coach.key);
    let request = match kind {
        "list" => ask(Method::GET, "/v1/sessions?limit=50".into()),
        "list by state" => ask(Method::GET, "/v1/sessions?limit=50&state=closed".into()),
        // By a key that sees half of what there is.
        "list of all" => client.get(format!("{url}/v1/sessions?limit=50")).bearer_auth(&seeded.wide),
        "clients" => ask(Method::GET, "/v1/clients?limit=50".into()),
        "action items" => ask(Method::GET, "/v1/action-items?limit=50&overdue=true".into()),
        "show" if rand::rng().random_bool(0.6) => ask(Method::GET, format!("/v1/sessions/{session}")),
        "show" => ask(Method::GET, format!("/v1/summaries/{summary}")),
        "search" => ask(Method::GET, format!("/v1/search?q={}", words.replace(' ', "+"))),
        "edit" => {
            let edit = json!({ "add": [{ "section": "wins", "text": format!("It went well with {words}.") }] });
            ask(Method::PATCH, format!("/v1/summaries/{summary}")).header("if-match", "*").json(&edit)
        }
        _ => {
            let summary = coach.to_approve(&mut rand::rng());
            return approval(coach, client, url, &summary.to_string()).await.map(|(request, due)| (kind, request, due));
        }
    };
    Some((kind, request, due))
}

/// An approval signs what was read: only the signature is measured.
async fn approval(coach: &Caller, client: &Client, url: &str, summary: &str) -> Option<(RequestBuilder, Instant)> {
    let read = client.get(format!("{url}/v1/summaries/{summary}")).bearer_auth(&coach.key).send().await.ok()?;
    let shown: Value = read.json().await.ok()?;
    let signature = json!({ "version": shown["shown_version"], "hash": shown["hash"], "recipient": shown["recipient"],
                            "as_they_are": true });
    let request = client.post(format!("{url}/v1/summaries/{summary}/approve")).bearer_auth(&coach.key).json(&signature);
    Some((request, Instant::now()))
}

fn percentile(sorted: &[Duration], share: usize) -> Duration {
    sorted.get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

/// Prints the table; returns whether every request was answered well. An edit of what was approved meanwhile is refused
/// rightly, and counted.
fn report(answers: &All) -> bool {
    println!("| | requests | p50 ms | p95 ms | p99 ms | not 2xx |\n|---|---|---|---|---|---|");
    let mut good = true;
    for (kind, of) in answers {
        let mut times = of.times.clone();
        times.sort_unstable();
        let [p50, p95, p99] = [50, 95, 99].map(|share| ms(percentile(&times, share)));
        println!("| {kind} | {} | {p50} | {p95} | {p99} | {} |", times.len(), of.failed);
        good &= of.failed * 20 <= times.len() || *kind == "edit";
    }
    for (kind, refusal) in answers.iter().filter_map(|(kind, of)| Some((kind, of.refusal.as_ref()?))) {
        println!("\nThe first {kind} that was refused: {refusal}");
    }
    good
}
