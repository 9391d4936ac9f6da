//! Words and sentences: the normal form in which quotes are compared, where a quote occurs in what was said, and where
//! sentences end. Pure.

use std::{collections::BTreeSet, ops::Range};

use debrief_transcript::words::{has_unspaced, is_unspaced, segments};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A word of a text: its normal form and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// NFKC, lower case, letters and digits only.
    pub(crate) normal: String,
    /// Its bytes in the text.
    pub(crate) range: Range<usize>,
}

/// The words of `text`. Apostrophes belong to the word and are dropped from its normal form, so that every kind of
/// apostrophe compares equal; all other punctuation separates words. Text without spaces is split into words with a
/// dictionary.
pub(crate) fn words(text: &str) -> Vec<Word> {
    parted(text, |run| segments(run).map(str::len).collect())
}

/// Like [`words`], but where there are no spaces each letter is a word: how a dictionary splits a text depends on the
/// context, and a quote has less context than the text it comes from.
fn letters(text: &str) -> Vec<Word> {
    parted(text, |run| {
        let mut lengths: Vec<usize> = Vec::new();
        let mut after_spaced = false;
        for letter in run.chars() {
            // A combining mark belongs to its letter, and letters of other scripts belong together.
            let is_mark = is_combining_mark(letter);
            let goes_on = is_mark || (after_spaced && !is_unspaced(letter));
            after_spaced = if is_mark { after_spaced } else { !is_unspaced(letter) };
            match lengths.last_mut() {
                Some(last) if goes_on => *last += letter.len_utf8(),
                _ => lengths.push(letter.len_utf8()),
            }
        }
        lengths
    })
}

/// The runs of letters and digits. Runs in a script without spaces are split into parts of the byte lengths that
/// `parts` returns.
fn parted(text: &str, parts: impl Fn(&str) -> Vec<usize>) -> Vec<Word> {
    let whole = runs(text);
    if !has_unspaced(text) {
        return whole;
    }
    let mut words = Vec::with_capacity(whole.len() * 4);
    for word in whole {
        let run = &text[word.range.clone()];
        if !has_unspaced(run) {
            words.push(word);
            continue;
        }
        let mut from = word.range.start;
        for length in parts(run) {
            push_word(&mut words, text, from..from + length);
            from += length;
        }
    }
    words
}

