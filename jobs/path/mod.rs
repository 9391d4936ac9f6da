//! The path of a session: its states, the jobs that move it, and the only place that moves it.
//!
//! ```text
//! received ──▶ parsed ──▶ attributed ──▶ summarized ──▶ in_review ──▶ closed
//!     │          │ ▲          ▲                            │ ▲          │
//!     ▼          ▼ │ named    └── a correction ────────────┤ └──────────┘ opened again
//! rejected    waiting_for_speakers ◀───────────────────────┘
//! ```
//!
//! A stage does its work and calls [`advance`] in the same transaction; what comes next is decided here. Reconcile
//! looks for sessions whose next job is missing, using the same table ([`next`]).

mod jobs;
pub mod session;

use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    queue::{Enqueued, JobArgs, enqueue},
    webhook::{self, Event},
};

pub use crate::model::SessionState;
pub use jobs::{
    AskForSpeakers, AttributeSession, DropThreads, ParseTranscript, Readdress, RefineSummary, RequestReview,
    SEND_POLICY, SendFollowUp, SendFreshLink, SummarizeClient,
};
pub use session::{Locked, MovedBy};

/// Moves a session to a state, tells webhooks, and enqueues its next job.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn advance(tx: &mut TenantTx, session: &Locked, to: SessionState) -> Result<(), sqlx::Error> {
    let from = session::set_state(tx, session.id, to).await?;
    if from != to {
        webhook::emit(tx, &Event::session(session.id, to)).await?;
    }
    for step in next(tx, session.id, to).await? {
        step.enqueue(tx, session.correlation_id).await?;
    }
    // Asked when the session starts to wait, not on each check, nor on a correction: then the coach is present.
    if (from, to) == (SessionState::Parsed, SessionState::WaitingForSpeakers) {
        enqueue(tx, &AskForSpeakers { session_id: session.id }, session.correlation_id).await?;
    }
    Ok(())
}

/// Moves a session according to its summaries: to be written while one is due, then on to the review. Returns the new
/// state.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn follow_summaries(tx: &mut TenantTx, session: &Locked) -> Result<SessionState, sqlx::Error> {
    let to = match (has_due(tx, session.id).await?, session.state) {
        (true, SessionState::Attributed) => return Ok(session.state),
        (true, _) => SessionState::Attributed,
        (false, SessionState::Attributed | SessionState::WaitingForSpeakers) => SessionState::Summarized,
        (false, _) => return Ok(session.state),
    };
    advance(tx, session, to).await?;
    Ok(to)
}

async fn has_due(tx: &mut TenantTx, session_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from summaries where session_id = $1 and state = 'due') as "due!""#,
        session_id
    )
    .fetch_one(tx.conn())
    .await
}

/// A job that moves a session on.
#[derive(Clone, Debug)]
pub enum Step {
    /// From received.
    Parse(ParseTranscript),
    /// From parsed.
    Attribute(AttributeSession),
    /// From attributed: one of its summaries.
    Summarize(SummarizeClient),
    /// From summarized.
    RequestReview(RequestReview),
}

impl Step {
    /// Enqueues the job unless it already exists.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn enqueue(&self, tx: &mut TenantTx, correlation_id: Uuid) -> Result<Enqueued, sqlx::Error> {
        match self {
            Self::Parse(job) => enqueue(tx, job, correlation_id).await,
            Self::Attribute(job) => enqueue(tx, job, correlation_id).await,
            Self::Summarize(job) => enqueue(tx, job, correlation_id).await,
            Self::RequestReview(job) => enqueue(tx, job, correlation_id).await,
        }
    }

    /// The job's kind and subject.
    #[must_use]
    pub fn subject(&self) -> (&'static str, Uuid) {
        match self {
            Self::Parse(job) => (ParseTranscript::KIND, job.transcript_id),
            Self::Attribute(job) => (AttributeSession::KIND, job.session_id),
            Self::Summarize(job) => (SummarizeClient::KIND, job.summary_id),
            Self::RequestReview(job) => (RequestReview::KIND, job.session_id),
        }
    }
}

/// The jobs that move a session on from a state; empty if a person does, or if the path ends.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn next(tx: &mut TenantTx, session_id: Uuid, state: SessionState) -> Result<Vec<Step>, sqlx::Error> {
    Ok(match state {
        SessionState::Received => {
            // One job reads all files of the session.
            let newest = sqlx::query_scalar!(
                "select id from transcripts where session_id = $1 and parsed_at is null and rejected_reason is null
                 order by received_at desc, id desc limit 1",
                session_id
            )
            .fetch_optional(tx.conn())
            .await?;
            newest.map(|transcript_id| Step::Parse(ParseTranscript { transcript_id })).into_iter().collect()
        }
        SessionState::Parsed => vec![Step::Attribute(AttributeSession { session_id })],
        SessionState::Attributed => {
            let due =
                sqlx::query_scalar!("select id from summaries where session_id = $1 and state = 'due'", session_id)
                    .fetch_all(tx.conn())
                    .await?;
            match due.is_empty() {
                true => vec![Step::RequestReview(RequestReview { session_id })],
                false => due.into_iter().map(|summary_id| Step::Summarize(SummarizeClient { summary_id })).collect(),
            }
        }
        SessionState::Summarized => vec![Step::RequestReview(RequestReview { session_id })],
        SessionState::WaitingForSpeakers | SessionState::InReview | SessionState::Rejected | SessionState::Closed => {
            Vec::new()
        }
    })
}

/// Makes the coach's sessions that wait for speakers check again, after people or names were added in this transaction.
/// It locks the coach's row: a job that read the people before has ended, so its session is found waiting here; a job
/// that reads them later waits for this transaction.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn look_again(tx: &mut TenantTx, coach_id: Uuid) -> Result<(), sqlx::Error> {
    let waiting = sqlx::query!(
        "select id, correlation_id from sessions where coach_id = $1 and state = 'waiting_for_speakers'",
        coach_id
    )
    .fetch_all(tx.conn())
    .await?;
    for session in waiting {
        enqueue(tx, &AttributeSession { session_id: session.id }, session.correlation_id).await?;
    }
    Ok(())
}
