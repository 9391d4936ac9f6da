//! Times as transcripts write them, in milliseconds.

/// A function that reads a time at the start of a text: returns milliseconds, and what follows.
pub(super) type Time = fn(&str) -> Option<(i64, &str)>;

/// A time by WebVTT's rule (`[h…:]mm:ss.ttt`) at the start of `text`, and what follows it.
pub(super) fn strict(text: &str) -> Option<(i64, &str)> {
    if let Some(time) = usual(text, b".") {
        return Some(time);
    }
    let (first, width, rest) = digits(text)?;
    let (second, two, mut rest) = digits(rest.strip_prefix(':')?)?;
    if two != 2 {
        return None;
    }
    let (hours, minutes, seconds);
    if width != 2 || first > 59 || rest.starts_with(':') {
        let (third, two, after) = digits(rest.strip_prefix(':')?)?;
        if two != 2 {
            return None;
        }
        (hours, minutes, seconds, rest) = (first, second, third, after);
    } else {
        (hours, minutes, seconds) = (0, first, second);
    }
    let (fraction, three, rest) = digits(rest.strip_prefix('.')?)?;
    if three != 3 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some((millis(hours, minutes, seconds)?.checked_add(fraction)?, rest))
}

/// A time as tools write it: `[h:]m:s` with one or two digits each, and an optional fraction after a point or comma.
pub(super) fn lenient(text: &str) -> Option<(i64, &str)> {
    if let Some(time) = usual(text, b".,") {
        return Some(time);
    }
    let (first, _, rest) = digits(text)?;
    let (second, width, mut rest) = digits(rest.strip_prefix(':')?)?;
    let (mut hours, mut minutes, mut seconds) = (0, first, second);
    let mut widest = width;
    if let Some((third, width, after)) = rest.strip_prefix(':').and_then(digits) {
        (hours, minutes, seconds, rest) = (first, second, third, after);
        widest = widest.max(width);
    }
    // Minutes above 59 occur if there are no hours.
    if widest > 2 || seconds > 59 || (hours > 0 && minutes > 59) {
        return None;
    }
    let mut fraction = 0;
    if let Some((value, width, after)) = rest.strip_prefix(['.', ',']).and_then(digits) {
        if width > 9 {
            return None;
        }
        fraction = as_millis(value, width);
        rest = after;
    }
    Some((millis(hours, minutes, seconds)?.checked_add(fraction)?, rest))
}

/// The time of a cue: like [`lenient`], or only seconds (`7.380`, `7,38`), as some tools write during the first minute.
/// An integer counts if there is nothing else next to the arrow.
pub(super) fn of_cue(text: &str) -> Option<(i64, &str)> {
    if let Some(time) = lenient(text) {
        return Some(time);
    }
    let (seconds, _, rest) = digits(text)?;
    let (fraction, rest) = match rest.strip_prefix(['.', ',']).and_then(digits) {
        Some((value, width, after)) if width <= 9 => {
            (as_millis(value, width), after.strip_prefix('s').unwrap_or(after))
        }
        Some(_) => return None,
        None if rest.is_empty() || rest.trim_start().starts_with("-->") => (0, rest),
        None => return None,
    };
    Some((millis(0, 0, seconds)?.checked_add(fraction)?, rest))
}

/// A fraction of a second with `width` digits, in milliseconds.
fn as_millis(value: i64, width: usize) -> i64 {
    (0..width.max(3)).fold(value, |value, place| match place {
        place if place >= width => value * 10,
        place if place >= 3 => value / 10,
        _ => value,
    })
}

/// `hh:mm:ss.ttt`, as nearly all times are written, with one of the `points`: every rule reads it the same.
fn usual<'a>(text: &'a str, points: &[u8]) -> Option<(i64, &'a str)> {
    let bytes = text.as_bytes();
    let [h1, h2, b':', m1, m2, b':', s1, s2, point, t1, t2, t3] = *bytes.first_chunk::<12>()? else { return None };
    let digits = [h1, h2, m1, m2, s1, s2, t1, t2, t3];
    let more = bytes.get(12).is_some_and(u8::is_ascii_digit);
    if more || m1 > b'5' || s1 > b'5' || !points.contains(&point) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let [h1, h2, m1, m2, s1, s2, t1, t2, t3] = digits.map(|digit| i64::from(digit - b'0'));
    let seconds = ((h1 * 10 + h2) * 60 + m1 * 10 + m2) * 60 + s1 * 10 + s2;
    Some((seconds * 1000 + t1 * 100 + t2 * 10 + t3, &text[12..]))
}

/// Like [`lenient`], but the digits after the point are milliseconds (`0:0:3.70` is 3.070 s).
pub(super) fn lenient_millis(text: &str) -> Option<(i64, &str)> {
    let (time, rest) = lenient(text)?;
    let written = &text[..text.len() - rest.len()];
    let fraction = written.rsplit_once('.').map_or("", |(_, fraction)| fraction);
    match fraction.len() {
        1 | 2 => Some((time - time % 1000 + fraction.parse::<i64>().ok()?, rest)),
        _ => Some((time, rest)),
    }
}

