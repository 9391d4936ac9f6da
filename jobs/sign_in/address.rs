//! A new address: asked for by the person or an admin, and confirmed in both mailboxes within a day.
//!
//! Reads and writes `address_changes` and `one_time_links`. Whoever took over a browser can't move the account away, as
//! the mailbox that it has must agree; and nobody enters a mailbox that isn't theirs. Either mail stops the change.
//! Then the person's other sign-ins end, and review links go to the new mailbox.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    Gate,
    browsers::lives,
    one_time::{self, OneTime, Purpose},
    person::{account, new_mail, send, tell_of_change},
};
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{Db, TenantTx, Tx},
    mail::{self, AccountChange, ConfirmAddress, MailError, Message, Recipient},
    people::{self, PeopleError, address_of},
    rights::{end_sign_ins, lock_person, stop_address_changes},
};

const HOURS: i32 = 24;
/// Changes that a person may ask for within a day.
const MOST_A_DAY: i64 = 5;

/// Why an address isn't changed.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It's no address.
    #[error("this isn’t a valid email address; write one address, as name@example.org")]
    NoAddress,
    /// The person has it already.
    #[error("this is already the address of the account")]
    Same,
    /// Another person of the organization has it.
    #[error("somebody else in the organization has this address")]
    Taken,
    /// There were too many.
    #[error("the address was to be changed too often today; try again tomorrow")]
    TooMany,
    /// The person was removed.
    #[error("this account was deactivated")]
    Gone,
    /// The sign-in has ended meanwhile.
    #[error("this sign-in has ended; sign in again")]
    Ended,
    /// The mail can't be written.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Who asks for a new address, in which browser.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Whose address it is.
    pub person: Uuid,
    /// The sign-in that stays when all others end; `None` if an admin asks.
    pub sign_in: Option<Uuid>,
}

/// A change that isn't done.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its id.
    pub id: Uuid,
    /// The new address.
    pub new_email: String,
    /// When it's over.
    pub expires_at: DateTime<Utc>,
    /// Whether the mailbox that the person has agreed.
    pub old_confirmed: bool,
    /// Whether the new mailbox agreed.
    pub new_confirmed: bool,
}

/// What became of confirming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// The address is changed.
    Done,
    /// The other mailbox has still to agree.
    OtherIsDue,
    /// It was stopped, it's done, or it's too late.
    NoMore,
}

/// Asks for a new address: mails a link to either mailbox. An earlier change that isn't done is stopped.
///
/// # Errors
/// [`AddressError`] says what is wrong.
pub async fn ask_for_address(
    tx: &mut TenantTx,
    gate: &Gate,
    asked: Asked,
    typed: &str,
    visitor: &Visitor,
) -> Result<(), AddressError> {
    let new_email = address_of(typed).ok_or(AddressError::NoAddress)?;
    lock_person(tx, asked.person).await?.ok_or(AddressError::Gone)?;
    if let Some(sign_in) = asked.sign_in
        && !lives(tx, sign_in).await?
    {
        return Err(AddressError::Ended);
    }
    let person = account(tx, asked.person).await?.ok_or(AddressError::Gone)?;
    if people::same_address(&person.email, &new_email) {
        return Err(AddressError::Same);
    }
    not_taken(tx, person.id, &new_email).await?;
    let today = sqlx::query_scalar!(
        r#"select count(*) as "count!" from address_changes where person_id = $1 and created_at > now() - interval '1 day'"#,
        person.id
    );
    if today.fetch_one(tx.conn()).await? >= MOST_A_DAY {
        return Err(AddressError::TooMany);
    }
    stop_address_changes(tx, person.id).await?;
    let (id, organization) = (Uuid::now_v7(), tx.tenant());
    sqlx::query!(
        "insert into address_changes (id, organization_id, person_id, new_email, sign_in_id, expires_at)
         values ($1, $2, $3, $4, $5, now() + make_interval(hours => $6))",
        id,
        organization,
        person.id,
        new_email,
        asked.sign_in,
        HOURS
    )
    .execute(tx.conn())
    .await?;
    for purpose in [Purpose::OldAddress(id), Purpose::NewAddress(id)] {
        let (link_id, token) = one_time::issue(tx, person.id, purpose, HOURS * 60).await?;
        let is_new = matches!(purpose, Purpose::NewAddress(_));
        let message = Message::ConfirmAddress(ConfirmAddress {
            name: person.name.clone(),
            organization: person.organization.clone(),
            new_address: new_email.clone(),
            is_new,
            link: gate.desk.settings.url(&format!("address/{}", token.reveal())),
            hours: HOURS,
        });
        if is_new {
            let to = Recipient { name: person.name.clone(), email: new_email.clone() };
            mail::queue_mail(tx, &gate.desk.post, new_mail(person.id, to, message, link_id)).await?;
        } else {
            send(tx, gate, person.id, &person, message, link_id).await?;
        }
    }
    note(tx, "asked", person.id, visitor).await?;
    Ok(())
}

