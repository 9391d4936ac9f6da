//! Labels that are set off by something else than a colon: `[Name] text`, `<Name> text`, `**Name** text`, `Name - text`, `Name | text`,
//! `Name⇥text`, `NAME. text`. They count only where the file begins nearly every turn so.

use super::stamp;
use crate::{
    account::trimmed,
    label::{self, Candidate},
};

/// Ways to set a label off before what is said on the same line.
pub(super) const MARKS: &[for<'a> fn(&'a str) -> Option<Candidate<'a>>] = &[bracket, bold, bar, tab, dash, point];

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

fn found<'a>(label: &'a str, rest: &'a str) -> Option<Candidate<'a>> {
    let (label, rest) = (trimmed(trimmed(label).trim_matches(['*', '_'])), trimmed(rest));
    (!label.is_empty() && !rest.is_empty()).then_some(Candidate { label, rest, tight: false })
}

/// `[Name] text`, in brackets of any kind, with a colon behind them or not.
pub(crate) fn bracket(text: &str) -> Option<Candidate<'_>> {
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
pub(super) fn is_sound(word: &str) -> bool {
    word.len() <= 32 && SOUNDS.contains(&word.to_lowercase().as_str())
}

fn bold(text: &str) -> Option<Candidate<'_>> {
    let (label, rest) = label::unlisted(text).strip_prefix("**")?.split_once("**")?;
    rest.starts_with(' ').then(|| found(label, rest)).flatten()
}

fn bar(text: &str) -> Option<Candidate<'_>> {
    let (label, rest) = label::unlisted(text).trim_start_matches('|').split_once('|')?;
    found(label, rest.trim_end_matches('|'))
}

fn tab(text: &str) -> Option<Candidate<'_>> {
    let (label, rest) = text.split_once('\t')?;
    found(label.trim_end_matches([':', '：']), rest)
}

/// `Name - text`, with a dash of any length, or an arrow.
fn dash(text: &str) -> Option<Candidate<'_>> {
    let text = label::unlisted(text);
    let head = &text[..text.floor_char_boundary(240)];
    let at = |dash: &&str| head.find(*dash).map(|at| (at, dash.len()));
    let (at, width) = [" - ", " – ", " — ", " -- ", " > ", " -> ", " → "].iter().filter_map(at).min()?;
    found(&text[..at], &text[at + width..])
}

/// `MAYA. text`, `Q. text`: capitals alone before the point.
fn point(text: &str) -> Option<Candidate<'_>> {
    let (label, rest) = label::unlisted(text).split_once(". ")?;
    let capitals = label.len() <= 60 && !label.contains(char::is_lowercase) && label.contains(char::is_uppercase);
    capitals.then(|| found(label, rest)).flatten()
}
