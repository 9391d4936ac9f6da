//! A person adds a passkey. Like another second factor it ends their other sign-ins, and they are told by mail.

use serde_json::json;
use uuid::Uuid;
use webauthn_rs::prelude::{CredentialID, RegisterPublicKeyCredential};

use super::{
    Answered, MOST, OWN_PASSKEYS, PasskeyChallenge, PasskeyError,
    challenges::{self, Asker, Kept},
    own::named,
};
use crate::{
    audit::Visitor,
    db::{Db, TenantTx, Tx},
    limits,
    mail::AccountChange,
    rights::end_sign_ins,
    secret::Secret,
    sign_in::{
        Gate, SignedIn,
        browsers::{Shown, lock, rotate},
        noted::note_factor,
        person::{account, tell_of_change},
    },
};

/// Asks the device of a signed-in person for a new key. One that has a key of the account already makes no second one.
///
/// # Errors
/// [`PasskeyError`] says what is wrong.
pub async fn ask_to_add_passkey(db: &Db, gate: &Gate, signed_in: &SignedIn) -> Result<PasskeyChallenge, PasskeyError> {
    let webauthn = gate.webauthn()?;
    within_limit(db, signed_in.person).await?;
    let mut tx = signed_in.enter(db).await?;
    let person = account(&mut tx, signed_in.person).await?.ok_or(PasskeyError::Gone)?;
    let known = known(&mut tx, gate, person.id).await?;
    drop(tx);
    if person.passkeys >= MOST {
        return Err(PasskeyError::Full);
    }
    let shown = format!("{} ({})", person.name, person.organization);
    let asked = webauthn.start_passkey_registration(person.id, &person.email, &shown, Some(known));
    let (options, state) = asked.map_err(PasskeyError::internal)?;
    let mut options = challenges::public_key(options)?;
    // The device keeps whose key it is: nobody types an address, and no page tells which keys an address has.
    options["authenticatorSelection"]["residentKey"] = json!("required");
    options["authenticatorSelection"]["requireResidentKey"] = json!(true);
    challenges::keep(db, Asker::SignIn(signed_in.id), &Kept::Adding(state), options).await
}

/// Adds the key that a device made. Other sign-ins of the person end; returns the browser's new secret.
///
/// # Errors
/// [`PasskeyError`] says what is wrong.
pub async fn add_passkey(
    db: &Db,
    gate: &Gate,
    signed_in: &SignedIn,
    name: &str,
    answered: Answered<'_>,
    visitor: &Visitor,
) -> Result<Secret, PasskeyError> {
    let webauthn = gate.webauthn()?;
    let name = named(name)?;
    let Kept::Adding(state) = challenges::take(db, Asker::SignIn(signed_in.id), answered.handle).await? else {
        return Err(PasskeyError::Late);
    };
    let made: RegisterPublicKeyCredential = serde_json::from_str(answered.json).map_err(|_| PasskeyError::Refused)?;
    let passkey =
        webauthn.finish_passkey_registration(&made, &state).map_err(|error| PasskeyError::of_answer(&error))?;
    let mut tx = signed_in.enter(db).await?;
    let locked = lock(&mut tx, signed_in).await?.ok_or(PasskeyError::Ended)?;
    let person = account(&mut tx, signed_in.person).await?.ok_or(PasskeyError::Gone)?;
    if person.passkeys >= MOST {
        return Err(PasskeyError::Full);
    }
    let (id, organization) = (Uuid::now_v7(), tx.tenant());
    let added = sqlx::query!(
        "insert into passkeys (id, organization_id, person_id, name, credential_id, credential, host)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (credential_id) do nothing",
        id,
        organization,
        person.id,
        name,
        passkey.cred_id().as_slice(),
        serde_json::to_value(&passkey).map_err(PasskeyError::internal)?,
        gate.passkey_host()
    );
    if added.execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(PasskeyError::Known);
    }
    end_sign_ins(&mut tx, locked, Some(signed_in.id)).await?;
    let secret = rotate(&mut tx, signed_in.id, Shown::Nothing).await?;
    // Its device has just signed in this browser.
    sqlx::query!("update sign_ins set passkey_shown = true where id = $1", signed_in.id).execute(tx.conn()).await?;
    note_factor(&mut tx, "passkey_added", Some(id), visitor).await?;
    tell_of_change(&mut tx, gate, &person, AccountChange::PasskeyAdded).await?;
    tx.commit().await?;
    Ok(secret)
}

/// What the devices call the passkeys that a person has for this host.
pub(super) async fn known(tx: &mut TenantTx, gate: &Gate, person: Uuid) -> Result<Vec<CredentialID>, sqlx::Error> {
    let known = sqlx::query_scalar!(
        "select credential_id from passkeys where person_id = $1 and coalesce(host, $2) = $2 order by id",
        person,
        gate.passkey_host()
    );
    known.fetch_all(tx.conn()).await
}

pub(super) async fn within_limit(db: &Db, person: Uuid) -> Result<(), PasskeyError> {
    let left = limits::count(db, OWN_PASSKEYS, &person.to_string()).await?;
    if left.allowed { Ok(()) } else { Err(PasskeyError::TooMany(left.seconds)) }
}
