//! Teams' Word document: a title, a date, `Ana started transcription`, then one paragraph per turn, `Name   0:04` and
//! the text after line breaks. Older ones have `0:0:5.1 --> 0:0:8.2` on a line before the name.
//!
//! Teams writes its own lines in the user's language, so they are recognised by their position and their similarity to
//! the line at the beginning, not by their words.

use std::collections::{HashMap, HashSet};

use crate::{
    account::Draft,
    date,
    format::Format,
    formats::{Confidence, Reader, Source},
    label, time, words,
};

pub(crate) const READER: Reader = Reader { name: "teams_docx", detect, read };

/// A paragraph: its first line, from 1, and its lines.
type Paragraph<'a> = (usize, Vec<&'a str>);

fn paragraphs<'a>(source: &Source<'a>) -> Vec<Paragraph<'a>> {
    let mut paragraphs: Vec<Paragraph<'a>> = Vec::new();
    let mut after_blank = true;
    for (at, line) in source.lines().iter().map(|line| line.trim()).enumerate() {
        match paragraphs.last_mut() {
            _ if line.is_empty() => {}
            Some((_, lines)) if !after_blank => lines.push(line),
            _ => paragraphs.push((at + 1, vec![line])),
        }
        after_blank = line.is_empty();
    }
    paragraphs
}

/// Who speaks in a paragraph, and when, according to its first lines.
#[derive(Clone, Copy)]
struct Heading<'a> {
    name: &'a str,
    start_ms: i64,
    end_ms: Option<i64>,
    /// How many lines it takes.
    lines: usize,
}

fn heading<'a>(lines: &[&'a str]) -> Option<Heading<'a>> {
    let first = lines.first()?;
    if let Some((start_ms, end_ms, "")) = time::range(first, time::lenient) {
        let name = lines.get(1).copied().filter(|name| label::may_be_label(name))?;
        return Some(Heading { name, start_ms, end_ms: Some(end_ms), lines: 2 });
    }
    let (name, written) = first.rsplit_once(char::is_whitespace)?;
    let (name, start_ms) = (name.trim(), time::whole(written)?);
    let named = label::may_be_label(name) && !name.ends_with([':', ',', '.']) && !name.contains(": ");
    named.then_some(Heading { name, start_ms, end_ms: None, lines: 1 })
}

/// The headings that name speakers: names, or what recurs.
fn names<'a>(paragraphs: &[Paragraph<'a>]) -> HashMap<&'a str, usize> {
    let mut names: HashMap<&str, usize> = HashMap::new();
    let mut with_words: HashSet<&str> = HashSet::new();
    for (heading, lines) in paragraphs.iter().filter_map(|(_, lines)| Some((heading(lines)?, lines))) {
        *names.entry(heading.name).or_default() += 1;
        if lines.len() > heading.lines {
            with_words.insert(heading.name);
        }
    }
    // A heading that occurs once is a speaker too, however the name is written.
    names.retain(|name, count| *count >= 2 || label::reads_like_a_name(name) || with_words.contains(name));
    names
}

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    if !source.document {
        return None;
    }
    let paragraphs = paragraphs(source);
    let names = names(&paragraphs);
    let headed = |lines: &[&str]| {
        heading(lines).is_some_and(|heading| names.contains_key(heading.name) && lines.len() > heading.lines)
    };
    let turns = paragraphs.iter().filter(|(_, lines)| headed(lines)).count();
    (turns >= 1 && turns * 3 >= paragraphs.len().saturating_sub(4))
        .then_some((Confidence::Telling, "a document whose paragraphs begin with a name and a time"))
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let paragraphs = paragraphs(source);
    let names = names(&paragraphs);
    let headed = |lines: &[&'_ str]| heading(lines).filter(|heading| names.contains_key(heading.name)).is_some();
    let begin = paragraphs.iter().position(|(_, lines)| headed(lines)).unwrap_or(paragraphs.len());
    let (header, turns) = paragraphs.split_at(begin);
    read_header(header, &mut draft);
    // The last line before the first turn says who started the transcription.
    let started = header.last().filter(|_| header.len() > 1).and_then(|(_, lines)| lines.last().copied());
    let mut speaking: Option<&str> = None;
    // The times of a heading whose text is in the next paragraph.
    let mut pending: (Option<i64>, Option<i64>) = (None, None);
    for (line, lines) in turns {
        let heading = heading(lines).filter(|heading| names.contains_key(heading.name));
        let from = heading.map_or(0, |heading| heading.lines);
        lines[..from].iter().for_each(|line| draft.structure(line));
        let mut until = lines.len();
        if until > 0 && lines.last().is_some_and(|last| is_furniture(last, started, &names)) {
            until -= 1;
            draft.set_aside(line + until, "a line of Teams, not speech", lines[until]);
        }
        // A paragraph without a heading continues the previous one: somebody has edited the document.
        speaking = heading.map_or(speaking, |heading| Some(heading.name));
        let text = lines.get(from..until).unwrap_or_default().join(" ");
        if let Some(heading) = heading {
            if names[heading.name] < 2 && !label::reads_like_a_name(heading.name) {
                draft.warn(*line, label::doubt(heading.name));
            }
            draft.clock(*line, Some(heading.start_ms));
            pending = (Some(heading.start_ms), draft.end(*line, Some(heading.start_ms), heading.end_ms));
        }
        if !text.is_empty() {
            let (start_ms, end_ms) = std::mem::take(&mut pending);
            draft.say(speaking, start_ms, end_ms, &text);
        }
    }
    (Format::TeamsDocx, draft)
}

fn read_header(header: &[Paragraph<'_>], draft: &mut Draft) {
    for (line, lines) in header {
        for (at, text) in lines.iter().enumerate() {
            date::header_line(text, draft);
            let day = date::day(text);
            if draft.session_date.is_none() {
                draft.session_date = day;
            }
            if draft.title.is_none() && day.is_none() && header.len() > 1 {
                draft.title = Some((*text).to_owned());
            }
            draft.set_aside(line + at, "the header of the document", text);
        }
    }
}

/// Whether the last line of a paragraph is Teams' own: similar to the line that started the transcription, except for
/// names.
fn is_furniture(line: &str, started: Option<&str>, names: &HashMap<&str, usize>) -> bool {
    let lower = line.to_lowercase();
    if lower.ends_with(" stopped transcription") || lower.ends_with(" started transcription") {
        return true;
    }
    let Some(started) = started.filter(|_| !line.ends_with(['.', '?', '!']) && words::count(line) <= 15) else {
        return false;
    };
    let nameless = |text: &str| -> Vec<char> {
        // The longest name that the line begins with, ending at a word boundary.
        let mut ends =
            text.match_indices(char::is_whitespace).map(|(at, _)| at).filter(|at| names.contains_key(&text[..*at]));
        text[ends.next_back().unwrap_or(0)..].chars().collect()
    };
    let (one, other) = (nameless(line), nameless(started));
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| pairs.take_while(|(one, other)| one == other).count();
    let front = same(&mut one.iter().copied().zip(other.iter().copied()));
    let back = same(&mut one.iter().rev().copied().zip(other.iter().rev().copied()));
    let longer = one.len().max(other.len());
    longer >= 6 && (front + back).min(longer) * 20 >= longer * 11
}
