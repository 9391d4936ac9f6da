//! What some tools add to a name at the beginning of a line: the role after the time (`**Name** · 00:03 · Coach`), the
//! mark of someone who isn't a contact (`~ Name:`), the sides of an examination (`Q.`, `A.`) among names with a colon,
//! a time within the label of a cue (`Name (00:03): text`), and hundredths after a colon (`00:01:02:75`).
//!
//! Reads a text, returns a text with the same lines. Only what keeps recurring is rewritten.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use super::{label, time};

/// A name and a time are within this many bytes.
const HEAD: usize = 120;
/// The maximum number of words in a role or a name.
const WORDS: usize = 5;
const BETWEEN: [char; 5] = ['·', '•', '|', '–', '—'];

/// The text as readers know it; `None` if there is nothing to rewrite.
pub(super) fn as_usual(text: &str) -> Option<String> {
    let mut out = Cow::Borrowed(text);
    let captions = text.lines().any(time::has_arrow);
    let ways: &[fn(&str) -> Option<String>] =
        if captions { &[times_in_labels] } else { &[roles, tildes, sides, hundredths] };
    for way in ways {
        if let Some(usual) = way(&out) {
            out = Cow::Owned(usual);
        }
    }
    match out {
        Cow::Owned(usual) => Some(usual),
        Cow::Borrowed(_) => None,
    }
}

/// The text with each line replaced by the result of `change`.
fn changed<'t>(text: &'t str, change: impl Fn(&'t str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let (bare, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        out.push_str(&change(bare).map_or(Cow::Borrowed(bare), Cow::Owned));
        out.push_str(end);
    }
    out
}

fn head(line: &str) -> &str {
    &line[..line.floor_char_boundary(HEAD)]
}

fn is_short(text: &str) -> bool {
    text.contains(char::is_alphabetic) && text.split_whitespace().nth(WORDS).is_none()
}

/// `Name · 00:03 · Role`: the name with its marks, the time, the role.
fn role(line: &str) -> Option<(&str, &str, &str)> {
    if line.len() > HEAD {
        return None;
    }
    let (name, rest) = line.split_once(BETWEEN)?;
    let (written, role) = rest.split_once(BETWEEN)?;
    let (name, written, role) = (name.trim(), written.trim(), role.trim());
    let bare = written.trim_matches(['[', ']', '(', ')', '`', '*', '_']);
    let short = is_short(name) && is_short(role) && !role.contains(BETWEEN);
    let silent = !role.ends_with(['.', '?', '!', '…']) && !name.ends_with(':');
    (short && silent && time::whole(bare).is_some()).then_some((name, bare, role))
}

/// If each name always has the same role, and the words are on the lines below.
fn roles(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut of_names: HashMap<&str, (&str, usize)> = HashMap::new();
    let mut above = false;
    for line in lines {
        let Some((name, _, role)) = role(line) else {
            above = false;
            continue;
        };
        // A table has one row per turn.
        if std::mem::replace(&mut above, true) {
            return None;
        }
        let (known, count) = of_names.entry(name).or_insert((role, 0));
        if *known != role {
            return None;
        }
        *count += 1;
    }
    if !of_names.values().any(|(_, count)| *count > 1) {
        return None;
    }
    Some(changed(text, |line| role(line).map(|(name, time, _)| format!("{name} ({time})"))))
}

/// `~ Name:`, after a time or not.
fn tildes(text: &str) -> Option<String> {
    let marked = |line: &str| {
        let at = head(line).find('~')?;
        let before = line[..at].chars().all(|letter| !letter.is_alphabetic());
        let rest = line[at + 1..].trim_start_matches([' ', '\u{a0}', '\u{202f}']);
        let found = label::candidate(rest)?;
        (before && label::may_be_label(found.label)).then(|| format!("{}{rest}", &line[..at]))
    };
    let count = text.lines().filter(|line| marked(line).is_some()).count();
    (count > 1).then(|| changed(text, marked))
}

/// `Q.` or `A.` before a question or an answer, after a line number or not; with what precedes and follows it.
fn side(line: &str) -> Option<(&str, &str, &str)> {
    let bare = line.trim_start();
    let number = bare.bytes().take_while(u8::is_ascii_digit).count();
    let rest = bare.get(number..)?;
    let apart = rest.trim_start();
    if number > 3 || number > 0 && apart.len() == rest.len() {
        return None;
    }
    let said = ["Q", "A"].into_iter().find_map(|side| Some((side, apart.strip_prefix(side)?.strip_prefix('.')?)));
    let (side, said) = said.filter(|(_, said)| said.starts_with(char::is_whitespace))?;
    Some((&line[..line.len() - apart.len()], side, said.trim_start()))
}

/// Questions and answers with a full stop, as courts write them, next to others with a colon (`THE COURT:`).
fn sides(text: &str) -> Option<String> {
    let count = |wanted: &str| text.lines().filter_map(side).filter(|(_, side, _)| *side == wanted).count();
    if count("Q") < 2 || count("A") < 2 {
        return None;
    }
    Some(changed(text, |line| side(line).map(|(before, side, said)| format!("{before}{side}: {said}"))))
}

/// `Name (00:03): text`, `Name 00:03 - text`: the name, and the words.
fn timed(line: &str) -> Option<(&str, &str)> {
    let at = head(line).find(|letter: char| letter.is_ascii_digit())?;
    let name = line[..at].trim_end_matches([' ', '(', '[']);
    let (_, rest) = time::lenient(&line[at..])?;
    let rest = rest.trim_start_matches([' ', ')', ']']);
    let said = rest.strip_prefix([':', '-', '–', '—', '|'])?;
    let named = is_short(name) && name.len() < at && label::may_be_label(name) && !name.contains(':');
    (named && said.starts_with(char::is_whitespace) && said.contains(char::is_alphanumeric))
        .then_some((name, said.trim_start()))
}

