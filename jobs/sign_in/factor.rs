//! The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when the app is lost.
//!
//! Reads and writes `credentials` and `recovery_codes`, and deletes `passkeys` where an operator takes all factors away. A code
//! works once: the step of the last one is kept, and none of it or before it is taken again. Recovery codes have 80 random bits,
//! are stored as SHA-256 and work once.

use rand::RngCore;
use serde_json::json;
use totp_rs::{Builder, Totp};
use uuid::Uuid;

use super::{
    FRESH_MINUTES, Gate, SignedIn,
    browsers::{self, Shown, lock, rotate},
    noted::{note_factor, note_failure},
    passkeys::usable_passkeys,
    person::{account, tell_of_change, wants_factor},
    qr::{address, drawn},
    vault::Whose,
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx},
    limits::{self, Limit},
    mail::{AccountChange, MailError},
    rights::{end_sign_ins, lock_person},
    secret::{Secret, sha256},
};

/// The bytes of an app's secret: as many as of an SHA-1, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
const CODES: usize = 10;
/// Letters and digits that are told apart when read aloud.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_LENGTH: usize = 16;
/// How often a person may type a code. A bucket of its own: nobody fills it who didn't come as far as to be asked for one.
const CODES_TYPED: Limit = Limit { name: "codes", most: 5, seconds: 15 * 60 };

/// Why a code isn't taken, or a second factor not changed.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// It's wrong, or was used already.
    #[error("this code isn’t right, or has already been used; wait for the next one and type that")]
    Wrong,
    /// Too many were tried.
    #[error("too many codes were tried; wait and try again")]
    TooMany(i32),
    /// Nobody is setting up an app.
    #[error("this app isn’t being set up any more; start again")]
    NotStarted,
    /// There is no second factor.
    #[error("there is no second factor")]
    NoFactor,
    /// The organization wants it.
    #[error("your organization requires a second factor: you can change it, but not remove it")]
    Required,
    /// The secret can't be opened.
    #[error(
        "codes of authenticator apps can’t be checked here at the moment; use a recovery code, and tell whoever runs Debrief for you"
    )]
    Closed,
    /// The person was removed.
    #[error("this account was deactivated")]
    Gone,
    /// The sign-in has ended meanwhile.
    #[error("this sign-in has ended; sign in again")]
    Ended,
    /// The mail about it can't be written.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// What a person needs to set up an authenticator app.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The secret in groups of four letters, to type.
    pub secret: String,
    /// The address (`otpauth:`) by which an app on the same device takes it.
    pub address: String,
    /// The QR code as the path of an SVG whose squares have the side 1.
    pub path: String,
    /// The side of the QR code, with its margin.
    pub side: usize,
}

/// What became of a code that was right.
#[derive(Clone, Debug)]
pub struct Passed {
    /// The browser's new secret.
    pub secret: Secret,
    /// If it was a recovery code: how many are left.
    pub codes_left: Option<i64>,
}

