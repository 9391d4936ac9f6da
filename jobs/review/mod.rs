//! Review: the coach reads, corrects and approves, behind a mailed link.
//!
//! ```text
//! request   job: summarized → in_review, with a link in a mail; and the question who spoke
//! links     tokens of mailed links; only their hash is kept
//! visits    browsers that opened a link; only the hash of their cookie is kept
//! view      everything that the page shows, read in one transaction
//! edit      the coach's own words, as a new version
//! refining  asking for a refinement (a job), and undoing: versions that nobody types
//! actions   what else a coach can do: approve, dismiss, cancel, name speakers, ask for a fresh link
//! refusal   why one of these is refused
//! outgoing  the mails that review calls for
//! ```
//!
//! What is approved is what was shown: an approval carries the version and the hash of the content on the page, and the
//! recipient that it shows; anything else is refused as a conflict.

pub mod actions;
pub mod edit;
mod language;
pub mod links;
mod outgoing;
pub mod refining;
mod refusal;
mod request;
pub mod view;
pub mod visits;

use serde::Deserialize;

use crate::mail::Post;

pub(crate) use outgoing::{ask_again, warn_of_wrong_words};
pub use request::{AskForSpeakers, RequestReview, SendFreshLink};

/// What review needs of the process: how mails are written, and the settings. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Mails to coaches and clients.
    pub post: Post,
    /// How coaches review.
    pub settings: Settings,
}

/// How coaches review.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the review pages are reached: links in mails begin with it.
    pub base_url: url::Url,
    /// How many days a mailed link opens.
    pub link_days: u16,
    /// How many seconds an approved follow-up waits and can be cancelled.
    pub hold_seconds: u32,
    /// Where people in danger find help: a line on the coach's page, where words of a session may speak of danger.
    #[serde(default)]
    pub help: String,
}

impl Settings {
    /// The URL of the page `path` (without a leading slash), below the base URL whatever its own path is.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base_url.as_str().trim_end_matches('/'))
    }

    /// The URL that is mailed for a link.
    #[must_use]
    pub fn link_url(&self, token: &links::Token) -> String {
        self.url(&format!("r/{}", token.reveal()))
    }
}
