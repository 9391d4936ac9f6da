//! Captions that roll: each cue repeats the line above the new one, and cues of 10 ms show a finished line alone, as
//! YouTube writes them. The repeats are set aside, so that nobody says everything twice.

use std::{borrow::Cow, collections::HashSet};

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
    let inline = cues.iter().any(|cue| has_times(&cue.payload));
    // Most files do not roll: look at the raw lines before any markup is read.
    if !inline && !mostly_rolls(cues) {
        return false;
    }
    let mut before: (Option<i64>, HashSet<String>) = (None, HashSet::new());
    for cue in cues {
        let payload = cue.payload.clone();
        let mut lines: Vec<&str> = payload.split('\n').collect();
        let plain: Vec<String> = lines.iter().map(|line| text(line)).collect();
        let follows = match (before.0, cue.start_ms) {
            (Some(end), Some(start)) => (end - start).abs() <= AT_ONCE,
            _ => false,
        };
        for (at, plain) in plain.iter().enumerate() {
            let line = lines[at];
            let repeats = follows && !plain.is_empty() && !has_times(line) && before.1.contains(plain);
            if repeats {
                draft.set_aside(cue.line + at, REPEAT, plain);
                draft.markup(words(line), words(plain));
                lines[at] = "";
                cue.payload = Cow::Owned(lines.join("\n"));
            }
        }
        before = (cue.end_ms, plain.into_iter().collect());
    }
    inline
}

/// Whether two lines of many cues begin with what the one before ended with.
fn mostly_rolls<'a>(cues: &'a [Cue<'_>]) -> bool {
    let rolls = cues.windows(2).filter(|pair| {
        if memchr::memchr(b'\n', pair[1].payload.as_bytes()).is_none() {
            return false;
        }
        let filled = |cue: &'a Cue<'_>| cue.payload.split('\n').map(str::trim).filter(|line| !line.is_empty());
        let mut second = filled(&pair[1]);
        let (first, last) = (second.next(), filled(&pair[0]).next_back());
        first.is_some() && last == first && second.next().is_some()
    });
    cues.len() >= 5 && rolls.count() * 5 >= cues.len() * 2
}

/// Whether a time such as `<00:00:04.799>` stands among the lines.
fn has_times(lines: &str) -> bool {
    memchr::memchr_iter(b'<', lines.as_bytes())
        .take(64)
        .any(|at| time::strict(&lines[at + 1..]).is_some_and(|(_, rest)| rest.starts_with('>')))
}

fn text(line: &str) -> String {
    let spans = markup::spans(line);
    spans.into_iter().map(|span| span.text).collect::<String>().trim().to_owned()
}
