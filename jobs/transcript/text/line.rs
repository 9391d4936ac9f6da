//! The forms of a line of plain text: where it has a time, and what is left without it.

use super::{
    stamp::{self, Stamp},
    units,
};
use crate::label;

/// What a line may be, by its form alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Blank,
    /// A time alone.
    Stamp(Stamp<'a>),
    /// A time, then text, which may begin with a label: `[00:01:02] Name: text`.
    Stamped {
        stamp: Stamp<'a>,
        rest: &'a str,
    },
    /// A name and a time, with the text on the same line or on those below: `Name (00:01:02): text`, `Name 00:12`,
    /// `[00:12 Name]`, `Name 00:12: text`.
    Heading {
        name: &'a str,
        stamp: Stamp<'a>,
        rest: &'a str,
        beside: Beside,
    },
    /// Anything else, including `Name: text`.
    Plain(&'a str, Dress),
}

impl<'a> Line<'a> {
    /// The text apart from a time.
    pub(super) fn text(self) -> &'a str {
        match self {
            Line::Stamped { rest, .. } => rest,
            Line::Heading { name, .. } => name,
            Line::Plain(text, _) => text,
            Line::Blank | Line::Stamp(_) => "",
        }
    }

    /// The line, where written-out times only count if `written_out`.
    pub(super) fn without(self, written_out: bool) -> Self {
        match self {
            Line::Stamp(stamp) if stamp.written_out && !written_out => Line::Plain(stamp.written, Dress::None),
            line => line,
        }
    }
}

/// The position of a time relative to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// In one bracket with it, which isn't a sentence.
    Enclosed,
    /// After it, in a bracket of its own or at the end of the line.
    Behind,
    /// After it, bare, and before the words: a sentence may have that as well.
    Amid,
}

/// Markdown markup of a whole line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dress {
    None,
    /// A heading, of this level.
    Title(usize),
    /// Bold as a whole.
    Bold,
}

/// Determines the form of a line; what is next to a time is a name if `is_name` says so.
pub(super) fn line<'a>(raw: &'a str, is_name: impl FnMut(&'a str) -> bool) -> Line<'a> {
    let text = raw.trim();
    // A rule between parts, or an empty line of a quotation.
    let rule = |mark: &[u8]| text.bytes().all(|byte| mark.contains(&byte));
    if rule(b"> ") || (text.len() >= 3 && rule(b"-_=*~ |:")) {
        return Line::Blank;
    }
    let (text, dress) = undressed(text);
    let listed = label::unlisted(text).trim_start_matches(['*', '_', '|', ' ']);
    if let Some((stamp, rest)) = stamp::leading(listed) {
        return match separated(rest) {
            "" => Line::Stamp(stamp),
            rest => Line::Stamped { stamp, rest },
        };
    }
    named(listed, text, is_name).unwrap_or(Line::Plain(text, dress))
}

/// A line without enclosing Markdown.
fn undressed(text: &str) -> (&str, Dress) {
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&level) && text[level..].starts_with([' ', '\t']) {
        let title = text[level..].trim().trim_end_matches('#').trim_end();
        // Some carry their anchor: ### Maya {#maya}
        let title = title.split_once(" {#").map_or(title, |(title, _)| title);
        let title = title.trim_matches(['*', '_']).trim();
        return (title, Dress::Title(level));
    }
    for mark in ["**", "__"] {
        let inner = text.strip_prefix(mark).and_then(|rest| rest.trim_end_matches('\\').strip_suffix(mark));
        if let Some(inner) = inner.filter(|inner| !inner.contains(mark) && !inner.trim().is_empty()) {
            return (inner.trim(), Dress::Bold);
        }
    }
    (text, Dress::None)
}

/// The text after a time, without separators.
fn separated(rest: &str) -> &str {
    // Marks that close those before the time; others may begin a marked name.
    let rest =
        rest.trim_start_matches(['*', '_']).trim_start().trim_start_matches(['|', ':', '：', ',', ';']).trim_start();
    let rest = rest.strip_prefix(['-', '–', '—', '·', '•']).filter(|rest| rest.starts_with(' ')).unwrap_or(rest);
    rest.trim_start().trim_end_matches("**")
}

/// The maximum length of a name, in bytes.
const LONGEST_NAME: usize = 240;

/// A name next to a time, in one bracket or not, if it may be a label.
fn named<'a>(listed: &'a str, text: &'a str, mut is_name: impl FnMut(&'a str) -> bool) -> Option<Line<'a>> {
    let heading = match enclosed(listed) {
        Some(heading) if is_name(heading.name) => heading,
        _ => match heading(text).filter(|heading| is_name(heading.name)) {
            Some(heading) => heading,
            None => amid(listed).filter(|heading| is_name(heading.name))?,
        },
    };
    let Heading { name, stamp, rest, beside } = heading;
    Some(Line::Heading { name, stamp, rest, beside })
}

/// The contents of [`Line::Heading`].
struct Heading<'a> {
    name: &'a str,
    stamp: Stamp<'a>,
    rest: &'a str,
    beside: Beside,
}

