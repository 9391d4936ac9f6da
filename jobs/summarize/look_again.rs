//! The job `summarize.look_again`: an earlier session arrived after a later one was summarised, or a person settled an
//! action item of it, so the later summary's open threads are checked again.
//!
//! Reads the later summary and what is open now; writes a version with these open threads, in which all other claims
//! stay as they are, the coach's own edits included. Only if it's still in review: an approved summary stays as it was
//! signed off. Then it continues with the next later summary. A rerun finds the threads up to date and changes nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    input::{self, Stored},
    open_threads::{self, Asked},
    verify::threads_again,
};
use crate::{
    db::{TenantTx, Tx},
    index::IndexSummary,
    model::{
        Content, SummaryState,
        summary::{self, Authorship},
    },
    path::{Locked, session},
    queue::{Context, Finished, Job, JobArgs, JobError, Policy, cuttable, enqueue},
    webhook::{self, Event, EventType},
};

const CHANGED: &str =
    "Open threads checked again because an earlier session arrived or changed after this one was written.";
const SETTLED: &str = "Open threads checked again because an action item was completed, dropped or opened again.";

/// Checks the open threads of a later summary.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LookAgain {
    /// Id of the later summary.
    pub summary_id: Uuid,
    /// Id of the earlier summary whose new version triggered this.
    pub after: Uuid,
    /// The new version of the earlier summary.
    pub version: i32,
    /// Which of the times that somebody settled an action item of the earlier summary triggered this, if it was that.
    #[serde(default)]
    pub settling: Option<Uuid>,
}

/// Has the client's next later summary checked again, now that `summary_id` has this version.
pub(super) async fn enqueue_next(
    tx: &mut TenantTx,
    summary_id: Uuid,
    version: i32,
    settling: Option<Uuid>,
    correlation_id: Uuid,
) -> Result<(), sqlx::Error> {
    if let Some(next) = next_in_review(tx, summary_id).await? {
        let job = LookAgain { summary_id: next, after: summary_id, version, settling };
        enqueue(tx, &job, correlation_id).await?;
    }
    Ok(())
}

/// Has the client's next later summary checked again, because a person settled an action item of `summary_id`.
pub(crate) async fn look_again_after(
    tx: &mut TenantTx,
    summary_id: Uuid,
    correlation_id: Uuid,
) -> Result<(), sqlx::Error> {
    let version = sqlx::query_scalar!("select version from summaries where id = $1", summary_id);
    let version = version.fetch_one(tx.conn()).await?;
    // One that is being saved at this moment was written without knowing: it is in review afterwards.
    if let Some(due) = open_threads::next(tx, summary_id, SummaryState::Due).await? {
        sqlx::query!("select id from summaries where id = $1 for share", due).fetch_optional(tx.conn()).await?;
    }
    enqueue_next(tx, summary_id, version, Some(Uuid::now_v7()), correlation_id).await
}

/// The client's next later summary that is in review.
pub(crate) async fn next_in_review(tx: &mut TenantTx, summary_id: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    open_threads::next(tx, summary_id, SummaryState::Done).await
}

impl JobArgs for LookAgain {
    const KIND: &'static str = "summarize.look_again";
    /// It goes through everything that was said, like the job that wrote the summary.
    const POLICY: Policy = Policy { timeout: Duration::from_secs(600), ..Policy::DEFAULT };

    /// One job per trigger: a job that is already running may have read the previous state.
    fn unique_key(&self) -> Option<String> {
        let settling = self.settling.map(|id| format!(":{id}")).unwrap_or_default();
        Some(format!("{}:{}:{}{settling}", self.summary_id, self.after, self.version))
    }
}

impl Job for LookAgain {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let before = match self.read(&mut tx).await? {
            Ok(before) => before,
            Err(nothing) => return ctx.finish(tx, json!({ "outcome": nothing })).await,
        };
        // Read-only: nothing is locked while the words are processed.
        tx.commit().await?;
        let (before, renewed) = cuttable(move |_| {
            let input = before.stored.clone().confined().input;
            let claims = threads_again(&input, &before.asked, before.content.claims.clone());
            (before, Content { claims })
        })
        .await?;

        let mut tx = ctx.tenant_tx().await?;
        let Some(Locked { correlation_id, .. }) = session::lock(&mut tx, before.stored.session_id).await? else {
            return ctx.finish(tx, json!({ "outcome": "gone" })).await;
        };
        sqlx::query!("select id from summaries where id = $1 for update", self.summary_id)
            .fetch_optional(tx.conn())
            .await?;
        let now = match self.read(&mut tx).await? {
            Ok(now) => now,
            Err(nothing) => return ctx.finish(tx, json!({ "outcome": nothing })).await,
        };
        if now != before {
            return Err(JobError::overtaken("the summary changed while its open threads were looked at"));
        }
        let Read { stored, mut version, authorship, content, asked: _ } = now;
        let changed = renewed.hash() != content.hash();
        if changed {
            version = summary::add_version(&mut tx, self.summary_id, &renewed, &authorship).await?;
            sqlx::query!(
                "update summaries set rewrite_reason = $2, updated_at = now() where id = $1",
                self.summary_id,
                if self.settling.is_some() { SETTLED } else { CHANGED }
            )
            .execute(tx.conn())
            .await?;
            webhook::emit(&mut tx, &Event::summary(EventType::SummaryWritten, self.summary_id)).await?;
            enqueue(&mut tx, &IndexSummary { summary_id: self.summary_id, version }, correlation_id).await?;
        }
        enqueue_next(&mut tx, self.summary_id, version, self.settling, correlation_id).await?;
        tracing::info!(target: "summarize",
            { summary.id = %self.summary_id, session.id = %stored.session_id, changed },
            "The open threads of a later summary were looked at again");
        ctx.finish(tx, json!({ "outcome": if changed { "changed" } else { "unchanged" }, "version": version })).await
    }
}

/// The summary, and everything its threads depend on.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    stored: Stored,
    version: i32,
    authorship: Authorship,
    content: Content,
    /// The earlier action items that its claims are about, as far as they are still in a summary.
    asked: Vec<Asked>,
}

impl LookAgain {
    /// Reads what has to be checked, or why there is nothing to do.
    async fn read(&self, tx: &mut TenantTx) -> Result<Result<Read, &'static str>, JobError> {
        let Some(stored) = input::stored(tx, self.summary_id).await? else { return Ok(Err("gone")) };
        if stored.state != SummaryState::Done {
            return Ok(Err("not in review"));
        }
        let row = sqlx::query!(
            "select summaries.version, author, provider, model, prompt_version, template, claims_dropped
             from summaries
             join summary_versions shown on shown.summary_id = summaries.id and shown.version = summaries.version
             where summaries.id = $1",
            self.summary_id
        )
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Ok(Err("not in review")) };
        let authorship = Authorship {
            author: author(&row.author),
            provider: row.provider,
            model: row.model,
            prompt_version: row.prompt_version,
            template: row.template,
            claims_dropped: row.claims_dropped,
        };
        let content = summary::load_version(tx, self.summary_id, row.version).await?;
        let asked = open_threads::asked(tx, self.summary_id, row.version).await?;
        Ok(Ok(Read { stored, version: row.version, authorship, content, asked }))
    }
}

/// Who wrote the version's words: they keep their author.
fn author(stored: &str) -> &'static str {
    ["coach", "refiner"].into_iter().find(|author| *author == stored).unwrap_or("summarizer")
}
