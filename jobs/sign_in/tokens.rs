//! Sign-ins of programs: access tokens that work for a quarter of an hour, and refresh tokens that work once.
//!
//! Reads and writes `sign_ins` and `refresh_tokens`. A program's sign-in is one like a browser's, without a cookie: its owner
//! sees it and ends it, and with it its tokens. Of refresh tokens the SHA-256 is stored. One that comes a second time was
//! copied, or its answer was lost; nobody can tell, so the sign-in ends (RFC 9700, section 4.14.2).

use chrono::Utc;
use serde_json::json;
use uuid::Uuid;

use super::{
    CodeError, Entry, Gate, Lacks, SignedIn, browsers, by_password,
    jwt::{ACCESS_MINUTES, Checked, Subject},
    type_code,
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx, View},
    limits::{self, REFRESHES},
    rights::{Caller, Via, lock_person},
    secret::{has_prefix, sha256, with_prefix},
};

const PREFIX: &str = "dbrt_";

/// What a program gets when it signs in, and each time it refreshes.
#[derive(Clone)]
pub struct Tokens {
    /// The access token: a JWT for the header `Authorization: Bearer`.
    pub access: String,
    /// How many seconds it works.
    pub access_seconds: i64,
    /// The refresh token. It works once.
    pub refresh: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tokens(…)")
    }
}

/// What a program signs in with.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    /// The person's address.
    pub address: &'a str,
    /// The person's password.
    pub password: &'a str,
    /// A code of the second factor, where the person has one.
    pub code: Option<&'a str>,
}

/// Why a program isn't signed in.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The address or the password isn't right.
    #[error("the address or the password isn’t right")]
    Refused,
    /// The organization's people sign in by its identity provider alone.
    #[error("your organization’s people sign in with its identity provider alone; a program needs an API key")]
    Elsewhere,
    /// There were too many attempts; this many seconds are left until more are taken.
    #[error("there were too many attempts; wait and try again")]
    TooMany(i32),
    /// Too many people sign in at this moment. Nothing was checked.
    #[error("too many people are signing in at this moment; try again in a few seconds")]
    Busy,
    /// The person has a second factor, and no code was sent.
    #[error("this account has a second factor: send its code as well")]
    CodeDue,
    /// The organization wants a second factor, and the person has none.
    #[error("your organization requires a second factor: set one up on the page first")]
    EnrolmentDue,
    /// The organization wants a second factor, and the person has a passkey alone, which needs a browser.
    #[error(
        "your organization requires a second factor, and a program can’t use a passkey: set up an authenticator app on the page first"
    )]
    AppDue,
    /// The code isn't taken.
    #[error(transparent)]
    Code(CodeError),
    /// The refresh token was used, or its sign-in has ended.
    #[error("this refresh token doesn’t work any more; sign in again")]
    Ended,
    /// Nobody was ever given this refresh token.
    #[error("this is no refresh token; check that all of it was copied")]
    Unknown,
    /// There is no key to sign tokens with.
    #[error("tokens aren’t set up here: sign_in.secret_key is missing; use an API key")]
    NoKey,
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<CodeError> for TokenError {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::TooMany(seconds) => Self::TooMany(seconds),
            CodeError::Database(error) => Self::Database(error),
            CodeError::Ended => Self::Ended,
            other => Self::Code(other),
        }
    }
}

impl From<Lacks> for TokenError {
    fn from(lacks: Lacks) -> Self {
        match lacks {
            Lacks::Code => Self::CodeDue,
            Lacks::Enrolment => Self::EnrolmentDue,
            Lacks::Passkey => Self::AppDue,
        }
    }
}

