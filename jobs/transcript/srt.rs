//! SubRip, and other cues without a header: with commas or decimal points in times, missing indexes, digits as text,
//! and Teams' variant without names and with a blank line between times and text.

use std::borrow::Cow;

use super::{
    account::{Draft, trimmed},
    cue_speech,
    format::Format,
    formats::{Confidence, Line, Lines, Reader, Source},
    live, second, time,
    webvtt_cues::Cue,
};

pub(super) const READER: Reader = Reader { name: "srt", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let mut timed = source.lines().iter().filter(|line| time::may_begin(line) && times(line).is_some());
    // A single line such as `10 --> 20` may be anything.
    let first = timed.next()?;
    (first.contains([':', '.', ',']) || timed.next().is_some())
        .then_some((Confidence::Telling, "has lines such as 00:00:01,000 --> 00:00:02,000"))
}

fn times(line: &str) -> Option<(i64, i64)> {
    // Arrows with one dash or a space are recognised as well, but they also occur in prose: only the real one counts.
    time::loose_range(line, time::of_cue).map(|(start, end, _)| (start, end))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let mut cues = collect(source, &mut draft);
    let mut times = Lines::of(source.text).filter(|line| timing(line.text).is_some());
    let points = times.all(|line| line.text.contains('.')) && cues.iter().all(|cue| cue.start_ms.is_some());
    draft.numbers = !Lines::of(source.text).any(|line| timing(line.text).is_some() && line.text.contains(':'));
    let apart = |cue: &&Cue<'_>| cue.payload.split('\n').next().is_some_and(|line| line.trim().is_empty());
    let teams =
        points && cues.iter().all(|cue| cue.id.is_empty()) && cues.iter().filter(apart).count() * 2 > cues.len();
    let shown = live::read_once(&mut cues, &mut draft);
    cue_speech::speak(&mut cues, |_| None, shown, &mut draft);
    if points && !teams {
        draft.warn(1, "the line WEBVTT, which should begin the file, is missing; the file is read anyway");
    }
    (if teams { Format::TeamsVtt } else { Format::Srt }, draft)
}

/// `1:-->1:`
const SHORTEST: usize = 7;

/// The times of a timing line, if readable; `None` for any other line.
fn timing(line: &str) -> Option<Option<(i64, i64)>> {
    let may_be = line.len() >= SHORTEST && time::may_begin(line);
    let times = may_be.then(|| times(line))?;
    (times.is_some() || (time::has_arrow(line) && is_timing(line))).then_some(times)
}

/// What precedes the words of a cue.
#[derive(Clone, Copy)]
struct Head<'a> {
    /// The line with the index, and the index.
    index: Option<(Line<'a>, u64)>,
    timing: Line<'a>,
    times: Option<(i64, i64)>,
}

impl Head<'_> {
    fn first(&self) -> Line<'_> {
        self.index.map_or(self.timing, |(line, _)| line)
    }
    fn number(&self) -> Option<u64> {
        self.index.map(|(_, number)| number)
    }
}

/// The next head after `above`; its index is recognised by its context.
fn next_head<'a>(lines: &mut Lines<'a>, above: Option<&Head<'a>>) -> Option<Head<'a>> {
    let (mut one_up, mut two_up): (Option<Line<'a>>, Option<Line<'a>>) = (None, None);
    for line in lines {
        if let Some(times) = timing(line.text) {
            let number = one_up.and_then(|line| Some((line, trimmed(line.text).parse().ok()?)));
            let named = one_up.and_then(|line| Some((line, number_of_name(trimmed(line.text))?)));
            let after_blank = two_up.is_none_or(|line| trimmed(line.text).is_empty());
            // Text directly follows a timing line, unless the line continues the indexes after an empty cue.
            let below_timing = two_up.is_none() && above.is_some();
            let next = above.and_then(Head::number).and_then(|last| last.checked_add(1));
            // Spoken digits are next to other text.
            let is_index = |number: u64| Some(number) == next || (after_blank && !below_timing);
            // An index followed by a name is where the index alone would be: "2 Maya".
            let is_named = |number: u64| after_blank && !below_timing && number == next.unwrap_or(1);
            let index = number.filter(|(_, number)| is_index(*number));
            let index = index.or_else(|| named.filter(|(_, number)| is_named(*number)));
            return Some(Head { index, timing: line, times });
        }
        (two_up, one_up) = (one_up, Some(line));
    }
    None
}

fn number_of_name(line: &str) -> Option<u64> {
    let name = line.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let parted = name.starts_with([' ', '.', ':', '-', '–', '|', '#', '\t']);
    (parted && name.contains(char::is_alphabetic)).then(|| line[..line.len() - name.len()].parse().ok()).flatten()
}

/// The cues of a file; what precedes them is set aside.
pub(super) fn collect<'a>(source: &Source<'a>, draft: &mut Draft) -> Vec<Cue<'a>> {
    let (mut cues, mut empty) = (Vec::new(), Vec::new());
    let mut lines = Lines::of(source.text);
    let mut next = next_head(&mut lines, None);
    if let Some(first) = &next {
        above_all(&source.text[..first.first().begin], draft);
    }
    while let Some(head) = next {
        next = next_head(&mut lines, Some(&head));
        draft.structure(head.index.map_or("", |(line, _)| line.text));
        draft.structure(head.timing.text);
        if head.times.is_none() {
            let column = time::fault(head.timing.text, time::lenient);
            let message = "times that cannot be read; the words are kept without a time";
            draft.warn_at(head.timing.number, column, message);
        } else if let Some(column) = other_point(head.timing.text) {
            let message = "one time has a comma and the other a point; both are read";
            draft.warn_at(head.timing.number, column, message);
        }
        let end = next.as_ref().map_or(source.text.len(), |next| next.first().begin);
        let words = source.text.get(head.timing.begin + head.timing.text.len() + 1..end).unwrap_or("");
        let before = cues.len();
        let filled = words.trim_end().len();
        if is_parted(&words[..filled]) {
            parted(words, &head, next.as_ref(), &mut cues, draft);
        } else {
            cues.push(cue(&head, whole_lines(words, filled)));
        }
        empty.extend(cues[before..].iter().filter(|cue| cue.payload.is_empty()).map(|cue| cue.timing));
    }
    draft.empty_cues(empty.into_iter());
    cues
}

