//! YouTube's caption tracks as XML: `<text start="0.5" dur="1.2">` in seconds, or `<p t="500" d="1200">` in
//! milliseconds, with doubly escaped character references (`&amp;#39;`).

use std::borrow::Cow;

use super::{Piece, attribute, pieces, root, ttml::millis};
use crate::{
    account::{Draft, words},
    cue_speech,
    format::Format,
    formats::{Confidence, Reader, Source},
    live, markup,
    webvtt_cues::Cue,
};

pub(crate) const READER: Reader = Reader { name: "youtube_xml", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    match root(source.text)? {
        "transcript" if has_captions(source.text) => Some((Confidence::Signature, "the first element is <transcript>")),
        "timedtext" => Some((Confidence::Signature, "the first element is <timedtext>")),
        _ => None,
    }
}

/// Whether the first child elements are captions; other tools use the same root element.
pub(super) fn has_captions(text: &str) -> bool {
    let opened = pieces(text).filter_map(|(_, piece)| match piece {
        Piece::Open { raw, name, .. } => Some((raw, name)),
        _ => None,
    });
    let mut within = opened.take(20).skip_while(|(_, name)| *name != "transcript").skip(1).peekable();
    // A truncated file can't tell.
    within.peek().is_none()
        || within.any(|(raw, name)| {
            name == "text" && attribute(raw, "start").is_some() && attribute(raw, "speaker").is_none() || name == "p"
        })
}

struct Stretch {
    line: usize,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    /// As in the file, without tags; and its number of words, which tags separate.
    raw: String,
    words: usize,
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let mut said: Vec<Stretch> = Vec::new();
    let mut open = false;
    for (line, piece) in pieces(source.text) {
        match piece {
            Piece::Open { raw, name: "text" | "p", empty } => {
                draft.structure(raw);
                open = !empty;
                if open {
                    said.push(stretch(line, raw, &mut draft));
                }
            }
            Piece::Close { raw, name } => {
                draft.structure(raw);
                open &= !matches!(name, "text" | "p");
            }
            Piece::Text(text) => match said.last_mut().filter(|_| open) {
                Some(stretch) => {
                    stretch.words += words(text);
                    stretch.raw.push_str(text);
                }
                None if text.trim().is_empty() => {}
                None => draft.set_aside(line, "text outside of any caption", text),
            },
            Piece::Comment(text) => draft.set_aside(line, "a comment", text),
            Piece::Open { raw, .. } | Piece::Other(raw) => draft.structure(raw),
        }
    }
    let texts: Vec<String> = said
        .iter()
        .map(|stretch| {
            // Once here, and once more when the cue's markup is parsed.
            let once = if stretch.raw.contains("&amp;") {
                markup::references(&stretch.raw).into_owned()
            } else {
                stretch.raw.clone()
            };
            draft.markup(stretch.words, words(&once));
            once
        })
        .collect();
    let mut cues: Vec<Cue<'_>> = said
        .iter()
        .zip(&texts)
        .map(|(stretch, text)| Cue {
            line: stretch.line,
            timing: stretch.line,
            id: "",
            start_ms: stretch.start_ms,
            end_ms: stretch.end_ms,
            payload: Cow::Borrowed(text),
        })
        .collect();
    let shown = live::read_once(&mut cues, &mut draft);
    cue_speech::speak(&mut cues, |_| None, shown, &mut draft);
    (Format::YouTubeXml, draft)
}

fn stretch(line: usize, raw: &str, draft: &mut Draft) -> Stretch {
    let number = |name: &str| attribute(raw, name).and_then(|text| text.parse::<f64>().ok());
    let (start_ms, length) = match attribute(raw, "start") {
        Some(_) => (
            number("start").and_then(|start| millis(start * 1000.0)),
            number("dur").and_then(|length| millis(length * 1000.0)),
        ),
        None => (number("t").and_then(millis), number("d").and_then(millis)),
    };
    if start_ms.is_none() {
        draft.warn(line, "times that cannot be read; the words are kept without a time");
    }
    let end_ms = start_ms.and_then(|start| start.checked_add(length?));
    Stretch { line, start_ms, end_ms, raw: String::new(), words: 0 }
}
