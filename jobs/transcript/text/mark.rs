//! Labels that are set off by something else than a colon and a space: `[Name] text`, `**Name** text`, `Name says: text`,
//! `Name - text` and what else may part a name from what is said, `NAME. text`; or behind it, `text (Name)`. They count
//! only where the file begins (or ends) nearly every turn so.

use super::{said_by, stamp};
use crate::{
    account::trimmed,
    label::{self, Candidate, Split},
};

/// Ways to set a label off from what is said on the same line; the first that nearly every line has counts.
/// Beside each whether it is sure by itself; else what is said must be sentences, too.
#[rustfmt::skip]
pub(super) const MARKS: &[(Split, bool)] = &[
    (bracket, true), (bold, true), (said_by::says, true), (said_by::quotes, true), (apart::<0>, true), (apart::<1>, true), (apart::<2>, false),
    (apart::<3>, false), (apart::<4>, false), (apart::<5>, false), (apart::<6>, false), (apart::<7>, false),
    (apart::<8>, false), (apart::<9>, false), (point_and_dash, true), (point, true), (behind_a_sentence, false),
];

/// What may stand between a name and what is said, in the order in which it is tried: what is rarer in a sentence first.
/// Of one kind the nearest to the beginning of the line counts.
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

/// What stands in brackets for a sound, and is nobody's name. Lower case.
#[rustfmt::skip]
const SOUNDS: &[&str] = &[
    "music", "applause", "laughter", "laughs", "laughing", "laugh", "chuckles", "sighs", "sigh", "coughs", "cough", "noise",
    "silence", "pause", "inaudible", "unintelligible", "crosstalk", "sound", "cheering", "crying", "singing", "background noise",
    "foreign", "blank_audio", "blank audio", "no speech", "musik", "applaus", "gelächter", "lachen", "lacht", "stille",
    "unverständlich", "musique", "applaudissements", "rires", "música", "aplausos", "risas", "risos", "musica", "applausi",
    "risate", "skratt", "applåder", "muziek", "gelach", "музыка", "аплодисменты", "смех", "音乐", "音樂", "掌声", "笑", "音楽", "拍手",
    "music playing", "verse", "chorus", "bridge", "intro", "outro",
];

/// Elements of HTML, which are nobody's name.
const ELEMENTS: &[&str] = &[
    "b", "i", "u", "p", "c", "br", "em", "strong", "div", "span", "font", "li", "ul", "ol", "h1", "h2", "h3", "tr",
    "td", "a", "cite", "time",
];

pub(super) fn found<'a>(label: &'a str, rest: &'a str) -> Option<Candidate<'a>> {
    let (label, rest) = (trimmed(trimmed(label).trim_matches(['*', '_'])), trimmed(rest));
    (!label.is_empty() && !rest.is_empty()).then_some(Candidate { label, rest, tight: false })
}

/// `[Name] text`, in brackets of any kind, with a colon behind them or not.
fn bracket(text: &str) -> Option<Candidate<'_>> {
    let (label, rest) = enclosed(text)?;
    found(label, rest)
}

/// What stands in the bracket with which `text` begins, and what follows it.
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

/// Whether a line is a name in brackets and nothing else; a sound, "{cough}" or "[door]", is written small or in round
/// brackets.
pub(super) fn is_name_in_brackets(text: &str) -> bool {
    let name =
        enclosed(text).filter(|(_, rest)| rest.is_empty() && !text.starts_with(['(', '{', '（'])).map(|(name, _)| name);
    name.is_some_and(|name| {
        !name.starts_with(char::is_lowercase) || name.contains(|letter: char| letter.is_ascii_digit())
    })
}

/// Whether a word stands for a sound.
pub(crate) fn is_sound(word: &str) -> bool {
    word.len() <= 32 && SOUNDS.contains(&word.to_lowercase().as_str())
}

/// `**Name** text`, with any of the marks of Markdown.
fn bold(text: &str) -> Option<Candidate<'_>> {
    let text = label::unlisted(text);
    let mark = ["**", "__", "*", "_"].into_iter().find(|mark| text.starts_with(mark))?;
    let (label, rest) = text[mark.len()..].split_once(mark)?;
    // `*Name* — text`
    let said = rest.trim_start_matches([' ', '-', '–', '—']);
    rest.starts_with(' ').then(|| found(label, said)).flatten()
}

/// `Name | text`, with what [`BETWEEN`] has.
fn apart<const KIND: usize>(text: &str) -> Option<Candidate<'_>> {
    let text = label::unlisted(text).trim_start_matches('|');
    let head = &text[..text.floor_char_boundary(240)];
    let (at, width) = BETWEEN[KIND].iter().filter_map(|mark| Some((head.find(mark)?, mark.len()))).min()?;
    let (name, rest) = (&text[..at], text[at + width..].trim_start_matches(' '));
    found(name.trim_end_matches([':', '：']), rest.trim_end_matches('|'))
}

/// The ways that set a label off before what is said.
pub(crate) fn before() -> &'static [(Split, bool)] {
    &MARKS[..MARKS.len() - 1]
}

/// As [`behind`], where a sentence ends before the name.
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

/// Where the bracket opens that a text ends with; a name may have brackets of its own.
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
