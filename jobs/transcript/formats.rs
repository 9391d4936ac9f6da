//! The formats, in order, and the choice among them by content.

use super::{
    NotATranscript,
    account::Draft,
    document::{table, teams},
    fathom, json, meet, otter, rev, sbv, srt,
    tagged::{eaf, podcast_html, ttml, youtube_xml},
    text, textgrid, tldv,
    transcript::Format,
    webvtt, zoom_captions,
};

/// The text of a file, whole and in lines.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// All of it.
    pub(super) text: &'a str,
    pub(super) lines: Vec<&'a str>,
    /// Whether it was a Word document: then a blank line stands between paragraphs, and only there.
    pub(super) document: bool,
}

impl<'a> Source<'a> {
    /// Of a decoded text: lines end in line feeds only.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, lines: text.strip_suffix('\n').unwrap_or(text).split('\n').collect(), document: false }
    }

    /// Of the text of a Word document.
    pub(super) fn document(text: &'a str) -> Self {
        Self { document: true, ..Self::new(text) }
    }
}

/// How sure a format is that a file is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Confidence {
    /// The lines look like it.
    Shape,
    /// Only this format is written so, though nothing in the file names it.
    Telling,
    /// The file says it.
    Signature,
}

/// A format: how it is known, and how it is read.
#[derive(Debug)]
pub(super) struct Reader {
    /// For logs.
    pub(super) name: &'static str,
    /// How sure it is, and by what; none where the file is not its own. Looks at as little as it can.
    pub(super) detect: fn(&Source<'_>) -> Option<(Confidence, &'static str)>,
    /// Reads all of it; malformed parts become warnings.
    pub(super) read: fn(&Source<'_>) -> (Format, Draft),
}

/// The surest wins; among equals the first here.
const READERS: &[Reader] = &[
    webvtt::READER,
    ttml::READER,
    youtube_xml::READER,
    podcast_html::READER,
    eaf::READER,
    textgrid::READER,
    sbv::READER,
    zoom_captions::READER,
    teams::READER,
    table::READER,
    meet::READER,
    otter::READER,
    rev::READER,
    fathom::READER,
    tldv::READER,
    srt::READER,
    text::READER,
];

/// Reads a file in the format that is surest of it.
pub(super) fn read(source: &Source<'_>) -> Result<(Format, Draft), NotATranscript> {
    if json::is_json(source.text) {
        return json::read(source);
    }
    let mut best: Option<(Confidence, &'static str, &Reader)> = None;
    for reader in READERS {
        if let Some((confidence, reason)) = (reader.detect)(source)
            && best.is_none_or(|(so_far, ..)| confidence > so_far)
        {
            best = Some((confidence, reason, reader));
            // Nothing is surer, and the first counts.
            if confidence == Confidence::Signature {
                break;
            }
        }
    }
    let Some((confidence, reason, reader)) = best else { return Err(NotATranscript::NoSpeakersOrTimes) };
    tracing::debug!(target: "parse", { format.reader = reader.name, format.confidence = ?confidence, reason }, "format found");
    Ok((reader.read)(source))
}
