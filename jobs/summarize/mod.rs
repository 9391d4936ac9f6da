//! Writes one client's summary of a session: reads what the client may be told, lets the provider draft, and keeps the
//! claims that are supported by what was said.
//!
//! Reads utterances, attributions and participants; writes a version of the summary with its claims and evidence, and
//! moves the session on if none of its summaries is still due. A rerun finds the summary done and changes nothing.

mod addressee;
mod by_model;
mod by_passage;
mod by_section;
#[cfg(test)]
mod cases;
mod cited;
mod contractions;
mod dangers;
mod draft;
pub(crate) mod due;
pub(crate) mod facts;
mod input;
pub mod kinds;
mod look_again;
mod offline;
mod open_threads;
mod other_names;
pub(crate) mod parts;
pub(crate) mod prompt;
mod reduce;
mod repair;
mod reworded;
mod second_reader;
mod self_test;
mod shortfall;
mod summarizer;
mod supported;
pub mod template;
mod verify;

use serde::Serialize;

pub use addressee::Aside;
pub(crate) use by_model::broken_template;
pub use draft::{Draft, DraftClaim, DraftEvidence};
use input::Stored;
pub(crate) use input::load as load_input;
pub use input::{Danger, Line, OpenThread, SessionForClient, Speaker};
pub use look_again::LookAgain;
pub(crate) use look_again::{look_again_after, next_in_review};
pub(crate) use offline::is_negated;
pub use offline::{Doubt, Passage, Ranking, passages, write as write_offline};
pub(crate) use reworded::Names;
pub use self_test::{SelfTest, Tried};
pub use summarizer::Summarizer;
pub use supported::{Basis, Unsaid, new_words, not_said, unsaid};
pub use template::read_session;
pub use verify::{Dropped, Verified, verify};
pub(crate) use verify::{check_words, clean};

use crate::{
    db::{self, TenantTx, Tx},
    index::IndexSummary,
    model::{
        Content, Shortfall, SummaryState,
        summary::{self, Authorship},
    },
    path::{self, Locked, SessionState, SummarizeClient, session},
    queue::{Context, Finished, Job, JobError, blocking, enqueue, hasten},
    webhook::{self, EventType},
};

/// The job's output: what a run did.
#[derive(Debug, Serialize)]
struct Output {
    outcome: &'static str,
    version: i32,
    claims_kept: usize,
    claims_dropped: usize,
    review_requested: bool,
}

impl Output {
    const fn nothing(outcome: &'static str) -> Self {
        Self { outcome, version: 0, claims_kept: 0, claims_dropped: 0, review_requested: false }
    }
}

impl Job for SummarizeClient {
    type Needs = Summarizer;

    async fn run(&self, ctx: &Context<Summarizer>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(stored) = input::stored(&mut tx, self.summary_id).await? else {
            tracing::info!(target: "summarize", { summary.id = %self.summary_id }, "The summary is gone");
            return ctx.finish(tx, Output::nothing("gone")).await;
        };
        if !is_to_do(stored.state) {
            tracing::info!(target: "summarize", { summary.id = %self.summary_id }, "The summary is written already");
            return ctx.finish(tx, Output::nothing("already done")).await;
        }
        // The lock is held until this job is done, so that attribution can enqueue it again.
        if let Some(session) = session::lock(&mut tx, stored.session_id).await?
            && is_unattributed(&mut tx, &session).await?
        {
            tracing::info!(target: "summarize", { summary.id = %self.summary_id }, "The session has other words now");
            return ctx.finish(tx, Output::nothing("not attributed")).await;
        }
        // What is open from earlier sessions is known only once those have been processed.
        if let Some(pause) = open_threads::wait(&mut tx, self.summary_id).await? {
            return Err(JobError::Snooze(pause));
        }
        // Read-only: nothing is locked while the provider writes.
        let organization = tx.tenant();
        tx.commit().await?;

        let (stored, found) = blocking(move || {
            let found = stored.clone().confined();
            (stored, found)
        })
        .await?;
        // Verification comes before the session is locked: it applies to what was read, and to nothing else.
        let (draft, verified) = ctx.draft(&ctx.db, organization, found.session_id, &found.input).await?;
        self.save(ctx, &stored, draft, verified).await
    }

    async fn on_dead(&self, ctx: &Context<Summarizer>, error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(session_id) = sqlx::query_scalar!("select session_id from summaries where id = $1", self.summary_id)
            .fetch_optional(tx.conn())
            .await?
        else {
            return Ok(());
        };
        let Some(session) = session::lock(&mut tx, session_id).await? else { return Ok(()) };
        sqlx::query!(
            "update summaries set state = 'failed', failed_reason = $2, updated_at = now() where id = $1 and state in ('due', 'failed')",
            self.summary_id,
            error
        )
        .execute(tx.conn())
        .await?;
        go_on(&mut tx, &session).await?;
        session::mark_unwritten(&mut tx, session_id).await?;
        let event = webhook::Event::stage_failed(session_id, "summarize", Some(self.summary_id), ctx.job.id);
        webhook::emit(&mut tx, &event).await?;
        self.hasten_next(&mut tx).await?;
        tx.commit().await?;
        tracing::warn!(target: "summarize", { summary.id = %self.summary_id, session.id = %session_id }, "A summary has failed");
        Ok(())
    }
}

