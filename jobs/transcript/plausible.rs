//! Whether the times of a transcript are possible: nobody speaks for days, nor hundreds of words per second.
//!
//! Examines the finished draft, whatever its format. If its times are numbers, their unit may not be the one that was
//! assumed (milliseconds instead of seconds, time since 1970 instead of time since the beginning); if a text has
//! `mm:ss` they may be hours and minutes of the day. If exactly one of these results in a plausible session, it's used,
//! with a warning. Anything else that is impossible also causes a warning.

use super::{
    account::Draft,
    clock::{Clock, DAY},
    formats::Source,
    json, words,
};

const HOUR: i64 = 60 * 60 * 1000;
/// The maximum length of a session.
const LONGEST: i64 = 12 * HOUR;
/// The range of times since 1970 that a session can have (2000 to 2100), in milliseconds.
const EPOCH: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;
/// The maximum number of words per second over a session; hardly anyone reaches it.
const FASTEST: f64 = 8.0;
const FAST: f64 = 6.0;
/// The minimum number of words per second in a session with speech.
const SLOW: f64 = 0.05;
/// With fewer words nothing can be concluded; with few, only what is far beyond anything.
const TOO_FEW: usize = 20;
const FEW: usize = 40;
const BEYOND: f64 = 50.0;
/// Times of day, read as minutes, begin no earlier.
const MORNING: i64 = 5 * 60 * 1000;

/// How long and how much was said, by the times of a draft.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// All of these are in milliseconds.
    first: i64,
    last: i64,
    /// Words with a time before the last one.
    words: usize,
    /// The total time and number of words of utterances with a start and an end.
    spoken: i64,
    spoken_words: usize,
}

/// Another interpretation of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    times: i64,
    by: i64,
    since_1970: bool,
    name: &'static str,
}

/// What numbers may be that were read as seconds or milliseconds.
const UNITS: [Unit; 6] = {
    const fn unit(times: i64, by: i64, since_1970: bool, name: &'static str) -> Unit {
        Unit { times, by, since_1970, name }
    }
    [
        unit(1, 1, true, "time since 1970"),
        unit(1, 1_000, false, "milliseconds"),
        unit(1, 1_000, true, "milliseconds since 1970"),
        unit(1, 1_000_000, false, "microseconds"),
        unit(1_000, 1, false, "seconds"),
        unit(1_000, 1, true, "seconds since 1970"),
    ]
};

/// Checks the times of a draft, and corrects them or warns. `lengths` are those of its utterances.
pub(super) fn check(draft: &mut Draft, lengths: &[usize], source: &Source<'_>) {
    let Some(pace) = pace(draft, lengths) else { return };
    // Words as people count them are fewer than the account's, and take longer to count.
    if pace.doubt().is_none() {
        return;
    }
    let lengths: Vec<usize> = draft.utterances.iter().map(|said| words::count(&said.text)).collect();
    let Some(pace) = self::pace(draft, &lengths) else { return };
    let Some(doubt) = pace.doubt() else { return };
    if draft.numbers || (json::is_json(source.text) && !writes_times(source.text)) {
        let fits = |unit: &&Unit| unit.suits(draft) && pace.in_unit(unit).is_some_and(Pace::is_plausible);
        let mut fitting = UNITS.iter().filter(fits);
        if let (Some(unit), None) = (fitting.next(), fitting.next()) {
            return take(draft, unit, pace, &doubt);
        }
    } else if is_of_day(draft, pace) {
        return take_hours(draft, &doubt);
    }
    draft.warn(0, format!("{doubt}. Please check whether the times are right"));
}

