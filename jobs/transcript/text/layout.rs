//! How a text marks who speaks and when: which shapes of lines count, by what else is in the file.
//!
//! The rule, in order: a name beside a time is a heading where names come again so; a name in front of a colon is a
//! label by the rule of [`label`](crate::label); a name on a line of its own by the rule of [`alone`]; a name set off by
//! brackets, a bar or a dash where nearly every turn begins so. What stands in such a place once is a speaker too, and
//! where it does not read as a name, that is a doubt, which is said. What has none of these places is speech.

use std::collections::{HashMap, HashSet};

use super::{
    alone::{self, Alone},
    letter,
    line::{Dress, Line, line},
    mark, stamp,
};
use crate::{
    date,
    formats::Source,
    label::{self, Labels, Piece, Place},
    words,
};

/// How a text marks who speaks and when.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Names of headings, accepted; whether that is in doubt.
    headings: HashMap<String, bool>,
    /// Labels in front of a colon, accepted.
    labels: Labels,
    /// Labels set off otherwise, accepted.
    marked: Option<Labels>,
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
    /// Whether one person alone has a label, and lines that a dash or a space sets off answer each time: nobody says whose
    /// they are.
    pub(super) answers: bool,
    /// Whether the lines of the talk are those of a list.
    pub(super) lists: bool,
    /// Whether its lines are numbered.
    pub(super) numbered: bool,
    /// Why it is a transcript; none where it is not.
    pub(super) evidence: Option<&'static str>,
}

/// What the first look at all lines finds.
struct Sight<'s, 'l> {
    source: &'l Source<'s>,
    lines: Vec<Line<'s>>,
    filled: usize,
    /// Stamped lines that count.
    stamped: usize,
    plain_stamps: bool,
    mostly_stamped: bool,
    numbered: bool,
    written_out: bool,
}

impl Layout {
    pub(super) fn of<'s>(source: &'s Source<'_>) -> &'s Self {
        source.layout.get_or_init(|| Self::found_in(source))
    }

    fn found_in(source: &Source<'_>) -> Self {
        let mut sight = Sight::of(source);
        let (headings, repeated) = sight.headings();
        sight.drop_headings(&headings);
        let headed = repeated >= 2 || sight.enclosed() >= 2;
        let mut labels = Labels::of(sight.pieces());
        if headed {
            labels.drop_doubtful();
        }
        let talk = sight.talk(&labels);
        let labelled = labels.repeated() && talk.is_speech() && talk.fills(&sight, &labels);
        let marked = if headed || labelled || labels.nearly_every { None } else { sight.marked() };
        let quiet = !headed && !labelled && marked.is_none() && !letter::is_one(source.lines());
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
        } else {
            None
        };
        let alone = names.iter().map(|name| (name.at, name.doubtful)).collect();
        let trailing_stamps = sight.trailing_stamps();
        let (plain_stamps, numbered) = (sight.plain_stamps, sight.numbered);
        Self {
            headings,
            labels,
            marked,
            alone,
            plain_stamps,
            carries,
            trailing_stamps,
            written_out: sight.written_out,
            answers,
            lists: talk.listed * 2 > talk.labelled,
            numbered,
            evidence,
        }
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

    /// What may be a label at the start of `text`, and is taken for speech.
    pub(super) fn passed<'a>(&self, text: &'a str) -> Option<&'a str> {
        self.labels.passed(text)
    }

    /// Whether `label` is one of the file's, however it is set off.
    pub(super) fn knows(&self, label: &str) -> bool {
        self.labels.has(label) || self.headings.contains_key(label)
    }
}

/// How much is said behind labels.
struct Talk {
    labelled: usize,
    /// Of them those that are lines of a list.
    listed: usize,
    spoken: usize,
}

impl Talk {
    /// People say more than two words at a time; a list of settings has one behind each colon.
    fn is_speech(&self) -> bool {
        self.spoken * 2 >= self.labelled * 5
    }

