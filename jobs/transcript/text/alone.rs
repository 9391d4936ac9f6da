//! Names on lines of their own: below a blank line, above or below a time, behind one, bold, in brackets, or as a
//! heading of Markdown, with the words on the lines below.
//!
//! A *slot* is a place where a file may have its names. It is in use where few names fill most of its places, again and
//! again; then what stands in such a place once is a name too. Without any slot, names are known by coming again between
//! the lines of a text.

use std::collections::{HashMap, HashSet};

use super::{
    line::{Dress, Line, unmarked},
    mark,
};
use crate::label::{self, Shape};

/// Places where names may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    Title(usize),
    Bold,
    Bracket,
    BehindStamp,
    AboveStamp,
    BelowStamp,
    /// The first line of a paragraph of several.
    Head,
    /// A paragraph of its own.
    Paragraph,
    /// Any line.
    Any,
}

impl Slot {
    /// Something beside its place sets it off, so that a sentence may stand there as somebody's name too.
    fn is_set_off(self) -> bool {
        !matches!(self, Self::BelowStamp | Self::Head | Self::Paragraph | Self::Any)
    }
}

/// A name on a line of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    /// The index of its line.
    pub(super) at: usize,
    pub(super) doubtful: bool,
}

/// What a line has to do with its neighbours.
#[derive(Clone, Copy)]
struct Around<'a, 'l> {
    lines: &'l [Line<'a>],
    at: usize,
}

impl<'a> Around<'a, '_> {
    fn line(&self, at: Option<usize>) -> Line<'a> {
        at.and_then(|at| self.lines.get(at)).copied().unwrap_or(Line::Blank)
    }
    fn above(&self) -> Line<'a> {
        self.line(self.at.checked_sub(1))
    }
    fn below(&self) -> Line<'a> {
        self.line(Some(self.at + 1))
    }

    /// The slots in which the line stands, and the name that it would be.
    fn slots(&self, quiet: bool) -> (impl Iterator<Item = Slot> + Clone + use<>, &'a str) {
        let (slots, text) = match self.lines[self.at] {
            Line::Stamped { rest, .. } if matches!(self.below(), Line::Plain(..)) => {
                ([Some(Slot::BehindStamp), None], rest)
            }
            Line::Plain(text, dress) => ([self.set_off(text, dress), self.placed(dress, quiet)], text),
            _ => ([None, None], ""),
        };
        let text = if slots == [None, None] { "" } else { text };
        (slots.into_iter().flatten(), unmarked(text))
    }

    /// What sets a line off by itself.
    fn set_off(&self, text: &str, dress: Dress) -> Option<Slot> {
        match dress {
            Dress::Title(level) => Some(Slot::Title(level)),
            Dress::Bold => Some(Slot::Bold),
            Dress::None => mark::enclosed(text).filter(|(_, rest)| rest.is_empty()).map(|_| Slot::Bracket),
        }
    }

    /// What its place makes of a line.
    fn placed(&self, dress: Dress, quiet: bool) -> Option<Slot> {
        match (self.above(), self.below()) {
            (_, Line::Stamp(_)) => Some(Slot::AboveStamp),
            (Line::Stamp(_), Line::Plain(..)) => Some(Slot::BelowStamp),
            _ if !quiet || dress != Dress::None => None,
            (Line::Blank, Line::Plain(..)) => Some(Slot::Head),
            (Line::Blank, Line::Blank) => Some(Slot::Paragraph),
            _ => Some(Slot::Any),
        }
    }
}

/// Of a slot: how often it comes, and the candidates in it.
#[derive(Default)]
struct Filled<'a> {
    count: usize,
    names: HashMap<&'a str, (usize, Shape)>,
}

/// The names on lines of their own. `quiet` says that nothing else in the file names its speakers, so that they may
/// stand on lines that nothing sets off.
pub(super) fn names<'a>(lines: &[Line<'a>], quiet: bool) -> Vec<Alone> {
    let mut filled: HashMap<Slot, Filled<'a>> = HashMap::new();
    // How something reads is asked once, however often it comes.
    let mut shapes: HashMap<&str, Option<Shape>> = HashMap::new();
    for at in 0..lines.len() {
        let (slots, name) = Around { lines, at }.slots(quiet);
        for slot in slots {
            let of_slot = filled.entry(slot).or_default();
            of_slot.count += 1;
            if let Some(shape) = candidate(name, lines[at], &mut shapes) {
                of_slot.names.entry(name).or_insert_with(|| (0, shape)).0 += 1;
            }
        }
    }
    let texts = lines.iter().filter(|line| matches!(line, Line::Plain(..))).count();
    let mut used: HashMap<Slot, HashSet<&str>> = HashMap::new();
    for (slot, of_slot) in &filled {
        if let Some(again) = of_slot.again(*slot, texts) {
            used.insert(*slot, again);
        }
    }
    // A name that comes again between other lines stands below a blank line too, now and then.
    if used.keys().any(|slot| matches!(slot, Slot::Title(_) | Slot::Bold | Slot::Bracket | Slot::BehindStamp)) {
        used.retain(|slot, _| slot.is_set_off());
    }
    let found: Vec<Alone> = if used.is_empty() {
        Vec::new()
    } else {
        (0..lines.len()).filter_map(|at| alone(Around { lines, at }, quiet, &used, &mut shapes)).collect()
    };
    if between_texts(&found, lines) { found } else { Vec::new() }
}

