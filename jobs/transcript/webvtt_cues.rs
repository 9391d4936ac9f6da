//! The cues of a WebVTT file, by the W3C's parsing algorithm (<https://www.w3.org/TR/webvtt1/#file-parsing>), on
//! lines. What the algorithm drops is set aside here, with a reason.

use std::{borrow::Cow, ops::Range};

use super::{
    account::Draft,
    formats::Source,
    srt,
    time::{self, Time},
};

/// A cue: its payload with markup.
#[derive(Debug)]
pub(super) struct Cue<'a> {
    /// The first line of the payload, from 1.
    pub(super) line: usize,
    /// The line of its times, from 1.
    pub(super) timing: usize,
    /// The identifier, or nothing.
    pub(super) id: &'a str,
    /// Who speaks, where that stands beside the payload.
    pub(super) speaker: Option<&'a str>,
    /// Milliseconds; none where unreadable.
    pub(super) start_ms: Option<i64>,
    pub(super) end_ms: Option<i64>,
    /// The lines of the payload; nothing where there is none.
    pub(super) payload: Cow<'a, str>,
}

/// The cues of a file.
#[derive(Debug, Default)]
pub(super) struct Cues<'a> {
    pub(super) all: Vec<Cue<'a>>,
    /// The lines, from 1, whose times only the other way reads.
    pub(super) odd: Vec<usize>,
}

/// A block as the algorithm collects it.
struct Block<'a> {
    /// The index of its first line.
    at: usize,
    /// The line with the arrow: its index and, where they can be read, the times.
    timing: Option<(usize, Option<Times>)>,
    id: &'a str,
    /// Its other lines, by their indexes: without an arrow all of them, else those below it.
    rest: Range<usize>,
}

/// The times of a cue, in milliseconds, and whether they are written as the rule wants.
#[derive(Clone, Copy)]
struct Times {
    start: i64,
    end: i64,
    by_rule: bool,
}

/// Collects the cues: by the rule alone, or, where there is a way to read times `otherwise`, so that what was said is
/// kept too where the rule drops it: times that it does not read, times that nobody reads, an arrow within a sentence.
pub(super) fn collect<'a>(source: &Source<'a>, otherwise: Option<Time>, draft: &mut Draft) -> Cues<'a> {
    let mut cues = Cues::default();
    let mut at = header(source, draft);
    while at < source.lines.len() {
        if source.lines[at].is_empty() {
            at += 1;
            continue;
        }
        let (block, next) = block(source, at, otherwise);
        at = next;
        keep(block, source, otherwise.is_some(), &mut cues, draft);
    }
    draft.empty_cues(cues.all.iter().filter(|cue| cue.payload.is_empty()).map(|cue| cue.timing));
    cues
}

/// Reads signature and header; gives the index of the first line after them.
fn header(source: &Source<'_>, draft: &mut Draft) -> usize {
    let mut at = source.lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(0);
    let signature = source.lines.get(at).map_or("", |line| *line);
    draft.structure("WEBVTT");
    let title = signature.trim_start().strip_prefix("WEBVTT").unwrap_or("").trim_start_matches([' ', '\t', '-']).trim();
    if !title.is_empty() {
        draft.title = Some(title.to_owned());
        draft.set_aside(at + 1, "the header of the file", title);
    }
    at += 1;
    while let Some(line) = source.lines.get(at) {
        if line.is_empty() || line.contains("-->") {
            break;
        }
        super::date::header_line(line, draft);
        draft.set_aside(at + 1, "the header of the file", line);
        at += 1;
    }
    at
}

/// Collects the block that begins at `at`; gives the index of the line after it.
fn block<'a>(source: &Source<'a>, at: usize, otherwise: Option<Time>) -> (Block<'a>, usize) {
    let mut block = Block { at, timing: None, id: "", rest: at..at };
    let mut next = at;
    while let Some(line) = source.lines.get(next) {
        if let Some(times) = timing(line, otherwise) {
            let first_or_second = next == at || (next == at + 1 && block.timing.is_none());
            if !first_or_second {
                break;
            }
            block.timing = Some((next, times));
            // What stood before the arrow is the identifier.
            block.id = if next == at { "" } else { source.lines[at] };
            block.rest.start = next + 1;
        } else if line.is_empty() {
            break;
        }
        next += 1;
    }
    block.rest.end = next;
    (block, next)
}

/// The times of a line with an arrow, where they can be read; with a way to read them `otherwise`, an arrow within a
/// sentence makes no such line.
fn timing(line: &str, otherwise: Option<Time>) -> Option<Option<Times>> {
    let times = |by_rule| move |(start, end, _): (i64, i64, &str)| Times { start, end, by_rule };
    if let Some(by_rule) = time::range(line, time::strict) {
        return Some(Some(times(true)(by_rule)));
    }
    if (otherwise.is_some() && !time::may_begin(line)) || !time::has_arrow(line) {
        return None;
    }
    let times = otherwise.and_then(|otherwise| time::loose_range(line, otherwise)).map(times(false));
    (times.is_some() || otherwise.is_none() || srt::is_timing(line)).then_some(times)
}

fn keep<'a>(block: Block<'a>, source: &Source<'a>, all: bool, cues: &mut Cues<'a>, draft: &mut Draft) {
    let line = block.at + 1;
    match block.timing {
        Some((timing, times)) if all || times.is_some() => {
            draft.structure(block.id);
            draft.structure(source.lines[timing]);
            if times.is_none() {
                let column = time::fault(source.lines[timing], time::lenient);
                draft.warn_at(timing + 1, column, "times that cannot be read; the words are kept without a time");
            }
            if times.is_some_and(|times| !times.by_rule) {
                cues.odd.push(timing + 1);
            }
            cues.all.push(Cue {
                line: timing + 2,
                timing: timing + 1,
                id: block.id,
                speaker: None,
                start_ms: times.map(|times| times.start),
                end_ms: times.map(|times| times.end),
                payload: Cow::Borrowed(source.slice(block.rest)),
            });
        }
        Some((timing, _)) => {
            draft.structure(block.id);
            draft.structure(source.lines[timing]);
            let words = source.lines[block.rest].join("\n");
            draft.set_aside(line, "a cue whose times cannot be read", &words);
        }
        None => set_aside(&block, source, &mut cues.all, draft),
    }
}

/// A block without an arrow: a comment, a style sheet, a region, or text that lost its cue.
fn set_aside<'a>(block: &Block<'a>, source: &Source<'a>, cues: &mut [Cue<'a>], draft: &mut Draft) {
    let lines = &source.lines[block.rest.clone()];
    let first = lines.first().map_or("", |line| *line);
    let word = first.split([' ', '\t']).next().unwrap_or("");
    let reason = match word {
        "NOTE" => "a comment",
        "STYLE" if first.trim_end() == "STYLE" => "a style sheet",
        "REGION" if first.trim_end() == "REGION" => "a region",
        _ => "text outside of any cue",
    };
    if word == "NOTE" {
        for line in lines {
            super::date::header_line(line.strip_prefix("NOTE").unwrap_or(line).trim(), draft);
        }
    }
    if reason == "text outside of any cue" {
        draft.warn(block.at + 1, reason);
        // A blank line after the timing: the words were said at that time.
        if let Some(cue) = cues.last_mut()
            && cue.payload.is_empty()
        {
            cue.line = block.at + 1;
            cue.payload = Cow::Borrowed(source.slice(block.rest.clone()));
            return;
        }
    }
    for (at, line) in block.rest.clone().zip(lines) {
        draft.set_aside(at + 1, reason, line);
    }
}
