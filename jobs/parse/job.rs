//! The job `parse.transcript`: a transcript's stored copy becomes its session's utterances.
//!
//! Reads the transcript's row and its copy in the bucket; writes utterances, format and warnings, moves the session to
//! `parsed` (or `rejected`) and enqueues attribution and indexing. A transcript that is parsed or rejected already is
//! left as it is, so a rerun changes nothing.

use debrief_transcript::{NotATranscript, Transcript};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::store;
use crate::{
    attribute::AttributeSession,
    db::{TenantTx, Tx},
    index::IndexSession,
    ingest,
    mail::{self, Trouble},
    model::session::{self, State},
    queue::{Context, Finished, Job, JobError, blocking, enqueue},
};

/// Parses one transcript into utterances.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ParseTranscript {
    /// The transcript.
    pub transcript_id: Uuid,
}

/// What a run came to.
#[derive(Debug, Default, Serialize)]
struct Outcome {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    utterances: usize,
    labels: usize,
    words: usize,
    words_set_aside: usize,
    warnings: usize,
}

impl Job for ParseTranscript {
    const KIND: &'static str = "parse.transcript";

    fn unique_key(&self) -> Option<String> {
        Some(self.transcript_id.to_string())
    }

    async fn run(&self, ctx: &Context) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(row) = store::load(&mut tx, self.transcript_id).await? else {
            tracing::info!(target: "parse", { transcript.id = %self.transcript_id }, "the transcript is gone");
            return ctx.finish(tx, Outcome { outcome: "gone", ..Outcome::default() }).await;
        };
        if row.is_done() {
            tracing::info!(target: "parse", { transcript.id = %self.transcript_id }, "the transcript is parsed already");
            return ctx.finish(tx, Outcome { outcome: "already_done", ..Outcome::default() }).await;
        }
        drop(tx);

        let bytes = ctx.bucket.get(&row.stored_key).await?;
        let parsed = blocking(move || debrief_transcript::parse(&bytes)).await?;

        let mut tx = ctx.tenant_tx().await?;
        // The session's lock comes first, as everywhere; then what may have changed meanwhile is read again.
        let locked = session::lock(&mut tx, row.session_id).await?;
        let row = store::load(&mut tx, self.transcript_id).await?;
        let (Some((_, correlation_id)), Some(row)) = (locked, row) else {
            return ctx.finish(tx, Outcome { outcome: "gone", ..Outcome::default() }).await;
        };
        if row.is_done() {
            return ctx.finish(tx, Outcome { outcome: "already_done", ..Outcome::default() }).await;
        }
        let outcome = match parsed {
            Ok(transcript) => accept(&mut tx, &row, &transcript, correlation_id).await?,
            Err(refusal) => refuse(&mut tx, &row, &refusal).await?,
        };
        ctx.finish(tx, outcome).await
    }

    async fn on_dead(&self, ctx: &Context, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        if let Some(row) = store::load(&mut tx, self.transcript_id).await? {
            let trouble = Trouble {
                subject_id: ctx.job.id,
                step: "read the transcript of this session",
                reason: "The transcript was received, but something went wrong while it was read.",
                advice: mail::START_AGAIN,
            };
            mail::stage_failed(&mut tx, ctx, row.session_id, "parse", trouble).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Writes a parsed transcript, and sends its session on.
async fn accept(
    tx: &mut TenantTx,
    row: &store::Row,
    transcript: &Transcript,
    correlation_id: Uuid,
) -> Result<Outcome, JobError> {
    if !transcript.account.balances() {
        tracing::error!(target: "parse", { transcript.id = %row.id, account = ?transcript.account }, "words do not add up");
    }
    let counted = Outcome {
        outcome: "parsed",
        format: Some(transcript.format.as_str()),
        utterances: transcript.utterances.len(),
        labels: transcript
            .utterances
            .iter()
            .filter_map(|utterance| utterance.label.as_deref())
            .collect::<std::collections::HashSet<_>>()
            .len(),
        words: transcript.account.in_utterances,
        words_set_aside: transcript.account.set_aside,
        warnings: transcript.warnings.len(),
    };
    if let Some(reason) = store::why_unused(tx, row).await? {
        tracing::warn!(target: "parse", { transcript.id = %row.id, session.id = %row.session_id, reason }, "transcript not used");
        store::mark_unused(tx, row, transcript, reason).await?;
        return Ok(Outcome { outcome: "not_used", ..counted });
    }
    store::replace_utterances(tx, row, transcript).await?;
    store::mark_parsed(tx, row, transcript).await?;
    session::set_state(tx, row.session_id, State::Parsed).await?;
    enqueue(tx, &AttributeSession { session_id: row.session_id }, correlation_id).await?;
    enqueue(tx, &IndexSession { session_id: row.session_id }, correlation_id).await?;
    tracing::info!(
        target: "parse", { transcript.id = %row.id, session.id = %row.session_id, transcript.format = counted.format,
        transcript.utterances = counted.utterances, transcript.warnings = counted.warnings }, "transcript parsed"
    );
    Ok(counted)
}

/// Rejects what is not a transcript; the coach is told by the stage that took it.
async fn refuse(tx: &mut TenantTx, row: &store::Row, refusal: &NotATranscript) -> Result<Outcome, JobError> {
    tracing::info!(target: "parse", { transcript.id = %row.id, session.id = %row.session_id }, "not a transcript");
    // A session that has words already, from another transcript, goes on with them.
    if store::has_utterances(tx, row.session_id).await? {
        store::mark_rejected(tx, row, &refusal.to_string()).await?;
        return Ok(Outcome { outcome: "rejected_beside_another", ..Outcome::default() });
    }
    ingest::rejected(tx, row.id, &refusal.to_string()).await?;
    Ok(Outcome { outcome: "rejected", ..Outcome::default() })
}
