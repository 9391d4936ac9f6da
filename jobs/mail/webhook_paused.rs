//! The job `webhook.tell_paused`: tells the organization's admins, or its leads where it has no admin, that a webhook was
//! paused without a person.
//!
//! Reads the webhook and the admins; writes emails to the ledger. A rerun finds them there. Who calls what is in the
//! webhook's URL, so the email has its host alone.

use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::{MailError, Message, NewMail, Post, Recipient, WebhookPaused, queue_mail};
use crate::{
    db::{TenantTx, Tx},
    queue::{Context, Finished, Job, JobError},
    webhook::{self, PauseReason, TellPaused, Webhook, WebhookError},
};

impl Job for TellPaused {
    type Needs = Post;

    async fn run(&self, ctx: &Context<Post>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let webhook = match webhook::get(&mut tx, self.webhook_id).await {
            Ok(webhook) => webhook,
            Err(WebhookError::NotFound) => return ctx.finish(tx, json!({ "outcome": "gone" })).await,
            Err(error) => return Err(error.into()),
        };
        let reason = match webhook.paused_reason {
            Some(reason @ (PauseReason::Gone | PauseReason::Failing)) if webhook.pauses == self.pause => reason,
            // A person has resumed it by now, and so knows of it. A pause since then is told of by itself, or was their own.
            _ => return ctx.finish(tx, json!({ "outcome": "resumed" })).await,
        };
        let mut mails = 0;
        for (coach_id, admin) in admins(&mut tx).await? {
            let mail = NewMail {
                message: Message::WebhookPaused(about(&webhook, reason, &admin.name)),
                to: admin,
                reply_to: None,
                subject_id: self.webhook_id,
                version: self.pause,
                session_id: None,
                coach_id: Some(coach_id),
                client_id: None,
                due_at: None,
                correlation_id: ctx.job.correlation_id,
            };
            match queue_mail(&mut tx, ctx, mail).await {
                Ok(queued) => mails += usize::from(queued.is_some()),
                Err(MailError::Database(error)) => return Err(error.into()),
                // An address that is none would stop the others' emails too.
                Err(error) => {
                    tracing::error!(target: "mail", { coach.id = %coach_id, %error }, "an admin cannot be told of a webhook")
                }
            }
        }
        ctx.finish(tx, json!({ "outcome": "told", "mails": mails })).await
    }
}

/// Who answers for the organization: its admins, or its leads where it has no admin.
async fn admins(tx: &mut TenantTx) -> Result<Vec<(Uuid, Recipient)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, name, email from coaches
         where removed_at is null and ('admin' = any (roles) or 'lead' = any (roles) and not exists (
             select from coaches others where 'admin' = any (others.roles) and others.removed_at is null))
         order by id"
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, Recipient { name: row.name, email: row.email })).collect())
}

fn about(webhook: &Webhook, reason: PauseReason, admin: &str) -> WebhookPaused {
    let host = webhook.url.parse().ok().and_then(|url: Url| url.host_str().map(str::to_owned));
    WebhookPaused {
        admin: admin.to_owned(),
        host: host.unwrap_or_default(),
        description: webhook.description.clone(),
        wants_nothing: reason == PauseReason::Gone,
        failing_since: webhook.failing_since.map(|since| since.date_naive()),
        waiting: webhook.waiting,
        failed: webhook.failed,
        webhook_id: webhook.id,
    }
}
