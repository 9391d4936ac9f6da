//! SubRip, and other cues without a header: comma or point times, missing indexes, digits as text, and the variant of
//! Teams that names nobody and leaves a blank line between times and text.

use std::{borrow::Cow, ops::Range};

use super::{
    account::{Draft, trimmed},
    cue_speech,
    formats::{Confidence, Reader, Source},
    rolling, second, time,
    transcript::Format,
    webvtt_cues::Cue,
};

pub(super) const READER: Reader = Reader { name: "srt", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let timed = source.lines().iter().any(|line| time::may_begin(line) && times(line).is_some());
    timed.then_some((Confidence::Telling, "has lines such as 00:00:01,000 --> 00:00:02,000"))
}

fn times(line: &str) -> Option<(i64, i64)> {
    // Arrows with one dash or a space in them are seen as well, but so are they in prose: only the real one counts.
    time::loose_range(line, time::lenient).map(|(start, end, _)| (start, end))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let mut cues = collect(source, &mut draft);
    let has_point = |cue: &Cue<'_>| cue.start_ms.is_some() && source.lines()[cue.timing - 1].contains('.');
    let points = cues.iter().all(has_point);
    let apart = |cue: &&Cue<'_>| cue.payload.split('\n').next().is_some_and(|line| line.trim().is_empty());
    let teams =
        points && cues.iter().all(|cue| cue.id.is_empty()) && cues.iter().filter(apart).count() * 2 > cues.len();
    rolling::set_repeats_aside(&mut cues, &mut draft);
    cue_speech::speak(&mut cues, |_| None, &mut draft);
    if points && !teams {
        draft.warn(1, "the line WEBVTT, with which such a file begins, is missing; it is read all the same");
    }
    (if teams { Format::TeamsVtt } else { Format::Srt }, draft)
}

/// The number above a timing line.
#[derive(Clone, Copy)]
struct Index<'a> {
    line: &'a str,
    number: u64,
}

pub(super) fn collect<'a>(source: &Source<'a>, draft: &mut Draft) -> Vec<Cue<'a>> {
    let lines = source.lines();
    let timing = |at: usize| {
        let line = lines[at];
        let times = time::may_begin(line).then(|| times(line))?;
        (times.is_some() || (time::has_arrow(line) && is_timing(line))).then_some((at, times))
    };
    let mut timings = (0..lines.len()).filter_map(timing).peekable();
    let mut cues = Vec::new();
    let first = timings.peek().map(|(at, _)| *at);
    let mut index = index_before(lines, first, 0, None);
    let before = first.map_or(0, |first| first - usize::from(index.is_some()));
    for (at, line) in lines[..before].iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        super::date::header_line(line, draft);
        draft.set_aside(at + 1, "text before the first cue", line);
    }
    second::warn_of_head(&lines[..before], draft);
    while let Some((timing, times)) = timings.next() {
        let following = timings.peek().map(|(at, _)| *at);
        let own = index.take();
        index = index_before(lines, following, timing + 1, own.map(|own| own.number));
        let mut end = following.map_or(lines.len(), |next| next - usize::from(index.is_some()));
        if let Some(begin) = second::begin(lines, timing + 1..end, following.is_none()) {
            second::set_aside(lines, begin..end, draft);
            end = begin;
        }
        draft.structure(own.map_or("", |own| own.line));
        draft.structure(lines[timing]);
        if times.is_none() {
            let column = time::fault(lines[timing], time::lenient);
            draft.warn_at(timing + 1, column, "times that cannot be read; the words are kept without a time");
        } else if let Some(column) = other_point(lines[timing]) {
            draft.warn_at(timing + 1, column, "one time has a comma and the other a point; both are read");
        }
        let (mut id, mut from, mut times) = (own.map_or("", |own| trimmed(own.line)), timing + 1, times);
        for lost in lost_cues(lines, from..end, own, index) {
            cues.push(cue(source, id, from..lost, times));
            draft.structure(lines[lost]);
            draft.warn(lost + 1, "a cue without times; its words are kept without a time");
            (id, from, times) = (lines[lost].trim(), lost + 1, None);
        }
        cues.push(cue(source, id, from..end, times));
    }
    let empty = |cue: &&Cue<'_>| trimmed(&cue.payload).is_empty();
    draft.empty_cues(cues.iter().filter(empty).map(|cue| cue.timing));
    cues
}

