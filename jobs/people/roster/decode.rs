//! Decodes the text of a roster, however a spreadsheet saved it. Pure.
//!
//! A file that isn't UTF-8 and has no byte order mark was written in the encoding of somebody's Windows or Mac. No byte
//! says which: the same bytes are `Павел` in one and `Ïàâåë` in another. So each encoding that turns all bytes into
//! words is tried. If they agree there is no doubt; otherwise the one that produces names known from elsewhere
//! (transcripts, earlier clients) is right; otherwise the likeliest is used, and reported as a guess.

use std::collections::{BTreeMap, HashSet};

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, IBM866, KOI8_R, MACINTOSH, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257,
};

/// How certain the encoding is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoded {
    /// Nothing else is possible, or nothing else produces known names.
    #[default]
    Surely,
    /// The likeliest of several encodings, by name.
    Perhaps(&'static str),
    /// It was decoded wrongly before it was saved, which has been undone.
    Twice,
}

/// The encodings that spreadsheets use, by country.
const USUAL: [&Encoding; 12] = [
    WINDOWS_1252,
    WINDOWS_1250,
    WINDOWS_1251,
    WINDOWS_1253,
    WINDOWS_1254,
    WINDOWS_1255,
    WINDOWS_1256,
    SHIFT_JIS,
    GBK,
    BIG5,
    EUC_KR,
    EUC_JP,
];
/// Rare encodings, and those that turn almost anything into words: used only if they produce known names.
const RARE: [&Encoding; 4] = [WINDOWS_1257, MACINTOSH, KOI8_R, IBM866];

/// The text, with one kind of line ending. `known` are words of names known from elsewhere, as returned by [`words`].
pub(super) fn decode(bytes: &[u8], known: &HashSet<String>) -> (String, Encoded) {
    let (text, encoded) = letters(bytes, known);
    (text.replace("\r\n", "\n").replace('\r', "\n"), encoded)
}

fn letters(bytes: &[u8], known: &HashSet<String>) -> (String, Encoded) {
    let whole = |encoding: &'static Encoding, bytes: &[u8]| encoding.decode_without_bom_handling(bytes).0.into_owned();
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return twice(whole(encoding, &bytes[mark..]));
    }
    if std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0')) && !bytes.contains(&0x1b) {
        return twice(whole(UTF_8, bytes));
    }
    if let Some(encoding) = without_mark(bytes) {
        return (whole(encoding, bytes), Encoded::Surely);
    }
    let guess = guess(bytes);
    let hits = |text: &str| words(text).filter(|word| !word.is_ascii() && known.contains(word)).count();
    let mut readings: Vec<(&'static Encoding, String)> = Vec::new();
    for encoding in std::iter::once(guess).chain(USUAL).chain(RARE) {
        let read = encoding.decode_without_bom_handling_and_without_replacement(bytes);
        let Some(text) = read.filter(|text| makes_words(text)) else { continue };
        let counts = encoding == guess || !RARE.contains(&encoding) || hits(&text) > 0;
        if counts && readings.iter().all(|(_, other)| *other != text) {
            readings.push((encoding, text.into_owned()));
        }
    }
    let best = readings.iter().map(|(_, text)| hits(text)).max().unwrap_or(0);
    let mut right = readings.iter().filter(|(_, text)| hits(text) == best);
    match (right.next(), right.next()) {
        (Some((_, text)), None) => (text.clone(), Encoded::Surely),
        // The guess comes first if it produces words.
        (Some((encoding, text)), Some(_)) => (text.clone(), Encoded::Perhaps(encoding.name())),
        (None, _) => (whole(guess, bytes), Encoded::Perhaps(guess.name())),
    }
}

/// UTF-16 without a byte order mark: every other byte of ordinary text is zero.
fn without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), bytes.len() / 2);
    if odd * 3 > pairs && even * 8 < odd {
        Some(UTF_16LE)
    } else if even * 3 > pairs && odd * 8 < even {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// The likeliest encoding, by the letters and the country domains of the addresses.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    detector.guess(country(bytes).as_deref(), chardetng::Utf8Detection::Deny)
}

/// The most common country domain of the addresses.
fn country(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut counts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'@') {
        let end = |byte: &u8| !(byte.is_ascii_alphanumeric() || b".-".contains(byte));
        let domain: Vec<u8> = bytes[at + 1..].iter().take_while(|byte| !end(byte)).copied().collect();
        let ending = domain.rsplit(|byte| *byte == b'.').next().unwrap_or_default().to_ascii_lowercase();
        if ending.len() != 2 || !ending.iter().all(u8::is_ascii_lowercase) {
            continue;
        }
        *counts.entry(ending).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(ending, _)| ending)
}

/// Whether every run of letters is in one script, and nothing occurs that names don't have.
fn makes_words(text: &str) -> bool {
    let mut script = None;
    for c in text.chars() {
        if c.is_control() && !matches!(c, '\n' | '\r' | '\t') {
            return false;
        }
        if !c.is_alphabetic() {
            script = None;
            if !c.is_ascii() && !"\u{a0}–—‘’‚“”„«»…·•№€£§°´¨、。・「」（）：；，　．＠－ー".contains(c)
            {
                return false;
            }
            continue;
        }
        let of = script_of(c);
        if script.is_some_and(|before| before != of) {
            return false;
        }
        script = Some(of);
    }
    true
}

