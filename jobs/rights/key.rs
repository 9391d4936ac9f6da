//! API keys: what other software signs in with. A key is shown once; only its SHA-256 is stored.
//!
//! Reads and writes `api_keys`. The text is `dbk_`, thirty random letters and digits, and a checksum of six, so that a
//! scanner recognizes a leaked key and a mistyped one costs no query.

use std::fmt;

use chrono::{DateTime, Utc};
use rand::Rng;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Caller, Right, Via, lock_person};
use crate::{
    audit::Visitor,
    clean,
    db::{Db, TenantTx, Tx, View},
};

const RANDOM: usize = 30;
const CHECK: usize = 6;
/// How much of a key is kept to recognize it by.
const SHOWN: usize = KeyText::PREFIX.len() + 6;
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// At most this many keys that work per organization.
const MOST_KEYS: i64 = 200;

/// A key as it is written. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

impl KeyText {
    /// How every key begins.
    pub const PREFIX: &str = "dbk_";

    fn random() -> Self {
        let mut random = rand::rng();
        let secret: String = (0..RANDOM).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect();
        Self(format!("{}{secret}{}", Self::PREFIX, checksum(&secret)))
    }

    /// Parses a key; `None` if it can't be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(Self::PREFIX)?;
        let fits = rest.len() == RANDOM + CHECK && rest.bytes().all(|byte| LETTERS.contains(&byte));
        let (secret, check) = rest.split_at_checked(RANDOM)?;
        (fits && checksum(secret) == check).then(|| Self(text.to_owned()))
    }

    /// The key in the clear, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyText(…)")
    }
}

/// Six letters of the SHA-256 of the rest.
fn checksum(secret: &str) -> String {
    let digest = Sha256::digest(secret.as_bytes());
    digest.iter().take(CHECK).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

/// A key to create.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What it is for, in words.
    pub name: String,
    /// Whose rights it has; `None` for the organization's own.
    pub person: Option<Uuid>,
    /// What it may be used for.
    pub scopes: Vec<Right>,
    /// When it stops working; `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Who creates it; `None` for the command line.
    pub created_by: Option<Uuid>,
    /// The key that it is created with: it ends with that one, and no later.
    pub parent: Option<Uuid>,
}

/// Why a key can't be created.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It has no name, or a long one.
    #[error("a key needs a name of at most 200 characters")]
    Name,
    /// It has no scope.
    #[error("a key needs at least one scope: {}", Right::NAMES.join(", "))]
    NoScope,
    /// It could never be used for this.
    #[error("{}", never_has(.scopes, *.of_organization))]
    Scopes {
        /// Those that it can't have.
        scopes: Vec<Right>,
        /// Whether it's the organization's own key.
        of_organization: bool,
    },
    /// It ends before it begins.
    #[error("the key's end is in the past")]
    Expired,
    /// There are too many.
    #[error("there are already {MOST_KEYS} keys; revoke some first")]
    TooMany,
    /// There is no such person.
    #[error("there is no such person")]
    NoPerson,
    /// Whoever creates it has lost the right to.
    #[error("whoever creates this key isn't allowed to any more")]
    Maker,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

fn never_has(scopes: &[Right], of_organization: bool) -> String {
    let named: Vec<String> = scopes.iter().map(|right| format!("`{right}`")).collect();
    let (which, named) = (if named.len() == 1 { "scope" } else { "scopes" }, named.join(", "));
    match of_organization {
        true => format!("a key of the organization can't have the {which} {named}: that takes a person"),
        false => format!("a key of this person can't have the {which} {named}: none of the person's roles has it"),
    }
}

/// A key that was created. The text is shown now and never again.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Its id.
    pub id: Uuid,
    /// The key.
    pub text: KeyText,
}

/// Creates a key. It works once `tx` commits.
///
/// # Errors
/// [`KeyError`] says what is wrong.
pub async fn issue(tx: &mut TenantTx, new: &NewKey) -> Result<Issued, KeyError> {
    let name = clean::line(&new.name);
    if name.is_empty() || name.chars().count() > 200 {
        return Err(KeyError::Name);
    }
    if new.scopes.is_empty() {
        return Err(KeyError::NoScope);
    }
    if new.expires_at.is_some_and(|end| end <= Utc::now()) {
        return Err(KeyError::Expired);
    }
    let via = Via::Key(Uuid::nil());
    // Whoever leaves or loses a role at this moment waits, and finds the key; or this waits, and finds that it's so.
    let mut people: Vec<Uuid> = new.person.into_iter().chain(new.created_by).collect();
    people.sort_unstable();
    people.dedup();
    for person in people {
        lock_person(tx, person).await?.ok_or(KeyError::NoPerson)?;
    }
    if let (None, Some(maker)) = (new.person, new.created_by) {
        let maker = Caller::load(tx, Some(maker), via, None, Visitor::default()).await?.ok_or(KeyError::Maker)?;
        maker.view(Right::KeysOrganization).map_err(|_| KeyError::Maker)?;
    }
    let bearer = Caller::load(tx, new.person, via, None, Visitor::default()).await?.ok_or(KeyError::NoPerson)?;
    // An admin's right may depend on a setting: the key may be made before the setting is.
    let never = |right: &&Right| match new.person {
        None => bearer.view(**right).is_err(),
        Some(_) => bearer.roles().iter().all(|role| right.line().of(*role) == super::Reach::Nobody),
    };
    let scopes: Vec<Right> = new.scopes.iter().filter(never).copied().collect();
    if !scopes.is_empty() {
        return Err(KeyError::Scopes { scopes, of_organization: new.person.is_none() });
    }
    let organization = tx.tenant();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from api_keys where revoked_at is null and (expires_at is null or expires_at > now())"#
    );
    if count.fetch_one(tx.conn()).await? >= MOST_KEYS {
        return Err(KeyError::TooMany);
    }
    let mut scopes: Vec<String> = new.scopes.iter().map(|right| right.as_str().to_owned()).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let (id, text) = (Uuid::now_v7(), KeyText::random());
    sqlx::query!(
        "insert into api_keys (id, organization_id, person_id, name, prefix, key_sha256, scopes, created_by, expires_at, parent_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, least($9, (select expires_at from api_keys where id = $10)), $10)",
        id,
        organization,
        new.person,
        name,
        &text.0[..SHOWN],
        text.hash(),
        &scopes,
        new.created_by,
        new.expires_at,
        new.parent
    )
    .execute(tx.conn())
    .await?;
    Ok(Issued { id, text })
}

