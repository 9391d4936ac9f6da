//! Records in notations other than JSON: XML of unknown tools, YAML lists, and keys on lines of their own. They are
//! converted to JSON and read by what their keys mean.
//!
//! Pure. Only the simple form that tools write is converted.

use serde_json::{Map, Value};

use super::tagged::{self, Piece};
use crate::{
    keys::{Meaning, meaning},
    markup,
};

/// The maximum nesting depth of elements.
const DEEPEST: usize = 64;

/// An XML text as JSON; `None` if it isn't XML, or has its own reader.
pub(super) fn of_xml(text: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let root = tagged::root(text)?;
    if tagged::is_read(text) || !(text.starts_with("<?xml") || is_whole(text, root)) {
        return None;
    }
    let mut stack = vec![Element::default()];
    for (_, piece) in tagged::pieces(text) {
        match piece {
            Piece::Open { raw, name, empty } => {
                if stack.len() > DEEPEST {
                    return None;
                }
                stack.push(Element::of(name, raw));
                if empty {
                    close(&mut stack);
                }
            }
            Piece::Close { name, .. } if stack.len() > 1 && stack.last().is_some_and(|open| open.name == name) => {
                close(&mut stack)
            }
            Piece::Text(text) => stack.last_mut()?.text.push_str(&markup::references(text)),
            _ => {}
        }
    }
    while stack.len() > 1 {
        close(&mut stack);
    }
    serde_json::to_string(&Value::Object(stack.pop()?.fields)).ok()
}

/// Whether a text without an XML declaration is a single element: it has a child, and is closed at the end.
fn is_whole(text: &str, root: &str) -> bool {
    let closed = text.trim_end().strip_suffix('>').and_then(|rest| rest.trim_end().rsplit_once("</"));
    let within = text
        .get(1..)
        .is_some_and(|rest| memchr::memmem::find(rest.as_bytes(), b"</").is_some_and(|at| at + 4 < rest.len()));
    within
        && closed.is_some_and(|(_, name)| name.rsplit(':').next() == Some(root))
        && !tagged::page::ROOTS.contains(&root.to_ascii_lowercase().as_str())
}

#[derive(Default)]
struct Element<'a> {
    name: &'a str,
    fields: Map<String, Value>,
    text: String,
}

impl<'a> Element<'a> {
    fn of(name: &'a str, raw: &str) -> Self {
        let mut fields = Map::new();
        for (key, value) in tagged::attributes(raw) {
            fields.insert(key.to_owned(), Value::String(markup::references(value).into_owned()));
        }
        Self { name, fields, text: String::new() }
    }
}

/// Closes the innermost element: it becomes a text, or an object with its text; several with one name become a list.
fn close(stack: &mut Vec<Element<'_>>) {
    let Some(Element { name, mut fields, text }) = stack.pop() else { return };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let value = if fields.is_empty() {
        Value::String(text)
    } else {
        if !text.is_empty() {
            fields.insert("text".to_owned(), Value::String(text));
        }
        Value::Object(fields)
    };
    let Some(parent) = stack.last_mut() else { return };
    match parent.fields.get_mut(name) {
        Some(Value::Array(list)) => list.push(value),
        Some(first) => {
            let first = std::mem::take(first);
            parent.fields.insert(name.to_owned(), Value::Array(vec![first, value]));
        }
        None => {
            parent.fields.insert(name.to_owned(), value);
        }
    }
}

/// A text as JSON in which each utterance has its keys on separate lines, `Speaker: Ana`, `Time: 0:12`, `Text: so`.
pub(super) fn of_blocks(text: &str) -> Option<String> {
    let mut entries: Vec<Map<String, Value>> = Vec::new();
    let mut text_key = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (key, value) = line.split_once(':')?;
        let means = meaning(key.trim().trim_matches('*')).map(|key| key.meaning);
        match means? {
            Meaning::Text => text_key = Some(key.to_owned()),
            Meaning::Speaker | Meaning::SpeakerId | Meaning::Start | Meaning::End | Meaning::Duration => {}
            Meaning::Source => return None,
        }
        if entries.last().is_none_or(|entry| entry.contains_key(key)) {
            entries.push(Map::new());
        }
        entries.last_mut()?.insert(key.to_owned(), Value::String(value.trim().to_owned()));
    }
    let full = |entry: &&Map<String, Value>| entry.len() >= 2 && entry.contains_key(text_key.as_deref().unwrap_or(""));
    let whole = entries.len() >= 2 && entries.iter().filter(full).count() * 10 >= entries.len() * 8;
    let list = entries.into_iter().map(Value::Object).collect();
    whole.then(|| serde_json::to_string(&Value::Array(list)).ok()).flatten()
}

