//! Rewrites times in unusual notations as those that the layouts know: `1h 2m 3s`, `00.12.05`, `12'05"`, `11:58 PM`,
//! `+00:12`, `0:12 min`, `00:00:12-7`, `[0.86s -> 7.38s]`, `［00:12:05］` in full-width brackets, and `00:12:05:12` with
//! a frame number. A file has one of these throughout in one kind of position; only there it's rewritten, so that
//! nothing that was said changes. Most files have none, which their beginning shows.
//!
//! Reads a text, returns a text with the same lines.

use std::borrow::Cow;

use super::{clock::DAY, json, label, time};

/// The first bytes of a file, which show its times.
const HEAD: usize = 1 << 14;
/// The maximum position of a time, in bytes: after a name in brackets.
const FURTHEST: usize = 240;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `00:12:05:12`, `00:12:05;12`
    Frames,
    /// `00.12.05`
    Points,
    /// `1h 2m 3s`, `62m 3s`, `45s`, `1 hr 2 min`
    Units,
    /// `12'05"`, `1'02'03"`
    Primes,
    /// `11:58 PM`, `11:58:03 a.m.`
    HalfDays,
    /// `0.86s -> 7.38s`: always two, as a single number may be anything.
    Seconds,
    /// `+00:12`, `T+12s`
    Signed,
    /// `0:12 min`
    Worded,
    /// `00:00:12-7`, with tenths
    Tenths,
}

#[rustfmt::skip]
const SHAPES: [Shape; 9] = [
    Shape::Frames, Shape::Points, Shape::Units, Shape::Primes, Shape::HalfDays, Shape::Seconds, Shape::Signed, Shape::Worded,
    Shape::Tenths,
];

/// The position of a time in its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    InBrackets,
    /// After a name, at the end of the line.
    End,
}

const PLACES: [Place; 3] = [Place::InBrackets, Place::Start, Place::End];

/// A time, or the two of a range, as found in a line.
#[derive(Debug)]
struct TimesInLine {
    /// Its range in bytes.
    from: usize,
    to: usize,
    start_ms: i64,
    end_ms: Option<i64>,
}

/// The text with times in the usual notation; unchanged if they already are.
pub(super) fn as_usual(text: &str) -> Cow<'_, str> {
    let head = &text[..text.floor_char_boundary(HEAD)];
    if json::is_json(head) {
        return Cow::Borrowed(text);
    }
    // In captions, times come with arrows; other lines contain speech.
    let arrows = head.lines().any(time::has_arrow);
    if let Some(narrow) = narrow(text, head) {
        return Cow::Owned(narrow);
    }
    let Some((shape, place)) = shown_by(head, arrows) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for line in text.split_inclusive('\n') {
        let found =
            (!arrows || time::has_arrow(line)).then(|| find(line.trim_end_matches('\n'), shape, place)).flatten();
        let Some(found) = found else {
            out.push_str(line);
            continue;
        };
        out.push_str(&line[..found.from]);
        let written = |time: i64| if arrows { usual(time, shape).replace('.', ",") } else { usual(time, shape) };
        out.push_str(&written(found.start_ms));
        if let Some(end) = found.end_ms {
            out.push_str(if arrows { " --> " } else { " - " });
            out.push_str(&written(end));
        }
        out.push_str(&line[found.to..]);
    }
    Cow::Owned(out)
}

