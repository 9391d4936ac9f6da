//! A Teams meeting's transcript with metadata, as returned by Microsoft Graph: captions whose payload is JSON, with
//! `speakerName` and `spokenText`.

use serde::Deserialize;

use super::{
    account::{Draft, spaced, words},
    format::Format,
    formats::{Confidence, Reader, Source},
    time,
};

pub(super) const READER: Reader = Reader { name: "teams_metadata", detect, read };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    #[serde(borrow)]
    speaker_name: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    spoken_text: std::borrow::Cow<'a, str>,
}

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let captions = source.text.starts_with("WEBVTT") || time::has_arrow(source.lines().first()?);
    let spoken = |line: &&str| line.starts_with('{') && line.contains("\"spokenText\"");
    (captions && source.lines().iter().take(40).any(|line| spoken(&line.trim())))
        .then_some((Confidence::Signature, "captions whose payload is JSON with spokenText"))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let mut times = (None, None);
    for (number, line) in (1..).zip(source.lines()) {
        if let Some((start, end, rest)) = time::range(line, time::lenient) {
            times = (Some(start), Some(end));
            draft.structure(line);
            if !rest.trim().is_empty() {
                draft.warn(number, "settings after the times of a cue; they are not used");
            }
        } else if line.trim_start().starts_with('{') {
            match serde_json::from_str::<Payload<'_>>(line.trim()) {
                Ok(payload) => {
                    let text = spaced(&payload.spoken_text);
                    draft.markup(words(line), words(&text));
                    draft.clock(number, times.0);
                    let end = draft.end(number, times.0, times.1);
                    draft.say(payload.speaker_name.as_deref(), times.0, end, &text);
                }
                Err(_) => {
                    draft.warn(number, "a payload that isn't valid JSON; its words are set aside");
                    draft.set_aside(number, "a payload that cannot be read", line);
                }
            }
            times = (None, None);
        } else {
            draft.structure(line);
        }
    }
    (Format::TeamsVtt, draft)
}
