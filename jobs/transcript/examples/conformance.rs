//! Runs other projects' tests through our caption parsers:
//! `cargo run -p debrief-transcript --example conformance -- <folder of corpora> [webvtt-py's output, as JSON]`.
//!
//! Reads `<folder>/webvtt/file` (the W3C's file tests; `expected.json` has the cues of each), `<folder>/webvtt/cue`
//! (its tests of cue text, with the expected tree) and `<folder>/webvtt_py` (valid and invalid VTT, SRT and SBV).
//! Prints, for each set, how many passed, and every failure; exits with code 1 if there is one. The comparison covers
//! cues and cue text; how they are interpreted afterwards (labels, tool text set aside, words that lost their cue) is
//! specific to us.
//!
//! With a second argument the captions of `webvtt_py` are compared with those of webvtt-py itself, produced by:
//!
//! ```text
//! python3 -m venv venv && venv/bin/pip install webvtt-py && venv/bin/python - <folder>/webvtt_py > captions.json <<'END'
//! import json, os, sys, webvtt
//! read = {"vtt": webvtt.read, "srt": webvtt.from_srt, "sbv": webvtt.from_sbv}
//! found = {}
//! for name in os.listdir(sys.argv[1]):
//!     try:
//!         captions = read[name.rsplit(".", 1)[1]](os.path.join(sys.argv[1], name)).captions
//!         found[name] = [[c.start, c.end, c.text] for c in captions]
//!     except webvtt.errors.MalformedFileError:
//!         found[name] = None
//! json.dump(found, sys.stdout)
//! END
//! ```

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use debrief_transcript::{
    NotATranscript,
    conformance::{Cue, cue_text, decoded, sbv, srt, webvtt},
    parse,
};
use serde_json::Value;

/// Anything that prevents a set from running.
type Failure = Box<dyn std::error::Error>;

fn main() -> Result<ExitCode, Failure> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("name the folder that holds webvtt/file, webvtt/cue and webvtt_py")?;
    let theirs = arguments.next();
    let mut sets = vec![
        ("W3C file tests", file_tests(&folder.join("webvtt/file"))?),
        ("W3C cue tests", cue_tests(&folder.join("webvtt/cue"))?),
        ("webvtt-py, outcome", outcomes(&folder.join("webvtt_py"))?),
    ];
    if let Some(path) = &theirs {
        sets.push(("webvtt-py, captions", captions(&folder.join("webvtt_py"), &json(path)?)?));
    }
    let mut missed = 0;
    for (name, set) in sets {
        if set.tried == 0 {
            return Err(format!("{name}: there is no test in its folder").into());
        }
        println!("{name}: {} of {} passed", set.tried - set.misses.len(), set.tried);
        set.differences.iter().for_each(|difference| println!("  differs on purpose: {difference}"));
        set.misses.iter().for_each(|miss| println!("  missed: {miss}"));
        missed += set.misses.len();
    }
    Ok(ExitCode::from(u8::from(missed > 0)))
}

/// A set of tests, and its results.
#[derive(Default)]
struct Set {
    tried: usize,
    misses: Vec<String>,
    differences: Vec<String>,
}

impl Set {
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, test: &str, ours: T, theirs: T) {
        self.tried += 1;
        if ours != theirs {
            self.misses.push(format!("{test}\n    wanted {theirs:?}\n      seen {ours:?}"));
        }
    }
}

fn json(path: &Path) -> Result<Value, Failure> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_slice(&bytes)?)
}

