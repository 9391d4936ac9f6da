//! How a text marks speakers and times: which forms of lines count, judging by the rest of the file.
//!
//! The rule, in order: a name next to a time is a heading if names recur like that; a name before a colon is a label by
//! the rules of [`label`](crate::label); a name on its own line by those of [`alone`]; a name marked by brackets, a bar
//! or a dash if nearly every turn begins like that. What occurs in such a position once is a speaker too, and if it
//! doesn't look like a name, a warning says so. Everything else is speech.

use std::collections::{HashMap, HashSet};

use super::{
    alone, letter,
    line::unmarked,
    notes, said_by,
    sight::{Aside, Sight},
};
use crate::{formats::Source, label::Labels};

/// How a text marks speakers and times.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Accepted names of headings, and whether each is in doubt.
    headings: HashMap<String, bool>,
    /// Accepted labels before a colon.
    labels: Labels,
    /// Accepted labels that are marked differently.
    marked: Option<Labels>,
    /// The first words of all names, by which people are addressed.
    called: HashSet<String>,
    /// The indices of lines that are a name, and whether each is in doubt.
    alone: Vec<(usize, bool)>,
    /// Whether times without brackets or hours at the start of a line count.
    pub(super) plain_stamps: bool,
    /// Whether a name on its own line applies to all stamped lines after it.
    pub(super) carries: bool,
    /// Whether written-out times are on lines of their own; a single one is the length of the talk.
    pub(super) written_out: bool,
    /// Whether most lines end with their end time.
    pub(super) trailing_stamps: bool,
    /// Whether those times have f4's marks, which are ends.
    pub(super) marked_ends: bool,
    /// Whether one person alone has a label, and lines that a dash or a space sets off answer each time: nobody says whose
    /// they are.
    pub(super) answers: bool,
    /// Whether nearly every turn is a paragraph of its own.
    pub(super) in_paragraphs: bool,
    /// Whether nearly every turn is named, and some are not.
    pub(super) names_nearly_all: bool,
    /// Whether the lines of the talk are those of a list.
    pub(super) lists: bool,
    /// Whether names are followed by bare times, and then the words on the same line.
    pub(super) amid: bool,
    /// Whether only marks tell speakers apart.
    pub(super) has_unnamed_turns: bool,
    /// The lines, by index, that nobody says.
    asides: Vec<(usize, Aside)>,
    /// The lines, by index, that look like the beginning of a turn and are said.
    said_times: Vec<usize>,
    /// Whether its lines are numbered.
    pub(super) numbered: bool,
    /// Why it's a transcript; `None` if it isn't.
    pub(super) evidence: Option<&'static str>,
}

impl Layout {
    pub(super) fn of<'s>(source: &'s Source<'_>) -> &'s Self {
        source.layout.get_or_init(|| Self::found_in(source))
    }

    fn found_in(source: &Source<'_>) -> Self {
        let mut sight = Sight::of(source);
        let notes = notes::lines(&mut sight);
        sight.put_notes_aside(&notes);
        let (headings, repeated) = sight.headings();
        sight.drop_headings(&headings);
        let headed = repeated >= 2 || sight.enclosed() >= 2;
        let mut labels = Labels::of(sight.pieces());
        // `张三说：` names 张三.
        let says = labels.len() > 0 && labels.names().all(said_by::ends_in_a_verb);
        if says {
            labels = Labels::none();
        }
        if headed {
            labels.drop_doubtful();
        }
        let talk = sight.talk(&labels);
        let labelled = labels.repeated() && talk.is_speech() && talk.fills(&sight, &labels);
        let marked = if headed || labelled || (labels.nearly_every && !says) { None } else { sight.marked() };
        let has_unnamed_turns = !headed && !labelled && marked.is_none() && sight.has_unnamed_turns();
        let quiet = !has_unnamed_turns && !headed && !labelled && marked.is_none() && !letter::is_one(source.lines());
        let names = alone::names(&sight.lines, quiet);
        if !names.is_empty() && !labels.nearly_every && talk.labelled < names.len() {
            labels = Labels::none();
        }
        let carries = sight.carries(&names, &labels);
        let answers = names.is_empty() && marked.is_none() && sight.answers(&labels);
        let evidence = if headed {
            Some("names with times stand above what they said")
        } else if !names.is_empty() {
            Some("names stand alone above what they said")
        } else if sight.stamped >= 2 && sight.stamped * 10 >= sight.filled && !sight.is_list(&labels) {
            Some("lines begin with times")
        } else if labelled || marked.is_some() {
            Some("lines begin with names that come again")
        } else if has_unnamed_turns {
            Some("marks (>>) show where somebody else starts speaking")
        } else {
            None
        };
        let alone = names.iter().map(|name| (name.at, name.doubtful)).collect();
        let trailing_stamps = sight.trailing_stamps();
        let in_paragraphs = sight.in_paragraphs(&labels);
        let names_nearly_all = sight.names_nearly_all(&labels, in_paragraphs);
        let (plain_stamps, numbered) = (sight.plain_stamps, sight.numbered);
        let on_lines = names.iter().map(|name| sight.lines[name.at].text());
        let all =
            labels.names().chain(marked.iter().flat_map(Labels::names)).chain(headings.keys().map(String::as_str));
        let called = all.chain(on_lines).filter_map(|name| unmarked(name).split_whitespace().next()).map(str::to_owned);
        let called = called.collect();
        Self {
            headings,
            labels,
            marked,
            called,
            alone,
            plain_stamps,
            carries,
            trailing_stamps,
            marked_ends: trailing_stamps && source.lines().iter().any(|line| line.trim_end().ends_with('#')),
            written_out: sight.written_out,
            answers,
            in_paragraphs,
            names_nearly_all,
            lists: talk.listed * 2 > talk.labelled,
            amid: sight.amid,
            has_unnamed_turns,
            asides: std::mem::take(&mut sight.asides),
            said_times: std::mem::take(&mut sight.said_times),
            numbered,
            evidence,
        }
    }