/// The text with usual brackets and arrows around its times, if it has `［00:12:05］`, `【00:12:05】` or
/// `00:00:01,000 → 00:00:04,000`.
fn narrow(text: &str, head: &str) -> Option<String> {
    let changed = |line: &str| {
        let line = line.trim_end_matches('\n');
        let text = line.trim_start();
        if let Some((start, rest)) = time::lenient(text).map(|(_, rest)| text.split_at(text.len() - rest.len())) {
            let end = rest.trim_start().strip_prefix('→')?;
            return time::whole(end).map(|_| format!("{start} -->{end}"));
        }
        let close = match text.chars().next()? {
            '［' => '］',
            '【' => '】',
            '（' => '）',
            '〔' => '〕',
            _ => return None,
        };
        let (inside, after) = text['［'.len_utf8()..].split_once(close).filter(|(inside, _)| inside.len() <= 60)?;
        let inside = inside.replace('：', ":");
        let timed = time::lenient(inside.trim_start()).is_some();
        timed.then(|| format!("[{inside}]{after}"))
    };
    let is_wide = |line: &&str| !line.is_ascii() && changed(line).is_some();
    if head.is_ascii() || head.lines().filter(is_wide).count() < 2 {
        return None;
    }
    let lines = text.split('\n').map(|line| changed(line).map_or(Cow::Borrowed(line), Cow::Owned));
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// The notation and the position of the times at the beginning of a file, if they are unusual.
fn shown_by(head: &str, arrows: bool) -> Option<(Shape, Place)> {
    let mut all: [[Vec<i64>; PLACES.len()]; SHAPES.len()] = Default::default();
    let mut filled = 0;
    for line in head.lines().filter(|line| if arrows { time::has_arrow(line) } else { !line.trim().is_empty() }) {
        filled += 1;
        // Most lines have no digit, which is quick to check.
        if !line.bytes().any(|byte| byte.is_ascii_digit()) {
            continue;
        }
        for (of_shape, shape) in all.iter_mut().zip(SHAPES) {
            for (of_place, place) in of_shape.iter_mut().zip(PLACES) {
                of_place.extend(find(line, shape, place).map(|found| found.start_ms));
            }
        }
    }
    let is_shown = |shape: Shape, place: Place, starts: &[i64]| {
        // Times without brackets must be on a good part of the lines: somebody may talk about times.
        let part = if place == Place::InBrackets { 10 } else { 5 };
        starts.len() >= 2 && starts.len() * part >= filled && run_on(starts) && are_times(starts, shape)
    };
    let pairs =
        SHAPES.into_iter().zip(&all).flat_map(|(shape, of)| PLACES.into_iter().zip(of).map(move |of| (shape, of)));
    pairs.into_iter().find_map(|(shape, (place, starts))| is_shown(shape, place, starts).then_some((shape, place)))
}

/// Whether times increase, except for an occasional step back, or at midnight.
fn run_on(starts: &[i64]) -> bool {
    let back = starts.windows(2).filter(|pair| pair[1] < pair[0] && pair[1] + DAY / 2 > pair[0]).count();
    back * 5 < starts.len()
}

/// Dates also have two full stops: `05.12.26`. Their first number is never 00, and their last hardly changes.
fn are_times(starts: &[i64], shape: Shape) -> bool {
    if shape != Shape::Points {
        return true;
    }
    let mut seconds: Vec<i64> = starts.iter().map(|start| start / 1_000 % 60).collect();
    seconds.sort_unstable();
    seconds.dedup();
    starts.iter().any(|start| *start < 3_600_000) || (seconds.len() >= 3 && seconds.len() * 2 >= starts.len().min(60))
}

/// The unusual time in a line.
fn find(line: &str, shape: Shape, place: Place) -> Option<TimesInLine> {
    match place {
        Place::Start => {
            let from = line.len() - line.trim_start_matches([' ', '\t', '*']).len();
            stretch(line, from, shape).filter(|found| is_apart(&line[found.to..]))
        }
        Place::InBrackets => {
            let bytes = &line.as_bytes()[..line.len().min(FURTHEST)];
            let brackets = memchr::memchr2_iter(b'[', b'(', bytes).take(4);
            brackets.map(|at| at + 1).find_map(|from| {
                stretch(line, from, shape).filter(|found| {
                    let rest = &line[found.to..];
                    rest.starts_with([']', ')']) || (rest.starts_with(' ') && rest.contains([']', ')']))
                })
            })
        }
        Place::End => {
            let text = line.trim_end_matches([' ', '\t', '*', ':']);
            // No time ends differently.
            if !text.ends_with(['s', 'm', 'h', 'n', 'r', 'c', 'M', '.', '"', '\'', '”', '″', '’'])
                && !text.ends_with(|letter: char| letter.is_ascii_digit())
            {
                return None;
            }
            if text.len() > FURTHEST + 40 {
                return None;
            }
            let mut spaces: Vec<usize> = text.match_indices([' ', '\t']).map(|(at, _)| at + 1).rev().take(6).collect();
            spaces.reverse();
            spaces.into_iter().find_map(|from| {
                let found = stretch(text, from, shape).filter(|found| found.to == text.len())?;
                let name = text[..from].trim().trim_matches('*').trim();
                (label::may_be_label(name) && label::reads_like_a_name(name)).then_some(found)
            })
        }
    }
}

/// Whether a time ends here, so that something else may begin.
fn is_apart(rest: &str) -> bool {
    rest.is_empty()
        || rest.starts_with(|letter: char| letter.is_whitespace() || matches!(letter, '-' | '–' | '—' | ':' | '*'))
}

/// A time at a position in a line, and a second one after a dash or an arrow.
fn stretch(line: &str, from: usize, shape: Shape) -> Option<TimesInLine> {
    let (start_ms, rest) = one(&line[from..], shape)?;
    let to = line.len() - rest.len();
    let dash = rest.trim_start().trim_start_matches(['-', '–', '—', '>', '→']);
    if dash.len() < rest.trim_start().len()
        && let Some((end, after)) = one(dash.trim_start(), shape)
    {
        return Some(TimesInLine { from, to: line.len() - after.len(), start_ms, end_ms: Some(end) });
    }
    (shape != Shape::Seconds).then_some(TimesInLine { from, to, start_ms, end_ms: None })
}

/// A time in a notation at the start of a text, in milliseconds, and what follows.
fn one(text: &str, shape: Shape) -> Option<(i64, &str)> {
    if !text.starts_with(|letter: char| letter.is_ascii_digit()) && shape != Shape::Signed {
        return None;
    }
    let (time, rest) = match shape {
        Shape::Frames => frames(text)?,
        Shape::Points => points(text)?,
        Shape::Units => units(text)?,
        Shape::Primes => primes(text)?,
        Shape::HalfDays => half_days(text)?,
        Shape::Seconds => seconds(text)?,
        Shape::Signed => signed(text)?,
        Shape::Worded => worded(text)?,
        Shape::Tenths => tenths(text)?,
    };
    let goes_on = rest.starts_with(|letter: char| letter.is_alphanumeric())
        || (rest.starts_with([':', '.', ',']) && rest[1..].starts_with(|letter: char| letter.is_ascii_digit()));
    (!goes_on).then_some((time, rest))
}

/// The number at the start of a text, of at most `most` digits, and what follows.
fn number(text: &str, most: usize) -> Option<(i64, usize, &str)> {
    let width = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=most).contains(&width).then(|| Some((text[..width].parse().ok()?, width, &text[width..])))?
}

