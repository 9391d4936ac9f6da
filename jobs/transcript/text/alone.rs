//! Names on lines of their own: after a blank line, above, below or after a time, in bold, in brackets, or as a
//! Markdown heading, with the words on the lines below.
//!
//! A *slot* is a position in which a file may have its names. It's in use if a few names fill most of its occurrences,
//! again and again; whatever occurs in such a position once is then a name too. Without any slot, names are recognised
//! because they recur between the lines of a text.

use std::collections::{HashMap, HashSet};

use super::{
    line::{Dress, Line, unmarked},
    mark, stamp,
};
use crate::label::{self, Shape};

/// Positions in which names may occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    Title(usize),
    Bold,
    Bracket,
    BehindStamp,
    AboveStamp,
    BelowStamp,
    /// Above lines that begin with times.
    AboveStamped,
    /// The first line of a paragraph of several lines.
    Head,
    /// A paragraph of its own.
    Paragraph,
    /// Any line.
    Any,
}

impl Slot {
    /// Whether something other than its position marks it, so that even a sentence may be somebody's name there.
    fn is_set_off(self) -> bool {
        !matches!(self, Self::BelowStamp | Self::AboveStamped | Self::Head | Self::Paragraph | Self::Any)
    }
}

/// A name on a line of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    /// The index of its line.
    pub(super) at: usize,
    pub(super) doubtful: bool,
}

/// How a line relates to its neighbours.
#[derive(Clone, Copy)]
struct Neighbours<'a, 'l> {
    lines: &'l [Line<'a>],
    at: usize,
}

impl<'a> Neighbours<'a, '_> {
    fn line(&self, at: Option<usize>) -> Line<'a> {
        at.and_then(|at| self.lines.get(at)).copied().unwrap_or(Line::Blank)
    }
    fn above(&self) -> Line<'a> {
        self.line(self.at.checked_sub(1))
    }
    fn below(&self) -> Line<'a> {
        self.line(Some(self.at + 1))
    }

    /// The next line, or the one after a blank line.
    fn next_filled(&self) -> Line<'a> {
        match self.below() {
            Line::Blank => self.line(Some(self.at + 2)),
            below => below,
        }
    }

    /// The slots to which the line belongs, and the name that it would be.
    fn slots(&self, quiet: bool) -> (impl Iterator<Item = Slot> + Clone + use<>, &'a str) {
        let (slots, text) = match self.lines[self.at] {
            Line::Stamped { rest, .. } if matches!(self.next_filled(), Line::Plain(..)) => {
                ([Some(Slot::BehindStamp), None, None], rest)
            }
            Line::Plain(text, dress) => {
                let any = (quiet && dress == Dress::None).then_some(Slot::Any);
                ([self.set_off(text, dress), self.placed(dress, quiet), any], text)
            }
            _ => ([None; 3], ""),
        };
        let text = if slots == [None; 3] { "" } else { text };
        (slots.into_iter().flatten(), unmarked(text))
    }

    /// The slot given by the line's own form.
    fn set_off(&self, text: &str, dress: Dress) -> Option<Slot> {
        match dress {
            Dress::Title(level) => Some(Slot::Title(level)),
            Dress::Bold => Some(Slot::Bold),
            Dress::None => mark::is_name_in_brackets(text).then_some(Slot::Bracket),
        }
    }

    /// The slot given by the line's position.
    fn placed(&self, dress: Dress, quiet: bool) -> Option<Slot> {
        match (self.above(), self.below()) {
            (_, Line::Stamp(_)) => Some(Slot::AboveStamp),
            (Line::Stamp(_), Line::Plain(..)) => Some(Slot::BelowStamp),
            _ if !quiet || dress != Dress::None => None,
            (_, Line::Stamped { .. }) => Some(Slot::AboveStamped),
            (Line::Blank, Line::Plain(..)) => Some(Slot::Head),
            (Line::Blank, Line::Blank) => Some(Slot::Paragraph),
            _ => None,
        }
    }
}

