//! Meet's transcript, as a Word document, Markdown or text: `00:00:11` alone on a line, then many turns, `Name: text`,
//! and at the end a line with the length. It may be preceded by an AI's notes; those aren't speech.
//!
//! The headings are in the user's language, so parts are identified by their structure: the transcript begins with the
//! first time alone on a line that is followed by a label.

use super::{
    account::{Draft, is_email, words},
    clock, date,
    format::Format,
    formats::{Confidence, Reader, Source},
    label::{self, Labels, Piece, Place},
    time,
    transcript::Attendee,
};

pub(super) const READER: Reader = Reader { name: "meet", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    // Captions have times and arrows; a person may mention an arrow.
    if source.lines().iter().any(|line| time::has_arrow(line) && time::range(plain(line), time::lenient).is_some()) {
        return None;
    }
    let lines: Vec<&str> = source.lines().iter().map(|line| plain(line)).collect();
    stamps(&lines).next().map(|_| (Confidence::Telling, "has times alone on a line, with labels below"))
}

/// A line without enclosing Markdown.
fn plain(line: &str) -> &str {
    let line = line.trim();
    let line = match line.strip_prefix('#') {
        // Headings carry their anchor: ### 00:00:11 {#00:00:11}
        Some(heading) => {
            heading.split_once(" {#").map_or(heading, |(heading, _)| heading).trim_start_matches('#').trim()
        }
        None => line,
    };
    // Bold as a whole; a bold label is left to the rule for labels.
    let inner = line.strip_prefix("**").and_then(|rest| rest.strip_suffix("**")).filter(|inner| !inner.contains("**"));
    inner.unwrap_or(line).trim_end_matches('\\').trim()
}

fn stamp(line: &str) -> Option<i64> {
    time::whole(line).filter(|_| line.matches(':').count() == 2)
}

/// The indices of lines that are a time alone with a label below.
fn stamps<'a>(lines: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    (0..lines.len()).filter(|at| stamp(lines[*at]).is_some()).filter(|at| {
        let next = lines[at + 1..].iter().find(|line| !line.is_empty());
        next.is_some_and(|line| label::split(line).is_some_and(|(label, _)| label::reads_like_a_name(label)))
    })
}

/// The lines of the transcript, and its labels.
struct Part {
    begin: usize,
    end: usize,
    labels: Labels,
}

impl Part {
    fn of(lines: &[&str]) -> Self {
        let first = stamps(lines).next().unwrap_or(0);
        let last = stamps(lines).last().unwrap_or(0);
        let closing = (last + 1..lines.len()).find(|at| is_closing(lines, *at));
        let end = closing.unwrap_or(lines.len());
        let said = lines[first..end].iter().copied().filter(|line| !line.is_empty() && stamp(line).is_none());
        let pieces = said.filter(|line| label::split(line).is_some());
        let labels = Labels::of(pieces.map(|text| Piece { text, place: Place::Head, open: false }));
        // Older transcripts have their first time only after five minutes: what the same people say before it is
        // speech.
        let mut begin = first;
        for at in (0..first).rev() {
            if labels.split(lines[at]).is_some() {
                begin = at;
            } else if !lines[at].is_empty() {
                break;
            }
        }
        Self { begin, end, labels }
    }
}

/// So many lines from the end a transcript says how long it was, and what wrote it.
const LAST_LINES: usize = 6;