/// Two digits of minutes or seconds.
fn sixtieth(text: &str) -> Option<(i64, &str)> {
    let (value, width, rest) = number(text, 2)?;
    (width == 2 && value < 60).then_some((value, rest))
}

/// The frame rate isn't in the file: thirty per second is the highest common one.
fn frames(text: &str) -> Option<(i64, &str)> {
    let (hours, _, rest) = number(text, 2)?;
    let (minutes, rest) = sixtieth(rest.strip_prefix(':')?)?;
    let (seconds, rest) = sixtieth(rest.strip_prefix(':')?)?;
    let (frame, rest) = sixtieth(rest.strip_prefix([':', ';'])?)?;
    Some((((hours * 60 + minutes) * 60 + seconds) * 1_000 + (frame * 1_000 / 30).min(999), rest))
}

fn points(text: &str) -> Option<(i64, &str)> {
    let (hours, width, rest) = number(text, 2)?;
    let (minutes, rest) = sixtieth(rest.strip_prefix('.')?)?;
    let (seconds, rest) = sixtieth(rest.strip_prefix('.')?)?;
    (width == 2).then_some((((hours * 60 + minutes) * 60 + seconds) * 1_000, rest))
}

fn units(text: &str) -> Option<(i64, &str)> {
    const UNITS: [(&str, usize, i64); 12] = [
        ("hours", 0, 3_600),
        ("hour", 0, 3_600),
        ("hrs", 0, 3_600),
        ("hr", 0, 3_600),
        ("h", 0, 3_600),
        ("mins", 1, 60),
        ("min", 1, 60),
        ("m", 1, 60),
        ("secs", 2, 1),
        ("sec", 2, 1),
        ("s", 2, 1),
        ("\"", 2, 1),
    ];
    let (mut time, mut next, mut rest, mut end) = (0, 0, text, None);
    while let Some((value, _, after)) = number(rest, 4) {
        let after = after.strip_prefix(' ').unwrap_or(after);
        let word = &after[..after.bytes().take_while(u8::is_ascii_alphabetic).count()];
        let Some((name, place, seconds)) = UNITS.iter().find(|(name, ..)| *name == word) else { break };
        if *place < next {
            break;
        }
        (time, next) = (time + value * seconds * 1_000, place + 1);
        let after = &after[name.len()..];
        end = Some(after);
        rest = after.trim_start_matches([' ', ',']);
    }
    end.map(|rest| (time, rest))
}

