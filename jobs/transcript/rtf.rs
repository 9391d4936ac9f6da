//! The text of RTF documents, one line per paragraph. Anything else (fonts, styles, pictures, the program's notes, what is
//! hidden or struck through) is left out, as for Word documents.
//!
//! Pure. Whatever is left of a damaged file is read; groups may be nested as deep as the file is long, at a few bytes
//! each.

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};

use super::shown::Shown;

/// Whether the bytes are an RTF document.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{\\rtf")
}

/// Groups that contain no text of the document.
#[rustfmt::skip]
const HIDDEN: &[&str] = &[
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "header", "headerl", "headerr", "headerf", "footer", "footerl",
    "footerr", "footerf", "object", "fldinst", "themedata", "colorschememapping", "listtable", "listoverridetable", "rsidtbl",
    "generator", "xmlnstbl", "datastore", "latentstyles", "filetbl", "revtbl", "bkmkstart", "bkmkend", "annotation",
    "atnid", "atnauthor", "template", "mmathPr", "pgptbl", "listtext", "pntext",
];

/// Control words that stand for a character.
const LETTERS: &[(&str, char)] = &[
    ("par", '\n'),
    ("line", '\n'),
    ("row", '\n'),
    ("sect", '\n'),
    ("page", '\n'),
    ("tab", '\t'),
    ("cell", '\t'),
    ("emdash", '—'),
    ("endash", '–'),
    ("lquote", '‘'),
    ("rquote", '’'),
    ("ldblquote", '“'),
    ("rdblquote", '”'),
    ("bullet", '•'),
];

/// Formats of text that isn't shown, or is struck through.
const UNSEEN: [&str; 4] = ["v", "strike", "striked", "deleted"];

/// What applies until the end of a group.
#[derive(Clone, Copy)]
struct Group {
    hidden: bool,
    /// By which of its formats the text isn't shown, or is struck through.
    unseen: [bool; UNSEEN.len()],
    /// How many fallback characters follow a Unicode character, for programs that don't support it.
    fallback: usize,
}

struct Reading {
    out: Shown,
    encoding: &'static Encoding,
    /// Bytes of one or more characters, in the document's encoding.
    bytes: Vec<u8>,
    /// UTF-16 surrogates.
    units: Vec<u16>,
    group: Group,
    groups: Vec<Group>,
    /// How many characters to skip.
    skip: usize,
}

pub(super) fn text(bytes: &[u8]) -> Shown {
    let group = Group { hidden: false, unseen: Default::default(), fallback: 1 };
    let mut reading = Reading {
        out: Shown::default(),
        encoding: WINDOWS_1252,
        bytes: Vec::new(),
        units: Vec::new(),
        group,
        groups: Vec::new(),
        skip: 0,
    };
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'{' => {
                reading.groups.push(reading.group);
                after
            }
            b'}' => {
                reading.flush();
                reading.group = reading.groups.pop().unwrap_or(group);
                after
            }
            b'\\' => reading.control(after),
            b'\r' | b'\n' => after,
            byte => {
                reading.byte(*byte);
                after
            }
        };
    }
    reading.flush();
    reading.out
}

