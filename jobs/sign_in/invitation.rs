//! Invitations: an admin names a person, who gets a mail with a link that works once, for seven days.
//!
//! The person is there from the invitation on, and accepting signs in. Writes `coaches`, `team_members`,
//! `one_time_links`, mails and the audit, in the caller's transaction.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Gate,
    browsers::{self, Entered},
    noted::note_failure,
    one_time::{self, OneTime, Purpose},
    password::{self, PasswordError},
    person::{account, send, tell_of_change},
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx, View},
    mail::{AccountChange, Invitation, MailError, Message},
    model::Role,
    people::{self, PeopleError},
    rights::lock_person,
};

/// How long an invitation works, in days.
const DAYS: i32 = 7;
/// Mails with an invitation to one person within a day.
const MOST_A_DAY: i64 = 5;

/// Whom to invite.
#[derive(Clone, Debug)]
pub struct NewPerson<'a> {
    /// Their name, as it appears in transcripts.
    pub name: &'a str,
    /// Where the invitation goes.
    pub email: &'a str,
    /// Their roles; empty for `coach`.
    pub roles: &'a [Role],
    /// A team that they join.
    pub team: Option<Uuid>,
}

/// Why somebody can't be invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// What was given can't be used.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The person signed in already.
    #[error("{0} has accepted already; they sign in with their address")]
    Accepted(String),
    /// No invitation is open.
    #[error("no invitation of {0} is open")]
    NoneOpen(String),
    /// There were too many mails.
    #[error("{0} got {MOST_A_DAY} invitations within a day; wait until tomorrow")]
    TooMany(String),
    /// The mail can't be written.
    #[error(transparent)]
    Mail(#[from] MailError),
}

impl From<sqlx::Error> for InviteError {
    fn from(error: sqlx::Error) -> Self {
        Self::People(error.into())
    }
}

/// Somebody who was invited.
#[derive(Clone, Debug, Serialize)]
pub struct Invited {
    /// The person.
    pub id: Uuid,
    /// The name of their inbox folder.
    pub handle: String,
    /// When the link stops working.
    pub expires_at: DateTime<Utc>,
}

/// Invites a person: adds them, and queues the mail.
///
/// # Errors
/// [`InviteError`] says what is wrong.
pub async fn invite(
    tx: &mut TenantTx,
    gate: &Gate,
    new: &NewPerson<'_>,
    visitor: &Visitor,
) -> Result<Invited, InviteError> {
    let (id, handle) = people::add_person(tx, new.name, new.email, new.roles).await?;
    if let Some(team) = new.team {
        people::add_member(tx, team, id, false, visitor).await?;
    }
    let expires_at = mail_invitation(tx, gate, id, visitor).await?;
    Ok(Invited { id, handle, expires_at })
}

/// Mails an invitation again; the link before stops working.
///
/// # Errors
/// [`InviteError`] says what is wrong.
pub async fn resend(
    tx: &mut TenantTx,
    gate: &Gate,
    person: Uuid,
    visitor: &Visitor,
) -> Result<DateTime<Utc>, InviteError> {
    let name = still_invited(tx, person).await?;
    let today = sqlx::query_scalar!(
        r#"select count(*) as "count!" from one_time_links
           where person_id = $1 and purpose = 'invitation' and created_at > now() - interval '1 day'"#,
        person
    );
    if today.fetch_one(tx.conn()).await? >= MOST_A_DAY {
        return Err(InviteError::TooMany(name));
    }
    invite_again(tx, gate, person, visitor).await
}

/// Mails an invitation in place of the one before.
pub(super) async fn invite_again(
    tx: &mut TenantTx,
    gate: &Gate,
    person: Uuid,
    visitor: &Visitor,
) -> Result<DateTime<Utc>, InviteError> {
    one_time::withdraw(tx, person, Purpose::Invitation).await?;
    mail_invitation(tx, gate, person, visitor).await
}

/// Takes an invitation back, also one that is too old: its link stops working, and the person is no longer there.
///
/// # Errors
/// [`InviteError`] says what is wrong.
pub async fn withdraw(tx: &mut TenantTx, person: Uuid, visitor: &Visitor) -> Result<(), InviteError> {
    // Before the person's row, as everywhere.
    people::lock_organization(tx).await?;
    let name = still_invited(tx, person).await?;
    if one_time::withdraw(tx, person, Purpose::Invitation).await? == 0 {
        return Err(InviteError::NoneOpen(name));
    }
    people::uninvite(tx, person).await?;
    note(tx, "withdrawn", person, visitor).await?;
    Ok(())
}

