//! The person behind an account at a provider: known by issuer and subject, the first time by a verified address.
//!
//! Reads and writes `provider_accounts` and `coaches`; writes the audit, and a mail to whoever's account was connected. Nobody is
//! added: an address that nobody has needs an invitation.

use serde_json::json;
use uuid::Uuid;

use super::{Refusal, requests::BY};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx, View},
    mail::{AccountChange, MailError},
    people::address_of,
    rights::{LockedPerson, end_sign_ins, lock_anybody, lock_person},
    sign_in::{
        Gate,
        browsers::{self, Entered, How},
        person::{account, tell_of_change},
        provider::{Provider, protocol::Said},
    },
};

/// Why somebody who came back from a provider isn't let in, and whom it would have been, if that is known.
pub(super) struct Turned {
    pub(super) why: Refusal,
    pub(super) account: Option<Uuid>,
}

impl From<Refusal> for Turned {
    fn from(why: Refusal) -> Self {
        Self { why, account: None }
    }
}

/// Signs in the person that an account belongs to; `only` that one, if somebody confirms that it's them.
pub(super) async fn enter(
    db: &Db,
    gate: &Gate,
    provider: &Provider,
    organization: Uuid,
    said: &Said,
    only: Option<Uuid>,
    visitor: &Visitor,
) -> Result<Result<Entered, Turned>, MailError> {
    let mut tx = db.view(organization, &View::nothing()).await?;
    let issuer = &provider.settings.issuer;
    let candidate = match connected(&mut tx, issuer, &said.subject).await? {
        Some(person) => person,
        None => match believed(provider, said) {
            Err(why) => return Ok(Err(why.into())),
            Ok(address) => match with_address(&mut tx, &address).await? {
                Some(person) => person,
                None => return Ok(Err(Refusal::Unknown(address).into())),
            },
        },
    };
    drop(tx);
    if only.is_some_and(|only| only != candidate) {
        return Ok(Err(Turned { why: Refusal::SomebodyElse, account: Some(candidate) }));
    }
    let mut tx = db.view(organization, &View::Coaches(vec![candidate])).await?;
    // Who was removed is told what somebody is told whom nobody knows.
    let turned = |why: Refusal| Turned { why, account: Some(candidate) };
    let unknown = || turned(Refusal::Unknown(said.email.clone().unwrap_or_default()));
    let Some(person) = lock_person(&mut tx, candidate).await? else { return Ok(Err(unknown())) };
    let visitor = &Visitor { person_id: Some(candidate), ..visitor.clone() };
    // Looked at again: the account or the address may have become somebody else's.
    match connected(&mut tx, issuer, &said.subject).await? {
        Some(found) if found == candidate => {}
        Some(_) => return Ok(Err(unknown())),
        None => {
            let address = match believed(provider, said) {
                Ok(address) if with_address(&mut tx, &address).await? == Some(candidate) => address,
                _ => return Ok(Err(unknown())),
            };
            if !connect(&mut tx, provider, person, &said.subject, visitor).await? {
                return Ok(Err(turned(Refusal::OtherAccount(address))));
            }
            if let Some(person) = account(&mut tx, candidate).await? {
                tell_of_change(&mut tx, gate, &person, AccountChange::ProviderConnected).await?;
            }
        }
    }
    let how = How {
        by: BY,
        provider: Some(provider),
        // How lately somebody showed there who they are; where the provider doesn't say, it counts as long ago.
        proved_at: Some(said.proved_at.unwrap_or_default()),
        factor_by_provider: provider.asks_for_factor(),
    };
    let Ok(entered) = browsers::begin_by(&mut tx, gate, person, &how, visitor).await? else {
        return Ok(Err(unknown()));
    };
    tx.commit().await?;
    Ok(Ok(entered))
}

/// Why somebody isn't let in whose account may be known here.
pub(super) async fn of_account(
    db: &Db,
    provider: &Provider,
    organization: Uuid,
    said: &Said,
    why: Refusal,
) -> Result<Turned, sqlx::Error> {
    let mut tx = db.view(organization, &View::nothing()).await?;
    let account = connected(&mut tx, &provider.settings.issuer, &said.subject).await?;
    Ok(Turned { why, account })
}

