//! Names marked by markup: `<b>Maya</b> text`, `<c.speaker>Maya</c> text`, and the name as the class of the whole cue,
//! `<c.Maya>text</c>`. They count if a few names recur and alternate; they are then rewritten with a colon, like other
//! labels.

use std::{borrow::Cow, collections::HashMap};

use super::{
    account::{Draft, words},
    cue_names::{come_back, only_at_changes},
    label::{self, Shape},
    markup,
    webvtt_cues::Cue,
};

/// Classes that describe the look or sound, not the speaker. Lower case.
#[rustfmt::skip]
const LOOKS: &[&str] = &[
    "white", "black", "red", "green", "blue", "yellow", "cyan", "magenta", "lime", "orange", "grey", "gray", "pink", "purple",
    "bold", "italic", "italics", "underline", "highlight", "left", "right", "center", "middle", "top", "bottom", "start",
    "end", "loud", "quiet", "whisper", "music", "sound", "caption", "captions", "subtitle", "text", "line", "speaker",
    "voice", "name", "small", "large", "big", "bg", "color", "style", "emphasis", "quote", "narration", "lyrics", "foreign",
    "default", "normal", "first", "second", "even", "odd", "a", "b", "en", "de",
];
/// The maximum length of a name, in bytes.
const LONGEST: usize = 80;

const DOUBT: &str = "the classes of the cues are read as the names of speakers: please check that they are";

/// A cue that begins with an element.
#[derive(Clone, Copy, Debug)]
struct SetOff<'c> {
    name: &'c str,
    rest: &'c str,
}

type SplitPayload = for<'c> fn(&'c str) -> Option<SetOff<'c>>;

/// Rewrites names marked by markup as labels, if the file has its names there.
pub(super) fn write_as_labels(cues: &mut [Cue<'_>], draft: &mut Draft) {
    for (way, is_class) in
        [(within as SplitPayload, false), (as_class as SplitPayload, true), (as_tag as SplitPayload, false)]
    {
        let found: Vec<Option<SetOff<'_>>> = cues.iter().map(|cue| way(&cue.payload)).collect();
        if !name_speakers(&found, is_class) {
            continue;
        }
        let labelled = |set_off: SetOff<'_>| {
            let name = if is_class { set_off.name.replace(['_', '.'], " ") } else { set_off.name.to_owned() };
            format!("{name}: {}", set_off.rest)
        };
        let written: Vec<Option<String>> = found.into_iter().map(|found| found.map(labelled)).collect();
        for (cue, written) in cues.iter_mut().zip(written) {
            if let Some(written) = written {
                draft.markup(words(&cue.payload), words(&written));
                cue.payload = Cow::Owned(written);
            }
        }
        if is_class {
            draft.warn(0, DOUBT);
        }
        return;
    }
}

/// Whether the marked texts are a few names that recur and alternate, in nearly every cue or when the speaker changes.
fn name_speakers(found: &[Option<SetOff<'_>>], is_class: bool) -> bool {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for set_off in found.iter().flatten() {
        *counts.entry(set_off.name).or_default() += 1;
    }
    let is_name = |name: &str| match is_class {
        false => label::has_form(name) && label::shape(name) <= Shape::Handle,
        true => label::has_form(&name.replace(['_', '.'], " ")),
    };
    counts.retain(|name, count| *count >= 2 && is_name(name));
    let names: Vec<Option<&str>> =
        found.iter().map(|found| found.map(|found| found.name).filter(|name| counts.contains_key(name))).collect();
    let named = names.iter().flatten().count();
    let usual = named * 10 >= found.len() * 8 || (!is_class && only_at_changes(&names));
    counts.len() >= 2 && usual && come_back(names.iter().flatten().copied())
}

/// `<b>Maya</b> text`, with or without a colon.
fn within(payload: &str) -> Option<SetOff<'_>> {
    let text = payload.trim_start();
    let tag = element(text)?;
    let inside = &text[tag..];
    let end = inside[..inside.floor_char_boundary(LONGEST + 8)].find("</")?;
    let close = end + inside[end..].find('>')? + 1;
    let name = inside[..end].trim().trim_end_matches([':', '：']).trim_end();
    let rest = inside[close..].trim_start().trim_start_matches([':', '：']).trim_start();
    let plain = !name.is_empty() && !name.contains(['<', '\n']);
    (plain && !markup_only(rest)).then_some(SetOff { name, rest })
}