/// The column of the second time, where it has a point and the first a comma, or the other way round.
fn other_point(timing: &str) -> Option<usize> {
    // Nearly always both are alike, and that is quick to see.
    let mut points = memchr::memchr2_iter(b',', b'.', timing.as_bytes()).map(|at| timing.as_bytes()[at]);
    if points.next() == points.next() {
        return None;
    }
    let (start, end) = timing.split_once("-->")?;
    // Settings may follow the second time.
    let end = end.split_whitespace().next()?;
    let odd = (start.contains(',') && end.contains('.')) || (start.contains('.') && end.contains(','));
    odd.then(|| time::fault(timing, time::lenient))
}

fn cue<'a>(source: &Source<'a>, id: &'a str, mut payload: Range<usize>, times: Option<(i64, i64)>) -> Cue<'a> {
    while !payload.is_empty() && trimmed(source.lines()[payload.end - 1]).is_empty() {
        payload.end -= 1;
    }
    Cue {
        line: payload.start + 1,
        timing: payload.start,
        id,
        start_ms: times.map(|(start, _)| start),
        end_ms: times.map(|(_, end)| end),
        payload: Cow::Borrowed(source.slice(payload)),
    }
}

/// The indexes of cues that lost their timing line, as lines: a number after a blank line which fills the gap between
/// the index of this cue and that of the next. Their words must not become part of what another one says.
fn lost_cues(lines: &[&str], payload: Range<usize>, own: Option<Index<'_>>, next: Option<Index<'_>>) -> Vec<usize> {
    let (Some(mut last), Some(next)) = (own.map(|own| own.number), next.map(|next| next.number)) else {
        return Vec::new();
    };
    let mut lost = Vec::new();
    if last >= next.saturating_sub(1) {
        return lost;
    }
    for at in payload.start + 1..payload.end {
        let number = lines[at].trim().parse().ok().filter(|_| lines[at - 1].trim().is_empty());
        if number == Some(last + 1) && last + 1 < next {
            lost.push(at);
            last += 1;
        }
    }
    lost
}

/// A line with an arrow between what starts like times; one that speaks of an arrow is text.
pub(super) fn is_timing(line: &str) -> bool {
    let shaped = |part: &str| {
        part.trim_start().starts_with(|letter: char| letter.is_ascii_digit() || letter == '-') && part.contains(':')
    };
    let begins = time::lenient(line.trim_start()).is_some_and(|(_, rest)| rest.trim_start().starts_with("-->"));
    begins || line.split_once("-->").is_some_and(|(start, end)| shaped(start) && shaped(end))
}

/// The index in the line before the timing line `timing`: digits alone, after a blank line or in sequence. Digits
/// that were said stand next to other text.
fn index_before<'a>(lines: &[&'a str], timing: Option<usize>, from: usize, last: Option<u64>) -> Option<Index<'a>> {
    let at = timing?.checked_sub(1).filter(|at| *at >= from)?;
    let number: u64 = trimmed(lines[at]).parse().ok()?;
    let after_blank = at == from || trimmed(lines[at - 1]).is_empty();
    let in_sequence = last.is_some_and(|last| Some(number) == last.checked_add(1));
    // Directly below a timing line stands text, unless it continues the numbers of an empty cue.
    let below_timing = at == from && from > 0;
    (in_sequence || (after_blank && !below_timing)).then_some(Index { line: lines[at], number })
}
