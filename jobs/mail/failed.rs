//! What every stage does when its job is dead: the session shows it, and its coach is told. One way for all of them.
//!
//! Reads the session and its coach; writes the session's mark and a mail into the ledger. A rerun finds both.

use chrono::{NaiveDate, Utc};
use uuid::Uuid;

use super::{MailError, Message, NewMail, Post, Recipient, SessionFailed, Trouble, queue_mail, tell_coach};
use crate::{
    db::{TenantTx, Tx},
    path::session,
};

/// What to do about a stage that an operator can start again: a sentence for the coach.
pub const START_AGAIN: &str = "Nothing is lost. Whoever runs Debrief for you can restart this step.";

/// Marks a session as failed in `stage`, with the reason of `trouble`, and mails its coach. `trouble` is about the job
/// (a coach is told once of each), so that a later death of another stage is told too. The mark stands even where no
/// mail can be written to the coach: the operator sees that in the log, beside the dead job.
///
/// # Errors
/// When the database does not answer.
pub async fn stage_failed(
    tx: &mut TenantTx,
    post: &Post,
    session_id: Uuid,
    stage: &'static str,
    trouble: Trouble<'_>,
) -> Result<(), sqlx::Error> {
    session::mark_failed(tx, session_id, stage, trouble.reason).await?;
    told(tell_coach(tx, post, session_id, trouble).await)
}

/// Mails a coach that something of theirs could not be done that is no session's: `title` is what it is called, and
/// `date` the day that it is of.
///
/// # Errors
/// When the database does not answer.
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

/// What keeps one mail from being written (an address that is none) keeps the next attempt's too: trying again would
/// never end. The error holds no address.
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
