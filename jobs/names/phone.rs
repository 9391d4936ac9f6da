//! Phone numbers as labels: unlike any other label without a name, a caller's number belongs to one person. Pure.

/// Fewer digits are an extension or a running number.
const FEWEST: usize = 7;
const MOST: usize = 15;

/// The digits of a label that is exactly one phone number: `+49 (0)151 234-5678` and `0049 151 2345678` are the same.
/// With a plus if the country is included; without it, the country is unknown.
pub(crate) fn number(label: &str) -> Option<String> {
    let text = label.trim().trim_start_matches("tel:").trim().replace("(0)", "");
    let is_mark =
        |c: char| c.is_whitespace() || matches!(c, '-' | '–' | '.' | '/' | '(' | ')' | '\u{202a}' | '\u{202c}');
    let (has_plus, rest) = match text.trim_start_matches(is_mark) {
        rest if rest.starts_with('+') => (true, &rest[1..]),
        rest => (false, rest),
    };
    if !rest.chars().all(|c| c.is_ascii_digit() || is_mark(c)) {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let (is_whole, digits) = match digits.strip_prefix("00") {
        Some(rest) if !has_plus => (true, rest.to_owned()),
        _ => (has_plus, digits),
    };
    // Eight digits alone may be a day.
    let fewest = if is_whole || digits.starts_with('0') { FEWEST } else { 10 };
    if !(fewest..=MOST).contains(&digits.len()) {
        return None;
    }
    Some(if is_whole { format!("+{digits}") } else { digits })
}

/// Whether two results of [`number`] may be the same, one written without its country.
pub(crate) fn may_be_one(one: &str, other: &str) -> bool {
    let ends = |whole: &str, short: &str| {
        let short = short.trim_start_matches('0');
        whole.starts_with('+') && !short.starts_with('+') && short.len() >= FEWEST && whole.ends_with(short)
    };
    one == other || ends(one, other) || ends(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_read_however_it_is_written() {
        for label in
            ["+49 151 2345678", "0049 151 2345678", "+49 (0)151 234-5678", "+491512345678", " +49/151.2345678 "]
        {
            assert_eq!(number(label).as_deref(), Some("+491512345678"), "{label}");
        }
        assert_eq!(number("0151 2345678").as_deref(), Some("01512345678"));
        assert_eq!(number("(415) 555-0100").as_deref(), Some("4155550100"));
        for label in ["1", "2026-11-24", "20261124", "+49 151", "Speaker 1", "+49 151 *****78", "", "3:45", "101"] {
            assert_eq!(number(label), None, "{label}");
        }
        assert!(may_be_one("+491512345678", "01512345678"));
        assert!(!may_be_one("+491512345678", "01512345679"));
        assert!(!may_be_one("01512345678", "1512345678"), "neither says its country");
    }
}
