//! Times in tables and JSON of unknown tools: determines the unit of their numbers.
//!
//! Pure. What a key says ("start_ms") counts first, then whether the numbers are moments since 1970, then the pace:
//! people speak about ten letters per second, so a unit that is off by a factor of a thousand shows. If that doesn't
//! decide it, the times are dropped: none is better than a wrong one.

use super::{
    raw_time::{Raw, whole},
    transcript::Utterance,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Nanoseconds,
    /// 100 nanoseconds.
    Ticks,
    Microseconds,
    Milliseconds,
    Seconds,
    Minutes,
    /// Days, as in a spreadsheet.
    Days,
    /// Audio samples; the file gives the sample rate.
    Samples,
    /// Video frames; the file gives the frame rate.
    Frames,
}

impl Unit {
    /// The length in milliseconds.
    const fn worth(self) -> f64 {
        match self {
            Self::Nanoseconds => 1e-6,
            Self::Ticks => 1e-4,
            Self::Microseconds => 1e-3,
            Self::Milliseconds => 1.0,
            Self::Seconds => 1e3,
            Self::Minutes => 6e4,
            Self::Days => 8.64e7,
            // Until they are converted; see `StatedUnits::counted`.
            Self::Samples | Self::Frames => f64::NAN,
        }
    }

    /// The name used in warnings.
    const fn name(self) -> &'static str {
        match self {
            Self::Nanoseconds => "nanoseconds",
            Self::Ticks => "ticks",
            Self::Microseconds => "microseconds",
            Self::Milliseconds => "milliseconds",
            Self::Seconds => "seconds",
            Self::Minutes => "minutes",
            Self::Days => "days",
            Self::Samples => "samples",
            Self::Frames => "frames",
        }
    }
}

/// An utterance's length and its times as written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    /// As counted by [`letters`].
    pub(super) letters: usize,
    pub(super) start: Raw,
    pub(super) end: Raw,
    /// The duration, if there is no end.
    pub(super) long: Raw,
}

/// The units given by the keys or headings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StatedUnits {
    pub(super) start: Option<Unit>,
    pub(super) end: Option<Unit>,
    pub(super) long: Option<Unit>,
    /// The sample or frame rate, per second.
    pub(super) a_second: Option<f64>,
}

impl StatedUnits {
    /// The unit, if the file counts samples or frames.
    pub(super) fn counts(&self) -> Option<Unit> {
        [self.start, self.end, self.long]
            .into_iter()
            .flatten()
            .find(|unit| matches!(unit, Unit::Samples | Unit::Frames))
    }

    /// The rows with samples and frames converted to seconds; `None` if the rate is unknown.
    fn counted(&self, rows: &[Row]) -> Option<(Vec<Row>, Self)> {
        let a_second = self.a_second?;
        let of = |raw: Raw, unit: Option<Unit>| match raw {
            Raw::Number(number) if matches!(unit, Some(Unit::Samples | Unit::Frames)) => Raw::Number(number / a_second),
            raw => raw,
        };
        let unit = |unit: Option<Unit>| unit.map(|unit| if self.counts() == Some(unit) { Unit::Seconds } else { unit });
        let row = |row: &Row| Row {
            start: of(row.start, self.start),
            end: of(row.end, self.end.or(self.start)),
            long: of(row.long, self.long.or(self.start)),
            ..*row
        };
        let told = Self { start: unit(self.start), end: unit(self.end), long: unit(self.long), a_second: None };
        Some((rows.iter().map(row).collect(), told))
    }
}

/// The times of all rows.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// Start and end of each row, in milliseconds.
    pub(super) times: Vec<(Option<i64>, Option<i64>)>,
    /// The moment from which they are counted, in milliseconds since 1970, if the file has moments.
    pub(super) began: Option<i64>,
    /// Why there are no times.
    pub(super) doubt: Option<String>,
}

/// The number of letters and digits, for measuring pace: a Han or kana character counts as three, since it takes as
/// long to say.
pub(super) fn letters(text: &str) -> usize {
    let worth = |letter: char| match letter {
        '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}' => 3,
        letter => usize::from(letter.is_alphanumeric()),
    };
    text.chars().map(worth).sum()
}

