//! The cases of `fixtures/parse`, and what holds for all of them.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use super::{parse, proportion::is_in_proportion};

/// The folders of the cases, with their inputs.
fn cases() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/parse");
    let mut cases: Vec<_> = fs::read_dir(&folder)
        .expect("the cases")
        .map(|entry| {
            let case = entry.expect("a case").path();
            let input = fs::read_dir(&case)
                .expect("a folder a case")
                .map(|entry| entry.expect("a file").path())
                .find(|path| path.file_stem().is_some_and(|stem| stem == "input"))
                .unwrap_or_else(|| panic!("no input in {}", case.display()));
            (case, fs::read(input).expect("the input"))
        })
        .collect();
    cases.sort();
    cases
}

/// Every `fixtures/parse/<case>/input.*` parses to its `expected.json`. With `UPDATE_FIXTURES=1` the expectations are
/// rewritten; a person then reviews the diff.
#[test]
fn the_cases() {
    let cases = cases();
    assert!(cases.len() >= 20, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for (case, input) in cases {
        let result = parse(&input);
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

/// A damaged file results in utterances or in a refusal, never in a panic, and no word of it is lost or duplicated.
#[test]
fn a_damaged_file_loses_no_word() {
    let check = |case: &Path, input: &[u8], damage: &str| {
        if let Ok(transcript) = parse(input) {
            assert!(transcript.account.balances(), "{} {damage}: {:?}", case.display(), transcript.account);
        }
    };
    for (case, input) in cases() {
        // Only some positions: all of a case of ten thousand bytes would take a minute.
        for (nth, at) in (0..input.len()).step_by((input.len() / 80).max(7)).enumerate() {
            check(&case, &input[..at], &format!("cut at {at}"));
            check(&case, &input[at..], &format!("begun at {at}"));
            let damage = [0x20, 0x81, 0xff][nth % 3];
            let mut other = input.clone();
            other[at] ^= damage;
            check(&case, &other, &format!("byte {at} xor {damage:#x}"));
        }
        let lines: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
        for skip in (0..lines.len()).step_by((lines.len() / 40).max(1)) {
            let mut without = lines.clone();
            let line = without.remove(skip);
            check(&case, &without.concat(), &format!("without line {}", skip + 1));
            without.insert(skip / 2, line);
            check(&case, &without.concat(), &format!("with line {} elsewhere", skip + 1));
        }
    }
}

/// Eight times the cues take about eight times as long, in every notation and for the ugliest of lines.
#[test]
fn time_grows_with_the_file_alone() {
    // The beginning of the file, and what it repeats.
    type Shape = (&'static str, fn(&mut String, usize));
    const TURNS: &str = "Ana: so it is.\nTom: so it is.\nAna: so it is.\nTom: ";
    const CUES: &str = "WEBVTT\n\n00:01.000 --> 00:02.000\nso\n";
    let shapes: [Shape; 54] = [
        (CUES, |text, at| {
            _ = write!(text, "{at}\n{}:00:00.000 --> {at}:00:01.000\nSpeaker {}: so\n\n", at + 10, at % 999)
        }),
        ("", |text, at| _ = write!(text, "{at}\n00:00:01,000 --> 00:00:02,000\nSpeaker {at}: so\n\n")),
        (CUES, |text, at| _ = write!(text, "Ana: so. >> Tom {}: so. >> ", at % 9)),
        (CUES, |text, at| _ = write!(text, "Ana: so. Tom {}: so. ", at % 9)),
        ("", |text, at| _ = writeln!(text, "[00:00:01] Speaker {}: so it is", at % 999)),
        ("", |text, at| _ = writeln!(text, "Speaker {}  0:01\nso it is", at % 999)),
        (CUES, |text, at| _ = write!(text, "<[(&{{\\{at}")),
        (CUES, |text, at| _ = write!(text, "{at}\n00:00:61.000 --> x\n\n")),
        ("", |text, at| _ = write!(text, "0:00:01.000,0:00:02.000\n(Speaker {}) so\n\n", at % 999)),
        ("", |text, at| _ = writeln!(text, "[Speaker {at}] 09:30:01\nso it is")),
        ("", |text, at| _ = writeln!(text, "00:00:01\n\n**Speaker {}:** so\n", at % 999)),
        ("", |text, at| _ = writeln!(text, "0:01 - Speaker {at}\nso it is")),
        ("start,speaker,text\n", |text, at| _ = writeln!(text, "{at},Speaker {at},so it, is \"\"")),
        ("start,speaker,text\n", |text, at| _ = writeln!(text, "{at},\"Speaker {at},\"\"so it is")),
        ("", |text, at| _ = writeln!(text, "{at};{}; so it is said;x", at + 1)),
        ("", |text, at| {
            _ = writeln!(text, "{{\"who{at}\":{at},\"speaker\":[\"{at}\"],\"text\":\"so it is\",\"l\":[{{}}]}}")
        }),
        ("<transcript>", |text, at| _ = write!(text, "<text start=\"{at}\" ====>so &amp;#39;<!-- <p")),
        ("<tt>", |text, at| _ = write!(text, "<p begin=\"{at}s\" a='<span>so <<!-- <br/>")),
        ("<cite></cite><time></time><p>", |text, at| _ = write!(text, "<cite>Speaker {at}<time>0:01<p>so</i>")),
        ("\"ooTextFile\"\n\"TextGrid\"\n", |text, at| _ = write!(text, "\"IntervalTier\" \"{at}\" 1 2 \"so\"\"\"")),
        ("", |text, at| _ = writeln!(text, "Speaker {}\nso it is\n", at % 999)),
        ("", |text, _| text.push_str("Ana B  0:01\n5:30\n")),
        ("Ana: so.\nTom: so.\n", |text, at| {
            text.push_str(if at % 4 == 0 { "5:30\nTom 0:11\n" } else { "Ana B  0:01\nso\n\n" })
        }),
        ("", |text, at| _ = writeln!(text, "Speaker {at}\n0 minutes {at} seconds\nso it is")),
        ("Ana\nso\n\nTom\nso\n\nAna\nso\n\nTom\n", |text, at| _ = writeln!(text, "Speaker {at}\nso it is")),
        ("", |text, at| _ = writeln!(text, "#### [Speaker {at}]\n[0:01 Ana {at} (0:01) [0:01")),
        ("", |text, at| _ = writeln!(text, "(::::: <a:b:c:d (:{at}: so")),
        (TURNS, |text, at| _ = write!(text, "//Ana: so// (..) (3s (2 seconds pause) {at} Ana: so. // //")),
        (TURNS, |text, at| _ = write!(text, "[[((//{at}//((.(#0:01#")),
        (TURNS, |text, at| _ = writeln!(text, "Speaker {at}: so it is #00:00:01-2#")),
        (CUES, |text, at| _ = write!(text, "Speaker {}\n00:01.000 --> 00:02.000\n>> so\n\n", at % 7)),
        ("", |text, at| _ = write!(text, "Speaker {}: so it is said here. ", at % 999)),
        ("[0:01] ", |text, at| _ = write!(text, "so: it {at}: is. ")),
        ("", |text, at| _ = write!(text, "[0:{:02}] Ana {at}: so. ", at % 60)),
        ("", |text, at| _ = writeln!(text, "2026-03-25 14:03:{:02} Speaker {}: so it is.", at % 60, at % 999)),
        ("", |text, at| _ = writeln!(text, "[{at}] Speaker {}: so it is said here.", at % 999)),
        ("", |text, at| _ = writeln!(text, "Speaker {} 0:01: so it is, 0:02, and 0:03 @ 0:04.", at % 999)),
        ("", |text, at| _ = writeln!(text, "so it is (Speaker {}) - {at}", at % 999)),
        (TURNS, |text, at| _ = write!(text, "so (Ana: hm) [Tom {at}: (x: ")),
        ("<html><p>", |text, at| _ = write!(text, "<script>a<b {at}</script><p><b>Ana:</b> so<span><span>")),
        ("{\\rtf1 ", |text, at| _ = write!(text, "{{\\b Ana:}} so\\'e9\\u{at}?{{{{\\par ")),
        ("<?xml?><talk>", |text, at| _ = write!(text, "<turn who=\"Ana {at}\" at=\"{at}\">so</turn>")),
        (CUES, |text, at| {
            let said = "so it is that we go on ".repeat(at % 40 + 1);
            _ = write!(text, "00:01.000 --> 00:02.000\nAna: {said}\n\n");
        }),
        (CUES, |text, at| _ = write!(text, "00:01.000 --> 00:02.000\nso {at}\n{} we go {}\n\n", at + 1, at + 2)),
        (CUES, |text, at| {
            let shown = |at: usize| format!("w{} v{} u{} so", at % 99, at % 98, at % 97);
            _ = write!(text, "00:01.000 --> 00:02.000\n{} {} {}\n\n", shown(at), shown(at + 1), shown(at + 2));
        }),
        // One word, or one mark, as long as the file; followed by what makes a parser look back at all of it.
        (CUES, |text, _| text.push_str("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
        (CUES, |text, at| text.push_str(if at == 0 { "x" } else { "&&&&&&&&&&&&&&&&&&&&a&a&a&a&a&" })),
        (CUES, |text, at| text.push_str(if at % 500 == 499 { "x" } else { "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<" })),
        (CUES, |text, _| text.push_str("<a<a<a<a<a<a<a<a<a<a<a")),
        ("Ana: so.\nTom: so.\nAna: ", |text, _| text.push_str("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
        ("<html><p>Ana: so</p>", |text, _| text.push_str("1<b>1</b><span class=speaker>1</span>")),
        ("<html><p>Ana: so</p>", |text, _| text.push_str("<a <a <a <a <a <a <a <a <a")),
        ("{\"segments\":[{\"start\":0,\"end\":1,\"speaker\":\"Ana\",\"text\":\"", |text, at| {
            text.push_str(if at % 500 == 499 { "\"},{\"start\":2,\"end\":3,\"text\":\"so" } else { "aaaaaaaaaa[[((" })
        }),
        ("[[\"Ana\",1,\"so it is\"]", |text, at| _ = write!(text, ",[\"Ana\",{at},\"so it is\"],[[[{at}")),
    ];
    for (number, (head, shape)) in shapes.iter().enumerate() {
        let made = |cues: usize| {
            let mut text = String::from(*head);
            (0..cues).for_each(|at| shape(&mut text, at));
            text
        };
        assert!(is_in_proportion(made), "shape {number} takes more than its share of time");
    }
}