/// A script, as far as it matters for names.
fn script_of(c: char) -> u8 {
    match u32::from(c) {
        0..=0x24f | 0x1e00..=0x1eff => 0,
        0x370..=0x3ff | 0x1f00..=0x1fff => 1,
        0x400..=0x52f => 2,
        0x590..=0x5ff => 3,
        0x600..=0x6ff => 4,
        0xac00..=0xd7af => 5,
        0xff66..=0xff9f => 6,
        0x3040..=0x30ff | 0x3400..=0x9fff => 7,
        _ => 8,
    }
}

/// UTF-8 that a program took for windows-1252 and saved again: `MÃ¼ller`. No name is written like that.
fn twice(text: String) -> (String, Encoded) {
    if text.is_ascii() {
        return (text, Encoded::Surely);
    }
    let (once, _, lost) = WINDOWS_1252.encode(&text);
    match std::str::from_utf8(&once) {
        Ok(right) if !lost && !right.is_ascii() => (right.to_owned(), Encoded::Twice),
        _ => (text, Encoded::Surely),
    }
}

/// The words of a text or a name, normalised.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() > 1).map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[&str]) -> HashSet<String> {
        names.iter().flat_map(|name| words(name)).collect()
    }

    const ROSTERS: [(&Encoding, &str, &str); 12] = [
        (WINDOWS_1251, "Павел Орлов", "name;email\nПавел Орлов;pavel@client.example\n"),
        (WINDOWS_1250, "Jiří Dvořák", "name;email\nJiří Dvořák;jiri@client.example\n"),
        (WINDOWS_1252, "Zoë Müller", "name;email\nZoë Müller;zoe@client.example\n"),
        (WINDOWS_1253, "Γιώργος Παππάς", "name;email\nΓιώργος Παππάς;g@client.example\n"),
        (WINDOWS_1254, "Çağrı Yıldız", "name;email\nÇağrı Yıldız;c@client.example\n"),
        (WINDOWS_1257, "Jānis Bērziņš", "name;email\nJānis Bērziņš;j@client.example\n"),
        (KOI8_R, "Павел Орлов", "name;email\nПавел Орлов;pavel@client.example\n"),
        (MACINTOSH, "Åsa Öberg", "name;email\nÅsa Öberg;asa@client.example\n"),
        (SHIFT_JIS, "田中太郎", "name;email\n田中太郎;t@client.example\n"),
        (GBK, "王小明", "name;email\n王小明;w@client.example\n"),
        (BIG5, "王小明", "name;email\n王小明;w@client.example\n"),
        (EUC_KR, "김민준", "name;email\n김민준;k@client.example\n"),
    ];

    #[test]
    fn names_that_are_known_tell_the_encoding() {
        for (encoding, name, text) in ROSTERS {
            let bytes = encoding.encode(text).0;
            let read = decode(&bytes, &known(&["Priya Raman", name]));
            assert_eq!(read, (text.to_owned(), Encoded::Surely), "{}", encoding.name());
        }
    }

    #[test]
    fn without_known_names_the_likeliest_is_taken_and_never_silently() {
        for (encoding, _, text) in ROSTERS {
            let bytes = encoding.encode(text).0;
            let (read, encoded) = decode(&bytes, &HashSet::new());
            assert!(read == text || matches!(encoded, Encoded::Perhaps(_)), "{}: {read}", encoding.name());
        }
        for (encoding, text) in [(WINDOWS_1251, ROSTERS[0].2), (WINDOWS_1253, ROSTERS[3].2), (SHIFT_JIS, ROSTERS[8].2)]
        {
            let (read, encoded) = decode(&encoding.encode(text).0, &HashSet::new());
            assert_eq!(read, text, "{encoded:?}");
        }
        // Every Western encoding has these letters in the same place: there is no doubt, and nothing to report.
        let german = "name;email\nZoë Müller;zoe@client.example\n";
        assert_eq!(decode(&WINDOWS_1252.encode(german).0, &HashSet::new()), (german.to_owned(), Encoded::Surely));
    }

    #[test]
    fn marks_and_their_absence_are_read() {
        let text = "name,email\nŽofie Škodová,z@client.example\n";
        let utf16 = |order: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units.flat_map(order).collect()
        };
        let mut marked = b"\xef\xbb\xbf".to_vec();
        marked.extend_from_slice(text.as_bytes());
        let all = [
            text.as_bytes().to_vec(),
            marked,
            utf16(u16::to_le_bytes, true),
            utf16(u16::to_be_bytes, true),
            utf16(u16::to_le_bytes, false),
            utf16(u16::to_be_bytes, false),
        ];
        for bytes in all {
            assert_eq!(decode(&bytes, &HashSet::new()), (text.to_owned(), Encoded::Surely), "{bytes:?}");
        }
        let twice = WINDOWS_1252.decode("name\nZoë Müller\n".as_bytes()).0.into_owned();
        assert_eq!(decode(twice.as_bytes(), &HashSet::new()), ("name\nZoë Müller\n".to_owned(), Encoded::Twice));
    }
}
