//! What every stage does when its job is dead: the session shows it, and its coach is told. All stages use this.
//!
//! Reads the session and its coach; writes the session's mark and an email to the ledger. A rerun finds both.

use chrono::{NaiveDate, Utc};
use uuid::Uuid;

use super::{MailError, Message, NewMail, Post, Recipient, SessionFailed, Trouble, queue_mail, tell_coach};
use crate::{
    db::{TenantTx, Tx},
    path::session,
    webhook::{self, Event},
};

/// Advice to the coach about a stage that an operator can restart: a sentence.
pub const START_AGAIN: &str = "Nothing is lost. Whoever runs Debrief for you can restart this step.";

/// Marks a session as failed in `stage`, with the reason of `trouble`, and emails its coach. `trouble` is about the job
/// (a coach is told once about each), so a later death of another stage is reported too. The mark stays even if no
/// email can be written to the coach: the operator sees that in the log, next to the dead job.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn stage_failed(
    tx: &mut TenantTx,
    post: &Post,
    session_id: Uuid,
    stage: &'static str,
    trouble: Trouble<'_>,
) -> Result<(), sqlx::Error> {
    session::mark_failed(tx, session_id, stage, trouble.reason).await?;
    webhook::emit(tx, &Event::stage_failed(session_id, stage, None, trouble.subject_id)).await?;
    told(tell_coach(tx, post, session_id, trouble).await)
}

/// Emails a coach that something other than a session could not be processed. `title` is its name, and `date` its day.
///
/// # Errors
/// Returns an error if the database can't be reached.
pub async fn tell_of(
    tx: &mut TenantTx,
    post: &Post,
    coach_id: Uuid,
    (title, date): (&str, Option<NaiveDate>),
    trouble: Trouble<'_>,
    correlation_id: Uuid,
) -> Result<(), sqlx::Error> {
    let coach = sqlx::query_as!(Recipient, "select name, email from coaches where id = $1", coach_id)
        .fetch_optional(tx.conn())
        .await?;
    let Some(coach) = coach else { return Ok(()) };
    let message = Message::SessionFailed(SessionFailed {
        coach: coach.name.clone(),
        title: title.to_owned(),
        date: date.unwrap_or_else(|| Utc::now().date_naive()),
        step: trouble.step.to_owned(),
        reason: trouble.reason.to_owned(),
        advice: trouble.advice.to_owned(),
        danger: false,
    });
    let mail = NewMail {
        message,
        to: coach,
        reply_to: None,
        subject_id: trouble.subject_id,
        version: 1,
        session_id: None,
        coach_id: Some(coach_id),
        client_id: None,
        due_at: None,
        correlation_id,
    };
    told(queue_mail(tx, post, mail).await)
}

/// Whatever keeps an email from being written (an invalid address) would stop every retry too: they would never end.
/// The error contains no address.
fn told(outcome: Result<Option<Uuid>, MailError>) -> Result<(), sqlx::Error> {
    match outcome {
        Ok(_) => Ok(()),
        Err(MailError::Database(error)) => Err(error),
        Err(error) => {
            tracing::error!(target: "mail", { %error }, "a coach cannot be told of a dead job");
            Ok(())
        }
    }
}
