//! Decides which of a file's candidates are labels, by what else is in the file.

use std::collections::{HashMap, HashSet};

use super::{
    Candidate, candidate,
    habits::{Entry, Habits, Verdict},
    shape::Shape,
};

/// Where a piece of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// After a time, on the first line of a cue, after a blank line.
    Head,
    /// Any other line.
    Line,
    /// A line that doesn't show how the file begins its turns: a later one of a cue, or below a time.
    Further,
    /// After the end of a sentence, within a line.
    Inside,
    /// A line after words that introduce a quotation, or within one.
    Quoted,
}

impl Place {
    /// Whether it doesn't show how the file begins its turns.
    const fn is_further(self) -> bool {
        matches!(self, Self::Further | Self::Inside | Self::Quoted)
    }
}

/// A piece that may begin with a label.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) text: &'a str,
    pub(crate) place: Place,
    /// Whether the text above is unfinished: its last sentence has no end.
    pub(crate) open: bool,
}

/// Whether a sentence ends where `text` does, or its speaker was interrupted there.
pub(crate) fn ends_a_sentence(text: &str) -> bool {
    // Most texts end in one of these.
    match text.as_bytes().last() {
        None | Some(b'.' | b'!' | b'?') => return true,
        Some(last) if last.is_ascii_alphanumeric() => return false,
        _ => {}
    }
    let text = text.trim_end_matches(|letter: char| letter.is_whitespace() || "\"”’»)]*_/".contains(letter));
    text.is_empty() || text.ends_with(|letter: char| ".!?…:;-–—。！？；：।؟>".contains(letter))
}

/// How a file writes a label before the words: returns the candidate at the start of a piece.
pub(crate) type Split = for<'a> fn(&'a str) -> Option<Candidate<'a>>;

#[derive(Debug)]
pub(crate) struct Labels {
    split: Split,
    accepted: HashMap<String, LabelCount>,
    /// Candidates that are treated as speech.
    passed: HashSet<String>,
    /// Whether labels only occur when the speaker changes, so that each applies until the next one.
    pub(crate) carried: bool,
    /// Whether nearly every piece has one.
    pub(crate) nearly_every: bool,
}

/// The occurrences of a label in the file.
#[derive(Clone, Copy, Debug)]
struct LabelCount {
    count: usize,
    shape: Shape,
    /// It's treated as a label, though that isn't certain.
    doubtful: bool,
}

