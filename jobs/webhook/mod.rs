//! Webhooks: other software is told what happens in an organization, as [Standard Webhooks](https://www.standardwebhooks.com)
//! has it. `docs/WEBHOOKS.md` is the manual for those who receive them.
//!
//! [`emit`] is called in the transaction of a change and writes a delivery for each webhook that wants to know, with the
//! job [`Deliver`] that sends it. Whoever changes something names the event and nothing else. Deliveries are at-least-once
//! and not ordered; a repeat has the same id. What people do with webhooks are functions over their transaction: [`add`],
//! [`change`], [`pause`], [`resume`], [`rotate_secret`], [`remove`], [`test()`], [`replay`], [`replay_failed`], [`deliveries`].
//!
//! Writes `webhooks` and `webhook_deliveries`. Whoever locks both takes the webhook first.

mod backoff;
mod deliver;
mod deliveries;
mod emit;
mod event;
mod outcome;
mod rules;
mod send_waiting;
mod sender;
mod signature;
mod store;
mod tidy;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantNames};
use uuid::Uuid;

use crate::queue::JobArgs;

pub use backoff::ATTEMPTS;
pub use deliver::Deliver;
pub use deliveries::{Attempt, Delivery, Filter, MOST_LISTED, deliveries, delivery, replay, replay_failed, test};
pub use emit::emit;
pub use event::{Event, EventType};
pub use outcome::{FAILED_IN_A_ROW, FAILING_DAYS};
pub use rules::{MAX_URL, Rules, Settings, UrlError};
pub use send_waiting::SendWaiting;
pub use sender::Sender;
pub use store::{
    Added, Change, MAX_DESCRIPTION, MAX_WEBHOOKS, New, OLD_SECRET_HOURS, Webhook, WebhookError, add, change, get, list,
    pause, remove, resume, rotate_secret,
};
pub use tidy::{KEPT_DAYS, SCHEDULE, Tidy};

/// The state of a delivery, stored as text.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    serde::Deserialize,
    sqlx::Type,
    Display,
    EnumString,
    IntoStaticStr,
    VariantNames,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is sent, or sent again, when its time comes; while its webhook is paused it waits.
    Due,
    /// The receiver has it.
    Delivered,
    /// It was given up; a person can replay it.
    Failed,
}

impl DeliveryState {
    /// All names, as stored.
    pub const NAMES: &'static [&'static str] = <Self as VariantNames>::VARIANTS;
}

/// Whether a webhook is told anything, stored as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, Display, IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum WebhookState {
    /// It is.
    Active,
    /// It isn't: what happens meanwhile is not kept for it.
    Paused,
}

/// Why a webhook is paused, stored as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::Type, Display, IntoStaticStr, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum PauseReason {
    /// A person paused it.
    ByHand,
    /// The receiver answered 410 Gone.
    Gone,
    /// The receiver has taken nothing for too long.
    Failing,
}

impl PauseReason {
    /// The name in the database, JSON and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Tells the organization's admins, or its leads where it has no admin, that a webhook was paused without a person. What
/// it does is in `mail`, which this module knows nothing of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TellPaused {
    /// The webhook.
    pub webhook_id: Uuid,
    /// How often it was paused by now: each is told once.
    pub pause: i32,
}

impl JobArgs for TellPaused {
    const KIND: &'static str = "webhook.tell_paused";

    fn unique_key(&self) -> Option<String> {
        Some(format!("{} {}", self.webhook_id, self.pause))
    }
}