/// The occurrences of a slot, and the candidates in it.
#[derive(Default)]
struct Filled<'a> {
    count: usize,
    names: HashMap<&'a str, (usize, Shape)>,
}

/// The names on lines of their own. `quiet` means that nothing else in the file names its speakers, so that they may be
/// on unmarked lines.
pub(super) fn names<'a>(lines: &[Line<'a>], quiet: bool) -> Vec<Alone> {
    let mut filled: HashMap<Slot, Filled<'a>> = HashMap::new();
    // Each text is classified once, however often it occurs.
    let mut shapes: HashMap<&str, Option<Shape>> = HashMap::new();
    for at in 0..lines.len() {
        let (slots, name) = Neighbours { lines, at }.slots(quiet);
        for slot in slots {
            // A heading of notes among the names isn't one.
            if slot.is_set_off() && label::is_section(name) {
                continue;
            }
            let of_slot = filled.entry(slot).or_default();
            of_slot.count += 1;
            if let Some(shape) = candidate(name, lines[at], slot, &mut shapes) {
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
    // A name that recurs among other lines also follows a blank line now and then.
    if used.keys().any(|slot| matches!(slot, Slot::Title(_) | Slot::Bold | Slot::Bracket | Slot::BehindStamp)) {
        used.retain(|slot, _| slot.is_set_off());
    }
    if used.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Alone> =
        (0..lines.len()).filter_map(|at| alone(Neighbours { lines, at }, quiet, &used, &mut shapes)).collect();
    if !between_texts(&found, lines) || above_lists(&found, lines) {
        return Vec::new();
    }
    if used.keys().all(|slot| matches!(slot, Slot::Any | Slot::Paragraph)) {
        add_between(&mut found, lines, &mut shapes);
    }
    found
}

impl Filled<'_> {
    /// The names that recur, if they show that the slot is in use.
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
        let all = |most: Shape| {
            let forms = self.names.values().filter(|(_, shape)| *shape <= most);
            forms.map(|(count, _)| count).sum::<usize>() == self.count
        };
        let (names, most) = (all(Shape::Name), filled * 4 >= self.count * 3);
        let enough = match slot {
            // Headings and bold lines of a text seldom recur.
            Slot::Title(_) | Slot::Bold | Slot::Bracket => {
                filled >= 2 && (most && (again.len() >= 2 || names) || (names && filled * 2 >= self.count))
            }
            // Times alone either have names above them or don't.
            Slot::BehindStamp | Slot::AboveStamp => {
                filled >= 2 && (most && again.len() >= 2 || (all(Shape::Odd) && filled * 3 >= self.count))
            }
            Slot::BelowStamp | Slot::AboveStamped | Slot::Head => {
                (again.len() >= 2 && most) || (names && filled >= 2 && filled * 2 >= self.count)
            }
            Slot::Paragraph => again.len() >= 2 && filled * 4 >= self.count,
            Slot::Any => again.len() >= 2 && filled >= 3 && filled * 4 >= texts,
        };
        enough.then(|| again.into_keys().collect())
    }
}

/// The form of a name on its own line; `None` if it can't be one.
fn candidate<'a>(
    name: &'a str,
    line: Line<'_>,
    slot: Slot,
    shapes: &mut HashMap<&'a str, Option<Shape>>,
) -> Option<Shape> {
    // An unmarked line that ends like a sentence is one.
    if !slot.is_set_off() && matches!(line, Line::Plain(text, Dress::None) if ends_a_sentence(text)) {
        return None;
    }
    // "{cough}", "(laughs)", "[door]"
    let sound = |text: &str| text.starts_with(stamp::is_opening) && !mark::is_name_in_brackets(text);
    if matches!(line, Line::Plain(text, Dress::None) if sound(text)) {
        return None;
    }
    let read = || label::has_form(name).then(|| label::shape(name));
    let shape = *shapes.entry(name).or_insert_with(read);
    shape.filter(|_| slot.is_set_off() || !name.contains(": ") || name.split_whitespace().nth(3).is_none())
}

