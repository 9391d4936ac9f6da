//! Whether the reading of a file takes time in proportion to its length, or to its square.

use std::time::Duration;

use super::parse;

/// The shortest file has this many parts: at most 999 speakers are in the shapes, so each speaks twice, and what grows
/// with them has grown.
const SHORTEST: usize = 2_000;
/// A file is measured at a length at which reading takes this long, …
const MEASURABLE: Duration = Duration::from_millis(20);
/// … or at the last of these doublings.
const DOUBLINGS: u32 = 9;
/// The longer file has this many times the parts, …
const LONGER: usize = 8;
/// … and takes less than this many times as long; a square takes 64 times.
const MORE: u32 = 24;

/// Whether a file of many times the parts takes about as many times as long to read. `made` makes a file of that many parts.
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

/// How long this thread has been at work: not how long the machine let it wait. Elsewhere than on Linux, the time.
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
