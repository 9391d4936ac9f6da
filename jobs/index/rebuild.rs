//! Finds sessions and summaries indexed with another model than the current one, or by an earlier version, and enqueues jobs to reindex them.
//!
//! Reads chunks and embeddings of one organization; writes jobs. A rerun finds the existing jobs. Nothing does this
//! automatically: two processes with different settings would reindex each other's sessions forever.

use uuid::Uuid;

use super::{IndexSession, IndexSummary};
use crate::{
    db::{Db, Tx},
    embed::Embedder,
    queue::{Enqueued, enqueue},
};

/// How much of an organization is indexed with the embedder's model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Coverage {
    /// Chunks of sessions and summaries.
    pub chunks: i64,
    /// How many of these have no vector for the model: they are found only by their words.
    pub without_vector: i64,
}

/// How much of the organization is indexed with the embedder's model.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn coverage(db: &Db, organization: Uuid, embedder: &Embedder) -> Result<Coverage, sqlx::Error> {
    let mut tx = db.tenant(organization).await?;
    let coverage = sqlx::query_as!(
        Coverage,
        r#"select count(*) as "chunks!", count(*) filter (where e.chunk_id is null) as "without_vector!"
           from chunks c left join embeddings e on e.chunk_id = c.id and e.model = $1"#,
        embedder.model()
    )
    .fetch_one(tx.conn())
    .await?;
    tx.commit().await?;
    Ok(coverage)
}

/// Enqueues jobs that reindex what has no vector for the embedder's model; returns how many are new.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn rebuild(db: &Db, organization: Uuid, embedder: &Embedder) -> Result<usize, sqlx::Error> {
    let mut tx = db.tenant(organization).await?;
    let found = sqlx::query!(
        r#"select distinct c.session_id, c.source, sessions.correlation_id, summaries.id as "summary_id?",
                  summaries.version as "version?"
           from chunks c
           join sessions on sessions.id = c.session_id
           left join summaries on c.source = 'summary' and summaries.session_id = c.session_id
                               and summaries.client_id = c.client_id
           where c.utterances is null or not exists (select from embeddings e where e.chunk_id = c.id and e.model = $1)"#,
        embedder.model()
    )
    .fetch_all(tx.conn())
    .await?;
    let mut enqueued = 0;
    for row in found {
        let correlation_id = row.correlation_id;
        let job = match (row.source.as_str(), row.summary_id, row.version) {
            ("summary", Some(summary_id), Some(version)) => {
                enqueue(&mut tx, &IndexSummary { summary_id, version }, correlation_id).await?
            }
            ("summary", ..) => continue,
            _ => enqueue(&mut tx, &IndexSession { session_id: row.session_id }, correlation_id).await?,
        };
        enqueued += usize::from(matches!(job, Enqueued::New(_)));
    }
    tx.commit().await?;
    Ok(enqueued)
}