    /// The kind of this line, by index, if nobody says it.
    pub(super) fn aside(&self, at: usize) -> Option<Aside> {
        let found = self.asides.binary_search_by_key(&at, |(line, _)| *line).ok()?;
        Some(self.asides[found].1)
    }

    /// Whether the line of this index looks like the beginning of a turn and is said.
    pub(super) fn is_said(&self, at: usize) -> bool {
        self.said_times.binary_search(&at).is_ok()
    }

    /// Whether `name` beside a time is somebody, and then whether that is in doubt.
    pub(super) fn heading(&self, name: &str) -> Option<bool> {
        self.headings.get(name).copied()
    }

    /// Whether the line with this index is a name alone, and if so, whether that is in doubt.
    pub(super) fn alone(&self, at: usize) -> Option<bool> {
        let found = self.alone.binary_search_by_key(&at, |(line, _)| *line).ok()?;
        Some(self.alone[found].1)
    }

    /// Splits a text into its label and the rest, if the label is one of the file's; with whether that is in doubt.
    pub(super) fn split<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str, bool)> {
        let by = |labels: &Labels| labels.split(text).map(|(label, rest)| (label, rest, labels.doubtful(label)));
        by(&self.labels).or_else(|| self.marked.as_ref().and_then(by))
    }

    /// Whether labels are marked by something other than just a colon.
    pub(super) fn marks(&self) -> bool {
        self.marked.is_some()
    }

    /// The candidate at the start of `text` that is treated as speech, if any.
    pub(super) fn passed<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.labels.passed(text)
    }

    /// One of the file's labels at the start of a text that goes on without a colon, or without a space behind it: the
    /// label, what follows it, and whether that shows a label ("Liz; …", "Liz – I …", "[Liz] …") or may also be speech
    /// ("Liz, …").
    pub(super) fn mistyped<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str, bool)> {
        const LONGEST: usize = 60;
        let begin = text.len() - text.trim_start_matches(['[', '(', '<', '*', '"', '\u{201c}']).len();
        let head = &text[begin..text.floor_char_boundary(begin + LONGEST).max(begin)];
        let ends = head.char_indices().filter(|(_, sign)| !sign.is_alphanumeric());
        let (length, _) = ends.rev().find(|(end, _)| self.labels.has(&head[..*end]))?;
        let (label, after) = (&head[..length], &text[begin + length..]);
        let rest = after.trim_start_matches(|sign: char| !sign.is_alphanumeric() && !matches!(sign, '"' | '\u{201c}'));
        let sign = after[..after.len() - rest.len()].trim();
        let begins = rest.starts_with(|letter: char| letter.is_uppercase() || letter.is_numeric());
        match sign {
            _ if rest.is_empty() => None,
            ";" | ":" | ">" | "|" | "=" | "]" | ")" | "]:" | "):" | "->" | "=>" | "::" | "*" | "**" => {
                Some((label, rest, true))
            }
            "-" | "\u{2013}" | "\u{2014}" | "--" if begins => {
                // "Anna-Maria called": a hyphen without spaces may belong to a name.
                let says_i = ["I ", "I'", "I\u{2019}"].iter().any(|word| rest.starts_with(word));
                Some((label, rest, sign.len() < after.len() - rest.len() || sign != "-" || says_i))
            }
            "." | "," | "" if begins && begin == 0 => Some((label, rest, false)),
            _ => None,
        }
    }

    /// Whether `label` is one of the file's, however it's marked.
    pub(super) fn knows(&self, label: &str) -> bool {
        let marked = || self.marked.as_ref().is_some_and(|labels| labels.has(label));
        self.labels.has(label) || self.headings.contains_key(label) || marked()
    }

    /// Whether one of the file's speakers has this name, or this first word of a name.
    pub(super) fn calls(&self, label: &str) -> bool {
        self.knows(label) || self.called.contains(label)
    }
}
