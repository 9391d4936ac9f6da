//! A person's own passkeys: the list, renaming and removing.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::PasskeyError;
use crate::{
    audit::{Event, EventKind, Visitor, record},
    clean,
    db::{TenantTx, Tx},
    mail::AccountChange,
    rights::end_sign_ins,
    secret::Secret,
    sign_in::{
        Gate, SignedIn,
        browsers::{lock, rotate},
        person::{account, tell_of_change},
    },
};

const LONGEST_NAME: usize = 60;

/// A passkey in its owner's list.
#[derive(Clone, Debug)]
pub struct OwnPasskey {
    /// Its id.
    pub id: Uuid,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last signed in, or was last shown; `None` if never.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A person's passkeys, the oldest first.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn passkeys(tx: &mut TenantTx, person: Uuid) -> Result<Vec<OwnPasskey>, sqlx::Error> {
    sqlx::query_as!(
        OwnPasskey,
        "select id, name, created_at, last_used_at from passkeys where person_id = $1 order by created_at, id",
        person
    )
    .fetch_all(tx.conn())
    .await
}

/// A name as it's kept.
pub(super) fn named(typed: &str) -> Result<String, PasskeyError> {
    let name = clean::line(typed);
    let name = name.trim();
    match name.chars().count() {
        1..=LONGEST_NAME => Ok(name.to_owned()),
        _ => Err(PasskeyError::NoName),
    }
}

/// Gives a passkey of a signed-in person another name.
///
/// # Errors
/// [`PasskeyError`] says what is wrong.
pub async fn rename_passkey(
    tx: &mut TenantTx,
    signed_in: &SignedIn,
    passkey: Uuid,
    name: &str,
    visitor: &Visitor,
) -> Result<(), PasskeyError> {
    let name = named(name)?;
    lock(tx, signed_in).await?.ok_or(PasskeyError::Ended)?;
    let renamed =
        sqlx::query!("update passkeys set name = $3 where id = $1 and person_id = $2", passkey, signed_in.person, name);
    if renamed.execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(PasskeyError::NoPasskey);
    }
    Ok(note_change(tx, "passkey_renamed", passkey, visitor).await?)
}

/// Removes a passkey of a signed-in person. Other sign-ins of theirs end, as the device may be in other hands; returns the
/// browser's new secret.
///
/// # Errors
/// [`PasskeyError::Required`] if the organization wants a second factor, and there is no other.
pub async fn remove_passkey(
    tx: &mut TenantTx,
    gate: &Gate,
    signed_in: &SignedIn,
    passkey: Uuid,
    visitor: &Visitor,
) -> Result<Secret, PasskeyError> {
    let locked = lock(tx, signed_in).await?.ok_or(PasskeyError::Ended)?;
    let person = account(tx, signed_in.person).await?.ok_or(PasskeyError::Gone)?;
    let removed = sqlx::query!("delete from passkeys where id = $1 and person_id = $2", passkey, person.id);
    if removed.execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(PasskeyError::NoPasskey);
    }
    if person.factor_required && person.factor_since.is_none() && person.passkeys <= 1 {
        return Err(PasskeyError::Required);
    }
    end_sign_ins(tx, locked, Some(signed_in.id)).await?;
    let secret = rotate(tx, signed_in.id).await?;
    note_change(tx, "passkey_removed", passkey, visitor).await?;
    tell_of_change(tx, gate, &person, AccountChange::PasskeyRemoved).await?;
    Ok(secret)
}

/// Notes a change in the audit. What the person calls the passkey isn't kept there.
pub(super) async fn note_change(
    tx: &mut TenantTx,
    change: &str,
    passkey: Uuid,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let detail = json!({ "change": change, "passkey": passkey });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::SecondFactorChanged) }, visitor).await
}
