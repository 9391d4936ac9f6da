//! Determines which week's rollup is due. Pure.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

/// On Monday, a week is due from this hour.
const HOUR: i64 = 6;

/// The first day (a Monday) of the last week due at `now`: it is finished, and six o'clock on the Monday after it has
/// passed in `time_zone`. It stays due all week, to make up for a tick missed on Monday.
#[must_use]
pub fn due(now: DateTime<Utc>, time_zone: Tz) -> NaiveDate {
    // By local time, so that a clock change in between doesn't matter.
    let wall = now.with_timezone(&time_zone).naive_local() - TimeDelta::hours(HOUR);
    let today = wall.date();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    monday - Days::new(7)
}

/// The last day (a Sunday) of the week that starts on `first_day`.
pub(super) fn last_day(first_day: NaiveDate) -> NaiveDate {
    first_day + Days::new(6)
}

/// A coach's time zone; if it is invalid, UTC, with a line in the log.
pub(super) fn time_zone(coach_id: uuid::Uuid, name: &str) -> Tz {
    name.parse().unwrap_or_else(|_| {
        tracing::warn!(target: "rollup", { coach.id = %coach_id }, "the coach's time zone is unknown: taking UTC");
        Tz::UTC
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_due_from_monday_at_six_on_the_coachs_own_clock() {
        for (now, zone, first_day) in [
            // Stockholm is one hour ahead of UTC in winter.
            ("2026-11-16T04:59:59Z", "Europe/Stockholm", "2026-11-02"),
            ("2026-11-16T05:00:00Z", "Europe/Stockholm", "2026-11-09"),
            ("2026-11-22T22:59:59Z", "Europe/Stockholm", "2026-11-09"),
            ("2026-11-23T04:59:59Z", "Europe/Stockholm", "2026-11-09"),
            // Sunday in Auckland is still Saturday in London; its Monday comes first.
            ("2026-11-15T16:59:59Z", "Pacific/Auckland", "2026-11-02"),
            ("2026-11-15T17:00:00Z", "Pacific/Auckland", "2026-11-09"),
            ("2026-11-16T13:59:59Z", "America/Los_Angeles", "2026-11-02"),
            ("2026-11-16T14:00:00Z", "America/Los_Angeles", "2026-11-09"),
            // The Monday after the clocks went forward on Sunday, 29 March: two hours ahead now.
            ("2026-03-30T03:59:59Z", "Europe/Stockholm", "2026-03-16"),
            ("2026-03-30T04:00:00Z", "Europe/Stockholm", "2026-03-23"),
            // And after they went back on Sunday, 25 October: one hour again.
            ("2026-10-26T04:59:59Z", "Europe/Stockholm", "2026-10-12"),
            ("2026-10-26T05:00:00Z", "Europe/Stockholm", "2026-10-19"),
            // A zone with half hours, over the turn of a year.
            ("2027-01-04T00:30:00Z", "Asia/Kolkata", "2026-12-28"),
        ] {
            let time: DateTime<Utc> = now.parse().expect("a good time");
            let wanted: NaiveDate = first_day.parse().expect("a good day");
            assert_eq!(due(time, zone.parse().expect("a zone")), wanted, "{now} in {zone}");
            assert_eq!(wanted.weekday(), chrono::Weekday::Mon);
        }
    }
}
