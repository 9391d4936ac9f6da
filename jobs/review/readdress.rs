//! The job `review.readdress`: a client's address was changed or taken away, so a follow-up that is held for the old one
//! does not go.
//!
//! Reads the client's held follow-ups; stops those to another address, opens their summaries for approval again, and tells
//! the coach. What is on its way, or gone, stays as it is. A rerun finds nothing held and changes nothing. It is enqueued
//! with the change; `follow_up.send` looks at the address too, should it be faster.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Event, EventKind, Visitor, events::record};
use crate::{
    db::{TenantTx, Tx},
    mail::{self, MailError, Trouble},
    model::session::{self, State},
    queue::{Context, Finished, Job, JobError},
};

/// Stops the follow-ups that are held for an address which is no longer the client's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Readdress {
    /// The client.
    pub client_id: Uuid,
}

const ADVICE: &str = "Open the review page of this session, look at the address, and approve the summary again. The link is in \
                      the mail about this session; one that is too old offers a fresh one.";

/// A follow-up that must not go.
struct Held {
    session_id: Uuid,
    summary_id: Uuid,
    mail_id: Uuid,
    client: String,
    is_removed: bool,
}

impl Job for Readdress {
    const KIND: &'static str = "review.readdress";

    fn unique_key(&self) -> Option<String> {
        Some(self.client_id.to_string())
    }

    async fn run(&self, ctx: &Context) -> Result<Finished, JobError> {
        let held = held(&mut ctx.tenant_tx().await?, self.client_id).await?;
        let mut stopped = 0;
        for mail in held {
            let mut tx = ctx.tenant_tx().await?;
            if stop(&mut tx, &mail).await? {
                tell(&mut tx, ctx, &mail).await?;
                tx.commit().await?;
                stopped += 1;
            }
        }
        ctx.finish(ctx.tenant_tx().await?, json!({ "stopped": stopped })).await
    }

    async fn on_dead(&self, _ctx: &Context, error: &str) -> Result<(), JobError> {
        // The mails do not go either way: `follow_up.send` cancels them.
        tracing::error!(
            target: "review",
            { client.id = %self.client_id, error },
            "a coach was not told that follow-ups are stopped, because the client's address changed"
        );
        Ok(())
    }
}

/// The client's approved follow-ups that wait for another address than the client's, or were cancelled for that.
async fn held(tx: &mut TenantTx, client_id: Uuid) -> Result<Vec<Held>, sqlx::Error> {
    sqlx::query_as!(
        Held,
        r#"select summaries.session_id, summaries.id as summary_id, mails.id as mail_id, clients.name as client,
                  clients.removed_at is not null as "is_removed!"
           from summaries
           join clients on clients.id = summaries.client_id
           join mails on mails.subject_id = summaries.id and mails.kind = 'follow_up' and mails.version = approved_version
           where summaries.client_id = $1 and summaries.state = 'approved'
             and mails.state in ('queued', 'failed', 'cancelled')
             and lower(mails.recipient) is distinct from lower(clients.email)
             and not exists (select from mails other where other.subject_id = summaries.id and other.kind = 'follow_up'
                             and other.version = approved_version and other.created_at > mails.created_at)
           order by mails.id"#,
        client_id
    )
    .fetch_all(tx.conn())
    .await
}

/// Stops one, unless it is on its way by now; gives whether it did. The session is locked first, as everywhere.
async fn stop(tx: &mut TenantTx, mail: &Held) -> Result<bool, sqlx::Error> {
    let Some((state, _)) = session::lock(tx, mail.session_id).await? else { return Ok(false) };
    let opened = sqlx::query!(
        "update summaries set state = 'done', approved_version = null, approved_hash = null, approved_at = null,
            updated_at = now()
         where id = $1 and state = 'approved'
           and exists (select from mails where id = $2 and state in ('queued', 'failed', 'cancelled'))",
        mail.summary_id,
        mail.mail_id
    )
    .execute(tx.conn())
    .await?;
    if opened.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "update mails set state = 'cancelled', error = 'the client''s address changed' where id = $1",
        mail.mail_id
    )
    .execute(tx.conn())
    .await?;
    mail::clear_mark(tx, mail.mail_id).await?;
    if state == State::Closed.as_str() {
        session::set_state(tx, mail.session_id, State::InReview).await?;
    }
    let detail = json!({ "because": "the client's address changed" });
    let event =
        Event { summary_id: Some(mail.summary_id), detail, ..Event::of(mail.session_id, EventKind::FollowUpCancelled) };
    record(tx, &event, &Visitor::default()).await?;
    tracing::info!(target: "review", { mail.id = %mail.mail_id }, "a held follow-up was stopped: the address changed");
    Ok(true)
}

async fn tell(tx: &mut TenantTx, ctx: &Context, mail: &Held) -> Result<(), JobError> {
    let step = format!("send the follow-up to {}", mail.client);
    let reason = if mail.is_removed {
        "The client was removed from your list after you approved it. Nothing went out."
    } else {
        "The client's email address was changed after you approved it, and it would have gone to the old one. Nothing went out."
    };
    let advice = if mail.is_removed { "If that was right, dismiss the summary on its review page." } else { ADVICE };
    let trouble = Trouble { subject_id: mail.mail_id, step: &step, reason, advice };
    match mail::tell_coach(tx, &ctx.templates, &ctx.mailer, mail.session_id, trouble).await {
        Ok(_) => Ok(()),
        Err(MailError::Database(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(target: "review", { %error }, "a coach cannot be told of a stopped follow-up");
            Ok(())
        }
    }
}