impl SummarizeClient {
    /// The client's next summary may have been waiting for this one alone.
    async fn hasten_next(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        match open_threads::next(tx, self.summary_id, SummaryState::Due).await? {
            Some(summary_id) => hasten(tx, &Self { summary_id }).await,
            None => Ok(()),
        }
    }

    /// Adds the verified version and moves the session on, in one transaction under the session's row lock. What the
    /// draft is based on may have changed in the meantime, by a new transcript or a renamed speaker: the draft is then
    /// outdated and is written again.
    async fn save(
        &self,
        ctx: &Context<Summarizer>,
        read: &Stored,
        draft: Draft,
        verified: Verified,
    ) -> Result<Finished, JobError> {
        let session_id = read.session_id;
        let mut tx = ctx.tenant_tx().await?;
        let Some(session) = session::lock(&mut tx, session_id).await? else {
            return ctx.finish(tx, Output::nothing("gone")).await;
        };
        sqlx::query!("select id from summaries where id = $1 for update", self.summary_id)
            .fetch_optional(tx.conn())
            .await?;
        let now = match input::stored(&mut tx, self.summary_id).await? {
            Some(now) if is_to_do(now.state) => now,
            _ => return ctx.finish(tx, Output::nothing("already done")).await,
        };
        if !now.is_of_same_words(read) || is_unattributed(&mut tx, &session).await? {
            return Err(JobError::overtaken("the session changed while its summary was written; it is written again"));
        }
        let dropped = verified.dropped.iter().filter(|reason| **reason == Dropped::Danger).count();
        if dropped > 0 {
            metrics::counter!("debrief_danger_claims_dropped_total").increment(dropped as u64);
        }
        let content = Content { claims: verified.claims };
        let (stands_in_for, stands_in_why) = draft.stands_in.map(|it| (it.model, it.why)).unzip();
        let authorship = Authorship {
            author: "summarizer",
            provider: draft.provider.to_owned(),
            model: draft.model,
            prompt_version: draft.prompt_version,
            template: now.template().stamp(),
            // What speaks of danger had its evidence: it is kept from the client, and the page says so by itself.
            claims_dropped: db::count(verified.dropped.len() - dropped),
        };
        let version = summary::add_version(&mut tx, self.summary_id, &content, &authorship).await?;
        sqlx::query!(
            "update summaries set state = 'done', failed_reason = null, stands_in_for = $2, stands_in_why = $3, updated_at = now()
             where id = $1",
            self.summary_id,
            stands_in_for,
            stands_in_why.map(Shortfall::as_str)
        )
        .execute(tx.conn())
        .await?;
        webhook::emit(&mut tx, &webhook::Event::summary(EventType::SummaryWritten, self.summary_id)).await?;
        enqueue(&mut tx, &IndexSummary { summary_id: self.summary_id, version }, session.correlation_id).await?;
        look_again::enqueue_next(&mut tx, self.summary_id, version, None, session.correlation_id).await?;
        self.hasten_next(&mut tx).await?;
        let review_requested = if now.state == SummaryState::Failed && session.state == SessionState::InReview {
            // An operator has restarted it: the coach was told that it couldn't be written, and is now told that it has
            // been.
            path::advance(&mut tx, &session, SessionState::Summarized).await?;
            true
        } else {
            go_on(&mut tx, &session).await?
        };
        session::mark_unwritten(&mut tx, session_id).await?;
        let outcome = Output {
            outcome: "written",
            version,
            claims_kept: content.claims.len(),
            claims_dropped: verified.dropped.len(),
            review_requested,
        };
        tracing::info!(
            target: "summarize",
            {
                summary.id = %self.summary_id,
                session.id = %session_id,
                claims.kept = outcome.claims_kept,
                claims.dropped = outcome.claims_dropped,
                summary.provider = authorship.provider,
            },
            "A summary is written"
        );
        ctx.finish(tx, outcome).await
    }
}

/// Whether a session has words whose speaker is unknown. Speakers that a coach is correcting don't count: certain ones
/// are written.
async fn is_unattributed(tx: &mut TenantTx, session: &Locked) -> Result<bool, sqlx::Error> {
    Ok(match session.state {
        SessionState::Received | SessionState::Parsed => true,
        SessionState::WaitingForSpeakers => !session::is_summarized(tx, session.id).await?,
        _ => false,
    })
}

/// A failed summary is written when the operator retries its dead job.
fn is_to_do(state: SummaryState) -> bool {
    matches!(state, SummaryState::Due | SummaryState::Failed)
}

/// Moves the session on if this was its last summary; returns whether it was. It's locked, so that if several summaries
/// finish at once only the last one sees none left.
async fn go_on(tx: &mut TenantTx, session: &Locked) -> Result<bool, sqlx::Error> {
    // If it's on hold for a name again, the person has to answer first.
    if session.state != SessionState::Attributed {
        return Ok(false);
    }
    Ok(path::follow_summaries(tx, session).await? == SessionState::Summarized)
}