#[expect(clippy::cast_possible_truncation, reason = "times of captions are small")]
fn millis(seconds: &Value) -> Option<i64> {
    seconds.as_f64().map(|seconds| (seconds * 1000.0).round() as i64)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// One test per file: its ids, starts, ends and texts.
fn file_tests(folder: &Path) -> Result<Set, Failure> {
    let mut set = Set::default();
    let expected = json(&folder.join("expected.json"))?;
    for (name, wanted) in expected.as_object().ok_or("expected.json is no object")? {
        let cue = |cue: &Value| (text(&cue["id"]), millis(&cue["start"]), millis(&cue["end"]), text(&cue["text"]));
        let wanted = wanted["cues"].as_array().map(|cues| cues.iter().map(cue).collect::<Vec<_>>());
        let bytes = fs::read(folder.join(name))?;
        let decoded = decoded(&bytes);
        let cue = |cue: Cue<'_>| (cue.id.to_owned(), cue.start_ms, cue.end_ms, cue.payload.into_owned());
        set.equal(name, webvtt(&decoded).map(|cues| cues.into_iter().map(cue).collect()), wanted);
    }
    Ok(set)
}

/// One test per cue: the payload from the file, then the text of its tree and the voices in it.
fn cue_tests(folder: &Path) -> Result<Set, Failure> {
    let mut set = Set::default();
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, Failure>>()?;
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let tests = json(path)?;
        let bytes = fs::read(path.with_extension("vtt"))?;
        let decoded = decoded(&bytes);
        let cues = webvtt(&decoded).unwrap_or_default();
        let tests = tests.as_array().ok_or("the tests are no list")?;
        set.equal(&format!("{}: number of cues", path.display()), cues.len(), tests.len());
        for (number, (cue, test)) in cues.iter().zip(tests).enumerate() {
            let name = format!("{} {}, {:?}", path.file_stem().unwrap_or_default().display(), number + 1, cue.payload);
            set.equal(&name, stretches(cue_text(&cue.payload)), stretches(tree(&text(&test["expectedTree"]))));
        }
    }
    Ok(set)
}

/// Texts by voice: without whitespace-only spans, adjacent spans of one voice joined.
fn stretches(all: Vec<(Option<String>, String)>) -> Vec<(Option<String>, String)> {
    let mut joined: Vec<(Option<String>, String)> = Vec::new();
    for (voice, text) in all {
        match joined.last_mut() {
            Some((last, so_far)) if *last == voice => so_far.push_str(&text),
            _ => joined.push((voice, text)),
        }
    }
    joined.retain(|(_, text)| !text.trim().is_empty());
    joined
}

/// The texts of a tree in the notation of the W3C's tests, each with the innermost enclosing voice.
fn tree(written: &str) -> Vec<(Option<String>, String)> {
    let mut found = Vec::new();
    // The open elements, by indentation, with their voices.
    let mut open: Vec<(usize, Option<String>)> = Vec::new();
    let nodes = written.split("\n| ").map(|node| node.trim_start_matches("| ").trim_end_matches('\n'));
    for node in nodes {
        let content = node.trim_start_matches(' ');
        let depth = node.len() - content.len();
        open.retain(|(around, _)| *around < depth);
        if let Some(text) = content.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            let voice = open.iter().rev().find_map(|(_, voice)| voice.clone());
            found.push((voice, text.to_owned()));
        } else if let Some(title) = content.strip_prefix("title=\"").and_then(|rest| rest.strip_suffix('"')) {
            if let Some((_, voice)) = open.last_mut() {
                *voice = Some(title.to_owned()).filter(|title| !title.is_empty());
            }
        } else if content.starts_with('<') && !content.starts_with("<?") {
            open.push((depth, None));
        }
    }
    found
}