/// Whether a line says how long the transcript was: a paragraph without a label, with a time in it; or one of the last
/// lines, with a time at its end.
fn is_closing(lines: &[&str], at: usize) -> bool {
    let line = lines[at];
    let timed =
        line.split(|letter: char| !(letter.is_ascii_digit() || letter == ':')).any(|word| stamp(word).is_some());
    let ends = || line.rsplit(' ').next().is_some_and(|word| stamp(word).is_some());
    let is_near_end = || at + LAST_LINES >= lines.len();
    let own = at == 0 || lines[at - 1].is_empty() || ends() && is_near_end();
    own && timed && stamp(line).is_none() && label::split(line).is_none() && super::words::count(line) <= 12
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    let mut draft = Draft::default();
    let lines: Vec<&str> = source.lines().iter().map(|line| plain(line)).collect();
    let part = Part::of(&lines);
    read_before(&lines[..part.begin], source, &mut draft);
    let mut pending = None;
    let mut turn: Option<(Option<&str>, Option<i64>, String)> = None;
    let mut after_blank = false;
    let texts = lines[part.begin..part.end].iter().zip(&source.lines()[part.begin..part.end]);
    for (at, (line, raw)) in texts.enumerate() {
        // The anchor of a heading; some have nothing else.
        draft.markup(words(raw), words(line));
        if line.is_empty() {
            after_blank = true;
            continue;
        }
        if let Some(time) = stamp(line) {
            draft.structure(line);
            say(&mut draft, turn.take());
            draft.clock(part.begin + at + 1, Some(time));
            pending = Some(time);
        } else if let Some((label, rest)) = part.labels.split(line) {
            if part.labels.doubtful(label) {
                draft.warn(part.begin + at + 1, label::doubt(label));
            }
            draft.structure(label);
            say(&mut draft, turn.take());
            turn = Some((Some(label), pending.take(), rest.to_owned()));
        } else if let Some((label, ..)) = turn.as_ref().filter(|_| after_blank) {
            let label = *label;
            say(&mut draft, turn.take());
            turn = Some((label, pending.take(), (*line).to_owned()));
        } else if let Some((.., text)) = &mut turn {
            text.push(' ');
            text.push_str(line);
        } else {
            turn = Some((None, pending.take(), (*line).to_owned()));
        }
        after_blank = false;
    }
    say(&mut draft, turn);
    for (at, raw) in source.lines().iter().enumerate().skip(part.end).filter(|(_, line)| !line.trim().is_empty()) {
        draft.set_aside(at + 1, "after the end of the transcript", raw);
    }
    clock::from_the_first(&mut draft);
    (Format::Meet, draft)
}

fn say(draft: &mut Draft, turn: Option<(Option<&str>, Option<i64>, String)>) {
    if let Some((label, start_ms, text)) = turn {
        draft.say(label, start_ms, None, &text);
    }
}

/// What precedes the transcript: notes, and in the last lines a title and a date.
fn read_before(lines: &[&str], source: &Source<'_>, draft: &mut Draft) {
    let filled = lines.iter().enumerate().filter(|(_, line)| !line.is_empty());
    for (_, line) in filled.clone().rev().take(6) {
        if draft.session_date.is_none() {
            draft.session_date = date::day(line);
        }
        let title =
            [" - ", " – ", " \\- "].iter().find_map(|dash| line.rsplit_once(dash)).map_or("", |(title, _)| title);
        if draft.title.is_none() && !title.is_empty() && super::words::count(title) <= 12 {
            draft.title = Some(title.trim().to_owned());
        }
    }
    // Meet's notes begin with the addresses of the invited people.
    for word in filled.clone().take(12).flat_map(|(_, line)| line.split([' ', ',', ';', '(', ')', '<', '>', '[', ']']))
    {
        let address = word.trim_start_matches("mailto:").trim_matches(|c: char| !c.is_alphanumeric());
        if is_email(address) {
            draft.attends(Attendee { email: Some(address.to_owned()), ..Attendee::default() });
        }
    }
    for (at, _) in source.lines()[..lines.len()].iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        draft.set_aside(at + 1, "notes or a header before the transcript, not speech", source.lines()[at]);
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn what_says_how_long_it_was_is_nobodys_words() {
        let talk = "00:00:00\nIlse Brandt: How was the week?\nRuben Lind: Long. I sold the boat.\n\n00:05:00\nIlse Brandt: Good.\n";
        for gap in ["", "\n"] {
            let end = "Meeting ended after 00:06:10\nThis editable transcript was computer generated.\n";
            let read = parse(format!("{talk}{gap}{end}").as_bytes()).expect("a transcript");
            let last = read.utterances.last().map(|said| said.text.as_str());
            assert_eq!((read.utterances.len(), last), (3, Some("Good.")), "{gap:?} {read:?}");
            assert!(read.account.balances());
        }
    }
}
