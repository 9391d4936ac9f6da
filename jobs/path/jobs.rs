//! The jobs of the path: what each is about and how it runs. Its stage says what it does.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::queue::{JobArgs, Policy};

/// How email is sent. The timeout is longer than the mailer's own limits together, so that the mailer and not the queue
/// ends a slow call, and its outcome is known as far as possible.
pub const SEND_POLICY: Policy =
    Policy { max_attempts: 12, timeout: Duration::from_secs(300), concurrency: 8, ..Policy::DEFAULT };

/// Parses one transcript into utterances.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParseTranscript {
    /// The transcript.
    pub transcript_id: Uuid,
}

impl JobArgs for ParseTranscript {
    const KIND: &'static str = "parse.transcript";
    /// Every utterance is checked for danger: a session of several days takes minutes, and waits while others are read.
    const POLICY: Policy = Policy { timeout: Duration::from_secs(1800), ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.transcript_id.to_string())
    }
}

/// Identifies the speakers of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttributeSession {
    /// The session.
    pub session_id: Uuid,
}

impl JobArgs for AttributeSession {
    const KIND: &'static str = "attribute.session";

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }
}

/// Asks the coach once who spoke in a session that is on hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AskForSpeakers {
    /// The session.
    pub session_id: Uuid,
}

impl JobArgs for AskForSpeakers {
    const KIND: &'static str = "review.ask_for_speakers";

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }
}

/// Writes one client's summary of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SummarizeClient {
    /// The summary, in state due.
    pub summary_id: Uuid,
}

impl JobArgs for SummarizeClient {
    const KIND: &'static str = "summarize.client";
    /// A call is slow and cheap here; the endpoint may come back after several attempts.
    const POLICY: Policy =
        Policy { max_attempts: 6, timeout: Duration::from_secs(600), concurrency: 8, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.summary_id.to_string())
    }
}

/// Writes a version that a coach requested.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefineSummary {
    /// The request, in state queued.
    pub refinement_id: Uuid,
}

impl JobArgs for RefineSummary {
    const KIND: &'static str = "refine.summary";
    /// Someone is waiting for it.
    const POLICY: Policy =
        Policy { max_attempts: 5, timeout: Duration::from_secs(600), concurrency: 8, priority: -1, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.refinement_id.to_string())
    }
}

/// Creates the review link and the email to the coach.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestReview {
    /// The session.
    pub session_id: Uuid,
}

impl JobArgs for RequestReview {
    const KIND: &'static str = "review.request";

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }
}

/// Emails the coach a new link to a waiting session whose links were revoked, because the coach returned or changed
/// address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendFreshLink {
    /// The session.
    pub session_id: Uuid,
}

impl JobArgs for SendFreshLink {
    const KIND: &'static str = "review.fresh_link";

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }
}

/// Sends an approved follow-up once its hold is over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendFollowUp {
    /// The summary.
    pub summary_id: Uuid,
    /// The email's id.
    pub mail_id: Uuid,
}

impl JobArgs for SendFollowUp {
    const KIND: &'static str = "follow_up.send";
    const POLICY: Policy = SEND_POLICY;

    /// The email and not the summary: a later version's follow-up doesn't wait for a cancelled one's job.
    fn unique_key(&self) -> Option<String> {
        Some(self.mail_id.to_string())
    }
}

/// Stops follow-ups held for an address that is no longer the client's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Readdress {
    /// The client.
    pub client_id: Uuid,
}

impl JobArgs for Readdress {
    const KIND: &'static str = "follow_up.readdress";

    fn unique_key(&self) -> Option<String> {
        Some(self.client_id.to_string())
    }
}

/// Removes threads of corrected sessions from a later summary.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DropThreads {
    /// The later summary.
    pub summary_id: Uuid,
}

impl JobArgs for DropThreads {
    const KIND: &'static str = "attribute.drop_threads";

    fn unique_key(&self) -> Option<String> {
        Some(self.summary_id.to_string())
    }
}
