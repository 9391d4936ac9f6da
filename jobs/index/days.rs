//! Days that are named in a query: "in March", "last week", "im März 2026", "the last 30 days". Pure.
//!
//! Read only where a word can hardly mean anything else: a month needs a preposition before it or a year after it. Whoever asks is
//! shown what was understood, and can say that words are words.

use chrono::{Datelike, Days as Span, Months, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

use crate::names::{fold, words};

/// Days that a query names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = DaysUnderstood)]
pub struct Days {
    /// The first.
    pub from: NaiveDate,
    /// The last.
    pub to: NaiveDate,
    /// The words that name them.
    pub words: String,
}

/// The months, in the languages that are read here, folded.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "januari", "janvier", "enero", "gennaio", "janeiro"],
    &["february", "februar", "februari", "fevrier", "febrero", "febbraio", "fevereiro"],
    &["march", "marz", "mars", "marzo", "maart", "marco", "marts"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "maj", "mayo", "maggio", "mei", "maio"],
    &["june", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "augusti", "aout", "agosto", "augustus"],
    &["september", "septembre", "septiembre", "settembre", "setembro"],
    &["october", "oktober", "octobre", "octubre", "ottobre", "outubro"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "dezember", "decembre", "diciembre", "dicembre", "dezembro"],
];

/// The seasons of the north, by their first month.
#[rustfmt::skip]
const SEASONS: [(u32, &[&str]); 4] = [
    (3, &["spring", "fruhling", "fruhjahr", "varen", "printemps", "primavera", "lente"]),
    (6, &["summer", "sommer", "sommaren", "ete", "verano", "estate", "verao", "zomer", "sommeren"]),
    (9, &["autumn", "fall", "herbst", "hosten", "automne", "otono", "autunno", "outono", "herfst", "efteraret"]),
    (12, &["winter", "vintern", "hiver", "invierno", "inverno", "vinteren"]),
];

const IN: [&str; 11] = ["in", "during", "im", "i", "en", "au", "a", "em", "nel", "om", "pa"];
const SINCE: [&str; 8] = ["since", "seit", "sedan", "depuis", "desde", "dal", "sinds", "siden"];

/// Units of time in the languages that are read here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    Month,
    Year,
}

#[rustfmt::skip]
const UNITS: [(Unit, &[&str]); 4] = [
    (Unit::Day, &["day", "days", "tag", "tage", "tagen", "dag", "dagar", "dagarna", "jour", "jours", "dia", "dias"]),
    (Unit::Week, &["week", "weeks", "woche", "wochen", "vecka", "veckan", "veckor", "veckorna", "semaine", "semaines", "semana", "semanas"]),
    (Unit::Month, &["month", "months", "monat", "monate", "monaten", "manad", "manaden", "manader", "manaderna", "mois", "mes", "meses"]),
    (Unit::Year, &["year", "years", "jahr", "jahre", "jahren", "ar", "aret", "aren", "annee", "annees", "ano", "anos"]),
];

const LAST: [&str; 19] = [
    "last",
    "past",
    "previous",
    "letzte",
    "letzten",
    "letzter",
    "letztes",
    "vergangene",
    "vergangenen",
    "forra",
    "senaste",
    "derniere",
    "dernier",
    "dernieres",
    "derniers",
    "pasada",
    "pasado",
    "ultimas",
    "ultimos",
];
const THIS: [&str; 13] = [
    "this", "current", "diese", "diesen", "diesem", "dieser", "dieses", "denna", "cette", "ce", "esta", "este", "detta",
];
const TODAY: [&str; 5] = ["today", "heute", "idag", "aujourdhui", "hoy"];
const YESTERDAY: [&str; 5] = ["yesterday", "gestern", "igar", "hier", "ayer"];

