//! Stub: Makes the review link and the mail to the coach.

use serde::{Deserialize, Serialize};

use crate::queue::{Context, Finished, Job, JobError};

/// Makes the review link and the mail to the coach.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestReview {
    /// The session.
    pub session_id: uuid::Uuid,
}

impl Job for RequestReview {
    const KIND: &'static str = "review.request";

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
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
}

/// Asks the coach to name the speakers of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskForSpeakers {
    /// The session.
    pub session_id: uuid::Uuid,
}

impl Job for AskForSpeakers {
    const KIND: &'static str = "review.ask_for_speakers";

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }

    async fn run(&self, _ctx: &Context) -> Result<Finished, JobError> {
        Err(JobError::abort("not written yet"))
    }
}
