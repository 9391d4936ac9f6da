//! The jobs that ask the coach to review a session, and to say who spoke in it.
//!
//! Reads the session under its row lock; in one transaction issues a link, puts the email with it on the ledger and
//! moves the session. A rerun finds the session moved or the question asked, and changes nothing.

use serde_json::json;
use uuid::Uuid;

use super::actions::{self, ActionError};
use crate::{
    audit::Visitor,
    db::Tx,
    desk::{self, Desk, Invitation, InviteError},
    mail::{self, Trouble},
    path::{self, AskForSpeakers, RequestReview, SendFreshLink, SessionState, session},
    queue::{Context, Finished, Job, JobError},
};

impl Job for RequestReview {
    type Needs = Desk;

    async fn run(&self, ctx: &Context<Desk>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let Some(session) = session::lock(&mut tx, self.session_id).await? else {
            tracing::info!(target: "review", { session.id = %self.session_id }, "the session is gone; no review is asked for");
            return ctx.finish(tx, json!({ "sent": false, "why": "gone" })).await;
        };
        if session.state != SessionState::Summarized {
            tracing::info!(target: "review", { session.id = %self.session_id, session.state = ?session.state }, "the review was asked for before, or is not due");
            return ctx.finish(tx, json!({ "sent": false, "why": session.state })).await;
        }
        desk::invite(&mut tx, ctx, self.session_id, Invitation::REVIEW, &Visitor::default())
            .await
            .map_err(into_job_error)?;
        path::advance(&mut tx, &session, SessionState::InReview).await?;
        ctx.finish(tx, json!({ "sent": true })).await
    }

    async fn on_dead(&self, ctx: &Context<Desk>, _error: &str) -> Result<(), JobError> {
        mark_dead(ctx, self.session_id).await
    }
}

impl Job for AskForSpeakers {
    type Needs = Desk;

    async fn run(&self, ctx: &Context<Desk>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let state = session::lock(&mut tx, self.session_id).await?.map(|session| session.state);
        if state != Some(SessionState::WaitingForSpeakers) {
            tracing::info!(target: "review", { session.id = %self.session_id, session.state = ?state }, "the session does not wait for speakers");
            return ctx.finish(tx, json!({ "sent": false, "why": state })).await;
        }
        let asked = sqlx::query_scalar!(
            r#"select exists (select from mails join sessions on sessions.id = subject_id
                              where kind = 'speakers_needed' and subject_id = $1
                                -- Of other words the coach is asked anew.
                                and mails.created_at > coalesce(words_replaced_at, '-infinity')) as "asked!""#,
            self.session_id
        )
        .fetch_one(tx.conn())
        .await?;
        if asked {
            tracing::info!(target: "review", { session.id = %self.session_id }, "the coach was asked for the speakers before");
            return ctx.finish(tx, json!({ "sent": false, "why": "asked before" })).await;
        }
        desk::invite(&mut tx, ctx, self.session_id, Invitation::SPEAKERS, &Visitor::default())
            .await
            .map_err(into_job_error)?;
        ctx.finish(tx, json!({ "sent": true })).await
    }

    async fn on_dead(&self, ctx: &Context<Desk>, _error: &str) -> Result<(), JobError> {
        mark_dead(ctx, self.session_id).await
    }
}

impl Job for SendFreshLink {
    type Needs = Desk;

    async fn run(&self, ctx: &Context<Desk>) -> Result<Finished, JobError> {
        let mut tx = ctx.tenant_tx().await?;
        let sent = match actions::send_fresh_link(&mut tx, ctx, self.session_id, &Visitor::default()).await {
            Ok(()) => true,
            // If there is nothing to ask yet, the link comes with the question.
            Err(ActionError::NotFound | ActionError::NotOpen { .. }) => false,
            Err(ActionError::Mail(problem)) => return Err(JobError::abort(problem)),
            Err(error) => return Err(error.into()),
        };
        ctx.finish(tx, json!({ "sent": sent })).await
    }

    async fn on_dead(&self, ctx: &Context<Desk>, _error: &str) -> Result<(), JobError> {
        mark_dead(ctx, self.session_id).await
    }
}

/// The session shows that its coach was not asked, and the coach is told in another email if one can be written.
async fn mark_dead(ctx: &Context<Desk>, session_id: Uuid) -> Result<(), JobError> {
    let mut tx = ctx.tenant_tx().await?;
    let trouble = Trouble {
        subject_id: ctx.job.id,
        step: "send you the link to this session",
        reason: "The email with the link couldn’t be prepared.",
        advice: mail::START_AGAIN,
    };
    mail::stage_failed(&mut tx, &ctx.post, session_id, "review", trouble).await?;
    Ok(tx.commit().await?)
}

/// The job error: an email that can't be written now can't be written by the next attempt either.
fn into_job_error(error: InviteError) -> JobError {
    match error {
        InviteError::Mail(problem) => JobError::abort(problem),
        other => other.into(),
    }
}
