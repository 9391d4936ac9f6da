//! Captions that roll: each cue repeats the line above the new one, and cues of 10 ms show a finished line alone, as
//! YouTube writes them. The repeats are set aside, so that nobody says everything twice.

use std::{borrow::Cow, collections::HashSet};

use super::{
    account::{Draft, words},
    markup, time,
    webvtt_cues::Cue,
    words::count,
};

const REPEAT: &str = "a line that rolls on from the cue before";
/// Cues that roll follow each other at once, in milliseconds.
const AT_ONCE: i64 = 100;
/// A cue that only shows a finished line is shown for no longer, in milliseconds.
const FLASH: i64 = 50;
/// In a file of fewer cues, what rolls has at least so many words: people do say "Yes." twice.
const FEW_CUES: usize = 12;
const FEW_WORDS: usize = 3;

/// Sets aside the lines that only roll on; tells whether the cues have times inside, as YouTube's have.
pub(super) fn set_repeats_aside(cues: &mut [Cue<'_>], draft: &mut Draft) -> bool {
    let inline = cues.iter().any(|cue| has_times(&cue.payload));
    // Most files do not roll: look at the raw lines before any markup is read.
    if !inline && !mostly_rolls(cues) {
        return false;
    }
    let mut before: (Option<i64>, HashSet<String>) = (None, HashSet::new());
    for cue in cues {
        let payload = cue.payload.clone();
        let mut lines: Vec<&str> = payload.split('\n').collect();
        let plain: Vec<String> = lines.iter().map(|line| text(line)).collect();
        let follows = match (before.0, cue.start_ms) {
            (Some(end), Some(start)) => (end - start).abs() <= AT_ONCE,
            _ => false,
        };
        for (at, plain) in plain.iter().enumerate() {
            let line = lines[at];
            let repeats = follows && !plain.is_empty() && !has_times(line) && before.1.contains(plain);
            if repeats {
                draft.set_aside(cue.line + at, REPEAT, plain);
                draft.markup(words(line), words(plain));
                lines[at] = "";
                cue.payload = Cow::Owned(lines.join("\n"));
            }
        }
        before = (cue.end_ms, plain.into_iter().collect());
    }
    inline
}

/// Whether many cues begin, at once, with the line that the one before ended with, and go on with another, or only show
/// that line for a moment.
fn mostly_rolls(cues: &[Cue<'_>]) -> bool {
    let rolls = cues.windows(2).filter(|pair| rolls_on(&pair[0], &pair[1], cues.len() < FEW_CUES)).count();
    if cues.len() < FEW_CUES { rolls > 0 && rolls * 2 >= cues.len() - 1 } else { rolls * 5 >= cues.len() * 2 }
}

fn rolls_on<'a>(before: &'a Cue<'_>, cue: &'a Cue<'_>, few: bool) -> bool {
    // Most cues have one line, and that is quick to see.
    if !few && memchr::memchr(b'\n', cue.payload.as_bytes()).is_none() {
        return false;
    }
    let filled = |cue: &'a Cue<'_>| cue.payload.split('\n').map(str::trim).filter(|line| !line.is_empty());
    let mut lines = filled(cue);
    let (Some(first), Some(last)) = (lines.next(), filled(before).next_back()) else { return false };
    let goes_on = lines.next().is_some();
    if first != last || !(goes_on || few) {
        return false;
    }
    let at_once = before.end_ms.zip(cue.start_ms).is_some_and(|(end, start)| (end - start).abs() <= AT_ONCE);
    let flash = cue.start_ms.zip(cue.end_ms).is_some_and(|(start, end)| end - start <= FLASH);
    !few || (at_once && (goes_on || flash) && count(first) >= FEW_WORDS)
}

/// Whether a time such as `<00:00:04.799>` stands among the lines.
fn has_times(lines: &str) -> bool {
    memchr::memchr_iter(b'<', lines.as_bytes())
        .take(64)
        .any(|at| time::strict(&lines[at + 1..]).is_some_and(|(_, rest)| rest.starts_with('>')))
}

fn text(line: &str) -> String {
    let spans = markup::spans(line);
    spans.into_iter().map(|span| span.text).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use crate::parse;

    const LINES: [&str; 5] = [
        "good morning and welcome",
        "to the session today",
        "we begin with you",
        "and with the week",
        "that you have had",
    ];

    /// The first so many lines as they roll: two lines a cue, and between them, with `flash`, a moment of one.
    fn roll(cues: usize, flash: bool, tags: bool, arrow: &str) -> String {
        let time = |ms: usize| format!("00:00:{:02}{arrow}{:03}", ms / 1000, ms % 1000);
        let mut file = String::new();
        for (at, line) in LINES.iter().take(cues).enumerate() {
            let (from, to) = (at * 2_000 + if flash && at > 0 { 10 } else { 0 }, (at + 1) * 2_000);
            let above = at.checked_sub(1).map_or(" ", |above| LINES[above]);
            let above = if tags && at > 0 { format!("{above} x") } else { above.to_owned() };
            let tagged = format!("{line}<00:00:{:02}.500><c> x</c>", from / 1000);
            let new = if tags { tagged.as_str() } else { line };
            let shown = if arrow == "," && at == 0 { new.to_owned() } else { format!("{above}\n{new}") };
            _ = write!(file, "{} --> {}\n{shown}\n\n", time(from), time(to));
            if flash {
                let whole = if tags { format!("{line} x") } else { (*line).to_owned() };
                _ = write!(file, "{} --> {}\n{whole}\n \n\n", time(to), time(to + 10));
            }
        }
        if arrow == "." { format!("WEBVTT\n\n{file}") } else { file }
    }

    /// Nobody says everything twice, however short the file is.
    #[test]
    fn a_roll_of_few_cues_is_one_too() {
        for cues in 2..=5 {
            for (flash, tags, arrow) in [
                (false, false, "."),
                (true, false, "."),
                (false, true, "."),
                (true, true, "."),
                (false, false, ","),
                (true, false, ","),
            ] {
                let file = roll(cues, flash, tags, arrow);
                let read = parse(file.as_bytes()).expect("captions");
                let said: Vec<&str> = read.utterances.iter().map(|said| said.text.trim_end_matches(" x")).collect();
                assert_eq!(said, LINES[..cues], "{cues} {flash} {tags}\n{file}");
                assert!(read.account.balances());
            }
        }
    }

    #[test]
    fn what_is_said_again_is_no_roll() {
        for said in ["Yes.\n\nYes.\nI think so.", "And so on it goes.\n\nAnd so on it goes.\nAs I said."] {
            let mut file = String::from("WEBVTT\n\n");
            for (at, said) in said.split("\n\n").enumerate() {
                // The second is said three seconds later, or is too short to roll.
                let gap = if said.len() > 20 { 3 } else { 1 };
                _ = write!(file, "00:0{}.000 --> 00:0{}.000\n{said}\n\n", at * gap, at * gap + 1);
            }
            let read = parse(file.as_bytes()).expect("captions");
            assert!(read.set_aside.is_empty(), "{:?}", read.set_aside);
        }
    }
}