/// Makes a secret for an authenticator app, for the browser that asks alone. It counts when its first code was typed there.
///
/// # Errors
/// [`CodeError::Ended`] if the sign-in has ended.
pub async fn enrol(tx: &mut TenantTx, gate: &Gate, signed_in: &SignedIn) -> Result<(), CodeError> {
    let person = lock(tx, signed_in).await?.ok_or(CodeError::Ended)?.id();
    let mut secret = [0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut secret);
    let organization = tx.tenant();
    sqlx::query!(
        "insert into credentials (organization_id, person_id, totp_pending, totp_pending_at, totp_pending_sign_in)
         values ($1, $2, $3, now(), $4)
         on conflict (organization_id, person_id) do update set totp_pending = excluded.totp_pending, totp_pending_at = now(),
             totp_pending_sign_in = excluded.totp_pending_sign_in",
        organization,
        person,
        gate.vault.seal(Whose { organization, person }, &secret),
        signed_in.id
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the page shows of an app that is being set up in this browser; `None` if none is.
///
/// # Errors
/// [`CodeError::Closed`] if the secret was stored with another key.
pub async fn enrolment(tx: &mut TenantTx, gate: &Gate, signed_in: &SignedIn) -> Result<Option<Enrolment>, CodeError> {
    let Some(account) = account(tx, signed_in.person).await? else { return Ok(None) };
    let Some((_, totp)) = pending(tx, gate, signed_in).await? else { return Ok(None) };
    let secret = totp.secret().to_base32();
    let groups: Vec<&str> = (0..secret.len()).step_by(4).map(|at| &secret[at..secret.len().min(at + 4)]).collect();
    let address = address(&secret, &account.email, &account.organization);
    let (path, side) = drawn(&address).unwrap_or_default();
    Ok(Some(Enrolment { secret: groups.join(" "), address, path, side }))
}

/// Ends setting up an app: its first code is right. Returns the browser's new secret and the recovery codes, which are
/// shown now and never again. Other sign-ins of the person end.
///
/// # Errors
/// [`CodeError`] says what is wrong.
pub async fn confirm_enrolment(
    db: &Db,
    gate: &Gate,
    signed_in: &SignedIn,
    typed: &str,
    visitor: &Visitor,
) -> Result<(Secret, Vec<String>), CodeError> {
    limit(db, signed_in.person).await?;
    let mut tx = signed_in.enter(db).await?;
    let locked = lock(&mut tx, signed_in).await?.ok_or(CodeError::Ended)?;
    let person = account(&mut tx, signed_in.person).await?.ok_or(CodeError::Gone)?;
    let (stored, totp) = pending(&mut tx, gate, signed_in).await?.ok_or(CodeError::NotStarted)?;
    let step = step_of(&mut tx, &totp, typed).await?.ok_or(CodeError::Wrong)?;
    // The very secret whose code was checked.
    let confirmed = sqlx::query!(
        "update credentials set totp_secret = totp_pending, totp_pending = null, totp_pending_sign_in = null,
             totp_since = now(), totp_last_step = $2
         where person_id = $1 and totp_pending = $3 and totp_pending_sign_in = $4",
        person.id,
        step,
        stored,
        signed_in.id
    );
    if confirmed.execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(CodeError::NotStarted);
    }
    let codes = write_codes(&mut tx, person.id).await?;
    end_sign_ins(&mut tx, locked, Some(signed_in.id)).await?;
    let secret = rotate(&mut tx, signed_in.id, Shown::Nothing).await?;
    note_factor(&mut tx, "set", None, visitor).await?;
    tell_of_change(&mut tx, gate, &person, AccountChange::FactorSet).await?;
    tx.commit().await?;
    uncount(db, signed_in.person).await?;
    Ok((secret, codes))
}

/// Takes the code that a sign-in lacks: of the app, or a recovery code. The sign-in then has its full rights, and its
/// browser another secret.
///
/// # Errors
/// [`CodeError`] says what is wrong.
pub async fn type_code(
    db: &Db,
    gate: &Gate,
    signed_in: &SignedIn,
    typed: &str,
    visitor: &Visitor,
) -> Result<Passed, CodeError> {
    limit(db, signed_in.person).await?;
    let mut tx = signed_in.enter(db).await?;
    lock(&mut tx, signed_in).await?.ok_or(CodeError::Ended)?;
    match take(&mut tx, gate, signed_in.person, typed).await {
        Ok(codes_left) => {
            let secret = rotate(&mut tx, signed_in.id, Shown::Factor).await?;
            let by = if codes_left.is_some() { "recovery_code" } else { "code" };
            let detail = json!({ "sign_in": signed_in.id, "by": by, "codes_left": codes_left });
            record(&mut tx, &Event { detail, ..Event::about_nobody(EventKind::SignedIn) }, visitor).await?;
            if codes_left.is_some() {
                let person = account(&mut tx, signed_in.person).await?.ok_or(CodeError::Gone)?;
                tell_of_change(&mut tx, gate, &person, AccountChange::CodeUsed).await?;
            }
            tx.commit().await?;
            uncount(db, signed_in.person).await?;
            browsers::count(by, "in");
            Ok(Passed { secret, codes_left })
        }
        Err(error) => {
            drop(tx);
            if matches!(error, CodeError::Closed) {
                // It wasn't looked at.
                uncount(db, signed_in.person).await?;
            }
            if matches!(error, CodeError::Wrong) {
                note_failure(db, (signed_in.organization, signed_in.person), "code", None, visitor).await?;
                browsers::count("code", "refused");
            }
            Err(error)
        }
    }
}

/// Uses up a code. Returns how many recovery codes are left if it was one.
async fn take(tx: &mut TenantTx, gate: &Gate, person: Uuid, typed: &str) -> Result<Option<i64>, CodeError> {
    let code: String = typed.chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
    if code.len() == CODE_LENGTH {
        return Ok(Some(take_recovery_code(tx, person, &code.to_ascii_uppercase()).await?));
    }
    let whose = Whose { organization: tx.tenant(), person };
    let stored = sqlx::query_scalar!("select totp_secret from credentials where person_id = $1", person);
    let stored = stored.fetch_optional(tx.conn()).await?.flatten().ok_or(CodeError::NoFactor)?;
    let totp = opened(gate, whose, &stored)?;
    let step = step_of(tx, &totp, &code).await?.ok_or(CodeError::Wrong)?;
    // Sealed as soon as there is a key, if it's still the secret that was read.
    let sealed = gate.vault.has_key().then(|| gate.vault.seal(whose, totp.secret().as_ref()));
    let taken = sqlx::query!(
        "update credentials set totp_last_step = $2, totp_secret = coalesce($3, totp_secret)
         where person_id = $1 and coalesce(totp_last_step, -1) < $2 and totp_secret = $4",
        person,
        step,
        sealed,
        stored
    );
    if taken.execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(CodeError::Wrong);
    }
    Ok(None)
}

