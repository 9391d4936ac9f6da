//! What an organization's admins are told about a webhook that was paused. Pure.

use chrono::NaiveDate;
use serde::Serialize;
use uuid::Uuid;

use super::day;

/// To the admins: a webhook was paused, as its receiver takes nothing.
#[derive(Clone, Debug, Serialize)]
pub struct WebhookPaused {
    /// The admin's name.
    pub admin: String,
    /// The host of its URL. The rest of it may be a secret.
    pub host: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Whether the receiver said that it wants nothing more.
    pub wants_nothing: bool,
    /// The day of the first failed attempt since the last success, in UTC.
    pub failing_since: Option<NaiveDate>,
    /// How many deliveries wait for it to be resumed.
    pub waiting: i64,
    /// How many were given up.
    pub failed: i64,
    /// Its id, for the commands.
    pub webhook_id: Uuid,
}

impl WebhookPaused {
    /// A realistic example.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            admin: "Maya Okafor".into(),
            host: "crm.northlight.example".into(),
            description: "Contacts in the CRM".into(),
            wants_nothing: false,
            failing_since: Some(day(2026, 11, 3)),
            waiting: 4,
            failed: 12,
            webhook_id: Uuid::from_u128(0x019a_4c7e_0000_7000_8000_0000_0000_0001),
        }
    }
}
