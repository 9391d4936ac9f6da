//! Times after the words: whether each is the end of its turn, as in f4, or its start, as in other tools. The pace of
//! the words decides: between two starts the first turn is spoken, between two ends the second.

use std::collections::HashMap;

use crate::{Utterance, words};

/// The warning about times that are ends.
const ENDS: &str = "the times come after what was said: each is read as the end of its turn and the start of the next";
/// The warning about times that are starts.
const STARTS: &str =
    "the times come after what was said: by how long the turns are, each is read as the start of its turn";
/// The warning about times that may be either, if it makes a difference.
const UNKNOWN: &str = "the times come after what was said, and it isn't clear whether they are the starts or the ends of the turns: \
     they are not used";
/// Fewer turns don't show a pace.
const FEWEST: usize = 4;
/// How far, in percent, a speaker's share by time may be from that by words.
const APART: i64 = 25;

/// Decides what the times of these utterances, given by index and read as ends, are; returns the warning. `marked`
/// means that they are written like times that are ends.
pub(super) fn settle(said: &mut [Utterance], ends: &[usize], marked: bool) -> &'static str {
    let turns: Vec<(i64, i64)> = ends
        .iter()
        .filter_map(|at| Some((said[*at].end_ms?, i64::try_from(words::count(&said[*at].text)).ok()?)))
        .collect();
    let zero = turns.first().is_some_and(|(time, words)| *time == 0 && *words > 0);
    let as_starts = zero || !marked && fits_as_starts(&turns);
    if as_starts {
        for at in ends {
            said[*at].start_ms = said[*at].end_ms.take();
        }
    }
    if !marked && !zero && is_apart(said, ends, as_starts) {
        for at in ends {
            (said[*at].start_ms, said[*at].end_ms) = (None, None);
        }
        return UNKNOWN;
    }
    if as_starts { STARTS } else { ENDS }
}

/// Whether the time from each turn to the next fits its own words better than the next turn's.
fn fits_as_starts(turns: &[(i64, i64)]) -> bool {
    if turns.len() < FEWEST {
        return false;
    }
    let time: i64 = turns.windows(2).map(|pair| (pair[1].0 - pair[0].0).max(0)).sum();
    let off = |words: fn(&[(i64, i64)]) -> i64| {
        let all: i64 = turns.windows(2).map(words).sum();
        // Each difference is multiplied by all words first, so that little precision is lost.
        let off = turns.windows(2).map(|pair| {
            let (time_here, words_here) = ((pair[1].0 - pair[0].0).max(0), words(pair));
            (i128::from(time_here) * i128::from(all) - i128::from(time) * i128::from(words_here)).abs()
        });
        off.sum::<i128>() / i128::from(all.max(1))
    };
    off(|pair| pair[0].1) < off(|pair| pair[1].1)
}

/// Whether anyone's share by time is far from that by words.
fn is_apart(said: &[Utterance], ends: &[usize], as_starts: bool) -> bool {
    let mut shares: HashMap<Option<&str>, (i64, i64)> = HashMap::new();
    let (mut time, mut words) = (0, 0);
    for (nth, at) in ends.iter().enumerate() {
        let one = &said[*at];
        let next = || ends.get(nth + 1).and_then(|next| said[*next].start_ms);
        let end = if as_starts { next() } else { one.end_ms };
        let Some((start, end)) = one.start_ms.zip(end) else { continue };
        let (here, count) = ((end - start).max(0), i64::try_from(words::count(&one.text)).unwrap_or(i64::MAX));
        let share = shares.entry(one.label.as_deref()).or_default();
        *share = (share.0 + here, share.1 + count);
        (time, words) = (time + here, words + count);
    }
    ends.len() >= FEWEST
        && time > 0
        && words > 0
        && shares.values().any(|(here, count)| (here * 100 / time - count * 100 / words).abs() > APART)
}
