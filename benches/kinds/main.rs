//! Trains and measures what kind of sentence somebody says: done, decided, wished for, told of another.
//!
//! `train` writes `fixtures/kinds/meaning.bin`; `measure` prints figures and writes nothing.

use std::{env, fs, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use debrief_jobs::{
    embed::Local,
    summarize::kinds::{Example, Kinds, SentenceKind, Spoken, by_meaning, by_words, example, examples, judged, train},
};

const USAGE: &str = "usage: cargo run --release --example kinds -- train <folder of the local model>
       cargo run --release --example kinds -- measure <folder of the local model> [file of labelled sentences]... [--show]
       cargo run --release --example kinds -- judge <folder of the local model> <what a client says>...

train    writes fixtures/kinds/meaning.bin from the labelled sentences beside it.
measure  learns from the labelled sentences, and judges those of the files (by default fixtures/kinds/unseen.tsv).
judge    prints how likely each kind is, by words, and by words and meaning.
--show   prints the sentences that are judged wrongly.";

/// What a section may rest on.
const SECTIONS: [(&str, &[SentenceKind]); 5] = [
    ("wins", &[SentenceKind::Did]),
    ("action items", &[SentenceKind::Decision, SentenceKind::Assent]),
    ("challenges", &[SentenceKind::Difficulty, SentenceKind::Fear]),
    ("recommendations", &[SentenceKind::Advice]),
    ("breakthrough", &[SentenceKind::Insight]),
];

fn main() -> ExitCode {
    let (options, words): (Vec<String>, Vec<String>) = env::args().skip(1).partition(|it| it.starts_with("--"));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let show = options == ["--show"];
    let done = match words.as_slice() {
        ["train", folder] if options.is_empty() => write(Path::new(folder)),
        ["measure", folder, files @ ..] if show || options.is_empty() => measure(Path::new(folder), files, show),
        ["judge", folder, sentences @ ..] if options.is_empty() => judge(Path::new(folder), sentences),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn kinds() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kinds")
}

fn vectors(folder: &Path, examples: &[Example]) -> Result<Vec<Vec<f32>>> {
    let Some(local) = Local::find(folder) else {
        bail!("{}: no local model is there; `debrief models get` brings one", folder.display());
    };
    let texts: Vec<&str> = examples.iter().map(|it| it.spoken.text).collect();
    local.embed(&texts).context("the local model")
}

fn write(folder: &Path) -> Result<()> {
    let examples = examples();
    let file = train(&examples, &vectors(folder, &examples)?);
    fs::write(kinds().join("meaning.bin"), &file)?;
    println!("{} sentences, {} bytes", examples.len(), file.len());
    Ok(())
}

fn measure(folder: &Path, files: &[&str], show: bool) -> Result<()> {
    let known = examples();
    let known_vectors = vectors(folder, &known)?;
    let default = kinds().join("unseen.tsv");
    let files: Vec<&Path> =
        if files.is_empty() { vec![default.as_path()] } else { files.iter().map(Path::new).collect() };
    for file in files {
        // It's read once and kept: the sentences borrow from it.
        let text: &'static str = fs::read_to_string(file).with_context(|| file.display().to_string())?.leak();
        let unseen: Vec<Example> = text.lines().filter_map(example).collect();
        let with_vectors: Vec<(Example, Vec<f32>)> = unseen.iter().copied().zip(vectors(folder, &unseen)?).collect();
        let judged = judged(&known, &known_vectors, &with_vectors);
        println!("{}: {} sentences, learned from {}", file.display(), unseen.len(), known.len());
        let by_words: Vec<Kinds> = judged.iter().map(|(words, _)| *words).collect();
        let by_meaning: Vec<Kinds> = judged.iter().map(|(_, meaning)| *meaning).collect();
        print("by words", &unseen, &by_words);
        print("by words and meaning", &unseen, &by_meaning);
        if show {
            for (example, kinds) in unseen.iter().zip(&by_meaning).filter(|(it, kinds)| kinds.likeliest() != it.kind) {
                let (is, said): (&str, &str) = (example.kind.into(), kinds.likeliest().into());
                println!("  {is} taken for {said}: {} | {}", example.spoken.before, example.spoken.text);
            }
        }
    }
    Ok(())
}

fn judge(folder: &Path, sentences: &[&str]) -> Result<()> {
    let local = Local::find(folder).context("no local model is there")?;
    for (sentence, vector) in sentences.iter().zip(local.embed(sentences)?) {
        // "before | sentence".
        let (before, text) = sentence.split_once(" | ").unwrap_or(("", sentence));
        let spoken = Spoken { by_coach: false, before, text };
        println!("{sentence}");
        for (how, kinds) in [("words", by_words(spoken)), ("meaning", by_meaning(spoken, &vector))] {
            let name = |kind: SentenceKind| -> &'static str { kind.into() };
            let shown: Vec<String> =
                kinds.ranked().iter().take(5).map(|(kind, likely)| format!("{} {likely:.2}", name(*kind))).collect();
            println!("  {how:8} {}", shown.join("  "));
        }
    }
    Ok(())
}

fn print(how: &str, examples: &[Example], judged: &[Kinds]) {
    let right = examples.iter().zip(judged).filter(|(it, kinds)| kinds.likeliest() == it.kind).count();
    println!("{how}: {:.3} right", share(right, examples.len()));
    for (section, of) in SECTIONS {
        let figures: Vec<String> = [0.4, 0.5, 0.6, 0.7]
            .into_iter()
            .map(|least| {
                let taken = examples.iter().zip(judged).filter(|(_, kinds)| kinds.of(of) >= least);
                let all = taken.clone().count();
                let right = taken.filter(|(it, _)| of.contains(&it.kind)).count();
                let there = examples.iter().filter(|it| of.contains(&it.kind)).count();
                format!("{least}: P {:.2} R {:.2}", share(right, all), share(right, there))
            })
            .collect();
        println!("  {section:16} {}", figures.join("   "));
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
