//! Whether entries with the keys of a chat, a name and a moment, were spoken. Bots write transcripts like that too.
//!
//! Pure.

use std::collections::HashSet;

use crate::{
    label,
    raw_time::Raw,
    units::{Row, letters},
};

/// The warning about such a talk.
pub(super) const DOUBT: &str = "a name and a moment stand beside each text, as in a chat: it is read as a talk, since the texts follow each \
     other as fast as people speak. Please check that this was spoken and not written";

/// Fewer entries prove nothing.
const FEWEST: usize = 8;
/// Median letters per second from one moment to the next: people write more slowly and nobody speaks faster.
const PACE: std::ops::Range<f64> = 2.0..60.0;
/// The maximum length of a session, in seconds.
const LONGEST: f64 = 6.0 * 3_600.0;

/// Whether a few people take turns in sentences, as quickly as people speak.
pub(super) fn in_turn(speakers: &[String], texts: &[&str], rows: &[Row]) -> bool {
    let (count, distinct) = (rows.len(), speakers.iter().collect::<HashSet<_>>().len());
    let changes = speakers.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let turns = distinct >= 2 && distinct * 2 <= speakers.len() && changes * 4 >= speakers.len();
    if count < FEWEST || speakers.len() * 10 < count * 8 || !turns {
        return false;
    }
    let ended = texts.iter().filter(|text| label::ends_a_sentence(text)).count();
    let starts: Option<Vec<f64>> = rows.iter().map(|row| seconds(row.start)).collect();
    let Some(starts) = starts else { return false };
    let mut rates: Vec<f64> = starts
        .windows(2)
        .zip(texts)
        .filter(|(pair, _)| pair[1] > pair[0])
        .map(|(pair, text)| letters_of(text) / (pair[1] - pair[0]))
        .collect();
    rates.sort_by(f64::total_cmp);
    let usual = rates.get(rates.len() / 2).is_some_and(|rate| PACE.contains(rate));
    let forward = starts.windows(2).all(|pair| pair[0] <= pair[1]);
    let whole = starts.last().zip(starts.first()).is_some_and(|(last, first)| last - first <= LONGEST);
    ended * 5 >= texts.len() * 2 && usual && forward && whole && rates.len() * 10 >= count * 8
}

#[expect(clippy::cast_precision_loss, reason = "a text has fewer letters than that")]
fn letters_of(text: &str) -> f64 {
    letters(text) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a moment in milliseconds is far below what a float holds")]
fn seconds(raw: Raw) -> Option<f64> {
    match raw {
        Raw::Moment(millis) => Some(millis as f64 / 1e3),
        Raw::Number(number) => {
            let worth = [(1e18, 1e9), (1e15, 1e6), (1e12, 1e3), (1e9, 1.0)];
            worth.into_iter().find(|(from, _)| number >= *from).map(|(_, worth)| number / worth)
        }
        Raw::Millis(_) | Raw::None => None,
    }
}