/// The runs of letters and digits of `text`, in any script.
pub(crate) fn runs(text: &str) -> Vec<Word> {
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

/// Whether `c` is one of the characters that people type as an apostrophe.
pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{02bc}' | '`' | '\u{00b4}')
}

/// The normal form of a text: its words, separated by single spaces.
pub(crate) fn normalize(text: &str) -> String {
    words(text).into_iter().map(|word| word.normal).collect::<Vec<_>>().join(" ")
}

/// Finds the words of `quote` in `text`, in a row, and returns the text's own bytes with the punctuation that follows.
/// `None` if they aren't there, or if the quote has no words.
pub(crate) fn locate<'a>(text: &'a str, quote: &str) -> Option<&'a str> {
    let said = letters(text);
    let quoted = letters(quote);
    if quoted.is_empty() || quoted.len() > said.len() {
        return None;
    }
    let first =
        said.windows(quoted.len()).position(|run| run.iter().zip(&quoted).all(|(a, b)| a.normal == b.normal))?;
    let from = said[first].range.start;
    let to = said[first + quoted.len() - 1].range.end;
    let tail: usize = text[to..].chars().take_while(|c| is_stop(*c)).map(char::len_utf8).sum();
    Some(&text[from..to + tail])
}

/// Whether a sentence says the same five words in a row three times or more. People do so once in a while, and hardly
/// ever when they write.
pub(crate) fn goes_round(sentence: &str) -> bool {
    const RUN: usize = 5;
    let words = words(sentence);
    let mut counts = std::collections::HashMap::new();
    words.windows(RUN).any(|run| {
        let run: Vec<&str> = run.iter().map(|word| word.normal.as_str()).collect();
        let count = counts.entry(run).or_insert(0);
        *count += 1;
        *count >= 3
    })
}

/// The sentences of `text`, as byte ranges without the spaces between them. A quotation stays in one sentence with the
/// words that introduce it. Thai, Lao, Khmer and Burmese separate sentences with spaces, or hardly at all.
pub(crate) fn sentences(text: &str) -> Vec<Range<usize>> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut sentences = Vec::new();
    let (mut start, mut quoted, mut i) = (0, false, 0);
    while i < chars.len() {
        let (at, c) = chars[i];
        quoted = in_quotes(text, at, c, quoted);
        let closes_quote = is_quote(c) && !quoted && i > 0 && is_stop(chars[i - 1].1);
        if closes_quote || (!quoted && is_stop(c)) {
            let mut next = i + 1;
            while next < chars.len() && (is_stop(chars[next].1) || matches!(chars[next].1, ')' | '\u{201d}' | '）')) {
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
    if text.chars().any(parts_by_spaces) { by_spaces(text, sentences) } else { sentences }
}

/// Whether `c` ends a sentence, in any script.
fn is_stop(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
        || is_wide_stop(c)
        || matches!(c, '؟' | '۔' | '।' | '॥' | '།' | '။' | '។' | '៕' | '።')
}

/// Whether `c` ends a sentence without a space after it.
fn is_wide_stop(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡' | '．')
}

/// Whether a text ends in a question mark, in any script, with or without a closing quotation mark.
pub(crate) fn asks(text: &str) -> bool {
    text.trim_end_matches(['"', '\u{201d}', '」', '）', ' ']).ends_with(['?', '？', '؟'])
}

/// Whether `c` belongs to a script that separates sentences with spaces.
fn parts_by_spaces(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

/// Text between two spaces that is shorter than this, in words, is hardly a sentence.
const SHORT_BY_SPACES: usize = 6;

/// Splits sentences at the spaces between such letters if both sides are long enough.
fn by_spaces(text: &str, sentences: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut parted = Vec::with_capacity(sentences.len());
    for sentence in sentences {
        let (mut start, mut at) = (sentence.start, sentence.start);
        for piece in text[sentence.clone()].split_inclusive(' ') {
            at += piece.len();
            let both =
                piece.trim_end().ends_with(parts_by_spaces) && text[at..sentence.end].starts_with(parts_by_spaces);
            let long = |range: Range<usize>| segments(&text[range]).take(SHORT_BY_SPACES).count() == SHORT_BY_SPACES;
            if both && long(start..at) && long(at..sentence.end) {
                push_trimmed(&mut parted, text, start..at);
                start = at;
            }
        }
        push_trimmed(&mut parted, text, start..sentence.end);
    }
    parted
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '「' | '」')
}

/// Whether the text is inside quotes after the character `c` at `at`; a quote that is never closed is ignored.
fn in_quotes(text: &str, at: usize, c: char, quoted: bool) -> bool {
    if !is_quote(c) {
        return quoted;
    }
    !quoted && text[at + c.len_utf8()..].contains(is_quote)
}

/// Whether a sentence ends between `before` (which ends in a full stop or similar) and `after`.
fn ends_here(before: &str, after: &str) -> bool {
    let Some(next) = after.chars().next() else { return true };
    if before.ends_with(|c| is_wide_stop(c) || matches!(c, '」' | '）')) {
        return true;
    }
    if !next.is_whitespace() && !is_quote(next) {
        return false;
    }
    let starts = after.trim_start().trim_start_matches(is_quote).chars().next();
    // A recogniser that writes no capitals may or may not put a space after a full stop, but "um..." continues.
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

/// `text` without what is in double quotes: somebody else's words that a speaker reports aren't the speaker's own.
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

/// What is in double quotes in `text`, in order.
pub(crate) fn quoted(text: &str) -> Vec<String> {
    let (mut all, mut open) = (Vec::new(), None);
    for (at, c) in text.char_indices() {
        let is_in = in_quotes(text, at, c, open.is_some());
        match (open, is_in) {
            (None, true) => open = Some(at + c.len_utf8()),
            (Some(from), false) => {
                all.push(text[from..at].to_owned());
                open = None;
            }
            _ => {}
        }
    }
    all
}

/// Typed text on one line; a text field sends its line breaks as CRLF.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether all of what a person typed on one line can be shown. What joins letters (Persian, Hindi) or chooses the look of
/// an emoji is part of what is seen.
pub(crate) fn is_readable(text: &str) -> bool {
    let joins = |c| matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
    !text.chars().any(|c| c.is_control() || is_invisible(c) && !joins(c))
}

/// Whether `c` is invisible to readers: such characters can hide instructions in a transcript, so they are removed.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// A name or word in lower case without diacritics: `Åsa` and `Asa` are the same person.
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

/// The words that are part of a name: those in brackets (`she/her`) and initials aren't.
pub(crate) fn name_words<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    names
        .flat_map(|name| {
            let bare = name.split(['(', '|', '[']).next().unwrap_or(name);
            // A name without spaces counts as a whole and by its parts: a family name alone is a name too.
            let words = runs(bare).into_iter().chain(words(bare));
            words.map(|word| fold(&word.normal))
        })
        .filter(|word| word.chars().count() >= if has_unspaced(word) { 2 } else { 3 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_without_an_end_goes_round() {
        let once = "You watched the drivers use the card, ";
        assert!(goes_round(&once.repeat(3)));
        assert!(!goes_round(&once.repeat(2)));
        assert!(!goes_round("You said it was very, very, very, very, very good, and that it was good to see."));
    }

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
    fn words_without_spaces_have_words_sentences_and_quotes() {
        let said = "嗯，我昨天跟我的经理谈过了。他说可以！我们下周五再谈（在办公室）。你觉得呢？";
        let parts: Vec<&str> = sentences(said).into_iter().map(|range| &said[range]).collect();
        assert_eq!(parts, ["嗯，我昨天跟我的经理谈过了。", "他说可以！", "我们下周五再谈（在办公室）。", "你觉得呢？"]);
        assert!(asks(parts[3]) && !asks(parts[0]));
        assert_eq!(locate(said, "我的经理谈过了"), Some("我的经理谈过了。"));
        assert_eq!(locate(said, "经理，谈过了！"), Some("经理谈过了。"), "whatever the punctuation");
        assert_eq!(locate(said, "理谈"), Some("理谈"), "a dictionary may part words otherwise than the quote");
        assert_eq!(locate(said, "我的老板谈过了"), None);
        assert_eq!(locate("我用iPhone15手机A打的", "iphone15手机"), Some("iPhone15手机"));
        assert_eq!(words("我的经理谈过了").len(), 5);
        assert_eq!(words("来週の金曜日までにメールを送ります。").len(), 9);
        let quoted = "彼は「行く。待って。」と言いました。はい。";
        let parts: Vec<&str> = sentences(quoted).into_iter().map(|range| &quoted[range]).collect();
        assert_eq!(parts.last(), Some(&"はい。"), "{parts:?}");
        let thai = "ฉันคุยกับหัวหน้าแล้วเมื่อวันจันทร์ เขาบอกว่าจะให้คำตอบภายในวันศุกร์ ครับ";
        let parts: Vec<&str> = sentences(thai).into_iter().map(|range| &thai[range]).collect();
        assert_eq!(parts, ["ฉันคุยกับหัวหน้าแล้วเมื่อวันจันทร์", "เขาบอกว่าจะให้คำตอบภายในวันศุกร์ ครับ"]);
        assert_eq!(locate(thai, "เขาบอกว่าจะให้คำตอบ"), Some("เขาบอกว่าจะให้คำตอบ"));
    }

    #[test]
    fn what_is_quoted_is_left_out() {
        assert_eq!(without_quotes(r#"She said, "I did it" and left."#), "She said,   and left.");
    }
}