fn pace(draft: &Draft, lengths: &[usize]) -> Option<Pace> {
    let mut pace = Pace { first: i64::MAX, last: i64::MIN, words: 0, spoken: 0, spoken_words: 0 };
    let (mut of_last, mut before, mut forward, mut ends) = (0, None, 0_i64, false);
    for (said, length) in draft.utterances.iter().zip(lengths) {
        let Some(start) = said.start_ms else { continue };
        pace.first = pace.first.min(start);
        forward = forward.saturating_add(before.map_or(0, |before| start.saturating_sub(before).max(0)));
        (before, ends) = (Some(start), ends || said.end_ms.is_some());
        pace.words += length;
        // If the last utterance has no end, its words aren't counted either.
        if start > pace.last || said.end_ms.is_some_and(|end| end > pace.last) {
            of_last = if said.end_ms.is_none() { *length } else { 0 };
        }
        pace.last = pace.last.max(said.end_ms.unwrap_or(start));
        if let Some(end) = said.end_ms {
            pace.spoken = pace.spoken.saturating_add(end.saturating_sub(start));
            pace.spoken_words += length;
        }
    }
    pace.words -= of_last;
    if !ends && before.is_some() {
        // A clock that starts over at midnight doesn't add hours.
        pace.last = pace.first.saturating_add(forward);
    }
    (pace.first <= pace.last).then_some(pace)
}

impl Pace {
    fn length(self) -> i64 {
        self.last.saturating_sub(self.first)
    }

    /// Overall words per second.
    #[expect(clippy::cast_precision_loss, reason = "a ratio that is compared with a limit")]
    fn by_second(self) -> f64 {
        self.words as f64 * 1_000.0 / self.length().max(1) as f64
    }

    /// Why it's impossible, as the beginning of a sentence.
    fn doubt(self) -> Option<String> {
        let (by_second, length) = (self.by_second(), self.length());
        let spoken_words = i64::try_from(self.spoken_words).unwrap_or(i64::MAX);
        if length > DAY {
            Some(format!("By the times in the file, the session lasts {}", long(length)))
        } else if self.first > DAY {
            Some(format!("By the times in the file, the session begins {} after the recording", long(self.first)))
        } else if (self.words >= FEW && by_second > FASTEST) || (self.words >= TOO_FEW && by_second > BEYOND) {
            Some(format!(
                "By the times in the file, {} words were said within {}, faster than anybody speaks",
                self.words,
                long(length)
            ))
        } else if self.words >= TOO_FEW
            && ((length >= HOUR && by_second * 60.0 < 1.0)
                || (self.spoken >= HOUR / 12 && spoken_words.saturating_mul(30_000) < self.spoken))
        {
            Some(format!(
                "By the times in the file, no more than {} words were said within {}",
                self.words,
                long(length)
            ))
        } else {
            None
        }
    }

    /// The same in another unit; `None` if a time doesn't fit it.
    fn in_unit(self, unit: &Unit) -> Option<Self> {
        let first = unit.of(self.first)?;
        if unit.since_1970 != EPOCH.contains(&first) {
            return None;
        }
        Some(Self {
            first: if unit.since_1970 { 0 } else { first },
            last: unit.of(self.last)? - if unit.since_1970 { first } else { 0 },
            spoken: unit.of(self.spoken)?,
            ..self
        })
    }

    fn is_plausible(self) -> bool {
        let aloud = Self { first: 0, last: self.spoken, words: self.spoken_words, ..self };
        self.words > 0
            && self.first <= LONGEST
            && self.length() <= LONGEST
            && (SLOW..=FAST).contains(&self.by_second())
            && (self.spoken_words == 0 || aloud.by_second() <= FASTEST)
    }
}

impl Unit {
    fn of(&self, time: i64) -> Option<i64> {
        time.checked_mul(self.times).map(|time| time / self.by)
    }

    /// Whether the file's numbers fit this unit: if they weren't seconds, they are integers as seconds.
    fn suits(&self, draft: &Draft) -> bool {
        let times = draft.utterances.iter().flat_map(|said| [said.start_ms, said.end_ms]).flatten();
        self.by == 1 || times.into_iter().all(|time| time % 1_000 == 0)
    }
}

