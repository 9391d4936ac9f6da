//! Otter's text export: `Name  1:02` with the text below, and at the end `Transcribed by https://otter.ai`. Elsewhere
//! the same words are speech: Whisper is known to produce them from silence.

use super::{
    account::Draft,
    format::Format,
    formats::{Confidence, Reader, Source},
    text,
};

pub(super) const READER: Reader = Reader { name: "otter", detect, read };

const FOOTER: &str = "transcribed by https://otter.ai";

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let last = source.lines().iter().rev().find(|line| !line.trim().is_empty())?;
    (last.trim().to_lowercase().starts_with(FOOTER) && text::evidence(source).is_some())
        .then_some((Confidence::Signature, "ends with Transcribed by https://otter.ai"))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    (Format::Otter, text::read_but(source, |_| None))
}