/// Whoever a key stands for; `None` if it's unknown, revoked or expired, or its person was removed. Notes that it was used,
/// to the minute.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn signed_in(db: &Db, key: &KeyText, visitor: Visitor) -> Result<Option<Caller>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select organization_id as "organization!", key_id as "key!" from api_key_by_hash($1)"#,
        key.hash()
    )
    .fetch_optional(db.pool())
    .await?;
    let Some(found) = found else { return Ok(None) };
    let mut tx = db.view(found.organization, &View::nothing()).await?;
    let row = sqlx::query!(
        r#"select person_id, scopes, coalesce(last_used_at < now() - interval '1 minute', true) as "is_stale!"
           from api_keys where id = $1 and revoked_at is null and (expires_at is null or expires_at > now())"#,
        found.key
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    // A scope of a newer version is none that this one knows.
    let scopes = row.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
    let caller = Caller::load(&mut tx, row.person_id, Via::Key(found.key), Some(scopes), visitor).await?;
    if row.is_stale && caller.is_some() {
        sqlx::query!("update api_keys set last_used_at = now() where id = $1", found.key).execute(tx.conn()).await?;
        tx.commit().await?;
    }
    Ok(caller)
}

/// A key in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// How it begins, to recognize it by.
    pub prefix: String,
    /// Whose rights it has; `None` for the organization's own.
    pub person_id: Option<Uuid>,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it stops working by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Lists keys, newest first: those of `person`, or all of the organization.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn list(tx: &mut TenantTx, person: Option<Uuid>) -> Result<Vec<ApiKey>, sqlx::Error> {
    sqlx::query_as!(
        ApiKey,
        "select id, name, prefix, person_id, scopes, created_at, expires_at, last_used_at, revoked_at
         from api_keys where $1::uuid is null or person_id = $1 order by id desc limit 1000",
        person
    )
    .fetch_all(tx.conn())
    .await
}

/// Whether a key works at this moment, and its person is there.
pub(super) async fn works(tx: &mut TenantTx, id: Uuid) -> Result<bool, sqlx::Error> {
    let works = sqlx::query_scalar!(
        r#"select exists (select from api_keys left join coaches on coaches.id = person_id
               where api_keys.id = $1 and revoked_at is null and (expires_at is null or expires_at > now())
                 and removed_at is null) as "works!""#,
        id
    );
    works.fetch_one(tx.conn()).await
}

/// Revokes a key at once, and all that were created with it; `person` limits it to that person's keys. Returns whether there
/// was one. Doing it again changes nothing.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn revoke(tx: &mut TenantTx, id: Uuid, person: Option<Uuid>) -> Result<bool, sqlx::Error> {
    let revoked = sqlx::query!(
        "with recursive family as (
            select id from api_keys where id = $1 and ($2::uuid is null or person_id = $2)
            union select api_keys.id from api_keys join family on parent_id = family.id)
         update api_keys set revoked_at = coalesce(revoked_at, now()) from family where api_keys.id = family.id",
        id,
        person
    );
    Ok(revoked.execute(tx.conn()).await?.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use super::KeyText;

    #[test]
    fn a_key_is_read_back_and_a_mistyped_one_is_not() {
        let key = KeyText::random();
        assert_eq!(KeyText::parse(key.reveal()), Some(key.clone()));
        assert!(!format!("{key:?}").contains(&key.reveal()[4..]));
        let mistyped: String = key.reveal().chars().rev().collect();
        assert_eq!(KeyText::parse(&mistyped), None);
        let mut letters: Vec<char> = key.reveal().chars().collect();
        letters[8] = if letters[8] == 'a' { 'b' } else { 'a' };
        assert_eq!(KeyText::parse(&letters.into_iter().collect::<String>()), None, "its checksum is wrong");
        assert_eq!(KeyText::parse(""), None);
        assert_eq!(KeyText::parse("dbk_ä"), None);
    }
}