/// The days that `text` names first, and the text without those words.
pub(super) fn find(text: &str, today: NaiveDate) -> Option<(Days, String)> {
    let written: Vec<&str> = text.split_whitespace().collect();
    let folded: Vec<String> = written.iter().map(|word| words(&fold(word)).concat()).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    let (at, length, (from, to)) = (0..folded.len()).find_map(|at| {
        let (length, days) = named(&folded[at..], today)?;
        Some((at, length, days))
    })?;
    // An article that is left over goes too.
    let first =
        if at > 0 && ["the", "la", "le", "den", "der", "das", "el"].contains(&folded[at - 1]) { at - 1 } else { at };
    let end = written[at + length - 1].trim_matches(|c: char| !c.is_alphanumeric());
    let mut said: Vec<&str> = written[first..at + length].to_vec();
    if let Some(last) = said.last_mut() {
        *last = end;
    }
    let mut rest = [&written[..first], &written[at + length..]].concat().join(" ");
    if written[at + length - 1].ends_with('?') && !rest.ends_with('?') {
        rest.push('?');
    }
    Some((Days { from, to, words: said.join(" ") }, rest))
}

/// The days that these words begin with, and how many words name them.
fn named(words: &[&str], today: NaiveDate) -> Option<(usize, (NaiveDate, NaiveDate))> {
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let first = word(0);
    if TODAY.contains(&first) {
        return Some((1, (today, today)));
    }
    if YESTERDAY.contains(&first) {
        let day = today.pred_opt()?;
        return Some((1, (day, day)));
    }
    if LAST.contains(&first) {
        if let Some(number) = number(word(1)) {
            return Some((3, (before(today, unit(word(2))?, number)?, today)));
        }
        if let Some(unit) = unit(word(1)) {
            return Some((2, whole(unit, today, 1)?));
        }
        return past(word(1), None, today.checked_sub_months(Months::new(1))?).map(|days| (2, days));
    }
    if THIS.contains(&first)
        && let Some(unit) = unit(word(1))
    {
        return Some((2, whole(unit, today, 0)?));
    }
    // "la semaine dernière", "los últimos 3 meses".
    if let Some(unit) = unit(first)
        && LAST[11..].contains(&word(1))
    {
        return Some((2, whole(unit, today, 1)?));
    }
    let year =
        |at: usize| word(at).parse().ok().filter(|year: &i32| (1990..2100).contains(year) && word(at).len() == 4);
    if SINCE.contains(&first) {
        let (length, (from, _)) = match (past(word(1), year(2), today), year(1)) {
            (Some(days), _) => (if year(2).is_some() { 3 } else { 2 }, days),
            (None, Some(year)) => (2, of_year(year)?),
            (None, None) => return None,
        };
        return Some((length, (from, today)));
    }
    if IN.contains(&first) {
        let the = usize::from(["the", "der", "den", "la", "le"].contains(&word(1)));
        if the == 1 && LAST.contains(&word(2)) {
            return named(&words[2..], today).map(|(length, days)| (length + 2, days));
        }
        if let Some(days) = past(word(1 + the), year(2 + the), today) {
            return Some((2 + the + usize::from(year(2 + the).is_some()), days));
        }
        return year(1).and_then(of_year).map(|days| (2, days));
    }
    // "March 2026".
    year(1).and_then(|year| past(first, Some(year), today)).map(|days| (2, days))
}

/// A month or a season: of a year, or the last that has begun.
fn past(name: &str, year: Option<i32>, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let month = MONTHS.iter().position(|names| names.contains(&name)).and_then(|at| u32::try_from(at + 1).ok());
    let season = SEASONS.iter().find(|(_, names)| names.contains(&name)).map(|(month, _)| *month);
    let (month, months) = month.map(|month| (month, 1)).or(season.map(|month| (month, 3)))?;
    let this_year = NaiveDate::from_ymd_opt(year.unwrap_or(today.year()), month, 1)?;
    let from =
        if year.is_none() && this_year > today { this_year.checked_sub_months(Months::new(12))? } else { this_year };
    Some((from, from.checked_add_months(Months::new(months))?.pred_opt()?))
}

fn of_year(year: i32) -> Option<(NaiveDate, NaiveDate)> {
    Some((NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?))
}

/// A whole week (from Monday), month or year: this one, or the one before.
fn whole(unit: Unit, today: NaiveDate, before: u32) -> Option<(NaiveDate, NaiveDate)> {
    match unit {
        Unit::Day => None,
        Unit::Week => {
            let monday = today - Span::new(u64::from(today.weekday().num_days_from_monday()));
            let from = monday.checked_sub_days(Span::new(u64::from(7 * before)))?;
            Some((from, from.checked_add_days(Span::new(6))?))
        }
        Unit::Month => {
            let from = today.with_day(1)?.checked_sub_months(Months::new(before))?;
            Some((from, from.checked_add_months(Months::new(1))?.pred_opt()?))
        }
        Unit::Year => of_year(today.year() - i32::try_from(before).ok()?),
    }
}

