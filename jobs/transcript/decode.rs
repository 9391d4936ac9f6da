//! Decodes bytes to text: by byte order mark, by the pattern of NULs, as UTF-8, otherwise in the encoding that fits
//! best (`legacy`).

mod legacy;

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::transcript::Warning;

/// Decoded text: without byte order mark, every line break a line feed, every NUL a U+FFFD. Borrowed if the bytes
/// already are like that.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The whole text; what can't be decoded is U+FFFD.
    pub text: Cow<'a, str>,
    /// The name of the encoding that was used.
    pub encoding: &'static str,
    /// What is damaged or was guessed, in plain words, with its position.
    pub warning: Option<Warning>,
}

/// The decoded bytes, before line breaks are unified.
struct RawText<'a> {
    text: Cow<'a, str>,
    encoding: &'static str,
    message: Option<String>,
}

/// Decodes; every input results in a text.
#[must_use]
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    let RawText { text, encoding, message } = to_text(bytes);
    let (text, padding) = without_padding(text);
    let text = normalize(text);
    let warning = message.map(|message| place(&text, message)).or_else(|| {
        (padding > 0).then(|| {
            let message = format!("the file ends in {padding} letters of nothing: it may be damaged");
            Warning { line: text.lines().count().max(1), column: None, message }
        })
    });
    Decoded { text, encoding, warning }
}

/// At least this many NULs at the end of a file are padding: space that was reserved and never written.
const PADDING: usize = 16;

/// The text without its padding, and the length of the padding in characters: the same in every encoding.
fn without_padding(text: Cow<'_, str>) -> (Cow<'_, str>, usize) {
    let end = text.trim_end_matches('\0').len();
    let padding = text.len() - end;
    match text {
        _ if padding < PADDING => (text, 0),
        Cow::Borrowed(text) => (Cow::Borrowed(&text[..end]), padding),
        Cow::Owned(mut text) => {
            text.truncate(end);
            (Cow::Owned(text), padding)
        }
    }
}

/// A warning at the first character that shows the problem: a damaged one, or (if every byte is valid) the first that
/// isn't ASCII.
fn place(text: &str, message: String) -> Warning {
    let damaged = text.find(char::REPLACEMENT_CHARACTER).or_else(|| text.find(|letter: char| !letter.is_ascii()));
    let Some(at) = damaged else { return Warning { line: 0, column: None, message } };
    let line = text[..at].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
    Warning { line, column: Some(text[begin..at].chars().count() + 1), message }
}

fn to_text(bytes: &[u8]) -> RawText<'_> {
    // The byte order mark of UTF-32 little-endian begins with that of UTF-16, so it's checked first.
    match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => utf32(rest, u32::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8_or_legacy(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, UTF_16LE),
        [0xfe, 0xff, rest @ ..] => utf16(rest, UTF_16BE),
        _ => match by_nuls(bytes) {
            Some(Wide::Utf32Le) => utf32(bytes, u32::from_le_bytes),
            Some(Wide::Utf32Be) => utf32(bytes, u32::from_be_bytes),
            Some(Wide::Utf16Le) => utf16(bytes, UTF_16LE),
            Some(Wide::Utf16Be) => utf16(bytes, UTF_16BE),
            None => utf8_or_legacy(bytes),
        },
    }
}

#[derive(Clone, Copy, Debug)]
enum Wide {
    Utf32Le,
    Utf32Be,
    Utf16Le,
    Utf16Be,
}

/// Text in Latin script (at least digits and line breaks) reveals its width by the positions of the NULs.
fn by_nuls(bytes: &[u8]) -> Option<Wide> {
    let look = &bytes[..bytes.len().min(4096) & !3];
    if look.is_empty() {
        return None;
    }
    let mut nuls = [0_usize; 4];
    for (position, byte) in look.iter().enumerate() {
        nuls[position % 4] += usize::from(*byte == 0);
    }
    let units = look.len() / 4;
    // Most of the positions, or hardly any; a few stray NULs in UTF-8 are neither.
    let many = |count: usize, of: usize| count * 5 >= of;
    let few = |count: usize, of: usize| count * 50 <= of;
    if nuls[3] == units && many(nuls[2], units) && few(nuls[0], units) {
        return Some(Wide::Utf32Le);
    }
    if nuls[0] == units && many(nuls[1], units) && few(nuls[3], units) {
        return Some(Wide::Utf32Be);
    }
    let (even, odd) = (nuls[0] + nuls[2], nuls[1] + nuls[3]);
    if many(odd, units * 2) && few(even, units * 2) {
        return Some(Wide::Utf16Le);
    }
    if many(even, units * 2) && few(odd, units * 2) {
        return Some(Wide::Utf16Be);
    }
    None
}

fn utf16<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> RawText<'a> {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    let message = damaged.then(|| format!("some characters are damaged ({})", encoding.name()));
    RawText { text, encoding: encoding.name(), message }
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> RawText<'static> {
    let mut damaged = !bytes.len().is_multiple_of(4);
    let text: String = bytes
        .chunks_exact(4)
        .map(|chunk| {
            let code = unit([chunk[0], chunk[1], chunk[2], chunk[3]]);
            char::from_u32(code).unwrap_or_else(|| {
                damaged = true;
                char::REPLACEMENT_CHARACTER
            })
        })
        .collect();
    let message = damaged.then(|| "some characters are damaged (UTF-32)".to_owned());
    RawText { text: Cow::Owned(text), encoding: "UTF-32", message }
}

/// A file is either UTF-8 or not; one that is UTF-8 except for a damaged spot stays UTF-8, since reading all of it in
/// another encoding would garble every accented name.
fn utf8_or_legacy(bytes: &[u8]) -> RawText<'_> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return legacy::escaped(bytes).unwrap_or(RawText {
            text: Cow::Borrowed(text),
            encoding: UTF_8.name(),
            message: None,
        });
    }
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good > bad * 2 {
        let message = format!("{bad} damaged places in the text (not valid UTF-8), the first here");
        return RawText { text: Cow::Owned(mostly_utf8(bytes)), encoding: UTF_8.name(), message: Some(message) };
    }
    legacy::read(bytes)
}

/// A lone byte in UTF-8 text was pasted from a Windows-1252 file, unless it's half of the most common UTF-8 sequences:
/// those are damage.
fn mostly_utf8(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        match chunk.invalid() {
            [] => {}
            [letter] if !(0x80..0xc4).contains(letter) || matches!(letter, 0x85 | 0x91..=0x97) => {
                out.push_str(&WINDOWS_1252.decode_without_bom_handling(&[*letter]).0);
            }
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    out
}

fn normalize(text: Cow<'_, str>) -> Cow<'_, str> {
    const MARK: &str = "\u{feff}";
    if !text.starts_with(MARK) && memchr::memchr2(b'\r', 0, text.as_bytes()).is_none() {
        return text;
    }
    let mut rest = text.strip_prefix(MARK).unwrap_or(&text);
    let mut out = String::with_capacity(rest.len());
    while let Some(at) = memchr::memchr2(b'\r', 0, rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let nul = rest.as_bytes()[at] == 0;
        out.push(if nul { char::REPLACEMENT_CHARACTER } else { '\n' });
        rest = &rest[at + 1..];
        if !nul {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}
