//! The job `attribute.drop_threads`: what an earlier session left to do is no open thread any more, when it turned out
//! to be another's words.
//!
//! Reads the threads of one later summary; writes its state, its session's, and the job that writes it anew. Only where
//! it still waits for review: threads are for the coach alone, and what is approved stays as it was signed. A rerun
//! finds the summary due, or without such threads, and changes nothing.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::touched;
use crate::{
    db::{TenantTx, Tx},
    path::{self, State, session},
    queue::{Context, Finished, Job, JobArgs, JobError, enqueue},
};

/// Takes threads of corrected sessions out of a later summary.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DropThreads {
    /// The later summary.
    pub summary_id: Uuid,
}

const REASON: &str = "Open threads checked again because an earlier session changed.";

impl JobArgs for DropThreads {
    const KIND: &'static str = "attribute.drop_threads";

    fn unique_key(&self) -> Option<String> {
        Some(self.summary_id.to_string())
    }
}

impl Job for DropThreads {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let session = sqlx::query!("select session_id, client_id from summaries where id = $1", self.summary_id)
            .fetch_optional(tx.conn())
            .await?;
        let Some(session) = session else { return ctx.finish(tx, json!({ "outcome": "gone" })).await };
        let locked = session::lock(&mut tx, session.session_id).await?;
        let Some((_, correlation_id)) = locked else { return ctx.finish(tx, json!({ "outcome": "gone" })).await };
        let tells = sqlx::query_scalar!(
            r#"select exists (
                   select from summaries
                   join claims on claims.summary_id = summaries.id and claims.version = summaries.version
                   join threads on threads.claim_id = claims.id
                   join claims earlier on earlier.id = threads.earlier_claim_id
                   join summaries source on source.id = earlier.summary_id
                   where summaries.id = $1 and summaries.state = 'done' and source.state not in ('done', 'approved')
               ) as "tells!""#,
            self.summary_id
        )
        .fetch_one(tx.conn())
        .await?;
        if !tells {
            tracing::info!(target: "attribute", { summary.id = %self.summary_id }, "no thread of a corrected session is told");
            return ctx.finish(tx, json!({ "outcome": "nothing" })).await;
        }
        touched::forget(&mut tx, session.session_id, session.client_id).await?;
        touched::rewrite(&mut tx, self.summary_id, REASON).await?;
        path::advance(&mut tx, session.session_id, State::Attributed, correlation_id).await?;
        ctx.finish(tx, json!({ "outcome": "due" })).await
    }
}

/// Lets the later summaries look again that tell of what this one left to do.
pub(super) async fn look_again(tx: &mut TenantTx, summary_id: Uuid, correlation_id: Uuid) -> Result<(), sqlx::Error> {
    let later = sqlx::query_scalar!(
        "select distinct later.id from threads
         join claims earlier on earlier.id = threads.earlier_claim_id
         join claims on claims.id = threads.claim_id
         join summaries later on later.id = claims.summary_id and later.version = claims.version
         where earlier.summary_id = $1 and later.state = 'done'",
        summary_id
    )
    .fetch_all(tx.conn())
    .await?;
    for summary_id in later {
        enqueue(tx, &DropThreads { summary_id }, correlation_id).await?;
    }
    Ok(())
}