pub(super) fn timeline(rows: &[Row], told: StatedUnits) -> Timeline {
    if let Some(unit) = told.counts() {
        return match told.counted(rows) {
            Some((rows, told)) => timeline(&rows, told),
            None => Timeline {
                times: vec![(None, None); rows.len()],
                began: None,
                doubt: Some(format!(
                    "the times count {}, and the file does not say how many a second has; the words are kept without times",
                    unit.name()
                )),
            },
        };
    }
    // Starts may be offsets while ends are moments; then only the starts count.
    let least = |read: fn(&Row) -> Raw| rows.iter().filter_map(|row| read(row).number()).fold(f64::INFINITY, f64::min);
    let apart = (least(|row| row.start) < 1e9) != (least(|row| row.end) < 1e9);
    let end_of = move |row: &Row| if apart { Raw::None } else { row.end };
    let starts = Pace::of(rows, |row| row.start.number(), |row| end_of(row).number());
    let longs = Pace::lengths(rows.iter().map(|row| (row.letters, row.long.number())));
    // Times with a unit need nothing; bare numbers do.
    let numbered = rows.iter().any(|row| row.start.number().is_some());
    let start = match (told.start.or(told.end), numbered) {
        (_, false) => Ok(None),
        (Some(unit), true) => starts.agrees(unit).map(Some),
        (None, true) => starts.unit().map(Some),
    };
    // The end has the unit of the start unless it states another; a duration states its own, or its pace does.
    let long = told
        .long
        .or_else(|| longs.unit().ok().map(|(unit, _)| unit))
        .or_else(|| start.clone().ok()?.map(|(unit, _)| unit));
    match start {
        Err(doubt) => Timeline { times: vec![(None, None); rows.len()], began: None, doubt: Some(doubt) },
        Ok(start) => {
            let (unit, since_1970) = start.unwrap_or((Unit::Milliseconds, false));
            let read = |raw: Raw, unit: Unit| match raw {
                Raw::None => None,
                Raw::Number(number) => whole(number * unit.worth()).map(|millis| (millis, since_1970)),
                Raw::Millis(millis) => Some((millis, false)),
                Raw::Moment(millis) => Some((millis, true)),
            };
            // The first moment, rounded down to a full second: that is where such a file begins to count.
            let moments = rows.iter().filter_map(|row| read(row.start, unit)).filter(|(_, moment)| *moment);
            let began = moments.map(|(millis, _)| millis).min().map(|first| first.div_euclid(1000) * 1000);
            let passed = |(millis, moment): (i64, bool)| if moment { Some(millis - began?) } else { Some(millis) };
            let times = rows.iter().map(|row| {
                let start = read(row.start, unit).and_then(passed);
                let end = read(end_of(row), told.end.unwrap_or(unit)).and_then(passed);
                let length = match row.long {
                    Raw::Number(number) => long.and_then(|unit| whole(number * unit.worth())),
                    Raw::Millis(millis) => Some(millis),
                    _ => None,
                };
                (start, end.or_else(|| Some(start? + length.filter(|long| *long >= 0)?)))
            });
            Timeline { times: times.collect(), began, doubt: None }
        }
    }
}

/// Whether people can have said so much in the times that were read; true if too little is known.
pub(super) fn possible(said: &[Utterance]) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "times are small")]
    let raw = |time: Option<i64>| time.map_or(Raw::None, |time| Raw::Number(time as f64));
    let row = |said: &Utterance| Row {
        letters: letters(&said.text),
        start: raw(said.start_ms),
        end: raw(said.end_ms),
        long: Raw::None,
    };
    let rows: Vec<Row> = said.iter().take(SAMPLE).map(row).collect();
    let pace = Pace::of(&rows, |row| row.start.number(), |row| row.end.number());
    pace.measured < 2 || pace.agrees(Unit::Milliseconds).is_ok()
}

/// Whether each entry lasts about as long as it takes to say its text: it was then spoken, and not written at that
/// moment.
pub(super) fn paced(rows: &[Row]) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a moment in milliseconds is far below what a float holds")]
    let time = |raw: Raw| match raw {
        Raw::Number(number) => Some(number),
        Raw::Millis(millis) | Raw::Moment(millis) => Some(millis as f64),
        Raw::None => None,
    };
    let pace = Pace::of(rows, |row| time(row.start), |row| time(row.end));
    let rate = pace.in_unit(pace.since_1970().unwrap_or(Unit::Milliseconds));
    !pace.by_gaps && pace.measured >= 5 && rate.is_some_and(|rate| (USUAL / 4.0..USUAL * 4.0).contains(&rate))
}

