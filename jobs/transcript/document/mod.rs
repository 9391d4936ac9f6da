//! Word and OpenDocument ([`odt`]) documents: their text, line by line, with a blank line between paragraphs and
//! nowhere else. Limits are checked before anything is inflated.

mod odt;
pub(super) mod table;
pub(super) mod teams;

use std::io::{Cursor, Read};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{NotATranscript, decode, format::Format, markup, shown::Shown};

/// The maximum number of parts in a document; a Word document has about twenty, one with many pictures some hundred.
const PARTS: usize = 2000;
/// The maximum size of a document's inflated text part, in bytes; a day of talk is a hundredth of it.
const INFLATED: u64 = 64 << 20;
/// XML shrinks to a thirtieth at best; anything that shrinks more is a decompression bomb.
const RATIO: u64 = 250;
/// Below this size the ratio doesn't matter.
const SMALL: u64 = 1 << 20;

/// Whether the bytes are a ZIP archive, as Word documents are.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

const DAMAGED: NotATranscript = NotATranscript::Document("is damaged or was cut off");

/// The text of a document, and its format if the tool is unknown.
///
/// # Errors
/// If the archive is damaged, too large, or not a text document.
pub(super) fn text(bytes: &[u8]) -> Result<(Shown, Format), NotATranscript> {
    if parts(bytes).ok_or(DAMAGED)? > PARTS {
        return Err(NotATranscript::Document("has more parts than any that Word writes"));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| DAMAGED)?;
    let names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let main = names
        .iter()
        .find(|name| *name == "word/document.xml")
        .or_else(|| names.iter().find(|name| name.starts_with("word/document") && name.ends_with(".xml")));
    let Some(main) = main else {
        if !odt::is_one(&names) {
            return Err(NotATranscript::OtherFile(kind(&names)));
        }
        return odt::text(&mut archive).map(|text| (text, Format::Odt));
    };
    let xml = part(&mut archive, main)?;
    paragraphs(&decode::decode(&xml).text).map(|text| (text, Format::Docx)).map_err(|_| DAMAGED)
}

fn part(archive: &mut zip::ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>, NotATranscript> {
    let part = archive.by_name(name).map_err(|_| DAMAGED)?;
    let (size, packed) = (part.size(), part.compressed_size());
    if size > INFLATED || (size > SMALL && size / packed.max(1) > RATIO) {
        return Err(NotATranscript::Document("is far larger unpacked than any transcript"));
    }
    let mut xml = Vec::new();
    // The size in the archive may be wrong, so no more than that is ever read.
    part.take(size + 1).read_to_end(&mut xml).map_err(|_| DAMAGED)?;
    if xml.len() as u64 > size {
        return Err(DAMAGED);
    }
    Ok(xml)
}

/// The number of parts that the archive declares: read from its end record, before anything is allocated for them.
fn parts(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(22 + (1 << 16));
    let end = bytes[from..].windows(4).rposition(|window| window == b"PK\x05\x06")? + from;
    let count = bytes.get(end + 10..end + 12)?;
    Some(usize::from(u16::from_le_bytes([count[0], count[1]])))
}

/// What other kind of archive it may be.
fn kind(names: &[String]) -> &'static str {
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    if has("xl/") {
        "an Excel workbook"
    } else if has("ppt/") {
        "a PowerPoint presentation"
    } else {
        "a ZIP archive (unpack it and upload what is in it)"
    }
}

/// The text so far.
#[derive(Default)]
struct Text {
    out: Shown,
    paragraph: String,
    /// The nesting depth of tables; a row becomes one line, with tabs between its cells.
    tables: usize,
    /// The nesting depth of hidden text: moved away, or duplicated.
    hidden: usize,
    in_text: bool,
    /// Whether it isn't visible where we are, or is struck through.
    unseen: bool,
}

