//! What an operator changes of a coach by hand, under the rules of `people`: the mailbox before a new address is told.
//!
//! Writes what `people` writes, and a mail, in one transaction.

use uuid::Uuid;

use super::{
    Gate,
    person::{account, tell_of_change},
};
use crate::{
    audit::Visitor,
    db::{Db, Tx},
    mail::{AccountChange, MailError},
    people::{self, CoachChange, PeopleError, Readdressed},
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
}

impl From<sqlx::Error> for ChangeError {
    fn from(error: sqlx::Error) -> Self {
        Self::People(error.into())
    }
}

/// Changes a coach. Returns the id, and what a new address meant for links.
///
/// # Errors
/// [`ChangeError`] says what is wrong; then nothing is changed.
pub async fn change_coach(
    db: &Db,
    gate: &Gate,
    handle: &str,
    change: &CoachChange,
) -> Result<(Uuid, Readdressed), ChangeError> {
    let (organization, id) = people::coach(db, handle).await?;
    let mut tx = db.tenant(organization).await?;
    // The mailbox that is told is the one before this change, and not before another at the same time.
    people::lock_organization(&mut tx).await?;
    let before = account(&mut tx, id).await?.ok_or(PeopleError::NoPerson)?;
    let moved = people::change(&mut tx, id, change, &Visitor::default()).await?;
    if moved.is_some() {
        tell_of_change(&mut tx, gate, &before, AccountChange::AddressGiven).await?;
    }
    tx.commit().await?;
    Ok((id, moved.unwrap_or_default()))
}