/// Accepts an invitation: signs in, and sets a password if one is given. `None` if the link works no more.
///
/// # Errors
/// [`PasswordError`] says what is wrong with the password; the link can then be used again.
pub async fn accept(
    db: &Db,
    gate: &Gate,
    link: &OneTime,
    new_password: Option<&str>,
    visitor: &Visitor,
) -> Result<Option<Entered>, PasswordError> {
    let (whose, own) = ((link.organization, link.person), View::Coaches(vec![link.person]));
    if !link.invites() {
        return refused(db, whose, "over", visitor).await;
    }
    let mut tx = db.view(link.organization, &own).await?;
    let person = account(&mut tx, link.person).await?.ok_or(PasswordError::Gone)?;
    drop(tx);
    let hash = match new_password {
        Some(password) => Some(password::acceptable(gate, &person, password).await?),
        None => None,
    };
    let mut tx = db.view(link.organization, &own).await?;
    let locked = lock_person(&mut tx, link.person).await?.ok_or(PasswordError::Gone)?;
    if !one_time::use_up(&mut tx, link).await? {
        drop(tx);
        return refused(db, whose, "over", visitor).await;
    }
    if let Some(hash) = hash {
        password::store(&mut tx, &person, &hash, visitor).await?;
        tell_of_change(&mut tx, gate, &person, AccountChange::PasswordSet).await?;
    }
    note(&mut tx, "accepted", person.id, visitor).await?;
    let Ok(entered) = browsers::begin(&mut tx, gate, locked, "invitation", visitor).await? else {
        drop(tx);
        return refused(db, whose, "elsewhere", visitor).await;
    };
    tx.commit().await?;
    Ok(Some(entered))
}

/// Notes that an invitation let nobody in.
async fn refused(
    db: &Db,
    whose: (Uuid, Uuid),
    why: &'static str,
    visitor: &Visitor,
) -> Result<Option<Entered>, PasswordError> {
    note_failure(db, whose, "invitation", Some(why), visitor).await?;
    browsers::count("invitation", "refused");
    Ok(None)
}

/// The name of a person who hasn't signed in yet.
async fn still_invited(tx: &mut TenantTx, person: Uuid) -> Result<String, InviteError> {
    let row = sqlx::query!(
        r#"select name, exists (select from sign_ins where person_id = coaches.id)
                  or not exists (select from one_time_links where person_id = coaches.id and purpose = 'invitation')
                  or exists (select from one_time_links where person_id = coaches.id and purpose = 'invitation' and used_at is not null)
                  as "is_here!"
           from coaches where id = $1 and removed_at is null for no key update"#,
        person
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(PeopleError::NoPerson)?;
    if row.is_here { Err(InviteError::Accepted(row.name)) } else { Ok(row.name) }
}

async fn mail_invitation(
    tx: &mut TenantTx,
    gate: &Gate,
    id: Uuid,
    visitor: &Visitor,
) -> Result<DateTime<Utc>, InviteError> {
    let person = account(tx, id).await?.ok_or(PeopleError::NoPerson)?;
    let (link_id, token) = one_time::issue(tx, id, Purpose::Invitation, DAYS * 24 * 60).await?;
    let expires_at = sqlx::query_scalar!("select expires_at from one_time_links where id = $1", link_id);
    let expires_at = expires_at.fetch_one(tx.conn()).await?;
    let inviter = match visitor.person_id {
        Some(inviter) => account(tx, inviter).await?.map(|inviter| inviter.name),
        None => None,
    };
    let zone: Tz = person.time_zone.parse().unwrap_or(chrono_tz::UTC);
    let message = Message::Invitation(Invitation {
        name: person.name.clone(),
        organization: person.organization.clone(),
        inviter,
        link: gate.desk.settings.url(&format!("invitation/{}", token.reveal())),
        expires: expires_at.with_timezone(&zone).date_naive(),
    });
    send(tx, gate, id, &person, message, link_id).await?;
    note(tx, "sent", id, visitor).await?;
    Ok(expires_at)
}

async fn note(tx: &mut TenantTx, what: &str, person: Uuid, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let detail = json!({ "invitation": what, "account": person });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::Invited) }, visitor).await
}