fn primes(text: &str) -> Option<(i64, &str)> {
    let minute = ['\'', '’', '′'];
    let (first, _, rest) = number(text, 3)?;
    let (second, mut rest) = sixtieth(rest.strip_prefix(minute)?)?;
    let mut time = first * 60 + second;
    if let Some((third, after)) = rest.strip_prefix(minute).and_then(sixtieth) {
        (time, rest) = (time * 60 + third, after);
    }
    let close = ["\"", "”", "″", "''", "’’"].iter().find_map(|close| rest.strip_prefix(close));
    Some((time * 1_000, close.unwrap_or(rest)))
}

fn signed(text: &str) -> Option<(i64, &str)> {
    let text = ["T+", "t+", "+", "t=", "T="].iter().find_map(|sign| text.strip_prefix(sign))?.trim_start();
    time::lenient(text).or_else(|| units(text))
}

fn worded(text: &str) -> Option<(i64, &str)> {
    let (time, rest) = time::lenient(text)?;
    let word = ["minutes", "minuten", "mins.", "mins", "min.", "min", "Minuten", "Min.", "Min"];
    word.iter().find_map(|word| rest.strip_prefix(' ')?.strip_prefix(word)).map(|rest| (time, rest))
}

fn tenths(text: &str) -> Option<(i64, &str)> {
    let (time, rest) = time::lenient(text)?;
    let (tenths, width, rest) = number(rest.strip_prefix('-')?, 1)?;
    let hours = text.as_bytes().iter().take(8).filter(|byte| **byte == b':').count() == 2;
    (hours && width == 1).then_some((time + tenths * 100, rest))
}

/// Cues with such times are read as they are.
fn seconds(text: &str) -> Option<(i64, &str)> {
    let (time, rest) = time::of_cue(text)?;
    let written = &text[..text.len() - rest.len()];
    (written.contains('.') && !written.contains(':')).then_some((time, rest))
}

fn half_days(text: &str) -> Option<(i64, &str)> {
    let (time, rest) = time::lenient(text)?;
    // Two numbers are hours and minutes here.
    let written = &text[..text.len() - rest.len()];
    let time = if written.matches(':').count() == 1 { time * 60 } else { time };
    let after = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let (letter, after) = after.split_at_checked(1)?;
    let after = after.strip_prefix('.').unwrap_or(after);
    let after = after.strip_prefix(['m', 'M'])?;
    let after = after.strip_prefix('.').unwrap_or(after);
    let hour = 3_600_000;
    let (in_half, of_day) = (time % (12 * hour), 12 * hour);
    match letter {
        "a" | "A" if time < 13 * hour => Some((in_half, after)),
        "p" | "P" if time < 13 * hour => Some((in_half + of_day, after)),
        _ => None,
    }
}

