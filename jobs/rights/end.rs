//! Ends what a person is signed in by: browsers, API keys, and links on their way.
//!
//! Writes `sign_ins`, `api_keys`, `one_time_links`, `address_changes` and `mails`. Doing it again changes nothing.
//!
//! Whoever signs in, changes how a person signs in or ends their sign-ins locks the person's row before any other row of
//! theirs: what is under way at the same time waits, and then finds what was changed.

use uuid::Uuid;

use crate::db::{TenantTx, Tx};

/// A person who wasn't removed, and whose row this transaction has locked.
#[derive(Clone, Copy, Debug)]
pub struct LockedPerson(Uuid);

impl LockedPerson {
    /// The person.
    #[must_use]
    pub const fn id(self) -> Uuid {
        self.0
    }
}

/// Locks a person's row until the transaction ends; `None` if they were removed. Of the rows of one person it's the first
/// to be locked; only the organization's comes before it.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn lock_person(tx: &mut TenantTx, person: Uuid) -> Result<Option<LockedPerson>, sqlx::Error> {
    let locked =
        sqlx::query_scalar!("select id from coaches where id = $1 and removed_at is null for no key update", person);
    Ok(locked.fetch_optional(tx.conn()).await?.map(LockedPerson))
}

/// Locks a person's row like [`lock_person`], whether or not they were removed: for what is taken away from them.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn lock_anybody(tx: &mut TenantTx, person: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!("select id from coaches where id = $1 for no key update", person).fetch_optional(tx.conn()).await?;
    Ok(())
}

/// Ends a person's sign-ins, but for one that may stay. Returns how many there were.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn end_sign_ins(tx: &mut TenantTx, person: LockedPerson, but: Option<Uuid>) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query!(
        "update sign_ins set ended_at = now() where person_id = $1 and ended_at is null and ($2::uuid is null or id <> $2)",
        person.0,
        but
    );
    Ok(ended.execute(tx.conn()).await?.rows_affected())
}

/// Ends every way in that a person has, at once, whether or not they were removed: sign-ins, API keys and links that were
/// mailed.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn end_all(tx: &mut TenantTx, person: Uuid) -> Result<(), sqlx::Error> {
    lock_anybody(tx, person).await?;
    end_sign_ins(tx, LockedPerson(person), None).await?;
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

/// Takes back the links to sign in, to accept and to confirm that a person was mailed and didn't use; a change of the
/// address that isn't done is stopped.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn withdraw_links(tx: &mut TenantTx, person: Uuid) -> Result<(), sqlx::Error> {
    stop_address_changes(tx, person).await?;
    let withdrawn = sqlx::query_scalar!(
        "update one_time_links set withdrawn_at = now() where person_id = $1 and used_at is null and withdrawn_at is null
         returning id",
        person
    );
    let withdrawn = withdrawn.fetch_all(tx.conn()).await?;
    cancel_mails(tx, &withdrawn).await
}

/// Stops changes of a person's address that aren't done, with the links that would confirm them. Returns whether there
/// were any.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn stop_address_changes(tx: &mut TenantTx, person: Uuid) -> Result<bool, sqlx::Error> {
    let stopped = sqlx::query_scalar!(
        "update address_changes set stopped_at = now() where person_id = $1 and stopped_at is null and done_at is null
         returning id",
        person
    );
    let stopped = stopped.fetch_all(tx.conn()).await?;
    let withdrawn = sqlx::query_scalar!(
        "update one_time_links set withdrawn_at = now()
         where address_change_id = any ($1) and used_at is null and withdrawn_at is null returning id",
        &stopped
    );
    let withdrawn = withdrawn.fetch_all(tx.conn()).await?;
    cancel_mails(tx, &withdrawn).await?;
    Ok(!stopped.is_empty())
}

/// Keeps mails that weren't sent, and whose link was withdrawn, from going.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn cancel_mails(tx: &mut TenantTx, links: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update mails set state = 'cancelled', error = 'the link in it was withdrawn'
         where subject_id = any ($1) and carries_link and state in ('queued', 'failed')",
        links
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