    /// Whether labels make up enough of the file; a letter has some too.
    fn fills(&self, sight: &Sight<'_, '_>, labels: &Labels) -> bool {
        let usual = self.labelled * 10 >= sight.filled && (labels.len() >= 2 || self.labelled * 2 >= sight.filled);
        let (again, count) = labels.again();
        // Of a list most comes once.
        if again == 1 && count < 3 && count * 2 < self.labelled {
            return false;
        }
        let nearly_all = again >= 2 && self.labelled * 10 >= sight.filled * 6;
        usual && (nearly_all || !letter::is_one(sight.source.lines()))
    }
}

impl<'s, 'l> Sight<'s, 'l> {
    fn of(source: &'l Source<'s>) -> Self {
        // Whether something may be a name is asked once, however often it comes.
        let mut names: HashMap<&str, bool> = HashMap::new();
        let mut is_name = |name| {
            *names
                .entry(name)
                .or_insert_with(|| label::may_be_label(name) && date::day(name).is_none() && !mark::is_sound(name))
        };
        let numbered = is_numbered(source);
        let raw = source.lines().iter().map(|raw| if numbered { unnumbered(raw).1 } else { raw });
        let lines: Vec<Line<'s>> = raw.map(|raw| line(raw, &mut is_name)).collect();
        let written_out =
            lines.iter().filter(|line| matches!(line, Line::Stamp(stamp) if stamp.written_out)).count() >= 2;
        let lines: Vec<Line<'s>> = lines.into_iter().map(|line| line.without(written_out)).collect();
        let filled = lines.iter().filter(|line| **line != Line::Blank).count();
        let stamps = |marked: bool| {
            let stamped = |line: &&Line<'_>| matches!(line, Line::Stamped { stamp, .. } if stamp.marked == marked);
            lines.iter().filter(stamped).count()
        };
        let (marked, unmarked) = (stamps(true), stamps(false));
        let plain_stamps = unmarked >= 2 && unmarked * 3 >= filled;
        let stamped = marked + if plain_stamps { unmarked } else { 0 };
        Self {
            source,
            lines,
            filled,
            stamped,
            plain_stamps,
            mostly_stamped: stamped * 2 >= filled,
            numbered,
            written_out,
        }
    }