/// The address that a provider's word makes somebody's, if it can be believed.
fn believed(provider: &Provider, said: &Said) -> Result<String, Refusal> {
    let address = said.email.as_deref().and_then(address_of).ok_or(Refusal::NoAddress)?;
    let settings = &provider.settings;
    let domain = address.rsplit('@').next().unwrap_or_default();
    let is_ours = settings.domains.is_empty() || settings.domains.iter().any(|one| one.eq_ignore_ascii_case(domain));
    let is_verified = said.is_verified.unwrap_or(settings.trust_email);
    if is_ours && is_verified { Ok(address) } else { Err(Refusal::NoAddress) }
}

async fn connected(tx: &mut TenantTx, issuer: &str, subject: &str) -> Result<Option<Uuid>, sqlx::Error> {
    let person = sqlx::query_scalar!(
        "select person_id from provider_accounts where issuer = $1 and subject = $2",
        issuer,
        subject
    );
    person.fetch_optional(tx.conn()).await
}

/// The organization's person with this address, who wasn't removed.
async fn with_address(tx: &mut TenantTx, address: &str) -> Result<Option<Uuid>, sqlx::Error> {
    let person = sqlx::query_scalar!(
        "select id from coaches where lower(email) = $1 and removed_at is null order by created_at, id limit 1",
        address
    );
    person.fetch_optional(tx.conn()).await
}

/// Connects an account with a person. Returns whether it's connected: a person has one account at a provider.
async fn connect(
    tx: &mut TenantTx,
    provider: &Provider,
    person: LockedPerson,
    subject: &str,
    visitor: &Visitor,
) -> Result<bool, sqlx::Error> {
    let organization = tx.tenant();
    let connected = sqlx::query!(
        "insert into provider_accounts (organization_id, issuer, subject, person_id) values ($1, $2, $3, $4)
         on conflict do nothing",
        organization,
        provider.settings.issuer,
        subject,
        person.id()
    );
    if connected.execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    note(tx, "connected", person.id(), Some(provider.name()), visitor).await?;
    Ok(true)
}

/// Forgets which accounts at providers are a person's, also of one who was deactivated, and signs the person out. Returns
/// whether there were any.
///
/// # Errors
/// Returns an error if the database fails, or the mail about it can't be written.
pub async fn disconnect(tx: &mut TenantTx, gate: &Gate, person: Uuid, visitor: &Visitor) -> Result<bool, MailError> {
    lock_anybody(tx, person).await?;
    let gone = sqlx::query!("delete from provider_accounts where person_id = $1", person);
    if gone.execute(tx.conn()).await?.rows_affected() == 0 {
        return Ok(false);
    }
    note(tx, "disconnected", person, None, visitor).await?;
    // Who was deactivated has no sign-in, and gets no mail.
    if let (Some(locked), Some(account)) = (lock_person(tx, person).await?, account(tx, person).await?) {
        end_sign_ins(tx, locked, None).await?;
        tell_of_change(tx, gate, &account, AccountChange::ProviderDisconnected).await?;
    }
    Ok(true)
}

async fn note(
    tx: &mut TenantTx,
    change: &str,
    person: Uuid,
    provider: Option<&str>,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let detail = json!({ "change": change, "account": person, "provider": provider });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::ProviderChanged) }, visitor).await
}

/// Notes in the audit that somebody came from a provider and wasn't let in. Neither an address nor a word of the provider is kept.
pub(super) async fn note_refused(
    db: &Db,
    organization: Uuid,
    provider: &Provider,
    turned: &Turned,
    visitor: &Visitor,
) -> Result<(), sqlx::Error> {
    let why = match turned.why {
        Refusal::Stopped => "stopped",
        Refusal::Error(_) => "error",
        Refusal::Away => "away",
        Refusal::Busy => "busy",
        Refusal::Untrusted => "untrusted",
        Refusal::NoAddress => "no_address",
        Refusal::Unknown(_) => "unknown",
        Refusal::OtherAccount(_) => "other_account",
        Refusal::NotAnew => "not_anew",
        Refusal::NoTime => "no_time",
        Refusal::SomebodyElse => "somebody_else",
    };
    tracing::info!(
        target: "sign_in",
        { provider = provider.name(), why },
        "somebody who came from an identity provider was not let in"
    );
    let mut tx = db.view(organization, &View::nothing()).await?;
    let detail = json!({ "account": turned.account, "by": BY, "provider": provider.name(), "why": why });
    record(&mut tx, &Event { detail, ..Event::about_nobody(EventKind::SignInFailed) }, visitor).await?;
    tx.commit().await
}
