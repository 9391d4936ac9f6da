//! Labels marked by something other than a colon and a space: `[Name] text`, `**Name** text`, `Name says: text`, `NAME.
//! text`, `Name - text` and other separators; or after the words, `text (Name)`. They only count if the file begins (or
//! ends) nearly every turn like that.

use super::{said_by, stamp};
use crate::{
    account::trimmed,
    label::{self, Candidate, Split},
};

/// Ways to mark a label on the same line as the words; the first that nearly every line has is used. Each with whether
/// it's certain by itself; otherwise the words must be sentences, too.
#[rustfmt::skip]
pub(super) const MARKS: &[(Split, bool)] = &[
    (bracket, true), (bold, true), (said_by::says, true), (said_by::quotes, true), (apart::<0>, true), (apart::<1>, true), (apart::<2>, false),
    (apart::<3>, false), (apart::<4>, false), (apart::<5>, false), (apart::<6>, false), (apart::<7>, false),
    (apart::<8>, false), (apart::<9>, false), (point_and_dash, true), (point, true), (behind_a_sentence, false),
];

/// Possible separators of a name and the words, in the order in which they are tried: those that are rarer in sentences
/// first. Of one kind, the first in the line counts.
const BETWEEN: [&[&str]; 10] = [
    &["|"],
    &["\t"],
    &["::", ":="],
    &["-->", "=>", "~>", "->", "→", "⟶", "➜", "➔", "⇒", "►", "▶", "»", ">"],
    &["=", "~", "•", "·"],
    // A dash of any length.
    &[" - ", " – ", " — ", " -- "],
    &["  ", "\u{3000}"],
    &["…", "..."],
    &["; "],
    &[" / "],
];

/// Sounds in brackets, which aren't names. Lower case.
#[rustfmt::skip]
const SOUNDS: &[&str] = &[
    "music", "applause", "laughter", "laughs", "laughing", "laugh", "chuckles", "sighs", "sigh", "coughs", "cough", "noise",
    "silence", "pause", "inaudible", "unintelligible", "crosstalk", "sound", "cheering", "crying", "singing", "background noise",
    "foreign", "blank_audio", "blank audio", "no speech", "musik", "applaus", "gelächter", "lachen", "lacht", "stille",
    "unverständlich", "musique", "applaudissements", "rires", "música", "aplausos", "risas", "risos", "musica", "applausi",
    "risate", "skratt", "applåder", "muziek", "gelach", "музыка", "аплодисменты", "смех", "音乐", "音樂", "掌声", "笑", "音楽", "拍手",
    "music playing", "verse", "chorus", "bridge", "intro", "outro",
];

/// HTML elements, which aren't names.
const ELEMENTS: &[&str] = &[
    "b", "i", "u", "p", "c", "br", "em", "strong", "div", "span", "font", "li", "ul", "ol", "h1", "h2", "h3", "tr",
    "td", "a", "cite", "time",
];

pub(super) fn found<'a>(label: &'a str, rest: &'a str) -> Option<Candidate<'a>> {
    let (label, rest) = (trimmed(trimmed(label).trim_matches(['*', '_'])), trimmed(rest));
    (!label.is_empty() && !rest.is_empty()).then_some(Candidate { label, rest, tight: false })
}

/// `[Name] text`, in brackets of any kind, with or without a colon after them.
fn bracket(text: &str) -> Option<Candidate<'_>> {
    let (label, rest) = enclosed(text)?;
    found(label, rest)
}

/// The contents of the bracket at the start of `text`, and what follows it.
pub(super) fn enclosed(text: &str) -> Option<(&str, &str)> {
    let text = label::unlisted(text).trim_start_matches(['*', '_']);
    let (opening, closing) = stamp::closing(text)?;
    let inner = &text[opening.len_utf8()..];
    let end = inner[..inner.floor_char_boundary(240)].find(closing)?;
    let inside = inner[..end].trim();
    // <v Maya> as in captions.
    let inside = if opening == '<' { inside.strip_prefix("v ").unwrap_or(inside) } else { inside };
    let element =
        opening == '<' && (inside.starts_with('/') || ELEMENTS.contains(&inside.to_ascii_lowercase().as_str()));
    let rest = inner[end + closing.len_utf8()..].trim_start_matches(['*', '_', ' ']);
    let rest = rest.strip_prefix([':', '：', '-', '–']).unwrap_or(rest);
    let sound = is_sound(inside);
    (!element && !sound && !inside.is_empty()).then_some((inside, rest.trim_start()))
}