    fn above(&self, at: usize) -> Line<'s> {
        at.checked_sub(1).map_or(Line::Blank, |above| self.lines[above])
    }

    /// Whether the text above a line runs on.
    fn open(&self, at: usize) -> bool {
        match self.above(at) {
            Line::Plain(text, Dress::None) | Line::Stamped { rest: text, .. } => !label::ends_a_sentence(text),
            _ => false,
        }
    }

    /// What may begin with a label.
    fn pieces(&self) -> impl Iterator<Item = Piece<'s>> + Clone {
        self.lines.iter().enumerate().filter_map(|(at, line)| {
            let (text, place) = match *line {
                Line::Stamped { rest, .. } => (rest, Place::Head),
                Line::Plain(text, Dress::None | Dress::Bold) if !is_header(text) => match self.above(at) {
                    // In a text of stamped lines the others continue them, and do not tell against a label.
                    _ if self.mostly_stamped => (text, Place::Further),
                    Line::Blank | Line::Stamp(_) => (text, Place::Head),
                    _ => (text, Place::Line),
                },
                _ => return None,
            };
            Some(Piece { text, place, open: self.open(at) })
        })
    }

    /// The headings that name somebody, and how many of them come again.
    fn headings(&self) -> (HashMap<String, bool>, usize) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for line in &self.lines {
            if let Line::Heading { name, .. } = line {
                *counts.entry(name).or_default() += 1;
            }
        }
        // One time in all the file is no clock: "Priya (10:30): yes" is how somebody is called.
        let timed = |line: &Line<'_>| matches!(line, Line::Heading { .. } | Line::Stamped { .. } | Line::Stamp(_));
        if self.lines.iter().filter(|line| timed(line)).nth(1).is_none() {
            return (HashMap::new(), 0);
        }
        let repeated = counts.values().filter(|count| **count >= 2).sum::<usize>();
        // Where most headings repeat, the others are speakers heard once; else they are sentences that end in a time.
        let mostly = repeated * 4 >= counts.values().sum::<usize>() * 3;
        let once =
            counts.iter().filter(|(_, count)| **count < 2).map(|(name, _)| (*name, label::reads_like_a_name(name)));
        let once: HashMap<&str, bool> = once.collect();
        let sure = self.sure_headings(&once, mostly);
        let again = counts.into_iter().filter(|(_, count)| *count >= 2).map(|(name, _)| (name.to_owned(), false));
        let once = sure.into_iter().map(|name| (name.to_owned(), !once[name]));
        (again.chain(once).collect(), repeated)
    }

    /// How many names stand in one bracket with their time.
    fn enclosed(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line, Line::Heading { enclosed: true, .. })).count()
    }

    /// What looks like a heading and names nobody is a line like others.
    fn drop_headings(&mut self, headings: &HashMap<String, bool>) {
        for (shape, raw) in self.lines.iter_mut().zip(self.source.lines()) {
            if matches!(shape, Line::Heading { name, .. } if !headings.contains_key(*name)) {
                *shape = line(raw, |_| false);
            }
        }
    }

    /// The headings that name somebody, though once (`once` tells whether they read as names): with the time in brackets, set off by a wide space, or
    /// below a blank line. To lose one would put its words into another's mouth.
    fn sure_headings(&self, once: &HashMap<&str, bool>, mostly: bool) -> HashSet<&'s str> {
        let mut sure = HashSet::new();
        for (at, line) in self.lines.iter().enumerate() {
            let Line::Heading { name, stamp, enclosed, rest } = line else { continue };
            let Some(is_name) = once.get(name).copied() else { continue };
            let raw = self.source.lines()[at].trim_end().trim_end_matches(':');
            let wide = raw.strip_suffix(stamp.written).is_some_and(|rest| rest.ends_with("  ") || rest.ends_with('\t'));
            let below_blank = self.above(at) == Line::Blank;
            let placed = *enclosed || wide || below_blank || (stamp.marked && (is_name || rest.is_empty()));
            let usual = mostly && !self.open(at);
            if placed && (is_name || mostly || *enclosed) || usual {
                sure.insert(*name);
            }
        }
        sure
    }

    fn talk(&self, labels: &Labels) -> Talk {
        let mut talk = Talk { labelled: 0, listed: 0, spoken: 0 };
        let mut below = false;
        for piece in self.pieces() {
            if let Some((_, rest)) = labels.split(piece.text) {
                talk.labelled += 1;
                talk.listed += usize::from(label::unlisted(piece.text).len() < piece.text.len());
                talk.spoken += words::count(rest);
                below = rest.is_empty();
            } else if std::mem::take(&mut below) {
                // The label stands above what is said.
                talk.spoken += words::count(piece.text);
            }
        }
        talk
    }

    /// An agenda has times, and a word or two behind each; what people say is longer, ends as sentences do, or has
    /// brackets, names and hours.
    fn is_list(&self, labels: &Labels) -> bool {
        let behind = |line: &Line<'_>| match line {
            Line::Stamped { rest, .. } => words::count(rest),
            Line::Plain(text, _) => words::count(text),
            _ => 0,
        };
        let said = |line: &Line<'_>| matches!(line, Line::Stamped { stamp, rest } if stamp.hours || (stamp.marked && label::ends_a_sentence(rest)));
        let marked = |line: &Line<'_>| matches!(line, Line::Stamped { stamp, .. } if stamp.marked);
        let talk = self.lines.iter().any(said) || (labels.len() > 0 && self.lines.iter().any(marked));
        !talk && self.lines.iter().map(behind).sum::<usize>() < self.stamped * 2
    }

    /// The labels that are set off by something else than a colon, where nearly every turn begins so.
    fn marked(&self) -> Option<Labels> {
        mark::MARKS.iter().find_map(|mark| {
            let labels = Labels::marked(self.pieces(), *mark);
            let (again, count) = labels.again();
            let few = again * 2 <= count && labels.len() * 2 <= count + 2;
            (labels.nearly_every && (again >= 2 || count >= 3) && few && self.talk(&labels).is_speech())
                .then_some(labels)
        })
    }

    /// Whether below most lines of the only person with a label others are set off.
    fn answers(&self, labels: &Labels) -> bool {
        if labels.len() != 1 {
            return false;
        }
        let (mut turns, mut answered, mut others, mut asked) = (0_usize, 0_usize, 0_usize, false);
        for (at, (line, raw)) in self.lines.iter().zip(self.source.lines()).enumerate() {
            let Line::Plain(text, _) = *line else { continue };
            if labels.split(text).is_some() && !is_set_off(raw) {
                turns += 1;
                asked = true;
            } else if is_set_off(raw) {
                // What hangs below a line that runs on goes on with it.
                asked &= raw.starts_with(['-', '–', '—']) || !self.open(at);
                answered += usize::from(std::mem::take(&mut asked));
            } else {
                others += 1;
            }
        }
        turns >= 2 && answered * 4 >= turns * 3 && others <= turns
    }

    fn trailing_stamps(&self) -> bool {
        let ends = |line: &&Line<'_>| matches!(line, Line::Plain(text, _) if stamp::trailing(text).is_some());
        let texts = self.lines.iter().filter(|line| matches!(line, Line::Plain(..))).count();
        texts > 0 && self.lines.iter().filter(ends).count() * 10 >= texts * 6
    }

    /// Whether names alone hold for the stamped lines below them, none of which has a label.
    fn carries(&self, names: &[Alone], labels: &Labels) -> bool {
        let above = |at: usize| matches!(self.lines[at], Line::Plain(..));
        let mut rests = self.lines.iter().filter_map(|line| match line {
            Line::Stamped { rest, .. } => Some(*rest),
            _ => None,
        });
        let bare = |line: &Line<'_>| matches!(line, Line::Plain(text, _) if labels.split(text).is_some_and(|(_, rest)| rest.is_empty()));
        let above_stamps =
            if names.is_empty() { self.lines.iter().any(bare) } else { names.iter().all(|name| above(name.at)) };
        // A line above the times that is no name may be one that was not known.
        let unknown = (1..self.lines.len()).any(|at| {
            let names_it = matches!(self.lines[at], Line::Stamped { .. })
                && matches!(self.above(at), Line::Plain(..))
                && (at < 2 || self.above(at - 1) == Line::Blank);
            names_it && names.binary_search_by_key(&(at - 1), |name| name.at).is_err()
        });
        above_stamps && (names.is_empty() || !unknown) && rests.all(|rest| labels.split(rest).is_none())
    }
}

