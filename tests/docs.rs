//! What the documents name is there: files, commands, jobs and settings, states, layers, tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use debrief_jobs::model::SessionState;

use crate::{arrows::ORDER, support::World};

const ARCHITECTURE: &str = include_str!("../docs/ARCHITECTURE.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands in backticks within a line, outside of blocks, in each document.
fn spans() -> Vec<(&'static str, String)> {
    let documents = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/ARCHITECTURE.md",
        "docs/ASVS.md",
        "docs/BACKUP.md",
        "docs/DECISIONS.md",
        "docs/MCP.md",
        "docs/PARSING.md",
        "docs/SCALING.md",
        "docs/SECURITY.md",
        "docs/SIGN_IN.md",
        "docs/SEARCH.md",
        "docs/SUMMARIES.md",
        "docs/WEBHOOKS.md",
    ];
    let mut spans = Vec::new();
    for document in documents {
        let text = fs::read_to_string(root().join(document)).expect("a document");
        for prose in text.split("```").step_by(2) {
            for line in prose.lines() {
                spans.extend(line.split('`').skip(1).step_by(2).map(|span| (document, span.to_owned())));
            }
        }
    }
    assert!(spans.len() > 300, "the documents are read");
    spans
}

/// Every file and folder below one, relative to the project.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        found.push(path.strip_prefix(root()).expect("it is inside").to_owned());
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            files(&path, found);
        }
    }
}

#[test]
fn every_file_that_the_documents_name_is_there() {
    let mut all = Vec::new();
    files(root(), &mut all);
    let top: BTreeSet<&str> = all.iter().filter_map(|path| path.iter().next()?.to_str()).collect();
    let is_part = |letter: char| letter.is_alphanumeric() || "/._-".contains(letter);
    let mut missing = Vec::new();
    for (document, span) in spans() {
        let name = span.trim_end_matches('/');
        let is_path = name.contains('/') && name.split('/').next().is_some_and(|first| top.contains(first));
        if !name.chars().all(is_part) || !(is_path || name.ends_with(".rs")) {
            continue;
        }
        // A module by its name, and a file by the end of its path.
        let module = format!("{name}.rs");
        let is_there = |path: &PathBuf| {
            if is_path { path == Path::new(name) || path == Path::new(&module) } else { path.ends_with(name) }
        };
        if !all.iter().any(is_there) {
            missing.push(format!("{document}: {span}"));
        }
    }
    assert!(missing.is_empty(), "not there:\n{}", missing.join("\n"));
}

#[test]
fn every_command_that_the_documents_name_is_there() {
    let mut commands = BTreeSet::new();
    for (_, span) in spans() {
        if let Some(rest) = span.strip_prefix("debrief ") {
            let is_word = |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
            let words = rest.split(' ').take_while(|word| is_word(word) && !word.starts_with('-'));
            commands.insert(words.map(str::to_owned).collect::<Vec<_>>());
        }
    }
    assert!(commands.len() > 20, "{commands:?}");
    for words in commands {
        let help = Command::new(env!("CARGO_BIN_EXE_debrief")).args(&words).arg("--help").output().expect("it runs");
        assert!(help.status.success(), "debrief {}: {}", words.join(" "), String::from_utf8_lossy(&help.stderr));
    }
}

/// `ingest.scan_inbox` and the like: a kind of job, a setting, or a type of event.
#[tokio::test]
async fn every_job_and_setting_that_the_architecture_names_is_there() {
    let world = World::new().await;
    let mut known: BTreeSet<String> = debrief_jobs::catalogue(&world.services).names().into_iter().collect();
    let stages: BTreeSet<String> = known.iter().filter_map(|kind| Some(kind.split_once('.')?.0.to_owned())).collect();
    let settings: toml::Table = toml::from_str(include_str!("../src/config/default.toml")).expect("good settings");
    for (section, keys) in &settings {
        known.extend(keys.as_table().into_iter().flatten().map(|(key, _)| format!("{section}.{key}")));
    }
    known.extend(debrief_jobs::webhook::EventType::NAMES.iter().map(|name| (*name).to_owned()));
    let mut named = 0;
    for (document, span) in spans() {
        if span
            .split_once('.')
            .is_some_and(|(stage, name)| stages.contains(stage) && !name.contains(['.', '/', ' ']) && name != "rs")
        {
            assert!(known.contains(&span), "{document}: {span} is neither a kind of job nor a setting nor an event");
            named += 1;
        }
    }
    assert!(named > 10, "only {named} are named");
}

