//! Fathom's copied transcript: `0:12 - Ana Lopez (Org)`, the text below, and notes of the tool in between
//! (`ACTION ITEM: … - WATCH: https://…`).

use std::collections::HashSet;

use super::{
    account::Draft,
    date,
    format::Format,
    formats::{Confidence, Reader, Source},
    label, time,
};

pub(super) const READER: Reader = Reader { name: "fathom", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    let headings: Vec<_> = source.lines().iter().filter_map(|line| heading(line)).collect();
    let named = source.lines().iter().take(20).any(|line| line.contains("fathom.video"));
    let named_so = headings.iter().filter(|(name, _)| is_name(name)).count();
    let confidence = if named { Confidence::Signature } else { Confidence::Telling };
    // An agenda has such lines too, but each only once.
    let names: HashSet<&str> = headings.iter().map(|(name, _)| *name).collect();
    let again = names.len() < headings.len();
    let enough = again || (named && !headings.is_empty());
    if !enough {
        return None;
    }
    // The words are below; a list of times and words has nothing there.
    let mut filled =
        source.lines().iter().filter(|line| !line.trim().is_empty()).map(|line| heading(line).is_some()).peekable();
    let mut bare = 0;
    while let Some(headed) = filled.next() {
        bare += usize::from(headed && filled.peek().is_none_or(|next| *next));
    }
    (named_so * 2 >= headings.len() && bare * 2 <= headings.len())
        .then_some((confidence, "has lines such as 0:12 - Name"))
}

/// Whether it's a name, whatever follows it in brackets.
fn is_name(name: &str) -> bool {
    label::reads_like_a_name(name.split_once(" (").map_or(name, |(name, _)| name))
}

/// The name and the time of `0:12 - Name`, `@0:12 - **Name**`; nothing else is on the line.
fn heading(line: &str) -> Option<(&str, i64)> {
    let (start_ms, rest) = time::lenient(line.trim_start().trim_start_matches('@'))?;
    let name = rest.trim_start().strip_prefix(['-', '–'])?.strip_prefix(' ')?.trim().trim_matches('*').trim();
    let plain = !name.contains(": ") && !name.ends_with(['.', ':', ',']);
    (plain && (label::may_be_label(name) || label::is_structure(name))).then_some((name, start_ms))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let mut turn: Option<(&str, i64, String)> = None;
    for (at, line) in source.lines().iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if let Some((name, start_ms)) = heading(line) {
            say(&mut draft, turn.take());
            draft.structure(line);
            draft.clock(at + 1, Some(start_ms));
            turn = Some((name, start_ms, String::new()));
        } else if is_note(line) {
            draft.set_aside(at + 1, "a note of Fathom, not speech", line);
        } else if let Some((.., text)) = &mut turn {
            text.push(' ');
            text.push_str(line.trim());
        } else {
            if draft.title.is_none() {
                let (title, day) = line.trim().rsplit_once(" - ").unwrap_or((line.trim(), ""));
                draft.title = Some(title.trim_start_matches(['#', ' ']).to_owned());
                draft.session_date = date::day(day);
            }
            draft.set_aside(at + 1, "text before the first speaker", line);
        }
    }
    say(&mut draft, turn);
    (Format::FathomText, draft)
}

fn say(draft: &mut Draft, turn: Option<(&str, i64, String)>) {
    if let Some((name, start_ms, text)) = turn {
        draft.say(Some(name), Some(start_ms), None, &text);
    }
}

/// `ACTION ITEM: … - WATCH: https://…`: capitals before the colon, and a link to the position.
fn is_note(line: &str) -> bool {
    let kind = line.trim().split_once(':').map_or("", |(kind, _)| kind);
    let capitals = !kind.is_empty() && kind.chars().all(|letter| letter.is_uppercase() || letter == ' ');
    capitals && line.contains("WATCH: http")
}
