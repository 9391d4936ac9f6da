//! A person's own passkeys: the list, renaming and removing.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::PasskeyError;
use crate::{
    audit::Visitor,
    clean,
    db::{Db, TenantTx, Tx},
    mail::AccountChange,
    rights::end_sign_ins,
    secret::Secret,
    sign_in::{
        Gate, SignedIn,
        browsers::{Shown, lock, rotate},
        noted::note_factor,
        person::{account, tell_of_change, wants_factor},
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
    /// Whether it's of today's host: browsers ask for no other.
    pub works: bool,
}

/// A person's passkeys, the oldest first.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn passkeys(tx: &mut TenantTx, gate: &Gate, person: Uuid) -> Result<Vec<OwnPasskey>, sqlx::Error> {
    sqlx::query_as!(
        OwnPasskey,
        r#"select id, name, created_at, last_used_at, coalesce(coalesce(host, $2) = $2, false) as "works!"
           from passkeys where person_id = $1 order by created_at, id"#,
        person,
        gate.passkey_host()
    )
    .fetch_all(tx.conn())
    .await
}

/// How many of a person's passkeys browsers still ask for.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn usable_passkeys(tx: &mut TenantTx, gate: &Gate, person: Uuid) -> Result<usize, sqlx::Error> {
    Ok(passkeys(tx, gate, person).await?.iter().filter(|one| one.works).count())
}

/// How many passkeys of the installation are of another host than today's: browsers ask for none of them.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn count_of_another_host(db: &Db, gate: &Gate) -> Result<i64, sqlx::Error> {
    let count = sqlx::query_scalar!(r#"select passkeys_of_another_host($1) as "count!""#, gate.passkey_host());
    count.fetch_one(db.pool()).await
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
    Ok(note_factor(tx, "passkey_renamed", Some(passkey), visitor).await?)
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
    // The transaction ends without it where it's the last.
    if wants_factor(tx, gate, &person).await?
        && person.factor_since.is_none()
        && usable_passkeys(tx, gate, person.id).await? == 0
    {
        return Err(PasskeyError::Required);
    }
    end_sign_ins(tx, locked, Some(signed_in.id)).await?;
    let secret = rotate(tx, signed_in.id, Shown::Nothing).await?;
    note_factor(tx, "passkey_removed", Some(passkey), visitor).await?;
    tell_of_change(tx, gate, &person, AccountChange::PasskeyRemoved).await?;
    Ok(secret)
}
