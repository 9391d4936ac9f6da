//! Speaker labels in front of a colon: what may be one, and which of a file's candidates are.
//!
//! "Maya: Hello" and "So here's the thing: we go" have the same shape. What tells them apart is the file: a label
//! comes again, and where nearly every cue has one, a name that is heard once is one too.

use std::collections::HashMap;

use super::account::trimmed;

/// The longest label, in characters.
const LONGEST: usize = 60;
/// A label has at most so many words; Zoom's, with suffixes, may have more.
const WORDS: usize = 5;
const WORDS_WITH_SUFFIX: usize = 8;

/// What stands before a colon and is never a speaker. Lower case.
#[rustfmt::skip]
const STRUCTURE: &[&str] = &[
    "title", "date", "time", "participants", "attendees", "place", "location", "duration", "meeting", "subject",
    "topic", "agenda", "recorded", "recording", "transcript", "language", "note", "notes", "session", "session date",
    "session type", "kind", "style", "region", "start", "end", "start time", "end time", "started", "summary",
    "action items", "next steps", "from", "to", "cc", "bcc", "sent", "re", "fwd", "url", "link", "http", "https",
    "file", "page", "total", "info", "warn", "warning", "error", "debug", "todo", "p.s", "ps", "meeting id",
    "passcode", "speakers", "present", "absent", "created", "meeting title", "file name", "invitees", "datum",
    "titel", "teilnehmer", "deltagare", "ort", "plats", "participantes", "fecha",
];

/// Words that a sentence has and a name has not, where they are written small. Lower case.
#[rustfmt::skip]
const SENTENCE: &[&str] = &[
    "so", "the", "a", "that", "this", "these", "those", "what", "here", "here's", "there", "there's", "that's",
    "it's", "is", "are", "was", "were", "and", "but", "or", "because", "i", "i'm", "we", "you", "they", "it", "my",
    "your", "our", "their", "thing", "things", "one", "to", "of", "for", "in", "on", "at", "with", "about", "if",
    "when", "then", "how", "why", "who", "which", "not", "don't", "also", "just", "like", "okay", "ok", "well", "now",
    "yes", "no", "remember", "basically", "actually", "first", "second", "third", "finally", "question", "answer",
    "example", "right", "look", "listen", "wait", "anyway", "meaning", "said", "says", "be", "do", "as",
];

/// Small words within names.
#[rustfmt::skip]
const PARTICLES: &[&str] = &[
    "de", "van", "von", "der", "den", "la", "le", "da", "di", "du", "dos", "del", "el", "al", "bin", "ibn", "af",
    "av", "zu", "ter", "ten",
];

/// Splits `line` at its first colon, where what stands before it may be a label.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    candidate(line).filter(|(label, _)| may_be_label(label))
}

/// As [`split`], before anything is asked of the label.
fn candidate(line: &str) -> Option<(&str, &str)> {
    // The wide colon begins with this byte, as a few other letters do.
    let at = memchr::memchr2_iter(b':', 0xef, line.as_bytes()).find(|at| line[*at..].starts_with([':', '：']))?;
    let (before, after) = line.split_at(at);
    let wide = after.starts_with('：');
    let rest = &after[if wide { '：'.len_utf8() } else { 1 }..];
    // Bold in Markdown: **Name:** text, or **Name**: text.
    let rest = if before.starts_with("**") { rest.strip_prefix("**").unwrap_or(rest) } else { rest };
    // A time, an address: their colon has no space behind it.
    if !wide && !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let label = trimmed(trimmed(before).trim_matches('*'));
    Some((label, trimmed(rest)))
}

/// Whether `label` has the shape of a label.
pub(super) fn may_be_label(label: &str) -> bool {
    if label.is_empty() || label.chars().count() > LONGEST || label.contains(['?', '!', ';', '…', '"', '“', '<', '>'])
    {
        return false;
    }
    let words = label.split_whitespace().count();
    let suffixed = label.contains(['|', '/', '(', '[', '-', '@']);
    if words > if suffixed { WORDS_WITH_SUFFIX } else { WORDS } {
        return false;
    }
    // A caller without a name is a phone number; anything shorter without letters is a time or a number.
    let digits = label.chars().filter(char::is_ascii_digit).count();
    if !label.chars().any(char::is_alphabetic) && (digits < 7 || label.contains([':', '.', ','])) {
        return false;
    }
    !is_structure(label)
}

/// Whether `label` is written as people write names.
pub(super) fn reads_like_a_name(label: &str) -> bool {
    shape(label) == Shape::Name
}

/// Whether `label` is a word of a header, not a speaker.
pub(super) fn is_structure(label: &str) -> bool {
    let word = label.trim_matches(|letter: char| !letter.is_alphanumeric());
    STRUCTURE.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// How a candidate reads, from the surest name on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    /// As people write names.
    Name,
    /// With words in lower case: a handle, or the beginning of a sentence.
    Handle,
    /// With words that only a sentence has.
    Sentence,
}

fn shape(label: &str) -> Shape {
    let words: Vec<&str> = label.split_whitespace().collect();
    let lower = |word: &&&str| {
        let word = word.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        word.starts_with(char::is_lowercase) && !PARTICLES.contains(&word)
    };
    let sentence = |word: &str| {
        let word = word.trim_matches(|letter: char| !letter.is_alphanumeric()).replace('’', "'").to_lowercase();
        SENTENCE.contains(&word.as_str())
    };
    let small: Vec<&&str> = words.iter().filter(lower).collect();
    let first_betrays = words.first().is_some_and(|word| sentence(word)) && (words.len() == 1 || !small.is_empty());
    if first_betrays || small.iter().any(|word| sentence(word)) {
        Shape::Sentence
    } else if small.is_empty() {
        Shape::Name
    } else {
        Shape::Handle
    }
}

