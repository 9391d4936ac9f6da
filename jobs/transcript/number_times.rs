//! Bare numbers as times, `[12] Name: text`, `0.25 Name: text`: seconds, minutes or milliseconds, as determined by the
//! pace of the words.
//!
//! Pure.

use std::collections::HashSet;

use super::{label, text::figure, words};

/// Fewer lines prove nothing.
const FEWEST: usize = 4;
/// Words per second: nobody is slower or faster throughout, pauses between turns included.
const PACE: (f64, f64) = (0.3, 6.0);
/// Units, and their length in milliseconds; so far apart that a pace fits only one.
const UNITS: [(&str, f64); 3] = [("seconds", 1_000.0), ("minutes", 60_000.0), ("milliseconds", 1.0)];

/// A line that begins with a number.
struct Numbered<'a> {
    value: f64,
    /// The end, if there is a second number.
    end: Option<f64>,
    /// The words, with their label.
    rest: &'a str,
    /// Whether it's in brackets or has a decimal point; a bare number may be that of a list.
    marked: bool,
    /// Whether a comma follows the number, as in a table.
    comma: bool,
}

/// The text with its numbers written as times, and their unit; `None` if its lines begin differently.
pub(super) fn written_out(text: &str) -> Option<(String, &'static str)> {
    let filled = || text.lines().filter(|line| !line.trim().is_empty());
    // In most files the first line shows that there are none.
    number(filled().next()?)?;
    let numbers: Vec<Numbered<'_>> = filled().filter_map(number).collect();
    let lines = filled().count();
    if numbers.len() < FEWEST || numbers.len() * 10 < lines * 9 {
        return None;
    }
    let forward = numbers.windows(2).all(|pair| pair[1].value >= pair[0].value);
    // Line numbers increase by one.
    let counted = numbers.windows(2).filter(|pair| (pair[1].value - pair[0].value - 1.0).abs() < 1e-6).count();
    let (first, last) = (numbers.first()?.value, numbers.last()?.value);
    // A talk begins near zero; years don't.
    if !forward || counted * 2 > numbers.len() || last <= first || first > (last - first) * 2.0 {
        return None;
    }
    let commas = numbers.iter().all(|number| number.comma) && names(&numbers, before_comma);
    let labelled = || commas || names(&numbers, before_colon);
    if numbers.iter().any(|number| !number.marked) && !labelled() {
        return None;
    }
    // The words of the last line come after its time.
    let said: usize = numbers[..numbers.len() - 1].iter().map(|number| words::count(number.rest)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a number of words")]
    let fits = |millis: f64| (PACE.0..=PACE.1).contains(&(said as f64 / ((last - first) * millis / 1_000.0)));
    let (unit, millis) = UNITS.into_iter().find(|(_, millis)| fits(*millis))?;
    let line = |line: &str| {
        let Some(Numbered { value, end, rest, .. }) = number(line) else { return line.to_owned() };
        let end = end.map_or_else(String::new, |end| format!(" - {}", clock(end * millis)));
        let rest = match before_comma(rest).filter(|_| commas) {
            Some(name) => format!("{name}: {}", rest[name.len()..].trim_start_matches([',', ' '])),
            None => rest.to_owned(),
        };
        format!("[{}{end}] {rest}", clock(value * millis))
    };
    Some((text.lines().map(line).collect::<Vec<_>>().join("\n"), unit))
}

fn clock(millis: f64) -> String {
    let (minutes, seconds) = ((millis / 60_000.0).floor(), millis / 1_000.0 % 60.0);
    format!("{:02}:{:02}:{seconds:06.3}", (minutes / 60.0).floor(), minutes % 60.0)
}

fn before_comma(text: &str) -> Option<&str> {
    text[..text.floor_char_boundary(120)]
        .split_once(", ")
        .map(|(name, _)| name)
        .filter(|name| label::may_be_label(name))
}

fn before_colon(text: &str) -> Option<&str> {
    label::candidate(text).map(|found| found.label).filter(|name| label::may_be_label(name))
}

/// Whether a few names precede the words in nearly every line.
fn names<'a>(numbers: &[Numbered<'a>], name: fn(&'a str) -> Option<&'a str>) -> bool {
    let names: Vec<&str> = numbers.iter().filter_map(|number| name(number.rest)).collect();
    let distinct = names.iter().collect::<HashSet<_>>().len();
    names.len() * 10 >= numbers.len() * 8 && distinct * 2 <= names.len()
}

