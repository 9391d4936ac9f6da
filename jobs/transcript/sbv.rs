//! SBV, YouTube's and Meet's captions: `0:00:00.378,0:00:11.378`, then lines of text.

use std::borrow::Cow;

use super::{
    account::Draft,
    cue_speech::{self, Convention},
    format::Format,
    formats::{Confidence, Reader, Source},
    live, time,
    webvtt_cues::Cue,
};

pub(super) const READER: Reader = Reader { name: "sbv", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let timed = source.lines().iter().any(|line| times(line).is_some());
    timed.then_some((Confidence::Telling, "has lines such as 0:00:01.000,0:00:02.000"))
}

/// The two times of a timing line; they are separated by a comma, so the fraction has a decimal point.
fn times(line: &str) -> Option<(i64, i64)> {
    // Most lines are text, which is quick to check.
    if !line.trim_start().starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let (start, end) = line.split_once(',')?;
    let hours = |time: &str| time.matches(':').count() == 2 && !time.contains(',');
    (hours(start) && hours(end)).then(|| Some((time::whole(start)?, time::whole(end)?))).flatten()
}

/// Whether it's a timing line, though its times may be damaged.
fn is_timing(line: &str) -> bool {
    let shaped = |part: &str| {
        let part = part.trim();
        part.len() <= 20
            && part.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-')
            && part.matches(':').count() >= 1
            && !part.contains(char::is_whitespace)
    };
    line.split_once(',').is_some_and(|(start, end)| shaped(start) && shaped(end))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let mut cues = collect(source, &mut draft);
    let shown = live::read_once(&mut cues, &mut draft);
    match cue_speech::speak(&mut cues, |_| None, shown, &mut draft) {
        Convention::Brackets => (Format::MeetCaptions, draft),
        _ => (Format::Sbv, draft),
    }
}

pub(super) fn collect<'a>(source: &Source<'a>, draft: &mut Draft) -> Vec<Cue<'a>> {
    let mut cues: Vec<Cue<'a>> = Vec::new();
    let mut after_blank = false;
    for (at, line) in source.lines().iter().copied().enumerate() {
        if line.trim().is_empty() {
            after_blank = true;
            continue;
        }
        if is_timing(line) {
            draft.structure(line);
            let times = times(line);
            if times.is_none() {
                let column = time::fault(line, time::lenient);
                draft.warn_at(at + 1, column, "times that cannot be read; the words are kept without a time");
            }
            cues.push(cue(at + 2, times));
        } else if cues.is_empty() {
            super::date::header_line(line, draft);
            draft.set_aside(at + 1, "text before the first cue", line);
        } else if let Some(last) = cues.last_mut() {
            // A blank line ends a cue; what follows without times is a cue that lost them, unless the payload was
            // empty.
            if after_blank && !last.payload.is_empty() {
                draft.warn(at + 1, "a cue without times; its words are kept without a time");
                cues.push(cue(at + 1, None));
            } else if last.payload.is_empty() {
                last.line = at + 1;
            }
            // The lines of a payload are contiguous: what follows a blank line belongs to another one.
            if let Some(last) = cues.last_mut() {
                last.payload = Cow::Borrowed(source.slice(last.line - 1..at + 1));
            }
        }
        after_blank = false;
    }
    draft.empty_cues(cues.iter().filter(|cue| cue.payload.is_empty()).map(|cue| cue.timing));
    cues
}

fn cue<'a>(line: usize, times: Option<(i64, i64)>) -> Cue<'a> {
    let (start_ms, end_ms) = (times.map(|(start, _)| start), times.map(|(_, end)| end));
    Cue { line, timing: line - 1, id: "", start_ms, end_ms, payload: Cow::Borrowed("") }
}
