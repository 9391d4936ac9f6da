//! The jobs of the path: what each is about and how it is run. What it does is its stage's.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::queue::{JobArgs, Policy};

/// How mail is sent. The timeout is longer than the mailer's own limits together, so that the mailer and not the queue ends a
/// slow call and its outcome is known as far as it can be.
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
    /// Every utterance is listened to for danger: a session of days takes minutes, and waits while others are read.
    const POLICY: Policy = Policy { timeout: Duration::from_secs(1800), ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.transcript_id.to_string())
    }
}

/// Finds out who speaks in a session.
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

/// Asks the coach, once, who spoke in a session that waits for the answer.
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
    /// A call takes long and costs nothing here; the endpoint may come back after several attempts.
    const POLICY: Policy =
        Policy { max_attempts: 6, timeout: Duration::from_secs(600), concurrency: 8, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.summary_id.to_string())
    }
}

/// Makes the version that a coach asked for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefineSummary {
    /// The request, in state queued.
    pub refinement_id: Uuid,
}

impl JobArgs for RefineSummary {
    const KIND: &'static str = "refine.summary";
    /// Somebody waits for it.
    const POLICY: Policy =
        Policy { max_attempts: 5, timeout: Duration::from_secs(600), concurrency: 8, priority: -1, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.refinement_id.to_string())
    }
}

/// Makes the review link and the mail to the coach.
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

/// Mails the coach a fresh link to a session that waits, since the links to it were taken back: the coach has another
/// address, or is back.
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
    /// Its mail.
    pub mail_id: Uuid,
}

impl JobArgs for SendFollowUp {
    const KIND: &'static str = "follow_up.send";
    const POLICY: Policy = SEND_POLICY;

    /// The mail and not the summary: a later version's follow-up does not wait for a cancelled one's job.
    fn unique_key(&self) -> Option<String> {
        Some(self.mail_id.to_string())
    }
}

/// Stops the follow-ups that are held for an address which is no longer the client's.
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

/// Takes threads of corrected sessions out of a later summary.
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
