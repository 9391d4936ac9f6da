//! The job `attribute.drop_threads`: drops the open threads that came from an earlier session if its words turned out
//! to be someone else's.
//!
//! Reads the threads of one later summary; writes its state, its session's, and the job that rewrites it. Only if it's
//! still in review: threads are for the coach alone, and an approved summary stays as it was signed off. A rerun finds
//! the summary due, or without such threads, and changes nothing.

use serde_json::json;

use crate::{
    db::Tx,
    path::{self, DropThreads, SessionState, session},
    queue::{Context, Finished, Job, JobError},
    written,
};

const REASON: &str = "Open threads checked again because an earlier session changed.";

impl Job for DropThreads {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let session = sqlx::query!("select session_id, client_id from summaries where id = $1", self.summary_id)
            .fetch_optional(tx.conn())
            .await?;
        let Some(session) = session else { return ctx.finish(tx, json!({ "outcome": "gone" })).await };
        let locked = session::lock(&mut tx, session.session_id).await?;
        let Some(locked) = locked else { return ctx.finish(tx, json!({ "outcome": "gone" })).await };
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
        written::forget(&mut tx, session.session_id, session.client_id).await?;
        written::rewrite(&mut tx, self.summary_id, REASON).await?;
        path::advance(&mut tx, &locked, SessionState::Attributed).await?;
        ctx.finish(tx, json!({ "outcome": "due" })).await
    }
}