/// A person's change that isn't done; `None` if there is none.
///
/// # Errors
/// Returns an error if the query fails.
pub async fn open_change(tx: &mut TenantTx, person: Uuid) -> Result<Option<Change>, sqlx::Error> {
    sqlx::query_as!(
        Change,
        r#"select id, new_email, expires_at, old_confirmed_at is not null as "old_confirmed!",
                  new_confirmed_at is not null as "new_confirmed!"
           from address_changes where person_id = $1 and stopped_at is null and done_at is null and expires_at > now()
           order by created_at desc limit 1"#,
        person
    )
    .fetch_optional(tx.conn())
    .await
}

/// Confirms in one mailbox. When both have, the address is changed.
///
/// # Errors
/// [`AddressError`] says what is wrong.
pub async fn confirm_address(
    db: &Db,
    gate: &Gate,
    link: &OneTime,
    visitor: &Visitor,
) -> Result<Confirmed, AddressError> {
    let (change, is_new) = match link.purpose {
        Purpose::OldAddress(change) => (change, false),
        Purpose::NewAddress(change) => (change, true),
        Purpose::SignIn | Purpose::Invitation | Purpose::ByOperator => return Ok(Confirmed::NoMore),
    };
    // Of all of the organization: the links of the person's sessions go to the new mailbox.
    let mut tx = db.tenant(link.organization).await?;
    people::lock_organization(&mut tx).await?;
    let locked = lock_person(&mut tx, link.person).await?.ok_or(AddressError::Gone)?;
    if !one_time::use_up(&mut tx, link).await? {
        return Ok(Confirmed::NoMore);
    }
    let row = sqlx::query!(
        r#"update address_changes
           set old_confirmed_at = case when $2 then old_confirmed_at else coalesce(old_confirmed_at, now()) end,
               new_confirmed_at = case when $2 then coalesce(new_confirmed_at, now()) else new_confirmed_at end
           where id = $1 and stopped_at is null and done_at is null and expires_at > now()
           returning new_email, sign_in_id, (old_confirmed_at is not null and new_confirmed_at is not null) as "both!""#,
        change,
        is_new
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(Confirmed::NoMore) };
    if !row.both {
        note(&mut tx, if is_new { "confirmed by the new" } else { "confirmed by the old" }, link.person, visitor)
            .await?;
        tx.commit().await?;
        return Ok(Confirmed::OtherIsDue);
    }
    not_taken(&mut tx, link.person, &row.new_email).await?;
    let person = account(&mut tx, link.person).await?.ok_or(AddressError::Gone)?;
    sqlx::query!("update address_changes set done_at = now() where id = $1", change).execute(tx.conn()).await?;
    people::move_to_address(&mut tx, link.person, &row.new_email).await?;
    end_sign_ins(&mut tx, locked, row.sign_in_id).await?;
    note(&mut tx, "changed", link.person, visitor).await?;
    // To the mailbox before: it's no longer told of anything else.
    tell_of_change(&mut tx, gate, &person, AccountChange::AddressChanged).await?;
    tx.commit().await?;
    Ok(Confirmed::Done)
}

/// Stops a change: whoever has either mail may, also after that mailbox confirmed. Returns whether it wasn't over yet.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn stop_change(db: &Db, link: &OneTime, visitor: &Visitor) -> Result<bool, sqlx::Error> {
    let (Purpose::OldAddress(change) | Purpose::NewAddress(change)) = link.purpose else { return Ok(false) };
    let mut tx = db.view(link.organization, &crate::db::View::nothing()).await?;
    lock_person(&mut tx, link.person).await?;
    if open_change(&mut tx, link.person).await?.is_none_or(|open| open.id != change) {
        return Ok(false);
    }
    stop_address_changes(&mut tx, link.person).await?;
    note(&mut tx, "stopped", link.person, visitor).await?;
    tx.commit().await?;
    Ok(true)
}

/// Who has the address isn't told.
async fn not_taken(tx: &mut TenantTx, person: Uuid, address: &str) -> Result<(), AddressError> {
    people::address_is_free(tx, person, address).await.map_err(|error| match error {
        PeopleError::Database(error) => error.into(),
        _ => AddressError::Taken,
    })
}

async fn note(tx: &mut TenantTx, what: &str, person: Uuid, visitor: &Visitor) -> Result<(), sqlx::Error> {
    let detail = json!({ "address": what, "account": person });
    record(tx, &Event { detail, ..Event::about_nobody(EventKind::AddressChanged) }, visitor).await
}
