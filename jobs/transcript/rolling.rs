//! Captions that roll: each cue repeats the line above the new one, and cues of 10 ms show a finished line alone, as
//! YouTube writes them. The repeats are set aside, so that nobody says everything twice.

use std::collections::HashSet;

use super::{
    account::{Draft, words},
    markup, time,
    webvtt_cues::Cue,
};

const REPEAT: &str = "a line that rolls on from the cue before";
/// Cues that roll follow each other at once, in milliseconds.
const AT_ONCE: i64 = 100;

/// Sets aside the lines that only roll on; tells whether the cues have times inside, as YouTube's have.
pub(super) fn set_repeats_aside(cues: &mut [Cue<'_>], draft: &mut Draft) -> bool {
    let inline = cues.iter().flat_map(|cue| cue.payload.iter()).any(|line| has_times(line));
    // Most files do not roll: look at the raw lines before any markup is read.
    if !inline && !mostly_rolls(cues) {
        return false;
    }
    let mut before: (Option<i64>, HashSet<String>) = (None, HashSet::new());
    for cue in cues {
        let plain: Vec<String> = cue.payload.iter().map(|line| text(line)).collect();
        let follows = match (before.0, cue.start_ms) {
            (Some(end), Some(start)) => (end - start).abs() <= AT_ONCE,
            _ => false,
        };
        for (at, plain) in plain.iter().enumerate() {
            let line = cue.payload[at];
            let repeats = follows && !plain.is_empty() && !has_times(line) && before.1.contains(plain);
            if repeats {
                draft.set_aside(cue.line + at, REPEAT, plain);
                draft.markup(words(line), words(plain));
                cue.payload.to_mut()[at] = "";
            }
        }
        before = (cue.end_ms, plain.into_iter().collect());
    }
    inline
}

/// Whether two lines of many cues begin with what the one before ended with.
fn mostly_rolls(cues: &[Cue<'_>]) -> bool {
    let rolls = cues.windows(2).filter(|pair| {
        if pair[1].payload.len() < 2 {
            return false;
        }
        let mut filled = pair[1].payload.iter().map(|line| line.trim()).filter(|line| !line.is_empty());
        let first = filled.next();
        let last = pair[0].payload.iter().rev().map(|line| line.trim()).find(|line| !line.is_empty());
        first.is_some() && last == first && filled.next().is_some()
    });
    cues.len() >= 5 && rolls.count() * 5 >= cues.len() * 2
}

/// Whether a time such as `<00:00:04.799>` stands in the line.
fn has_times(line: &str) -> bool {
    memchr::memchr_iter(b'<', line.as_bytes())
        .take(64)
        .any(|at| time::strict(&line[at + 1..]).is_some_and(|(_, rest)| rest.starts_with('>')))
}

fn text(line: &str) -> String {
    let spans = markup::spans(line);
    spans.into_iter().map(|span| span.text).collect::<String>().trim().to_owned()
}
