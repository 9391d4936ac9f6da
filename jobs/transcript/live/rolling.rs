//! Rolling captions: each cue repeats the line above the new one, and cues of 10 ms show a finished line alone, as
//! YouTube writes them. The repeats are set aside, so that nobody says everything twice.

use std::{borrow::Cow, collections::HashSet};

use super::{DisplayStyle, GROWS};
use crate::{
    account::{Draft, words},
    markup, time,
    webvtt_cues::Cue,
    words::count,
};

const REPEAT: &str = "a line that rolls on from the cue before";
/// The maximum gap between rolling cues, in milliseconds.
const AT_ONCE: i64 = 100;
/// The maximum pause after which a short line is shown again, in milliseconds: people do say "Yes." again.
const LONG_PAUSE: i64 = 15_000;
/// The maximum duration of a cue that only shows a finished line, in milliseconds.
const FLASH: i64 = 50;
/// In a file with fewer cues, rolling lines have at least this many words: people do say "Yes." twice.
const FEW_CUES: usize = 12;
const FEW_WORDS: usize = 3;
/// The minimum number of words in a line that continues in the next cue.
const GROWN_WORDS: usize = 2;

/// What the previous cue showed, without markup.
#[derive(Default)]
struct Before {
    end: Option<i64>,
    /// Its lines, from the top.
    lines: Vec<String>,
    known: HashSet<String>,
}

struct Line {
    /// Its index in the payload.
    at: usize,
    plain: String,
    /// Whether it contains times: it's then new.
    timed: bool,
}

/// Sets aside the lines that only roll.
pub(super) fn set_repeats_aside(cues: &mut [Cue<'_>], draft: &mut Draft) -> DisplayStyle {
    let times_inside = cues.iter().any(|cue| has_times(&cue.payload));
    // Most files don't roll: check the raw lines before parsing any markup.
    let habit = habit(cues);
    if !times_inside && habit == Habit::Other {
        return DisplayStyle::default();
    }
    let mut before = Before::default();
    for position in 0..cues.len() {
        let (shown, rest) = cues.split_at_mut(position);
        let Some(cue) = rest.first_mut() else { break };
        let payload = cue.payload.clone();
        let mut raw: Vec<&str> = payload.split('\n').collect();
        let line = |(at, line): (usize, &&str)| Line { at, plain: text(line), timed: times_inside && has_times(line) };
        let lines: Vec<Line> = raw.iter().enumerate().map(line).filter(|line| !line.plain.is_empty()).collect();
        let gap = before.end.zip(cue.start_ms).map(|(end, start)| (end - start).abs());
        let mut rolled = before.rolled(&lines, gap, times_inside, habit);
        // A line that continues is read where it's complete.
        if rolled > 0 && before.lines.last() != Some(&lines[rolled - 1].plain) {
            rolled -= 1;
            if let (Some(above), Some(line)) = (shown.last_mut(), before.lines.last()) {
                drop_last_line(above, line, draft);
            }
        }
        for (place, line) in lines.iter().enumerate() {
            let again = gap.is_some_and(|gap| gap <= AT_ONCE) && before.known.contains(&line.plain);
            if !line.timed && (again || place < rolled) {
                draft.set_aside(cue.line + line.at, REPEAT, &line.plain);
                draft.markup(words(raw[line.at]), words(&line.plain));
                raw[line.at] = "";
                cue.payload = Cow::Owned(raw.join("\n"));
            }
        }
        let lines: Vec<String> = lines.into_iter().map(|line| line.plain).collect();
        before = Before { end: cue.end_ms, known: lines.iter().cloned().collect(), lines };
    }
    DisplayStyle { times_inside, rolls: true }
}

impl Before {
    /// How many of the first lines of a cue repeat the last ones of the previous cue, after whatever pause: with
    /// another below them, or a whole window.
    fn rolled(&self, lines: &[Line], gap: Option<i64>, times_inside: bool, habit: Habit) -> usize {
        let shown = |many: &usize| {
            let above = self.lines[self.lines.len() - many..].iter();
            let again = |(at, (own, line)): (usize, (&String, &Line))| {
                own == &line.plain || (at + 1 == *many && grows(own, &line.plain))
            };
            above.zip(&lines[..*many]).enumerate().all(again) && !lines[..*many].iter().any(|line| line.timed)
        };
        let Some(rolled) = (1..=self.lines.len().min(lines.len())).rev().find(shown) else { return 0 };
        let goes_on = rolled < lines.len();
        // A line with times is new, and those above it aren't.
        let old = times_inside && goes_on && lines[rolled..].iter().any(|line| line.timed);
        let long = rolled > 1 || lines[..rolled].iter().map(|line| count(&line.plain)).sum::<usize>() >= FEW_WORDS;
        let soon = habit == Habit::AlwaysRolls || gap.is_some_and(|gap| gap <= LONG_PAUSE);
        if old || (goes_on && (long || soon)) || rolled > 1 { rolled } else { 0 }
    }
}

/// Sets the last line of a cue aside if the next one has it complete, unless that was already done.
fn drop_last_line(cue: &mut Cue<'_>, line: &str, draft: &mut Draft) {
    let payload = cue.payload.clone();
    let lines: Vec<&str> = payload.split('\n').collect();
    let last = lines.iter().rposition(|line| !text(line).is_empty());
    if let Some(at) = last.filter(|at| text(lines[*at]) == line) {
        draft.markup(words(lines[at]), words(line));
        draft.set_aside(cue.line + at, GROWS, line);
        cue.payload = Cow::Owned(lines[..at].join("\n"));
    }
}

/// How the lines of a file behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    Other,
    /// Many cues begin with the lines at the end of the previous one and add another, or only show such a line for a
    /// moment.
    Rolls,
    /// Nearly all of them do.
    AlwaysRolls,
}

