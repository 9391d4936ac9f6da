//! Tagged notations (XML, HTML): splits a text into pieces, so leniently that a truncated or damaged file still yields
//! its words.

pub(super) mod eaf;
mod initials;
pub(super) mod page;
pub(super) mod podcast_html;
pub(super) mod ttml;
mod unseen;
pub(super) mod youtube_xml;

/// The maximum length of a tag, in bytes; a text full of `<` must not take quadratic time.
const LONGEST_TAG: usize = 4096;

/// A piece of a tagged text. All pieces together are the text, and words don't span pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// An opening tag; its name has no prefix.
    Open { raw: &'a str, name: &'a str, empty: bool },
    /// A tag that closes one.
    Close { raw: &'a str, name: &'a str },
    /// Text, with its character references.
    Text(&'a str),
    /// A comment.
    Comment(&'a str),
    /// A declaration, an instruction, or a tag that is cut off by the end of the file.
    Other(&'a str),
}

/// The pieces of a text, each with its line number, from 1.
pub(super) fn pieces(text: &str) -> Pieces<'_> {
    Pieces { rest: text, line: 1, comments_end: true }
}

/// Iterates over the pieces of a text.
pub(super) struct Pieces<'a> {
    rest: &'a str,
    line: usize,
    /// Whether a comment may still end; if one doesn't, no later one does, and searching again would take quadratic
    /// time.
    comments_end: bool,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (usize, Piece<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let piece = piece(self.rest, &mut self.comments_end);
        let (Piece::Open { raw, .. }
        | Piece::Close { raw, .. }
        | Piece::Text(raw)
        | Piece::Comment(raw)
        | Piece::Other(raw)) = piece;
        let line = self.line;
        self.line += memchr::memchr_iter(b'\n', raw.as_bytes()).count();
        self.rest = &self.rest[raw.len()..];
        Some((line, piece))
    }
}

fn piece<'a>(rest: &'a str, comments_end: &mut bool) -> Piece<'a> {
    if !begins_a_tag(rest) {
        // The first character is text, even a lone `<`.
        let skip = rest.chars().next().map_or(0, char::len_utf8);
        let mut more = memchr::memchr_iter(b'<', &rest.as_bytes()[skip..]).map(|at| skip + at);
        return Piece::Text(&rest[..more.find(|at| begins_a_tag(&rest[*at..])).unwrap_or(rest.len())]);
    }
    if let Some(comment) = rest.strip_prefix("<!--") {
        let end = if *comments_end { comment.find("-->") } else { None };
        *comments_end = end.is_some();
        // What an unclosed comment hides is read as text.
        return end.map_or(Piece::Other(&rest[..4]), |end| Piece::Comment(&rest[..4 + end + 3]));
    }
    if rest.starts_with("<![CDATA[") {
        return Piece::Other(&rest[..9]);
    }
    let Some(end) = end_of_tag(rest) else {
        // Cut off: at the end of the file, or (if too long for a tag) at the next line.
        let end = if rest.len() <= LONGEST_TAG { rest.len() } else { 1 };
        return Piece::Other(&rest[..end]);
    };
    let raw = &rest[..=end];
    let inside = raw[1..end].trim_start_matches('/');
    let name = inside.split(|letter: char| letter.is_whitespace() || letter == '/').next().unwrap_or("");
    let name = name.rsplit(':').next().unwrap_or(name);
    match rest.as_bytes().get(1) {
        Some(b'/') => Piece::Close { raw, name },
        Some(b'!' | b'?') => Piece::Other(raw),
        _ => Piece::Open { raw, name, empty: raw.ends_with("/>") },
    }
}

fn begins_a_tag(text: &str) -> bool {
    matches!(text.as_bytes(), [b'<', second, ..] if second.is_ascii_alphabetic() || matches!(second, b'/' | b'!' | b'?'))
}

/// Where the tag ends: at the first `>` outside of quotes, or the very first if quotes aren't closed.
fn end_of_tag(tag: &str) -> Option<usize> {
    let bytes = &tag.as_bytes()[..tag.len().min(LONGEST_TAG)];
    // A quick check, for a text full of tags that don't end.
    memchr::memchr(b'>', bytes)?;
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'>') => return Some(at),
            _ => {}
        }
    }
    bytes.iter().position(|byte| *byte == b'>')
}

/// The value of a tag's attribute, given by name without a prefix.
pub(super) fn attribute<'a>(raw: &'a str, wanted: &str) -> Option<&'a str> {
    memchr::memchr_iter(b'=', raw.as_bytes()).find_map(|at| {
        let before = raw[..at].trim_end();
        let (rest, name) = before.split_at_checked(before.len().checked_sub(wanted.len())?)?;
        if !name.eq_ignore_ascii_case(wanted) || !rest.ends_with(|letter: char| letter.is_whitespace() || letter == ':')
        {
            return None;
        }
        let value = raw[at + 1..].trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        value[1..].split(quote).next()
    })
}

/// The attributes of a tag; their names have no prefix.
pub(super) fn attributes(raw: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = raw;
    std::iter::from_fn(move || {
        let (before, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        rest = after;
        let name = before.trim_end().rsplit(|letter: char| letter.is_whitespace() || letter == ':').next()?;
        Some((name, value))
    })
}

/// The name of the first element; `None` if the text doesn't begin with a tag.
pub(super) fn root(text: &str) -> Option<&str> {
    if !text.trim_start().starts_with('<') {
        return None;
    }
    for (_, piece) in pieces(text).take(64) {
        match piece {
            Piece::Open { name, .. } => return Some(name),
            Piece::Text(text) if !text.trim().is_empty() => return None,
            _ => {}
        }
    }
    None
}

/// Whether one of these readers supports the notation of the text.
pub(super) fn is_read(text: &str) -> bool {
    root(text).is_some_and(|root| match root {
        "transcript" => youtube_xml::has_captions(text),
        root => matches!(root, "tt" | "timedtext" | "ANNOTATION_DOCUMENT"),
    }) || podcast_html::is_one(text)
}

#[cfg(test)]
mod tests {
    use super::{attribute, pieces, root};

    #[test]
    fn the_pieces_are_the_text() {
        for (text, wanted) in [
            ("<p a=\"1>2\">so <b>it</b> is</p>", 7),
            ("five < six <p>", 2),
            ("<!-- no --><?xml?><p", 3),
            ("<!-- open <p>", 3),
            ("<p a=\"open>so</p>", 3),
            ("&lt;", 1),
        ] {
            assert_eq!(pieces(text).count(), wanted, "{text}: {:?}", pieces(text).collect::<Vec<_>>());
        }
    }

    #[test]
    fn attributes_and_roots() {
        let tag = "<tt:p xml:id='x' begin = \"00:01\" ttm:agent=\"a b\">";
        assert_eq!(attribute(tag, "id"), Some("x"));
        assert_eq!(attribute(tag, "begin"), Some("00:01"));
        assert_eq!(attribute(tag, "agent"), Some("a b"));
        assert_eq!(attribute(tag, "end"), None);
        assert_eq!(root("<?xml version=\"1.0\"?>\n<!-- so -->\n<tt:tt>"), Some("tt"));
        assert_eq!(root("so <tt>"), None);
    }
}
