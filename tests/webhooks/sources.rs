//! A new place that moves a session or a summary must not be forgotten: in the same file it emits as often as it moves one,
//! or leaves that to `path::advance`.

use std::path::{Path, PathBuf};

use regex::Regex;

/// Who moves something and leaves telling it to others, and how often.
const EXCEPTIONS: [(&str, usize); 1] = [
    // `path::advance` is its only caller, and emits.
    ("path/session.rs", 1),
];

fn count(pattern: &str, text: &str) -> usize {
    Regex::new(pattern).expect("a pattern").find_iter(text).count()
}

/// Statements that set the state of a session or a summary, or make a session.
fn moves(text: &str) -> usize {
    let updates = Regex::new(r#"(?i)update\s+(?:sessions|summaries)\s+set\b[^"]*"#).expect("a pattern");
    let condition = Regex::new(r"(?i)\bwhere\b").expect("a pattern");
    let sets = |update: &&str| {
        let set = condition.split(update).next().unwrap_or_default();
        count(r"\bstate\s*=", set) > 0
    };
    let inserts = r#"(?i)insert\s+into\s+sessions\b|insert\s+into\s+summaries\b[^"]*do\s+update\s+set\s+state\b"#;
    updates.find_iter(text).map(|update| update.as_str()).filter(sets).count() + count(inserts, text)
}

/// Events of sessions and summaries.
fn events(text: &str) -> usize {
    count(r"\bEvent::(?:session|summary|stage_failed)\(", text)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn whatever_sets_the_state_of_a_session_or_a_summary_emits_it() {
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let mut files = Vec::new();
    sources(&jobs, &mut files);
    let mut found = 0;
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a source");
        let silent = EXCEPTIONS.iter().find(|(file, _)| path == jobs.join(file)).map_or(0, |(_, times)| *times);
        let (moves, events) = (moves(&text), events(&text));
        assert!(
            moves <= events + silent,
            "{} moves sessions or summaries in {moves} places, and tells it in {events}",
            path.display()
        );
        assert!(silent == 0 || moves == silent, "{} is no exception any more", path.display());
        found += moves;
    }
    assert!(found >= 10, "the sources are read: {found}");
}

#[test]
fn a_second_change_that_tells_nothing_is_found() {
    let one =
        r#"sqlx::query!("update sessions set title = $2, state = 'closed' where id = $1"); Event::session(id, state);"#;
    assert_eq!((moves(one), events(one)), (1, 1));
    let two = format!(r#"{one} sqlx::query!("update summaries set updated_at = now(), state = 'due' where id = $1");"#);
    assert_eq!((moves(&two), events(&two)), (2, 1));
    let upsert = r#""insert into summaries (id) values ($1) on conflict (id) do update set state = 'due'""#;
    assert_eq!(moves(upsert), 1);
    let other = r#""update sessions set title = $2, failed_stage = null where state = 'closed'""#;
    assert_eq!(moves(other), 0);
}