/// Whether a line ends like a sentence; a name may end in an initial, "Tom B.".
fn ends_a_sentence(text: &str) -> bool {
    let Some(rest) = text.strip_suffix('.') else { return text.ends_with([',', ';', '。', '…']) };
    let last = rest.rsplit(|letter: char| letter.is_whitespace() || letter == '.').next().unwrap_or("");
    let initial = last.starts_with(char::is_uppercase) && last.chars().count() <= 3 && last.len() < rest.len();
    !initial
}

fn alone<'a>(
    neighbours: Neighbours<'a, '_>,
    quiet: bool,
    used: &HashMap<Slot, HashSet<&str>>,
    shapes: &mut HashMap<&'a str, Option<Shape>>,
) -> Option<Alone> {
    let (slots, name) = neighbours.slots(quiet);
    let (slot, again) = slots.filter_map(|slot| Some((slot, used.get(&slot)?))).next()?;
    let (at, line) = (neighbours.at, neighbours.lines[neighbours.at]);
    let shape = candidate(name, line, slot, shapes)?;
    if again.contains(name) {
        return Some(Alone { at, doubtful: false });
    }
    // Occurs once: a name if every occurrence of the slot has one, with words below.
    let fits = match slot {
        Slot::Any | Slot::Paragraph => false,
        slot => {
            slot.is_set_off()
                || (shape < Shape::Sentence && !matches!(neighbours.below(), Line::Blank | Line::Heading { .. }))
        }
    };
    fits.then_some(Alone { at, doubtful: shape > Shape::Name })
}

/// Adds names that occur once if no slot is in use and only recurring ones are known: a short line among others that
/// neither ends nor continues a sentence; and, if every name has one line of words, each that is where a name is due.
fn add_between<'a>(found: &mut Vec<Alone>, lines: &[Line<'a>], shapes: &mut HashMap<&'a str, Option<Shape>>) {
    let plain = |at: &usize| matches!(lines[*at], Line::Plain(_, Dress::None));
    let gaps: Vec<Vec<usize>> = found
        .iter()
        .zip(found.iter().skip(1).map(|next| next.at).chain([lines.len()]))
        .map(|(name, next)| (name.at + 1..next).filter(plain).collect())
        .collect();
    let single = gaps.iter().filter(|gap| gap.len() == 1).count() * 4 >= gaps.len() * 3;
    let text = |at: usize| match lines[at] {
        Line::Plain(text, _) => text,
        _ => "",
    };
    let mut more = Vec::new();
    for gap in gaps {
        for (place, at) in gap.iter().copied().enumerate().skip(1) {
            if place + 1 == gap.len() {
                break;
            }
            let due = single && gap.len() % 2 == 1 && place % 2 == 1;
            let apart = label::ends_a_sentence(text(gap[place - 1])) && !text(at).ends_with(['?', '!']);
            let shape = candidate(unmarked(text(at)), lines[at], Slot::Any, shapes);
            if (due || apart) && shape.is_some_and(|shape| shape < Shape::Sentence) {
                more.push(Alone { at, doubtful: !due || shape > Some(Shape::Name) });
            }
        }
    }
    found.extend(more);
    found.sort_by_key(|name| name.at);
}

/// Whether lists follow most names, as in release notes.
fn above_lists(found: &[Alone], lines: &[Line<'_>]) -> bool {
    let below = |name: &Alone| Neighbours { lines, at: name.at }.next_filled();
    let point = |line: Line<'_>| matches!(line, Line::Plain(text, _) if label::unlisted(text).len() < text.len());
    found.iter().filter(|name| point(below(name))).count() * 2 > found.len()
}

/// Whether there are more words between the names than the names have.
fn between_texts(found: &[Alone], lines: &[Line<'_>]) -> bool {
    let mut bare = 0;
    for pair in found.windows(2) {
        let said =
            lines[pair[0].at + 1..pair[1].at].iter().any(|line| matches!(line, Line::Plain(..) | Line::Stamped { .. }));
        bare += usize::from(!said);
    }
    found.len() >= 2 && bare * 4 <= found.len()
}
