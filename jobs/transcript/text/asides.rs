//! What is within a speaker's words but isn't theirs: pauses, "(..)" and "(3 seconds pause)", and interjections by
//! others, "//S00: Great.//", as noScribe and human transcribers write them.

use std::borrow::Cow;

use crate::{account::words, label};

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// Who interjects; `None` for the turn's own speaker.
    pub(super) label: Option<&'a str>,
    pub(super) text: &'a str,
}

/// The parts of a turn: interjections are between slashes or in brackets and name their speaker; and after the end of a
/// sentence, a label that the file knows begins another person's words on the same line. `calls` recognises the names
/// by which people, who may be named in brackets, are addressed.
pub(super) fn parts<'a>(text: &'a str, knows: impl Fn(&str) -> bool, calls: impl Fn(&str) -> bool) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let (mut rest, mut begin, mut label) = (text, 0, None);
    // The end of the last sentence before this: searched only once, however many colons follow.
    let mut ended = None;
    while let Some(at) = memchr::memchr2(b'/', b':', &rest.as_bytes()[begin..]).map(|at| begin + at) {
        ended = rest[begin..at].rfind(ENDS).map(|end| begin + end).or(ended);
        let meanwhile = meanwhile(rest, at).or_else(|| in_brackets(rest, begin, at, &calls));
        if let Some((at, other, said, after)) = meanwhile {
            parts.push(Part { label, text: &rest[..at] });
            parts.push(Part { label: Some(other), text: said });
            (rest, begin, ended) = (after, 0, None);
        } else if let Some((before, other)) =
            begins_inside(&rest[..at], &rest[at + 1..], ended).filter(|(_, other)| knows(other))
        {
            parts.push(Part { label, text: before });
            (label, rest, begin, ended) = (Some(other), &rest[at + 1..], 0, None);
        } else {
            begin = at + 1;
        }
    }
    parts.push(Part { label, text: rest });
    parts
}

/// The interjection between slashes that begins here: its speaker, its words, and what follows.
fn meanwhile(text: &str, at: usize) -> Option<(usize, &str, &str, &str)> {
    // Slashes of a web address follow a colon.
    let begins = at == 0 || text[..at].ends_with(char::is_whitespace);
    let (inside, after) = text[at..].strip_prefix("//").filter(|_| begins)?.split_once("//")?;
    let (label, said) = label::split(inside)?;
    Some((at, label, said, after))
}

/// The interjection in a bracket that opens before a colon, `(Priya: mm-hm)`: its speaker, its position, its words, and
/// what follows. A name that the file doesn't know counts if it looks like one: the words aren't the speaker's.
fn in_brackets(
    text: &str,
    from: usize,
    colon: usize,
    calls: impl Fn(&str) -> bool,
) -> Option<(usize, &str, &str, &str)> {
    let reach = from.max(text.floor_char_boundary(colon.saturating_sub(80)));
    let open = reach + text.get(reach..colon)?.rfind(['(', '[', '<'])?;
    let close = super::stamp::closing(&text[open..])?.1;
    let inner = &text[open + 1..];
    let end = inner[..inner.floor_char_boundary(400)].find(close)?;
    let found =
        label::candidate(&inner[..end]).filter(|found| found.label.len() == text[open + 1..colon].trim().len())?;
    let name =
        label::may_be_label(found.label) && label::reads_like_a_name(found.label) && !label::is_note(found.label);
    let said = found.rest.contains(char::is_alphanumeric);
    (said && (calls(found.label) || name)).then(|| (open, found.label, found.rest, &inner[end + close.len_utf8()..]))
}

/// What ends a sentence before a label on the same line.
const ENDS: [char; 5] = ['.', '?', '!', '…', '>'];

/// The label before a colon at the end of `before`, after the sentence that `ended` there.
fn begins_inside<'a>(before: &'a str, after: &str, ended: Option<usize>) -> Option<(&'a str, &'a str)> {
    let reach = before.floor_char_boundary(before.len().saturating_sub(80));
    let end = ended.filter(|end| *end >= reach)? + 1;
    let label = before.get(end..).filter(|label| after.starts_with(' ') && label.starts_with(' '))?;
    Some((&before[..end], label.trim()))
}