fn habit(cues: &[Cue<'_>]) -> Habit {
    let few = cues.len() < FEW_CUES;
    let filled: usize = cues.iter().filter(|cue| !cue.payload.is_empty()).count();
    let rolls = cues.windows(2).filter(|pair| rolls_on(&pair[0], &pair[1], few)).count();
    let mostly = if few { rolls > 0 && rolls * 2 + 1 >= filled } else { rolls * 5 >= filled * 2 };
    match mostly {
        false => Habit::Other,
        true if !few && rolls * 10 >= filled * 7 => Habit::AlwaysRolls,
        true => Habit::Rolls,
    }
}

fn rolls_on(before: &Cue<'_>, cue: &Cue<'_>, few: bool) -> bool {
    // Most cues have one line, which is quick to check.
    if !few && memchr::memchr(b'\n', cue.payload.as_bytes()).is_none() {
        return false;
    }
    let (above, lines) = (filled(&before.payload), filled(&cue.payload));
    let mut lines = lines.iter();
    let Some(first) = lines.next() else { return false };
    let is_again = |at: usize, line: &str| above[at] == line || (at + 1 == above.len() && grows(&above[at], line));
    // The lines of the previous cue, starting with the first one of this cue.
    let Some(from) = (0..above.len()).find(|at| is_again(*at, first)) else { return false };
    if !(from + 1..above.len()).all(|at| lines.next().is_some_and(|line| is_again(at, line))) {
        return false;
    }
    let again = above.len() - from;
    let spoken: usize = above[from..].iter().map(|line| count(line)).sum();
    let goes_on = lines.next().is_some();
    if !(goes_on || few) {
        return false;
    }
    let gap = before.end_ms.zip(cue.start_ms).map(|(end, start)| (end - start).abs());
    let pause = if again > 1 && goes_on { LONG_PAUSE } else { AT_ONCE };
    let flash = cue.start_ms.zip(cue.end_ms).is_some_and(|(start, end)| end - start <= FLASH);
    !few || (gap.is_some_and(|gap| gap <= pause) && (goes_on || flash) && spoken >= FEW_WORDS)
}

/// The non-empty lines of a cue; spaces may be encoded in several ways.
fn filled(payload: &str) -> Vec<Cow<'_, str>> {
    let plain = |line| if payload.contains(['&', '\u{a0}']) { Cow::Owned(text(line)) } else { Cow::Borrowed(line) };
    payload.split('\n').map(str::trim).map(plain).filter(|line| !line.is_empty()).collect()
}

/// Whether the last line of a cue continues in a line of the next.
fn grows(line: &str, next: &str) -> bool {
    let rest = next.strip_prefix(line).unwrap_or("");
    !rest.is_empty() && !rest.starts_with(char::is_alphanumeric) && count(line) >= GROWN_WORDS
}

/// Whether the lines contain a time such as `<00:00:04.799>`.
fn has_times(lines: &str) -> bool {
    memchr::memchr_iter(b'<', lines.as_bytes())
        .take(64)
        .any(|at| time::strict(&lines[at + 1..]).is_some_and(|(_, rest)| rest.starts_with('>')))
}

