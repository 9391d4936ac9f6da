//! Times of day, which some tools write while others count from the start of the recording.
//!
//! Only reads and writes the times of utterances.

use super::account::Draft;

/// The warning about a file with times of day.
pub(super) const TIMES_OF_DAY: &str = "the times are times of day; they are counted from the first";

/// A day, in milliseconds.
pub(super) const DAY: i64 = 24 * 60 * 60 * 1000;

/// No recording begins with such a long silence, in milliseconds: its times are times of day.
const HOURS_IN: i64 = 2 * 60 * 60 * 1000;
/// How far a clock may step back, in milliseconds: two people speak at once.
const STEP_BACK: i64 = 60 * 1000;

/// Counts times of day from the first one, if the file has them: the first is hours in, and they increase, except at
/// midnight.
pub(super) fn from_the_first(draft: &mut Draft) {
    let starts: Vec<i64> = draft.utterances.iter().filter_map(|said| said.start_ms).collect();
    let on_a_wall = starts.len() >= 2
        && starts.first().is_some_and(|first| *first >= HOURS_IN)
        && starts.iter().all(|start| *start < DAY)
        && starts.windows(2).all(|pair| pair[1] + STEP_BACK >= pair[0] || pair[1] + DAY / 2 < pair[0]);
    if !on_a_wall {
        return;
    }
    let mut clock = Clock::default();
    for said in &mut draft.utterances {
        let Some(start) = said.start_ms else { continue };
        let passed = clock.since_first(start);
        said.start_ms = Some(passed);
        said.end_ms = said.end_ms.map(|end| passed + end - start);
    }
    draft.clock_is_right();
    draft.warn(0, TIMES_OF_DAY);
}

/// Converts times of day to elapsed time.
#[derive(Default)]
pub(super) struct Clock {
    first: Option<i64>,
    last: i64,
    days: i64,
}

impl Clock {
    /// The time since the first one; both in milliseconds.
    pub(super) fn since_first(&mut self, time: i64) -> i64 {
        let first = *self.first.get_or_insert(time);
        // After midnight the clock starts over; a step back by a few seconds only means two people at once.
        if time + DAY / 2 < self.last {
            self.days += 1;
        }
        self.last = time;
        (time + self.days * DAY - first).max(0)
    }
}
