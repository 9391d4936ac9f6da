//! A week's figures, as stored in `rollups.figures` and as shown. Pure; new fields need a default for old rollups.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A coach's week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Figures {
    /// The first day, a Monday in the coach's time zone.
    pub first_day: NaiveDate,
    /// The last day, a Sunday.
    pub last_day: NaiveDate,
    /// The week's totals.
    pub week: Totals,
    /// Those of the week before, for comparison.
    pub week_before: Totals,
    /// The week's sessions by type.
    pub sessions_by_type: BTreeMap<String, i64>,
    /// The week's sessions by state when the rollup was created.
    pub sessions_by_state: BTreeMap<String, i64>,
    /// Summaries of the week's sessions that are approved.
    pub summaries_approved: i64,
    /// Summaries that need the coach's review, from this week or earlier.
    pub summaries_waiting: i64,
    /// Follow-ups sent in the week.
    pub follow_ups_sent: i64,
    /// The clients met, those with most sessions first.
    pub clients: Vec<ClientWeek>,
    /// What was agreed on.
    pub action_items: ActionItems,
    /// The action items of each client's latest approved summary that nobody has completed or dropped, overdue ones first.
    pub open_items: Vec<OpenItem>,
}

/// Totals of a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Totals {
    /// Sessions.
    pub sessions: i64,
    /// Different clients who took part.
    pub clients: i64,
    /// Seconds spoken by all participants.
    pub speaking_seconds: f64,
    /// The coach's part of it.
    pub coach_seconds: f64,
    /// The clients' part of it.
    pub client_seconds: f64,
}

/// A client's part in a week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ClientWeek {
    /// The client.
    pub client_id: Uuid,
    /// Their name.
    pub name: String,
    /// Sessions in which they took part.
    pub sessions: i64,
    /// Their speaking time in seconds.
    pub speaking_seconds: f64,
    /// Their share of the words in these sessions, from 0 to 1; `None` if there are no words.
    pub word_share: Option<f64>,
    /// Action items in the week's approved summaries.
    pub new_action_items: i64,
    /// Action items that are open.
    pub open_action_items: i64,
}

/// Counts of action items in approved summaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ActionItems {
    /// Agreed on in the week.
    pub new: i64,
    /// Of these, the clients'.
    pub new_of_clients: i64,
    /// Of these, the coach's.
    pub new_of_coach: i64,
    /// Done in the week: ticked off, or reported done in a session. 0 in rollups from before that was counted.
    #[serde(default)]
    pub done: i64,
    /// Open ones due in the week.
    pub due_in_week: i64,
    /// Open ones due in the following week.
    pub due_next_week: i64,
}

/// An open action item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OpenItem {
    /// The client whose summary contains it.
    pub client_id: Uuid,
    /// Their name.
    pub client: String,
    /// The sentence.
    pub text: String,
    /// Whether it is the coach's task.
    pub coach_does_it: bool,
    /// The due date, if one was said.
    pub due: Option<NaiveDate>,
    /// Whether that day was past at the end of the week.
    pub overdue: bool,
}
