//! Sign-ins: browsers that hold a cookie, from signing in to the end.
//!
//! Reads and writes `sign_ins`. A sign-in ends when it isn't used for hours, after days in any case, when its owner ends
//! it, and when its person is removed. Each new proof of who somebody is gives the browser another secret; the one
//! before is worth nothing from then on.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    FRESH_MINUTES, Gate,
    one_time::{self, Purpose},
    provider::{Provider, only_way},
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx, View},
    limits::{self, ENTRIES, Limit},
    rights::{Caller, LockedPerson, Via, end_sign_ins, lock_person},
    secret::Secret,
};

/// What a sign-in still lacks. Until then it does nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    /// The code of the second factor.
    Code,
    /// A second factor: the organization wants one, and the person has none.
    Enrolment,
    /// A passkey: the organization wants a second factor, and the person has no other.
    Passkey,
}

/// A browser that just signed in.
#[derive(Clone, Debug)]
pub struct Entered {
    /// For its cookie.
    pub secret: Secret,
    /// Whether the code of the second factor is still to be typed.
    pub code_due: bool,
    /// Who it is.
    pub(super) person: Uuid,
}

/// A sign-in, as found by its cookie.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub organization: Uuid,
    /// The person.
    pub person: Uuid,
    /// What it lacks; `None` if it may do what the person may.
    pub lacks: Option<Lacks>,
    /// Whether the person showed who they are within the last minutes.
    pub is_fresh: bool,
}

impl SignedIn {
    /// Starts a transaction that sees what is the person's own.
    ///
    /// # Errors
    /// Returns an error if no connection is available.
    pub async fn enter(&self, db: &Db) -> Result<TenantTx, sqlx::Error> {
        db.view(self.organization, &View::Coaches(vec![self.person])).await
    }

    /// Who acts, for the audit.
    #[must_use]
    pub fn visitor(&self, visitor: Visitor) -> Visitor {
        Visitor { person_id: Some(self.person), ..visitor }
    }
}

/// How somebody came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct How<'a> {
    /// By what, for the person's list, the audit and the metrics.
    pub(super) by: &'static str,
    /// The identity provider that says who it is.
    pub(super) provider: Option<&'a Provider>,
    /// When the person showed who they are; `None` if it's now.
    pub(super) proved_at: Option<DateTime<Utc>>,
    /// Whether the provider has asked for the second factor.
    pub(super) factor_by_provider: bool,
}

/// By what somebody comes in whom the operator lets in, whatever the settings say.
pub(super) const BY_OPERATOR: &str = "operator";

/// Signs a person in. `by` says how. The cookie works once `tx` commits. The lock is taken before anything of the person is
/// read or changed: a second factor that is set up at the same time is asked for. The identity provider instead, if the
/// organization's people sign in by it alone; whoever calls this notes and counts that.
pub(super) async fn begin<'gate>(
    tx: &mut TenantTx,
    gate: &'gate Gate,
    person: LockedPerson,
    by: &'static str,
    visitor: &Visitor,
) -> Result<Result<Entered, &'gate Provider>, sqlx::Error> {
    let how = How { by, provider: None, proved_at: None, factor_by_provider: false };
    begin_by(tx, gate, person, &how, visitor).await
}

/// Like [`begin`], for whoever may come from an identity provider.
pub(super) async fn begin_by<'gate>(
    tx: &mut TenantTx,
    gate: &'gate Gate,
    person: LockedPerson,
    how: &How<'_>,
    visitor: &Visitor,
) -> Result<Result<Entered, &'gate Provider>, sqlx::Error> {
    let (person, by) = (person.id(), how.by);
    if how.provider.is_none()
        && by != BY_OPERATOR
        && let Some(provider) = only_way(tx, gate).await?
    {
        return Ok(Err(provider));
    }
    let (organization, secret, id) = (tx.tenant(), Secret::random(), Uuid::now_v7());
    let code_due = sqlx::query_scalar!(
        r#"insert into sign_ins (id, organization_id, person_id, cookie_sha256, code_due, idle_seconds, ends_at, agent, method,
                   proved_at, factor_by_provider, passkey_shown)
           values ($1, $2, $3, $4,
                   not ($10 or $11) and exists (select from credentials where person_id = $3 and totp_secret is not null),
                   $5, now() + make_interval(days => $6), $7, $8, least(now(), $9), $10, $11)
           returning code_due"#,
        id,
        organization,
        person,
        secret.hash(),
        gate.idle_seconds,
        gate.days,
        visitor.agent,
        by,
        how.proved_at,
        how.factor_by_provider,
        by == "passkey"
    )
    .fetch_one(tx.conn())
    .await?;
    // Whoever came in otherwise needs no invitation any more, and nobody else may use it.
    one_time::withdraw(tx, person, Purpose::Invitation).await?;
    let detail = json!({ "sign_in": id, "by": by, "provider": how.provider.map(Provider::name), "code_due": code_due });
    let visitor = Visitor { person_id: Some(person), ..visitor.clone() };
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::SignedIn) }, &visitor).await?;
    count(by, "in");
    Ok(Ok(Entered { secret, code_due, person }))
}

