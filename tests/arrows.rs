//! The plan of the house: arrows between the modules of `jobs/` point down. Reads the sources, as a reader does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

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

/// The modules that a text imports from its own crate: `crate::mail`, `crate::{db, mail::Post}`.
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

/// Which module imports which; tests may import what they like.
fn arrows(jobs: &Path) -> Arrows {
    let mut arrows = Arrows::new();
    for path in sources(jobs) {
        let inner = path.strip_prefix(jobs).expect("it is inside");
        let first = inner.iter().next().and_then(|part| part.to_str()).expect("a name");
        let is_test = inner.ends_with("tests.rs") || inner.ends_with("cases.rs");
        if first == "transcript" || first == "lib.rs" || is_test {
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

/// The shortest way from one module back to itself.
fn circle<'a>(arrows: &'a Arrows, from: &'a str) -> Option<Vec<&'a str>> {
    let mut ways: Vec<Vec<&str>> = vec![vec![from]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in &arrows[*way.last().expect("a way has an end")] {
                let way = [way.as_slice(), &[next.as_str()]].concat();
                if next == from {
                    return Some(way);
                }
                if seen.insert(next) {
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    None
}

#[test]
fn no_arrow_between_modules_points_up() {
    let arrows = arrows(&Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs"));
    assert!(arrows["queue"].contains("db") && arrows.len() > 20, "the sources are read: {arrows:?}");
    let circles: Vec<String> =
        arrows.keys().filter_map(|module| circle(&arrows, module)).map(|way| way.join(" → ")).collect();
    assert!(circles.is_empty(), "modules that import each other in a circle:\n{}", circles.join("\n"));
}
