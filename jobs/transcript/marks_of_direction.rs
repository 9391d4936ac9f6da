//! Direction marks of Arabic and Hebrew text. They are invisible, and occur before names and around times.
//!
//! Reads a text, returns a text with the same words.

/// Whether it's a mark that overrides the direction of what follows.
const fn is_turning(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether it's a mark that keeps punctuation on the correct side of a word.
const fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// The text without marks at the ends of lines and next to digits, colons and brackets; `None` if it has no such mark.
pub(super) fn without(text: &str) -> Option<String> {
    // All of them begin with one of these bytes in UTF-8.
    let first = |byte: u8| matches!(byte, 0xe2 | 0xd8 | 0xef);
    if text.is_ascii() || !text.bytes().any(first) || !text.contains(|letter| is_turning(letter) || is_mark(letter)) {
        return None;
    }
    let edge =
        |letter: char| letter.is_numeric() || letter.is_whitespace() || "[](){}<>:：|،,;؛-–—#.؟?!".contains(letter);
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if is_turning(letter) {
            continue;
        }
        let next = letters.peek().copied().unwrap_or('\n');
        if is_mark(letter) && (out.chars().next_back().is_none_or(edge) || edge(next)) {
            continue;
        }
        out.push(letter);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn marks_around_names_and_times_go() {
        for (text, wanted) in [
            ("\u{200f}المدرب [٠٠:٠٣]\nنعم", Some("المدرب [٠٠:٠٣]\nنعم")),
            ("\u{202b}[00:03] דנה\u{200f}: כן\u{202c}", Some("[00:03] דנה: כן")),
            ("C\u{200e}د", Some("C\u{200e}د")),
            ("so it is", None),
            ("café", None),
        ] {
            assert_eq!(without(text).as_deref(), wanted);
        }
    }
}
