//! A passkey is shown: by whoever signs in with it, and by whoever is signed in and shows anew who they are.
//!
//! Of whoever signs in nothing is known before the answer: the device says whose key it is, and signs. The answer must be
//! signed with that key, by a device that checked who uses it, and its counter must not go back.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use uuid::Uuid;
use webauthn_rs::prelude::{CredentialID, DiscoverableAuthentication, Passkey, PublicKeyCredential};

use super::{
    Answered, PasskeyChallenge, PasskeyError,
    add::{known, within_limit},
    challenges::{self, Asker, Kept, public_key},
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx, View},
    limits::{self, Limit},
    rights::lock_person,
    secret::Secret,
    sign_in::{
        Gate, SignedIn,
        browsers::{self, Entered, Shown, lock, rotate},
        noted::note_failure,
        provider::only_way,
    },
};

/// How often passkeys may be asked for from one client address: many people may share it. Each is answered once, and whoever comes
/// in isn't counted.
const PASSKEYS_FROM: Limit = Limit { name: "passkeys_from", most: 60, seconds: 15 * 60 };

/// Asks whoever has a passkey for it, in a browser in which nobody is signed in.
///
/// # Errors
/// [`PasskeyError`] says what is wrong.
pub async fn ask_for_passkey(
    db: &Db,
    gate: &Gate,
    browser: &Secret,
    from: Option<&str>,
) -> Result<PasskeyChallenge, PasskeyError> {
    let webauthn = gate.webauthn()?;
    let left = limits::count(db, PASSKEYS_FROM, from.unwrap_or_default()).await?;
    if !left.allowed {
        browsers::count("passkey", "limited");
        return Err(PasskeyError::TooMany(left.seconds));
    }
    let (options, state) = webauthn.start_discoverable_authentication().map_err(PasskeyError::internal)?;
    let challenge = challenges::keep(db, Asker::Visitor(browser), &Kept::Entering(state), public_key(options)?).await?;
    browsers::count("passkey", "asked");
    Ok(challenge)
}

/// Signs in with a passkey. No code is due: it counts as both factors.
///
/// # Errors
/// [`PasskeyError`] says what is wrong.
pub async fn by_passkey(
    db: &Db,
    gate: &Gate,
    browser: &Secret,
    answered: Answered<'_>,
    visitor: &Visitor,
) -> Result<Entered, PasskeyError> {
    gate.webauthn()?;
    let entered = enter(db, gate, browser, answered, visitor).await.inspect_err(count_refused)?;
    browsers::uncount(db, PASSKEYS_FROM, visitor, &entered).await?;
    Ok(entered)
}

/// Counts what was refused; what failed is no attempt.
fn count_refused(error: &PasskeyError) {
    if !matches!(error, PasskeyError::Database(_) | PasskeyError::Internal(_)) {
        browsers::count("passkey", "refused");
    }
}

async fn enter(
    db: &Db,
    gate: &Gate,
    browser: &Secret,
    answered: Answered<'_>,
    visitor: &Visitor,
) -> Result<Entered, PasskeyError> {
    let Kept::Entering(state) = challenges::take(db, Asker::Visitor(browser), answered.handle).await? else {
        return Err(PasskeyError::Late);
    };
    let shown = shown(answered)?;
    let (named, credential) =
        gate.webauthn()?.identify_discoverable_authentication(&shown).map_err(|_| PasskeyError::Refused)?;
    let found = sqlx::query!(
        r#"select organization_id as "organization!", person_id as "person!" from passkey_by_credential($1)"#,
        credential
    );
    let found = found.fetch_optional(db.pool()).await?.ok_or(PasskeyError::Refused)?;
    // Whom the device names isn't signed: nothing is written of them, nor is their row locked, unless the key is theirs.
    let whose = (found.organization, found.person);
    if named != found.person {
        return Err(noted(db, whose, PasskeyError::Refused, visitor).await?);
    }
    let mut tx = db.view(found.organization, &View::Coaches(vec![found.person])).await?;
    let Some(person) = lock_person(&mut tx, found.person).await? else {
        drop(tx);
        note_failure(db, whose, "passkey", Some("gone"), visitor).await?;
        return Err(PasskeyError::Refused);
    };
    if let Err(refused) = check(&mut tx, gate, found.person, &shown, state).await {
        drop(tx);
        return Err(noted(db, whose, refused, visitor).await?);
    }
    match browsers::begin(&mut tx, gate, person, "passkey", visitor).await? {
        Ok(entered) => {
            tx.commit().await?;
            Ok(entered)
        }
        Err(provider) => {
            drop(tx);
            Err(noted(db, whose, PasskeyError::Elsewhere(provider.name().to_owned()), visitor).await?)
        }
    }
}

