//! Neutralises characters that break programs or mislead readers. Pure. The only place for it: everything that comes in
//! (words, names, file names, forms, the answers of models) passes through here, and so does everything that goes out
//! by email or to a terminal.
//!
//! A character can be harmful in three ways: XML 1.0 forbids it (and Postgres the first of them), so no email can
//! contain it; it reverses the direction of what follows, or begins a line that nobody sees begin; or a terminal obeys
//! it.

use std::borrow::Cow;

/// Replaces a character that can't be kept, as is usual in Unicode.
const REPLACEMENT: char = '\u{fffd}';

/// Whether XML 1.0 forbids the character in text. Surrogates, which it also forbids, don't occur in a `str`.
const fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether it's a gap between lines or parts: what Word and old files use for a soft break, a page or a record.
const fn is_gap(c: char) -> bool {
    matches!(c, '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1f}')
}

/// Whether it's a mark that overrides text direction, or a byte order mark. The left-to-right and right-to-left marks
/// (U+200E, U+200F), which Arabic and Hebrew names contain, override nothing.
const fn is_turning(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

const fn is_line_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

const fn mended(c: char) -> char {
    if is_gap(c) {
        ' '
    } else if is_forbidden(c) {
        REPLACEMENT
    } else {
        c
    }
}

/// Multi-line text that can be stored and emailed: gaps become spaces, other forbidden characters U+FFFD, and nothing
/// overrides the direction of what follows.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| is_forbidden(c) || is_turning(c)) {
        return text.into();
    }
    text.chars().filter(|c| !is_turning(*c)).map(mended).collect()
}

/// Like [`text`], and without line breaks that nobody sees: for emails.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| is_forbidden(c) || is_turning(c) || is_line_break(c)) {
        return text.into();
    }
    let seen = text.chars().filter(|c| !is_turning(*c));
    seen.map(|c| if is_line_break(c) { ' ' } else { mended(c) }).collect()
}

