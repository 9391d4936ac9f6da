//! Plain text: `[00:01:02] Name: text`, `Name: text`, `Name 00:12` with the text below, and their mixtures.

use std::collections::{HashMap, HashSet};

use super::{
    account::Draft,
    clock, date,
    formats::{Confidence, Reader, Source},
    label::{self, Labels},
    text_layout::{self, Line, Stamp},
    transcript::Format,
    words,
};

pub(super) const READER: Reader = Reader { name: "text", detect, read };

fn detect(source: &Source<'_>) -> Option<(Confidence, &'static str)> {
    Layout::of(source).evidence.map(|reason| (Confidence::Shape, reason))
}

/// How a text marks who speaks and when.
#[derive(Debug)]
pub(super) struct Layout {
    /// Names of headings, accepted.
    headings: HashSet<String>,
    /// Labels in front of a colon, accepted.
    labels: Labels,
    /// Whether times without brackets or hours at the start of a line count.
    plain_stamps: bool,
    /// Why it is a transcript; none where it is not.
    evidence: Option<&'static str>,
}

impl Layout {
    fn of<'s>(source: &'s Source<'_>) -> &'s Self {
        source.layout.get_or_init(|| Self::found_in(source))
    }

    fn found_in(source: &Source<'_>) -> Self {
        let lines: Vec<Line<'_>> = source.lines().iter().map(|line| text_layout::line(line)).collect();
        let filled = lines.iter().filter(|line| **line != Line::Blank).count();
        let stamps = |marked: bool| {
            let stamped = |line: &&Line<'_>| matches!(line, Line::Stamped { stamp, .. } if stamp.marked == marked);
            lines.iter().filter(stamped).count()
        };
        let (marked, unmarked) = (stamps(true), stamps(false));
        let plain_stamps = unmarked >= 2 && unmarked * 3 >= filled;
        let stamped = marked + if plain_stamps { unmarked } else { 0 };

        let mut headings: HashMap<&str, usize> = HashMap::new();
        for line in &lines {
            if let Line::Heading { name, .. } = line {
                *headings.entry(name).or_default() += 1;
            }
        }
        let repeated = headings.values().filter(|count| **count >= 2).sum::<usize>();
        // Where most headings repeat, the others are speakers heard once; else they are sentences that end in a time.
        if repeated * 4 < headings.values().sum::<usize>() * 3 {
            let sure = sure_headings(source, &lines);
            headings.retain(|name, count| *count >= 2 || sure.contains(name));
        }
        let headings = headings.into_keys().map(str::to_owned).collect();

        let mostly_stamped = stamped * 2 >= filled;
        let said = lines.iter().filter_map(|line| match line {
            Line::Stamped { rest, .. } => Some(*rest),
            // In a text of stamped lines the others continue them, and do not tell against a label.
            Line::Plain(text) if !mostly_stamped && !is_header(text) => Some(*text),
            _ => None,
        });
        let mut labels = Labels::of(said.clone());
        // Where paragraphs begin with names, one that is heard once is a name too, however long the paragraphs are.
        labels.add_heads(source.lines().iter().enumerate().filter_map(|(at, _)| match lines[at] {
            Line::Plain(text) if (at == 0 || lines[at - 1] == Line::Blank) && !is_header(text) => Some(text),
            _ => None,
        }));
        let (mut labelled, mut spoken) = (0, 0);
        for (_, rest) in said.filter_map(|text| labels.split(text)) {
            labelled += 1;
            spoken += words::count(rest);
        }
        // People say more than two words at a time; a list of settings has one behind each colon.
        let talk = spoken * 2 >= labelled * 5;

        // An agenda has times, and a word or two behind each; what people say is longer, or has brackets and hours.
        let behind = |line: &Line<'_>| match line {
            Line::Stamped { rest, .. } => words::count(rest),
            Line::Plain(text) => words::count(text),
            _ => 0,
        };
        let is_list = marked == 0 && lines.iter().map(behind).sum::<usize>() < stamped * 2;

        let evidence = if repeated >= 2 {
            Some("names with times stand above what they said")
        } else if stamped >= 2 && stamped * 10 >= filled && !is_list {
            Some("lines begin with times")
        } else if labels.repeated() && talk && labelled * 10 >= filled && (labels.len() >= 2 || labelled * 2 >= filled)
        {
            Some("lines begin with names that come again")
        } else {
            None
        };
        Self { headings, labels, plain_stamps, evidence }
    }
}

