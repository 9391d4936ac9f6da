//! The Rust readers: Debrief's own, those of comparable crates, and a few that only show how fast it could be at best
//! (a pass over the tags, the words of a text), marked as such.

use std::{io::Read, path::Path};

use crate::typed;

/// A reader: its name, its format, and how many cues (or words) it finds.
pub struct Reader {
    pub name: &'static str,
    pub note: &'static str,
    pub reads: &'static [&'static str],
    /// Whether it also runs on 200 MB.
    pub huge: bool,
    pub read: fn(&[u8], &Path) -> Result<usize, String>,
}

const fn reader(
    name: &'static str,
    note: &'static str,
    reads: &'static [&'static str],
    read: fn(&[u8], &Path) -> Result<usize, String>,
) -> Reader {
    Reader { name, note, reads, huge: false, read }
}

impl Reader {
    const fn huge(self) -> Self {
        Self { huge: true, ..self }
    }
}

/// Only a baseline: it finds no cues.
const SCALE: &str = "a scale, no reader";

const ALL: &[&str] = &[
    "webvtt",
    "zoom",
    "teams",
    "srt",
    "sbv",
    "docx",
    "text",
    "otter",
    "aws",
    "deepgram",
    "whisper",
    "fireflies",
    "assemblyai",
    "ttml",
    "textgrid",
];
/// For these, words are counted instead of utterances.
const WORDS: &[&str] = &["aws", "deepgram"];
const CUES: &[&str] = &["webvtt", "zoom", "teams", "srt", "sbv"];
const VTT: &[&str] = &["webvtt", "zoom", "teams"];
const JSON: &[&str] = &["aws", "deepgram", "whisper", "fireflies", "assemblyai"];

pub const READERS: &[Reader] = &[
    reader(crate::report::OURS, "", ALL, debrief).huge(),
    reader(crate::report::OUR_CUES, "lent, as the rule has them", CUES, |bytes, path| {
        use debrief_transcript::conformance::{decoded, sbv, srt, webvtt};
        let text = decoded(bytes);
        let cues = match path.extension().and_then(|extension| extension.to_str()) {
            Some("srt") => srt(&text),
            Some("sbv") => sbv(&text),
            _ => webvtt(&text).ok_or("no WebVTT")?,
        };
        let found = cues.len();
        std::mem::forget(cues);
        Ok(found)
    })
    .huge(),
    reader("fasrt vtt", "cues lent, markup unread", VTT, |bytes, _| {
        let blocks: Result<Vec<_>, _> = fasrt::vtt::Parser::new(text(bytes)?).collect();
        Ok(blocks.map_err(said)?.iter().filter(|block| matches!(block, fasrt::vtt::Block::Cue(_))).count())
    })
    .huge(),
    reader("fasrt vtt, owned", "with the text of its cues", VTT, fasrt_owned).huge(),
    reader("subtp vtt", "", VTT, |bytes, _| {
        let file = subtp::vtt::WebVtt::parse(text(bytes)?).map_err(said)?;
        Ok(file.blocks.iter().filter(|block| matches!(block, subtp::vtt::VttBlock::Que(_))).count())
    }),
    reader("webvtt-parser", "cues lent", VTT, |bytes, _| {
        Ok(webvtt_parser::Vtt::parse(text(bytes)?).map_err(said)?.cues.len())
    }),
    reader("rsubs-lib vtt", "", VTT, |bytes, _| Ok(rsubs_lib::VTT::parse(text(bytes)?).map_err(said)?.lines.len())),
    reader("aspasia vtt", "", VTT, |bytes, _| {
        use aspasia::Subtitle;
        Ok(text(bytes)?.parse::<aspasia::WebVttSubtitle>().map_err(said)?.events().len())
    }),
    reader("subtitler vtt", "", VTT, |bytes, _| subtitler(subtitler::vtt::parse_bytes(bytes))),
    reader("fasrt srt", "cues lent", &["srt"], |bytes, _| {
        let cues: Result<Vec<_>, _> = fasrt::srt::Parser::strict(text(bytes)?).collect();
        Ok(cues.map_err(said)?.len())
    })
    .huge(),
    reader("fasrt srt, owned", "with the text of its cues", &["srt"], |bytes, _| {
        let cues: Result<Vec<_>, _> = fasrt::srt::Parser::strict(text(bytes)?)
            .map(|cue| cue.map(|cue| (cue.body_ref().to_string(), cue)))
            .collect();
        Ok(cues.map_err(said)?.len())
    })
    .huge(),
    reader("skrt", "cues lent", &["srt"], |bytes, _| {
        Ok(skrt::Srt::try_parse(text(bytes)?).map_err(said)?.subtitles().len())
    })
    .huge(),
    reader("subtp srt", "", &["srt"], |bytes, _| {
        Ok(subtp::srt::SubRip::parse(text(bytes)?).map_err(said)?.subtitles.len())
    }),
    reader("srtparse", "", &["srt"], |bytes, _| Ok(srtparse::from_str(bytes).map_err(said)?.len())),
    reader("srtlib", "", &["srt"], |bytes, _| {
        Ok(srtlib::Subtitles::parse_from_str(text(bytes)?.to_owned()).map_err(said)?.len())
    }),
    reader("rsubs-lib srt", "", &["srt"], |bytes, _| {
        Ok(rsubs_lib::SRT::parse(text(bytes)?).map_err(said)?.lines.len())
    }),
    reader("aspasia srt", "", &["srt"], |bytes, _| {
        use aspasia::Subtitle;
        Ok(text(bytes)?.parse::<aspasia::SubRipSubtitle>().map_err(said)?.events().len())
    }),
    reader("subtitler srt", "", &["srt"], |bytes, _| subtitler(subtitler::srt::parse_bytes(bytes))),
    reader("subtitler sbv", "", &["sbv"], |bytes, _| subtitler(subtitler::sbv::parse_bytes(bytes))),
    reader("subtitler ttml", "", &["ttml"], |bytes, _| subtitler(subtitler::ttml::parse_bytes(bytes))),
    reader("roxmltree", "the tree alone", &["ttml"], |bytes, _| {
        let tree = roxmltree::Document::parse(text(bytes)?).map_err(said)?;
        Ok(tree.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/ns/ttml", "p"))).count())
    }),
    reader("quick-xml", "the events alone", &["ttml"], |bytes, _| events(text(bytes)?, b"p")),
    reader("textgrid", "", &["textgrid"], |_, path| {
        let file = textgrid::TextGrid::from_file(path).map_err(said)?;
        Ok(file.tiers.iter().map(|tier| tier.intervals.len()).sum())
    }),
    reader("textgridde-rs", "", &["textgrid"], |bytes, _| {
        let file = textgridde_rs::parse_textgrid(text(bytes)?.to_owned(), false).map_err(said)?;
        let intervals = file.tiers().iter().map(|tier| match tier {
            textgridde_rs::textgrid::Tier::IntervalTier(tier) => tier.intervals().len(),
            textgridde_rs::textgrid::Tier::PointTier(_) => 0,
        });
        Ok(intervals.sum())
    }),
    reader("docx-rs", "", &["docx"], docx_rs),
    reader("docx-rust", "", &["docx"], docx_rust),
    reader("zip and quick-xml", "the events alone", &["docx"], |bytes, _| {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(said)?;
        let mut xml = String::new();
        archive.by_name("word/document.xml").map_err(said)?.read_to_string(&mut xml).map_err(said)?;
        events(&xml, b"w:br")
    }),
    reader("serde_json values", "the tree alone", JSON, |bytes, _| {
        let file: serde_json::Value = serde_json::from_slice(bytes).map_err(said)?;
        Ok(typed::of_values(&file))
    }),
    reader("serde_json typed", "these keys of this one tool", JSON, |bytes, path| typed::read(bytes, path)),
    reader("split_whitespace", SCALE, &["text", "otter"], |bytes, _| Ok(text(bytes)?.split_whitespace().count())),
];

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// All of them start from the bytes of a file.
fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(said)
}

