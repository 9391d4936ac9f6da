//! The cues of a WebVTT file, by the W3C's parsing algorithm (<https://www.w3.org/TR/webvtt1/#file-parsing>), on lines.
//! What the algorithm drops is set aside here, with a reason.

use std::{borrow::Cow, iter::Peekable};

use super::{
    account::Draft,
    cue_notes,
    formats::{Line, Lines, Source},
    srt,
    time::{self, Time},
};

/// A caption cue, borrowed from the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue<'a> {
    /// The line number of the payload, from 1.
    pub line: usize,
    /// The line number of its times, from 1.
    pub timing: usize,
    /// The identifier, or empty.
    pub id: &'a str,
    /// Start in milliseconds; `None` if unreadable.
    pub start_ms: Option<i64>,
    /// End in milliseconds; `None` if unreadable.
    pub end_ms: Option<i64>,
    /// The lines of the payload, with markup; empty if there is none.
    pub payload: Cow<'a, str>,
}

#[derive(Debug, Default)]
pub(super) struct Cues<'a> {
    pub(super) all: Vec<Cue<'a>>,
    /// Lines whose times only the lenient rule accepts.
    pub(super) odd: Vec<Line<'a>>,
    /// One-line comments directly above a cue, which may name its speaker.
    pub(super) notes: Vec<Note<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Note<'a> {
    /// Its line number, from 1.
    pub(super) line: usize,
    pub(super) text: &'a str,
    /// The line of the next cue's times; `None` if no cue follows immediately.
    pub(super) timing: Option<usize>,
}

impl<'a> Note<'a> {
    pub(super) fn says(&self) -> &'a str {
        self.text.strip_prefix("NOTE").unwrap_or(self.text).trim()
    }

    fn set_aside(&self, draft: &mut Draft) {
        super::date::header_line(self.says(), draft);
        draft.set_aside(self.line, COMMENT, self.text);
    }
}

/// Why a comment is set aside.
pub(super) const COMMENT: &str = "a comment";

/// Why a header is set aside.
const HEADER: &str = "the header of the file";

/// A block as collected by the algorithm.
struct Block<'a> {
    /// The number of its first line.
    line: usize,
    /// The line with the arrow and, if readable, its times.
    timing: Option<(Line<'a>, Option<Times>)>,
    id: &'a str,
    /// Its other lines: all if there is no arrow, otherwise those below it.
    rest: &'a str,
}

/// The times of a cue, in milliseconds, and whether they follow the rule.
#[derive(Clone, Copy)]
struct Times {
    start: i64,
    end: i64,
    by_rule: bool,
}

/// Collects the cues: strictly by the rule, or, with another way to read times (`otherwise`), also keeping what was
/// said where the rule drops it: after times that the rule or nobody can read, or with an arrow within a sentence.
pub(super) fn collect<'a>(source: &Source<'a>, otherwise: Option<Time>, draft: &mut Draft) -> Cues<'a> {
    let mut cues = Cues::default();
    let mut note: Option<Note<'a>> = None;
    let mut lines = Lines::of(source.text).peekable();
    header(&mut lines, draft);
    while let Some(line) = lines.peek() {
        if line.text.is_empty() {
            lines.next();
        } else {
            let block = block(source.text, &mut lines, otherwise);
            if let Some(mut above) = note.take() {
                above.timing = block.timing.map(|(timing, _)| timing.number);
                match above.timing {
                    Some(_) => cues.notes.push(above),
                    None => above.set_aside(draft),
                }
            }
            match otherwise.and_then(|_| may_name(&block)) {
                Some(found) => note = Some(found),
                None => keep(block, otherwise.is_some(), &mut cues, draft),
            }
        }
    }
    note.iter().for_each(|note| note.set_aside(draft));
    draft.empty_cues(cues.all.iter().filter(|cue| cue.payload.is_empty()).map(|cue| cue.timing));
    cues
}

/// A one-line comment that may name somebody.
fn may_name<'a>(block: &Block<'a>) -> Option<Note<'a>> {
    let note = Note { line: block.line, text: block.rest, timing: None };
    let is_one = block.timing.is_none() && block.rest.starts_with("NOTE ") && !block.rest.contains('\n');
    (is_one && cue_notes::may_name(note.says())).then_some(note)
}

