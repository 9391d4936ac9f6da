//! Times that somebody says on a line of their own: `5:30`, `Mark 3:15`. Below the name and the time of a turn they look
//! like the next turn, and their words would be lost.

use std::collections::HashMap;

use super::line::{Beside, Line};
use crate::label;

/// Where most turns looked like this, it would be the layout of the file.
const PART: usize = 3;

/// The time of a line that may begin a turn.
#[derive(Clone, Copy)]
struct Head<'a> {
    at: usize,
    start_ms: i64,
    /// Empty where a time stands alone.
    name: &'a str,
    /// Whether the time is behind a name, so that nothing on the line is said.
    is_heading: bool,
    /// Whether a bracket or hours tell it from a time that people say.
    marked: bool,
}

/// The lines, by index and in order, that look like the beginning of a turn and are said in the turn above, or behind the
/// name that they begin with. `raw` gives a line as written.
pub(super) fn lines<'a>(lines: &[Line<'a>], raw: impl Fn(usize) -> &'a str) -> Vec<usize> {
    let mut said = below_heads(lines);
    said.extend(behind_colons(lines, raw));
    said.sort_unstable();
    said.dedup();
    said
}

/// `Priya: 5:30`, where labels with a colon have words behind them elsewhere.
fn behind_colons<'a>(lines: &[Line<'a>], raw: impl Fn(usize) -> &'a str) -> Vec<usize> {
    let is_time = |at: &usize| {
        let Line::Heading { name, stamp, rest: "", .. } = lines[*at] else { return false };
        let found = label::candidate(raw(*at).trim());
        found.is_some_and(|found| found.label == name && found.rest.trim() == stamp.written.trim())
    };
    let times: Vec<usize> = (0..lines.len()).filter(is_time).collect();
    let has_words = |line: &&Line<'_>| matches!(line, Line::Plain(text, _) if label::candidate(text).is_some_and(|found| found.rest.contains(char::is_alphabetic)));
    if lines.iter().filter(has_words).count() >= times.len() { times } else { Vec::new() }
}

