//! OpenDocument files, as LibreOffice and Google Docs write them: `content.xml` in a ZIP archive.
//!
//! Skipped: comments, tracked deletions, footnotes, descriptions of pictures, what is hidden or struck through. Headers and
//! footers are in another part.

use std::{collections::BTreeSet, io::Cursor};

use quick_xml::events::BytesStart;

use super::{DAMAGED, Listener, NotATranscript, Shown, Text, decode, part, read};

/// The maximum number of spaces in a row: more are meant to fill the memory.
const SPACES: usize = 64;
/// Elements that don't belong to the text.
const HIDDEN: &[&[u8]] = &[
    b"annotation",
    b"tracked-changes",
    b"note",
    b"title",
    b"desc",
    b"script",
    b"ruby-text",
    b"hidden-text",
    b"hidden-paragraph",
    b"forms",
    b"index-title-template",
];

/// Whether an archive with these parts is an OpenDocument file.
pub(super) fn is_one(names: &[String]) -> bool {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    has("content.xml") && (has("mimetype") || has("META-INF/manifest.xml"))
}

/// The text of the document.
///
/// # Errors
/// If it's damaged, too large, password-protected, or not a text document.
pub(super) fn text(archive: &mut zip::ZipArchive<Cursor<&[u8]>>) -> Result<Shown, NotATranscript> {
    let manifest = part(archive, "META-INF/manifest.xml").unwrap_or_default();
    if memchr::memmem::find(&manifest, b"encryption-data").is_some() {
        return Err(NotATranscript::Document("is protected with a password"));
    }
    let xml = part(archive, "content.xml")?;
    let xml = decode::decode(&xml).text;
    let is = |element: &str| memchr::memmem::find(xml.as_bytes(), element.as_bytes()).is_some();
    if is("<office:spreadsheet") {
        return Err(NotATranscript::OtherFile("an OpenDocument spreadsheet"));
    }
    if is("<office:presentation") || is("<office:drawing") {
        return Err(NotATranscript::OtherFile("an OpenDocument presentation or drawing"));
    }
    paragraphs(&xml).map_err(|_| DAMAGED)
}

fn paragraphs(xml: &str) -> Result<Shown, quick_xml::Error> {
    let mut text = Opened::default();
    read(xml, &mut text)?;
    text.text.close();
    Ok(text.text.out)
}

/// The text so far, with elements identified by their Word names.
#[derive(Default)]
struct Opened {
    text: Text,
    /// The nesting depth of paragraphs: a picture with text is inside one, and has its own.
    paragraphs: usize,
    /// The style that is being defined, and those whose text isn't shown, or is struck through.
    style: Vec<u8>,
    unseen: BTreeSet<Vec<u8>>,
    /// For each open paragraph and span, whether its style is one of those; and how many are.
    spans: Vec<bool>,
    unseen_spans: usize,
}

