//! The text of HTML pages, one line per block, as displayed. What surrounds the text of a page (menus, buttons,
//! scripts) is left out.

use super::{Piece, attribute, initials, is_read, pieces, root, unseen::Unseen};
use crate::{format::Format, markup, shown::Shown, transcript::Transcript};

/// The warning about every page.
pub(crate) const DOUBT: &str = "this is a web page: text around the transcript may have been read as speech. \
     Please check the first words and the last";

/// Elements that begin a page, or a part of one.
pub(crate) const ROOTS: &[&str] = &[
    "html", "head", "body", "main", "article", "section", "div", "p", "table", "ul", "ol", "dl", "h1", "h2", "h3",
    "span",
];
/// Elements without text of the page.
const HIDDEN: &[&str] = &[
    "script", "style", "head", "nav", "noscript", "template", "svg", "button", "select", "form", "footer", "aside",
    "iframe", "dialog",
];
/// Elements that contain nothing and are never closed.
const VOID: &[&str] = &["br", "hr", "img", "input", "wbr", "meta", "link", "col"];
/// Elements that end a line of text.
const BLOCKS: &[&str] = &[
    "div",
    "li",
    "tr",
    "ul",
    "ol",
    "dl",
    "dt",
    "dd",
    "table",
    "section",
    "article",
    "main",
    "header",
    "pre",
    "figure",
    "figcaption",
    "tbody",
    "thead",
    "body",
    "html",
    "details",
    "summary",
    "br",
    "hr",
];
/// Elements with a blank line before and after them.
const PARAGRAPHS: &[&str] = &["p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"];

#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) title: Option<String>,
    /// Its text; what is struck through is left out.
    pub(crate) shown: Shown,
    /// Whether we're within a bold name.
    bold: bool,
    /// Whether the line already has words.
    begun: bool,
}

/// Parses a page; `None` if the text isn't one, or has its own reader.
pub(crate) fn of(text: &str) -> Option<Page> {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\n', '\t']);
    let declared = start.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html"));
    let is_page = || root(start).is_some_and(|root| ROOTS.contains(&root.to_ascii_lowercase().as_str()));
    // Captions and talk may contain a few tags.
    let closed = || text.contains("</") || text.contains("<br");
    ((declared || is_page()) && closed() && !is_read(text)).then(|| read(text))
}

/// Whether what was read from a page with that many lines is talk throughout: any page contains a few names and colons.
pub(crate) fn is_talk(transcript: &Transcript, lines: usize) -> bool {
    let said = &transcript.utterances;
    let ends =
        |text: &str| text.trim_end_matches(['"', '”', '»', ')']).ends_with(['.', '?', '!', '…', '。', '？', '！']);
    let ended = said.iter().filter(|said| ends(&said.text)).count();
    lines <= said.len() * 4 && (ended * 3 >= said.len() || transcript.format != Format::Text)
}

/// The text without its scripts and style sheets, in which `<` doesn't begin a tag.
fn without_scripts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    let named = |at: usize, name: &str| {
        let rest = &text.as_bytes()[at + 1..];
        rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    };
    let mut tags = memchr::memchr_iter(b'<', text.as_bytes());
    while let Some(at) = tags.next() {
        let Some((_, close)) =
            [("script", "/script"), ("style", "/style")].into_iter().find(|(open, _)| named(at, open))
        else {
            continue;
        };
        out.push_str(&text[from..at]);
        from = tags.by_ref().find(|at| named(*at, close)).unwrap_or(text.len());
    }
    out.push_str(&text[from..]);
    out
}

fn read(text: &str) -> Page {
    let unseen = Unseen::of(text);
    let text = &without_scripts(text);
    let mut page = Page::default();
    let (mut hidden, mut title): (Option<(String, usize)>, bool) = (None, false);
    // Whether what is hidden belongs to the text, and somebody took it out.
    let mut taken_out = false;
    // Whether a part of a line ended right here.
    let mut boxed = false;
    // The element that contains a name, according to its class, and how many of its kind are open within it.
    let mut named: Option<(String, usize)> = None;
    for (_, piece) in pieces(text) {
        match piece {
            Piece::Open { raw, name, empty } => {
                let name = name.to_ascii_lowercase();
                if let Some((element, depth)) = &mut hidden {
                    *depth += usize::from(*element == name && !empty);
                    title = name == "title" && element == "head";
                } else if !empty && HIDDEN.contains(&name.as_str()) {
                    (hidden, taken_out) = (Some((name, 1)), false);
                } else if !empty && !VOID.contains(&name.as_str()) && unseen.holds(&name, raw) {
                    (hidden, taken_out) = (Some((name, 1)), true);
                } else {
                    page.part(&name);
                    // Adjacent boxes are separate on the screen.
                    if std::mem::take(&mut boxed) && !page.shown.text.ends_with(char::is_whitespace) {
                        page.shown.text.push_str("  ");
                    }
                    match &mut named {
                        Some((element, depth)) => *depth += usize::from(*element == name && !empty),
                        None if !empty && name == "span" && says_name(raw) && !page.begun => {
                            page.shown.text.push_str("**");
                            named = Some((name, 1));
                        }
                        None => {}
                    }
                }
            }
            Piece::Close { name, .. } => {
                let name = name.to_ascii_lowercase();
                title = false;
                match &mut hidden {
                    Some((element, depth)) if *element == name => {
                        *depth -= 1;
                        if *depth == 0 {
                            hidden = None;
                        }
                    }
                    // Some pages don't close their head.
                    Some((element, _)) if element == "head" && name == "html" => hidden = None,
                    Some(_) => {}
                    None => page.part(&name),
                }
                if let Some((_, depth)) = named.as_mut().filter(|(element, _)| *element == name) {
                    *depth -= 1;
                    if *depth == 0 {
                        page.shown.text.truncate(page.shown.text.trim_end().len());
                        page.shown.text.push_str("**");
                        named = None;
                    }
                }
                boxed = hidden.is_none() && matches!(name.as_str(), "span" | "time" | "cite" | "b" | "strong" | "a");
            }
            Piece::Text(text) if hidden.is_none() => {
                boxed = false;
                page.push(&markup::references(text));
            }
            Piece::Text(text) if title => {
                let text = markup::references(text).split_whitespace().collect::<Vec<_>>().join(" ");
                page.title = page.title.take().or(Some(text).filter(|text| !text.is_empty()));
            }
            Piece::Text(text) if taken_out => {
                page.shown.leave_out(&markup::references(text));
            }
            _ => {}
        }
    }
    page.shown.text = initials::without(page.shown.text);
    page
}

