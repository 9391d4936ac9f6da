//! Properties of JSON from any source, and of invalid JSON.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::is_json;
use crate::{NotATranscript, parse, proportion::is_in_proportion};

#[test]
fn json_is_known_by_how_it_begins() {
    for (text, json) in [
        ("{\"a\": 1}", true),
        (" \n{ \"a\"", true),
        ("[\n  {", true),
        ("[]", true),
        ("```json\n[{\"a\": 1}]\n```", true),
        ("```\nAna: so\n```", false),
        ("{", true),
        ("[00:01] Ana: hello", false),
        ("[Ana] 10:00:01", false),
        ("{\\an8}hello", false),
        ("Ana: {\"a\"}", false),
    ] {
        assert_eq!(is_json(text), json, "{text}");
    }
}

#[test]
fn deep_json_is_refused_with_its_place() {
    for open in ["[", "{\"a\":"] {
        let text = format!("[{{\"a\": {}", open.repeat(100_000));
        let refused = parse(text.as_bytes()).expect_err("nobody nests so deeply");
        assert!(matches!(refused, NotATranscript::BrokenJson { line: 1, .. }), "{refused}");
        assert!(refused.to_string().contains("nested too deeply"), "{refused}");
    }
}

/// Whatever one value of a case is replaced with, no word is lost or duplicated, and nothing panics.
#[test]
fn any_value_may_be_anything() {
    let others =
        [json!(null), json!(-1), json!(1e300), json!("one two"), json!([]), json!({}), json!([[{"text": "x"}]])];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/parse");
    let mut changed = 0;
    for case in fs::read_dir(folder).expect("the cases") {
        let bytes = fs::read(case.expect("a case").path().join("input.json")).unwrap_or_default();
        let Ok(whole) = serde_json::from_slice::<Value>(&bytes) else { continue };
        for place in 0..places(&whole) {
            for other in [&others[place % others.len()], &others[(place / 3) % others.len()]] {
                let mut damaged = whole.clone();
                replace(&mut damaged, &mut place.clone(), other);
                let text = damaged.to_string();
                if let Ok(transcript) = parse(text.as_bytes()) {
                    assert!(transcript.account.balances(), "{text}\n{:?}", transcript.account);
                }
                changed += 1;
            }
        }
    }
    assert!(changed > 1_000, "only {changed} changes were tried");
}

fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(places).sum(),
        Value::Object(fields) => fields.values().map(places).sum(),
        _ => 0,
    }
}

/// Replaces the value reached after `after` other values with `other`.
fn replace(value: &mut Value, after: &mut usize, other: &Value) -> bool {
    if *after == 0 {
        *value = other.clone();
        return true;
    }
    *after -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, after, other)),
        Value::Object(fields) => fields.values_mut().any(|field| replace(field, after, other)),
        _ => false,
    }
}

/// Eight times the words take about eight times as long, also where each is a speaker of its own and malformed.
#[test]
fn time_grows_with_the_file_alone() {
    // A file with unknown keys is read by what they mean, with a table of people.
    let unknown = [
        r#"{"speaker":{"id":"@"},"text":"so it is @","start":@,"words":[{"word":"so","start":@}]}"#,
        r#"{"speakerId":"@","id":"@","name":"Ana","content":"so it is","at":"x","k@":[[{"text":"so"}]]}"#,
    ];
    let shapes = [
        r#"{"type":"pronunciation","start_time":"-1","end_time":"x","channel_label":"@","speaker_label":"@","alternatives":[{}]}"#,
        r#"{"type":"punctuation","alternatives":[{"content":"@."}]}"#,
        r#"{"type":"pronunciation","start_time":"@","alternatives":[{"content":"@\n"}],"@":null}"#,
    ];
    for (number, shape) in shapes.into_iter().chain(unknown).enumerate() {
        let made = |words: usize| {
            let items: Vec<String> = (0..words).map(|word| shape.replace('@', &word.to_string())).collect();
            let items = items.join(",");
            if number < shapes.len() {
                format!(r#"{{"results":{{"items":[{items}]}}}}"#)
            } else {
                format!(r#"{{"turns":[{items}],"speakers":[{items}]}}"#)
            }
        };
        assert!(is_in_proportion(made), "{shape} takes more than its share of time");
    }
}

#[test]
fn json_that_ends_in_the_middle_is_refused_with_its_place() {
    let refused = parse(b"{\"sentences\": [\n  {\"text\": \"Hel").expect_err("it is cut off");
    assert!(matches!(refused, NotATranscript::BrokenJson { line: 2, column: 15, .. }), "{refused}");
    assert!(refused.to_string().contains("ends in the middle"), "{refused}");
}
