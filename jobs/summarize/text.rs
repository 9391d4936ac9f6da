//! Words and sentences: the normal form in which quotes are compared, the place of a quote in what was said, and
//! where sentences end. Pure.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A word of a text: its normal form and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// NFKC, lower case, letters and digits only.
    pub(crate) normal: String,
    /// Its bytes in the text.
    pub(crate) range: Range<usize>,
}

/// The words of `text`. Apostrophes belong to the word and are left out of its normal form, so that every kind of
/// them is the same; all other punctuation separates.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        let inside = c.is_alphanumeric() || is_combining_mark(c) || (start.is_some() && is_apostrophe(c));
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                push_word(&mut words, text, from..at);
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        push_word(&mut words, text, from..text.len());
    }
    words
}

fn push_word(words: &mut Vec<Word>, text: &str, range: Range<usize>) {
    let end = range.start + text[range.clone()].trim_end_matches(is_apostrophe).len();
    let normal: String =
        text[range.start..end].nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if !normal.is_empty() {
        words.push(Word { normal, range: range.start..end });
    }
}

/// Whether `c` is one of the characters that people type for an apostrophe.
pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{02bc}' | '`' | '\u{00b4}')
}

/// The normal form of a text: its words, one space between them.
pub(crate) fn normalize(text: &str) -> String {
    words(text).into_iter().map(|word| word.normal).collect::<Vec<_>>().join(" ")
}

/// Where the words of `quote` stand in `text` in a row: the text's own bytes, with the punctuation that follows.
/// None where they do not, or where the quote has no words.
pub(crate) fn locate<'a>(text: &'a str, quote: &str) -> Option<&'a str> {
    let said = words(text);
    let quoted = words(quote);
    if quoted.is_empty() || quoted.len() > said.len() {
        return None;
    }
    let first =
        said.windows(quoted.len()).position(|run| run.iter().zip(&quoted).all(|(a, b)| a.normal == b.normal))?;
    let from = said[first].range.start;
    let to = said[first + quoted.len() - 1].range.end;
    let tail: usize = text[to..].chars().take_while(|c| matches!(c, '.' | '!' | '?' | '…')).map(char::len_utf8).sum();
    Some(&text[from..to + tail])
}

/// The sentences of `text`, as byte ranges without the spaces between them. Words that somebody quotes stay in one
/// sentence with who said them.
pub(crate) fn sentences(text: &str) -> Vec<Range<usize>> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut sentences = Vec::new();
    let (mut start, mut quoted, mut i) = (0, false, 0);
    while i < chars.len() {
        let (at, c) = chars[i];
        quoted = in_quotes(text, at, c, quoted);
        let closes_quote = is_quote(c) && !quoted && i > 0 && matches!(chars[i - 1].1, '.' | '!' | '?' | '…');
        if closes_quote || (!quoted && matches!(c, '.' | '!' | '?' | '…')) {
            let mut next = i + 1;
            while next < chars.len() && matches!(chars[next].1, '.' | '!' | '?' | '…' | ')' | '\u{201d}') {
                next += 1;
            }
            let end = chars.get(next).map_or(text.len(), |(at, _)| *at);
            if ends_here(&text[start..end], &text[end..]) {
                push_trimmed(&mut sentences, text, start..end);
                start = end;
            }
            i = next;
            continue;
        }
        i += 1;
    }
    push_trimmed(&mut sentences, text, start..text.len());
    sentences
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}

/// Whether the text is inside quotes after the character `c` at `at`; a quote that is never closed opens nothing.
fn in_quotes(text: &str, at: usize, c: char, quoted: bool) -> bool {
    if !is_quote(c) {
        return quoted;
    }
    !quoted && text[at + c.len_utf8()..].contains(is_quote)
}

/// Whether a sentence ends between `before` (which ends in a full stop or its like) and `after`.
fn ends_here(before: &str, after: &str) -> bool {
    let Some(next) = after.chars().next() else { return true };
    if !next.is_whitespace() && !is_quote(next) {
        return false;
    }
    let starts = after.trim_start().trim_start_matches(is_quote).chars().next();
    // A recogniser that writes no capitals writes its full stops apart or not, but "um..." goes on.
    let apart =
        before.ends_with([' ', '\t']) || before.trim_end_matches(['.', '!', '?']).ends_with(char::is_whitespace);
    if starts.is_some_and(char::is_lowercase) && !apart {
        return false;
    }
    let last = before.trim_end_matches('.').rsplit(char::is_whitespace).next().unwrap_or_default().to_lowercase();
    !(before.ends_with('.')
        && matches!(last.as_str(), "mr" | "mrs" | "ms" | "dr" | "prof" | "st" | "vs" | "e.g" | "i.e" | "approx"))
}

fn push_trimmed(sentences: &mut Vec<Range<usize>>, text: &str, range: Range<usize>) {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    if start < end {
        sentences.push(start..end);
    }
}

/// `text` without what stands in double quotes: what somebody says of another's words is not their own.
pub(crate) fn without_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        let was = quoted;
        quoted = in_quotes(text, at, c, quoted);
        match (was, quoted) {
            (false, false) if !is_quote(c) => out.push(c),
            (false, true) => out.push(' '),
            _ => {}
        }
    }
    out
}

/// Whether `c` is seen by no reader: such characters hide instructions in a transcript, and are taken out.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// A name or word without diacritics and in lower case: `Åsa` and `Asa` are the same person.
pub(crate) fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'ł' => 'l',
            'ø' => 'o',
            'đ' => 'd',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_found_whatever_their_punctuation_and_case() {
        let said = "Yeah, so — I closed the “Hartman” account on Tuesday! It’s done.";
        assert_eq!(
            locate(said, "i closed the Hartman account, on tuesday"),
            Some("I closed the “Hartman” account on Tuesday!")
        );
        assert_eq!(locate(said, "It's done"), Some("It’s done."));
        assert_eq!(locate(said, "I closed the account"), None);
        assert_eq!(locate(said, "art"), None, "a part of a word is not the word");
        assert_eq!(locate(said, "…"), None);
    }

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        let check = |text: &str, expect: &[&str]| {
            let got: Vec<&str> = sentences(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(got, expect);
        };
        check("One. Two! Three?", &["One.", "Two!", "Three?"]);
        check("I pay 1.5 million to Dr. Lind. Fine", &["I pay 1.5 million to Dr. Lind.", "Fine"]);
        check(r#"And he said, "Okay. Show me." So I did."#, &[r#"And he said, "Okay. Show me.""#, "So I did."]);
        check("I was, um... to be found out.", &["I was, um... to be found out."]);
        check(r#"An open " quote. Goes on."#, &[r#"An open " quote."#, "Goes on."]);
        check("i'm okay . how are you ?", &["i'm okay .", "how are you ?"]);
        check("", &[]);
    }

    #[test]
    fn what_is_quoted_is_left_out() {
        assert_eq!(without_quotes(r#"She said, "I did it" and left."#), "She said,   and left.");
    }
}
