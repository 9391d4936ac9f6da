//! WebVTT, and the conventions of Zoom and Teams for naming speakers.

use super::{
    account::Draft,
    cue_notes,
    cue_speech::{self, Convention},
    format::Format,
    formats::{Confidence, Line, Lines, Reader, Source},
    live,
    time::{self, Time},
    webex,
    webvtt_cues::{self, Cues},
};

pub(super) const READER: Reader = Reader { name: "webvtt", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let first = Lines::of(source.text).find(|line| !line.text.trim().is_empty())?.text.trim_start();
    let rest = first.strip_prefix("WEBVTT")?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some((Confidence::Signature, "begins with WEBVTT"))
}

/// Teams is recognisable in every cue, so this many lines are enough.
const LINES: usize = 1000;

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let is_of_teams = |line: Line<'_>| line.text.starts_with("<v ") || cue_speech::guid(line.text).is_some();
    let teams = Lines::of(source.text).take(LINES).any(is_of_teams);
    let otherwise = if teams { unpadded_times(source) } else { time::of_cue };
    let Cues { all: mut cues, odd, notes } = webvtt_cues::collect(source, Some(otherwise), &mut draft);
    draft.numbers = odd.len() == cues.len() && !odd.iter().any(|line| line.text.contains(':'));
    if !teams {
        warn_of_times(&odd, &mut draft);
    }
    cue_notes::name_cues(&mut cues, &notes, &mut draft);
    let shown = live::read_once(&mut cues, &mut draft);
    let format = match cue_speech::speak(&mut cues, webex::speaker, shown, &mut draft) {
        Convention::Guids => Format::TeamsVtt,
        Convention::NumberedPrefixes => Format::ZoomVtt,
        Convention::Brackets => Format::MeetCaptions,
        Convention::Beside => Format::WebexVtt,
        Convention::Other if shown.times_inside => Format::YouTubeVtt,
        Convention::Other if teams && !odd.is_empty() => Format::TeamsVtt,
        Convention::Other => Format::WebVtt,
    };
    (format, draft)
}

/// Whether the line has times such as `0:0:1.38`, which WebVTT's rule doesn't accept.
fn is_unpadded(line: &str) -> bool {
    time::may_begin(line)
        && time::has_arrow(line)
        && time::range(line, time::strict).is_none()
        && time::loose_range(line, time::lenient).is_some()
}

/// Warns, once, about times that WebVTT doesn't allow, such as SRT's.
fn warn_of_times(odd: &[Line<'_>], draft: &mut Draft) {
    let Some(first) = odd.first() else { return };
    let message = format!("times that WebVTT does not allow, {} in all; they are read all the same", odd.len());
    draft.warn_at(first.number, time::fault(first.text, time::strict), message);
}

/// Older Teams files have times such as `0:0:1.380`. A trailing zero shows that zeros aren't trimmed, so fewer digits,
/// as in `0:0:3.70`, are milliseconds; in a file without one they are a fraction of a second.
fn unpadded_times(source: &Source<'_>) -> Time {
    let whole_millis = |Line { text: line, .. }: Line<'_>| {
        let ends_in_zero = |time: &str| {
            let fraction = time.trim().rsplit_once('.').map_or("", |(_, fraction)| fraction);
            fraction.len() == 3 && fraction.ends_with('0')
        };
        is_unpadded(line) && line.split("-->").any(ends_in_zero)
    };
    if Lines::of(source.text).any(whole_millis) { time::lenient_millis } else { time::of_cue }
}
