//! Emphasised words: their marks are neither said nor part of a name.

use std::borrow::Cow;

use crate::text;

/// The maximum length of emphasised text, in bytes.
const REACH: usize = 400;

/// A line without single marks around emphasised words in a sentence: `with *everything*.` What stands alone may be a
/// name or a sound (`*laughs*`), and keeps its marks.
pub(super) fn unstressed(line: String) -> String {
    if memchr::memchr2(b'*', b'_', line.as_bytes()).is_none() {
        return line;
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line.as_str();
    while let Some(at) = rest.find(['*', '_']) {
        let (before, here) = rest.split_at(at);
        out.push_str(before);
        let mark = &here[..1];
        let reach = here.floor_char_boundary(REACH);
        let end = here[1..reach].find(mark).filter(|end| is_stressed(&out, &here[1..=*end], &here[end + 2..]));
        let width = end.map_or(1, |end| end + 2);
        out.push_str(if let Some(end) = end { &here[1..=end] } else { mark });
        rest = &here[width..];
    }
    out.push_str(rest);
    out
}

/// Whether `inner`, between single marks, is said by the same person as `before` and `after`.
fn is_stressed(before: &str, inner: &str, after: &str) -> bool {
    const OPENING: [char; 12] = [' ', '(', '"', '“', '„', '«', '\'', '‘', '-', '–', '—', '/'];
    let letters =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || "'’\"“”‘".contains(letter));
    let opens = before.ends_with(OPENING) && letters(inner.chars().next());
    let closes = inner.ends_with(|letter: char| !letter.is_whitespace())
        && !after.starts_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '*' | '_'))
        && (before.contains(':') || !after.starts_with(':'));
    // There is speech before it: the sentence continues into it, or it begins one that continues.
    let spoken = before.contains(char::is_alphabetic);
    let goes_on = before.trim_end_matches(OPENING).ends_with(|letter: char| letter.is_alphanumeric() || letter == ',');
    let begins = before
        .trim_end_matches(OPENING)
        .trim_end_matches(['”', '»', '’', ')', '"'])
        .ends_with(['.', '?', '!', ':', '…', '*'])
        && inner.starts_with(char::is_uppercase)
        && after.trim_start().starts_with(char::is_lowercase);
    opens && closes && spoken && (goes_on || begins) && !is_sound(inner.trim_end_matches(['.', '!', ',']))
}

/// Whether marked text is what somebody does, rather than says.
fn is_sound(text: &str) -> bool {
    const DOES: &[&str] = &[
        "smiles", "smiling", "nods", "nodding", "pauses", "breathes", "cries", "sobs", "sobbing", "shrugs", "gestures",
        "whispers", "grins", "giggles", "clears", "sniffs", "lächelt", "nickt", "seufzt", "weint", "schweigt",
        "sourit", "soupire", "sonríe", "suspira", "sorride", "sospira", "ler", "suckar", "nickar",
    ];
    let mut words = text.split(|letter: char| !letter.is_alphabetic()).map(str::to_lowercase);
    text::is_sound(text) || words.any(|word| text::is_sound(&word) || DOES.contains(&word.as_str()))
}

/// The words without emphasis marks; a single star may mark a sound, `*laughs*`, and stays.
pub(crate) fn unemphasized(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    if memchr::memchr3(b'*', b'_', b'=', text.as_bytes()).is_none() {
        return out;
    }
    for mark in ["**", "__", "=="] {
        if out.matches(mark).take(2).count() < 2 {
            continue;
        }
        let mut plain = String::with_capacity(out.len());
        let mut rest: &str = &out;
        while let Some(at) = rest.find(mark) {
            let inner = &rest[at + mark.len()..];
            let end = inner.find(mark).filter(|end| {
                let inner = &inner[..*end];
                !inner.is_empty() && !inner.starts_with(char::is_whitespace) && !inner.ends_with(char::is_whitespace)
            });
            let Some(end) = end else {
                plain.push_str(&rest[..at + mark.len()]);
                rest = inner;
                continue;
            };
            plain.push_str(&rest[..at]);
            plain.push_str(&inner[..end]);
            rest = &inner[end + mark.len()..];
        }
        plain.push_str(rest);
        out = Cow::Owned(plain);
    }
    out
}