/// The labels of a file.
#[derive(Debug, Default)]
pub(super) struct Labels {
    accepted: HashMap<String, usize>,
    /// Whether a label stands only where the speaker changes, so that it holds until the next one.
    pub(super) carried: bool,
    /// Whether nearly every piece has one.
    pub(super) nearly_every: bool,
}

impl Labels {
    /// The labels among the first lines of a file's cues (or the lines of a text).
    pub(super) fn of<'a>(firsts: impl Iterator<Item = &'a str> + Clone) -> Self {
        // Whether something may be a label is asked once, however often it comes.
        let mut candidates: HashMap<&str, (usize, Option<Shape>)> = HashMap::new();
        let (mut pieces, mut bare, mut likely) = (0_usize, 0_usize, 0_usize);
        for line in firsts.clone() {
            pieces += 1;
            let known = candidate(line).map(|(label, _)| {
                candidates.entry(label).or_insert_with(|| (0, may_be_label(label).then(|| shape(label))))
            });
            let Some((count, Some(shape))) = known else {
                bare += 1;
                continue;
            };
            *count += 1;
            likely += usize::from(*shape < Shape::Sentence);
        }
        let nearly_every = likely * 10 >= pieces * 8;
        let every = nearly_every && bare == 0;
        let accepted = candidates
            .into_iter()
            .filter(|(_, (count, shape))| match shape {
                Some(Shape::Name) => *count >= 2 || nearly_every,
                Some(Shape::Handle) => *count >= 2 || every,
                Some(Shape::Sentence) => *count >= 3 && every,
                None => false,
            })
            .map(|(label, (count, _))| (label.to_owned(), count))
            .collect();
        let mut labels = Self { accepted, carried: false, nearly_every };
        labels.carried = labels.only_at_changes(firsts);
        labels
    }

    /// Adds the labels with which nearly every paragraph begins.
    pub(super) fn add_heads<'a>(&mut self, heads: impl Iterator<Item = &'a str> + Clone) {
        let of_heads = Self::of(heads);
        if of_heads.nearly_every && of_heads.repeated() {
            for (label, count) in of_heads.accepted {
                self.accepted.entry(label).or_insert(count);
            }
        }
    }

    /// Splits a line into its label and the rest, where the label is one of the file's.
    pub(super) fn split<'a>(&self, line: &'a str) -> Option<(&'a str, &'a str)> {
        // What is accepted may be a label.
        (!self.accepted.is_empty())
            .then(|| candidate(line))
            .flatten()
            .filter(|(label, _)| self.accepted.contains_key(*label))
    }

    /// How many labels there are.
    pub(super) fn len(&self) -> usize {
        self.accepted.len()
    }

    /// Whether some label comes again.
    pub(super) fn repeated(&self) -> bool {
        self.accepted.values().any(|count| *count >= 2)
    }

    /// Whether no label follows itself, over enough pieces to tell. One unlabelled cue in a file that labels every
    /// cue is somebody unknown, and must not be given to whoever spoke before.
    fn only_at_changes<'a>(&self, firsts: impl Iterator<Item = &'a str>) -> bool {
        if self.accepted.len() < 2 {
            return false;
        }
        let (mut labelled, mut bare, mut again) = (0_usize, 0_usize, 0_usize);
        let mut last = None;
        for line in firsts {
            match self.split(line) {
                Some((label, _)) => {
                    labelled += 1;
                    again += usize::from(last == Some(label));
                    last = Some(label);
                }
                None => bare += 1,
            }
        }
        labelled >= 3 && bare * 10 >= labelled + bare && again * 20 <= labelled
    }
}

#[cfg(test)]
mod tests {
    use super::{Labels, split};

    #[test]
    fn a_label_has_a_shape() {
        for (line, label) in [
            ("Maya Okafor: hello: you", Some("Maya Okafor")),
            ("@ritzdorf / Hubert Ritzdorf (EIP-8219): yes", Some("@ritzdorf / Hubert Ritzdorf (EIP-8219)")),
            ("+46 70 123 45 67: hi", Some("+46 70 123 45 67")),
            ("王芳：你好", Some("王芳")),
            ("10:30 Meeting: we met", None),
            ("https://example.org: see", None),
            ("Date: 2026-11-20", None),
            ("What I want to say today is this: no", None),
            ("Really? Well: no", None),
            ("12: no", None),
        ] {
            assert_eq!(split(line).map(|(label, _)| label), label, "{line}");
        }
    }

    #[test]
    fn a_sentence_is_no_label_even_where_every_cue_has_one() {
        let mut lines = ["Ana: yes", "Ana: and yes", "Tom Berg: no", "nixo: Yep.", "iPad (3): hm"].repeat(3);
        lines.extend(["So here's the thing: we go", "Remember: nothing", "Felix (Geth): once"]);
        let labels = Labels::of(lines.iter().copied());
        for (line, accepted) in [
            ("So here's the thing: we go", false),
            ("Remember: nothing", false),
            ("Felix (Geth): once", true),
            ("nixo: Yep.", true),
        ] {
            assert_eq!(labels.split(line).is_some(), accepted, "{line}");
        }
        assert!(!labels.carried);
    }
}