/// Whether the numbers are character positions in a text, not times.
pub(super) fn count_letters(rows: &[Row]) -> bool {
    Pace::of(rows, |row| row.start.number(), |row| row.end.number()).of_letters
}

/// The usual pace of speech, in letters per second.
const USUAL: f64 = 12.0;

/// No sample needs to be larger.
const SAMPLE: usize = 2_000;

/// The pace of speech, in letters per unit of the file.
#[derive(Debug, Default)]
struct Pace {
    /// The median; `None` if nothing could be measured.
    rate: Option<f64>,
    /// The number of measurements.
    measured: usize,
    /// Whether it was measured from one start to the next, pauses included.
    by_gaps: bool,
    /// Whether any number has a fraction.
    fractions: bool,
    /// The earliest start.
    least: f64,
    /// Whether the numbers are character positions in a text.
    of_letters: bool,
}

impl Pace {
    fn of(rows: &[Row], start: impl Fn(&Row) -> Option<f64>, end: impl Fn(&Row) -> Option<f64>) -> Self {
        let lengths = rows.iter().map(|row| (row.letters, start(row).zip(end(row)).map(|(start, end)| end - start)));
        let mut pace = Self::lengths(lengths);
        if pace.rate.is_none() {
            let gaps = rows.windows(2).map(|pair| {
                let gap = start(&pair[0]).zip(start(&pair[1])).map(|(first, next)| next - first);
                (pair[0].letters, gap)
            });
            pace = Self { by_gaps: true, ..Self::lengths(gaps) };
        }
        let starts = || rows.iter().filter_map(&start);
        pace.least = starts().fold(f64::INFINITY, f64::min);
        pace.fractions = starts().any(|start| start.fract() != 0.0);
        pace
    }

