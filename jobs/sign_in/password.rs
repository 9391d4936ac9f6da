//! Passwords: checked, set, changed.
//!
//! Reads and writes `credentials`. An unknown address costs a hash as well, and what is refused is answered after the same time.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::{
    Gate, SignedIn,
    browsers::{self, Entered, Shown},
    easy,
    hashing::{Check, LONGEST, check, hash, hashed, normalized, work_in_vain},
    noted::note_failure,
    person::{Account, account, tell_of_change},
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx, View},
    limits::{self, Limit, SIGN_IN, SIGN_IN_FROM},
    mail::{AccountChange, MailError},
    people::address_of,
    rights::{end_sign_ins, lock_person},
    secret::Secret,
};

/// The shortest password, in characters.
const SHORTEST: usize = 12;
/// How often a signed-in person may type the password that they have. A bucket of its own: nobody else fills it.
const OWN_PASSWORD: Limit = Limit { name: "own_password", most: 5, seconds: 15 * 60 };
/// What is refused is answered no sooner than this, so that its time tells nothing.
const REFUSAL: Duration = Duration::from_millis(400);

/// What became of signing in with a password.
#[derive(Clone, Debug)]
pub enum Entry {
    /// The person is signed in.
    In(Entered),
    /// The address is unknown, or the password is wrong: nobody learns which.
    Refused,
    /// The password is right, and the organization's people sign in by its identity provider alone: its name.
    Elsewhere(String),
    /// There were too many attempts; this many seconds are left until more are taken.
    TooMany(i32),
    /// Too many people sign in at this moment.
    Busy,
}

/// Why a password isn't taken.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// It's too short.
    #[error("the password is too short: use at least {SHORTEST} characters; a few unrelated words work well")]
    Short,
    /// It's too long.
    #[error("the password is too long: use at most {LONGEST} characters")]
    Long,
    /// It can be guessed.
    #[error("this password is easy to guess: {0}; choose another")]
    Easy(&'static str),
    /// Too many people set passwords at this moment.
    #[error("too many people are signing in at this moment; try again in a few seconds")]
    Busy,
    /// The operator's list of leaked passwords can't be read.
    #[error("the list of leaked passwords can’t be read: {0}")]
    List(std::io::Error),
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

/// Signs in with an address and a password. If both fit in several organizations, in the one that knows the address for
/// longest; a mailed link leads to each.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn by_password(
    db: &Db,
    gate: &Gate,
    (typed, password): (&str, &str),
    visitor: &Visitor,
) -> Result<Entry, sqlx::Error> {
    let answer_at = Instant::now() + REFUSAL;
    // What is no address is nobody's, and counts and costs the same.
    let address = address_of(typed).unwrap_or_else(|| typed.trim().to_lowercase());
    let by_client = limits::count(db, SIGN_IN_FROM, visitor.address.as_deref().unwrap_or_default()).await?;
    let by_account = limits::count(db, SIGN_IN, &address).await?;
    if let Some(left) = [by_client, by_account].iter().filter(|left| !left.allowed).max_by_key(|left| left.seconds) {
        browsers::count("password", "limited");
        return Ok(Entry::TooMany(left.seconds));
    }
    let entry = match fitting(db, &address, password).await? {
        Fit::Busy => Entry::Busy,
        Fit::Person(fit) => {
            let entry = enter(db, gate, &fit, visitor).await?;
            let why = match &entry {
                // Somebody learns that it's right.
                Entry::Elsewhere(_) => Some("elsewhere"),
                Entry::Refused => Some("changed_meanwhile"),
                Entry::In(_) | Entry::TooMany(_) | Entry::Busy => None,
            };
            if why.is_some() {
                note_failure(db, (fit.organization, fit.person), "password", why, visitor).await?;
            }
            entry
        }
        Fit::None(accounts) => {
            for (organization, person) in accounts {
                note_failure(db, (organization, person), "password", None, visitor).await?;
            }
            Entry::Refused
        }
    };
    if let Entry::In(entered) = &entry {
        browsers::uncount(db, SIGN_IN_FROM, visitor, entered).await?;
        // Whoever knows it isn't guessing: a program may send it once without the code, and once with it.
        limits::take_back(db, SIGN_IN, &address).await?;
    } else {
        browsers::count("password", "refused");
        sleep_until(answer_at).await;
    }
    Ok(entry)
}

