//! Speaker labels in front of a colon: what may be one, and which of a file's candidates are.
//!
//! "Maya: Hello" and "So here's the thing: we go" have the same form. Two things tell them apart:
//!
//! - **how the words read** ([`Shape`]): as a name; as a handle; as something odd that is no sentence ("Anna at home",
//!   "Speaker?", ten words); or as a sentence begins ("So here's", "My answer", "Tom said");
//! - **the file**: whether the candidate comes again, and whether it stands where turns begin in this file. Turns begin
//!   at the heads (behind a time, at the first line of a cue, below a blank line) where nearly every head has a label;
//!   they begin at every line where nearly every line has one; elsewhere at any line, unless the sentence above runs on.
//!
//! Where nearly every turn is a line with a label, the file outweighs the words: what comes again there is a label even if
//! it reads as a sentence or is a number ("The guest who rang in", "#2"), and once it is a doubt, unless it begins as
//! sentences do.
//!
//! What comes again and is no sentence is a label. What comes once, and stands where turns begin, is one too, however it
//! is spelled: its words must not go to whoever spoke before. Where it is no plain name, or the file does not begin its
//! turns there, that is a doubt, and the transcript says so ([`doubt`]). A sentence with a colon stays where it stands.

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

/// Splits `line` behind its label, where what stands before the colon may be one.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    candidate(line).filter(|found| !found.tight && may_be_label(found.label)).map(|found| (found.label, found.rest))
}

/// What is said of a label that is taken for one though that is not sure.
pub(super) fn doubt(label: &str) -> String {
    format!(
        "“{}” is read as a speaker's name, although it appears only once: please check who speaks here",
        short(label)
    )
}

/// What is said of a label that was taken for one, though that is not sure, and has no words of its own.
pub(super) fn silent(label: &str) -> String {
    format!("“{}:” has no words of its own: it is read as a heading, and nobody speaks under this name", short(label))
}

/// What is said of words before a colon that are taken for speech though that is not sure.
pub(super) fn doubtful_speech(label: &str) -> String {
    format!(
        "“{}:” is read as part of the sentence above it: please check that nobody else starts speaking here",
        short(label)
    )
}

/// What is said of a known name that stands where a quotation is announced.
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

/// What stands before a colon, and behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) label: &'a str,
    pub(super) rest: &'a str,
    /// No space stands behind the colon.
    pub(super) tight: bool,
}

/// No label is longer, in bytes: so far a colon is looked for.
const REACH: usize = 800;
/// No label has more colons in it.
const COLONS: usize = 8;

/// What may be a label in front of the first colon that can end one, before anything is asked of it.
pub(super) fn candidate(line: &str) -> Option<Candidate<'_>> {
    let line = unlisted(line);
    let reach = &line.as_bytes()[..line.len().min(REACH)];
    // The wide colon begins with this byte, as a few other letters do.
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
        // A time within a label, an address in brackets: "Priya (10:30): yes", "Priya <mailto:p@x.example>: yes".
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

/// A name on a line of its own, without what sets it off: `[Maya]`, `- Maya`, `**Maya**`.
pub(super) fn bare(line: &str) -> &str {
    unbracketed(trimmed(unlisted(line).trim_matches(['*', '_'])))
}

/// A label without the brackets or quotation marks around all of it: `[You]: yes`.
fn unbracketed(label: &str) -> &str {
    let inner = [('[', ']'), ('(', ')'), ('<', '>'), ('【', '】'), ('"', '"'), ('“', '”')].into_iter().find_map(
        |(opening, closing)| {
            let inner = label.strip_prefix(opening)?.strip_suffix(closing)?;
            (!inner.contains([opening, closing])).then_some(inner)
        },
    );
    inner.map_or(label, trimmed)
}

/// A line without the mark of a list, a quotation or an overlap before it.
pub(super) fn unlisted(line: &str) -> &str {
    let text = trimmed(line);
    let Some(first) = text.as_bytes().first().filter(|first| !first.is_ascii_alphanumeric()) else { return text };
    if *first == b'/' || *first == b'>' {
        return text.trim_start_matches(['/', '>']).trim_start();
    }
    let bare = text.trim_start_matches(['-', '–', '—', '•', '*', '·', '●', '‐']);
    // As some write an answer: "-Yes".
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
