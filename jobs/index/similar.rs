//! Sessions that are like one: the function `similar_sessions` of the migrations finds them. Only reads.

use uuid::Uuid;

use super::{passages, query::Hit};
use crate::{
    db::{self, TenantTx, Tx},
    embed::Embedder,
};

/// At most this many similar sessions are given.
pub const MOST_SIMILAR: u32 = 20;

/// The sessions that `tx` sees and that are most like this one, each with the passage that is nearest to what was said in it.
/// None until the session is indexed.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn similar(
    tx: &mut TenantTx,
    embedder: &Embedder,
    session_id: Uuid,
    limit: u32,
) -> Result<Vec<Hit>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select chunk_id as "chunk_id!", similarity as "similarity!" from similar_sessions($1, $2, $3, $4)"#,
        session_id,
        embedder.model(),
        embedder.least_similarity(),
        db::count(limit.clamp(1, MOST_SIMILAR)),
    )
    .fetch_all(tx.conn())
    .await?;
    let ranked: Vec<_> = rows.into_iter().map(|row| (row.chunk_id, row.similarity)).collect();
    Ok(passages::hits(tx, &ranked).await?.into_iter().map(|row| row.hit).collect())
}
