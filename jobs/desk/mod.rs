//! The coach's desk: emails that lead a coach to a session, each with a link.
//!
//! Reads the session and its coach; writes `review_links`, `mails` and the audit, in the caller's transaction.

mod invite;
pub(crate) mod language;

use serde::Deserialize;

use crate::{links, mail::Post};

pub use invite::InviteError;
pub(crate) use invite::{Invitation, ask_again, invite, warn_of_wrong_words};

/// What it takes to reach a coach: how emails are written, and the settings of reviews. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Emails to coaches and clients.
    pub post: Post,
    /// How coaches review.
    pub settings: Settings,
}

/// How coaches review.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address of the review pages: links in emails start with it.
    pub base_url: url::Url,
    /// How many days an emailed link works.
    pub link_days: u16,
    /// How many seconds an approved follow-up is held and can be cancelled.
    pub hold_seconds: u32,
    /// Where people in danger find help: a line on the coach's page if a session may contain signs of danger.
    #[serde(default)]
    pub help: String,
}

impl Settings {
    /// The URL of the page `path` (without a leading slash), below the base URL, whatever its path is.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// The emailed URL of a link.
    #[must_use]
    pub fn link_url(&self, token: &links::Token) -> String {
        self.url(&format!("r/{}", token.reveal()))
    }
}
