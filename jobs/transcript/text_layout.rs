//! The layouts of plain-text transcripts, line by line: where a time stands, and where a name.

use super::{label, time};

/// What a line may be, by its shape alone.
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
    /// A name and a time, with the text on the same line or on those below: `Name (00:01:02): text`, `Name 00:12`.
    Heading {
        name: &'a str,
        stamp: Stamp<'a>,
        rest: &'a str,
    },
    /// Anything else; `Name: text` among it.
    Plain(&'a str),
}

/// A time as it stands in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp<'a> {
    pub(super) written: &'a str,
    pub(super) start_ms: i64,
    pub(super) end_ms: Option<i64>,
    /// In brackets, or with hours: then it is hardly the time of a meeting that somebody speaks of.
    pub(super) marked: bool,
}

/// Reads the shape of a line.
pub(super) fn line(raw: &str) -> Line<'_> {
    let text = raw.trim();
    if text.is_empty() {
        return Line::Blank;
    }
    if let Some((stamp, rest)) = leading(text) {
        return match rest {
            "" => Line::Stamp(stamp),
            rest => Line::Stamped { stamp, rest },
        };
    }
    heading(text).unwrap_or(Line::Plain(text))
}

/// A stamp at the start of `text`: `[00:01:02]`, `(1:02)`, `00:01:02 - 00:01:05`.
fn leading(text: &str) -> Option<(Stamp<'_>, &str)> {
    let closing = match text.chars().next()? {
        '[' => Some(']'),
        '(' => Some(')'),
        _ => None,
    };
    let inner = if closing.is_some() { &text[1..] } else { text };
    let (start_ms, mut rest) = time::lenient(inner.trim_start())?;
    let mut end_ms = None;
    let second = rest.trim_start().trim_start_matches(['-', '–', '—', '>']).trim_start();
    if second.len() < rest.trim_start().len()
        && let Some((end, after)) = time::lenient(second)
    {
        (end_ms, rest) = (Some(end), after);
    }
    if let Some(closing) = closing {
        rest = rest.trim_start().strip_prefix(closing)?;
    } else if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let written = &text[..text.len() - rest.len()];
    let marked = closing.is_some() || end_ms.is_some() || written.matches(':').count() >= 2;
    let rest = rest.trim_start();
    let rest = rest.strip_prefix(['-', '–']).filter(|rest| rest.starts_with(' ')).unwrap_or(rest).trim_start();
    Some((Stamp { written, start_ms, end_ms, marked }, rest))
}

/// No name is longer, in bytes.
const LONGEST_NAME: usize = 240;

/// A name with a time behind it.
fn heading(text: &str) -> Option<Line<'_>> {
    for (opening, closing) in [('[', ']'), ('(', ')')] {
        // The first bracket that holds a time: a label may have brackets of its own.
        for (at, _) in text.match_indices(opening).take_while(|(at, _)| *at <= LONGEST_NAME) {
            // A time is short; looking no further keeps a line of a million brackets cheap.
            let Some(close) = text.as_bytes()[at..].iter().take(24).position(|byte| *byte == closing as u8) else {
                continue;
            };
            let (inside, after) = (&text[at + 1..at + close], text[at + close + 1..].trim_start());
            let Some(start_ms) = time::whole(inside) else { continue };
            let name = name(&text[..at])?;
            let rest = after.strip_prefix(':').unwrap_or(after).trim();
            let stamp = Stamp { written: inside, start_ms, end_ms: None, marked: true };
            return Some(Line::Heading { name, stamp, rest });
        }
    }
    let (before, last) = text.trim_end_matches(':').rsplit_once(char::is_whitespace)?;
    let start_ms = time::whole(last)?;
    let stamp = Stamp { written: last, start_ms, end_ms: None, marked: last.matches(':').count() >= 2 };
    Some(Line::Heading { name: name(before)?, stamp, rest: "" })
}

/// What stands before the time, where it may be a label.
fn name(text: &str) -> Option<&str> {
    // Bold in Markdown: **Name:**, or **Name**:
    let name = text.trim().trim_end_matches([':', '-', '–', '*']).trim_start_matches('*').trim();
    let name = name.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(name);
    (label::may_be_label(name) && !name.contains(':')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{Line, line};

    #[test]
    fn layouts() {
        for (text, wanted) in [
            ("[00:01:02] Ana B: yes", "stamped 62000 «Ana B: yes»"),
            ("(1:02) yes", "stamped 62000 «yes»"),
            ("00:01:02 - 00:01:05 Ana: yes", "stamped 62000 «Ana: yes»"),
            ("00:00:11", "stamp 11000"),
            ("Ana B 00:12", "heading «Ana B» 12000 «»"),
            ("Ana B  0:04", "heading «Ana B» 4000 «»"),
            ("Ana (Geth) (00:01:02):", "heading «Ana (Geth)» 62000 «»"),
            ("Ana [00:01:02]: yes", "heading «Ana» 62000 «yes»"),
            ("Ana: see you at 10:30", "plain"),
            ("What do we do about it then, at 10:30", "plain"),
            ("Ana: yes", "plain"),
        ] {
            let seen = match line(text) {
                Line::Blank => "blank".to_owned(),
                Line::Stamp(stamp) => format!("stamp {}", stamp.start_ms),
                Line::Stamped { stamp, rest } => format!("stamped {} «{rest}»", stamp.start_ms),
                Line::Heading { name, stamp, rest } => format!("heading «{name}» {} «{rest}»", stamp.start_ms),
                Line::Plain(_) => "plain".to_owned(),
            };
            assert_eq!(seen, wanted, "{text}");
        }
    }
}