/// Takes whoever came in out of what is counted by client address, which a whole office may share; not without end, so that
/// nobody fills tables.
pub(super) async fn uncount(db: &Db, limit: Limit, visitor: &Visitor, entered: &Entered) -> Result<(), sqlx::Error> {
    if limits::count(db, ENTRIES, &entered.person.to_string()).await?.allowed {
        limits::take_back(db, limit, visitor.address.as_deref().unwrap_or_default()).await?;
    }
    Ok(())
}

/// Counts an attempt in the metrics.
pub(super) fn count(by: &'static str, outcome: &'static str) {
    metrics::counter!("debrief_sign_ins_total", "by" => by, "outcome" => outcome).increment(1);
}

/// The sign-in with this secret; `None` if there is none, or it has ended. Notes that it was used, to the minute.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn look(db: &Db, gate: &Gate, secret: &Secret) -> Result<Option<SignedIn>, sqlx::Error> {
    let Some((tx, signed_in)) = seen(db, gate.passkey_host(), secret).await? else { return Ok(None) };
    tx.commit().await?;
    Ok(Some(signed_in))
}

/// Whoever is signed in with this secret, for what asks for rights; `None` also while the second factor is due.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn find(db: &Db, secret: &Secret, visitor: Visitor) -> Result<Option<Caller>, sqlx::Error> {
    // Only whether it lacks anything matters here, not what.
    let Some((mut tx, signed_in)) = seen(db, None, secret).await? else { return Ok(None) };
    let caller = match signed_in.lacks {
        None => Caller::load(&mut tx, Some(signed_in.person), Via::SignIn(signed_in.id), None, visitor).await?,
        Some(_) => None,
    };
    tx.commit().await?;
    Ok(caller)
}

/// The sign-in with this secret, in a transaction of its organization that notes its use.
async fn seen(
    db: &Db,
    passkey_host: Option<&str>,
    secret: &Secret,
) -> Result<Option<(TenantTx, SignedIn)>, sqlx::Error> {
    let found = sqlx::query!(
        r#"select organization_id as "organization!", sign_in_id as "id!" from sign_in_by_hash($1)"#,
        secret.hash()
    )
    .fetch_optional(db.pool())
    .await?;
    let Some(found) = found else { return Ok(None) };
    let mut tx = db.view(found.organization, &View::nothing()).await?;
    let signed_in = standing(&mut tx, passkey_host, found.id, false).await?;
    Ok(signed_in.map(|signed_in| (tx, signed_in)))
}

/// A browser's or a program's sign-in that hasn't ended; notes that it was used. Passkeys can be shown at `passkey_host`: who has
/// none for it, and lacks a second factor, sets one up. Without a host that is said of everybody.
pub(super) async fn standing(
    tx: &mut TenantTx,
    passkey_host: Option<&str>,
    id: Uuid,
    is_program: bool,
) -> Result<Option<SignedIn>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select person_id, code_due, proved_at > now() - make_interval(mins => $2) as "is_fresh!",
                  last_used_at < now() - interval '1 minute' as "is_stale!",
                  require_second_factor and not factor_by_provider and not has_app and not (has_passkey and passkey_shown)
                      as "factor_due!", can_show_passkey as "can_show_passkey!"
           from sign_ins join coaches on coaches.id = person_id join organizations on organizations.id = sign_ins.organization_id
           cross join lateral (select
               exists (select from credentials where credentials.person_id = sign_ins.person_id and totp_secret is not null) as has_app,
               exists (select from passkeys where passkeys.person_id = sign_ins.person_id) as has_passkey,
               exists (select from passkeys where passkeys.person_id = sign_ins.person_id and coalesce(host, $4) = $4)
                   as can_show_passkey) as factors
           where sign_ins.id = $1 and is_program = $3 and ended_at is null and ends_at > now()
             and last_used_at > now() - make_interval(secs => idle_seconds) and removed_at is null"#,
        id,
        FRESH_MINUTES,
        is_program,
        passkey_host
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.is_stale {
        sqlx::query!("update sign_ins set last_used_at = now() where id = $1", id).execute(tx.conn()).await?;
    }
    let lacks = match (row.code_due, row.factor_due) {
        (true, _) => Some(Lacks::Code),
        (false, true) if row.can_show_passkey => Some(Lacks::Passkey),
        (false, true) => Some(Lacks::Enrolment),
        (false, false) => None,
    };
    let organization = tx.tenant();
    Ok(Some(SignedIn { id, organization, person: row.person_id, lacks, is_fresh: row.is_fresh }))
}