/// Labels of cues with their own times, if most cues begin like that.
fn times_in_labels(text: &str) -> Option<String> {
    let cues = text.lines().filter(|line| time::has_arrow(line)).count();
    let names: Vec<&str> = text.lines().filter_map(timed).map(|(name, _)| name).collect();
    let distinct = names.iter().collect::<HashSet<_>>().len();
    if names.len() < 3 || names.len() * 2 < cues || distinct * 3 > names.len() * 2 {
        return None;
    }
    Some(changed(text, |line| timed(line).map(|(name, said)| format!("{name}: {said}"))))
}

/// The position of the last colon of `00:01:02:75` in a line, and the hundredths.
fn hundredth(line: &str) -> Option<(usize, u32)> {
    let begin = line.find(|letter: char| letter.is_ascii_digit()).filter(|at| *at < HEAD)?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut at = begin;
    for part in 0..3 {
        let width = digits(&line[at..]);
        let fits = width == 2 || part == 0 && width == 1;
        if !fits || !line[at + width..].starts_with(':') {
            return None;
        }
        at += width + 1;
    }
    (digits(&line[at..]) == 2).then(|| Some((at - 1, line[at..at + 2].parse().ok()?)))?
}

/// There are fewer than sixty frames per second: higher numbers are hundredths.
fn hundredths(text: &str) -> Option<String> {
    let found = || text.lines().filter_map(hundredth);
    if found().count() < 2 || !found().any(|(_, last)| last >= 60) {
        return None;
    }
    Some(changed(text, |line| hundredth(line).map(|(at, _)| format!("{}.{}", &line[..at], &line[at + 1..]))))
}

#[cfg(test)]
mod tests {
    use crate::parse;

    const TALK: [(&str, &str, &str, &str); 4] = [
        ("Maya Okafor", "Coach", "00:03", "How was the week, all in all?"),
        ("Tom Becker", "Client", "00:07", "Long, and I sold the house."),
        ("Maya Okafor", "Coach", "00:15", "What will you do now?"),
        ("Tom Becker", "Client", "00:20", "I will call Ines on Monday."),
    ];

    fn file(turn: &str) -> String {
        let turn = |(name, role, time, said): &(&str, &str, &str, &str)| {
            turn.replace('%', name).replace('&', role).replace('@', time).replace('$', said)
        };
        TALK.iter().map(turn).collect()
    }

    #[test]
    fn what_stands_around_a_name_is_no_part_of_it() {
        for (turn, begin, timed) in [
            ("**%** · @ · &\n$\n\n", "# Session\n\n", true),
            ("% · @ · &\n$\n\n", "", true),
            ("% | @ | &\n$\n\n", "", true),
            ("**%** — @ — &\n\n$\n\n", "", true),
            ("~ %: $\n", "", false),
            ("[@] ~%: $\n", "", true),
            ("[@] ~\u{a0}%: $\n", "", true),
            ("00:@:75 %: $\n", "", true),
            ("[00:@:75] %: $\n", "", true),
            ("00:@.000 --> 00:@.900\n% (@): $\n\n", "WEBVTT\n\n", true),
            ("00:@.000 --> 00:@.900\n% [@]: $\n\n", "WEBVTT\n\n", true),
            ("00:@.000 --> 00:@.900\n% @ - $\n\n", "WEBVTT\n\n", true),
        ] {
            let file = format!("{begin}{}", file(turn));
            let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
            let said: Vec<_> = read.utterances.iter().map(|said| (said.label.as_deref(), said.text.as_str())).collect();
            assert_eq!(said, TALK.map(|(name, _, _, said)| (Some(name), said)), "{file}");
            assert!(read.account.balances(), "{file}");
            let starts: Vec<_> = read.utterances.iter().filter_map(|said| said.start_ms.map(|at| at / 1_000)).collect();
            assert_eq!(starts, if timed { vec![3, 7, 15, 20] } else { Vec::new() }, "{file}");
        }
    }

    #[test]
    fn the_court_speaks_for_itself() {
        let talk = "Q. How was the week?\nA. Long. I sold the house.\nTHE COURT: One moment, please.\nQ. And now?\nA. I will rest.\n";
        let numbered: String = talk.lines().enumerate().map(|(at, line)| format!("{:2}   {line}\n", at + 1)).collect();
        for file in [talk.to_owned(), talk.replace('\n', "\r\n"), numbered] {
            let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
            let labels: Vec<_> = read.utterances.iter().map(|said| said.label.as_deref().unwrap_or("?")).collect();
            assert_eq!(labels, ["Q", "A", "THE COURT", "Q", "A"], "{file} {:?}", read.utterances);
        }
    }

    #[test]
    fn what_is_said_stays_as_it_is() {
        for text in [
            "Maya | 00:03 | Yes\nTom | 00:07 | No\nMaya | 00:15 | Yes\n",
            "Maya: It is ~ Tom: he knows.\nTom: Yes.\n",
            "00:00:03:10 Maya: So.\n00:00:07:29 Tom: No.\n",
            "Q. What?\nA. That.\n",
        ] {
            assert_eq!(super::as_usual(text), None, "{text}");
        }
    }
}