    fn lengths(pairs: impl Iterator<Item = (usize, Option<f64>)>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "an utterance has fewer letters than that")]
        let rate = |(letters, long): (usize, Option<f64>)| {
            long.filter(|long| *long > 0.0 && letters > 0).map(|long| letters as f64 / long)
        };
        let mut rates: Vec<f64> = pairs.filter_map(rate).take(SAMPLE).collect();
        let (measured, middle) = (rates.len(), rates.len() / 2);
        // Always about one letter per number, spaces and punctuation included.
        let of_letters = measured >= 2 && rates.iter().all(|rate| (0.55..1.1).contains(rate));
        let rate = (!rates.is_empty()).then(|| *rates.select_nth_unstable_by(middle, f64::total_cmp).1);
        Self { rate, measured, of_letters, ..Self::default() }
    }

    /// Letters per second if the numbers had this unit.
    fn in_unit(&self, unit: Unit) -> Option<f64> {
        self.rate.map(|rate| rate * 1e3 / unit.worth())
    }

    /// The unit, if the numbers aren't offsets but moments since 1970.
    fn since_1970(&self) -> Option<Unit> {
        let units =
            [(1e9, Unit::Seconds), (1e12, Unit::Milliseconds), (1e15, Unit::Microseconds), (1e18, Unit::Nanoseconds)];
        units.into_iter().find(|(from, _)| (*from..from * 2.5).contains(&self.least)).map(|(_, unit)| unit)
    }

    /// The unit, and whether the numbers are moments since 1970.
    fn unit(&self) -> Result<(Unit, bool), String> {
        if let Some(unit) = self.since_1970() {
            return Ok((unit, true));
        }
        if self.of_letters {
            return Err("the numbers count letters and no time; the words are kept without times".to_owned());
        }
        // From one start to the next there may be pauses.
        let people_speak = if self.by_gaps { 0.05..50.0 } else { 0.4..150.0 };
        let units = [Unit::Seconds, Unit::Milliseconds, Unit::Microseconds, Unit::Ticks, Unit::Nanoseconds];
        let fits = |unit: &Unit| self.in_unit(*unit).is_some_and(|rate| people_speak.contains(&rate));
        // Microseconds and ticks are close to each other: the usual pace decides, unless both are equally likely.
        let far = |unit: &Unit| self.in_unit(*unit).map_or(f64::INFINITY, |rate| (rate / USUAL).ln().abs());
        let mut likely: Vec<Unit> = units.into_iter().filter(fits).collect();
        likely.sort_by(|one, other| far(one).total_cmp(&far(other)));
        match likely.as_slice() {
            [unit] => return Ok((*unit, false)),
            [unit, other, ..] if far(other) - far(unit) > 1.0 => return Ok((*unit, false)),
            _ => {}
        }
        // A spreadsheet counts time in days, of which a talk is a small part.
        let long = if self.by_gaps { 0.05..50.0 } else { 0.4..150.0 };
        if self.fractions && self.least < 1.0 && self.in_unit(Unit::Days).is_some_and(|rate| long.contains(&rate)) {
            return Ok((Unit::Days, false));
        }
        // Fractions are seconds, even if people pause for long.
        if self.fractions && self.agrees(Unit::Seconds).is_ok() {
            return Ok((Unit::Seconds, false));
        }
        Err("it is not clear which unit the times are in; the words are kept without times".to_owned())
    }

    /// Whether people can speak at the pace that results from this unit.
    fn agrees(&self, unit: Unit) -> Result<(Unit, bool), String> {
        // A wrong unit is off by a factor of a thousand, either way.
        let possible =
            self.in_unit(unit).is_none_or(|rate| rate < 1_500.0 && rate > if self.by_gaps { 1e-3 } else { 2e-2 });
        if possible {
            return Ok((unit, self.least * unit.worth() >= 1e11 && self.least.is_finite()));
        }
        Err(format!(
            "the times are said to be {}, but nobody speaks at that pace; the words are kept without times",
            unit.name()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{Raw, Row, StatedUnits, Unit, timeline};

    fn rows(times: &[(f64, f64)]) -> Vec<Row> {
        let row = |&(start, end): &(f64, f64)| Row {
            letters: 30,
            start: Raw::Number(start),
            end: if end > 0.0 { Raw::Number(end) } else { Raw::None },
            long: Raw::None,
        };
        times.iter().map(row).collect()
    }

    #[test]
    fn the_pace_tells_the_unit() {
        for (times, told, first) in [
            (&[(1.0, 3.0), (4.0, 6.0)][..], None, Some(1_000)),
            (&[(1_000.0, 3_000.0), (4_000.0, 6_000.0)], None, Some(1_000)),
            (&[(1e9, 3e9), (4e9, 6e9)], Some(Unit::Nanoseconds), Some(1_000)),
            (&[(1e6, 3e6), (4e6, 6e6)], None, Some(1_000)),
            (&[(1.0, 0.0), (4.0, 0.0), (9.0, 0.0)], None, Some(1_000)),
            (&[(1_000.0, 0.0), (4_000.0, 0.0), (9_000.0, 0.0)], None, Some(1_000)),
            // Moments are counted from the full second of the first.
            (&[(1.79e9 + 0.5, 0.0), (1.79e9 + 4.0, 0.0)], None, Some(500)),
            (&[(1.79e12 + 500.0, 0.0), (1.79e12 + 4_000.0, 0.0)], Some(Unit::Milliseconds), Some(500)),
            // From a spreadsheet: 30 seconds, and more.
            (&[(0.000347222, 0.0), (0.000393519, 0.0), (0.000451389, 0.0)], None, Some(30_000)),
            (&[(0.000347222, 0.000381944), (0.000393519, 0.000416667)], None, Some(30_000)),
            // Unknown, and a key that is wrong.
            (&[(1.0, 0.0)], None, None),
            (&[(1.0, 3.0), (4.0, 6.0)], Some(Unit::Milliseconds), None),
            (&[(1_000.0, 3_000.0), (4_000.0, 6_000.0)], Some(Unit::Seconds), None),
        ] {
            let read = timeline(&rows(times), StatedUnits { start: told, ..StatedUnits::default() });
            assert_eq!(read.times[0].0, first, "{times:?} {told:?}");
            assert_eq!(read.doubt.is_some(), first.is_none(), "{times:?} {told:?}");
        }
    }

    #[test]
    fn a_length_may_be_of_another_unit_than_the_start() {
        let row =
            |start, long| Row { letters: 30, start: Raw::Number(start), long: Raw::Number(long), ..Row::default() };
        let read = timeline(
            &[row(500.0, 2.0), row(4_000.0, 3.0)],
            StatedUnits { start: Some(Unit::Milliseconds), ..StatedUnits::default() },
        );
        assert_eq!(read.times, [(Some(500), Some(2_500)), (Some(4_000), Some(7_000))]);
    }
}
