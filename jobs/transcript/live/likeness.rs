//! Whether one text is another version of the same words: its beginning, or an earlier hearing of it.
//!
//! Letters and figures alone are compared, small: recognisers change capitals, marks and spaces while they listen, and
//! show parts of words.

use crate::{
    label,
    words::{count, is_unspaced},
};

/// A text, taken apart for comparison.
#[derive(Debug)]
pub(super) struct ComparedText<'a> {
    text: &'a str,
    /// What stands before the words as a label would.
    pub(super) label: Option<&'a str>,
    /// What is said.
    pub(super) said: &'a str,
    /// The letters of all of it.
    letters: Vec<char>,
    /// How many of them are of the label.
    of_label: usize,
}

/// How an earlier text stands to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// The same letters.
    Same,
    /// The later one begins with the earlier and goes on.
    GoesOn,
}

/// So few letters may differ however short the text is; so many at most.
const FEW_LETTERS: usize = 2;
const MOST_LETTERS: usize = 12;
/// A text of fewer letters is too short to be known with others in it.
const SHORT: usize = 8;
/// So many letters behind the first that differs are compared.
const REACH: usize = 256;
/// No last word that is heard otherwise is longer.
const LONGEST_WORD: usize = 16;

/// The letters and figures of a text, small.
pub(super) fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase)
}

/// Splits a text behind the label of its first line.
pub(super) fn labelled(text: &str) -> Option<(&str, &str)> {
    let first = text.trim_start().split('\n').next()?;
    let (label, rest) = label::split(first)?;
    let offset = |part: &str| part.as_ptr().addr() - text.as_ptr().addr();
    let from = if rest.is_empty() { offset(label) + label.len() } else { offset(rest) };
    let said = text[from..].trim_start_matches([':', '：', '*', '_', ']', ')', ' ', '\t', '\n']);
    // A label alone may be the beginning of something said.
    said.contains(char::is_alphanumeric).then_some((label, said))
}

/// Whether a sentence ends where the text does.
pub(super) fn ends(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '’', '»', ')', ' ']).ends_with(['.', '!', '?', '。', '！', '？', '؟'])
        && !text.trim_end().ends_with("..")
}

impl<'a> ComparedText<'a> {
    /// A text; where it is known who speaks, no label stands before the words.
    pub(super) fn of(text: &'a str, named: bool) -> Self {
        let (label, said) = labelled(text).filter(|_| !named).map_or((None, text), |(label, said)| (Some(label), said));
        let letters: Vec<char> = self::letters(text).collect();
        let of_label = letters.len() - self::letters(said).count();
        Self { text, label, said, letters, of_label }
    }

    /// The letters of what is said.
    pub(super) fn spoken(&self) -> &[char] {
        &self.letters[self.of_label..]
    }

    /// How many words are said.
    pub(super) fn words(&self) -> usize {
        count(self.said)
    }

    /// What is compared of this text with a later one: a label may stand only above the first version.
    fn compared<'s>(&'s self, later: &'s ComparedText<'_>) -> (&'s [char], &'s [char]) {
        match (self.label, later.label) {
            (Some(own), Some(other)) if own == other => (self.spoken(), later.spoken()),
            // What stands before a colon in the later one may be said.
            (Some(_), _) => (self.spoken(), &later.letters),
            (None, _) => (&self.letters, &later.letters),
        }
    }

    /// Whether a later text has all of these letters at its beginning, or is the same.
    pub(super) fn begins(&self, later: &ComparedText<'_>) -> Option<Likeness> {
        let (own, other) = self.compared(later);
        if own.is_empty() || !other.starts_with(own) {
            return None;
        }
        if own.len() == other.len() {
            return Some(Likeness::Same);
        }
        // A sentence that has ended does not go on within a word.
        let parted = later.is_parted_at(later.letters.len() - other.len() + own.len());
        (parted || !ends(self.said)).then_some(Likeness::GoesOn)
    }

    /// Whether this text goes on in a later one behind the end of a line.
    pub(super) fn ends_a_line_of(&self, later: &ComparedText<'_>) -> bool {
        let (own, other) = self.compared(later);
        let at = later.letters.len() - other.len() + own.len();
        between(later.text, at).is_some_and(|between| between.contains('\n'))
    }

    /// Whether a word ends behind so many letters.
    fn is_parted_at(&self, at: usize) -> bool {
        between(self.text, at).is_some_and(|between| !between.is_empty())
    }

    /// Whether a later text is this one, heard again: a few letters of it are others, or its last word is. `most` is the
    /// part of the letters that may be others: one in so many.
    pub(super) fn is_corrected(&self, later: &ComparedText<'_>, most: usize) -> bool {
        let (own, other) = self.compared(later);
        let same = own.iter().zip(other).take_while(|(own, other)| own == other).count();
        // Of a window of lines it is not the first that went.
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

/// What stands between a letter, counted from 1, and the next one, where there is a next; nothing where they touch within
/// a word.
fn between(text: &str, at: usize) -> Option<&str> {
    let mut count = 0;
    let mut from = 0;
    for (place, letter) in text.char_indices() {
        if !letter.is_alphanumeric() {
            continue;
        }
        if count >= at && at > 0 {
            // Words of scripts without spaces end anywhere.
            let touching = from == place;
            return Some(if touching && is_unspaced(letter) { " " } else { &text[from..place] });
        }
        count += letter.to_lowercase().count();
        from = place + letter.len_utf8();
    }
    None
}

/// Whether the beginning of `later` differs from all of `earlier` in no more than so many letters: some left out, put in
/// or changed.
fn few_differ(earlier: &[char], later: &[char], few: usize) -> bool {
    // One row of the table of distances, and of it only what is near to the diagonal.
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
