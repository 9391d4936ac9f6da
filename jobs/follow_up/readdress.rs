//! The job `follow_up.readdress`: a client's address has changed, so emails held for the old one aren't sent.
//!
//! Reads the client's held follow-ups; stops those that no longer match the client (`stop`). One that is being sent or
//! was sent stays as it is. A rerun finds nothing held and changes nothing. It is enqueued with the change;
//! `follow_up.send` also checks the address, in case it is faster.

use serde_json::json;
use uuid::Uuid;

use super::stop;
use crate::{
    db::{TenantTx, Tx},
    desk::Desk,
    path::Readdress,
    queue::{Context, Finished, Job, JobError},
};

impl Job for Readdress {
    type Needs = Desk;

    async fn run(&self, ctx: &Context<Desk>) -> Result<Finished, JobError> {
        let held = held(&mut ctx.tenant_tx().await?, self.client_id).await?;
        let mut stopped = 0;
        for (summary_id, mail_id) in held {
            let mut tx = ctx.tenant_tx().await?;
            if stop::if_recipient_changed(&mut tx, ctx, summary_id, mail_id).await? {
                tx.commit().await?;
                stopped += 1;
            }
        }
        ctx.finish(ctx.tenant_tx().await?, json!({ "stopped": stopped })).await
    }

    async fn on_dead(&self, _ctx: &Context<Desk>, error: &str) -> Result<(), JobError> {
        // The emails aren't sent either way: `follow_up.send` stops them, and tells the coach.
        tracing::error!(
            target: "follow_up",
            { client.id = %self.client_id, error },
            "held follow-ups were not stopped when the client's address changed; they are stopped when they are due"
        );
        Ok(())
    }
}

/// The client's approved summaries with a pending follow-up, and its email.
async fn held(tx: &mut TenantTx, client_id: Uuid) -> Result<Vec<(Uuid, Uuid)>, sqlx::Error> {
    let held = sqlx::query!(
        "select summaries.id as summary_id, mails.id as mail_id
         from summaries
         join mails on mails.subject_id = summaries.id and mails.kind = 'follow_up' and mails.version = approved_version
         where summaries.client_id = $1 and summaries.state = 'approved' and mails.state in ('queued', 'failed')
         order by mails.id",
        client_id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(held.into_iter().map(|row| (row.summary_id, row.mail_id)).collect())
}
