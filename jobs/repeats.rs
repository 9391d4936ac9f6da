//! Requests that are sent again: the answer of the first is kept with its effect, for a day.
//!
//! Reads and writes `idempotency_keys` in the caller's transaction; `queue::prune` forgets them.

use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// The answer to a request that was carried out.
#[derive(Clone, Debug)]
pub struct Kept {
    /// SHA-256 of the request.
    pub request_sha256: Vec<u8>,
    /// The HTTP status.
    pub status: u16,
    /// Its own headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Claims a key of `caller` for a request; `None` if it's new. Waits for a transaction that has just claimed it.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn claim(tx: &mut TenantTx, caller: Uuid, key: &str, request: &[u8]) -> Result<Option<Kept>, sqlx::Error> {
    let organization = tx.tenant();
    let claimed = sqlx::query!(
        "insert into idempotency_keys (organization_id, caller_id, key, request_sha256) values ($1, $2, $3, $4)
         on conflict do nothing",
        organization,
        caller,
        key,
        request
    );
    if claimed.execute(tx.conn()).await?.rows_affected() > 0 {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"select request_sha256, coalesce(status, 500) as "status!", coalesce(headers, '[]') as "headers!",
                  coalesce(body, '') as "body!"
           from idempotency_keys where caller_id = $1 and key = $2"#,
        caller,
        key
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Some(Kept {
        request_sha256: row.request_sha256,
        status: u16::try_from(row.status).unwrap_or(500),
        headers: serde_json::from_value(row.headers).unwrap_or_default(),
        body: row.body,
    }))
}

/// Keeps the answer for a claimed key.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn keep(
    tx: &mut TenantTx,
    caller: Uuid,
    key: &str,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<(), sqlx::Error> {
    let status = i16::try_from(status).unwrap_or(500);
    sqlx::query!(
        "update idempotency_keys set status = $3, headers = $4, body = $5 where caller_id = $1 and key = $2",
        caller,
        key,
        status,
        serde_json::json!(headers),
        body
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
