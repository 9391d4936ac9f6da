//! The job `index.session`: makes a session's utterances searchable.
//!
//! Reads utterances and their known speakers, cuts and embeds them on another thread outside of any transaction, and
//! writes chunks and embeddings. A rerun replaces the chunks with the same ones. If the utterances change in the
//! meantime (a new transcript), the attempt starts over.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    chunk::{Spoken, chunks},
    count, store, words,
};
use crate::{
    db::{TenantTx, Tx},
    embed::Embedder,
    path::session,
    queue::{Context, Finished, Job, JobArgs, JobError, Policy, cuttable},
    webhook::{self, Event},
};

/// Makes a session's utterances searchable. Enqueued after parse, and again when its speakers become known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IndexSession {
    /// The session.
    pub session_id: Uuid,
}

/// How long to wait if the session changes during indexing.
const AGAIN: Duration = Duration::from_millis(500);

impl JobArgs for IndexSession {
    const KIND: &'static str = "index.session";
    /// Every vector is added to its model's index, which takes a minute for some megabytes.
    const POLICY: Policy =
        Policy { timeout: Duration::from_secs(1800), concurrency: 2, priority: 5, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(self.session_id.to_string())
    }
}

impl Job for IndexSession {
    type Needs = Embedder;

    async fn run(&self, ctx: &Context<Embedder>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let coach_id = sqlx::query_scalar!("select coach_id from sessions where id = $1", self.session_id)
            .fetch_optional(tx.conn())
            .await?;
        let Some(coach_id) = coach_id else {
            tracing::info!(target: "index", { session.id = %self.session_id }, "the session is gone: nothing to index");
            return ctx.finish(tx, json!({ "outcome": "gone" })).await;
        };
        let fingerprint = fingerprint(&mut tx, self.session_id).await?;
        let spoken = spoken(&mut tx, self.session_id).await?;
        tx.commit().await?;
        let (chunks, language) = cuttable(move |cut| {
            let said: Vec<&str> = spoken.iter().map(|it| it.text.as_str()).collect();
            (chunks(&spoken, cut), words::language(&said))
        })
        .await?;
        let mut tx = ctx.tenant_tx().await?;
        let known = store::known_vectors(&mut tx, ctx, &chunks).await?;
        tx.commit().await?;

        let (embedded, new) = store::embed(ctx, chunks, known, language).await?;

        let mut tx = ctx.tenant_tx().await?;
        // The slow part comes first, so that nobody waits for the session's lock.
        let place = store::Place { coach_id, session_id: self.session_id, version: None };
        let new_chunks = store::insert(&mut tx, &place, ctx, &embedded).await?;
        count::if_due(&mut tx, ctx.job.correlation_id).await?;
        session::lock(&mut tx, self.session_id).await?;
        if self::fingerprint(&mut tx, self.session_id).await? != fingerprint {
            // Probably attributed in the meantime: what was read is out of date.
            return Err(JobError::Snooze(AGAIN));
        }
        sqlx::query!(
            "delete from chunks where session_id = $1 and source = 'utterances' and id <> all($2)",
            self.session_id,
            &new_chunks
        )
        .execute(tx.conn())
        .await?;
        store::clear_mark(&mut tx, self.session_id).await?;
        tracing::info!(target: "index", { session.id = %self.session_id, index.chunks = embedded.len(),
            index.new_vectors = new }, "the session is indexed");
        ctx.finish(tx, json!({ "outcome": "indexed", "chunks": embedded.len(), "new_vectors": new })).await
    }

    async fn on_dead(&self, ctx: &Context<Embedder>, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        session::mark_failed(&mut tx, self.session_id, "index", store::NOT_FOUND).await?;
        let event = Event::stage_failed(self.session_id, "index", None, ctx.job.id);
        webhook::emit(&mut tx, &event).await?;
        Ok(tx.commit().await?)
    }
}

/// Changes when the utterances or their known speakers change.
async fn fingerprint(tx: &mut TenantTx, session_id: Uuid) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "select md5(string_agg(u.id::text || coalesce(a.participant_id::text, ''), ',' order by u.id))
         from utterances u left join attributions a on a.session_id = u.session_id and a.label = u.speaker
         where u.session_id = $1 and u.replaced_at is null",
        session_id
    )
    .fetch_one(tx.conn())
    .await
}

pub(super) async fn spoken(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Spoken>, sqlx::Error> {
    sqlx::query_as!(
        Spoken,
        r#"select u.id, u.transcript_id, u.label, p.client_id as "client_id?", u.start_ms, u.end_ms, u.text
           from utterances u
           join transcripts t on t.id = u.transcript_id
           left join attributions a on a.session_id = u.session_id and a.label = u.speaker
           left join participants p on p.id = a.participant_id
           where u.session_id = $1 and u.replaced_at is null
           order by t.received_at, t.id, u.position"#,
        session_id
    )
    .fetch_all(tx.conn())
    .await
}
