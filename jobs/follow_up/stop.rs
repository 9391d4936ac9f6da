//! A follow-up whose recipient is not the approved one any more: it is stopped, and the coach is asked to look and approve
//! again. Writes the mail's and the summary's state, the audit, and a mail to the coach, in the caller's transaction; a rerun
//! finds the mail cancelled and changes nothing.

use uuid::Uuid;

use super::{STAGE, SendFollowUp};
use crate::{
    db::{TenantTx, Tx},
    mail::{self, Trouble},
    model::session::{self, State},
    queue::{Context, JobError},
    review::{Event, EventKind, Visitor, record},
};

/// Why such a mail is cancelled, as it stands on the ledger.
pub const RECIPIENT_CHANGED: &str = "the client's name or address changed after the approval";

impl SendFollowUp {
    /// Stops the mail unless an attempt has begun, and opens its summary again; gives whether it did.
    pub(super) async fn stop_for_new_recipient(&self, ctx: &Context, tx: &mut TenantTx) -> Result<bool, JobError> {
        // The session before its summaries and its mails, as everywhere.
        let Some(session_id) = self.session_id(tx).await? else { return Ok(false) };
        let Some((state, _)) = session::lock(tx, session_id).await? else { return Ok(false) };
        let stopped = sqlx::query!(
            "with opened as (
                 update summaries set state = 'done', approved_version = null, approved_hash = null, approved_at = null,
                     updated_at = now()
                 where id = $2 and state = 'approved'
                   and exists (select from mails where id = $1 and state in ('queued', 'failed')))
             update mails set state = 'cancelled', error = $3 where id = $1 and state in ('queued', 'failed')",
            self.mail_id,
            self.summary_id,
            RECIPIENT_CHANGED
        )
        .execute(tx.conn())
        .await?;
        if stopped.rows_affected() == 0 {
            return Ok(false);
        }
        tracing::warn!(
            target: "follow_up", { summary.id = %self.summary_id, mail.id = %self.mail_id },
            "the client's name or address changed after the approval: the follow-up is stopped"
        );
        if state == State::Closed.as_str() {
            session::set_state(tx, session_id, State::InReview).await?;
        }
        let detail = serde_json::json!({ "why": "recipient changed", "mail": self.mail_id });
        let event =
            Event { summary_id: Some(self.summary_id), detail, ..Event::of(session_id, EventKind::FollowUpCancelled) };
        record(tx, &event, &Visitor::default()).await?;
        self.tell(ctx, tx, session_id).await?;
        Ok(true)
    }

    async fn tell(&self, ctx: &Context, tx: &mut TenantTx, session_id: Uuid) -> Result<(), JobError> {
        let client = sqlx::query_scalar!(
            "select clients.name from summaries join clients on clients.id = client_id where summaries.id = $1",
            self.summary_id
        )
        .fetch_optional(tx.conn())
        .await?;
        let whose = client.unwrap_or_else(|| "The client".to_owned());
        let trouble = Trouble {
            // Once a job: the same letter may be approved, and stopped, again.
            subject_id: ctx.job.id,
            step: "send a follow-up as you approved it",
            reason: &format!("{whose}\u{2019}s name or address changed after you approved it, so nothing was sent."),
            advice: "Open the review, look at whom the letter goes to, and approve it again.",
        };
        Ok(mail::stage_failed(tx, ctx, session_id, STAGE, trouble).await?)
    }
}
