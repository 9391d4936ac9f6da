//! The job `index.count`: counts how common the words of a large organization are, which weighs them in a search.
//!
//! Reads chunks; writes `search_counts` and `search_common_words`, all of them again, so a rerun leaves the same. A small
//! organization is counted while it is searched, and needs none of this. Enqueued by `index.session` once the organization has grown.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    queue::{Context, Finished, Job, JobArgs, JobError, Policy, enqueue},
};

/// Counts the words of the job's organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountWords {}

/// Smaller organizations aren't counted.
const LARGE: i64 = 1_000;

impl JobArgs for CountWords {
    const KIND: &'static str = "index.count";
    const POLICY: Policy = Policy { concurrency: 1, priority: 9, ..Policy::DEFAULT };

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Job for CountWords {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let chunks = sqlx::query_scalar!(r#"select count_search_words() as "chunks!""#).fetch_one(tx.conn()).await?;
        tracing::info!(target: "index", { index.chunks = chunks }, "the words are counted");
        ctx.finish(tx, json!({ "outcome": "counted", "chunks": chunks })).await
    }
}

/// Enqueues the job if the organization is large, and has grown or shrunk by a fifth since it was counted.
pub(super) async fn if_due(tx: &mut TenantTx, correlation_id: Uuid) -> Result<(), sqlx::Error> {
    let is_due = sqlx::query_scalar!(
        r#"select there.chunks > $1 and abs(there.chunks - coalesce(counted.chunks, 0)) * 5 > there.chunks as "due!"
           from (select count(*) as chunks from chunks) there left join search_counts counted on true"#,
        LARGE
    );
    if is_due.fetch_one(tx.conn()).await? {
        enqueue(tx, &CountWords {}, correlation_id).await?;
    }
    Ok(())
}
