//! Prints talks as captions.

use std::fmt::Write;

use super::{Ends, Printer, Turn};
use crate::Format;

pub(super) const PRINTERS: &[Printer] = &[
    Printer { format: Format::WebVtt, print: webvtt, unit: 1, ends: Ends::Written },
    Printer { format: Format::WebVtt, print: webvtt_ids, unit: 1, ends: Ends::Written },
    Printer { format: Format::ZoomVtt, print: zoom, unit: 1, ends: Ends::Written },
    Printer { format: Format::TeamsVtt, print: teams, unit: 1, ends: Ends::Written },
    Printer { format: Format::WebexVtt, print: webex, unit: 1, ends: Ends::Written },
    Printer { format: Format::MeetCaptions, print: meet, unit: 1, ends: Ends::Written },
    Printer { format: Format::Srt, print: srt, unit: 1, ends: Ends::Written },
    Printer { format: Format::WebVtt, print: webvtt_growing, unit: 1, ends: Ends::Written },
    Printer { format: Format::Srt, print: srt_growing, unit: 1, ends: Ends::Written },
    Printer { format: Format::WebVtt, print: webvtt_notes, unit: 1, ends: Ends::Written },
    Printer { format: Format::Srt, print: srt_behind, unit: 1, ends: Ends::Written },
    Printer { format: Format::Sbv, print: sbv, unit: 1, ends: Ends::Written },
    Printer { format: Format::Ttml, print: ttml, unit: 1, ends: Ends::Written },
];

/// `hh:mm:ss` and the milliseconds after `point`.
pub(super) fn clock(millis: i64, point: char) -> String {
    let seconds = millis / 1000;
    format!("{:02}:{:02}:{:02}{point}{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, millis % 1000)
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn print(head: &str, talk: &[Turn], cue: impl Fn(usize, &Turn) -> String) -> Vec<u8> {
    let mut out = head.to_owned();
    for (at, said) in talk.iter().enumerate() {
        out.push_str(&cue(at, said));
        out.push_str("\n\n");
    }
    out.into_bytes()
}

fn arrow(said: &Turn) -> String {
    format!("{} --> {}", clock(said.start_ms, '.'), clock(said.end_ms, '.'))
}

fn webvtt(talk: &[Turn]) -> Vec<u8> {
    print("WEBVTT\n\n", talk, |_, said| format!("{}\n<v {}>{}", arrow(said), escaped(&said.label), escaped(&said.text)))
}

fn webvtt_ids(talk: &[Turn]) -> Vec<u8> {
    print("WEBVTT\n\n", talk, |_, said| format!("{}\n{}\n{}", said.label, arrow(said), escaped(&said.text)))
}

fn zoom(talk: &[Turn]) -> Vec<u8> {
    print("WEBVTT\n\n", talk, |at, said| {
        format!("{}\n{}\n{}: {}", at + 1, arrow(said), escaped(&said.label), escaped(&said.text))
    })
}

fn teams(talk: &[Turn]) -> Vec<u8> {
    print("WEBVTT\n\n", talk, |at, said| {
        let id = format!("2a6b77d1-0c21-4a5e-9c3e-{at:012x}/32-0");
        format!("{id}\n{}\n<v {}>{}</v>", arrow(said), escaped(&said.label), escaped(&said.text))
    })
}

fn webex(talk: &[Turn]) -> Vec<u8> {
    print("WEBVTT\n\n", talk, |at, said| {
        format!("{} \"{}\" (94139{at})\n{}\n{}", at + 1, said.label, arrow(said), escaped(&said.text))
    })
}

fn meet(talk: &[Turn]) -> Vec<u8> {
    print("WEBVTT\n\n", talk, |_, said| format!("{}\n({})\n{}", arrow(said), escaped(&said.label), escaped(&said.text)))
}

fn srt(talk: &[Turn]) -> Vec<u8> {
    print("", talk, |at, said| {
        let arrow = format!("{} --> {}", clock(said.start_ms, ','), clock(said.end_ms, ','));
        format!("{}\n{arrow}\n{}: {}", at + 1, escaped(&said.label), escaped(&said.text))
    })
}

/// The versions of an utterance, growing word by word, with their times: the last is complete.
fn versions(said: &Turn) -> Vec<Turn> {
    let words: Vec<&str> = said.text.split(' ').collect();
    let long = said.end_ms - said.start_ms;
    let count = i64::try_from(words.len()).unwrap_or(1);
    let time = |words: usize| said.start_ms + long * i64::try_from(words).unwrap_or(0) / count;
    let version = |until: usize| Turn {
        start_ms: time(until - 1),
        end_ms: time(until),
        text: words[..until].join(" "),
        ..said.clone()
    };
    (1..=words.len()).map(version).collect()
}

fn webvtt_growing(talk: &[Turn]) -> Vec<u8> {
    webvtt(&talk.iter().flat_map(versions).collect::<Vec<_>>())
}

/// Only the first version has the label.
fn srt_growing(talk: &[Turn]) -> Vec<u8> {
    let all: Vec<(usize, Turn)> = talk.iter().flat_map(|said| versions(said).into_iter().enumerate()).collect();
    let said: Vec<Turn> = all.iter().map(|(_, said)| said.clone()).collect();
    print("", &said, |at, said| {
        let arrow = format!("{} --> {}", clock(said.start_ms, ','), clock(said.end_ms, ','));
        let label = if all[at].0 == 0 { format!("{}: ", escaped(&said.label)) } else { String::new() };
        format!("{}\n{arrow}\n{label}{}", at + 1, escaped(&said.text))
    })
}

fn webvtt_notes(talk: &[Turn]) -> Vec<u8> {
    print("WEBVTT\n\n", talk, |_, said| {
        format!("NOTE speaker: {}\n\n{}\n{}", said.label, arrow(said), escaped(&said.text))
    })
}

fn srt_behind(talk: &[Turn]) -> Vec<u8> {
    print("", talk, |at, said| {
        let arrow = format!("{} --> {}", clock(said.start_ms, ','), clock(said.end_ms, ','));
        format!("{}\n{arrow}\n{} [{}]", at + 1, escaped(&said.text), escaped(&said.label))
    })
}

fn sbv(talk: &[Turn]) -> Vec<u8> {
    print("", talk, |_, said| {
        let times = format!("{},{}", clock(said.start_ms, '.'), clock(said.end_ms, '.'));
        format!("{times}\n{}: {}", escaped(&said.label), escaped(&said.text))
    })
}

fn ttml(talk: &[Turn]) -> Vec<u8> {
    let mut head = String::from("<?xml version=\"1.0\"?>\n<tt xmlns=\"http://www.w3.org/ns/ttml\"><head><metadata>");
    let mut body = String::from("</metadata></head><body><div>\n");
    let mut known: Vec<&str> = Vec::new();
    for said in talk {
        let agent = known.iter().position(|label| *label == said.label).unwrap_or_else(|| {
            known.push(&said.label);
            let name = escaped(&said.label);
            let _ = write!(head, "<ttm:agent xml:id=\"a{}\"><ttm:name>{name}</ttm:name></ttm:agent>", known.len() - 1);
            known.len() - 1
        });
        let (begin, end) = (clock(said.start_ms, '.'), clock(said.end_ms, '.'));
        let text = escaped(&said.text);
        let _ = writeln!(body, "<p begin=\"{begin}\" end=\"{end}\" ttm:agent=\"a{agent}\">{text}</p>");
    }
    (head + &body + "</div></body></tt>").into_bytes()
}