/// Whether the class of an element says that it contains a speaker's name.
fn says_name(raw: &str) -> bool {
    let class = attribute(raw, "class").unwrap_or("").to_ascii_lowercase();
    ["speaker", "author", "username", "participant"].iter().any(|word| class.contains(word))
}

impl Page {
    /// Ends a line, or a table cell, at the beginning or end of an element.
    fn part(&mut self, name: &str) {
        match name {
            "td" | "th" if !self.shown.text.ends_with(['\n', '\t']) && !self.shown.text.is_empty() => {
                self.shown.text.push('\t')
            }
            name if PARAGRAPHS.contains(&name) => {
                self.end_line();
                if !self.shown.text.is_empty() && !self.shown.text.ends_with("\n\n") {
                    self.shown.text.push('\n');
                    self.begun = false;
                }
            }
            name if BLOCKS.contains(&name) => self.end_line(),
            // A bold name at the beginning of its line, or after a time, is marked.
            "b" | "strong" if self.bold || !self.begun => {
                self.bold = !self.bold;
                self.shown.text.push_str("**");
            }
            _ => {}
        }
    }

    fn end_line(&mut self) {
        self.shown.text.truncate(self.shown.text.trim_end_matches([' ', '\t']).len());
        if !self.shown.text.is_empty() && !self.shown.text.ends_with('\n') {
            self.shown.text.push('\n');
        }
        self.begun = false;
    }

    /// Adds text, with whitespace collapsed.
    fn push(&mut self, text: &str) {
        if text.starts_with(char::is_whitespace)
            && !self.shown.text.is_empty()
            && !self.shown.text.ends_with(char::is_whitespace)
        {
            self.shown.text.push(' ');
        }
        self.begun |= text.contains(char::is_alphabetic);
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            self.shown.text.push_str(word);
            if words.peek().is_some() || text.ends_with(char::is_whitespace) {
                self.shown.text.push(' ');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_page_is_read_as_one_sees_it() {
        let text = |page: &str| of(page).map(|page| page.shown.text);
        for (page, wanted) in [
            ("<!DOCTYPE html><html><head><title>x</title></head><body><p>so</p></body></html>", Some("so\n\n")),
            ("<div>Ana: I <s>hate it</s> love it</div>", Some("Ana: I love it\n")),
            ("<div>Ana: I <span style=\"display: none\">hate <i>it</i></span>love it</div>", Some("Ana: I love it\n")),
            ("<div>so</div><p hidden>Ana: no</p><div>it is</div>", Some("so\nit is\n")),
            ("<div title=\"the hidden one\">so</div><div class='a hidden b'>no</div>", Some("so\nno\n")),
            (
                "<head><style>.gone, .x{display:none}</style></head><p class=\"a gone\">no</p><p class=a>so</p>",
                Some("so\n\n"),
            ),
            ("<div><b>Ana:</b> so</div><div>no</div>", Some("**Ana:** so\nno\n")),
            ("<p>one<br>two</p><p>three &amp; four</p>", Some("one\ntwo\n\nthree & four\n\n")),
            ("<table><tr><td>Ana</td><td>so</td></tr></table>", Some("Ana\tso\n")),
            ("<html><nav>menu <nav>x</nav></nav><script>a<b</script>so<footer>end</footer></html>", Some("so\n")),
            ("<ul><li>Ana: so\n   it is</li><li>Tom: no</li></ul>", Some("Ana: so it is\nTom: no\n")),
            ("<Ana> so\n<Tom> no", None),
            ("so <b>it</b> is", None),
        ] {
            assert_eq!(text(page).as_deref(), wanted, "{page}");
        }
        let title = of("<html><head><title>A &amp; B</title><style>x</style></head><body>so</body></html>");
        assert_eq!(title.and_then(|page| page.title).as_deref(), Some("A & B"));
    }
}
