//! When a delivery that failed is tried again. Pure.

use std::time::Duration;

use rand::Rng;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The pauses after the first attempt, the second, and so on: three days in all. After the attempt that follows the last
/// one, a delivery has failed.
const PAUSES: [u64; 9] = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// A receiver's Retry-After is honored up to this.
pub(super) const LONGEST_WISH: Duration = Duration::from_secs(24 * HOUR);

/// How many attempts a delivery has.
pub const ATTEMPTS: usize = PAUSES.len() + 1;

/// The pause after so many attempts, or as long as the receiver asked for; `None` if that was the last one. Plus or minus
/// a fifth, so that what failed together doesn't come back together. Whoever replays a delivery sets its attempts to none,
/// also while one is made: that one counts as the first.
pub(super) fn pause(tries: i16, wished: Option<Duration>) -> Option<Duration> {
    let place = usize::try_from(tries).ok()?.saturating_sub(1);
    let pause = Duration::from_secs(*PAUSES.get(place)?).mul_f64(rand::rng().random_range(0.8..1.2));
    Some(wished.map_or(pause, |wished| pause.max(wished)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_ten_times_within_days_and_a_longer_wish_is_honored() {
        assert_eq!(ATTEMPTS, 10);
        for (tries, seconds) in [(0, 5.0), (1, 5.0), (2, 300.0), (9, 86_400.0)] {
            let pause = pause(tries, None).expect("another attempt").as_secs_f64();
            assert!((seconds * 0.8..=seconds * 1.2).contains(&pause), "after {tries}: {pause} s");
        }
        assert_eq!(pause(10, None), None);
        assert_eq!(pause(1, Some(Duration::from_secs(90))), Some(Duration::from_secs(90)));
        assert!(pause(2, Some(Duration::from_secs(1))).expect("another attempt") > Duration::from_secs(200));
    }
}