/// Removes slashes around a whole text whose label was removed, or around what the speaker says while another speaks.
pub(super) fn unslashed(text: &str) -> &str {
    let inner = text.trim().trim_end_matches("//");
    if inner.contains("//") { text } else { inner }
}

/// Words for a pause. Lower case.
const PAUSES: &[&str] = &[
    "pause",
    "pausa",
    "paus",
    "pauze",
    "pausen",
    "silence",
    "stille",
    "schweigen",
    "tystnad",
    "silencio",
    "silêncio",
    "silenzio",
    "stilte",
    "пауза",
    "молчание",
    "pauza",
    "przerwa",
    "tauko",
    "停顿",
    "停頓",
    "沉默",
    "沈黙",
    "ポーズ",
    "침묵",
];

/// The maximum number of words that may accompany one for a pause.
const BESIDE: usize = 6;

/// The text without its pauses, and the number of words they had.
pub(super) fn without_pauses(text: &str) -> (Cow<'_, str>, usize) {
    let mut out: Option<String> = None;
    let (mut gone, mut kept, mut from) = (0, 0, 0);
    while let Some(at) = text[from..].find(['(', '[', '（']).map(|at| from + at) {
        let opening = if text[at..].starts_with('（') { 3 } else { 1 };
        let reach = &text[at + opening..text.floor_char_boundary(at + 64)];
        let Some(end) = reach.find([')', ']', '）']) else {
            from = at + opening;
            continue;
        };
        let inside = &reach[..end];
        let closing = if reach[end..].starts_with('）') { 3 } else { 1 };
        from = at + opening + end + closing;
        if is_pause(inside.trim_matches(['(', '[', ' '])) {
            gone += words(inside);
            let out = out.get_or_insert_default();
            out.push_str(&text[kept..at]);
            // A pause in double brackets: ((3s))
            kept = from + text[from..].bytes().take_while(|byte| matches!(byte, b')' | b']')).count();
            from = kept;
            if out.ends_with(char::is_alphanumeric) && text[kept..].starts_with(char::is_alphanumeric) {
                out.push(' ');
            }
            let spaced = out.is_empty() || out.ends_with(char::is_whitespace);
            kept += if spaced { text[kept..].len() - text[kept..].trim_start().len() } else { 0 };
        }
    }
    match out {
        None => (Cow::Borrowed(text), 0),
        Some(out) => (Cow::Owned(out + text.get(kept..).unwrap_or("")), gone),
    }
}

/// How a note in brackets about somebody's actions begins. Lower case.
#[rustfmt::skip]
const DOES: &[&str] = &[
    "laughs", "laughing", "smiles", "smiling", "sighs", "sighing", "cries", "crying", "weeps", "nods", "shrugs", "frowns", "grins",
    "looks", "looking", "seems", "appears", "sounds", "pauses", "hesitates", "avoids", "fidgets", "blushes", "breathes",
    "coughs", "whispers", "gets", "stands", "sits", "leans", "stares", "swallows", "visibly", "obviously", "clearly", "tears", "voice",
    "lacht", "lächelt", "seufzt", "weint", "nickt", "schaut", "wirkt", "scheint", "zögert", "schweigt", "atmet", "sichtlich",
    "rit", "sourit", "soupire", "pleure", "ríe", "sonríe", "llora", "suspira", "ride", "piange", "sorride", "skrattar", "gråter", "ler",
    "ser", "verkar", "lacht", "huilt", "zucht", "kijkt", "lijkt",
];
/// What coaches remind themselves to do. Lower case.
#[rustfmt::skip]
const DUTIES: &[&str] = &[
    "ask", "check", "follow", "remember", "remind", "note", "nb", "n.b", "todo", "see", "explore", "revisit", "come", "bring", "return",
    "nachfragen", "nachhaken", "prüfen", "merken", "notiz", "fråga", "demander", "preguntar", "chiedere", "vragen",
];
/// People a coach writes about. Lower case.
#[rustfmt::skip]
const OF_OTHERS: &[&str] = &[
    "she", "he", "she's", "he's", "her", "his", "client", "coachee", "sie", "er", "klientin", "klient", "elle", "il", "ella",
    "él", "lei", "lui", "hon", "han", "zij", "hij",
];
/// Words used by a speaker. Lower case.
#[rustfmt::skip]
const OF_SPEAKERS: &[&str] = &[
    "i", "i'm", "i've", "i'd", "i'll", "me", "my", "mine", "we", "we're", "we've", "our", "us", "you", "you're", "your", "ich", "mir",
    "mich", "mein", "meine", "wir", "uns", "du", "dir", "dich", "je", "j'ai", "moi", "nous", "tu", "yo", "mi", "nosotros", "io",
    "mio", "mia", "noi", "jag", "mig", "min", "vi", "ik", "mij", "mijn", "wij",
];
/// A shorter bracket is a sound, or was said.
const THOUGHT: usize = 4;