fn take(draft: &mut Draft, unit: &Unit, pace: Pace, doubt: &str) {
    let first = if unit.since_1970 { unit.of(pace.first).unwrap_or(0) } else { 0 };
    for said in &mut draft.utterances {
        for time in [&mut said.start_ms, &mut said.end_ms] {
            *time = time.and_then(|time| unit.of(time)).map(|time| time - first);
        }
    }
    if unit.since_1970
        && draft.session_date.is_none()
        && let Some(moment) = chrono::DateTime::from_timestamp_millis(first)
    {
        draft.session_date = Some(moment.date_naive());
        draft.started_at = Some(moment);
    }
    let length = pace.in_unit(unit).map_or(0, Pace::length);
    let counted = if unit.since_1970 { ", counted from the first" } else { "" };
    draft.warn(
        0,
        format!(
            "{doubt}. The times are therefore read as {}{counted}; the session then lasts {}",
            unit.name,
            long(length)
        ),
    );
}

/// Whether the times, read as minutes and seconds, are hours and minutes of the day.
fn is_of_day(draft: &Draft, pace: Pace) -> bool {
    let starts = || draft.utterances.iter().filter_map(|said| said.start_ms);
    let hours = Pace { last: pace.last.saturating_mul(60), first: pace.first.saturating_mul(60), ..pace };
    // After midnight the clock starts over: once, and from late to early.
    let runs = starts().zip(starts().skip(1)).all(|(one, next)| next >= one || next + DAY / 120 < one);
    let past_midnight = starts().zip(starts().skip(1)).any(|(one, next)| next < one);
    pace.words >= FEW
        && starts().next().is_some_and(|first| first >= MORNING)
        && starts().all(|start| start % 1_000 == 0 && start * 60 < DAY)
        && draft.utterances.iter().all(|said| said.end_ms.is_none())
        && runs
        && (past_midnight || hours.is_within_a_day())
}

impl Pace {
    /// Like [`Self::is_plausible`], whenever it begins.
    fn is_within_a_day(self) -> bool {
        Self { first: 0, last: self.length(), ..self }.is_plausible()
    }
}

fn take_hours(draft: &mut Draft, doubt: &str) {
    let mut clock = Clock::default();
    for said in &mut draft.utterances {
        said.start_ms = said.start_ms.map(|start| clock.since_first(start * 60));
    }
    draft.clock_is_right();
    draft.warn(
        0,
        format!("{doubt}. The times are therefore read as hours and minutes of the day, counted from the first"),
    );
}

/// Whether JSON writes times as text, such as `"0:07"`: numbers then aren't times.
fn writes_times(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'"', bytes).any(|at| {
        let rest = &bytes[at + 1..bytes.len().min(at + 8)];
        let width = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        width > 0 && rest[width..].first() == Some(&b':') && rest[width + 1..].first().is_some_and(u8::is_ascii_digit)
    })
}

