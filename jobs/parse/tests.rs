//! The cases of `fixtures/parse`, and what holds for every one of them.

use std::{fs, path::Path};

use super::parse;

/// Every `fixtures/parse/<case>/input.*` parses to its `expected.json`. With `UPDATE_FIXTURES=1` the expectations
/// are written anew; the difference is then for a person to read.
#[test]
fn the_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/parse");
    let mut cases: Vec<_> =
        fs::read_dir(&folder).expect("the cases").map(|entry| entry.expect("a case").path()).collect();
    cases.sort();
    assert!(cases.len() >= 20, "only {} cases in {}", cases.len(), folder.display());
    let mut wrong = Vec::new();
    for case in cases {
        let input = fs::read_dir(&case)
            .expect("a folder a case")
            .map(|entry| entry.expect("a file").path())
            .find(|path| path.file_stem().is_some_and(|stem| stem == "input"))
            .unwrap_or_else(|| panic!("no input in {}", case.display()));
        let result = parse(&fs::read(&input).expect("the input"));
        if let Ok(transcript) = &result {
            assert!(transcript.account.balances(), "{}: {:?}", case.display(), transcript.account);
        }
        let seen = match result {
            Ok(transcript) => serde_json::to_value(transcript).expect("a transcript is JSON"),
            Err(refusal) => serde_json::json!({ "not_a_transcript": refusal.to_string() }),
        };
        let expected = case.join("expected.json");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            let pretty = serde_json::to_string_pretty(&seen).expect("JSON is written");
            fs::write(&expected, pretty + "\n").expect("the expectation is written");
            continue;
        }
        let wanted: serde_json::Value = fs::read(&expected)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_else(|| panic!("no expectation in {}", case.display()));
        if seen != wanted {
            wrong.push(format!("{}\n wanted {wanted}\n   seen {seen}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
