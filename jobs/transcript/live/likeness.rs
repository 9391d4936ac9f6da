//! Whether one text is another version of the same words: its beginning, or an earlier hypothesis.
//!
//! Only letters and digits are compared, in lower case: recognisers change capitals, punctuation and spaces while they
//! listen, and show parts of words.

use crate::{
    label,
    words::{count, is_unspaced},
};

/// A text prepared for comparison.
#[derive(Debug)]
pub(super) struct ComparedText<'a> {
    text: &'a str,
    /// What precedes the words like a label.
    pub(super) label: Option<&'a str>,
    /// What is said.
    pub(super) said: &'a str,
    /// The letters of the whole text.
    letters: Vec<char>,
    /// How many of them belong to the label.
    of_label: usize,
}

/// How an earlier text relates to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// The same letters.
    Same,
    /// The later one begins with the earlier and continues.
    GoesOn,
}

/// How many letters may differ however short the text is; also the maximum.
const FEW_LETTERS: usize = 2;
const MOST_LETTERS: usize = 12;
/// A text with fewer letters is too short to allow different ones.
const SHORT: usize = 8;
/// How many letters after the first difference are compared.
const REACH: usize = 256;
/// The maximum length of a last word that was recognised differently.
const LONGEST_WORD: usize = 16;

/// The letters and digits of a text, in lower case.
pub(super) fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Splits a text after the label of its first line.
pub(super) fn labelled(text: &str) -> Option<(&str, &str)> {
    let first = text.trim_start().split('\n').next()?;
    let (label, rest) = label::split(first)?;
    let offset = |part: &str| part.as_ptr().addr() - text.as_ptr().addr();
    let from = if rest.is_empty() { offset(label) + label.len() } else { offset(rest) };
    let said = text[from..].trim_start_matches([':', '：', '*', '_', ']', ')', ' ', '\t', '\n']);
    // A label alone may be the beginning of an utterance.
    said.contains(char::is_alphanumeric).then_some((label, said))
}

/// Whether a sentence ends at the end of the text.
pub(super) fn ends(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '’', '»', ')', ' ']).ends_with(['.', '!', '?', '。', '！', '？', '؟'])
        && !text.trim_end().ends_with("..")
}

impl<'a> ComparedText<'a> {
    /// Prepares a text; if the speaker is known (`named`), there is no label before the words.
    pub(super) fn of(text: &'a str, named: bool) -> Self {
        let (label, said) = labelled(text).filter(|_| !named).map_or((None, text), |(label, said)| (Some(label), said));
        let letters: Vec<char> = self::letters(text).collect();
        let of_label = letters.len() - self::letters(said).count();
        Self { text, label, said, letters, of_label }
    }

    /// The letters of the words.
    pub(super) fn spoken(&self) -> &[char] {
        &self.letters[self.of_label..]
    }

    pub(super) fn words(&self) -> usize {
        count(self.said)
    }

    /// The letters to compare with a later text: the label may only be in the first version.
    fn compared<'s>(&'s self, later: &'s ComparedText<'_>) -> (&'s [char], &'s [char]) {
        match (self.label, later.label) {
            (Some(own), Some(other)) if own == other => (self.spoken(), later.spoken()),
            // What precedes a colon in the later one may be speech.
            (Some(_), _) => (self.spoken(), &later.letters),
            (None, _) => (&self.letters, &later.letters),
        }
    }

    /// Whether a later text begins with all of these letters, or is the same.
    pub(super) fn begins(&self, later: &ComparedText<'_>) -> Option<Likeness> {
        let (own, other) = self.compared(later);
        if own.is_empty() || !other.starts_with(own) {
            return None;
        }
        if own.len() == other.len() {
            return Some(Likeness::Same);
        }
        // A finished sentence doesn't continue within a word.
        let parted = later.is_parted_at(later.letters.len() - other.len() + own.len());
        (parted || !ends(self.said)).then_some(Likeness::GoesOn)
    }

    /// Whether this text continues in a later one after the end of a line.
    pub(super) fn ends_a_line_of(&self, later: &ComparedText<'_>) -> bool {
        let (own, other) = self.compared(later);
        let at = later.letters.len() - other.len() + own.len();
        between(later.text, at).is_some_and(|between| between.contains('\n'))
    }

    /// Whether a word ends after that many letters.
    fn is_parted_at(&self, at: usize) -> bool {
        between(self.text, at).is_some_and(|between| !between.is_empty())
    }

    /// Whether a later text is a correction of this one: a few letters differ, or the last word does. One in `most`
    /// letters may differ.
    pub(super) fn is_corrected(&self, later: &ComparedText<'_>, most: usize) -> bool {
        let (own, other) = self.compared(later);
        let same = own.iter().zip(other).take_while(|(own, other)| own == other).count();
        // In a window of lines, it isn't the first that disappeared.
        let window = self.said.trim().contains('\n');
        if same == 0 || (window && same * 4 < own.len()) {
            return false;
        }
        let (tail, rest) = (&own[same..], &other[same..]);
        if own.len() >= SHORT && tail.len() <= REACH {
            let few = (own.len() / most).clamp(FEW_LETTERS, MOST_LETTERS);
            if few_differ(tail, rest, few) {
                return true;
            }
        }
        let last = self.said.split_whitespace().next_back().map_or(0, |word| letters(word).count());
        let words = self.words();
        last <= LONGEST_WORD && words >= 3 && later.words() >= words && same + last >= own.len()
    }
}