/// Signs a program in with its person's password, and the code of the second factor where there is one.
///
/// # Errors
/// [`TokenError`] says what is wrong; then nobody is signed in.
pub async fn log_in(db: &Db, gate: &Gate, typed: Typed<'_>, visitor: &Visitor) -> Result<Tokens, TokenError> {
    if gate.signer.is_none() {
        return Err(TokenError::NoKey);
    }
    let secret = match by_password(db, gate, (typed.address, typed.password), visitor).await? {
        Entry::In(entered) => entered.secret,
        Entry::Refused => return Err(TokenError::Refused),
        Entry::Elsewhere(_) => return Err(TokenError::Elsewhere),
        Entry::TooMany(seconds) => return Err(TokenError::TooMany(seconds)),
        Entry::Busy => return Err(TokenError::Busy),
    };
    let signed_in = browsers::look(db, gate, &secret).await?.ok_or(TokenError::Ended)?;
    let tokens = complete(db, gate, &signed_in, typed.code, visitor).await;
    if tokens.is_err() {
        let mut tx = signed_in.enter(db).await?;
        browsers::end_sign_in(&mut tx, signed_in.person, signed_in.id, visitor).await?;
        tx.commit().await?;
    }
    tokens
}

/// Takes the code where one is due, and makes the sign-in a program's.
async fn complete(
    db: &Db,
    gate: &Gate,
    signed_in: &SignedIn,
    code: Option<&str>,
    visitor: &Visitor,
) -> Result<Tokens, TokenError> {
    match (signed_in.lacks, code) {
        (None, _) => {}
        (Some(Lacks::Code), Some(code)) => {
            type_code(db, gate, signed_in, code, visitor).await?;
        }
        (Some(lacks), _) => return Err(lacks.into()),
    }
    let mut tx = signed_in.enter(db).await?;
    browsers::lock(&mut tx, signed_in).await?.ok_or(TokenError::Ended)?;
    // From here on no cookie opens it.
    sqlx::query!("update sign_ins set cookie_sha256 = null, is_program = true where id = $1", signed_in.id)
        .execute(tx.conn())
        .await?;
    let tokens = issue(&mut tx, gate, signed_in.person, signed_in.id).await?;
    tx.commit().await?;
    Ok(tokens)
}

async fn issue(tx: &mut TenantTx, gate: &Gate, person: Uuid, sign_in: Uuid) -> Result<Tokens, TokenError> {
    let (organization, refresh) = (tx.tenant(), with_prefix(PREFIX));
    sqlx::query!(
        "insert into refresh_tokens (organization_id, sign_in_id, token_sha256) values ($1, $2, $3)",
        organization,
        sign_in,
        sha256(&refresh)
    )
    .execute(tx.conn())
    .await?;
    let access = gate.signer.as_ref().and_then(|it| it.sign(Subject { organization, person, sign_in }, Utc::now()));
    Ok(Tokens { access: access.ok_or(TokenError::NoKey)?, access_seconds: ACCESS_MINUTES * 60, refresh })
}

/// A refresh token's sign-in.
struct Found {
    organization: Uuid,
    sign_in: Uuid,
    hash: Vec<u8>,
}

async fn found(db: &Db, token: &str) -> Result<Option<Found>, sqlx::Error> {
    if !has_prefix(token, PREFIX) {
        return Ok(None);
    }
    let hash = sha256(token);
    let row = sqlx::query!(
        r#"select organization_id as "organization!", sign_in_id as "sign_in!" from refresh_token_by_hash($1)"#,
        hash
    );
    let row = row.fetch_optional(db.pool()).await?;
    Ok(row.map(|row| Found { organization: row.organization, sign_in: row.sign_in, hash }))
}