/// The text without bracketed thoughts about the person or their actions, and those thoughts. `calls` recognises the
/// names by which people, who may be named in brackets, are addressed.
pub(super) fn without_thoughts(text: &str, calls: impl Fn(&str) -> bool) -> (Cow<'_, str>, Vec<&str>) {
    let (mut out, mut thoughts): (Option<String>, Vec<&str>) = (None, Vec::new());
    let (mut kept, mut from) = (0, 0);
    while let Some(at) = text[from..].find(['(', '[', '（']).map(|at| from + at) {
        let Some((opening, closing)) = super::stamp::closing(&text[at..]) else { break };
        let begin = at + opening.len_utf8();
        let reach = &text[begin..text.floor_char_boundary(begin + 400)];
        let Some(end) = reach.find(closing).map(|end| begin + end) else {
            from = begin;
            continue;
        };
        from = end + closing.len_utf8();
        let named = label::candidate(&text[begin..end]).is_some_and(|found| calls(found.label));
        if !named && is_thought(&text[begin..end]) {
            thoughts.push(&text[at..from]);
            let out = out.get_or_insert_default();
            out.push_str(&text[kept..at]);
            kept = from;
            if text[kept..].starts_with(['.', ',', ';', ':', '?', '!', '…']) {
                out.truncate(out.trim_end().len());
            }
            let spaced = out.is_empty() || out.ends_with(char::is_whitespace);
            if spaced {
                kept += text[kept..].len() - text[kept..].trim_start().len();
            } else if text[kept..].starts_with(char::is_alphanumeric) {
                out.push(' ');
            }
            from = kept;
        }
    }
    match out {
        None => (Cow::Borrowed(text), thoughts),
        Some(out) => (Cow::Owned(out + &text[kept..]), thoughts),
    }
}

/// Whether bracketed text is about the person and not said by them: it begins with an action or a task, or mentions
/// "her" and nobody else.
fn is_thought(inside: &str) -> bool {
    let words: Vec<String> = inside
        .split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '\'' | '’' | '.')))
        .map(|word| word.trim_matches('.').replace('’', "'").to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    let Some(first) = words.first().filter(|_| words.len() >= THOUGHT) else { return false };
    let speaks = words.iter().any(|word| OF_SPEAKERS.contains(&word.as_str()));
    let others = OF_OTHERS.contains(&first.as_str());
    !speaks && (others || DOES.contains(&first.as_str()) || DUTIES.contains(&first.as_str()))
}

/// Whether bracketed text is a pause: only dots, a length in seconds, or a word for it.
pub(super) fn is_pause(inside: &str) -> bool {
    if inside.is_empty() {
        return false;
    }
    if inside.chars().all(|letter| matches!(letter, '.' | '…' | ' ' | '-')) {
        return true;
    }
    let words: Vec<String> = inside
        .split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '.' | ',')))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let number = words.iter().any(|word| word.starts_with(|letter: char| letter.is_ascii_digit()));
    let pause = words.iter().any(|word| PAUSES.contains(&word.trim_matches(['.', ','])));
    let length = super::units::seconds(inside).is_some_and(|(_, rest)| rest.trim().is_empty());
    length || (pause && words.len() <= if number { BESIDE } else { 3 })
}

