//! The supported formats, in order of precedence, and the choice among them by content.

use std::{cell::OnceCell, ops::Range};

use super::{
    NotATranscript,
    account::Draft,
    cut, delimited,
    document::{table, teams},
    fathom,
    format::Format,
    json, meet, other_texts, otter, rev, sbv, seen, srt,
    tagged::{eaf, podcast_html, ttml, youtube_xml},
    teams_metadata, text, textgrid, tldv,
    transcript::{Detection, RunnerUp},
    webvtt, zoom_captions,
};

/// The text of a file, as a whole and in lines.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// The whole text.
    pub(super) text: &'a str,
    /// Its lines, computed on first use.
    lines: OnceCell<Vec<&'a str>>,
    /// Whether it was a Word document: a blank line then separates paragraphs, and occurs nowhere else.
    pub(super) document: bool,
    /// How it would mark speakers and times if it were plain text: computed on first use.
    pub(super) layout: OnceCell<text::Layout>,
}

impl<'a> Source<'a> {
    /// For decoded text, in which all line breaks are line feeds.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, lines: OnceCell::new(), document: false, layout: OnceCell::new() }
    }

    /// The lines, without an empty last one.
    pub(super) fn lines(&self) -> &[&'a str] {
        self.lines.get_or_init(|| Lines::of(self.text).map(|line| line.text).collect())
    }

    /// The lines of an index range, as they are in the text.
    pub(super) fn slice(&self, lines: Range<usize>) -> &'a str {
        match self.lines()[lines] {
            [] => "",
            [line] => line,
            // Every line is a slice of the text.
            [first, .., last] => {
                let begin = first.as_ptr().addr() - self.text.as_ptr().addr();
                let end = last.as_ptr().addr() - self.text.as_ptr().addr() + last.len();
                &self.text[begin..end]
            }
        }
    }

    /// For the text of a Word document.
    pub(super) fn document(text: &'a str) -> Self {
        Self { document: true, ..Self::new(text) }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// The line number, from 1.
    pub(super) number: usize,
    /// Where it begins in the text, in bytes.
    pub(super) begin: usize,
}

/// Iterates over the lines of a text.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    /// Where the next line begins; beyond the text if none is left.
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text: text.strip_suffix('\n').unwrap_or(text), at: 0, number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let rest = self.text.get(self.at..).filter(|_| !cut::is_asked())?;
        let end = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let line = Line { text: &rest[..end], number: self.number + 1, begin: self.at };
        (self.at, self.number) = (self.at + end + 1, line.number);
        Some(line)
    }
}

/// How certain a format is that a file is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Confidence {
    /// The lines look like it.
    Shape,
    /// Only this format is written like that, though nothing in the file names it.
    Telling,
    /// The file says so.
    Signature,
}

/// A format: how it's detected and read.
#[derive(Debug)]
pub(super) struct Reader {
    /// The name stored if it comes second.
    pub(super) name: &'static str,
    /// How certain it is, and why; `None` if the file isn't its own. Examines as little as possible.
    pub(super) detect: fn(&Source<'_>) -> Option<(Confidence, &'static str)>,
    /// Reads the whole file; malformed parts become warnings.
    pub(super) read: fn(&Source<'_>) -> (Format, Draft),
}

/// The most certain one wins; among equals the first here.
const READERS: &[Reader] = &[
    teams_metadata::READER,
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
    delimited::READER,
    srt::READER,
    text::READER,
];

/// The beginning of a file, in bytes, mostly shows its format, and the rest needn't be searched. The second-best format
/// is only determined here: it's informative, and must not cost time.
const HEAD: usize = 1 << 14;

/// Reads a file in the format that is most certain.
pub(super) fn read(source: &Source<'_>) -> Result<(Format, Draft), NotATranscript> {
    if json::is_json(source.text) { json::read(source) } else { read_text(source) }
}

/// Reads a file that isn't JSON.
pub(super) fn read_text(source: &Source<'_>) -> Result<(Format, Draft), NotATranscript> {
    let head = &source.text[..source.text.floor_char_boundary(HEAD)];
    let head = Source { document: source.document, ..Source::new(head) };
    let by_head = surest(&head, None).filter(|(confidence, ..)| *confidence > Confidence::Shape);
    let Some((confidence, reason, reader)) = by_head.or_else(|| surest(source, None)) else {
        return Err(match delimited::seen(source.text) {
            Some(seen) => NotATranscript::OtherNotation(seen),
            None => NotATranscript::NoSpeakersOrTimes(seen::of_text(source)),
        });
    };
    // Commas between cells aren't speech, whatever the cells look like.
    if reader.name == text::READER.name
        && let Some(seen) = delimited::seen(source.text)
    {
        return Err(NotATranscript::OtherNotation(seen));
    }
    if reader.name == text::READER.name && other_texts::is_code(source.text) {
        return Err(NotATranscript::OtherNotation("code, or a text with code in it".to_owned()));
    }
    let second = surest(&head, Some(reader.name));
    let runner_up =
        second.map(|(_, reason, reader)| RunnerUp { format: reader.name.to_owned(), reason: reason.to_owned() });
    tracing::debug!(target: "parse", { format.reader = reader.name, format.confidence = ?confidence, reason }, "format found");
    let (format, mut draft) = (reader.read)(source);
    draft.detected = Detection { reason: reason.to_owned(), runner_up };
    Ok((format, draft))
}

/// The most certain reader, except `but`.
fn surest(source: &Source<'_>, but: Option<&str>) -> Option<(Confidence, &'static str, &'static Reader)> {
    let mut best: Option<(Confidence, &'static str, &Reader)> = None;
    for reader in READERS.iter().filter(|reader| Some(reader.name) != but) {
        // Plain text comes last and is never more certain than the shape of its lines, which takes the longest to
        // check.
        if reader.name == text::READER.name && best.is_some() {
            break;
        }
        if let Some((confidence, reason)) = (reader.detect)(source)
            && best.is_none_or(|(so_far, ..)| confidence > so_far)
        {
            best = Some((confidence, reason, reader));
            // Nothing is more certain, and the first one counts.
            if confidence == Confidence::Signature {
                break;
            }
        }
    }
    best
}
