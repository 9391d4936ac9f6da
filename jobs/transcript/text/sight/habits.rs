//! How a text as a whole marks who speaks: by paragraphs, by answers below questions, by marks alone, by names that hold for
//! the times below them.

use super::{Sight, is_set_off};
use crate::{
    label::Labels,
    text::{alone::Alone, line::Line, stamp},
};

impl Sight<'_, '_> {
    /// Whether nearly every turn with a label has a blank line above it.
    pub(in crate::text) fn in_paragraphs(&self, labels: &Labels) -> bool {
        let is_turn = |at: &usize| matches!(self.lines[*at], Line::Plain(text, _) if labels.split(text).is_some());
        let turns = (0..self.lines.len()).filter(is_turn);
        let (all, apart) = turns
            .fold((0_usize, 0_usize), |(all, apart), at| (all + 1, apart + usize::from(self.above(at) == Line::Blank)));
        all >= FEWEST_PARAGRAPHS && apart * 10 >= all * 9
    }

    /// Whether nearly every line, or paragraph where turns are paragraphs, begins with a label: one that doesn't may be
    /// someone's turn too.
    pub(in crate::text) fn names_nearly_all(&self, labels: &Labels, in_paragraphs: bool) -> bool {
        let is_turn = |at: usize| matches!(self.lines[at], Line::Plain(text, _) if labels.split(text).is_some());
        let is_unit = |at: &usize| {
            matches!(self.lines[*at], Line::Plain(..)) && (!in_paragraphs || self.above(*at) == Line::Blank)
        };
        let turns = (0..self.lines.len()).filter(|at| is_turn(*at));
        let (Some(first), Some(last)) = (turns.clone().next(), turns.clone().next_back()) else { return false };
        let (named, all) = (turns.filter(is_unit).count(), (first..=last).filter(is_unit).count());
        named >= FEWEST_PARAGRAPHS && named < all && named * 10 >= all * if in_paragraphs { 8 } else { 9 }
    }

    /// Whether most lines of the only person with a label are followed by indented or dashed ones.
    pub(in crate::text) fn answers(&self, labels: &Labels) -> bool {
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
                // What is indented after an unfinished line continues it.
                asked &= raw.starts_with(['-', '–', '—']) || !self.open(at);
                answered += usize::from(std::mem::take(&mut asked));
            } else {
                others += 1;
            }
        }
        turns >= 2 && answered * 4 >= turns * 3 && others <= turns
    }

    /// Whether `>>` begins the words of each, as live captions have it, and nobody is named. A mail that is answered has one
    /// mark as well.
    pub(in crate::text) fn has_unnamed_turns(&self) -> bool {
        let lines = || self.source.lines().iter().map(|line| line.trim()).filter(|line| !line.is_empty());
        let marked =
            |line: &&str| line.starts_with(">>") && line.trim_start_matches('>').contains(char::is_alphanumeric);
        let count = lines().filter(marked).count();
        count >= 3
            && count * 5 >= self.filled * 2
            && !lines().any(|line| line.starts_with('>') && !line.starts_with(">>"))
    }

    pub(in crate::text) fn trailing_stamps(&self) -> bool {
        let ends = |line: &&Line<'_>| matches!(line, Line::Plain(text, _) if stamp::trailing(text).is_some());
        let texts = self.lines.iter().filter(|line| matches!(line, Line::Plain(..))).count();
        texts > 0 && self.lines.iter().filter(ends).count() * 10 >= texts * 6
    }

    /// Whether names alone apply to the stamped lines after them, none of which has a label.
    pub(in crate::text) fn carries(&self, names: &[Alone], labels: &Labels) -> bool {
        let above = |at: usize| matches!(self.lines[at], Line::Plain(..));
        let mut rests = self.lines.iter().filter_map(|line| match line {
            Line::Stamped { rest, .. } => Some(*rest),
            _ => None,
        });
        let bare = |line: &Line<'_>| matches!(line, Line::Plain(text, _) if labels.split(text).is_some_and(|(_, rest)| rest.is_empty()));
        let above_stamps =
            if names.is_empty() { self.lines.iter().any(bare) } else { names.iter().all(|name| above(name.at)) };
        // A line above the times that isn't a known name may be an unknown one.
        let unknown = (1..self.lines.len()).any(|at| {
            let names_it = matches!(self.lines[at], Line::Stamped { .. })
                && matches!(self.above(at), Line::Plain(..))
                && (at < 2 || self.above(at - 1) == Line::Blank);
            names_it && names.binary_search_by_key(&(at - 1), |name| name.at).is_err()
        });
        above_stamps && (names.is_empty() || !unknown) && rests.all(|rest| labels.split(rest).is_none())
    }
}

/// In fewer turns a blank line tells nothing.
const FEWEST_PARAGRAPHS: usize = 6;
