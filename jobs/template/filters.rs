//! Template filters for times, dates, counts, lists and wrapped text, as people write them. Pure.

use chrono::{Datelike, NaiveDate};
use minijinja::{Environment, Error, ErrorKind};

use crate::names;

/// Adds all filters.
pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_filter("clock", clock);
    environment.add_filter("day", |date: String| format_date(&date, "%A %-d %B %Y"));
    environment.add_filter("short_day", |date: String| format_date(&date, "%a %-d %b"));
    environment.add_filter("span", span);
    environment.add_filter("count", count);
    environment.add_filter("and", and);
    environment.add_filter("wrap", wrap);
    environment.add_filter("minutes", minutes);
    environment.add_filter("hello", hello);
    environment.add_filter("inner", inner);
}

/// Milliseconds as `12:34`, or `1:02:03` from one hour.
#[must_use]
pub fn clock(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// Seconds as `48 min`, or `1 h 05 min` from one hour.
fn minutes(seconds: f64) -> String {
    // A day's seconds fit easily in an i64, and a fraction of a minute isn't worth showing.
    #[expect(clippy::cast_possible_truncation, reason = "rounded, and small")]
    let minutes = (seconds.max(0.0) / 60.0).round() as i64;
    if minutes >= 60 { format!("{} h {:02} min", minutes / 60, minutes % 60) } else { format!("{minutes} min") }
}

/// `1 summary`, `2 summaries`.
fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `Tom`, `Tom and Priya`, `Tom, Priya and Ada`.
fn and(items: Vec<String>) -> String {
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// How an email to a coach starts: `Hi Maya`, or `Hello` if the name has no part to use.
fn hello(name: &str) -> String {
    let called = names::called(name);
    if called.is_empty() { "Hello".to_owned() } else { format!("Hi {called}") }
}

/// For words in double quotes: their own double quotes become single ones.
fn inner(words: &str) -> String {
    let mut open = false;
    let quote = |c| match c {
        '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' => {
            open = !open;
            if open { '\u{2018}' } else { '\u{2019}' }
        }
        c => c,
    };
    words.chars().map(quote).collect()
}

/// Wraps words in lines of at most `width` characters; lines after the first start with `indent` spaces. A longer word
/// (a link) gets its own line and is never cut.
fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let (first, line) = (lines.len() == 1, lines.last_mut().expect("there is always a line"));
        let room = width.saturating_sub(if first { 0 } else { indent });
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

fn format_date(date: &str, format: &str) -> Result<String, Error> {
    Ok(parse_date(date)?.format(format).to_string())
}

/// A range of two dates: `16–22 November`, or `30 November – 6 December`.
fn span(first: String, last: String) -> Result<String, Error> {
    let (first, last) = (parse_date(&first)?, parse_date(&last)?);
    if (first.year(), first.month()) == (last.year(), last.month()) {
        return Ok(format!("{}–{}", first.day(), last.format("%-d %B")));
    }
    Ok(format!("{} – {}", first.format("%-d %B"), last.format("%-d %B")))
}

fn parse_date(date: &str) -> Result<NaiveDate, Error> {
    date.parse().map_err(|_| Error::new(ErrorKind::InvalidOperation, "a date is written 2026-11-03"))
}
