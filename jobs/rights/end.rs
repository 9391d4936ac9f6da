//! Ends what a person is signed in by: browsers, API keys, and links on their way.
//!
//! Writes `sign_ins`, `api_keys` and `one_time_links`. Doing it again changes nothing.

use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// Ends a person's sign-ins, but for one that may stay. Returns how many there were.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn end_sign_ins(tx: &mut TenantTx, person: Uuid, but: Option<Uuid>) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query!(
        "update sign_ins set ended_at = now() where person_id = $1 and ended_at is null and ($2::uuid is null or id <> $2)",
        person,
        but
    );
    Ok(ended.execute(tx.conn()).await?.rows_affected())
}

/// Ends every way in that a person has, at once: sign-ins, API keys and links that were mailed.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn end_all(tx: &mut TenantTx, person: Uuid) -> Result<(), sqlx::Error> {
    end_sign_ins(tx, person, None).await?;
    // Also those of the organization that they created: they know them.
    sqlx::query!(
        "update api_keys set revoked_at = now() where (person_id = $1 or created_by = $1) and revoked_at is null",
        person
    )
    .execute(tx.conn())
    .await?;
    withdraw_links(tx, person).await?;
    Ok(())
}

/// Ends the organization's keys that a person created: whoever stops managing people must not go on by what they know.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn end_keys_of_organization(tx: &mut TenantTx, person: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update api_keys set revoked_at = now() where person_id is null and created_by = $1 and revoked_at is null",
        person
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back the links to sign in, to accept and to confirm that a person was mailed and didn't use.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn withdraw_links(tx: &mut TenantTx, person: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update one_time_links set withdrawn_at = now() where person_id = $1 and used_at is null and withdrawn_at is null",
        person
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