/// What is between a letter, counted from 1, and the next one; `None` if they touch within a word.
fn between(text: &str, at: usize) -> Option<&str> {
    let mut count = 0;
    let mut from = 0;
    for (place, letter) in text.char_indices() {
        if !letter.is_alphanumeric() {
            continue;
        }
        if count >= at && at > 0 {
            // In scripts without spaces, words end anywhere.
            let touching = from == place;
            return Some(if touching && is_unspaced(letter) { " " } else { &text[from..place] });
        }
        count += letter.to_lowercase().count();
        from = place + letter.len_utf8();
    }
    None
}

/// Whether the beginning of `later` differs from `earlier` by at most `few` deletions, insertions or substitutions.
fn few_differ(earlier: &[char], later: &[char], few: usize) -> bool {
    // One row of the edit distance table, and only the part near the diagonal.
    let width = (earlier.len() + few).min(later.len());
    let far = few + 1;
    let mut row: Vec<usize> = (0..=width).map(|at| at.min(far)).collect();
    for (at, own) in earlier.iter().enumerate() {
        let from = at.saturating_sub(few);
        let until = (at + few + 1).min(width);
        let mut diagonal = row[from.min(width)];
        row[from.min(width)] = if from == 0 { (at + 1).min(far) } else { far };
        for place in from + 1..=until {
            let changed = diagonal + usize::from(later[place - 1] != *own);
            diagonal = row[place];
            row[place] = changed.min(row[place] + 1).min(row[place - 1] + 1).min(far);
        }
        for outside in row.iter_mut().skip(until + 1) {
            *outside = far;
        }
    }
    row.iter().any(|distance| *distance <= few)
}

#[cfg(test)]
mod tests {
    use super::{ComparedText, Likeness, ends};

    #[test]
    fn a_version_begins_the_next_one_whatever_its_marks() {
        for (earlier, later, wanted) in [
            ("Dana: Welcome back, how", "Dana: Welcome back, how has the week", Some(Likeness::GoesOn)),
            ("welcome back how", "Welcome back, how has the week?", Some(Likeness::GoesOn)),
            ("wel", "welco", Some(Likeness::GoesOn)),
            ("Dana: Welcome back", "Welcome back, how has", Some(Likeness::GoesOn)),
            ("Dana: Welcome back", "Tom: Welcome back, how has", None),
            ("No.", "Nobody came.", None),
            ("Yes.", "Yes. I think so.", Some(Likeness::GoesOn)),
            ("so it is", "So it is!", Some(Likeness::Same)),
            ("我要写信", "我要写信给你。", Some(Likeness::GoesOn)),
            ("so it is", "it is so", None),
            ("...", "so", None),
        ] {
            assert_eq!(
                ComparedText::of(earlier, false).begins(&ComparedText::of(later, false)),
                wanted,
                "{earlier} / {later}"
            );
        }
    }

    #[test]
    fn a_few_letters_or_the_last_word_may_be_heard_otherwise() {
        for (earlier, later, wanted) in [
            ("how has the weak", "how has the week been", true),
            ("I will right", "I will write to Ines", true),
            ("we talk to day about", "we talk today about the plan", true),
            ("I will write two Ines on", "I will write to Ines on Monday", true),
            ("Dana: so we start with the plane", "so we start with the plan", true),
            ("and what did you do", "and where were they then", false),
            ("yes I do", "yes we did", false),
            ("I went home", "then I slept well", false),
        ] {
            assert_eq!(
                ComparedText::of(earlier, false).is_corrected(&ComparedText::of(later, false), 4),
                wanted,
                "{earlier} / {later}"
            );
        }
        assert!(ends("so.") && ends("so?\"") && !ends("so,") && !ends("so...") && !ends("so"));
    }
}
