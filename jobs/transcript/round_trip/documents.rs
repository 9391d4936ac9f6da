//! Prints talks as tagged files, as a TextGrid and as a Word document.

use std::{
    fmt::Write as _,
    io::{Cursor, Write as _},
};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{Ends, Printer, Turn, captions::escaped, texts};
use crate::Format;

pub(super) const PRINTERS: &[Printer] = &[
    Printer { format: Format::PodcastHtml, print: podcast, unit: 1000, ends: Ends::Unknown },
    Printer { format: Format::Eaf, print: eaf, unit: 1, ends: Ends::Written },
    Printer { format: Format::TextGrid, print: textgrid, unit: 1, ends: Ends::Written },
    Printer { format: Format::TeamsDocx, print: teams, unit: 1000, ends: Ends::Unknown },
];

fn podcast(talk: &[Turn]) -> Vec<u8> {
    let mut out = String::new();
    for said in talk {
        let (label, time, text) = (escaped(&said.label), texts::clock(said.start_ms), escaped(&said.text));
        let _ = write!(out, "<cite>{label}:</cite>\n<time>{time}</time>\n<p>{text}</p>\n");
    }
    out.into_bytes()
}

/// The labels of a talk, each once.
fn labels(talk: &[Turn]) -> Vec<&str> {
    let mut labels: Vec<&str> = talk.iter().map(|said| said.label.as_str()).collect();
    labels.sort_unstable();
    labels.dedup();
    labels
}

fn eaf(talk: &[Turn]) -> Vec<u8> {
    let mut out = String::from("<?xml version=\"1.0\"?>\n<ANNOTATION_DOCUMENT>\n<TIME_ORDER>\n");
    for (at, said) in talk.iter().enumerate() {
        for (which, time) in [("b", said.start_ms), ("e", said.end_ms)] {
            let _ = writeln!(out, "<TIME_SLOT TIME_SLOT_ID=\"{which}{at}\" TIME_VALUE=\"{time}\"/>");
        }
    }
    out.push_str("</TIME_ORDER>\n");
    for (number, label) in labels(talk).into_iter().enumerate() {
        let name = escaped(label).replace('"', "&quot;");
        let _ = writeln!(out, "<TIER TIER_ID=\"t{number}\" PARTICIPANT=\"{name}\">");
        for (at, said) in talk.iter().enumerate().filter(|(_, said)| said.label == label) {
            let _ = write!(out, "<ALIGNABLE_ANNOTATION TIME_SLOT_REF1=\"b{at}\" TIME_SLOT_REF2=\"e{at}\">");
            let _ =
                writeln!(out, "<ANNOTATION_VALUE>{}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>", escaped(&said.text));
        }
        out.push_str("</TIER>\n");
    }
    (out + "</ANNOTATION_DOCUMENT>\n").into_bytes()
}

fn textgrid(talk: &[Turn]) -> Vec<u8> {
    let mut out = String::from("File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = 9\n");
    let seconds = |millis: i64| format!("{}.{:03}", millis / 1000, millis % 1000);
    let quoted = |text: &str| text.replace('"', "\"\"");
    for label in labels(talk) {
        let _ = writeln!(out, "class = \"IntervalTier\"\nname = \"{}\"\nxmin = 0\nxmax = 9", quoted(label));
        for said in talk.iter().filter(|said| said.label == label) {
            let (start, end) = (seconds(said.start_ms), seconds(said.end_ms));
            let _ = writeln!(out, "xmin = {start}\nxmax = {end}\ntext = \"{}\"", quoted(&escaped(&said.text)));
        }
    }
    out.into_bytes()
}

fn teams(talk: &[Turn]) -> Vec<u8> {
    let mut xml = String::from("<w:document><w:body><w:p><w:r><w:t>Coaching call</w:t></w:r></w:p>");
    xml.push_str("<w:p><w:r><w:t>November 20, 2026, 9:30AM</w:t></w:r></w:p>");
    for said in talk {
        let heading = format!("{}   {}", escaped(&said.label), texts::clock(said.start_ms));
        let text = escaped(&said.text);
        let _ =
            write!(xml, "<w:p><w:r><w:t>{heading}</w:t><w:br/><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>");
    }
    xml.push_str("</w:body></w:document>");
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    archive.start_file("word/document.xml", options).expect("a file in memory is begun");
    archive.write_all(xml.as_bytes()).expect("memory takes what is written");
    archive.finish().expect("an archive in memory is finished").into_inner()
}
