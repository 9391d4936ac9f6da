//! SubRip, and other cues without a header: comma or point times, missing indexes, digits as text, and the variant of
//! Teams that names nobody and leaves a blank line between times and text.

use std::{borrow::Cow, ops::Range};

use super::{
    account::Draft,
    cue_speech,
    formats::{Confidence, Reader, Source},
    rolling, second, time,
    transcript::Format,
    webvtt_cues::Cue,
};

pub(super) const READER: Reader = Reader { name: "srt", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let timed = source.lines.iter().any(|line| times(line).is_some());
    timed.then_some((Confidence::Telling, "has lines such as 00:00:01,000 --> 00:00:02,000"))
}

fn times(line: &str) -> Option<(i64, i64)> {
    // Arrows with one dash or a space in them are seen as well, but so are they in prose: only the real one counts.
    time::loose_range(line, time::lenient).map(|(start, end, _)| (start, end))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let mut cues = collect(source, &mut draft);
    let pointed = |cue: &&Cue<'_>| cue.start_ms.is_some() && source.lines[cue.timing - 1].contains('.');
    let points = cues.iter().filter(pointed).count();
    let numbered = cues.iter().filter(|cue| !cue.id.is_empty()).count();
    let apart = cues.iter().filter(|cue| cue.payload.first().is_some_and(|line| line.trim().is_empty())).count();
    rolling::set_repeats_aside(&mut cues, &mut draft);
    cue_speech::speak(&mut cues, &mut draft);
    let teams = points == cues.len() && numbered == 0 && apart * 2 > cues.len();
    if points == cues.len() && !teams {
        draft.warn(1, "the line WEBVTT, with which such a file begins, is missing; it is read all the same");
    }
    (if teams { Format::TeamsVtt } else { Format::Srt }, draft)
}

/// A timing line, by its index, and its times, where they can be read.
type Timing = (usize, Option<(i64, i64)>);

pub(super) fn collect<'a>(source: &'a Source<'a>, draft: &mut Draft) -> Vec<Cue<'a>> {
    let lines = &source.lines;
    let timing = |at: usize| {
        let times = time::has_arrow(lines[at]).then(|| times(lines[at]))?;
        (times.is_some() || is_timing(lines[at])).then_some((at, times))
    };
    let timings: Vec<Timing> = (0..lines.len()).filter_map(timing).collect();
    let mut cues = Vec::with_capacity(timings.len());
    let mut index = index_before(lines, timings.first().map(|(at, _)| *at), 0, None);
    let before = timings.first().map_or(0, |(first, _)| first - usize::from(index.is_some()));
    for (at, line) in lines[..before].iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        super::date::header_line(line, draft);
        draft.set_aside(at + 1, "text before the first cue", line);
    }
    second::warn_of_head(&lines[..before], draft);
    for (position, (timing, times)) in timings.iter().copied().enumerate() {
        let following = timings.get(position + 1).map(|(at, _)| *at);
        let own = index.take();
        let number = own.and_then(|id: &str| id.trim().parse().ok());
        index = index_before(lines, following, timing + 1, number);
        let mut end = following.map_or(lines.len(), |next| next - usize::from(index.is_some()));
        if let Some(begin) = second::begin(lines, timing + 1..end, following.is_none()) {
            second::set_aside(lines, begin..end, draft);
            end = begin;
        }
        draft.structure(own.unwrap_or(""));
        draft.structure(lines[timing]);
        if times.is_none() {
            let column = time::fault(lines[timing], time::lenient);
            draft.warn_at(timing + 1, column, "times that cannot be read; the words are kept without a time");
        } else if let Some(column) = other_point(lines[timing]) {
            draft.warn_at(timing + 1, column, "one time has a comma and the other a point; both are read");
        }
        let (mut id, mut from, mut times) = (own.map_or("", str::trim), timing + 1, times);
        for lost in lost_cues(lines, from..end, number, index) {
            cues.push(cue(lines, id, from..lost, times));
            draft.structure(lines[lost]);
            draft.warn(lost + 1, "a cue without times; its words are kept without a time");
            (id, from, times) = (lines[lost].trim(), lost + 1, None);
        }
        cues.push(cue(lines, id, from..end, times));
    }
    let empty = |cue: &&Cue<'_>| cue.payload.iter().all(|line| line.trim().is_empty());
    draft.empty_cues(cues.iter().filter(empty).map(|cue| cue.timing));
    cues
}

/// The column of the second time, where it has a point and the first a comma, or the other way round.
fn other_point(timing: &str) -> Option<usize> {
    let (start, end) = timing.split_once("-->")?;
    // Settings may follow the second time.
    let end = end.split_whitespace().next()?;
    let odd = (start.contains(',') && end.contains('.')) || (start.contains('.') && end.contains(','));
    odd.then(|| time::fault(timing, time::lenient))
}

fn cue<'a>(lines: &'a [&'a str], id: &'a str, payload: Range<usize>, times: Option<(i64, i64)>) -> Cue<'a> {
    Cue {
        line: payload.start + 1,
        timing: payload.start,
        id,
        speaker: None,
        start_ms: times.map(|(start, _)| start),
        end_ms: times.map(|(_, end)| end),
        payload: Cow::Borrowed(&lines[payload]),
    }
}

/// The indexes of cues that lost their timing line, as lines: a number after a blank line which fills the gap between
/// the index of this cue and that of the next. Their words must not become part of what another one says.
fn lost_cues(lines: &[&str], payload: Range<usize>, own: Option<u64>, next: Option<&str>) -> Vec<usize> {
    let next: Option<u64> = next.and_then(|next| next.trim().parse().ok());
    let (Some(mut last), Some(next)) = (own, next) else { return Vec::new() };
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
fn index_before<'a>(lines: &[&'a str], timing: Option<usize>, from: usize, last: Option<u64>) -> Option<&'a str> {
    let at = timing?.checked_sub(1).filter(|at| *at >= from)?;
    let number: u64 = lines[at].trim().parse().ok()?;
    let after_blank = at == from || lines[at - 1].trim().is_empty();
    let in_sequence = last.is_some_and(|last| Some(number) == last.checked_add(1));
    // Directly below a timing line stands text, unless it continues the numbers of an empty cue.
    let below_timing = at == from && from > 0;
    (in_sequence || (after_blank && !below_timing)).then_some(lines[at])
}
