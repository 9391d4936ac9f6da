//! A time as written in a table or in JSON, before its unit is known.
//!
//! Pure.

use super::time;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Raw {
    /// Missing or unreadable.
    #[default]
    None,
    /// A bare number, in an unknown unit.
    Number(f64),
    /// Milliseconds, for a time with a unit: `00:01:02`, `1.5s`, `PT1.5S`.
    Millis(i64),
    /// Milliseconds since 1970.
    Moment(i64),
}

impl Raw {
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim().trim_matches(['[', ']', '(', ')']);
        if let Some(number) = number(text) {
            return Self::Number(number);
        }
        let clock = time::whole(text)
            .or_else(|| duration(text))
            .or_else(|| with_frames(text))
            .or_else(|| timedelta(text))
            .or_else(|| half_day(text));
        clock.map(Self::Millis).or_else(|| moment(text).map(Self::Moment)).unwrap_or_default()
    }

    pub(super) const fn is_there(self) -> bool {
        !matches!(self, Self::None)
    }

    pub(super) const fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }
}

/// A number, with a decimal point or decimal comma.
fn number(text: &str) -> Option<f64> {
    let digits =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    let pointed =
        if text.matches(',').count() == 1 && !text.contains('.') { text.replace(',', ".") } else { text.to_owned() };
    Some(&pointed)
        .filter(|text| digits(text))
        .and_then(|text| text.parse().ok())
        .filter(|number: &f64| number.is_finite())
}

/// `hh:mm:ss:ff` and `hh:mm:ss;ff`: the frame rate is unknown, so the time is that of the second.
fn with_frames(text: &str) -> Option<i64> {
    let (before, frames) = text.rsplit_once([':', ';'])?;
    let frames = !frames.is_empty() && frames.len() <= 3 && frames.bytes().all(|byte| byte.is_ascii_digit());
    time::whole(before).filter(|_| frames && before.matches(':').count() == 2)
}

/// `10:30:05 PM`, a time of day.
fn half_day(text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let (clock, afternoon) = match lower.strip_suffix("am") {
        Some(clock) => (clock, false),
        None => (lower.strip_suffix("pm")?, true),
    };
    let hours: i64 = clock.split(':').next()?.trim().parse().ok().filter(|hours| (1..=12).contains(hours))?;
    // Without seconds it still has hours and minutes.
    let clock = if clock.matches(':').count() == 1 { format!("{}:00", clock.trim()) } else { clock.trim().to_owned() };
    Some(time::whole(&clock)? + (i64::from(afternoon) * 12 - if hours == 12 { 12 } else { 0 }) * 3_600_000)
}

/// `0 days 00:00:01.500000`, as written by Python's tables.
fn timedelta(text: &str) -> Option<i64> {
    let (days, clock) = text.split_once(" days ").or_else(|| text.split_once(" day, "))?;
    let days: i64 = days.parse().ok().filter(|days| (0..100).contains(days))?;
    Some(time::whole(clock)? + days * 86_400_000)
}

/// `1.5s`, `2 min`, `1m 5s`, or an ISO 8601 duration in hours, minutes and seconds, in milliseconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix("PT").unwrap_or(text);
    let mut millis = 0.0;
    let mut found = false;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let amount: f64 = rest[..digits].parse().ok()?;
        let after = rest[digits..].trim_start();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        millis += amount
            * match after[..letters].to_ascii_lowercase().as_str() {
                "h" | "hr" | "hour" | "hours" => 36e5,
                "m" | "min" | "mins" | "minute" | "minutes" => 6e4,
                "s" | "sec" | "secs" | "second" | "seconds" => 1e3,
                "ms" | "msec" => 1.0,
                _ => return None,
            };
        rest = after[letters..].trim_start();
        found = true;
    }
    if found { whole(millis) } else { None }
}

/// A date with a time, in milliseconds since 1970; UTC if there is no time zone.
pub(super) fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    // Dates begin with the year here, and most texts don't.
    if !text.get(..5).is_some_and(|year| year.ends_with('-') && year.bytes().take(4).all(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    if let Ok(moment) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(moment.timestamp_millis());
    }
    let bare = text.trim_end_matches('Z').trim_end_matches(" UTC");
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| chrono::NaiveDateTime::parse_from_str(bare, format).ok())
        .map(|moment| moment.and_utc().timestamp_millis())
}

/// Rounds to whole milliseconds; `None` if it can't be a time.
pub(super) fn whole(millis: f64) -> Option<i64> {
    let rounded = millis.round();
    #[allow(clippy::cast_possible_truncation, reason = "the bounds are checked")]
    (rounded.abs() < 9e15).then_some(rounded as i64)
}

#[cfg(test)]
mod tests {
    use super::Raw;

    #[test]
    fn a_time_is_read_however_it_is_written() {
        for (text, raw) in [
            ("1.5", Raw::Number(1.5)),
            ("1,5", Raw::Number(1.5)),
            ("00:00:01,5", Raw::Millis(1_500)),
            ("[00:01]", Raw::Millis(1_000)),
            ("1.5s", Raw::Millis(1_500)),
            ("1m 5s", Raw::Millis(65_000)),
            ("PT1M1.5S", Raw::Millis(61_500)),
            ("00:00:01:12", Raw::Millis(1_000)),
            ("0 days 00:00:01.500000", Raw::Millis(1_500)),
            ("2026-11-17T09:00:00.5Z", Raw::Moment(1_794_906_000_500)),
            ("2026-11-17 09:00:00", Raw::Moment(1_794_906_000_000)),
            ("2:05:01 PM", Raw::Millis(50_701_000)),
            ("12:10 AM", Raw::Millis(600_000)),
            ("soon", Raw::None),
            ("", Raw::None),
            ("NaN", Raw::None),
        ] {
            assert_eq!(Raw::of(text), raw, "{text}");
        }
    }
}
