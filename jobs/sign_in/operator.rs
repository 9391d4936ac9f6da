//! What an operator changes of a coach by hand, under the rules of `people`: the mailbox before a new address is told.
//!
//! Writes what `people` writes, and a mail, in one transaction.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Gate, InviteError, invitation,
    person::{account, tell_of_change},
};
use crate::{
    audit::Visitor,
    db::{Db, Tx},
    mail::{AccountChange, MailError},
    people::{self, CoachChange, PeopleError, Presence, Readdressed},
};

/// Why a coach isn't changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// What was given can't be used.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// The mail can't be written.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Whoever hasn't accepted yet can't be invited at the new address.
    #[error(transparent)]
    Invite(#[from] InviteError),
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::People(error.into())
    }
}

/// A coach who was changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The coach.
    pub id: Uuid,
    /// What a new address meant for links.
    pub links: Readdressed,
    /// Until when the invitation works that went to the new address of somebody who hasn't accepted the one before.
    pub invited_until: Option<DateTime<Utc>>,
}

/// Changes a coach. Whoever hasn't accepted their invitation is invited at a new address; the one before, where nobody signed in, isn't
/// told.
///
/// # Errors
/// [`ChangeError`] says what is wrong; then nothing is changed.
pub async fn change_coach(db: &Db, gate: &Gate, handle: &str, change: &CoachChange) -> Result<Changed, ChangeError> {
    let (organization, id) = people::coach(db, handle).await?;
    let mut tx = db.tenant(organization).await?;
    // The mailbox that is told is the one before this change, and not before another at the same time.
    people::lock_organization(&mut tx).await?;
    let before = account(&mut tx, id).await?.ok_or(PeopleError::NoPerson)?;
    let is_invited = people::person(&mut tx, id).await?.presence == Presence::Invited;
    let moved = people::change(&mut tx, id, change, &Visitor::default()).await?;
    let mut invited_until = None;
    if moved.is_some() && is_invited {
        invited_until = Some(invitation::invite_again(&mut tx, gate, id, &Visitor::default()).await?);
    } else if moved.is_some() {
        tell_of_change(&mut tx, gate, &before, AccountChange::AddressGiven).await?;
    }
    tx.commit().await?;
    Ok(Changed { id, links: moved.unwrap_or_default(), invited_until })
}
