//! The first pass over all lines of a text: their forms, the headings among them, how much is said after labels, and
//! where else names may be.

mod habits;

use std::collections::{HashMap, HashSet};

use super::{
    furniture, letter,
    line::{Beside, Dress, Line, line},
    mark, pages, quotation, said_times,
};
use crate::{
    date,
    formats::Source,
    label::{self, Labels, Piece, Place},
    words,
};

/// The results of the first pass.
pub(super) struct Sight<'s, 'l> {
    pub(super) source: &'l Source<'s>,
    pub(super) lines: Vec<Line<'s>>,
    pub(super) filled: usize,
    /// Stamped lines that count.
    pub(super) stamped: usize,
    pub(super) plain_stamps: bool,
    pub(super) mostly_stamped: bool,
    pub(super) numbered: bool,
    pub(super) written_out: bool,
    /// Whether names are followed by bare times, and then the words on the same line.
    pub(super) amid: bool,
    /// Whether each line is quoted.
    quoted: Vec<bool>,
    /// The lines, by index, that look like the beginning of a turn and are said.
    pub(super) said_times: Vec<usize>,
    /// The lines that nobody says, by their indexes and in order, and what they are.
    pub(super) asides: Vec<(usize, Aside)>,
}

/// The kind of a line that nobody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    /// Part of the header above the talk: keys and values.
    Head,
    /// A header, a footer or a number of a page.
    Page,
    /// A note between the turns.
    Note,
}

/// How much is said after labels.
pub(super) struct Talk {
    pub(super) labelled: usize,
    /// How many of them are list items.
    pub(super) listed: usize,
    spoken: usize,
    /// How often it ends like a sentence.
    ended: usize,
}

impl Talk {
    /// People say more than two words at a time; in a list of settings one follows each colon.
    pub(super) fn is_speech(&self) -> bool {
        self.spoken * 2 >= self.labelled * 5
    }

    /// Whether labels make up enough of the file; a letter has some too.
    pub(super) fn fills(&self, sight: &Sight<'_, '_>, labels: &Labels) -> bool {
        let usual = self.labelled * 10 >= sight.filled && (labels.len() >= 2 || self.labelled * 2 >= sight.filled);
        let (again, count) = labels.again();
        // In a list most labels occur once.
        if again == 1 && count < 3 && count * 2 < self.labelled {
            return false;
        }
        let nearly_all = again >= 2 && self.labelled * 10 >= sight.filled * 6;
        usual && (nearly_all || !letter::is_one(sight.source.lines()))
    }
}

impl<'s, 'l> Sight<'s, 'l> {
    pub(super) fn of(source: &'l Source<'s>) -> Self {
        // Each name is examined once, however often it occurs.
        let mut names: HashMap<&str, bool> = HashMap::new();
        let mut is_name = |name| {
            *names
                .entry(name)
                .or_insert_with(|| label::may_be_label(name) && date::day(name).is_none() && !mark::is_sound(name))
        };
        let numbered = is_numbered(source);
        let raw = source.lines().iter().map(|raw| if numbered { unnumbered(raw).1 } else { raw });
        // Lines that nobody says don't show how people are named.
        let shape = |raw: &'s str| if furniture::reason(raw).is_some() { Line::Blank } else { line(raw, &mut is_name) };
        let mut lines: Vec<Line<'s>> = raw.map(shape).collect();
        let heads = pages::heads(source.lines()).into_iter().map(|at| (at, Aside::Head));
        let pages = pages::furniture(source.lines(), numbered).into_iter().map(|at| (at, Aside::Page));
        let mut asides: Vec<(usize, Aside)> = heads.chain(pages).collect();
        asides.sort_by_key(|(at, _)| *at);
        asides.dedup_by_key(|(at, _)| *at);
        asides.iter().for_each(|(at, _)| lines[*at] = Line::Blank);
        let written_out =
            lines.iter().filter(|line| matches!(line, Line::Stamp(stamp) if stamp.written_out)).count() >= 2;
        let mut lines: Vec<Line<'s>> = lines.into_iter().map(|line| line.without(written_out)).collect();
        let bare = |at: usize| if numbered { unnumbered(source.lines()[at]).1 } else { source.lines()[at] };
        let said_times = said_times::lines(&lines, bare);
        said_times.iter().for_each(|at| lines[*at] = Line::Plain(bare(*at).trim(), Dress::None));
        let filled = lines.iter().filter(|line| **line != Line::Blank).count();
        let stamps = |marked: bool| {
            let stamped = |line: &&Line<'_>| matches!(line, Line::Stamped { stamp, .. } if stamp.marked == marked);
            lines.iter().filter(stamped).count()
        };
        let (marked, unmarked) = (stamps(true), stamps(false));
        let plain_stamps = unmarked >= 2 && unmarked * 3 >= filled;
        let stamped = marked + if plain_stamps { unmarked } else { 0 };
        let quoted = quotation::lines(&lines);
        Self {
            source,
            lines,
            filled,
            stamped,
            plain_stamps,
            mostly_stamped: stamped * 2 >= filled,
            numbered,
            written_out,
            amid: false,
            quoted,
            said_times,
            asides,
        }
    }