/// Asks a signed-in person for one of their passkeys.
///
/// # Errors
/// [`PasskeyError::NoPasskey`] if they have none.
pub async fn ask_to_show_passkey(db: &Db, gate: &Gate, signed_in: &SignedIn) -> Result<PasskeyChallenge, PasskeyError> {
    let webauthn = gate.webauthn()?;
    within_limit(db, signed_in.person).await?;
    let mut tx = signed_in.enter(db).await?;
    let known = known(&mut tx, gate, signed_in.person).await?;
    drop(tx);
    if known.is_empty() {
        return Err(PasskeyError::NoPasskey);
    }
    let (options, state) = webauthn.start_discoverable_authentication().map_err(PasskeyError::internal)?;
    let mut options = public_key(options)?;
    let named = |id: &CredentialID| json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(id) });
    options["allowCredentials"] = known.iter().map(named).collect();
    challenges::keep(db, Asker::SignIn(signed_in.id), &Kept::Showing(state), options).await
}

/// Takes the passkey that a signed-in person shows: what the sign-in lacks of a second factor it has from then on, and the
/// person has just shown who they are, unless the identity provider is the only way to do that. Returns the browser's new
/// secret.
///
/// # Errors
/// [`PasskeyError`] says what is wrong.
pub async fn show_passkey(
    db: &Db,
    gate: &Gate,
    signed_in: &SignedIn,
    answered: Answered<'_>,
    visitor: &Visitor,
) -> Result<Secret, PasskeyError> {
    gate.webauthn()?;
    let Kept::Showing(state) = challenges::take(db, Asker::SignIn(signed_in.id), answered.handle).await? else {
        return Err(PasskeyError::Late);
    };
    let shown = shown(answered)?;
    let mut tx = signed_in.enter(db).await?;
    lock(&mut tx, signed_in).await?.ok_or(PasskeyError::Ended)?;
    let provider = only_way(&mut tx, gate).await?;
    let checked = match provider {
        // There it is a second factor, and shows nobody anew.
        Some(provider) if signed_in.lacks.is_none() => Err(PasskeyError::Elsewhere(provider.name().to_owned())),
        _ => check(&mut tx, gate, signed_in.person, &shown, state).await,
    };
    if let Err(refused) = checked {
        drop(tx);
        count_refused(&refused);
        return Err(noted(db, (signed_in.organization, signed_in.person), refused, visitor).await?);
    }
    let shows = if provider.is_some() { Shown::Factor } else { Shown::Themselves };
    let secret = rotate(&mut tx, signed_in.id, shows).await?;
    sqlx::query!("update sign_ins set passkey_shown = true where id = $1", signed_in.id).execute(tx.conn()).await?;
    let enters = signed_in.lacks.is_some();
    if enters {
        let detail = json!({ "sign_in": signed_in.id, "by": "passkey" });
        record(&mut tx, &Event { detail, ..Event::about_nobody(EventKind::SignedIn) }, visitor).await?;
    }
    tx.commit().await?;
    if enters {
        browsers::count("passkey", "in");
    }
    Ok(secret)
}

fn shown(answered: Answered<'_>) -> Result<PublicKeyCredential, PasskeyError> {
    serde_json::from_str(answered.json).map_err(|_| PasskeyError::Refused)
}

/// Checks what a device signed against the key that a person has now, and notes its counter.
async fn check(
    tx: &mut TenantTx,
    gate: &Gate,
    person: Uuid,
    shown: &PublicKeyCredential,
    state: DiscoverableAuthentication,
) -> Result<(), PasskeyError> {
    let stored = sqlx::query!(
        "select id, credential from passkeys where credential_id = $1 and person_id = $2",
        shown.get_credential_id(),
        person
    );
    let stored = stored.fetch_optional(tx.conn()).await?.ok_or(PasskeyError::Refused)?;
    let mut passkey: Passkey = serde_json::from_value(stored.credential).map_err(PasskeyError::internal)?;
    let checked = gate.webauthn()?.finish_discoverable_authentication_v2(shown, state, &passkey);
    let checked = checked.map_err(|error| PasskeyError::of_answer(&error))?;
    passkey.update_credential(&checked);
    sqlx::query!(
        "update passkeys set credential = $2, host = $3, last_used_at = now() where id = $1",
        stored.id,
        serde_json::to_value(&passkey).map_err(PasskeyError::internal)?,
        gate.passkey_host()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes in the audit that somebody tried to sign in as a person, and why it was refused; returns the refusal.
async fn noted(
    db: &Db,
    (organization, person): (Uuid, Uuid),
    refused: PasskeyError,
    visitor: &Visitor,
) -> Result<PasskeyError, sqlx::Error> {
    let why = match refused {
        PasskeyError::Copied => "copied",
        PasskeyError::Unverified => "unverified",
        PasskeyError::Refused => "refused",
        PasskeyError::Elsewhere(_) => "elsewhere",
        // Nobody tried anything.
        other => return Ok(other),
    };
    if matches!(refused, PasskeyError::Copied) {
        tracing::warn!(target: "sign_in", { account = %person }, "the counter of a passkey went back: there may be a copy of it");
    }
    note_failure(db, (organization, person), "passkey", Some(why), visitor).await?;
    Ok(refused)
}
