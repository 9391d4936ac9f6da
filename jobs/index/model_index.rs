//! The vector index for a model other than the hashed one, built by the role that owns the tables.
//!
//! Search works without it, by exact scan; it makes a large tenant's search fast. A rerun finds the index and does
//! nothing; an invalid one, left by an interrupted build, is dropped and rebuilt.

use secrecy::SecretString;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection};

use crate::embed::Embedder;

/// Builds the partial HNSW index for the embedder's model in the database at `url`, if it is missing. Called by
/// `debrief migrate`, whose user may act as the owner. Blocks neither readers nor writers.
///
/// # Errors
/// Returns an error if the server can't be reached, or the user may not act as the owner of the tables.
pub async fn ensure_model_index(url: &SecretString, embedder: &Embedder) -> Result<(), sqlx::Error> {
    if matches!(embedder, Embedder::Hashed) {
        // The migrations contain its index.
        return Ok(());
    }
    let mut connection = crate::db::connect(url).await?;
    sqlx::query("set role debrief_owner").execute(&mut connection).await?;
    let model = embedder.model();
    // An index name has at most 63 bytes, and a model's name may contain anything.
    let hash: String = Sha256::digest(model).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("embeddings_model_{hash}");
    let valid: Option<bool> = sqlx::query_scalar("select indisvalid from pg_index where indexrelid = to_regclass($1)")
        .bind(&name)
        .fetch_optional(&mut connection)
        .await?;
    if valid == Some(false) {
        sqlx::query(AssertSqlSafe(format!("drop index {name}"))).execute(&mut connection).await?;
    }
    if valid != Some(true) {
        // The planner matches a partial index only by literals, hence the text; quote_literal makes it safe.
        let literal: String =
            sqlx::query_scalar("select quote_literal($1)").bind(model).fetch_one(&mut connection).await?;
        let create = format!(
            "create index concurrently {name} on embeddings
             using hnsw ((embedding::halfvec({})) halfvec_cosine_ops) with (m = 16, ef_construction = 64)
             where model = {literal}",
            embedder.dimensions()
        );
        sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await?;
        tracing::info!(target: "index", { index.model = model }, "the model's vector index is built");
    }
    connection.close().await
}
