//! Bytes to text: by byte-order mark, by the pattern of NULs, as UTF-8, else as Windows-1252.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::transcript::Warning;

/// Decoded text: without byte-order mark, every line break a line feed, every NUL a U+FFFD.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) warning: Option<Warning>,
}

/// Decodes; every input gives a text.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let (text, message) = to_text(bytes);
    let warning = message.map(|message| Warning { line: 0, column: None, message });
    Decoded { text: normalize(text.strip_prefix('\u{feff}').unwrap_or(&text)), warning }
}

fn to_text(bytes: &[u8]) -> (String, Option<String>) {
    // The mark of UTF-32 little-endian begins with that of UTF-16, so it is looked for first.
    match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => utf32(rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => utf32(rest, u32::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8_or_windows(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, UTF_16LE),
        [0xfe, 0xff, rest @ ..] => utf16(rest, UTF_16BE),
        _ => match by_nuls(bytes) {
            Some(Wide::Utf32Le) => utf32(bytes, u32::from_le_bytes),
            Some(Wide::Utf32Be) => utf32(bytes, u32::from_be_bytes),
            Some(Wide::Utf16Le) => utf16(bytes, UTF_16LE),
            Some(Wide::Utf16Be) => utf16(bytes, UTF_16BE),
            None => utf8_or_windows(bytes),
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

/// Text in Latin letters (digits and line breaks at the least) shows its width by where the NULs stand.
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
    // Most of the places, or hardly any; a few stray NULs in UTF-8 are neither.
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

fn utf16(bytes: &[u8], encoding: &'static Encoding) -> (String, Option<String>) {
    let (text, damaged) = encoding.decode_without_bom_handling(bytes);
    let message = damaged.then(|| format!("some characters are damaged ({})", encoding.name()));
    (text.into_owned(), message)
}

fn utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> (String, Option<String>) {
    let mut damaged = !bytes.len().is_multiple_of(4);
    let text = bytes
        .chunks_exact(4)
        .map(|chunk| {
            let code = unit([chunk[0], chunk[1], chunk[2], chunk[3]]);
            char::from_u32(code).unwrap_or_else(|| {
                damaged = true;
                char::REPLACEMENT_CHARACTER
            })
        })
        .collect();
    (text, damaged.then(|| "some characters are damaged (UTF-32)".to_owned()))
}

/// A file of another tool is UTF-8 or not; one that is UTF-8 but for a damaged spot stays UTF-8, since reading all of
/// it as Windows-1252 would spoil every name with an accent.
fn utf8_or_windows(bytes: &[u8]) -> (String, Option<String>) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), None);
    }
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good > bad * 2 {
        let message = format!("{bad} damaged places in the text (not valid UTF-8)");
        return (String::from_utf8_lossy(bytes).into_owned(), Some(message));
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    (text.into_owned(), Some("not Unicode: read as Windows-1252".to_owned()))
}

fn normalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_return = false;
    for letter in text.chars() {
        match letter {
            '\r' => out.push('\n'),
            '\n' if after_return => {}
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(letter),
        }
        after_return = letter == '\r';
    }
    out
}
