//! The job `parse.transcript`: turns a transcript's stored copy into its session's utterances.
//!
//! Reads the rows and copies of all files of the session, so that their order of arrival doesn't matter; writes
//! utterances, attendees, chat, formats and warnings, moves the session to `parsed` (or `rejected`), and enqueues
//! attribution and indexing. A transcript that is already parsed or rejected stays as it is, so reruns are safe.

use std::sync::Arc;

use serde::Serialize;

use super::{Room, files::Files, store, write};
use crate::{
    bucket::Bucket,
    db::Tx,
    embed::Embedder,
    mail::{self, Post, Trouble},
    path::{ParseTranscript, session},
    queue::{Context, Finished, Job, JobError},
};

/// The job's output.
#[derive(Debug, Default, Serialize)]
pub(super) struct Output {
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<&'static str>,
    /// In the session.
    pub(super) utterances: usize,
    pub(super) labels: usize,
    /// In this transcript.
    pub(super) words: usize,
    pub(super) words_set_aside: usize,
    pub(super) warnings: usize,
    /// Files of the session: those whose words are used, and those that repeat the same speech.
    pub(super) files_used: usize,
    pub(super) files_set_aside: usize,
    pub(super) attendees: usize,
}

/// What this stage needs of the process.
#[derive(Debug)]
pub struct Needs {
    /// Where the stored copies are.
    pub bucket: Bucket,
    /// How much is read at a time.
    pub reading: Room,
    /// The local model, if there is one, also detects danger.
    pub embedder: Arc<Embedder>,
    /// How coaches are told.
    pub post: Post,
}

/// How often the files are read again if others arrive in the meantime.
const ROUNDS: usize = 5;

impl Job for ParseTranscript {
    type Needs = Needs;

    async fn run(&self, ctx: &Context<Needs>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(row) = store::load(&mut tx, self.transcript_id).await? else {
            tracing::info!(target: "parse", { transcript.id = %self.transcript_id }, "the transcript is gone");
            return ctx.finish(tx, Output { outcome: "gone", ..Output::default() }).await;
        };
        if row.done {
            tracing::info!(target: "parse", { transcript.id = %self.transcript_id }, "the transcript is parsed already");
            return ctx.finish(tx, Output { outcome: "already_done", ..Output::default() }).await;
        }
        let mut live = store::live(&mut tx, row.session_id).await?;
        drop(tx);
        for _ in 0..ROUNDS {
            let files = Files::read(ctx, live.clone()).await?;
            let mut tx = ctx.tenant_tx().await?;
            // The session's lock comes first, as everywhere; then anything that may have changed is read again.
            let locked = session::lock(&mut tx, row.session_id).await?;
            let this = store::load(&mut tx, self.transcript_id).await?;
            let (Some(session), Some(this)) = (locked, this) else {
                return ctx.finish(tx, Output { outcome: "gone", ..Output::default() }).await;
            };
            if this.done {
                return ctx.finish(tx, Output { outcome: "already_done", ..Output::default() }).await;
            }
            let now = store::live(&mut tx, row.session_id).await?;
            if now != live {
                // Another file has arrived, or another job was faster: read them all together.
                live = now;
                continue;
            }
            let outcome = write::write(&mut tx, &files, self.transcript_id, &session).await?;
            return ctx.finish(tx, outcome).await;
        }
        Err(JobError::overtaken("further files of the session keep coming"))
    }

    async fn on_dead(&self, ctx: &Context<Needs>, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        if let Some(row) = store::load(&mut tx, self.transcript_id).await? {
            let trouble = Trouble {
                subject_id: ctx.job.id,
                step: "read the transcript of this session",
                reason: "We received the transcript, but something went wrong while we were reading it.",
                advice: mail::START_AGAIN,
            };
            mail::stage_failed(&mut tx, &ctx.post, row.session_id, "parse", trouble).await?;
        }
        Ok(tx.commit().await?)
    }
}
