//! Looks for signs of danger in words that nobody on this project wrote: labeled sentences, or whole conversations.
//!
//! Prints only figures, so that a set can be measured but stay unseen; prints misses and hits on request. Only reads.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use debrief_jobs::danger::{SpokenText, signs};

const USAGE: &str = "usage: cargo run --example danger -- sentences <file>... [--show] [--lines=N]
       cargo run --example danger -- talk <file or folder>... [--show]

sentences  a file of labelled sentences: language, kind (or `no`) and words, with a tab between; ` | ` stands between two
           utterances, and `coach: ` before those of the coach. Each is heard as a session of its own. Prints how many of the
           dangers are found, how many of the signs are dangers, and how many signs are of another kind.
talk       transcripts of any form that Debrief reads; any other file is read line by line. Prints how much is marked.
--show     prints the sentences as well.
--lines=N  each sentence is heard in a session of N lines more, as a long session asks for more certainty.";

fn main() -> ExitCode {
    let (options, paths): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|it| it.starts_with("--"));
    let show = options.iter().any(|it| it == "--show");
    let lines = options.iter().find_map(|it| it.strip_prefix("--lines=")?.parse().ok());
    let known = usize::from(show) + usize::from(lines.is_some());
    let measured = match paths.split_first() {
        Some((what, paths)) if !paths.is_empty() && options.len() == known => match what.as_str() {
            "sentences" => paths.iter().try_for_each(|path| sentences(Path::new(path), show, lines.unwrap_or(0))),
            "talk" => paths.iter().try_for_each(|path| talk(Path::new(path), show)),
            _ => return usage(),
        },
        _ => return usage(),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn sentences(path: &Path, show: bool, lines: usize) -> Result<()> {
    let file = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let (mut found, mut missed, mut wrong, mut quiet, mut other_kind) = (0, 0, 0, 0, 0);
    for line in file.lines() {
        let mut fields = line.rsplit('\t');
        let (Some(text), Some(kind)) = (fields.next(), fields.next()) else { continue };
        let is_danger = !["no", "-"].contains(&kind);
        let mut spoken: Vec<SpokenText<'_>> = vec![SpokenText { speaker: Some("coach"), text: "Go on." }; lines];
        spoken.extend(said(text));
        let heard: Vec<_> = signs(&spoken).into_iter().filter(|sign| sign.utterance >= lines).collect();
        let kinds: BTreeSet<&str> = heard.iter().map(|sign| sign.why.kind().as_str()).collect();
        // Older files have their own words for child and elder abuse.
        let kind = if ["child", "harmed"].contains(&kind) { "abuse" } else { kind };
        let right = kinds.contains(kind);
        match (is_danger, heard.is_empty()) {
            (true, false) => found += 1,
            (true, true) => missed += 1,
            (false, false) => wrong += 1,
            (false, true) => quiet += 1,
        }
        other_kind += u32::from(is_danger && !heard.is_empty() && !right);
        if show && (is_danger != right || (!is_danger && !heard.is_empty())) {
            println!("{kind} heard as {kinds:?}: {text}");
        }
    }
    let share = |of: u32, all: u32| f64::from(of) / f64::from(all.max(1));
    println!(
        "{}: {} sentences, {} dangers, recall {:.3}, precision {:.3}; {wrong} of {} others marked; {other_kind} of another kind",
        path.display(),
        found + missed + wrong + quiet,
        found + missed,
        share(found, found + missed),
        share(found, found + wrong),
        wrong + quiet,
    );
    Ok(())
}

/// The utterances of a labeled line.
fn said(text: &str) -> Vec<SpokenText<'_>> {
    let utterance = |part| match str::split_once(part, "coach: ") {
        Some(("", text)) => SpokenText { speaker: Some("coach"), text },
        _ => SpokenText { speaker: Some("client"), text: part },
    };
    text.split(" | ").map(utterance).collect()
}

fn talk(path: &Path, show: bool) -> Result<()> {
    let (mut lines, mut marked) = (0, 0);
    for path in files(path)? {
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let spoken: Vec<(Option<String>, String)> = match debrief_transcript::parse(&bytes) {
            Ok(transcript) => transcript.utterances.into_iter().map(|it| (it.label, it.text)).collect(),
            Err(_) => String::from_utf8_lossy(&bytes).lines().map(|line| (None, line.to_owned())).collect(),
        };
        let said: Vec<SpokenText<'_>> =
            spoken.iter().map(|(speaker, text)| SpokenText { speaker: speaker.as_deref(), text }).collect();
        let heard = signs(&said);
        println!("{}: {} lines, {} signs", path.display(), said.len(), heard.len());
        for sign in heard.iter().filter(|_| show) {
            println!("    {}: {}", sign.why.as_str(), &said[sign.utterance].text[sign.sentence.clone()]);
        }
        lines += said.len();
        marked += heard.len();
    }
    println!("{}: {lines} lines, {marked} signs in all", path.display());
    Ok(())
}

/// A file, or all files in a folder and its subfolders.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).with_context(|| path.display().to_string())? {
        found.extend(files(&entry?.path())?);
    }
    found.sort();
    Ok(found)
}