/// A name, a title, a label, or a header value: one line, with single spaces between words. NULs that pad a field of
/// fixed length are dropped.
#[must_use]
pub fn line(text: &str) -> String {
    let text = shown(text.trim_matches(|c: char| c == '\0' || c.is_whitespace()));
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Applies [`shown`] to all strings in a value.
pub fn value(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(text) => {
            if let Cow::Owned(clean) = shown(text) {
                *text = clean;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(self::value),
        Value::Object(fields) => fields.values_mut().for_each(self::value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A JSON document whose strings can be stored: escapes of forbidden characters, and of lone surrogates (text that was
/// cut within an emoji), are replaced by that of U+FFFD.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    let document = text(document);
    if !document.contains('\\') {
        return document;
    }
    let (mut out, mut rest) = (String::with_capacity(document.len()), &*document);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (escape, length) = escape(&rest[at..]);
        out.push_str(escape);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The replacement of the escape at the beginning of `text`, and the length of the escape.
fn escape(text: &str) -> (&str, usize) {
    const REPLACED: &str = "\\ufffd";
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    match (text.as_bytes().get(1), unit(0)) {
        (Some(b'b'), _) => (REPLACED, 2),
        (Some(b'f'), _) => (" ", 2),
        (_, Some(0xd800..=0xdbff)) if matches!(unit(6), Some(0xdc00..=0xdfff)) => (&text[..12], 12),
        (_, Some(0xd800..=0xdfff)) => (REPLACED, 6),
        (_, Some(code)) => match char::from_u32(code) {
            Some(c) if is_gap(c) => (" ", 6),
            Some(c) if is_forbidden(c) => (REPLACED, 6),
            _ => (&text[..6], 6),
        },
        // A backslash and the character it escapes, which may be a backslash.
        (Some(next), None) if next.is_ascii() => (&text[..2], 2),
        _ => (&text[..1], 1),
    }
}

/// Whether a terminal would obey a character, or display what follows it elsewhere.
const fn is_obeyed(c: char) -> bool {
    c.is_ascii_control() || matches!(c, '\u{80}'..='\u{9f}' | '\u{61c}') || is_turning(c) || is_line_break(c)
}

/// Text that a terminal displays and doesn't obey: control characters are shown as their code points. Line breaks and
/// tabs stay.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_obeyed(c) && !matches!(c, '\n' | '\t'), |c| c.escape_unicode().to_string())
}

/// Like [`terminal`], but in one line: for a cell, or a line of a log.
#[must_use]
pub fn terminal_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_obeyed, |c| c.escape_debug().to_string())
}

/// A JSON document that is safe for a terminal: it stays equivalent.
#[must_use]
pub fn terminal_json(document: &str) -> Cow<'_, str> {
    // ASCII control characters don't occur in a document's strings; between the strings there are line breaks.
    escaped(
        document,
        |c| !c.is_ascii_control() && is_obeyed(c) || c == '\u{7f}',
        |c| format!("\\u{:04x}", u32::from(c)),
    )
}

fn escaped(text: &str, harms: impl Fn(char) -> bool, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(&harms) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harms(c) { out.push_str(&escape(c)) } else { out.push(c) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As defined by XML 1.0: `#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]`.
    fn xml_allows(c: char) -> bool {
        matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
    }

    #[test]
    fn whatever_goes_in_xml_allows_what_comes_out() {
        for c in '\0'..=char::MAX {
            let one = format!("a{c}b");
            assert!(text(&one).chars().all(xml_allows), "{c:?}");
            assert!(shown(&one).chars().all(xml_allows), "{c:?}");
            assert!(line(&one).chars().all(|c| xml_allows(c) && !c.is_control()), "{c:?}");
            assert_eq!(
                text(&one) == one,
                xml_allows(c) && !is_turning(c),
                "what is allowed and turns nothing stays: {c:?}"
            );
        }
    }

    #[test]
    fn names_are_one_line_and_cannot_turn_around() {
        for (name, clean) in [
            ("Priya\0Raman", "Priya\u{fffd}Raman"),
            ("Priya Raman\0\0\0\0", "Priya Raman"),
            ("  Priya\r\n\tRaman\u{2028}", "Priya Raman"),
            ("Priya\u{b}Raman", "Priya Raman"),
            ("Priya\u{85}Raman\u{9b}", "Priya Raman"),
            ("session\u{202e}fdp.vtt", "sessionfdp.vtt"),
            ("\u{feff}\u{2066}Priya\u{2069}", "Priya"),
            ("\u{200f}مايا", "\u{200f}مايا"),
            ("Zo\u{fffd}", "Zo\u{fffd}"),
            ("Zoë 👩🏽\u{200d}💻", "Zoë 👩🏽\u{200d}💻"),
        ] {
            assert_eq!(line(name), clean, "{name:?}");
        }
    }

    #[test]
    fn a_json_document_can_be_stored_and_says_the_same() {
        for (document, says) in [
            (r#"["a\u0000b"]"#, "a\u{fffd}b"),
            (r#"["a\u001Bb\u000bc\fd\be"]"#, "a\u{fffd}b c d\u{fffd}e"),
            (r#"["\\u0000 \\\u0000 \\\\u0000"]"#, "\\u0000 \\\u{fffd} \\\\u0000"),
            (r#"["\ud83d\ude00 \ud83d \ude00 \uD83D\u0041"]"#, "😀 \u{fffd} \u{fffd} \u{fffd}A"),
            (r#"["\n\t\"\/ é"]"#, "\n\t\"/ é"),
            ("[\"a\u{7}b\"]", "a\u{fffd}b"),
        ] {
            let read: Vec<String> =
                serde_json::from_str(&json(document)).unwrap_or_else(|error| panic!("{error}: {document}"));
            assert_eq!(read, [says], "{document}");
        }
        // Invalid documents stay invalid, and nothing panics.
        for broken in ["\\", "\"\\u00", "\"\\é\"", "\\ud83d\\"] {
            let _ = json(broken);
        }
    }

    #[test]
    fn a_terminal_obeys_nothing() {
        let hostile = "\u{1b}]0;x\u{7}\u{9b}2J\r\u{202e}gpj\u{2029}\u{7f}\tend\n";
        assert_eq!(terminal(hostile), "\\u{1b}]0;x\\u{7}\\u{9b}2J\\u{d}\\u{202e}gpj\\u{2029}\\u{7f}\tend\n");
        assert_eq!(terminal_line("a\nb\u{1b}"), "a\\nb\\u{1b}");
        let document = serde_json::json!({ "name": hostile }).to_string();
        let printed = terminal_json(&document);
        assert!(!printed.contains(|c: char| is_obeyed(c)), "{printed}");
        let read: serde_json::Value = serde_json::from_str(&printed).expect("it is the same document");
        assert_eq!(read["name"], hostile);
        assert_eq!(terminal("Zoë Åström, 話者"), "Zoë Åström, 話者");
    }
}