/// A time in the usual notation. Times of day and those with hours keep their hours.
fn usual(time: i64, shape: Shape) -> String {
    let (seconds, millis) = (time / 1_000, time % 1_000);
    let (minutes, second) = (seconds / 60, seconds % 60);
    match shape {
        Shape::Units | Shape::Primes | Shape::Signed | Shape::Worded => format!("{minutes:02}:{second:02}"),
        Shape::Frames | Shape::Seconds | Shape::Tenths => {
            format!("{:02}:{:02}:{second:02}.{millis:03}", minutes / 60, minutes % 60)
        }
        Shape::Points | Shape::HalfDays => format!("{:02}:{:02}:{second:02}", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::as_usual;
    use crate::parse;

    #[test]
    fn times_are_read_in_whatever_shape_they_come() {
        for (times, wanted) in [
            (["59:50", "61:01", "75:30.5", "1:16:02"], [3_590_000, 3_661_000, 4_530_500, 4_562_000]),
            (["59m 50s", "1h 1m 1s", "1h15m30s", "1 h 16 min 2 s"], [3_590_000, 3_661_000, 4_530_000, 4_562_000]),
            (["00.00.05", "00.12.05", "01.00.00", "01.16.02"], [5_000, 725_000, 3_600_000, 4_562_000]),
            (["00:00:05:15", "00:12:05:00", "01:00:00;29", "01:16:02:01"], [5_500, 725_000, 3_600_966, 4_562_033]),
            (["0'05\"", "12'05\"", "61’01”", "75′30″"], [5_000, 725_000, 3_661_000, 4_530_000]),
            (["11:58 PM", "11:59:30 pm", "12:00 a.m.", "12:01:02 AM"], [0, 90_000, 120_000, 182_000]),
            (["+59:50", "+61:01", "+75:30", "+1:16:02"], [3_590_000, 3_661_000, 4_530_000, 4_562_000]),
            (["T+3590s", "T+3661s", "T+4530s", "T+4562s"], [3_590_000, 3_661_000, 4_530_000, 4_562_000]),
            (["59:50 min", "61:01 min", "75:30 min", "76:02 min"], [3_590_000, 3_661_000, 4_530_000, 4_562_000]),
            (["00:59:50-0", "01:01:01-0", "01:15:30-5", "01:16:02-1"], [3_590_000, 3_661_000, 4_530_500, 4_562_100]),
            (["23:58:10", "23:59:59", "00:00:04", "00:01:02"], [0, 109_000, 114_000, 172_000]),
        ] {
            for layout in [
                "[@] Ana %: So we said on Friday.",
                "@ Ana %: So we said on Friday.",
                "Ana % [@]: So we said on Friday.",
                "Ana %  @\nSo we said on Friday.\n",
            ] {
                let lines = times.iter().enumerate();
                let file: Vec<String> =
                    lines.map(|(at, time)| layout.replace('%', ["Berg", "Holm"][at % 2]).replace('@', time)).collect();
                let file = file.join("\n");
                let read = parse(file.as_bytes()).unwrap_or_else(|refusal| panic!("{file}: {refusal}"));
                let starts: Vec<_> = read.utterances.iter().filter_map(|said| said.start_ms).collect();
                assert_eq!(starts, wanted, "{file}\n{read:?}");
                assert!(read.utterances.iter().all(|said| said.text == "So we said on Friday."), "{read:?}");
                assert!(!read.warnings.iter().any(|warning| warning.message.contains("backwards")), "{read:?}");
                assert!(read.account.balances());
            }
        }
    }

    #[test]
    fn stretches_are_two_times() {
        for file in [
            "[90:00 - 91:00] Ana: So we said.\n[91:00 - 92:30] Tom: On Friday it was.\n",
            "[1h 30m - 1h 31m] Ana: So we said.\n[1h 31m - 1h 32m 30s] Tom: On Friday it was.\n",
            "[5400.0s -> 5460.0s] Ana: So we said.\n[5460.00s -> 5550.00s] Tom: On Friday it was.\n",
            "［90:00 - 91:00］Ana: So we said.\n【91：00 - 92：30】 Tom: On Friday it was.\n",
            "1\n01:30:00,000 → 01:31:00,000\nAna: So we said.\n\n2\n01:31:00,000 → 01:32:30,000\nTom: On Friday it was.\n",
            "01:30:00:00 --> 01:31:00:00\nAna: So we said.\n\n01:31:00:00 --> 01:32:30:00\nTom: On Friday it was.\n",
        ] {
            let read = parse(file.as_bytes()).expect("a transcript");
            let times: Vec<_> = read.utterances.iter().map(|said| (said.start_ms, said.end_ms)).collect();
            assert_eq!(times, [(Some(5_400_000), Some(5_460_000)), (Some(5_460_000), Some(5_550_000))], "{file}");
        }
    }

    /// Times that are mentioned in speech stay unchanged.
    #[test]
    fn words_are_left_alone() {
        for text in [
            "Ana: We meet in 5 min\nTom: Or in 10 min\nAna: Fine.\nTom: Good.\n",
            "05.12.26 Met Anders about the plan.\n06.12.26 Met him again.\n09.12.26 Nothing came of it.\n",
            "[00:01] Ana: It took 1h 2m 3s.\n[00:02] Tom: And 2h 3m 4s before.\n",
            "Ana: He is 6'02\" tall.\nTom: She is 5'09\".\n",
            "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n5 s later\n\n00:00:03.000 --> 00:00:04.000\n6 s later\n",
        ] {
            assert_eq!(as_usual(text), text);
        }
    }
}
