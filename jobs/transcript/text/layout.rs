//! How a text marks who speaks and when: which shapes of lines count, by what else is in the file.
//!
//! The rule, in order: a name beside a time is a heading where names come again so; a name in front of a colon is a
//! label by the rule of [`label`](crate::label); a name on a line of its own by the rule of [`alone`]; a name set off by
//! brackets, a bar or a dash where nearly every turn begins so. What stands in such a place once is a speaker too, and
//! where it does not read as a name, that is a doubt, which is said. What has none of these places is speech.

use std::collections::{HashMap, HashSet};

use super::{
    alone, letter,
    line::unmarked,
    notes, said_by,
    sight::{Aside, Sight},
};
use crate::{formats::Source, label::Labels};

/// How a text marks who speaks and when.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Names of headings, accepted; whether that is in doubt.
    headings: HashMap<String, bool>,
    /// Labels in front of a colon, accepted.
    labels: Labels,
    /// Labels set off otherwise, accepted.
    marked: Option<Labels>,
    /// First words of all names, by which people are called.
    called: HashSet<String>,
    /// Lines, by index, that are a name; whether that is in doubt.
    alone: Vec<(usize, bool)>,
    /// Whether times without brackets or hours at the start of a line count.
    pub(super) plain_stamps: bool,
    /// Whether a name on a line of its own holds for all stamped lines below it.
    pub(super) carries: bool,
    /// Whether times that are written out stand on lines of their own; once it is how long the talk was.
    pub(super) written_out: bool,
    /// Whether most lines end in the time of their end.
    pub(super) trailing_stamps: bool,
    /// Whether those times have the marks of f4, which writes ends.
    pub(super) marked_ends: bool,
    /// Whether one person alone has a label, and lines that a dash or a space sets off answer each time: nobody says whose
    /// they are.
    pub(super) answers: bool,
    /// Whether nearly every turn is a paragraph of its own.
    pub(super) in_paragraphs: bool,
    /// Whether the lines of the talk are those of a list.
    pub(super) lists: bool,
    /// Whether names have bare times behind them, and what is said on the same line.
    pub(super) amid: bool,
    /// Whether marks alone tell speakers apart.
    pub(super) has_unnamed_turns: bool,
    /// The lines, by index, that nobody says.
    asides: Vec<(usize, Aside)>,
    /// The lines, by index, that look like the beginning of a turn and are said.
    said_times: Vec<usize>,
    /// Whether its lines are numbered.
    pub(super) numbered: bool,
    /// Why it is a transcript; none where it is not.
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
            lists: talk.listed * 2 > talk.labelled,
            amid: sight.amid,
            has_unnamed_turns,
            asides: std::mem::take(&mut sight.asides),
            said_times: std::mem::take(&mut sight.said_times),
            numbered,
            evidence,
        }
    }

    /// What the line of this index is, where nobody says it.
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

    /// Whether the line of this index is a name alone, and then whether that is in doubt.
    pub(super) fn alone(&self, at: usize) -> Option<bool> {
        let found = self.alone.binary_search_by_key(&at, |(line, _)| *line).ok()?;
        Some(self.alone[found].1)
    }

    /// Splits a text into its label and the rest, where the label is one of the file's; and whether that is in doubt.
    pub(super) fn split<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str, bool)> {
        let by = |labels: &Labels| labels.split(text).map(|(label, rest)| (label, rest, labels.doubtful(label)));
        by(&self.labels).or_else(|| self.marked.as_ref().and_then(by))
    }

    /// Whether labels are set off by something else than a colon alone.
    pub(super) fn marks(&self) -> bool {
        self.marked.is_some()
    }

    /// What may be a label at the start of `text`, and is taken for speech.
    pub(super) fn passed<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.labels.passed(text)
    }

    /// Whether `label` is one of the file's, however it is set off.
    pub(super) fn knows(&self, label: &str) -> bool {
        let marked = || self.marked.as_ref().is_some_and(|labels| labels.has(label));
        self.labels.has(label) || self.headings.contains_key(label) || marked()
    }

    /// Whether somebody of the file is called so: by the whole name or its first word.
    pub(super) fn calls(&self, label: &str) -> bool {
        self.knows(label) || self.called.contains(label)
    }
}