/// The results for webvtt-py's files: valid ones result in their captions; the others are refused, or result in their
/// contents with a warning. `sample.sbv` ends with a caption that ends before it begins; `youtube_dl.vtt` has one whose
/// line only repeats the previous one.
const FILES: &[(&str, Expected)] = {
    use Expected::{Captions, Damaged, Refused};
    &[
        ("captions_with_bom.vtt", Captions(4)),
        ("comments.vtt", Captions(3)),
        ("cue_tags.vtt", Captions(3)),
        ("empty.vtt", Refused),
        ("invalid.vtt", Damaged(7)),
        ("invalid_format.sbv", Refused),
        ("invalid_format1.srt", Refused),
        ("invalid_format2.srt", Refused),
        ("invalid_format3.srt", Refused),
        ("invalid_format4.srt", Refused),
        ("invalid_timeframe.sbv", Damaged(5)),
        ("invalid_timeframe.srt", Damaged(5)),
        ("invalid_timeframe.vtt", Damaged(7)),
        ("invalid_timeframe_in_cue_text.vtt", Damaged(3)),
        ("metadata_headers.vtt", Captions(2)),
        ("metadata_headers_multiline.vtt", Captions(2)),
        ("missing_caption_text.sbv", Damaged(4)),
        ("missing_caption_text.srt", Damaged(4)),
        ("missing_caption_text.vtt", Damaged(4)),
        ("missing_timeframe.sbv", Damaged(5)),
        ("missing_timeframe.srt", Damaged(5)),
        ("missing_timeframe.vtt", Damaged(6)),
        ("no_captions.vtt", Refused),
        ("one_caption.srt", Captions(1)),
        ("one_caption.vtt", Captions(1)),
        ("sample.sbv", Damaged(5)),
        ("sample.srt", Captions(5)),
        ("sample.vtt", Captions(16)),
        ("styles.vtt", Captions(1)),
        ("two_captions.sbv", Captions(2)),
        ("using_identifiers.vtt", Captions(6)),
        ("youtube_dl.vtt", Captions(3)),
    ]
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// This many utterances, without warnings.
    Captions(usize),
    /// This many utterances, and a warning with its line.
    Damaged(usize),
    /// Not a transcript.
    Refused,
}

fn outcomes(folder: &Path) -> Result<Set, Failure> {
    let mut set = Set::default();
    for (name, wanted) in FILES {
        let seen = match parse(&fs::read(folder.join(name))?) {
            Ok(transcript) if transcript.warnings.iter().any(|warning| warning.line > 0) => {
                Expected::Damaged(transcript.utterances.len())
            }
            Ok(transcript) => Expected::Captions(transcript.utterances.len()),
            Err(refusal) => {
                let said: NotATranscript = refusal;
                println!("  {name}: {said}");
                Expected::Refused
            }
        };
        set.equal(name, seen, *wanted);
    }
    Ok(set)
}

/// Start, end and plain text of each caption, as returned by webvtt-py and by us.
fn captions(folder: &Path, theirs: &Value) -> Result<Set, Failure> {
    let mut set = Set::default();
    for (name, outcome) in FILES {
        let Some(wanted) = theirs[name].as_array() else { continue };
        let bytes = fs::read(folder.join(name))?;
        let decoded = decoded(&bytes);
        let ours = match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("vtt") => webvtt(&decoded).unwrap_or_default(),
            Some("srt") => srt(&decoded),
            _ => sbv(&decoded),
        };
        let plain = |caption: &Cue<'_>| {
            let text: String = cue_text(&caption.payload).into_iter().map(|(_, text)| text).collect();
            (caption.start_ms, caption.end_ms, lines(&text))
        };
        let ours: Vec<_> = ours.iter().map(plain).collect();
        let wanted: Vec<_> =
            wanted.iter().map(|caption| (time(&caption[0]), time(&caption[1]), lines(&text(&caption[2])))).collect();
        if matches!(outcome, Expected::Captions(_)) || *name == "sample.sbv" {
            set.equal(name, ours, wanted);
        } else if ours != wanted {
            set.differences.push(format!("{name}: {} captions, {} in webvtt-py", ours.len(), wanted.len()));
        }
    }
    Ok(set)
}

fn time(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    let (clock, fraction) = text.rsplit_once(['.', ','])?;
    let seconds = clock.split(':').try_fold(0, |sum, part| Some(sum * 60 + part.parse::<i64>().ok()?))?;
    Some(seconds * 1000 + fraction.parse::<i64>().ok()?)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