/// Locks the person of a sign-in for a change; `None` if either has ended since the request began.
pub(super) async fn lock(tx: &mut TenantTx, signed_in: &SignedIn) -> Result<Option<LockedPerson>, sqlx::Error> {
    let Some(person) = lock_person(tx, signed_in.person).await? else { return Ok(None) };
    Ok(if lives(tx, signed_in.id).await? { Some(person) } else { None })
}

/// Locks a sign-in, and says whether it hasn't ended.
pub(super) async fn lives(tx: &mut TenantTx, sign_in: Uuid) -> Result<bool, sqlx::Error> {
    let lives = sqlx::query_scalar!(
        "select id from sign_ins where id = $1 and ended_at is null and ends_at > now() for no key update",
        sign_in
    );
    Ok(lives.fetch_optional(tx.conn()).await?.is_some())
}

/// What a person has just shown in a sign-in that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Who they are.
    Themselves,
    /// A second factor. Where a provider said who it is, how lately it asked is for the provider to say.
    Factor,
    /// Nothing: they changed something, having shown before who they are.
    Nothing,
}

/// Gives a sign-in another secret: its rights have risen, its person has shown something, or how they sign in has changed. The
/// secret before is worth nothing once `tx` commits.
pub(super) async fn rotate(tx: &mut TenantTx, sign_in: Uuid, shown: Shown) -> Result<Secret, sqlx::Error> {
    let secret = Secret::random();
    sqlx::query!(
        "update sign_ins set cookie_sha256 = $2, code_due = false, last_used_at = now(),
             proved_at = case when $3 or ($4 and method is distinct from 'provider') then now() else proved_at end
         where id = $1",
        sign_in,
        secret.hash(),
        shown == Shown::Themselves,
        shown == Shown::Factor
    )
    .execute(tx.conn())
    .await?;
    Ok(secret)
}

/// A sign-in in its owner's list: a browser's or a program's.
#[derive(Clone, Debug, Serialize)]
pub struct ListedSignIn {
    /// Its id.
    pub id: Uuid,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: DateTime<Utc>,
    /// The user agent, as it names itself.
    pub agent: Option<String>,
    /// Whether it's a program with tokens, not a browser.
    pub is_program: bool,
    /// By what its person signed in; unknown of old ones.
    pub method: Option<String>,
}

/// A person's sign-ins that haven't ended, the last used first.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn list_sign_ins(tx: &mut TenantTx, person: Uuid) -> Result<Vec<ListedSignIn>, sqlx::Error> {
    sqlx::query_as!(
        ListedSignIn,
        "select id, created_at, last_used_at, agent, is_program, method from sign_ins
         where person_id = $1 and ended_at is null and ends_at > now()
           and last_used_at > now() - make_interval(secs => idle_seconds)
         order by last_used_at desc, id limit 200",
        person
    )
    .fetch_all(tx.conn())
    .await
}

/// Ends one of a person's sign-ins. Returns whether there was one.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn end_sign_in(
    tx: &mut TenantTx,
    person: Uuid,
    sign_in: Uuid,
    visitor: &Visitor,
) -> Result<bool, sqlx::Error> {
    if lock_person(tx, person).await?.is_none() {
        return Ok(false);
    }
    let ended = sqlx::query!(
        "update sign_ins set ended_at = now() where id = $1 and person_id = $2 and ended_at is null",
        sign_in,
        person
    );
    let ended = ended.execute(tx.conn()).await?.rows_affected() > 0;
    if ended {
        let detail = json!({ "sign_in": sign_in });
        record(tx, &Event { detail, ..Event::about_nobody(EventKind::SignedOut) }, visitor).await?;
    }
    Ok(ended)
}

/// Ends the sign-in of a browser, if it has one.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn sign_out(db: &Db, secret: &Secret, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let Some((tx, signed_in)) = seen(db, None, secret).await? else { return Ok(()) };
    tx.commit().await?;
    let mut tx = signed_in.enter(db).await?;
    end_sign_in(&mut tx, signed_in.person, signed_in.id, &signed_in.visitor(visitor.clone())).await?;
    tx.commit().await
}

/// Ends all of a person's sign-ins. Returns how many there were.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn sign_out_everywhere(tx: &mut TenantTx, person: Uuid, visitor: &Visitor) -> Result<u64, sqlx::Error> {
    let Some(locked) = lock_person(tx, person).await? else { return Ok(0) };
    let ended = end_sign_ins(tx, locked, None).await?;
    let detail = json!({ "everywhere": true, "sign_ins": ended });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::SignedOut) }, visitor).await?;
    Ok(ended)
}
