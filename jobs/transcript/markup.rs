//! The text of a cue without its markup: first voices are found and tags dropped, then character references decoded, so
//! that `&lt;i&gt;` stays speech.
//!
//! Where WebVTT's rule would swallow words (a lone `<` before a digit), the words are kept: people say "less than", and
//! some tools write `<` unescaped.

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

/// A part of a cue in one voice.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Span<'a> {
    /// The annotation of `<v …>`; `None` outside of any voice.
    pub(super) voice: Option<Cow<'a, str>>,
    /// Plain text; line breaks are kept.
    pub(super) text: Cow<'a, str>,
}

/// Whether a payload contains nothing that [`spans`] would remove or change.
pub(super) fn is_plain(payload: &str) -> bool {
    memchr::memchr3(b'<', b'{', b'&', payload.as_bytes()).is_none()
}

/// The spans of a cue's payload, without empty ones.
pub(super) fn spans(payload: &str) -> Vec<Span<'_>> {
    let mut spans = Vec::new();
    let mut span = Span { voice: None, text: Cow::Borrowed("") };
    let mut rest = payload;
    while let Some(at) = memchr::memchr2(b'<', b'{', rest.as_bytes()) {
        span.text += references(&rest[..at]);
        let Some((tag, after)) = tag(&rest[at..], at == 0 && rest.len() == payload.len()) else {
            span.text += &rest[at..=at];
            rest = &rest[at + 1..];
            continue;
        };
        rest = after;
        let voice = match tag {
            Tag::Voice(name) => Some(references(name.trim())).filter(|name| !name.is_empty()),
            Tag::EndOfVoice => None,
            Tag::Other => continue,
        };
        let finished = std::mem::replace(&mut span, Span { voice, text: Cow::Borrowed("") });
        spans.push(finished);
    }
    span.text += references(rest);
    spans.push(span);
    spans.retain(|span| !span.text.trim().is_empty());
    // A closing voice tag without an opening one separates nothing: both sides are one span, and may be one word.
    spans.dedup_by(|next, span| {
        let same = next.voice == span.voice;
        if same {
            span.text += std::mem::take(&mut next.text);
        }
        same
    });
    spans
}

enum Tag<'a> {
    Voice(&'a str),
    EndOfVoice,
    Other,
}

/// The tag at the start of `text`, which may be the whole cue, and what follows it; `None` if it's speech.
fn tag(text: &str, whole: bool) -> Option<(Tag<'_>, &str)> {
    if text.starts_with("{\\") {
        // A position as in SubStation files: {\an8}.
        let end = find(text, b'}')?;
        return Some((Tag::Other, &text[end + 1..]));
    }
    let inside = text.strip_prefix('<')?;
    if is_cut_off(inside, whole) {
        return Some((Tag::Other, ""));
    }
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
        // A time within the cue, or a tag specific to one tool: one word, followed by nothing.
        _ if is_time_or_word(&inside[..end]) => Some((Tag::Other, after)),
        _ => None,
    }
}

/// Whether the cue ends within a tag before any words in it: empty, or part of a time. A digit after other words is
/// speech, as in "and that is <5".
fn is_cut_off(inside: &str, whole: bool) -> bool {
    // Anything longer isn't part of a tag, and scanning it at each `<` would take quadratic time.
    if inside.len() > REACH {
        return false;
    }
    let rest = inside.trim_end();
    let digits = rest.starts_with(|letter: char| letter.is_ascii_digit());
    let time = rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    let mark = |letter: char| letter.is_whitespace() || matches!(letter, '.' | '/' | '<');
    (digits && time && (whole || rest.contains(':'))) || rest.chars().all(mark)
}

/// The position of `wanted`, if near enough: a cue full of `<` must not take quadratic time.
fn find(text: &str, wanted: u8) -> Option<usize> {
    memchr::memchr(wanted, &text.as_bytes()[..text.len().min(REACH)])
}

/// The maximum length of a tag, in bytes.
const REACH: usize = 1024;

fn is_time_or_word(tag: &str) -> bool {
    let plain = |letter| matches!(letter, ':' | '.' | '_' | '/' | '-' | char::REPLACEMENT_CHARACTER);
    tag.chars().all(|letter| letter.is_ascii_alphanumeric() || plain(letter))
}

/// Decodes HTML's character references; anything else stays as it is.
pub(super) fn references(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let letters =
            rest.bytes().take(LONGEST_REFERENCE).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
        let name = &rest[..letters.count()];
        let closed = rest[name.len()..].starts_with(';');
        let decoded = closed.then(|| reference(name, &mut out)).flatten();
        match decoded {
            Some(()) => rest = &rest[name.len() + 1..],
            None => rest = &rest[unclosed(name, closed, &mut out)..],
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The longest is `CounterClockwiseContourIntegral`.
const LONGEST_REFERENCE: usize = 32;

/// Writes what `&name;` stands for; `None` if it stands for nothing.
fn reference(name: &str, out: &mut String) -> Option<()> {
    let Some(number) = name.strip_prefix('#') else {
        out.push_str(&NAMES.get(name)?.0);
        return Some(());
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    let code = code.ok().filter(|code| *code != 0)?;
    match u8::try_from(code).ok().filter(|byte| (0x80..0xa0).contains(byte)) {
        // These aren't characters, but some tools use Windows' code page: `&#146;` is an apostrophe.
        Some(byte) => out.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0),
        None => out.push(char::from_u32(code)?),
    }
    Some(())
}

/// Writes what follows an `&` without a semicolon, which HTML allows for legacy names, and returns the length it takes
/// up. HTML reads `Slides&notes` as `Slides¬es`; here words stay words.
fn unclosed(name: &str, closed: bool, out: &mut String) -> usize {
    let is_old = |end: &usize| NAMES.get(&name[..*end]).is_some_and(|(_, old)| *old);
    let shortest = if closed { 2 } else { name.len().max(2) };
    let end = (shortest..=name.len()).rev().find(is_old);
    match end.and_then(|end| reference(&name[..end], out).map(|()| end)) {
        Some(end) => end,
        None => {
            out.push('&');
            0
        }
    }
}

/// The named characters of the HTML standard: what each stands for, and whether it's a legacy name, which HTML also
/// accepts without a semicolon.
static NAMES: LazyLock<HashMap<&'static str, (String, bool)>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let (name, codes) = line.split_once(' ')?;
        let (codes, old) = codes.strip_suffix(" old").map_or((codes, false), |codes| (codes, true));
        let code = |code: &str| u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
        Some((name, (codes.split(' ').filter_map(code).collect(), old)))
    };
    include_str!("entities.txt").lines().filter_map(line).collect()
});

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
            ("Caf&eacute; &#8211; &#x41; &#146; &copy &notin;", vec![(None, "Café – A ’ © ∉")]),
            ("Q&A, AT&T; slides&notes", vec![(None, "Q&A, AT&T; slides&notes")]),
            ("so<00:00:01", vec![(None, "so")]),
            ("and that is <5", vec![(None, "and that is <5")]),
            ("5 < 6", vec![(None, "5 < 6")]),
            ("<v>Nobody", vec![(None, "Nobody")]),
            ("<v Ana></v>", vec![]),
            ("some</v>body", vec![(None, "somebody")]),
        ] {
            let found = spans(payload);
            let found: Vec<_> = found.iter().map(|span| (span.voice.as_deref(), &*span.text)).collect();
            assert_eq!(found, wanted, "{payload}");
        }
    }
}