/// What is told the elements and texts of a document, in their order.
trait Listener {
    fn start(&mut self, tag: &BytesStart<'_>);
    fn empty(&mut self, tag: &BytesStart<'_>);
    fn end(&mut self, name: &[u8]);
    fn push(&mut self, text: &str);
}

/// Tells a listener all of a document.
fn read(xml: &str, listener: &mut impl Listener) -> Result<(), quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event()? {
            Event::Start(tag) => listener.start(&tag),
            Event::Empty(tag) => listener.empty(&tag),
            Event::End(tag) => listener.end(tag.local_name().as_ref()),
            Event::Text(piece) => listener.push(&piece.decode()?),
            Event::CData(piece) => listener.push(&piece.decode()?),
            Event::GeneralRef(name) => listener.push(&markup::references(&format!("&{};", name.decode()?))),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn paragraphs(xml: &str) -> Result<Shown, quick_xml::Error> {
    let mut text = Text::default();
    read(xml, &mut text)?;
    text.close();
    Ok(text.out)
}

/// Whether a property is set: by its name, unless its value says that it isn't.
fn is_on(tag: &BytesStart<'_>) -> bool {
    !tag.attributes().flatten().any(|attribute| {
        attribute.key.local_name().as_ref() == b"val" && matches!(attribute.value.as_ref(), b"0" | b"false" | b"off")
    })
}

impl Listener for Text {
    fn start(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            b"t" => self.in_text = true,
            b"tbl" => self.tables += 1,
            b"moveFrom" | b"Fallback" | b"rPrChange" => self.hidden += 1,
            b"r" => self.unseen = false,
            _ => self.empty(tag),
        }
    }

    fn empty(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            b"vanish" | b"strike" | b"dstrike" if self.hidden == 0 => self.unseen |= is_on(tag),
            name => self.mark(name),
        }
    }

    fn end(&mut self, name: &[u8]) {
        match name {
            b"t" => self.in_text = false,
            b"tbl" => {
                self.tables = self.tables.saturating_sub(1);
                self.close();
            }
            b"moveFrom" | b"Fallback" | b"rPrChange" => self.hidden = self.hidden.saturating_sub(1),
            b"p" if self.tables == 0 => self.close(),
            b"p" => self.paragraph.push(' '),
            b"tc" => self.paragraph.push('\t'),
            b"tr" if self.tables == 1 => self.close(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        if !self.in_text || self.hidden > 0 {
            return;
        }
        if self.unseen {
            self.out.leave_out(text);
        } else {
            self.paragraph.push_str(text);
        }
    }
}

impl Text {
    fn mark(&mut self, name: &[u8]) {
        match name {
            b"br" | b"cr" if self.hidden == 0 => self.paragraph.push(if self.tables == 0 { '\n' } else { ' ' }),
            b"tab" if self.hidden == 0 && self.tables == 0 => self.paragraph.push('\t'),
            b"noBreakHyphen" if self.hidden == 0 => self.paragraph.push('-'),
            _ => {}
        }
    }

    /// Ends a paragraph: its lines, then a blank one.
    fn close(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let mut lines = paragraph.split('\n').map(str::trim).filter(|line| !line.is_empty()).peekable();
        if lines.peek().is_none() {
            return;
        }
        for line in lines {
            self.out.text.push_str(line);
            self.out.text.push('\n');
        }
        self.out.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::paragraphs;

    #[test]
    fn the_text_of_a_document() {
        let xml = "<w:document><w:body><w:p><w:r><w:t>Ana &amp; </w:t></w:r><w:r><w:t>Tom</w:t><w:br/><w:t>so</w:t></w:r>\
            <w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p><w:p/>\
            <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>\
            <w:p><mc:AlternateContent><mc:Choice><w:r><w:t>once</w:t></w:r></mc:Choice><mc:Fallback><w:r><w:t>once</w:t></w:r>\
            </mc:Fallback></mc:AlternateContent></w:p></w:body></w:document>";
        let text = |xml: &str| paragraphs(xml).map(|shown| (shown.text, shown.unseen)).ok();
        assert_eq!(text(xml), Some(("Ana & Tom\nso\n\na \tb\n\nonce\n\n".to_owned(), 0)));
        assert!(paragraphs("<w:p><w:r></w:p>").is_err());
        let run = |properties: &str, said: &str| format!("<w:r><w:rPr>{properties}</w:rPr><w:t>{said}</w:t></w:r>");
        let runs = [
            run("<w:b/>", "Ana: I "),
            run("<w:strike/>", "hate it, "),
            run("<w:strike w:val=\"0\"/>", "love it"),
            run("<w:vanish></w:vanish>", " ask her about this"),
            run("<w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange>", "."),
        ];
        assert_eq!(text(&format!("<w:p>{}</w:p>", runs.concat())), Some(("Ana: I love it.\n\n".to_owned(), 6)));
    }
}