enum Fit {
    Person(Fitting),
    /// The people with this address, none of whom has the password.
    None(Vec<(Uuid, Uuid)>),
    Busy,
}

struct Fitting {
    organization: Uuid,
    person: Uuid,
    /// The hash that fitted.
    hash: String,
    /// One with today's parameters, if that one has others.
    renewed: Option<String>,
}

async fn fitting(db: &Db, address: &str, password: &str) -> Result<Fit, sqlx::Error> {
    let found = sqlx::query!(
        r#"select organization_id as "organization!", person_id as "person!" from people_by_address($1)"#,
        address
    )
    .fetch_all(db.pool())
    .await?;
    let mut candidates = Vec::new();
    for row in &found {
        let mut tx = db.view(row.organization, &View::nothing()).await?;
        let hash = password_hash(&mut tx, row.person).await?;
        candidates.extend(hash.map(|hash| (row.organization, row.person, hash)));
    }
    // Who has no password, and who isn't there, costs the same as a wrong one.
    if candidates.is_empty() {
        let Some(_) = hashed(password, work_in_vain).await else { return Ok(Fit::Busy) };
    }
    for (organization, person, hash) in candidates {
        let stored = hash.clone();
        let Some(checked) = hashed(password, move |password| check(password, &stored)).await else {
            return Ok(Fit::Busy);
        };
        if let Check::Fits { renewed } = checked {
            return Ok(Fit::Person(Fitting { organization, person, hash, renewed }));
        }
    }
    Ok(Fit::None(found.iter().map(|row| (row.organization, row.person)).collect()))
}

async fn enter(db: &Db, gate: &Gate, fit: &Fitting, visitor: &Visitor) -> Result<Entry, sqlx::Error> {
    let mut tx = db.view(fit.organization, &View::Coaches(vec![fit.person])).await?;
    let Some(person) = lock_person(&mut tx, fit.person).await? else { return Ok(Entry::Refused) };
    // It may have been changed since it was read.
    let kept = sqlx::query!(
        "update credentials set password_hash = coalesce($3, password_hash) where person_id = $1 and password_hash = $2",
        fit.person,
        fit.hash,
        fit.renewed
    );
    if kept.execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(Entry::Refused);
    }
    match browsers::begin(&mut tx, gate, person, "password", visitor).await? {
        Ok(entered) => {
            tx.commit().await?;
            Ok(Entry::In(entered))
        }
        Err(provider) => Ok(Entry::Elsewhere(provider.name().to_owned())),
    }
}

/// What became of typing one's own password again.
#[derive(Clone, Debug)]
pub enum Proof {
    /// It's right. The browser has another secret: whoever copied the one before isn't shown to be anybody.
    Proved(Secret),
    /// It's wrong, or there is none.
    Wrong,
    /// There were too many attempts; this many seconds are left until more are taken.
    TooMany(i32),
    /// Too many people sign in at this moment. Nothing was checked.
    Busy,
    /// The sign-in has ended meanwhile.
    Ended,
}

/// Takes the password by which a signed-in person shows anew who they are. Attempts are counted by person; a wrong one is
/// in the audit as a failed attempt to sign in.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn prove(db: &Db, signed_in: &SignedIn, password: &str, visitor: &Visitor) -> Result<Proof, sqlx::Error> {
    let left = limits::count(db, OWN_PASSWORD, &signed_in.person.to_string()).await?;
    if !left.allowed {
        return Ok(Proof::TooMany(left.seconds));
    }
    let mut tx = signed_in.enter(db).await?;
    let stored = password_hash(&mut tx, signed_in.person).await?;
    drop(tx);
    let Some(stored) = stored else { return Ok(Proof::Wrong) };
    match hashed(password, move |password| check(password, &stored)).await {
        None => Ok(Proof::Busy),
        Some(Check::Wrong) => {
            note_failure(db, (signed_in.organization, signed_in.person), "password", None, visitor).await?;
            Ok(Proof::Wrong)
        }
        Some(Check::Fits { .. }) => {
            let mut tx = signed_in.enter(db).await?;
            if browsers::lock(&mut tx, signed_in).await?.is_none() {
                return Ok(Proof::Ended);
            }
            let secret = browsers::rotate(&mut tx, signed_in.id, Shown::Themselves).await?;
            tx.commit().await?;
            Ok(Proof::Proved(secret))
        }
    }
}