/// A time and a name within one bracket: `[00:00 Speaker 1]`, `(Maya, 0:12) text`.
fn enclosed(text: &str) -> Option<Heading<'_>> {
    let (opening, closing) = stamp::closing(text)?;
    let inner = &text[opening.len_utf8()..];
    let end = inner[..inner.floor_char_boundary(LONGEST_NAME)].find(closing)?;
    let (inside, after) = (inner[..end].trim(), &inner[end + closing.len_utf8()..]);
    let (name, stamp) = match stamp::leading(inside) {
        Some((stamp, rest)) => (separated(rest), stamp),
        None => {
            // [Speaker 1 00:12], [Maya, 0:12]
            let (name, written) = inside.rsplit_once(|letter: char| letter.is_whitespace() || letter == ',')?;
            (name, stamp::bare(written)?)
        }
    };
    let stamp = Stamp { marked: true, ..stamp };
    Some(Heading { name: unmarked(name), stamp, rest: separated(after), beside: Beside::Enclosed })
}

/// A name followed by a time.
fn heading(text: &str) -> Option<Heading<'_>> {
    let head = &text[..text.floor_char_boundary(LONGEST_NAME)];
    if has_digit(&text[..text.floor_char_boundary(LONGEST_NAME + 48)]) {
        // The first bracket that contains a time: a label may have its own brackets.
        for (at, _) in head.match_indices(stamp::is_opening) {
            let Some((opening, closing)) = stamp::closing(&text[at..]) else { continue };
            // Times are short; looking no further keeps a line of a million brackets cheap.
            let inner = &text[at + opening.len_utf8()..];
            let reach = &inner[..inner.floor_char_boundary(48)];
            let Some(close) = reach.find(closing) else { continue };
            let (inside, after) = (&inner[..close], inner[close + closing.len_utf8()..].trim_start());
            let Some(stamp) = stamp::inside(inside, opening) else { continue };
            let rest = separated(after);
            // "Priya (10:30) 0:12": the time in the name isn't part of the talk.
            if stamp::leading(rest).is_some_and(|(_, rest)| rest.is_empty()) {
                continue;
            }
            // "Ana: see you (10:30) at noon."
            let name = unmarked(&text[..at]);
            if name.contains(": ") && !rest.is_empty() {
                return None;
            }
            return Some(Heading { name, stamp, rest, beside: Beside::Behind });
        }
    }
    let text = text.trim_end_matches([':', '：', '*', '_']);
    if !has_digit(&text[text.floor_char_boundary(text.len().saturating_sub(64))..]) {
        return None;
    }
    if let Some((name, written, start_ms)) = units::behind_a_name(text) {
        let stamp = Stamp { written, start_ms, end_ms: None, marked: true, hours: false, written_out: true };
        return Some(Heading { name: unmarked(name), stamp, rest: "", beside: Beside::Behind });
    }
    // Name 00:12, Name | 00:12, Name 10:30 AM, Name 00:12 - 00:15
    let mut last = None;
    for (at, _) in text.rmatch_indices([' ', '\t', ',', '|', '\u{a0}']).take(4) {
        let Some(letter) = text[at..].chars().next() else { break };
        let written = text[at + letter.len_utf8()..].trim();
        if let Some(stamp) = stamp::bare(written) {
            last = Some((at, stamp));
        }
    }
    let (at, stamp) = last?;
    // "Ana: see you at 10:30".
    let wide = text[at..].trim_start().len() + 1 < text.len() - at || text[..at].ends_with(char::is_whitespace);
    let sentence = text[..at].contains(": ") && !wide;
    (!sentence).then(|| Heading { name: before_time(&text[..at]), stamp, rest: "", beside: Beside::Behind })
}

/// A bare time between a name and the words: `Name 00:12: text`, `Name, 00:12, text`, `Name @ 00:12 text`.
fn amid(text: &str) -> Option<Heading<'_>> {
    let head = &text[..text.floor_char_boundary(LONGEST_NAME)];
    if !has_digit(head) {
        return None;
    }
    for (at, mark) in head.match_indices([' ', '\t', ',', ';', '|', '@', '\u{a0}']) {
        let behind = text[at + mark.len()..].trim_start();
        if !behind.starts_with(|letter: char| letter.is_ascii_digit() || letter >= '\u{660}') {
            continue;
        }
        let Some((stamp, rest)) = stamp::leading(behind).filter(|(stamp, _)| !stamp.written_out) else { continue };
        let (name, rest) = (before_time(&text[..at]), separated(rest));
        return (!name.contains(": ") && !rest.is_empty()).then_some(Heading {
            name,
            stamp,
            rest,
            beside: Beside::Amid,
        });
    }
    None
}

/// A name before a time, without what connects them: `Name at 00:12`, `Name @ 00:12`.
fn before_time(text: &str) -> &str {
    let name = unmarked(text);
    let joint = [" at", " um", " kl", " kl.", " à", " alle", " om"].iter().find_map(|joint| name.strip_suffix(joint));
    joint.map_or(name, unmarked)
}

fn has_digit(text: &str) -> bool {
    // Some non-ASCII characters are digits too.
    text.bytes().any(|byte| byte.is_ascii_digit() || byte >= 0xd9)
}

