//! Evaluates the offline summarizer's choice of sentences on meetings and visits that nobody on this project wrote,
//! compared with Lead, Random, LexRank and TextRank at the same number of words.
//!
//! Reads a folder of public corpora (see `USAGE`); prints figures and the worst examples. Writes nothing but the
//! local model, if it is missing. Choices were made on half of the talks, selected by the hash of their names; the
//! other half is held out, and both are reported.

mod by_model;
mod check;
mod corpora;
mod judge;
mod peers;
mod porter;
mod read;
mod rouge;
mod sessions;

#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../../tests/support"]
mod support {
    mod database;
    mod server;

    pub(crate) use database::TestDatabase;
}

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use debrief::{folders, models};
use debrief_jobs::embed::Local;

const USAGE: &str = "usage: cargo run --release --example summaries -- <folder of corpora> [--json] [--examples N]
       cargo run --release --example summaries -- read <session>...
       cargo run --release --example summaries -- check <set>...
       cargo run --release --example summaries -- model <url> <model> <session|section|passage|auto> <out.jsonl> <limit> <folder>...

read  prints the offline summary of sessions: files with a head of `date: `, `coach: ` and `client: `, `---`, and lines of
      `Speaker| words`.
model asks a language model (any OpenAI-compatible endpoint) about the sessions of folders: our own, and visits and meetings
      of public corpora; with `+check` after how it is asked, its sentences are read a second time. A session that the output file has already is not asked about again.
check says how well errors are noticed in sentences of sets that label them: tab-separated pairs (benches/summaries/pairs.tsv), the
      CSV of FacEval, the JSON lines of WiCE.

The folder holds any of these, as their authors publish them:
  qmsum/*.json                 github.com/Yale-LILY/QMSum (MIT): meetings, queries, references, gold spans
  aci_bench/{train,valid}.csv  github.com/wyim/aci-bench (CC-BY-4.0): visits and their notes
What is not there is left out. The local model is brought by pip where it is not there.";

struct Arguments {
    folder: PathBuf,
    json: bool,
    /// How many of the worst examples of each set to show.
    examples: usize,
}

fn arguments() -> Option<Arguments> {
    let (mut folder, mut json, mut examples) = (None, false, 2);
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--examples" => examples = rest.next()?.parse().ok()?,
            path if folder.is_none() => folder = Some(PathBuf::from(path)).filter(|it| it.is_dir()),
            _ => return None,
        }
    }
    Some(Arguments { folder: folder?, json, examples })
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let ["read", files @ ..] = words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        return ended(local().and_then(|local| read::read(&files, &local)).map(|()| true));
    }
    if let ["model", url, model, ask_by, out, limit, folders @ ..] =
        words.iter().map(String::as_str).collect::<Vec<_>>().as_slice()
        && let Ok(limit) = limit.parse()
    {
        let asked = by_model::Asked {
            url: (*url).to_owned(),
            model: (*model).to_owned(),
            ask_by: (*ask_by).to_owned(),
            out: PathBuf::from(out),
            limit,
            folders: folders.iter().map(PathBuf::from).collect(),
        };
        return ended(ask(&asked).map(|()| true));
    }
    if let ["check", files @ ..] = words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        let files: Vec<&std::path::Path> = files.iter().map(std::path::Path::new).collect();
        return ended(check::check(&files).map(|()| true));
    }
    let Some(arguments) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    ended(judge(&arguments))
}

fn ask(asked: &by_model::Asked) -> Result<()> {
    let local = local()?;
    tokio::runtime::Runtime::new()?.block_on(by_model::ask(asked, local))
}

fn ended(done: Result<bool>) -> ExitCode {
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("\nA bar was missed.");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn judge(arguments: &Arguments) -> Result<bool> {
    let mut sets = Vec::new();
    let there = |name: &str| Some(arguments.folder.join(name)).filter(|folder| folder.is_dir());
    if let Some(folder) = there("qmsum") {
        sets.extend(corpora::qmsum(&folder)?);
    }
    if let Some(folder) = there("aci_bench") {
        sets.push(corpora::aci_bench(&folder)?);
    }
    anyhow::ensure!(!sets.is_empty(), "neither qmsum nor aci_bench is in {}", arguments.folder.display());
    let mut vectors = judge::Vectors::new(local()?);
    let mut all_well = true;
    let mut reports = Vec::new();
    for set in &sets {
        let report = judge::judge(set, &mut vectors)?;
        all_well &= report.is_well();
        if !arguments.json {
            report.print(arguments.examples);
        }
        reports.push(report);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    }
    Ok(all_well)
}

/// The local model: the installation's, or one in the cache, downloaded if missing.
fn local() -> Result<Local> {
    let installed = folders::data().join("models").join(models::MINILM.name);
    if let Some(local) = Local::find(&installed) {
        return Ok(local);
    }
    let cached = folders::cache().join("models").join(models::MINILM.name);
    models::bring(&models::MINILM, &cached, false)?;
    Local::find(&cached).context("the model was brought and is not there")
}