fn debrief(bytes: &[u8], path: &Path) -> Result<usize, String> {
    let transcript = debrief_transcript::parse(bytes).map_err(said)?;
    if !transcript.account.balances() {
        return Err("words do not add up".to_owned());
    }
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or("");
    let found = if WORDS.contains(&name) { transcript.account.in_utterances } else { transcript.utterances.len() };
    std::mem::forget(transcript);
    Ok(found)
}

/// Like Debrief's result: owned text, without markup, with character references resolved.
fn fasrt_owned(bytes: &[u8], _: &Path) -> Result<usize, String> {
    use fasrt::vtt::{
        Block, Parser,
        cue::{CueParser, CueToken},
    };
    let mut cues = Vec::new();
    for block in Parser::new(text(bytes)?) {
        if let Block::Cue(cue) = block.map_err(said)? {
            let mut said = String::new();
            for token in CueParser::new(cue.body_ref()) {
                if let CueToken::Text(text) = token {
                    said.push_str(text.normalize());
                }
            }
            cues.push((said, cue));
        }
    }
    Ok(cues.len())
}

fn subtitler(file: Result<subtitler::model::SubtitleFile, impl std::fmt::Display>) -> Result<usize, String> {
    use subtitler::model::SubtitleFormat;
    Ok(file.map_err(said)?.subtitles().len())
}

/// How often a tag starts, in one pass over everything.
fn events(xml: &str, wanted: &[u8]) -> Result<usize, String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut found = 0;
    loop {
        match reader.read_event().map_err(said)? {
            Event::Start(tag) | Event::Empty(tag) => found += usize::from(tag.name().as_ref() == wanted),
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The paragraphs with a line break in them: the turns.
fn docx_rs(bytes: &[u8], _: &Path) -> Result<usize, String> {
    use docx_rs::{DocumentChild, ParagraphChild, RunChild};
    let file = docx_rs::read_docx(bytes).map_err(said)?;
    let turns = file.document.children.iter().filter(|child| match child {
        DocumentChild::Paragraph(paragraph) => paragraph.children.iter().any(|child| match child {
            ParagraphChild::Run(run) => run.children.iter().any(|child| matches!(child, RunChild::Break(_))),
            _ => false,
        }),
        _ => false,
    });
    Ok(turns.count())
}

fn docx_rust(bytes: &[u8], _: &Path) -> Result<usize, String> {
    use docx_rust::document::BodyContent;
    let file = docx_rust::DocxFile::from_reader(std::io::Cursor::new(bytes)).map_err(|error| format!("{error:?}"))?;
    let docx = file.parse().map_err(|error| format!("{error:?}"))?;
    let texts = docx.document.body.content.iter().filter_map(|content| match content {
        BodyContent::Paragraph(paragraph) => Some(paragraph.text()),
        _ => None,
    });
    Ok(texts.filter(|text| !text.is_empty()).count() - 3)
}
