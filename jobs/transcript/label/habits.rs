//! How a file begins its turns, and what that means for a candidate.

use std::collections::{HashMap, HashSet};

use super::{
    Candidate, has_form,
    shape::{Shape, is_side, number, opens_a_sentence, shape},
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// `None` if it doesn't have the form of a label.
    pub(super) shape: Option<Shape>,
    tight: bool,
    few_words: bool,
    /// It begins like a sentence.
    opens: bool,
    /// Its number, if it's one.
    number: Option<u64>,
    /// It's a side of an interview: "Question".
    side: bool,
    pub(super) count: usize,
    pub(super) at_heads: usize,
    pub(super) further: usize,
    /// How often it's within a line.
    pub(super) inside: usize,
    /// How often the text above is unfinished.
    pub(super) open: usize,
    /// How often it's where a quotation is introduced, or still open.
    pub(super) quoted: usize,
}

impl Entry {
    pub(super) fn of(found: &Candidate<'_>) -> Self {
        let shape = has_form(found.label).then(|| shape(found.label));
        let few_words = found.label.split_whitespace().nth(2).is_none();
        let side = is_side(found.label);
        let opens = shape == Some(Shape::Sentence) && opens_a_sentence(found.label);
        let number = number(found.label);
        let tight = found.tight;
        Self {
            shape,
            tight,
            few_words,
            opens,
            number,
            side,
            count: 0,
            at_heads: 0,
            further: 0,
            inside: 0,
            open: 0,
            quoted: 0,
        }
    }

    /// Whether it's a label by itself, in any position.
    fn comes_again(&self) -> bool {
        match self.shape {
            Some(Shape::Name) if self.tight => self.count >= 3 && self.few_words,
            Some(shape) => self.count >= 2 && shape < Shape::Sentence && !self.tight,
            None => false,
        }
    }

    /// Whether it's evidence that the file begins its turns with labels; `sure` if any label recurs.
    fn likely(&self, sure: bool) -> bool {
        let most = if sure { Shape::Odd } else { Shape::Handle };
        let by_name = self.shape.is_some_and(|shape| shape <= most) && !self.tight;
        by_name || self.comes_again() || self.word_again(sure)
    }

    /// Whether its position allows it to be a label, whatever its form.
    fn may_stand(&self) -> bool {
        (self.shape.is_some() || self.number.is_some()) && !self.tight && self.count > self.inside
    }

    /// Whether it's a recurring ordinary word, or two: "Question:", and among labels "The point:". A diary has these
    /// too.
    fn word_again(&self, sure: bool) -> bool {
        self.shape == Some(Shape::Sentence) && self.count >= 2 && self.few_words && !self.tight && (sure || self.side)
    }
}

/// What a candidate is treated as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Label,
    /// A label, though that isn't certain.
    Doubt,
    /// Speech, though that isn't certain.
    Speech,
}

pub(super) struct Habits {
    /// Whether nearly every head has a label.
    pub(super) heads: bool,
    /// Whether nearly every line has one.
    pub(super) lines: bool,
    /// Whether every piece has one.
    every: bool,
    /// Whether nearly every piece has a few words and a colon before the rest, and some label recurs: then a turn is a
    /// line, and what precedes its colon is a label, whatever its form.
    full: bool,
    /// Whether there are consecutive numbers that occur once: those of a list, not speakers.
    counted: bool,
    /// Whether any label recurs.
    sure: bool,
    /// Whether sentences end before turns do.
    punctuated: bool,
    /// The patterns of recurring labels, if they distinguish them from words: "S00", "MAYA", "M".
    builds: HashSet<String>,
}

impl Habits {
    pub(super) fn of(entries: &HashMap<&str, Entry>, (pieces, heads): (usize, usize)) -> Self {
        let again = || entries.values().filter(|entry| entry.comes_again());
        let sure = again().next().is_some();
        let likely = || entries.values().filter(|entry| entry.likely(sure));
        let lines: usize = likely().map(|entry| entry.count - entry.further).sum();
        let at_heads: usize = likely().map(|entry| entry.at_heads).sum();
        let (count, open) = again().fold((0, 0), |(count, open), entry| (count + entry.count, open + entry.open));
        let of_form: usize =
            entries.values().filter(|entry| entry.shape.is_some()).map(|entry| entry.count - entry.further).sum();
        let standing = || entries.values().filter(|entry| entry.may_stand());
        let stand: usize = standing().map(|entry| entry.count - entry.further).sum();
        let full = sure && stand * 10 >= pieces * 9;
        let stand_at_heads: usize = standing().map(|entry| entry.at_heads).sum();
        let once: HashSet<u64> =
            entries.values().filter(|entry| entry.count == 1).filter_map(|entry| entry.number).collect();
        Self {
            heads: heads > 0
                && ((at_heads * 10 >= heads * 8 && (sure || heads == pieces))
                    || (full && stand_at_heads * 10 >= heads * 9)),
            lines: lines * 10 >= pieces * 8 || full,
            full,
            counted: once.iter().any(|number| once.contains(&(number + 1))),
            every: of_form == pieces && lines * 10 >= pieces * 8,
            sure,
            punctuated: open * 10 <= count * 3,
            builds: entries
                .iter()
                .filter(|(_, entry)| entry.comes_again())
                .filter_map(|(label, _)| build(label))
                .collect(),
        }
    }