/// A YAML list as JSON whose entries are keys with one-line values; `None` if it contains anything else.
pub(super) fn of_yaml(text: &str) -> Option<String> {
    let mut entries: Vec<Map<String, Value>> = Vec::new();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#') && *line != "---");
    let first = lines.next()?;
    // The key of the list may precede it.
    let above = first.trim_end().strip_suffix(':').is_some_and(|key| !key.contains(char::is_whitespace));
    for line in (!above).then_some(first).into_iter().chain(lines) {
        let line = line.trim();
        let field = line.strip_prefix("- ").unwrap_or(line);
        if field.len() < line.len() {
            entries.push(Map::new());
        }
        let (key, value) = field.split_once(':')?;
        if !key.chars().all(|letter| letter.is_alphanumeric() || letter == '_') || key.is_empty() {
            return None;
        }
        let value = value.trim();
        let bare = [('"', '"'), ('\'', '\'')]
            .into_iter()
            .find_map(|(open, close)| value.strip_prefix(open)?.strip_suffix(close));
        let value = match (bare, value.parse::<serde_json::Number>()) {
            (Some(text), _) => Value::String(text.replace("\\\"", "\"")),
            (None, Ok(number)) => Value::Number(number),
            // A text of several lines.
            (None, Err(_)) if value.is_empty() || value.starts_with(['|', '>', '[', '{', '&', '*']) => return None,
            (None, Err(_)) => Value::String(value.to_owned()),
        };
        entries.last_mut()?.insert(key.to_owned(), value);
    }
    // "- Ana: so" is a line of a talk.
    let full = entries.iter().filter(|entry| entry.len() >= 2).count();
    if full * 10 < entries.len() * 8 {
        return None;
    }
    let list = entries.into_iter().map(Value::Object).collect::<Vec<_>>();
    (list.len() >= 2).then(|| serde_json::to_string(&Value::Array(list)).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{of_xml, of_yaml};
    use crate::parse;

    const SAID: [(&str, &str); 4] = [
        ("Ana", "Where did we stop, & why?"),
        ("Tom", "At the letter to my sister."),
        ("Ana", "What became of it?"),
        ("Tom", "I will post it on Friday."),
    ];

    fn check(file: &str) {
        let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
        let said: Vec<_> = read.utterances.iter().map(|said| (said.label.as_deref(), said.text.as_str())).collect();
        assert_eq!(said, SAID.map(|(name, text)| (Some(name), text)), "{file}");
        let starts: Vec<_> = read.utterances.iter().map(|said| said.start_ms).collect();
        assert_eq!(starts, [0, 5_000, 10_000, 15_000].map(Some), "{file}");
        assert!(read.account.balances());
    }

    #[test]
    fn talk_is_read_in_xml_and_yaml_of_any_tool() {
        let lines = |layout: &str| {
            let line = |(at, (name, text)): (usize, &(&str, &str))| {
                layout.replace('%', name).replace('$', text).replace('@', &(at * 5).to_string())
            };
            SAID.iter().enumerate().map(line).collect::<String>()
        };
        let xml = |layout: &str| {
            format!("<?xml version=\"1.0\"?>\n<talk><turns>{}</turns></talk>", lines(layout).replace('&', "&amp;"))
        };
        check(&xml("<turn speaker=\"%\" start=\"@\">$</turn>\n"));
        check(&xml("<turn><speaker>%</speaker><start>@</start><text>$</text></turn>"));
        check(&xml("<l who='%' begin='@'><said>$</said></l>"));
        check(&lines("Speaker: %\nTime: 0:@\nText: $\n\n").replace("0:0\n", "0:00\n").replace("0:5\n", "0:05\n"));
        check(&lines("- speaker: %\n  start: @\n  text: \"$\"\n"));
        check(&format!("transcript:\n{}", lines("  - speaker: \"%\"\n    text: $\n    start: @\n")));
    }

    #[test]
    fn other_shapes_are_left_alone() {
        for text in [
            "- one\n- two",
            "- Ana: so\n- Tom: no\n- Ana: yes",
            "a: 1\nb: 2",
            "- text: |\n    so\n- text: no",
            "- a: {b: 1}\n- a: 2",
            "",
        ] {
            assert_eq!(of_yaml(text), None, "{text}");
        }
        for text in ["<a>so</a>", "so", "<?xml version=\"1.0\"?><tt></tt>"] {
            assert_eq!(of_xml(text), None, "{text}");
        }
        assert!(of_xml(&format!("<?xml?>{}", "<a>".repeat(100))).is_none(), "nested too deeply");
    }
}