async fn take_recovery_code(tx: &mut TenantTx, person: Uuid, code: &str) -> Result<i64, CodeError> {
    let taken = sqlx::query!(
        "update recovery_codes set used_at = now() where person_id = $1 and code_sha256 = $2 and used_at is null",
        person,
        sha256(code)
    );
    if taken.execute(tx.conn()).await?.rows_affected() == 0 {
        return Err(CodeError::Wrong);
    }
    let left = sqlx::query_scalar!(
        r#"select count(*) as "left!" from recovery_codes where person_id = $1 and used_at is null"#,
        person
    );
    Ok(left.fetch_one(tx.conn()).await?)
}

/// Makes new recovery codes, which are shown now and never again; the ones before stop working. Returns also the browser's
/// new secret.
///
/// # Errors
/// [`CodeError::NoFactor`] if there is nothing to recover.
pub async fn new_codes(
    tx: &mut TenantTx,
    gate: &Gate,
    signed_in: &SignedIn,
    visitor: &Visitor,
) -> Result<(Secret, Vec<String>), CodeError> {
    lock(tx, signed_in).await?.ok_or(CodeError::Ended)?;
    let person = account(tx, signed_in.person).await?.ok_or(CodeError::Gone)?;
    if person.factor_since.is_none() {
        return Err(CodeError::NoFactor);
    }
    let codes = write_codes(tx, person.id).await?;
    let secret = rotate(tx, signed_in.id, Shown::Nothing).await?;
    note_factor(tx, "new_codes", None, visitor).await?;
    tell_of_change(tx, gate, &person, AccountChange::CodesMade).await?;
    Ok((secret, codes))
}

/// Removes the second factor, with its recovery codes. Other sign-ins of the person end; returns the browser's new secret.
///
/// # Errors
/// [`CodeError::Required`] if the organization wants one.
pub async fn remove_factor(
    tx: &mut TenantTx,
    gate: &Gate,
    signed_in: &SignedIn,
    visitor: &Visitor,
) -> Result<Secret, CodeError> {
    let locked = lock(tx, signed_in).await?.ok_or(CodeError::Ended)?;
    let person = account(tx, signed_in.person).await?.ok_or(CodeError::Gone)?;
    if wants_factor(tx, gate, &person).await? && usable_passkeys(tx, gate, person.id).await? == 0 {
        return Err(CodeError::Required);
    }
    if person.factor_since.is_none() {
        return Err(CodeError::NoFactor);
    }
    clear(tx, person.id).await?;
    end_sign_ins(tx, locked, Some(signed_in.id)).await?;
    let secret = rotate(tx, signed_in.id, Shown::Nothing).await?;
    note_factor(tx, "removed", None, visitor).await?;
    tell_of_change(tx, gate, &person, AccountChange::FactorRemoved).await?;
    Ok(secret)
}

/// Takes the second factor and the passkeys from a person who has lost the app and the recovery codes, or the device, also
/// where one is required: they sign in without a code, and set up another where it is. All their sign-ins end.
///
/// # Errors
/// [`CodeError::NoFactor`] if they have none.
pub async fn reset_factor(tx: &mut TenantTx, gate: &Gate, person: Uuid, visitor: &Visitor) -> Result<(), CodeError> {
    let locked = lock_person(tx, person).await?.ok_or(CodeError::Gone)?;
    let person = account(tx, person).await?.ok_or(CodeError::Gone)?;
    if person.factor_since.is_none() && person.passkeys == 0 {
        return Err(CodeError::NoFactor);
    }
    clear(tx, person.id).await?;
    limits::forget(tx, CODES_TYPED, &person.id.to_string()).await?;
    sqlx::query!("delete from passkeys where person_id = $1", person.id).execute(tx.conn()).await?;
    end_sign_ins(tx, locked, None).await?;
    let detail = json!({ "change": "reset", "account": person.id });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::SecondFactorChanged) }, visitor).await?;
    tell_of_change(tx, gate, &person, AccountChange::FactorReset).await?;
    Ok(())
}

