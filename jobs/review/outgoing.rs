//! Starts and stops an approval's follow-up on the ledger, in the caller's transaction.

use std::time::Duration;

use uuid::Uuid;

use super::actions::{ActionError, Approved, NewRecipient, Signed};
use crate::{
    db::{TenantTx, Tx},
    desk::{Desk, InviteError},
    follow_up::{self, Approval, FollowUp, FollowUpError},
    mail::{self, MailError},
};

/// Puts the approved follow-up on the ledger, held as long as the settings say.
pub(super) async fn follow_up(
    tx: &mut TenantTx,
    desk: &Desk,
    summary_id: Uuid,
    signed: &Signed,
) -> Result<Approved, ActionError> {
    let hold = Duration::from_secs(u64::from(desk.settings.hold_seconds));
    let approval = Approval {
        version: signed.version,
        content_hash: &signed.hash,
        recipient: signed.recipient.as_ref(),
        as_they_are: signed.as_they_are,
    };
    match follow_up::queue(tx, &desk.post, summary_id, approval, hold).await {
        Ok(FollowUp::Held { mail_id }) => Ok(Approved::Queued(mail_id)),
        Ok(FollowUp::AlreadyThere) => Ok(Approved::Already),
        Ok(FollowUp::NoEmail | FollowUp::UnusableEmail) => Ok(Approved::NotSent),
        Ok(FollowUp::NothingToSay) => Err(ActionError::NothingForClient),
        Err(FollowUpError::Gone) => Err(ActionError::NotFound),
        Err(FollowUpError::Changed) => Err(ActionError::Conflict { newest: signed.version }),
        Err(FollowUpError::RecipientChanged { client, now }) => {
            let change = NewRecipient { client, shown: signed.recipient.clone(), now };
            Err(ActionError::RecipientChanged(Box::new(change)))
        }
        Err(FollowUpError::SpeaksAbout { client, sentences }) => Err(ActionError::SpeaksAbout { client, sentences }),
        Err(FollowUpError::Mail(error)) => Err(error.into()),
        Err(FollowUpError::Database(error)) => Err(error.into()),
    }
}

/// Stops the follow-up of a summary. Returns false if one is being sent or was sent, true also if there is none.
pub(super) async fn stop_follow_up(tx: &mut TenantTx, summary_id: Uuid) -> Result<bool, ActionError> {
    if follow_up::cancel(tx, summary_id).await? {
        return Ok(true);
    }
    // One that the mail server refused is cancelled as well, so that the next approval can send it.
    let refused = sqlx::query_scalar!(
        "update mails set state = 'cancelled' where kind = 'follow_up' and subject_id = $1 and state = 'failed' returning id",
        summary_id
    )
    .fetch_all(tx.conn())
    .await?;
    for mail_id in refused {
        mail::clear_mark(tx, mail_id).await?;
    }
    let gone = sqlx::query_scalar!(
        r#"select exists (select from mails join summaries on summaries.id = mails.subject_id
                          where kind = 'follow_up' and subject_id = $1 and mails.version = approved_version
                            and mails.state <> 'cancelled') as "gone!""#,
        summary_id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(!gone)
}

impl From<MailError> for ActionError {
    fn from(error: MailError) -> Self {
        InviteError::from(error).into()
    }
}

impl From<InviteError> for ActionError {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::NotFound => Self::NotFound,
            InviteError::Mail(problem) => Self::Mail(problem),
            InviteError::Database(error) => Self::Database(error),
        }
    }
}
