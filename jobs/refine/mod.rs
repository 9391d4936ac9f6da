//! Refining: the coach says what to change about a summary ("shorter", "warmer", "drop the second point", "in German"),
//! and a job writes a version in which every claim is still based on what was said.
//!
//! ```text
//! by_model     asks a language model what stays, in which words, and what is new
//! apply        checks its answer against the version and the session, claim by claim
//! named        whether an instruction names a sentence to remove
//! instruction  what the rules understand if there is no language model
//! offline      applies it
//! ```
//!
//! Reads a row of `refinements`, the version that was shown and the session; writes the next version, with the refiner
//! as author, and the result of the request. A rerun finds the request settled. If the summary has changed in the
//! meantime, nothing is written: the coach's manual edits are never overwritten.

mod about;
mod apply;
mod by_model;
mod instruction;
mod named;
mod offline;

use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{self, TenantTx, Tx},
    index::IndexSummary,
    llm::{LlmError, OnBudget, Writers},
    model::{
        Content, RefinementState, SummaryState,
        summary::{self, Authorship},
    },
    path::{Locked, RefineSummary, session},
    queue::{Context, Finished, Job, JobError, enqueue},
    summarize::{self, SessionForClient, Summarizer},
    webhook::{self, EventType},
};

/// Why a possible refinement changed nothing.
const MOVED_ON: &str = "The summary changed in the meantime, so nothing was overwritten. Ask again.";
/// The message to the coach when the job was given up.
const GIVEN_UP: &str = "It didn’t work after several attempts. The summary is unchanged: ask again later, or change it \
                        by hand.";

/// The result of a request.
#[derive(Debug)]
enum RefineOutcome {
    /// New content and its author.
    Changed(Refined),
    /// Nothing had to change, or could; why.
    Unchanged(String),
    /// It could not be done; why, and what to do.
    Failed(String),
}

/// A version not yet written.
#[derive(Debug)]
struct Refined {
    content: Content,
    provider: String,
    model: String,
    prompt_version: String,
    /// Changes that did not hold and were dropped.
    dropped: usize,
    /// Anything else to tell the coach, in sentences.
    note: Option<String>,
}

impl Refined {
    /// The message to the coach beyond the change itself.
    fn told(&self) -> Option<String> {
        let parts: Vec<String> =
            (self.dropped > 0).then(|| not_made(self.dropped)).into_iter().chain(self.note.clone()).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

/// The input of a run.
struct RefineInput {
    summary_id: Uuid,
    session_id: Uuid,
    base_version: i32,
    base: Content,
    instruction: String,
    input: SessionForClient,
}

impl Job for RefineSummary {
    type Needs = Summarizer;

    async fn run(&self, ctx: &Context<Summarizer>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(read) = self.read(&mut tx).await? else {
            return ctx.finish(tx, json!({ "outcome": "already done" })).await;
        };
        let organization = tx.tenant();
        // Only reads: no transaction is held while the provider writes.
        tx.commit().await?;
        let outcome = match refine(ctx, organization, &read).await {
            Ok(outcome) => outcome,
            Err(error) => match explained(&error) {
                Some(reason) => RefineOutcome::Failed(reason.into()),
                None => return Err(error.into()),
            },
        };
        self.save(ctx, &read, outcome).await
    }

    async fn on_dead(&self, ctx: &Context<Summarizer>, _error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        self.settle(&mut tx, RefinementState::Failed, None, Some(GIVEN_UP)).await?;
        tx.commit().await?;
        tracing::warn!(target: "refine", { refinement.id = %self.refinement_id }, "A refinement has failed");
        Ok(())
    }
}

/// The message to the coach about an error that would recur; `None` if the job may be retried.
fn explained(error: &LlmError) -> Option<&'static str> {
    Some(match error {
        LlmError::Declined => {
            "The language model declined to do this. Put it another way, or change the sentences by hand."
        }
        LlmError::TooLong => {
            "This is too much for the language model at once. Ask for a smaller change, or make it by hand."
        }
        LlmError::Budget(_) => {
            "This month’s budget for language models is used up, so we didn’t ask one. Change the sentences by hand, \
             or ask whoever runs Debrief for a larger budget."
        }
        LlmError::Unusable(_) => {
            "The language model didn’t give a usable answer, even when asked twice. Ask again, perhaps in other words."
        }
        _ => return None,
    })
}

async fn refine(ctx: &Context<Summarizer>, organization: Uuid, read: &RefineInput) -> Result<RefineOutcome, LlmError> {
    let models = ctx.models();
    let write = match models.writers(&ctx.db, organization).await? {
        Writers::Offline => return offline::refine(ctx, &read.input, &read.base, &read.instruction).await,
        Writers::Models { write, .. } => write,
    };
    match by_model::refine(&ctx.db, organization, &write, read).await {
        Err(LlmError::Budget(_)) if models.on_budget() == OnBudget::Offline => {
            tracing::warn!(target: "refine", { session.id = %read.session_id },
                "The month's budget is used up; the summary is refined by rule");
            offline::refine(ctx, &read.input, &read.base, &read.instruction).await
        }
        refined => refined,
    }
}

impl RefineSummary {
    /// The work to do; `None` if it is done or no longer possible (which is then settled in `tx`).
    async fn read(&self, tx: &mut TenantTx) -> Result<Option<RefineInput>, JobError> {
        let Some(row) = sqlx::query!(
            r#"select refinements.state as "state: RefinementState", base_version, instruction, summary_id, summaries.version,
                    summaries.state as "summary_state: SummaryState"
             from refinements join summaries on summaries.id = summary_id where refinements.id = $1"#,
            self.refinement_id
        )
        .fetch_optional(tx.conn())
        .await?
        else {
            tracing::info!(target: "refine", { refinement.id = %self.refinement_id }, "The request is gone");
            return Ok(None);
        };
        if row.state != RefinementState::Queued {
            tracing::info!(target: "refine", { refinement.id = %self.refinement_id }, "The request is settled already");
            return Ok(None);
        }
        let found = summarize::load_input(tx, row.summary_id).await?;
        let Some(found) = found.filter(|_| row.version == row.base_version && row.summary_state == SummaryState::Done)
        else {
            self.settle(tx, RefinementState::Unchanged, None, Some(MOVED_ON)).await?;
            return Ok(None);
        };
        Ok(Some(RefineInput {
            summary_id: row.summary_id,
            session_id: found.session_id,
            base_version: row.base_version,
            base: summary::load_version(tx, row.summary_id, row.base_version).await?,
            instruction: row.instruction,
            input: found.input,
        }))
    }

