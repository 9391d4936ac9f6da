//! The job `index.summary`: makes a version of a summary searchable.
//!
//! Reads the version's claims; writes one chunk per claim, replacing those of older versions. A rerun replaces the
//! chunks with the same ones. An outdated version is left to the newer one's job, and a withdrawn summary isn't found.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{chunk::Chunk, store, words};
use crate::{
    db::{TenantTx, Tx},
    embed::Embedder,
    model::{Section, summary::load_version},
    path::session,
    queue::{Context, Finished, Job, JobArgs, JobError},
    webhook::{self, Event},
};

/// Makes a version of a summary searchable. Enqueued with each version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexSummary {
    /// The summary.
    pub summary_id: Uuid,
    /// Its version.
    pub version: i32,
}

/// The client and session of a summary.
struct Whose {
    coach_id: Uuid,
    session_id: Uuid,
    client_id: Uuid,
    version: i32,
}

impl JobArgs for IndexSummary {
    const KIND: &'static str = "index.summary";

    fn unique_key(&self) -> Option<String> {
        Some(format!("{}:{}", self.summary_id, self.version))
    }
}

impl Job for IndexSummary {
    type Needs = Embedder;

    async fn run(&self, ctx: &Context<Embedder>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(whose) = self.whose(&mut tx).await? else {
            tracing::info!(target: "index", { summary.id = %self.summary_id }, "the summary is gone: nothing to index");
            return ctx.finish(tx, json!({ "outcome": "gone" })).await;
        };
        if whose.version > self.version {
            return self.outdated(ctx, tx).await;
        }
        let chunks = self.chunks(&mut tx, whose.client_id).await?;
        let language = language(&mut tx, whose.session_id, &chunks).await?;
        let known = store::known_vectors(&mut tx, ctx, &chunks).await?;
        tx.commit().await?;

        let (embedded, new) = store::embed(ctx, chunks, known, language).await?;

        let mut tx = ctx.tenant_tx().await?;
        // The session's lock comes first, as everywhere: the rows written below reference it.
        session::lock(&mut tx, whose.session_id).await?;
        let newest = sqlx::query_scalar!(
            "select version from summaries where id = $1 and withdrawn_reason is null for update",
            self.summary_id
        )
        .fetch_optional(tx.conn())
        .await?;
        if newest != Some(self.version) {
            return self.outdated(ctx, tx).await;
        }
        sqlx::query!(
            "delete from chunks where session_id = $1 and client_id = $2 and source = 'summary'",
            whose.session_id,
            whose.client_id
        )
        .execute(tx.conn())
        .await?;
        let place =
            store::Place { coach_id: whose.coach_id, session_id: whose.session_id, version: Some(self.version) };
        store::insert(&mut tx, &place, ctx, &embedded).await?;
        store::clear_mark(&mut tx, whose.session_id).await?;
        tracing::info!(target: "index", { summary.id = %self.summary_id, summary.version = self.version,
            index.chunks = embedded.len(), index.new_vectors = new }, "the summary is indexed");
        ctx.finish(tx, json!({ "outcome": "indexed", "chunks": embedded.len(), "new_vectors": new })).await
    }

    async fn on_dead(&self, ctx: &Context<Embedder>, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        if let Some(whose) = self.whose(&mut tx).await? {
            session::mark_failed(&mut tx, whose.session_id, "index", store::NOT_FOUND).await?;
            let event = Event::stage_failed(whose.session_id, "index", Some(self.summary_id), ctx.job.id);
            webhook::emit(&mut tx, &event).await?;
        }
        Ok(tx.commit().await?)
    }
}

impl IndexSummary {
    async fn whose(&self, tx: &mut TenantTx) -> Result<Option<Whose>, sqlx::Error> {
        sqlx::query_as!(
            Whose,
            "select sessions.coach_id, session_id, client_id, version
             from summaries join sessions on sessions.id = summaries.session_id
             where summaries.id = $1 and withdrawn_reason is null",
            self.summary_id
        )
        .fetch_optional(tx.conn())
        .await
    }

    /// One chunk per claim, at the time of its first evidence. Excludes moments (the transcript has them), engagement
    /// and priority (counts and a rating) and open threads (another session's words): someone who searches for words
    /// doesn't mean them.
    pub(super) async fn chunks(&self, tx: &mut TenantTx, client_id: Uuid) -> Result<Vec<Chunk>, sqlx::Error> {
        let content = load_version(tx, self.summary_id, self.version).await?;
        let chunk = |claim: crate::model::Claim| {
            let times = || claim.evidence.iter().filter_map(|evidence| evidence.start_ms);
            let mut utterances: Vec<Uuid> = claim.evidence.iter().map(|evidence| evidence.utterance_id).collect();
            utterances.dedup();
            let times = (times().min(), times().max());
            let section = Some(claim.section.as_str());
            Chunk { section, utterances, ..Chunk::new(Some(client_id), times, claim.text) }
        };
        let is_told = |claim: &crate::model::Claim| {
            !matches!(claim.section, Section::Moments | Section::Engagement | Section::Priority | Section::OpenThreads)
        };
        Ok(content.claims.into_iter().filter(is_told).map(chunk).collect())
    }

    async fn outdated(&self, ctx: &Context<Embedder>, tx: TenantTx) -> Result<Finished, JobError> {
        tracing::info!(target: "index", { summary.id = %self.summary_id, summary.version = self.version },
            "a newer version is there: its own job indexes it");
        ctx.finish(tx, json!({ "outcome": "outdated" })).await
    }
}

/// The language of the sentences; where they are too few to tell, that of the session.
async fn language(tx: &mut TenantTx, session_id: Uuid, chunks: &[Chunk]) -> Result<Option<&'static str>, sqlx::Error> {
    let texts: Vec<&str> = chunks.iter().map(|chunk| chunk.text.as_str()).collect();
    if let Some(language) = words::language(&texts) {
        return Ok(Some(language));
    }
    let of_session = sqlx::query_scalar!(
        r#"select language as "language!" from chunks
           where session_id = $1 and source = 'utterances' and language is not null limit 1"#,
        session_id
    );
    let of_session = of_session.fetch_optional(tx.conn()).await?;
    Ok(words::LANGUAGES.iter().map(|(name, _)| *name).find(|name| of_session.as_deref() == Some(name)))
}
