//! The email with the figures. Pure.

use crate::{
    mail::{WeeklyClient, WeeklyItem, WeeklyRollup},
    rollup::Figures,
};

/// With longer lists, nobody reads the email and programs cut it off; the figures contain everything.
const MOST_CLIENTS: usize = 40;
const MOST_ITEMS: usize = 30;

/// The email to `coach`.
pub(super) fn message(coach: &str, figures: &Figures) -> WeeklyRollup {
    #[expect(clippy::cast_possible_truncation, reason = "a percentage")]
    let percent = |share: f64| (share * 100.0).round() as i64;
    WeeklyRollup {
        coach: coach.to_owned(),
        first_day: figures.first_day,
        last_day: figures.last_day,
        sessions: figures.week.sessions,
        clients: figures.week.clients,
        speaking_seconds: figures.week.speaking_seconds,
        follow_ups_sent: figures.follow_ups_sent,
        waiting_for_review: figures.summaries_waiting,
        items_done: figures.action_items.done,
        rows: figures
            .clients
            .iter()
            .take(MOST_CLIENTS)
            .map(|client| WeeklyClient {
                name: client.name.clone(),
                sessions: client.sessions,
                talk_percent: client.word_share.map(percent),
                action_items: client.new_action_items,
            })
            .collect(),
        open_items: figures
            .open_items
            .iter()
            .take(MOST_ITEMS)
            .map(|item| WeeklyItem {
                client: item.client.clone(),
                text: item.text.clone(),
                coach_does_it: item.coach_does_it,
                due: item.due,
                overdue: item.overdue,
            })
            .collect(),
    }
}
