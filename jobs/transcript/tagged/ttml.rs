//! TTML: `<p begin="…" end="…">`, with agents (`ttm:agent`) as speakers if the file names them.

use std::{borrow::Cow, collections::HashMap};

use super::{Piece, attribute, pieces, root};
use crate::{
    account::{self, Draft, words},
    cue_speech,
    format::Format,
    formats::{Confidence, Reader, Source},
    live, markup, time,
    webvtt_cues::Cue,
};

pub(crate) const READER: Reader = Reader { name: "ttml", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    (root(source.text) == Some("tt")).then_some((Confidence::Signature, "the first element is <tt>"))
}

#[derive(Default)]
struct Paragraph<'a> {
    line: usize,
    payload: Cow<'a, str>,
    /// The number of the payload's words in the file.
    raw: usize,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    agent: Option<&'a str>,
}

#[derive(Default)]
struct Reading<'a> {
    draft: Draft,
    rates: Rates,
    /// The names of the agents, by id.
    agents: HashMap<&'a str, String>,
    agent: Option<&'a str>,
    /// The head element whose text comes next.
    field: &'a str,
    open: Option<Paragraph<'a>>,
    said: Vec<Paragraph<'a>>,
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut reading = Reading::default();
    for (line, piece) in pieces(source.text) {
        match piece {
            Piece::Open { raw, name, empty } => reading.open_tag(line, raw, name, empty),
            Piece::Close { raw, name } => {
                reading.draft.structure(raw);
                if name == "p" {
                    reading.said.extend(reading.open.take());
                }
                reading.field = "";
            }
            Piece::Text(text) => reading.text(line, text),
            Piece::Comment(text) => reading.draft.set_aside(line, "a comment", text),
            Piece::Other(raw) => reading.draft.structure(raw),
        }
    }
    reading.said.extend(reading.open.take());
    let Reading { mut draft, agents, said, .. } = reading;
    let mut cues: Vec<Cue<'_>> = said
        .iter()
        .map(|paragraph| {
            draft.markup(paragraph.raw, words(&paragraph.payload));
            Cue {
                line: paragraph.line,
                timing: paragraph.line,
                id: paragraph.agent.unwrap_or(""),
                start_ms: paragraph.start_ms,
                end_ms: paragraph.end_ms,
                payload: Cow::Borrowed(&paragraph.payload),
            }
        })
        .collect();
    let name = |id| agents.get(id).map_or(id, String::as_str);
    let shown = live::read_once(&mut cues, &mut draft);
    cue_speech::speak(&mut cues, |agent| (!agent.is_empty()).then(|| name(agent)), shown, &mut draft);
    (Format::Ttml, draft)
}

impl<'a> Reading<'a> {
    fn open_tag(&mut self, line: usize, raw: &'a str, name: &'a str, empty: bool) {
        self.draft.structure(raw);
        match name {
            "tt" => self.rates = Rates::of(raw),
            "agent" => {
                self.agent = attribute(raw, "id");
                let named = ["name", "label", "title"].iter().find_map(|key| attribute(raw, key));
                if let Some((agent, name)) = self.agent.zip(named) {
                    self.agents.insert(agent, markup::references(name.trim()).into_owned());
                }
            }
            "name" | "title" => self.field = name,
            "p" => {
                self.said.extend(self.open.take());
                if !empty {
                    self.open = Some(self.paragraph(line, raw));
                }
            }
            "br" => {
                if let Some(paragraph) = &mut self.open {
                    paragraph.payload += "\n";
                }
            }
            "span" => {
                if let Some(paragraph) = &mut self.open
                    && paragraph.agent.is_none()
                {
                    paragraph.agent = agent(raw);
                }
            }
            _ => {}
        }
    }