/// Whether a dash or a space sets a line off.
pub(super) fn is_set_off(raw: &str) -> bool {
    let text = raw.trim_end();
    let spaced = text.starts_with('\t') || text.starts_with("  ");
    !text.is_empty() && (spaced || (text.starts_with(['-', '–', '—']) && label::unlisted(text).len() < text.len()))
}

/// Whether nearly every line begins with its number.
fn is_numbered(source: &Source<'_>) -> bool {
    let (mut filled, mut in_order, mut last) = (0_usize, 0_usize, 0);
    for raw in source.lines().iter().filter(|raw| !raw.trim().is_empty()) {
        filled += 1;
        let number = unnumbered(raw).0.trim().trim_end_matches(['.', ')']).parse::<u64>();
        if let Ok(number) = number {
            in_order += usize::from(number == last + 1);
            last = number;
        }
    }
    filled >= 3 && in_order * 10 >= filled * 8
}

/// The number that begins a line, and the line without it.
pub(super) fn unnumbered(raw: &str) -> (&str, &str) {
    let text = raw.trim_start();
    let width = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[width..];
    let bare = rest.strip_prefix(['.', ')']).unwrap_or(rest);
    if width == 0 || width > 7 || !bare.starts_with(char::is_whitespace) {
        return ("", raw);
    }
    (&text[..text.len() - bare.len()], bare)
}

/// Whether a line is one of a header, `Date: …`.
pub(super) fn is_header(text: &str) -> bool {
    let at = text.find(':').or_else(|| if text.is_ascii() { None } else { text.find('：') });
    at.is_some_and(|at| label::is_structure(text[..at].trim()))
}