/// A duration in words.
fn long(millis: i64) -> String {
    let seconds = (millis / 1_000).max(1);
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        172_800..63_072_000 => (seconds / 86_400, "day"),
        _ => (seconds / 31_557_600, "year"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use crate::{Transcript, parse};

    /// Thirty turns of ten words, five seconds each, with a start and an end in units of `parts` per second, from
    /// `first`.
    fn segments(parts: f64, first: f64) -> Transcript {
        let turn = |at: u32| {
            let time = |seconds: f64| first + seconds * parts;
            let (start, end) = (time(f64::from(at) * 5.0), time(f64::from(at) * 5.0 + 4.0));
            let number = |time: f64| {
                if parts > 1.0 || first > 0.0 { serde_json::json!(time as i64) } else { serde_json::json!(time) }
            };
            serde_json::json!({ "start": number(start), "end": number(end), "text": format!("so we said that {at} things would be done by then") })
        };
        let turns: Vec<_> = (0..30).map(turn).collect();
        parse(serde_json::to_string(&turns).expect("JSON").as_bytes()).expect("a transcript")
    }

    fn warned(read: &Transcript, what: &str) -> bool {
        read.warnings.iter().any(|warning| warning.message.contains(what))
    }

    #[test]
    fn numbers_are_taken_in_the_unit_that_can_be() {
        // Whichever of the readers and this check detects it first.
        for (parts, first) in
            [(1.0, 0.0), (1_000.0, 0.0), (1_000_000.0, 0.0), (1.0, 1_795_000_000.0), (1_000.0, 1_795_000_000_000.0)]
        {
            let read = segments(parts, first);
            let times: Vec<_> = read.utterances.iter().map(|said| (said.start_ms, said.end_ms)).collect();
            assert_eq!(
                (times[0], times[29]),
                ((Some(0), Some(4_000)), (Some(145_000), Some(149_000))),
                "{parts}, {first}: {:?}",
                read.warnings
            );
            assert_eq!(read.session_date.is_some(), first > 0.0);
        }
    }

    #[test]
    fn what_cannot_be_is_a_doubt() {
        let text = |step: usize, words: &str| {
            let lines: Vec<String> = (0..30)
                .map(|at| format!("[{:02}:{:02}:00] Ana {}: {words} {at}\n", at * step / 60, at * step % 60, at % 2))
                .collect();
            parse(lines.concat().as_bytes()).expect("a transcript")
        };
        let words = "so we said that it would be done by then";
        assert!(warned(&text(70, words), "lasts 33 hours"), "{:?}", text(70, words).warnings);
        assert!(warned(&text(40, "so"), "no more than 58 words"), "{:?}", text(40, "so").warnings);
        assert!(text(1, words).warnings.is_empty(), "{:?}", text(1, words).warnings);
        let fast: String =
            (0..30).map(|at| format!("[00:00:{:02}] Ana {}: {} {at}\n", at / 3, at % 2, words)).collect();
        let fast = parse(fast.as_bytes()).expect("a transcript");
        assert!(warned(&fast, "faster than anybody speaks"), "{:?}", fast.warnings);
        assert_eq!(fast.utterances[29].start_ms, Some(9_000), "and nothing is changed");
    }

    /// The words of the last turn aren't counted, so a short talk has fewer than a hundred.
    #[test]
    fn a_short_talk_shows_hours_of_the_day_too() {
        for (turn, times) in [(": ", true), ("\n", true), (": ", false)] {
            let lines: String = (0..8)
                .map(|at| {
                    let second = if times { at } else { at * 6 };
                    format!(
                        "14:{second:02} Ana {}{turn}So we said {at} times that it would be done by then.\n\n",
                        at % 2
                    )
                })
                .collect();
            let read = parse(lines.as_bytes()).expect("a transcript");
            let wanted = if times { Some(7 * 60_000) } else { Some((14 * 60 + 42) * 1_000) };
            assert_eq!(read.utterances[7].start_ms, wanted, "{:?}", read.warnings);
            assert_eq!(warned(&read, "hours and minutes of the day"), times);
        }
    }

    #[test]
    fn hours_and_minutes_of_the_day_are_no_minutes_and_seconds() {
        let words = "so we said that it would be done by then and that he would call her ".repeat(3);
        let lines: String = (0..30)
            .map(|at| format!("{:02}:{:02} Ana {}: {words} {at}\n", (23 + (50 + at) / 60) % 24, (50 + at) % 60, at % 2))
            .collect();
        let read = parse(lines.as_bytes()).expect("a transcript");
        assert_eq!((read.utterances[0].start_ms, read.utterances[29].start_ms), (Some(0), Some(29 * 60_000)));
        assert!(warned(&read, "hours and minutes of the day") && !warned(&read, "backwards"), "{:?}", read.warnings);
    }
}
