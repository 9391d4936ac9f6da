//! The numbers and dates of a sentence, in a form that allows comparing sentences: `three`, `3` and `drei` are the
//! same. Pure.
//!
//! English and German. In other languages digits are still compared.

use std::{collections::BTreeSet, sync::LazyLock};

use chrono::{Datelike, NaiveDate};
use regex::Regex;

use super::is_negated;
use crate::text;

const UNITS: [(&str, u64); 33] = [
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("dozen", 12),
    ("fifteen", 15),
    ("hundred", 100),
    ("thousand", 1000),
    ("million", 1_000_000),
    ("twice", 2),
    ("zwei", 2),
    ("drei", 3),
    ("vier", 4),
    ("funf", 5),
    ("sechs", 6),
    ("sieben", 7),
    ("acht", 8),
    ("neun", 9),
    ("zehn", 10),
    ("elf", 11),
    ("zwolf", 12),
    ("dutzend", 12),
    ("hundert", 100),
    ("tausend", 1000),
    ("millionen", 1_000_000),
    ("zweimal", 2),
];
const ORDINALS: [(&str, u64); 15] = [
    ("third", 3),
    ("fourth", 4),
    ("fifth", 5),
    ("sixth", 6),
    ("seventh", 7),
    ("eighth", 8),
    ("ninth", 9),
    ("tenth", 10),
    ("dritte", 3),
    ("vierte", 4),
    ("funfte", 5),
    ("sechste", 6),
    ("siebte", 7),
    ("neunte", 9),
    ("zehnte", 10),
];
const TENS: [(&str, u64); 16] = [
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
    ("zwanzig", 20),
    ("dreissig", 30),
    ("vierzig", 40),
    ("funfzig", 50),
    ("sechzig", 60),
    ("siebzig", 70),
    ("achtzig", 80),
    ("neunzig", 90),
];
const WEEKDAYS: [[&str; 3]; 7] = [
    ["monday", "montag", "mondays"],
    ["tuesday", "dienstag", "tuesdays"],
    ["wednesday", "mittwoch", "wednesdays"],
    ["thursday", "donnerstag", "thursdays"],
    ["friday", "freitag", "fridays"],
    ["saturday", "samstag", "sonnabend"],
    ["sunday", "sonntag", "sundays"],
];
/// Months that are also ordinary words count only if capitalised.
const MONTHS: [[&str; 2]; 12] = [
    ["january", "januar"],
    ["february", "februar"],
    ["march", "marz"],
    ["april", "april"],
    ["may", "mai"],
    ["june", "juni"],
    ["july", "juli"],
    ["august", "august"],
    ["september", "september"],
    ["october", "oktober"],
    ["november", "november"],
    ["december", "dezember"],
];
const DAYS: [(&str, &str); 9] = [
    ("today", "today"),
    ("heute", "today"),
    ("tonight", "today"),
    ("tomorrow", "tomorrow"),
    ("yesterday", "yesterday"),
    ("gestern", "yesterday"),
    ("ubermorgen", "in two days"),
    ("weekend", "weekend"),
    ("wochenende", "weekend"),
];

static DIGITS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d+").expect("a constant pattern"));
static GROUPED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(\d)[.,' ](\d{3})\b").expect("a constant pattern"));
static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(next|this|last|n[aä]chste[nmrs]?|kommende[nmrs]?|diese[nmrs]?|letzte[nmrs]?|vorige[nmrs]?) (week|month|quarter|year|woche|monat|quartal|jahr)\b",
    )
    .expect("a constant pattern")
});

