//! Bare numbers for times, `[12] Name: text`, `0.25 Name: text`: seconds, minutes or milliseconds, as the pace of the words
//! tells.
//!
//! Pure.

use super::words;

/// Fewer lines show nothing.
const FEWEST: usize = 4;
/// Words a second: nobody is slower or faster all through, pauses between turns included.
const PACE: (f64, f64) = (0.3, 6.0);
/// Units, and how many milliseconds each has; so far apart that a pace fits one alone.
const UNITS: [(&str, f64); 3] = [("seconds", 1_000.0), ("minutes", 60_000.0), ("milliseconds", 1.0)];

/// The text with its numbers written as times, and the unit that they are in; none where its lines begin otherwise.
pub(super) fn written_out(text: &str) -> Option<(String, &'static str)> {
    let filled = || text.lines().filter(|line| !line.trim().is_empty());
    // Most files show in their first line that they have none.
    number(filled().next()?)?;
    let numbers: Vec<(f64, &str)> = filled().filter_map(number).collect();
    let lines = filled().count();
    if numbers.len() < FEWEST || numbers.len() * 10 < lines * 9 {
        return None;
    }
    let forward = numbers.windows(2).all(|pair| pair[1].0 >= pair[0].0);
    // Numbers of the lines go up by one.
    let counted = numbers.windows(2).filter(|pair| (pair[1].0 - pair[0].0 - 1.0).abs() < 1e-6).count();
    let (first, last) = (numbers.first()?.0, numbers.last()?.0);
    // A talk begins near its beginning; years do not.
    if !forward || counted * 2 > numbers.len() || last <= first || first > (last - first) * 2.0 {
        return None;
    }
    // What the last line says is said after its time.
    let said: usize = numbers[..numbers.len() - 1].iter().map(|(_, rest)| words::count(rest)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a number of words")]
    let fits = |millis: f64| (PACE.0..=PACE.1).contains(&(said as f64 / ((last - first) * millis / 1_000.0)));
    let (unit, millis) = UNITS.into_iter().find(|(_, millis)| fits(*millis))?;
    let line = |line: &str| match number(line) {
        Some((value, rest)) => {
            let seconds = value * millis / 1_000.0;
            let (minutes, seconds) = ((seconds / 60.0).floor(), seconds % 60.0);
            format!("[{:02}:{:02}:{seconds:06.3}] {rest}", (minutes / 60.0).floor(), minutes % 60.0)
        }
        None => line.to_owned(),
    };
    Some((text.lines().map(line).collect::<Vec<_>>().join("\n"), unit))
}

/// The number that a line begins with, and what follows: in brackets, or with a point.
fn number(line: &str) -> Option<(f64, &str)> {
    let text = line.trim_start();
    let close = match text.chars().next()? {
        '[' => Some(']'),
        '(' => Some(')'),
        _ => None,
    };
    let inner = &text[usize::from(close.is_some())..];
    let end = inner.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(inner.len());
    let (written, rest) = inner.split_at(end);
    if !(1..=12).contains(&written.len()) || !written.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let rest = match close {
        Some(close) => rest.strip_prefix(close)?,
        // "1. Ana: so" has the number of its line.
        None => Some(rest).filter(|_| written.contains('.') && !written.ends_with('.'))?,
    };
    // Behind a tab stands the next cell of a table.
    let apart = rest.starts_with(' ') && rest.contains(char::is_alphabetic);
    written.parse().ok().filter(|_| apart).map(|value| (value, rest.trim_start()))
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
            (["[2001]", "[2006]", "[2012]", "[2019]", "[2026]"], None),
        ] {
            assert_eq!(written_out(&file(numbers)).map(|(_, unit)| unit), wanted, "{numbers:?}");
        }
        let (text, _) = written_out(&file(["0.05", "0.15", "0.27", "0.40", "60.5"])).unwrap_or_default();
        assert!(text.is_empty() || text.ends_with("again."), "{text}");
    }
}