/// The headings that name somebody beyond doubt, though once: a name, with its time in brackets, set off by a wide
/// space, or below a blank line. To lose one would put its words into another's mouth.
fn sure_headings<'a>(source: &Source<'a>, lines: &[Line<'a>]) -> HashSet<&'a str> {
    let mut sure = HashSet::new();
    for (at, line) in lines.iter().enumerate() {
        let Line::Heading { name, stamp, .. } = line else { continue };
        let raw = source.lines()[at].trim_end().trim_end_matches(':');
        let wide = raw.strip_suffix(stamp.written).is_some_and(|rest| rest.ends_with("  ") || rest.ends_with('\t'));
        let below_blank = at == 0 || lines[at - 1] == Line::Blank;
        if label::reads_like_a_name(name) && (stamp.marked || wide || below_blank) {
            sure.insert(*name);
        }
    }
    sure
}

fn is_header(text: &str) -> bool {
    text.split_once(':').is_some_and(|(key, _)| label::is_structure(key.trim()))
}

/// Why a text is a transcript; none where it is not.
pub(super) fn evidence(source: &Source<'_>) -> Option<&'static str> {
    Layout::of(source).evidence
}

fn read(source: &Source<'_>) -> (Format, Draft) {
    (Format::Text, read_but(source, |_| None))
}

/// Reads a text but for its furniture: the lines for which there is a reason to set them aside.
pub(super) fn read_but(source: &Source<'_>, furniture: fn(&str) -> Option<&'static str>) -> Draft {
    let mut reading = Reading {
        layout: Layout::of(source),
        draft: Draft::default(),
        turn: None,
        pending: None,
        after_blank: false,
        hours: true,
    };
    let footer_from =
        source.lines().iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last.saturating_sub(2));
    for (at, raw) in source.lines().iter().enumerate() {
        if at >= footer_from && is_footer(raw) {
            reading.close();
            reading.draft.set_aside(at + 1, "the footer of the tool", raw);
        } else if let Some(reason) = furniture(raw) {
            reading.draft.set_aside(at + 1, reason, raw);
        } else {
            reading.line(at + 1, raw);
        }
    }
    reading.close();
    if reading.hours {
        clock::from_the_first(&mut reading.draft);
    }
    reading.draft
}

fn is_footer(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    ["transcribed by http", "transcription ended", "end of transcript", "[end of transcript", "--- end"]
        .iter()
        .any(|start| line.starts_with(start))
}

/// What somebody is saying.
struct Turn<'a> {
    label: Option<&'a str>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    text: String,
}

/// A text being read, line by line.
struct Reading<'a> {
    layout: &'a Layout,
    draft: Draft,
    turn: Option<Turn<'a>>,
    /// A time that stood alone: that of the next turn.
    pending: Option<Stamp<'a>>,
    after_blank: bool,
    /// Whether all times so far have hours.
    hours: bool,
}

impl<'a> Reading<'a> {
    fn line(&mut self, number: usize, raw: &'a str) {
        match text_layout::line(raw) {
            Line::Blank => {
                self.after_blank = true;
                return;
            }
            Line::Stamp(stamp) => {
                self.close();
                self.stamp(number, stamp);
            }
            Line::Stamped { stamp, rest } if stamp.marked || self.layout.plain_stamps => {
                self.stamp(number, stamp);
                match self.layout.labels.split(rest) {
                    Some((label, text)) => self.open(Some(label), text),
                    None => self.open(None, rest),
                }
            }
            Line::Heading { name, stamp, rest } if self.layout.headings.contains(name) => {
                self.stamp(number, stamp);
                self.open(Some(name), rest);
            }
            _ => self.plain(number, raw.trim()),
        }
        self.after_blank = false;
    }

    /// A time: that of the next turn.
    fn stamp(&mut self, number: usize, mut stamp: Stamp<'a>) {
        self.hours &=
            stamp.written.split(['-', '–', '—', '>']).next().is_some_and(|first| first.matches(':').count() == 2);
        self.draft.structure(stamp.written);
        self.draft.clock(number, Some(stamp.start_ms));
        stamp.end_ms = self.draft.end(number, Some(stamp.start_ms), stamp.end_ms);
        self.pending = Some(stamp);
    }

    fn plain(&mut self, number: usize, text: &'a str) {
        if let Some((label, rest)) = self.layout.labels.split(text) {
            return self.open(Some(label), rest);
        }
        if self.pending.is_some() {
            return self.open(None, text);
        }
        match &mut self.turn {
            None => {
                date::header_line(text, &mut self.draft);
                let reason = if is_header(text) { "a header line" } else { "text before the first speaker" };
                self.draft.set_aside(number, reason, text);
            }
            // A new paragraph of the same speaker; when it began is not known.
            Some(turn) if self.after_blank && !turn.text.is_empty() => {
                let label = turn.label;
                self.close();
                self.turn = Some(Turn { label, start_ms: None, end_ms: None, text: text.to_owned() });
            }
            Some(turn) => {
                if !turn.text.is_empty() {
                    turn.text.push(' ');
                }
                turn.text.push_str(text);
            }
        }
    }

    /// Begins a turn, at the time that stands before it.
    fn open(&mut self, label: Option<&'a str>, text: &str) {
        self.close();
        self.draft.structure(label.unwrap_or(""));
        let stamp = self.pending.take();
        let (start_ms, end_ms) = (stamp.map(|stamp| stamp.start_ms), stamp.and_then(|stamp| stamp.end_ms));
        self.turn = Some(Turn { label, start_ms, end_ms, text: text.to_owned() });
    }

    fn close(&mut self) {
        if let Some(turn) = self.turn.take() {
            self.draft.say(turn.label, turn.start_ms, turn.end_ms, &turn.text);
        }
    }
}
