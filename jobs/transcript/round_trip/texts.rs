//! Prints talks as text.

use std::fmt::Write;

use super::{Ends, Printer, Turn};
use crate::Format;

pub(super) const PRINTERS: &[Printer] = &[
    Printer { format: Format::Text, print: stamped, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::Text, print: headed, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::Text, print: behind, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::Text, print: enclosed, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::Text, print: bracketed, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::Text, print: titled, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::Text, print: written_out, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::Otter, print: otter, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::RevText, print: rev, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::FathomText, print: fathom, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::TlDv, print: tldv, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::Meet, print: meet, unit: 1000, ends: Ends::Unknown },
];

/// `hh:mm:ss`.
pub(super) fn clock(millis: i64) -> String {
    let seconds = millis / 1000;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `[h:]m:ss`, as people write it.
fn short(millis: i64) -> String {
    let seconds = millis / 1000;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

fn print(talk: &[Turn], turn: impl Fn(&mut String, &Turn)) -> String {
    let mut out = String::new();
    talk.iter().for_each(|said| turn(&mut out, said));
    out
}

fn stamped(talk: &[Turn]) -> Vec<u8> {
    print(talk, |out, said| {
        let _ = writeln!(out, "[{}] {}: {}", clock(said.start_ms), said.label, said.text);
    })
    .into_bytes()
}

fn headed(talk: &[Turn]) -> Vec<u8> {
    print(talk, |out, said| {
        let _ = write!(out, "{} ({})\n{}\n\n", said.label, clock(said.start_ms), said.text);
    })
    .into_bytes()
}

fn behind(talk: &[Turn]) -> Vec<u8> {
    print(talk, |out, said| {
        let _ = write!(out, "[{}] {}\n{}\n\n", short(said.start_ms), said.label, said.text);
    })
    .into_bytes()
}

fn enclosed(talk: &[Turn]) -> Vec<u8> {
    print(talk, |out, said| {
        let _ = write!(out, "[{} {}]\n{}\n\n", clock(said.start_ms), said.label, said.text);
    })
    .into_bytes()
}

fn bracketed(talk: &[Turn]) -> Vec<u8> {
    print(talk, |out, said| {
        let _ = writeln!(out, "[{}] [{}] {}", clock(said.start_ms), said.label, said.text);
    })
    .into_bytes()
}

fn titled(talk: &[Turn]) -> Vec<u8> {
    let body = print(talk, |out, said| {
        let _ = write!(out, "#### {}\n\n{}\n\n{}\n\n", said.label, clock(said.start_ms), said.text);
    });
    format!("# Coaching call\n\n{body}").into_bytes()
}

fn written_out(talk: &[Turn]) -> Vec<u8> {
    print(talk, |out, said| {
        let seconds = said.start_ms / 1000;
        let _ = write!(out, "{}\n{} minutes {} seconds\n{}\n", said.label, seconds / 60, seconds % 60, said.text);
    })
    .into_bytes()
}

fn otter(talk: &[Turn]) -> Vec<u8> {
    let body = print(talk, |out, said| {
        let _ = write!(out, "{}  {}  \n{}\n\n", said.label, short(said.start_ms), said.text);
    });
    (body + "Transcribed by https://otter.ai\n").into_bytes()
}

fn rev(talk: &[Turn]) -> Vec<u8> {
    let body = print(talk, |out, said| {
        let _ = write!(out, "{} ({}):\n{}\n\n", said.label, clock(said.start_ms), said.text);
    });
    format!("{body}This transcript was exported on Nov 20, 2026.\n").into_bytes()
}

fn fathom(talk: &[Turn]) -> Vec<u8> {
    let body = print(talk, |out, said| {
        let _ = write!(out, "{} - {}\n  {}\n\n", short(said.start_ms), said.label, said.text);
    });
    format!("Coaching call - November 20\nVIEW RECORDING - 20 mins: https://fathom.video/share/x\n\n---\n\n{body}")
        .into_bytes()
}

fn tldv(talk: &[Turn]) -> Vec<u8> {
    let body = print(talk, |out, said| {
        let time = short(said.start_ms);
        let _ =
            write!(out, "[{time}](https://tldv.io/app/x?t={}) {}: {}\n\n", said.start_ms / 1000, said.label, said.text);
    });
    format!("# Coaching call\n\n{body}").into_bytes()
}

fn meet(talk: &[Turn]) -> Vec<u8> {
    let body = print(talk, |out, said| {
        let _ = write!(out, "{}\n\n{}: {}\n\n", clock(said.start_ms), said.label, said.text);
    });
    format!("Coaching call (2026-11-20 at 09:30 GMT+1) - Transcript\n\n{body}Transcription ended after 00:45:12\n")
        .into_bytes()
}