/// The number at the start of a line, and what follows: in brackets, with a decimal point, or bare. It may be in the
/// digits of another script, and may be followed by a second one.
fn number(line: &str) -> Option<Numbered<'_>> {
    let text = line.trim_start();
    let close = match text.chars().next()? {
        '[' => Some(']'),
        '(' => Some(')'),
        _ => None,
    };
    let (value, pointed, rest) = value(&text[usize::from(close.is_some())..])?;
    let second =
        rest.trim_start_matches(' ').strip_prefix(['-', '–', '→']).and_then(|rest| value_of(rest.trim_start()));
    let (end, rest) = second.map_or((None, rest), |(end, rest)| (Some(end), rest));
    let rest = match close {
        Some(close) => rest.strip_prefix(close)?,
        // "1. Ana: so" has a line number.
        None => rest,
    };
    let comma = close.is_none() && rest.starts_with(", ");
    let rest = if comma { &rest[1..] } else { rest };
    // After a tab comes the next cell of a table.
    let apart = rest.starts_with(' ') && rest.contains(char::is_alphabetic);
    let marked = close.is_some() || pointed;
    apart.then(|| Numbered { value, end, rest: rest.trim_start(), marked, comma })
}

fn value_of(text: &str) -> Option<(f64, &str)> {
    value(text).map(|(value, _, rest)| (value, rest))
}

/// A number at the start of `text`, whether it has a decimal point, and what follows.
fn value(text: &str) -> Option<(f64, bool, &str)> {
    let mut written = String::new();
    let mut end = 0;
    for letter in text.chars() {
        match figure(letter) {
            Some(figure) => written.extend(char::from_digit(figure, 10)),
            None if letter == '.' => written.push('.'),
            None => break,
        }
        end += letter.len_utf8();
    }
    let rest = &text[end..];
    let whole = (1..=12).contains(&written.len()) && written.starts_with(|letter: char| letter.is_ascii_digit());
    (whole && !written.ends_with('.')).then_some(())?;
    Some((written.parse().ok()?, written.contains('.'), rest))
}

#[cfg(test)]
mod tests {
    use super::written_out;

    #[test]
    fn the_pace_of_words_tells_the_unit() {
        let file = |numbers: [&str; 5]| {
            let line = |number: &&str| format!("{number} Ana: we went down to the house by the sea again.");
            numbers.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        for (numbers, wanted) in [
            (["[3]", "[9]", "[14]", "[21]", "[30]"], Some("seconds")),
            (["(3.5)", "(9.25)", "(14)", "(21.5)", "(30)"], Some("seconds")),
            (["0.05", "0.15", "0.27", "0.40", "0.52"], Some("minutes")),
            (["[3000]", "[9000]", "[14000]", "[21000]", "[30000]"], Some("milliseconds")),
            (["[1]", "[2]", "[3]", "[4]", "[5]"], None),
            (["1.", "9.", "14.", "21.", "30."], None),
            (["[3]", "[9]", "[4]", "[21]", "[30]"], None),
            (["3000", "9000", "14000", "21000", "30000"], Some("milliseconds")),
            (["3000-8000", "9000-13000", "14000-20000", "21000-28000", "30000-34000"], Some("milliseconds")),
            (["٣٠٠٠", "٩٠٠٠", "١٤٠٠٠", "٢١٠٠٠", "٣٠٠٠٠"], Some("milliseconds")),
            (["[2001]", "[2006]", "[2012]", "[2019]", "[2026]"], None),
        ] {
            assert_eq!(written_out(&file(numbers)).map(|(_, unit)| unit), wanted, "{numbers:?}");
        }
        let commas = "1000, Ana, so it is, all in all.\n7000, Tom, and why is it so?\n14000, Ana, nobody knows.\n\
                      20000, Tom, we will see.";
        let (text, _) = written_out(commas).expect("times");
        assert!(text.starts_with("[00:00:01.000] Ana: so it is, all in all.\n"), "{text}");
        assert!(written_out("1990 we built it.\n1994 we sold it.\n1999 we left.\n2004 we came.").is_none());
        let (text, _) = written_out(&file(["0.05", "0.15", "0.27", "0.40", "60.5"])).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with("again."), "{text}");
    }
}