impl Labels {
    /// The labels before a colon.
    pub(crate) fn of<'a>(pieces: impl Iterator<Item = Piece<'a>> + Clone) -> Self {
        Self::marked(pieces, candidate)
    }

    /// The labels that `split` finds.
    pub(crate) fn marked<'a>(pieces: impl Iterator<Item = Piece<'a>> + Clone, split: Split) -> Self {
        // Each candidate is examined once, however often it occurs.
        let mut entries: HashMap<&str, Entry> = HashMap::new();
        let (mut total, mut heads) = (0_usize, 0_usize);
        for piece in pieces.clone() {
            total += usize::from(!piece.place.is_further());
            heads += usize::from(piece.place == Place::Head);
            let Some(found) = split(piece.text) else { continue };
            let entry = entries.entry(found.label).or_insert_with(|| Entry::of(&found));
            entry.count += 1;
            entry.at_heads += usize::from(piece.place == Place::Head);
            entry.further += usize::from(piece.place.is_further());
            entry.inside += usize::from(piece.place == Place::Inside);
            entry.open += usize::from(piece.open);
            entry.quoted += usize::from(piece.place == Place::Quoted);
        }
        let habits = Habits::of(&entries, (total, heads));
        let (mut accepted, mut passed) = (HashMap::new(), HashSet::new());
        for (label, entry) in entries {
            let Some(verdict) = habits.accept(label, &entry) else { continue };
            let shape = entry.shape.unwrap_or(Shape::Sentence);
            if verdict == Verdict::Speech {
                passed.insert(label.to_owned());
            } else {
                let heard = LabelCount { count: entry.count, shape, doubtful: verdict == Verdict::Doubt };
                accepted.insert(label.to_owned(), heard);
            }
        }
        let nearly_every = habits.heads || habits.lines;
        let mut labels = Self { split, accepted, passed, carried: false, nearly_every };
        labels.carried = labels.only_at_changes(pieces);
        labels
    }

    pub(crate) fn none() -> Self {
        Self::of(std::iter::empty())
    }

    /// Drops the doubtful ones: if turns begin in other ways, they are sentences.
    pub(crate) fn drop_doubtful(&mut self) {
        self.accepted.retain(|_, heard| !heard.doubtful);
        self.passed.clear();
    }

    /// Splits a piece into its label and the rest, if the label is one of the file's.
    pub(crate) fn split<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        // Accepted labels may be candidates.
        (!self.accepted.is_empty())
            .then(|| (self.split)(text))
            .flatten()
            .filter(|found| self.accepted.contains_key(found.label))
            .map(|found| (found.label, found.rest))
    }

    /// Whether `label` is treated as one, though that isn't certain.
    pub(crate) fn doubtful(&self, label: &str) -> bool {
        self.accepted.get(label).is_some_and(|heard| heard.doubtful)
    }

    /// The candidate at the start of `text` that is treated as speech, if any.
    pub(crate) fn passed<'a>(&self, text: &'a str) -> Option<&'a str> {
        (!self.passed.is_empty())
            .then(|| (self.split)(text))
            .flatten()
            .map(|found| found.label)
            .filter(|label| self.passed.contains(*label))
    }

    /// The labels of the file.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.accepted.keys().map(String::as_str)
    }

    /// Whether `label` is one of the file's.
    pub(crate) fn has(&self, label: &str) -> bool {
        self.accepted.contains_key(label)
    }

    pub(crate) fn len(&self) -> usize {
        self.accepted.len()
    }

    /// How many labels recur, and how often all of those occur.
    pub(crate) fn again(&self) -> (usize, usize) {
        let again = self.accepted.values().filter(|heard| heard.count >= 2);
        again.fold((0, 0), |(labels, count), heard| (labels + 1, count + heard.count))
    }

    /// Whether any label recurs that looks like one.
    pub(crate) fn repeated(&self) -> bool {
        self.accepted.values().any(|heard| heard.count >= 2 && (heard.shape <= Shape::Handle || self.nearly_every))
    }

    /// Whether no label follows itself, with enough heads to tell. In a file that labels every cue, an unlabelled one
    /// is an unknown speaker's, and must not be attributed to the previous one.
    fn only_at_changes<'a>(&self, pieces: impl Iterator<Item = Piece<'a>>) -> bool {
        if self.accepted.len() < 2 {
            return false;
        }
        let (mut labelled, mut bare, mut again) = (0_usize, 0_usize, 0_usize);
        let mut last = None;
        for piece in pieces.filter(|piece| !piece.place.is_further()) {
            match self.split(piece.text) {
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
    use super::{Labels, Piece, Place};

    fn labels(place: Place, lines: &[&str]) -> Labels {
        let mut open = false;
        let pieces: Vec<Piece<'_>> = lines
            .iter()
            .map(|text| {
                let piece = Piece { text, place, open };
                open = !super::ends_a_sentence(text);
                piece
            })
            .collect();
        Labels::of(pieces.into_iter())
    }

    #[test]
    fn a_sentence_is_no_label_even_where_every_cue_has_one() {
        let mut lines = ["Ana: yes", "Ana: and yes", "Tom Berg: no", "nixo: Yep.", "iPad (3): hm"].repeat(3);
        lines.extend(["So here's the thing: we go", "Remember: nothing", "Felix (Geth): once"]);
        let labels = labels(Place::Head, &lines);
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

    /// Labels occur only at changes, so most pieces have none.
    #[test]
    fn what_comes_once_and_is_no_sentence_is_somebody_and_in_doubt() {
        let lines = [
            "Maya Okafor: Welcome.",
            "How was it?",
            "Tom Becker: Fine.",
            "So here's the thing: we go.",
            "And I told him: no.",
            "Anna at home: I will leave.",
            "Today.",
            "Maya Okafor: And then? I went to",
            "London: it was cold.",
            "Leila: Cold.",
            "Tom Becker: Very.",
            "Maya Okafor: So.",
        ];
        let labels = labels(Place::Head, &lines);
        assert!(labels.carried);
        for (line, doubtful) in [(5, true), (9, true), (0, false), (2, false)] {
            let (label, _) = labels.split(lines[line]).expect(lines[line]);
            assert_eq!(labels.doubtful(label), doubtful, "{label}");
        }
        for line in [3, 4, 8] {
            assert!(labels.split(lines[line]).is_none(), "{}", lines[line]);
        }
    }

    #[test]
    fn ordinary_words_are_labels_where_every_line_has_one() {
        let lines = ["Question: what?", "Answer: that.", "Question: why?", "Answer: so.", "I: hm.", "I: ja."];
        assert_eq!(labels(Place::Line, &lines).len(), 3);
    }

    #[test]
    fn an_interruption_begins_a_turn() {
        let lines = [
            "Maya: What was it like, all in all,",
            "if you look back at it now,",
            "from here?",
            "Tom: Long. I thought that it would",
            "end at noon, and then I went to",
            "London: it was cold.",
            "Maya: And then?",
            "Tom: I thought that",
            "Anna at home: I will leave.",
            "Maya: I see.",
        ];
        let labels = labels(Place::Line, &lines);
        assert!(labels.doubtful("Anna at home") && !labels.has("London"));
        assert_eq!(labels.passed(lines[5]), Some("London"));
    }

    /// Whatever its form: if every turn is a line, what precedes the colon is a speaker.
    #[test]
    fn what_stands_at_the_place_of_a_label_is_one() {
        for odd in [
            "1",
            "#2",
            "12345",
            "Caller 2 (unknown number +46 8 123)",
            "Ana's father, who rang in late",
            "Guest who was there from noon",
            "Nguy?n V?n Minh",
            "\u{c3}\u{85}sa \u{c3}\u{96}berg",
            "The guest who rang in from the house in the north of Uppsala",
        ] {
            let line = format!("{odd}: We sold it.");
            let alternating = ["Maya Okafor: What then?", &line].repeat(4);
            let third = ["Maya Okafor: What then?", "Tom Becker: It rained.", &line].repeat(3);
            for lines in [alternating, third] {
                for place in [Place::Line, Place::Head] {
                    let labels = labels(place, &lines);
                    assert!(labels.has(odd) && !labels.doubtful(odd), "{odd}, {place:?}");
                }
            }
            let once = [["Maya Okafor: What then?", "Tom Becker: It rained."].repeat(4), vec![line.as_str()]].concat();
            let sentence = odd.starts_with("The");
            assert_eq!(labels(Place::Line, &once).doubtful(odd), !sentence, "{odd}, once");
        }
    }

    #[test]
    fn the_numbers_of_a_list_are_nobody() {
        let turns = ["Maya Okafor: What then?", "Tom Becker: Three things."].repeat(10);
        let lines = [turns, vec!["1: It rained.", "2: It snowed.", "3: It thawed."]].concat();
        let labels = labels(Place::Line, &lines);
        assert!(!labels.has("1") && labels.passed("2: It snowed.") == Some("2"));
    }
}