fn text(line: &str) -> String {
    let spans = markup::spans(line);
    let text = spans.into_iter().map(|span| span.text).collect::<String>();
    // The same line may come again with a different space after its mark: `>>&nbsp;`, `>> `.
    let text = if text.contains('\u{a0}') { text.replace('\u{a0}', " ") } else { text };
    text.trim().to_owned()
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

    /// That many rolling cues: two lines each, and with `flash` a moment of one line in between.
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

    /// The mark of a speaker is followed by either kind of space.
    #[test]
    fn a_roll_whose_spaces_differ_says_nothing_twice() {
        let lines = [
            "Welcome back.",
            "How was the week?",
            "Better, I sold the house.",
            "Was it hard?",
            "I will rest on Sunday.",
        ];
        for (first, then) in [("&gt;&gt;&nbsp;", "&gt;&gt; "), (">> ", ">>\u{a0}"), ("&gt;&gt; ", "&gt;&gt;&nbsp;")] {
            for tags in [false, true] {
                let mut file = String::from("WEBVTT\n\n");
                for (at, line) in lines.iter().enumerate() {
                    let (word, rest) = line.split_once(' ').expect("words");
                    let tagged = format!("{first}{word}<00:00:{:02}.500><c> {rest}</c>", at * 2);
                    let new = if tags { tagged } else { format!("{first}{line}") };
                    let above = at.checked_sub(1).map_or(" ".to_owned(), |above| format!("{then}{}", lines[above]));
                    _ = write!(file, "00:00:{:02}.010 --> 00:00:{:02}.000\n{above}\n{new}\n\n", at * 2, at * 2 + 2);
                    _ = write!(
                        file,
                        "00:00:{:02}.000 --> 00:00:{:02}.010\n{then}{line}\n \n\n",
                        at * 2 + 2,
                        at * 2 + 2
                    );
                }
                let read = parse(file.as_bytes()).expect("captions");
                let said: Vec<&str> = read.utterances.iter().map(|said| said.text.as_str()).collect();
                assert_eq!(said, lines, "{first} {tags}\n{file}");
                assert!(read.account.balances());
            }
        }
    }

    /// With labels when the speaker changes, and a pause after somebody has finished.
    #[test]
    fn a_roll_with_labels_and_pauses_gives_each_their_words_once() {
        let turns = [
            ("Maya", "let us stay with", "the budget for a moment"),
            ("Priya", "my manager asked about", "the hiring freeze and left"),
            ("Maya", "what did you learn", "from the week that was"),
            ("Priya", "honestly I did avoid", "the talk until the evening"),
        ];
        let mut file = String::from("WEBVTT\n\n");
        let mut above = None;
        for (at, (name, one, two)) in turns.iter().enumerate() {
            let second = at * 10;
            let before = above.map(|line| format!("{line}\n")).unwrap_or_default();
            _ = write!(file, "00:00:{second:02}.000 --> 00:00:{:02}.000\n{before}{name}: {one}\n\n", second + 2);
            _ = write!(file, "00:00:{:02}.000 --> 00:00:{:02}.000\n{name}: {one}\n{two}.\n\n", second + 2, second + 9);
            above = Some(format!("{two}."));
        }
        let read = parse(file.as_bytes()).expect("captions");
        let said: Vec<(&str, String)> = read
            .utterances
            .iter()
            .map(|said| (said.label.as_deref().unwrap_or_default(), said.text.replace('\n', " ")))
            .collect();
        for (name, one, two) in turns {
            let words: String =
                said.iter().filter(|(who, _)| *who == name).map(|(_, text)| format!("{text} ")).collect();
            for part in [one, two] {
                assert_eq!(words.matches(part).count(), 1, "{name}: {part}: {said:?}");
            }
        }
        assert!(read.account.balances());
    }

    /// A line may continue in the cue in which it has rolled up.
    #[test]
    fn a_line_that_has_rolled_up_is_read_once_where_it_is_whole() {
        let said = "so we stay with the budget for a moment and then we look at what you have learnt from the week that \
                    was so long for you and at what it is that you want to do with the next one";
        let words: Vec<&str> = said.split(' ').collect();
        for pause in [0, 1] {
            let mut file = String::from("WEBVTT\n\n");
            for (at, end) in (3..=words.len()).step_by(3).enumerate() {
                let lines: Vec<String> = words[..end].chunks(7).map(|line| line.join(" ")).collect();
                let shown = lines[lines.len().saturating_sub(2)..].join("\n");
                let (from, until) = (at * (2 + pause), at * (2 + pause) + 2);
                let time = |second: usize| format!("00:{:02}:{:02}.000", second / 60, second % 60);
                _ = write!(file, "{} --> {}\n{shown}\n\n", time(from), time(until));
            }
            let read = parse(file.as_bytes()).expect("captions");
            let all: Vec<&str> = read.utterances.iter().map(|said| said.text.as_str()).collect();
            assert_eq!(all.join(" "), words[..words.len() / 3 * 3].join(" "), "{pause}\n{file}");
            assert!(read.account.balances());
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
