//! Speaker labels before a colon: what may be one, and which of a file's candidates are.
//!
//! "Maya: Hello" and "So here's the thing: we go" have the same form. Two things distinguish them:
//!
//! - **the form of the words** ([`Shape`]): a name; a handle; something unusual that isn't a sentence ("Anna at home",
//!   "Speaker?", ten words); or the beginning of a sentence ("So here's", "My answer", "Tom said");
//! - **the file**: whether the candidate recurs, and whether it's where turns begin in this file. Turns begin at heads
//!   (after a time, on the first line of a cue, after a blank line) if nearly every head has a label; at every line if
//!   nearly every line has one; otherwise at any line, unless the sentence above is unfinished.
//!
//! If nearly every turn is a line with a label, the file outweighs the words: what recurs there is a label even if it
//! looks like a sentence or is a number ("The guest who rang in", "#2"), and what occurs once is a doubtful one, unless
//! it begins like a sentence.
//!
//! What recurs and isn't a sentence is a label. What occurs once, where turns begin, is one too, however it's spelled:
//! its words must not be attributed to the previous speaker. If it isn't a plain name, or the file doesn't begin its
//! turns there, it's doubtful, and the transcript says so ([`doubt`]). A sentence with a colon stays as it is.

mod census;
mod habits;
mod lexicon;
mod quoted;
mod shape;

pub(super) use census::{Labels, Piece, Place, Split, ends_a_sentence};
pub use quoted::announces;
pub(super) use quoted::{leads_in, stays_open};
pub(super) use shape::{
    Shape, has_form, is_note, is_person, is_section, is_side, is_structure, may_be_label, reads_like_a_name, shape,
};

use super::account::trimmed;

/// Splits `line` after its label, if what precedes the colon may be one.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    candidate(line).filter(|found| !found.tight && may_be_label(found.label)).map(|found| (found.label, found.rest))
}

/// The warning about a label that is uncertain.
pub(super) fn doubt(label: &str) -> String {
    format!(
        "“{}” is read as a speaker's name, although it appears only once: please check who speaks here",
        short(label)
    )
}

/// The warning about an uncertain label without words of its own.
pub(super) fn silent(label: &str) -> String {
    format!("“{}:” has no words of its own: it is read as a heading, and nobody speaks under this name", short(label))
}

/// The warning about words before a colon that are treated as speech, though that isn't certain.
pub(super) fn doubtful_speech(label: &str) -> String {
    format!(
        "“{}:” is read as part of the sentence above it: please check that nobody else starts speaking here",
        short(label)
    )
}

/// The warning about a known name where a quotation is introduced.
pub(super) fn doubtful_quotation(label: &str) -> String {
    format!(
        "“{}:” follows words that introduce a quotation: please check that this was said here, and is not quoted",
        short(label)
    )
}

/// The warning about a known name inside a paragraph, in a file in which turns are paragraphs.
pub(super) fn doubtful_turn(label: &str) -> String {
    format!(
        "“{}:” is in the middle of a paragraph, while other turns begin a new one: please check that this was said here, \
         and is not quoted",
        short(label)
    )
}

/// As much of a label as a warning has room for.
fn short(label: &str) -> String {
    let label = label.trim_start_matches(['"', '“', '„', '«', '「']);
    let end = label.char_indices().nth(80).map_or(label.len(), |(at, _)| at);
    format!("{}{}", &label[..end], if end < label.len() { "…" } else { "" })
}

/// What precedes a colon, and what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) label: &'a str,
    pub(super) rest: &'a str,
    /// There is no space after the colon.
    pub(super) tight: bool,
}

/// The maximum length of a label, in bytes: how far we look for a colon.
const REACH: usize = 800;
/// The maximum number of colons in a label.
const COLONS: usize = 8;