/// Whether a line is just a name in brackets; a sound, "{cough}" or "[door]", is in lower case or in round brackets.
pub(super) fn is_name_in_brackets(text: &str) -> bool {
    let name =
        enclosed(text).filter(|(_, rest)| rest.is_empty() && !text.starts_with(['(', '{', '（'])).map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.starts_with(char::is_lowercase) || name.contains(|letter: char| letter.is_ascii_digit())
    })
}

pub(crate) fn is_sound(word: &str) -> bool {
    word.len() <= 32 && SOUNDS.contains(&word.to_lowercase().as_str())
}

/// `**Name** text`, with any of Markdown's marks.
fn bold(text: &str) -> Option<Candidate<'_>> {
    let text = label::unlisted(text);
    let mark = ["**", "__", "*", "_"].into_iter().find(|mark| text.starts_with(mark))?;
    let (label, rest) = text[mark.len()..].split_once(mark)?;
    // `*Name* — text`
    let said = rest.trim_start_matches([' ', '-', '–', '—']);
    rest.starts_with(' ').then(|| found(label, said)).flatten()
}

/// `Name | text`, with the separators of [`BETWEEN`].
fn apart<const KIND: usize>(text: &str) -> Option<Candidate<'_>> {
    let text = label::unlisted(text).trim_start_matches('|');
    let head = &text[..text.floor_char_boundary(240)];
    let (at, width) = BETWEEN[KIND].iter().filter_map(|mark| Some((head.find(mark)?, mark.len()))).min()?;
    let (name, rest) = (&text[..at], text[at + width..].trim_start_matches(' '));
    found(name.trim_end_matches([':', '：']), rest.trim_end_matches('|'))
}

/// The ways to mark a label before the words.
pub(crate) fn before() -> &'static [(Split, bool)] {
    &MARKS[..MARKS.len() - 1]
}

/// Like [`behind`], if a sentence ends before the name.
fn behind_a_sentence(text: &str) -> Option<Candidate<'_>> {
    let ends =
        |said: &str| said.trim_end_matches(['"', '”', '’', '»', '“']).ends_with(['.', '?', '!', '…', '。', '？']);
    behind(text).filter(|found| ends(found.rest))
}

/// `text (Name)`, `text [Name]`, `"text" — Name`.
pub(crate) fn behind(text: &str) -> Option<Candidate<'_>> {
    let text = text.trim_end();
    let from = text.floor_char_boundary(text.len().saturating_sub(120));
    let (at, name) = match text.strip_suffix([')', ']']) {
        Some(inner) => {
            let at = from + opening(&text[from..])?;
            (at, inner.get(at + 1..)?)
        }
        None => {
            let dash = |dash: &&str| Some((from + text[from..].rfind(dash)?, dash.len()));
            let (at, width) = [" - ", " – ", " — ", " -- "].iter().filter_map(dash).max()?;
            (at, &text[at + width..])
        }
    };
    found(name, &text[..at])
}

/// The position of the opening bracket of the pair at the end of a text; a name may contain brackets.
fn opening(text: &str) -> Option<usize> {
    let (open, close) = if text.ends_with(']') { ('[', ']') } else { ('(', ')') };
    let mut depth = 0;
    let found = text.char_indices().rev().find(|(_, letter)| {
        depth += i32::from(*letter == close) - i32::from(*letter == open);
        depth == 0
    });
    found.map(|(at, _)| at)
}

/// `NOMBRE.- text`, as Spanish interviews and plays have it.
fn point_and_dash(text: &str) -> Option<Candidate<'_>> {
    let text = label::unlisted(text);
    let head = &text[..text.floor_char_boundary(240)];
    let (at, mark) = [".- ", ".– ", ".— "].iter().filter_map(|mark| Some((head.find(mark)?, mark))).min()?;
    found(&text[..at], &text[at + mark.len()..])
}

/// `MAYA. text`, `Q. text`: capitals alone before the point.
fn point(text: &str) -> Option<Candidate<'_>> {
    let (label, rest) = label::unlisted(text).split_once(". ")?;
    let capitals = label.len() <= 60 && !label.contains(char::is_lowercase) && label.contains(char::is_uppercase);
    capitals.then(|| found(label, rest)).flatten()
}