/// Extracts the numbers and dates of a text.
pub(crate) fn of(text: &str) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    let plain = GROUPED.replace_all(text, "$1$2");
    // Twice, for "1,000,000": matches don't overlap.
    let plain = GROUPED.replace_all(&plain, "$1$2");
    for digits in DIGITS.find_iter(&plain) {
        let bare = digits.as_str().trim_start_matches('0');
        facts.insert(format!("n{}", if bare.is_empty() { "0" } else { bare }));
    }
    let words = text::words(&plain);
    let mut tens = None;
    for word in &words {
        let folded = text::fold(&word.normal).replace('\u{df}', "ss");
        let capital = plain[word.range.clone()].chars().next().is_some_and(char::is_uppercase);
        if let Some((_, value)) = TENS.iter().find(|(name, _)| *name == folded) {
            tens = Some(*value);
            facts.insert(format!("n{value}"));
            continue;
        }
        if let Some(value) = number(&folded) {
            if let Some(tens) = tens.filter(|_| value < 10) {
                facts.remove(&format!("n{tens}"));
                facts.insert(format!("n{}", tens + value));
            } else {
                facts.insert(format!("n{value}"));
            }
        }
        tens = None;
        facts.extend(WEEKDAYS.iter().position(|names| names.contains(&folded.as_str())).map(|day| format!("w{day}")));
        let month = MONTHS.iter().position(|names| names.contains(&folded.as_str())).filter(|_| capital);
        facts.extend(month.map(|month| format!("m{}", month + 1)));
        facts.extend(DAYS.iter().find(|(name, _)| *name == folded).map(|(_, day)| format!("d{day}")));
    }
    for found in RELATIVE.captures_iter(&plain) {
        let which = match found[1].to_lowercase().chars().next() {
            Some('n' | 'k') => "next",
            Some('t' | 'd') => "this",
            _ => "last",
        };
        let unit = match &found[2].to_lowercase()[..1] {
            "w" => "week",
            "m" => "month",
            "q" => "quarter",
            _ => "year",
        };
        facts.insert(format!("r{which} {unit}"));
    }
    facts
}

/// Negations, in addition to the English ones of the offline summariser; folded.
#[rustfmt::skip]
const DENIALS: [&str; 36] = [
    "no", "none", "neither", "nor", "nicht", "kein", "keine", "keinen", "keinem", "keiner", "keines", "nie", "niemals",
    "niemand", "nichts", "ohne", "pas", "jamais", "rien", "sans", "nunca", "nadie", "nada", "sin", "non", "nessuno",
    "niente", "senza", "nao", "ninguem", "sem", "niet", "geen", "nooit", "niets", "zonder",
];

/// Whether a sentence denies something: two sentences about the same thing may then be opposites.
pub(crate) fn denies(text: &str) -> bool {
    let is_denial = |word: &text::Word| DENIALS.contains(&text::fold(&word.normal).as_str());
    is_negated(text) || text::words(text).iter().any(is_denial)
}

/// The number that a folded word stands for.
fn number(word: &str) -> Option<u64> {
    if let Some((_, value)) = UNITS.iter().chain(&ORDINALS).find(|(name, _)| *name == word) {
        return Some(*value);
    }
    // German ordinals are inflected.
    if let Some((_, value)) = ORDINALS.iter().find(|(name, _)| {
        name.ends_with('e') && word.strip_prefix(name).is_some_and(|ending| ["n", "r", "s", "m"].contains(&ending))
    }) {
        return Some(*value);
    }
    // "fünfundzwanzig"
    let (unit, tens) = word.split_once("und")?;
    let unit = if unit == "ein" { 1 } else { UNITS.iter().find(|(name, _)| *name == unit)?.1 };
    Some(TENS.iter().find(|(name, _)| *name == tens)?.1 + unit)
}

/// A day, in all the forms in which a sentence may give it.
pub(crate) fn of_day(day: NaiveDate) -> [String; 5] {
    [
        format!("n{}", day.day()),
        format!("n{}", day.month()),
        format!("m{}", day.month()),
        format!("n{}", day.year()),
        format!("w{}", day.weekday().num_days_from_monday()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let expect: BTreeSet<String> = expect.iter().map(|fact| (*fact).to_owned()).collect();
        assert_eq!(of(text), expect, "{text}");
    }

    #[test]
    fn a_number_or_date_is_the_same_in_words_and_digits_and_in_both_languages() {
        check("She called three customers by Friday.", &["n3", "w4"]);
        check("Bis Freitag ruft sie 3 Kunden an.", &["n3", "w4"]);
        check("twenty-five of 1,250,000", &["n25", "n1250000"]);
        check("fünfundzwanzig von 1.250.000", &["n25", "n1250000"]);
        check("on the 3rd of March", &["n3", "m3"]);
        check("am dritten März", &["n3", "m3"]);
        check("She may march on.", &[]);
        check("next week, nächste Woche", &["rnext week"]);
        check("tomorrow at 9:30", &["dtomorrow", "n9", "n30"]);
        check("One of them, and another.", &[]);
        let day = NaiveDate::from_ymd_opt(2026, 3, 13).expect("a date");
        assert!(of("Friday 13 March 2026").iter().all(|fact| of_day(day).contains(fact)));
    }
}