    /// Excludes the notes between the turns.
    pub(super) fn put_notes_aside(&mut self, notes: &[usize]) {
        for at in notes {
            self.filled -= usize::from(self.lines[*at] != Line::Blank);
            self.lines[*at] = Line::Blank;
        }
        self.asides.extend(notes.iter().map(|at| (*at, Aside::Note)));
        self.asides.sort_by_key(|(at, _)| *at);
        self.asides.dedup_by_key(|(at, _)| *at);
    }

    /// Whether nobody says this line.
    pub(super) fn is_aside(&self, at: usize) -> bool {
        self.asides.binary_search_by_key(&at, |(line, _)| *line).is_ok()
    }

    /// A line without its number.
    pub(super) fn bare(&self, at: usize) -> &'s str {
        let raw = self.source.lines()[at];
        if self.numbered { unnumbered(raw).1 } else { raw }
    }

    /// The line above, ignoring those that nobody says.
    fn above(&self, at: usize) -> Line<'s> {
        let above = at.checked_sub(1).map(|above| (above, self.lines[above]));
        match above {
            None => Line::Blank,
            Some((above, Line::Blank)) if !self.asides.is_empty() => {
                let said = (0..=above).rev().take(ABOVE).find(|at| !self.is_aside(*at));
                said.map_or(Line::Blank, |at| self.lines[at])
            }
            Some((_, line)) => line,
        }
    }

    /// Whether the text above a line is unfinished.
    fn open(&self, at: usize) -> bool {
        match self.above(at) {
            Line::Plain(text, Dress::None) | Line::Stamped { rest: text, .. } => !label::ends_a_sentence(text),
            _ => false,
        }
    }

    /// The pieces that may begin with a label.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'s>> + Clone {
        self.lines.iter().enumerate().filter_map(|(at, line)| {
            let (text, place) = match *line {
                Line::Stamped { rest, .. } => (rest, Place::Head),
                Line::Plain(text, Dress::None | Dress::Bold) if !is_header(text) => match self.above(at) {
                    // In a text of stamped lines the others continue them, and are no evidence against a label.
                    _ if self.quoted.get(at) == Some(&true) => (text, Place::Quoted),
                    _ if self.mostly_stamped => (text, Place::Further),
                    Line::Blank | Line::Stamp(_) => (text, Place::Head),
                    _ => (text, Place::Line),
                },
                _ => return None,
            };
            Some(Piece { text, place, open: self.open(at) })
        })
    }

    /// The headings that name somebody, and how many of them recur.
    pub(super) fn headings(&mut self) -> (HashMap<String, bool>, usize) {
        self.amid = self.says_amid();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for line in &self.lines {
            if let Line::Heading { name, beside, .. } = line
                && (*beside != Beside::Amid || self.amid)
            {
                *counts.entry(name).or_default() += 1;
            }
        }
        // A single time in the whole file is no clock: "Priya (10:30): yes" may be a name.
        let timed = |line: &Line<'_>| matches!(line, Line::Heading { .. } | Line::Stamped { .. } | Line::Stamp(_));
        if self.lines.iter().filter(|line| timed(line)).nth(1).is_none() {
            return (HashMap::new(), 0);
        }
        let repeated = counts.values().filter(|count| **count >= 2).sum::<usize>();
        // If most headings recur, the others are speakers who speak once; otherwise they are sentences that end in a
        // time.
        let mostly = repeated * 4 >= counts.values().sum::<usize>() * 3;
        let once =
            counts.iter().filter(|(_, count)| **count < 2).map(|(name, _)| (*name, label::reads_like_a_name(name)));
        let once: HashMap<&str, bool> = once.collect();
        let sure = self.sure_headings(&once, mostly);
        let again = counts.into_iter().filter(|(_, count)| *count >= 2).map(|(name, _)| (name.to_owned(), false));
        let once = sure.into_iter().map(|name| (name.to_owned(), !once[name]));
        (again.chain(once).collect(), repeated)
    }

    /// Whether names are followed by bare times and then the words on the same line: most of the times are there (if
    /// they are elsewhere, this one was said), and the words aren't entries of a programme, but longer, and often end
    /// like sentences.
    fn says_amid(&self) -> bool {
        let (mut count, mut spoken, mut ended, mut all) = (0_usize, 0, 0, 0);
        for line in &self.lines {
            all += usize::from(self.is_timed(line));
            if let Line::Heading { rest, beside: Beside::Amid, .. } = line {
                count += 1;
                spoken += words::count(rest);
                ended += usize::from(label::ends_a_sentence(rest));
            }
        }
        count * 2 > all && spoken * 2 >= count * 5 && ended * 10 >= count * 3
    }

    /// Whether the line has a time that counts.
    fn is_timed(&self, line: &Line<'_>) -> bool {
        match line {
            Line::Heading { .. } | Line::Stamp(_) => true,
            Line::Stamped { stamp, .. } => stamp.marked || self.plain_stamps,
            Line::Blank | Line::Plain(..) => false,
        }
    }

    /// How many names are in one bracket with their time.
    pub(super) fn enclosed(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line, Line::Heading { beside: Beside::Enclosed, .. })).count()
    }

    /// Turns headings that name nobody into plain lines.
    pub(super) fn drop_headings(&mut self, headings: &HashMap<String, bool>) {
        for (shape, raw) in self.lines.iter_mut().zip(self.source.lines()) {
            let amid = self.amid;
            if matches!(shape, Line::Heading { name, beside, .. }
                if !headings.contains_key(*name) || (*beside == Beside::Amid && !amid))
            {
                *shape = line(raw, |_| false);
            }
        }
    }

    /// The headings that name somebody, though only once (`once` says whether they look like names): with the time in
    /// brackets, after a wide space, or after a blank line. Missing one would attribute its words to someone else.
    fn sure_headings(&self, once: &HashMap<&str, bool>, mostly: bool) -> HashSet<&'s str> {
        let mut sure = HashSet::new();
        for (at, line) in self.lines.iter().enumerate() {
            let Line::Heading { name, stamp, beside, rest } = line else { continue };
            let Some(is_name) = once.get(name).copied() else { continue };
            let raw = self.source.lines()[at].trim_end().trim_end_matches(':');
            let wide = raw.strip_suffix(stamp.written).is_some_and(|rest| rest.ends_with("  ") || rest.ends_with('\t'));
            let below_blank = self.above(at) == Line::Blank;
            let enclosed = *beside == Beside::Enclosed;
            // Markdown writes names in bold.
            let bold = raw.trim_start().starts_with("**");
            let placed = enclosed || wide || below_blank || bold || (stamp.marked && (is_name || rest.is_empty()));
            let usual = mostly && !self.open(at);
            if placed && (is_name || mostly || enclosed) || usual {
                sure.insert(*name);
            }
        }
        sure
    }

    pub(super) fn talk(&self, labels: &Labels) -> Talk {
        let mut talk = Talk { labelled: 0, listed: 0, spoken: 0, ended: 0 };
        let mut below = false;
        for piece in self.pieces() {
            if let Some((_, rest)) = labels.split(piece.text) {
                talk.labelled += 1;
                talk.listed += usize::from(label::unlisted(piece.text).len() < piece.text.len());
                talk.spoken += words::count(rest);
                talk.ended += usize::from(label::ends_a_sentence(rest));
                below = rest.is_empty();
            } else if std::mem::take(&mut below) {
                // The label is above the words.
                talk.spoken += words::count(piece.text);
            }
        }
        talk
    }

    /// Whether it's an agenda, which has times, each followed by a word or two; speech is longer, ends like sentences,
    /// or has brackets, names and hours.
    pub(super) fn is_list(&self, labels: &Labels) -> bool {
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

    /// The labels that are marked by something other than a colon, if nearly every turn begins like that.
    pub(super) fn marked(&self) -> Option<Labels> {
        // What nearly every turn has also occurs in the first ones.
        const FIRST: usize = 200;
        let shown = |mark: label::Split| {
            let first = || self.pieces().take(FIRST);
            first().filter(|piece| mark(piece.text).is_some()).count() * 2 >= first().count()
        };
        mark::MARKS.iter().filter(|(mark, _)| shown(*mark)).find_map(|(mark, sure)| {
            let labels = Labels::marked(self.pieces(), *mark);
            let (again, count) = labels.again();
            let few = again * 2 <= count && labels.len() * 2 <= count + 2;
            (labels.nearly_every && (again >= 2 || count >= 3) && few).then_some(())?;
            let talk = self.talk(&labels);
            (talk.is_speech() && (*sure || talk.ended * 5 >= talk.labelled * 2)).then_some(labels)
        })
    }
}