impl Reading {
    /// Handles a control word or symbol after a backslash; returns what follows it.
    fn control<'a>(&mut self, after: &'a [u8]) -> &'a [u8] {
        let letters = after.iter().take(32).take_while(|byte| byte.is_ascii_alphabetic()).count();
        if letters == 0 {
            return self.sign(after);
        }
        let (word, rest) = after.split_at(letters);
        let word = std::str::from_utf8(word).unwrap_or("");
        let digits = rest.iter().skip(usize::from(rest.first() == Some(&b'-'))).take(10);
        let digits = digits.take_while(|byte| byte.is_ascii_digit()).count();
        let width = if digits == 0 { 0 } else { digits + usize::from(rest.first() == Some(&b'-')) };
        let number = std::str::from_utf8(&rest[..width]).ok().and_then(|number| number.parse::<i64>().ok());
        let rest = rest[width..].strip_prefix(b" ").unwrap_or(&rest[width..]);
        match (word, number) {
            ("u", Some(code)) => {
                self.flush_bytes();
                // Negative numbers stand for the upper half of the range.
                self.units.extend(u16::try_from(code.rem_euclid(65_536)).ok().filter(|_| !self.group.hidden));
                self.skip = self.group.fallback;
            }
            ("uc", Some(count)) => self.group.fallback = usize::try_from(count).unwrap_or(1).min(16),
            ("ansicpg", Some(page)) => self.encoding = encoding(page).unwrap_or(self.encoding),
            ("mac", None) => self.encoding = MACINTOSH,
            ("bin", Some(count)) => return rest.get(usize::try_from(count).unwrap_or(0)..).unwrap_or(&[]),
            ("plain", _) => self.show([false; UNSEEN.len()]),
            _ if HIDDEN.contains(&word) => self.group.hidden = true,
            _ if UNSEEN.contains(&word) => {
                let mut unseen = self.group.unseen;
                unseen[UNSEEN.iter().position(|name| *name == word).unwrap_or(0)] = number != Some(0);
                self.show(unseen);
            }
            _ => {
                if let Some((_, letter)) = LETTERS.iter().find(|(name, _)| *name == word) {
                    self.letter(*letter);
                }
            }
        }
        rest
    }

    /// Ends the text before, and changes what is shown.
    fn show(&mut self, unseen: [bool; UNSEEN.len()]) {
        self.flush();
        self.group.unseen = unseen;
    }

    fn sign<'a>(&mut self, after: &'a [u8]) -> &'a [u8] {
        let Some((sign, rest)) = after.split_first() else { return after };
        match sign {
            b'\'' => {
                let hex = rest.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
                let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) else { return rest };
                self.byte(byte);
                return &rest[2..];
            }
            // A group that only newer programs know.
            b'*' => self.group.hidden = true,
            b'~' => self.letter('\u{a0}'),
            b'_' => self.letter('-'),
            b'\r' | b'\n' => self.letter('\n'),
            b'\\' | b'{' | b'}' => self.byte(*sign),
            _ => {}
        }
        rest
    }

    fn byte(&mut self, byte: u8) {
        if self.skip > 0 {
            self.skip -= 1;
        } else if !self.group.hidden {
            self.flush_units();
            self.bytes.push(byte);
        }
    }

    fn letter(&mut self, letter: char) {
        self.flush();
        if !self.group.hidden {
            self.out.text.push(letter);
        }
    }

    fn flush(&mut self) {
        self.skip = 0;
        self.flush_units();
        self.flush_bytes();
    }

    fn flush_bytes(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.push(&self.encoding.decode_without_bom_handling(&bytes).0);
    }

    fn flush_units(&mut self) {
        let units = std::mem::take(&mut self.units);
        self.push(&String::from_utf16_lossy(&units));
    }

    fn push(&mut self, text: &str) {
        if self.group.unseen.contains(&true) {
            self.out.leave_out(text);
        } else {
            self.out.text.push_str(text);
        }
    }
}

fn encoding(page: i64) -> Option<&'static Encoding> {
    let label = match page {
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        10_000 => "macintosh".to_owned(),
        65_001 => "utf-8".to_owned(),
        page => format!("windows-{page}"),
    };
    Encoding::for_label(label.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn the_text_of_a_document_is_what_one_reads() {
        for (rtf, wanted) in [
            (r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0\fs24{\b Ana:} so\par {\b Tom:} no\par}", "Ana: so\nTom: no\n"),
            (r"{\rtf1\ansi\ansicpg1252 caf\'e9 \'93so\'94}", "café “so”"),
            (r"{\rtf1\ansi\ansicpg1251 \'d2\'ee\'ec}", "Том"),
            (r"{\rtf1\ansi\ansicpg932 \'82\'a0}", "あ"),
            (r"{\rtf1\uc1 \u1058?\u1086?\u1084? \u-10179?\u-8704?!}", "Том 😀!"),
            (r"{\rtf1{\uc2 \u228\'3f\'3fa}b}", "äab"),
            (r"{\rtf1 a\tab b\line c\~d\emdash e\{\}\\}", "a\tb\nc\u{a0}d—e{}\\"),
            (r"{\rtf1{\*\generator Word;}{\pict 0102ff}{\info{\title x}}so}", "so"),
            ("{\\rtf1 one\\\ntwo\nthree", "one\ntwothree"),
            (r"{\rtf1 {\field{\*\fldinst{HYPERLINK x}}{\fldrslt link}}}}}}", "link"),
            (r"{\rtf1 \bin3 }}}so", "so"),
            (r"{\rtf1 \u", ""),
        ] {
            assert_eq!(text(rtf.as_bytes()).text, wanted, "{rtf}");
        }
        for rtf in [
            r"{\rtf1 Ana: I {\strike hate it, }love it.{\v ask her about this}}",
            r"{\rtf1 Ana: I \striked1 hate it, \striked0 love it.\v ask {\b her} about this\plain}",
        ] {
            let shown = text(rtf.as_bytes());
            assert_eq!((shown.text.as_str(), shown.unseen), ("Ana: I love it.", 6), "{rtf}");
        }
    }
}