/// Forgets a person's app, also one that is being set up, and the recovery codes.
async fn clear(tx: &mut TenantTx, person: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update credentials set totp_secret = null, totp_pending = null, totp_pending_sign_in = null, totp_since = null
         where person_id = $1",
        person
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from recovery_codes where person_id = $1", person).execute(tx.conn()).await?;
    Ok(())
}

async fn limit(db: &Db, person: Uuid) -> Result<(), CodeError> {
    let left = limits::count(db, CODES_TYPED, &person.to_string()).await?;
    if left.allowed { Ok(()) } else { Err(CodeError::TooMany(left.seconds)) }
}

/// A right code is no attempt: whoever has several devices, or sets one up, types many.
async fn uncount(db: &Db, person: Uuid) -> Result<(), sqlx::Error> {
    limits::take_back(db, CODES_TYPED, &person.to_string()).await
}

/// The secret that is being set up in a browser, as it is stored and opened.
async fn pending(tx: &mut TenantTx, gate: &Gate, signed_in: &SignedIn) -> Result<Option<(Vec<u8>, Totp)>, CodeError> {
    // Whoever finds the browser open later sees no secret, and neither does another browser of the person.
    let stored = sqlx::query_scalar!(
        "select totp_pending from credentials where person_id = $1 and totp_pending_sign_in = $2
             and totp_pending_at > now() - make_interval(mins => $3)",
        signed_in.person,
        signed_in.id,
        FRESH_MINUTES
    );
    let Some(stored) = stored.fetch_optional(tx.conn()).await?.flatten() else { return Ok(None) };
    let totp = opened(gate, Whose { organization: tx.tenant(), person: signed_in.person }, &stored)?;
    Ok(Some((stored, totp)))
}

fn opened(gate: &Gate, whose: Whose, stored: &[u8]) -> Result<Totp, CodeError> {
    let closed = |error: &dyn std::fmt::Display| {
        tracing::error!(target: "sign_in", { error = %error }, "a second factor can't be checked");
        CodeError::Closed
    };
    let secret = gate.vault.open(whose, stored).map_err(|error| closed(&error))?;
    // SHA-1, six digits, thirty seconds, one step either way: what every app understands.
    Builder::new().with_secret(secret).build().map_err(|error| closed(&error))
}

/// The time step that a code belongs to, by the clock of the database; `None` if it's wrong.
async fn step_of(tx: &mut TenantTx, totp: &Totp, typed: &str) -> Result<Option<i64>, sqlx::Error> {
    let code: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let is_code = code.len() == usize::from(totp.digits()) && code.bytes().all(|byte| byte.is_ascii_digit());
    let now = sqlx::query_scalar!(r#"select extract(epoch from now())::bigint as "now!""#);
    let now = u64::try_from(now.fetch_one(tx.conn()).await?).unwrap_or_default();
    Ok(totp.check(&code, now).filter(|_| is_code).and_then(|step| i64::try_from(step).ok()))
}

async fn write_codes(tx: &mut TenantTx, person: Uuid) -> Result<Vec<String>, sqlx::Error> {
    let mut random = [0; CODES * CODE_LENGTH];
    rand::rng().fill_bytes(&mut random);
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
    let codes: Vec<String> =
        random.chunks(CODE_LENGTH).map(|chunk| chunk.iter().map(letter).collect::<String>()).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| sha256(code)).collect();
    let organization = tx.tenant();
    sqlx::query!("delete from recovery_codes where person_id = $1", person).execute(tx.conn()).await?;
    sqlx::query!(
        "insert into recovery_codes (organization_id, person_id, code_sha256) select $1, $2, * from unnest($3::bytea[])",
        organization,
        person,
        &hashes
    )
    .execute(tx.conn())
    .await?;
    let grouped = |code: &String| [&code[..4], &code[4..8], &code[8..12], &code[12..]].join("-");
    Ok(codes.iter().map(grouped).collect())
}