/// The day that is so many units before `today`.
fn before(today: NaiveDate, unit: Unit, number: u32) -> Option<NaiveDate> {
    match unit {
        Unit::Day => today.checked_sub_days(Span::new(u64::from(number))),
        Unit::Week => today.checked_sub_days(Span::new(u64::from(number) * 7)),
        Unit::Month => today.checked_sub_months(Months::new(number)),
        Unit::Year => today.checked_sub_months(Months::new(number.checked_mul(12)?)),
    }
}

fn unit(word: &str) -> Option<Unit> {
    UNITS.iter().find(|(_, names)| names.contains(&word)).map(|(unit, _)| *unit)
}

/// A small number, in digits or in a word.
fn number(word: &str) -> Option<u32> {
    #[rustfmt::skip]
    const NUMBERS: [&[&str]; 5] = [
        &["two", "zwei", "tva", "deux", "dos"], &["three", "drei", "tre", "trois", "tres"], &["four", "vier", "fyra", "quatre", "cuatro"],
        &["five", "funf", "fem", "cinq", "cinco"], &["six", "sechs", "sex", "seis"],
    ];
    let named = NUMBERS.iter().position(|names| names.contains(&word)).and_then(|at| u32::try_from(at + 2).ok());
    named.or_else(|| word.parse().ok().filter(|number| (1..=1000).contains(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_several_languages() {
        // A Wednesday.
        let today = NaiveDate::from_ymd_opt(2026, 5, 20).expect("a day");
        for (text, words, from, to) in [
            ("hiring in March", "in March", "2026-03-01", "2026-03-31"),
            ("hiring in June", "in June", "2025-06-01", "2025-06-30"),
            ("hiring in May?", "in May", "2026-05-01", "2026-05-31"),
            ("March 2024 hiring", "March 2024", "2024-03-01", "2024-03-31"),
            ("hiring in spring?", "in spring", "2026-03-01", "2026-05-31"),
            ("hiring last winter", "last winter", "2025-12-01", "2026-02-28"),
            ("hiring last week", "last week", "2026-05-11", "2026-05-17"),
            ("hiring this month", "this month", "2026-05-01", "2026-05-31"),
            ("in the last 30 days", "in the last 30 days", "2026-04-20", "2026-05-20"),
            ("the last three weeks hiring", "the last three weeks", "2026-04-29", "2026-05-20"),
            ("since March", "since March", "2026-03-01", "2026-05-20"),
            ("hiring in 2025", "in 2025", "2025-01-01", "2025-12-31"),
            ("yesterday", "yesterday", "2026-05-19", "2026-05-19"),
            ("Was hat sie im März gesagt?", "im März", "2026-03-01", "2026-03-31"),
            ("letzte Woche", "letzte Woche", "2026-05-11", "2026-05-17"),
            ("budget i mars", "i mars", "2026-03-01", "2026-03-31"),
            ("budget förra veckan", "förra veckan", "2026-05-11", "2026-05-17"),
            ("la semaine dernière", "la semaine dernière", "2026-05-11", "2026-05-17"),
            ("contratar en marzo", "en marzo", "2026-03-01", "2026-03-31"),
        ] {
            let (days, _) = find(text, today).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (days.words.as_str(), days.from.to_string().as_str(), days.to.to_string().as_str()),
                (words, from, to)
            );
        }
        for text in
            ["the march of progress", "may I", "a week", "April said so", "in budget", "last", "fall behind", "in 12"]
        {
            assert_eq!(find(text, today), None, "{text}");
        }
    }

    #[test]
    fn what_is_left_is_the_rest() {
        let today = NaiveDate::from_ymd_opt(2026, 5, 20).expect("a day");
        let rest = |text: &str| find(text, today).expect("days").1;
        assert_eq!(rest("what did Priya decide in March about hiring?"), "what did Priya decide about hiring?");
        assert_eq!(rest("hiring in March?"), "hiring?");
    }
}
