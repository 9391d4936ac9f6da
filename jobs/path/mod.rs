//! The path of a session: its states, the jobs that move it, and the one place that moves it on.
//!
//! ```text
//! received ──▶ parsed ──▶ attributed ──▶ summarized ──▶ in_review ──▶ closed
//!     │          │ ▲          ▲                            │ ▲          │
//!     ▼          ▼ │ named    └── a correction ────────────┤ └──────────┘ opened again
//! rejected    waiting_for_speakers ◀───────────────────────┘
//! ```
//!
//! A stage does its work and calls [`advance`] in the same transaction; what comes next is decided here. Reconcile looks
//! for sessions whose next job is missing, by the same table ([`next`]).

mod jobs;
pub mod session;

use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    queue::{Enqueued, JobArgs, enqueue},
};

pub use crate::model::SessionState;
pub use jobs::{
    AskForSpeakers, AttributeSession, DropThreads, ParseTranscript, Readdress, RefineSummary, RequestReview,
    SEND_POLICY, SendFollowUp, SendFreshLink, SummarizeClient,
};
pub use session::{Locked, MovedBy};

/// Moves a session to a state, and enqueues what takes it on from there.
///
/// # Errors
/// When the database does not answer.
pub async fn advance(tx: &mut TenantTx, session: &Locked, to: SessionState) -> Result<(), sqlx::Error> {
    let from = session::set_state(tx, session.id, to).await?;
    for step in next(tx, session.id, to).await? {
        step.enqueue(tx, session.correlation_id).await?;
    }
    // Asked when the session begins to wait, not when it looks again in vain, nor by a correction: then the coach is there.
    if (from, to) == (SessionState::Parsed, SessionState::WaitingForSpeakers) {
        enqueue(tx, &AskForSpeakers { session_id: session.id }, session.correlation_id).await?;
    }
    Ok(())
}

/// Moves a session to where its summaries are: to be written while one is due, on to the review once none is. Returns the
/// state that the session is in now.
///
/// # Errors
/// When the database does not answer.
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

/// A job that takes a session on.
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
    /// Enqueues the job, unless it is there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn enqueue(&self, tx: &mut TenantTx, correlation_id: Uuid) -> Result<Enqueued, sqlx::Error> {
        match self {
            Self::Parse(job) => enqueue(tx, job, correlation_id).await,
            Self::Attribute(job) => enqueue(tx, job, correlation_id).await,
            Self::Summarize(job) => enqueue(tx, job, correlation_id).await,
            Self::RequestReview(job) => enqueue(tx, job, correlation_id).await,
        }
    }

    /// The kind of the job, and what it is about.
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

/// The jobs that take a session on from a state; none where a person does, or where the path ends.
///
/// # Errors
/// When the database does not answer.
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

/// Lets the coach's sessions that wait for speakers look again, after people or names were added in this transaction,
/// which locks the coach's row: a job that read the people before has ended, and its session is seen to wait here; one
/// that reads them later waits for this transaction.
///
/// # Errors
/// When the database does not answer.
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