#[test]
fn the_architecture_has_every_state_in_its_table() {
    let rows: Vec<&str> = ARCHITECTURE
        .lines()
        .skip_while(|line| !line.starts_with("| State of a session |"))
        .skip(2)
        .map_while(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let states: Vec<String> = SessionState::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(rows, states);
}

#[test]
fn the_architecture_has_every_layer_in_its_order() {
    let section = ARCHITECTURE.split_once("\n## Layers\n").expect("the section").1;
    let block = section.split("```").nth(1).expect("the block");
    let modules = block.lines().filter_map(|line| Some(line.split_once('│')?.0)).flat_map(str::split_whitespace);
    let ours: Vec<&str> = modules.filter(|module| !module.contains('/')).collect();
    assert_eq!(ours, ORDER);
}

/// The last column of the tables of defences: functions, and modules (`webhooks::paused::*`, `clean::tests`).
#[test]
fn every_test_that_the_tables_of_defences_name_is_there() {
    let mut sources = Vec::new();
    for folder in ["tests", "src", "jobs"] {
        files(&root().join(folder), &mut sources);
    }
    let (mut functions, mut modules) = (BTreeSet::new(), Vec::new());
    for path in sources.iter().filter(|path| path.extension().is_some_and(|end| end == "rs")) {
        let text = fs::read_to_string(root().join(path)).expect("a source");
        functions.extend(text.split("fn ").skip(1).filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())));
        let module = path.with_extension("").display().to_string().replace('/', "::");
        let module = module.trim_end_matches("::mod");
        if text.contains("\nmod tests {") {
            modules.push(format!("{module}::tests"));
        }
        modules.push(module.to_owned());
    }
    let (mut named, mut missing) = (0, Vec::new());
    for document in ["docs/ASVS.md", "docs/SECURITY.md"] {
        let text = fs::read_to_string(root().join(document)).expect("a document");
        for row in text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")) {
            let tests = row.rsplit(" | ").next().unwrap_or_default();
            for name in tests.split('`').skip(1).step_by(2) {
                named += 1;
                let end = format!("::{}", name.trim_end_matches("::*"));
                if !functions.contains(name) && !modules.iter().any(|module| module.ends_with(&end)) {
                    missing.push(format!("{document}: {name}"));
                }
            }
        }
    }
    assert!(named > 250, "only {named} are named");
    assert!(missing.is_empty(), "not there:\n{}", missing.join("\n"));
}

/// Each requirement of levels 1 and 2 is there once, and the numbers at the top are those of the rows.
#[test]
fn the_page_about_asvs_counts_what_it_says() {
    let text = fs::read_to_string(root().join("docs/ASVS.md")).expect("a document");
    let mut ids = BTreeSet::new();
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("| ")).filter(|row| row.starts_with('V')) {
        let mut cells = row.split(" | ");
        let requirements = cells.next().unwrap_or_default();
        let stands = cells.nth(1).and_then(|cell| cell.split("**").nth(1)).unwrap_or_default().trim_end_matches('.');
        for id in requirements.split(", ") {
            assert!(ids.insert(id.to_owned()), "{id} is there twice");
            *counted.entry(stands.to_owned()).or_default() += 1;
        }
    }
    assert_eq!(ids.len(), 253);
    let count = |line: &str| {
        let (stands, number) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((stands.to_owned(), number.parse::<usize>().ok()?))
    };
    let said: BTreeMap<String, usize> = text.lines().filter_map(count).collect();
    assert_eq!(said, counted);
}

#[test]
fn a_release_ends_where_a_number_would_wrap() {
    let manifest: toml::Table = toml::from_str(include_str!("../Cargo.toml")).expect("a manifest");
    assert_eq!(manifest["profile"]["release"]["overflow-checks"].as_bool(), Some(true));
}