async fn password_hash(tx: &mut TenantTx, person: Uuid) -> Result<Option<String>, sqlx::Error> {
    let hash = sqlx::query_scalar!("select password_hash from credentials where person_id = $1", person);
    Ok(hash.fetch_optional(tx.conn()).await?.flatten())
}

/// Sets a signed-in person's password. Their other sign-ins end, and this browser gets another secret.
///
/// # Errors
/// [`PasswordError`] says what is wrong with it.
pub async fn set_password(
    db: &Db,
    gate: &Gate,
    signed_in: &SignedIn,
    password: &str,
    visitor: &Visitor,
) -> Result<Secret, PasswordError> {
    let mut tx = signed_in.enter(db).await?;
    let person = account(&mut tx, signed_in.person).await?.ok_or(PasswordError::Gone)?;
    drop(tx);
    let hash = acceptable(gate, &person, password).await?;
    let mut tx = signed_in.enter(db).await?;
    // Hashing takes a while: whoever was signed out meanwhile sets nothing.
    let locked = browsers::lock(&mut tx, signed_in).await?.ok_or(PasswordError::Ended)?;
    store(&mut tx, &person, &hash, visitor).await?;
    end_sign_ins(&mut tx, locked, Some(signed_in.id)).await?;
    let secret = browsers::rotate(&mut tx, signed_in.id, Shown::Nothing).await?;
    let what =
        if person.password_since.is_some() { AccountChange::PasswordChanged } else { AccountChange::PasswordSet };
    tell_of_change(&mut tx, gate, &person, what).await?;
    tx.commit().await?;
    Ok(secret)
}

/// The hash of a new password, if it may be one.
pub(super) async fn acceptable(gate: &Gate, person: &Account, password: &str) -> Result<String, PasswordError> {
    let normal = normalized(password);
    match normal.chars().count() {
        count if count < SHORTEST => return Err(PasswordError::Short),
        count if count > LONGEST => return Err(PasswordError::Long),
        _ => {}
    }
    if let Some(why) = easy::why(&normal, &[&person.name, &person.email, &person.organization]) {
        return Err(PasswordError::Easy(why));
    }
    if let Some(list) = gate.leaked.clone() {
        let typed = [password.to_owned(), normal];
        let found = tokio::task::spawn_blocking(move || {
            typed.iter().map(|typed| list.has(typed)).find(|found| !matches!(found, Ok(false))).unwrap_or(Ok(false))
        });
        // Whoever can't be told that it didn't leak waits until the list can be read.
        match found.await.map_err(std::io::Error::other).and_then(|found| found) {
            Ok(false) => {}
            Ok(true) => return Err(PasswordError::Easy("it’s known from a leak")),
            Err(error) => return Err(PasswordError::List(error)),
        }
    }
    hashed(password, hash).await.flatten().ok_or(PasswordError::Busy)
}

/// Stores the hash of a person's new password.
pub(super) async fn store(
    tx: &mut TenantTx,
    person: &Account,
    hash: &str,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let organization = tx.tenant();
    sqlx::query!(
        "insert into credentials (organization_id, person_id, password_hash, password_set_at) values ($1, $2, $3, now())
         on conflict (organization_id, person_id) do update set password_hash = excluded.password_hash, password_set_at = now()",
        organization,
        person.id,
        hash
    )
    .execute(tx.conn())
    .await?;
    let visitor = Visitor { person_id: Some(person.id), ..visitor.clone() };
    record(tx, &Event::about_nobody(EventKind::PasswordChanged), &visitor).await
}