/// Reads the signature and the header.
fn header(lines: &mut Peekable<Lines<'_>>, draft: &mut Draft) {
    draft.structure("WEBVTT");
    if let Some(line) = lines.find(|line| !line.text.trim().is_empty()) {
        let title = line.text.trim_start().strip_prefix("WEBVTT").unwrap_or("");
        let title = title.trim_start_matches([' ', '\t', '-']).trim();
        if !title.is_empty() {
            draft.title = Some(title.to_owned());
            draft.set_aside(line.number, HEADER, title);
        }
    }
    while let Some(line) = lines.next_if(|line| !line.text.is_empty() && !line.text.contains("-->")) {
        super::date::header_line(line.text, draft);
        draft.set_aside(line.number, HEADER, line.text);
    }
}

/// Collects the block that begins with the next line.
fn block<'a>(text: &'a str, lines: &mut Peekable<Lines<'a>>, otherwise: Option<Time>) -> Block<'a> {
    let line = lines.peek().map_or(0, |line| line.number);
    let mut block = Block { line, timing: None, id: "", rest: "" };
    let (mut first, mut rest, mut count) = ("", None, 0);
    while let Some(line) = lines.peek().copied() {
        if let Some(times) = timing(line.text, otherwise) {
            // The arrow is in the first or second line; any other begins a block of its own.
            if count > 1 || block.timing.is_some() {
                break;
            }
            // What preceded the arrow is the identifier.
            (block.timing, block.id, rest) = (Some((line, times)), first, None);
        } else if line.text.is_empty() {
            break;
        } else {
            first = if count == 0 { line.text } else { first };
            rest = Some((rest.map_or(line.begin, |(begin, _)| begin), line.begin + line.text.len()));
        }
        count += 1;
        lines.next();
    }
    block.rest = rest.map_or("", |(begin, end)| &text[begin..end]);
    block
}

/// The times of a line with an arrow, if readable; with another way to read them (`otherwise`), a line with an arrow
/// within a sentence doesn't count.
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

fn keep<'a>(block: Block<'a>, all: bool, cues: &mut Cues<'a>, draft: &mut Draft) {
    let Some((timing, times)) = block.timing else {
        return set_aside(&block, all, &mut cues.all, draft);
    };
    draft.structure(block.id);
    draft.structure(timing.text);
    match times {
        None if !all => return draft.set_aside(block.line, "a cue whose times cannot be read", block.rest),
        None => {
            let column = time::fault(timing.text, time::lenient);
            let message = "times that cannot be read; the words are kept without a time";
            draft.warn_at(timing.number, column, message);
        }
        Some(times) if !times.by_rule => cues.odd.push(timing),
        Some(_) => {}
    }
    cues.all.push(Cue {
        line: timing.number + 1,
        timing: timing.number,
        id: block.id,
        start_ms: times.map(|times| times.start),
        end_ms: times.map(|times| times.end),
        payload: Cow::Borrowed(block.rest),
    });
}

/// A block without an arrow: a comment, a style sheet, a region, or text that lost its cue.
fn set_aside<'a>(block: &Block<'a>, all: bool, cues: &mut [Cue<'a>], draft: &mut Draft) {
    let lines = || block.rest.split('\n');
    let first = lines().next().unwrap_or("");
    let word = first.split([' ', '\t']).next().unwrap_or("");
    let reason = match word {
        "NOTE" => COMMENT,
        "STYLE" if first.trim_end() == "STYLE" => "a style sheet",
        "REGION" if first.trim_end() == "REGION" => "a region",
        _ => "text outside of any cue",
    };
    if word == "NOTE" {
        for line in lines() {
            super::date::header_line(line.strip_prefix("NOTE").unwrap_or(line).trim(), draft);
        }
    }
    if reason == "text outside of any cue" {
        draft.warn(block.line, reason);
        // A blank line after the timing: the words were said at that time.
        if let Some(cue) = cues.last_mut().filter(|cue| all && cue.payload.is_empty()) {
            (cue.line, cue.payload) = (block.line, Cow::Borrowed(block.rest));
            return;
        }
    }
    for (number, line) in (block.line..).zip(lines()) {
        draft.set_aside(number, reason, line);
    }
}
