//! HTML transcripts of podcasts: `<cite>Name:</cite>`, `<time>0:12</time>`, `<p>text</p>`, again and again.

use super::{Piece, pieces};
use crate::{
    account::{Draft, words},
    format::Format,
    formats::{Confidence, Reader, Source},
    markup, time,
};

pub(crate) const READER: Reader = Reader { name: "podcast_html", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    is_one(source.text).then_some((Confidence::Signature, "HTML with <cite>, <time> and <p>"))
}

/// Whether the text is HTML with the three elements of a podcast transcript.
pub(super) fn is_one(text: &str) -> bool {
    text.trim_start().starts_with('<')
        && text.contains("<time")
        && text.contains("<p")
        && (text.contains("<cite") || text.matches("<time").take(3).count() == 3 && !has_names(text))
        && !text.contains("<tt")
}

/// Whether there is text before each time and outside of the paragraphs: names on another kind of page, without
/// `<cite>`.
fn has_names(text: &str) -> bool {
    /// This many times are enough.
    const SHOWN: usize = 8;
    let (mut times, mut named, mut before, mut paragraph) = (0, 0, false, false);
    for (_, piece) in pieces(text) {
        match piece {
            Piece::Open { name: "time", .. } => {
                times += 1;
                named += usize::from(std::mem::take(&mut before));
                if times == SHOWN {
                    break;
                }
                paragraph = true;
            }
            Piece::Close { name: "time", .. } => paragraph = false,
            Piece::Open { name, .. } if matches!(Inside::of(name), Some(Inside::Paragraph | Inside::Hidden(_))) => {
                paragraph = true;
            }
            Piece::Close { name, .. } if Inside::of(name).is_some() => (paragraph, before) = (false, false),
            Piece::Text(text) => before |= !paragraph && text.contains(char::is_alphabetic),
            _ => {}
        }
    }
    times >= 2 && named * 3 >= times * 2
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Cite,
    Time,
    Paragraph,
    /// A script, a style sheet, a title.
    Hidden(&'static str),
    Nothing,
}

impl Inside {
    fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "cite" => Self::Cite,
            "time" => Self::Time,
            "p" => Self::Paragraph,
            "script" => Self::Hidden("a script"),
            "style" => Self::Hidden("a style sheet"),
            "title" => Self::Hidden("the title of the page"),
            _ => return None,
        })
    }
}

#[derive(Default)]
struct Reading {
    draft: Draft,
    label: Option<String>,
    start_ms: Option<i64>,
    /// The paragraph so far, and the number of its words in the file.
    text: String,
    raw: usize,
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut reading = Reading::default();
    let (mut inside, mut within) = (Inside::Nothing, false);
    for (line, piece) in pieces(source.text) {
        match piece {
            Piece::Open { raw, name, empty } => {
                reading.draft.structure(raw);
                match Inside::of(name) {
                    Some(element) if !empty => {
                        reading.close();
                        within = element == Inside::Time && inside == Inside::Paragraph;
                        inside = element;
                        if element == Inside::Cite {
                            (reading.label, reading.start_ms) = (None, None);
                        }
                    }
                    _ if name.eq_ignore_ascii_case("br") => reading.text.push(' '),
                    _ => {}
                }
            }
            Piece::Close { raw, name } => {
                reading.draft.structure(raw);
                if Inside::of(name).is_some() {
                    reading.close();
                    // A time within a paragraph splits it; the rest of the paragraph follows.
                    inside = if std::mem::take(&mut within) { Inside::Paragraph } else { Inside::Nothing };
                }
            }
            Piece::Text(text) => reading.text(line, text, inside),
            Piece::Comment(text) => reading.draft.set_aside(line, "a comment", text),
            Piece::Other(raw) => reading.draft.structure(raw),
        }
    }
    reading.close();
    (Format::PodcastHtml, reading.draft)
}

impl Reading {
    fn text(&mut self, line: usize, text: &str, inside: Inside) {
        if text.trim().is_empty() {
            if inside == Inside::Paragraph {
                self.text.push(' ');
            }
            return;
        }
        match inside {
            Inside::Paragraph => {
                self.raw += words(text);
                self.text.push_str(&markup::references(text));
            }
            Inside::Cite => {
                self.draft.structure(text);
                let name = markup::references(text.trim());
                let so_far = self.label.take().unwrap_or_default();
                self.label = Some((so_far + &name).trim().trim_end_matches(':').trim().to_owned());
            }
            Inside::Time => {
                let time = time::whole(text);
                self.draft.structure(text);
                if time.is_none() {
                    self.draft.warn(line, "a time that cannot be read; the words are kept without it");
                }
                self.draft.clock(line, time);
                self.start_ms = time;
            }
            Inside::Hidden(reason) => {
                if reason == "the title of the page" {
                    self.draft.title = Some(markup::references(text.trim()).into_owned());
                }
                self.draft.set_aside(line, reason, text);
            }
            Inside::Nothing => self.draft.set_aside(line, "text outside of any paragraph", text),
        }
    }

    /// Adds the paragraph so far. The next one of the same speaker has no time of its own.
    fn close(&mut self) {
        let text = std::mem::take(&mut self.text).split_whitespace().collect::<Vec<_>>().join(" ");
        self.draft.markup(std::mem::take(&mut self.raw), words(&text));
        if !text.is_empty() {
            self.draft.say(self.label.as_deref(), self.start_ms.take(), None, &text);
        }
    }
}
