//! The layers of `jobs/` and of `src/`: modules depend only on those below them. Reads the sources as text.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The modules of `jobs/` from the top down: each uses only those below it.
#[rustfmt::skip]
pub(crate) const ORDER: [&str; 51] = [
    "services",
    // On the side, and on a schedule.
    "backup", "bundle", "export", "reconcile", "rollup",
    // What a coach does with a session.
    "review", "refine", "correct", "erase",
    // The path, from end to start.
    "follow_up", "sign_in", "desk", "summarize", "parse", "attribute", "ingest",
    // What the stages share.
    "people", "goals", "mail", "template", "written", "voice", "prompts", "llm", "index", "path", "webhook", "uploads", "removal", "danger", "embed", "queue", "rights", "audit", "links",
    "model", "limits", "repeats", "db",
    "secret", "bucket", "meeting", "names", "network", "settings", "language", "text", "masked", "private", "web",
];

/// The modules of `src/`, likewise.
const ORDER_OF_THE_PROGRAM: [&str; 7] = ["cli", "http", "telemetry", "config", "models", "postgres", "folders"];

type Arrows = BTreeMap<String, BTreeSet<String>>;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The modules that a source imports from its own crate: `crate::mail`, `crate::{db, mail::Post}`.
fn imported(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.extend(first_name(rest));
            continue;
        };
        let (mut depth, mut begins) = (0_usize, true);
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                letter if begins && letter.is_alphabetic() => {
                    found.extend(first_name(&group[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    found
}

fn first_name(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// Which module imports which; tests may import anything.
fn arrows(root: &Path) -> Arrows {
    let mut arrows = Arrows::new();
    for path in sources(root) {
        let inner = path.strip_prefix(root).expect("it is inside");
        let first = inner.iter().next().and_then(|part| part.to_str()).expect("a name");
        let is_test = inner.ends_with("tests.rs") || inner.ends_with("cases.rs");
        if ["transcript", "learn", "lib.rs", "main.rs"].contains(&first) || is_test {
            continue;
        }
        let module = first.trim_end_matches(".rs").to_owned();
        let text = fs::read_to_string(&path).expect("a source");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let others = imported(code).into_iter().filter(|other| *other != module);
        arrows.entry(module.clone()).or_default().extend(others);
    }
    let modules: BTreeSet<String> = arrows.keys().cloned().collect();
    for others in arrows.values_mut() {
        others.retain(|other| modules.contains(other));
    }
    arrows
}

/// The arrows that point up `order`, one a line.
fn up(arrows: &Arrows, order: &[&str]) -> String {
    let place = |module: &str| order.iter().position(|one| *one == module);
    let mut up = Vec::new();
    for (from, others) in arrows {
        assert!(place(from).is_some(), "the order does not list {from}");
        up.extend(others.iter().filter(|to| place(to) < place(from)).map(|to| format!("{from} → {to}")));
    }
    up.join("\n")
}

#[test]
fn no_arrow_between_modules_points_up() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let jobs = arrows(&root.join("jobs"));
    assert!(jobs["queue"].contains("db") && jobs.len() > 20, "the sources are read: {jobs:?}");
    assert_eq!(up(&jobs, &ORDER), "", "arrows of jobs/ that point up ORDER");
    let program = arrows(&root.join("src"));
    assert!(program["cli"].contains("config"), "the sources are read: {program:?}");
    assert_eq!(up(&program, &ORDER_OF_THE_PROGRAM), "", "arrows of src/ that point up");
}

#[test]
fn an_arrow_that_points_up_is_told() {
    let arrows = Arrows::from([
        ("upper".to_owned(), BTreeSet::from(["lower".to_owned()])),
        ("lower".to_owned(), BTreeSet::from(["upper".to_owned()])),
    ]);
    assert_eq!(up(&arrows, &["upper", "lower"]), "lower → upper");
    let text = "use crate::{db, mail::{Post, compose}, queue::Job};\nlet a = crate::text::words(b);";
    assert_eq!(imported(text), ["db", "mail", "queue", "text"].map(str::to_owned).into());
}
