//! Captions saved by a participant of a Zoom meeting: `[Name] HH:MM:SS`, the time of day, and the text below.

use super::{
    account::Draft,
    clock::{Clock, DAY, TIMES_OF_DAY},
    format::Format,
    formats::{Confidence, Reader, Source},
    live, time,
};

pub(super) const READER: Reader = Reader { name: "zoom_captions", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let headed = source.lines().iter().filter(|line| heading(line).is_some()).count();
    if headed == 0 {
        return None;
    }
    let filled = source.lines().iter().filter(|line| !line.trim().is_empty()).count();
    (headed * 5 >= filled).then_some((Confidence::Telling, "has lines such as [Name] 09:30:12"))
}

/// The name and the time of day, in milliseconds, in a heading.
fn heading(line: &str) -> Option<(&str, i64)> {
    let (name, clock) = line.trim_start().strip_prefix('[')?.rsplit_once(']')?;
    let clock = clock.trim();
    let shaped = clock.len() == 8 && clock.bytes().filter(|byte| *byte == b':').count() == 2;
    let time = time::whole(clock).filter(|time| shaped && *time < DAY)?;
    (!name.trim().is_empty() && time::whole(name).is_none()).then(|| (name.trim(), time))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let mut clock = Clock::default();
    let mut turn: Option<(&str, i64, String)> = None;
    let (mut places, mut heading_at) = (Vec::new(), 0);
    for (at, line) in source.lines().iter().enumerate() {
        if let Some((name, time)) = heading(line) {
            if let Some((name, start, text)) = turn.take() {
                draft.say(Some(name), Some(start), None, &text);
                places.resize(draft.utterances.len(), heading_at);
            }
            heading_at = at + 1;
            draft.structure(line);
            turn = Some((name, clock.since_first(time), String::new()));
        } else if let Some((.., text)) = &mut turn {
            text.push(' ');
            text.push_str(line.trim());
        } else if !line.trim().is_empty() {
            super::date::header_line(line, &mut draft);
            draft.set_aside(at + 1, "text before the first speaker", line);
        }
    }
    if let Some((name, start, text)) = turn {
        draft.say(Some(name), Some(start), None, &text);
        places.resize(draft.utterances.len(), heading_at);
    }
    for utterance in &mut draft.utterances {
        utterance.text = utterance.text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    live::keep_last_said(&mut draft, &places);
    draft.warn(0, TIMES_OF_DAY);
    (Format::ZoomCaptions, draft)
}
