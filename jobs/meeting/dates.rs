//! The date and the time of day in a file name, as people and recorders write them. Pure.

use std::{ops::Range, sync::LazyLock};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;
use regex::Regex;

/// Month names in seven languages, with their short forms.
const MONTHS: [&str; 12] = [
    "january|januar|januari|janvier|janv|jan|enero|ene|gennaio|gen|janeiro",
    "february|februar|februari|feb|février|fevrier|févr|fevr|febrero|febbraio|fevereiro|fev",
    "march|märz|mrz|mars|mar|marzo|março",
    "april|apr|avril|avr|abril|abr|aprile",
    "may|mai|maj|mayo|maggio|mag|maio",
    "june|juni|jun|juin|junio|giugno|giu|junho",
    "july|juli|jul|juillet|juil|julio|luglio|lug|julho",
    "august|aug|augusti|août|aout|agosto|ago",
    "september|sept|sep|septembre|septiembre|settembre|set|setembro",
    "october|oktober|oct|okt|octobre|octubre|ottobre|ott|outubro|out",
    "november|nov|novembre|noviembre|novembro",
    "december|dezember|dec|dez|décembre|decembre|déc|diciembre|dic|dicembre|dezembro",
];

/// The first date in a name: `2026-11-03`, `20261103`, `03.11.2026` (with dots the day comes first, as is usual where
/// dots are used), `11-03-2026` only if just one reading makes sense, `3 Nov 2026` and `November 3rd, 2026`, and Zoom's
/// `GMT20261103-150000`, which is in UTC.
pub(super) fn date_in(name: &str, zone: Tz) -> Option<NaiveDate> {
    static GMT: LazyLock<Regex> = LazyLock::new(|| regex(r"GMT(\d{8}-\d{6})"));
    static YEAR_FIRST: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?:^|\D)(20\d{2})([-_. ]?)(0[1-9]|1[0-2])([-_. ]?)(0[1-9]|[12]\d|3[01])(?:\D|$)"));
    static YEAR_LAST: LazyLock<Regex> =
        LazyLock::new(|| regex(r"(?:^|\D)(\d{1,2})([-_.])(\d{1,2})([-_.])(20\d{2})(?:\D|$)"));

    if let Some(found) = GMT.captures(name)
        && let Ok(time) = NaiveDateTime::parse_from_str(&found[1], "%Y%m%d-%H%M%S")
    {
        return Some(time.and_utc().with_timezone(&zone).date_naive());
    }
    if let Some(found) = YEAR_FIRST.captures(name)
        && found[2] == found[4]
    {
        return date(&found[1], &found[3], &found[5]);
    }
    let Some(found) = YEAR_LAST.captures(name).filter(|found| found[2] == found[4]) else {
        return worded(name).map(|(_, date)| date);
    };
    let (day_first, month_first) = (date(&found[5], &found[3], &found[1]), date(&found[5], &found[1], &found[3]));
    match (day_first, month_first) {
        (Some(day_first), Some(month_first)) if &found[2] != "." && day_first != month_first => None,
        (day_first, month_first) => day_first.or(month_first),
    }
}

/// The first date in a name whose month is a word, and its position. The year is required: "May 3" could be anyone's.
pub(super) fn worded(name: &str) -> Option<(Range<usize>, NaiveDate)> {
    static WORDED: LazyLock<Regex> = LazyLock::new(|| {
        let mut months: Vec<&str> = MONTHS.iter().flat_map(|names| names.split('|')).collect();
        // The first match wins: longer names come before their prefixes.
        months.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let (month, day, year) = (months.join("|"), r"(\d{1,2})(?:st|nd|rd|th|er|º|\.)?", r"(20\d{2})");
        let (link, links) = (r"[-_ .,]*(?:de |of )?", r"[-_ .,]+");
        let start = r"(?:^|[^\p{L}\d])";
        regex(&format!(
            r"(?i)(?:^|\D){day}{link}({month})\.?{link}{year}|{start}({month})\.?{link}{day}{links}{year}|(?:^|\D){year}{link}({month})\.?{link}{day}"
        ))
    });
    static NEXT: LazyLock<Regex> = LazyLock::new(|| regex(r"^\d"));
    let found = WORDED.captures(name)?;
    let part = |at: usize| found.get(at).map(|part| part.as_str());
    let (day, month, year) = match (part(1), part(4), part(7)) {
        (Some(day), ..) => (day, part(2)?, part(3)?),
        (_, Some(month), _) => (part(5)?, month, part(6)?),
        (.., Some(year)) => (part(9)?, part(8)?, year),
        _ => return None,
    };
    let month = month.to_lowercase();
    let number = MONTHS.iter().position(|names| names.split('|').any(|name| name == month))? + 1;
    let whole = found.get(0)?;
    if NEXT.is_match(&name[whole.end()..]) {
        return None;
    }
    // The preceding character must not be a letter or digit.
    let before = whole.as_str().chars().next().filter(|c| !c.is_alphanumeric()).map_or(0, char::len_utf8);
    Some((whole.start() + before..whole.end(), date(year, &number.to_string(), day)?))
}

/// The time of day after the date in a name, in the coach's time zone: `2026-11-03 14.05.22`, `GMT20261103-150000`.
pub(crate) fn time_in(name: &str, zone: Tz) -> Option<NaiveTime> {
    static GMT: LazyLock<Regex> = LazyLock::new(|| regex(r"GMT(\d{8}-\d{6})"));
    static BEHIND_DATE: LazyLock<Regex> = LazyLock::new(|| {
        regex(
            r"20\d{2}[-_.]?\d{2}[-_.]?\d{2}(?:[T ,_-]|\s-\s)+([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:]?[0-5]\d)?(?:\D|$)",
        )
    });

    if let Some(found) = GMT.captures(name)
        && let Ok(time) = NaiveDateTime::parse_from_str(&found[1], "%Y%m%d-%H%M%S")
    {
        return Some(time.and_utc().with_timezone(&zone).time());
    }
    let found = BEHIND_DATE.captures(name)?;
    NaiveTime::from_hms_opt(found[1].parse().ok()?, found[2].parse().ok()?, 0)
}

fn date(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns of this file are constants that the tests compile")
}
