//! Times that are written out: "0 minutes 3 seconds", as Teams writes them in the user's language, "1h 02m 03s",
//! "3分12秒".

/// How the words for hours, minutes and seconds begin, in the languages of known tools; single letters are the whole
/// word.
#[rustfmt::skip]
const UNITS: [&[&str]; 3] = [
    &[
        "h", "hour", "hr", "stund", "std", "timm", "timer", "time", "heure", "hora", "ora", "ore", "uur", "uren", "godz",
        "hodin", "tunti", "saat", "час", "годин", "óra", "oră", "ώρ", "時間", "小时", "小時", "시간", "ساع", "שע", "घंट",
        "ชั่วโมง", "giờ", "jam",
    ],
    &[
        "m", "min", "dakika", "dk", "мин", "хвил", "perc", "λεπτ", "分", "분", "دقي", "דק", "मिनट", "นาที", "phút", "menit",
    ],
    &[
        "s", "sec", "sek", "seg", "saniye", "sn", "másodperc", "сек", "δευτ", "秒", "초", "ثان", "שני", "सेक", "วินาที",
        "giây", "detik",
    ],
];

/// What may be between the parts.
const JOINTS: &[&str] = &[",", "and", "und", "et", "y", "e", "och", "og", "en", "i", "и", "ja", "ve"];

/// A time at the start of `text`, in milliseconds, and what follows it.
pub(super) fn leading(text: &str) -> Option<(i64, &str)> {
    let (mut millis, mut parts, mut last) = (0_i64, 0, None);
    let mut rest = text;
    while let Some((value, unit, after)) = part(joined(rest, parts)) {
        if last.is_some_and(|last| unit <= last) || (unit > 0 && parts > 0 && value >= 60_000) {
            break;
        }
        // In thousandths of the unit.
        millis = millis.checked_add(value.checked_mul([3600, 60, 1][unit])?)?;
        (rest, last, parts) = (after, Some(unit), parts + 1);
    }
    // "2 hours" may be an answer; with seconds it's a time.
    (parts >= 2).then_some((millis, rest))
}

/// Bare seconds, "12s", if the context shows that it's a time.
pub(super) fn seconds(text: &str) -> Option<(i64, &str)> {
    part(text).filter(|(_, unit, _)| *unit == 2).map(|(value, _, rest)| (value, rest))
}

/// The name before a time at the end of `text`, and that time.
pub(super) fn behind_a_name(text: &str) -> Option<(&str, &str, i64)> {
    // Most lines end in a full stop.
    if !text.ends_with(|letter: char| letter.is_alphabetic() || letter == '.' || !letter.is_ascii()) {
        return None;
    }
    let begins = |at: usize| {
        text.as_bytes()[at].is_ascii_digit()
            && text[..at].chars().next_back().is_none_or(|letter| !letter.is_alphanumeric())
    };
    let starts = (1..text.len().min(240)).filter(|at| begins(*at)).take(8);
    starts.filter_map(|at| Some((at, leading(&text[at..])?))).find_map(|(at, (millis, rest))| {
        rest.trim_matches([')', ']', '.', ' ']).is_empty().then(|| (&text[..at], &text[at..], millis))
    })
}

/// `text` without what connects it to the previous part.
fn joined(text: &str, parts: usize) -> &str {
    let text = text.trim_start();
    if parts == 0 {
        return text;
    }
    let text = text.strip_prefix(',').map_or(text, str::trim_start);
    let word = text.split(|letter: char| letter.is_whitespace() || letter.is_ascii_digit()).next().unwrap_or("");
    if JOINTS.contains(&word) { text[word.len()..].trim_start() } else { text }
}

/// A number in thousandths, its unit (hours, minutes or seconds, as an index), and what follows.
fn part(text: &str) -> Option<(i64, usize, &str)> {
    let (value, _, rest) = number(text)?;
    let word = rest.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    // Scripts without spaces continue directly: 3分12秒.
    let end = word.find(|letter: char| !letter.is_alphabetic() && !is_mark(letter)).unwrap_or(word.len());
    let written = word[..end].to_lowercase();
    if written.is_empty() || end > 48 {
        return None;
    }
    let known = |units: &[&str]| {
        units.iter().any(|unit| if unit.len() == 1 { written == *unit } else { written.starts_with(*unit) })
    };
    let unit = UNITS.iter().position(|units| known(units))?;
    Some((value, unit, word[end..].trim_start_matches('.')))
}

/// Combining signs within Thai, Hindi and Arabic words.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{97f}' | '\u{e31}'..='\u{e4e}')
}

/// A number at the start of `text` in thousandths, its length, and what follows.
fn number(text: &str) -> Option<(i64, usize, &str)> {
    let width = text.bytes().take_while(u8::is_ascii_digit).count();
    let whole: i64 = text.get(..width).filter(|digits| (1..=6).contains(&digits.len()))?.parse().ok()?;
    let rest = &text[width..];
    let fraction = rest.strip_prefix(['.', ',']).map_or("", |rest| {
        let width = rest.bytes().take_while(u8::is_ascii_digit).count();
        &rest[..width]
    });
    if fraction.is_empty() || fraction.len() > 9 {
        return Some((whole * 1000, width, rest));
    }
    let thousandths: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    Some((whole * 1000 + thousandths, width, &rest[fraction.len() + 1..]))
}

#[cfg(test)]
mod tests {
    use super::{behind_a_name, leading};

    #[test]
    fn times_that_are_written_out() {
        for (text, wanted) in [
            ("0 minutes 3 seconds", Some(3_000)),
            ("1 hour 0 minutes 4 seconds", Some(3_604_000)),
            ("1 hour, 2 minutes and 4 seconds", Some(3_724_000)),
            ("0 Minuten 3 Sekunden", Some(3_000)),
            ("1 Stunde 0 Minuten 4 Sekunden", Some(3_604_000)),
            ("1 timme 0 minuter 4 sekunder", Some(3_604_000)),
            ("1 heure 0 minute 4 secondes", Some(3_604_000)),
            ("1 hora 0 minutos 4 segundos", Some(3_604_000)),
            ("1 ora 0 minuti 4 secondi", Some(3_604_000)),
            ("1 uur 0 minuten 4 seconden", Some(3_604_000)),
            ("0 минут 3 секунды", Some(3_000)),
            ("0 minut 3 sekundy", Some(3_000)),
            ("3分12秒", Some(192_000)),
            ("0 分 3 秒", Some(3_000)),
            ("0분 3초", Some(3_000)),
            ("0 دقيقة 3 ثانية", Some(3_000)),
            ("1h 02m 03s", Some(3_723_000)),
            ("0m3.5s", Some(3_500)),
            ("0 min 3 sec.", Some(3_000)),
            ("2 hours", None),
            ("3 seconds", None),
            ("2 seconds 3 minutes", None),
            ("0 minutes 75 seconds", None),
            ("3 apples 2 pears", None),
        ] {
            let seen = leading(text).filter(|(_, rest)| rest.is_empty()).map(|(millis, _)| millis);
            assert_eq!(seen, wanted, "{text}");
        }
        let (name, written, millis) = behind_a_name("Maya Okafor   0 minutes 3 seconds").expect("a name");
        assert_eq!((name.trim(), written, millis), ("Maya Okafor", "0 minutes 3 seconds", 3_000));
        assert!(behind_a_name("It took 3 minutes 2 seconds to the door").is_none());
    }
}
