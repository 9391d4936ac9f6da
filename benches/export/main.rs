//! How fast utterances go from Postgres to Parquet and CSV, and in how much memory, beside what people use for this.
//!
//! Creates its own database on the server of `DATABASE_URL` (or an embedded one) and drops it. Every program has a
//! process of its own, the same query, the same role and the same organization, so that row-level security holds for all
//! of them; they take turns over several rounds, and the median counts. Figures are ratios of one run: what else the
//! machine does affects all of them.
//!
//! `cargo run --release --example export -- [utterances, 1000000] [rounds, 3] [folder with the peers' packages]`
//!
//! The peers, but for `psql`: `pip install --target FOLDER duckdb==1.4.4 duckdb-ext-postgres==1.4.4.20260205 connectorx==0.4.6
//! adbc-driver-postgresql==1.13.0 adbc-driver-manager==1.13.0 pandas==3.1.1 pyarrow==26.0.1 psycopg2-binary==2.9.13
//! sqlalchemy==2.1.9`. DuckDB's extension for Postgres comes as a package, since it can't be downloaded everywhere.

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
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::Context;
use debrief_jobs::{
    db::Db,
    export::{self, Format, Settings, Wish},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use support::TestDatabase;
use uuid::Uuid;

const USAGE: &str = "usage: cargo run --release --example export -- [utterances, 1000000] [rounds, 3] [folder with the peers' packages]";
/// What our own export asks, so that every program does the same work.
const QUERY: &str = "select u.id, u.session_id, u.transcript_id, u.position, u.label, a.participant_id, u.start_ms, u.end_ms, u.text \
    from utterances u left join attributions a on a.session_id = u.session_id and a.label = u.speaker \
    where u.replaced_at is null order by u.id";
const PEERS: [(&str, &[Format]); 5] = [
    ("psql", &[Format::Csv]),
    ("duckdb", &[Format::Parquet, Format::Csv]),
    ("connectorx", &[Format::Parquet, Format::Csv]),
    // pyarrow doesn't write the ids that ADBC gives as CSV.
    ("adbc", &[Format::Parquet]),
    ("pandas", &[Format::Parquet, Format::Csv]),
];

/// What one process measured.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Run {
    seconds: f64,
    rows: u64,
    peak_kib: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, format, url, organization, folder] = &arguments[..]
        && command == "one"
    {
        let run = one(format.parse()?, url.clone().into(), organization.parse()?, Path::new(folder)).await?;
        println!("{}", serde_json::to_string(&run)?);
        return Ok(ExitCode::SUCCESS);
    }
    let number = |at: usize, default: u64| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (Ok(utterances), Ok(rounds)) = (number(0, 1_000_000), number(1, 3)) else {
        eprintln!("{USAGE}");
        return Ok(ExitCode::from(2));
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let database = TestDatabase::new().await;
    let began = Instant::now();
    let organization = seed::seed(&database.db, &database.url, utterances).await?;
    println!("{utterances} utterances seeded in {:.0} s\n", began.elapsed().as_secs_f64());
    let folder = tempfile::tempdir()?;
    let bench = Bench { database, organization, packages: arguments.get(2).map(PathBuf::from), folder };
    for format in [Format::Parquet, Format::Csv] {
        bench.compare(format, rounds)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Our own export of the utterances, in this process.
async fn one(format: Format, url: SecretString, organization: Uuid, folder: &Path) -> anyhow::Result<Run> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let db = Db::connect(&url, 2)?;
    let wish = Wish { tables: vec!["utterances".into()], formats: vec![format], ..Wish::default() };
    let began = Instant::now();
    let tables = export::to_folder(&db, organization, &wish, folder, Settings { csv_bom: true }).await;
    let tables = tables.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let seconds = began.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the peak memory")?;
    let peak_kib = peak.trim().trim_end_matches(" kB").parse()?;
    Ok(Run { seconds, rows: tables.iter().map(|table| table.rows).sum(), peak_kib })
}

struct Bench {
    database: TestDatabase,
    organization: Uuid,
    /// Where pip put the peers; those of Python are left out without it.
    packages: Option<PathBuf>,
    folder: tempfile::TempDir,
}

impl Bench {
    fn compare(&self, format: Format, rounds: u64) -> anyhow::Result<()> {
        let mut runs: BTreeMap<&str, (Vec<Run>, u64)> = BTreeMap::new();
        let peers = PEERS
            .iter()
            .filter(|(peer, formats)| formats.contains(&format) && (*peer == "psql" || self.packages.is_some()));
        let programs: Vec<&str> = std::iter::once("debrief").chain(peers.map(|(peer, _)| *peer)).collect();
        for _ in 0..rounds {
            for &program in &programs {
                match self.run(program, format) {
                    Ok((run, bytes)) => {
                        let of = runs.entry(program).or_default();
                        of.0.push(run);
                        of.1 = bytes;
                    }
                    Err(error) => println!("{program}: {error:#}"),
                }
            }
        }
        println!(
            "{format}\n\n| program | rows/s | MB/s of the file | file MB | peak MB | longest transaction s | ratio |"
        );
        println!("|---|---:|---:|---:|---:|---:|---:|");
        let ours = runs.get("debrief").map(|(runs, _)| median(runs).seconds).unwrap_or_default();
        for program in programs {
            let Some((runs, bytes)) = runs.get(program) else { continue };
            let run = median(runs);
            let (megabytes, rate) = (*bytes as f64 / 1e6, run.rows as f64 / run.seconds);
            println!(
                "| {program} | {rate:.0} | {:.0} | {megabytes:.1} | {:.0} | {:.2} | {:.2} |",
                megabytes / run.seconds,
                run.peak_kib as f64 / 1024.0,
                run.seconds,
                run.seconds / ours
            );
        }
        println!();
        Ok(())
    }

    /// Runs a program, and returns what it measured and the size of its file.
    fn run(&self, program: &str, format: Format) -> anyhow::Result<(Run, u64)> {
        let file = self.folder.path().join(format!("utterances.{format}"));
        if file.exists() {
            std::fs::remove_file(&file)?;
        }
        let mut command = match program {
            "debrief" => {
                let mut command = Command::new(std::env::current_exe()?);
                let url = self.database.urls.app.expose_secret();
                command.args(["one", &format.to_string(), url, &self.organization.to_string()]).arg(self.folder.path());
                command
            }
            peer => self.peer(peer, format, &file)?,
        };
        let output = command.output()?;
        anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        let run: Run = serde_json::from_slice(&output.stdout)?;
        Ok((run, std::fs::metadata(&file)?.len()))
    }

    fn peer(&self, peer: &str, format: Format, file: &Path) -> anyhow::Result<Command> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/export/peers.py");
        let mut url = url::Url::parse(self.database.url.expose_secret())?;
        // The same rows by the same policies. As a query, a blank is `%20`, which every program understands.
        let options = format!("-c%20role%3Ddebrief_app%20-c%20app.organization_id%3D{}", self.organization);
        let query = url.query().map(|query| format!("{query}&")).unwrap_or_default();
        url.set_query(Some(&format!("{query}options={options}")));
        let mut command = Command::new("python3");
        if let Some(packages) = &self.packages {
            command.env("PYTHONPATH", packages);
        }
        command.arg(script).args([peer, &format.to_string(), url.as_str()]).arg(file).arg(QUERY);
        Ok(command)
    }
}

/// The run in the middle.
fn median(runs: &[Run]) -> Run {
    let mut sorted = runs.to_vec();
    sorted.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    sorted[sorted.len() / 2]
}
