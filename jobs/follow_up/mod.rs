//! The follow-up: the email to the client after the coach's approval. It can be cancelled while it is held.
//!
//! [`queue`] freezes the email in the approving transaction. [`SendFollowUp`] sends it once its hold is over, if
//! approval, content and recipient still agree, and closes the session with the last one. Reads the approved summary
//! and its email; writes the state of the email and the session, and an email to the coach if something went wrong. A
//! rerun finds the email settled and sends nothing.

mod address;
mod english;
mod held;
mod hold;
mod later;
mod preview;
mod readdress;
mod rephrase;
mod settle;
mod stop;

use std::time::Duration;

use uuid::Uuid;

pub use held::{HeldLetter, held};
pub use hold::{Approval, FollowUp, FollowUpError, Letter, as_sent, cancel, queue, rephrased};
pub(crate) use hold::{greeting, letter};
pub use later::{LaterError, send_at};
pub use preview::{Preview, preview};
pub use rephrase::Rephrased;
pub use settle::{Verdict, close_if_finished, decide};
pub use stop::RECIPIENT_CHANGED;

use crate::{
    db::{TenantTx, Tx},
    desk::Desk,
    mail::{self, Delivery, Trouble},
    model::MailState,
    path::SendFollowUp,
    queue::{Context, Finished, Job, JobError},
};

/// The stage's name on a session that it failed.
const STAGE: &str = "follow_up";

/// How long to wait before checking again whether a speaker correction has reached all sessions.
const CORRECTION_PAUSE: Duration = Duration::from_secs(5);

impl Job for SendFollowUp {
    type Needs = Desk;

    async fn run(&self, ctx: &Context<Desk>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let is_approved = self.still_approved(&mut tx).await?;
        if !is_approved && self.withdraw(&mut tx).await? {
            tracing::warn!(
                target: "follow_up", { summary.id = %self.summary_id, mail.id = %self.mail_id },
                "the summary is no longer approved as this follow-up has it: the follow-up is cancelled"
            );
            return ctx.finish(tx, serde_json::json!({ "mail_id": self.mail_id, "state": "cancelled" })).await;
        }
        if is_approved && stop::if_recipient_changed(&mut tx, ctx, self.summary_id, self.mail_id).await? {
            return ctx.finish(tx, serde_json::json!({ "mail_id": self.mail_id, "state": "cancelled" })).await;
        }
        // A correction that earlier sessions don't have yet may take these words away from this client.
        if is_approved && is_corrected_now(&mut tx, self.summary_id).await? {
            return Err(JobError::Snooze(CORRECTION_PAUSE));
        }
        drop(tx);

        let post = ctx.with(ctx.post.clone());
        let delivery = mail::deliver(&post, self.mail_id).await?;

        let finished = delivery.finish(&post, || self.finish(ctx, &delivery)).await;
        if matches!(finished, Err(JobError::Stale)) && delivery.is_sent() {
            // A worker that took the job over could not know, and left the session open.
            let mut tx = ctx.tenant_tx().await?;
            if let Some(session_id) = self.session_id(&mut tx).await? {
                close_if_finished(&mut tx, session_id).await?;
            }
            tx.commit().await?;
        }
        finished
    }

    async fn on_dead(&self, ctx: &Context<Desk>, error: &str) -> Result<(), JobError> {
        let mut tx = ctx.tenant_tx().await?;
        if let Some(mail) = mail::give_up(&mut tx, self.mail_id, ctx.job.id, error).await?
            && let Some(session_id) = mail.session_id
        {
            let trouble = if mail.state == MailState::Uncertain { UNCERTAIN } else { NOT_SENT };
            self.trouble(ctx, &mut tx, session_id, trouble).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Reason and advice, in plain words, for a follow-up that was not simply sent.
type ReasonAndAdvice = (&'static str, &'static str);

const UNCERTAIN: ReasonAndAdvice = (
    "The connection to the mail server broke while we were sending the follow-up: the client may or may not have it.",
    "Ask the client whether it arrived. Debrief won’t send it again by itself.",
);
const NOT_SENT: ReasonAndAdvice = (
    "The mail server didn’t accept the follow-up, so the client doesn’t have it.",
    "Check the client’s email address. Whoever runs Debrief for you can see what the server said, and send it again.",
);

impl SendFollowUp {
    async fn finish(&self, ctx: &Context<Desk>, delivery: &Delivery) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        delivery.record(&mut tx).await?;
        if let Some(session_id) = self.session_id(&mut tx).await? {
            if delivery.uncertainty().is_some() {
                self.trouble(ctx, &mut tx, session_id, UNCERTAIN).await?;
            }
            close_if_finished(&mut tx, session_id).await?;
        }
        ctx.finish(tx, delivery.outcome()).await
    }

    /// Whether the summary is approved in the email's version, and that version is what was signed.
    async fn still_approved(&self, tx: &mut TenantTx) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select exists (
                   select from mails
                   join summaries on summaries.id = mails.subject_id
                   join summary_versions on summary_versions.summary_id = summaries.id
                       and summary_versions.version = summaries.approved_version
                   where mails.id = $1 and summaries.id = $2 and summaries.state = 'approved'
                     and summaries.approved_version = mails.version
                     and summaries.approved_hash = summary_versions.content_hash) as "approved!""#,
            self.mail_id,
            self.summary_id
        )
        .fetch_one(tx.conn())
        .await
    }

    /// Cancels the email unless an attempt has started; returns whether it did.
    async fn withdraw(&self, tx: &mut TenantTx) -> Result<bool, sqlx::Error> {
        let withdrawn = sqlx::query!(
            "update mails set state = 'cancelled', error = 'the approval was withdrawn'
             where id = $1 and state in ('queued', 'failed')",
            self.mail_id
        )
        .execute(tx.conn())
        .await?;
        Ok(withdrawn.rows_affected() > 0)
    }

    async fn session_id(&self, tx: &mut TenantTx) -> Result<Option<Uuid>, sqlx::Error> {
        sqlx::query_scalar!("select session_id from summaries where id = $1", self.summary_id)
            .fetch_optional(tx.conn())
            .await
    }

    /// Marks the session visibly, and tells the coach: once of each job, since a letter that is sent again may fail again.
    async fn trouble(
        &self,
        ctx: &Context<Desk>,
        tx: &mut TenantTx,
        session_id: Uuid,
        (reason, advice): ReasonAndAdvice,
    ) -> Result<(), JobError> {
        let trouble =
            Trouble { subject_id: ctx.job.id, step: "confirm that a follow-up was delivered", reason, advice };
        Ok(mail::stage_failed(tx, &ctx.post, session_id, STAGE, trouble).await?)
    }
}

/// Whether a correction by this session's coach has not reached all sessions yet; then no follow-up is sent.
async fn is_corrected_now(tx: &mut TenantTx, summary_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from corrections
                          join sessions on sessions.coach_id = corrections.coach_id
                          join summaries on summaries.session_id = sessions.id
                          where summaries.id = $1 and applied_at is null) as "pending!""#,
        summary_id
    )
    .fetch_one(tx.conn())
    .await
}
