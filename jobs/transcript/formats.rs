//! The formats, in order, and the choice among them by content.

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

/// The text of a file, whole and in lines.
#[derive(Debug)]
pub(super) struct Source<'a> {
    /// All of it.
    pub(super) text: &'a str,
    /// Its lines, once somebody asks for them.
    lines: OnceCell<Vec<&'a str>>,
    /// Whether it was a Word document: then a blank line stands between paragraphs, and only there.
    pub(super) document: bool,
    /// How it marks who speaks and when, were it plain text: worked out once, when it is first asked for.
    pub(super) layout: OnceCell<text::Layout>,
}

impl<'a> Source<'a> {
    /// Of a decoded text: lines end in line feeds only.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, lines: OnceCell::new(), document: false, layout: OnceCell::new() }
    }

    /// The lines; one that is empty at the end is none.
    pub(super) fn lines(&self) -> &[&'a str] {
        self.lines.get_or_init(|| Lines::of(self.text).map(|line| line.text).collect())
    }

    /// So many lines, by their indexes, as they stand in the text.
    pub(super) fn slice(&self, lines: Range<usize>) -> &'a str {
        match self.lines()[lines] {
            [] => "",
            [line] => line,
            // Every line lies in the text.
            [first, .., last] => {
                let begin = first.as_ptr().addr() - self.text.as_ptr().addr();
                let end = last.as_ptr().addr() - self.text.as_ptr().addr() + last.len();
                &self.text[begin..end]
            }
        }
    }

    /// Of the text of a Word document.
    pub(super) fn document(text: &'a str) -> Self {
        Self { document: true, ..Self::new(text) }
    }
}

/// A line, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// From 1.
    pub(super) number: usize,
    /// Where it begins in the text, in bytes.
    pub(super) begin: usize,
}

/// The lines of a text, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    /// Where the next line begins; past the text where none is left.
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
    /// As stored where it comes second.
    pub(super) name: &'static str,
    /// How sure it is, and by what; none where the file is not its own. Looks at as little as it can.
    pub(super) detect: fn(&Source<'_>) -> Option<(Confidence, &'static str)>,
    /// Reads all of it; malformed parts become warnings.
    pub(super) read: fn(&Source<'_>) -> (Format, Draft),
}

/// The surest wins; among equals the first here.
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

/// So much of a file, in bytes, mostly shows what it is, and need not be looked for in the rest. What comes second is
/// looked for nowhere else: it is for a person to read, and must not cost time.
const HEAD: usize = 1 << 14;

/// Reads a file in the format that is surest of it.
pub(super) fn read(source: &Source<'_>) -> Result<(Format, Draft), NotATranscript> {
    if json::is_json(source.text) { json::read(source) } else { read_text(source) }
}

/// Reads what is no JSON.
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
    // Commas between cells are no speech, however the cells look.
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

/// The reader that is surest, but for one.
fn surest(source: &Source<'_>, but: Option<&str>) -> Option<(Confidence, &'static str, &'static Reader)> {
    let mut best: Option<(Confidence, &'static str, &Reader)> = None;
    for reader in READERS.iter().filter(|reader| Some(reader.name) != but) {
        // Plain text comes last and is never surer than the shape of its lines, which takes the longest to look at.
        if reader.name == text::READER.name && best.is_some() {
            break;
        }
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
    best
}