    /// Adds the version and settles the request, under the row locks of the session and the summary: anything that
    /// changed in the meantime stays as it is.
    async fn save(
        &self,
        ctx: &Context<Summarizer>,
        read: &RefineInput,
        outcome: RefineOutcome,
    ) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(Locked { correlation_id, .. }) = session::lock(&mut tx, read.session_id).await? else {
            return ctx.finish(tx, json!({ "outcome": "gone" })).await;
        };
        sqlx::query!("select id from summaries where id = $1 for update", read.summary_id)
            .fetch_optional(tx.conn())
            .await?;
        let Some(now) = self.read(&mut tx).await? else {
            return ctx.finish(tx, json!({ "outcome": "unchanged" })).await;
        };
        let refined = match outcome {
            RefineOutcome::Changed(refined) if refined.content.hash() != read.base.hash() => {
                if now.input != read.input {
                    return Err(JobError::overtaken(
                        "the session changed while its summary was refined; it is done again",
                    ));
                }
                refined
            }
            RefineOutcome::Changed(refined) => {
                let reason = match refined.told() {
                    None => "Nothing in the summary had to change for that.".to_owned(),
                    Some(told) => format!("{told} The summary is unchanged."),
                };
                self.settle(&mut tx, RefinementState::Unchanged, None, Some(&reason)).await?;
                return ctx.finish(tx, json!({ "outcome": "unchanged", "dropped": refined.dropped })).await;
            }
            RefineOutcome::Unchanged(reason) => {
                self.settle(&mut tx, RefinementState::Unchanged, None, Some(&reason)).await?;
                return ctx.finish(tx, json!({ "outcome": "unchanged" })).await;
            }
            RefineOutcome::Failed(reason) => {
                self.settle(&mut tx, RefinementState::Failed, None, Some(&reason)).await?;
                tracing::warn!(target: "refine", { refinement.id = %self.refinement_id, session.id = %read.session_id },
                    "A refinement could not be made; the coach is told why");
                return ctx.finish(tx, json!({ "outcome": "failed" })).await;
            }
        };
        let version = self.write(&mut tx, read, &refined, correlation_id).await?;
        ctx.finish(tx, json!({ "outcome": "refined", "version": version, "dropped": refined.dropped })).await
    }

    async fn write(
        &self,
        tx: &mut TenantTx,
        read: &RefineInput,
        refined: &Refined,
        correlation_id: Uuid,
    ) -> Result<i32, sqlx::Error> {
        let template = sqlx::query_scalar!(
            "select template from summary_versions where summary_id = $1 and version = $2",
            read.summary_id,
            read.base_version
        )
        .fetch_one(tx.conn())
        .await?;
        let authorship = Authorship {
            author: "refiner",
            provider: refined.provider.clone(),
            model: refined.model.clone(),
            prompt_version: refined.prompt_version.clone(),
            template,
            claims_dropped: db::count(refined.dropped),
        };
        let version = summary::add_version(tx, read.summary_id, &refined.content, &authorship).await?;
        self.settle(tx, RefinementState::Done, Some(version), refined.told().as_deref()).await?;
        webhook::emit(tx, &webhook::Event::summary(EventType::SummaryEdited, read.summary_id)).await?;
        enqueue(tx, &IndexSummary { summary_id: read.summary_id, version }, correlation_id).await?;
        let detail = json!({ "from": read.base_version, "version": version, "dropped": refined.dropped });
        let event =
            Event { summary_id: Some(read.summary_id), detail, ..Event::of(read.session_id, EventKind::Refined) };
        record(tx, &event, &Visitor::default()).await?;
        tracing::info!(
            target: "refine",
            { summary.id = %read.summary_id, session.id = %read.session_id, summary.version = version,
              changes.dropped = refined.dropped },
            "A summary is refined"
        );
        Ok(version)
    }

    /// Settles the request, once.
    async fn settle(
        &self,
        tx: &mut TenantTx,
        state: RefinementState,
        version: Option<i32>,
        reason: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update refinements set state = $2, version = $3, reason = $4, finished_at = now()
             where id = $1 and state = 'queued'",
            self.refinement_id,
            state as RefinementState,
            version,
            reason
        )
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// How many changes were not made, in words for the coach.
fn not_made(dropped: usize) -> String {
    match dropped {
        1 => "One change wasn’t made: what was said doesn’t support it.".into(),
        some => format!("{some} changes weren’t made: what was said doesn’t support them."),
    }
}