/// No more lines in a row are notes.
const ABOVE: usize = 16;

/// Whether a dash or indentation marks a line.
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
        let number = unnumbered(raw).0.trim().trim_start_matches('#').trim_end_matches(['.', ')']).parse::<u64>();
        if let Ok(number) = number {
            // They may start over on each page.
            in_order += usize::from(number == last + 1 || number == 1 && last > 1);
            last = number;
        }
    }
    filled >= 3 && in_order * 10 >= filled * 8
}

/// The number at the start of a line, `1.`, `2)`, `#3`, and the line without it.
pub(super) fn unnumbered(raw: &str) -> (&str, &str) {
    let text = raw.trim_start();
    let text = text.strip_prefix('#').unwrap_or(text);
    let width = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[width..];
    let bare = rest.strip_prefix(['.', ')']).unwrap_or(rest);
    if width == 0 || width > 7 || !bare.starts_with(char::is_whitespace) {
        return ("", raw);
    }
    (&raw[..raw.len() - bare.len()], bare)
}

/// Whether a line belongs to a header, `Date: …`.
pub(super) fn is_header(text: &str) -> bool {
    let at = text.find(':').or_else(|| if text.is_ascii() { None } else { text.find('：') });
    at.is_some_and(|at| label::is_structure(text[..at].trim()))
}