#[cfg(test)]
mod tests {
    use super::{Part, parts, unslashed, without_pauses, without_thoughts};

    #[test]
    fn thoughts_in_brackets_are_nobodys_words() {
        for (text, wanted, count) in [
            ("Every time (laughs, but looks worn out – ask about sleep), yes.", "Every time, yes.", 1),
            ("I left. [she avoids the question again] And then?", "I left. And then?", 1),
            ("Ja (wirkt sehr müde, nachfragen) nein", "Ja nein", 1),
            ("(ask about the sister next time) I left.", "I left.", 1),
            ("I left (laughs) and (looks away) came back.", "I left (laughs) and (looks away) came back.", 0),
            ("I left (and I know how this sounds) at noon.", "I left (and I know how this sounds) at noon.", 0),
            ("I called (see what I did there, do you) him.", "I called (see what I did there, do you) him.", 0),
            ("It took (the long way round by train) an hour.", "It took (the long way round by train) an hour.", 0),
            ("so ( it (laughs", "so ( it (laughs", 0),
        ] {
            let (seen, thoughts) = without_thoughts(text, |_| false);
            assert_eq!((seen.as_ref(), thoughts.len()), (wanted, count), "{text}");
        }
    }

    #[test]
    fn pauses_are_nobodys_words() {
        for (text, wanted, words) in [
            ("Good morning Daniel, (..) how did it go?", "Good morning Daniel, how did it go?", 0),
            ("(4 seconds pause) The money.", "The money.", 3),
            ("Well, (3s) yes (...) no.", "Well, yes no.", 1),
            ("Ja (5 Sekunden Pause) nein", "Ja nein", 3),
            ("Sí (pausa de 3 segundos) no", "Sí no", 4),
            ("so ((2.5s)) on", "so on", 2),
            ("[pause] Yes [long pause].", "Yes .", 3),
            ("嗯（停顿）好", "嗯 好", 2),
            (
                "(laughs) I (we took a pause there, then) said (3) so (",
                "(laughs) I (we took a pause there, then) said (3) so (",
                0,
            ),
        ] {
            let (seen, gone) = without_pauses(text);
            assert_eq!((seen.as_ref(), gone), (wanted, words), "{text}");
        }
    }

    #[test]
    fn who_speaks_meanwhile_is_named() {
        let part = |label, text| Part { label, text };
        assert_eq!(
            parts("He listened. //S00: Great.// I will ask.", |_| false, |_| false),
            [part(None, "He listened. "), part(Some("S00"), "Great."), part(None, " I will ask.")]
        );
        for (text, before, name, said, after) in [
            ("It was late. (priya: mm-hm) So we left.", "It was late. ", "priya", "mm-hm", " So we left."),
            (
                "It was late [Tom Berg: yes, it was], so we left.",
                "It was late ",
                "Tom Berg",
                "yes, it was",
                ", so we left.",
            ),
            ("It was late (Priya: hm)", "It was late ", "Priya", "hm", ""),
        ] {
            let parts = parts(text, |_| false, |label| label == "priya");
            assert_eq!(parts[..2], [part(None, before), part(Some(name), said)], "{text}");
            assert_eq!(parts[2].text, after, "{text}");
        }
        for text in [
            "see https://example.org//a: b",
            "so //yes// no",
            "// a",
            "so (laughs) it: is",
            "(Note: it rained) so",
            "(at 10:30) so",
            "(he said: no) so",
        ] {
            assert_eq!(parts(text, |_| false, |_| false), [part(None, text)], "{text}");
        }
        assert_eq!(
            parts("Fine.  Them: And you? I saw Them: no.", |label| label == "Them", |_| false),
            [part(None, "Fine."), part(Some("Them"), " And you? I saw Them: no.")]
        );
        assert_eq!(unslashed("That I had written it down.//"), "That I had written it down.");
    }
}
