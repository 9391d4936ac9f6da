//! A date and a time before every line, `2026-01-05 14:03:22 Name: text`, `[1/5/26, 2:03 PM] Name: text`: tools write
//! transcripts like this, messengers chats and programs logs. How quickly the lines follow each other and how they end
//! tells them apart.
//!
//! Pure.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::{NotATranscript, clock::DAY, date, time};

/// Fewer lines prove nothing.
const FEWEST: usize = 3;
/// Speakers mostly don't pause longer than this, in milliseconds; between messages more time passes.
const PAUSE: i64 = 90_000;
/// The maximum time per word in speech, in milliseconds, pauses included.
const SLOWEST: i64 = 2_500;
/// The maximum length of a session, in milliseconds.
const LONGEST: i64 = 6 * 60 * 60 * 1_000;
/// The maximum position of a date, in bytes: after a name in brackets.
const FURTHEST: usize = 80;

/// The warning about a talk that is written like a chat.
pub(super) const DOUBT: &str = "a day and a time stand before each line, as in a chat: it is read as a talk, since the lines follow each other \
     as fast as people speak. Please check that this was spoken and not written";

/// What messengers insert in place of text. Lower case.
#[rustfmt::skip]
const OF_CHATS: &[&str] = &[
    "<media omitted>", "<medien ausgeschlossen>", "<médias omis>", "<multimedia omitido>", "<media omessi>", "image omitted",
    "video omitted", "audio omitted", "sticker omitted", "gif omitted", "document omitted", "<attached:", "end-to-end encrypted",
    "this message was deleted", "you deleted this message", "missed voice call", "missed video call", "(file attached)",
    "joined using this group", "changed the subject", "added to the group", "ende-zu-ende-verschlüsselt",
];
/// Severity levels of log lines.
const LEVELS: &[&str] = &["INFO", "WARN", "WARNING", "ERROR", "DEBUG", "TRACE", "FATAL", "NOTICE"];

/// A text without its dates.
pub(super) struct Dated {
    /// Its times are `[hh:mm:ss]`, times of day.
    pub(super) text: String,
    pub(super) day: Option<NaiveDate>,
}

/// A date with a time, as found in a line.
struct DateTimeInLine<'a> {
    /// Its range in bytes, brackets included.
    from: usize,
    to: usize,
    day: &'a str,
    millis: i64,
}