/// Whether the line begins like a time, or a negative one; most lines don't, which is quick to check.
pub(super) fn may_begin(line: &str) -> bool {
    let begins = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
    match line.as_bytes() {
        [first, ..] if first.is_ascii_graphic() => begins(first),
        _ => line.trim_start().as_bytes().first().is_some_and(begins),
    }
}

/// Whether the line has the arrow of a cue's times. Hardly any other line has a `>`, which is quick to check.
pub(super) fn has_arrow(line: &str) -> bool {
    memchr::memchr(b'>', line.as_bytes()).is_some() && line.contains("-->")
}

/// Whether all of `text` is a time.
pub(super) fn whole(text: &str) -> Option<i64> {
    lenient(text.trim()).filter(|(_, rest)| rest.is_empty()).map(|(time, _)| time)
}

/// The two times of a cue, `start --> end`, and what follows them.
pub(super) fn range(line: &str, time: Time) -> Option<(i64, i64, &str)> {
    let line = line.trim_ascii_start();
    // Most lines are text, which is quick to check.
    if !line.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let (start, rest) = time(line)?;
    let (end, rest) = time(rest.trim_ascii_start().strip_prefix("-->")?.trim_ascii_start())?;
    Some((start, end, rest))
}

/// Like [`range`], for times as tools write them: what follows is separated.
pub(super) fn loose_range(line: &str, time: Time) -> Option<(i64, i64, &str)> {
    range(line, time).filter(|(.., rest)| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// The column, from 1, at which the times of a cue become unreadable: the odd character, or the start of the odd time.
pub(super) fn fault(line: &str, time: Time) -> usize {
    let first = line.trim_start();
    let second = time(first)
        .and_then(|(_, rest)| rest.trim_start().strip_prefix("-->").or_else(|| rest.strip_prefix(',')))
        .map(str::trim_start);
    let part = second.unwrap_or(first);
    let odd = part.find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, ':' | '.' | ','))).unwrap_or(0);
    let odd = if part[odd..].starts_with(char::is_whitespace) { 0 } else { odd };
    line[..line.len() - part.len() + odd].chars().count() + 1
}

fn millis(hours: i64, minutes: i64, seconds: i64) -> Option<i64> {
    hours.checked_mul(60)?.checked_add(minutes)?.checked_mul(60)?.checked_add(seconds)?.checked_mul(1000)
}

/// The digits at the start of `text`: their value, how many there are, and what follows.
fn digits(text: &str) -> Option<(i64, usize, &str)> {
    let width = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(width);
    // With so few digits, the number can't overflow.
    let value = match width {
        0 => return None,
        1..=18 => digits.bytes().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')),
        _ => digits.parse().ok()?,
    };
    Some((value, width, rest))
}

#[cfg(test)]
mod tests {
    use super::{fault, lenient, lenient_millis, of_cue, strict, whole};

    #[test]
    fn strict_is_the_rule_of_webvtt() {
        for (text, time) in [
            ("00:01.500", Some(1_500)),
            ("1:00:00.000", Some(3_600_000)),
            ("0:00:00.000", Some(0)),
            ("100:00:00.001", Some(360_000_001)),
            ("0:00.000", None),
            ("00:60.000", None),
            ("00:00:00.00", None),
            ("00:00:00,000", None),
            ("99999999999999999999:00:00.000", None),
        ] {
            assert_eq!(strict(text).map(|(time, _)| time), time, "{text}");
        }
    }

    #[test]
    fn a_fault_has_its_column() {
        for (line, column) in [
            ("00:00:1d.890 --> 00:00:02.000", 8),
            ("00:00:01.890 --> 00:00:0x.000", 25),
            (" 00:61.000 --> 00:02.000", 2),
            ("00:01.000 --> 00:61.000", 15),
            ("00:01.000 -->", 14),
            ("-1:00", 1),
        ] {
            assert_eq!(fault(line, lenient), column, "{line}");
        }
        assert_eq!(fault("0:00:13.f89,0:00:15.489", lenient), 9);
    }

    #[test]
    fn a_cue_may_have_seconds_alone() {
        for (text, time) in [
            ("0.860 --> 7.380", Some((860, " --> 7.380"))),
            ("7,38", Some((7_380, ""))),
            ("7.38s align:start", Some((7_380, " align:start"))),
            ("1:02.5", Some((62_500, ""))),
            ("12 --> 20", Some((12_000, " --> 20"))),
            ("12 apples", None),
            ("12.", None),
        ] {
            assert_eq!(of_cue(text), time, "{text}");
        }
    }

    #[test]
    fn lenient_takes_what_tools_write() {
        for (text, time) in [
            ("0:0:0.0", Some(0)),
            ("0:0:1.38", Some(1_380)),
            ("00:00:01,5", Some(1_500)),
            ("0:04", Some(4_000)),
            ("75:10", Some(4_510_000)),
            ("1:02:03.1234567", Some(3_723_123)),
            ("10", None),
            ("1:99", None),
            ("1:2:345", None),
        ] {
            assert_eq!(lenient(text).map(|(time, _)| time), time, "{text}");
        }
        assert_eq!(lenient_millis("0:0:3.70 -->"), Some((3_070, " -->")));
        assert_eq!(whole("0:04 o'clock"), None);
    }
}
