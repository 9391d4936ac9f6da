//! Tests: whether reading a file takes linear or quadratic time.

use std::time::Duration;

use super::parse;

/// The number of parts in the shortest file: the shapes have at most 999 speakers, so each speaks twice, and what grows
/// with them has grown.
const SHORTEST: usize = 2_000;
/// A file is measured at a length that takes this long to read, …
const MEASURABLE: Duration = Duration::from_millis(20);
/// … or at the last of these doublings.
const DOUBLINGS: u32 = 9;
/// The longer file has this many times as many parts, …
const LONGER: usize = 8;
/// … and must take less than this many times as long; quadratic time would be 64 times.
const MORE: u32 = 24;

/// Whether reading time is linear. `made` creates a file with that many parts.
pub(crate) fn is_in_proportion(made: impl Fn(usize) -> String) -> bool {
    grows_in_proportion(|parts| {
        let text = made(parts);
        let begun = busy();
        let _ = parse(text.as_bytes());
        busy().saturating_sub(begun)
    })
}

fn grows_in_proportion(took: impl Fn(usize) -> Duration) -> bool {
    let mut parts = SHORTEST;
    let mut short = took(parts);
    for _ in 0..DOUBLINGS {
        if short >= MEASURABLE {
            break;
        }
        parts *= 2;
        short = took(parts);
    }
    // One bad measurement is none.
    (0..3).any(|_| took(parts * LONGER) < took(parts).max(short) * MORE)
}

/// The CPU time of this thread, without waiting for the machine. Wall-clock time on systems other than Linux.
fn busy() -> Duration {
    let at_work = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = at_work.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(since_start, Duration::from_nanos)
}

fn since_start() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

#[test]
fn a_square_is_told_from_a_line() {
    let micros = |parts: usize| Duration::from_micros(parts as u64);
    assert!(grows_in_proportion(micros));
    assert!(grows_in_proportion(|parts| micros(parts * parts.ilog2() as usize)));
    assert!(!grows_in_proportion(|parts| micros(parts * parts)));
}
