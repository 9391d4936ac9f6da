//! Splits a long session into overlapping parts between turns. No line is lost, whatever the limit. Pure.

use std::ops::Range;

use debrief_transcript::words;

use super::input::Line;

/// How many turns adjacent parts share, so that an answer isn't separated from its question.
const OVERLAP_TURNS: usize = 2;
/// A part with fewer lines isn't halved again.
pub(super) const SMALLEST_PART_LINES: usize = 4;

fn turns(lines: &[Line], range: Range<usize>) -> Vec<Range<usize>> {
    let mut turns: Vec<Range<usize>> = Vec::new();
    for at in range {
        match turns.last_mut() {
            Some(turn) if lines[turn.start].speaker == lines[at].speaker => turn.end = at + 1,
            _ => turns.push(at..at + 1),
        }
    }
    turns
}

/// Parts of at most `limit` characters (as [`words::length`] counts them), with an overlap; a turn that is too long by
/// itself is split between its lines. A session without lines has no parts.
pub(crate) fn split(lines: &[Line], limit: usize) -> Vec<Range<usize>> {
    let length =
        |range: &Range<usize>| lines[range.clone()].iter().map(|line| words::length(&line.text) + 20).sum::<usize>();
    let pieces: Vec<Range<usize>> = turns(lines, 0..lines.len())
        .into_iter()
        .flat_map(|turn| if length(&turn) > limit { turn.map(|at| at..at + 1).collect() } else { vec![turn] })
        .collect();
    let mut parts: Vec<Range<usize>> = Vec::new();
    let (mut first, mut at) = (0, 0);
    while at < pieces.len() {
        let with_next = pieces[first].start..pieces[at].end;
        if at > first && length(&with_next) > limit {
            parts.push(pieces[first].start..pieces[at - 1].end);
            // At least one piece further than where the last part began, or it would never end; and never so much
            // overlap that the next piece doesn't fit.
            let mut back = at.saturating_sub(OVERLAP_TURNS).max(first + 1);
            while back < at && length(&(pieces[back].start..pieces[at].end)) > limit {
                back += 1;
            }
            first = back;
        }
        at += 1;
    }
    if first < pieces.len() {
        parts.push(pieces[first].start..lines.len());
    }
    parts
}

/// Two halves of a part, with an overlap if the part has enough turns.
pub(super) fn halve(lines: &[Line], part: Range<usize>) -> [Range<usize>; 2] {
    let turns = turns(lines, part.clone());
    if turns.len() < 2 * OVERLAP_TURNS + 2 {
        let middle = part.start + part.len() / 2;
        return [part.start..middle, middle..part.end];
    }
    let middle = turns.len() / 2;
    [part.start..turns[middle].start, turns[middle - OVERLAP_TURNS].start..part.end]
}

/// The parts of a session that are still to be asked about, in order.
#[derive(Debug)]
pub(super) struct Parts {
    /// A stack: the next part is on top, and halves take the place of their part.
    left: Vec<Range<usize>>,
    /// How many were given out, not counting those that were halved.
    given: usize,
}

impl Parts {
    pub(super) fn new(mut parts: Vec<Range<usize>>) -> Self {
        parts.reverse();
        Self { left: parts, given: 0 }
    }

    /// Gives out the halves of a part that is too long for the model; false if it's too short for that.
    pub(super) fn halve(&mut self, lines: &[Line], part: Range<usize>) -> bool {
        if part.len() < SMALLEST_PART_LINES {
            return false;
        }
        tracing::info!(target: "summarize", { part.lines = part.len() }, "A part is too long for the model; halving it");
        let [first, second] = halve(lines, part);
        self.left.extend([second, first]);
        self.given -= 1;
        true
    }
}

/// The next part, and its place (from 1) among how many.
impl Iterator for Parts {
    type Item = (Range<usize>, (usize, usize));

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.left.pop()?;
        self.given += 1;
        Some((part, (self.given, self.given + self.left.len())))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::summarize::input::Speaker;

    fn lines(count: usize, length: usize) -> Vec<Line> {
        (0..count)
            .map(|index| Line {
                id: Uuid::nil(),
                index,
                speaker: if index % 2 == 0 { Speaker::Coach } else { Speaker::Client },
                name: String::new(),
                start_ms: None,
                text: "x".repeat(length),
            })
            .collect()
    }

    /// Every line is in a part, adjacent parts overlap, and no part of several lines exceeds the limit.
    #[test]
    fn no_line_is_lost_between_parts() {
        for (count, length, limit) in
            [(40, 80, 1000), (1, 80, 1000), (0, 80, 1000), (10, 2000, 1000), (500, 10, 48_000), (30, 400, 1000)]
        {
            let lines = lines(count, length);
            let parts = split(&lines, limit);
            let mut next = 0;
            for part in &parts {
                assert!(part.start <= next && part.end > next, "{parts:?}");
                assert!(part.len() == 1 || part.len() * (length + 20) <= limit, "{parts:?}");
                next = part.end;
            }
            assert_eq!(next, count, "{parts:?}");
        }
        let parts = split(&lines(40, 80), 1000);
        assert!(parts.windows(2).all(|pair| pair[1].start == pair[0].end - OVERLAP_TURNS), "{parts:?}");
    }

    #[test]
    fn halves_are_smaller_and_whole() {
        let lines = lines(20, 10);
        let mut part = 0..20;
        while part.len() >= SMALLEST_PART_LINES {
            let [first, second] = halve(&lines, part.clone());
            assert!(first.len() < part.len() && second.len() < part.len());
            assert!(first.start == part.start && second.end == part.end && second.start <= first.end);
            part = second;
        }
    }
}
