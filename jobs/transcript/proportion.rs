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
/// … and takes less than twice its share of time. A square takes 64 times as long, and one that is only a sixth of the time
/// at first still 16 times.
const MORE: u32 = 16;

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
    // Whatever disturbs a measurement only adds to it, so the least of several is the truest.
    let mut long = Duration::MAX;
    (0..3).any(|_| {
        short = short.min(took(parts));
        long = long.min(took(parts * LONGER));
        long < short * MORE
    })
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
    // Most of the time goes on what is in proportion, until the file is long.
    assert!(!grows_in_proportion(|parts| micros(parts * 10_000 + parts * parts)));
}

#[test]
fn a_busy_machine_neither_hides_a_square_nor_makes_one() {
    let measurement = std::cell::Cell::new(0);
    let disturbed = |took: usize| {
        measurement.set(measurement.get() + 1);
        // Every third measurement takes four times as long as it should.
        Duration::from_micros(if measurement.get() % 3 == 1 { took * 4 } else { took } as u64)
    };
    assert!(grows_in_proportion(|parts| disturbed(parts * 20)));
    assert!(!grows_in_proportion(|parts| disturbed(parts * parts)));
}