/// The text with times only, if most lines have dates before their times and people speak in it.
///
/// # Errors
/// If it's a chat or a program's log.
pub(super) fn without_days(text: &str) -> Result<Option<Dated>, NotATranscript> {
    // Most files have no date in their first lines.
    let filled = || text.lines().filter(|line| !line.trim().is_empty());
    if filled().take(40).filter(|line| find(line).is_some()).take(2).count() < 2 {
        return Ok(None);
    }
    let found: Vec<(&str, Option<DateTimeInLine<'_>>)> = text.lines().map(|line| (line, find(line))).collect();
    let dated: Vec<(&str, &DateTimeInLine<'_>)> =
        found.iter().filter_map(|(line, found)| Some((*line, found.as_ref()?))).collect();
    if dated.len() < FEWEST || dated.len() * 3 < filled().count() {
        return Ok(None);
    }
    let level = |(line, found): &&(&str, &DateTimeInLine<'_>)| {
        line[found.to..].split(|letter: char| !letter.is_alphanumeric()).take(6).any(|word| LEVELS.contains(&word))
    };
    let counts =
        |(line, found): &&(&str, &DateTimeInLine<'_>)| line[found.to..].bytes().any(|byte| byte.is_ascii_digit());
    let logged = dated.iter().filter(|(line, _)| !ends_as_speech_does(line)).count() * 10 >= dated.len() * 9
        && dated.iter().filter(counts).count() * 10 >= dated.len() * 9;
    if logged || dated.iter().filter(level).count() * 2 > dated.len() {
        return Err(NotATranscript::OtherNotation("the log of a program".to_owned()));
    }
    let lower = text.to_lowercase();
    if OF_CHATS.iter().any(|mark| lower.contains(mark)) || !is_spoken(text, &dated) {
        return Err(NotATranscript::Written);
    }
    let day = dated.first().and_then(|(_, found)| the_day(found.day));
    let mut out = String::with_capacity(text.len());
    for (line, found) in &found {
        match found {
            Some(found) => {
                let seconds = found.millis / 1_000;
                let clock = format!("[{:02}:{:02}:{:02}]", seconds / 3_600, seconds / 60 % 60, seconds % 60);
                let after = line[found.to..].trim_start_matches([' ', '-', '–']);
                out.extend([&line[..found.from], &clock, " ", after]);
            }
            None => out.push_str(line),
        }
        out.push('\n');
    }
    Ok(Some(Dated { text: out, day }))
}

/// Whether lines follow each other as quickly as people speak, within one session.
fn is_spoken(text: &str, dated: &[(&str, &DateTimeInLine<'_>)]) -> bool {
    let days = dated.iter().map(|(_, found)| found.day).collect::<HashSet<_>>().len();
    let mut gaps: Vec<i64> =
        dated.windows(2).map(|pair| (pair[1].1.millis - pair[0].1.millis).rem_euclid(DAY)).collect();
    let whole = gaps.iter().sum::<i64>();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).is_some_and(|gap| *gap <= PAUSE);
    // The words are on the line or on those below it.
    let said = text.split_whitespace().count().saturating_sub(dated.len() * 3);
    let fast = i64::try_from(said).unwrap_or(i64::MAX).saturating_mul(SLOWEST) >= whole;
    days <= 2
        && whole <= LONGEST
        && fast
        && usual
        && dated.iter().filter(|(line, _)| ends_as_speech_does(line)).count() * 5 >= dated.len() * 2
}

/// Whether a line ends like a sentence, or the words are on the lines below it.
fn ends_as_speech_does(line: &str) -> bool {
    let line = line.trim_end().trim_end_matches(['"', '”', '»', ')']);
    line.ends_with(['.', '?', '!', '…', '。', '？', '！', '।', '؟', ':', ']']) || line.split_whitespace().count() <= 6
}

/// The date and time at the beginning of a line, or in brackets after a name.
fn find(line: &str) -> Option<DateTimeInLine<'_>> {
    let line_from = line.len() - line.trim_start_matches([' ', '\t', '*', '-', '•', '\u{200e}', '\u{feff}']).len();
    let head = &line[..line.floor_char_boundary(FURTHEST)];
    let bracket = head.find(['[', '(']).filter(|at| *at > line_from);
    [Some(line_from), bracket].into_iter().flatten().find_map(|from| moment(line, from))
}

fn moment(line: &str, from: usize) -> Option<DateTimeInLine<'_>> {
    let text = &line[from..];
    let close = match text.chars().next()? {
        '[' => Some(']'),
        '(' => Some(')'),
        letter if letter.is_ascii_digit() || letter.is_uppercase() => None,
        _ => return None,
    };
    let inner = &text[usize::from(close.is_some())..];
    let width = day(inner).or_else(|| day_in_words(inner))?;
    let rest = inner[width..].strip_prefix(['T', ',', ' ', '_']).or_else(|| inner[width..].strip_prefix(" -"))?;
    let (millis, rest) = of_day(rest.trim_start_matches([' ', 'u', 'm', '-']))?;
    let rest = match close {
        Some(close) => rest.trim_start().strip_prefix(close)?,
        None => rest,
    };
    // A table cell ends differently: with a comma without a space, or a tab.
    let spaced = |mark: char| rest.strip_prefix(mark).is_some_and(|rest| rest.starts_with([' ', '\u{a0}']));
    let apart =
        rest.is_empty() || close.is_some() || rest.starts_with([' ', ':', '|', '-', '–']) || spaced(',') || spaced(';');
    let rest = rest.trim_start_matches([':', '|', ',', ';']);
    (apart && millis < DAY).then(|| DateTimeInLine { from, to: line.len() - rest.len(), day: &inner[..width], millis })
}

/// The length of the date at the beginning of a text, `5 January 2026`, `Jan 5, 2026`.
fn day_in_words(text: &str) -> Option<usize> {
    let head = &text[..text.floor_char_boundary(32)];
    // It ends after its year.
    let year = head.match_indices(['1', '2']).map(|(at, _)| at).find(|at| {
        let digits = head[*at..].bytes().take_while(u8::is_ascii_digit).count();
        digits == 4 && *at > 4 && head[..*at].ends_with(' ')
    })?;
    let width = year + 4;
    date::day(&head[..width]).map(|_| width)
}

/// The length of the date at the beginning of a text: three numbers with one separator between them.
fn day(text: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let first = digits(text);
    let mark = text[first..].chars().next().filter(|mark| matches!(mark, '-' | '/' | '.'))?;
    let second = digits(text.get(first + 1..)?);
    let rest = text.get(first + 1 + second..)?.strip_prefix(mark)?;
    // "12. 3. 2026" occurs too, though seldom before times.
    let third = digits(rest);
    let fits = matches!((first, second, third), (4, 1..=2, 1..=2) | (1..=2, 1..=2, 2 | 4));
    fits.then_some(first + second + third + 2)
}

/// A time of day, in milliseconds, and what follows it; two numbers are hours and minutes.
fn of_day(text: &str) -> Option<(i64, &str)> {
    let (millis, rest) = time::lenient(text)?;
    let written = &text[..text.len() - rest.len()];
    let millis = if written.matches(':').count() == 1 { millis * 60 } else { millis };
    const HOUR: i64 = 3_600_000;
    let after = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let half = after.get(..2).unwrap_or("").to_ascii_lowercase();
    let (millis, rest) = match half.as_str() {
        "am" | "pm" if millis < 13 * HOUR => {
            (millis % (12 * HOUR) + if half == "pm" { 12 * HOUR } else { 0 }, &after[2..])
        }
        _ => (millis, rest),
    };
    Some((millis, zone(rest)))
}

/// What follows a time zone, `Z`, `+01:00`, ` UTC`.
fn zone(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix('Z').or_else(|| text.strip_prefix(" UTC")) {
        return rest;
    }
    let offset = text.strip_prefix(['+', '-']).and_then(|rest| time::lenient(rest));
    offset.map_or(text, |(_, rest)| rest)
}

/// The date, if the order of day and month is clear.
fn the_day(written: &str) -> Option<NaiveDate> {
    if written.contains(' ') {
        return date::day(written);
    }
    let (head, year) = written.rsplit_once(['-', '/', '.'])?;
    let whole = if year.len() == 2 && head.len() <= 5 && !written.starts_with("20") {
        format!("{head}{}20{year}", &written[head.len()..=head.len()])
    } else {
        written.to_owned()
    };
    date::day(&whole)
}

#[cfg(test)]
mod tests {
    use crate::{NotATranscript, parse};

    const TALK: [(&str, &str); 6] = [
        ("Ana", "Where did we stop last week, and why there?"),
        ("Tom", "At the letter to my sister, which I never wrote."),
        ("Ana", "What became of it in the meantime?"),
        ("Tom", "Nothing at all. It lies there."),
        ("Ana", "And if it were written tonight?"),
        ("Tom", "Then I would sleep, I suppose."),
    ];

    /// The talk, with a moment before each line, `seconds` apart.
    fn file(layout: &str, seconds: usize, moment: impl Fn(usize, usize, usize) -> String) -> String {
        let line = |(at, (name, text)): (usize, &(&str, &str))| {
            let time = 14 * 3_600 + at * seconds;
            let moment = moment(time / 3_600, time / 60 % 60, time % 60);
            layout.replace('@', &moment).replace('%', name).replace('$', text)
        };
        TALK.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn days_before_times_are_the_day_of_the_session() {
        type Moment = fn(usize, usize, usize) -> String;
        let moments: [Moment; 8] = [
            |h, m, s| format!("2026-03-25 {h:02}:{m:02}:{s:02}"),
            |h, m, s| format!("2026-03-25T{h:02}:{m:02}:{s:02}Z"),
            |h, m, s| format!("25/03/2026, {h:02}:{m:02}:{s:02}"),
            |h, m, s| format!("3/25/26, {}:{m:02}:{s:02} PM", h - 12),
            |h, m, s| format!("25.03.26, {h:02}:{m:02}:{s:02}"),
            |h, m, s| format!("25 March 2026 {h:02}:{m:02}:{s:02}"),
            |h, m, s| format!("Mar 25, 2026, {}:{m:02}:{s:02} PM", h - 12),
            |h, m, s| format!("25.3.2026 {h:02}:{m:02}:{s:02}"),
        ];
        for moment in moments {
            for layout in ["[@] %: $", "@ - %: $", "@ %: $", "@ %\n$\n", "% [@]: $", "% (@)\n$\n"] {
                let file = file(layout, 12, moment);
                let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}\n{file}"));
                let said: Vec<_> = read.utterances.iter().map(|said| (said.label.as_deref(), said.start_ms)).collect();
                let wanted: Vec<_> =
                    (0_i64..).zip(TALK).map(|(at, (name, _))| (Some(name), Some(at * 12_000))).collect();
                assert_eq!(said, wanted, "{file}");
                assert_eq!(read.session_date.map(|day| day.to_string()).as_deref(), Some("2026-03-25"), "{file}");
                assert!(read.warnings.iter().any(|warning| warning.message.contains("spoken and not written")));
                assert!(read.account.balances());
            }
        }
    }

    #[test]
    fn what_was_written_or_logged_is_refused() {
        let at = |h, m, s| format!("25.03.26, {h:02}:{m:02}:{s:02}");
        for (layout, seconds) in
            [("@ - %: $", 700), ("[@] %: $", 180), ("@ - %: $ <Media omitted>", 12), ("@ - %: ok", 30)]
        {
            let seen = parse(file(layout, seconds, at).as_bytes());
            // Few words have no sentence ends and are as fast as speech: the coach decides.
            assert!(matches!(seen, Err(NotATranscript::Written)) || layout.ends_with("ok"), "{layout} {seen:?}");
        }
        let log = file("@ INFO server %: $", 12, at);
        assert!(matches!(parse(log.as_bytes()), Err(NotATranscript::OtherNotation(_))));
    }
}
