//! WebVTT, and the conventions by which Zoom and Teams say who speaks.

use super::{
    account::Draft,
    cue_speech::{self, Convention},
    formats::{Confidence, Reader, Source},
    transcript::Format,
    webvtt_cues,
};

pub(super) const READER: Reader = Reader { name: "webvtt", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let first = source.lines.iter().find(|line| !line.trim().is_empty())?.trim_start();
    let rest = first.strip_prefix("WEBVTT")?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some((Confidence::Signature, "begins with WEBVTT"))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let teams = source.lines.iter().any(|line| line.starts_with("<v ") || cue_speech::guid(line).is_some());
    let cues = webvtt_cues::collect(source, teams, &mut draft);
    let format = match cue_speech::speak(&cues, &mut draft) {
        Convention::Guids => Format::TeamsVtt,
        Convention::NumberedPrefixes => Format::ZoomVtt,
        Convention::Other => Format::WebVtt,
    };
    (format, draft)
}
