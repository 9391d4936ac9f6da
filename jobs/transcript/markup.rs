//! The text of a cue without its markup: voices found, tags dropped, then character references decoded, so that
//! `&lt;i&gt;` stays speech.
//!
//! Where WebVTT's rule would swallow words (a lone `<` before a figure), the words are kept: people say "less than",
//! and some tools write `<` unescaped.

/// A stretch of a cue in one voice.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The annotation of `<v …>`; none outside of any voice.
    pub(super) voice: Option<String>,
    /// Plain text; line breaks are kept.
    pub(super) text: String,
}

/// The spans of a cue's payload, empty ones left out.
pub(super) fn spans(payload: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut span = Span { voice: None, text: String::new() };
    let mut rest = payload;
    while let Some(at) = rest.find(['<', '{']) {
        span.text.push_str(&references(&rest[..at]));
        let Some((tag, after)) = tag(&rest[at..]) else {
            span.text.push_str(&rest[at..=at]);
            rest = &rest[at + 1..];
            continue;
        };
        rest = after;
        let voice = match tag {
            Tag::Voice(name) => Some(references(name.trim())).filter(|name| !name.is_empty()),
            Tag::EndOfVoice => None,
            Tag::Other => continue,
        };
        let finished = std::mem::replace(&mut span, Span { voice, text: String::new() });
        spans.push(finished);
    }
    span.text.push_str(&references(rest));
    spans.push(span);
    spans.retain(|span| !span.text.trim().is_empty());
    spans
}

enum Tag<'a> {
    Voice(&'a str),
    EndOfVoice,
    Other,
}

/// The tag at the start of `text`, and what follows it; none where it is speech.
fn tag(text: &str) -> Option<(Tag<'_>, &str)> {
    if text.starts_with("{\\") {
        // A position as in SubStation files: {\an8}.
        let end = find(text, b'}')?;
        return Some((Tag::Other, &text[end + 1..]));
    }
    let inside = text.strip_prefix('<')?;
    let name_end = inside.find(|letter: char| letter.is_whitespace() || matches!(letter, '>' | '.' | '<'));
    let name = &inside[..name_end.unwrap_or(inside.len())];
    let known = matches!(name, "c" | "i" | "b" | "u" | "s" | "ruby" | "rt" | "v" | "lang" | "font");
    let Some(end) = find(inside, b'>') else {
        // The end of the cue closes a tag that WebVTT knows.
        return known.then_some((Tag::Other, ""));
    };
    let after = &inside[end + 1..];
    match name {
        "v" => {
            // <v.loud Mary>: classes come before the annotation.
            let classes = inside[name.len()..end].find(char::is_whitespace).map_or(end - name.len(), |at| at);
            Some((Tag::Voice(&inside[name.len() + classes..end]), after))
        }
        "/v" => Some((Tag::EndOfVoice, after)),
        _ if known || name.starts_with('/') => Some((Tag::Other, after)),
        // A time within the cue, or a tag that only one tool knows: one word, nothing behind it.
        _ if is_time_or_word(&inside[..end]) => Some((Tag::Other, after)),
        _ => None,
    }
}

/// Where `wanted` is within reach: no tag is longer, and a cue full of `<` must not cost the square of its length.
fn find(text: &str, wanted: u8) -> Option<usize> {
    text.bytes().take(1024).position(|byte| byte == wanted)
}

fn is_time_or_word(tag: &str) -> bool {
    tag.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, ':' | '.' | '_' | '/' | '-'))
}

/// Decodes character references; what is none stays as it is.
pub(super) fn references(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((reference(&rest[1..end])?, end))) {
            Some((letter, end)) => {
                out.push(letter);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?).filter(|letter| *letter != '\0');
    }
    NAMED.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter)
}

/// Those of WebVTT, the punctuation that tools escape, and the letters of western Europe.
const NAMED: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("lrm", '\u{200e}'),
    ("rlm", '\u{200f}'),
    ("hellip", '…'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("euro", '€'),
    ("pound", '£'),
    ("deg", '°'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ntilde", 'ñ'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("oslash", 'ø'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("uuml", 'ü'),
    ("szlig", 'ß'),
    ("Auml", 'Ä'),
    ("Aring", 'Å'),
    ("Eacute", 'É'),
    ("Oslash", 'Ø'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
];

#[cfg(test)]
mod tests {
    use super::spans;

    #[test]
    fn markup_goes_and_speech_stays() {
        for (payload, wanted) in [
            ("<v Ana>Hi <i>there</i></v>", vec![(Some("Ana"), "Hi there")]),
            ("<v.loud Ana B>Hi <v Tom &amp; Co>Hello", vec![(Some("Ana B"), "Hi "), (Some("Tom & Co"), "Hello")]),
            ("Before <v Ana>Hi</v> after", vec![(None, "Before "), (Some("Ana"), "Hi"), (None, " after")]),
            ("&lt;i&gt; is speech &amp;lt; too", vec![(None, "<i> is speech &lt; too")]),
            ("five < six, R&D; 7 > 6", vec![(None, "five < six, R&D; 7 > 6")]),
            ("so<00:00:01.000><c> on</c>", vec![(None, "so on")]),
            ("{\\an8}Up {curly}", vec![(None, "Up {curly}")]),
            ("Caf&eacute; &#8211; &#x41;", vec![(None, "Café – A")]),
            ("<v>Nobody", vec![(None, "Nobody")]),
            ("<v Ana></v>", vec![]),
        ] {
            let found = spans(payload);
            let found: Vec<_> = found.iter().map(|span| (span.voice.as_deref(), span.text.as_str())).collect();
            assert_eq!(found, wanted, "{payload}");
        }
    }
}