/// A name without surrounding Markdown, brackets and punctuation.
pub(super) fn unmarked(text: &str) -> &str {
    const AROUND: &[char] =
        &[' ', '\t', '\u{a0}', ':', '：', '-', '–', '—', '|', ',', '·', '•', '*', '_', '@', '`', '\\'];
    let name = label::unlisted(
        text.trim_end_matches(AROUND).trim_start_matches(['*', '_', '-', '–', '—', '|', ' ', '`', '\t']),
    );
    let name = name.trim_end_matches(AROUND).trim_matches(['*', '_', '`']);
    match stamp::closing(name) {
        Some((opening, closing)) => {
            let inner = name[opening.len_utf8()..].strip_suffix(closing);
            inner.filter(|inner| !inner.contains([opening, closing])).unwrap_or(name).trim()
        }
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, line};

    #[test]
    fn layouts() {
        for (text, wanted) in [
            ("[00:01:02] Ana B: yes", "stamped 62000 «Ana B: yes»"),
            ("(1:02) yes", "stamped 62000 «yes»"),
            ("【00:12】 王芳：你好", "stamped 12000 «王芳：你好»"),
            ("（00：12）王芳", "stamped 12000 «王芳»"),
            ("00:01:02 - 00:01:05 Ana: yes", "stamped 62000 «Ana: yes»"),
            ("00:12 | Ana", "stamped 12000 «Ana»"),
            ("**[00:12]** **Ana:** yes", "stamped 12000 «**Ana:** yes»"),
            ("00:12 **Ana:** yes", "stamped 12000 «**Ana:** yes»"),
            ("00:01:02:15 Ana", "stamped 62000 «Ana»"),
            ("#00:00:12-3# yes", "stamped 12000 «yes»"),
            ("0 minutes 3 seconds", "stamp 3000"),
            ("[12s] Ana", "stamped 12000 «Ana»"),
            ("00:00:11", "stamp 11000"),
            ("[00:00 Speaker 1]", "heading «Speaker 1» 0 «»"),
            ("【00:08 說話者 2】", "heading «說話者 2» 8000 «»"),
            ("[Speaker 1 | 00:12]: yes", "heading «Speaker 1» 12000 «yes»"),
            ("(Ana, 0:12) yes", "heading «Ana» 12000 «yes»"),
            ("Ana B 00:12", "heading «Ana B» 12000 «»"),
            ("Ana B  0:04", "heading «Ana B» 4000 «»"),
            ("Ana B | 0:04", "heading «Ana B» 4000 «»"),
            ("Ana B, 00:12:05", "heading «Ana B» 725000 «»"),
            ("Ana B 00:12 - 00:15", "heading «Ana B» 12000 «»"),
            ("Ana B 10:30 AM", "heading «Ana B» 37800000 «»"),
            ("Ana B   0 minutes 3 seconds", "heading «Ana B» 3000 «»"),
            ("#### Ana B (00:12)", "heading «Ana B» 12000 «»"),
            ("**Ana B** (00:12): yes", "heading «Ana B» 12000 «yes»"),
            ("Ana B [12s]", "heading «Ana B» 12000 «»"),
            ("Ana (Geth) (00:01:02):", "heading «Ana (Geth)» 62000 «»"),
            ("Ana [00:01:02]: yes", "heading «Ana» 62000 «yes»"),
            ("María del Carmen de la Fuente Ortega  0:11", "heading «María del Carmen de la Fuente Ortega» 11000 «»"),
            ("Ana B 00:12: yes", "heading «Ana B» 12000 «yes»"),
            ("Ana B, 0:12, yes", "heading «Ana B» 12000 «yes»"),
            ("Ana B @ 0:12: yes", "heading «Ana B» 12000 «yes»"),
            ("Ana B 00:12 yes", "heading «Ana B» 12000 «yes»"),
            ("Ana B at 00:12", "heading «Ana B» 12000 «»"),
            ("٠٠:١٢ Ana: yes", "stamped 12000 «Ana: yes»"),
            ("Ana: we met, 10:30, by the door", "plain"),
            ("What we do, 10:30, is this", "plain"),
            ("Speaker?  0:11", "heading «Speaker?» 11000 «»"),
            ("My flight was at [5:00] in the morning", "plain"),
            ("Ana: see you at 10:30", "plain"),
            ("What do we do about it then, at 10:30", "plain"),
            ("Ana: yes", "plain"),
            ("---", "blank"),
            (">", "blank"),
        ] {
            let seen = match line(text, crate::label::may_be_label) {
                Line::Blank => "blank".to_owned(),
                Line::Stamp(stamp) => format!("stamp {}", stamp.start_ms),
                Line::Stamped { stamp, rest } => format!("stamped {} «{rest}»", stamp.start_ms),
                Line::Heading { name, stamp, rest, .. } => format!("heading «{name}» {} «{rest}»", stamp.start_ms),
                Line::Plain(..) => "plain".to_owned(),
            };
            assert_eq!(seen, wanted, "{text}");
        }
    }
}