/// Sets aside what precedes the first cue.
fn above_all(text: &str, draft: &mut Draft) {
    let lines: Vec<&str> = Lines::of(text).map(|line| line.text).collect();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        super::date::header_line(line, draft);
        draft.set_aside(at + 1, "text before the first cue", line);
    }
    second::warn_of_head(&lines, draft);
}

fn cue<'a>(head: &Head<'a>, words: &'a str) -> Cue<'a> {
    let (timing, id) = (head.timing.number, head.index.map_or("", |(line, _)| trimmed(line.text)));
    let (start_ms, end_ms) = (head.times.map(|(start, _)| start), head.times.map(|(_, end)| end));
    Cue { line: timing + 1, timing, id, start_ms, end_ms, payload: Cow::Borrowed(words) }
}

/// Lines without trailing blank ones.
fn without_blank_end(lines: &str) -> &str {
    whole_lines(lines, lines.trim_end().len())
}

/// The first lines, up to the one in which the first `filled` bytes end; empty if there are none.
fn whole_lines(lines: &str, filled: usize) -> &str {
    let rest = &lines.as_bytes()[filled..];
    let end = if filled == 0 { 0 } else { rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()) };
    &lines[..filled + end]
}

/// Whether the text after a timing line may start with or contain a blank line.
fn is_parted(words: &str) -> bool {
    let words = words.as_bytes();
    let begins = |at: usize| words.get(at).is_some_and(u8::is_ascii_graphic);
    !words.is_empty() && (!begins(0) || memchr::memchr_iter(b'\n', words).any(|at| !begins(at + 1)))
}

/// Adds the cues of text with blank lines: it may contain another transcript, or a cue that lost its times.
fn parted<'a>(words: &'a str, head: &Head<'a>, next: Option<&Head<'a>>, cues: &mut Vec<Cue<'a>>, draft: &mut Draft) {
    let mut lines: Vec<Line<'a>> = Lines::of(words).collect();
    let number = |at: usize| head.timing.number + 1 + at;
    let texts: Vec<&str> = lines.iter().map(|line| line.text).collect();
    let mut end = words.len();
    if let Some(begin) = second::begin(&texts, next.is_none()) {
        second::set_aside(&texts[begin..], number(begin), draft);
        end = lines[begin].begin;
        lines.truncate(begin);
    }
    let (mut cue, mut from) = (cue(head, ""), 0);
    for at in lost_cues(&lines, head.number(), next.and_then(Head::number)) {
        let lost = lines[at];
        draft.structure(lost.text);
        draft.warn(number(at), "a cue without times; its words are kept without a time");
        let payload = Cow::Borrowed(without_blank_end(&words[from..lost.begin]));
        from = (lost.begin + lost.text.len() + 1).min(end);
        let next = Cue {
            line: number(at) + 1,
            timing: number(at),
            id: lost.text.trim(),
            start_ms: None,
            end_ms: None,
            ..cue.clone()
        };
        cues.push(Cue { payload, ..std::mem::replace(&mut cue, next) });
    }
    cues.push(Cue { payload: Cow::Borrowed(without_blank_end(&words[from..end])), ..cue });
}

/// The column of the second time, if it has a decimal point and the first a comma, or vice versa.
fn other_point(timing: &str) -> Option<usize> {
    // Nearly all are written `00:00:01,000 --> 00:00:02,000`, which is quick to check.
    let bytes = timing.as_bytes();
    if bytes.len() == 29 && matches!(bytes[8], b',' | b'.') && bytes[8] == bytes[25] {
        return None;
    }
    let (start, end) = timing.split_once("-->")?;
    // Settings may follow the second time.
    let end = end.split_whitespace().next()?;
    let odd = (start.contains(',') && end.contains('.')) || (start.contains('.') && end.contains(','));
    odd.then(|| time::fault(timing, time::lenient))
}

/// Where cues without times begin: an index after a blank line that is between the index of this cue and that of the
/// next. Their words must not be added to someone else's.
fn lost_cues(lines: &[Line<'_>], own: Option<u64>, next: Option<u64>) -> Vec<usize> {
    let mut lost = Vec::new();
    let (Some(mut last), Some(next)) = (own, next) else { return lost };
    if last >= next.saturating_sub(1) {
        return lost;
    }
    for at in 1..lines.len() {
        let number = lines[at].text.trim().parse().ok().filter(|_| lines[at - 1].text.trim().is_empty());
        if number == Some(last + 1) && last + 1 < next {
            lost.push(at);
            last += 1;
        }
    }
    lost
}

/// Whether it's a line with an arrow between what look like times; a line that mentions an arrow is text.
pub(super) fn is_timing(line: &str) -> bool {
    let shaped = |part: &str| {
        part.trim_start().starts_with(|letter: char| letter.is_ascii_digit() || letter == '-') && part.contains(':')
    };
    let begins = time::lenient(line.trim_start()).is_some_and(|(_, rest)| rest.trim_start().starts_with("-->"));
    begins || line.split_once("-->").is_some_and(|(start, end)| shaped(start) && shaped(end))
}
