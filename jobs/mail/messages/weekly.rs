//! The coach's week. Pure.

use chrono::NaiveDate;
use serde::Serialize;

use super::day;

/// To the coach: the week.
#[derive(Clone, Debug, Serialize)]
pub struct WeeklyRollup {
    /// The coach's name.
    pub coach: String,
    /// The week's first day, in the coach's time zone.
    pub first_day: NaiveDate,
    /// The week's last day.
    pub last_day: NaiveDate,
    /// Sessions held.
    pub sessions: i64,
    /// Different clients met.
    pub clients: i64,
    /// Total speech in these sessions, in seconds.
    pub speaking_seconds: f64,
    /// Follow-ups sent.
    pub follow_ups_sent: i64,
    /// Summaries that still need the coach's review.
    pub waiting_for_review: i64,
    /// Action items done in the week.
    pub items_done: i64,
    /// One row per client, in display order.
    pub rows: Vec<WeeklyClient>,
    /// Open action items, whether overdue or not, in display order.
    pub open_items: Vec<WeeklyItem>,
}

/// A client's row in the weekly rollup.
#[derive(Clone, Debug, Serialize)]
pub struct WeeklyClient {
    /// The client's name.
    pub name: String,
    /// Sessions held.
    pub sessions: i64,
    /// The client's share of the words, from 0 to 100; `None` if unknown.
    pub talk_percent: Option<i64>,
    /// Action items agreed on.
    pub action_items: i64,
}

/// An open action item in the weekly rollup.
#[derive(Clone, Debug, Serialize)]
pub struct WeeklyItem {
    /// The client's name.
    pub client: String,
    /// The sentence.
    pub text: String,
    /// Whether it is the coach's task, not the client's.
    pub coach_does_it: bool,
    /// The due date, if one was said.
    pub due: Option<NaiveDate>,
    /// Whether that day is past.
    pub overdue: bool,
}

impl WeeklyRollup {
    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        let row = |name: &str, sessions, talk_percent, action_items| WeeklyClient {
            name: name.into(),
            sessions,
            talk_percent,
            action_items,
        };
        Self {
            coach: "Maya Okafor".into(),
            first_day: day(2026, 11, 2),
            last_day: day(2026, 11, 8),
            sessions: 5,
            clients: 3,
            speaking_seconds: 11_820.0,
            follow_ups_sent: 4,
            waiting_for_review: 1,
            items_done: 3,
            rows: vec![
                row("Priya Raman", 2, Some(64), 4),
                row("Tom Becker", 2, Some(58), 2),
                row("Ada Lindqvist", 1, None, 0),
            ],
            open_items: vec![
                WeeklyItem {
                    client: "Tom Becker".into(),
                    text: "Ask the two team leads for their view of the new schedule.".into(),
                    coach_does_it: false,
                    due: Some(day(2026, 11, 4)),
                    overdue: true,
                },
                WeeklyItem {
                    client: "Priya Raman".into(),
                    text: "Hand the release notes to Jonas and let the first draft stand.".into(),
                    coach_does_it: false,
                    due: Some(day(2026, 11, 10)),
                    overdue: false,
                },
                WeeklyItem {
                    client: "Priya Raman".into(),
                    text: "Send the article on delegation.".into(),
                    coach_does_it: true,
                    due: None,
                    overdue: false,
                },
            ],
        }
    }
}