    /// What a candidate is in this file; `None` if it's a sentence, or there is no evidence for it.
    pub(super) fn accept(&self, label: &str, entry: &Entry) -> Option<Verdict> {
        // Someone who is quoted isn't a speaker.
        if entry.quoted == entry.count && entry.count > 0 {
            return self.sure.then_some(Verdict::Speech);
        }
        if entry.comes_again() {
            return Some(Verdict::Label);
        }
        // Within a line, only what recurs or is next to others is a label.
        if entry.count == entry.inside {
            return None;
        }
        let shape = match entry.shape {
            Some(Shape::Sentence) if entry.word_again(self.sure) && (self.heads || self.lines) => {
                return Some(Verdict::Label);
            }
            Some(Shape::Sentence) if entry.count >= 3 && self.every => return Some(Verdict::Label),
            Some(Shape::Sentence) | None => return self.by_place(entry),
            Some(shape) => shape,
        };
        if entry.tight {
            return None;
        }
        let begins = (self.heads && entry.at_heads > 0) || (self.lines && entry.further == 0);
        // A single word that occurs once may be the key of a list: "Obstacle: the phone".
        let several = entry.at_heads > 0 || label.contains(char::is_whitespace) || build(label).is_some();
        if begins && ((shape == Shape::Name && several) || (shape == Shape::Handle && self.every)) {
            return Some(Verdict::Label);
        }
        let runs_on = self.punctuated && entry.open > 0;
        let alike = || build(label).is_some_and(|build| self.builds.contains(&build));
        let anew = !runs_on || begins_anew(label, shape) || alike();
        if begins || (self.sure && anew) {
            Some(Verdict::Doubt)
        } else {
            (self.sure && !label.starts_with(char::is_lowercase)).then_some(Verdict::Speech)
        }
    }
}

impl Habits {
    /// Judges what looks like a sentence or a number by its position and frequency: labels keep recurring, or are where
    /// turns begin.
    fn by_place(&self, entry: &Entry) -> Option<Verdict> {
        if !self.sure || !entry.may_stand() {
            return None;
        }
        let again = if self.full && !entry.opens { 2 } else { 3 };
        let runs_on = entry.open * 2 > entry.count;
        if entry.count >= again && !runs_on && (self.full || !entry.opens) {
            return Some(Verdict::Label);
        }
        if entry.opens || (self.punctuated && entry.open > 0) {
            return None;
        }
        let listed = entry.number.is_some() && self.counted;
        Some(if self.full && !listed { Verdict::Doubt } else { Verdict::Speech })
    }
}

/// Whether it begins someone's words though the sentence above has no end: people are interrupted. A capitalised word
/// may continue the sentence ("I went to", "London: it was cold").
fn begins_anew(label: &str, shape: Shape) -> bool {
    let several =
        label.split_whitespace().nth(1).is_some() || shape == Shape::Odd || !label.contains(char::is_lowercase);
    several && !label.starts_with(char::is_lowercase)
}

/// The pattern of a label, capitals and digits, with each run reduced to one; `None` if any word may look like that.
fn build(label: &str) -> Option<String> {
    let small = label.contains(char::is_lowercase) && !label.contains(|letter: char| letter.is_ascii_digit());
    if small || label.len() > 40 || !label.contains(char::is_alphanumeric) {
        return None;
    }
    let sign = |letter: char| match letter {
        letter if letter.is_uppercase() => 'A',
        letter if letter.is_alphabetic() => 'a',
        letter if letter.is_numeric() => '0',
        other => other,
    };
    let mut build: Vec<char> = label.chars().map(sign).collect();
    build.dedup();
    Some(build.into_iter().collect())
}
