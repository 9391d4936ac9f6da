//! Stops a follow-up whose recipient is no longer the approved one, and asks the coach to check and approve again.
//! Writes the state of the email and the summary, the audit, and an email to the coach, in the caller's transaction; a
//! rerun finds the email cancelled and changes nothing.

use uuid::Uuid;

use super::STAGE;
use crate::{
    audit::{Event, EventKind, Visitor, record},
    db::{TenantTx, Tx},
    desk::{self, Desk},
    mail::{self, Stopped},
    path::{self, SessionState, session},
    queue::{Context, JobError},
    webhook::{self, EventType},
};

/// Why such an email is cancelled, as stored on the ledger.
pub const RECIPIENT_CHANGED: &str = "the client's name or address changed after the approval";

/// Stops the email if its client's name or address is no longer the approved one, unless an attempt has started, and
/// reopens its summary; returns whether it did.
pub(super) async fn if_recipient_changed(
    tx: &mut TenantTx,
    ctx: &Context<Desk>,
    summary_id: Uuid,
    mail_id: Uuid,
) -> Result<bool, JobError> {
    let found = sqlx::query!(
        r#"select session_id, clients.name as client, clients.removed_at is not null as "is_removed!"
           from summaries join clients on clients.id = client_id where summaries.id = $1"#,
        summary_id
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(found) = found else { return Ok(false) };
    // The session is locked before its summaries and emails, as everywhere.
    let Some(session) = session::lock(tx, found.session_id).await? else { return Ok(false) };
    if mail::is_for_its_client(tx, mail_id).await? != Some(false) {
        return Ok(false);
    }
    let stopped = sqlx::query!(
        "with opened as (
             update summaries set state = 'done', approved_version = null, approved_hash = null, approved_at = null,
                 updated_at = now()
             where id = $2 and state = 'approved'
               and exists (select from mails where id = $1 and state in ('queued', 'failed')))
         update mails set state = 'cancelled', error = $3 where id = $1 and state in ('queued', 'failed')",
        mail_id,
        summary_id,
        RECIPIENT_CHANGED
    )
    .execute(tx.conn())
    .await?;
    if stopped.rows_affected() == 0 {
        return Ok(false);
    }
    tracing::warn!(
        target: "follow_up", { summary.id = %summary_id, mail.id = %mail_id },
        "the client's name or address changed after the approval: the follow-up is stopped"
    );
    if session.state == SessionState::Closed {
        path::advance(tx, &session, SessionState::InReview).await?;
    }
    let detail = serde_json::json!({ "why": "recipient changed", "mail": mail_id });
    let event =
        Event { summary_id: Some(summary_id), detail, ..Event::of(found.session_id, EventKind::FollowUpCancelled) };
    record(tx, &event, &Visitor::default()).await?;
    webhook::emit(tx, &webhook::Event::summary(EventType::SummaryReopened, summary_id)).await?;
    tell(tx, ctx, found.session_id, &found.client, found.is_removed).await?;
    Ok(true)
}

/// Marks the session, and sends the coach a link to approve again.
async fn tell(
    tx: &mut TenantTx,
    ctx: &Context<Desk>,
    session_id: Uuid,
    client: &str,
    is_removed: bool,
) -> Result<(), sqlx::Error> {
    let (reason, advice) = if is_removed {
        (
            format!("{client} was removed from your list after you approved the letter. Nothing was sent."),
            "If that was right, open the page and choose “Don’t send”.",
        )
    } else {
        (
            format!("{client}\u{2019}s name or address changed after you approved the letter. Nothing was sent."),
            "Open the page, check who the letter goes to now, and approve it again.",
        )
    };
    session::mark_failed(tx, session_id, STAGE, &reason).await?;
    let stopped = Stopped { client: client.to_owned(), reason, advice: advice.to_owned() };
    desk::ask_again(tx, ctx, session_id, stopped).await
}
