//! Reconcile: finds sessions whose next step has neither a live nor a dead job, and emails that nobody would send, and
//! enqueues what is missing. Nothing is forgotten, and nothing dead is revived behind the operator's back.
//!
//! Reads sessions, summaries, emails and jobs of all organizations (only ids, through definer functions); writes jobs,
//! each in its organization's transaction under the session's row lock. A rerun finds the existing jobs.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    db::{TenantTx, Tx},
    mail::SendMail,
    path::{self, SendFollowUp, SessionState, session},
    queue::{
        Context, Enqueued, Finished, Job, JobArgs, JobError, enqueue,
        schedule::{Missed, Schedule, job},
    },
};

/// Every minute.
pub const SCHEDULE: Schedule =
    Schedule::new("reconcile", "0 * * * * *", chrono_tz::UTC, Missed::Skip, |tx, _| job(tx, Reconcile::default()));

/// Finds sessions whose next step has no job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reconcile {
    /// Skips what was touched more recently than this, in seconds: whoever is working on it enqueues the next step.
    pub untouched_seconds: u32,
}

impl Default for Reconcile {
    fn default() -> Self {
        Self { untouched_seconds: 60 }
    }
}

impl JobArgs for Reconcile {
    const KIND: &'static str = "reconcile";

    fn unique_key(&self) -> Option<String> {
        Some(String::new())
    }
}

impl Job for Reconcile {
    type Needs = ();

    async fn run(&self, ctx: &Context<()>) -> Result<Finished, JobError> {
        let sessions = sqlx::query!(
            r#"select organization_id as "organization_id!", session_id as "session_id!", state as "state!: SessionState"
             from sessions_without_next_job($1)"#,
            f64::from(self.untouched_seconds)
        )
        .fetch_all(ctx.db.pool())
        .await?;
        let mut enqueued = 0;
        for row in sessions {
            let mut tx = ctx.db.tenant(row.organization_id).await?;
            enqueued += next_steps(&mut tx, row.session_id, row.state).await?;
            tx.commit().await?;
        }
        let mails = sqlx::query!(
            r#"select organization_id as "organization_id!", mail_id as "mail_id!" from mails_without_job($1)"#,
            f64::from(self.untouched_seconds)
        )
        .fetch_all(ctx.db.pool())
        .await?;
        for row in mails {
            let mut tx = ctx.db.tenant(row.organization_id).await?;
            enqueued += send(&mut tx, row.mail_id).await?;
            tx.commit().await?;
        }
        if enqueued > 0 {
            tracing::warn!(target: "reconcile", { jobs.enqueued = enqueued }, "steps had been forgotten");
        }
        ctx.finish(ctx.system_tx().await?, serde_json::json!({ "enqueued": enqueued })).await
    }
}

/// Enqueues the next steps of a session, unless it has left `state` in the meantime; returns how many.
async fn next_steps(tx: &mut TenantTx, session_id: Uuid, state: SessionState) -> Result<usize, sqlx::Error> {
    let Some(session) = session::lock(tx, session_id).await? else { return Ok(0) };
    if session.state != state {
        return Ok(0);
    }
    let mut enqueued = 0;
    for step in path::next(tx, session_id, state).await? {
        let (kind, subject) = step.subject();
        if !is_there(tx, kind, subject).await? {
            let new = step.enqueue(tx, session.correlation_id).await?;
            enqueued += usize::from(matches!(new, Enqueued::New(_)));
        }
    }
    Ok(enqueued)
}

/// Enqueues the job that sends a queued email; returns how many.
async fn send(tx: &mut TenantTx, mail_id: Uuid) -> Result<usize, sqlx::Error> {
    let mail = sqlx::query!(
        "select kind, subject_id, correlation_id from mails where id = $1 and state = 'queued' for update",
        mail_id
    )
    .fetch_optional(tx.conn())
    .await?;
    match mail {
        None => Ok(0),
        Some(mail) if mail.kind == "follow_up" => {
            missing(tx, mail_id, &SendFollowUp { summary_id: mail.subject_id, mail_id }, mail.correlation_id).await
        }
        Some(mail) => missing(tx, mail_id, &SendMail { mail_id }, mail.correlation_id).await,
    }
}

/// Enqueues a job about `subject`, unless there is a live, dead or cancelled one; returns how many.
async fn missing<J: JobArgs>(
    tx: &mut TenantTx,
    subject: Uuid,
    job: &J,
    correlation_id: Uuid,
) -> Result<usize, sqlx::Error> {
    if is_there(tx, J::KIND, subject).await? {
        return Ok(0);
    }
    Ok(usize::from(matches!(enqueue(tx, job, correlation_id).await?, Enqueued::New(_))))
}

/// Whether a job of this kind about `subject` is live, dead or cancelled.
async fn is_there(tx: &mut TenantTx, kind: &str, subject: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from jobs where kind = $1 and job_subject(args) = $2 and state <> 'done') as "there!""#,
        kind,
        subject.to_string()
    )
    .fetch_one(tx.conn())
    .await
}