/// `<c.Maya>text</c>`: the element contains the whole cue.
fn as_class(payload: &str) -> Option<SetOff<'_>> {
    let text = payload.trim();
    let tag = element(text)?;
    let head = text[1..tag - 1].trim_end();
    let class = head.strip_prefix("c.").or_else(|| head.strip_prefix("v."))?;
    if class.is_empty() || class.len() > LONGEST || class.contains(char::is_whitespace) || looks(class) {
        return None;
    }
    let inside = &text[tag..];
    let rest = inside.strip_suffix("</c>").or_else(|| inside.strip_suffix("</v>")).unwrap_or(inside);
    (!rest.contains("<c.") && !rest.contains("<v.") && !markup_only(rest)).then_some(SetOff { name: class, rest })
}

/// `<Maya> text`, which isn't a caption tag.
fn as_tag(payload: &str) -> Option<SetOff<'_>> {
    let (name, rest) = payload.trim_start().strip_prefix('<')?.split_once('>')?;
    let plain = name.len() <= LONGEST
        && name.starts_with(char::is_uppercase)
        && name.chars().all(|letter| letter.is_alphanumeric() || " .'’-".contains(letter));
    let known = matches!(
        &*name.to_lowercase(),
        "b" | "i" | "u" | "c" | "s" | "v" | "font" | "em" | "strong" | "span" | "p" | "br"
    );
    (plain && !known && !markup_only(rest)).then(|| SetOff { name, rest: rest.trim_start_matches([':', ' ']) })
}

/// The end of the element with which a text begins, in bytes; `None` for a voice with a name.
fn element(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('<')?;
    let letters = inside.bytes().take_while(u8::is_ascii_alphabetic).count();
    let end = memchr::memchr(b'>', &inside.as_bytes()[..inside.len().min(200)])?;
    let voice = &inside[..letters] == "v" && inside[..end].contains(char::is_whitespace);
    (letters > 0 && !voice).then_some(end + 2)
}

fn looks(class: &str) -> bool {
    let word = class.to_lowercase();
    let first = word.split(['_', '-', '.']).next().unwrap_or("");
    let bare = first.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let numbered = bare.len() < first.len();
    let speaker = matches!(bare, "speaker" | "voice" | "spk");
    (LOOKS.contains(&first) || LOOKS.contains(&bare) || word.starts_with("color")) && !(numbered && speaker)
}

fn markup_only(rest: &str) -> bool {
    markup::spans(rest).iter().all(|span| !span.text.contains(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn read(layout: &str) -> Vec<String> {
        let talk = [("Maya Okafor", "So it is."), ("Tom", "Is it?"), ("Maya Okafor", "Oh yes."), ("Tom", "I see.")];
        let mut file = String::from("WEBVTT\n\n");
        for (at, (name, text)) in talk.iter().enumerate() {
            let payload = layout.replace('%', name).replace('#', &name.replace(' ', "_")).replace('$', text);
            file += &format!("00:00:{at:02}.000 --> 00:00:{at:02}.900\n{payload}\n\n");
        }
        let read = parse(file.as_bytes()).expect("captions");
        assert!(read.account.balances(), "{:?}\n{file}", read.account);
        read.utterances.iter().map(|said| format!("{}|{}", said.label.as_deref().unwrap_or(""), said.text)).collect()
    }

    #[test]
    fn names_that_markup_sets_off_are_labels() {
        let wanted = ["Maya Okafor|So it is.", "Tom|Is it?", "Maya Okafor|Oh yes.", "Tom|I see."];
        for layout in [
            "<b>%</b> $",
            "<b>%:</b> $",
            "<b>%</b>: $",
            "<i>%</i>\n$",
            "<c.speaker>%</c> $",
            "<font color=\"#ffff00\">%</font> $",
            "<c.#>$</c>",
            "<v.#>$</v>",
            "<%> $",
        ] {
            assert_eq!(read(layout), wanted, "{layout}");
        }
        assert_eq!(read("<c.yellow>$</c>"), ["|So it is.", "|Is it?", "|Oh yes.", "|I see."]);
        assert_eq!(read("<i>$</i>"), ["|So it is.", "|Is it?", "|Oh yes.", "|I see."]);
    }
}