impl Opened {
    fn style(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            b"style" => self.style = value(tag, b"name").unwrap_or_default(),
            b"text-properties" => {
                let is = |name: &[u8]| value(tag, name).unwrap_or_default();
                let struck = |name: &[u8]| !matches!(is(name).as_slice(), b"" | b"none");
                let is_struck = struck(b"text-line-through-style") || struck(b"text-line-through-type");
                if is_struck || is(b"display") == b"none" {
                    self.unseen.insert(self.style.clone());
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, tag: &BytesStart<'_>) {
        let unseen = value(tag, b"style-name").is_some_and(|style| self.unseen.contains(&style));
        self.spans.push(unseen);
        self.unseen_spans += usize::from(unseen);
    }

    fn close(&mut self) {
        let unseen = self.spans.pop().unwrap_or_default();
        self.unseen_spans -= usize::from(unseen);
    }
}

/// The value of an attribute, by its local name.
fn value(tag: &BytesStart<'_>, name: &[u8]) -> Option<Vec<u8>> {
    let attribute = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(attribute.value.into_owned())
}

impl Listener for Opened {
    fn start(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            b"p" | b"h" => {
                self.paragraphs += 1;
                self.open(tag);
            }
            b"span" => self.open(tag),
            b"table" => self.text.tables += 1,
            name if HIDDEN.contains(&name) => self.text.hidden += 1,
            _ => self.empty(tag),
        }
    }

    fn empty(&mut self, tag: &BytesStart<'_>) {
        if self.paragraphs == 0 {
            return self.style(tag);
        }
        match tag.local_name().as_ref() {
            b"line-break" => self.text.mark(b"br"),
            b"tab" => self.text.mark(b"tab"),
            b"s" if self.text.hidden == 0 => {
                let count = value(tag, b"c").and_then(|count| std::str::from_utf8(&count).ok()?.trim().parse().ok());
                self.text.paragraph.extend(std::iter::repeat_n(' ', count.unwrap_or(1).min(SPACES)));
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &[u8]) {
        match name {
            b"span" => self.close(),
            b"p" | b"h" => {
                self.close();
                self.paragraphs = self.paragraphs.saturating_sub(1);
                if self.text.hidden == 0 {
                    self.text.end(b"p");
                }
            }
            b"table" => self.text.end(b"tbl"),
            b"table-cell" => self.text.end(b"tc"),
            b"table-row" => self.text.end(b"tr"),
            name if HIDDEN.contains(&name) => self.text.hidden = self.text.hidden.saturating_sub(1),
            _ => {}
        }
    }

    /// Adds text, with whitespace collapsed.
    fn push(&mut self, text: &str) {
        if self.paragraphs == 0 || self.text.hidden > 0 {
            return;
        }
        if self.unseen_spans > 0 {
            return self.text.out.leave_out(text);
        }
        for letter in text.chars() {
            let space = matches!(letter, ' ' | '\t' | '\n' | '\r');
            if !space {
                self.text.paragraph.push(letter);
            } else if !self.text.paragraph.ends_with([' ', '\n', '\t']) {
                self.text.paragraph.push(' ');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

    use super::paragraphs;
    use crate::{Format, parse};

    fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            archive.start_file(*name, options).expect("a file in memory is begun");
            archive.write_all(content.as_bytes()).expect("and written");
        }
        archive.finish().expect("the archive is closed").into_inner()
    }

    fn document(body: &str) -> Vec<u8> {
        let xml = format!(
            "<?xml version=\"1.0\"?><office:document-content><office:body>{body}</office:body></office:document-content>"
        );
        archive(&[("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", &xml)])
    }

    #[test]
    fn the_text_of_a_document() {
        let xml = "<office:text><text:tracked-changes><text:deletion><text:p>gone</text:p></text:deletion></text:tracked-changes>\
            <text:h>Ana &amp; <text:span>Tom</text:span><text:line-break/>so</text:h>\n  <text:p/>\
            <text:p>a<office:annotation><text:p>she is tired</text:p></office:annotation>\n   b<text:s text:c=\"2\"/>c<text:tab/>d<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>foot</text:p></text:note-body></text:note></text:p>\
            <table:table><table:table-row><table:table-cell><text:p>one</text:p></table:table-cell><table:table-cell><text:p>two</text:p></table:table-cell></table:table-row></table:table>\
            <text:list><text:list-item><text:p>last</text:p></text:list-item></text:list></office:text>";
        let text = |xml: &str| paragraphs(xml).map(|shown| (shown.text, shown.unseen)).ok();
        assert_eq!(
            text(xml).map(|(text, _)| text).as_deref(),
            Some("Ana & Tom\nso\n\na b  c\td\n\none \ttwo\n\nlast\n\n")
        );
        assert!(paragraphs("<text:p><text:span></text:p>").is_err());
        let many = format!("<text:p>a{}b</text:p>", "<text:s text:c=\"4000000000\"/>".repeat(9));
        assert!(paragraphs(&many).is_ok_and(|shown| shown.text.len() < 1_000));
        let style = |name: &str, property: &str| {
            format!("<style:style style:name=\"{name}\"><style:text-properties {property}/></style:style>")
        };
        let span = |style: &str, said: &str| format!("<text:span text:style-name=\"{style}\">{said}</text:span>");
        let xml = format!(
            "<office:text>{}{}{}<text:p>Ana: I {}{}{}</text:p></office:text>",
            style("T1", "style:text-line-through-style=\"solid\""),
            style("T2", "text:display=\"none\""),
            style("T3", "style:text-line-through-style=\"none\" text:display=\"true\""),
            span("T1", "hate it,"),
            span("T3", "love it."),
            span("T2", &span("T3", "ask her about this")),
        );
        assert_eq!(text(&xml), Some(("Ana: I love it.\n\n".to_owned(), 6)));
    }

    #[test]
    fn a_talk_in_opendocument_is_read_as_one_in_word() {
        let turn = |name: &str, said: &str| {
            format!("<text:p><text:span text:style-name=\"T1\">{name}:</text:span><text:s/>{said}</text:p>")
        };
        let talk = [
            ("Ilse", "How was the week?"),
            ("Ruben", "Long. I sold the boat."),
            ("Ilse", "And now?"),
            ("Ruben", "Now I rest."),
        ];
        let body: String = talk.iter().map(|(name, said)| turn(name, said)).collect();
        let read = parse(&document(&format!("<office:text>{body}</office:text>"))).expect("a transcript");
        let said: Vec<_> =
            read.utterances.iter().map(|said| (said.label.as_deref().unwrap_or("?"), said.text.as_str())).collect();
        assert_eq!((read.format, said), (Format::Odt, talk.to_vec()));
        assert!(read.account.balances());
        let row = |time: &str, name: &str, said: &str| {
            let cell = |text: &str| format!("<table:table-cell><text:p>{text}</text:p></table:table-cell>");
            format!("<table:table-row>{}{}{}</table:table-row>", cell(time), cell(name), cell(said))
        };
        let rows: String =
            talk.iter().enumerate().map(|(at, (name, said))| row(&format!("00:00:0{at}"), name, said)).collect();
        let table = format!("<office:text><table:table>{rows}</table:table></office:text>");
        let read = parse(&document(&table)).expect("a transcript");
        assert_eq!((read.format, read.utterances.len(), read.utterances[1].start_ms), (Format::Odt, 4, Some(1_000)));
    }

    #[test]
    fn what_is_no_document_of_text_is_refused() {
        let refused = |bytes: &[u8]| parse(bytes).expect_err("no transcript").to_string();
        let sheet = document("<office:spreadsheet><table:table/></office:spreadsheet>");
        assert!(refused(&sheet).contains("an OpenDocument spreadsheet"), "{}", refused(&sheet));
        let locked = archive(&[
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            ("content.xml", "\u{1}\u{2}"),
            ("META-INF/manifest.xml", "<manifest:manifest><manifest:encryption-data/></manifest:manifest>"),
        ]);
        assert!(refused(&locked).contains("password"), "{}", refused(&locked));
        let filled = document(&format!("<office:text><text:p>{}</text:p></office:text>", "a".repeat(3 << 20)));
        assert!(refused(&filled).contains("larger unpacked"), "{}", refused(&filled));
        assert!(refused(&document("<office:text><text:p></office:text>")).contains("damaged"));
    }

    #[test]
    fn no_entity_of_a_document_is_fetched_or_grows() {
        let body = "<office:text><text:p>Maya: &outside; and &inside; said hello to us.</text:p>\
            <text:p>Priya: So they did, and it was kind.</text:p><text:p>Maya: What will you do now?</text:p>\
            <text:p>Priya: I will send the plan on Friday.</text:p></office:text>";
        let content = document(body);
        let read = parse(&content).map(|read| read.utterances.into_iter().map(|said| said.text).collect::<String>());
        let plain = read.unwrap_or_else(|error| error.to_string());
        let declared = "<!DOCTYPE x [<!ENTITY outside SYSTEM \"file:///etc/passwd\"><!ENTITY inside \"ha ha ha\">]>";
        let archive = archive(&[
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            (
                "content.xml",
                &format!(
                    "<?xml version=\"1.0\"?>{declared}<office:document-content><office:body>{body}</office:body></office:document-content>"
                ),
            ),
        ]);
        let read = parse(&archive).map(|read| read.utterances.into_iter().map(|said| said.text).collect::<String>());
        let said = read.unwrap_or_else(|error| error.to_string());
        assert!(said.contains("said hello") && !said.contains("root:") && !said.contains("ha ha"), "{said}");
        assert_eq!(said, plain, "as if nothing were declared");
    }
}