/// Gives a program new tokens for its refresh token, which works no more. If it was used before, the sign-in ends, and with
/// it every token that came of it.
///
/// # Errors
/// [`TokenError::Ended`] or [`TokenError::Unknown`] if the token doesn't work.
pub async fn refresh(db: &Db, gate: &Gate, token: &str, visitor: &Visitor) -> Result<Tokens, TokenError> {
    if gate.signer.is_none() {
        return Err(TokenError::NoKey);
    }
    let Found { organization, sign_in, hash } = found(db, token).await?.ok_or(TokenError::Unknown)?;
    let left = limits::count(db, REFRESHES, &sign_in.to_string()).await?;
    if !left.allowed {
        return Err(TokenError::TooMany(left.seconds));
    }
    let mut tx = db.view(organization, &View::nothing()).await?;
    // The person first, as everywhere; what happened meanwhile is seen then.
    let person = sqlx::query_scalar!("select person_id from sign_ins where id = $1", sign_in);
    let person = person.fetch_optional(tx.conn()).await?.ok_or(TokenError::Ended)?;
    lock_person(&mut tx, person).await?.ok_or(TokenError::Ended)?;
    let signed_in = browsers::standing(&mut tx, gate.passkey_host(), sign_in, true).await?.ok_or(TokenError::Ended)?;
    let used = sqlx::query!(
        "update refresh_tokens set used_at = now() where sign_in_id = $1 and token_sha256 = $2 and used_at is null",
        sign_in,
        hash
    );
    let visitor = signed_in.visitor(visitor.clone());
    if used.execute(tx.conn()).await?.rows_affected() == 0 {
        end_as_copied(&mut tx, &signed_in, &visitor).await?;
        tx.commit().await?;
        browsers::count("refresh", "reused");
        return Err(TokenError::Ended);
    }
    if let Some(lacks) = signed_in.lacks {
        return Err(lacks.into());
    }
    sqlx::query!("update sign_ins set last_used_at = now() where id = $1", sign_in).execute(tx.conn()).await?;
    let tokens = issue(&mut tx, gate, signed_in.person, sign_in).await?;
    tx.commit().await?;
    browsers::count("refresh", "in");
    Ok(tokens)
}

async fn end_as_copied(tx: &mut TenantTx, signed_in: &SignedIn, visitor: &Visitor) -> Result<(), sqlx::Error> {
    sqlx::query!("update sign_ins set ended_at = now() where id = $1", signed_in.id).execute(tx.conn()).await?;
    let detail = json!({ "sign_in": signed_in.id, "by": "refresh_token_used_twice" });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::SignedOut) }, visitor).await
}

/// Ends the sign-in of a refresh token, also of one that was used. Nothing tells whether there was one.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn log_out(db: &Db, token: &str, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let Some(found) = found(db, token).await? else { return Ok(()) };
    end(db, (found.organization, found.sign_in), visitor).await
}

/// Ends the sign-in of an access token, if it's one that works.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn log_out_by_access(db: &Db, gate: &Gate, token: &str, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let Some(Checked::Good(claims)) = gate.signer.as_ref().map(|it| it.check(token)) else { return Ok(()) };
    end(db, (claims.org, claims.sid), visitor).await
}

async fn end(db: &Db, (organization, sign_in): (Uuid, Uuid), visitor: &Visitor) -> Result<(), sqlx::Error> {
    let mut tx = db.view(organization, &View::nothing()).await?;
    let signed_in = browsers::standing(&mut tx, None, sign_in, true).await?;
    // That noted its use; the person's row is locked before any other of theirs.
    tx.commit().await?;
    let Some(signed_in) = signed_in else { return Ok(()) };
    let mut tx = signed_in.enter(db).await?;
    let visitor = signed_in.visitor(visitor.clone());
    browsers::end_sign_in(&mut tx, signed_in.person, signed_in.id, &visitor).await?;
    tx.commit().await
}

/// Of whom an access token is.
#[derive(Debug)]
pub enum OfToken {
    /// Whoever signed in.
    Caller(Box<Caller>),
    /// It was somebody's: it's too old, or the sign-in has ended.
    Old,
    /// It's none of ours.
    Unknown,
}

/// Finds whoever an access token is of.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn find_by_token(db: &Db, gate: &Gate, token: &str, visitor: Visitor) -> Result<OfToken, sqlx::Error> {
    let claims = match gate.signer.as_ref().map(|it| it.check(token)) {
        Some(Checked::Good(claims)) => claims,
        Some(Checked::Old) => return Ok(OfToken::Old),
        Some(Checked::NotOurs) | None => return Ok(OfToken::Unknown),
    };
    let mut tx = db.view(claims.org, &View::nothing()).await?;
    let signed_in = browsers::standing(&mut tx, None, claims.sid, true).await?;
    let caller = match signed_in {
        Some(signed_in) if signed_in.person == claims.sub && signed_in.lacks.is_none() => {
            Caller::load(&mut tx, Some(signed_in.person), Via::SignIn(signed_in.id), None, visitor).await?
        }
        _ => None,
    };
    tx.commit().await?;
    Ok(caller.map_or(OfToken::Old, |caller| OfToken::Caller(Box::new(caller))))
}