/// Times, or names and times, that stand below the beginning of a turn.
fn below_heads(lines: &[Line<'_>]) -> Vec<usize> {
    let heads: Vec<Head<'_>> = lines.iter().enumerate().filter_map(|(at, line)| head(at, *line)).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for head in &heads {
        *counts.entry(head.name).or_default() += 1;
    }
    let filled = |at: &usize| lines[*at] != Line::Blank;
    let is_below = |at: usize| at > 0 && lines[at - 1] != Line::Blank;
    // Turns have a blank line above, all of them but those that are looked for.
    let parted = heads.iter().filter(|head| !is_below(head.at)).count() * PART >= heads.len() * (PART - 1);
    // A name on a line of its own, and its time below it.
    let is_named = |at: usize| at > 0 && matches!((lines[at - 1], lines[at]), (Line::Plain(..), Line::Stamp(_)));
    // The next head after each that is surely one.
    let mut next: Vec<Option<Head<'_>>> = vec![None; heads.len()];
    for place in (0..heads.len().saturating_sub(1)).rev() {
        let after = heads[place + 1];
        next[place] = if !is_below(after.at) || after.marked || !parted { Some(after) } else { next[place + 1] };
    }
    let mut said = Vec::new();
    // The last head that is one, and whether it is the one right above.
    let mut last: Option<(Head<'_>, bool)> = None;
    for (place, head) in heads.iter().enumerate() {
        let is_said = last.is_some_and(|(above, is_right_above)| {
            let names_somebody = above.is_heading || parted && !above.name.is_empty() || is_named(above.at);
            let is_first = is_right_above && names_somebody && (0..head.at).rev().find(filled) == Some(above.at);
            if head.marked || !(is_first || parted && is_below(head.at)) {
                return false;
            }
            let is_out_of_order = next[place].is_some_and(|next| {
                above.start_ms <= next.start_ms && !(above.start_ms..=next.start_ms).contains(&head.start_ms)
            });
            let mut after = (head.at + 1..lines.len()).filter(filled);
            let (below, second) = (after.next(), after.next());
            let is_silent = match below.map(|at| lines[at]) {
                None | Some(Line::Heading { .. }) => true,
                Some(Line::Plain(..)) => second.is_some_and(is_named),
                Some(_) => below != Some(head.at + 1),
            };
            let is_anybodys = head.name.is_empty() || counts[head.name] * PART < heads.len() / 2;
            is_out_of_order || is_first && is_silent && is_anybodys
        });
        if is_said {
            said.push(head.at);
            last = last.map(|(above, _)| (above, false));
        } else {
            last = Some((*head, true));
        }
    }
    if said.len() * PART > heads.len() { Vec::new() } else { said }
}

/// What a line is, if a turn may begin with it.
fn head<'a>(at: usize, line: Line<'a>) -> Option<Head<'a>> {
    match line {
        Line::Heading { name, stamp, rest: "", beside } if beside != Beside::Amid => {
            let marked = stamp.marked || beside == Beside::Enclosed;
            Some(Head { at, start_ms: stamp.start_ms, name, is_heading: true, marked })
        }
        Line::Stamped { stamp, rest: name } => {
            Some(Head { at, start_ms: stamp.start_ms, name, is_heading: false, marked: stamp.marked })
        }
        Line::Stamp(stamp) => {
            Some(Head { at, start_ms: stamp.start_ms, name: "", is_heading: false, marked: stamp.marked })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    const TALK: [(&str, &str); 8] = [
        ("Dana Reed", "How was the week, all in all?"),
        ("Priya Raman", "Long, and I sold the house."),
        ("Dana Reed", "When do you get up?"),
        ("Priya Raman", "$"),
        ("Dana Reed", "And what do you do then?"),
        ("Priya Raman", "I will call Ines on Monday."),
        ("Dana Reed", "Good, and after that?"),
        ("Priya Raman", "I will rest for a day or two."),
    ];

    fn file(head: &str, gap: &str, said: &str) -> String {
        let turn = |(at, (name, text)): (usize, &(&str, &str))| {
            let head = head
                .replace('%', name)
                .replace('@', &format!("0:{}0", at.min(5)))
                .replace('&', &format!("00:00:{at}0"));
            format!("{head}\n{}\n{gap}", text.replace('$', said))
        };
        TALK.iter().take(6).enumerate().map(turn).collect()
    }

    #[test]
    fn a_time_that_somebody_says_is_no_turn() {
        for (head, said) in [("%  @", "5:30"), ("% (&)", "5:30"), ("%  @", "Mark 3:15"), ("%  @", "It was at 5:30")] {
            let file = file(head, "", said);
            let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
            assert_eq!(read.utterances.len(), 6, "{file} {:?}", read.utterances);
        }
        for head in ["%  @  ", "% &", "% (&):", "[&] %", "% | @", "**%** @", "& %"] {
            for said in [
                "5:30",
                "Mark 3:15",
                "It was at 5:30",
                "8:45 at the latest.",
                "John 3:16\nand the verse below it.",
                "I got up late.\nIt was at 5:30",
                "Early.\n5:30",
            ] {
                let file = file(head, "\n", said);
                let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
                let texts: Vec<_> = read
                    .utterances
                    .iter()
                    .map(|said| (said.label.as_deref().unwrap_or("?"), said.text.as_str()))
                    .collect();
                let wanted: Vec<(&str, String)> =
                    TALK[..6].iter().map(|(name, text)| (*name, text.replace('$', &said.replace('\n', " ")))).collect();
                let wanted: Vec<(&str, &str)> = wanted.iter().map(|(name, text)| (*name, text.as_str())).collect();
                assert_eq!(texts, wanted, "{file}");
                assert!(read.account.balances(), "{file}");
            }
        }
    }

    #[test]
    fn a_time_behind_a_name_and_a_colon_is_said() {
        for said in ["5:30", "23:15", "1:30:00", "5:30 am", "17:00-18:00", "Monday 9:00", "John 3:16"] {
            let turn = |(name, text): &(&str, &str)| format!("{name}: {}\n", text.replace('$', said));
            for gap in ["", "\n"] {
                let file: String = TALK.iter().map(turn).map(|turn| turn + gap).collect();
                let file = format!("{file}{file}");
                let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
                let texts: Vec<_> = read.utterances.iter().map(|said| said.text.as_str()).collect();
                let wanted: Vec<String> = TALK.iter().map(|(_, text)| text.replace('$', said)).collect();
                assert_eq!(texts, [wanted.clone(), wanted].concat(), "{file}");
            }
        }
        // Each answer is one.
        let times = ["23:15", "5:30", "7:45", "Monday 9:00", "2:10", "3:1", "John 3:16", "0:58"];
        let turn = |(at, time): (usize, &&str)| format!("Dana Reed: And when was number {at}?\nPriya Raman: {time}\n");
        let file: String = times.iter().enumerate().map(turn).collect();
        let read = parse(file.as_bytes()).expect("a talk");
        let answers = read.utterances.iter().filter(|said| said.label.as_deref() == Some("Priya Raman"));
        assert_eq!(answers.map(|said| said.text.as_str()).collect::<Vec<_>>(), times, "{file}");
    }

    #[test]
    fn a_time_below_a_name_and_its_time_is_said() {
        for (head, gap) in [("%\n@", "\n"), ("%\n@", ""), ("**%** _@_\n", "\n"), ("%  @\n", "\n")] {
            for said in ["5:30", "8:45"] {
                let file = file(head, gap, said);
                let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
                let texts: Vec<_> = read.utterances.iter().map(|said| said.text.as_str()).collect();
                let wanted: Vec<String> = TALK[..6].iter().map(|(_, text)| text.replace('$', said)).collect();
                assert_eq!(texts, wanted, "{file}");
            }
        }
    }

    #[test]
    fn whoever_says_nothing_still_begins_a_turn() {
        // In the order of the clock, and a name that speaks elsewhere.
        let file = "Dana Reed  0:00\nHow was the week?\n\nPriya Raman  0:10\nDana Reed  0:12\nAre you there?\n\nPriya Raman  \
                    0:20\nYes, I am here now.\n\nDana Reed  0:30\nGood, so how was it?\n";
        let read = parse(file.as_bytes()).expect("a talk");
        let labels: Vec<_> = read.utterances.iter().map(|said| said.label.as_deref().unwrap_or("?")).collect();
        assert_eq!(labels, ["Dana Reed", "Dana Reed", "Priya Raman", "Dana Reed"]);
    }
}