impl Filled<'_> {
    /// The names that come again, where they show that the slot is in use.
    fn again(&self, slot: Slot, texts: usize) -> Option<HashSet<&str>> {
        let again: HashMap<&str, usize> = self
            .names
            .iter()
            .filter(|(_, (count, shape))| {
                *count >= 2 && *shape <= if slot.is_set_off() { Shape::Odd } else { Shape::Handle }
            })
            .map(|(name, (count, _))| (*name, *count))
            .collect();
        let filled: usize = again.values().sum();
        let all_names = self.names.values().all(|(_, shape)| *shape == Shape::Name)
            && self.names.values().map(|(count, _)| count).sum::<usize>() == self.count;
        let enough = match slot {
            // Headings and bold lines of a text come again seldom; times alone have names above them or have not.
            Slot::Title(_) | Slot::Bold | Slot::Bracket | Slot::BehindStamp | Slot::AboveStamp => {
                filled >= 2
                    && (filled * 4 >= self.count * 3 && (again.len() >= 2 || all_names)
                        || (all_names && filled * 2 >= self.count))
            }
            Slot::BelowStamp | Slot::Head => again.len() >= 2 && filled * 4 >= self.count * 3,
            Slot::Paragraph => again.len() >= 2 && filled * 5 >= self.count * 2,
            Slot::Any => again.len() >= 2 && filled >= 3 && filled * 4 >= texts,
        };
        enough.then(|| again.into_keys().collect())
    }
}

/// How a name on a line of its own reads; none where it cannot be one.
fn candidate<'a>(name: &'a str, line: Line<'_>, shapes: &mut HashMap<&'a str, Option<Shape>>) -> Option<Shape> {
    // A line that nothing sets off and that ends as a sentence does is one.
    if matches!(line, Line::Plain(text, Dress::None) if text.ends_with(['.', ',', ';', '。', '…']) && !text.ends_with("r."))
    {
        return None;
    }
    let read = || (label::has_form(name) && !name.contains(": ")).then(|| label::shape(name));
    *shapes.entry(name).or_insert_with(read)
}

fn alone<'a>(
    around: Around<'a, '_>,
    quiet: bool,
    used: &HashMap<Slot, HashSet<&str>>,
    shapes: &mut HashMap<&'a str, Option<Shape>>,
) -> Option<Alone> {
    let (slots, name) = around.slots(quiet);
    let of = |slot: &Slot| used.get(slot).map(|again| (*slot, again));
    let at = around.at;
    if slots.clone().filter_map(|slot| of(&slot)).any(|(_, again)| again.contains(name)) {
        return candidate(name, around.lines[at], shapes).map(|_| Alone { at, doubtful: false });
    }
    // Once: a name where every place of the slot has one, with words below.
    let (slot, _) =
        slots.filter_map(|slot| of(&slot)).find(|(slot, _)| !matches!(slot, Slot::Any | Slot::Paragraph))?;
    let shape = candidate(name, around.lines[at], shapes)?;
    let fits = shape < Shape::Sentence || slot.is_set_off();
    let spoken = matches!(around.below(), Line::Plain(..) | Line::Stamp(_)) || slot.is_set_off();
    (fits && spoken).then_some(Alone { at, doubtful: shape > Shape::Name })
}

/// Whether there are words between the names, more than the names have.
fn between_texts(found: &[Alone], lines: &[Line<'_>]) -> bool {
    let mut bare = 0;
    for pair in found.windows(2) {
        let said =
            lines[pair[0].at + 1..pair[1].at].iter().any(|line| matches!(line, Line::Plain(..) | Line::Stamped { .. }));
        bare += usize::from(!said);
    }
    found.len() >= 2 && bare * 4 <= found.len()
}