    fn paragraph(&mut self, line: usize, raw: &'a str) -> Paragraph<'a> {
        let written = |name: &str| attribute(raw, name);
        let start_ms = written("begin").and_then(|text| self.rates.time(text));
        let duration = written("dur").and_then(|text| self.rates.time(text));
        let end_ms = written("end")
            .and_then(|text| self.rates.time(text))
            .or_else(|| start_ms.and_then(|start| start.checked_add(duration?)));
        if start_ms.is_none() && written("begin").is_some() {
            self.draft.warn(line, "times that cannot be read; the words are kept without a time");
        }
        Paragraph { line, start_ms, end_ms, agent: agent(raw), ..Paragraph::default() }
    }

    fn text(&mut self, line: usize, text: &'a str) {
        if let Some(paragraph) = &mut self.open {
            paragraph.raw += words(text);
            // Line breaks in the file are just spaces; `<br/>` is a real one. Adding nothing keeps it borrowed.
            let spaced = |space: bool| if space { " " } else { "" };
            paragraph.payload += spaced(text.starts_with(char::is_whitespace));
            paragraph.payload += account::spaced(text);
            paragraph.payload += spaced(text.ends_with(char::is_whitespace));
        } else if !text.trim().is_empty() {
            let plain = markup::references(text.trim()).into_owned();
            match (self.field, self.agent) {
                ("name", Some(agent)) => {
                    self.draft.structure(text);
                    self.agents.insert(agent, plain);
                }
                ("title", _) if self.draft.title.is_none() => {
                    self.draft.set_aside(line, "the header of the file", text);
                    self.draft.title = Some(plain);
                }
                _ => self.draft.set_aside(line, "text outside of any paragraph", text),
            }
        }
    }
}

/// The first agent of a tag; there may be several.
fn agent(raw: &str) -> Option<&str> {
    let of = ["agent", "speaker", "who"].iter().find_map(|key| attribute(raw, key))?;
    of.split_whitespace().next().map(|agent| agent.trim_start_matches('#'))
}

/// The units of frames and ticks.
struct Rates {
    frames: f64,
    ticks: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self { frames: 30.0, ticks: 1.0 }
    }
}

impl Rates {
    fn of(tag: &str) -> Self {
        let rate =
            |name: &str| attribute(tag, name).and_then(|rate| rate.parse().ok()).filter(|rate: &f64| *rate > 0.0);
        let frames = rate("frameRate").unwrap_or(30.0);
        // Without a rate of their own, ticks are frames, or seconds.
        let ticks = rate("tickRate").unwrap_or(if rate("frameRate").is_some() { frames } else { 1.0 });
        Self { frames, ticks }
    }

    /// `00:00:01.500`, `00:00:01:12` (frames), `1.5s`, `1500ms`, `90m`, `1h`, `12f`, `1200t`; in milliseconds.
    fn time(&self, text: &str) -> Option<i64> {
        let text = text.trim();
        if text.matches(':').count() == 3 {
            let (clock, frames) = text.rsplit_once(':')?;
            let frames: f64 = frames.parse().ok()?;
            return time::whole(clock)?.checked_add(millis(frames * 1000.0 / self.frames)?);
        }
        if text.contains(':') {
            return time::whole(text);
        }
        let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
        let value: f64 = text[..digits].parse().ok()?;
        millis(match &text[digits..] {
            "h" => value * 3_600_000.0,
            "m" => value * 60_000.0,
            "s" | "" => value * 1000.0,
            "ms" => value,
            "f" => value * 1000.0 / self.frames,
            "t" => value * 1000.0 / self.ticks,
            _ => return None,
        })
    }
}

/// Milliseconds as an integer, if within reason.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
pub(super) fn millis(value: f64) -> Option<i64> {
    (value.is_finite() && (0.0..1e12).contains(&value)).then(|| value.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::Rates;

    #[test]
    fn times() {
        let rates = Rates::of("<tt ttp:frameRate=\"25\" ttp:tickRate=\"10000000\">");
        for (text, wanted) in [
            ("00:00:01.500", Some(1500)),
            ("00:00:01:05", Some(1200)),
            ("1.5s", Some(1500)),
            ("1500ms", Some(1500)),
            ("50f", Some(2000)),
            ("12000000t", Some(1200)),
            ("1h", Some(3_600_000)),
            ("soon", None),
            ("-1s", None),
        ] {
            assert_eq!(rates.time(text), wanted, "{text}");
        }
    }
}