/// The candidate before the first colon that can end a label, without any further checks.
pub(super) fn candidate(line: &str) -> Option<Candidate<'_>> {
    let line = unlisted(line);
    let reach = &line.as_bytes()[..line.len().min(REACH)];
    // The full-width colon begins with this byte, as do a few other characters.
    for at in memchr::memchr2_iter(b':', 0xef, reach).take(COLONS) {
        let (before, after) = line.split_at_checked(at)?;
        let Some(colon) = after.chars().next().filter(|letter| matches!(letter, ':' | '：')) else { continue };
        let rest = &after[colon.len_utf8()..];
        // Bold in Markdown: **Name:** text.
        let bold = ["**", "__", "*", "_"].into_iter().find(|mark| before.starts_with(mark));
        let rest = bold.and_then(|mark| rest.strip_prefix(mark)).unwrap_or(rest);
        let label = unbracketed(trimmed(trimmed(before).trim_matches(['*', '_'])));
        let spaced = rest.is_empty() || rest.starts_with(char::is_whitespace) || colon == '：';
        if spaced {
            return Some(Candidate { label, rest: trimmed(rest), tight: false });
        }
        // A time or an address in brackets within a label: "Priya (10:30): yes", "Priya <mailto:p@x.example>: yes".
        let opened = |open: char, close: char| before.rfind(open) > before.rfind(close);
        let digits = before.ends_with(|letter: char| letter.is_ascii_digit())
            && rest.starts_with(|letter: char| letter.is_ascii_digit());
        if opened('(', ')') || opened('<', '>') || opened('[', ']') || digits {
            continue;
        }
        let letters =
            rest.starts_with(|letter: char| letter.is_alphabetic() || matches!(letter, '¿' | '¡' | '"' | '“'));
        return (letters && !digits).then(|| Candidate { label, rest: trimmed(rest), tight: true });
    }
    None
}

/// A name on its own line, without its markup: `[Maya]`, `- Maya`, `**Maya**`.
pub(super) fn bare(line: &str) -> &str {
    unbracketed(trimmed(unlisted(line).trim_matches(['*', '_'])))
}

/// A label without enclosing brackets or quotation marks: `[You]: yes`.
fn unbracketed(label: &str) -> &str {
    let inner = [('[', ']'), ('(', ')'), ('<', '>'), ('【', '】'), ('"', '"'), ('“', '”')].into_iter().find_map(
        |(opening, closing)| {
            let inner = label.strip_prefix(opening)?.strip_suffix(closing)?;
            (!inner.contains([opening, closing])).then_some(inner)
        },
    );
    inner.map_or(label, trimmed)
}

/// A line without a leading list, quotation or overlap mark.
pub(super) fn unlisted(line: &str) -> &str {
    let text = trimmed(line);
    let Some(first) = text.as_bytes().first().filter(|first| !first.is_ascii_alphanumeric()) else { return text };
    if *first == b'/' || *first == b'>' {
        return text.trim_start_matches(['/', '>']).trim_start();
    }
    let bare = text.trim_start_matches(['-', '–', '—', '•', '*', '·', '●', '‐']);
    // Some write answers like this: "-Yes".
    let tight = || matches!(text.strip_prefix(['-', '–']), Some(rest) if rest.starts_with(char::is_uppercase));
    if bare.len() < text.len() && (bare.starts_with(char::is_whitespace) || tight()) { bare.trim_start() } else { text }
}

#[cfg(test)]
mod tests {
    use super::{candidate, split};

    #[test]
    fn a_label_has_a_shape() {
        for (line, label) in [
            ("Maya Okafor: hello: you", Some("Maya Okafor")),
            ("@ritzdorf / Hubert Ritzdorf (EIP-8219): yes", Some("@ritzdorf / Hubert Ritzdorf (EIP-8219)")),
            ("+46 70 123 45 67: hi", Some("+46 70 123 45 67")),
            ("王芳：你好", Some("王芳")),
            ("Priya (10:30): yes", Some("Priya (10:30)")),
            ("Priya <mailto:priya@x.example>: yes", Some("Priya <mailto:priya@x.example>")),
            ("**Maya:** yes", Some("Maya")),
            ("[You]: yes", Some("You")),
            ("- __Maya__: yes", Some("Maya")),
            ("-Maya: yes", Some("Maya")),
            ("//S01: yes//", Some("S01")),
            ("10:30 Meeting: we met", None),
            ("https://example.org: see", None),
            ("Date: 2026-11-20", None),
            ("What I want to say today is this: no", None),
            ("Really? Well: no", None),
            ("12: no", None),
        ] {
            assert_eq!(split(line).map(|(label, _)| label), label, "{line}");
        }
        let tight = candidate("王芳:你好").expect("a candidate");
        assert_eq!((tight.label, tight.rest, tight.tight), ("王芳", "你好", true));
    }
}
