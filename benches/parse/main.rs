//! Measures how fast transcripts are read, and in how much memory, compared with other readers.
//!
//! Writes its inputs below `target/inputs` (the same bytes every time), then reads each with Debrief's reader and with
//! others. Each reader has its own process, and they take turns over several rounds, so that other load on the machine
//! affects them equally. A rerun replaces everything.
//!
//! `cargo run --release --manifest-path benches/parse/Cargo.toml -- --peers`

mod inputs;
mod oddities;
mod python;
mod readers;
mod report;
mod shapes;
mod typed;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use inputs::Input;
use report::Row;

/// What one process measured.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// CPU time from the bytes in memory to the cues.
    pub seconds: f64,
    /// How many cues it found (for Amazon and Deepgram, words: how to form utterances from them is a choice).
    pub found: usize,
    /// The peak memory of the process, including the file.
    pub peak_kib: u64,
}

/// The command line's request.
struct Wish {
    rounds: usize,
    megabytes: usize,
    only: Vec<String>,
    peers: bool,
    json: bool,
    quick: bool,
}

const USAGE: &str =
    "debrief-bench-parse [--peers] [--rounds 5] [--mb 16] [--only webvtt,srt] [--quick] [--json] | oddities

  --peers   bring the Python peers (with pip) into target/python first; without them, those there are used
  --quick   without the million cues and the files of 200 MB
  --only    these inputs alone
  oddities  measures nothing: which readers of SRT read it as tools and people write it";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, reader, path] = &arguments[..]
        && command == "one"
    {
        return one(reader, Path::new(path));
    }
    if arguments == ["oddities"] {
        return oddities::print();
    }
    let Some(wish) = wish(&arguments) else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    if wish.peers {
        python::bring(&target.join("python"));
    }
    let inputs = inputs::write(&target.join("inputs"), wish.megabytes, |name, huge| {
        !(wish.quick && huge) && (wish.only.is_empty() || wish.only.iter().any(|only| only == name))
    });
    let rows = measure(&inputs, &target.join("python"), wish.rounds);
    report::print(&rows, wish.json);
}

fn wish(arguments: &[String]) -> Option<Wish> {
    let mut wish = Wish { rounds: 5, megabytes: 16, only: Vec::new(), peers: false, json: false, quick: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--peers" => wish.peers = true,
            "--json" => wish.json = true,
            "--quick" => wish.quick = true,
            "--rounds" => wish.rounds = rest.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
            "--mb" => wish.megabytes = rest.next()?.parse().ok().filter(|size| *size > 0)?,
            "--only" => wish.only = rest.next()?.split(',').map(str::to_owned).collect(),
            _ => return None,
        }
    }
    Some(wish)
}

/// In its own process: reads one file with one reader, and prints the measurement.
fn one(reader: &str, path: &Path) {
    let reader = readers::READERS.iter().find(|known| known.name == reader).expect("the parent names known readers");
    let bytes = std::fs::read(path).expect("the input was written before");
    let begin = worked();
    let found = (reader.read)(&bytes, path);
    let seconds = worked() - begin;
    match found {
        Ok(found) => println!("{seconds} {found} {}", peak_kib()),
        Err(error) => println!("refused: {error}"),
    }
    // Dropping the result isn't part of reading.
    std::process::exit(0);
}

/// The CPU seconds of this process; wall-clock time would include others. All readers are single-threaded.
fn worked() -> f64 {
    let schedule = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds: Option<f64> = schedule.split_whitespace().next().and_then(|first| first.parse().ok());
    nanoseconds.expect("Linux says how long a process ran") / 1e9
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// One reader for one input.
struct Entry<'a> {
    input: &'a Input,
    row: Row,
    command: Vec<String>,
}

fn measure(inputs: &[Input], python: &Path, rounds: usize) -> Vec<Row> {
    let mut entries = Vec::new();
    for input in inputs {
        let mut add = |reader: &str, note: &'static str, command: Vec<String>| {
            entries.push(Entry { input, row: Row::of(input, reader, note), command });
        };
        let own = std::env::current_exe().expect("this program has a path").display().to_string();
        let path = input.path.display().to_string();
        for reader in readers::READERS.iter().filter(|reader| reader.reads.contains(&input.format)) {
            if !input.huge || reader.huge {
                add(reader.name, reader.note, vec![own.clone(), "one".into(), reader.name.into(), path.clone()]);
            }
        }
        for (peer, format) in python::PEERS.iter().filter(|(_, format)| *format == input.format && !input.huge) {
            add(peer, "Python", python::command(python, peer, format, &path));
        }
    }
    for round in 0..rounds {
        for entry in &mut entries {
            entry.turn(round);
        }
        eprintln!("round {} of {rounds} is done", round + 1);
    }
    entries.into_iter().map(|entry| entry.row).collect()
}

/// Readers slower than this are measured only twice.
const SLOW: f64 = 4.0;
/// Readers slower than this are stopped.
const PATIENCE: Duration = Duration::from_secs(600);

impl Entry<'_> {
    fn turn(&mut self, round: usize) {
        let slow = self.row.runs.iter().any(|run| run.seconds > SLOW);
        if self.row.trouble.is_some() || (slow && round >= 2) {
            return;
        }
        match run(&self.command) {
            Ok(run) => self.row.runs.push(run),
            Err(trouble) => {
                eprintln!("{} of {}: {trouble}", self.row.reader, self.input.name);
                self.row.trouble = Some(trouble);
            }
        }
    }
}

/// Runs a process that prints its measurement.
fn run(command: &[String]) -> Result<Run, String> {
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("not there ({error})"))?;
    let begin = Instant::now();
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if begin.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("not done in {} s", PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let numbers: Vec<&str> = said.split_whitespace().collect();
    let parsed = match numbers[..] {
        [seconds, found, peak] => seconds.parse().ok().zip(found.parse().ok()).zip(peak.parse().ok()),
        _ => None,
    };
    let Some(((seconds, found), peak_kib)) = parsed else {
        return Err(if said.is_empty() { "it crashed".to_owned() } else { said.chars().take(160).collect() });
    };
    Ok(Run { seconds, found, peak_kib })
}

/// The path of a file with this name below a folder.
fn below(folder: &Path, name: &str) -> PathBuf {
    folder.join(name)
}
